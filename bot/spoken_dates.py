"""The day a person types for something still to come: 2024-03-15, 3月15日, 3.15, 下周五, next Friday, 月底.

A day without its year is the next one of that name. Nothing but a day is read here: a sentence is not.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta

_DAY = timedelta(days=1)
_WEEK = 7
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_ENGLISH_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ENGLISH_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905  # reads as a list of words
)
_SOON = {"今天": 0, "今日": 0, "today": 0, "明天": 1, "明日": 1, "tomorrow": 1, "后天": 2, "大后天": 3}
_MONTH_NAME = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY_NAME = r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*"

Found = re.Match[str]


def _in_year(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next(month: int, day: int, today: date) -> date | None:
    """Return the next day of this name; the 29th of February may be years away."""
    for year in range(today.year, today.year + 9):
        found = _in_year(year, month, day)
        if found is not None and found >= today:
            return found
    return None


def _next_of_month(day: int, today: date) -> date | None:
    for months in range(13):
        years, month = divmod(today.month - 1 + months, 12)
        found = _in_year(today.year + years, month + 1, day)
        if found is not None and found >= today:
            return found
    return None


def _month_end(today: date, months: int) -> date:
    years, month = divmod(today.month - 1 + months + 1, 12)
    return date(today.year + years, month + 1, 1) - _DAY


def _weekday(weekday: int, today: date, weeks: int | None) -> date:
    """Return a weekday of this week (``weeks`` 0), of a later one, or without a week the next of its name."""
    monday = today - today.weekday() * _DAY
    if weeks is None:
        found = monday + weekday * _DAY
        return found if found >= today else found + _WEEK * _DAY
    return monday + (weeks * _WEEK + weekday) * _DAY


def _english_day(name: str) -> int:
    return next(place for place, each in enumerate(_ENGLISH_DAYS) if each.startswith(name))


def _english_month(name: str) -> int:
    return next(place for place, each in enumerate(_ENGLISH_MONTHS, start=1) if each.startswith(name))


_PATTERNS: Mapping[str, Callable[[Found, date], date | None]] = {
    r"(2\d{3})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?": lambda m, _: _in_year(
        int(m[1]), int(m[2]), int(m[3])
    ),
    r"明年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?": lambda m, t: _in_year(t.year + 1, int(m[1]), int(m[2])),
    r"(?:今年)?\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?": lambda m, t: _next(int(m[1]), int(m[2]), t),
    r"(?:本月)?\s*(\d{1,2})\s*[日号]": lambda m, t: _next_of_month(int(m[1]), t),
    "|".join(_SOON): lambda m, t: t + _SOON[m[0]] * _DAY,
    r"(?:in\s+)?(\d{1,3})\s*(?:天|日|days?)\s*(?:后|之后|以后)?": lambda m, t: t + int(m[1]) * _DAY,
    r"下\s*个?(?:周|星期|礼拜)([一二三四五六日天])": lambda m, t: _weekday(_WEEKDAYS[m[1]], t, 1),
    r"[本这]\s*个?(?:周|星期|礼拜)([一二三四五六日天])": lambda m, t: _weekday(_WEEKDAYS[m[1]], t, 0),
    r"(?:周|星期|礼拜)([一二三四五六日天])": lambda m, t: _weekday(_WEEKDAYS[m[1]], t, None),
    rf"next\s+{_DAY_NAME}": lambda m, t: _weekday(_english_day(m[1]), t, 1),
    rf"(?:this\s+)?{_DAY_NAME}": lambda m, t: _weekday(_english_day(m[1]), t, None),
    r"[本这]?个?月底|[本这]?个?月末|end of (?:the|this) month": lambda _, t: _month_end(t, 0),
    r"下个?月底|下个?月末|end of next month": lambda _, t: _month_end(t, 1),
    rf"(\d{{1,2}})\s+{_MONTH_NAME}\s+(20\d\d)": lambda m, _: _in_year(
        int(m[3]), _english_month(m[2]), int(m[1])
    ),
    rf"{_MONTH_NAME}\s+(\d{{1,2}}),?\s+(20\d\d)": lambda m, _: _in_year(
        int(m[3]), _english_month(m[1]), int(m[2])
    ),
    rf"(\d{{1,2}})\s+{_MONTH_NAME}": lambda m, t: _next(_english_month(m[2]), int(m[1]), t),
    rf"{_MONTH_NAME}\s+(\d{{1,2}})": lambda m, t: _next(_english_month(m[1]), int(m[2]), t),
}
_COMPILED = tuple((re.compile(pattern), day) for pattern, day in _PATTERNS.items())
_AROUND = re.compile(r"^(?:延至|延期至|延到|到|至|by|until)\s*|\s*(?:之前|以前|前|为止|止)$")


def coming_day(text: str, *, today: date) -> date | None:
    """Return the day a person typed, in Asia/Shanghai; None where it is none. With its year it may have passed."""
    said = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    words = _AROUND.sub("", said.rstrip("。."))
    for pattern, day in _COMPILED:
        if (found := pattern.fullmatch(words)) is not None:
            try:
                return day(found, today)
            except OverflowError:
                return None
    return None
