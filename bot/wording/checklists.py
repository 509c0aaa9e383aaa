"""The checklist: what has no date, clause by clause, with what counts as done; and what waits for a date."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from bot import rulewords
from bot.screen import IN_PLACE, Button, Press, Screen
from bot.wording import footnotes
from bot.wording.duties import PAGE, paging
from bot.wording.phrases import Voice, bold, label, lines, safe
from locales.printer import Printer
from obligations.parameters import Applied
from obligations.periods import Period, PeriodKind
from storage.checklist import Count, Line
from storage.overview import Page

LINES = 5
"""How many lines a page holds: each says what is to be done, for when, and what shows it."""

_DONE, _WAIVED, _OPEN = "✓", "–", "□"
_MOST_NAMED = 3
"""How many periods of one line are named one by one; more are said from the first to the last."""


def listed(
    voice: Voice,
    lines_of: Sequence[Line],
    *,
    name: str,
    organisation: int,
    offset: int,
    now: datetime,
    parameters: Sequence[tuple[Applied, ...]],
    edit: bool,
    fuel_unknown: int = 0,
    size: int = LINES,
) -> Screen:
    """Return one page of an organisation's checklist, ``size`` lines long. ``parameters`` go with its lines, in order.

    ``fuel_unknown`` tells how many power units it concerns have no fuel in the registry.
    """
    p = voice.p
    fuels = no_fuel(p, fuel_unknown) if fuel_unknown else None
    as_of = p.text("{scope}, as of {moment}", scope=safe(name), moment=p.moment(now, today=voice.today))
    if not lines_of:
        return Screen(html=lines([bold(p.text("Nothing without a date is owed.")), as_of, fuels]), edit=edit)
    shown = lines_of[offset : offset + size]
    own = [line for line in lines_of if not line.supervised and not line.waits]
    waiting = sum(line.waits for line in lines_of)
    to_do = sum(not line.done for line in own)
    parts: list[str | None] = [
        bold(p.text("Checklist of duties without a fixed date")),
        as_of,
        p.plural("{n} to be done, of {total}", "{n} to be done, of {total}", to_do, total=len(own)),
        p.plural("{n} waits for its date", "{n} wait for their date", waiting) if waiting else None,
        fuels,
    ]
    rows = []
    for heading, group in groupby(
        zip(range(offset + 1, offset + 1 + len(shown)), shown, parameters, strict=True),
        key=lambda each: _heading(voice, each[1]),
    ):
        parts += ["", bold(heading)]
        for number, line, applied in group:
            parts += _line(voice, number, line, applied)
            if line.stage_id:
                rows.append((Button(f"{number}. {label(voice.title(line.rule.title))}", _opens(line)),))
    if any(line.notice.provenance.source == "second-hand" for line in shown):
        parts += ["", footnotes.second_hand(voice)]
    turns = paging(voice, "ck", len(lines_of), offset, len(shown), organisation, size=size)
    return Screen(html=lines(parts), rows=(*rows, *turns), edit=edit)


def no_fuel(p: Printer, n: int) -> str:
    """Say of how many power units the registry does not name the fuel, and what follows; for chat and terminal."""
    return p.plural(
        "{n} power unit has no fuel in the registry, so no duties about coal are made for it.",
        "{n} power units have no fuel in the registry, so no duties about coal are made for them.",
        n,
    )


def entries(voice: Voice, page: Page, line: int, *, offset: int, edit: bool) -> Screen:
    """Return the stages of one line, each opening its card; ``line`` is one of them, to turn the pages by."""
    p = voice.p
    first = page.items[0]
    parts = [f"{bold(voice.rule(first))} · {voice.stage(first)}"]
    rows = []
    for number, item in enumerate(page.items, start=offset + 1):
        subject = "" if item.actor_id == item.subject_id else " · " + voice.organisation(item.subject_name)
        parts.append(f"{number}. {voice.period(item.period)}{subject} · {voice.state(item)}")
        rows.append(
            (Button(label(f"{number}. {voice.period(item.period)}{subject}"), Press.to("st", item.stage_id)),)
        )
    parts += footnotes.explained(voice, parts)
    turns = paging(voice, "ckl", page.total, offset, len(page.items), line, size=PAGE)
    back = Button(p.text("Back to the checklist"), Press.to("ck" + IN_PLACE, 0, first.actor_id))
    return Screen(html=lines(parts), rows=(*rows, *turns, (back,)), edit=edit)


def periods(voice: Voice, given: Sequence[Period]) -> str:
    """Return several periods in one phrase: named where they are few, else from the first to the last with a count."""
    p = voice.p
    if len(given) <= _MOST_NAMED:
        return p.listed([voice.period(str(each)) for each in given])
    kind = given[0].kind
    if kind is PeriodKind.MONTH:
        return p.plural(
            "{first} to {last}, {n} month",
            "{first} to {last}, {n} months",
            len(given),
            first=voice.period(str(given[0])),
            last=voice.period(str(given[-1])),
        )
    return p.plural(
        "{first} to {last}, {n} in all",
        "{first} to {last}, {n} in all",
        len(given),
        first=voice.period(str(given[0])),
        last=voice.period(str(given[-1])),
    )


def _heading(voice: Voice, line: Line) -> str:
    p = voice.p
    if line.supervised:
        return p.text("Borne by the technical service agencies, supervised by your bureau")
    if line.waits:
        return p.text("Waiting for a date to be announced")
    mark = " †" if line.notice.provenance.source == "second-hand" else ""
    return f"{safe(line.notice.number)} {safe(line.step.clause)}{mark}"


def _line(voice: Voice, number: int, line: Line, applied: Sequence[Applied]) -> list[str]:
    p = voice.p
    mark = "" if line.supervised else f"{_WAIVED if line.waived else _DONE if line.done else _OPEN} "
    told = [f"{number}. {mark}{bold(voice.title(line.rule.title))} · {voice.title(line.step.title)}"]
    told += _periods(voice, line)
    if line.waits:
        told.append(
            p.text(
                "The date is announced by: {office}; {clause}",
                office=rulewords.level(p, line.set_by),
                clause=f"{safe(line.notice.number)} {safe(line.step.clause)}",
            )
        )
    told.append(p.text("Done when there is: {evidence}", evidence=voice.title(line.step.evidence)))
    if applied:
        told += ["· " + footnotes.parameter(voice, each) for each in applied]
    elif not line.rule.parameters:
        told += ["· " + voice.title(condition) for condition in line.step.conditions]
    return told


def _periods(voice: Voice, line: Line) -> list[str]:
    p = voice.p
    if line.waits:
        return [p.text("Period: {periods}", periods=periods(voice, [count.period for count in line.counts]))]
    if not line.own:
        return [_counted(voice, count) for count in line.counts]
    to_do = [count.period for count in line.counts if count.open]
    blocked = [count.period for count in line.counts if count.blocked]
    waiting = [count.period for count in line.counts if count.waiting]
    done = [count.period for count in line.counts if count.done]
    waived = [count.period for count in line.counts if count.waived]
    told = []
    if to_do:
        told.append(p.text("To do: {periods}", periods=periods(voice, to_do)))
    if blocked:
        told.append(p.text("Waiting for the step before: {periods}", periods=periods(voice, blocked)))
    if waiting:
        told.append(p.text("Waiting to be checked: {periods}", periods=periods(voice, waiting)))
    if done:
        told.append(p.text("Done: {periods}", periods=periods(voice, done)))
    if waived:
        told.append(p.text("Let go: {periods}", periods=periods(voice, waived)))
    return told


def _counted(voice: Voice, count: Count) -> str:
    """Return how the many stages of one period stand, naming only what there is."""
    p = voice.p
    told = [
        p.text("{n} to do", n=count.open) if count.open else "",
        p.text("{n} waiting for the step before", n=count.blocked) if count.blocked else "",
        p.text("{n} to be checked", n=count.waiting) if count.waiting else "",
        p.text("{n} done", n=count.done) if count.done else "",
        p.text("{n} let go", n=count.waived) if count.waived else "",
    ]
    said = p.listed([each for each in told if each])
    return p.text("{period}: {counts}", period=voice.period(str(count.period)), counts=said)


def _opens(line: Line) -> Press:
    return Press.to("st", line.stage_id) if line.total == 1 else Press.to("ckl", 0, line.stage_id)
