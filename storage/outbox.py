"""The outbox: facts to tell a contact, written with what causes them. Sending them is in `storage.claims`.

What is in a notification and how it is worded is decided when it is sent, in `jobs` and `bot`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.orm import Session

from obligations.notice import Level
from storage import lanes
from storage.claims import Claimed, is_unsent
from storage.errors import NotFoundError
from storage.models import Binding, Contact, Notification, NotificationKind, Organisation, Outcome
from storage.statements import insert_ignoring_conflicts
from storage.types import NOTICE_ZONE, local_date

QUIET_FROM, QUIET_UNTIL = time(22), time(7)
"""Between these hours in Asia/Shanghai nobody is told of a decision; it waits for the morning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The reader of a notification, as known at this moment.

    ``addresses`` are the active ones by channel, in the order the contact wants them tried.
    """

    contact_id: int
    language: str
    lead: bool
    retired: bool
    organisation_id: int
    organisation_name: str
    level: Level
    addresses: Mapping[str, str] = field(repr=False)


def recipient(session: Session, contact_id: int) -> Recipient:
    """Return who a notification is for, and where they can be reached now.

    Raises:
        NotFoundError: no contact has this id.
    """
    rows = session.execute(
        select(
            Contact.language,
            Contact.lead,
            Contact.retired_at,
            Contact.organisation_id,
            Organisation.name,
            Organisation.level,
            Binding.channel,
            Binding.address,
        )
        .join(Organisation, Organisation.id == Contact.organisation_id)
        .outerjoin(Binding, and_(Binding.contact_id == Contact.id, Binding.active))
        .where(Contact.id == contact_id)
        .order_by(Binding.priority, Binding.id)
    ).all()
    if not rows:
        raise NotFoundError(f"there is no contact {contact_id}")
    first = rows[0]
    return Recipient(
        contact_id=contact_id,
        language=first.language,
        lead=first.lead,
        retired=first.retired_at is not None,
        organisation_id=first.organisation_id,
        organisation_name=first.name,
        level=first.level,
        addresses={row.channel: row.address for row in rows if row.channel is not None},
    )


def enqueue(
    session: Session,
    contact_ids: Iterable[int],
    kind: NotificationKind,
    *,
    key: str,
    now: datetime,
    stage_id: int | None = None,
    urgency: int | None = None,
    not_before: datetime | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Write one notification per contact; a contact who already has one of this kind and key gets no other.

    One that was dropped, because nothing was left to tell when its turn came, is taken up again. ``urgency`` orders
    what may go at the same time, the smallest first; it is the kind's own (`lanes.URGENCIES`) unless another is given.
    """
    wanted = list(dict.fromkeys(contact_ids))
    if not wanted:
        return
    there = {
        contact_id: (notification_id, outcome)
        for notification_id, contact_id, outcome in session.execute(
            select(Notification.id, Notification.contact_id, Notification.outcome).where(
                Notification.contact_id.in_(wanted), Notification.kind == kind, Notification.key == key
            )
        )
    }
    again = [each for each in wanted if each in there and there[each][1] is Outcome.DROPPED]
    new = [each for each in wanted if each not in there]
    urgency = lanes.URGENCIES[kind] if urgency is None else urgency
    places = lanes.places(session, [*again, *new], urgency=urgency, now=now)
    told = {
        "stage_id": stage_id,
        "not_before": not_before or now,
        "outcome": Outcome.PENDING,
    }
    if new:
        rows = [
            {
                "contact_id": contact_id,
                "kind": kind,
                "key": key,
                "planned_on": local_date(now),
                "facts": facts or {},
                "urgency": urgency,
                "lane_id": places[contact_id].lane_id,
                "turn": places[contact_id].turn,
                "created_at": now,
                "attempts": 0,
                **told,
            }
            for contact_id in new
        ]
        session.execute(insert_ignoring_conflicts(session, Notification), rows)
    if again:
        anew = told | {
            "urgency": urgency,
            "planned_on": local_date(now),
            "facts": facts or {},
            "created_at": now,
            "errors": 0,
            "outcome_reason": None,
            "finished_at": None,
        }
        rows = [
            {
                "id": there[contact_id][0],
                "lane_id": places[contact_id].lane_id,
                "turn": places[contact_id].turn,
                **anew,
            }
            for contact_id in again
        ]
        session.execute(update(Notification), rows)


def amend(
    session: Session,
    contact_ids: Iterable[int],
    kind: NotificationKind,
    *,
    key: str,
    anew: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """Change the facts of what waits under a kind and key."""
    waiting = select(Notification).where(
        Notification.contact_id.in_(list(contact_ids)),
        Notification.kind == kind,
        Notification.key == key,
        is_unsent(),
    )
    for notification in session.scalars(waiting):
        notification.facts = anew(dict(notification.facts))


def after_quiet_hours(now: datetime) -> datetime:
    """Return ``now``, or the end of the quiet hours (22:00 to 07:00 in Asia/Shanghai) where it falls within them."""
    local = now.astimezone(NOTICE_ZONE)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return now
    day = local.date() if local.time() < QUIET_UNTIL else local.date() + timedelta(days=1)
    return datetime.combine(day, QUIET_UNTIL, NOTICE_ZONE)


def next_pending_at(session: Session) -> datetime | None:
    """Return when the next notification can be claimed, maybe in the past; None where none is pending."""
    return session.scalar(select(func.min(_claimable_at())).where(is_unsent()))


def counts(session: Session) -> dict[tuple[NotificationKind, Outcome], int]:
    """Return how many notifications there are of each kind and outcome."""
    rows = session.execute(
        select(Notification.kind, Notification.outcome, func.count()).group_by(
            Notification.kind, Notification.outcome
        )
    )
    return {(kind, outcome): count for kind, outcome, count in rows}


def is_overtaken(session: Session, claimed: Claimed, *, today: date) -> bool:
    """Whether the contact has a later notification of the same kind by now, as after days without a connection."""
    later = select(Notification.id).where(
        Notification.contact_id == claimed.contact_id,
        Notification.kind == claimed.kind,
        Notification.planned_on > claimed.planned_on,
        Notification.planned_on <= today,
    )
    return session.scalar(later.limit(1)) is not None


def previous_facts(
    session: Session, contact_id: int, kind: NotificationKind, *, before: date
) -> dict[str, Any] | None:
    """Return the facts of a contact's last notification of a kind planned before a date, or None."""
    return session.scalar(
        select(Notification.facts)
        .where(
            Notification.contact_id == contact_id, Notification.kind == kind, Notification.planned_on < before
        )
        .order_by(Notification.planned_on.desc())
        .limit(1)
    )


def _claimable_at() -> ColumnElement[datetime]:
    leased = and_(Notification.leased_until.is_not(None), Notification.leased_until > Notification.not_before)
    return case((leased, Notification.leased_until), else_=Notification.not_before)
