"""Running the application in the caller's event loop, on the loopback address, until the caller is done."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.botapi import TRANSPORT
from sandbox.gate import is_loopback

_GRACE_SECONDS: Final = 1


class _Connection(H11Protocol):
    """A connection that its requests can cut, for the faults a test orders."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  passed on to uvicorn as they are
        super().__init__(*arguments, **options)
        loaded = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), TRANSPORT: self.transport}
            await loaded({**scope, "extensions": extensions}, receive, send)

        self.app = with_transport


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone and says when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready: Final = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the signals are the caller's."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.ready.set()


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
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        server = _Server(
            uvicorn.Config(
                app,
                http=_Connection,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listener]))
        ready = asyncio.create_task(server.ready.wait())
        try:
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if not server.started:
                await task
                raise RuntimeError("the sandbox did not start")
            shown = f"[{host}]" if family == socket.AF_INET6 else host
            yield f"http://{shown}:{listener.getsockname()[1]}"
        finally:
            ready.cancel()
            app.state.world.rest()
            server.should_exit = True
            await task
