"""What authorities decide about dates, in words: the message to those concerned, and the officer's way to a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.screen import Button, Press, Screen
from bot.wording.duties import paging
from bot.wording.phrases import Voice, bold, label, lines, safe
from jobs.briefs import ChangeBrief, ChangedItem
from locales.printer import Printer
from obligations.authority import RulingKind
from obligations.notice import Level
from storage.overview import Item
from storage.recounting import RECOUNTED
from storage.rulings import Change, Effect
from storage.taking_over import TAKEN_OVER

_MOST_NAMED = 8
"""How many districts a preview counts one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an officer is deciding: about which step, for whom, until when, why and by which document."""

    kind: RulingKind
    item: Item
    whom: str
    until: date | None = None
    reason: str = ""
    document: str = ""


def changed(voice: Voice, brief: ChangeBrief) -> Screen:
    """Tell those concerned what was changed: what it was, what it is now, why, by which document and by whom.

    Duties that were changed alike are told together, those of one duty and period as a list of whose they are.
    """
    p = voice.p
    title = heading(p, {each.change.kind for each in brief.items})
    if all(each.change.reason == TAKEN_OVER for each in brief.items):
        title = p.text("A new duty takes the place of another")
    if all(each.change.reason == RECOUNTED for each in brief.items):
        title = p.text("A date was counted anew")
    parts: list[str | None] = [bold(title)]
    groups: dict[tuple[object, ...], list[ChangedItem]] = {}
    for each in brief.items:
        item, change = each.item, each.change
        key = (item.rule, item.period, item.stage, change.from_on, change.to_on, change.document)
        groups.setdefault(key, []).append(each)
    for alike in groups.values():
        first = alike[0]
        parts += ["", voice.duty(first.item), voice.stage(first.item), *_told(voice, first.change)]
        if brief.level is not Level.UNIT:
            parts += [f"• {voice.organisation(each.item.subject_name)}" for each in alike]
    if brief.total > 1:
        parts += ["", p.plural("{n} duty in all", "{n} duties in all", brief.total)]
    rows: tuple[tuple[Button, ...], ...] = ()
    if brief.total == 1:
        rows = ((Button(p.text("Open"), Press.to("st", brief.items[0].item.stage_id)),),)
    return Screen(html=lines(parts), rows=rows)


def heading(p: Printer, kinds: set[RulingKind | None]) -> str:
    """Return what happened, as a title."""
    match [*kinds]:
        case [RulingKind.WAIVE]:
            return p.text("A duty was waived")
        case [RulingKind.EXTEND]:
            return p.text("A date was extended")
        case [RulingKind.SET_DATE]:
            return p.text("A date was announced")
        case _:
            return p.text("A new notice has changed a date")


def _told(voice: Voice, change: Change) -> list[str | None]:
    p = voice.p
    before = p.text("none") if change.from_on is None else _day(voice, change.from_on)
    after = p.text("the duty is let go") if change.to_on is None else _day(voice, change.to_on)
    reason = voice.reason(change.reason) if change.kind is None else safe(change.reason)
    return [
        p.text("Date before: {date}", date=before),
        p.text("Now: {date}", date=after),
        p.text("Reason: {reason}", reason=reason) if reason else None,
        p.text("Document: {document}", document=safe(change.document)) if change.document else None,
        p.text("Decided by: {office}", office=voice.organisation(change.by)) if change.by else None,
    ]


def _day(voice: Voice, day: date) -> str:
    return voice.p.day(day, today=voice.today, weekday=True)


def kind_of(p: Printer, kind: RulingKind) -> str:
    """Return what an officer may decide, as a button says it."""
    match kind:
        case RulingKind.WAIVE:
            return p.text("Waive it")
        case RulingKind.EXTEND:
            return p.text("Extend the date")
        case RulingKind.SET_DATE:
            return p.text("Set the announced date")


def choose_kind(voice: Voice, item: Item, kinds: Sequence[RulingKind]) -> Screen:
    """Ask what is decided about a step."""
    p = voice.p
    return Screen(
        html=lines([bold(p.text("Change the date")), *_about(voice, item), voice.state(item)]),
        rows=(
            *(
                (Button(kind_of(p, kind), Press.to("rlk", item.stage_id, item.version, kind.value)),)
                for kind in kinds
            ),
            _cancel(voice),
        ),
    )


def choose_scope(voice: Voice, item: Item, kind: RulingKind, choices: Sequence[tuple[str, str]]) -> Screen:
    """Ask for whom it is decided; ``choices`` are the words of a button with what it carries."""
    p = voice.p
    return Screen(
        html=lines([bold(kind_of(p, kind)), *_about(voice, item), "", p.text("For whom?")]),
        rows=(
            *(
                (Button(label(words), Press.to("rls", item.stage_id, item.version, kind.value, whom)),)
                for words, whom in choices
            ),
            _cancel(voice),
        ),
        edit=True,
    )


def ask_date(voice: Voice, draft: Draft, *, said: str | None = None) -> Screen:
    """Ask until when; ``said`` is what was wrong with the date before."""
    p = voice.p
    return Screen(
        html=lines(
            [
                said,
                "" if said else None,
                *_drafted(voice, draft),
                "",
                p.text("Until when? Please type the date, for example 2024-03-15, 3月15日 or 下周五."),
            ]
        ),
        rows=(_cancel(voice),),
    )


def unread_date(voice: Voice) -> str:
    """Say that a typed date was not understood."""
    return voice.p.text("That is no date I understand.")


def ask_reason(voice: Voice, draft: Draft, *, said: str | None = None) -> Screen:
    """Ask why."""
    return _ask(voice, draft, voice.p.text("Please type the reason."), said=said)


def ask_document(voice: Voice, draft: Draft, *, said: str | None = None) -> Screen:
    """Ask by which document."""
    question = voice.p.text("Please type the number of the document, for example 渝环函〔2024〕1号.")
    return _ask(voice, draft, question, said=said)


def too_long(voice: Voice, characters: int) -> str:
    """Say that what was typed is too long; nothing is cut from what an officer wrote."""
    return voice.p.text("Please use {characters} characters at most.", characters=characters)


def press_to_confirm(voice: Voice) -> str:
    """Say that a typed answer confirms nothing."""
    return voice.p.text("Please confirm or cancel with the buttons.")


def previewed(voice: Voice, draft: Draft, effect: Effect, *, seal: str, said: str | None = None) -> Screen:
    """Say back what would be recorded and whom it changes, and ask; ``seal`` ties the button to this very draft.

    ``said`` is what is to be said of the answer before.
    """
    p = voice.p
    return Screen(
        html=lines(
            [
                said,
                "" if said else None,
                p.text("This will be recorded and announced:"),
                "",
                *_drafted(voice, draft),
                p.text("Reason: {reason}", reason=safe(draft.reason)),
                p.text("Document: {document}", document=safe(draft.document)),
                "",
                *counted(voice, draft.kind, effect),
            ]
        ),
        rows=(
            (
                Button(p.text("Record it"), Press.to("rl!", draft.item.stage_id, draft.item.version, seal)),
                *_cancel(voice),
            ),
        ),
    )


def decreed(voice: Voice, draft: Draft, effect: Effect, *, told: int) -> Screen:
    """Confirm what was recorded, whom it changed, and that they are told."""
    p = voice.p
    return Screen(
        html=lines(
            [
                bold(p.text("Recorded")),
                *_drafted(voice, draft),
                p.text("Reason: {reason}", reason=safe(draft.reason)),
                p.text("Document: {document}", document=safe(draft.document)),
                "",
                *counted(voice, draft.kind, effect),
                p.plural("{n} contact is told.", "{n} contacts are told.", told),
            ]
        ),
        edit=True,
        toast=p.text("Recorded"),
    )


def counted(voice: Voice, kind: RulingKind, effect: Effect) -> list[str]:
    """Return how many steps change from which date to which, by district, and what is left alone."""
    p = voice.p
    told = [p.plural("{n} step changes", "{n} steps change", effect.total)]
    named = [(name, count) for name, count in effect.changed.items() if name]
    if len(named) > 1:
        told += [
            "• " + p.text("{district}: {n}", district=voice.organisation(name), n=count)
            for name, count in named[:_MOST_NAMED]
        ]
        if len(named) > _MOST_NAMED:
            told.append(p.text("… and {n} more", n=len(named) - _MOST_NAMED))
    before = _dates(voice, [on for on in effect.before if on is not None])
    if before:
        told.append(p.text("Date before: {date}", date=before))
    if kind is not RulingKind.WAIVE and (
        after := _dates(voice, [on for on in effect.after if on is not None])
    ):
        told.append(p.text("Now: {date}", date=after))
    if effect.stricter:
        numbers = p.listed([safe(number) for number in effect.stricter])
        told.append(p.text("{numbers} gives a stricter date, which counts.", numbers=numbers))
    if effect.handed_over:
        told.append(
            p.plural(
                "{n} handed over or settled already stays as it is.",
                "{n} handed over or settled already stay as they are.",
                effect.handed_over,
            )
        )
    if effect.later:
        told.append(
            p.plural(
                "{n} has a later date already and keeps it.",
                "{n} have a later date already and keep it.",
                effect.later,
            )
        )
    return told


def waiting(voice: Voice, told: Sequence[tuple[Item, int]], *, total: int, offset: int, edit: bool) -> Screen:
    """Return one page of what waits for a date to be announced, each with a button to set it."""
    p = voice.p
    if not told:
        return Screen(html=p.text("Nothing waits for a date to be announced."), edit=edit)
    parts = [bold(p.plural("{n} date to be announced", "{n} dates to be announced", total))]
    rows = []
    for index, (item, count) in enumerate(told, start=offset + 1):
        owed = p.plural("{n} owes it", "{n} owe it", count)
        parts += ["", f"{index}. {voice.duty(item)}", f"{voice.stage(item)} · {owed}", voice.clause(item)]
        words = f"{index}. {voice.rule(item)} {voice.period(item.period)}"
        press = Press.to("rlk", item.stage_id, item.version, RulingKind.SET_DATE.value)
        rows.append((Button(label(words), press),))
    return Screen(html=lines(parts), rows=(*rows, *paging(voice, "dt", total, offset, len(told))), edit=edit)


def everyone(voice: Voice, item: Item) -> str:
    """Return the words for all who owe a step in a period."""
    return voice.p.text("Everyone of {period}", period=voice.period(item.period))


def of_district(voice: Voice, district: str) -> str:
    """Return the words for a district with its units."""
    return voice.p.text("All of {district}", district=voice.organisation(district))


def _about(voice: Voice, item: Item) -> list[str]:
    return [voice.duty(item), f"{voice.stage(item)} · {voice.organisation(item.subject_name)}"]


def _drafted(voice: Voice, draft: Draft) -> list[str | None]:
    p = voice.p
    until = None
    if draft.until is not None:
        until = p.text("New date: {deadline}", deadline=voice.deadline(draft.until))
    return [
        bold(kind_of(p, draft.kind)),
        voice.duty(draft.item),
        voice.stage(draft.item),
        p.text("For: {whom}", whom=draft.whom),
        until,
    ]


def _ask(voice: Voice, draft: Draft, question: str, *, said: str | None) -> Screen:
    return Screen(
        html=lines([said, "" if said else None, *_drafted(voice, draft), "", question]),
        rows=(_cancel(voice),),
    )


def _dates(voice: Voice, days: Sequence[date]) -> str:
    return voice.p.listed([_day(voice, day) for day in sorted(days)[:_MOST_NAMED]]) if days else ""


def _cancel(voice: Voice) -> tuple[Button, ...]:
    return (Button(voice.p.text("Cancel"), Press.to("cancel")),)
