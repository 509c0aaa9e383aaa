"""``duewatch db``: bring the database up to date, and check that it is whole."""

import click

from bot.cli.terminal import Refusal, as_json, as_told, exists, reading, settings, writing
from locales.printer import Printer
from storage import trail


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@as_json
@click.pass_obj
def upgrade(p: Printer, *, as_json: bool) -> None:
    """Create the database, or bring it up to date. Safe to repeat."""
    chosen = settings()
    created = not exists(chosen)
    with writing(chosen):
        pass
    if as_json:
        as_told({"created": created, "up_to_date": True})
    elif created:
        click.echo(p.text("The database was created."))
    else:
        click.echo(p.text("The database is up to date."))


@db.command()
@as_json
@click.pass_obj
def check(p: Printer, *, as_json: bool) -> None:
    """Check that the tables match this release and that no line of the trail was changed; exit code 1 otherwise."""
    with reading(p, settings()) as database:
        broken = database.read(trail.first_broken)
    if as_json:
        as_told(
            {
                "tables": "match",
                "trail": "intact" if broken is None else "broken",
                "first_broken_event": broken,
            }
        )
    if broken is not None:
        raise Refusal(
            p.text(
                "the trail is broken at event {event}: a line was changed or removed; restore a copy",
                event=broken,
            )
        )
    if not as_json:
        click.echo(p.text("The tables match this release, and the trail is intact."))
