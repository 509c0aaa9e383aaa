"""Decisions as those concerned hear of them: what waits for a check, what was accepted, what came back and why."""

from datetime import date

from bot.screen import Button, Press, Screen
from bot.wording.duties import card, paging
from bot.wording.phrases import RETURN_REASONS, Voice, bold, lines, plain
from jobs.briefs import DecisionBrief, WaitingBrief
from obligations.occasions import correction_days, correction_of
from storage.models import NotificationKind
from storage.overview import Item, Page

OTHER = "other"
"""The choice of a reason to be typed by the officer."""

TYPED = "typed"
"""The confirmation of a reason that was typed."""


def waiting(voice: Voice, brief: WaitingBrief) -> Screen:
    """Tell a checker that something was handed over: one item with its buttons, or the queue where there are many."""
    p = voice.p
    if brief.item is None:
        return Screen(
            html=lines(
                [
                    bold(p.text("Waiting for your check")),
                    p.plural("{n} item is waiting.", "{n} items are waiting.", brief.queue_total),
                ]
            ),
            rows=((Button(p.text("Open the review queue"), Press.to("rv", 0)),),),
            silent=True,
        )
    shown = card(
        voice,
        brief.item,
        brief.files,
        may_act=False,
        may_check=True,
        next_check=brief.next_check,
        edit=False,
        lead_in=bold(p.text("Handed over for your check")),
    )
    return Screen(html=shown.html, rows=shown.rows, silent=True)


def decided(voice: Voice, brief: DecisionBrief) -> Screen:
    """Tell the actor what became of a submission."""
    p = voice.p
    item = brief.item
    office = voice.organisation(brief.by)
    match brief.kind:
        case NotificationKind.ACCEPTED:
            return Screen(
                html=lines(
                    [
                        bold(p.text("Accepted")),
                        voice.duty(item),
                        p.text("{office} has accepted it.", office=office),
                        p.text("Passed on to: {office}", office=voice.organisation(brief.next_checker))
                        if brief.next_checker
                        else None,
                    ]
                ),
                silent=True,
            )
        case _:
            return Screen(
                html=lines(
                    [
                        bold(p.text("Returned for correction")),
                        voice.duty(item),
                        p.text("Returned by: {office}", office=office),
                        p.text("Reason: {reason}", reason=voice.reason(brief.reason)),
                        *_correction(voice, item, brief.correction_due_on),
                    ]
                ),
                rows=(
                    (
                        Button(p.text("Upload the correction"), Press.to("up", item.stage_id, item.version)),
                        Button(p.text("Corrected"), Press.to("sub", item.stage_id, item.version)),
                    ),
                    *_pass_down(voice, item),
                ),
            )


def _correction(voice: Voice, item: Item, due_on: date | None) -> list[str]:
    """Return by when what came back is to be corrected, and which notice gives the days for it."""
    p = voice.p
    if due_on is None:
        return []
    found = correction_of(voice.law.rulebook, item.rule)
    days = correction_days(voice.law.rulebook, item.rule)
    if found is None or days is None:
        return [p.text("Correction due {deadline}", deadline=voice.deadline(due_on))]
    notice, _, stage = found
    return [
        p.plural(
            "Please correct it {deadline} ({n} working day, the day of the finding not counted).",
            "Please correct it {deadline} ({n} working days, the day of the finding not counted).",
            days,
            deadline=voice.deadline(due_on),
        ),
        p.text("Basis: {clause}", clause=f"{notice.number} {stage.clause}"),
    ]


def _pass_down(voice: Voice, item: Item) -> tuple[tuple[Button, ...], ...]:
    """Lead a checker to the card, where what came back from above can be returned to the unit."""
    if item.actor_id == item.subject_id:
        return ()
    return ((Button(voice.p.text("Open"), Press.to("st", item.stage_id)),),)


