"""Puts a screen into a chat, and says what became of it.

An answer is waited for: it is tried again where Telegram says so, or was not reached. A delivery is not: it comes
back as an outcome, and whoever delivers knows when to try again.

`BadRequest` is a `NetworkError` in this library, so it is looked at first and never tried again.
"""

import asyncio
import html
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import MessageLimit, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.screen import Attachment, Button, Drawing, Screen
from bot.telegram.limiter import Limiter
from bot.telegram.requests import Requests, UpdateRequests
from jobs.channel import NOT_MINE, TOO_MANY, Begin, Receipt
from storage.models import Outcome

_log = logging.getLogger(__name__)

_CONNECTIONS: Final = 8
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_LONGEST_LABEL: Final = 60
_UNREACHABLE = ("chat not found", "user is deactivated", "bot was kicked", "peer_id_invalid")
_RETRY_REFUSED_CONNECTION = timedelta(seconds=5)
_ANSWER_ATTEMPTS: Final = 3
_LONGEST_WAIT_IN_LINE: Final = timedelta(seconds=2)
_LONGEST_WAIT_TO_ANSWER: Final = timedelta(minutes=2)
_UNREADABLE = "Invalid server response"

T = TypeVar("T")


def connect(token: str, api_url: str, *, answer_within: float = 20) -> Bot:
    """Return a bot that talks to the Bot API server at ``api_url`` (files under ``<api_url>/file``).

    ``answer_within`` is how many seconds an answer is waited for.
    """
    # Asks the library for a wait as a timedelta, which it will give by default one day; else it warns at every 429.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    return Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=Requests(connection_pool_size=_CONNECTIONS, pool_timeout=30, read_timeout=answer_within),
        get_updates_request=UpdateRequests(connection_pool_size=1, read_timeout=10),
    )


class NotMineError(Exception):
    """Another process has taken the notification over: nothing may be sent."""


@dataclass(slots=True)
class _Sent:
    """What of a screen is there: the id of the message with its buttons, and the files that could not be sent."""

    message_id: str | None = None
    missing: list[str] = field(default_factory=list)


