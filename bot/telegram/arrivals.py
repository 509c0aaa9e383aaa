"""Updates on their way in: stored before they are acknowledged, handled in order within a chat, parallel across chats.

Any process on the database may handle what any of them stored: `storage.inbox` says who has which chat. What is said is
kept with the update until it is shown, so that a process that ends between the two leaves nobody without an answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from telegram.error import Conflict, InvalidToken, RetryAfter

from bot.telegram.handling import Handling, log_failure
from bot.telegram.messenger import Messenger
from bot.telegram.reading import ALLOWED_UPDATES, NotAnUpdateError, arrived_as
from jobs.circuits import Circuit
from jobs.clock import Clock
from obligations.law import Law
from storage import inbox
from storage.database import Database, Session, Work
from storage.evidence import EvidenceFolder
from storage.inbox import Arrived, Owed

_log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 25
_ANSWER_SECONDS: Final = 10
_PAUSE_SECONDS: Final = 3
_DRAIN_SECONDS: Final = 20
_SWEEP_SECONDS: Final = 1.0
_RENEW_SECONDS: Final = 20.0
_MOST_AT_ONCE: Final = 16
"""How many chats one process serves at once: each may hold a file of 20 MB."""


class Arrivals:
    """Fetches updates, keeps them, and answers each once. ``worker`` is the name this process claims by.

    `resume` begins the work and `drain` ends it; between them a sweep each second takes up what nobody works on.
    """

    def __init__(
        self,
        *,
        messenger: Messenger,
        database: Database,
        law: Law,
        folder: EvidenceFolder,
        clock: Clock,
        worker: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.bot = messenger.bot
        self._database = database
        self._clock = clock
        self._worker = worker
        self._sleep = sleep
        self._handling = Handling(
            messenger=messenger,
            database=database,
            law=law,
            folder=folder,
            clock=clock,
            worker=worker,
            sleep=sleep,
        )
        self._claiming = asyncio.Lock()
        self._holding: dict[int, asyncio.Task[None]] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self._draining = False

    async def resume(self) -> None:
        """Take up what was stored and not handled, or not answered, and go on doing so."""
        if self._database.dialect == "sqlite":
            # One process has the database to itself: whoever leased something before is gone.
            await self._database.run(partial(inbox.release_others, worker=self._worker))
        self._draining = False
        await self.take_up()
        self._sweeping = asyncio.create_task(self._sweep())

    async def poll(self, line: Circuit | None = None) -> None:
        """Fetch updates until cancelled. Asking for the next ones acknowledges those that are stored.

        The number to go on from is said only right after a batch, never remembered: after a quiet week Telegram
        begins anew at a random number, and a remembered one could pass over what comes then. What was stored but
        not acknowledged before a kill comes again, and is known. Whether Telegram answers is noted in ``line``.

        Raises:
            InvalidToken: Telegram says that it does not know the token.
        """
        line = line or Circuit()
        offset: int | None = None
        while True:
            try:
                updates = await self._fetch(offset)
            except InvalidToken:
                raise
            except Conflict as error:
                line.missed(self._clock.now())
                _log.warning(_conflict(error))
                await self._sleep(_PAUSE_SECONDS)
                continue
            except RetryAfter as error:
                wait = error.retry_after
                await self._sleep(wait if isinstance(wait, int) else wait.total_seconds())
                continue
            except Exception as error:  # noqa: BLE001  # a bot that stops listening looks alive and is not
                line.missed(self._clock.now())
                _log.warning("updates cannot be fetched (%s); trying again", _named(error))
                await self._sleep(_PAUSE_SECONDS)
                continue
            line.reached(self._clock.now())
            try:
                if updates:
                    await self.keep(updates)
            except Exception as error:  # noqa: BLE001  # what was not stored was not acknowledged either: it comes again
                _log.warning("updates cannot be stored (%s); trying again", _named(error))
                await self._sleep(_PAUSE_SECONDS)
            else:
                offset = updates[-1].update_id + 1 if updates else None

    async def _fetch(self, offset: int | None) -> list[Arrived]:
        """Ask for updates and wait for some, as Telegram sends them.

        Not as the library reads them: one it cannot read would come again for ever, and be in its log each time.

        Raises:
            TelegramError: Telegram refused, or could not be reached.
            NotAnUpdateError: what it answered are no updates.
        """
        asked = {"offset": offset, "timeout": _POLL_SECONDS, "allowed_updates": ALLOWED_UPDATES}
        answer = await self.bot._post("getUpdates", asked, read_timeout=_POLL_SECONDS + _ANSWER_SECONDS)  # noqa: SLF001  # the library's public way reads what comes
        found: list[Arrived] = []
        for each in answer if isinstance(answer, list) else [answer]:
            try:
                found.append(arrived_as(each, self.bot))
            except NotAnUpdateError:
                _log.warning("among the updates is something without a number, which is passed over")
        if answer and not found:
            raise NotAnUpdateError
        return found

    async def keep(self, updates: Sequence[Arrived]) -> None:
        """Store updates, and begin to handle what is free to be handled. When this returns they are stored."""
        now = self._clock.now()
        await self._claim(lambda session: inbox.keep(session, updates, now=now))

    async def take_up(self) -> None:
        """Begin with what is free to be handled or shown, whoever stored it; the sweep does so each second."""
        await self._claim()

    async def idle(self) -> None:
        """Wait until everything this process has claimed is handled and answered."""
        while self._holding:
            await asyncio.wait(list(self._holding.values()))

    async def drain(self) -> None:
        """Finish what is under way, within reason; what is left is for the others, or for the next start."""
        self._draining = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait([self._sweeping])
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self.idle()
        except TimeoutError:
            _log.warning("%s chats are left for the next start", len(self._holding))
            for task in self._holding.values():
                task.cancel()
            await self.idle()
        try:
            await self._database.run(partial(inbox.release, worker=self._worker))
        except Exception as error:  # noqa: BLE001  # the database is away: the leases run out by themselves
            _log.warning("what was claimed cannot be given back (%s)", type(error).__name__)

    # Claiming

    async def _sweep(self) -> None:
        """Each second, look for what is free; and keep the leases of what takes long."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            # On the process's own time: a rehearsed clock may stand.
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                if self._holding and loop.time() - renewed >= _RENEW_SECONDS:
                    await self._handling.renew(list(self._holding))
                    renewed = loop.time()
                if await self._database.ask(self._anything_free):
                    await self.take_up()
            except Exception as error:  # noqa: BLE001  # a sweep that ended would leave people without an answer
                _log.warning("what waits cannot be looked through (%s); trying again", type(error).__name__)
                await asyncio.sleep(_PAUSE_SECONDS)

    def _anything_free(self, session: Session) -> bool:
        return bool(
            inbox.claimable(
                session,
                worker=self._worker,
                holding=frozenset(self._holding),
                now=self._clock.now(),
                limit=min(1, self._places(())),
            )
        )

    def _places(self, finished: Sequence[int]) -> int:
        busy = len(self._holding) - len(finished)
        return 0 if self._draining else max(0, _MOST_AT_ONCE - busy)

    async def _claim(self, first: Work[object] | None = None, *, finished: Sequence[int] = ()) -> None:
        """In one transaction do ``first``, give back what is finished and claim what is free; then begin with that.

        One at a time in a process: what another claim has just leased is not yet known to be held.
        """
        async with self._claiming:
            holding = frozenset(self._holding) - set(finished)
            places, now = self._places(finished), self._clock.now()

            def work(session: Session) -> list[Arrived | Owed]:
                if first is not None:
                    first(session)
                return inbox.claim(session, worker=self._worker, holding=holding, now=now, limit=places)

            claimed = await self._database.run(work)
            for update_id in finished:
                del self._holding[update_id]
            for each in claimed:
                task = asyncio.create_task(self._work_on(each))
                self._holding[each.update_id] = task
                task.add_done_callback(partial(self._let_go, each.update_id))

    async def _work_on(self, item: Arrived | Owed) -> None:
        """Work on what was claimed, and give it back together with what it came to."""
        try:
            settle = await self._handling.work_on(item)
        except Exception as error:  # noqa: BLE001  # not even the failure could be recorded; the sweep takes it up
            log_failure(item.update_id, error)
            await self._sleep(_PAUSE_SECONDS)
            return
        while True:
            try:
                await self._claim(settle, finished=(item.update_id,))
            except Exception as error:  # noqa: BLE001  # the database is away: what is done must not be done again
                _log.warning("an update cannot be closed (%s); trying again", type(error).__name__)
                await self._sleep(_PAUSE_SECONDS)
            else:
                return

    def _let_go(self, update_id: int, task: asyncio.Task[None]) -> None:
        if self._holding.get(update_id) is task:
            del self._holding[update_id]


def _named(error: Exception) -> str:
    return type(error.__cause__ or error).__name__


def _conflict(error: Conflict) -> str:
    """Return what a refused `getUpdates` means, in words that say what to do."""
    if "webhook" in error.message.lower():
        return (
            "updates cannot be fetched, because a webhook is set for this token: Telegram posts them there; "
            "set DUEWATCH_WEBHOOK_URL where they are meant to be posted, or stop whoever set it"
        )
    return "another process fetches updates with this token; trying again"
