"""The clocks of a real run: the system's, or one that starts at a chosen instant and then runs on. The only readers of time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from jobs.clock import Clock

TOLERANCE: Final = timedelta(seconds=5)
"""By so much a clock may be put right without anybody taking notice."""


class SystemClock:
    """The system's time, shifted so that it started at ``start``; not shifted where there is none."""

    def __init__(self, start: datetime | None = None) -> None:
        self.shift = timedelta() if start is None else start - self._real()

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self._real() + self.shift

    @staticmethod
    def _real() -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # this is the clock


class ClockWatch:
    """Tells a step of the clock, forwards or backwards, from time that goes by.

    The time of a machine that was asleep counts as a step: nothing ran in it.
    """

    def __init__(self, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._offset = self._measure()

    def step(self) -> timedelta | None:
        """Return by how much the clock was moved since the last step, or None where it was by no more than `TOLERANCE`.

        A clock that drifts is told in the end too, for it is measured against where it last was right.
        """
        offset = self._measure()
        step = timedelta(seconds=offset - self._offset)
        if abs(step) <= TOLERANCE:
            return None
        self._offset = offset
        return step

    def _measure(self) -> float:
        return self._clock.now().timestamp() - self._monotonic()
