"""Times in which no process ran the timetable: how they are noticed, and what they mean for what is sent afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from storage import settings
from storage.models import Binding, Notification, Outage, Outcome

ALIVE_AT = "alive_at"
"""The setting that holds the instant at which the timetable last ran."""

CAUGHT_UP_AT = "caught_up_at"
"""The setting that holds the instant through which everything that was missed is planned."""

NOTICED_AFTER = timedelta(minutes=30)
"""A silence longer than this is an outage. Shorter ones, as for an update, are not worth a word to anybody."""

UPDATES_KEPT_FOR = timedelta(hours=24)
"""How long Telegram keeps what was sent to a bot that does not fetch it."""

_ALIVE_EVERY = timedelta(minutes=1)
_TOLD_FOR = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """From when until when Duewatch did not run: ``times`` outages, ``since`` the first, ``until`` the last ended."""

    since: datetime
    until: datetime
    times: int = 1


def note_alive(session: Session, *, now: datetime) -> Outage | None:
    """Remember that the timetable runs at ``now``; return the outage that ended with it, or None where there was none.

    Where the clock was ahead before, outages it made up that end after ``now`` are removed.
    """
    before = alive_at(session)
    settings.put(session, ALIVE_AT, now.isoformat())
    if before is None:
        return None
    if before > now:
        session.execute(delete(Outage).where(Outage.ended_at > now))
        return None
    if now - before <= NOTICED_AFTER:
        return None
    outage = Outage(began_at=before, ended_at=now)
    session.add(outage)
    session.flush()
    return outage


def note_caught_up(session: Session, *, now: datetime) -> None:
    """Remember that nothing is missed through ``now``: all that should have been planned by then is."""
    settings.put(session, CAUGHT_UP_AT, now.isoformat())


def is_caught_up(session: Session, *, now: datetime) -> bool:
    """Whether what was missed is planned: else a reader would get what waits first, and what was missed apart."""
    value = settings.get(session, CAUGHT_UP_AT)
    return value is not None and abs(now - datetime.fromisoformat(value)) <= NOTICED_AFTER


def stay_alive(session: Session, *, now: datetime) -> None:
    """Remember that the timetable ran through ``now``, however long ago it was noted last."""
    settings.put(session, ALIVE_AT, now.isoformat())


def is_stale(session: Session, *, now: datetime) -> bool:
    """Whether a minute has gone by since the timetable was last noted to run, or the clock was put back since."""
    before = alive_at(session)
    return before is None or not before <= now < before + _ALIVE_EVERY


def alive_at(session: Session) -> datetime | None:
    """Return when the timetable last ran; None before the first time."""
    value = settings.get(session, ALIVE_AT)
    return None if value is None else datetime.fromisoformat(value)


def over(session: Session, hours: Iterable[datetime]) -> Away | None:
    """Return the outages that lay over some of these instants, as one; None where Duewatch ran at all of them."""
    wanted = sorted(hours)
    if not wanted:
        return None
    rows = session.execute(
        select(Outage.began_at, Outage.ended_at)
        .where(Outage.began_at <= wanted[-1], Outage.ended_at > wanted[0])
        .order_by(Outage.began_at)
    ).all()
    lying = [(began, ended) for began, ended in rows if any(began <= hour < ended for hour in wanted)]
    if not lying:
        return None
    return Away(since=lying[0][0], until=max(ended for _, ended in lying), times=len(lying))


def lost_by(session: Session, contact_id: int, channel: str, *, now: datetime) -> Away | None:
    """Return in which time what a contact sent by a channel may have been lost, where nobody has told them yet.

    Only an outage longer than the channel keeps messages loses any: those of its last day are still delivered. Told is
    who had any message since it ended. After a month nothing is said any more.
    """
    rows = session.execute(
        select(Outage.began_at, Outage.ended_at)
        .where(Outage.ended_at > now - _TOLD_FOR, Outage.ended_at <= now)
        .order_by(Outage.ended_at.desc())
    )
    lossy = next(((began, ended) for began, ended in rows if ended - began > UPDATES_KEPT_FOR), None)
    if lossy is None:
        return None
    began, ended = lossy
    bound_at = session.scalar(
        select(func.min(Binding.bound_at)).where(Binding.contact_id == contact_id, Binding.channel == channel)
    )
    until = ended - UPDATES_KEPT_FOR
    if bound_at is None or bound_at >= until:
        return None
    told = select(Notification.id).where(
        Notification.contact_id == contact_id,
        Notification.outcome.in_([Outcome.SENT, Outcome.UNKNOWN]),
        Notification.finished_at >= ended,
    )
    if session.scalar(told.limit(1)) is not None:
        return None
    return Away(since=max(began, bound_at), until=until)
