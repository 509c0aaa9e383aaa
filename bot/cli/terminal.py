"""What the commands share: the language of the terminal, instants and dates as typed, refusals, the database."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import IO, Any, NoReturn

import click

from bot.clock import SystemClock
from bot.config import Settings, SettingsError
from locales.printer import Printer
from obligations.calendar import CalendarError
from obligations.deadlines import ZONE
from obligations.law import Law
from obligations.notice import NoticeError
from obligations.periods import FIRST_YEAR, LAST_YEAR
from storage.database import Database
from storage.errors import StorageError

as_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


class Refusal(click.ClickException):
    """One line on standard error: what was wrong, where, and what to do; exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the line."""
        click.echo(f"duewatch: {self.format_message()}", file=file or sys.stderr)


class Misuse(Refusal):
    """A refusal because of what was asked; exit code 2, as a wrong option has."""

    exit_code = 2


def misused(message: str) -> NoReturn:
    """Stop because of what was asked."""
    raise Misuse(message)


def language_of_environment(environment: Mapping[str, str] | None = None) -> str:
    """Return the language of the terminal: Chinese where the locale is Chinese, otherwise English."""
    variables = os.environ if environment is None else environment
    chosen = next((variables[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if variables.get(name)), "")
    return "zh-hans" if chosen.lower().startswith("zh") else "en"


def as_told(told: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print an answer as JSON, Chinese as it is written."""
    click.echo(json.dumps(told, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def columns(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; a Chinese character is two wide."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)] if rows else []
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _width(text: str) -> int:
    return sum(2 if ord(character) >= 0x2E80 else 1 for character in text)  # noqa: PLR2004  # the first of the CJK blocks


class Day(click.ParamType[date]):
    """A date, ``YYYY-MM-DD``, or an instant, of which the date in Asia/Shanghai counts."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read what was typed."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            instant = Instant().convert(value, param, ctx)
        try:
            return instant.astimezone(ZONE).date()
        except OverflowError:
            self.fail(f"{value!r} is not within the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)


class RuleDay(Day):
    """A `Day` that a deadline can count from: within the years a `Period` can be of."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read what was typed."""
        day = super().convert(value, param, ctx)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail(f"{value!r} is not within the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return day


class Instant(click.ParamType[datetime]):
    """An instant in ISO 8601; one without a zone is in Asia/Shanghai."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read what was typed."""
        try:
            typed = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is no date or instant; write 2024-01-20 or 2024-01-20T17:30+08:00", param, ctx
            )
        try:
            return (typed if typed.tzinfo else typed.replace(tzinfo=ZONE)).astimezone(UTC)
        except OverflowError:
            self.fail(f"{value!r} is not within the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)


DAY = Day()
RULE_DAY = RuleDay()
INSTANT = Instant()


def settings() -> Settings:
    """Return the settings of the environment, or stop with the line that says what is wrong with them."""
    try:
        return Settings.from_environment()
    except SettingsError as error:
        misused(str(error))


def now_of(chosen: Settings) -> datetime:
    """Return the present instant: the system's, or the one the environment rehearses."""
    return SystemClock(chosen.now).now()


def today_of(chosen: Settings) -> date:
    """Return the date in Asia/Shanghai."""
    return now_of(chosen).astimezone(ZONE).date()


def law() -> Law:
    """Return the law in force here: what ships, and what the administrator added in the data folder."""
    try:
        return Law.load(settings().law_folder)
    except (NoticeError, CalendarError) as error:
        raise Refusal(str(error)) from None


def exists(chosen: Settings) -> bool:
    """Tell whether there is a database to read, without making one."""
    url = chosen.database
    return not url.startswith("sqlite:///") or os.path.exists(url.removeprefix("sqlite:///"))  # noqa: PTH110  # an absolute path keeps its slash


@contextmanager
def reading(p: Printer, chosen: Settings) -> Iterator[Database]:
    """Open the database that is there, migrating nothing; stop kindly where there is none or it is older."""
    if not exists(chosen):
        raise Refusal(
            p.text(
                "there is no database at {url} yet; load a registry first: duewatch import FILE",
                url=chosen.database,
            )
        )
    with _opened(chosen) as database:
        if database.pending_changes():
            raise Refusal(p.text("the database is of an older release; run: duewatch db upgrade"))
        yield database


@contextmanager
def writing(chosen: Settings) -> Iterator[Database]:
    """Open the database, creating and migrating what is missing."""
    with _opened(chosen) as database:
        database.upgrade()
        yield database


@contextmanager
def _opened(chosen: Settings) -> Iterator[Database]:
    try:
        database = Database(chosen.database)
    except (StorageError, OSError) as error:
        misused(f"DUEWATCH_DATABASE_URL: {error}")
    try:
        yield database
    except StorageError as error:
        raise Refusal(str(error)) from None
    finally:
        database.close()
