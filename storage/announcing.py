"""Who is told that dates were changed, and the one message each gets whatever the number of duties."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import contacts, outbox
from storage.models import Contact, NotificationKind

_MOST_AT_ONCE = 1000
"""How many rows a statement may name: a database takes only so many parameters."""


def people_of(session: Session, offices: Iterable[int]) -> list[int]:
    """Return the contacts to tell for each office: its leads only where nobody else can be reached."""
    told = []
    for some in _some(sorted(set(offices))):
        rows = session.execute(
            select(Contact.organisation_id, Contact.id, Contact.lead)
            .where(Contact.organisation_id.in_(some), contacts.reachable())
            .order_by(Contact.organisation_id, Contact.id)
        )
        for _, people in groupby(rows, key=lambda row: row.organisation_id):
            known = list(people)
            told += [row.id for row in known if not row.lead] or [row.id for row in known]
    return told


def tell(session: Session, told: Sequence[int], *, key: str, facts: dict[str, Any], now: datetime) -> None:
    """Write one notification that dates were changed for each contact; by night it waits for the morning."""
    for some in _some(told):
        outbox.enqueue(
            session,
            some,
            NotificationKind.CHANGED,
            key=key,
            now=now,
            not_before=outbox.after_quiet_hours(now),
            facts=facts,
        )


def _some(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _MOST_AT_ONCE):
        yield ids[start : start + _MOST_AT_ONCE]
