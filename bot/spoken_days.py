"""The day a person types for something that happened: 今天, 昨天, 3月5日, 3.5, 2024-03-05, 5 March.

A day without its year is the last one of that name. What is still to come is read by `bot.spoken_dates`.
"""

import re
import unicodedata
from datetime import date

from bot.spoken_periods import period_in

_SHORT = re.compile(r"(?<![\d.])(1[0-2]|0?[1-9])[./-](3[01]|[12]\d|0?[1-9])(?![\d.])")
_YEAR = re.compile(r"20\d\d")
_TO_COME = re.compile("明[天日]|tomorrow")
_ENGLISH = re.compile(r"\b(3[01]|[12]\d|0?[1-9])\s+([a-z]{3,9})\b|\b([a-z]{3,9})\s+(3[01]|[12]\d|0?[1-9])\b")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905  # reads as a list of words


def past_day(text: str, *, today: date) -> date | None:
    """Return the day a text names, in Asia/Shanghai; None where it names none, or one that does not exist.

    With its year, or as tomorrow, it may be still to come.
    """
    said = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    day = _read(said, today)
    if day is None or day <= today or _YEAR.search(said) or _TO_COME.search(said):
        return day
    return _date(day.year - 1, day.month, day.day)


def _read(said: str, today: date) -> date | None:
    found = None if _YEAR.search(said) else _SHORT.search(said)
    if found is not None:
        return _date(today.year, int(found[1]), int(found[2]))
    if english := _ENGLISH.search(said):
        name, number = (english[2] or english[3])[:3], english[1] or english[4]
        if name in _MONTHS:
            year = _YEAR.search(said)
            return _date(int(year[0]) if year else today.year, _MONTHS.index(name) + 1, int(number))
    period = period_in(said, today=today)
    try:
        return None if period is None else date.fromisoformat(period)
    except ValueError:
        return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
