"""Putting right what was written while a clock was wrong, so that nothing waits for a time that is far away."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import String, and_, case, cast, delete, func, update
from sqlalchemy.orm import Session

from storage.claims import LEASE, is_unsent
from storage.models import InboundUpdate, Notification, NotificationKind, Outcome, Reminding, SendLimit
from storage.statements import rows_changed

FURTHEST_AHEAD = timedelta(days=2)
"""Further ahead than anything is planned, or asked to be waited for: what is to go later than that waits by mistake."""

_LEASED_AHEAD = 2 * LEASE
"""A lease that ends later than this is no other machine's: clocks do not differ by so much while they run."""

PLANNED_AHEAD = "planned by a clock that was ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtBack:
    """How much waited for a time that is too far away: claims of workers, notifications, and limits of sending."""

    leases: int
    notifications: int
    limits: int

    def __bool__(self) -> bool:
        """Whether there was anything."""
        return bool(self.leases or self.notifications or self.limits)


def bring_back(session: Session, *, now: datetime) -> BroughtBack:
    """Let what a clock that was ahead left in the future go on now. Repeating it changes nothing."""
    unsent = update(Notification).where(is_unsent())
    leases = rows_changed(
        session, unsent.where(Notification.leased_until > now + _LEASED_AHEAD).values(leased_until=now)
    )
    leases += rows_changed(
        session,
        update(InboundUpdate)
        .where(InboundUpdate.leased_until > now + FURTHEST_AHEAD)
        .values(leased_by=None, leased_until=None),
    )
    notifications = rows_changed(
        session, unsent.where(Notification.not_before > now + FURTHEST_AHEAD).values(not_before=now)
    )
    # They go by the server's clock, which may be another than this process's. On SQLite there are none.
    at = func.clock_timestamp() if session.get_bind().dialect.name == "postgresql" else now
    limits = rows_changed(session, delete(SendLimit).where(SendLimit.free_at > at + FURTHEST_AHEAD))
    return BroughtBack(leases=leases, notifications=notifications, limits=limits)


def take_back(session: Session, kind: NotificationKind, *, first: date, last: date, now: datetime) -> int:
    """Set aside what was planned for days that are yet to come, both inclusive, so that it is planned when they come.

    What was sent stays as proof, under a key that leaves the day free; what still waits is dropped. Returns how many
    notifications it were.
    """
    days = and_(Notification.kind == kind, Notification.planned_on.between(first, last))
    # No key of a day has this mark: what is set aside already stays as it is.
    fresh = ~Notification.key.contains("#")
    pending = Notification.outcome == Outcome.PENDING
    count = rows_changed(
        session,
        update(Notification)
        .where(days, fresh)
        .values(
            key=Notification.key + "#" + cast(Notification.id, String),
            outcome_reason=case((pending, PLANNED_AHEAD), else_=Notification.outcome_reason),
            finished_at=case((pending, now), else_=Notification.finished_at),
            leased_by=case((pending, None), else_=Notification.leased_by),
            leased_until=case((pending, None), else_=Notification.leased_until),
            outcome=case((pending, Outcome.DROPPED), else_=Notification.outcome),
        ),
    )
    if kind is NotificationKind.REMINDER:
        session.execute(
            delete(Reminding)
            .where(Reminding.planned_on.between(first, last))
            .execution_options(synchronize_session=False)
        )
    return count
