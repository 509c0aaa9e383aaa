"""Telling administrators of alarms, and reading one again at the moment it is sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from jobs.briefs import AlarmBrief, Dropped, Named
from storage import alarms, contacts, outbox
from storage.alarms import AlarmName, Changes
from storage.claims import Claimed
from storage.database import Session
from storage.errors import NotFoundError
from storage.models import Alarm, NotificationKind
from storage.outbox import Recipient
from storage.types import local_date

TOLD_AGAIN_AFTER: Final = timedelta(days=1)

_CLEARED: Final = "cleared"
_ENDS_BY_ITSELF: Final = frozenset({AlarmName.DIGEST_LATE})
"""What happened once and is over with its day: that it is over is no news."""


def tell(session: Session, changes: Changes, *, now: datetime) -> None:
    """Write to every administrator what was raised, what lasts since yesterday, and what is over."""
    people = [contact.id for contact in contacts.administrators(session)]
    if not people:
        return
    for alarm in (*changes.raised, *changes.lasting):
        if alarm.told_at is None:
            _enqueue(session, people, alarm, alarms.key(alarm.id), now=now)
        elif now - alarm.told_at >= TOLD_AGAIN_AFTER:
            _enqueue(session, people, alarm, alarms.key(alarm.id, local_date(now).isoformat()), now=now)
        else:
            continue
        alarm.told_at = now
    for alarm in changes.cleared:
        if alarm.told_at is not None and alarm.name not in _ENDS_BY_ITSELF:
            _enqueue(session, people, alarm, alarms.key(alarm.id, _CLEARED), now=now)


def brief(session: Session, claimed: Claimed, reader: Recipient) -> AlarmBrief | Dropped:
    """Return an alarm as it stands now; that it is over is told only to whom it was told of."""
    alarm = alarms.get(session, claimed.facts["alarm"])
    if alarm is None:
        return Dropped(reason="the alarm is not known")
    ended = claimed.key == alarms.key(alarm.id, _CLEARED)
    if not ended and alarm.cleared_at is not None:
        return Dropped(reason="over meanwhile")
    if ended and not alarms.was_told(session, alarm.id, reader.contact_id):
        return Dropped(reason="was never told of")
    return AlarmBrief(
        name=AlarmName(alarm.name),
        subject=alarm.subject,
        detail=dict(alarm.detail),
        raised_at=alarm.raised_at,
        cleared_at=alarm.cleared_at,
        again=claimed.key != alarms.key(alarm.id) and not ended,
        contacts=tuple(_named(session, alarm)),
    )


def _enqueue(session: Session, people: list[int], alarm: Alarm, key: str, *, now: datetime) -> None:
    outbox.enqueue(
        session,
        people,
        NotificationKind.ALARM,
        key=key,
        now=now,
        not_before=outbox.after_quiet_hours(now),
        facts={"alarm": alarm.id},
    )


def _named(session: Session, alarm: Alarm) -> Iterator[Named]:
    for contact_id in alarm.detail.get("contacts", ()):
        try:
            contact = contacts.get(session, contact_id)
        except NotFoundError:
            continue
        yield Named(contact_name=contact.name, organisation_name=contact.organisation.name)
