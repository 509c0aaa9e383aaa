"""Telling the level above that somebody could not be reached by any of their channels, so that a person can act."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

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
    """Write to the office above a reader, once a day for each: who it is, and what they should have been told of.

    Where nobody of that office can be reached either, it goes to the one above that. What fails while the first is still
    waiting to be sent is told with it.
    """
    readers = _above(session, reader, now=now)
    told_at = outbox.after_quiet_hours(now)
    key = f"{reader.contact_id}:{local_date(told_at)}"

    def with_more(facts: dict[str, Any]) -> dict[str, Any]:
        stages = list(dict.fromkeys([*facts["all"], *stage_ids]))
        return {**facts, "all": stages}

    outbox.amend(session, readers, NotificationKind.UNREACHABLE, key=key, anew=with_more)
    outbox.enqueue(
        session,
        readers,
        NotificationKind.UNREACHABLE,
        key=key,
        now=now,
        not_before=told_at,
        facts={"contact": reader.contact_id, "all": list(stage_ids), "reason": reason},
    )


def unreachable(session: Session, claimed: Claimed) -> UnreachableBrief | Dropped:
    """Return who cannot be reached, and what they have not heard of and is still open."""
    contact = contacts.get(session, claimed.facts["contact"])
    if contact.retired_at is not None:
        return Dropped(reason="that contact has left")
    stage_ids = claimed.facts["all"]
    items = overview.items(session, stage_ids[:_FIRST])
    return UnreachableBrief(
        contact_name=contact.name,
        organisation_name=contact.organisation.name,
        reason=claimed.facts["reason"],
        items=items,
        total=len(stage_ids),
        enrolled=bool(outbox.recipient(session, contact.id).addresses),
    )


def _above(session: Session, reader: Recipient, *, now: datetime) -> list[int]:
    """Return the contacts of the nearest office above a reader in which somebody can be reached; at the top its leads."""
    offices = []
    if reader.level is Level.UNIT:
        district = organisations.district_of(session, reader.organisation_id, on=local_date(now))
        offices += [] if district is None else [district.id]
    if reader.level is not Level.MUNICIPAL:
        offices.append(organisations.municipality(session).id)
    for office in offices:
        if staff := contacts.staff_of(session, office):
            return [contact.id for contact in staff]
    if reader.level is Level.MUNICIPAL:
        # Nobody is above: whoever leads beside them.
        colleagues = contacts.of_organisation(session, reader.organisation_id)
        return [each.id for each in colleagues if each.lead and each.id != reader.contact_id]
    return []
