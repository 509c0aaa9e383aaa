"""Reading a notification's facts at the moment it is sent, and whether they still matter to its reader."""

from dataclasses import fields, replace
from datetime import date, datetime

from jobs import alarming
from jobs.briefs import (
    ChangeBrief,
    ChangedItem,
    DecisionBrief,
    DigestBrief,
    Dropped,
    EventBrief,
    ReminderBrief,
    ReminderItem,
    Single,
    WaitingBrief,
    WeeklyBrief,
)
from jobs.hours import DAILY_DIGEST_AT, LATE_AFTER, WEEKLY_DIGEST_AT, instant
from jobs.outage import missed_of, was_held_up
from jobs.passing import passed_on
from jobs.unreachable import unreachable
from obligations.calendar import Coverage, WorkingCalendar
from obligations.decisions import Status, following
from obligations.law import Law
from obligations.notice import Level
from storage import (
    contacts,
    decisions,
    endings,
    evidence,
    occurrences,
    organisations,
    outbox,
    overview,
    planning,
    ruled,
    targets,
    trail,
)
from storage.claims import Claimed
from storage.database import Session
from storage.models import NotificationKind
from storage.organisations import Scope
from storage.outbox import Recipient
from storage.overview import Counts, Item, Page
from storage.types import local_date

_LONG = 200
_SHORT = 5
_NONE = Page(items=(), total=0)
_RECURRING = (NotificationKind.REMINDER, NotificationKind.DAILY_DIGEST, NotificationKind.WEEKLY_DIGEST)
_DECIDED_BY = {
    NotificationKind.ACCEPTED: ("accept",),
    NotificationKind.RETURNED: ("return",),
}
_STILL = {NotificationKind.ACCEPTED: Status.ACCEPTED, NotificationKind.RETURNED: Status.RETURNED}


def brief_for(
    session: Session,
    claimed: Claimed,
    reader: Recipient,
    *,
    law: Law,
    now: datetime,
    quiet: frozenset[int] = frozenset(),
) -> Single | Dropped:
    """Return what a notification tells its reader now, or why it is not to be sent any more.

    ``quiet`` are the districts known to have nothing to tell (`overview.quiet_districts`): they are not looked into.
    """
    if reader.retired:
        return Dropped(reason="the reader has left")
    if claimed.kind in _RECURRING and outbox.is_overtaken(session, claimed, today=local_date(now)):
        return Dropped(reason="overtaken by a later one")
    match claimed.kind:
        case NotificationKind.REMINDER:
            return _reminder(session, claimed, reader, today=local_date(now))
        case NotificationKind.SUBMITTED:
            return _waiting(session, claimed, reader)
        case NotificationKind.PASSED_ON:
            return passed_on(session, claimed, reader, today=local_date(now))
        case NotificationKind.DAILY_DIGEST:
            return _digest(session, claimed, reader, calendar=law.calendar, now=now, quiet=quiet)
        case NotificationKind.WEEKLY_DIGEST:
            return _weekly(session, claimed, reader, law=law, now=now)
        case NotificationKind.EVENT:
            return _event(session, claimed, reader)
        case NotificationKind.UNREACHABLE:
            return unreachable(session, claimed)
        case NotificationKind.ALARM:
            return alarming.brief(session, claimed, reader)
        case NotificationKind.CHANGED:
            return _changed(session, claimed, reader)
        case _:
            return _decision(session, claimed, reader)


def _reminder(
    session: Session, claimed: Claimed, reader: Recipient, *, today: date
) -> ReminderBrief | Dropped:
    planned = {
        each.stage_id: each
        for each in planning.reminded_of(session, reader.contact_id, planned_on=claimed.planned_on)
    }
    kept = []
    for item in overview.items(session, list(planned)):
        told = planned[item.stage_id]
        left = item.days_left(today=today)
        if (
            left is not None
            and item.act_by_on == told.act_by_on
            and _needs_reminding(item, reader, today=today)
        ):
            kept.append(ReminderItem(item=item, mark=told.mark, nth=told.nth, days_left=left))
    if not kept:
        return Dropped(reason="done meanwhile")
    return ReminderBrief(today=today, items=tuple(kept), missed=missed_of(claimed.facts))


