"""What was missed is sent as soon as it is planned, and not before."""

from datetime import datetime, timedelta

from jobs import outage
from jobs.timetable import ALIVE, CATCHING_UP
from storage import outages
from tests.jobs.town import Town, at

NINE = at("2024-02-20 09:00")
FORTNIGHT_LATER = at("2024-03-05 09:00")


def may_be_sent(town: Town, now: datetime) -> bool:
    return town.database.read(lambda session: outages.is_caught_up(session, now=now))


async def start(town: Town, now: datetime) -> list[bool]:
    """Do what a process that begins to lead does; return, for each step, whether anything might be sent before it."""
    before = []
    for _, work in CATCHING_UP:
        before.append(may_be_sent(town, now))
        await work(town.context(), now)
    return before


async def test_at_a_start_it_may_be_sent_when_everything_is_planned(town: Town) -> None:
    assert not any(await start(town, NINE))
    assert may_be_sent(town, NINE)
    assert not may_be_sent(town, FORTNIGHT_LATER)
    assert not any(await start(town, FORTNIGHT_LATER))
    assert may_be_sent(town, FORTNIGHT_LATER)


async def test_the_minutes_in_which_it_is_being_planned_let_nothing_go(town: Town) -> None:
    await outage.note(town.context(), NINE)
    for minute in range(5):
        await ALIVE.work(town.context(), NINE + timedelta(minutes=minute))
        assert not may_be_sent(town, NINE + timedelta(minutes=minute))


async def test_it_stays_so_as_long_as_the_timetable_runs(town: Town) -> None:
    await start(town, NINE)
    for minute in range(0, 120, 10):
        await ALIVE.work(town.context(), NINE + timedelta(minutes=minute))
        assert may_be_sent(town, NINE + timedelta(minutes=minute))
