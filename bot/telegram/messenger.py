"""Puts a screen into a chat, and says what became of it.

`BadRequest` is a `NetworkError` in this library, so it is looked at first and never tried again.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import httpx
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message
from telegram.constants import MessageLimit, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.screen import Button, Screen
from bot.telegram.limiter import Limiter
from jobs.channel import Receipt
from storage.models import Outcome

_CONNECTIONS: Final = 8
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LONGEST_LABEL: Final = 60
_UNREACHABLE = ("chat not found", "user is deactivated", "bot was kicked", "peer_id_invalid")
_RETRY_REFUSED_CONNECTION = timedelta(seconds=5)


def connect(token: str, api_url: str) -> Bot:
    """Return a bot that talks to the Bot API server at ``api_url`` (files under ``<api_url>/file``)."""
    return Bot(
        token,
        base_url=f"{api_url}/bot",
        base_file_url=f"{api_url}/file/bot",
        request=HTTPXRequest(connection_pool_size=_CONNECTIONS, pool_timeout=30, read_timeout=20),
        get_updates_request=HTTPXRequest(connection_pool_size=1, read_timeout=10),
    )


class Messenger:
    """Sends screens through one bot. Without a limiter it sends as fast as the server takes."""

    def __init__(self, bot: Bot, limiter: Limiter | None) -> None:
        self.bot = bot
        self._limiter = limiter

    async def show(self, chat_id: int, screen: Screen, *, instead_of: int | None = None) -> str | None:
        """Send a screen, or put it in place of a message; returns the last message's id.

        Raises:
            TelegramError: the server refused it, or could not be reached.
        """
        message_id: str | None = None
        if screen.html:
            if instead_of is not None and screen.edit:
                return await self._edit(chat_id, instead_of, screen)
            pieces = list(split(screen.html))
            for piece in pieces:
                await self._turn(chat_id)
                message = await self.bot.send_message(
                    chat_id,
                    piece,
                    parse_mode=ParseMode.HTML,
                    reply_markup=keyboard(screen.rows) if piece is pieces[-1] else None,
                    disable_notification=screen.silent,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
                message_id = str(message.message_id)
        for attachment in screen.attachments:
            await self._turn(chat_id)
            sent = await self.bot.send_document(chat_id, attachment.path, filename=attachment.name)
            message_id = str(sent.message_id)
        return message_id

    async def deliver(self, chat_id: int, screen: Screen) -> Receipt:
        """Send a screen and return what became of it; an error is an outcome, never raised."""
        try:
            message_id = await self.show(chat_id, screen)
        except RetryAfter as error:
            wait = _as_timedelta(error.retry_after)
            if self._limiter is not None:
                self._limiter.pause(chat_id, wait.total_seconds())
            return Receipt(outcome=Outcome.PENDING, retry_in=wait, reason="too many requests")
        except ChatMigrated as error:
            return Receipt(
                outcome=Outcome.PENDING,
                retry_in=timedelta(0),
                reason="the chat moved",
                new_address=str(error.new_chat_id),
            )
        except Forbidden as error:
            return Receipt(outcome=Outcome.FAILED, reason=error.message, unbind=True)
        except BadRequest as error:
            gone = any(words in error.message.lower() for words in _UNREACHABLE)
            return Receipt(outcome=Outcome.FAILED, reason=error.message, unbind=gone)
        except InvalidToken as error:
            return Receipt(outcome=Outcome.PENDING, retry_in=timedelta(minutes=5), reason=error.message)
        except NetworkError as error:
            if isinstance(error.__cause__, _NOT_SENT):
                return Receipt(
                    outcome=Outcome.PENDING,
                    retry_in=_RETRY_REFUSED_CONNECTION,
                    reason="the server cannot be reached",
                )
            return Receipt(outcome=Outcome.UNKNOWN, reason=type(error.__cause__ or error).__name__)
        except TelegramError as error:
            return Receipt(outcome=Outcome.FAILED, reason=error.message)
        return Receipt(outcome=Outcome.SENT, message_id=message_id, text=screen.html)

    async def flash(self, query_id: str, screen: Screen | None) -> None:
        """Answer a button's press, which stops its spinner; one that is too old is past answering."""
        toast = screen.toast if screen is not None else None
        try:
            await self.bot.answer_callback_query(
                query_id, text=toast, show_alert=bool(screen and screen.alert)
            )
        except BadRequest:
            return

    async def _edit(self, chat_id: int, message_id: int, screen: Screen) -> str:
        try:
            edited = await self.bot.edit_message_text(
                next(split(screen.html)),
                chat_id=chat_id,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard(screen.rows),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except BadRequest as error:
            if "not modified" in error.message:
                return str(message_id)
            # The message is too old to edit, or gone: the answer still has to be seen.
            sent = await self.show(chat_id, Screen(html=screen.html, rows=screen.rows))
            return sent or str(message_id)
        return str(edited.message_id) if isinstance(edited, Message) else str(message_id)

    async def _turn(self, chat_id: int) -> None:
        if self._limiter is not None:
            await self._limiter.wait(chat_id)


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


def split(html: str, limit: int = MessageLimit.MAX_TEXT_LENGTH - 96) -> Iterator[str]:
    """Cut a text into messages at line ends. Every line closes its own tags, so no tag is cut."""
    piece = ""
    for line in html.split("\n"):
        if piece and len(piece) + 1 + len(line) > limit:
            yield piece
            piece = line
        else:
            piece = f"{piece}\n{line}" if piece else line
    yield piece


def _label(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1] + "…"


def _as_timedelta(value: int | timedelta) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)
