"""What must be kept, through when, and what may be let go; what an inspector may ask for today."""

from collections.abc import Sequence
from datetime import date

from bot.screen import Button, Press, Screen
from bot.wording import footnotes
from bot.wording.checklists import periods
from bot.wording.duties import PAGE, paging
from bot.wording.phrases import Voice, bold, lines, plain, safe
from storage.keeping import Keeping, Kept
from storage.models import Organisation

_MOST_PERIODS = 14
"""How many months or years are told one by one: a year's months and the running one."""


def of_unit(
    voice: Voice,
    unit: Organisation,
    keepings: Sequence[Keeping],
    *,
    on: date,
    fuel_unknown: bool,
    inspector: bool,
) -> Screen:
    """Answer what a unit must keep on a day, and what it may let go. An ``inspector`` is told what may be asked for."""
    p = voice.p
    parts = [
        bold(p.text("What must be kept on {date}", date=p.day(on))),
        safe(unit.name),
    ]
    for keeping in keepings:
        parts += ["", bold(voice.title(keeping.rule.title)), *_of_duty(voice, keeping, inspector=inspector)]
    if fuel_unknown:
        parts += [
            "",
            p.text(
                "The registry does not say what this unit burns; the duty to keep samples binds coal units."
            ),
        ]
    elif not keepings:
        parts += ["", p.text("No notice asks this unit to keep anything.")]
    return Screen(html=lines([*parts, *_legend(voice, keepings)]))


def of_area(
    voice: Voice,
    name: str,
    told: Sequence[tuple[Organisation, tuple[Keeping, ...]]],
    *,
    on: date,
    offset: int,
    total: int,
    unknown: Sequence[str],
    edit: bool,
) -> Screen:
    """Answer what an inspector may ask for on a day, unit by unit: a page of ``total`` units from ``offset`` on.

    ``unknown`` are units whose fuel nobody entered; the first of them are named.
    """
    p = voice.p
    parts = [bold(p.text("What an inspector may ask for on {date}", date=p.day(on))), safe(name)]
    if not told:
        parts += ["", p.text("No unit here must keep anything.")]
    rows = []
    for number, (unit, keepings) in enumerate(told, start=offset + 1):
        parts += ["", f"{number}. {bold(safe(unit.name))}"]
        parts += [line for keeping in keepings for line in materials(voice, keeping.must)]
        rows.append((Button(f"{number}. {plain(unit.name)}", Press.to("keep", 0, unit.id)),))
    shown = [keeping for _, keepings in told for keeping in keepings]
    if bases := dict.fromkeys(_clause(keeping) for keeping in shown if keeping.must):
        parts += ["", *(p.text("Basis: {clause}", clause=clause) for clause in bases)]
    parts += _legend(voice, shown)
    if unknown:
        parts += [
            "",
            p.text(
                "The registry does not say what these burn: {names}",
                names=p.listed([safe(each) for each in unknown[:PAGE]]),
            ),
        ]
    turns = paging(voice, "keep", total, offset, len(rows))
    return Screen(html=lines(parts), rows=(*rows, *turns), edit=edit)


def materials(voice: Voice, kept: Sequence[Kept]) -> list[str]:
    """Say of which months each kind of material is meant, a line for each kind."""
    titles = {rule.name: rule.title for each in kept for rule in each.what}
    return [
        voice.p.text(
            "{material}: {periods}",
            material=voice.title(title),
            periods=periods(
                voice, [each.period for each in kept if any(rule.name == name for rule in each.what)]
            ),
        )
        for name, title in titles.items()
    ]


def _of_duty(voice: Voice, keeping: Keeping, *, inspector: bool) -> list[str]:
    p = voice.p
    told = []
    if keeping.must:
        told.append(
            p.text("An inspector may ask today for:")
            if inspector
            else p.text("To be kept, and shown when asked:")
        )
        told += ["· " + line for line in materials(voice, keeping.must)]
        told += [
            p.text(
                "{period}: through {date}",
                period=voice.period(str(each.period)),
                date=p.day(each.through),
            )
            for each in keeping.must[:_MOST_PERIODS]
        ]
    if keeping.may_go:
        last = keeping.may_go[-1]
        told += [
            p.text("May be disposed of, which nobody requires:"),
            *("· " + line for line in materials(voice, keeping.may_go)),
            p.text(
                "the latest of them, {period}, since {date}",
                period=voice.period(str(last.period)),
                date=p.day(last.free_from),
            ),
        ]
    else:
        told.append(p.text("Nothing may be disposed of yet."))
    told.append(p.text("Basis: {clause}", clause=_clause(keeping)))
    return told


def _legend(voice: Voice, keepings: Sequence[Keeping]) -> list[str]:
    """Say what the mark means, where a notice that is shown bears it."""
    return ["", footnotes.second_hand(voice)] if any(_marked(keeping) for keeping in keepings) else []


def _marked(keeping: Keeping) -> bool:
    return keeping.notice.provenance.source == "second-hand"


def _clause(keeping: Keeping) -> str:
    mark = " †" if _marked(keeping) else ""
    return f"{safe(keeping.notice.number)} {safe(keeping.step.clause)}{mark}"
