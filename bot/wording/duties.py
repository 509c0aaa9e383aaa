"""Duties as their actor meets them: the morning's reminder, the list, the card of one stage, and its confirmation."""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.screen import IN_PLACE, Button, Press, Screen
from bot.wording import footnotes
from bot.wording.catching_up import reminders_missed
from bot.wording.files import code_of, named, size_of
from bot.wording.phrases import Voice, bold, label, lines
from jobs.briefs import ReminderBrief, ReminderItem
from obligations.decisions import Status
from obligations.parameters import Applied
from storage.models import Evidence
from storage.overview import Item, Page

REMINDER_BUTTONS = 5
"""How many items of one reminder get buttons of their own; a longer list opens the list instead."""

PAUSE_DAYS = (1, 3, 7)

_MOST_NAMED = 10
"""How many files a confirmation names one by one."""


def reminder(voice: Voice, organisation: str, brief: ReminderBrief) -> Screen:
    """Return the one bundled message of a morning, with buttons for each item where there are few."""
    p = voice.p
    items = brief.items
    head = p.text("Reminder · {date}", date=p.day(voice.today, today=voice.today, weekday=True))
    parts = [bold(head), voice.organisation(organisation)]
    if brief.missed is not None:
        parts.append(reminders_missed(voice, brief.missed))
    if len(items) <= REMINDER_BUTTONS:
        for index, each in enumerate(items):
            parts += ["", *_reminded(voice, each, voice.numbered(index, len(items)))]
        parts += footnotes.explained(voice, parts)
        rows = tuple(
            actions(voice, each.item, voice.numbered(index, len(items))) for index, each in enumerate(items)
        )
        whys = tuple(
            Button(voice.numbered(index, len(items)) + p.text("Why?"), Press.to("why", each.item.stage_id))
            for index, each in enumerate(items)
        )
        return Screen(html=lines(parts), rows=(*rows, whys))
    parts += ["", *_grouped(voice, [each.item for each in items])]
    parts += footnotes.explained(voice, parts)
    return Screen(html=lines(parts), rows=((Button(p.text("Open the list"), Press.to("due", 0)),),))


def _reminded(voice: Voice, each: ReminderItem, number: str) -> list[str]:
    p = voice.p
    item = each.item
    nth = p.text("reminder no. {nth}", nth=each.nth)
    told = [f"{number}{voice.duty(item)}"]
    if item.actor_id != item.subject_id:
        told.append(f"{voice.stage(item)} · {voice.organisation(item.subject_name)}")
    if item.status is Status.RETURNED:
        told.append(p.text("Returned for correction: {reason}", reason=voice.reason(item.reason)))
    told.append(f"{voice.until(item)} · {nth}")
    told.append(p.text("Basis: {clause}", clause=voice.clause(item)))
    return told


def _grouped(voice: Voice, items: Sequence[Item]) -> list[str]:
    groups: dict[tuple[str, str, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.rule, item.stage, item.period), []).append(item)
    told = []
    for members in groups.values():
        first = min(members, key=lambda item: item.act_by_on or date.max)
        count = voice.p.plural("{n} item", "{n} items", len(members))
        told.append(f"• {voice.duty(first)} {voice.stage(first)} · {count}")
        told.append("  " + voice.p.text("earliest: {until}", until=voice.until(first)))
    return told


def actions(voice: Voice, item: Item, number: str) -> tuple[Button, ...]:
    """Return the buttons of one item of a reminder: a unit hands over, an office opens it."""
    p = voice.p
    if item.actor_id != item.subject_id:
        return (Button(number + p.text("Open"), Press.to("st", item.stage_id)),)
    return _hand_over(voice, item, number)


def _hand_over(voice: Voice, item: Item, number: str) -> tuple[Button, ...]:
    p = voice.p
    upload = Button(number + p.text("Upload"), Press.to("up", item.stage_id, item.version))
    if item.act_by_on is None:
        return (upload, Button(number + p.text("Done"), Press.to("sub", item.stage_id, item.version)))
    return (
        upload,
        Button(number + p.text("Submitted"), Press.to("sub", item.stage_id, item.version)),
        Button(number + p.text("Working on it"), Press.to("work", item.stage_id, item.version)),
    )