def _needs_reminding(item: Item, reader: Recipient, *, today: date) -> bool:
    paused = item.paused_until is not None and item.paused_until >= today
    pending = item.status in (Status.OPEN, Status.RETURNED) and item.ready
    return pending and not paused and item.actor_id == reader.organisation_id


def _waiting(session: Session, claimed: Claimed, reader: Recipient) -> WaitingBrief | Dropped:
    queue = overview.waiting_for_check(session, reader.organisation_id, limit=1)
    if not queue.items:
        return Dropped(reason="checked meanwhile")
    if reader.level is Level.MUNICIPAL:
        item = queue.items[0] if queue.total == 1 else None
    elif claimed.stage_id is None:
        return Dropped(reason="the stage is not known")
    else:
        if decisions.get(session, claimed.stage_id).checker_id != reader.organisation_id:
            return Dropped(reason="another office checks it now")
        item = overview.item(session, claimed.stage_id)
        if item.status is not Status.SUBMITTED:
            return Dropped(reason="checked meanwhile")
    if item is None:
        return WaitingBrief(item=None, queue_total=queue.total, next_check=None, files=())
    files = tuple(evidence.of_stage(session, item.stage_id))
    for file in files:
        # A value from here on: it outlives the session it was read in.
        session.expunge(file)
    return WaitingBrief(item=item, queue_total=queue.total, next_check=_following(session, item), files=files)


def _following(session: Session, item: Item) -> Item | None:
    stages = decisions.chain_of(session, item.obligation_id)
    after = following(stages, [stage.id for stage in stages].index(item.stage_id))
    return None if after is None else overview.item(session, stages[after].id)


def _decision(session: Session, claimed: Claimed, reader: Recipient) -> DecisionBrief | Dropped:
    if claimed.stage_id is None:
        return Dropped(reason="the stage is not known")
    item = overview.item(session, claimed.stage_id)
    if item.actor_id != reader.organisation_id or item.status is not _STILL.get(claimed.kind, item.status):
        return Dropped(reason="changed meanwhile")
    following = _following(session, item)
    returned = claimed.kind is NotificationKind.RETURNED
    return DecisionBrief(
        kind=claimed.kind,
        item=item,
        reason=item.reason,
        correction_due_on=item.act_by_on if returned else None,
        by=_decided_by(session, item, claimed.kind),
        next_checker=_checker_of(session, following) if following is not None else None,
    )


def _changed(session: Session, claimed: Claimed, reader: Recipient) -> ChangeBrief | Dropped:
    changes, total = ruled.concerning(
        session, claimed.facts, reader.organisation_id, reader.level, limit=_SHORT
    )
    if not changes:
        return Dropped(reason="changed meanwhile")
    by_id = {item.stage_id: item for item in overview.items(session, [stage_id for stage_id, _ in changes])}
    told = tuple(ChangedItem(item=by_id[stage_id], change=change) for stage_id, change in changes)
    return ChangeBrief(level=reader.level, items=told, total=total)


def _event(session: Session, claimed: Claimed, reader: Recipient) -> EventBrief | Dropped:
    made = occurrences.to_do(
        session, claimed.facts["occurrence"], reader.organisation_id, last=claimed.facts["last"]
    )
    items = tuple(
        item for item in overview.items(session, made) if item.status in (Status.OPEN, Status.RETURNED)
    )
    if not items:
        return Dropped(reason="done meanwhile")
    happened = occurrences.get(session, claimed.facts["occurrence"])
    several = len({item.subject_id for item in items}) > 1
    subject = organisations.get(session, happened.subject_id)
    elsewhere = subject.id != reader.organisation_id and not several
    author = None if happened.contact_id is None else contacts.get(session, happened.contact_id)
    return EventBrief(
        occasion=happened.occasion,
        happened_on=happened.happened_on,
        happened_to=subject.name if elsewhere else None,
        note="" if several else happened.note,
        document="" if several else happened.document,
        by="" if author is None else author.organisation.office,
        items=items,
    )


