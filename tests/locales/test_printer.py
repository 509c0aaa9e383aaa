"""Dates, moments, counts and lists as people write them, in both languages."""

from datetime import UTC, date, datetime

import pytest

from locales.printer import Printer

ZH, EN = Printer.for_language("zh-hans"), Printer.for_language("en")
DAY, TODAY, LAST_YEAR = date(2024, 2, 9), date(2024, 1, 31), date(2023, 12, 31)


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("zh", "zh-hans"),
        ("zh-CN", "zh-hans"),
        ("ZH-TW", "zh-hans"),
        ("zh-hans", "zh-hans"),
        ("en", "en"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_any_chinese_is_chinese_and_all_else_english(code: str, language: str) -> None:
    assert Printer.for_language(code).language == language


@pytest.mark.parametrize(
    ("today", "weekday", "chinese", "english"),
    [
        (None, False, "2024年2月9日", "9 Feb 2024"),
        (TODAY, False, "2月9日", "9 Feb"),
        (TODAY, True, "2月9日（周五）", "Fri 9 Feb"),
        (LAST_YEAR, False, "2024年2月9日", "9 Feb 2024"),
        (LAST_YEAR, True, "2024年2月9日（周五）", "Fri 9 Feb 2024"),
    ],
)
def test_a_day(today: date | None, weekday: bool, chinese: str, english: str) -> None:  # noqa: FBT001  # a table's cell
    assert ZH.day(DAY, today=today, weekday=weekday) == chinese
    assert EN.day(DAY, today=today, weekday=weekday) == english


def test_a_moment_is_shanghais_whatever_zone_it_comes_in() -> None:
    instant = datetime(2024, 2, 8, 16, 5, tzinfo=UTC)
    assert ZH.moment(instant) == "2024年2月9日 00:05"
    assert EN.moment(instant, today=TODAY) == "9 Feb 00:05"


def test_english_counts_one_and_many_and_chinese_does_not() -> None:
    assert [EN.plural("{n} day left", "{n} days left", n) for n in (0, 1, 2)] == [
        "0 days left",
        "1 day left",
        "2 days left",
    ]
    assert [ZH.plural("{n} day left", "{n} days left", n) for n in (1, 2)] == ["还剩 1 天", "还剩 2 天"]


def test_a_list_stands_as_the_language_writes_it() -> None:
    assert ZH.listed(["甲", "乙"]) == "甲、乙"
    assert EN.listed(["a", "b"]) == "a, b"


def test_a_value_that_looks_like_a_placeholder_is_only_text() -> None:
    assert ZH.text("Reason: {reason}", reason="{office}") == "原因：{office}"


def test_a_sentence_unknown_to_the_catalogue_is_said_in_english() -> None:
    assert ZH.text("Nobody ever said this.") == "Nobody ever said this."
