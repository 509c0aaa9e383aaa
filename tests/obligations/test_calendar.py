"""The State Council's calendar, day by day against an independent table, and counting on it."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.calendar import Coverage, load_calendar

CALENDAR = load_calendar()
DAYS = st.dates(date(2022, 12, 1), date(2027, 12, 31))


def test_every_day_from_2023_to_2026_agrees_with_chinesecalendar() -> None:
    days = [date(2023, 1, 1) + timedelta(days=count) for count in range(4 * 365 + 1)]
    assert days[-1] == date(2026, 12, 31)
    assert [day for day in days if CALENDAR.is_working_day(day) != chinese_calendar.is_workday(day)] == []


@pytest.mark.parametrize(
    ("day", "worked", "why"),
    [
        (date(2024, 2, 9), True, "New Year's Eve 2024: leave is only encouraged"),
        (date(2024, 2, 10), False, "Spring Festival"),
        (date(2024, 2, 4), True, "a make-up Sunday before the Spring Festival"),
        (date(2024, 2, 18), True, "a make-up Sunday after it"),
        (date(2023, 10, 7), True, "a make-up Saturday after National Day"),
        (date(2023, 9, 29), False, "Mid-autumn Festival, joined to National Day"),
        (date(2025, 1, 28), False, "New Year's Eve 2025 is off since the 2024 revision"),
        (date(2026, 1, 4), True, "a make-up Sunday after the New Year"),
        (date(2026, 5, 9), True, "a make-up Saturday after Labour Day"),
        (date(2024, 3, 9), False, "an ordinary Saturday"),
        (date(2024, 2, 17), False, "the last day of the Spring Festival 2024"),
        (date(2025, 1, 27), True, "the Monday before the Spring Festival 2025"),
        (date(2025, 1, 26), True, "a make-up Sunday before it"),
        (date(2025, 2, 4), False, "its last day"),
        (date(2025, 2, 8), True, "a make-up Saturday after it"),
        (date(2026, 2, 14), True, "a make-up Saturday before the Spring Festival 2026"),
        (date(2026, 2, 15), False, "its first day, two days before New Year's Eve"),
        (date(2026, 2, 23), False, "its last day"),
        (date(2026, 2, 28), True, "a make-up Saturday after it"),
        (date(2023, 10, 8), True, "a make-up Sunday after National Day 2023"),
        (date(2024, 9, 29), True, "a make-up Sunday before National Day 2024"),
        (date(2024, 10, 12), True, "a make-up Saturday after it"),
        (date(2025, 9, 28), True, "a make-up Sunday before National Day 2025"),
        (date(2025, 10, 11), True, "a make-up Saturday after it"),
        (date(2025, 10, 8), False, "its eighth day: Mid-autumn falls into it"),
        (date(2026, 9, 20), True, "a make-up Sunday before National Day 2026"),
        (date(2026, 10, 10), True, "a make-up Saturday after it"),
        (date(2022, 12, 31), False, "New Year 2023 begins in the year before"),
    ],
)
def test_make_up_days_are_worked_and_festivals_are_not(day: date, worked: bool, why: str) -> None:  # noqa: FBT001 - a table's column
    assert CALENDAR.is_working_day(day) is worked, why


def test_the_calendar_knows_how_far_it_is_published() -> None:
    assert CALENDAR.published_through == date(2026, 12, 31)
    assert CALENDAR.is_published(date(2023, 1, 1))
    assert CALENDAR.is_published(date(2026, 12, 31))
    assert not CALENDAR.is_published(date(2022, 12, 31))
    assert not CALENDAR.is_published(date(2027, 1, 1))


def test_beyond_the_published_years_weekdays_are_taken_for_working_days() -> None:
    assert CALENDAR.is_working_day(date(2027, 1, 1))
    assert not CALENDAR.is_working_day(date(2027, 1, 2))


def test_every_year_names_its_notice_and_source() -> None:
    assert {year.year: year.number for year in CALENDAR.years} == {
        2023: "国办发明电〔2022〕16号",
        2024: "国办发明电〔2023〕7号",
        2025: "国办发明电〔2024〕12号",
        2026: "国办发明电〔2025〕7号",
    }
    assert all(year.url.startswith("https://www.gov.cn/") for year in CALENDAR.years)
    assert all(year.issued_on < date(year.year, 1, 1) for year in CALENDAR.years)


def test_every_year_says_in_which_reprint_it_was_read() -> None:
    assert all(year.read_in for year in CALENDAR.years)
    assert not {year.url for year in CALENDAR.years} & {
        page for year in CALENDAR.years for page in year.read_in
    }


@pytest.mark.parametrize(
    ("today", "days_left", "alarmed"),
    [
        (date(2026, 10, 31), 61, False),
        (date(2026, 11, 1), 60, True),
        (date(2026, 12, 30), 1, True),
        (date(2026, 12, 31), 0, True),
        (date(2027, 1, 1), -1, True),
        (date(2027, 3, 1), -60, True),
    ],
)
def test_from_60_days_before_its_last_day_the_calendar_is_to_be_extended(
    today: date,
    days_left: int,
    alarmed: bool,  # noqa: FBT001 - a table's column
) -> None:
    coverage = CALENDAR.coverage(today=today)
    assert coverage == Coverage(through=date(2026, 12, 31), days_left=days_left)
    assert coverage.alarmed is alarmed


def test_the_shipped_calendar_is_read_once() -> None:
    assert load_calendar() is load_calendar()


@pytest.mark.parametrize(
    ("day", "n", "reached"),
    [
        (date(2024, 3, 4), 1, date(2024, 3, 5)),
        (date(2024, 3, 1), 1, date(2024, 3, 4)),
        (date(2024, 2, 8), 3, date(2024, 2, 19)),
        (date(2023, 9, 27), 3, date(2023, 10, 8)),
    ],
)
def test_the_day_itself_is_not_counted(day: date, n: int, reached: date) -> None:
    assert CALENDAR.add_working_days(day, n) == reached


@pytest.mark.parametrize("n", [0, -1])
def test_less_than_one_working_day_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.add_working_days(date(2024, 3, 4), n)
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.subtract_working_days(date(2024, 3, 4), n)


@pytest.mark.parametrize(
    ("day", "following", "before"),
    [
        (date(2024, 2, 9), date(2024, 2, 9), date(2024, 2, 9)),
        (date(2024, 2, 10), date(2024, 2, 18), date(2024, 2, 9)),
        (date(2023, 10, 1), date(2023, 10, 7), date(2023, 9, 28)),
        (date(2023, 12, 31), date(2024, 1, 2), date(2023, 12, 29)),
    ],
)
def test_the_nearest_working_day_is_the_day_itself_if_it_is_worked(
    day: date, following: date, before: date
) -> None:
    assert CALENDAR.next_working_day(day) == following
    assert CALENDAR.previous_working_day(day) == before


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2024, 3, 4), True),
        (date(2024, 3, 5), False),
        (
            date(2024, 2, 18),
            True,
        ),  # a make-up Sunday is the only working day of the week of the Spring Festival
        (date(2024, 2, 19), True),
        (date(2024, 4, 7), False),
        (date(2025, 2, 5), True),
        (date(2025, 2, 4), False),
    ],
)
def test_the_first_working_day_of_a_week_is_counted_from_monday(day: date, first: bool) -> None:  # noqa: FBT001 - a table's column
    assert CALENDAR.is_first_working_day_of_week(day) is first


@given(DAYS, st.integers(1, 30))
def test_counting_forth_passes_exactly_n_working_days(day: date, n: int) -> None:
    reached = CALENDAR.add_working_days(day, n)
    passed = [day + timedelta(days=count) for count in range(1, (reached - day).days + 1)]
    assert sum(map(CALENDAR.is_working_day, passed)) == n
    assert CALENDAR.is_working_day(reached)


@given(DAYS, st.integers(1, 30))
def test_counting_forth_and_back_returns_to_the_nearest_working_day(day: date, n: int) -> None:
    assert CALENDAR.subtract_working_days(
        CALENDAR.add_working_days(day, n), n
    ) == CALENDAR.previous_working_day(day)
