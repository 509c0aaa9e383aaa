"""Reading an update: what of it is stored, what it says to Duewatch, and what of it is not kept once it is handled."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from telegram import Bot, CallbackQuery, ChatMember, Document, Message, PhotoSize, Update, User, Video
from telegram.error import BadRequest, TelegramError

from bot.access import reader_at
from bot.conversation import Incoming, Kind
from storage import evidence
from storage.database import Database
from storage.errors import EvidenceRefusedError
from storage.evidence import EvidenceFolder, StoredFile
from storage.inbox import Arrived
from storage.registry import CHANNEL

_log = logging.getLogger(__name__)

ALLOWED_UPDATES: Final = ("message", "callback_query", "my_chat_member")
"""The kinds of update Telegram is asked for."""

_FETCH_ATTEMPTS: Final = 4
_LARGEST_ID: Final = 2**63 - 1

_MASK: Final = "***"
_INVITATION: Final = re.compile(r"(^/start(?:@\w+)?\s+|[?&]start=)\S+", re.IGNORECASE)
"""An invitation as it is handed in, and as the link that somebody pastes."""


class NotAnUpdateError(Exception):
    """What came in is JSON, but no update of Telegram's."""


def arrived_as(payload: object, bot: Bot) -> Arrived:
    """Return an update as it is stored. One the library cannot read is stored too: handling it will say so.

    Raises:
        NotAnUpdateError: it is no object with a number.
    """
    update_id = payload.get("update_id") if isinstance(payload, dict) else None
    if not isinstance(payload, dict) or type(update_id) is not int or not 0 <= update_id <= _LARGEST_ID:
        raise NotAnUpdateError
    try:
        chat = getattr(Update.de_json(payload, bot), "effective_chat", None)
        chat_id = None if chat is None else int(chat.id)
    except Exception:  # noqa: BLE001  # whatever the library makes of it, what Telegram posts once is not lost
        chat_id = None
    return Arrived(update_id=update_id, chat_id=chat_id, payload=payload)


def without_invitation(payload: dict[str, Any]) -> dict[str, Any] | None:
    """Return a payload with every invitation's token masked; None where there is none to mask."""
    masked: dict[str, Any] = _masked(payload)
    return masked if masked != payload else None


class UpdateReader:
    """Translates updates into what `bot.conversation` answers, fetching the files they name."""

    def __init__(
        self, *, database: Database, folder: EvidenceFolder, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._database = database
        self._folder = folder
        self._sleep = sleep

    async def read(self, update: Update) -> Incoming | None:
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
            await self._database.run_beside(lambda session: evidence.share(session, content))
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


def pressed_message(update: Update) -> int | None:
    """Return the number of the message whose button was pressed; None for anything but a press."""
    query = update.callback_query
    return query.message.message_id if query is not None and query.message is not None else None


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


def _largest(sizes: tuple[PhotoSize, ...]) -> PhotoSize:
    return max(sizes, key=lambda size: size.width * size.height)


def _masked(value: Any) -> Any:  # noqa: ANN401  # JSON, of whatever depth
    match value:
        case str():
            return _INVITATION.sub(rf"\1{_MASK}", value)
        case dict():
            return {name: _masked(each) for name, each in value.items()}
        case list():
            return [_masked(each) for each in value]
        case _:
            return value
