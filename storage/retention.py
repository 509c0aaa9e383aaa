"""Letting go of what has served its time. Decisions, evidence and what was sent are kept; they are not here."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, delete
from sqlalchemy.orm import Session

from storage.models import InboundUpdate, Invitation


def delete_expired_invitations(session: Session, *, now: datetime) -> int:
    """Delete the invitations that ran out unused. Returns how many; the trail still says they were made."""
    return _run(session, delete(Invitation).where(Invitation.used_at.is_(None), Invitation.expires_at <= now))


def delete_handled_updates(session: Session, *, before: datetime) -> int:
    """Delete the chat updates handled before an instant. Returns how many."""
    return _run(session, delete(InboundUpdate).where(InboundUpdate.handled_at < before))


def _run(session: Session, statement: Delete) -> int:
    statement = statement.execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
