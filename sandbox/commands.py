"""What the sandbox adds to the command line: ``duewatch simulate``."""

import asyncio
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click

from bot.cli.terminal import DAY, as_json, as_told, columns, law, misused
from sandbox.simulate import Simulated
from sandbox.simulate import simulate as live_through
from storage.database import Database

_MOST_UNITS = 20_000
_SHOWN = 50
"""How many broken invariants are listed; the count says how many there are."""


_ROOM = 2 * 1024**3


def register(cli: click.Group) -> None:
    """Add the sandbox's commands to ``duewatch``."""
    cli.add_command(simulate)


@click.command()
@click.option(
    "--from", "first", type=DAY, required=True, metavar="DATE", help="The first day, in Asia/Shanghai."
)
@click.option("--to", "last", type=DAY, required=True, metavar="DATE", help="The last day, inclusive.")
@click.option(
    "--units", type=click.IntRange(3, _MOST_UNITS), default=60, show_default=True, help="How many units."
)
@click.option("--seed", type=int, default=2023, show_default=True, help="Another seed makes another city.")
@as_json
def simulate(*, first: date, last: date, units: int, seed: int, as_json: bool) -> None:
    """Run the timetable in virtual time over a made-up city, and check that its invariants hold.

    Nothing is sent and no database of yours is touched. Exit code 1 when an invariant breaks.
    """
    if last < first:
        misused("--to lies before --from; give the first day and the last")
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="duewatch-simulate-", dir=_in_memory()) as folder:
        database = Database(f"sqlite:///{Path(folder) / 'city.db'}")
        try:
            database.upgrade()
            came_of = asyncio.run(
                live_through(
                    database, law(), first=first, last=last, units=units, seed=seed, progress=_progress()
                )
            )
        finally:
            database.close()
    violations = [{"invariant": each.invariant, "detail": each.detail} for each in came_of.violations]
    if as_json:
        as_told(
            {
                "from": first,
                "to": last,
                "units": units,
                "seed": seed,
                "counts": came_of.counts,
                "broken": len(violations),
                "violations": violations[:_SHOWN],
            }
        )
    else:
        _print(came_of, first, last, units)
    if violations:
        raise SystemExit(1)


def _in_memory() -> Path | None:
    """Return a folder in memory where there is a roomy one: nothing here outlives the run, and no flush is waited for."""
    shared = Path("/dev/shm")  # noqa: S108  # only the place; the folder in it is made private and with a random name
    return shared if shared.is_dir() and shutil.disk_usage(shared).free > _ROOM else None


def _print(came_of: Simulated, first: date, last: date, units: int) -> None:
    click.echo(f"{first} … {last}, {units} units")
    columns([(f"  {name.replace('_', ' ')}", f"{count:>9,}") for name, count in came_of.counts.items()])
    if not came_of.violations:
        click.echo("every invariant holds")
        return
    click.echo(f"{len(came_of.violations)} broken:", err=True)
    for each in came_of.violations[:_SHOWN]:
        click.echo(f"  {each.invariant}: {each.detail}", err=True)


def _progress() -> Callable[[float], None]:
    """Return what shows the share done on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        return lambda _: None
    shown = -1

    def show(share: float) -> None:
        nonlocal shown
        percent = int(share * 100)
        if percent == shown:
            return
        shown = percent
        bar = "█" * (percent // 4)
        click.echo(f"\r{bar:<25} {percent:3d} %" + ("\n" if percent == 100 else ""), err=True, nl=False)  # noqa: PLR2004  # all of it

    return show
