"""Who leads stops the moment it is not sure to lead any more; what sends goes on whatever breaks."""

import asyncio
import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from bot import leading
from bot.clock import SystemClock
from bot.delivering import Deliveries
from bot.leading import Leadership
from jobs.context import Context
from obligations.law import Law
from storage import outages
from storage.database import Database


@dataclass
class FakeHold:
    """A hold that is lost when it is told to be, or whose check hangs."""

    held: bool = True
    released: threading.Event = field(default_factory=threading.Event)
    answering: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answering.set()

    def alive(self) -> bool:
        self.answering.wait(10)
        return self.held

    def release(self) -> None:
        self.released.set()


@dataclass
class Lead:
    """What the leader does: it is under way until cancelled, or ends with an error."""

    begun: int = 0
    ended: int = 0
    error: Exception | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        self.begun += 1
        self.changed.set()
        try:
            if self.error is not None:
                raise self.error
            await asyncio.Event().wait()
        finally:
            self.ended += 1
            self.changed.set()

    async def until(self, begun: int, ended: int) -> None:
        async with asyncio.timeout(10):
            while (self.begun, self.ended) != (begun, ended):
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
def holds(monkeypatch: pytest.MonkeyPatch) -> list[FakeHold | None]:
    """What each candidacy comes to, in turn; after them nobody gets the lead."""
    laid_out: list[FakeHold | None] = []
    monkeypatch.setattr(leading, "try_to_lead", lambda _database: laid_out.pop(0) if laid_out else None)
    return laid_out


async def moment(_seconds: float) -> None:
    await asyncio.sleep(0.001)


def leadership(database: Database, lead: Lead) -> Leadership:
    return Leadership(database, lead, every=0.01, sleep=moment)


async def test_who_loses_the_hold_stops_at_once_and_stands_again(
    database: Database, holds: list[FakeHold | None]
) -> None:
    first, second = FakeHold(), FakeHold()
    holds += [None, first, None, second]
    lead = Lead()
    candidate = leadership(database, lead)
    standing = asyncio.create_task(candidate.stand())
    await lead.until(1, 0)
    assert [candidate.leading] == [True]
    first.held = False
    await lead.until(2, 1)
    standing.cancel()
    await asyncio.wait({standing})
    assert lead.ended == 2
    assert [candidate.leading] == [False]
    assert first.released.wait(5)
    assert second.released.wait(5)


async def test_a_hold_that_gives_no_answer_counts_as_lost(
    database: Database, holds: list[FakeHold | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "_PATIENCE_SECONDS", 0.05)
    hold = FakeHold()
    holds.append(hold)
    lead = Lead()
    standing = asyncio.create_task(leadership(database, lead).stand())
    await lead.until(1, 0)
    hold.answering.clear()
    await lead.until(1, 1)
    hold.answering.set()
    standing.cancel()
    await asyncio.wait({standing})


async def test_leading_that_fails_is_given_up_and_tried_again(
    database: Database, holds: list[FakeHold | None], caplog: pytest.LogCaptureFixture
) -> None:
    holds += [FakeHold(), FakeHold()]
    lead = Lead(error=LookupError("what somebody wrote"))
    standing = asyncio.create_task(leadership(database, lead).stand())
    await lead.until(2, 2)
    standing.cancel()
    await asyncio.wait({standing})
    assert "leading ended (LookupError)" in caplog.text
    assert "somebody" not in caplog.text


async def test_what_sends_goes_on_after_an_error_and_ends_when_asked_to(
    database: Database, law: Law, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    context = Context(database=database, law=law, channels={}, worker="one")
    rounds = 0

    async def deliver(_context: Context, _now: datetime) -> int:
        nonlocal rounds
        rounds += 1
        if rounds == 2:
            raise LookupError
        if rounds == 4:
            context.stopping.set()
        return 0

    monkeypatch.setattr("bot.delivering.deliver", deliver)
    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(10):
            await Deliveries(context, SystemClock(), every=0.001, patience=0).run()
    assert rounds == 4
    assert "job deliver failed: LookupError" in caplog.text


async def test_nothing_is_sent_before_what_was_missed_is_planned(
    database: Database, law: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = Context(database=database, law=law, channels={}, worker="one")
    clock = SystemClock()
    rounds = 0

    async def deliver(_context: Context, _now: datetime) -> int:
        nonlocal rounds
        rounds += 1
        context.stopping.set()
        return 0

    monkeypatch.setattr("bot.delivering.deliver", deliver)
    sending = asyncio.create_task(Deliveries(context, clock, every=0.001).run())
    await asyncio.sleep(0.05)
    assert rounds == 0
    database.write(lambda session: outages.note_caught_up(session, now=clock.now()))
    async with asyncio.timeout(10):
        await sending
    assert rounds == 1


async def test_where_nobody_leads_it_is_not_waited_for_ever(
    database: Database, law: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = Context(database=database, law=law, channels={}, worker="one")

    async def deliver(_context: Context, _now: datetime) -> int:
        context.stopping.set()
        return 0

    monkeypatch.setattr("bot.delivering.deliver", deliver)
    async with asyncio.timeout(10):
        await Deliveries(context, SystemClock(), every=0.001, patience=0.05).run()
