"""Telling the level above that somebody could not be reached by any of their channels, so that a person can act."""

from collections.abc import Sequence
from datetime import datetime

from jobs.briefs import Dropped, UnreachableBrief
from obligations.notice import Level
from storage import contacts, organisations, outbox, overview
from storage.claims import Claimed
from storage.database import Session
from storage.models import NotificationKind
from storage.outbox import Recipient
from storage.types import local_date

_FIRST = 5


def tell_above(
    session: Session, reader: Recipient, *, stage_ids: Sequence[int], reason: str, now: datetime
) -> None:
    """Write to the office above a reader, once a day for each: who it is, and what they should have been told of."""
    above = _above(session, reader, now=now)
    if above is None:
        return
    told_at = outbox.after_quiet_hours(now)
    outbox.enqueue(
        session,
        [contact.id for contact in contacts.staff_of(session, above)],
        NotificationKind.UNREACHABLE,
        key=f"{reader.contact_id}:{local_date(told_at)}",
        now=now,
        not_before=told_at,
        facts={
            "contact": reader.contact_id,
            "stages": list(stage_ids[:_FIRST]),
            "total": len(stage_ids),
            "reason": reason,
        },
    )


def unreachable(session: Session, claimed: Claimed) -> UnreachableBrief | Dropped:
    """Return who cannot be reached, and what they have not heard of and is still open."""
    contact = contacts.get(session, claimed.facts["contact"])
    if contact.retired_at is not None:
        return Dropped(reason="that contact has left")
    items = overview.items(session, claimed.facts["stages"])
    return UnreachableBrief(
        contact_name=contact.name,
        organisation_name=contact.organisation.name,
        reason=claimed.facts["reason"],
        items=items,
        total=claimed.facts["total"],
    )


def _above(session: Session, reader: Recipient, *, now: datetime) -> int | None:
    match reader.level:
        case Level.UNIT:
            district = organisations.district_of(session, reader.organisation_id, on=local_date(now))
            return organisations.municipality(session).id if district is None else district.id
        case Level.DISTRICT:
            return organisations.municipality(session).id
        case _:
            return None
