"""Delivery: claims what is due in batches, and serves its readers in parallel, each one in order.

How one notification is sent is in `jobs.sending`. What breaks on one is tried again later and stops no other.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from jobs import bundling
from jobs.context import Context
from jobs.sending import send
from storage import overview
from storage.claims import Claimed
from storage.models import NotificationKind
from storage.types import local_date

__all__ = ["deliver", "finish"]

READERS_AT_ONCE = 8
FINISH_SECONDS = 20


async def deliver(context: Context, now: datetime) -> int:
    """Send everything that is due, batch by batch, until nothing is. Returns how many were sent."""
    sent = 0
    async with context.delivering:
        while not context.stopping.is_set():
            at = context.instant(now)
            if all(context.circuits.of(name).is_open(at) for name in context.channels):
                break
            batch = await context.database.run(partial(bundling.claim, worker=context.worker, now=at))
            if not batch:
                break
            sent += await _serve(context, batch, at)
    return sent


async def finish(context: Context) -> None:
    """Begin no further batch, and wait for the one being sent, within reason.

    Ending a send in its middle would leave nobody knowing whether it arrived.
    """
    context.stopping.set()
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS), context.delivering:
            pass


async def _serve(context: Context, batch: Sequence[Claimed], now: datetime) -> int:
    quiet: frozenset[int] = frozenset()
    if any(claimed.kind is NotificationKind.DAILY_DIGEST for claimed in batch):
        today = local_date(now)
        quiet = await context.database.ask(lambda session: overview.quiet_districts(session, today=today))
    by_reader: dict[int, list[Claimed]] = defaultdict(list)
    for claimed in batch:
        by_reader[claimed.contact_id].append(claimed)
    gate = asyncio.Semaphore(READERS_AT_ONCE)

    async def serve(queue: list[Claimed]) -> int:
        async with gate:
            if context.stopping.is_set():
                # Left to its lease, or to the next start, which releases it.
                return 0
            at = context.instant(now)
            return sum(
                [await send(context, load, context.instant(now), quiet) for load in bundling.loads(queue, at)]
            )

    results = await asyncio.gather(*(serve(queue) for queue in by_reader.values()), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            # The outcome could not be recorded. The leases run out by themselves; nobody else was kept waiting.
            raise result
    return sum(result for result in results if isinstance(result, int))
