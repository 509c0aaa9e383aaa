"""Updates that could not be handled and were given up: looked at, handed in again or discarded by an administrator.

They stay until they are discarded or have served their time (`jobs.housekeeping`). What people wrote is in the payload,
and nowhere else.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import trail
from storage.inbox import MOST_ATTEMPTS
from storage.models import InboundUpdate

_LONGEST_REASON = 500
_IS_GIVEN_UP = (
    InboundUpdate.error.is_not(None),
    InboundUpdate.handled_at.is_not(None),
    InboundUpdate.attempts >= MOST_ATTEMPTS,
)


def listed(session: Session, *, discarded: bool = False) -> Sequence[InboundUpdate]:
    """Return what was given up, the oldest first; with ``discarded`` also what was closed since."""
    found = (
        select(InboundUpdate)
        .where(*_IS_GIVEN_UP)
        .order_by(InboundUpdate.received_at, InboundUpdate.update_id)
    )
    return session.scalars(found if discarded else found.where(InboundUpdate.discarded.is_(None))).all()


def find(session: Session, update_id: int) -> InboundUpdate | None:
    """Return one update that was given up; None where it is unknown, waits still or was handled."""
    return session.scalar(select(InboundUpdate).where(*_IS_GIVEN_UP, InboundUpdate.update_id == update_id))


def replay(session: Session, update_id: int, *, now: datetime) -> bool:
    """Hand an update in again, as if it had just come: it has all its attempts before it. False where none is given up."""
    row = find(session, update_id)
    if row is None:
        return False
    trail.record(session, "update_replayed", at=now, update_id=update_id, error=row.error)
    row.handled_at = row.error = row.answer = row.discarded = None
    row.leased_by = row.leased_until = None
    row.attempts = 0
    return True


def discard(session: Session, update_id: int, *, reason: str, now: datetime) -> bool:
    """Close an update for good, with why. False where none is given up, or it was discarded before."""
    row = find(session, update_id)
    if row is None or row.discarded is not None:
        return False
    row.discarded = reason[:_LONGEST_REASON]
    trail.record(
        session, "update_discarded", at=now, update_id=update_id, error=row.error, reason=row.discarded
    )
    return True
