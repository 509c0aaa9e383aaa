"""A sign of life to an outside monitor after each clean round, so that somebody notices when there is none.

What no alarm of ours can tell, that nothing runs or nothing can be sent, the monitor tells by the silence.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import httpx
from pydantic import SecretStr

from bot.web.readiness import Readiness

_log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0
_TIMEOUT: Final = httpx.Timeout(10.0)
_MUST_BE_WELL: Final = ("database", "timetable", "outbox")


class Heartbeat:
    """Calls an address, which is a secret, once a minute: by the leader only, and only while all goes well."""

    def __init__(
        self,
        address: SecretStr,
        readiness: Readiness,
        *,
        leading: Callable[[], bool],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._address = address
        self._readiness = readiness
        self._leading = leading
        self._sleep = sleep

    async def run(self) -> None:
        """Beat until cancelled."""
        async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
            while True:
                await self._sleep(EVERY_SECONDS)
                if self._leading():
                    await self.beat(client)

    async def beat(self, client: httpx.AsyncClient) -> bool:
        """Call the monitor where this round was clean. Returns whether it heard; that it did not is only logged."""
        state = await self._readiness.state()
        if not state.all_well(*_MUST_BE_WELL):
            bad = [name for name in _MUST_BE_WELL if not state.all_well(name)]
            _log.warning("no heartbeat: %s not in order", ", ".join(bad))
            return False
        try:
            answer = await client.get(self._address.get_secret_value())
        except Exception as error:  # noqa: BLE001  # whatever it is, the bot goes on; its own text holds the address
            _log.warning("the heartbeat did not reach the monitor: %s", type(error).__name__)
            return False
        if answer.is_error:
            _log.warning("the monitor answered the heartbeat with %s", answer.status_code)
        return not answer.is_error
