"""Reminder days forward from a due date, and the inverse the planner uses; they must agree."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.calendar import load_calendar
from obligations.reminders import Mark, OverdueWindow, before_due, overdue_window, reminder_days

CALENDAR = load_calendar()
DAYS = st.dates(date(2023, 1, 1), date(2027, 3, 31))
OFFSETS = st.lists(st.integers(0, 40), max_size=6).map(tuple)
DEFAULT = (10, 5, 3, 1, 0)


@pytest.mark.parametrize(
    ("due_on", "days"),
    [
        (
            date(2024, 3, 20),
            (date(2024, 3, 8), date(2024, 3, 15), date(2024, 3, 19), date(2024, 3, 20)),
        ),  # 10 before is a Sunday, 5 and 3 before meet on the Friday
        (
            date(2024, 2, 20),
            (date(2024, 2, 9), date(2024, 2, 19), date(2024, 2, 20)),
        ),  # 10, 5 and 3 before fall into the Spring Festival and meet on New Year's Eve, which is worked
        (date(2023, 10, 15), (date(2023, 9, 28), date(2023, 10, 10), date(2023, 10, 12), date(2023, 10, 13))),
    ],
)
def test_an_offset_on_a_day_off_moves_to_the_working_day_before_and_those_that_meet_are_one(
    due_on: date, days: tuple[date, ...]
) -> None:
    assert reminder_days(due_on, DEFAULT, CALENDAR) == days


def test_a_working_day_reminds_of_the_due_dates_its_offsets_reach() -> None:
    assert before_due(date(2024, 3, 19), (5, 1, 0), CALENDAR) == (
        Mark(due_on=date(2024, 3, 19), offset=0),
        Mark(due_on=date(2024, 3, 20), offset=1),
        Mark(due_on=date(2024, 3, 24), offset=5),
    )


def test_the_last_working_day_before_days_off_speaks_for_all_of_them() -> None:
    marks = before_due(date(2024, 2, 9), (1, 0), CALENDAR)
    assert [mark.due_on for mark in marks] == [
        date(2024, 2, 9) + timedelta(days=count) for count in range(10)
    ]
    assert [mark.offset for mark in marks] == [0] * 9 + [1]


def test_a_day_off_reminds_of_nothing() -> None:
    assert before_due(date(2024, 2, 10), DEFAULT, CALENDAR) == ()
    assert overdue_window(date(2024, 2, 10), CALENDAR) is None


def test_without_offsets_nothing_is_reminded_of() -> None:
    assert reminder_days(date(2024, 3, 20), (), CALENDAR) == ()
    assert before_due(date(2024, 3, 20), (), CALENDAR) == ()


def test_a_negative_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        reminder_days(date(2024, 3, 20), (1, -1), CALENDAR)
    with pytest.raises(ValueError, match="not negative"):
        before_due(date(2024, 3, 20), (1, -1), CALENDAR)


@pytest.mark.parametrize(
    ("day", "window"),
    [
        (date(2024, 3, 18), OverdueWindow(daily_since=date(2024, 3, 4), weekly=True)),
        (date(2024, 3, 19), OverdueWindow(daily_since=date(2024, 3, 5), weekly=False)),
        (date(2024, 2, 18), OverdueWindow(daily_since=date(2024, 1, 30), weekly=True)),
        (date(2024, 2, 19), OverdueWindow(daily_since=date(2024, 1, 31), weekly=True)),
    ],
)
def test_overdue_is_reminded_of_for_ten_working_days_then_on_the_first_of_each_week(
    day: date, window: OverdueWindow
) -> None:
    assert overdue_window(day, CALENDAR) == window


@settings(max_examples=120)
@given(DAYS, OFFSETS)
def test_the_inverse_names_every_due_date_that_has_the_day_and_no_other(
    day: date, offsets: tuple[int, ...]
) -> None:
    near = [day + timedelta(days=count) for count in range(-3, 60)]
    forward = {due_on for due_on in near if day in reminder_days(due_on, offsets, CALENDAR)}
    assert {mark.due_on for mark in before_due(day, offsets, CALENDAR)} == forward


@settings(max_examples=120)
@given(DAYS, OFFSETS)
def test_a_mark_carries_the_smallest_offset_that_meets_on_the_day(
    day: date, offsets: tuple[int, ...]
) -> None:
    for mark in before_due(day, offsets, CALENDAR):
        meeting = [
            offset
            for offset in offsets
            if CALENDAR.previous_working_day(mark.due_on - timedelta(days=offset)) == day
        ]
        assert mark.offset == min(meeting)


@given(DAYS, OFFSETS)
def test_every_reminder_day_is_worked_and_none_is_after_the_due_date(
    due_on: date, offsets: tuple[int, ...]
) -> None:
    days = reminder_days(due_on, offsets, CALENDAR)
    assert all(CALENDAR.is_working_day(day) and day <= due_on for day in days)
    assert len(days) <= len(set(offsets))
    assert bool(days) == bool(offsets)


@given(DAYS, st.integers(0, 60), st.integers(1, 15))
def test_the_daily_window_holds_a_due_date_for_its_first_working_days_overdue(
    due_on: date, after: int, daily_for: int
) -> None:
    day = due_on + timedelta(days=after)
    window = overdue_window(day, CALENDAR, daily_for)
    worked = sum(CALENDAR.is_working_day(due_on + timedelta(days=count)) for count in range(1, after + 1))
    if window is None:
        assert not CALENDAR.is_working_day(day)
    else:
        daily = window.daily_since <= due_on < day
        assert daily == (1 <= worked <= daily_for)


@given(st.dates(date(2023, 1, 9), date(2026, 12, 20)))
def test_a_week_with_a_working_day_has_exactly_one_weekly_reminder(day: date) -> None:
    monday = day - timedelta(days=day.weekday())
    windows = [overdue_window(monday + timedelta(days=count), CALENDAR) for count in range(7)]
    worked = [window for window in windows if window is not None]
    assert [window.weekly for window in worked] == [True] * bool(worked) + [False] * (len(worked) - 1)
