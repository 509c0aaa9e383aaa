"""A clock that was wrong for a while: nothing waits for a time far away, no day is lost, and none is told twice."""

import logging
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import not_, select

from jobs import digests, materialise, reminders
from jobs.clock_steps import bring_back
from jobs.deliver import deliver
from jobs.timetable import catch_up
from jobs.walker import walk
from storage import claims, outbox, settings
from storage.database import Database, Session
from storage.models import Contact, Notification, NotificationKind, Outcome, Reminding
from tests.jobs.town import Town, at

PLANNED = (NotificationKind.REMINDER, NotificationKind.DAILY_DIGEST, NotificationKind.WEEKLY_DIGEST)


def peopled(town: Town) -> int:
    north = town.district("north")
    unit = town.unit("plant", north)
    town.contact(unit, "plant")
    town.contact(north, "office")
    town.contact(town.city, "lead", lead=True)
    town.contact(town.city, "officer")
    return unit


async def live(town: Town, since: str, until: str) -> None:
    async for _ in walk(town.context(), since=at(since), until=at(until), set_clock=lambda _: None):
        pass


async def start(town: Town, moment: datetime) -> None:
    """Start the process, or go on after a step of its clock; and send what is due."""
    await catch_up(town.context(), moment)
    await deliver(town.context(), moment)


def planned(database: Database, since: date, through: date) -> Counter[tuple[str, str, str]]:
    """Count the reminders and digests planned for some days: by reader, kind and key."""

    def work(session: Session) -> Counter[tuple[str, str, str]]:
        rows = session.execute(
            select(Notification.contact_id, Notification.kind, Notification.key).where(
                Notification.kind.in_(PLANNED), Notification.planned_on.between(since, through)
            )
        )
        return Counter((str(contact), kind.value, key) for contact, kind, key in rows)

    return database.read(work)


def reminded(town: Town, unit: int, period: str) -> list[tuple[str, int]]:
    """Return on which days, and for which marks, a unit was reminded of its evidence."""
    stage = town.stage(unit, "monthly-evidence", period).id

    def work(session: Session) -> list[tuple[str, int]]:
        rows = session.execute(
            select(Reminding.planned_on, Reminding.mark)
            .join(Contact, Contact.id == Reminding.contact_id)
            .where(Reminding.stage_id == stage, not_(Contact.lead))
            .order_by(Reminding.planned_on)
        )
        return [(f"{day:%m-%d}", mark) for day, mark in rows]

    return town.database.read(work)


AHEAD = timedelta(days=366)


async def test_a_clock_a_year_ahead_for_an_hour_loses_no_day_and_repeats_none(town: Town) -> None:
    unit = peopled(town)
    office = str(town.who("office"))
    await start(town, at("2024-02-05 10:00"))
    await live(town, "2024-02-05 10:00", "2024-02-20 10:00")
    await start(town, at("2024-02-20 10:00") + AHEAD)
    sent_early = len(town.channel.parcels)
    await start(town, at("2024-02-20 11:00"))
    assert len(town.channel.parcels) == sent_early, "the day's own were sent already"
    await live(town, "2024-02-20 11:00", "2024-03-20 10:00")

    days = [date(2024, 2, 6) + timedelta(days=n) for n in range(44)]
    told = planned(town.database, days[0], days[-1])
    assert set(told.values()) == {1}
    daily = sorted(key for contact, kind, key in told if kind == "daily_digest" and contact == office)
    assert daily == [day.isoformat() for day in days]
    weekly = {key for _, kind, key in told if kind == "weekly_digest"}
    assert weekly == {"2024-W07", "2024-W08", "2024-W09", "2024-W10", "2024-W11", "2024-W12"}
    # As without the wrong hour: each mark on its day, and on working days only; weekly after a fortnight.
    expected = "02-09:-3 02-19:-1 02-20:0 02-21:1 02-22:2 02-23:3 02-26:6 02-27:7 02-28:8 02-29:9"
    expected += " 03-01:10 03-04:13 03-05:14 03-11:20 03-18:27"
    assert " ".join(f"{day}:{mark}" for day, mark in reminded(town, unit, "2024-01")) == expected


async def test_the_day_it_was_wrongly_comes_in_earnest_too(town: Town) -> None:
    unit = peopled(town)
    await start(town, at("2024-02-05 10:00"))
    wrong = at("2024-04-19 10:00")
    await start(town, wrong)
    assert town.told(town.who("office"), NotificationKind.DAILY_DIGEST)[-1].key == "2024-04-19"
    await start(town, at("2024-02-05 11:00"))
    await live(town, "2024-02-05 11:00", "2024-04-21 10:00")
    digests_told = town.told(town.who("office"), NotificationKind.DAILY_DIGEST)
    early, *rest = [each for each in digests_told if each.planned_on == date(2024, 4, 19)]
    assert early.key.startswith("2024-04-19#")
    assert early.outcome is Outcome.SENT  # it stays as proof
    assert [(each.key, each.outcome) for each in rest] == [("2024-04-19", Outcome.SENT)]
    assert reminded(town, unit, "2024-03") == [("04-10", -10), ("04-15", -5), ("04-17", -3), ("04-19", 0)]


