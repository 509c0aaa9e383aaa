"""The period a sentence speaks of: 上个月, 2023年度, 一季度. What it is for is the reader's.

Months and years come out as an obligation's period does; a quarter is ``YYYY-Qn``, a week ``YYYY-Www``, a day
``YYYY-MM-DD``, several years ``YYYY-YYYY``.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

_NUMERALS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_NUMERALS |= {"十一": 11, "十二": 12}
_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905  # reads as a list of words
_YEAR = r"(?<!\d)(20\d\d)"
_MONTH = r"(1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(3[01]|[12]\d|0?[1-9])"
_ENGLISH_MONTH = (
    r"\b(" + "|".join(f"{name[:3]}(?:{name[3:]})?" if name != "may" else name for name in _MONTHS) + r")\b"
)

Found = re.Match[str]


def _month(year: int, month: int) -> str:
    """Return a month; ``month`` may run past December or before January."""
    years, rest = divmod(month - 1, 12)
    return f"{year + years}-{rest + 1:02d}"


def _quarter(year: int, quarter: int) -> str:
    years, rest = divmod(quarter - 1, 4)
    return f"{year + years}-Q{rest + 1}"


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _number(text: str) -> int:
    return _NUMERALS.get(text) or int(text)


def _recent_month(month: int, today: date) -> str:
    """Return the month that a month without a year means: the latest that has begun."""
    return _month(today.year if month <= today.month else today.year - 1, month)


def _english(name: str) -> int:
    return next(place for place, each in enumerate(_MONTHS, start=1) if each.startswith(name[:3]))


def _quarter_of(today: date) -> int:
    return (today.month - 1) // 3 + 1


# The first that fits is meant: the more exact ones stand before those they contain.
_PATTERNS: Mapping[str, Callable[[Found, date], str | None]] = {
    rf"{_YEAR}\s*(?:年度?)?\s*(?:[-—~至到、和]|and|to)\s*(20\d\d)(?!\d)": lambda m, _: f"{m[1]}-{m[2]}",
    rf"{_YEAR}[-/.年]\s*{_MONTH}[-/.月]\s*{_DAY}(?!\d)[日号]?": lambda m, _: _day(
        int(m[1]), _number(m[2]), int(m[3])
    ),
    rf"{_YEAR}\s*(?:年?\s*第?\s*([1-4一二三四])\s*季度?|-?\s*q([1-4]))": lambda m, _: _quarter(
        int(m[1]), _number(m[2] or m[3])
    ),
    rf"{_YEAR}(?:年|[-/.])\s*{_MONTH}(?:月份?|(?!\d))": lambda m, _: _month(int(m[1]), _number(m[2])),
    rf"{_ENGLISH_MONTH},?\s+(20\d\d)": lambda m, _: _month(int(m[2]), _english(m[1])),
    rf"(20\d\d)\s+{_ENGLISH_MONTH}": lambda m, _: _month(int(m[1]), _english(m[2])),
    rf"(?<!\d){_MONTH}月{_DAY}[日号]": lambda m, t: _day(t.year, _number(m[1]), int(m[2])),
    r"上上个?月": lambda _, t: _month(t.year, t.month - 2),
    r"上个?月|前一个?月|last month|previous month": lambda _, t: _month(t.year, t.month - 1),
    r"[本这当]个?月|this month|current month": lambda _, t: _month(t.year, t.month),
    r"下个?月|next month": lambda _, t: _month(t.year, t.month + 1),
    r"上个?季度?|last quarter|previous quarter": lambda _, t: _quarter(t.year, _quarter_of(t) - 1),
    r"[本这]个?季度?|this quarter": lambda _, t: _quarter(t.year, _quarter_of(t)),
    r"第?([1-4一二三四])季度|\bq([1-4])\b": lambda m, t: _quarter(t.year, _number(m[1] or m[2])),
    r"去年(?:的)?" + _MONTH + "月": lambda m, t: _month(t.year - 1, _number(m[1])),
    r"今年(?:的)?" + _MONTH + "月": lambda m, t: _month(t.year, _number(m[1])),
    rf"(?<![\d个十]){_MONTH}月(?!\d)": lambda m, t: _recent_month(_number(m[1]), t),
    _ENGLISH_MONTH: lambda m, t: None if m[1] == "may" else _recent_month(_english(m[1]), t),
    r"上个?[周星]期?|上个?礼拜|last week": lambda _, t: _week(t - timedelta(days=7)),
    r"[本这]个?[周星]期?|这个?礼拜|this week": lambda _, t: _week(t),
    r"下个?[周星]期?|下个?礼拜|next week": lambda _, t: _week(t + timedelta(days=7)),
    r"前年": lambda _, t: str(t.year - 2),
    r"去年|上一?年度?|last year": lambda _, t: str(t.year - 1),
    r"今年|[本当]年度?|this year": lambda _, t: str(t.year),
    r"明年|下一?年度?|next year": lambda _, t: str(t.year + 1),
    r"昨[天日]|yesterday": lambda _, t: (t - timedelta(days=1)).isoformat(),
    r"今[天日]|当日|today": lambda _, t: t.isoformat(),
    r"明[天日]|tomorrow": lambda _, t: (t + timedelta(days=1)).isoformat(),
    rf"{_YEAR}(?!\d)\s*年?度?": lambda m, _: m[1],
}
_COMPILED = tuple((re.compile(pattern), period) for pattern, period in _PATTERNS.items())


def period_in(text: str, *, today: date) -> str | None:
    """Return the period a sentence, in lower case, speaks of; None where it speaks of none."""
    for pattern, period in _COMPILED:
        if (found := pattern.search(text)) and (said := period(found, today)) is not None:
            return said
    return None
