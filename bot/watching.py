"""What watches one process from outside, put together: health and metrics over HTTP, and the outward heartbeat."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from starlette.routing import BaseRoute

from bot.config import Settings
from bot.heartbeat import Heartbeat
from bot.web import health
from bot.web.door import listening
from bot.web.meters import Meters
from bot.web.metrics import Metrics
from bot.web.readiness import Readiness
from jobs.clock import Clock
from jobs.context import Context


@asynccontextmanager
async def watched(
    settings: Settings,
    context: Context,
    clock: Clock,
    meters: Meters,
    *,
    leading: Callable[[], bool],
    routes: Sequence[BaseRoute] = (),
) -> AsyncIterator[str | None]:
    """Serve health and metrics beside other ``routes``, and beat outward, until the caller is done.

    ``leading`` says whether this process leads now. Yields the base URL; None where nothing is served.

    Raises:
        SettingsError: the address of the settings cannot be listened on.
    """
    readiness = Readiness(context, clock)
    metrics = Metrics(context, clock, meters, leading=leading)
    async with listening(settings, (*health.routes(readiness, metrics), *routes)) as url:
        beating = None
        if settings.heartbeat_url is not None:
            heartbeat = Heartbeat(settings.heartbeat_url, readiness, leading=leading)
            beating = asyncio.create_task(heartbeat.run())
        try:
            yield url
        finally:
            if beating is not None:
                beating.cancel()
                await asyncio.wait([beating])
