"""Serving Telegram: from the settings to a running bot, until the process is asked to stop."""

import asyncio
import logging
import signal

from bot.assistant import assisting
from bot.clock import SystemClock
from bot.config import Settings, SettingsError
from bot.installation import Installation
from bot.scheduling import scheduled
from bot.telegram.limiter import Limiter
from bot.telegram.messenger import connect

_log = logging.getLogger(__name__)


async def serve(settings: Settings) -> None:
    """Run the bot and its timetable against the Bot API server of the settings, until SIGINT or SIGTERM.

    Raises:
        SettingsError: there is no token, or another process runs on the same data folder.
        InvalidToken: the server does not know the token, or no longer does.
    """
    if settings.telegram_token is None:
        raise SettingsError("DUEWATCH_TELEGRAM_TOKEN is not set")
    clock = SystemClock(settings.now)
    bot = connect(settings.telegram_token.get_secret_value(), settings.telegram_api_url)
    stop = stopping()
    with Installation.opened(settings) as installation:
        async with (
            assisting(installation, bot, clock=clock, limiter=Limiter()) as assistant,
            scheduled(assistant.context, clock),
        ):
            _log.info("serving as @%s; stop with Ctrl-C", assistant.username)
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({stopped, assistant.polling}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if assistant.polling.done():
                # A bot that hears nothing must not look as if it ran.
                assistant.polling.result()
            _log.info("stopping: finishing what is under way")


def stopping() -> asyncio.Event:
    """Return an event that SIGINT or SIGTERM sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
