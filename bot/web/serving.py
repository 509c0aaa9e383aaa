"""Running a web application in the caller's event loop until the caller is done. The process's signals stay the caller's."""

import asyncio
import socket
from asyncio import Protocol
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_GRACE_SECONDS: Final = 1
_BACKLOG: Final = 2048


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
async def serving(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    connection: type[Protocol] = H11Protocol,
    before_leaving: Callable[[], None] | None = None,
) -> AsyncIterator[str]:
    """Serve an application and yield its base URL, without a slash at its end. Port 0 takes any free one.

    Leaving calls ``before_leaving``, which may end streams that would never end by themselves; requests under way
    have a second to finish. ``connection`` is the protocol of one connection.

    Raises:
        OSError: the address is not this machine's, or the port is taken.
        RuntimeError: the application did not start.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Now, not when the server has started: of two processes that bind at once, one must be refused.
        listener.listen(_BACKLOG)
        server = _Server(
            uvicorn.Config(
                app,
                http=connection,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listener]))
        ready = asyncio.create_task(server.ready.wait())
        try:
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if not server.started:
                await task
                raise RuntimeError("the web server did not start")
            shown = f"[{host}]" if family == socket.AF_INET6 else host
            yield f"http://{shown}:{listener.getsockname()[1]}"
        finally:
            ready.cancel()
            if before_leaving is not None:
                before_leaving()
            server.should_exit = True
            await task
