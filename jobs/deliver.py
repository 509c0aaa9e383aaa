"""Delivery: claims what is due as places become free, and serves its readers in parallel, each one in order.

How one notification is sent is in `jobs.sending`, and what goes side by side in `jobs.window`. What breaks on one is tried
again later and stops no other.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

from jobs.context import Context
from jobs.window import READERS_AT_ONCE, Window

__all__ = ["READERS_AT_ONCE", "deliver", "finish"]

FINISH_SECONDS = 20


async def deliver(context: Context, now: datetime) -> int:
    """Send everything that is due until nothing is. Returns how many messages were sent."""
    async with context.delivering:
        return await Window(context, now).run()


async def finish(context: Context) -> None:
    """Begin no further send, and wait for those under way, within reason.

    Ending a send in its middle would leave nobody knowing whether it arrived.
    """
    context.stopping.set()
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS), context.delivering:
            pass
