"""Why a date is what it is, told in the chat: the same reasons as on the command line, and what an authority decided."""

from collections.abc import Sequence

from bot import rulewords
from bot.explaining import SECOND_HAND, Explanation
from bot.reasons import sentence
from bot.screen import Button, Press, Screen
from bot.wording import footnotes
from bot.wording.phrases import Voice, bold, label, lines, safe
from obligations.decisions import Status
from obligations.notice import Notice, Rule
from obligations.parameters import Applied
from obligations.reasons import Reason
from storage.grounds import Correction
from storage.overview import Item

MOST_OFFERED = 6
"""How many dates a question may mean are offered as buttons."""


def why(
    voice: Voice,
    item: Item,
    told: Explanation,
    *,
    changed: Sequence[Reason],
    correction: Correction | None,
    parameters: Sequence[Applied],
) -> Screen:
    """Explain the date of one stage: its reasons, what changed it since, its basis, and every other notice's date."""
    p = voice.p
    parts = [
        bold(p.text("Why this date")),
        safe(told.title),
        voice.organisation(item.subject_name),
        "",
        bold(safe(told.headline)),
        *[safe(line) for line in told.targets],
        *["· " + safe(line) for line in told.reasons],
        *["· " + safe(line) for line in told.cautions],
    ]
    if correction is not None:
        parts += [
            "",
            p.text(
                "Returned on {date}: {reason}",
                date=p.day(correction.returned_on),
                reason=_why_returned(voice, item),
            ),
            *["· " + safe(sentence(p, reason)) for reason in correction.bound.date.reasons],
        ]
    if changed:
        parts += ["", *["· " + safe(sentence(p, reason)) for reason in changed]]
    if item.due_on != told.bound.date.due_on:
        parts += ["", _kept_otherwise(voice, item)]
    moved = item.act_by_on is not None and item.act_by_on != told.bound.date.due_on
    if moved or item.correct_by_on is not None:
        parts += ["", bold(p.text("It counts now: {until}", until=voice.until(item)))]
    parts += ["", *[safe(line) for line in told.basis]]
    if parameters:
        parts += [
            "",
            bold(p.text("To be applied to this report:")),
            *["· " + footnotes.parameter(voice, each) for each in parameters],
        ]
    marked = [*told.basis, *(footnotes.parameter(voice, each) for each in parameters)]
    if SECOND_HAND in "".join(marked) and SECOND_HAND not in "".join(told.reasons):
        parts += ["", footnotes.second_hand(voice)]
    return Screen(
        html=lines(parts), rows=((Button(p.text("Back to the duty"), Press.to("st", item.stage_id)),),)
    )


def no_notice(voice: Voice, item: Item) -> Screen:
    """Say that the notice that made a stage is not loaded any more."""
    said = voice.p.text(
        "{number} made this duty; no loaded notice speaks of it any more. Ask the administrator.",
        number=safe(item.notice),
    )
    return Screen(
        html=said, rows=((Button(voice.p.text("Back to the duty"), Press.to("st", item.stage_id)),),)
    )


def choose(voice: Voice, items: Sequence[Item], general: Sequence[str] = ()) -> Screen:
    """Offer the dates a question may mean, after what the rule says in general where it named one."""
    p = voice.p
    if not items and not general:
        return Screen(
            html=p.text(
                "Which duty do you mean? Write for example: why is the monthly evidence due on the 20th"
            )
        )
    head = p.text("Which date do you mean?")
    rows = tuple(
        (Button(label(_short(voice, item)), Press.to("why", item.stage_id)),) for item in items[:MOST_OFFERED]
    )
    return Screen(
        html=lines([*general, *(["", head] if general and items else [head] if items else [])]), rows=rows
    )


def in_general(voice: Voice, said: Sequence[tuple[Notice, Rule]]) -> list[str]:
    """Return what the notices say of a duty, whatever the period: who does what by when, notice by notice."""
    p = voice.p
    told = [bold(voice.title(said[0][1].title))]
    for notice, rule in said:
        mark = f" {SECOND_HAND}" if notice.provenance.source == "second-hand" else ""
        told += [
            "",
            f"{safe(notice.number)}{mark} · {rulewords.sectors(p, rule.sectors)} · {_span(voice, rule)}",
        ]
        for stage in rule.stages:
            told.append(
                "· "
                + p.text(
                    "{actor}: {title}, {deadline} ({clause})",
                    actor=rulewords.level(p, stage.actor),
                    title=voice.title(stage.title),
                    deadline=rulewords.deadline(p, stage.deadline),
                    clause=safe(stage.clause),
                )
            )
    if any(notice.provenance.source == "second-hand" for notice, _ in said):
        told += ["", footnotes.second_hand(voice)]
    return told


def _span(voice: Voice, rule: Rule) -> str:
    return rulewords.span(voice.p, rule.first_period, rule.last_period)


def _short(voice: Voice, item: Item) -> str:
    on = "" if item.act_by_on is None else voice.p.day(item.act_by_on, today=voice.today) + " · "
    return f"{on}{voice.rule(item)} {voice.period(item.period)} · {voice.stage(item)}"


def _why_returned(voice: Voice, item: Item) -> str:
    return voice.reason(item.reason) if item.status is Status.RETURNED else ""


def _kept_otherwise(voice: Voice, item: Item) -> str:
    """Say that the record holds another date than the law now gives: it was made by an earlier state of either."""
    p = voice.p
    if item.due_on is None:
        return p.text("In the record it has no date.")
    return p.text("In the record it is due on {date}.", date=p.day(item.due_on, weekday=True))
