"""``duewatch run``: Telegram where there is a token, the sandbox where there is none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points

import click
from telegram.error import InvalidToken, TelegramError

from bot.config import Settings, SettingsError
from bot.service import serve
from obligations.calendar import CalendarError
from obligations.notice import NoticeError
from storage.errors import StorageError

_WITHOUT_TOKEN = "duewatch.without_token"  # noqa: S105  # the name of an entry point group

Server = Callable[[Settings, int], Awaitable[None]]


@click.command()
@click.option(
    "--port",
    default=8600,
    show_default=True,
    help="Where the sandbox's page is served, on this machine only.",
)
@click.option("--verbose", is_flag=True, help="Log more.")
def run(port: int, verbose: bool) -> None:  # noqa: FBT001  # click passes options by name
    """Run the bot and its timetable; the sandbox where there is no DUEWATCH_TELEGRAM_TOKEN."""
    prepare_logging(verbose=verbose)
    try:
        settings = Settings.from_environment()
        if settings.telegram_token is not None:
            asyncio.run(serve(settings))
        else:
            asyncio.run(_sandbox()(settings, port))  # type: ignore[arg-type]  # an entry point is untyped
    except InvalidToken:
        raise click.ClickException(
            "the server does not know this token; check DUEWATCH_TELEGRAM_TOKEN"
        ) from None
    except TelegramError as error:
        raise click.ClickException(
            f"{type(error).__name__}: check DUEWATCH_TELEGRAM_API_URL and the network"
        ) from None
    except (SettingsError, StorageError, NoticeError, CalendarError, OSError) as error:
        raise click.ClickException(str(error)) from None


def prepare_logging(*, verbose: bool) -> None:
    """Log to standard error, and keep the libraries quiet whose lines would show the token."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for name in ("httpx", "httpcore", "telegram", "alembic", "asyncio", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It logs the body of an answer it cannot read, which may hold what somebody wrote.
    logging.getLogger("telegram.request").setLevel(logging.CRITICAL)


def _sandbox() -> Server:
    found = list(entry_points(group=_WITHOUT_TOKEN))
    if not found:
        raise SettingsError(
            "DUEWATCH_TELEGRAM_TOKEN is not set, and this installation has no sandbox to run without it"
        )
    server: Server = found[0].load()
    return server
