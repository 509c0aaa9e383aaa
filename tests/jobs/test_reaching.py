"""That a channel is away is said when it has been for minutes, and that it is over when it has been for minutes."""

from datetime import datetime, timedelta

import pytest

from jobs.context import Context
from jobs.reaching import LISTENING
from jobs.timetable import WATCH, catch_up
from storage import alarms
from storage.alarms import AlarmName
from storage.models import Alarm
from tests.jobs.town import Town, at

NOON = at("2024-02-20 12:00")
MINUTE = timedelta(minutes=1)


def after(minutes: int) -> datetime:
    return NOON + minutes * MINUTE


@pytest.fixture
async def context(town: Town) -> Context:
    """A process that has caught up and watches."""
    context = town.context()
    await catch_up(context, NOON)
    return context


async def away(context: Context, minute: int) -> frozenset[str]:
    """Look at a minute; return the channels of which it is told that they are away."""
    await WATCH.work(context, after(minute))
    return context.database.read(lambda s: alarms.raised_about(s, AlarmName.CHANNEL_AWAY))


def fail(context: Context, minute: int, channel: str = "chat") -> None:
    """Let a channel fail whenever it is tried, for a minute."""
    circuit, now = context.circuits.of(channel), after(minute)
    while now < after(minute + 1):
        circuit.missed(now)
        now = max(circuit.open_until or now, now + timedelta(seconds=1))


async def raised(context: Context, *, since: int = 0) -> None:
    """Let the chat be away until that is told of."""
    for minute in range(since, since + 6):
        assert await away(context, minute) == frozenset()
        fail(context, minute)
    assert await away(context, since + 6) == {"chat"}


@pytest.mark.parametrize("channel", ["chat", LISTENING])
async def test_it_is_told_after_five_minutes_on_end(context: Context, channel: str) -> None:
    told = []
    for minute in range(8):
        told.append(bool(await away(context, minute)))
        fail(context, minute, channel)
    # The first look that finds it away is that of minute 1.
    assert told == [False] * 6 + [True] * 2


async def test_one_that_is_reached_now_and_then_is_not_away(context: Context) -> None:
    for minute in range(20):
        fail(context, minute)
        if minute % 4 == 3:
            context.circuits.of("chat").reached(after(minute) + MINUTE / 2)
            context.circuits.of("chat").missed(after(minute) + MINUTE * 2 / 3)
        assert await away(context, minute + 1) == frozenset()


async def test_one_that_failed_once_and_was_not_tried_again_is_not_away(context: Context) -> None:
    context.circuits.of("chat").missed(NOON)
    for minute in range(0, 60, 5):
        assert await away(context, minute) == frozenset()


async def test_a_flap_is_one_alarm_and_it_is_over_after_five_minutes_of_answers(context: Context) -> None:
    await raised(context)
    for minute in (7, 12, 17):
        context.circuits.of("chat").reached(after(minute))
        for later in range(4):
            assert await away(context, minute + later) == {"chat"}
        context.circuits.of("chat").missed(after(minute + 4))
        assert await away(context, minute + 4) == {"chat"}
    context.circuits.of("chat").reached(after(22))
    assert [bool(await away(context, minute)) for minute in range(22, 29)] == [True] * 5 + [False] * 2
    assert context.database.read(lambda s: s.query(Alarm).filter_by(name=AlarmName.CHANNEL_AWAY).count()) == 1


async def test_who_takes_over_the_lead_does_not_say_that_it_is_over_before_it_knows(
    town: Town, context: Context
) -> None:
    await raised(context)
    after_restart = town.context("two")
    for minute in (7, 20, 60):
        assert await away(after_restart, minute) == {"chat"}
    after_restart.circuits.of("chat").reached(after(61))
    assert await away(after_restart, 61) == {"chat"}
    assert await away(after_restart, 65) == {"chat"}
    assert await away(after_restart, 66) == frozenset()


async def test_what_nobody_tries_to_reach_any_more_is_over_after_a_day(town: Town, context: Context) -> None:
    await raised(context)
    after_restart = town.context("two")
    assert await away(after_restart, 10) == {"chat"}
    assert await away(after_restart, 10 + 24 * 60 - 1) == {"chat"}
    assert await away(after_restart, 10 + 24 * 60) == frozenset()


async def test_a_channel_that_is_not_set_up_any_more_is_not_away(town: Town, context: Context) -> None:
    await raised(context)
    other = town.context("two", mail=type(town.channel)(name="mail"))
    assert await away(other, 7) == frozenset()
