"""What happened, in words: the officer's questions while recording it, and the news of a duty from it."""

from collections.abc import Sequence
from datetime import date

from bot.screen import Button, Press, Screen
from bot.wording import footnotes
from bot.wording.phrases import Voice, bold, label, lines, plain, safe
from bot.wording.refusals import occurrence_refused
from jobs.briefs import EventBrief
from locales.printer import Printer
from obligations.deadlines import DueKind
from obligations.terms import Occasion
from storage.errors import OccurrenceRefusedError
from storage.models import Organisation, Stage
from storage.occurrences import Preview

_MOST_LISTED = 5


def occasion(p: Printer, what: Occasion) -> str:
    """Return what happened, as a short phrase."""
    match what:
        case Occasion.DEFAULT:
            return p.text("Surrender in default")
        case Occasion.UNFIT_EVIDENCE:
            return p.text("Evidence late, non-conforming, incomplete or unclear")
        case Occasion.ANOMALY:
            return p.text("Abnormal data, or a clue of it")
        case Occasion.COMPLAINT:
            return p.text("A complaint, or a clue passed down")
        case Occasion.LICENCE_CANCELLATION:
            return p.text("A business licence to be cancelled")
        case Occasion.PENALTY:
            return p.text("A penalty was decided")
        case Occasion.VIOLATION_CLUE:
            return p.text("A clue of a breach of the law")
        case Occasion.USE_OF_CCER:
            return p.text("Use of CCER")


def told(voice: Voice, brief: EventBrief) -> Screen:
    """Tell what happened and the duties that follow for the reader's organisation, with a button for each."""
    p = voice.p
    happened = p.day(brief.happened_on, today=voice.today, weekday=True)
    parts: list[str | None] = [
        bold(p.plural("{n} new duty", "{n} new duties", len(brief.items))),
        p.text("Occasion: {occasion}, {date}", occasion=occasion(p, brief.occasion), date=happened),
        p.text("Concerns: {name}", name=voice.organisation(brief.happened_to)) if brief.happened_to else None,
        _noted(voice, brief.occasion, brief.note),
        p.text("Document: {document}", document=safe(brief.document)) if brief.document else None,
        p.text("Recorded by: {office}", office=voice.organisation(brief.by)) if brief.by else None,
    ]
    rows = []
    for index, item in enumerate(brief.items[:_MOST_LISTED]):
        number = voice.numbered(index, len(brief.items))
        of = "" if item.subject_id == item.actor_id else f" · {voice.organisation(item.subject_name)}"
        parts += [
            "",
            f"{number}{voice.duty(item)}{of}",
            voice.until(item),
            p.text("Basis: {clause}", clause=voice.clause(item)),
        ]
        rows.append((Button(number + p.text("Open"), Press.to("st", item.stage_id)),))
    rest = len(brief.items) - _MOST_LISTED
    if rest > 0:
        parts += ["", p.plural("and {n} more", "and {n} more", rest)]
    parts += footnotes.explained(voice, parts)
    named = tuple(item.stage_id for item in brief.items[:_MOST_LISTED])
    return Screen(html=lines(parts), rows=tuple(rows), stages=named)


def origin(
    voice: Voice, what: Occasion, *, happened_on: date, note: str, document: str, subject: str | None
) -> list[str]:
    """Return what a duty arose from, as lines of its card; ``subject`` where it happened to another organisation."""
    p = voice.p
    happened = p.day(happened_on, today=voice.today)
    said = [p.text("Arose from: {occasion}, {date}", occasion=occasion(p, what), date=happened)]
    if subject:
        said.append(p.text("Concerns: {name}", name=voice.organisation(subject)))
    noted = _noted(voice, what, note)
    if noted:
        said.append(noted)
    if document:
        said.append(p.text("Document: {document}", document=safe(document)))
    return said


def choose_occasion(voice: Voice, occasions: Sequence[Occasion]) -> Screen:
    """Ask what happened."""
    p = voice.p
    return Screen(
        html=p.text("What happened? It is recorded with your name, and the duties from it begin."),
        rows=(
            *((Button(occasion(p, each), Press.to("rec1", each.value)),) for each in occasions),
            _cancel(p),
        ),
    )


def ask_unit(voice: Voice, what: Occasion, *, own: Organisation | None, edit: bool) -> Screen:
    """Ask which unit it happened to; ``own`` is the office itself, where it may be concerned as such."""
    p = voice.p
    rows: tuple[tuple[Button, ...], ...] = (_cancel(p),)
    if own is not None:
        itself = p.text("No single unit: {office}", office=plain(own.name))
        rows = ((Button(itself, Press.to("rec2", what.value, own.id)),), *rows)
    return Screen(
        html=lines(
            [bold(occasion(p, what)), p.text("Which unit? Please type part of its name or its code.")]
        ),
        rows=rows,
        edit=edit,
    )


def choose_unit(voice: Voice, what: Occasion, found: Sequence[Organisation], words: str) -> Screen:
    """Offer the organisations that a name may mean; none is guessed."""
    p = voice.p
    if not found:
        return Screen(
            html=p.text(
                "No unit in your area is called “{words}”. Try part of its name.", words=safe(words[:60])
            ),
            rows=(_cancel(p),),
        )
    return Screen(
        html=p.text("“{words}” fits several units. Which one do you mean?", words=safe(words[:60])),
        rows=(
            *((Button(plain(each.name), Press.to("rec2", what.value, each.id)),) for each in found),
            _cancel(p),
        ),
    )


