"""The real bot before a server that refuses what is too fast: a flood goes through without one refusal."""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx

from bot.screen import Screen
from bot.telegram.limiter import Limiter
from bot.telegram.messenger import Messenger, connect
from sandbox.seam import World, build_app, serving
from storage.models import Outcome

TOKEN = "7000001:limits"
PLACES = 8
MANY, FEW = range(1, 161), range(1001, 1006)


async def begin() -> bool:
    return True


def a_world() -> World:
    world = World(lambda: datetime(2024, 2, 20, 1, 0, tzinfo=UTC))
    world.add_bot(TOKEN, username="duewatch_limits_bot", first_name="督期")
    for chat in (*MANY, *FEW):
        world.add_user(chat, f"{chat}", "zh-hans")
        world.enrol_chat(chat, TOKEN)
    return world


async def test_a_flood_with_answers_between_is_never_refused_and_all_of_it_arrives() -> None:
    world = a_world()
    app = build_app(world, token=TOKEN, bot_name="duewatch_limits_bot", enforce_limits=True)
    due = [*(chat for chat in FEW for _ in range(6)), *MANY]
    waiting = list(due)
    reasons: set[str | None] = set()

    async with serving(app) as url, connect(TOKEN, url) as bot:
        messenger = Messenger(bot, Limiter())

        async def deliver() -> None:
            while waiting:
                chat = waiting.pop(0)
                receipt = await messenger.deliver(chat, Screen(html=f"第{len(waiting)}条"), begin)
                reasons.add(receipt.reason)
                if receipt.outcome is Outcome.PENDING:
                    waiting.append(chat)
                    await asyncio.sleep(0.02)

        async def answer() -> None:
            for chat in (1, 2, 3):
                await asyncio.sleep(1.5)
                await messenger.show(chat, Screen(html="收到"))

        await asyncio.gather(*(deliver() for _ in range(PLACES)), answer())

        async with httpx.AsyncClient(base_url=url) as client:
            record = (await client.get("/sandbox/record")).json()["messages"]

    assert reasons <= {None, "the chat has to wait"}
    assert Counter(each["chat_id"] for each in record) == Counter([*due, 1, 2, 3])


async def test_what_telegram_asks_for_one_chat_holds_up_no_other() -> None:
    world = a_world()
    app = build_app(world, token=TOKEN, bot_name="duewatch_limits_bot", enforce_limits=True)
    async with serving(app) as url, connect(TOKEN, url) as bot:
        for _ in range(3):
            await bot.send_message(1, "past the limiter, as another program with this token would")
        limiter = Limiter()
        await limiter.wait(1)  # by its own record the chat had something lately
        messenger = Messenger(bot, limiter)
        refused = await messenger.deliver(1, Screen(html="甲"), begin)
        assert 0 < await limiter.delay(1) <= 1
        assert await limiter.delay(2) == 0
        others = [await messenger.deliver(chat, Screen(html="乙"), begin) for chat in (2, 3, 4)]
    assert (refused.outcome, refused.retry_in) == (Outcome.PENDING, timedelta(seconds=1))
    assert [receipt.outcome for receipt in others] == [Outcome.SENT] * 3


async def test_a_refusal_of_a_chat_that_had_nothing_lately_pauses_the_token_for_as_long_as_asked() -> None:
    world = a_world()
    app = build_app(world, token=TOKEN, bot_name="duewatch_limits_bot")
    async with serving(app) as url, connect(TOKEN, url) as bot, httpx.AsyncClient(base_url=url) as client:
        await client.post("/sandbox/faults", json={"kind": "429", "method": "sendMessage", "retry_after": 2})
        limiter = Limiter()
        messenger = Messenger(bot, limiter)
        refused = await messenger.deliver(1, Screen(html="甲"), begin)
        started = time.monotonic()
        assert refused.outcome is Outcome.PENDING
        assert 1 < await limiter.delay(2) <= 2
        others = [await messenger.deliver(chat, Screen(html="乙"), begin) for chat in (2, 1)]
        assert 1.5 < time.monotonic() - started < 5
    assert [receipt.outcome for receipt in others] == [Outcome.SENT] * 2
