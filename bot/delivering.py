"""Sending what is due, all the time."""

import asyncio
from contextlib import suppress
from typing import Final

from bot.scheduling import report
from jobs.clock import Clock
from jobs.context import Context
from jobs.deliver import deliver
from storage import outages

_EVERY_SECONDS: Final = 1.0
_LONGEST_WAIT_SECONDS: Final = 30.0
_PATIENCE_SECONDS: Final = 120.0


class Deliveries:
    """The loop of one process that sends; what any process has written is seen within ``every`` seconds.

    It goes by the time that the process has run, so that no step of a clock holds it up. After an outage it waits until
    what was missed is planned, so that a reader gets one message: for ``patience`` seconds at most, where nobody leads.
    """

    def __init__(
        self,
        context: Context,
        clock: Clock,
        *,
        every: float = _EVERY_SECONDS,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._context = context
        self._clock = clock
        self._every = every
        self._patience = patience
        self._held_since: float | None = None

    async def run(self) -> None:
        """Send until the process is to stop. An error is logged, and after a while that grows the loop goes on."""
        wait = self._every
        while not self._context.stopping.is_set():
            try:
                if await self._may_send():
                    await deliver(self._context, self._clock.now())
            except Exception as error:  # noqa: BLE001  # whatever it is, what waits must be tried again
                report("deliver", error)
                await self._pause(wait)
                wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
                continue
            wait = self._every
            await self._pause(self._every)

    async def _may_send(self) -> bool:
        """Whether what was missed is planned, or was waited for long enough."""
        now, run_for = self._clock.now(), asyncio.get_running_loop().time()
        if await self._context.database.ask(lambda session: outages.is_caught_up(session, now=now)):
            self._held_since = None
            return True
        if self._held_since is None:
            self._held_since = run_for
        return run_for - self._held_since >= self._patience

    async def _pause(self, seconds: float) -> None:
        """Wait, but not for longer than the process goes on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._context.stopping.wait()
