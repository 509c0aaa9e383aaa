"""How fast Telegram lets a bot send: below 30 messages a second in all, and one a second in a chat. It delays, never drops.

The arithmetic is in `storage.send_limits`. One limiter serves a process; where several share a database, they share the
limits of a token too, and no message of one takes the place of another's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final, Protocol
from weakref import WeakValueDictionary

from storage import send_limits
from storage.database import Database
from storage.send_limits import Lines, Pace, Turn

OVERALL: Final = Pace(interval=1 / 25)
"""Telegram lets about 30 a second through; what is on its way may bunch together."""

PRIVATE: Final = Pace(interval=1.1, burst=3)
"""One a second in a private chat, with a short burst, and a tenth to spare for what is on its way."""

GROUP: Final = Pace(interval=60 / 18, burst=3)
"""No more than 20 in any minute in a group, whose id is negative: three at once, then 17."""

_FORGET_ABOVE: Final = 10_000


class Limits(Protocol):
    """Where the limits of one bot are kept."""

    async def take(self, chat_id: int) -> Turn:
        """Take a turn to send to a chat, or learn when to ask again."""
        ...

    async def delay(self, chat_id: int) -> float:
        """Return how many seconds nothing may go to a chat."""
        ...

    async def pause(self, chat_id: int | None, seconds: float) -> None:
        """Let nothing go for so long, to a chat or to anybody."""
        ...


class OwnLimits:
    """The limits of a bot that one process uses alone, on the monotonic clock of its loop or another."""

    def __init__(self, *, monotonic: Callable[[], float] | None = None) -> None:
        self._monotonic = monotonic
        self._everyone = Lines()
        self._chats: dict[int, Lines] = {}

    async def take(self, chat_id: int) -> Turn:
        """Take a turn to send to a chat, or learn when to ask again."""
        now = self._now()
        turn, after = send_limits.step(self._lines(chat_id), now, bot=OVERALL, chat=_pace(chat_id))
        if turn.taken:
            self._keep(chat_id, after, now)
        return turn

    async def delay(self, chat_id: int) -> float:
        """Return how many seconds nothing may go to a chat."""
        return send_limits.busy(self._lines(chat_id), self._now(), chat=_pace(chat_id))

    async def pause(self, chat_id: int | None, seconds: float) -> None:
        """Let nothing go for so long, to a chat or to anybody. It never ends a longer pause."""
        now = self._now()
        if chat_id is None:
            until = max(self._everyone.bot_paused, now + seconds)
            self._everyone = replace(self._everyone, bot_paused=until)
        else:
            lines = self._lines(chat_id)
            self._keep(chat_id, replace(lines, chat_paused=max(lines.chat_paused, now + seconds)), now)

    def _lines(self, chat_id: int) -> Lines:
        everyone = self._everyone
        lines = self._chats.get(chat_id, everyone)
        return replace(lines, bot=everyone.bot, bot_paused=everyone.bot_paused)

    def _keep(self, chat_id: int, lines: Lines, now: float) -> None:
        self._everyone = replace(self._everyone, bot=lines.bot)
        self._chats[chat_id] = lines
        if len(self._chats) > _FORGET_ABOVE:
            self._chats = {
                chat: each for chat, each in self._chats.items() if max(each.chat, each.chat_paused) > now
            }

    def _now(self) -> float:
        return self._monotonic() if self._monotonic is not None else asyncio.get_running_loop().time()


class SharedLimits:
    """The limits of a bot that several processes use, in the database they share."""

    def __init__(self, database: Database, token: str) -> None:
        self._database = database
        self._key = send_limits.key_of(token)

    async def take(self, chat_id: int) -> Turn:
        """Take a turn to send to a chat, or learn when to ask again."""
        pace = _pace(chat_id)
        return await self._database.run_beside(
            lambda session: send_limits.take(session, self._key, chat_id, bot=OVERALL, chat=pace)
        )

    async def delay(self, chat_id: int) -> float:
        """Return how many seconds nothing may go to a chat."""
        pace = _pace(chat_id)
        return await self._database.ask(
            lambda session: send_limits.delay(session, self._key, chat_id, chat=pace)
        )

    async def pause(self, chat_id: int | None, seconds: float) -> None:
        """Let nothing go for so long, to a chat or to anybody. It never ends a longer pause."""
        await self._database.run_beside(
            lambda session: send_limits.pause(session, self._key, chat_id, seconds=seconds)
        )


class Limiter:
    """Spaces the messages of one bot token, those to one chat in the order they came."""

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limits = limits or OwnLimits()
        self._sleep = sleep
        self._chats: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._queue = asyncio.Lock()
        self._gate = asyncio.Lock()

    @classmethod
    def of(cls, database: Database, token: str) -> "Limiter":
        """Return a limiter that shares the limits of a token with every process that uses the same database."""
        shared = database.dialect == "postgresql"
        return cls(SharedLimits(database, token) if shared else OwnLimits())

    async def wait(self, chat_id: int, *, answering: bool = False) -> bool:
        """Wait until a message to this chat may go; a negative id is a group's. One taken turn is for one message.

        ``answering`` goes before what is queued: an answer to somebody who is looking at the chat now. Returns whether
        the chat had nothing lately, so that a refusal of this message would not be for the chat's own limit.
        """
        lock = self._chats.get(chat_id)
        if lock is None:
            lock = self._chats[chat_id] = asyncio.Lock()
        async with lock:
            while True:
                turn = await self._turn(chat_id, answering=answering)
                if turn.taken:
                    return turn.alone
                await self._sleep(turn.wait)

    async def delay(self, chat_id: int) -> float:
        """Return how many seconds nothing may go to a chat, not counting those who already wait for it; 0 for now."""
        return await self._limits.delay(chat_id)

    async def pause(self, chat_id: int, seconds: float, *, everyone: bool = False) -> None:
        """Let nothing go for as long as Telegram asked: to this chat, or with ``everyone`` to any.

        ``everyone`` is what `wait` returned for the refused message: where the chat had nothing lately, it is the token
        that was too fast. A refused edit, which waits for no turn, is always the chat's own.
        """
        await self._limits.pause(None if everyone else chat_id, seconds)

    async def _turn(self, chat_id: int, *, answering: bool) -> Turn:
        """Ask for a turn, and where it is taken let it come, one at a time: who waits further back holds no place.

        What is queued goes through a second lock first, so that at most one of it stands before an answer.
        """
        async with AsyncExitStack() as stack:
            if not answering:
                await stack.enter_async_context(self._queue)
            await stack.enter_async_context(self._gate)
            turn = await self._limits.take(chat_id)
            if turn.taken and turn.wait > 0:
                await self._sleep(turn.wait)
            return turn


def _pace(chat_id: int) -> Pace:
    return GROUP if chat_id < 0 else PRIVATE
