"""Being away is known: the timetable notes every minute that it runs, and finds at its return how long it did not."""

import logging
from datetime import date, datetime, time, timedelta
from typing import Any

from jobs.context import Context
from jobs.hours import instant
from storage import outages
from storage.claims import Claimed
from storage.database import Session
from storage.outages import Away
from storage.types import NOTICE_ZONE

_log = logging.getLogger(__name__)

AWAY = "the channel is away"
"""Why a notification waits that no attempt was made for."""

_DAY = timedelta(days=1)
_SINCE, _UNTIL, _TIMES = "missed_since", "missed_until", "missed_times"


async def note(context: Context, now: datetime) -> bool:
    """Note that the timetable runs; return whether it had not for longer than a short stop."""

    def work(session: Session) -> tuple[datetime, datetime] | None:
        outage = outages.note_alive(session, now=now)
        return None if outage is None else (outage.began_at, outage.ended_at)

    away = await context.database.run(work)
    if away is not None:
        began, ended = (moment.astimezone(NOTICE_ZONE) for moment in away)
        _log.warning("nothing ran from %s to %s; catching up", f"{began:%F %R}", f"{ended:%F %R}")
    return away is not None


async def caught_up(context: Context, now: datetime) -> None:
    """Note that what was missed is planned, through ``now``: it may be sent."""
    await context.database.run(lambda session: outages.note_caught_up(session, now=now))


async def stay_caught_up(context: Context, now: datetime) -> None:
    """Note that nothing new is missed through ``now``, where nothing was; what is being planned is waited for."""

    def work(session: Session) -> None:
        if outages.is_caught_up(session, now=now):
            outages.note_caught_up(session, now=now)

    await context.database.run(work)


async def stay(context: Context, now: datetime) -> None:
    """Note that the timetable ran all through ``now``: for a walk, whose stops are hours apart."""
    if await context.database.ask(lambda session: outages.is_stale(session, now=now)):
        await context.database.run(lambda session: outages.stay_alive(session, now=now))


def missed(
    session: Session, first: date, last: date, hour: time, *, step: timedelta = _DAY
) -> dict[str, Any]:
    """Return, as facts of a notification, the outage that lay over an hour of these days; empty where none did.

    The days are those from ``first`` through ``last``, ``step`` apart.
    """
    days = (first + n * step for n in range((last - first) // step + 1))
    away = outages.over(session, [instant(day, hour) for day in days])
    if away is None:
        return {}
    return {_SINCE: away.since.isoformat(), _UNTIL: away.until.isoformat(), _TIMES: away.times}


def was_held_up(claimed: Claimed) -> bool:
    """Whether it is on record that a notification was to go before and did not, or was never heard of."""
    return bool(claimed.stalled) or claimed.put_off == AWAY


def missed_of(facts: dict[str, Any]) -> Away | None:
    """Return the outage that the facts of a notification tell of, or None."""
    if _SINCE not in facts:
        return None
    return Away(
        since=datetime.fromisoformat(facts[_SINCE]),
        until=datetime.fromisoformat(facts[_UNTIL]),
        times=facts[_TIMES],
    )
