"""The timetable on a clock that is right, wrong, put back, put forward or asleep."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger

from bot.clock import ClockWatch, SystemClock
from bot.scheduling import Timekeeper
from jobs.context import Context
from jobs.timetable import Entry
from obligations.law import Law
from storage.database import Database
from storage.types import NOTICE_ZONE

SAID = "what somebody wrote"


def at(moment: str) -> datetime:
    """Return an instant of Shanghai."""
    return datetime.fromisoformat(moment).replace(tzinfo=NOTICE_ZONE)


class OverError(Exception):
    """The story is over."""


@dataclass
class Time:
    """A clock and the time of the process, which are moved apart at some moments of the story."""

    wall: datetime
    until: float
    """Seconds of the process's time after which the story is over."""
    steps: dict[float, timedelta] = field(default_factory=dict)
    """At which second of the process's time the clock is moved, and by how much."""
    passed: float = 0.0

    def now(self) -> datetime:
        return self.wall.astimezone(UTC)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.passed += seconds
        self.wall += timedelta(seconds=seconds)
        if self.passed in self.steps:
            self.wall += self.steps[self.passed]
        if self.passed >= self.until:
            raise OverError


@pytest.fixture
def context(database: Database, law: Law) -> Context:
    return Context(database=database, law=law, channels={}, worker="one")


def nine(work: Callable[[Context, datetime], Awaitable[object]]) -> Entry:
    return Entry(name="nine", trigger=CronTrigger(hour=9, timezone=NOTICE_ZONE), work=work)


async def keep(context: Context, time: Time, *, failing: int = 0) -> list[tuple[str, str]]:
    """Keep a timetable of one job at nine until the story is over; return what ran, and when the clock said it was."""
    ran: list[tuple[str, str]] = []

    async def job(_context: Context, now: datetime) -> None:
        ran.append(("job", f"{now.astimezone(NOTICE_ZONE):%F %T}"))
        if sum(name == "job" for name, _ in ran) <= failing:
            raise RuntimeError(SAID)

    async def catching_up(_context: Context, now: datetime) -> None:
        ran.append(("catching up", f"{now.astimezone(NOTICE_ZONE):%F %T}"))

    keeper = Timekeeper(
        context=context,
        clock=time,
        entries=[nine(job)],
        catching_up=[("catching up", catching_up)],
        monotonic=time.monotonic,
        sleep=time.sleep,
    )
    with pytest.raises(OverError):
        await keeper.run()
    return ran


async def test_a_job_runs_within_a_second_of_its_hour_and_once(context: Context) -> None:
    ran = await keep(context, Time(wall=at("2024-02-20 08:59:30"), until=120))
    assert ran == [("catching up", "2024-02-20 08:59:30"), ("job", "2024-02-20 09:00:00")]


async def test_an_hour_back_stops_nothing_and_the_hour_that_comes_twice_is_planned_by_the_watermarks(
    context: Context,
) -> None:
    """A scheduler that sleeps until its next firing would be an hour late at 09:00."""
    time = Time(wall=at("2024-02-20 09:30:00"), until=3600 + 600, steps={60.0: -timedelta(hours=1)})
    assert await keep(context, time) == [
        ("catching up", "2024-02-20 09:30:00"),
        ("catching up", "2024-02-20 08:31:00"),
        ("job", "2024-02-20 09:00:00"),
    ]


async def test_an_hour_forward_over_a_firing_is_caught_up_with(context: Context) -> None:
    time = Time(wall=at("2024-02-20 08:30:00"), until=600, steps={60.0: timedelta(hours=1)})
    assert await keep(context, time) == [
        ("catching up", "2024-02-20 08:30:00"),
        ("catching up", "2024-02-20 09:31:00"),
    ]


async def test_a_year_ahead_for_an_hour_leaves_the_next_firing_where_it_was(context: Context) -> None:
    year = timedelta(days=365)
    time = Time(wall=at("2024-02-20 07:00:00"), until=3 * 3600, steps={600.0: year, 4200.0: -year})
    ran = await keep(context, time)
    assert ran == [
        ("catching up", "2024-02-20 07:00:00"),
        ("catching up", "2025-02-19 07:10:00"),
        ("catching up", "2024-02-20 08:10:00"),
        ("job", "2024-02-20 09:00:00"),
    ]


async def test_a_few_seconds_are_no_step_but_a_drift_is_told_in_the_end(context: Context) -> None:
    steps = {float(60 * n): timedelta(seconds=2) for n in range(1, 4)}
    ran = await keep(context, Time(wall=at("2024-02-20 10:00:00"), until=300, steps=steps))
    assert [name for name, _ in ran] == ["catching up", "catching up"]


async def test_a_job_that_fails_is_tried_again_and_says_where_but_not_what(
    context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        ran = await keep(context, Time(wall=at("2024-02-20 08:59:50"), until=60), failing=2)
    assert ran[1:] == [
        ("job", "2024-02-20 09:00:00"),
        ("job", "2024-02-20 09:00:05"),
        ("job", "2024-02-20 09:00:15"),
    ]
    assert "job nine failed: RuntimeError" in caplog.text
    assert SAID not in caplog.text


async def test_where_catching_up_fails_it_is_tried_again_too(context: Context) -> None:
    time = Time(wall=at("2024-02-20 10:00:00"), until=60)
    tried: list[datetime] = []

    async def broken(_context: Context, now: datetime) -> None:
        tried.append(now)
        if len(tried) == 1:
            raise RuntimeError

    keeper = Timekeeper(
        context=context,
        clock=time,
        entries=[],
        catching_up=[("broken", broken)],
        monotonic=time.monotonic,
        sleep=time.sleep,
    )
    with pytest.raises(OverError):
        await keeper.run()
    assert [now.astimezone(NOTICE_ZONE).second for now in tried] == [0, 5]


async def test_a_machine_that_slept_is_a_step_forward() -> None:
    time = Time(wall=at("2024-02-20 10:00:00"), until=100)
    watch = ClockWatch(time, monotonic=time.monotonic)
    await time.sleep(10)
    assert watch.step() is None
    time.wall += timedelta(hours=8)
    assert watch.step() == timedelta(hours=8)
    assert watch.step() is None


def test_a_clock_started_elsewhere_runs_on_from_there() -> None:
    start = datetime(2024, 2, 5, 1, 0, tzinfo=UTC)
    clock = SystemClock(start)
    assert start <= clock.now() < start + timedelta(minutes=1)
    assert SystemClock().shift == timedelta()
