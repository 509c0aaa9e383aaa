"""Working days in China, as the State Council publishes them year by year.

The table is `calendars/cn.toml`, with what an administrator added; `obligations.calendar_files` says what a file may
contain. Beyond its last year nobody knows yet which days will be moved: answers there are the plain weekday guess,
and `WorkingCalendar.is_published` says so. Rolling a due date is in `obligations.deadlines`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from obligations.calendar_files import (
    Break,
    CalendarError,
    CalendarProblem,
    CalendarYear,
    PlacedYear,
    merged,
    read_folder,
    read_years,
)

__all__ = [
    "ALARM_DAYS",
    "Break",
    "CalendarError",
    "CalendarProblem",
    "CalendarYear",
    "Coverage",
    "PlacedYear",
    "WorkingCalendar",
    "check_calendar",
    "load_calendar",
    "load_years",
]

ALARM_DAYS: Final = 60
"""So many days before its last published day, and from then on, a calendar is to be extended."""

_SHIPPED: Final = Path(__file__).with_name("calendars")
_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How far a calendar reaches: ``through`` is its last published day, ``days_left`` are counted from today to it.

    ``days_left`` is 0 on the last day and negative after it.
    """

    through: date
    days_left: int

    @property
    def alarmed(self) -> bool:
        """Whether the next year is to be added now: at most `ALARM_DAYS` are left."""
        return self.days_left <= ALARM_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCalendar:
    """Which days are worked. Dates are calendar days in Asia/Shanghai.

    ``published_from`` and ``published_through`` are inclusive. Outside them a day is taken for a working
    day from Monday to Friday, which is a guess.
    """

    days_off: frozenset[date]
    make_up_days: frozenset[date]
    published_from: date
    published_through: date
    years: tuple[CalendarYear, ...] = ()

    def is_working_day(self, day: date) -> bool:
        """Tell whether offices work on ``day``; a guess where `is_published` is false."""
        if day in self.make_up_days:
            return True
        return day.weekday() < _SATURDAY and day not in self.days_off

    def is_published(self, day: date) -> bool:
        """Tell whether the State Council's arrangement for ``day`` is known to this calendar."""
        return self.published_from <= day <= self.published_through

    def coverage(self, *, today: date) -> Coverage:
        """Return how far the calendar reaches, seen on ``today``."""
        return Coverage(through=self.published_through, days_left=(self.published_through - today).days)

    def add_working_days(self, day: date, n: int) -> date:
        """Return the ``n``-th working day after ``day``, which itself is not counted.

        Raises:
            ValueError: ``n`` is less than 1.
        """
        return self._step(day, n, _DAY)

    def subtract_working_days(self, day: date, n: int) -> date:
        """Return the ``n``-th working day before ``day``, which itself is not counted.

        Raises:
            ValueError: ``n`` is less than 1.
        """
        return self._step(day, n, -_DAY)

    def next_working_day(self, day: date) -> date:
        """Return ``day`` itself if it is worked, else the first working day after it."""
        return day if self.is_working_day(day) else self.add_working_days(day, 1)

    def previous_working_day(self, day: date) -> date:
        """Return ``day`` itself if it is worked, else the last working day before it."""
        return day if self.is_working_day(day) else self.subtract_working_days(day, 1)

    def is_first_working_day_of_week(self, day: date) -> bool:
        """Tell whether ``day`` is the first working day of its ISO week, Monday to Sunday."""
        monday = day - day.weekday() * _DAY
        return self.next_working_day(monday) == day

    def _step(self, day: date, n: int, towards: timedelta) -> date:
        if n < 1:
            raise ValueError(f"count at least one working day, not {n}")
        while n:
            day += towards
            n -= self.is_working_day(day)
        return day


def load_calendar(extra: Path | None = None) -> WorkingCalendar:
    """Return the calendar shipped with this release, with the years of the ``*.toml`` files in a folder ``extra``.

    A folder that is not there adds nothing. What is shipped is read once, what was added at every call.

    Raises:
        CalendarError: an added file is faulty or contradicts what is shipped; see `obligations.calendar_files.merged`.
    """
    added = read_folder(extra)
    return _calendar(merged(_shipped(), added)) if added else _shipped_calendar()


def load_years(extra: Path | None = None) -> tuple[PlacedYear, ...]:
    """Return the years `load_calendar` works with, each with the file it comes from.

    Raises:
        CalendarError: as `load_calendar`.
    """
    return merged(_shipped(), read_folder(extra))


def check_calendar(path: Path, extra: Path | None = None) -> tuple[PlacedYear, ...]:
    """Return the years of a file that could be added to ``extra``, in the place of a ``*.toml`` there of its name.

    Raises:
        CalendarError: the file is faulty, or does not fit what is shipped and what was added before.
    """
    years = read_years(path)
    merged(_shipped(), (*read_folder(extra, without=path.with_suffix(".toml").name), *years))
    return years


@cache
def _shipped() -> tuple[PlacedYear, ...]:
    return read_folder(_SHIPPED)


@cache
def _shipped_calendar() -> WorkingCalendar:
    return _calendar(merged(_shipped(), ()))


def _calendar(placed: Iterable[PlacedYear]) -> WorkingCalendar:
    years = tuple(each.year for each in placed)
    return WorkingCalendar(
        days_off=frozenset(day for year in years for day in year.days_off()),
        make_up_days=frozenset(day for year in years for day in year.working),
        published_from=date(years[0].year, 1, 1),
        published_through=date(years[-1].year, 12, 31),
        years=years,
    )
