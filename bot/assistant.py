"""The composition root: one bot, its arrivals and its deliveries, around one installation and one clock."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from telegram import Bot, BotCommand
from telegram.error import InvalidToken, TelegramError

from bot.installation import BOT_USERNAME, Installation
from bot.telegram.arrivals import Arrivals
from bot.telegram.channel import TelegramChannel
from bot.telegram.limiter import Limiter
from bot.telegram.messenger import Messenger
from bot.wording import greetings
from jobs.channel import Channel
from jobs.clock import Clock
from jobs.context import Context
from jobs.deliver import finish
from locales.printer import Printer
from obligations.notice import Level
from storage import settings
from storage.workers import Presence

_log = logging.getLogger(__name__)

# The codes Telegram knows a reader's language by; none stands for everyone else.
_TELEGRAM_LANGUAGES = {"zh-hans": ("zh", None), "en": ("en",)}


_START_WAITS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before each further try to reach Telegram at the start: a minute in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A running bot that handles what is stored and sends. ``context`` is what the timetable's jobs work with."""

    context: Context
    arrivals: Arrivals
    presence: Presence
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant(Worker):
    """A running bot that fetches updates too; ``polling`` ends only by an error."""

    polling: asyncio.Task[None]


@asynccontextmanager
async def working(
    installation: Installation,
    bot: Bot,
    *,
    clock: Clock,
    limiter: Limiter | None,
    channels: Mapping[str, Channel] = MappingProxyType({}),
    around: Callable[[Mapping[str, Channel]], Mapping[str, Channel]] = lambda channels: channels,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    starting: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Worker]:
    """Run the bot until the caller is done: take up what was left unhandled, and answer what is stored.

    ``channels`` are those beside the chat; ``around`` puts something around all of them. ``sleep`` waits between two
    attempts at what did not work, ``starting`` between those to reach Telegram at the start. In the end what is under
    way is finished, within reason, and what this process had claimed is free for others.

    Raises:
        InvalidToken: Telegram does not know the token.
        TelegramError: Telegram could not be reached for a minute.
    """
    messenger = Messenger(bot, limiter, sleep=sleep)
    database, host = installation.database, socket.gethostname()
    presence = Presence(database, f"{host}-{os.getpid()}-{secrets.token_hex(4)}", host=host, pid=os.getpid())
    arrivals = Arrivals(
        messenger=messenger,
        database=database,
        law=installation.law,
        folder=installation.folder,
        clock=clock,
        worker=presence.name,
        sleep=sleep,
    )
    chat = TelegramChannel(messenger, installation.law)
    context = Context(
        database=database,
        law=installation.law,
        channels=around({chat.name: chat, **channels}),
        worker=presence.name,
        clock=clock,
    )
    async with AsyncExitStack() as stack:
        await _reach(bot, starting)
        await stack.enter_async_context(bot)
        username = bot.username
        await database.run(lambda session: settings.put(session, BOT_USERNAME, username))
        await _introduce(bot)
        await stack.enter_async_context(_present(presence, clock))
        await arrivals.resume()
        try:
            yield Worker(context=context, arrivals=arrivals, presence=presence, username=username)
        finally:
            await asyncio.gather(finish(context), arrivals.drain())


@asynccontextmanager
async def assisting(
    installation: Installation,
    bot: Bot,
    *,
    clock: Clock,
    limiter: Limiter | None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Assistant]:
    """Run the bot as `working` does, and fetch updates all the while: for one process that has the bot to itself."""
    async with working(installation, bot, clock=clock, limiter=limiter, sleep=sleep) as worker:
        polling = asyncio.create_task(worker.arrivals.poll())
        polling.add_done_callback(_report_end)
        try:
            yield Assistant(
                context=worker.context,
                arrivals=worker.arrivals,
                presence=worker.presence,
                username=worker.username,
                polling=polling,
            )
        finally:
            polling.cancel()
            await asyncio.wait([polling])


async def _reach(bot: Bot, pause: Callable[[float], Awaitable[None]]) -> None:
    """Open the bot's connections and learn its name, though the server is away or answers nonsense for a moment.

    Raises:
        InvalidToken: the server does not know the token.
        TelegramError: the server cannot be reached.
    """
    for wait in _START_WAITS:
        try:
            await bot.initialize()
        except InvalidToken:
            raise
        except TelegramError as error:
            _log.warning(
                "Telegram cannot be reached (%s); trying again in %.0f s",
                type(error.__cause__ or error).__name__,
                wait,
            )
            await pause(wait)
        else:
            return
    await bot.initialize()


@asynccontextmanager
async def _present(presence: Presence, clock: Clock) -> AsyncIterator[None]:
    """Be among the workers until the caller is done; what those who are gone had claimed is free from the start."""
    gone = await asyncio.to_thread(presence.begin, clock.now())
    if gone:
        _log.info("took over from %s", ", ".join(gone))
    try:
        yield
    finally:
        try:
            await asyncio.to_thread(presence.end, clock.now())
        except Exception as error:  # noqa: BLE001  # the database is away: others notice by themselves
            _log.warning("this process could not sign off (%s)", type(error).__name__)


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
