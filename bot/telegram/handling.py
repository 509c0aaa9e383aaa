"""Handling what was claimed: deciding in one transaction, keeping what is to be said, and showing it.

What an update comes to is returned as a unit of work: recording it gives the chat back (`bot.telegram.arrivals`).
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any, Final

from telegram import Update

from bot.access import reader_at
from bot.conversation import Incoming, Kind, answer
from bot.screen import Screen
from bot.telegram.messenger import Messenger
from bot.telegram.packing import packed, unpacked
from bot.telegram.reading import UpdateReader, pressed_message, without_invitation
from bot.telegram.replies import Replies, Shown
from bot.wording import greetings
from jobs.clock import Clock
from locales.printer import Printer
from obligations.law import Law
from storage import claims, evidence, inbox
from storage.database import Database, Session, Work
from storage.evidence import EvidenceFolder
from storage.inbox import Arrived, Failure, Owed
from storage.registry import CHANNEL

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What handling came to. Where the screen is not to be shown ``at_once``, an earlier answer comes first."""

    taken: bool
    screen: Screen | None = None
    at_once: bool = False


_NOT_OURS: Final = _Decided(taken=False)


class Handling:
    """Handles claimed updates and shows owed answers. ``worker`` is the name this process claims by."""

    def __init__(
        self,
        *,
        messenger: Messenger,
        database: Database,
        law: Law,
        folder: EvidenceFolder,
        clock: Clock,
        worker: str,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._bot = messenger.bot
        self._database = database
        self._law = law
        self._folder = folder
        self._clock = clock
        self._worker = worker
        self._sleep = sleep
        self._reader = UpdateReader(database=database, folder=folder, sleep=sleep)
        self._replies = Replies(messenger)

    async def work_on(self, item: Arrived | Owed) -> Work[object]:
        """Handle an update, or show an answer. Returns the unit of work that records what became of it.

        Raises:
            Exception: not even a failure could be recorded; the update waits as before.
        """
        return await (self._handle(item) if isinstance(item, Arrived) else self._show_owed(item))

    async def renew(self, update_ids: Collection[int]) -> set[int]:
        """Extend the leases of what is being worked on. Returns what this worker still has."""
        now = self._clock.now()
        return await self._database.run(
            lambda session: inbox.renew(session, update_ids, worker=self._worker, now=now)
        )

    async def _handle(self, arrived: Arrived) -> Work[object]:
        """Handle one update and answer it. Returns what is to be recorded of that."""
        kept: dict[str, Any] | None = None
        while True:
            update: Update | None = None
            began = monotonic()
            try:
                kept = without_invitation(arrived.payload)
                update = Update.de_json(arrived.payload, self._bot)
                decided = await self._decide(arrived, update, kept)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is stored, logged and tried again
                log_failure(arrived.update_id, error)
                failure, attempts, decided = await self._record_failure(arrived, update, error, kept)
                if failure is Failure.AGAIN:
                    if attempts == 1 and update is not None:
                        await self._apologise(update)
                    await self._sleep(attempts)
                    continue
            if update is None or not decided.taken:
                return self._freed(arrived.update_id)
            return await self._reply(update, decided, began)

    async def _decide(self, arrived: Arrived, update: Update, kept: dict[str, Any] | None) -> _Decided:
        incoming = await self._reader.read(update)
        pressed = pressed_message(update)
        now = self._clock.now()

        def work(session: Session) -> _Decided:
            if not inbox.take(session, arrived.update_id, worker=self._worker, now=now, kept=kept):
                return _NOT_OURS
            if incoming is None:
                return _Decided(taken=True)
            if incoming.kind is Kind.PRESS and pressed is not None:
                _acknowledge(session, incoming, pressed, now=now)
            screen = answer(session, incoming, law=self._law, folder=self._folder, now=now)
            return _owing(session, update, screen)

        return await self._database.run(work)

    async def _record_failure(
        self, arrived: Arrived, update: Update | None, error: Exception, kept: dict[str, Any] | None
    ) -> tuple[Failure, int, _Decided]:
        """Count the failure. Where it was the last, the reader is owed a word about it."""
        now = self._clock.now()

        def work(session: Session) -> tuple[Failure, int, _Decided]:
            failure, attempts = inbox.fail(
                session, arrived.update_id, type(error).__name__, worker=self._worker, now=now, kept=kept
            )
            if failure is not Failure.GIVEN_UP:
                return failure, attempts, _NOT_OURS
            if update is None or not _is_private(update):
                return failure, attempts, _Decided(taken=True)
            return failure, attempts, _owing(session, update, greetings.given_up(_printer(session, update)))

        return await self._database.run(work)

    async def _apologise(self, update: Update) -> None:
        if not _is_private(update) or update.effective_chat is None:
            return
        p = await self._database.ask(lambda session: _printer(session, update))
        await self._replies.show(update.effective_chat.id, greetings.failed(p), instead_of=None)

    async def _reply(self, update: Update, decided: _Decided, began: float) -> Work[object]:
        if decided.screen is None or not decided.at_once:
            # A press spins until it is answered, whatever comes later.
            await self._became(update.update_id, self._replies.reply(update, None))
            return self._freed(update.update_id)
        stood_still = monotonic() - began > inbox.LEASE.total_seconds() / 2
        if stood_still and update.update_id not in await self.renew([update.update_id]):
            # Another process has taken over meanwhile, and says it.
            return self._freed(update.update_id)
        shown = await self._became(update.update_id, self._replies.reply(update, decided.screen))
        return self._settled(update.update_id, shown, showings=1)

    async def _show_owed(self, owed: Owed) -> Work[object]:
        """Show an answer that was decided before, unless it is too late for it or it was shown often enough."""
        age = self._clock.now() - owed.decided_at
        if owed.chat_id is None or owed.showings >= inbox.MOST_SHOWINGS or age > inbox.ANSWERS_OWED_FOR:
            _log.warning("the answer to update %s was not shown in time, and is dropped", owed.update_id)
            return self._settled(owed.update_id, Shown.DONE, showings=owed.showings)
        shown = await self._became(owed.update_id, self._show_again(owed.update_id, owed.chat_id, owed.told))
        if shown is Shown.NOT_OURS:
            return self._freed(owed.update_id)
        return self._settled(owed.update_id, shown, showings=owed.showings + 1)

    async def _show_again(self, update_id: int, chat_id: int, told: dict[str, Any]) -> Shown:
        begun = False

        async def begin() -> bool:
            """Count this showing, once however often it is tried: only from here on it may have arrived."""
            nonlocal begun
            if not begun:
                now = self._clock.now()
                begun = await self._database.run(
                    lambda session: inbox.begin(session, update_id, worker=self._worker, now=now)
                )
            return begun

        def work(session: Session) -> Printer:
            for sha256, _ in told["files"]:
                evidence.fetch(session, self._folder, sha256)
            return _printer_at(session, chat_id, "zh")

        p = await self._database.ask(work)
        screen = unpacked(told, folder=self._folder, p=p)
        return await self._replies.show(chat_id, screen, instead_of=told["instead_of"], begin=begin)

    async def _became(self, update_id: int, showing: Awaitable[Shown]) -> Shown:
        """Wait for a showing. One that fails by a fault of ours would fail again."""
        try:
            return await showing
        except Exception as error:  # noqa: BLE001  # what was decided stands, whatever becomes of its answer
            log_failure(update_id, error)
            return Shown.DONE

    def _settled(self, update_id: int, shown: Shown, *, showings: int) -> Work[object]:
        """Return what is to be recorded after a showing; ``showings`` counts it and those that may have arrived before."""
        if shown is Shown.DONE:
            return partial(inbox.settle, update_id=update_id, worker=self._worker)
        if shown is Shown.UNKNOWN and showings >= inbox.MOST_SHOWINGS:
            _log.warning(
                "nobody knows whether the answer to update %s arrived; it is not repeated", update_id
            )
            return partial(inbox.settle, update_id=update_id, worker=self._worker)
        return partial(
            inbox.postpone,
            update_id=update_id,
            worker=self._worker,
            showings=showings if shown is Shown.UNKNOWN else showings - 1,
            now=self._clock.now(),
        )

    def _freed(self, update_id: int) -> Work[object]:
        return partial(inbox.free, update_id=update_id, worker=self._worker)


def _owing(session: Session, update: Update, screen: Screen | None) -> _Decided:
    """Keep an answer with its update until it is shown."""
    if screen is None:
        return _Decided(taken=True)
    told = packed(screen, instead_of=pressed_message(update))
    return _Decided(taken=True, screen=screen, at_once=inbox.owe(session, update.update_id, told))


def _acknowledge(session: Session, incoming: Incoming, pressed: int, *, now: datetime) -> None:
    """Note that the reader of a notification has pressed one of its buttons."""
    reader = reader_at(session, incoming.channel, incoming.address)
    if reader is not None:
        claims.acknowledge(session, contact_id=reader.contact_id, message_id=str(pressed), now=now)


def _is_private(update: Update) -> bool:
    chat = update.effective_chat
    return chat is not None and update.effective_user is not None and chat.type == chat.PRIVATE


def _printer(session: Session, update: Update) -> Printer:
    user = update.effective_user
    language = user.language_code if user is not None else None
    return _printer_at(session, user.id if user is not None else 0, language or "zh")


def _printer_at(session: Session, chat_id: int, otherwise: str) -> Printer:
    """Return the printer of a private chat: in its contact's language, or for a stranger in another."""
    reader = reader_at(session, CHANNEL, str(chat_id))
    return Printer.for_language(reader.language if reader is not None else otherwise)


def log_failure(update_id: int, error: Exception) -> None:
    """Log where it broke, without the values: the message of an error may hold what somebody wrote."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("update %s could not be handled: %s\n%s", update_id, type(error).__name__, where)
