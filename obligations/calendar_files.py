"""The yearly arrangements of working days as files: what one may contain, what is wrong with it and where.

Each arrangement is one notice of the State Council. Several files make one table: what was added later may add a
year, and may replace one only by saying so. Counting on the table is in `obligations.calendar`.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from obligations.periods import FIRST_YEAR, LAST_YEAR
from obligations.terms import Count, Day, Line, Words
from obligations.toml_lines import key_line, syntax_line, table_line

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_HEADER: Final = "[[years]]"
_FIXED: Final = ((1, 1), (5, 1), (10, 1))
"""Off in every year by 全国年节及纪念日放假办法, article 2, on these dates: New Year, Labour Day, National Day."""
_NAMED: Final = 3
_FROM_VALIDATOR: Final = "Value error, "


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")) or any(map(str.isspace, value)):
        raise ValueError("expected an http or https address, as the browser shows it")
    return value


_Address = Annotated[str, AfterValidator(_web_address)]


class Break(Words):
    """Consecutive days off for one festival; both ends inclusive."""

    name: Line
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    def days(self) -> Iterator[date]:
        """Yield each day of the break."""
        for count in range((self.last - self.first).days + 1):
            yield self.first + count * _DAY


class CalendarYear(Words):
    """One yearly notice of the State Council with its source.

    ``url`` is the official page. ``read_in`` lists the reprints in which number and dates were read where that page
    itself was not; then it remains to be compared. ``replaces`` says that an arrangement of the same year is issued
    anew by this one.
    """

    year: Count = Field(ge=FIRST_YEAR, le=LAST_YEAR)
    title: Line
    number: Line
    issued_on: Day
    url: _Address
    read_in: tuple[_Address, ...] = ()
    replaces: Annotated[bool, Field(strict=True)] = False
    off: tuple[Break, ...] = Field(min_length=1)
    working: tuple[Day, ...]

    def days_off(self) -> frozenset[date]:
        """Return every day the notice gives off, weekends within a break included."""
        return frozenset(day for each in self.off for day in each.days())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedYear:
    """A year with the file it stands in; ``line`` opens it, counted from 1, None where that was not found."""

    year: CalendarYear
    file: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarProblem:
    """One thing wrong in a calendar file; ``line`` counts from 1 and is the nearest that could be found."""

    file: str
    message: str
    line: int | None = None
    year: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        year = None if self.year is None else f"year {self.year}"
        key = None if self.key is None else f'key "{self.key}"'
        at = ", ".join(each for each in (year, key) if each is not None)
        return ": ".join(each for each in (place, at, self.message) if each)


class CalendarError(ValueError):
    """Calendar files that cannot be used: ``problems`` holds all that was found, the message each as a line."""

    def __init__(self, problems: Iterable[CalendarProblem]) -> None:
        self.problems: Final = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class _File(Words):
    years: tuple[CalendarYear, ...] = Field(min_length=1)


def read_years(path: Path) -> tuple[PlacedYear, ...]:
    """Read the years of one calendar file, in the order they stand there. A byte order mark is passed over.

    Raises:
        CalendarError: it cannot be read, is not TOML, or not a calendar; all that is wrong is reported together.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(text)
    except OSError as error:
        raise CalendarError(
            [CalendarProblem(file=path.name, message=f"cannot be read: {error.strerror}")]
        ) from error
    except UnicodeDecodeError as error:
        message = f"not UTF-8: {error.reason}; save it as UTF-8"
        raise CalendarError([CalendarProblem(file=path.name, message=message)]) from error
    except tomllib.TOMLDecodeError as error:
        message = f"not valid TOML: {error}"
        raise CalendarError(
            [
                CalendarProblem(
                    file=path.name, line=syntax_line(error) or text.count("\n") + 1, message=message
                )
            ]
        ) from error
    lines = text.splitlines()
    try:
        years = _File.model_validate(raw).years
    except ValidationError as error:
        raise CalendarError(_problems(error.errors(), file=path.name, lines=lines, raw=raw)) from error
    placed = tuple(
        PlacedYear(year=year, file=path.name, line=_opening(lines, index) or None)
        for index, year in enumerate(years)
    )
    problems = [
        CalendarProblem(
            file=path.name,
            line=_line(lines, each.line or 0, key, texts),
            year=each.year.year,
            key=key,
            message=message,
        )
        for each in placed
        for key, texts, message in _faults(each.year)
    ]
    problems += _twice(placed)
    if problems:
        raise CalendarError(problems)
    return placed


