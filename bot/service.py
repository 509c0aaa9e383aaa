"""Serving Telegram: from the settings to a running bot, until the process is asked to stop.

Several processes may serve one PostgreSQL database. Each handles what is stored and sends what is due; the one that
leads also runs the timetable, and fetches updates or sets the webhook.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any, Final

from starlette.routing import BaseRoute
from telegram.error import InvalidToken, TelegramError

from bot.assistant import Worker, working
from bot.channels.composition import channels_from
from bot.clock import ClockWatch, SystemClock
from bot.config import Settings, SettingsError
from bot.delivering import Deliveries
from bot.heartbeat import Heartbeat
from bot.installation import Installation
from bot.leading import Leadership
from bot.scheduling import Timekeeper
from bot.telegram import webhook
from bot.telegram.limiter import Limiter
from bot.telegram.messenger import connect
from bot.web import health
from bot.web.door import listening
from bot.web.meters import Meters
from bot.web.metrics import Metrics
from bot.web.readiness import Readiness
from jobs.clock import Clock
from jobs.clock_steps import bring_back
from jobs.deliver import finish
from jobs.reaching import LISTENING
from jobs.timetable import CATCHING_UP, PLANNING, WATCHING
from storage.errors import DatabaseUnreachableError

_log = logging.getLogger(__name__)

_DATABASE_PATIENCE_SECONDS: Final = 60.0
_LOOK_ROUND_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 3.0
_LONGEST_PAUSE_SECONDS: Final = 60.0


class _StoppedError(Exception):
    """The process was asked to stop before it had begun."""


async def serve(settings: Settings) -> None:
    """Run the bot against the Bot API server of the settings, until SIGINT or SIGTERM; a second one ends it at once.

    What is under way at a stop is finished within about twenty seconds.

    Raises:
        SettingsError: there is no token, another process runs on the same data folder, or a port is taken.
        DatabaseUnreachableError: the database server could not be reached for a minute.
        InvalidToken: the server does not know the token at the start.
        TelegramError: Telegram could not be reached for a minute.
    """
    if settings.telegram_token is None:
        raise SettingsError("DUEWATCH_TELEGRAM_TOKEN is not set")
    token = settings.telegram_token.get_secret_value()
    clock = SystemClock(settings.now)
    stop = stopping()

    async def pause(seconds: float) -> None:
        """Wait, and end the start-up where the process is asked to stop meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.wait()
            raise _StoppedError

    with suppress(_StoppedError):
        async with AsyncExitStack() as stack:
            installation = await stack.enter_async_context(_opened(settings, pause))
            meters = Meters()
            channels = await stack.enter_async_context(
                channels_from(settings, installation.database, installation.law)
            )
            worker = await stack.enter_async_context(
                working(
                    installation,
                    connect(token, settings.telegram_api_url),
                    clock=clock,
                    limiter=Limiter.of(installation.database, token),
                    channels=channels,
                    around=meters.around,
                    starting=pause,
                )
            )
            leadership = Leadership(installation.database, lambda: _lead(worker, clock, settings, token))
            readiness = Readiness(worker.context, clock)
            metrics = Metrics(worker.context, clock, meters, leading=lambda: leadership.leading)
            sending = await stack.enter_async_context(_sending(worker, clock))
            routes = [*health.routes(readiness, metrics), *_webhook(settings, worker, token)]
            await stack.enter_async_context(listening(settings, routes))
            _log.info("serving as @%s; stop with Ctrl-C", worker.username)
            works = [leadership.stand(), _look_round(worker, clock)]
            if settings.heartbeat_url is not None:
                heart = Heartbeat(settings.heartbeat_url, readiness, leading=lambda: leadership.leading)
                works.append(heart.run())
            await _until(stop, sending, _together(*works))
            _log.info("stopping: finishing what is under way")


def stopping() -> asyncio.Event:
    """Return an event that SIGINT or SIGTERM sets; after it a second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def ask() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        loop.add_signal_handler(number, ask)
    return stop


@asynccontextmanager
async def _opened(
    settings: Settings, pause: Callable[[float], Awaitable[None]]
) -> AsyncIterator[Installation]:
    """Open the installation, though its database server is away for a moment."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + _DATABASE_PATIENCE_SECONDS
    while True:
        opening = Installation.opened(settings)
        try:
            installation = await asyncio.to_thread(opening.__enter__)
        except DatabaseUnreachableError as error:
            left = give_up_at - loop.time()
            if left <= 0:
                raise
            _log.warning("%s; trying again for %.0f s", error, left)
            await pause(_PAUSE_SECONDS)
        else:
            break
    try:
        yield installation
    finally:
        await asyncio.to_thread(opening.__exit__, None, None, None)


