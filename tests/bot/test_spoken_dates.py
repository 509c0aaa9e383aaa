"""The day an officer types for something to come. Today is Monday 5 February 2024."""

from datetime import date

import pytest

from bot.spoken_dates import coming_day

TODAY = date(2024, 2, 5)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-15", "2024-03-15"),
        ("2024/3/15", "2024-03-15"),
        ("2024.3.15", "2024-03-15"),
        ("2024年3月15日", "2024-03-15"),
        ("２０２４年３月１５日", "2024-03-15"),
        ("2023-03-15", "2023-03-15"),
        ("3月15日", "2024-03-15"),
        ("3月15号前", "2024-03-15"),
        ("延至3月15日。", "2024-03-15"),
        ("3.15", "2024-03-15"),
        ("1月15日", "2025-01-15"),
        ("明年1月15日", "2025-01-15"),
        ("2月29日", "2024-02-29"),
        ("2月5日", "2024-02-05"),
        ("20日", "2024-02-20"),
        ("3号", "2024-03-03"),
        ("31日", "2024-03-31"),
        ("今天", "2024-02-05"),
        ("明天", "2024-02-06"),
        ("后天", "2024-02-07"),
        ("10天后", "2024-02-15"),
        ("周五", "2024-02-09"),
        ("本周五", "2024-02-09"),
        ("下周五", "2024-02-16"),
        ("下星期日", "2024-02-18"),
        ("月底", "2024-02-29"),
        ("下月底", "2024-03-31"),
        ("Friday", "2024-02-09"),
        ("next Friday", "2024-02-16"),
        ("until 15 March", "2024-03-15"),
        ("15 March 2025", "2025-03-15"),
        ("March 15, 2025", "2025-03-15"),
        ("end of this month", "2024-02-29"),
        ("in 3 days", "2024-02-08"),
    ],
)
def test_a_day_is_read(text: str, day: str) -> None:
    assert coming_day(text, today=TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "谁逾期了",
        "2024-02-30",
        "2月30日",
        "13月1日",
        "32日",
        "3月",
        "2024",
        "尽快",
        "3月15日或16日",
        "0.0",
    ],
)
def test_what_is_no_day_is_not_guessed(text: str) -> None:
    assert coming_day(text, today=TODAY) is None


def test_the_last_day_of_the_calendar_is_no_reason_to_break() -> None:
    assert coming_day("999天后", today=date(9999, 12, 30)) is None


def test_the_29th_of_february_is_the_next_there_is() -> None:
    assert coming_day("2月29日", today=date(2024, 3, 1)) == date(2028, 2, 29)


def test_a_weekday_that_has_passed_is_next_weeks() -> None:
    assert coming_day("周一", today=date(2024, 2, 7)) == date(2024, 2, 12)


def test_a_mistyped_year_is_read_so_that_it_can_be_refused_as_one() -> None:
    assert coming_day("2124-03-15", today=date(2024, 2, 5)) == date(2124, 3, 15)
