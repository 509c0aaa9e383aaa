"""The composition root: one bot, its arrivals and its deliveries, around one installation and one clock."""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from telegram import Bot, BotCommand
from telegram.error import TelegramError

from bot.installation import BOT_USERNAME, Installation
from bot.telegram.arrivals import Arrivals
from bot.telegram.channel import TelegramChannel
from bot.telegram.limiter import Limiter
from bot.telegram.messenger import Messenger
from bot.wording import greetings
from jobs.clock import Clock
from jobs.context import Context
from locales.printer import Printer
from obligations.notice import Level
from storage import settings

_log = logging.getLogger(__name__)

# The codes Telegram knows a reader's language by; none stands for everyone else.
_TELEGRAM_LANGUAGES = {"zh-hans": ("zh", None), "en": ("en",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """A running bot. ``context`` is what the timetable's jobs work with; ``polling`` ends only by an error."""

    context: Context
    arrivals: Arrivals
    polling: asyncio.Task[None]
    username: str


@asynccontextmanager
async def assisting(
    installation: Installation,
    bot: Bot,
    *,
    clock: Clock,
    limiter: Limiter | None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Assistant]:
    """Run the bot: take up what was left unhandled, then fetch and answer until the caller is done.

    ``sleep`` waits between two attempts at what did not work.

    Raises:
        InvalidToken: Telegram does not know the token.
    """
    messenger = Messenger(bot, limiter, sleep=sleep)
    arrivals = Arrivals(
        messenger=messenger,
        database=installation.database,
        law=installation.law,
        folder=installation.folder,
        clock=clock,
        sleep=sleep,
    )
    channel = TelegramChannel(messenger, installation.law)
    context = Context(
        database=installation.database,
        law=installation.law,
        channels={channel.name: channel},
        worker=f"{os.getpid()}-{secrets.token_hex(4)}",
        clock=clock,
    )
    async with bot:
        username = bot.username
        await installation.database.run(lambda session: settings.put(session, BOT_USERNAME, username))
        await _introduce(bot)
        await arrivals.resume()
        polling = asyncio.create_task(arrivals.poll())
        polling.add_done_callback(_report_end)
        try:
            yield Assistant(context=context, arrivals=arrivals, polling=polling, username=username)
        finally:
            polling.cancel()
            await asyncio.wait([polling])
            await arrivals.drain()


def _report_end(polling: asyncio.Task[None]) -> None:
    if not polling.cancelled() and (error := polling.exception()) is not None:
        _log.error("fetching updates ended: %s", type(error).__name__)


async def _introduce(bot: Bot) -> None:
    """Set the command menu and the description, per language. A refusal costs only the menu.

    Whoever is not enrolled yet sees this menu, so it is a unit's; enrolling sets that of the reader's level.
    """
    for language, codes in _TELEGRAM_LANGUAGES.items():
        p = Printer.for_language(language)
        commands = [
            BotCommand(name, greetings.command_summary(p, name)) for name in greetings.commands_of(Level.UNIT)
        ]
        for code in codes:
            try:
                await bot.set_my_commands(commands, language_code=code)
                await bot.set_my_description(greetings.description(p), language_code=code)
            except TelegramError as error:
                _log.warning("the command menu could not be set: %s", type(error).__name__)
                return
