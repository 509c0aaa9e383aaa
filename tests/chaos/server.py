"""The Bot API server of a run: with Telegram's limits on, the faults ordered of it, and a record of what it refused."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.botapi import BotApi
from sandbox.faults import Fault
from sandbox.seam import World, serving

_REFUSED_AS_TOO_MANY = 429


class Server:
    """A world behind its Bot API, which can be out of reach for a while and comes back at the same address."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.statuses: Counter[int] = Counter()
        self._api = BotApi(world, enforce_limits=True)
        self._stack = AsyncExitStack()
        self._one_at_a_time = asyncio.Lock()
        app = Starlette(routes=self._api.routes(), lifespan=self._lifespan)
        app.state.world = world
        app.add_middleware(_Counting, statuses=self.statuses)
        self._app = app

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        """Serve until the caller is done."""
        await self._open(0)
        try:
            yield self
        finally:
            await self._stack.aclose()

    def order(self, fault: Fault) -> None:
        """Order a fault, as a new one each time: it counts down."""
        self._api.faults.order(fault.model_copy())

    def be_sound(self) -> None:
        """Order no more faults."""
        self._api.faults.clear()

    @property
    def struck(self) -> Counter[str]:
        """How many calls each kind of fault struck."""
        return Counter(kind for kind, _, _ in self._api.faults.struck)

    def struck_in(self, chat_id: int) -> int:
        """Return how many calls about a chat a fault struck."""
        return sum(each == chat_id for _, _, each in self._api.faults.struck)

    @property
    def too_many(self) -> int:
        """How often it refused what was too fast, apart from the refusals that were ordered."""
        return self.statuses[_REFUSED_AS_TOO_MANY] - self.struck["429"]

    async def refuse(self, seconds: float) -> None:
        """Be out of reach for a while: connections are refused."""
        async with self._one_at_a_time:
            await self._stack.aclose()
            await asyncio.sleep(seconds)
            await self._open(urlsplit(self.url).port or 0)

    async def _open(self, port: int) -> None:
        self.url = await self._stack.enter_async_context(serving(self._app, port=port))

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.world.awake = True
        yield


class _Counting:
    """Counts the answers by their status."""

    def __init__(self, app: ASGIApp, statuses: Counter[int]) -> None:
        self._app = app
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._statuses[message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counting)
