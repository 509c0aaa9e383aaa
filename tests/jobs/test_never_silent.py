"""What goes wrong beside the sending itself: a clock, a race, a database, a text, a channel that says "later" for ever."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from jobs import reminders
from jobs.briefs import BundleBrief, UnreachableBrief
from jobs.bundling import is_late
from jobs.channel import NOT_MINE, Begin, Parcel, Receipt
from jobs.clock_steps import bring_back
from jobs.context import Context
from jobs.deliver import deliver
from jobs.routing import FEW
from jobs.settling import LONGEST_PUT_OFF, MOST_UNKNOWN, NOT_SET_UP
from jobs.timetable import catch_up
from storage import claims, dead_letters, health, outbox
from storage.errors import DatabaseUnreachableError
from storage.models import NotificationKind, Outcome, Stage
from tests.jobs.town import RecordingChannel, Town, at

NINE = at("2024-02-20 09:00")
MINUTE = timedelta(minutes=1)
AWAY = Receipt(outcome=Outcome.PENDING, reason="the server cannot be reached", down=True)
BLOCKED = Receipt(outcome=Outcome.FAILED, reason="blocked", unbind=True)


@dataclass
class MovedClock:
    """A clock that stands where it is put."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def plant(town: Town) -> int:
    """A unit with the evidence of January 2024 due on the 20th, and one contact, `a`."""
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    town.contact(unit, "a")
    return unit


def january(town: Town, unit: int, name: str = "unit") -> Stage:
    return town.stage(unit, "monthly-evidence", "2024-01", name)


async def pass_time(context: Context, since: datetime, until: datetime, step: timedelta = MINUTE) -> None:
    moment = since
    while moment <= until:
        await deliver(context, moment)
        moment += step


@pytest.mark.usefixtures("plant")
async def test_a_channel_found_away_by_a_clock_that_was_ahead_is_not_left_alone_for_months(
    town: Town,
) -> None:
    clock = MovedClock(at("2024-12-02 09:00"))
    town.channel.answers["a"] = [AWAY]
    other = RecordingChannel(name="wecom")
    context = replace(town.context(chat=town.channel, wecom=other), clock=clock)
    await reminders.run(context, clock.at)
    await deliver(context, clock.at)
    clock.at = NINE
    await bring_back(context, clock.at)
    await catch_up(context, clock.at)
    for _ in range(10):
        await deliver(context, clock.at)
        clock.at += MINUTE
    assert "a" in town.channel.addresses()


async def test_what_matters_again_while_it_is_being_dropped_is_told(town: Town) -> None:
    district = town.district("north")
    town.contact(town.city, "city")
    units = [town.unit(f"plant {n}", district) for n in range(2)]
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    moment = at("2024-02-19 10:00")
    for unit in units:
        town.submit(january(town, unit), at("2024-02-18 10:00"))
    town.accept(january(town, units[0]), moment)
    town.accept(january(town, units[0], "district"), moment)
    passed_on: list[bool] = []
    read = town.database.ask

    async def ask(work: Callable[[Any], Any]) -> object:
        result = await read(work)
        if getattr(result, "dropped", ()) and not passed_on:
            passed_on.append(True)
            await asyncio.to_thread(town.accept, january(town, units[1]), moment)
        return result

    context = town.context()
    town.database.ask = ask  # type: ignore[method-assign,assignment]
    await deliver(context, moment + timedelta(seconds=2))
    await deliver(context, moment + MINUTE)
    assert passed_on
    assert town.channel.addresses().count("city") == 1


@pytest.mark.usefixtures("plant")
async def test_a_refusal_in_bytes_that_are_no_text_is_kept_all_the_same(town: Town) -> None:
    said = "550 " + "用户不存在".encode("gbk").decode("utf-8", "surrogateescape") + "\0"
    town.channel.answers["a"] = [Receipt(outcome=Outcome.FAILED, reason=said, unbind=True)]
    contact = town.who("a")
    context = town.context()
    await reminders.run(context, NINE)
    await deliver(context, NINE)
    [told] = town.told(contact, NotificationKind.REMINDER)
    assert told.outcome is Outcome.FAILED
    assert (told.outcome_reason or "").startswith("550 ?")