def read_folder(folder: Path | None, *, without: str | None = None) -> tuple[PlacedYear, ...]:
    """Read every ``*.toml`` of a folder, by name, but the file named ``without``; none where there is no folder.

    Raises:
        CalendarError: a file is faulty, or the folder cannot be read; the faults of all files are reported together.
    """
    if folder is None:
        return ()
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".toml")
    except FileNotFoundError:
        return ()
    except OSError as error:
        message = f"the folder cannot be read: {error.strerror}"
        raise CalendarError([CalendarProblem(file=folder.name, message=message)]) from error
    found: list[PlacedYear] = []
    problems: list[CalendarProblem] = []
    for path in paths:
        if path.name != without:
            try:
                found += read_years(path)
            except CalendarError as error:
                problems += error.problems
    if problems:
        raise CalendarError(problems)
    return tuple(found)


def merged(shipped: Iterable[PlacedYear], added: Iterable[PlacedYear]) -> tuple[PlacedYear, ...]:
    """Return one table of what is shipped and what was added, by year.

    Among arrangements of one year the last issued counts, if it says ``replaces = true``; the same days given twice
    are no contradiction.

    Raises:
        CalendarError: a year contradicts another without replacing it, replaces nothing, or leaves a gap.
    """
    problems: list[CalendarProblem] = []
    table = {each.year.year: each for each in shipped}
    for each in sorted(added, key=lambda placed: (placed.year.issued_on, placed.year.replaces, placed.file)):
        before = table.get(each.year.year)
        fault = _conflict(before, each)
        if fault is not None:
            problems.append(_of_year(each, fault))
        elif before is None or each.year.replaces:
            table[each.year.year] = each
    years = [table[year] for year in sorted(table)]
    for before, each in pairwise(years):
        missing = before.year.year + 1
        if each.year.year != missing:
            said = f"the years must follow one another without a gap; add {missing} first"
            problems.append(_of_year(each, said))
    for before, each in pairwise(years):
        problems += _across(before, each)
    if problems:
        raise CalendarError(problems)
    return tuple(years)


def _of_year(placed: PlacedYear, message: str) -> CalendarProblem:
    return CalendarProblem(file=placed.file, line=placed.line, year=placed.year.year, message=message)


def _faults(year: CalendarYear) -> Iterator[tuple[str, Sequence[str], str]]:
    """Yield what contradicts itself within a year: the key, what its line holds, and what is wrong."""
    off: set[date] = set()
    for each in year.off:
        texts = _texts(each.model_dump())
        if each.last < each.first:
            yield "off", texts, f"{each.name}: `to` lies before `from`"
            continue
        stray = [day for day in (each.first, each.last) if not _belongs(day, year.year)]
        if stray:
            yield "off", texts, f"{each.name}: {stray[0]} does not belong to {year.year}"
            continue
        days = set(each.days())
        if both := sorted(off & days):
            yield "off", texts, f"{each.name}: {both[0]} is given off by another break already"
        off |= days
    for month, number in _FIXED:
        day = date(year.year, month, number)
        if day not in off:
            yield "off", (), f"{day} is missing: it is off in every year"
    for index, day in enumerate(year.working):
        texts = (day.isoformat(),)
        if not _belongs(day, year.year):
            yield "working", texts, f"{day} does not belong to {year.year}"
        elif day.weekday() < _SATURDAY:
            said = f"{day} is a weekday already; a make-up working day falls on a weekend"
            yield "working", texts, said
        if day in off:
            yield "working", texts, f"{day} is given both as a day off and as a working day"
        if day in year.working[:index]:
            yield "working", texts, f"{day} is given twice"


def _belongs(day: date, year: int) -> bool:
    """Tell whether a year's notice may name ``day``: its own, the December before or the January after."""
    return day.year == year or (day.year, day.month) in {(year - 1, 12), (year + 1, 1)}


def _twice(placed: Sequence[PlacedYear]) -> Iterator[CalendarProblem]:
    for index, each in enumerate(placed):
        if any(other.year.year == each.year.year for other in placed[:index]):
            yield _of_year(each, "this year stands in the file twice; keep one")


