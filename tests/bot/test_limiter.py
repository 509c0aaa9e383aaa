"""The limiter spaces messages as Telegram wants them, on a clock that only moves when it is told to wait."""

import asyncio
from itertools import pairwise

from bot.telegram.limiter import OVERALL_PER_SECOND, Limiter

GROUP = -100


class Seconds:
    """A monotonic clock; waiting is what moves it. Who waits in parallel is kept apart."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.waits: list[float] = []

    def now(self) -> float:
        """Return the seconds."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Note a wait, and let it pass."""
        self.waits.append(round(seconds, 3))
        self.at += seconds


def limited() -> tuple[Limiter, Seconds]:
    seconds = Seconds()
    return Limiter(monotonic=seconds.now, sleep=seconds.sleep), seconds


async def test_a_chat_gets_a_short_burst_and_then_one_a_second() -> None:
    limiter, seconds = limited()
    sent = []
    for _ in range(8):
        await limiter.wait(1)
        sent.append(seconds.at - 1000)
    assert sent[2] < 0.2
    assert [round(later - earlier, 2) for earlier, later in pairwise(sent[3:])] == [1.0] * 4


async def test_a_group_gets_no_more_than_twenty_a_minute_in_the_long_run() -> None:
    limiter, seconds = limited()
    for _ in range(43):
        await limiter.wait(GROUP)
    assert seconds.at - 1000 >= 2 * 60


async def test_all_chats_together_stay_below_thirty_a_second() -> None:
    limiter, seconds = limited()
    for chat in range(1, 301):
        await limiter.wait(chat)
    assert 299 / OVERALL_PER_SECOND - 0.001 <= seconds.at - 1000 < 300 / OVERALL_PER_SECOND
    assert OVERALL_PER_SECOND < 30


async def test_who_was_quiet_for_long_does_not_wait() -> None:
    limiter, seconds = limited()
    await limiter.wait(1)
    seconds.at += 60
    await limiter.wait(1)
    assert seconds.waits == []


async def test_a_pause_is_kept_to_the_second_in_a_chat_and_in_a_group() -> None:
    for chat in (1, GROUP):
        limiter, seconds = limited()
        limiter.pause(chat, 30)
        await limiter.wait(chat)
        assert seconds.waits == [30.0]


async def test_a_pause_of_one_chat_is_not_anothers() -> None:
    limiter, seconds = limited()
    limiter.pause(1, 30)
    await limiter.wait(2)
    assert seconds.waits == []


async def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    limiter, seconds = limited()
    limiter.pause(1, 30)
    limiter.pause(1, 5)
    await limiter.wait(1)
    assert seconds.waits == [30.0]


async def test_messages_that_come_at_once_are_spaced_too() -> None:
    turns: list[float] = []

    async def noted(seconds: float) -> None:
        turns.append(round(seconds, 3))

    limiter = Limiter(monotonic=lambda: 0.0, sleep=noted)
    await asyncio.gather(*(limiter.wait(1) for _ in range(6)))
    assert turns == [0.04, 0.08, 1.0, 2.0, 3.0]
