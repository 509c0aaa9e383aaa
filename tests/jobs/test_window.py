"""A channel that hangs holds up nobody else's, and one that nobody is written to by says nothing about the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from jobs import window
from jobs.channel import Begin, Parcel, Receipt
from jobs.context import Context
from jobs.deliver import deliver, finish
from jobs.in_use import ChannelsInUse
from jobs.window import READERS_AT_ONCE, SLOW_PLACES
from storage import outbox
from storage.lanes import Urgency
from storage.models import NotificationKind, Outcome
from tests.jobs.town import RecordingChannel, Town, at

NINE = at("2024-02-20 09:00")
KIND = NotificationKind.DAILY_DIGEST
PATIENCE = 20


@dataclass
class Hanging:
    """A channel on which everything that is begun hangs until it is let go."""

    name: str = "mail"
    begun: list[str] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        assert await begin()
        self.begun.append(parcel.address)
        await self.go_on.wait()
        return Receipt(outcome=Outcome.SENT, message_id="1", text="")


@pytest.fixture
def mail() -> Hanging:
    return Hanging()


@pytest.fixture
def context(town: Town, mail: Hanging) -> Context:
    return Context(
        database=town.database, law=town.law, channels={"chat": town.channel, "mail": mail}, worker="one"
    )


Begun = Callable[[], asyncio.Task[int]]


@pytest.fixture
async def delivering(context: Context, mail: Hanging) -> AsyncIterator[Begun]:
    """Begin to deliver; in the end what hangs is let go, and the round is over."""
    rounds: list[asyncio.Task[int]] = []

    def begin() -> asyncio.Task[int]:
        rounds.append(asyncio.create_task(deliver(context, NINE)))
        return rounds[-1]

    yield begin
    mail.go_on.set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*rounds)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)


def tell(town: Town, readers: list[int], key: str, urgency: Urgency | None = None) -> None:
    town.database.write(
        lambda session: outbox.enqueue(session, readers, KIND, key=key, now=NINE, urgency=urgency)
    )


def by_mail(town: Town, count: int) -> list[int]:
    office = town.district("north")
    return [town.contact(office, f"m{n:02}@example.org", channel="mail") for n in range(count)]


async def test_what_comes_while_a_letter_hangs_does_not_wait_for_it(
    town: Town, mail: Hanging, delivering: Begun
) -> None:
    tell(town, by_mail(town, READERS_AT_ONCE - 1), "k")
    delivering()
    await until(lambda: len(mail.begun) == READERS_AT_ONCE - 1)
    tell(town, [town.contact(town.city, "a"), town.contact(town.city, "b")], "k")
    await until(lambda: town.channel.addresses() == ["a", "b"])
    assert not mail.go_on.is_set()


async def test_a_channel_that_hangs_keeps_half_of_the_places_and_the_rest_of_it_is_put_off(
    town: Town, mail: Hanging, delivering: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "SLOW_AFTER_SECONDS", 0.3)
    readers = by_mail(town, 150)
    tell(town, readers, "k", Urgency.DUE)
    delivering()
    await until(lambda: len(mail.begun) == READERS_AT_ONCE)
    tell(town, [town.contact(town.city, name) for name in "abcdef"], "later")
    await until(lambda: sorted(town.channel.addresses()) == list("abcdef"))
    assert len(mail.begun) == READERS_AT_ONCE
    rest = [each for reader in readers[READERS_AT_ONCE:] for each in town.told(reader)]
    assert {(each.outcome_reason, each.not_before - NINE, each.leased_by) for each in rest} == {
        ("the channel is slow", window.PUT_OFF, None)
    }
    assert all(each.attempts == 0 for each in rest)


async def test_fewer_slow_ones_than_half_put_nothing_off(
    town: Town, mail: Hanging, delivering: Begun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "SLOW_AFTER_SECONDS", 0.05)
    readers = by_mail(town, SLOW_PLACES)
    tell(town, readers[:-1], "k")
    delivering()
    await until(lambda: len(mail.begun) == SLOW_PLACES - 1)
    await asyncio.sleep(0.1)
    tell(town, readers[-1:], "k")
    await until(lambda: len(mail.begun) == SLOW_PLACES)


async def test_what_comes_for_a_reader_who_is_being_served_comes_after_and_never_beside(
    town: Town, mail: Hanging, delivering: Begun
) -> None:
    [reader] = by_mail(town, 1)
    tell(town, [reader], "first")
    delivering()
    await until(lambda: len(mail.begun) == 1)
    tell(town, [reader], "second", Urgency.DUE)
    tell(town, [town.contact(town.city, "a")], "k")
    await until(lambda: town.channel.addresses() == ["a"])
    assert len(mail.begun) == 1
    mail.go_on.set()
    await until(lambda: len(mail.begun) == 2)
    first, second = town.told(reader)
    assert first.finished_at is not None
    assert second.attempts == 1


async def test_asked_to_stop_it_finishes_what_is_under_way_and_begins_nothing_more(
    town: Town, context: Context, mail: Hanging, delivering: Begun
) -> None:
    [reader] = by_mail(town, 1)
    for key in ("first", "second"):
        tell(town, [reader], key)
    under_way = delivering()
    await until(lambda: len(mail.begun) == 1)
    stopping = asyncio.create_task(finish(context))
    await asyncio.sleep(0)
    mail.go_on.set()
    await stopping
    assert await under_way == 1
    assert [each.outcome for each in town.told(reader)] == [Outcome.SENT, Outcome.PENDING]


async def test_an_error_is_raised_when_what_is_under_way_has_been_finished(
    town: Town, context: Context, mail: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    [reader] = by_mail(town, 1)
    tell(town, [reader], "k")
    under_way = asyncio.create_task(deliver(context, NINE))
    await until(lambda: len(mail.begun) == 1)

    def broken(*_about: object, **_more: object) -> None:
        raise LookupError

    monkeypatch.setattr("jobs.bundling.claim", broken)
    await asyncio.sleep(1.2)  # it looks again each second
    assert not under_way.done()
    mail.go_on.set()
    with pytest.raises(LookupError):
        await under_way
    assert [each.outcome for each in town.told(reader)] == [Outcome.SENT]


async def test_while_no_channel_that_anybody_has_can_be_reached_nothing_is_claimed(town: Town) -> None:
    chat, robot = RecordingChannel(name="chat"), RecordingChannel(name="robot")
    context = town.context(chat=chat, robot=robot)
    reader = town.contact(town.city, "a")
    tell(town, [reader], "k")
    context.circuits.of("chat").missed(NINE)
    assert await deliver(context, NINE) == 0
    [untouched] = town.told(reader)
    assert (untouched.outcome_reason, untouched.not_before) == (None, NINE)
    assert await deliver(context, NINE + timedelta(seconds=5)) == 1


async def test_where_nobody_has_a_channel_that_is_said_of_each(town: Town) -> None:
    context = town.context()
    town.channel.answers["a"] = [Receipt(outcome=Outcome.FAILED, reason="blocked", unbind=True)]
    reader = town.contact(town.city, "a")
    tell(town, [reader], "first")
    await deliver(context, NINE)
    tell(town, [reader], "second")
    context = town.context()
    context.circuits.of("chat").missed(NINE)
    await deliver(context, NINE)
    assert [each.outcome for each in town.told(reader)] == [Outcome.FAILED, Outcome.FAILED]


async def test_which_channels_are_in_use_is_read_once_a_minute(town: Town) -> None:
    seconds = [0.0]
    in_use = ChannelsInUse(lambda: seconds[0])
    ask: Callable[[], Awaitable[frozenset[str]]] = lambda: in_use.names(town.database)  # noqa: E731  # said once
    assert await ask() == frozenset()
    town.contact(town.city, "a")
    assert await ask() == frozenset()
    seconds[0] = 60.0
    assert await ask() == {"chat"}
