"""``duewatch doctor``: look at everything that a run depends on, and say of each what to do. It changes nothing."""

from collections.abc import Iterator

import click

from bot.cli.examining import Finding, Level, bad, of_disk, of_skew, of_storage, ok
from bot.cli.telephoning import of_telegram
from bot.cli.terminal import as_json, as_told, columns, exists, now_of
from bot.clock import SystemClock
from bot.config import Settings, SettingsError
from locales.printer import Printer
from obligations.calendar import CalendarError
from obligations.law import Law
from obligations.notice import NoticeError
from storage.database import Database
from storage.errors import StorageError


@click.command()
@as_json
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Check settings, database, clocks, Telegram, disk, calendar and people; say what to do; exit code 1 if anything is bad."""
    p: Printer = context.obj
    findings = list(_examined(p))
    if as_json:
        as_told(
            [
                {"check": each.check, "level": each.level.value, "message": each.said, "to_do": each.to_do}
                for each in findings
            ]
        )
    else:
        columns([(each.level.value, each.check, _line(p, each)) for each in findings])
    if any(each.level is Level.BAD for each in findings):
        context.exit(1)


def _line(p: Printer, finding: Finding) -> str:
    return (
        p.text("{said}; {to_do}", said=finding.said, to_do=finding.to_do) if finding.to_do else finding.said
    )


def _examined(p: Printer) -> Iterator[Finding]:
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        yield bad("settings", str(error), p.text("correct the variable, then look again"))
        return
    yield ok("settings", p.text("every variable can be used"))
    yield of_disk(p, settings.data_dir)
    yield from _of_database(p, settings)
    yield from of_telegram(p, settings, machine_now=SystemClock().now())


def _of_database(p: Printer, settings: Settings) -> Iterator[Finding]:
    try:
        law = Law.load(settings.law_folder)
    except (NoticeError, CalendarError) as error:
        yield bad("law", str(error), p.text("correct the file, then look again"))
        return
    yield ok("law", p.plural("{n} notice", "{n} notices", len(law.rulebook.notices)))
    if not exists(settings):
        yield bad("database", p.text("there is none yet"), p.text("create it: duewatch db upgrade"))
        return
    try:
        database = Database(settings.database)
    except (StorageError, OSError) as error:
        yield bad("database", str(error), p.text("correct DUEWATCH_DATABASE_URL"))
        return
    try:
        yield from _of_tables(p, settings, law, database)
    except (StorageError, OSError) as error:
        yield bad("database", str(error), p.text("check the server and DUEWATCH_DATABASE_URL"))
    finally:
        database.close()


def _of_tables(p: Printer, settings: Settings, law: Law, database: Database) -> Iterator[Finding]:
    pending = database.pending_changes()
    if pending:
        yield bad(
            "database",
            p.text("its tables are not those of this release"),
            p.text("bring it up to date: duewatch db upgrade"),
        )
        return
    yield ok("database", p.text("its tables are those of this release"))
    if database.dialect == "postgresql":
        yield of_skew(p, "clock of the database", database.clock_skew(SystemClock().now()))
    now = now_of(settings)
    yield from database.read(lambda session: list(of_storage(p, session, law, now=now)))
