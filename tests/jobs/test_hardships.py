"""Outages, nights, wrong clocks and clean stops: what is still true arrives once, and nobody is flooded or woken."""

import asyncio
import logging
from collections import Counter
from datetime import date, timedelta

import pytest

from jobs import digests, reminders
from jobs.briefs import ReminderBrief
from jobs.channel import Begin, Parcel, Receipt
from jobs.deliver import READERS_AT_ONCE, deliver
from jobs.watermarks import planned_through
from storage import settings
from storage.models import NotificationKind, Outcome
from tests.jobs.town import RecordingChannel, Town, at

EVIDENCE = "monthly-evidence"


@pytest.fixture
def plant(town: Town) -> int:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    town.contact(unit, "a")
    return unit


class Unreachable(RecordingChannel):
    """A channel whose server cannot be reached until it is back."""

    back = False

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        if self.back:
            return await super().deliver(parcel, begin)
        return Receipt(
            outcome=Outcome.PENDING, retry_in=timedelta(minutes=30), reason="the server cannot be reached"
        )


@pytest.mark.usefixtures("plant")
async def test_after_days_without_a_connection_each_reader_gets_one_message_of_a_kind(town: Town) -> None:
    town.contact(town.district("south"), "office")
    channel = Unreachable()
    context = town.context(chat=channel)
    for day in (19, 20, 21, 22):
        await digests.daily(context, at(f"2024-02-{day} 08:30"))
        await reminders.run(context, at(f"2024-02-{day} 09:00"))
        await deliver(context, at(f"2024-02-{day} 09:00"))
    channel.back = True
    await deliver(context, at("2024-02-22 15:00"))
    assert sorted(channel.addresses()) == ["a", "office"]
    told = town.told(town.who("a"), NotificationKind.REMINDER)
    assert [(each.key, each.outcome) for each in told] == [
        ("2024-02-19", Outcome.DROPPED),
        ("2024-02-20", Outcome.DROPPED),
        ("2024-02-21", Outcome.DROPPED),
        ("2024-02-22", Outcome.SENT),
    ]


async def test_what_only_a_lost_day_would_have_told_is_told_with_the_next(town: Town) -> None:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 3, 20), date(2024, 4, 20))
    town.contact(unit, "a")
    channel = Unreachable()
    context = town.context(chat=channel)
    march, april = (town.stage(unit, EVIDENCE, period) for period in ("2024-02", "2024-03"))
    town.change(
        march, act_by_on=date(2024, 4, 2)
    )  # three days before it is 30 March, a Saturday: told on the 29th
    await reminders.run(context, at("2024-03-29 09:00"))
    await deliver(context, at("2024-03-29 09:00"))
    channel.back = True
    town.change(april, act_by_on=date(2024, 4, 4))  # and this one on 1 April, three days before
    await reminders.run(context, at("2024-04-01 09:00"))
    await deliver(context, at("2024-04-01 09:00"))
    [parcel] = channel.parcels
    assert isinstance(parcel.brief, ReminderBrief)
    assert {each.item.stage_id for each in parcel.brief.items} == {march.id, april.id}


@pytest.mark.usefixtures("plant")
async def test_nobody_is_written_to_at_night_whatever_was_late(town: Town) -> None:
    context = town.context()
    await reminders.run(context, at("2024-02-20 23:30"))
    assert await deliver(context, at("2024-02-20 23:30")) == 0
    assert await deliver(context, at("2024-02-21 06:59")) == 0
    assert await deliver(context, at("2024-02-21 07:00")) == 1


@pytest.mark.usefixtures("plant")
async def test_a_watermark_from_a_wrong_clock_silences_nobody(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    context = town.context()
    await reminders.run(context, at("2024-12-02 09:00"))
    with caplog.at_level(logging.ERROR):
        await reminders.run(context, at("2024-02-20 09:00"))
    assert "2024-12-02, which is yet to come" in caplog.text
    assert await deliver(context, at("2024-02-20 09:00")) == 1
    kept = town.database.read(
        lambda s: planned_through(s, reminders.PLANNED_THROUGH, today=date(2024, 2, 20))
    )
    assert kept == date(2024, 2, 20)
    town.database.write(lambda s: settings.put_date(s, "k", date(2024, 2, 21)))
    assert town.database.read(lambda s: planned_through(s, "k", today=date(2024, 2, 20))) == date(2024, 2, 19)


class Slow(RecordingChannel):
    """A channel that is in the middle of sending until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.sending, self.go_on = asyncio.Event(), asyncio.Event()

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        self.sending.set()
        await self.go_on.wait()
        return await super().deliver(parcel, begin)


async def test_a_stop_finishes_what_is_being_sent_and_begins_nothing_more(town: Town, plant: int) -> None:
    readers = [town.contact(plant, f"reader {number}") for number in range(READERS_AT_ONCE)]
    channel = Slow()
    context = town.context(chat=channel)
    await reminders.run(context, at("2024-02-20 09:00"))
    delivering = asyncio.create_task(deliver(context, at("2024-02-20 09:00")))
    await channel.sending.wait()
    context.stopping.set()
    channel.go_on.set()
    assert await delivering == READERS_AT_ONCE
    told = [town.told(each, NotificationKind.REMINDER) for each in (town.who("a"), *readers)]
    assert Counter(each.outcome for [each] in told) == {
        Outcome.SENT: READERS_AT_ONCE,
        Outcome.PENDING: 1,
    }


async def test_an_office_that_is_excused_is_not_told_that_it_is_overdue(town: Town) -> None:
    office = town.district("north")
    plant = town.unit("plant", office)
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    contact = town.contact(office, "office")
    context = town.context()
    town.submit(town.stage(plant, EVIDENCE, "2024-01"), at("2024-03-01 10:00"))
    check = town.stage(plant, EVIDENCE, "2024-01", "district")
    assert (check.excused, check.act_by_on) == (True, date(2024, 3, 6))
    await reminders.run(context, at("2024-03-06 09:00"))
    assert [mark for _, mark in town.remindings(contact)] == [0]
    await reminders.run(context, at("2024-03-11 09:00"))
    assert [mark for _, mark in town.remindings(contact)] == [0]