async def test_what_was_planned_ahead_and_not_sent_is_dropped_with_its_reason(town: Town) -> None:
    office = town.contact(town.district("north"), "office")
    context = town.context()
    await digests.daily(context, at("2024-02-20 08:30"))
    await digests.daily(context, at("2025-02-20 08:30"))
    await digests.daily(context, at("2024-02-21 08:30"))
    told = [(each.key.partition("#")[0], each.outcome, each.outcome_reason) for each in town.told(office)]
    assert told == [
        ("2024-02-20", Outcome.PENDING, None),
        ("2025-02-20", Outcome.DROPPED, "planned by a clock that was ahead"),
        ("2024-02-21", Outcome.PENDING, None),
    ]


async def test_a_clock_that_was_behind_repeats_nothing(town: Town) -> None:
    office = town.contact(town.district("north"), "office")
    context = town.context()
    for day in range(19, 24):
        await digests.daily(context, at(f"2024-02-{day} 08:30"))
    await digests.daily(context, at("2024-02-20 08:30"))
    await digests.daily(context, at("2024-02-23 09:30"))
    await digests.daily(context, at("2024-02-24 08:30"))
    assert [each.key for each in town.told(office)] == [f"2024-02-{day}" for day in range(19, 25)]
    assert {each.outcome for each in town.told(office)} == {Outcome.PENDING}


async def test_before_the_first_start_nothing_is_planned_and_it_says_so(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    peopled(town)
    await start(town, at("2024-02-05 10:00"))
    before = planned(town.database, date(1970, 1, 1), date(2030, 1, 1))
    with caplog.at_level(logging.ERROR):
        await reminders.run(town.context(), at("1970-01-01 10:00"))
        await digests.daily(town.context(), at("1970-01-01 10:00"))
    assert "set the clock right" in caplog.text
    assert planned(town.database, date(1970, 1, 1), date(2030, 1, 1)) == before


async def test_a_first_start_with_a_clock_ahead_is_put_right(town: Town) -> None:
    unit = peopled(town)
    await materialise.run(town.context(), at("2025-02-05 10:00"))
    await materialise.run(town.context(), at("2024-02-05 11:00"))
    assert town.database.read(lambda s: settings.get_date(s, settings.SINCE)) == date(2024, 2, 5)
    assert ("monthly-evidence", "2024-01", "unit") in town.stages(unit)


async def test_who_is_entered_after_a_clock_was_ahead_lacks_nothing(town: Town) -> None:
    peopled(town)
    await materialise.run(town.context(), at("2024-02-05 10:00"))
    await materialise.run(town.context(), at("2025-02-05 10:00"))
    late = town.unit("late", town.district("south"))
    await materialise.run(town.context(), at("2024-02-05 11:00"))
    assert ("monthly-evidence", "2024-01", "unit") in town.stages(late)


class TestBringingBack:
    async def test_what_waits_for_a_far_time_goes_now(self, town: Town) -> None:
        reader = town.contact(town.district("north"), "office")
        now, wrong = at("2024-02-20 10:00"), at("2025-02-20 10:00")
        town.database.write(
            lambda s: outbox.enqueue(s, [reader], NotificationKind.DAILY_DIGEST, key="k", now=wrong)
        )
        assert await deliver(town.context(), now) == 0
        await bring_back(town.context(), now)
        assert await deliver(town.context(), now) == 1

    async def test_a_lease_of_a_wrong_clock_holds_nobody_up(self, town: Town) -> None:
        reader = town.contact(town.district("north"), "office")
        now, wrong = at("2024-02-20 10:00"), at("2025-02-20 10:00")
        town.database.write(
            lambda s: outbox.enqueue(s, [reader], NotificationKind.DAILY_DIGEST, key="k", now=now)
        )
        town.database.write(lambda s: claims.claim(s, worker="gone", now=wrong))
        assert await deliver(town.context(), now) == 0
        await bring_back(town.context(), now)
        assert await deliver(town.context(), now) == 1

    async def test_what_waits_for_the_morning_or_is_being_sent_is_left_alone(self, town: Town) -> None:
        reader = town.contact(town.district("north"), "office")
        now = at("2024-02-20 10:00")

        def work(session: Session) -> None:
            for key, later in (("a", timedelta()), ("b", timedelta(hours=21))):
                outbox.enqueue(
                    session, [reader], NotificationKind.DAILY_DIGEST, key=key, now=now, not_before=now + later
                )

        town.database.write(work)
        town.database.write(lambda s: claims.claim(s, worker="other", now=now))
        before = [(each.leased_until, each.not_before) for each in town.told(reader)]
        await bring_back(town.context(), now)
        assert [(each.leased_until, each.not_before) for each in town.told(reader)] == before
