"""The timetable on a real clock: APScheduler fires the same triggers that the walker walks in virtual time."""

import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.clock import SystemClock
from jobs.context import Context
from jobs.deliver import finish
from jobs.timetable import TIMETABLE, Entry, catch_up

_log = logging.getLogger(__name__)


class ShiftedTrigger(BaseTrigger):  # type: ignore[misc]  # the library ships no types
    """A trigger on a clock that is shifted from the system's by a constant: for rehearsing a date."""

    def __init__(self, inner: BaseTrigger, shift: timedelta) -> None:
        self._inner = inner
        self._shift = shift

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return when the system's clock will show that the shifted clock reached the next firing."""
        previous = None if previous_fire_time is None else previous_fire_time + self._shift
        following = self._inner.get_next_fire_time(previous, now + self._shift)
        return None if following is None else (following.astimezone(UTC) - self._shift)


@asynccontextmanager
async def scheduled(context: Context, clock: SystemClock) -> AsyncIterator[None]:
    """Plan what was missed, then run the timetable until the caller is done, and finish what is being sent.

    A late firing is run whatever its age, and several missed ones are run as one: each job decides by itself from
    the instant it is given.
    """
    await catch_up(context, clock.now())
    scheduler = AsyncIOScheduler(timezone=UTC)
    for entry in TIMETABLE:
        scheduler.add_job(
            _run,
            ShiftedTrigger(entry.trigger, clock.shift),
            args=(entry, context, clock),
            id=entry.name,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
    scheduler.add_listener(_report, EVENT_JOB_ERROR)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.pause()
        await finish(context)
        scheduler.shutdown(wait=False)


async def _run(entry: Entry, context: Context, clock: SystemClock) -> None:
    await entry.work(context, clock.now())


def _report(event: JobExecutionEvent) -> None:
    # The traceback without the exception's own text, which may hold what somebody wrote.
    places = "".join(traceback.format_tb(event.exception.__traceback__))
    _log.error("job %s failed: %s\n%s", event.job_id, type(event.exception).__name__, places)
