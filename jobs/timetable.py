"""Everything that runs by itself, on one screen.

Each entry is a trigger and an async function of the context and the instant. Running one twice changes nothing,
and each makes up for what was missed. Production fires the triggers on a scheduler, `jobs.walker` in virtual time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from jobs import digests, hours, housekeeping, materialise, outage, reminders
from jobs.context import Context
from jobs.deliver import deliver
from storage.types import NOTICE_ZONE

__all__ = ["ALIVE", "DELIVER", "PLANNING", "TIMETABLE", "Context", "Entry", "catch_up"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job: its name, when it fires, and what it does at an instant."""

    name: str
    trigger: Any  # an APScheduler trigger; the library ships no types
    work: Callable[[Context, datetime], Awaitable[object]]


def _at(hour: time, **days: str) -> CronTrigger:
    return CronTrigger(hour=hour.hour, minute=hour.minute, timezone=NOTICE_ZONE, **days)


PLANNING = (
    Entry(name="materialise", trigger=_at(hours.MATERIALISE_AT), work=materialise.run),
    Entry(name="housekeeping", trigger=_at(hours.HOUSEKEEPING_AT), work=housekeeping.run),
    Entry(name="daily_digest", trigger=_at(hours.DAILY_DIGEST_AT), work=digests.daily),
    Entry(name="weekly_digest", trigger=_at(hours.WEEKLY_DIGEST_AT, day_of_week="mon"), work=digests.weekly),
    Entry(name="reminders", trigger=_at(hours.REMINDERS_AT), work=reminders.run),
)
"""The jobs of the day, which decide and write facts."""

# Anchored in the past: by default it would begin at the system's time, which a rehearsed clock may never reach.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=NOTICE_ZONE)

DELIVER = Entry(
    name="deliver",
    trigger=IntervalTrigger(seconds=1, start_date=_LONG_AGO, timezone=NOTICE_ZONE),
    work=deliver,
)
"""The job that sends them, whenever there is something to send."""


async def catch_up(context: Context, now: datetime) -> None:
    """Run every planning job once, as at start-up: what was missed is planned, coalesced. Sending it is `deliver`'s.

    How long nothing ran is noted first: what is planned then says so.
    """
    await outage.note(context, now)
    for entry in PLANNING:
        await entry.work(context, now)


async def _alive(context: Context, now: datetime) -> None:
    """Note that the timetable runs, and catch up where it did not, as after a machine's sleep or without a database."""
    if await outage.note(context, now):
        await catch_up(context, now)


ALIVE = Entry(
    name="alive",
    trigger=IntervalTrigger(minutes=1, start_date=_LONG_AGO, timezone=NOTICE_ZONE),
    work=_alive,
)
"""The job that notes every minute that the timetable runs, so that a time in which it does not is known."""

TIMETABLE = (*PLANNING, ALIVE, DELIVER)
