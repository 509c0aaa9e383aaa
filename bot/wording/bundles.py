"""Several late notifications in one message: a short section for each kind, the most urgent first.

It is always one message of a chat: what does not fit is counted, and found behind a button.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.screen import Button, Press, Screen
from bot.wording import catching_up, footnotes
from bot.wording.duties import actions
from bot.wording.phrases import Voice, bold, lines
from jobs.briefs import (
    BundleBrief,
    ChangeBrief,
    DecisionBrief,
    DigestBrief,
    EventBrief,
    Part,
    ReminderBrief,
    Single,
    UnreachableBrief,
    WaitingBrief,
    WeeklyBrief,
)
from obligations.notice import Level
from storage.models import NotificationKind
from storage.overview import Item

LONGEST: Final = 3600
"""In UTF-16 units with all tags: room is left below a message's limit for what is added to it."""

_MOST_ROWS: Final = 3
_DETAIL: Final = (6, 3, 1)
"""How many items a section lists, tried one after the other until the message is short enough."""

_LINES: Final = 2
"""How many lines of another message stand for one item of a list."""

_MOST_NAMED: Final = 3
"""How many of what is overdue a day's digest names."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One item of a section: its lines, the buttons it gets where there is room, and the stages it names."""

    told: tuple[str, ...]
    buttons: tuple[Button, ...] = ()
    stages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """What stands under one heading, and the notifications it stands for.

    ``listed`` numbers its entries and shows the first of them; else each is a line. ``stages`` are those its
    notifications tell of, ``more`` leads to all of it.
    """

    ids: tuple[int, ...]
    stages: Mapping[int, tuple[int, ...]]
    head: str
    entries: tuple[_Entry, ...] = ()
    listed: bool = True
    more: Button | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """A section as it is shown: its lines, its items' buttons, a row each, and the stages that are named."""

    section: _Section
    told: list[str]
    rows: list[tuple[Button, ...]]
    stages: set[int]


def bundled(
    voice: Voice, organisation: str, brief: BundleBrief, worded: Callable[[Single], Screen]
) -> Screen:
    """Return one message of several; ``worded`` words those that have no short form, of which the beginning is shown.

    The screen's ``parts`` are the words of each notification, by its id, and ``named`` the stages that they name: what
    is only counted is none of them.
    """
    p = voice.p
    day = p.day(voice.today, today=voice.today, weekday=True)
    since = p.moment(brief.late_since, today=voice.today)
    opening = [
        bold(p.text("Caught up · {date}", date=day)),
        voice.organisation(organisation),
        catching_up.several_late(voice, brief.missed, since=since, held_up=brief.held_up),
    ]
    sections = _sections(voice, brief.parts, worded)
    shown: list[_Shown] = []
    for most in _DETAIL:
        shown = _all_shown(voice, sections, most)
        if _units(_html(voice, opening, shown, None)) <= LONGEST:
            break
    left = None
    while shown and _units(_html(voice, opening, shown, left)) > LONGEST:
        shown = shown[:-1]
        rest = sum(len(section.ids) for section in sections[len(shown) :])
        left = p.plural("and {n} more message", "and {n} more messages", rest)
    parts = {number: lines(each.told).strip() for each in shown for number in each.section.ids}
    parts |= {number: left or "" for section in sections[len(shown) :] for number in section.ids}
    named: dict[int, tuple[int, ...]] = {number: () for section in sections for number in section.ids} | {
        number: tuple(stage for stage in told if stage in each.stages)
        for each in shown
        for number, told in each.section.stages.items()
    }
    return Screen(
        html=_html(voice, opening, shown, left), rows=_rows(shown, sections), parts=parts, named=named
    )


def _html(voice: Voice, opening: list[str], shown: Sequence[_Shown], left: str | None) -> str:
    told = [*opening, *(line for each in shown for line in each.told), *(["", left] if left else [])]
    return lines([*told, *footnotes.explained(voice, told)])


