"""The outbox: facts to tell a contact, written in the transaction that causes them, claimed with a lease, settled once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.models import Notification, NotificationKind, Outcome
from storage.types import local_date


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

    ``urgency`` orders what is due at the same time, the smallest first.
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
    if rows:
        session.execute(insert_ignoring_conflicts(session, Notification), rows)


def insert_ignoring_conflicts(session: Session, table: type[Any]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that leaves alone what is already there, in the dialect of the session's database."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
