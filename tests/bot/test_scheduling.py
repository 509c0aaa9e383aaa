"""A rehearsed date fires the timetable as the real one would."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from bot.clock import SystemClock
from bot.scheduling import ShiftedTrigger

NINE = CronTrigger(hour=9, timezone=ZoneInfo("Asia/Shanghai"))
REAL = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rehearsed", "fires_in"),
    [
        (datetime(2024, 2, 5, 0, 59, tzinfo=UTC), timedelta(minutes=1)),
        (datetime(2024, 2, 5, 1, 1, tzinfo=UTC), timedelta(hours=23, minutes=59)),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), timedelta(hours=1)),
        (REAL, timedelta(hours=13)),
    ],
)
def test_it_fires_when_the_shifted_clock_gets_there(rehearsed: datetime, fires_in: timedelta) -> None:
    trigger = ShiftedTrigger(NINE, rehearsed - REAL)
    first = trigger.get_next_fire_time(None, REAL)
    assert first == REAL + fires_in
    assert trigger.get_next_fire_time(first, REAL + fires_in) == REAL + fires_in + timedelta(days=1)


def test_a_trigger_that_is_over_stays_over() -> None:
    shift = datetime(2024, 2, 5, tzinfo=UTC) - REAL
    over = ShiftedTrigger(DateTrigger(REAL + shift), shift)
    assert over.get_next_fire_time(None, REAL) == REAL
    assert over.get_next_fire_time(REAL, REAL) is None


def test_a_clock_started_elsewhere_runs_on_from_there() -> None:
    start = datetime(2024, 2, 5, 1, 0, tzinfo=UTC)
    clock = SystemClock(start)
    assert start <= clock.now() < start + timedelta(minutes=1)
    assert SystemClock().shift == timedelta()
