"""How fast one robot lets itself be written by. It delays, never drops: what comes too early waits for its turn.

The arithmetic is in `storage.send_limits`. Where several processes share a database, they share each robot's limit too.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from storage import send_limits
from storage.database import Database
from storage.send_limits import Lines, Pace, Turn

_FORGET_ABOVE: Final = 10_000
_ALONE: Final = 0
"""A robot writes to one group only: what the table keeps for a bot's chats, it keeps once."""


class RobotLimiter:
    """Spaces the messages of each robot of one service, told apart by key. Without a database, for one process."""

    def __init__(
        self,
        service: str,
        pace: Pace,
        database: Database | None = None,
        *,
        monotonic: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._service = service
        self._pace = pace
        self._shared = database if database is not None and database.dialect == "postgresql" else None
        self._monotonic = monotonic
        self._sleep = sleep
        self._lines: dict[str, Lines] = {}

    async def wait(self, key: str) -> None:
        """Wait until a message of this robot may go. One taken turn is for one message."""
        while True:
            turn = await self._take(key)
            if turn.wait > 0:
                await self._sleep(turn.wait)
            if turn.taken:
                return

    async def delay(self, key: str) -> float:
        """Return how many seconds nothing of this robot may go, without taking a turn."""
        if self._shared is not None:
            name = self._name(key)
            return await self._shared.ask(
                lambda session: send_limits.delay(session, name, _ALONE, chat=self._pace)
            )
        return send_limits.busy(self._lines.get(key, Lines()), self._now(), chat=self._pace)

    async def pause(self, key: str, seconds: float) -> None:
        """Let nothing of this robot go for as long as its service asked. It never ends a longer pause."""
        if self._shared is not None:
            name = self._name(key)
            await self._shared.run_beside(
                lambda session: send_limits.pause(session, name, _ALONE, seconds=seconds)
            )
            return
        lines = self._lines.get(key, Lines())
        self._lines[key] = replace(lines, chat_paused=max(lines.chat_paused, self._now() + seconds))

    async def _take(self, key: str) -> Turn:
        if self._shared is not None:
            name = self._name(key)
            return await self._shared.run_beside(
                lambda session: send_limits.take(session, name, _ALONE, bot=self._pace, chat=self._pace)
            )
        now = self._now()
        turn, self._lines[key] = send_limits.step(
            self._lines.get(key, Lines()), now, bot=self._pace, chat=self._pace
        )
        if len(self._lines) > _FORGET_ABOVE:
            self._lines = {
                robot: each for robot, each in self._lines.items() if max(each.chat, each.chat_paused) > now
            }
        return turn

    def _name(self, key: str) -> str:
        """Return the name of a robot in the table: its key must not be readable there."""
        return f"{self._service}:{hashlib.sha256(key.encode()).hexdigest()[:16]}"

    def _now(self) -> float:
        return self._monotonic() if self._monotonic is not None else asyncio.get_running_loop().time()
