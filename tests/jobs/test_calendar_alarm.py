"""From 60 days before the working days run out, the municipality's digests say so, and the log does."""

import logging
from dataclasses import replace
from datetime import date, timedelta

import pytest

from jobs import digests
from jobs.briefs import DigestBrief, WeeklyBrief
from jobs.context import Context
from jobs.deliver import deliver
from obligations.calendar import Coverage, WorkingCalendar, load_calendar
from obligations.law import Law
from storage.database import Database
from tests.jobs.town import Town, at

END = date(2026, 12, 31)


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    """A town with the calendar that ends with 2026, whatever a later release ships."""
    return Town(database, replace(law, calendar=calendar_through(END)))


def calendar_through(last: date) -> WorkingCalendar:
    return replace(load_calendar(), published_through=last)


async def told(context: Context, town: Town, day: str) -> dict[str, Coverage | None]:
    """Return what each reader's daily digest of a day says of the calendar, by address."""
    moment = at(f"{day} 08:30")
    await digests.daily(context, moment)
    await deliver(context, moment)
    return {
        parcel.address: parcel.brief.calendar_ends
        for parcel in town.channel.parcels
        if isinstance(parcel.brief, DigestBrief) and parcel.brief.today == moment.date()
    }


@pytest.mark.parametrize(
    ("day", "days_left"),
    [("2026-10-30", None), ("2026-11-02", 59), ("2026-12-31", 0), ("2027-01-04", -4)],
)
async def test_only_the_municipality_is_told(town: Town, day: str, days_left: int | None) -> None:
    town.contact(town.city, "city")
    town.contact(town.district("north"), "north")
    ends = None if days_left is None else Coverage(through=END, days_left=days_left)
    assert await told(town.context(), town, day) == {"city": ends, "north": None}


async def test_it_begins_60_days_before_and_not_61(town: Town) -> None:
    town.contact(town.city, "city")
    assert await told(town.context(), town, "2026-10-31") == {"city": None}
    assert await told(town.context(), town, "2026-11-01") == {"city": Coverage(through=END, days_left=60)}


async def test_it_ends_once_a_newer_year_is_there(town: Town) -> None:
    town.contact(town.city, "city")
    later = replace(town.context(), law=replace(town.law, calendar=calendar_through(date(2027, 12, 31))))
    assert await told(later, town, "2026-12-31") == {"city": None}


@pytest.mark.parametrize(
    ("monday", "days_left"), [("2026-10-26", None), ("2026-11-02", 59), ("2027-01-04", -4)]
)
async def test_the_week_says_so_too(town: Town, monday: str, days_left: int | None) -> None:
    town.contact(town.city, "lead", lead=True)
    town.contact(town.city, "officer")
    moment = at(f"{monday} 08:45")
    await digests.weekly(town.context(), moment)
    await deliver(town.context(), moment)
    [brief] = [parcel.brief for parcel in town.channel.parcels if isinstance(parcel.brief, WeeklyBrief)]
    assert brief.calendar_ends == (None if days_left is None else Coverage(through=END, days_left=days_left))


async def test_the_log_warns_once_a_day(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="jobs.digests")
    for moment in (at("2026-10-31 09:00"), at("2026-11-01 08:00"), at("2026-11-01 09:00")):
        await digests.daily(town.context(), moment)
    await digests.daily(town.context(), at("2026-11-01 09:00") + timedelta(minutes=5))
    [message] = [record.getMessage() for record in caplog.records]
    assert message == (
        "working days are known only through 2026-12-31, 60 days from today; add the next year: "
        "duewatch calendar add FILE, then restart duewatch run"
    )
