"""The order in which what waits goes out: by urgency, and within one urgency in fair turns of the districts.

Each district has a lane: its own people and those of its units; the municipality's people have one too. The lanes
take turns (start-time fair queueing), so that ten thousand messages of one district hold up another's single one by
one round only. A turn is given when a notification is written. Claiming follows it (`storage.claims`) and nothing is
counted then.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    and_,
    case,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.orm import Session

from storage.claims import is_unsent
from storage.models import Contact, Membership, Notification, NotificationKind, Organisation
from storage.organisations import member_on
from storage.types import local_date


class Urgency(enum.IntEnum):
    """What goes before what, where both may go now: the smallest first."""

    ALARM = 0
    """Something about Duewatch itself that an administrator should look at."""
    DUE = 1
    """What is due today or overdue."""
    DECISION = 2
    """What somebody waits for: evidence to be checked, the answer to a submission, a person nobody reaches."""
    DIGEST = 3
    """A supervisor's page."""
    AHEAD = 4
    """What is due on a later day."""
    NEWS = 5
    """What changed: dates moved, duties that arose or passed to another district."""


URGENCIES: Final[Mapping[NotificationKind, Urgency]] = {
    NotificationKind.REMINDER: Urgency.AHEAD,
    NotificationKind.SUBMITTED: Urgency.DECISION,
    NotificationKind.ACCEPTED: Urgency.DECISION,
    NotificationKind.RETURNED: Urgency.DECISION,
    NotificationKind.CHANGED: Urgency.NEWS,
    NotificationKind.EVENT: Urgency.NEWS,
    NotificationKind.PASSED_ON: Urgency.NEWS,
    NotificationKind.DAILY_DIGEST: Urgency.DIGEST,
    NotificationKind.WEEKLY_DIGEST: Urgency.DIGEST,
    NotificationKind.UNREACHABLE: Urgency.DECISION,
    NotificationKind.ALARM: Urgency.ALARM,
}
"""The urgency of each kind. A reminder that names something due today or overdue is `Urgency.DUE` instead."""

_LOOKED_AT = 200
"""How many of the first that wait are looked at for the present turn: twice what one worker takes at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a notification stands: the organisation whose lane it is in, and its turn."""

    lane_id: int
    turn: int


def places(
    session: Session, contact_ids: Sequence[int], *, urgency: int, now: datetime
) -> Mapping[int, Place]:
    """Return the places of new notifications of one urgency, one for each contact, in the order given.

    The contacts must exist. Of one that is given twice the later place counts.
    """
    day = local_date(now)
    lanes: Mapping[int, int] = dict(
        session.execute(
            select(Contact.id, _lane(day))
            .join(Organisation, Organisation.id == Contact.organisation_id)
            .where(Contact.id.in_(contact_ids))
        ).all()
    )
    of_lane = (
        select(func.max(Notification.turn))
        .where(is_unsent(), Notification.urgency == urgency, Notification.lane_id == Organisation.id)
        .correlate(Organisation)
        .scalar_subquery()
    )
    last: Mapping[int, int | None] = dict(
        session.execute(
            select(Organisation.id, of_lane).where(Organisation.id.in_(set(lanes.values())))
        ).all()
    )
    present = present_turn(session, urgency, now=now)
    following = {lane: present if turn is None else max(present, turn + 1) for lane, turn in last.items()}
    placed = {}
    for contact_id in contact_ids:
        lane = lanes[contact_id]
        placed[contact_id] = Place(lane_id=lane, turn=following[lane])
        following[lane] += 1
    return placed


def place_again(session: Session, notification_id: int, *, now: datetime) -> Place:
    """Return the place of a notification that had ended and is to wait once more. It must exist."""
    contact_id, urgency = session.execute(
        select(Notification.contact_id, Notification.urgency).where(Notification.id == notification_id)
    ).one()
    return places(session, [contact_id], urgency=urgency, now=now)[contact_id]


def placed(
    session: Session, told: Select[int, int], urgencies: Iterable[Urgency], *, day: date, now: datetime
) -> Subquery:
    """Return ``told`` with places, for an INSERT … SELECT: ``contact_id``, ``urgency``, ``lane_id``, ``turn``.

    ``told`` yields each contact that is to get a new notification with its urgency, one of ``urgencies``; ``day`` is
    the day whose districts count.
    """
    readers = told.subquery()
    reading = readers.c[0].label("contact_id"), readers.c[1].label("urgency")
    known = (
        select(*reading, _lane(day).label("lane_id"))
        .join(Contact, Contact.id == readers.c[0])
        .join(Organisation, Organisation.id == Contact.organisation_id)
        .subquery()
    )
    last = (
        select(Notification.lane_id, Notification.urgency, func.max(Notification.turn).label("turn"))
        .where(is_unsent())
        .group_by(Notification.lane_id, Notification.urgency)
        .subquery()
    )
    presents = {urgency.value: present_turn(session, urgency, now=now) for urgency in urgencies}
    present = case(presents, value=known.c.urgency)
    first = case((last.c.turn >= present, last.c.turn + 1), else_=present)
    in_lane = func.row_number().over(
        partition_by=(known.c.lane_id, known.c.urgency), order_by=known.c.contact_id
    )
    same = and_(last.c.lane_id == known.c.lane_id, last.c.urgency == known.c.urgency)
    turn: ColumnElement[int] = first + in_lane - 1
    return select(*known.c, turn.label("turn")).outerjoin(last, same).subquery()


def present_turn(session: Session, urgency: int, *, now: datetime) -> int:
    """Return whose turn it is within an urgency: the smallest turn of those that may go now; 0 where nothing waits.

    Where all are being sent it is the one after their largest, and where all wait for a later time, the smallest. A few
    that wait for later, as one whose chat is broken, do not hold it back: else whoever comes next would overtake
    everybody.
    """
    free = or_(Notification.leased_until.is_(None), Notification.leased_until <= now)
    may_go = and_(Notification.not_before <= now, free)
    first = (
        select(Notification.turn, may_go.label("may_go"), free.label("free"))
        .where(is_unsent(), Notification.urgency == urgency)
        .order_by(Notification.turn, Notification.id)
        .limit(_LOOKED_AT)
        .subquery()
    )
    next_free, under_way, smallest = session.execute(
        select(
            func.min(case((first.c.may_go, first.c.turn))),
            func.max(case((not_(first.c.free), first.c.turn + 1))),
            func.min(first.c.turn),
        )
    ).one()
    for turn in (next_free, under_way, smallest):
        if turn is not None:
            return int(turn)
    return 0


def _lane(day: date) -> SQLColumnExpression[Any]:
    """Return the lane of an organisation's people: the district a unit belongs to on ``day``, else itself."""
    district = (
        select(func.min(Membership.district_id))
        .where(Membership.unit_id == Organisation.id, member_on(day))
        .correlate(Organisation)
        .scalar_subquery()
    )
    return func.coalesce(district, Organisation.id)
