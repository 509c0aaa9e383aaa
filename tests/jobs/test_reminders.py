"""The morning's reminders over a run of days: outages, restarts, holidays."""

from datetime import date

import pytest

from jobs import digests, materialise, reminders
from jobs.briefs import ReminderBrief
from jobs.context import Context
from jobs.deliver import deliver
from jobs.timetable import catch_up
from obligations.law import Law
from storage import settings
from storage.database import Database
from storage.models import NotificationKind, Outcome
from tests.jobs.town import Town, at, days

REMINDER = NotificationKind.REMINDER


@pytest.fixture
def plant(town: Town) -> int:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    return unit


async def test_nobody_is_written_to_before_the_hour(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    await reminders.run(town.context(), at("2024-02-19 08:59"))
    assert town.remindings(contact) == []
    await reminders.run(town.context(), at("2024-02-19 09:00"))
    assert town.remindings(contact) == [(date(2024, 2, 19), -1)]


async def test_running_it_twice_or_ten_times_a_day_changes_nothing(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    for hour in range(9, 19):
        await reminders.run(town.context(), at(f"2024-02-19 {hour:02}:00"))
    assert town.remindings(contact) == [(date(2024, 2, 19), -1)]
    assert len(town.told(contact)) == 1


async def test_three_days_down_over_a_weekend_cost_one_message(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    town.change(town.stage(plant, "monthly-evidence", "2024-01"), act_by_on=date(2024, 7, 17))
    context = town.context()
    await reminders.run(context, at("2024-07-11 09:00"))  # the last run, on a Thursday without a mark
    # Friday's mark (three and five days before) was missed; the process comes back on Monday before its hour.
    await reminders.run(context, at("2024-07-15 07:10"))
    assert town.told(contact, REMINDER) == []
    await reminders.run(context, at("2024-07-15 09:00"))
    assert town.remindings(contact) == [(date(2024, 7, 15), -3)]
    assert [told.key for told in town.told(contact, REMINDER)] == ["2024-07-15"]


async def test_back_after_the_hour_it_makes_up_at_once(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    context = town.context()
    await reminders.run(context, at("2024-02-09 09:00"))
    await catch_up(context, at("2024-02-21 15:20"))
    await deliver(context, at("2024-02-21 15:20"))
    told = town.told(contact, REMINDER)
    assert [(each.key, each.outcome) for each in told] == [
        (
            "2024-02-09",
            Outcome.DROPPED,
        ),  # planned and not sent when the process died: the later one says it all
        ("2024-02-21", Outcome.SENT),
    ]
    assert town.remindings(contact) == [(date(2024, 2, 9), -3), (date(2024, 2, 21), 1)]


async def test_an_outage_of_months_looks_back_a_month(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    context = town.context()
    await reminders.run(context, at("2024-02-01 09:00"))
    town.change(town.stage(plant, "monthly-evidence", "2024-01"), act_by_on=date(2024, 8, 1))
    await reminders.run(context, at("2024-07-30 09:00"))
    assert town.remindings(contact) == [(date(2024, 7, 30), -3)]  # -3 is the 29th's


async def test_the_first_start_ever_brings_no_flood(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    town.change(town.stage(plant, "monthly-evidence", "2024-01"), act_by_on=date(2024, 1, 3))
    await reminders.run(town.context(), at("2024-02-21 10:00"))  # a Wednesday: long overdue is for Mondays
    assert town.told(contact) == []


async def test_the_message_says_which_reminder_it_is_and_how_many_days_are_left(
    town: Town, plant: int
) -> None:
    town.contact(plant, "a")
    context = town.context()
    for day in days(date(2024, 2, 8), date(2024, 2, 22)):
        now = at(f"{day} 09:00")
        await reminders.run(context, now)
        await deliver(context, now)
    briefs = [parcel.brief for parcel in town.channel.parcels]
    assert [
        (brief.today, each.mark, each.nth, each.days_left)
        for brief in briefs
        if isinstance(brief, ReminderBrief)
        for each in brief.items
    ] == [
        (date(2024, 2, 9), -3, 1, 11),
        (date(2024, 2, 19), -1, 2, 1),
        (date(2024, 2, 20), 0, 3, 0),
        (date(2024, 2, 21), 1, 4, -1),
        (date(2024, 2, 22), 2, 5, -2),
    ]


class TestMaterialising:
    async def test_it_begins_with_the_day_of_the_first_start(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        context = town.context()
        await materialise.run(context, at("2024-02-21 14:00"))
        assert {s[1] for s in town.stages(unit) if s[0] == "monthly-evidence"} == {
            "2024-02",
            "2024-03",
            "2024-04",
            "2024-05",
        }
        await materialise.run(context, at("2024-04-01 00:05"))
        assert "2024-01" not in {s[1] for s in town.stages(unit)}
        assert "2024-06" in {s[1] for s in town.stages(unit)}

    async def test_before_the_registry_is_there_it_only_remembers_the_first_day(
        self, database: Database, law: Law
    ) -> None:
        context = Context(database=database, law=law, channels={}, worker="one")
        await catch_up(context, at("2024-02-21 14:00"))
        await catch_up(context, at("2024-02-22 14:00"))
        first = database.read(lambda session: settings.get_date(session, settings.SINCE))
        assert first == date(2024, 2, 21)

    async def test_it_warns_when_the_horizon_leaves_the_published_calendar(
        self, town: Town, caplog: pytest.LogCaptureFixture
    ) -> None:
        await materialise.run(town.context(), at("2026-08-01 00:05"))
        assert "published" not in caplog.text
        await materialise.run(town.context(), at("2026-10-01 00:05"))
        assert "published through 2026-12-31" in caplog.text


class TestDigests:
    async def test_once_a_day_and_late_says_so(self, town: Town) -> None:
        town.contact(town.district("north"), "office")
        context = town.context()
        await digests.daily(context, at("2024-02-20 08:29"))
        await digests.daily(context, at("2024-02-20 08:30"))
        await digests.daily(context, at("2024-02-20 12:00"))
        await deliver(context, at("2024-02-20 08:30"))
        await digests.daily(context, at("2024-02-24 09:31"))  # three days were missed: one digest, and late
        await deliver(context, at("2024-02-24 09:31"))
        told = [(parcel.brief.today, parcel.brief.late) for parcel in town.channel.parcels]  # type: ignore[union-attr]  # digests
        assert told == [(date(2024, 2, 20), False), (date(2024, 2, 24), True)]

    async def test_the_weekly_one_on_monday_or_whenever_the_process_is_back(self, town: Town) -> None:
        lead = town.contact(town.city, "lead", lead=True)
        town.contact(town.city, "officer")
        context = town.context()
        for moment in (
            "2024-02-12 08:45",  # Monday
            "2024-02-12 08:45",
            "2024-02-15 10:00",
            "2024-02-19 08:44",
            "2024-02-22 16:00",  # Monday's was missed
            "2024-02-23 16:00",
        ):
            await digests.weekly(context, at(moment))
        told = town.told(lead)
        assert [each.key for each in told] == ["2024-W07", "2024-W08"]
        assert [each.planned_on for each in told] == [date(2024, 2, 12), date(2024, 2, 19)]

    async def test_a_first_start_in_mid_week_waits_for_monday(self, town: Town) -> None:
        lead = town.contact(town.city, "lead", lead=True)
        await digests.weekly(town.context(), at("2024-02-14 10:00"))
        assert town.told(lead) == []

    async def test_the_trend_compares_with_last_week(self, town: Town) -> None:
        town.contact(town.city, "lead", lead=True)
        town.contact(town.city, "officer")
        unit = town.unit("plant", town.district("north"))
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        context = town.context()
        for moment in ("2024-02-19 08:45", "2024-02-26 08:45", "2024-03-04 08:45"):
            await digests.weekly(context, at(moment))
            await deliver(context, at(moment))
        town.submit(town.stage(unit, "monthly-evidence", "2024-01"), at("2024-03-05 10:00"))
        weekly = [parcel.brief for parcel in town.channel.parcels]
        assert [(b.week, b.before, b.counts.overdue, b.overdue_before) for b in weekly] == [  # type: ignore[union-attr]  # weekly
            ("2024-W08", None, 0, None),
            ("2024-W09", "2024-W08", 1, 0),
            ("2024-W10", "2024-W09", 1, 1),
        ]