def _all_shown(voice: Voice, sections: Sequence[_Section], most: int) -> list[_Shown]:
    """Return the sections with at most so many items each, numbered through."""
    shown = []
    number = 0
    for section in sections:
        told = ["", bold(section.head)]
        rows = []
        entries = section.entries[: most if section.listed else most * _LINES]
        for entry in entries:
            if not section.listed:
                told += entry.told
                continue
            number += 1
            told += [f"{number}. {entry.told[0]}", *entry.told[1:]]
            if entry.buttons:
                rows.append(tuple(Button(f"{number}. {each.label}", each.press) for each in entry.buttons))
        rest = len(section.entries) - most if section.listed else 0
        if rest > 0:
            told.append(voice.p.plural("and {n} more", "and {n} more", rest))
        stages = {stage_id for entry in entries for stage_id in entry.stages}
        shown.append(_Shown(section, told, rows, stages))
    return shown


def _rows(shown: Sequence[_Shown], sections: Sequence[_Section]) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons of the first few items, and below them what leads to everything else."""
    rows = [row for each in shown for row in each.rows][:_MOST_ROWS]
    more = {section.more.press.packed(): section.more for section in sections if section.more is not None}
    return (*rows, *((button,) for button in more.values()))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _sections(voice: Voice, parts: Sequence[Part], worded: Callable[[Single], Screen]) -> list[_Section]:
    """Return a section for each kind of part in the order of the first of each; those without a short form stay apart."""
    groups: dict[object, list[Part]] = {}
    for part in parts:
        match part.brief:
            case WaitingBrief() as brief:
                key: object = WaitingBrief if brief.item is not None else part.notification_id
            case DecisionBrief() as brief:
                key = brief.kind
            case _:
                key = part.notification_id
        groups.setdefault(key, []).append(part)
    return [_section(voice, members, worded) for members in groups.values()]


def _section(voice: Voice, parts: Sequence[Part], worded: Callable[[Single], Screen]) -> _Section:
    p = voice.p
    ids = tuple(part.notification_id for part in parts)
    stages = {part.notification_id: part.brief.stage_ids for part in parts}
    match parts[0].brief:
        case ReminderBrief() as brief:
            items = [each.item for each in brief.items]
            return _Section(
                ids=ids,
                stages=stages,
                head=p.plural("{n} duty to do", "{n} duties to do", len(items)),
                entries=tuple(_to_do(voice, item) for item in items),
                more=Button(p.text("Open the list"), Press.to("due", 0)),
            )
        case WaitingBrief() as brief:
            waiting = [each.brief.item for each in parts if isinstance(each.brief, WaitingBrief)]
            known = [item for item in waiting if item is not None]
            total = len(known) or brief.queue_total
            return _Section(
                ids=ids,
                stages=stages,
                head=p.plural("{n} item waits for your check", "{n} items wait for your check", total),
                entries=tuple(_to_check(voice, item) for item in known),
                more=Button(p.text("Open the review queue"), Press.to("rv", 0)),
            )
        case DecisionBrief() as brief:
            decided = [each.brief for each in parts if isinstance(each.brief, DecisionBrief)]
            accepted = brief.kind is NotificationKind.ACCEPTED
            return _Section(
                ids=ids,
                stages=stages,
                head=p.text("Accepted") if accepted else p.text("Returned for correction"),
                entries=tuple(_decided(voice, each) for each in decided),
                more=None if accepted else Button(p.text("Open the list"), Press.to("due", 0)),
            )
        case DigestBrief() as brief:
            return _Section(
                ids=ids,
                stages=stages,
                head=p.text("Daily digest · {date}", date=p.day(brief.today, today=voice.today)),
                entries=tuple(_numbers(voice, brief)),
                listed=False,
                more=Button(p.text("Who is overdue"), Press.to("od", 0, 0)),
            )
        case WeeklyBrief() as brief:
            return _Section(
                ids=ids,
                stages=stages,
                head=worded(brief).html.split("\n", 1)[0].removeprefix("<b>").removesuffix("</b>"),
                entries=tuple(_Entry((line,)) for line in _week(voice, brief)),
                listed=False,
                more=Button(p.text("By district"), Press.to("ods")),
            )
        case brief:
            told = [line for line in worded(brief).html.split("\n") if line]
            return _Section(
                ids=ids,
                stages=stages,
                head=told[0].removeprefix("<b>").removesuffix("</b>"),
                entries=tuple(_lines(voice, brief, told[1:])),
                listed=False,
            )


def _to_do(voice: Voice, item: Item) -> _Entry:
    whose = "" if item.actor_id == item.subject_id else f" · {voice.organisation(item.subject_name)}"
    return _Entry(
        (f"{voice.rule(item)} {voice.period(item.period)}{whose}", voice.until(item)),
        actions(voice, item, ""),
        (item.stage_id,),
    )


def _to_check(voice: Voice, item: Item) -> _Entry:
    told = f"{voice.organisation(item.subject_name)} · {voice.rule(item)} {voice.period(item.period)}"
    return _Entry((told,), (Button(voice.p.text("Open"), Press.to("st", item.stage_id)),), (item.stage_id,))


def _decided(voice: Voice, brief: DecisionBrief) -> _Entry:
    p = voice.p
    item = brief.item
    duty = f"{voice.rule(item)} {voice.period(item.period)}"
    if brief.kind is NotificationKind.ACCEPTED:
        return _Entry((duty,), stages=(item.stage_id,))
    told = [duty, p.text("Reason: {reason}", reason=voice.reason(brief.reason))]
    if brief.correction_due_on is not None:
        told.append(p.text("Correction due {deadline}", deadline=voice.deadline(brief.correction_due_on)))
    return _Entry(
        tuple(told),
        (
            Button(p.text("Upload the correction"), Press.to("up", item.stage_id, item.version)),
            Button(p.text("Corrected"), Press.to("sub", item.stage_id, item.version)),
        ),
        (item.stage_id,),
    )


def _lines(voice: Voice, brief: Single, told: Sequence[str]) -> Iterator[_Entry]:
    """Yield the lines of a message without a short form: the one that completes the naming of a stage carries it."""
    wanted: list[tuple[Item, bool]] = []
    match brief:
        case EventBrief() | UnreachableBrief():
            wanted = [(item, item.actor_id != item.subject_id) for item in brief.items]
        case ChangeBrief():
            wanted = [(each.item, brief.level is not Level.UNIT) for each in brief.items]
    naming: dict[int, list[int]] = {}
    for item, with_whose in wanted:
        words = [voice.duty(item), *([voice.organisation(item.subject_name)] if with_whose else [])]
        found = [next((n for n, line in enumerate(told) if each in line), None) for each in words]
        places = [place for place in found if place is not None]
        if len(places) == len(words):
            naming.setdefault(max(places), []).append(item.stage_id)
    for place, line in enumerate(told):
        yield _Entry((line,), stages=tuple(naming.get(place, ())))


def _numbers(voice: Voice, brief: DigestBrief) -> Iterator[_Entry]:
    """Yield the lines of a day's digest: the first of what is overdue by name, everything else counted."""
    p = voice.p
    yield _Entry((p.text("Overdue: {n}", n=brief.overdue.total),))
    first = brief.overdue.items[:_MOST_NAMED]
    for item in first:
        yield _Entry((_late(voice, item),), stages=(item.stage_id,))
    rest = brief.overdue.total - len(first)
    if first and rest > 0:
        yield _Entry((p.plural("and {n} more", "and {n} more", rest),))
    told = [
        p.text("Waiting for a check: {n}", n=brief.waiting.total),
        p.text("Blocked by the step before: {n}", n=brief.blocked.total),
        p.text("Due within 5 days: {n}", n=brief.due_next.total),
    ]
    unreachable = len(brief.without_contact) + len(brief.undeliverable)
    if unreachable:
        told.append(p.text("Cannot be reached: {n}", n=unreachable))
    yield from (_Entry((line,)) for line in told)


def _late(voice: Voice, item: Item) -> str:
    said = f"• {voice.organisation(item.actor_name)} · {voice.rule(item)} {voice.period(item.period)}"
    if item.actor_id != item.subject_id:
        said += f" · {voice.stage(item)} · {voice.organisation(item.subject_name)}"
    return said if item.act_by_on is None else f"{said} · {voice.distance(item.act_by_on)}{voice.mark(item)}"


def _week(voice: Voice, brief: WeeklyBrief) -> list[str]:
    p = voice.p
    return [
        p.text("Overdue: {n}", n=brief.counts.overdue),
        p.text("Units overdue: {n}", n=brief.counts.overdue_units),
        p.text("Waiting for a check: {n}", n=brief.counts.waiting),
        p.text("Due within 5 days: {n}", n=brief.counts.due_soon),
    ]
