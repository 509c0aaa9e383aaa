"""Working days in China, as the State Council publishes them year by year.

The table is `calendars/cn.toml`. Beyond its last year nobody knows yet which days will be moved: answers
there are the plain weekday guess, and `WorkingCalendar.is_published` says so. Rolling a due date is in
`obligations.deadlines`.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

_SHIPPED = Path(__file__).with_name("calendars") / "cn.toml"
_DAY = timedelta(days=1)
_SATURDAY = 5


class CalendarError(ValueError):
    """A calendar file cannot be read; the message names the file and what is wrong."""


class Break(BaseModel):
    """Consecutive days off for one festival; both ends inclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("`to` lies before `from`")
        return self

    def days(self) -> Iterator[date]:
        """Yield each day of the break."""
        for count in range((self.last - self.first).days + 1):
            yield self.first + count * _DAY


class CalendarYear(BaseModel):
    """One yearly notice of the State Council with its source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int
    title: str
    number: str
    issued_on: date
    url: str
    off: tuple[Break, ...]
    working: tuple[date, ...]

    @model_validator(mode="after")
    def _make_up_days_are_weekends(self) -> Self:
        for day in self.working:
            if day.weekday() < _SATURDAY:
                raise ValueError(f"{day} is a weekday already; a make-up working day falls on a weekend")
        if both := sorted(set(self.working) & {day for each in self.off for day in each.days()}):
            raise ValueError(f"{both[0]} is given both as a day off and as a working day")
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    years: tuple[CalendarYear, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _without_gaps(self) -> Self:
        listed = [each.year for each in self.years]
        if listed != list(range(listed[0], listed[0] + len(listed))):
            raise ValueError(f"the years must follow one another without a gap, not {listed}")
        return self


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


def read_calendar(path: Path) -> WorkingCalendar:
    """Read a calendar file.

    Raises:
        CalendarError: it is not TOML, or not a calendar.
    """
    try:
        content = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise CalendarError(f"{path.name}: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise CalendarError(f"{path.name}: {problems}") from error
    return WorkingCalendar(
        days_off=frozenset(day for year in content.years for each in year.off for day in each.days()),
        make_up_days=frozenset(day for year in content.years for day in year.working),
        published_from=date(content.years[0].year, 1, 1),
        published_through=date(content.years[-1].year, 12, 31),
        years=content.years,
    )


@cache
def load_calendar() -> WorkingCalendar:
    """Return the calendar shipped with this release; read once."""
    return read_calendar(_SHIPPED)
