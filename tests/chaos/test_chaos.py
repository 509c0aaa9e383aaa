"""Killed at any moment before a server that fails in every way it can, Duewatch loses nothing and repeats only what it says.

More seeds, and more notifications: `make chaos SEEDS=100`.
"""

import asyncio

import pytest

from tests.chaos.plan import plan
from tests.chaos.run import Result, Run

NOTIFICATIONS = 120
FEW = 60


def play(seed: int, *, processes: int, notifications: int, url: str) -> Result:
    return asyncio.run(Run(plan(seed, processes=processes, notifications=notifications), url).play())


@pytest.mark.parametrize(("seed", "processes"), [(2, 2), (3, 3)])
def test_several_processes_lose_nothing_and_repeat_only_what_is_on_record(
    seed: int, processes: int, postgres_url: str
) -> None:
    result = play(seed, processes=processes, notifications=NOTIFICATIONS, url=postgres_url)
    assert result.good, f"{result.story()}\nagain: python -m tests.chaos --seeds 1 --first {seed}"
    # It was no quiet day.
    assert result.kills > 0
    assert sum(result.struck.values()) > 0


def test_one_process_on_sqlite_loses_nothing_either(sqlite_url: str) -> None:
    result = play(1, processes=1, notifications=FEW, url=sqlite_url)
    assert result.good, f"{result.story()}\nagain: python -m tests.chaos --seeds 1 --first 1 --sqlite"
    assert result.kills > 0


def test_a_plan_follows_from_its_seed_alone() -> None:
    first, again, other = (str(plan(seed, processes=3, notifications=300)) for seed in (7, 7, 8))
    assert first == again
    assert first != other