def listed(voice: Voice, page: Page, *, offset: int, edit: bool) -> Screen:
    """Return one page of what this reader's organisation must do, each item opening its card."""
    p = voice.p
    if not page.items:
        return Screen(html=p.text("Nothing is waiting for you. All is in order."), edit=edit)
    parts = [bold(p.plural("{n} duty to do", "{n} duties to do", page.total))]
    rows = []
    for index, item in enumerate(page.items, start=offset + 1):
        subject = "" if item.actor_id == item.subject_id else voice.organisation(item.subject_name)
        parts += ["", f"{index}. {voice.duty(item)}", *([subject] if subject else []), voice.state(item)]
        shown = f"{index}. {subject or voice.rule(item)} {voice.period(item.period)}"
        rows.append((Button(label(shown), Press.to("st", item.stage_id)),))
    parts += footnotes.explained(voice, parts)
    return Screen(
        html=lines(parts), rows=(*rows, *paging(voice, "due", page.total, offset, len(page.items))), edit=edit
    )


def paging(
    voice: Voice, verb: str, total: int, offset: int, shown: int, *arguments: object, size: int | None = None
) -> tuple[tuple[Button, ...], ...]:
    """Return the row that turns the pages of a list in place, ``size`` items back; none where all of it is on one."""
    p = voice.p
    verb += IN_PLACE
    row = []
    if offset > 0:
        row.append(Button(p.text("‹ Previous"), Press.to(verb, max(0, offset - (size or PAGE)), *arguments)))
    if offset + shown < total:
        row.append(Button(p.text("Next ›"), Press.to(verb, offset + shown, *arguments)))
    return (tuple(row),) if row else ()


PAGE = 8
"""How many items a page of a list shows: what a phone shows without much scrolling."""


def card(
    voice: Voice,
    item: Item,
    files: Sequence[Evidence],
    *,
    may_act: bool,
    may_check: bool,
    may_rule: bool = False,
    next_check: Item | None,
    pass_down: tuple[int, int] | None = None,
    parameters: Sequence[Applied] = (),
    edit: bool,
    lead_in: str | None = None,
) -> Screen:
    """Return everything about one stage, with the buttons this reader may press.

    ``may_rule`` offers what an authority decides about its date. ``pass_down`` is the stage before, by id and version,
    where it may be returned further down. ``parameters`` are what its report is done by.
    """
    p = voice.p
    parts = [
        lead_in,
        "" if lead_in else None,
        voice.duty(item),
        p.text("Unit: {name}", name=voice.organisation(item.subject_name))
        if item.actor_id != item.subject_id
        else None,
        p.text(
            "To do: {stage} ({actor})", stage=voice.stage(item), actor=voice.organisation(item.actor_name)
        ),
        p.text("State: {state}", state=voice.state(item)),
    ]
    if item.submitted_at is not None:
        parts.append(p.text("Submitted: {moment}", moment=p.moment(item.submitted_at, today=voice.today)))
    if item.reason:
        parts.append(p.text("Reason: {reason}", reason=voice.reason(item.reason)))
    if next_check is not None and item.status is Status.SUBMITTED:
        parts.append(
            p.text(
                "Check: {office}, {until}",
                office=voice.organisation(next_check.actor_name),
                until=voice.until(next_check),
            )
        )
    parts += _instructions(voice, item, parameters)
    rows: list[tuple[Button, ...]] = []
    for file in files:
        size = size_of(file.size)
        rows.append((Button(f"📎 {file.name} · {size} · {code_of(file)}", Press.to("file", file.id)),))
    if not files and item.submitted_at is not None:
        parts.append(p.text("No file was sent."))
    if may_check and item.status is Status.SUBMITTED:
        rows.append(
            (
                Button(p.text("Accept"), Press.to("acc", item.stage_id, item.version)),
                Button(p.text("Return"), Press.to("ret", item.stage_id, item.version)),
            )
        )
    if may_act and item.ready and item.status in (Status.OPEN, Status.RETURNED):
        rows.append(_hand_over(voice, item, ""))
        if pass_down is not None:
            rows.append((Button(p.text("Return to the step before"), Press.to("ret", *pass_down)),))
    elif may_act and item.status is Status.SUBMITTED:
        rows.append((Button(p.text("Send another file"), Press.to("up", item.stage_id, item.version)),))
    if may_rule:
        rows.append((Button(p.text("Change the date"), Press.to("rl", item.stage_id, item.version)),))
    rows.append((Button(p.text("Why this date"), Press.to("why", item.stage_id)),))
    return Screen(html=lines(parts), rows=tuple(rows), edit=edit)


