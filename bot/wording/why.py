"""Why a date is what it is, told in the chat: the same reasons as on the command line, and what an authority decided."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot import rulewords
from bot.explaining import SECOND_HAND, Explanation, cited
from bot.reasons import sentence
from bot.screen import Button, Press, Screen
from bot.wording import footnotes
from bot.wording.phrases import Voice, bold, label, lines, safe
from obligations.authority import RulingKind
from obligations.decisions import Status
from obligations.notice import Notice, Rule
from obligations.parameters import Applied
from obligations.periods import Period
from storage import ruled
from storage.grounds import Correction
from storage.overview import Item
from storage.ruled import Change

_EARLIEST = datetime.min.replace(tzinfo=UTC)

MOST_OFFERED = 6
"""How many dates a question may mean are offered as buttons."""


def why(
    voice: Voice,
    item: Item,
    told: Explanation,
    *,
    changes: Sequence[Change],
    correction: Correction | None,
    carried: Correction | None,
    parameters: Sequence[Applied],
    decided_at: datetime | None,
) -> Screen:
    """Explain the date of one stage: its reasons, what changed it since, its basis, and every other notice's date.

    ``correction`` is that of its last return, ``carried`` that of evidence that never came. ``decided_at`` is when the
    stage was last decided on.
    """
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
    parts += _since(voice, changes, [each for each in (correction, carried) if each is not None])
    if item.due_on != told.bound.date.due_on:
        parts += ["", _kept_otherwise(voice, item)]
    moved = item.act_by_on is not None and item.act_by_on != told.bound.date.due_on
    if (now := _now(voice, item, changes, decided_at)) is not None:
        parts += ["", *now]
    elif moved or item.correct_by_on is not None:
        parts += ["", bold(p.text("It counts now: {until}", until=voice.until(item)))]
    parts += ["", *[safe(line) for line in told.basis]]
    if parameters:
        parts += [
            "",
            bold(p.text("To be applied to this report:")),
            *["· " + footnotes.parameter(voice, each) for each in parameters],
        ]
    marked = [*parts, *(footnotes.parameter(voice, each) for each in parameters)]
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
        limits = [] if rule.threshold is None else [safe(rulewords.threshold(p, rule.threshold))]
        told += [
            "",
            f"{safe(notice.number)}{mark} · {rulewords.sectors(p, rule.sectors)} · {_span(voice, rule)}",
            *["· " + each for each in limits],
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


def parameters_of(voice: Voice, period: Period, applied: Sequence[Applied]) -> list[str]:
    """Return the lines that say what the report of a year is done by; none where no notice says so."""
    if not applied:
        return []
    head = voice.p.text("To be applied to the report for {year}:", year=rulewords.period(voice.p, period))
    return ["", bold(head), *["· " + footnotes.parameter(voice, each) for each in applied]]


def _span(voice: Voice, rule: Rule) -> str:
    return rulewords.span(voice.p, rule.first_period, rule.last_period)


def _short(voice: Voice, item: Item) -> str:
    on = "" if item.act_by_on is None else voice.p.day(item.act_by_on, today=voice.today) + " · "
    return f"{on}{voice.rule(item)} {voice.period(item.period)} · {voice.stage(item)}"


def _since(voice: Voice, changes: Sequence[Change], corrections: Sequence[Correction]) -> list[str]:
    """Tell what happened to a date since the notice gave it, in the order it happened; corrections stand apart."""
    happened: list[tuple[datetime, list[str]]] = [(each.at, _corrected(voice, each)) for each in corrections]
    # A later notice has no hour of its own; what it dates was not returned before.
    for change in changes:
        told = ["· " + safe(sentence(voice.p, reason)) for reason in ruled.reasons_of(change)]
        happened.append((change.at or _EARLIEST, told))
    parts: list[str] = []
    apart = True
    for _, told in sorted(happened, key=lambda each: each[0]):
        heads = bool(told) and not told[0].startswith("· ")
        parts += ["", *told] if heads or apart else told
        apart = heads
    return parts


def _corrected(voice: Voice, correction: Correction) -> list[str]:
    """Tell from when and why something is to be corrected, how its days count, and where that stands."""
    p = voice.p
    day = p.day(correction.found_on)
    if correction.automatic:
        head = p.text(
            "Not handed over in time: found on {date}, to be corrected with the hand-over", date=day
        )
    else:
        head = p.text("Returned on {date}: {reason}", date=day, reason=voice.reason(correction.reason))
    return [
        head,
        *["· " + safe(sentence(p, reason)) for reason in correction.bound.date.reasons],
        "· " + p.text("Basis: {clause}", clause=safe(cited(correction.bound.said[0]))),
    ]


def _now(
    voice: Voice, item: Item, changes: Sequence[Change], decided_at: datetime | None
) -> list[str] | None:
    """Say that there is nothing left to do by a date: handed over, or waived; None where there is."""
    p = voice.p
    if item.status in (Status.SUBMITTED, Status.ACCEPTED) and item.submitted_at is not None:
        moment = p.moment(item.submitted_at, today=voice.today)
        return [bold(p.text("It was handed over: {moment}", moment=moment))]
    if item.status is not Status.WAIVED:
        return None
    if decided_at is None:
        said = bold(p.text("Waived: nothing is due any more"))
    else:
        moment = p.moment(decided_at, today=voice.today)
        said = bold(p.text("Waived: {moment}; nothing is due any more", moment=moment))
    if item.reason and all(change.kind is not RulingKind.WAIVE for change in changes):
        return [said, p.text("Reason: {reason}", reason=voice.reason(item.reason))]
    return [said]


def _kept_otherwise(voice: Voice, item: Item) -> str:
    """Say that the record holds another date than the law now gives: it was made by an earlier state of either."""
    p = voice.p
    if item.due_on is None:
        return p.text("In the record it has no date.")
    return p.text("In the record it is due on {date}.", date=p.day(item.due_on, weekday=True))
