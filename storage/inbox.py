"""What came in from the chat, stored before it is acknowledged, and marked in the transaction that handles it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import InboundUpdate
from storage.statements import insert_ignoring_conflicts

MOST_ATTEMPTS = 3
_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One update as the channel sent it. ``chat_id`` keeps the order within a chat."""

    update_id: int
    chat_id: int | None
    payload: dict[str, Any]


def keep(session: Session, arrived: Iterable[Arrived], *, now: datetime) -> None:
    """Store updates; one that is already stored stays as it is, handled or not."""
    rows = [
        {
            "update_id": each.update_id,
            "chat_id": each.chat_id,
            "payload": each.payload,
            "received_at": now,
            "attempts": 0,
        }
        for each in arrived
    ]
    if rows:
        session.execute(insert_ignoring_conflicts(session, InboundUpdate), rows)


def waiting(session: Session) -> list[Arrived]:
    """Return what is stored and not handled, in the order it came."""
    rows = session.scalars(
        select(InboundUpdate).where(InboundUpdate.handled_at.is_(None)).order_by(InboundUpdate.update_id)
    )
    return [Arrived(update_id=row.update_id, chat_id=row.chat_id, payload=row.payload) for row in rows]


def take(session: Session, update_id: int, *, now: datetime) -> bool:
    """Mark an update as handled in the caller's transaction; False where it was handled before."""
    row = session.get_one(InboundUpdate, update_id)
    if row.handled_at is not None:
        return False
    row.handled_at = now
    return True


def fail(session: Session, update_id: int, error: str, *, now: datetime) -> bool:
    """Count a failed attempt; True when it was the last one and the update is given up, with its error kept."""
    row = session.get_one(InboundUpdate, update_id)
    row.attempts += 1
    row.error = error[:_LONGEST_ERROR]
    if row.attempts < MOST_ATTEMPTS:
        return False
    row.handled_at = now
    return True
