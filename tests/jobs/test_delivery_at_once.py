"""Several deliveries at once: one cut short is made again and says so; readers do not wait for each other."""

import asyncio
from datetime import date, timedelta

import pytest

from jobs import reminders
from jobs.channel import Begin, Parcel, Receipt
from jobs.deliver import deliver
from storage import claims, outbox, trail
from storage.database import Session
from storage.models import Event, NotificationKind, Outcome
from tests.jobs.town import Town, at

NINE = at("2024-02-20 09:00")


@pytest.fixture
def plant(town: Town) -> int:
    """A unit with the evidence of January 2024 due on the 20th, and one contact, `a`."""
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    town.contact(unit, "a")
    return unit


class _Stalling:
    """A channel that takes the parcel and never comes back, as when the process is killed in between."""

    name = "chat"

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self.parcels: list[Parcel] = []

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        assert await begin()
        self.parcels.append(parcel)
        self.taken.set()
        await asyncio.Event().wait()
        raise AssertionError("never reached")


@pytest.mark.usefixtures("plant")
async def test_killed_between_sending_and_recording_it_is_sent_again_and_said_so(town: Town) -> None:
    stalling = _Stalling()
    dying = town.context("dying")
    dying = type(dying)(database=town.database, law=town.law, channels={"chat": stalling}, worker="dying")
    await reminders.run(dying, NINE)
    sending = asyncio.create_task(deliver(dying, NINE))
    await stalling.taken.wait()
    sending.cancel()
    await asyncio.wait([sending])
    contact = town.who("a")
    assert [t.outcome for t in town.told(contact)] == [Outcome.PENDING]

    alive = town.context("alive")
    assert await deliver(alive, NINE + timedelta(seconds=100)) == 0
    assert await deliver(alive, NINE + claims.LEASE) == 1
    [told] = town.told(contact)
    assert told.outcome is Outcome.SENT
    assert told.proof is not None
    assert told.proof["repeated"] is True
    notes = town.database.read(
        lambda s: [e.kind for e in s.query(Event).filter(Event.contact_id == contact).order_by(Event.id)]
    )
    assert notes[-1] == "possibly_repeated"
    assert town.database.read(trail.first_broken) is None


class _Watching:
    """A channel that notes how many parcels are on their way at once, and in which order each reader gets them."""

    name = "chat"

    def __init__(self) -> None:
        self.under_way: dict[str, int] = {}
        self.most = 0
        self.most_per_reader = 0
        self.order: dict[str, list[int]] = {}

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        assert await begin()
        self.under_way[parcel.address] = self.under_way.get(parcel.address, 0) + 1
        self.most = max(self.most, sum(self.under_way.values()))
        self.most_per_reader = max(self.most_per_reader, self.under_way[parcel.address])
        self.order.setdefault(parcel.address, []).append(parcel.notification_id)
        for _ in range(5):
            await asyncio.sleep(0)
        self.under_way[parcel.address] -= 1
        return Receipt(outcome=Outcome.SENT, message_id="1", text="")


async def test_readers_are_served_in_parallel_and_each_one_in_order(town: Town) -> None:
    watching = _Watching()
    context = town.context()
    context = type(context)(database=town.database, law=town.law, channels={"chat": watching}, worker="one")
    district = town.district("north")
    readers = [town.contact(district, f"office {n}") for n in range(20)]

    def fill(session: Session) -> None:
        for n in range(8):
            outbox.enqueue(session, readers, NotificationKind.DAILY_DIGEST, key=f"k{n}", now=NINE)

    town.database.write(fill)
    rounds = await asyncio.gather(deliver(context, NINE), deliver(context, NINE))
    assert sum(rounds) == 160
    assert watching.most_per_reader == 1
    assert 1 < watching.most <= 8
    assert all(order == sorted(order) for order in watching.order.values())
