"""Who is reminded of what today, and who gets a digest: sets of stages turned into rows of the outbox.

The calendar turns each rule's offsets into a short list of due dates; one INSERT … SELECT per list finds the
stages and their readers. Nothing is sent or worded here, and everything is checked again when it is sent.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from obligations.law import Law
from obligations.notice import Level
from obligations.reminders import before_due, overdue_window
from storage.conditions import is_dated, is_pending
from storage.contacts import reachable
from storage.dialects import DaysBetween
from storage.lanes import URGENCIES, Urgency, placed
from storage.models import (
    Binding,
    Contact,
    Notification,
    NotificationKind,
    Organisation,
    Outcome,
    Reminding,
    Stage,
)
from storage.organisations import in_office
from storage.statements import insert_ignoring_conflicts, rows_changed

ESCALATE_AFTER_DAYS = 3
"""From so many natural days overdue on, a unit's leads are reminded too."""

FURTHEST_BACK = timedelta(days=31)
"""Marks missed longer ago than this are left out: what is still open has had later ones."""

_DAY = timedelta(days=1)


def plan_reminders(session: Session, law: Law, *, day: date, send_at: datetime, now: datetime) -> int:
    """Plan the reminders of one day; repeating it changes nothing. Returns how many notifications are new.

    A reader gets one notification, its key the day, for every stage whose mark falls on ``day``.
    """
    return plan_missed(session, law, from_day=day, through_day=day, send_at=send_at, now=now)


