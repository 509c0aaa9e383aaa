"""Telling administrators of alarms, and reading one again at the moment it is sent."""

from collections.abc import Iterator, Sequence
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

FURTHER_AFTER: Final = timedelta(hours=1)
"""How long after further contacts were told of it is told of others again: so many at once are no flood."""

_TOLD: Final = "told_of"
_FURTHER_AT: Final = "further_at"
"""What an alarm's detail notes of its telling: the contacts told of, and when it was told of further ones."""

_FIRST: Final = 5
_CLEARED: Final = "cleared"
_MORE: Final = "more-"
_ENDS_BY_ITSELF: Final = frozenset({AlarmName.DIGEST_LATE})
"""What happened once and is over with its day: that it is over is no news."""


def tell(session: Session, changes: Changes, *, now: datetime) -> None:
    """Write to every administrator what was raised, what lasts since yesterday or has grown, and what is over."""
    people = [contact.id for contact in contacts.administrators(session)]
    if not people:
        return
    for alarm in (*changes.raised, *changes.lasting):
        known = _known(alarm)
        if alarm.told_at is None:
            _enqueue(session, people, alarm, alarms.key(alarm.id), now=now)
        elif now - alarm.told_at >= TOLD_AGAIN_AFTER:
            _enqueue(session, people, alarm, alarms.key(alarm.id, local_date(now).isoformat()), now=now)
        elif len(known) < len(_concerned(alarm)) and not _will_be_told(alarm, now):
            if _told_further_lately(alarm, now):
                _note_told(alarm, known)
                continue
            more = alarms.key(alarm.id, _MORE + now.isoformat(timespec="minutes"))
            _enqueue(session, people, alarm, more, now=now, known=known)
            alarm.detail = {**alarm.detail, _FURTHER_AT: now.isoformat()}
        else:
            # As now, or a message that waits for the morning will name them.
            _note_told(alarm, _concerned(alarm))
            continue
        alarm.told_at = now
        _note_told(alarm, _concerned(alarm))
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
    concerned = _concerned(alarm)
    known = frozenset(claimed.facts.get(_TOLD, concerned))
    further = [each for each in concerned if each not in known]
    return AlarmBrief(
        name=AlarmName(alarm.name),
        subject=alarm.subject,
        detail=dict(alarm.detail),
        raised_at=alarm.raised_at,
        cleared_at=alarm.cleared_at,
        again=claimed.key != alarms.key(alarm.id) and not ended,
        contacts=tuple(_named(session, [*further, *(each for each in concerned if each not in further)])),
        further=len(further),
    )


def _enqueue(
    session: Session,
    people: list[int],
    alarm: Alarm,
    key: str,
    *,
    now: datetime,
    known: Sequence[int] | None = None,
) -> None:
    outbox.enqueue(
        session,
        people,
        NotificationKind.ALARM,
        key=key,
        now=now,
        not_before=outbox.after_quiet_hours(now),
        facts={"alarm": alarm.id} | ({} if known is None else {_TOLD: list(known)}),
    )


def _concerned(alarm: Alarm) -> Sequence[int]:
    """Return the contacts an alarm is about; empty where it is about none."""
    ids: Sequence[int] = alarm.detail.get("contacts", ())
    return ids


def _known(alarm: Alarm) -> Sequence[int]:
    """Return those of them that administrators were told of; who was reached meanwhile is told of anew."""
    told = frozenset(alarm.detail.get(_TOLD, ()))
    return [each for each in _concerned(alarm) if each in told]


def _note_told(alarm: Alarm, contact_ids: Sequence[int]) -> None:
    if list(alarm.detail.get(_TOLD, ())) != list(contact_ids):
        alarm.detail = {**alarm.detail, _TOLD: list(contact_ids)}


def _will_be_told(alarm: Alarm, now: datetime) -> bool:
    """Whether a message about an alarm still waits for the end of the quiet hours, and is worded only then."""
    until = outbox.after_quiet_hours(now)
    return until != now and alarm.told_at is not None and outbox.after_quiet_hours(alarm.told_at) == until


def _told_further_lately(alarm: Alarm, now: datetime) -> bool:
    last: str | None = alarm.detail.get(_FURTHER_AT)
    return last is not None and now - FURTHER_AFTER < datetime.fromisoformat(last) <= now


def _named(session: Session, contact_ids: Sequence[int]) -> Iterator[Named]:
    for contact_id in contact_ids[:_FIRST]:
        try:
            contact = contacts.get(session, contact_id)
        except NotFoundError:
            continue
        yield Named(contact_name=contact.name, organisation_name=contact.organisation.name)
