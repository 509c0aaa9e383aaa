"""The outbox: facts to tell a contact, written with what causes them, claimed with a lease, settled once.

What is in a notification and how it is worded is decided when it is sent, in `jobs` and `bot`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session

from obligations.notice import Level
from storage import trail
from storage.errors import NotFoundError
from storage.models import Binding, Contact, Notification, NotificationKind, Organisation, Outcome
from storage.statements import insert_ignoring_conflicts
from storage.types import NOTICE_ZONE, local_date

LEASE = timedelta(minutes=2)
"""How long a claimed notification is left to its worker before another may take it."""

BATCH = 100

QUIET_FROM, QUIET_UNTIL = time(22), time(7)
"""Between these hours in Asia/Shanghai nobody is told of a decision; it waits for the morning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A notification that one worker may send now. ``attempts`` counts this one.

    ``repeated`` says that a worker claimed it before and was never heard of again: it may have arrived.
    """

    id: int
    worker: str
    contact_id: int
    kind: NotificationKind
    key: str
    stage_id: int | None
    planned_on: date
    facts: dict[str, Any]
    not_before: datetime
    attempts: int
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The reader of a notification, as known at this moment. ``addresses`` are the active ones, by channel."""

    contact_id: int
    language: str
    lead: bool
    retired: bool
    organisation_id: int
    organisation_name: str
    level: Level
    addresses: Mapping[str, str]


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
        .order_by(Binding.id)
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
    urgency: int = 5,
    not_before: datetime | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Write one notification per contact; a contact who already has one of this kind and key gets no other.

    One that was dropped, because nothing was left to tell when its turn came, is taken up again. ``urgency`` orders
    what is due at the same time, the smallest first.
    """
    rows = [
        {
            "contact_id": contact_id,
            "kind": kind,
            "key": key,
            "stage_id": stage_id,
            "planned_on": local_date(now),
            "facts": facts or {},
            "urgency": urgency,
            "created_at": now,
            "not_before": not_before or now,
            "outcome": Outcome.PENDING,
            "attempts": 0,
        }
        for contact_id in contact_ids
    ]
    if not rows:
        return
    session.execute(insert_ignoring_conflicts(session, Notification), rows)
    session.execute(
        update(Notification)
        .where(
            Notification.contact_id.in_([row["contact_id"] for row in rows]),
            Notification.kind == kind,
            Notification.key == key,
            Notification.outcome == Outcome.DROPPED,
        )
        .values(
            outcome=Outcome.PENDING,
            outcome_reason=None,
            finished_at=None,
            stage_id=stage_id,
            not_before=not_before or now,
        )
        .execution_options(synchronize_session=False)
    )


def after_quiet_hours(now: datetime) -> datetime:
    """Return ``now``, or the end of the quiet hours (22:00 to 07:00 in Asia/Shanghai) where it falls within them."""
    local = now.astimezone(NOTICE_ZONE)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return now
    day = local.date() if local.time() < QUIET_UNTIL else local.date() + timedelta(days=1)
    return datetime.combine(day, QUIET_UNTIL, NOTICE_ZONE)


def claim(
    session: Session, *, worker: str, now: datetime, lease: timedelta = LEASE, limit: int = BATCH
) -> list[Claimed]:
    """Take up to ``limit`` notifications that are due and nobody else is sending, the most urgent first.

    A notification whose lease has run out is taken again, and the trail notes that it may arrive twice.
    """
    due = session.scalars(
        select(Notification)
        .where(is_unsent(), Notification.not_before <= now, _is_free(now))
        .order_by(Notification.urgency, Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = [_claimed(notification, worker) for notification in due]
    if not claimed:
        return []
    session.execute(
        update(Notification)
        .where(Notification.id.in_([each.id for each in claimed]))
        .values(leased_by=worker, leased_until=now + lease, attempts=Notification.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    for each in claimed:
        if each.repeated:
            trail.record(
                session,
                "possibly_repeated",
                at=now,
                stage_id=each.stage_id,
                contact_id=each.contact_id,
                notification=each.id,
            )
    return claimed


def sent(
    session: Session, claimed: Claimed, *, message_id: str | None, proof: dict[str, Any], now: datetime
) -> bool:
    """Record that the channel confirmed it; ``proof`` is what was sent, as JSON values.

    Like `dropped`, `failed` and `unknown`, returns whether this settled it: false where another already had.
    """
    return _finish(session, claimed, Outcome.SENT, None, now=now, message_id=message_id, proof=proof)


def dropped(session: Session, claimed: Claimed, *, reason: str, now: datetime) -> bool:
    """Record that it no longer mattered when its turn came, and why."""
    return _finish(session, claimed, Outcome.DROPPED, reason, now=now)


def failed(session: Session, claimed: Claimed, *, reason: str, now: datetime) -> bool:
    """Record that the channel refused it for good."""
    return _finish(session, claimed, Outcome.FAILED, reason, now=now)


def unknown(session: Session, claimed: Claimed, *, reason: str, proof: dict[str, Any], now: datetime) -> bool:
    """Record that it may have arrived: the connection broke before the answer. It is not sent again."""
    return _finish(session, claimed, Outcome.UNKNOWN, reason, now=now, proof=proof)


def retry(session: Session, claimed: Claimed, *, at: datetime, reason: str, counts: bool = False) -> bool:
    """Leave it pending until ``at``. Returns false where another worker has taken it since.

    Unless it ``counts``, the attempt is taken back: only errors lead to giving up.
    """
    values = {
        "not_before": at,
        "outcome_reason": reason[:500],
        "leased_by": None,
        "leased_until": None,
        "attempts": claimed.attempts - (0 if counts else 1),
    }
    return _settle(session, claimed, Notification.leased_by == claimed.worker, values)


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


def is_unsent() -> ColumnElement[bool]:
    """Return the condition that a notification still waits; written out for its partial index."""
    pending: BindParameter[Outcome] = bindparam(
        None, Outcome.PENDING, type_=Notification.__table__.c.outcome.type, literal_execute=True
    )
    return Notification.outcome == pending


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(Notification.leased_until.is_(None), Notification.leased_until <= now)


def _claimable_at() -> ColumnElement[datetime]:
    leased = and_(Notification.leased_until.is_not(None), Notification.leased_until > Notification.not_before)
    return case((leased, Notification.leased_until), else_=Notification.not_before)


def _claimed(notification: Notification, worker: str) -> Claimed:
    return Claimed(
        id=notification.id,
        worker=worker,
        contact_id=notification.contact_id,
        kind=notification.kind,
        key=notification.key,
        stage_id=notification.stage_id,
        planned_on=notification.planned_on,
        facts=dict(notification.facts),
        not_before=notification.not_before,
        attempts=notification.attempts + 1,
        repeated=notification.leased_by is not None,
    )


def _finish(
    session: Session,
    claimed: Claimed,
    outcome: Outcome,
    reason: str | None,
    *,
    now: datetime,
    message_id: str | None = None,
    proof: dict[str, Any] | None = None,
) -> bool:
    values: dict[str, Any] = {
        "outcome": outcome,
        "outcome_reason": None if reason is None else reason[:500],
        "finished_at": now,
        "leased_by": None,
        "leased_until": None,
        "message_id": message_id,
    }
    if proof is not None:
        values["proof"] = {**proof, "repeated": True} if claimed.repeated else proof
    return _settle(session, claimed, None, values)


def _settle(
    session: Session, claimed: Claimed, condition: ColumnElement[bool] | None, values: dict[str, Any]
) -> bool:
    statement = update(Notification).where(Notification.id == claimed.id, is_unsent())
    if condition is not None:
        statement = statement.where(condition)
    result = session.execute(
        statement.values(values).execution_options(synchronize_session=False).returning(Notification.id)
    )
    return result.first() is not None
