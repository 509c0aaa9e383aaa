"""The day somebody types, on Wednesday 6 March 2024."""

from datetime import date

import pytest

from bot.spoken_days import past_day

TODAY = date(2024, 3, 6)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("今天", date(2024, 3, 6)),
        ("昨天", date(2024, 3, 5)),
        ("2024-03-05", date(2024, 3, 5)),
        ("2024年3月5日", date(2024, 3, 5)),
        ("2024/3/5", date(2024, 3, 5)),
        ("3月5日", date(2024, 3, 5)),
        ("3月5号", date(2024, 3, 5)),
        ("3.5", date(2024, 3, 5)),
        ("三月5日", date(2024, 3, 5)),
        ("３月５日", date(2024, 3, 5)),
        ("5 March", date(2024, 3, 5)),
        ("March 5 2023", date(2023, 3, 5)),
        ("yesterday", date(2024, 3, 5)),
        ("12月30日", date(2023, 12, 30)),
        ("明天", date(2024, 3, 7)),
        ("2024-12-30", date(2024, 12, 30)),
        ("2月30日", None),
        ("2024-02-30", None),
        ("3月", None),
        ("上个月", None),
        ("不知道", None),
        ("", None),
    ],
)
def test_the_last_day_of_that_name(text: str, day: date | None) -> None:
    assert past_day(text, today=TODAY) == day
