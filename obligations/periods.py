"""The period a duty is for: a month, a year, or a span of years.

Only the span of days and its canonical text live here. What a rule means by its period (the year reported
on, the year a list is for) is the rule's, in the notice.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

_MONTH = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})")
_YEAR = re.compile(r"(?P<year>[0-9]{4})")
_SPAN = re.compile(r"(?P<first>[0-9]{4})-(?P<last>[0-9]{4})")

FIRST_YEAR = 2000
LAST_YEAR = 2199
_DECEMBER = 12


class PeriodError(ValueError):
    """A period is written YYYY-MM, YYYY or YYYY-YYYY, within the years 2000 to 2199."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a period: write a month as 2024-01, a year as 2024 or a span of years as "
            f"2021-2022, within {FIRST_YEAR} to {LAST_YEAR}"
        )
        self.text = text


class PeriodKind(StrEnum):
    """How long a period is."""

    MONTH = "month"
    YEAR = "year"
    SPAN = "span"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Period:
    """A month, a year or a span of whole years. Ordered by its first day.

    ``start`` and ``end`` are both inclusive. Made by `parse`, `month`, `year` or `span`.
    """

    start: date
    end: date
    kind: PeriodKind

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the canonical text: ``2024-01``, ``2024`` or ``2021-2022``.

        Raises:
            PeriodError: the text is anything else.
        """
        if found := _MONTH.fullmatch(text):
            return cls.month(int(found["year"]), int(found["month"]))
        if found := _YEAR.fullmatch(text):
            return cls.year(int(found["year"]))
        if found := _SPAN.fullmatch(text):
            return cls.span(int(found["first"]), int(found["last"]))
        raise PeriodError(text)

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        """Return one calendar month; January is 1.

        Raises:
            PeriodError: there is no such month, or the year is out of range.
        """
        if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= _DECEMBER):
            raise PeriodError(f"{year:04}-{month:02}")
        after = date(year + month // _DECEMBER, month % _DECEMBER + 1, 1)
        return cls(start=date(year, month, 1), end=after - timedelta(days=1), kind=PeriodKind.MONTH)

    @classmethod
    def year(cls, year: int) -> Self:
        """Return one calendar year.

        Raises:
            PeriodError: the year is out of range.
        """
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise PeriodError(f"{year:04}")
        return cls(start=date(year, 1, 1), end=date(year, _DECEMBER, 31), kind=PeriodKind.YEAR)

    @classmethod
    def span(cls, first: int, last: int) -> Self:
        """Return the years ``first`` to ``last``, both included.

        Raises:
            PeriodError: ``last`` is not after ``first``, or a year is out of range.
        """
        if not FIRST_YEAR <= first < last <= LAST_YEAR:
            raise PeriodError(f"{first:04}-{last:04}")
        return cls(start=date(first, 1, 1), end=date(last, _DECEMBER, 31), kind=PeriodKind.SPAN)

    def next(self) -> Self:
        """Return the month after this month, or the year after this year.

        Raises:
            ValueError: a span has no next one, or the calendar's range ends here.
        """
        match self.kind:
            case PeriodKind.MONTH:
                after = self.end + timedelta(days=1)
                return type(self).month(after.year, after.month)
            case PeriodKind.YEAR:
                return type(self).year(self.start.year + 1)
            case PeriodKind.SPAN:
                raise ValueError(f"the span {self} has no next period")

    def __str__(self) -> str:
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.start:%Y-%m}"
            case PeriodKind.YEAR:
                return f"{self.start:%Y}"
            case PeriodKind.SPAN:
                return f"{self.start:%Y}-{self.end:%Y}"
