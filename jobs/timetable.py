"""Everything that runs by itself, on one screen; sending what is due, which goes on all the time, is in `jobs.deliver`.

Each entry is a trigger and an async function of the context and the instant. Running one twice changes nothing,
and each makes up for what was missed. Production fires the triggers on a real clock, `jobs.walker` in virtual time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from jobs import clock_steps, digests, hours, housekeeping, materialise, outage, reminders, rounds, watch
from jobs.context import Context
from storage.types import NOTICE_ZONE

__all__ = [
    "ALIVE",
    "CATCHING_UP",
    "PLANNING",
    "TIMETABLE",
    "WATCH",
    "WATCHING",
    "Context",
    "Entry",
    "Work",
    "catch_up",
]

Work = Callable[[Context, datetime], Awaitable[object]]

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A job: its name, when it fires, and what it does at an instant."""

    name: str
    trigger: Any  # an APScheduler trigger; the library ships no types
    work: Work

    def next_firing(self, after: datetime) -> datetime:
        """Return the first instant after ``after`` at which it fires, in UTC."""
        firing: datetime | None = self.trigger.get_next_fire_time(None, after + _TICK)
        if firing is None:
            raise RuntimeError(f"the job {self.name} never fires again")
        return firing.astimezone(UTC)


def _at(hour: time, **days: str) -> CronTrigger:
    return CronTrigger(hour=hour.hour, minute=hour.minute, timezone=NOTICE_ZONE, **days)


def _daily(name: str, hour: time, work: Work) -> Entry:
    return Entry(name=name, trigger=_at(hour), work=rounds.recorded(name, work))


PLANNING = (
    _daily("materialise", hours.MATERIALISE_AT, materialise.run),
    _daily("housekeeping", hours.HOUSEKEEPING_AT, housekeeping.run),
    _daily("daily_digest", hours.DAILY_DIGEST_AT, digests.daily),
    Entry(
        name="weekly_digest",
        trigger=_at(hours.WEEKLY_DIGEST_AT, day_of_week="mon"),
        work=rounds.recorded("weekly_digest", digests.weekly),
    ),
    _daily("reminders", hours.REMINDERS_AT, reminders.run),
)
"""The jobs of the day, which decide and write facts."""

# Anchored in the past: by default it would begin at the system's time, which a rehearsed clock may never reach.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=NOTICE_ZONE)

CATCHING_UP: tuple[tuple[str, Work], ...] = (
    ("clock", clock_steps.bring_back),
    ("outage", outage.note),
    *((entry.name, entry.work) for entry in PLANNING),
    ("caught up", outage.caught_up),
)
"""What is done at start-up and after a step of the clock, in this order.

What a wrong clock left in the future is brought back and how long nothing ran is noted first: what is planned then says so.
That it is planned is noted last: from then on it is sent.
"""


async def catch_up(context: Context, now: datetime) -> None:
    """Run every planning job once, as at start-up: what was missed is planned, coalesced. Sending it is `deliver`'s."""
    for _, work in CATCHING_UP:
        await work(context, now)


async def _alive(context: Context, now: datetime) -> None:
    """Note that the timetable runs, and catch up where it did not, as after a machine's sleep or without a database."""
    if await outage.note(context, now):
        await catch_up(context, now)
    else:
        await outage.stay_caught_up(context, now)


ALIVE = Entry(
    name="alive",
    trigger=IntervalTrigger(minutes=1, start_date=_LONG_AGO, timezone=NOTICE_ZONE),
    work=_alive,
)
"""The job that notes every minute that the timetable runs, so that a time in which it does not is known."""

WATCH = Entry(
    name="watch",
    trigger=IntervalTrigger(minutes=1, start_date=_LONG_AGO, timezone=NOTICE_ZONE),
    work=partial(watch.run, entries=PLANNING),
)
"""The job that looks every minute whether something is wrong with all this, and tells administrators."""

WATCHING = (ALIVE, WATCH)
"""The jobs of each minute. They do not wait for those of the day, which may take long."""

TIMETABLE = (*PLANNING, *WATCHING)
