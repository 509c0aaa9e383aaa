"""Letting go of what has served its time. Decisions, evidence and what was sent are kept; they are not here."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from storage.models import InboundUpdate, Invitation
from storage.statements import rows_changed


def delete_expired_invitations(session: Session, *, now: datetime) -> int:
    """Delete the invitations that ran out unused. Returns how many; the trail still says they were made."""
    return rows_changed(
        session, delete(Invitation).where(Invitation.used_at.is_(None), Invitation.expires_at <= now)
    )


def delete_handled_updates(session: Session, *, before: datetime) -> int:
    """Delete the chat updates handled before an instant. Returns how many."""
    return rows_changed(session, delete(InboundUpdate).where(InboundUpdate.handled_at < before))