def plan_missed(
    session: Session,
    law: Law,
    *,
    from_day: date,
    through_day: date,
    send_at: datetime,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> int:
    """Plan several days at once, as after an outage: one notification per reader, its key the last day.

    Each stage is in it once, with its latest mark. Both days are inclusive. ``facts`` go with each notification, as
    JSON values. Returns how many are new.
    """
    for day in _backwards(from_day, through_day):
        for condition, mark in _marks(law, day):
            _insert_remindings(session, condition, mark, planned_on=through_day)
    return _insert_reminders(session, day=through_day, send_at=send_at, now=now, facts=facts or {})


def plan_digests(
    session: Session,
    *,
    day: date,
    kind: NotificationKind,
    key: str,
    send_at: datetime,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> int:
    """Plan a digest for all who get one of this kind; repeating it changes nothing. Returns how many are new.

    The daily one is for every contact of a district and the contacts of the municipality, the weekly one for
    the municipality's leads. Where the municipality has leads only, they get the daily one too.
    """
    urgency = URGENCIES[kind]
    told = (
        select(Contact.id, literal(urgency.value))
        .join(Organisation, Organisation.id == Contact.organisation_id)
        .where(reachable(), in_office(day), _reads_digest(kind), _not_told(Contact.id, kind, key))
    )
    rest = _notification(kind, key=key, day=day, send_at=send_at, now=now, facts=facts or {})
    return _insert(session, placed(session, told, [urgency], day=day, now=now), rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded:
    """A stage on one reader's reminder; ``nth`` counts the reader's reminders of it for the same date."""

    stage_id: int
    act_by_on: date
    mark: int
    nth: int


def reminded_of(session: Session, contact_id: int, *, planned_on: date) -> list[Reminded]:
    """Return what a contact's reminder of one day is about: as planned for it, and for days that never got through.

    Each stage is in it once, with its latest mark.
    """
    arrived = select(func.max(Notification.planned_on)).where(
        Notification.contact_id == contact_id,
        Notification.kind == NotificationKind.REMINDER,
        Notification.planned_on < planned_on,
        Notification.outcome == Outcome.SENT,
    )
    since = session.scalar(arrived) or planned_on - FURTHEST_BACK
    earlier = aliased(Reminding)
    nth = (
        select(func.count())
        .where(
            earlier.stage_id == Reminding.stage_id,
            earlier.contact_id == Reminding.contact_id,
            earlier.act_by_on == Reminding.act_by_on,
            earlier.planned_on <= Reminding.planned_on,
        )
        .correlate(Reminding)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Reminding.stage_id, Reminding.act_by_on, Reminding.mark, nth)
        .where(
            Reminding.contact_id == contact_id,
            Reminding.planned_on > since,
            Reminding.planned_on <= planned_on,
        )
        .order_by(Reminding.planned_on, Reminding.act_by_on, Reminding.stage_id)
    )
    latest = {
        stage_id: Reminded(stage_id=stage_id, act_by_on=act_by_on, mark=mark, nth=count)
        for stage_id, act_by_on, mark, count in rows
    }
    return list(latest.values())


def _backwards(first: date, last: date) -> Iterator[date]:
    day = last
    while day >= first:
        yield day
        day -= _DAY


def _marks(law: Law, day: date) -> Iterator[tuple[ColumnElement[bool], ColumnElement[Any]]]:
    """Yield, for one day, conditions on stages with the mark that a reminder of each stands for."""
    by_offsets: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for duty in law.rulebook.by_duty:
        if offsets := law.rulebook.rule(duty).offsets:
            by_offsets[offsets].append(duty)
    for offsets, rules in by_offsets.items():
        marks = {mark.due_on: -mark.offset for mark in before_due(day, offsets, law.calendar)}
        if marks:
            condition = and_(Stage.rule.in_(rules), Stage.act_by_on.in_(list(marks)))
            yield condition, case(marks, value=Stage.act_by_on)
    window = overdue_window(day, law.calendar)
    if window is None:
        return
    reminded_rules = [name for names in by_offsets.values() for name in names]
    overdue = and_(Stage.rule.in_(reminded_rules), Stage.act_by_on < day, not_(Stage.excused))
    if not window.weekly:
        overdue = and_(overdue, Stage.act_by_on >= window.daily_since)
    yield overdue, DaysBetween(Stage.act_by_on, literal(day))


def _insert_remindings(
    session: Session, condition: ColumnElement[bool], mark: ColumnElement[Any], *, planned_on: date
) -> None:
    present = aliased(Reminding)
    already_in = select(present.stage_id).where(
        present.stage_id == Stage.id, present.contact_id == Contact.id, present.planned_on == planned_on
    )
    values = {
        "stage_id": Stage.id,
        "contact_id": Contact.id,
        "act_by_on": Stage.act_by_on,
        "mark": mark,
        "planned_on": literal(planned_on),
    }
    rows = (
        select(*values.values())
        .join(Contact, Contact.organisation_id == Stage.actor_id)
        .where(
            is_pending(),
            Stage.ready,
            is_dated(),
            condition,
            or_(Stage.paused_until.is_(None), Stage.paused_until < planned_on),
            reachable(),
            _is_reminded(mark),
            ~already_in.exists(),
        )
    )
    session.execute(insert_ignoring_conflicts(session, Reminding).from_select(list(values), rows))


def _is_reminded(mark: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say which contacts of the actor are reminded: all but leads, who are where nobody else can be reached.

    A unit's leads join in once a stage is long enough overdue. Leads of a bureau read the digests instead.
    """
    escalated = and_(Stage.actor_level == Level.UNIT, mark >= ESCALATE_AFTER_DAYS)
    return or_(not_(Contact.lead), escalated, _is_alone())


def _is_alone() -> ColumnElement[bool]:
    """Say that none of the organisation's contacts but its leads can be reached."""
    colleague = aliased(Contact)
    bound = select(Binding.contact_id).where(Binding.active)
    colleagues = select(colleague.id).where(
        colleague.organisation_id == Contact.organisation_id,
        not_(colleague.lead),
        colleague.retired_at.is_(None),
        colleague.id.in_(bound),
    )
    return ~colleagues.exists()


def _insert_reminders(
    session: Session, *, day: date, send_at: datetime, now: datetime, facts: dict[str, Any]
) -> int:
    key = day.isoformat()
    told = (
        select(
            Reminding.contact_id,
            case((func.max(Reminding.mark) >= 0, Urgency.DUE.value), else_=Urgency.AHEAD.value),
        )
        .where(Reminding.planned_on == day, _not_told(Reminding.contact_id, NotificationKind.REMINDER, key))
        .group_by(Reminding.contact_id)
    )
    rest = _notification(NotificationKind.REMINDER, key=key, day=day, send_at=send_at, now=now, facts=facts)
    return _insert(session, placed(session, told, [Urgency.DUE, Urgency.AHEAD], day=day, now=now), rest)


def _not_told(contact_id: SQLColumnExpression[int], kind: NotificationKind, key: str) -> ColumnElement[bool]:
    """Say that a contact has no notification of a kind and key yet: who has one takes no turn."""
    present = select(Notification.id).where(
        Notification.contact_id == contact_id, Notification.kind == kind, Notification.key == key
    )
    return ~present.exists()


def _insert(session: Session, told: Subquery, rest: dict[str, ColumnElement[Any]]) -> int:
    names = [*told.c.keys(), *rest]
    # Without a WHERE, SQLite takes the ON of ON CONFLICT for that of a join.
    rows = select(*told.c, *rest.values()).where(true())
    return rows_changed(session, insert_ignoring_conflicts(session, Notification).from_select(names, rows))


def _reads_digest(kind: NotificationKind) -> ColumnElement[bool]:
    if kind is NotificationKind.WEEKLY_DIGEST:
        return and_(Organisation.level == Level.MUNICIPAL, Contact.lead)
    return or_(
        Organisation.level == Level.DISTRICT,
        and_(Organisation.level == Level.MUNICIPAL, or_(not_(Contact.lead), _is_alone())),
    )


def _notification(
    kind: NotificationKind, *, key: str, day: date, send_at: datetime, now: datetime, facts: dict[str, Any]
) -> dict[str, ColumnElement[Any]]:
    columns = Notification.__table__.c
    return {
        "kind": literal(kind, columns.kind.type),
        "key": literal(key),
        "planned_on": literal(day),
        "created_at": literal(now, columns.created_at.type),
        "not_before": literal(send_at, columns.not_before.type),
        "outcome": literal(Outcome.PENDING, columns.outcome.type),
        "attempts": literal(0),
        "facts": literal(facts, JSON()),
    }