def _webhook(settings: Settings, worker: Worker, token: str) -> list[BaseRoute]:
    """Return the webhook's route where there is one. Every process takes updates, whoever leads."""
    if settings.webhook_url is None:
        return []
    return [webhook.route(worker.arrivals, webhook.secret_of(token))]


@asynccontextmanager
async def _sending(worker: Worker, clock: SystemClock) -> AsyncIterator[asyncio.Task[None]]:
    """Send what is due until the caller is done; then finish what is being sent and answered, within reason."""
    sending = asyncio.create_task(Deliveries(worker.context, clock).run())
    try:
        yield sending
    finally:
        await asyncio.gather(finish(worker.context), worker.arrivals.drain())
        sending.cancel()
        await asyncio.wait({sending})


async def _until(stop: asyncio.Event, sending: asyncio.Task[None], work: Coroutine[Any, Any, None]) -> None:
    """Go on until the process is asked to stop; where one of the two ends before, raise what it ended with.

    A bot that hears nothing or sends nothing must not look as if it ran.
    """
    stopped, others = asyncio.create_task(stop.wait()), asyncio.create_task(work)
    try:
        await asyncio.wait({stopped, sending, others}, return_when=asyncio.FIRST_COMPLETED)
        for task in (sending, others):
            if task.done():
                task.result()
    finally:
        for each in (stopped, others):
            each.cancel()
        await asyncio.wait({stopped, others})


async def _together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all of this side by side; where one fails the others are cancelled, and its own error is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _lead(worker: Worker, clock: SystemClock, settings: Settings, token: str) -> None:
    """Do what only the leader does, until cancelled."""
    context = worker.context
    await _together(
        Timekeeper(context=context, clock=clock, entries=PLANNING, catching_up=CATCHING_UP).run(),
        Timekeeper(context=context, clock=clock, entries=WATCHING).run(),
        hear(worker, clock, webhook_url=settings.webhook_url, token=token),
    )


async def hear(
    worker: Worker,
    clock: Clock,
    *,
    webhook_url: str | None,
    token: str,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Have Telegram post the updates to the webhook, or fetch them until cancelled.

    A token that was known at the start and is not known now is asked about again: a proxy's passing "not found" must
    not end one leader after another. Meanwhile the process is not ready, and administrators are alarmed.
    """
    bot, line = worker.arrivals.bot, worker.context.circuits.of(LISTENING)
    try:
        while True:
            try:
                if webhook_url is not None:
                    await webhook.set_webhook(bot, webhook_url, webhook.secret_of(token))
                    return
                await webhook.delete_webhook(bot)
                await worker.arrivals.poll(line)
            except TelegramError as error:
                line.missed(clock.now())
                wait = min(_PAUSE_SECONDS * 2 ** max(line.failures - 1, 0), _LONGEST_PAUSE_SECONDS)
                _log.warning(
                    "what people send cannot be heard (%s); trying again in %.0f s", _said(error), wait
                )
                await sleep(wait)
    finally:
        # Whoever leads now hears for itself.
        line.failures, line.open_until = 0, None


def _said(error: TelegramError) -> str:
    if isinstance(error, InvalidToken):
        return "the server does not know the token; check DUEWATCH_TELEGRAM_TOKEN, or the proxy before it"
    return type(error).__name__


async def _look_round(worker: Worker, clock: SystemClock) -> None:
    """Keep this process among the workers, free what those had who are gone, and notice where the clock is moved."""
    watch = ClockWatch(clock)
    away = False
    while True:
        await asyncio.sleep(_LOOK_ROUND_SECONDS)
        try:
            if watch.step() is not None:
                await bring_back(worker.context, clock.now())
            gone = await asyncio.to_thread(worker.presence.look_round, clock.now())
        except Exception as error:  # noqa: BLE001  # the database is away: look again when it is back
            if not away:
                _log.warning("the database cannot be reached (%s); trying again", type(error).__name__)
            away = True
            continue
        if away:
            _log.info("the database is back")
        away = False
        if gone:
            _log.warning("took over from %s", ", ".join(gone))
