"""The sandbox as one web application: the Bot API, the page and what the page asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.botapi import BotApi
from sandbox.desk import Desk
from sandbox.gate import Gate
from sandbox.staging import Play
from sandbox.world import World

_PAGE: Final = Path(__file__).parent / "page"


def build_app(
    world: World,
    *,
    play: Play | None = None,
    token: str,
    bot_name: str,
    bot_title: str = "督期 Duewatch",
    enforce_limits: bool = False,
) -> Starlette:
    """Build the application around a world.

    Args:
        world: what it serves; the bot is added to it.
        play: the people of the page and their clock.
        token: the bot's token, `<number>:<anything>`.
        bot_name: the bot's user name, as in `t.me/<bot_name>`.
        bot_title: the bot's name until it sets its own.
        enforce_limits: whether sending too fast is refused as Telegram refuses it.
    """
    world.add_bot(token, username=bot_name, first_name=bot_title)
    api = BotApi(world, enforce_limits=enforce_limits)
    desk = Desk(world, token=token, play=play, faults=api.faults)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        world.awake = True
        desk.welcome()
        api.webhooks.ensure_all()
        try:
            yield
        finally:
            if desk.moves is not None:
                await desk.moves.shut()
            await api.webhooks.stop()

    app = Starlette(
        routes=[
            Route("/", _page, methods=["GET"]),
            Mount("/page", StaticFiles(directory=_PAGE)),
            *desk.routes(),
            *api.routes(),
        ],
        middleware=[Middleware(Gate)],
        lifespan=lifespan,
    )
    app.state.world = world
    return app


async def _page(_request: Request) -> Response:
    return FileResponse(_PAGE / "index.html", media_type="text/html")