class TestSendsThatAreNeverHeardOf:
    def _die(self, town: Town, times: int) -> datetime:
        now = NINE
        for number in range(times):
            worker = f"worker {number}"
            [claimed] = town.database.write(lambda s, w=worker, n=now: claims.claim(s, worker=w, now=n))  # type: ignore[misc]
            town.database.write(lambda s, c=claimed, n=now: claims.begin(s, c, channel="chat", now=n))  # type: ignore[misc]
            town.database.write(lambda s, w=worker, n=now: claims.release(s, w, now=n))  # type: ignore[misc]
            now += timedelta(seconds=10)
        return now

    @pytest.mark.usefixtures("plant")
    async def test_the_first_is_made_up_for_at_once_and_the_second_in_a_while(self, town: Town) -> None:
        await reminders.run(town.context(), NINE)
        now = self._die(town, 2)
        assert await deliver(town.context(), now) == 0
        assert await deliver(town.context(), now + MINUTE) == 0
        assert await deliver(town.context(), now + 2 * MINUTE) == 1
        [parcel] = town.channel.parcels
        assert parcel.repeated

    async def test_they_have_an_end_which_somebody_hears_of_and_can_be_replayed(
        self, town: Town, plant: int
    ) -> None:
        office = town.contact(january(town, plant).district_id or 0, "office")
        await reminders.run(town.context(), NINE)
        now = self._die(town, MOST_UNKNOWN)
        await pass_time(town.context(), now, now + 5 * MINUTE)
        [told] = town.told(town.who("a"), NotificationKind.REMINDER)
        assert (told.outcome, told.attempts) == (Outcome.UNKNOWN, MOST_UNKNOWN)
        [above] = [parcel.brief for parcel in town.channel.parcels if parcel.contact_id == office]
        assert isinstance(above, UnreachableBrief)
        assert [item.stage_id for item in above.items] == [january(town, plant).id]
        assert town.database.read(lambda s: health.unreached(s, now=now + 6 * MINUTE)).total == 1
        town.database.write(lambda s: dead_letters.replay(s, [told.id], now=now + 6 * MINUTE))
        assert await deliver(town.context(), now + 6 * MINUTE) == 1
        assert town.channel.parcels[-1].repeated

    @pytest.mark.usefixtures("plant")
    async def test_what_is_due_today_goes_by_the_next_channel_after_a_few(self, town: Town) -> None:
        town.bind(town.who("a"), "mail", "a@example.org")
        chat, mail = RecordingChannel(), RecordingChannel(name="mail")
        chat.answers["a"] = [Receipt(outcome=Outcome.UNKNOWN, reason="ReadTimeout", down=True)] * 30
        context = town.context(chat=chat, mail=mail)
        await reminders.run(context, NINE)
        await pass_time(context, NINE, NINE + timedelta(hours=2))
        [parcel] = mail.parcels
        assert parcel.repeated
        assert len(chat.answers["a"]) == 30 - FEW


