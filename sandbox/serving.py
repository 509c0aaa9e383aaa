"""Running the application in the caller's event loop, on the loopback address, until the caller is done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.web.serving import serving as serving_anywhere
from sandbox.botapi import TRANSPORT
from sandbox.gate import is_loopback


class _Connection(H11Protocol):
    """A connection that its requests can cut, for the faults a test orders."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  passed on to uvicorn as they are
        super().__init__(*arguments, **options)
        loaded = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), TRANSPORT: self.transport}
            await loaded({**scope, "extensions": extensions}, receive, send)

        self.app = with_transport


@asynccontextmanager
async def serving(app: Starlette, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve an application of `sandbox.app.build_app` and yield its base URL, without a slash at its end.

    Leaving ends open polls and streams and takes at most two seconds.

    Raises:
        ValueError: when the host is not this machine.
        OSError: when the port is taken.
    """
    if not is_loopback(host):
        raise ValueError(f"the sandbox serves this machine only, not {host}")
    async with serving_anywhere(
        app, host=host, port=port, connection=_Connection, before_leaving=app.state.world.rest
    ) as url:
        yield url
