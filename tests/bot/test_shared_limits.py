"""Processes that use one token on one PostgreSQL database never exceed its limits together, in real time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from bot.telegram.limiter import PRIVATE, Limiter
from storage import send_limits
from storage.database import Database, Session
from storage.models import SendLimit
from storage.send_limits import Turn
from tests.bot.test_limiter import most_in

TOKEN = "7000001:shared"
Joined = Callable[[], Limiter]


@pytest.fixture
def processes(postgres_url: str) -> Callable[[str], AbstractContextManager[Limiter]]:
    """Return how another process joins: with connections of its own, and nothing else in common."""

    @contextmanager
    def joining(token: str = TOKEN) -> Iterator[Limiter]:
        database = Database(postgres_url)
        try:
            yield Limiter.of(database, token)
        finally:
            database.close()

    return joining


@pytest.fixture
async def limiters(
    processes: Callable[[str], AbstractContextManager[Limiter]],
) -> AsyncIterator[tuple[Limiter, Limiter]]:
    with processes(TOKEN) as one, processes(TOKEN) as other:
        yield one, other


async def seconds_of(limiter: Limiter, chat: int, number: int = 1) -> list[float]:
    """Send so many to a chat one after another, and return when each went."""
    sent = []
    for _ in range(number):
        await limiter.wait(chat)
        sent.append(time.monotonic())
    return sent


async def test_two_together_stay_below_thirty_a_second_and_share_alike(
    limiters: tuple[Limiter, Limiter],
) -> None:
    async def flood(limiter: Limiter, first: int) -> list[float]:
        sent = await asyncio.gather(*(seconds_of(limiter, chat) for chat in range(first, first + 60)))
        return [at for each in sent for at in each]

    one, other = await asyncio.gather(flood(limiters[0], 1), flood(limiters[1], 1001))
    assert len(one) + len(other) == 120
    assert most_in(1, one + other) < 30
    assert max(one + other) - min(one + other) < 10
    # Neither waits until the other is through.
    assert min(other) < sorted(one)[30]
    assert min(one) < sorted(other)[30]


async def test_a_chat_that_both_write_to_keeps_its_pace(limiters: tuple[Limiter, Limiter]) -> None:
    sent = await asyncio.gather(*(seconds_of(limiter, 5, 3) for limiter in limiters))
    times = sorted(at for each in sent for at in each)
    assert times[-1] - times[0] >= 3 * PRIVATE.interval - 0.1
    assert most_in(0.9, times) == 3


async def test_a_chat_that_waits_in_one_holds_nobody_up_in_the_other(
    limiters: tuple[Limiter, Limiter],
) -> None:
    one, other = limiters
    await one.pause(5, 3600)
    waiting = [asyncio.create_task(one.wait(5)) for _ in range(5)]
    await asyncio.sleep(0.1)
    started = time.monotonic()
    for chat in range(10):
        await other.wait(100 + chat)
    assert time.monotonic() - started < 3
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_pause_holds_in_every_process_and_after_a_restart_and_for_no_other_token(
    limiters: tuple[Limiter, Limiter], processes: Callable[[str], AbstractContextManager[Limiter]]
) -> None:
    one, other = limiters
    await one.pause(5, 100)
    await one.pause(5, 10)
    assert 90 < await other.delay(5) <= 100
    assert await other.delay(6) == 0
    await other.pause(6, 200, everyone=True)
    with processes(TOKEN) as restarted, processes("7000002:another") as another:
        assert 190 < await restarted.delay(5) <= 200
        assert 190 < await restarted.delay(7) <= 200
        assert await another.delay(5) == 0
        assert await another.wait(5) is True


async def test_whether_a_chat_had_something_lately_is_known_whoever_sent_it(
    limiters: tuple[Limiter, Limiter],
) -> None:
    one, other = limiters
    assert await one.wait(5) is True
    assert await other.wait(5) is False


def test_the_database_server_says_what_time_it_is(postgres_url: str) -> None:
    """A line that the server's clock has passed is free, and one it has not is busy, whatever this machine thinks."""
    database = Database(postgres_url)
    key, chat = send_limits.key_of(TOKEN), 5

    def ahead(session: Session, seconds: float) -> None:
        at = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        session.execute(update(SendLimit).where(SendLimit.key == f"{key}:{chat}").values(free_at=at))

    def delay(session: Session) -> float:
        return send_limits.delay(session, key, chat, chat=PRIVATE)

    database.write_beside(lambda s: send_limits.take(s, key, chat, bot=PRIVATE, chat=PRIVATE))
    database.write_beside(lambda s: ahead(s, 5.0))
    assert 5 - 2 * PRIVATE.interval - 1 < database.read(delay) <= 5 - 2 * PRIVATE.interval
    database.write_beside(lambda s: ahead(s, -1.0))
    assert database.read(delay) == 0
    # Left from before the clock was set back by an hour.
    database.write_beside(lambda s: ahead(s, 3600.0))
    assert database.read(delay) == 0
    database.close()


def test_what_has_not_mattered_for_long_is_tidied_away(postgres_url: str) -> None:
    database = Database(postgres_url)
    key = send_limits.key_of(TOKEN)

    def keys(session: Session) -> list[str]:
        return list(session.scalars(select(SendLimit.key).order_by(SendLimit.key)))

    def take(session: Session, chat: int) -> Turn:
        return send_limits.take(session, key, chat, bot=PRIVATE, chat=PRIVATE)

    database.write_beside(lambda s: take(s, 1))
    database.write_beside(lambda s: send_limits.pause(s, key, 1, seconds=0))
    database.write_beside(lambda s: take(s, 2))
    database.write_beside(lambda s: send_limits.pause(s, key, 2, seconds=60))
    old = update(SendLimit).where(SendLimit.key.startswith(f"{key}:1"))
    long_ago = datetime(2024, 2, 1, tzinfo=UTC)
    database.write_beside(lambda s: s.execute(old.values(free_at=long_ago)).close())
    gone = database.write(lambda s: send_limits.delete_old(s, before=long_ago + timedelta(seconds=1)))
    assert gone == 2
    assert database.read(keys) == [f"{key}:*", f"{key}:2", f"{key}:2:pause"]
    assert database.write_beside(lambda s: take(s, 1)).alone
    database.close()
