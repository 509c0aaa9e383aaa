"""Updates on their way in: stored before they are acknowledged, handled in order within a chat, parallel across chats."""

import asyncio
import logging
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    CallbackQuery,
    ChatMember,
    Document,
    Message,
    PhotoSize,
    Update,
    User,
    Video,
)
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError

from bot.access import reader_at
from bot.conversation import Incoming, Kind, answer
from bot.screen import Menu, Screen
from bot.telegram.messenger import Messenger
from bot.wording import greetings
from jobs.clock import Clock
from locales.printer import Printer
from obligations.law import Law
from storage import inbox
from storage.database import Database, Session
from storage.errors import EvidenceRefusedError
from storage.evidence import EvidenceFolder, StoredFile
from storage.inbox import Arrived
from storage.registry import CHANNEL

_log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 25
_PAUSE_SECONDS: Final = 3
_FETCH_ATTEMPTS: Final = 4
_DRAIN_SECONDS: Final = 20
_ALLOWED: Final = ["message", "callback_query", "my_chat_member"]


class Arrivals:
    """Fetches updates, keeps them, and answers each once."""

    def __init__(
        self,
        *,
        messenger: Messenger,
        database: Database,
        law: Law,
        folder: EvidenceFolder,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._messenger = messenger
        self._bot: Bot = messenger.bot
        self._database = database
        self._law = law
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._lines: dict[int | None, deque[Arrived]] = {}
        self._workers: set[asyncio.Task[None]] = set()

    async def resume(self) -> None:
        """Take up what was stored and not handled when the process last ended."""
        for arrived in await self._database.ask(inbox.waiting):
            self._queue(arrived)

    async def poll(self) -> None:
        """Fetch updates until cancelled. Asking for the next ones acknowledges those that are stored.

        The number to go on from is said only right after a batch, never remembered: after a quiet week Telegram
        begins anew at a random number, and a remembered one could pass over what comes then. What was stored but
        not acknowledged before a kill comes again, and is known.

        Raises:
            InvalidToken: Telegram does not know the token; trying again cannot help.
        """
        offset: int | None = None
        while True:
            try:
                updates = await self._bot.get_updates(
                    offset=offset, timeout=_POLL_SECONDS, allowed_updates=_ALLOWED
                )
                if updates:
                    await self.keep(updates)
                offset = updates[-1].update_id + 1 if updates else None
            except InvalidToken:
                raise
            except Conflict:
                _log.warning("another process fetches updates with this token; trying again")
                await self._sleep(_PAUSE_SECONDS)
            except RetryAfter as error:
                wait = error.retry_after
                await self._sleep(wait if isinstance(wait, int) else wait.total_seconds())
            except Exception as error:  # noqa: BLE001  # a bot that stops listening looks alive and is not
                # What was not stored was not acknowledged either: it comes again.
                reason = type(error.__cause__ or error).__name__
                _log.warning("updates cannot be fetched or stored (%s); trying again", reason)
                await self._sleep(_PAUSE_SECONDS)

    async def keep(self, updates: tuple[Update, ...]) -> None:
        """Store updates and queue them for handling."""
        arrived = [
            Arrived(
                update_id=update.update_id,
                chat_id=update.effective_chat.id if update.effective_chat else None,
                payload=update.to_dict(),
            )
            for update in updates
        ]
        now = self._clock.now()
        await self._database.run(lambda session: inbox.keep(session, arrived, now=now))
        for each in arrived:
            self._queue(each)

    async def idle(self) -> None:
        """Wait until everything queued is handled."""
        while self._workers:
            await asyncio.wait(self._workers)

    async def drain(self) -> None:
        """Finish what is under way, within reason; what is left is taken up at the next start."""
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self.idle()
        except TimeoutError:
            _log.warning("%s chats are left for the next start", len(self._lines))
            for worker in self._workers:
                worker.cancel()
            await self.idle()

    def _queue(self, arrived: Arrived) -> None:
        """Put an update at the end of its chat's line; a line is walked by one worker at a time."""
        line = self._lines.get(arrived.chat_id)
        if line is not None:
            line.append(arrived)
            return
        self._lines[arrived.chat_id] = deque([arrived])
        worker = asyncio.create_task(self._walk(arrived.chat_id))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _walk(self, chat_id: int | None) -> None:
        line = self._lines[chat_id]
        try:
            while line:
                try:
                    await self._handle(line[0])
                except Exception as error:  # noqa: BLE001  # not even the failure could be recorded; the next start takes it up
                    _log_failure(line[0].update_id, inbox.MOST_ATTEMPTS, error)
                line.popleft()
        finally:
            del self._lines[chat_id]

    async def _handle(self, arrived: Arrived) -> None:
        for attempt in range(1, inbox.MOST_ATTEMPTS + 1):
            update: Update | None = None
            try:
                update = Update.de_json(arrived.payload, self._bot)
                screen = await self._answer(update)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is stored, logged and tried again
                _log_failure(arrived.update_id, attempt, error)
                given_up = await self._record_failure(arrived.update_id, error)
                if update is not None and (given_up or attempt == 1):
                    await self._apologise(update, given_up=given_up)
                if given_up:
                    return
                await self._sleep(attempt)
            else:
                await self._reply(update, screen)
                return

    async def _answer(self, update: Update) -> Screen | None:
        incoming = await self._read(update)
        now = self._clock.now()

        def work(session: Session) -> Screen | None:
            if not inbox.take(session, update.update_id, now=now) or incoming is None:
                return None
            return answer(session, incoming, law=self._law, folder=self._folder, now=now)

        return await self._database.run(work)

    async def _reply(self, update: Update, screen: Screen | None) -> None:
        """Show what was decided. It is stored by now: an answer that does not get through is only logged."""
        query, chat, user = update.callback_query, update.effective_chat, update.effective_user
        try:
            if query is not None and user is not None:
                await self._messenger.flash(user.id, query.id, screen)
            if screen is None or chat is None:
                return
            pressed = query.message.message_id if query is not None and query.message is not None else None
            await self._messenger.show(chat.id, screen, instead_of=pressed)
        except (TelegramError, OSError) as error:
            _log.warning("an answer did not get through: %s", type(error).__name__)
        if screen is not None and screen.menu is not None and chat is not None:
            await self._offer(chat.id, screen.menu)

    async def _offer(self, chat_id: int, menu: Menu) -> None:
        """Set the commands one chat offers. A refusal costs only the menu."""
        commands = [BotCommand(name, summary) for name, summary in menu.commands]
        try:
            await self._bot.set_my_commands(commands, scope=BotCommandScopeChat(chat_id))
        except TelegramError as error:
            _log.warning("the menu of a chat could not be set: %s", type(error).__name__)

    async def _read(self, update: Update) -> Incoming | None:
        """Translate an update; None for what Duewatch does not answer, such as anything said in a group."""
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None or chat.type != chat.PRIVATE:
            return None
        if update.my_chat_member is not None:
            blocked = update.my_chat_member.new_chat_member.status == ChatMember.BANNED
            return _incoming(user, Kind.BLOCKED if blocked else Kind.UNBLOCKED)
        if update.callback_query is not None:
            return _read_press(user, update.callback_query)
        message = update.message
        if message is None:
            return None
        if message.document or message.photo or message.video:
            return await self._read_file(user, message)
        return _read_text(user, message.text or "")

    async def _read_file(self, user: User, message: Message) -> Incoming:
        """Fetch a file, from a contact only: a stranger's is never fetched."""
        address = str(user.id)
        reader = await self._database.ask(lambda session: reader_at(session, CHANNEL, address))
        if reader is None:
            return _incoming(user, Kind.TEXT)
        sent = message.document or message.video or _largest(message.photo)
        file: StoredFile | EvidenceRefusedError
        try:
            content = await self._fetch(sent)
            file = await asyncio.to_thread(self._folder.store, content)
        except EvidenceRefusedError as error:
            file = error
        return _incoming(
            user,
            Kind.FILE,
            text=message.caption or "",
            file=file,
            file_name=getattr(sent, "file_name", None),
            album=message.media_group_id,
        )

    async def _fetch(self, sent: Document | Video | PhotoSize) -> bytes:
        """Fetch a file's content.

        Raises:
            EvidenceRefusedError: ``too_large``, or ``unreachable`` where Telegram does not hand it out.
        """
        if (sent.file_size or 0) > self._folder.max_bytes:
            raise EvidenceRefusedError("too_large")
        for attempt in range(1, _FETCH_ATTEMPTS + 1):
            try:
                return bytes(await (await sent.get_file()).download_as_bytearray())
            except BadRequest as error:
                code = "too_large" if "too big" in error.message else "unreachable"
                raise EvidenceRefusedError(code) from None
            except TelegramError as error:
                _log.warning("a file could not be fetched: %s", type(error.__cause__ or error).__name__)
                if attempt < _FETCH_ATTEMPTS:
                    await self._sleep(attempt)
        raise EvidenceRefusedError("unreachable")

    async def _record_failure(self, update_id: int, error: Exception) -> bool:
        now = self._clock.now()
        return await self._database.run(
            lambda session: inbox.fail(session, update_id, type(error).__name__, now=now)
        )

    async def _apologise(self, update: Update, *, given_up: bool) -> None:
        chat, user = update.effective_chat, update.effective_user
        if chat is None or user is None or chat.type != chat.PRIVATE:
            return
        reader = await self._database.ask(lambda session: reader_at(session, CHANNEL, str(user.id)))
        p = Printer.for_language(reader.language if reader is not None else user.language_code or "zh")
        screen = greetings.given_up(p) if given_up else greetings.failed(p)
        try:
            if given_up and update.callback_query is not None:
                await self._messenger.flash(chat.id, update.callback_query.id, screen)
            await self._messenger.show(chat.id, screen)
        except TelegramError as error:
            _log.warning("an apology did not get through: %s", type(error).__name__)


def _incoming(
    user: User,
    kind: Kind,
    *,
    command: str = "",
    text: str = "",
    file: StoredFile | EvidenceRefusedError | None = None,
    file_name: str | None = None,
    album: str | None = None,
) -> Incoming:
    return Incoming(
        channel=CHANNEL,
        address=str(user.id),
        name=user.full_name,
        language=user.language_code or "zh-hans",
        kind=kind,
        command=command,
        text=text,
        file=file,
        file_name=file_name,
        album=album,
    )


def _read_press(user: User, query: CallbackQuery) -> Incoming:
    return _incoming(user, Kind.PRESS, text=query.data or "")


def _read_text(user: User, text: str) -> Incoming:
    if not text.startswith("/"):
        return _incoming(user, Kind.TEXT, text=text)
    head, *argument = text.split(maxsplit=1)
    command = head[1:].split("@", 1)[0].lower()
    return _incoming(user, Kind.COMMAND, command=command, text="".join(argument).strip())


def _log_failure(update_id: int, attempt: int, error: Exception) -> None:
    """Log where it broke, without the values: the message of an error may hold what somebody wrote."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error(
        "update %s could not be handled, attempt %s: %s\n%s", update_id, attempt, type(error).__name__, where
    )


def _largest(sizes: tuple[PhotoSize, ...]) -> PhotoSize:
    return max(sizes, key=lambda size: size.width * size.height)