class Messenger:
    """Sends screens through one bot. Without a limiter it sends as fast as the server takes."""

    def __init__(
        self,
        bot: Bot,
        limiter: Limiter | None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.bot = bot
        self._limiter = limiter
        self._sleep = sleep

    async def show(
        self, chat_id: int, screen: Screen, *, instead_of: int | None = None, begin: Begin | None = None
    ) -> None:
        """Answer with a screen, or put it in place of a message; waits where Telegram asks to.

        ``begin`` is asked each time right before it leaves.

        Raises:
            TelegramError: the server refused it, or could not be reached.
            NotMineError: ``begin`` refused; nothing was sent.
        """
        if instead_of is not None and screen.edit and _fits_one(screen.html):
            await self._edit(chat_id, instead_of, screen, begin=begin)
        else:
            await self._send(chat_id, screen, patiently=True, begin=begin)

    async def deliver(self, chat_id: int, screen: Screen, begin: Begin) -> Receipt:
        """Send a screen and return what became of it; an error is an outcome, never raised.

        ``begin`` is asked when its turn has come, right before it leaves. Where the chat has to wait for longer, it is
        to be tried again then, so that others need not wait behind it.
        """
        if (busy := await self._busy(chat_id)) > _LONGEST_WAIT_IN_LINE:
            return Receipt(outcome=Outcome.PENDING, retry_in=busy, reason="the chat has to wait")
        sent = _Sent()
        try:
            await self._send(chat_id, screen, patiently=False, sent=sent, begin=begin)
        except NotMineError:
            return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
        except TelegramError as error:
            receipt = refusal(error)
            return receipt if sent.message_id is None else _broken_off(receipt, screen, sent)
        reason = f"without {', '.join(sent.missing)}" if sent.missing else None
        return Receipt(outcome=Outcome.SENT, message_id=sent.message_id, text=screen.html, reason=reason)

    async def flash(self, chat_id: int, query_id: str, screen: Screen | None) -> None:
        """Answer a button's press, which stops its spinner; one that is too old to flash is answered in the chat.

        Raises:
            TelegramError: the server could not be reached for what only flashes.
        """
        toast = screen.toast if screen is not None else None
        try:
            await self.bot.answer_callback_query(
                query_id, text=toast, show_alert=bool(screen and screen.alert)
            )
        except TelegramError:
            if screen is not None and toast and not screen.html:
                await self.show(chat_id, Screen(html=html.escape(toast, quote=False)))

    async def _send(
        self,
        chat_id: int,
        screen: Screen,
        *,
        patiently: bool,
        sent: "_Sent | None" = None,
        begin: Begin | None = None,
    ) -> None:
        """Send a screen's pieces in order, then its attachments; ``sent`` collects what is there.

        A file that is gone, or that Telegram does not take, costs only itself.

        Raises:
            NotMineError: ``begin`` refused; nothing was sent.
        """
        sent = _Sent() if sent is None else sent
        pieces = list(split(screen.html)) if screen.html else []
        for piece in pieces:
            send = partial(
                self.bot.send_message,
                chat_id,
                piece,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard(screen.rows) if piece is pieces[-1] else None,
                disable_notification=screen.silent,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
            sent.message_id = str(
                (await self._call(chat_id, send, patiently=patiently, begin=begin)).message_id
            )
            # What has begun is finished in this turn: beginning anew would repeat its first piece.
            patiently, begin = True, None
        for attachment in screen.attachments:
            try:
                # Always as a document: as a photo a long picture is scaled down until nobody can read it.
                content = await asyncio.to_thread(_content, attachment)
                send = partial(self.bot.send_document, chat_id, content, filename=attachment.name)
                await self._call(chat_id, send, patiently=True)
            except (OSError, BadRequest) as error:
                _log.warning("a file could not be sent: %s", type(error).__name__)
                sent.missing.append(attachment.name)
        if sent.missing and screen.missing:
            note = partial(self.bot.send_message, chat_id, screen.missing, parse_mode=ParseMode.HTML)
            await self._call(chat_id, note, patiently=True)

    async def _edit(
        self, chat_id: int, message_id: int, screen: Screen, *, begin: Begin | None = None
    ) -> None:
        edit = partial(
            self.bot.edit_message_text,
            screen.html,
            chat_id=chat_id,
            message_id=message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(screen.rows),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        try:
            await self._call(chat_id, edit, patiently=True, counted=False, begin=begin)
        except BadRequest as error:
            if "not modified" not in error.message:
                # The message is too old to edit, or gone: the answer still has to be seen.
                await self._send(chat_id, screen, patiently=True)

    async def _call(
        self,
        chat_id: int,
        call: Callable[[], Awaitable[T]],
        *,
        patiently: bool,
        counted: bool = True,
        begin: Begin | None = None,
    ) -> T:
        """Call Telegram in its turn; patiently, again after a wait it asks for, or when it was not reached.

        Raises:
            NotMineError: ``begin``, asked once its turn has come, refused.
        """
        attempts = _ANSWER_ATTEMPTS if patiently else 1
        while True:
            attempts -= 1
            if counted and patiently and (busy := await self._busy(chat_id)) > _LONGEST_WAIT_TO_ANSWER:
                raise RetryAfter(busy)
            alone = counted and await self._turn(chat_id, answering=patiently)
            if begin is not None and not await begin():
                raise NotMineError
            try:
                return await call()
            except RetryAfter as error:
                wait = _as_timedelta(error.retry_after)
                if self._limiter is not None:
                    await self._limiter.pause(chat_id, wait.total_seconds(), everyone=alone)
                if not attempts or wait > _LONGEST_WAIT_TO_ANSWER:
                    raise
            except NetworkError as error:
                if not attempts or not isinstance(error.__cause__, _NOT_SENT):
                    raise
                wait = _RETRY_REFUSED_CONNECTION
            await self._sleep(wait.total_seconds())

    async def _busy(self, chat_id: int) -> timedelta:
        """Return how long nothing may go to a chat."""
        return timedelta(seconds=0.0 if self._limiter is None else await self._limiter.delay(chat_id))

    async def _turn(self, chat_id: int, *, answering: bool) -> bool:
        """Wait for a turn; true where the chat had nothing lately (`Limiter.wait`)."""
        return self._limiter is not None and await self._limiter.wait(chat_id, answering=answering)


def refusal(failure: TelegramError) -> Receipt:
    """Return what a failure to send means. `BadRequest` is a `NetworkError` here, so it is looked at first."""
    match failure:
        case RetryAfter() as error:
            return Receipt(
                outcome=Outcome.PENDING, retry_in=_as_timedelta(error.retry_after), reason=TOO_MANY
            )
        case ChatMigrated() as error:
            return Receipt(
                outcome=Outcome.PENDING,
                retry_in=timedelta(0),
                reason="the chat moved",
                new_address=str(error.new_chat_id),
            )
        case Forbidden() as error:
            return Receipt(outcome=Outcome.FAILED, reason=error.message, unbind=True)
        case BadRequest() as error:
            gone = any(words in error.message.lower() for words in _UNREACHABLE)
            return Receipt(outcome=Outcome.FAILED, reason=error.message, unbind=gone)
        case InvalidToken() as error:
            return Receipt(outcome=Outcome.PENDING, reason=error.message, down=True)
        case Conflict() as error:
            return Receipt(outcome=Outcome.PENDING, reason=error.message, down=True)
        case NetworkError() as error if isinstance(error.__cause__, _NOT_SENT):
            return Receipt(outcome=Outcome.PENDING, reason="the server cannot be reached", down=True)
        case NetworkError() as error if isinstance(error.__cause__, httpx.HTTPError):
            slow = isinstance(error.__cause__, httpx.TimeoutException)
            return Receipt(outcome=Outcome.UNKNOWN, reason=type(error.__cause__).__name__, down=slow)
        case NetworkError() as error:
            # A server in trouble: what was sent may have arrived, and nothing more is sent for the moment.
            return Receipt(outcome=Outcome.UNKNOWN, reason=error.message, down=True)
        case error if error.message == _UNREADABLE:
            # An answer nobody can read, such as a proxy's page.
            return Receipt(outcome=Outcome.UNKNOWN, reason=error.message, down=True)
        case error:
            return Receipt(outcome=Outcome.FAILED, reason=error.message)


def _broken_off(receipt: Receipt, screen: Screen, sent: _Sent) -> Receipt:
    """Return what it means that a later piece failed: where it was refused, the first ones stay alone."""
    outcome = Outcome.FAILED if receipt.outcome is Outcome.FAILED else Outcome.UNKNOWN
    return Receipt(
        outcome=outcome,
        message_id=sent.message_id,
        text=screen.html,
        reason=f"broken off in its middle: {receipt.reason}",
        unbind=receipt.unbind,
    )


def _content(attachment: Attachment | Drawing) -> bytes:
    """Return what to upload. Drawing takes a moment, so this is for a thread.

    Raises:
        FileNotFoundError: the file is gone from the server.
    """
    if isinstance(attachment, Drawing):
        return attachment.draw()
    return attachment.path.read_bytes()


def keyboard(rows: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    """Return a screen's buttons as Telegram takes them."""
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(_label(button.label), callback_data=button.press.packed())
                for button in row
            ]
            for row in rows
        ]
    )


def split(text: str, limit: int = MessageLimit.MAX_TEXT_LENGTH) -> Iterator[str]:
    """Cut a text into messages at line ends. Every line closes its own tags, so no tag is cut.

    A length is counted as Telegram does, in UTF-16 units; the tags are counted too, which is on the safe side.
    """
    piece = ""
    for line in text.split("\n"):
        if piece and _units(piece) + 1 + _units(line) > limit:
            yield piece
            piece = line
        else:
            piece = f"{piece}\n{line}" if piece else line
    yield piece


def _fits_one(text: str) -> bool:
    return bool(text) and _units(text) <= MessageLimit.MAX_TEXT_LENGTH


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _label(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def _as_timedelta(value: int | timedelta) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)
