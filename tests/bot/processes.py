"""Further processes at work on a town's database: each with arrivals of its own, under a name of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from bot.telegram.arrivals import Arrivals
from bot.telegram.messenger import Messenger, connect
from storage import inbox
from storage.database import Session
from storage.models import InboundUpdate
from tests.bot.conftest import TOKEN, Town, no_wait


@asynccontextmanager
async def another_process(town: Town, worker: str, *, url: str | None = None) -> AsyncIterator[Arrivals]:
    """Run a process that handles what it claims; ``url`` is the Bot API server it knows, otherwise the town's."""
    bot = connect(TOKEN, url or town.url)
    arrivals = Arrivals(
        messenger=Messenger(bot, None, sleep=no_wait),
        database=town.database,
        law=town.installation.law,
        folder=town.installation.folder,
        clock=town.clock,
        worker=worker,
        sleep=no_wait,
    )
    async with AsyncExitStack() as stack:
        if url is None:
            await stack.enter_async_context(bot)
        await arrivals.resume()
        stack.push_async_callback(arrivals.drain)
        yield arrivals


def row_of(town: Town, update_id: int) -> InboundUpdate:
    """Return an update as it is stored now."""

    def find(session: Session) -> InboundUpdate:
        row = session.get_one(InboundUpdate, update_id)
        session.expunge(row)
        return row

    return town.database.read(find)


def newest(town: Town) -> InboundUpdate:
    """Return the newest update that is stored."""

    def find(session: Session) -> int:
        return max(row.update_id for row in session.query(InboundUpdate))

    return row_of(town, town.database.read(find))


def release_everyone(town: Town) -> None:
    """Free every lease, as when the processes that had them are found to be gone."""
    town.database.write(lambda session: inbox.release_others(session, "nobody"))


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened that tells nobody; ten seconds at most."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)
