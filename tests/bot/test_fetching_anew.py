"""Who stops fetching updates at any moment can begin again: nothing of the first time stands in the way."""

import asyncio

import pytest

from bot.telegram.messenger import connect
from sandbox.seam import World, build_app, serving
from tests.bot.conftest import TOKEN, at

MOMENTS = 40
"""More turns of the event loop than a call takes until it is on its way."""


@pytest.fixture
def world() -> World:
    return World(lambda: at("2024-02-20 09:00"))


async def test_fetching_that_was_cancelled_at_any_moment_can_begin_again(world: World) -> None:
    async with serving(build_app(world, token=TOKEN, bot_name="duewatch_town_bot")) as url:
        for moment in range(MOMENTS):
            async with connect(TOKEN, url) as bot:
                fetching = asyncio.create_task(bot.get_updates(timeout=25))
                for _ in range(moment):
                    await asyncio.sleep(0)
                fetching.cancel()
                await asyncio.wait({fetching})
                assert await bot.get_updates(timeout=0) == (), f"deaf after {moment} turns"
