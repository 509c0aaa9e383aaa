"""What one process is sending: so many readers at once, each one in order, and more as soon as a place is free.

A channel that hangs holds up nobody else's: what takes long keeps no more than half of the places, and while it does,
what else would go by the same channel is put off.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from jobs import bundling
from jobs.context import Context
from jobs.sending import send
from storage import bindings, claims, overview
from storage.claims import Claimed
from storage.database import Session
from storage.models import NotificationKind
from storage.types import local_date

READERS_AT_ONCE: Final = 8

SLOW_PLACES: Final = READERS_AT_ONCE // 2
"""So many places what takes long keeps at most, and so many slow sends of one channel hold up the rest of it."""

SLOW_AFTER_SECONDS: Final = 10.0
"""How long a send takes before it counts as slow; most take a fraction of a second."""

PUT_OFF: Final = timedelta(seconds=20)
_LOOK_AGAIN_SECONDS: Final = 1.0
_SLOW: Final = "the channel is slow"


@dataclass(slots=True, eq=False)
class _Flight:
    """What is being sent to one reader, by which channel as far as is known, and since when its present load is."""

    channel: str
    since: float
    task: asyncio.Task[None] | None = None


class Window:
    """A round of sending, at ``now`` where the context has no clock."""

    def __init__(self, context: Context, now: datetime) -> None:
        self._context = context
        self._now = now
        self._waiting: dict[int, list[Claimed]] = {}
        self._ways: dict[int, tuple[str, ...]] = {}
        self._flights: dict[int, _Flight] = {}
        self._quiet: frozenset[int] = frozenset()
        self._sent = 0
        self._error: BaseException | None = None

    async def run(self) -> int:
        """Send what is due until nothing is, or the process is to stop. Returns how many messages were sent.

        An error is raised in the end: what is under way is finished first, and nothing more is claimed.
        """
        try:
            while True:
                try:
                    await self._fill()
                except Exception as error:  # noqa: BLE001  # raised when what is under way has been finished
                    self._error = self._error or error
                if not self._flights:
                    break
                await self._land()
        finally:
            await self._abandon()
        if self._error is not None:
            raise self._error
        return self._sent

    async def _fill(self) -> None:
        """Begin with what may begin, claiming more of it while there are free places."""
        while not self._context.stopping.is_set():
            await self._put_off(list(self._begin()))
            if self._free() <= 0 or self._error is not None or not await self._claim():
                return

    def _begin(self) -> Iterator[Claimed]:
        """Begin with the first of the waiting readers who may be served; yield what is held up by a slow channel."""
        for contact_id in list(self._waiting):
            flight = self._flights.get(contact_id)
            channel = self._channel_of(contact_id)
            if self._is_slow(flight) if flight is not None else self._is_held_up(channel):
                yield from self._waiting.pop(contact_id)
            elif flight is None and self._free() > 0:
                flight = _Flight(channel=channel, since=_elapsed())
                flight.task = asyncio.create_task(self._serve(flight, self._waiting.pop(contact_id)))
                self._flights[contact_id] = flight

    async def _claim(self) -> bool:
        """Claim a batch; false where nothing is due, or none of the channels in use can be reached."""
        context, at = self._context, self._at()
        in_use = await context.in_use.names(context.database)
        channels = [name for name in context.channels if name in in_use]
        if channels and all(context.circuits.of(name).is_open(at) for name in channels):
            return False
        batch, ways = await context.database.run(partial(_claim, worker=context.worker, now=at))
        for claimed in batch:
            self._waiting.setdefault(claimed.contact_id, []).append(claimed)
        self._ways.update(ways)
        if any(claimed.kind is NotificationKind.DAILY_DIGEST for claimed in batch):
            today = local_date(at)
            self._quiet = await context.database.ask(partial(overview.quiet_districts, today=today))
        return bool(batch)

    async def _serve(self, flight: _Flight, queue: Sequence[Claimed]) -> None:
        """Send one reader's loads, one after another."""
        for load in bundling.loads(queue, self._at()):
            if self._context.stopping.is_set():
                # Left to its lease, or to the next start, which releases it.
                return
            flight.since = _elapsed()
            sent = await send(self._context, load, self._at(), self._quiet)
            self._sent += sent

    async def _land(self) -> None:
        """Wait until something under way has ended, but not for longer than new work may wait."""
        tasks = {flight.task for flight in self._flights.values() if flight.task is not None}
        await asyncio.wait(tasks, timeout=_LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for contact_id, flight in list(self._flights.items()):
            if flight.task is not None and flight.task.done():
                del self._flights[contact_id]
                # The outcome could not be recorded. The leases run out by themselves; nobody else was kept waiting.
                self._error = self._error or flight.task.exception()

    async def _put_off(self, held_up: Sequence[Claimed]) -> None:
        if not held_up:
            return
        until = self._at() + PUT_OFF

        def work(session: Session) -> None:
            for claimed in held_up:
                claims.retry(session, claimed, at=until, reason=_SLOW)

        await self._context.database.run(work)

    async def _abandon(self) -> None:
        """Leave what is still under way, where the caller does not wait for it."""
        tasks = {flight.task for flight in self._flights.values() if flight.task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _free(self) -> int:
        slow = sum(self._is_slow(flight) for flight in self._flights.values())
        return READERS_AT_ONCE - (len(self._flights) - slow) - min(slow, SLOW_PLACES)

    def _is_held_up(self, channel: str) -> bool:
        slow = [flight for flight in self._flights.values() if self._is_slow(flight)]
        return sum(flight.channel == channel for flight in slow) >= SLOW_PLACES

    def _is_slow(self, flight: _Flight) -> bool:
        return _elapsed() - flight.since >= SLOW_AFTER_SECONDS

    def _channel_of(self, contact_id: int) -> str:
        """Return the channel a reader is most likely served by: the first that can be reached, in the reader's order."""
        context, at = self._context, self._at()
        names = [name for name in self._ways.get(contact_id, ()) if name in context.channels]
        reachable = [name for name in names if not context.circuits.of(name).is_open(at)]
        return next(iter(reachable or names), "")

    def _at(self) -> datetime:
        return self._context.instant(self._now)


def _elapsed() -> float:
    """Return seconds on the process's own time: a rehearsed clock may stand."""
    return asyncio.get_running_loop().time()


def _claim(
    session: Session, *, worker: str, now: datetime
) -> tuple[list[Claimed], dict[int, tuple[str, ...]]]:
    batch = bundling.claim(session, worker=worker, now=now)
    return batch, bindings.channels_of(session, {claimed.contact_id for claimed in batch})
