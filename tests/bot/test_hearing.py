"""Whoever leads hears what people send, and goes on trying whatever Telegram, or what stands before it, says."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from bot.service import hear
from bot.web.readiness import Readiness
from jobs.reaching import LISTENING
from sandbox.seam import World
from storage import inbox
from storage.database import Session
from storage.models import InboundUpdate
from tests.bot.conftest import TOKEN, Person, Town
from tests.bot.processes import until

SECRET = "what somebody wrote"


def push(world: World, *updates: object) -> None:
    """Let updates wait for the bot, as they are given."""
    for update in updates:
        world.commit({"is": "update", "token": TOKEN, "update": update})


def numbered(town: Town, number: int) -> InboundUpdate | None:
    def find(session: Session) -> InboundUpdate | None:
        row = session.get(InboundUpdate, number)
        session.expunge_all()
        return row

    return town.database.read(find)


async def test_what_the_library_cannot_read_is_stored_given_up_and_acknowledged_and_in_no_log(
    town: Town, mill: Person, caplog: pytest.LogCaptureFixture
) -> None:
    await mill.say("/help")
    number = town.world.bot(TOKEN).next_update_id
    town.world.bot(TOKEN).next_update_id += 1
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("telegram").setLevel(logging.WARNING)
        push(town.world, {"update_id": number, "message": {"text": SECRET, "message_id": "?"}})
        assert await mill.say("/language") == "请选择语言"
    row = numbered(town, number)
    assert row is not None
    assert row.payload["message"]["text"] == SECRET
    assert (row.attempts, row.handled_at is not None) == (inbox.MOST_ATTEMPTS, True)
    assert row.error is not None
    assert not town.world.bot(TOKEN).updates
    assert SECRET not in caplog.text


@asynccontextmanager
async def hearing(town: Town) -> AsyncIterator[list[float]]:
    """Hear as the leader does, in place of the town's own polling; yields the pauses it makes."""
    town.assistant.polling.cancel()
    await asyncio.wait([town.assistant.polling])
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        town.clock.at += timedelta(seconds=2 * seconds)
        await asyncio.sleep(0.01)

    task = asyncio.create_task(hear(town.assistant, town.clock, webhook_url=None, token=TOKEN, sleep=pause))
    try:
        yield pauses
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize("kind", ["401", "404"])
@pytest.mark.parametrize("method", ["getUpdates", "deleteWebhook"])
async def test_a_token_that_is_not_known_for_a_while_ends_nothing(
    town: Town, mill: Person, kind: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = town.assistant.context.circuits.of(LISTENING)
    readiness = Readiness(town.assistant.context, town.clock)
    await town.fault(kind, method, count=None)
    async with hearing(town) as pauses:
        await until(lambda: len(pauses) >= 3)
        assert line.failures >= 2
        channels = (await readiness.state()).checks["channels"]
        assert (channels.ok, channels.told[LISTENING]["reachable"]) == (False, False)
        assert "check DUEWATCH_TELEGRAM_TOKEN" in caplog.text
        assert TOKEN not in caplog.text
        assert pauses[0] < pauses[2] <= 60
        async with httpx.AsyncClient() as client:
            assert (await client.delete(f"{town.url}/sandbox/faults")).is_success
        assert await mill.say("/language") == "请选择语言"
        assert line.failures == 0


async def test_whoever_does_not_lead_any_more_does_not_count_what_it_missed(town: Town) -> None:
    await town.fault("404", "getUpdates", count=None)
    async with hearing(town) as pauses:
        await until(lambda: len(pauses) >= 3)
    line = town.assistant.context.circuits.of(LISTENING)
    assert (line.failures, line.is_open(town.clock.now())) == (0, False)


async def test_two_who_fetch_with_one_token_are_an_alarm_too(town: Town) -> None:
    line = town.assistant.context.circuits.of(LISTENING)
    await town.fault("409", "getUpdates", count=None)
    async with hearing(town):
        await until(lambda: line.failures >= 1)
