"""How fast Telegram lets a bot send: below 30 messages a second in all, and one a second in a chat. It delays, never drops.

Each limit is a line in time (the generic cell rate algorithm): sending moves it on by one interval, and who comes
too early waits for it. A short burst is let through in a chat, as Telegram does.
"""

import asyncio
from collections.abc import Awaitable, Callable

OVERALL_PER_SECOND = 25
PER_CHAT_PER_SECOND = 1
PER_GROUP_PER_MINUTE = 20
_BURST = 3
_FORGET_ABOVE = 10_000


class Limiter:
    """Spaces the messages of one bot token. Times are seconds of a monotonic clock."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._overall = 0.0
        self._chats: dict[int, float] = {}

    async def wait(self, chat_id: int) -> None:
        """Wait until a message to this chat may go. A negative id is a group's."""
        now = self._now()
        interval = _interval(chat_id)
        chat_turn = max(self._chats.get(chat_id, now), now)
        go = max(now, self._overall, chat_turn - interval * (_BURST - 1))
        self._overall = go + 1 / OVERALL_PER_SECOND
        self._chats[chat_id] = max(chat_turn, go) + interval
        if len(self._chats) > _FORGET_ABOVE:
            self._chats = {chat: turn for chat, turn in self._chats.items() if turn > now}
        if go > now:
            await self._sleep(go - now)

    def pause(self, chat_id: int, seconds: float) -> None:
        """Let nothing go to this chat for as long as Telegram asked."""
        after_burst = self._now() + seconds + _interval(chat_id) * (_BURST - 1)
        self._chats[chat_id] = max(self._chats.get(chat_id, 0.0), after_burst)

    def _now(self) -> float:
        return self._monotonic() if self._monotonic is not None else asyncio.get_running_loop().time()


def _interval(chat_id: int) -> float:
    return 60 / PER_GROUP_PER_MINUTE if chat_id < 0 else 1 / PER_CHAT_PER_SECOND
