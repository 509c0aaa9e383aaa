"""How a morning's flood gets through Telegram's limits: our limiter, against the one that python-telegram-bot brings.

Run it with ``.venv/bin/python benchmarks/limits.py [READERS]``. Each sends the same messages in the same order, eight at
a time, to a local server that refuses what Telegram would: one to each reader and ten to every twentieth, as where
reminder, digest and decisions meet. The library's limiter needs the package ``aiolimiter``, which Duewatch does not use:
put it beside with ``pip install --target FOLDER aiolimiter`` and ``PYTHONPATH=FOLDER``.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from random import Random
from typing import Any

from telegram import Bot
from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.screen import Screen
from bot.telegram.limiter import Limiter
from bot.telegram.messenger import Messenger
from sandbox.seam import World, build_app, serving
from storage.models import Outcome

TOKEN = "7000001:benchmark"  # noqa: S105  # the local server's
PLACES = 8
Send = Callable[[int], Awaitable[bool]]


@dataclass(slots=True)
class Figures:
    """What a run came to: when each call left, what was refused, and what nobody would send again."""

    calls: list[float] = field(default_factory=list)
    refused: int = 0
    lost: int = 0
    seconds: float = 0.0

    def busiest_second(self) -> int:
        """Return the most calls in any second."""
        return max(sum(at <= each < at + 1 for each in self.calls) for at in self.calls)


class CountingRequest(HTTPXRequest):
    """Notes each message that leaves, and each that is refused for being too fast."""

    def __init__(self, figures: Figures) -> None:
        super().__init__(connection_pool_size=PLACES)
        self._figures = figures

    async def do_request(self, *given: Any, **named: Any) -> tuple[int, bytes]:  # noqa: ANN401  # as it is declared
        """Call the server, and note what it says."""
        url = str(named.get("url") or given[0])
        sends = url.endswith("/sendMessage")
        if sends:
            self._figures.calls.append(time.monotonic())
        status, body = await super().do_request(*given, **named)
        self._figures.refused += sends and status == HTTPStatus.TOO_MANY_REQUESTS
        return status, body


def workload(readers: int) -> list[int]:
    """Return the chats to write to, in a shuffled order that is always the same."""
    chats = [chat for chat in range(1, readers + 1) for _ in range(10 if chat % 20 == 0 else 1)]
    Random(1).shuffle(chats)  # noqa: S311  # no secret
    return chats


def ours(bot: Bot, figures: Figures) -> Send:
    messenger = Messenger(bot, Limiter())

    async def begin() -> bool:
        return True

    async def send(chat: int) -> bool:
        receipt = await messenger.deliver(chat, Screen(html="月度信息化存证"), begin)
        figures.lost += receipt.outcome not in (Outcome.SENT, Outcome.PENDING)
        return receipt.outcome is not Outcome.PENDING

    return send


def theirs(bot: Bot, figures: Figures) -> Send:
    async def send(chat: int) -> bool:
        try:
            await bot.send_message(chat, "月度信息化存证")
        except RetryAfter:
            figures.lost += 1
        return True

    return send


async def run(
    readers: int, make: Callable[[HTTPXRequest, str], Bot], how: Callable[[Bot, Figures], Send]
) -> Figures:
    """Send the workload before a server of its own, and return the figures."""
    world = World(lambda: datetime(2024, 2, 20, 1, 0, tzinfo=UTC))
    world.add_bot(TOKEN, username="duewatch_benchmark_bot", first_name="督期")
    for chat in range(1, readers + 1):
        world.add_user(chat, str(chat), "zh-hans")
        world.enrol_chat(chat, TOKEN)
    app = build_app(world, token=TOKEN, bot_name="duewatch_benchmark_bot", enforce_limits=True)
    figures = Figures()
    waiting = workload(readers)
    async with serving(app) as url, make(CountingRequest(figures), url) as bot:
        send = how(bot, figures)

        async def place() -> None:
            while waiting:
                chat = waiting.pop(0)
                if not await send(chat):
                    waiting.append(chat)
                    await asyncio.sleep(0.02)

        started = time.monotonic()
        await asyncio.gather(*(place() for _ in range(PLACES)))
        figures.seconds = time.monotonic() - started
    return figures


def plain(request: HTTPXRequest, url: str) -> Bot:
    return Bot(TOKEN, base_url=f"{url}/bot", request=request)


def limited(retries: int) -> Callable[[HTTPXRequest, str], Bot]:
    def make(request: HTTPXRequest, url: str) -> Bot:
        limiter = AIORateLimiter(max_retries=retries)
        return ExtBot(TOKEN, base_url=f"{url}/bot", request=request, rate_limiter=limiter)

    return make


def main() -> None:
    readers = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    logging.getLogger("telegram.ext").setLevel(logging.CRITICAL)  # it logs each refusal with a traceback
    due = len(workload(readers))
    print(f"{due} messages to {readers} readers")
    pace = 0.0
    for name, make, how in (
        ("ours", plain, ours),
        ("AIORateLimiter", limited(0), theirs),
        ("AIORateLimiter, max_retries=5", limited(5), theirs),
    ):
        figures = asyncio.run(run(readers, make, how))
        arrived = (due - figures.lost) / figures.seconds
        pace = pace or arrived
        print(
            f"{name}: {arrived / pace:.2f} times as many messages a second as ours ({arrived:.1f}),"
            f" {figures.busiest_second()} calls in the busiest second, {figures.refused} refused, {figures.lost} lost"
        )


if __name__ == "__main__":
    main()
