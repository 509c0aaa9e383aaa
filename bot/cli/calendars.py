"""``duewatch calendar``: the working days as published, the check of a calendar file, and adding one."""

from pathlib import Path
from typing import Any

import click

from bot.cli.files import put
from bot.cli.terminal import Refusal, as_json, as_told, columns, misused, settings, today_of
from bot.wording.working_days import calendar_ends
from locales.printer import Printer
from obligations.calendar import (
    CalendarError,
    CalendarProblem,
    PlacedYear,
    check_calendar,
    load_calendar,
    load_years,
)
from obligations.law import CALENDARS
from obligations.periods import FIRST_YEAR, LAST_YEAR

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group(invoke_without_command=True)
@click.pass_context
def calendar(context: click.Context) -> None:
    """Show the working days as published, check a calendar file, or add one."""
    if context.invoked_subcommand is None:
        context.invoke(show)


@calendar.command()
@click.argument("year", required=False, type=click.IntRange(FIRST_YEAR, LAST_YEAR))
@as_json
@click.pass_obj
def show(p: Printer, *, year: int | None = None, as_json: bool = False) -> None:
    """Show a year's days off and make-up days with their source; without a year, which years are known."""
    try:
        years = load_years(_folder())
    except CalendarError as error:
        raise Refusal(str(error)) from None
    if year is None:
        _list(p, years, as_json=as_json)
        return
    placed = next((each for each in years if each.year.year == year), None)
    if placed is None:
        _unpublished(p, year, years, as_json=as_json)
    elif as_json:
        as_told(_year(placed))
    else:
        _show(p, placed)


@calendar.command()
@_FILE
@as_json
@click.pass_obj
def check(p: Printer, *, file: Path, as_json: bool) -> None:
    """Check a calendar file, and name the line of everything that is wrong; exit code 1."""
    years = _checked(file, as_json=as_json)
    if as_json:
        as_told({"file": str(file), "valid": True, "years": years, "problems": []})
        return
    click.echo(
        p.text("{file}: {years}, no fault.", file=file.name, years=p.listed([str(year) for year in years]))
    )


@calendar.command()
@_FILE
@click.option("--replace", is_flag=True, help="Take the place of a file added before under this name.")
@as_json
@click.pass_obj
def add(p: Printer, *, file: Path, replace: bool, as_json: bool) -> None:
    """Check a calendar file and add it to this installation; a running service reads it when it is restarted."""
    years = _checked(file, as_json=as_json)
    target = _folder() / file.with_suffix(".toml").name
    try:
        content = file.read_bytes()
        same = target.exists() and target.read_bytes() == content
        if target.exists() and not same and not replace:
            misused(
                p.text(
                    "{target} is there already and says something else; to put this file in its place, add --replace",
                    target=target,
                )
            )
        if not same:
            put(content, target)
    except OSError as error:
        raise Refusal(
            p.text(
                "{path} cannot be written or read: {reason}",
                path=error.filename or target,
                reason=error.strerror,
            )
        ) from None
    if as_json:
        as_told({"file": str(target), "years": years, "added": not same, "restart": not same})
        return
    said = p.listed([str(year) for year in years])
    if same:
        click.echo(
            p.text("{target} is there already, with the same content: {years}.", target=target, years=said)
        )
        return
    click.echo(p.text("Added as {target}: {years}.", target=target, years=said))
    click.echo(
        p.text("A duewatch run that is running goes on with the old days; restart it to read the new ones.")
    )


def _folder() -> Path:
    return settings().data_dir / CALENDARS


def _checked(file: Path, *, as_json: bool) -> list[int]:
    """Return the years of a file that fits this installation, or stop with what is wrong and where."""
    try:
        return [each.year.year for each in check_calendar(file, _folder())]
    except CalendarError as error:
        if as_json:
            problems = [_problem(each) for each in error.problems]
            as_told({"file": str(file), "valid": False, "years": [], "problems": problems})
        raise Refusal(str(error)) from None


def _list(p: Printer, years: tuple[PlacedYear, ...], *, as_json: bool) -> None:
    coverage = load_calendar(_folder()).coverage(today=today_of(settings()))
    if as_json:
        as_told(
            {
                "through": coverage.through,
                "days_left": coverage.days_left,
                "alarmed": coverage.alarmed,
                "years": [_year(each) for each in years],
            }
        )
        return
    columns([(str(each.year.year), each.year.number, each.year.title, each.file) for each in years])
    click.echo(
        calendar_ends(p, coverage)
        if coverage.alarmed
        else p.text("Working days are known through {date}.", date=p.day(coverage.through))
    )


def _unpublished(p: Printer, year: int, years: tuple[PlacedYear, ...], *, as_json: bool) -> None:
    first, last = years[0].year.year, years[-1].year.year
    if as_json:
        as_told({"year": year, "published": False, "provisional": True, "known": [first, last]})
        return
    click.echo(
        p.text(
            "The arrangement of {year} is not known here; {first} to {last} are. "
            "Answers that rest on working days of {year} are provisional: Monday to Friday are taken for working days.",
            year=year,
            first=first,
            last=last,
        )
    )


def _show(p: Printer, placed: PlacedYear) -> None:
    year = placed.year
    click.echo(f"{year.title}  {year.number}  {p.day(year.issued_on)}")
    click.echo(f"  {year.url}")
    if year.read_in:
        click.echo("  " + p.text("Read in reprints, still to be compared with the official page:"))
        for page in year.read_in:
            click.echo(f"    {page}")
    if year.replaces:
        click.echo("  " + p.text("Issued anew: it replaces an earlier arrangement of this year."))
    click.echo("  " + p.text("File: {file}", file=placed.file))
    click.echo("\n" + p.text("Days off"))
    columns(
        [
            (
                f"  {each.name}",
                p.day(each.first, weekday=True),
                "" if each.first == each.last else f"– {p.day(each.last, weekday=True)}",
                p.plural("{n} day", "{n} days", (each.last - each.first).days + 1),
            )
            for each in year.off
        ]
    )
    if year.working:
        click.echo("\n" + p.text("Make-up working days"))
        for day in sorted(year.working):
            click.echo(f"  {p.day(day, weekday=True)}")


def _year(placed: PlacedYear) -> dict[str, Any]:
    year = placed.year
    off = [
        {"name": each.name, "from": each.first, "to": each.last, "days": len(list(each.days()))}
        for each in year.off
    ]
    return {
        "year": year.year,
        "published": True,
        "title": year.title,
        "number": year.number,
        "issued_on": year.issued_on,
        "url": year.url,
        "read_in": list(year.read_in),
        "replaces": year.replaces,
        "file": placed.file,
        "off": off,
        "working": sorted(year.working),
    }


def _problem(problem: CalendarProblem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in ("file", "line", "year", "key", "message")}
