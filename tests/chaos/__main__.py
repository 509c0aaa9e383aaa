"""Runs the chaos test with many seeds: `python -m tests.chaos --seeds 100`, or `make chaos SEEDS=100`."""

import argparse
import asyncio
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

from storage.database import Database
from tests import postgres
from tests.chaos.plan import plan
from tests.chaos.run import Result, Run


def main() -> int:
    """Run the seeds, print a line for each and the totals; 1 where any was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many run at the same time")
    parser.add_argument("--notifications", type=int, default=200, help="about how many are due in each")
    parser.add_argument("--processes", type=int, help="how many processes; by default two and three in turn")
    parser.add_argument("--sqlite", action="store_true", help="one process on SQLite, instead of PostgreSQL")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    results: list[Result] = []
    with postgres.Server.started() as server, ThreadPoolExecutor(given.jobs) as pool:
        for result in pool.map(lambda seed: _one(server, seed, given), seeds):
            results.append(result)
            click.echo(result.line() if result.good else result.story())
    click.echo(_totals(results))
    bad = [result.plan.seed for result in results if not result.good]
    for seed in bad:
        click.echo(
            f"again: python -m tests.chaos --seeds 1 --first {seed} --notifications {given.notifications}"
        )
    return 1 if bad else 0


def _one(server: postgres.Server, seed: int, given: argparse.Namespace) -> Result:
    processes = given.processes or (1 if given.sqlite else 2 + seed % 2)
    planned = plan(seed, processes=processes, notifications=given.notifications, thorough=not given.sqlite)
    if given.sqlite:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'duewatch.db'}"
            database = Database(url)
            database.upgrade()
            database.close()
            return asyncio.run(Run(planned, url).play())
    with server.database() as url:
        return asyncio.run(Run(planned, url).play())


def _totals(results: list[Result]) -> str:
    verdicts = [result.verdict for result in results]
    return (
        f"{len(results)} seeds: {sum(v.due for v in verdicts)} notifications due, "
        f"{sum(v.arrived for v in verdicts)} arrived, {sum(v.unknown for v in verdicts)} attempts unknown, "
        f"{sum(v.repeated for v in verdicts)} repeated, {sum(v.lost for v in verdicts)} lost, "
        f"{sum(v.unanswered for v in verdicts)} answers not seen, "
        f"{sum(result.kills for result in results)} kills, "
        f"{sum(not result.good for result in results)} seeds wrong"
    )


if __name__ == "__main__":
    sys.exit(main())