class TestLaterForEver:
    FULL = Receipt(outcome=Outcome.PENDING, retry_in=timedelta(minutes=5), reason="452 mailbox full")

    async def test_the_next_channel_takes_over(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        town.bind(town.contact(unit, "a@x", channel="mail"), "chat", "a")
        mail = RecordingChannel(name="mail", answers={"a@x": [self.FULL] * 500})
        context = town.context(mail=mail, chat=town.channel)
        await reminders.run(context, NINE)
        await pass_time(context, NINE, NINE + timedelta(hours=1))
        assert town.channel.addresses() == ["a"]

    async def test_where_there_is_none_the_level_above_hears_of_it_the_same_day(
        self, town: Town, plant: int
    ) -> None:
        office = town.contact(january(town, plant).district_id or 0, "office")
        town.channel.answers["a"] = [self.FULL] * 500
        context = town.context()
        await reminders.run(context, NINE)
        await pass_time(context, NINE, NINE + LONGEST_PUT_OFF, timedelta(minutes=10))
        [told] = town.told(town.who("a"), NotificationKind.REMINDER)
        assert (told.outcome, told.outcome_reason) == (Outcome.FAILED, "452 mailbox full")
        assert len(town.told(office, NotificationKind.UNREACHABLE)) == 1

    async def test_too_many_requests_are_waited_for_however_long(self, town: Town, plant: int) -> None:
        del plant
        slow = Receipt(outcome=Outcome.PENDING, retry_in=timedelta(hours=1), reason="too many requests")
        town.channel.answers["a"] = [slow] * 12
        context = town.context()
        await reminders.run(context, NINE)
        await pass_time(context, NINE, NINE + timedelta(hours=23), timedelta(minutes=30))
        assert town.channel.addresses() == ["a"]


class TestTheDatabaseInBetween:
    @pytest.mark.usefixtures("plant")
    async def test_a_blink_of_it_takes_no_bundle_apart(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contact = town.who("a")
        facts = {"contact": contact, "all": [], "reason": "x"}
        for number in range(12):
            town.database.write(
                lambda s, key=f"k{number}": outbox.enqueue(  # type: ignore[misc]
                    s, [contact], NotificationKind.UNREACHABLE, key=key, now=NINE, facts=facts
                )
            )
        blinks = [DatabaseUnreachableError("the database server cannot be reached")]
        beside = town.database.run_beside

        async def run_beside(work: Callable[[Any], Any]) -> object:
            if blinks:
                raise blinks.pop()
            return await beside(work)

        monkeypatch.setattr(town.database, "run_beside", run_beside)
        later = NINE + timedelta(hours=3)
        await pass_time(town.context(), later, later + 3 * MINUTE)
        [parcel] = town.channel.parcels
        assert isinstance(parcel.brief, BundleBrief)
        assert not parcel.repeated


@pytest.mark.usefixtures("plant")
async def test_a_turn_that_comes_at_night_waits_for_the_morning(town: Town) -> None:
    clock = MovedClock(at("2024-02-20 21:59:30"))

    class SlowTurn(RecordingChannel):
        async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
            if not self.parcels and clock.at < at("2024-02-21 00:00"):
                clock.at += timedelta(seconds=90)
                assert not await begin()
                return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
            return await super().deliver(parcel, begin)

    channel = SlowTurn()
    context = replace(town.context(chat=channel), clock=clock)
    await reminders.run(context, clock.at)
    await deliver(context, clock.at)
    [told] = town.told(town.who("a"), NotificationKind.REMINDER)
    assert (told.outcome_reason, told.not_before) == ("quiet hours", at("2024-02-21 07:00"))
    clock.at = at("2024-02-21 07:00")
    await deliver(context, clock.at)
    assert channel.addresses() == ["a"]


@pytest.mark.usefixtures("plant")
async def test_a_bundle_that_may_have_arrived_comes_again_as_one(town: Town) -> None:
    contact = town.who("a")
    for number in range(4):
        facts = {"contact": contact, "all": [], "reason": "x"}
        town.database.write(
            lambda s, key=f"k{number}", f=facts: outbox.enqueue(  # type: ignore[misc]
                s, [contact], NotificationKind.UNREACHABLE, key=key, now=NINE, facts=f
            )
        )
    town.channel.answers["a"] = [Receipt(outcome=Outcome.UNKNOWN, reason="ReadError"), AWAY]
    context = town.context()
    later = NINE + timedelta(hours=3)
    await pass_time(context, later, later + 10 * MINUTE, timedelta(seconds=1))
    [parcel] = town.channel.parcels
    assert isinstance(parcel.brief, BundleBrief)
    assert len(parcel.brief.parts) == 4
    assert parcel.repeated


async def test_what_was_refused_after_a_part_had_arrived_says_so_by_the_next_channel(
    town: Town, plant: int
) -> None:
    del plant
    town.bind(town.who("a"), "mail", "a@example.org")
    chat, mail = RecordingChannel(), RecordingChannel(name="mail")
    chat.answers["a"] = [Receipt(outcome=Outcome.FAILED, reason="broken off in its middle", message_id="7")]
    context = town.context(chat=chat, mail=mail)
    await reminders.run(context, NINE)
    await deliver(context, NINE)
    [parcel] = mail.parcels
    assert parcel.repeated


class TestTheOfficeAbove:
    async def test_at_the_top_it_is_whoever_leads(self, town: Town) -> None:
        lead = town.contact(town.city, "lead", lead=True)
        officer = town.contact(town.city, "officer")
        town.channel.answers["officer"] = [BLOCKED]
        facts = {"contact": lead, "all": [], "reason": "x"}
        town.database.write(
            lambda s: outbox.enqueue(
                s, [officer], NotificationKind.DAILY_DIGEST, key="k", now=NINE, facts=facts
            )
        )
        await deliver(town.context(), NINE)
        assert len(town.told(lead, NotificationKind.UNREACHABLE)) == 1

    async def test_where_nobody_is_there_the_next_one_up_is_told(self, town: Town, plant: int) -> None:
        assert january(town, plant).district_id is not None
        city = town.contact(town.city, "city")
        town.channel.answers["a"] = [BLOCKED]
        await reminders.run(town.context(), NINE)
        await deliver(town.context(), NINE)
        assert len(town.told(city, NotificationKind.UNREACHABLE)) == 1

    async def test_what_fails_while_the_first_still_waits_is_told_with_it(
        self, town: Town, plant: int
    ) -> None:
        office = town.contact(january(town, plant).district_id or 0, "office")
        later = Receipt(outcome=Outcome.PENDING, retry_in=timedelta(minutes=30), reason="too many requests")
        town.channel.answers["office"] = [later]
        town.channel.answers["a"] = [Receipt(outcome=Outcome.FAILED, reason="can't parse")] * 2
        context = town.context()
        stage = january(town, plant)
        town.submit(stage, at("2024-02-19 10:00"))
        town.send_back(stage, NINE)
        await deliver(context, NINE)
        await reminders.run(context, NINE)
        await deliver(context, NINE + MINUTE)
        told = town.told(office, NotificationKind.UNREACHABLE)
        assert [each.facts["all"] for each in told] == [[stage.id]]


class TestAProcessWithoutAChannel:
    async def test_it_leaves_to_others_what_it_cannot_send_itself(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        contact = town.contact(unit, "a@x", channel="mail")
        mail = RecordingChannel(name="mail")
        await reminders.run(town.context(), NINE)
        await deliver(town.context(), NINE)
        [told] = town.told(contact)
        assert (told.outcome, told.outcome_reason) == (Outcome.PENDING, NOT_SET_UP)
        await deliver(town.context(chat=town.channel, mail=mail), told.not_before)
        assert mail.addresses() == ["a@x"]

    async def test_in_the_end_somebody_hears_that_nobody_can(self, town: Town) -> None:
        district = town.district("north")
        unit = town.unit("plant", district)
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        contact = town.contact(unit, "a@x", channel="mail")
        office = town.contact(district, "office")
        await reminders.run(town.context(), NINE)
        await pass_time(town.context(), NINE, NINE + LONGEST_PUT_OFF, timedelta(minutes=10))
        [told] = town.told(contact)
        assert (told.outcome, told.outcome_reason) == (Outcome.FAILED, NOT_SET_UP)
        assert len(town.told(office, NotificationKind.UNREACHABLE)) == 1


@pytest.mark.usefixtures("plant")
async def test_what_is_taken_up_again_after_a_drop_is_new(town: Town) -> None:
    who = town.who("a")

    def put(now: datetime) -> None:
        facts = {"at": now.isoformat()}
        town.database.write(
            lambda s: outbox.enqueue(s, [who], NotificationKind.EVENT, key="k", now=now, facts=facts)
        )

    put(NINE)
    [first] = town.database.write(lambda s: claims.claim(s, worker="x", now=NINE))
    town.database.write(lambda s: claims.dropped(s, first, reason="checked meanwhile", now=NINE))
    later = NINE + timedelta(hours=5)
    put(later)
    [again] = town.database.write(lambda s: claims.claim(s, worker="x", now=later))
    assert (is_late(again, later), again.facts) == (False, {"at": later.isoformat()})


@pytest.mark.usefixtures("plant")
async def test_only_a_confirmation_counts_from_who_lost_the_lease(town: Town) -> None:
    await reminders.run(town.context(), NINE)
    [first] = town.database.write(lambda s: claims.claim(s, worker="slow", now=NINE))
    later = NINE + claims.LEASE
    town.database.write(lambda s: claims.claim(s, worker="other", now=later))
    assert not town.database.write(lambda s: claims.failed(s, first, reason="x", now=later))
    assert not town.database.write(lambda s: claims.dropped(s, first, reason="x", now=later))
    assert town.database.write(lambda s: claims.sent(s, first, message_id="1", proof={}, now=later))
