"""When a job last ran is remembered, and one that should have run since is late."""

from datetime import datetime

import pytest

from jobs import rounds
from jobs.context import Context
from jobs.rounds import late, recorded
from jobs.timetable import PLANNING, catch_up
from tests.jobs.town import Town, at

NAMES = [entry.name for entry in PLANNING]


async def test_after_catching_up_no_job_is_late_until_its_next_hour_has_passed(town: Town) -> None:
    await catch_up(town.context(), at("2024-02-20 08:00"))
    done = town.database.read(lambda session: rounds.last(session, NAMES))
    assert set(done) == set(NAMES)
    assert late(PLANNING, done, now=at("2024-02-20 08:44")) == ()
    assert late(PLANNING, done, now=at("2024-02-20 08:46")) == ("daily_digest",)
    assert set(late(PLANNING, done, now=at("2024-02-21 12:00"))) == set(NAMES) - {"weekly_digest"}
    assert set(late(PLANNING, done, now=at("2024-02-26 12:00"))) == set(NAMES)


def test_a_job_that_never_ran_is_late() -> None:
    assert set(late(PLANNING, {}, now=at("2024-02-20 08:00"))) == set(NAMES)


def test_a_round_of_the_future_does_not_hide_that_a_job_stopped() -> None:
    done = dict.fromkeys(NAMES, at("2025-02-20 08:00"))
    assert late(PLANNING, done, now=at("2024-02-20 08:00")) == ()


async def test_a_job_that_breaks_has_not_run(town: Town) -> None:
    async def breaks(_context: Context, _now: datetime) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await recorded("reminders", breaks)(town.context(), at("2024-02-20 09:00"))
    assert town.database.read(lambda session: rounds.last(session, NAMES)) == {}
