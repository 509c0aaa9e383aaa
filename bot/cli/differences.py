"""``duewatch rules diff``: what a notice changes, and for which organisations, before it is put in force."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from bot.cli import difference_words
from bot.cli.terminal import Refusal, as_json, as_told, exists, misused, reading, settings, today_of
from locales.printer import Printer
from obligations.calendar import CalendarError, WorkingCalendar, load_calendar
from obligations.candidates import candidate
from obligations.comparison import Comparison
from obligations.difference import Difference, DutyDifference
from obligations.law import CALENDARS, NOTICES
from obligations.notice import Level, NoticeError, Sector, notice_files, read_rulebook
from obligations.notice_errors import Problem
from obligations.periods import FIRST_YEAR, LAST_YEAR, Period
from storage import affected, organisations
from storage.affected import UnitRow
from storage.database import Database, Session

CURRENT = "current"
_YEARS = 2
"""How many years after this one are compared where nothing else is asked."""
_NAMED = 10

since_year = click.option(
    "--since", type=click.IntRange(FIRST_YEAR, LAST_YEAR), metavar="YEAR", help="First year to compare."
)
through_year = click.option(
    "--through", type=click.IntRange(FIRST_YEAR, LAST_YEAR), metavar="YEAR", help="Last year to compare."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """Whom a difference concerns: units with their districts, how many districts and cities, and open stages by duty."""

    units: tuple[UnitRow, ...]
    districts: tuple[str, ...]
    municipality: str | None
    open_stages: tuple[tuple[str, str, int], ...]
    """A duty, a step, and how many open stages of it would get another date."""


@click.command()
@click.argument("before")
@click.argument("after", required=False)
@since_year
@through_year
@click.option("--all", "everyone", is_flag=True, help="Name every organisation, not the first ten.")
@as_json
@click.pass_obj
def diff(
    p: Printer,
    *,
    before: str,
    after: str | None,
    since: int | None,
    through: int | None,
    everyone: bool,
    as_json: bool,
) -> None:
    """Tell what AFTER changes against BEFORE: duties, dates and words, for which sectors and organisations.

    Each is a notice file, a folder of notice files, or the word ``current``: what ships with what was added here. A
    file as AFTER is laid over BEFORE, as if it were put in force there; it takes the place of the same version. With
    one of them only, it is laid over ``current``.
    """
    first, second = (CURRENT, before) if after is None else (before, after)
    chosen = settings()
    comparison, remarks = _comparison(p, first, second)
    found = comparison.difference(*years(p, today_of(chosen), since, through))
    concerned = concern(p, comparison, found)
    if as_json:
        as_told(
            difference_words.as_data(found)
            | {
                "remarks": [difference_words.problem_data(each) for each in remarks],
                "organisations": None if concerned is None else _as_data(concerned, everyone=everyone),
            }
        )
        return
    for line in difference_words.told(p, found):
        click.echo(line)
    for line in told(p, concerned, everyone=everyone):
        click.echo(line)


def years(p: Printer, today: date, since: int | None, through: int | None) -> tuple[date, date]:
    """Return the first and the last day to compare: this year and the two after it where nothing else is asked."""
    first = today.year if since is None else since
    last = min(first + _YEARS, LAST_YEAR) if through is None else through
    if last < first:
        misused(p.text("--through {last} lies before --since {first}", first=first, last=last))
    return date(first, 1, 1), date(last, 12, 31)


def concern(p: Printer, comparison: Comparison, found: Difference) -> Concerned | None:
    """Return whom a difference concerns; None where there is no database to look in."""
    chosen = settings()
    if not found.duties or not exists(chosen):
        return None
    try:
        with reading(p, chosen) as database:
            return _read(database, comparison, found, today=today_of(chosen))
    except Refusal as error:
        click.echo(p.text("Organisations are not looked up: {reason}", reason=error.message), err=True)
        return None


def told(p: Printer, concerned: Concerned | None, *, everyone: bool) -> Iterator[str]:
    """Yield the lines that say whom it concerns."""
    if concerned is None:
        return
    yield ""
    yield p.text("Whom it concerns")
    if concerned.municipality is not None:
        yield f"  {concerned.municipality}"
    if concerned.districts:
        names = p.listed(_first(p, concerned.districts, everyone=everyone))
        yield "  " + p.plural(
            "{n} district: {names}", "{n} districts: {names}", len(concerned.districts), names=names
        )
    if concerned.units:
        yield "  " + p.plural("{n} unit", "{n} units", len(concerned.units))
        for district, count in _by_district(concerned).items():
            home = district or p.text("without a district")
            yield f"    {home}: {count}"
        yield "    " + p.listed(_first(p, [unit.name for unit in concerned.units], everyone=everyone))
    if not (concerned.municipality or concerned.districts or concerned.units):
        yield "  " + p.text("nobody in the registry")
    count = sum(each for _, _, each in concerned.open_stages)
    yield "  " + p.plural(
        "{n} open step would get another date", "{n} open steps would get another date", count
    )
    for duty, stage, each in concerned.open_stages:
        yield f"    {duty} {stage}: {each}"


def working_days() -> WorkingCalendar:
    """Return the calendar in force here; the notices need not be sound for it."""
    try:
        return load_calendar(settings().law_folder / CALENDARS)
    except CalendarError as error:
        raise Refusal(str(error)) from None


def _comparison(p: Printer, first: str, second: str) -> tuple[Comparison, tuple[Problem, ...]]:
    calendar = working_days()
    try:
        paths = _paths(p, first)
        after = Path(second)
        if second != CURRENT and after.is_file():
            laid = candidate(after, paths, calendar=calendar, replacing=True)
            return Comparison(before=laid.before, after=laid.after, calendar=calendar), laid.remarks
        was, will = read_rulebook(paths), read_rulebook(_paths(p, second))
    except NoticeError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(
            p.text("{path} cannot be written or read: {reason}", path=error.filename, reason=error.strerror)
        ) from None
    return Comparison(before=was, after=will, calendar=calendar), ()


def _paths(p: Printer, operand: str) -> tuple[Path, ...]:
    if operand == CURRENT:
        return notice_files(added=settings().law_folder / NOTICES)
    path = Path(operand)
    if path.is_file():
        return (path,)
    if not path.is_dir():
        misused(p.text("{path} is neither a notice file, nor a folder of them, nor “current”", path=operand))
    files = notice_files(path)
    if not files:
        misused(p.text("there is no notice file (*.toml) in {path}", path=operand))
    return files


def _read(database: Database, comparison: Comparison, found: Difference, *, today: date) -> Concerned:
    def look(session: Session) -> Concerned:
        every = affected.units(session, on=today)
        units = [unit for unit in every if any(_bound(unit, duty) for duty in found.duties)]
        levels = {stage.actor for duty in found.duties for stage in duty.touched}
        per = {stage.per for duty in found.duties for stage in duty.touched}
        homes = {unit.district for unit in units}
        districts = [
            each.name
            for each in organisations.districts(session, on=today)
            if Level.DISTRICT in levels and (Level.DISTRICT in per or each.name in homes)
        ]
        city = organisations.municipality(session) if Level.MUNICIPAL in levels else None
        return Concerned(
            units=tuple(units),
            districts=tuple(districts),
            municipality=None if city is None else city.name,
            open_stages=tuple(_moved(session, comparison)),
        )

    return database.read(look)


def _bound(unit: UnitRow, duty: DutyDifference) -> bool:
    return (
        unit.sector in duty.sectors
        and (duty.rule.fuels is None or unit.fuel in duty.rule.fuels)
        and any(stage.per is Level.UNIT for stage in duty.touched)
    )


def _moved(session: Session, comparison: Comparison) -> Iterator[tuple[str, str, int]]:
    counts: Counter[tuple[str, str]] = Counter()
    for each in affected.open_stages(session):
        dates = comparison.redated(
            each.duty,
            each.stage,
            Period.parse(each.period),
            sectors=_sectors(each.sector, each.part),
            made=(each.notice, each.version),
        )
        if dates is not None and dates[0] != dates[1]:
            counts[each.duty, each.stage] += each.count
    for (duty, stage), count in counts.items():
        yield duty, stage, count


def _sectors(sector: Sector | None, part: str) -> frozenset[Sector] | None:
    """Return whom a stage is for: a unit's sector, or those that a city's part names; None for the duty's own."""
    if sector is not None:
        return frozenset({sector})
    named = frozenset(each for each in Sector if each.value in part.split("+"))
    return named or None


def _by_district(concerned: Concerned) -> dict[str | None, int]:
    return dict(
        sorted(Counter(unit.district for unit in concerned.units).items(), key=lambda row: row[0] or "")
    )


def _first(p: Printer, names: Sequence[str], *, everyone: bool) -> list[str]:
    """Return the names to print: all that were asked for, and how many are left."""
    shown = list(names if everyone else names[:_NAMED])
    left = len(names) - len(shown)
    return [*shown, p.text("and {n} more (--all)", n=left)] if left else shown


def _as_data(concerned: Concerned, *, everyone: bool) -> dict[str, Any]:
    names = [unit.name for unit in concerned.units]
    return {
        "municipality": concerned.municipality,
        "districts": list(concerned.districts),
        "units": len(concerned.units),
        "by_district": [
            {"district": district, "units": count} for district, count in _by_district(concerned).items()
        ],
        "names": names if everyone else names[:_NAMED],
        "open_stages": sum(count for _, _, count in concerned.open_stages),
        "open": [
            {"duty": duty, "stage": stage, "count": count} for duty, stage, count in concerned.open_stages
        ],
    }
