"""How fast one robot lets itself be written by. It delays, never drops: what comes too early waits for its turn."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

_FORGET_ABOVE: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A limit: ``burst`` messages at once, then one every ``interval`` seconds (the generic cell rate algorithm).

    In any ``window`` seconds there are at most ``burst + window / interval`` messages.
    """

    interval: float
    burst: int


class RobotLimiter:
    """Spaces the messages of each robot of one service, told apart by key. Times are seconds of the loop's clock."""

    def __init__(
        self,
        rate: Rate,
        *,
        monotonic: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._turns: dict[str, float] = {}

    async def wait(self, key: str) -> None:
        """Wait until a message of this robot may go. Its place is taken at once, so that no two take the same."""
        now = self._now()
        turn = max(self._turns.get(key, now), now)
        self._turns[key] = turn + self._rate.interval
        if len(self._turns) > _FORGET_ABOVE:
            self._turns = {robot: free for robot, free in self._turns.items() if free > now}
        delay = turn - self._rate.interval * (self._rate.burst - 1) - now
        if delay > 0:
            await self._sleep(delay)

    def pause(self, key: str, seconds: float) -> None:
        """Let nothing of this robot go for as long as its service asked."""
        free = self._now() + seconds + self._rate.interval * (self._rate.burst - 1)
        self._turns[key] = max(self._turns.get(key, 0.0), free)

    def _now(self) -> float:
        return self._monotonic() if self._monotonic is not None else asyncio.get_running_loop().time()
