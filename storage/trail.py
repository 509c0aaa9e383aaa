"""The event trail: append-only, each line hash-chained to the one before, so that a removed or edited line shows.

The hash of the last line is kept apart as well: without it, the end of the chain could go missing unseen.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import settings
from storage.models import Event

_GENESIS = "0" * 64
_HEAD = "trail.head"


def record(
    session: Session,
    kind: str,
    *,
    at: datetime,
    stage_id: int | None = None,
    organisation_id: int | None = None,
    contact_id: int | None = None,
    **detail: Any,  # noqa: ANN401  # whatever the kind needs, as JSON
) -> Event:
    """Append one event in the caller's transaction. ``detail`` must be JSON values."""
    event = Event(
        at=at,
        kind=kind,
        stage_id=stage_id,
        organisation_id=organisation_id,
        contact_id=contact_id,
        detail=detail,
        previous_hash=_head(session),
        hash="",
    )
    event.hash = _hash(event)
    session.add(event)
    settings.put(session, _HEAD, event.hash)
    session.flush()
    return event


def of_stage(session: Session, stage_id: int) -> list[Event]:
    """Return a stage's events, oldest first."""
    return list(session.scalars(select(Event).where(Event.stage_id == stage_id).order_by(Event.id)))


def first_broken(session: Session) -> int | None:
    """Return the id of the first event whose hash or link is wrong, or that is missing at the end.

    None when the whole trail holds.
    """
    previous, last_id = _GENESIS, 0
    with session.scalars(select(Event).order_by(Event.id).execution_options(yield_per=1000)) as events:
        for event in events:
            if event.previous_hash != previous or event.hash != _hash(event):
                return event.id
            previous, last_id = event.hash, event.id
    return None if previous == _head(session) else last_id + 1


def _head(session: Session) -> str:
    """Return the hash the next line is chained to."""
    last = select(Event.hash).order_by(Event.id.desc()).limit(1)
    return settings.get(session, _HEAD) or session.scalar(last) or _GENESIS


def _hash(event: Event) -> str:
    content = [
        event.previous_hash,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.kind,
        event.stage_id,
        event.organisation_id,
        event.contact_id,
        event.detail,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
