"""Sending what is due, all the time."""

import asyncio
from contextlib import suppress
from typing import Final

from bot.scheduling import report
from jobs.clock import Clock
from jobs.context import Context
from jobs.deliver import deliver

_EVERY_SECONDS: Final = 1.0
_LONGEST_WAIT_SECONDS: Final = 30.0


class Deliveries:
    """The loop of one process that sends; what any process has written is seen within ``every`` seconds.

    It goes by the time that the process has run, so that no step of a clock holds it up.
    """

    def __init__(self, context: Context, clock: Clock, *, every: float = _EVERY_SECONDS) -> None:
        self._context = context
        self._clock = clock
        self._every = every

    async def run(self) -> None:
        """Send until the process is to stop. An error is logged, and after a while that grows the loop goes on."""
        wait = self._every
        while not self._context.stopping.is_set():
            try:
                await deliver(self._context, self._clock.now())
            except Exception as error:  # noqa: BLE001  # whatever it is, what waits must be tried again
                report("deliver", error)
                await self._pause(wait)
                wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
                continue
            wait = self._every
            await self._pause(self._every)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not for longer than the process goes on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._context.stopping.wait()