def choose_duty(
    voice: Voice, what: Occasion, subject: Organisation, stages: Sequence[Stage], *, edit: bool
) -> Screen:
    """Ask which of a unit's duties it happened to."""
    p = voice.p
    head = f"{bold(occasion(p, what))}\n{safe(subject.name)}"
    if not stages:
        none = p.text("This unit has no duty it could be recorded of now.")
        return Screen(html=f"{head}\n{none}", rows=(_cancel(p),), edit=edit)
    rows = []
    for stage in stages:
        title = voice.title(voice.law.rulebook.rule(stage.rule).title)
        shown = label(f"{title} {voice.period(stage.period)}")
        rows.append((Button(shown, Press.to("rec3", what.value, stage.id)),))
    question = p.text("Of which one?")
    return Screen(html=f"{head}\n{question}", rows=(*rows, _cancel(p)), edit=edit)


def ask_day(voice: Voice, what: Occasion, subject: Organisation, *, again: bool, edit: bool) -> Screen:
    """Ask on which day it was found or is to be; ``again`` where the answer before was no day."""
    p = voice.p
    if what is Occasion.LICENCE_CANCELLATION:
        question = p.text("On which day is the licence cancelled? For example: 5 March, or 2024-03-05.")
        days: tuple[Button, ...] = ()
    else:
        question = p.text("On which day was it found or decided? For example: 5 March, or 2024-03-05.")
        days = (
            Button(p.text("Today"), Press.to("recd", 0)),
            Button(p.text("Yesterday"), Press.to("recd", 1)),
        )
    return Screen(
        html=lines(
            [
                p.text("I did not recognise a day in that.") if again else None,
                bold(occasion(p, what)),
                safe(subject.name),
                question,
            ]
        ),
        rows=((days, _cancel(p)) if days else (_cancel(p),)),
        edit=edit,
    )


def ask_note(voice: Voice, what: Occasion, subject: Organisation, day: date, *, edit: bool) -> Screen:
    """Ask for what was found, in the officer's own words."""
    p = voice.p
    return Screen(
        html=lines(
            [
                bold(occasion(p, what)),
                safe(subject.name),
                p.day(day, today=voice.today, weekday=True),
                p.text(
                    "Please describe it in a sentence, with the number of the document where there is one."
                ),
            ]
        ),
        rows=(_cancel(p),),
        edit=edit,
    )


def confirm(voice: Voice, seen: Preview, note: str, *, seal: str) -> Screen:
    """Say back what would be recorded and every duty that arises, and ask; ``seal`` ties the button to it."""
    p = voice.p
    parts: list[str | None] = [
        p.text("This will be recorded:"),
        "",
        bold(occasion(p, seen.occasion)),
        safe(seen.subject.name),
        p.day(seen.happened_on, today=voice.today, weekday=True),
        p.text("Note: {note}", note=safe(note)),
        "",
        *arisen(voice, seen),
    ]
    return Screen(
        html=lines(parts),
        rows=((Button(p.text("Record it"), Press.to("rec!", seal)), *_cancel(p)),),
    )


def arisen(voice: Voice, seen: Preview) -> list[str]:
    """Return the duties that arise: what, who must act, by when, by which clause."""
    p = voice.p
    said = [p.plural("{n} duty arises:", "{n} duties arise:", len(seen.duties))]
    for duty in seen.duties:
        binding = duty.arisen.binding
        first = duty.arisen.steps[0]
        due = first.bound.date
        title = voice.title(binding.rule.title)
        if due.due_on is not None:
            until = voice.deadline(due.due_on)
        elif due.kind is DueKind.EXTERNAL:
            until = p.text("its date is still to be set")
        else:
            until = p.text("no fixed date")
        mark = " †" if first.bound.source.second_hand else ""
        said += [
            f"• {bold(title)} {voice.period(str(binding.period))}",
            f"  {safe(duty.actor)} · {until} · {binding.notice.number} {first.stage.clause}{mark}",
        ]
    return said


def recorded(voice: Voice, seen: Preview, own: Sequence[int]) -> Screen:
    """Confirm what was recorded; ``own`` are the stages the reader's own office has to do now."""
    p = voice.p
    head = bold(p.text("Recorded"))
    return Screen(
        html=lines(
            [head, f"{occasion(p, seen.occasion)} · {safe(seen.subject.name)}", "", *arisen(voice, seen)]
        ),
        rows=tuple((Button(p.text("Open"), Press.to("st", stage_id)),) for stage_id in own),
        edit=True,
        toast=p.text("Recorded"),
    )


def lapsed(voice: Voice, error: OccurrenceRefusedError) -> Screen:
    """Say why it was not recorded."""
    return Screen(html=occurrence_refused(voice.p, error), rows=(_cancel(voice.p),))


def _noted(voice: Voice, what: Occasion, note: str) -> str | None:
    if not note:
        return None
    if what is Occasion.USE_OF_CCER:
        return voice.p.text("Declared: {tonnes} t", tonnes=safe(note))
    return voice.p.text("Note: {note}", note=safe(note))


def _cancel(p: Printer) -> tuple[Button, ...]:
    return (Button(p.text("Cancel"), Press.to("cancel")),)
