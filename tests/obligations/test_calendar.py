"""The State Council's calendar, day by day against an independent table, and counting on it."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.calendar import CalendarError, load_calendar, read_calendar

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


YEAR = """
[[years]]
year = 2023
title = "t"
number = "n"
issued_on = 2022-12-08
url = "https://www.gov.cn/"
off = [{ name = "元旦", from = 2023-01-02, to = 2023-01-02 }]
working = [2023-01-07]
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[years", "cn.toml"),
        ("years = []", "years"),
        (YEAR.replace("working = [2023-01-07]", "working = [2023-01-06]"), "2023-01-06 is a weekday already"),
        (YEAR.replace("to = 2023-01-02", "to = 2023-01-01"), "`to` lies before `from`"),
        (YEAR.replace("to = 2023-01-02", "to = 2023-01-08"), "2023-01-07 is given both"),
        (YEAR + YEAR.replace("year = 2023", "year = 2025"), "without a gap"),
        (YEAR.replace("working =", "worked ="), "worked"),
    ],
)
def test_a_faulty_calendar_is_refused_with_its_fault(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "cn.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CalendarError, match=said) as refused:
        read_calendar(path)
    assert str(refused.value).startswith("cn.toml: ")


def test_a_calendar_of_one_year_is_published_for_that_year(tmp_path: Path) -> None:
    path = tmp_path / "cn.toml"
    path.write_text(YEAR, encoding="utf-8")
    calendar = read_calendar(path)
    assert (calendar.published_from, calendar.published_through) == (date(2023, 1, 1), date(2023, 12, 31))
    assert not calendar.is_working_day(date(2023, 1, 2))
    assert calendar.is_working_day(date(2023, 1, 7))
