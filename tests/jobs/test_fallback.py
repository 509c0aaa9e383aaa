"""When a channel is away, or refuses: the reader's next one, and in the end a person of the level above."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from jobs import reminders, sending
from jobs.briefs import UnreachableBrief
from jobs.channel import Begin, Parcel, Receipt
from jobs.circuits import FIRST_PAUSE, LONGEST_PAUSE, Circuit
from jobs.deliver import deliver
from jobs.routing import PATIENCE
from storage import claims, contacts, outbox
from storage.database import Session
from storage.models import Binding, Contact, NotificationKind, Outcome
from tests.jobs.town import RecordingChannel, Town, at

NINE = at("2024-02-20 09:00")
AWAY = Receipt(outcome=Outcome.PENDING, reason="the server cannot be reached", down=True)
BLOCKED = Receipt(outcome=Outcome.FAILED, reason="blocked", unbind=True)


@pytest.fixture
def plant(town: Town) -> int:
    """A unit with the evidence of January 2024 due on the 20th, and one contact, `a`, who also has mail."""
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    contact = town.contact(unit, "a")
    town.bind(contact, "mail", "a@example.org")
    return unit


class Away(RecordingChannel):
    """A channel whose server cannot be reached until it is back; counts how often it was tried."""

    back = False
    tries = 0

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        if self.back:
            return await super().deliver(parcel, begin)
        self.tries += 1
        assert await begin()
        return AWAY


class TestAway:
    @pytest.mark.usefixtures("plant")
    async def test_what_is_due_today_goes_by_the_next_channel(self, town: Town) -> None:
        chat, mail = Away(), RecordingChannel(name="mail")
        context = town.context(chat=chat, mail=mail)
        await reminders.run(context, NINE)
        assert await deliver(context, NINE) == 1
        assert (chat.tries, mail.addresses()) == (1, ["a@example.org"])

    @pytest.mark.usefixtures("plant")
    async def test_what_can_wait_waits_a_while_for_the_first_channel(self, town: Town) -> None:
        contact = town.who("a")
        chat, mail = Away(), RecordingChannel(name="mail")
        context = town.context(chat=chat, mail=mail)
        kind = NotificationKind.UNREACHABLE
        facts = {"contact": contact, "all": [], "reason": "x"}
        town.database.write(
            lambda s: outbox.enqueue(s, [contact], kind, key="k", now=NINE, urgency=5, facts=facts)
        )
        moment = NINE
        while moment < NINE + PATIENCE:
            assert await deliver(context, moment) == 0
            moment += timedelta(seconds=20)
        for _ in range(60):
            moment += timedelta(seconds=20)
            await deliver(context, moment)
        assert mail.addresses() == ["a@example.org"]
        assert chat.tries < 15

    @pytest.mark.usefixtures("plant")
    async def test_a_thousand_messages_do_not_each_find_out_that_it_is_away(self, town: Town) -> None:
        unit = town.unit("big", town.district("south"))
        for number in range(150):
            town.contact(unit, f"reader {number}")
        chat = Away()
        context = town.context(chat=chat)
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        await reminders.run(context, NINE)
        await deliver(context, NINE)
        assert chat.tries <= 8
        chat.back = True
        for seconds in range(1, 30):
            await deliver(context, NINE + timedelta(seconds=seconds))
        assert len(chat.addresses()) == 151


def retire(session: Session, contact: int) -> None:
    session.get_one(Contact, contact).retired_at = NINE


class TestRefused:
    async def test_the_next_channel_is_tried_at_once_and_nobody_else_is_bothered(
        self, town: Town, plant: int
    ) -> None:
        town.contact(town.stage(plant, "monthly-evidence", "2024-01").district_id or 0, "office")
        chat, mail = RecordingChannel(), RecordingChannel(name="mail")
        chat.answers["a"] = [Receipt(outcome=Outcome.FAILED, reason="text must be non-empty")]
        context = town.context(chat=chat, mail=mail)
        await reminders.run(context, NINE)
        assert await deliver(context, NINE) == 1
        assert (chat.addresses(), mail.addresses()) == ([], ["a@example.org"])

    @pytest.mark.usefixtures("plant")
    async def test_the_contact_says_which_channel_comes_first(self, town: Town) -> None:
        town.database.write(
            lambda s: s.execute(update(Binding).where(Binding.channel == "chat").values(priority=1))
        )
        chat, mail = RecordingChannel(), RecordingChannel(name="mail")
        context = town.context(chat=chat, mail=mail)
        await reminders.run(context, NINE)
        await deliver(context, NINE)
        assert (chat.addresses(), mail.addresses()) == ([], ["a@example.org"])

    async def test_the_last_one_refused_the_level_above_hears_of_it_once_a_day(
        self, town: Town, plant: int
    ) -> None:
        district = town.stage(plant, "monthly-evidence", "2024-01").district_id or 0
        town.contact(district, "office")
        chat, mail = RecordingChannel(), RecordingChannel(name="mail")
        chat.answers["a"], mail.answers["a@example.org"] = [BLOCKED], [BLOCKED]
        contact = town.who("a")
        context = town.context(chat=chat, mail=mail)
        await reminders.run(context, NINE)
        await deliver(context, NINE)
        await deliver(context, NINE + timedelta(seconds=1))
        [told] = town.told(contact, NotificationKind.REMINDER)
        assert (told.outcome, told.attempts) == (Outcome.FAILED, 2)
        [parcel] = chat.parcels
        assert isinstance(parcel.brief, UnreachableBrief)
        assert parcel.brief.organisation_name == "plant"

    async def test_a_districts_own_contact_is_told_of_to_the_city(self, town: Town) -> None:
        district = town.district("north")
        office = town.contact(district, "office")
        town.contact(town.city, "city")
        town.channel.answers["office"] = [BLOCKED]
        context = town.context()
        town.database.write(
            lambda s: outbox.enqueue(s, [office], NotificationKind.DAILY_DIGEST, key="2024-02-20", now=NINE)
        )
        await deliver(context, NINE)
        await deliver(context, NINE + timedelta(seconds=1))
        assert town.channel.addresses() == ["city"]

    async def test_whoever_has_no_channel_left_is_told_of_too(self, town: Town, plant: int) -> None:
        office = town.contact(town.stage(plant, "monthly-evidence", "2024-01").district_id or 0, "office")
        contact = town.who("a")
        context = town.context()
        await reminders.run(context, NINE)
        for channel, address in (("chat", "a"), ("mail", "a@example.org")):
            town.database.write(
                lambda s, c=channel, a=address: contacts.unbind(s, c, a, reason="blocked", now=NINE)  # type: ignore[misc]
            )
        await deliver(context, NINE)
        [told] = town.told(contact, NotificationKind.REMINDER)
        assert (told.outcome, told.attempts) == (Outcome.FAILED, 0)
        assert [t.kind for t in town.told(office)] == [NotificationKind.UNREACHABLE]

    async def test_who_left_meanwhile_is_not_told_of(self, town: Town, plant: int) -> None:
        office = town.contact(town.stage(plant, "monthly-evidence", "2024-01").district_id or 0, "office")
        contact = town.who("a")
        kind, facts = (
            NotificationKind.UNREACHABLE,
            {"contact": contact, "all": [], "reason": "x"},
        )
        town.database.write(lambda s: outbox.enqueue(s, [office], kind, key="k", now=NINE, facts=facts))
        town.database.write(lambda s: retire(s, contact))
        assert await deliver(town.context(), NINE) == 0
        [told] = town.told(office, kind)
        assert (told.outcome, told.outcome_reason) == (Outcome.DROPPED, "that contact has left")


@pytest.mark.usefixtures("plant")
async def test_what_another_process_took_over_is_not_sent(town: Town) -> None:
    class Overtaken(RecordingChannel):
        async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
            town.database.write(lambda s: claims.claim(s, worker="other", now=NINE + claims.LEASE))
            return await super().deliver(parcel, begin)

    channel = Overtaken()
    context = town.context(chat=channel)
    await reminders.run(context, NINE)
    assert await deliver(context, NINE) == 0
    assert channel.addresses() == []
    [told] = town.told(town.who("a"))
    assert (told.leased_by, told.attempts, told.outcome_reason) == ("other", 0, None)


async def test_a_day_of_a_server_in_trouble_costs_nobody_their_message(town: Town) -> None:
    unit = town.unit("big", town.district("south"))
    for number in range(60):
        town.contact(unit, f"reader {number}")
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))

    class Troubled(Away):
        async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
            if self.back:
                return await super().deliver(parcel, begin)
            self.tries += 1
            assert await begin()
            return Receipt(outcome=Outcome.UNKNOWN, reason="Bad Gateway (502)", down=True)

    chat = Troubled()
    context = town.context(chat=chat)
    await reminders.run(context, NINE)
    for minutes in range(0, 12 * 60, 3):
        assert await deliver(context, NINE + timedelta(minutes=minutes)) == 0
    chat.back = True
    for half_hours in range(30):
        await deliver(context, NINE + timedelta(hours=23, minutes=30 * half_hours))
    assert sorted(chat.addresses()) == sorted(f"reader {number}" for number in range(60))
    assert sum(parcel.repeated for parcel in chat.parcels) <= 60


@pytest.mark.usefixtures("plant")
async def test_a_channel_that_hangs_keeps_nobody_waiting_for_ever(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hanging(RecordingChannel):
        async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
            assert parcel.address
            assert await begin()
            await asyncio.Event().wait()
            raise AssertionError("never reached")

    monkeypatch.setattr(sending, "SEND_WITHIN", timedelta(seconds=0.05))
    context = town.context(chat=Hanging())
    await reminders.run(context, NINE)
    async with asyncio.timeout(10):
        assert await deliver(context, NINE) == 0
    [told] = town.told(town.who("a"))
    assert (told.outcome, told.outcome_reason) == (Outcome.PENDING, "the channel took too long")
    [again] = town.database.write(lambda s: claims.claim(s, worker="next", now=NINE + timedelta(minutes=1)))
    assert again.repeated


@pytest.mark.usefixtures("plant")
async def test_what_broke_after_the_send_had_begun_may_have_arrived(town: Town) -> None:
    class Breaking(RecordingChannel):
        async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
            receipt = await super().deliver(parcel, begin)
            if len(self.parcels) == 1:
                raise RuntimeError("after the last byte")
            return receipt

    channel = Breaking()
    context = town.context(chat=channel)
    await reminders.run(context, NINE)
    await deliver(context, NINE)
    assert await deliver(context, NINE + timedelta(minutes=2)) == 1
    assert [parcel.repeated for parcel in channel.parcels] == [False, True]


def test_a_circuit_waits_ever_longer_and_forgets_when_it_is_reached() -> None:
    circuit = Circuit()
    now, pauses = NINE, []
    for _ in range(10):
        circuit.missed(now)
        circuit.missed(now)
        assert circuit.open_until is not None
        pauses.append(circuit.open_until - now)
        now = circuit.open_until
        assert not circuit.is_open(now)
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert pauses[-1] == LONGEST_PAUSE
    circuit.reached(now)
    circuit.missed(now)
    assert circuit.open_until == now + FIRST_PAUSE
