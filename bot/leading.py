"""Standing for the lead among the processes of one database, and leading as long as it is held.

There is no vote: who takes the name leads. What the leader does is cancelled the moment it is not sure to lead any more,
so that two never do; and where two did for a second, nothing would be planned or sent twice: the jobs change nothing
when repeated.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Final

from storage.database import Database
from storage.engine import Hold
from storage.leadership import try_to_lead

_log = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 5.0
"""Shorter than the server waits for a leader that has fallen silent: who is cut off stops before another begins."""
_PAUSE_SECONDS: Final = 3.0


class Leadership:
    """This process's part in the lead. ``lead`` is run while it is held and cancelled when it is lost.

    Where ``lead`` ends with an error it is logged and the lead is given up for a moment, so that another process may
    try.
    """

    def __init__(
        self,
        database: Database,
        lead: Callable[[], Coroutine[Any, Any, None]],
        *,
        every: float = _EVERY_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._lead = lead
        self._every = every
        self._sleep = sleep
        self._leading = False

    @property
    def leading(self) -> bool:
        """Whether this process leads now, as far as it knows."""
        return self._leading

    async def stand(self) -> None:
        """Stand for the lead and lead, over and over, until cancelled; then let go."""
        # Threads of its own: the others may all be waiting for a database that does not answer.
        threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="leadership")
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    hold = await loop.run_in_executor(threads, try_to_lead, self._database)
                except Exception as error:  # noqa: BLE001  # the database is away: stand again when it is back
                    _log.warning("the lead cannot be stood for (%s); trying again", type(error).__name__)
                    await self._sleep(_PAUSE_SECONDS)
                    continue
                if hold is None:
                    await self._sleep(self._every)
                elif not await self._reign(hold, threads):
                    await self._sleep(_PAUSE_SECONDS)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    async def _reign(self, hold: Hold, threads: Executor) -> bool:
        """Lead until the hold is lost; return false where leading itself came to an end."""
        _log.info("this process leads")
        loop = asyncio.get_running_loop()
        work = asyncio.create_task(self._lead())
        self._leading = True
        try:
            while True:
                await asyncio.wait({work}, timeout=self._every)
                if work.done():
                    return self._ended(work)
                if not await self._holds(hold, threads):
                    _log.warning("this process does not lead any more: the database gave the lead back")
                    return True
        finally:
            self._leading = False
            work.cancel()
            await asyncio.wait({work})
            # Not waited for long: a connection that hangs must not hold up the next election.
            await asyncio.wait({loop.run_in_executor(threads, hold.release)}, timeout=self._every)

    async def _holds(self, hold: Hold, threads: Executor) -> bool:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await loop.run_in_executor(threads, hold.alive)
        except TimeoutError:
            return False

    def _ended(self, work: asyncio.Task[None]) -> bool:
        error = None if work.cancelled() else work.exception()
        _log.error(
            "leading ended (%s); standing again",
            "without a reason" if error is None else type(error).__name__,
        )
        return False
