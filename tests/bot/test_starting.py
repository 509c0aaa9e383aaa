"""A process starts though Telegram is away, or answers nonsense, for a moment; not where its token is not known."""

import pytest
from telegram.error import InvalidToken

from bot.assistant import _reach
from bot.telegram.messenger import connect
from tests.bot.conftest import TOKEN, Town


@pytest.mark.parametrize("kind", ["not_json", "502", "429", "drop"])
async def test_what_passes_is_waited_for(town: Town, kind: str) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    await town.fault(kind, "getMe", count=2)
    bot = connect(TOKEN, town.url)
    await _reach(bot, nap)
    await bot.shutdown()
    assert len(naps) == 2


async def test_a_token_nobody_knows_is_not_waited_for(town: Town) -> None:
    async def nap(seconds: float) -> None:
        raise AssertionError(seconds)

    await town.fault("401", "getMe")
    bot = connect(TOKEN, town.url)
    with pytest.raises(InvalidToken):
        await _reach(bot, nap)
    await bot.shutdown()