def _conflict(before: PlacedYear | None, each: PlacedYear) -> str | None:
    """Return why an added year cannot stand beside the one there is; None where it can."""
    year = each.year
    if before is None:
        return (
            "there is no arrangement of this year to replace; leave out `replaces`" if year.replaces else None
        )
    there = before.year
    if year.days_off() == there.days_off() and set(year.working) == set(there.working):
        return None
    if not year.replaces:
        return (
            f"{before.file} has another arrangement: {_difference(year, there)}. "
            "If the State Council issued this year anew, write `replaces = true` in it; otherwise correct or remove it"
        )
    if year.issued_on < there.issued_on:
        return (
            f"issued on {year.issued_on}, it cannot replace what {before.file} has, issued on {there.issued_on}; "
            "remove it"
        )
    if there.replaces and year.issued_on == there.issued_on:
        return f"{before.file} replaces this year too, by a notice of the same day; keep one of the two"
    return None


def _difference(year: CalendarYear, there: CalendarYear) -> str:
    days = sorted((year.days_off() ^ there.days_off()) | (set(year.working) ^ set(there.working)))
    said = [f"{day} is {_status(year, day)} here and {_status(there, day)} there" for day in days[:_NAMED]]
    rest = len(days) - len(said)
    return ", ".join([*said, *([f"and {rest} more"] if rest else [])])


def _status(year: CalendarYear, day: date) -> str:
    if day in year.working:
        return "a make-up working day"
    return "a day off" if day in year.days_off() else "not named"


def _across(before: PlacedYear, each: PlacedYear) -> Iterator[CalendarProblem]:
    """Yield the days at a turn of the year that one arrangement gives off and the other makes a working day."""
    days = (before.year.days_off() & set(each.year.working)) | (
        each.year.days_off() & set(before.year.working)
    )
    for day in sorted(days):
        here, there = _status(each.year, day), _status(before.year, day)
        yield _of_year(
            each, f"{day} is {here} here and {there} in the year before, {before.file}; correct one"
        )


def _problems(
    errors: Sequence[ErrorDetails], *, file: str, lines: Sequence[str], raw: Mapping[str, Any]
) -> Iterator[CalendarProblem]:
    """Return what pydantic found in a parsed file, placed by year, key and line."""
    # A list with a faulty item is also reported as too short; the item's own fault says it better.
    for error in errors:
        loc = error["loc"]
        if any(other is not error and other["loc"][: len(loc)] == loc for other in errors):
            continue
        keys = [str(step + 1) if isinstance(step, int) else step for step in loc]
        opening, year, texts = 0, None, _texts(error["input"])
        if len(loc) > 1 and isinstance(loc[1], int):
            opening, keys = _opening(lines, loc[1]), keys[2:]
            given = raw["years"][loc[1]]
            year = given.get("year") if isinstance(given, dict) else None
            if loc[2:3] == ("off",) and isinstance(loc[-1], str) and len(loc) > 3:  # noqa: PLR2004  # a key of a break
                texts = _texts(given["off"][loc[3]])
        message = error["msg"].removeprefix(_FROM_VALIDATOR)
        if error["type"].startswith("date_"):
            message = "expected a date as 2027-01-05, without quotes and without a time of day"
        if keys == ["years"] and isinstance(error["input"], dict) and "years" in raw:
            message = f"open each year with {_HEADER}, in two pairs of brackets"
        yield CalendarProblem(
            file=file,
            line=_line(lines, opening, keys[0] if keys else "years", texts),
            year=year if isinstance(year, int) else None,
            key=".".join(keys) or None,
            message=message,
        )


def _opening(lines: Sequence[str], index: int) -> int:
    """Return the line that opens the year of this index, counted from 0; 0 where it was not found."""
    return table_line(lines, _HEADER, count=index + 1, after=0)


def _line(lines: Sequence[str], opening: int, key: str, texts: Sequence[str]) -> int | None:
    """Return the first line from a year's ``key`` on that holds all of ``texts``, else the key's, else the year's."""
    start = key_line(lines, key, after=opening)
    for number, line in enumerate(lines[max(start - 1, 0) :], start=max(start, 1)):
        if number > start and line.strip() == _HEADER:
            break
        if texts and all(text in line for text in texts):
            return number
    return start or None


def _texts(given: object) -> tuple[str, ...]:
    """Return how a value of a file is written there, as far as it can be looked for in one line."""
    if isinstance(given, dict):
        return tuple(text for each in given.values() for text in _texts(each))
    if isinstance(given, datetime):
        return (given.date().isoformat(),)
    if isinstance(given, date):
        return (given.isoformat(),)
    return (str(given),) if isinstance(given, str | int) and not isinstance(given, bool) else ()