def queue(voice: Voice, page: Page, *, offset: int, edit: bool) -> Screen:
    """Return one page of what waits for this office's check."""
    p = voice.p
    if not page.items:
        return Screen(html=p.text("Nothing is waiting for your check."), edit=edit)
    parts = [bold(p.plural("{n} item waits for your check", "{n} items wait for your check", page.total))]
    rows = []
    for index, item in enumerate(page.items, start=offset + 1):
        moment = p.moment(item.submitted_at, today=voice.today) if item.submitted_at else ""
        parts += ["", f"{index}. {voice.organisation(item.subject_name)}", f"{voice.duty(item)} · {moment}"]
        rows.append((Button(f"{index}. {plain(item.subject_name)}", Press.to("st", item.stage_id)),))
    return Screen(
        html=lines(parts), rows=(*rows, *paging(voice, "rv", page.total, offset, len(page.items))), edit=edit
    )


def accepted(voice: Voice, item: Item, *, passed_to: str | None, waiting_still: int) -> Screen:
    """Confirm an acceptance to the officer, and offer the next one."""
    p = voice.p
    return Screen(
        html=lines(
            [
                bold(p.text("Accepted")),
                voice.duty(item),
                voice.organisation(item.subject_name),
                p.text("Passed on to: {office}", office=voice.organisation(passed_to)) if passed_to else None,
            ]
        ),
        rows=_next_row(voice, waiting_still),
        edit=True,
        toast=p.text("Accepted"),
    )


def ask_reason(voice: Voice, item: Item) -> Screen:
    """Ask why something is returned."""
    p = voice.p
    return Screen(
        html=lines(
            [
                p.text("Return for correction, because:"),
                voice.duty(item),
                voice.organisation(item.subject_name),
            ]
        ),
        rows=(
            *(
                (Button(voice.reason(code), Press.to("ret!", item.stage_id, item.version, code)),)
                for code in RETURN_REASONS
            ),
            (Button(p.text("Another reason, typed"), Press.to("ret!", item.stage_id, item.version, OTHER)),),
            (Button(p.text("Cancel"), Press.to("st~", item.stage_id)),),
        ),
        edit=True,
    )


def ask_typed_reason(voice: Voice, item: Item) -> Screen:
    """Ask for a reason in the officer's own words."""
    p = voice.p
    return Screen(
        html=lines(
            [
                p.text("Please type the reason for the return:"),
                voice.duty(item),
                voice.organisation(item.subject_name),
            ]
        ),
        rows=((Button(p.text("Cancel"), Press.to("st~", item.stage_id)),),),
        edit=True,
    )


def confirm_reason(voice: Voice, item: Item, reason: str, *, seal: str) -> Screen:
    """Ask whether what was typed is meant as the reason; ``seal`` ties the button to it."""
    p = voice.p
    return Screen(
        html=lines(
            [
                p.text("Return it for this reason?"),
                voice.reason(reason),
                "",
                voice.duty(item),
                voice.organisation(item.subject_name),
            ]
        ),
        rows=(
            (
                Button(p.text("Return"), Press.to("ret!", item.stage_id, item.version, TYPED, seal)),
                Button(p.text("Cancel"), Press.to("st~", item.stage_id)),
            ),
        ),
    )


def reason_too_long(voice: Voice, stage_id: int, characters: int) -> Screen:
    """Ask for a shorter reason; nothing is cut from what an officer wrote."""
    p = voice.p
    return Screen(
        html=p.text("Please give the reason in {characters} characters at most.", characters=characters),
        rows=((Button(p.text("Cancel"), Press.to("st~", stage_id)),),),
    )


def returned(voice: Voice, item: Item, *, correct_by: date | None, waiting_still: int, edit: bool) -> Screen:
    """Confirm a return to the officer, with the date the correction is due."""
    p = voice.p
    return Screen(
        html=lines(
            [
                bold(p.text("Returned for correction")),
                voice.duty(item),
                voice.organisation(item.subject_name),
                p.text("Reason: {reason}", reason=voice.reason(item.reason)),
                p.text("Correction due {deadline}", deadline=voice.deadline(correct_by))
                if correct_by
                else None,
            ]
        ),
        rows=_next_row(voice, waiting_still),
        edit=edit,
        toast=p.text("Returned"),
    )


def _next_row(voice: Voice, waiting_still: int) -> tuple[tuple[Button, ...], ...]:
    if not waiting_still:
        return ()
    label = voice.p.plural("Next ({n} waiting)", "Next ({n} waiting)", waiting_still)
    return ((Button(label, Press.to("next")),),)