def _decided_by(session: Session, item: Item, kind: NotificationKind) -> str:
    """Return the name of the organisation whose contact decided last; empty where the trail does not say."""
    for event in reversed(trail.of_stage(session, item.stage_id)):
        if event.kind in _DECIDED_BY[kind] and event.contact_id is not None:
            return contacts.get(session, event.contact_id).organisation.office
    return ""


def _checker_of(session: Session, following: Item) -> str | None:
    """Return who checks what was passed on; None where the chain has ended with it."""
    if following.status is not Status.SUBMITTED:
        return None
    after = _following(session, following)
    return None if after is None else after.actor_name


def _digest(
    session: Session,
    claimed: Claimed,
    reader: Recipient,
    *,
    calendar: WorkingCalendar,
    now: datetime,
    quiet: frozenset[int],
) -> DigestBrief:
    today = local_date(now)
    scope = Scope(level=reader.level, organisation_id=reader.organisation_id)
    brief = DigestBrief(
        organisation_id=reader.organisation_id,
        organisation_name=reader.organisation_name,
        level=scope.level,
        today=today,
        late=now - instant(claimed.planned_on, DAILY_DIGEST_AT) > LATE_AFTER,
        overdue=_NONE,
        overdue_ids=(),
        waiting=_NONE,
        blocked=_NONE,
        due_next=_NONE,
        without_contact=(),
        undeliverable=(),
        ending=endings.ending_of(session, reader.organisation_id, on=today),
        unsucceeded=endings.unsucceeded(session, on=today) if reader.level is Level.MUNICIPAL else (),
        missed=missed_of(claimed.facts),
        held_up=was_held_up(claimed),
        calendar_ends=_calendar_ends(calendar, reader, today=today),
    )
    if reader.organisation_id in quiet:
        return brief
    ids = overview.overdue_ids(session, scope, today=today)
    return replace(
        brief,
        overdue=Page(items=overview.items(session, ids[:_LONG]) if ids else (), total=len(ids)),
        overdue_ids=ids,
        waiting=overview.waiting_for_check(session, reader.organisation_id, limit=_SHORT),
        blocked=overview.blocked(session, scope, today=today, limit=_SHORT),
        due_next=overview.due_next(session, scope, today=today, limit=_SHORT),
        without_contact=overview.without_contact(session, scope, on=today),
        undeliverable=overview.undeliverable(session, scope),
    )


def _calendar_ends(calendar: WorkingCalendar, reader: Recipient, *, today: date) -> Coverage | None:
    """Return how far the working days reach while the next year is missing; only the municipality can have it added."""
    coverage = calendar.coverage(today=today)
    return coverage if coverage.alarmed and reader.level is Level.MUNICIPAL else None


def _weekly(session: Session, claimed: Claimed, reader: Recipient, *, law: Law, now: datetime) -> WeeklyBrief:
    today = local_date(now)
    scope = Scope(level=reader.level, organisation_id=reader.organisation_id)
    before = outbox.previous_facts(session, reader.contact_id, claimed.kind, before=claimed.planned_on) or {}
    return WeeklyBrief(
        organisation_name=reader.organisation_name,
        week=claimed.key,
        today=today,
        late=now - instant(claimed.planned_on, WEEKLY_DIGEST_AT) > LATE_AFTER,
        counts=overview.counts(session, scope, today=today),
        districts=overview.by_district(session, scope, today=today),
        targets=targets.in_force(session, law, scope, today=today),
        overdue_before=before.get("overdue"),
        overdue_units_before=before.get("overdue_units"),
        before=before.get("week"),
        calendar_ends=_calendar_ends(law.calendar, reader, today=today),
        missed=missed_of(claimed.facts),
        held_up=was_held_up(claimed),
    )


def as_facts(counts: Counts) -> dict[str, int]:
    """Return a scope's numbers as JSON values, for next week's digest to compare with."""
    return {field.name: getattr(counts, field.name) for field in fields(counts)}
