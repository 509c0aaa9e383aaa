"""``duewatch quota``: allowances by unit and year, and the CCER that may stand in for them."""

from collections.abc import Callable
from pathlib import Path

import click

from bot.cli.terminal import (
    Refusal,
    as_json,
    as_told,
    columns,
    law,
    misused,
    now_of,
    reading,
    settings,
)
from bot.wording.refusals import quota_file_fault, quota_refused
from locales.printer import Printer
from storage import organisations, quotas
from storage.database import Session
from storage.errors import NotFoundError, QuotaRefusedError
from storage.models import Organisation
from storage.quota_files import QuotaFileError, load
from storage.quotas import Allowance


@click.group()
def quota() -> None:
    """Record the allowances of units, and list them."""


@quota.command("set")
@click.argument("unit")
@click.argument("year", type=int)
@click.option("--due", type=int, required=True, metavar="TONNES", help="What must be surrendered.")
@click.option("--allocated", type=int, metavar="TONNES", help="What was allocated.")
@click.option("--document", default="", metavar="TEXT", help="The number of the document.")
@click.pass_obj
def set_(p: Printer, *, unit: str, year: int, due: int, allocated: int | None, document: str) -> None:
    """Record what UNIT must surrender for YEAR, in whole tonnes; what was there before is replaced."""
    chosen = settings()
    now, in_force = now_of(chosen), law()

    def work(session: Session) -> tuple[str, Allowance]:
        found = _unit(p, session, unit)
        quotas.put(session, found.id, year, due=due, allocated=allocated, document=document, by=None, now=now)
        return found.name, quotas.of_year(session, in_force, found, year, now=now)

    name, allowance = _written(p, work)
    columns([_row(p, name, allowance)])


@quota.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_(p: Printer, *, file: Path) -> None:
    """Record every row of FILE, a CSV in UTF-8 or an xlsx workbook: all of it, or nothing.

    The headings are 企业, 年度, 应清缴配额量, and where known 应发配额量 and 文号.
    """
    chosen = settings()
    now = now_of(chosen)
    with reading(p, chosen) as database:
        try:
            count = database.write(lambda session: load(session, file, by=None, now=now))
        except QuotaFileError as error:
            for fault in error.faults:
                click.echo(f"{file.name}: {quota_file_fault(p, fault)}", err=True)
            raise Refusal(p.text("nothing was recorded; correct the file and try again")) from None
    click.echo(p.plural("{n} row recorded.", "{n} rows recorded.", count))


@quota.command()
@click.argument("unit")
@click.argument("year", type=int)
@click.option("--tonnes", type=int, required=True, help="Whole tonnes; 0 withdraws what was declared.")
@click.pass_obj
def offset(p: Printer, *, unit: str, year: int, tonnes: int) -> None:
    """Record that UNIT surrenders CCER in place of so many tonnes for YEAR, at most 5 % of what is due."""
    chosen = settings()
    now, in_force = now_of(chosen), law()

    def work(session: Session) -> tuple[str, Allowance]:
        found = _unit(p, session, unit)
        quotas.offset(session, in_force, found.id, year, tonnes=tonnes, by=None, now=now)
        return found.name, quotas.of_year(session, in_force, found, year, now=now)

    name, allowance = _written(p, work)
    columns([_row(p, name, allowance)])


@quota.command("list")
@click.option("--year", type=int, required=True, help="The year surrendered for.")
@as_json
@click.pass_obj
def list_(p: Printer, *, year: int, as_json: bool) -> None:
    """List the allowances recorded for a year, by unit."""
    chosen = settings()
    now, in_force = now_of(chosen), law()

    def work(session: Session) -> list[tuple[str, str, str, Allowance]]:
        return [
            (unit.name, unit.code, quota.document, quotas.of_year(session, in_force, unit, year, now=now))
            for unit, quota in quotas.listed(session, year=year)
        ]

    with reading(p, chosen) as database:
        found = database.read(work)
    if as_json:
        as_told(
            [
                {
                    "unit": name,
                    "code": code,
                    "year": year,
                    "due": each.due,
                    "allocated": each.allocated,
                    "ccer": each.offset,
                    "ccer_at_most": each.ccer_at_most,
                    "document": document,
                }
                for name, code, document, each in found
            ]
        )
        return
    if not found:
        click.echo(p.text("No allowances are recorded for {year}.", year=year))
        return
    columns([_row(p, name, each) for name, _, _, each in found])


def _written(p: Printer, work: Callable[[Session], tuple[str, Allowance]]) -> tuple[str, Allowance]:
    with reading(p, settings()) as database:
        try:
            return database.write(work)
        except QuotaRefusedError as error:
            raise Refusal(quota_refused(p, error)) from None


def _unit(p: Printer, session: Session, words: str) -> Organisation:
    try:
        return organisations.by_code(session, words)
    except NotFoundError:
        misused(p.text("there is no organisation with the code or name {words}", words=words))


def _row(p: Printer, name: str, allowance: Allowance) -> tuple[str, ...]:
    def tonnes(amount: int | None) -> str:
        return p.text("not known") if amount is None else f"{amount:,}"

    return (
        name,
        str(allowance.year),
        p.text("due surrender {tonnes} t", tonnes=tonnes(allowance.due)),
        p.text("allocated {tonnes} t", tonnes=tonnes(allowance.allocated)),
        p.text("CCER at most {tonnes} t", tonnes=tonnes(allowance.ccer_at_most)) if allowance.allowed else "",
        p.text("CCER declared {tonnes} t", tonnes=tonnes(allowance.offset)) if allowance.offset else "",
    )