def _instructions(voice: Voice, item: Item, parameters: Sequence[Applied]) -> list[str]:
    """Return how it is to be done: without a date what counts as done; the parameters of a report; the clause."""
    p = voice.p
    told = []
    if item.act_by_on is None:
        step = voice.rule_of(item).stage(item.stage)
        told.append(p.text("Done when there is: {evidence}", evidence=voice.title(step.evidence)))
        told += ["· " + voice.title(condition) for condition in ([] if parameters else step.conditions)]
    if parameters:
        told += [p.text("To be applied to this report:")]
        told += ["· " + footnotes.parameter(voice, each) for each in parameters]
    told.append(p.text("Basis: {clause}", clause=voice.clause(item)))
    if any("†" in line for line in [*told, voice.state(item)]):
        told.append(footnotes.second_hand(voice))
    return told


def confirm_submission(voice: Voice, item: Item, files: Sequence[Evidence]) -> Screen:
    """Say back what would be recorded, and ask."""
    p = voice.p
    question = p.text("This will be recorded as submitted:")
    until = voice.until(item)
    return Screen(
        html=lines(
            [
                question,
                "",
                voice.duty(item),
                voice.organisation(item.subject_name),
                until,
                p.plural("{n} file attached", "{n} files attached", len(files))
                if files
                else p.text(
                    "No file attached. A screenshot or the platform's receipt makes the check quicker."
                ),
                *footnotes.explained(voice, [until]),
            ]
        ),
        rows=(
            (
                Button(p.text("Confirm"), Press.to("sub!", item.stage_id, item.version)),
                Button(p.text("Attach a file"), Press.to("up", item.stage_id, item.version)),
                Button(p.text("Cancel"), Press.to("cancel")),
            ),
        ),
    )


def submitted(
    voice: Voice,
    item: Item,
    files: Sequence[Evidence],
    *,
    checker: str | None,
    next_check: Item | None,
    late: bool,
) -> Screen:
    """Confirm what was recorded, with the hash of each file, and say who is next."""
    p = voice.p
    moment = p.moment(item.submitted_at, today=voice.today) if item.submitted_at else ""
    theirs = p.text("Their date: {until}", until=voice.until(next_check)) if next_check else None
    return Screen(
        html=lines(
            [
                bold(p.text("Recorded as submitted")),
                voice.duty(item),
                voice.organisation(item.subject_name),
                p.text("At {moment}", moment=moment) + (" · " + p.text("late") if late else ""),
                p.plural("{n} file attached", "{n} files attached", len(files)) if files else None,
                *[named(voice, file) for file in files[:_MOST_NAMED]],
                p.text("Checked next by: {office}", office=voice.organisation(checker)) if checker else None,
                theirs,
                *footnotes.explained(voice, [theirs]),
            ]
        ),
        edit=True,
        toast=p.text("Recorded"),
    )


def choose_pause(voice: Voice, item: Item) -> Screen:
    """Ask until when the reader is working on it."""
    p = voice.p
    until = voice.until(item)
    row = tuple(
        Button(p.plural("{n} day", "{n} days", days), Press.to("work!", item.stage_id, item.version, days))
        for days in PAUSE_DAYS
    )
    return Screen(
        html=lines(
            [
                p.text("Working on it: no reminder for how long?"),
                voice.duty(item),
                until,
                "",
                p.text("The date itself does not move, and digests still name what is overdue."),
                *footnotes.explained(voice, [until]),
            ]
        ),
        rows=(row, (Button(p.text("Cancel"), Press.to("cancel")),)),
    )


def paused(voice: Voice, item: Item, until: date) -> Screen:
    """Confirm the pause, and warn where it passes the due date."""
    p = voice.p
    warning = None
    if item.act_by_on is not None and until >= item.act_by_on:
        warning = p.text("Mind the due date: {deadline}.", deadline=voice.deadline(item.act_by_on))
    resumes = p.day(until + timedelta(days=1), today=voice.today, weekday=True)
    return Screen(
        html=lines([p.text("Noted. Reminders resume on {date}.", date=resumes), voice.duty(item), warning]),
        edit=True,
    )
