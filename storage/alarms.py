"""Alarms: what administrators should look at, from when it was raised until it was cleared.

Which conditions hold is decided in `jobs.watch`; here they are remembered.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.models import Alarm, Notification, NotificationKind, Outcome

_KEY = "alarm-{}"


class AlarmName(enum.StrEnum):
    """What an alarm is about."""

    OUTBOX_AGED = "outbox_aged"
    """Notifications that could go have been waiting for too long."""
    CHANNEL_AWAY = "channel_away"
    """A channel cannot be reached; its name is the subject."""
    HORIZON_SHORT = "horizon_short"
    """Duties are not made far enough ahead."""
    CALENDAR_SHORT = "calendar_short"
    """The published working days end soon, or have ended."""
    JOB_LATE = "job_late"
    """A job of the timetable has not run when it should have; its name is the subject."""
    DIGEST_LATE = "digest_late"
    """Digests went out late, or have not gone out yet."""
    CONTACT_UNREACHABLE = "contact_unreachable"
    """There are contacts to whom nothing can be delivered."""
    UPDATES_GIVEN_UP = "updates_given_up"
    """Something people sent could not be handled."""
    TRAIL_BROKEN = "trail_broken"
    """The event trail was changed from outside."""
    NO_ADMINISTRATOR = "no_administrator"
    """Nobody is told of alarms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that is wrong now. ``detail`` are JSON values for its wording; ``subject`` tells apart what it is about."""

    name: AlarmName
    subject: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a look at the conditions changed: alarms newly raised, those that last, those cleared."""

    raised: Sequence[Alarm]
    lasting: Sequence[Alarm]
    cleared: Sequence[Alarm]


def raised(session: Session) -> Sequence[Alarm]:
    """Return the alarms that are raised now, oldest first."""
    return session.scalars(select(Alarm).where(Alarm.cleared_at.is_(None)).order_by(Alarm.id)).all()


def raised_about(session: Session, name: AlarmName) -> frozenset[str]:
    """Return the subjects of which an alarm of this name is raised now."""
    return frozenset(
        session.scalars(select(Alarm.subject).where(Alarm.cleared_at.is_(None), Alarm.name == name.value))
    )


def counts(session: Session) -> Mapping[AlarmName, int]:
    """Return how many alarms are raised now, by what they are about; those without any are left out."""
    rows = session.execute(
        select(Alarm.name, func.count()).where(Alarm.cleared_at.is_(None)).group_by(Alarm.name)
    )
    return {AlarmName(name): count for name, count in rows}


def get(session: Session, alarm_id: int) -> Alarm | None:
    """Return one alarm, raised or cleared; None where there is none of this id."""
    return session.get(Alarm, alarm_id)


def apply(session: Session, conditions: Iterable[Condition], *, now: datetime) -> Changes:
    """Raise an alarm for each condition that has none yet, bring the others up to date, and clear what no longer holds."""
    held = {(condition.name.value, condition.subject): condition for condition in conditions}
    lasting, cleared = [], []
    for alarm in raised(session):
        condition = held.pop((alarm.name, alarm.subject), None)
        if condition is None:
            alarm.cleared_at = now
            cleared.append(alarm)
            continue
        # What else is noted there, as who was told of, stays.
        detail = {**alarm.detail, **condition.detail}
        if alarm.detail != detail:
            alarm.detail = detail
        lasting.append(alarm)
    new = [
        Alarm(
            name=condition.name.value,
            subject=condition.subject,
            detail=dict(condition.detail),
            raised_at=now,
            told_at=None,
            cleared_at=None,
        )
        for condition in held.values()
    ]
    session.add_all(new)
    session.flush()
    return Changes(raised=new, lasting=lasting, cleared=cleared)


def key(alarm_id: int, suffix: str = "") -> str:
    """Return the key of the notifications of an alarm: the first, and with a suffix those that follow."""
    return _KEY.format(alarm_id) + (f":{suffix}" if suffix else "")


def was_told(session: Session, alarm_id: int, contact_id: int) -> bool:
    """Tell whether a contact may have heard of an alarm, so that its end means something to them."""
    return (
        session.scalar(
            select(Notification.id)
            .where(
                Notification.contact_id == contact_id,
                Notification.kind == NotificationKind.ALARM,
                Notification.outcome.in_([Outcome.SENT, Outcome.UNKNOWN]),
                (Notification.key == key(alarm_id)) | Notification.key.startswith(key(alarm_id) + ":"),
            )
            .limit(1)
        )
        is not None
    )
