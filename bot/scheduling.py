"""The timetable on a real clock: the same triggers that the walker walks in virtual time.

Each second the clock is asked what it shows. A clock that is put back or forward so never leaves a job asleep until the
old time, and a job that failed is tried again, not left for the next day.
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.clock import ClockWatch
from jobs.clock import Clock
from jobs.context import Context
from jobs.timetable import Entry, Work

_log = logging.getLogger(__name__)

_TICK_SECONDS: Final = 1.0
_FIRST_WAIT_SECONDS: Final = 5.0
_LONGEST_WAIT_SECONDS: Final = 300.0


@dataclass(slots=True)
class _Retry:
    """A job that failed: when it is tried again, in monotonic seconds, and how long was waited for that."""

    work: Work
    at: float
    waited: float


@dataclass(slots=True, kw_only=True)
class Timekeeper:
    """Runs some jobs of the timetable, one after the other, as their triggers fire.

    ``catching_up`` is run when it begins and whenever the clock was moved. Several missed firings are run as one: each
    job decides by itself from the instant it is given.
    """

    context: Context
    clock: Clock
    entries: Sequence[Entry]
    catching_up: Sequence[tuple[str, Work]] = ()
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _firings: dict[str, datetime] = field(default_factory=dict, init=False)
    _retries: dict[str, _Retry] = field(default_factory=dict, init=False)

    async def run(self) -> None:
        """Keep the timetable until cancelled. What a job raises is logged, and the job is tried again."""
        watch = ClockWatch(self.clock, monotonic=self.monotonic)
        await self._begin()
        while True:
            await self.sleep(_TICK_SECONDS)
            if (step := watch.step()) is not None:
                if self.catching_up:
                    _log.warning(
                        "the clock was moved by %.0f s, or the machine slept; the timetable goes by %s from here",
                        step.total_seconds(),
                        f"{self.clock.now():%F %T} UTC",
                    )
                await self._begin()
                continue
            for entry in self.entries:
                now = self.clock.now()
                if self._firings[entry.name] <= now:
                    self._firings[entry.name] = entry.next_firing(now)
                    await self._attempt(entry.name, entry.work)
            for name, retry in list(self._retries.items()):
                if retry.at <= self.monotonic():
                    await self._attempt(name, retry.work)

    async def _begin(self) -> None:
        """Go by the present time, and make up for what was missed."""
        now = self.clock.now()
        self._firings = {entry.name: entry.next_firing(now) for entry in self.entries}
        for name, work in self.catching_up:
            await self._attempt(name, work)

    async def _attempt(self, name: str, work: Work) -> None:
        before = self._retries.pop(name, None)
        try:
            await work(self.context, self.clock.now())
        except Exception as error:  # noqa: BLE001  # whatever it is, the other jobs go on and this one is tried again
            report(name, error)
            waited = _FIRST_WAIT_SECONDS if before is None else min(before.waited * 2, _LONGEST_WAIT_SECONDS)
            self._retries[name] = _Retry(work=work, at=self.monotonic() + waited, waited=waited)


def report(name: str, error: Exception) -> None:
    """Log that a job failed, and where: the error's own text may hold what somebody wrote."""
    places = "".join(traceback.format_tb(error.__traceback__))
    _log.error("job %s failed: %s\n%s", name, type(error).__name__, places)
