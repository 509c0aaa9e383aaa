"""Showing what was decided, and saying what became of it. What was decided is stored by now, and so is the answer."""

import logging
from enum import Enum

from telegram import BotCommand, BotCommandScopeChat, Update
from telegram.error import TelegramError

from bot.screen import Menu, Screen
from bot.telegram.messenger import Messenger, NotMineError, refusal
from bot.telegram.reading import pressed_message
from jobs.channel import Begin
from storage.models import Outcome

_log = logging.getLogger(__name__)


class Shown(Enum):
    """What became of showing an answer."""

    DONE = "done"
    """It is there, or Telegram refused it for good: nothing more is owed."""
    NOT_SENT = "not sent"
    """Telegram was not reached, or asked to wait: it is not there."""
    UNKNOWN = "unknown"
    """It may be there: the connection ended before the answer."""
    NOT_OURS = "not ours"
    """Another process has taken it over meanwhile, and says it."""


class Replies:
    """Shows answers in private chats through one bot."""

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger

    async def reply(self, update: Update, screen: Screen | None) -> Shown:
        """Answer an update at once: a press flashes, which is tried once, and the screen is shown."""
        query, chat, user = update.callback_query, update.effective_chat, update.effective_user
        try:
            if query is not None and user is not None:
                await self._messenger.flash(user.id, query.id, screen)
        except TelegramError as error:
            return _became_of(error)
        if screen is None or chat is None:
            return Shown.DONE
        return await self.show(chat.id, screen, instead_of=pressed_message(update))

    async def show(
        self, chat_id: int, screen: Screen, *, instead_of: int | None, begin: Begin | None = None
    ) -> Shown:
        """Show a screen, in place of a message where it is an edit; ``begin`` is asked right before it leaves."""
        shown = Shown.DONE
        try:
            await self._messenger.show(chat_id, screen, instead_of=instead_of, begin=begin)
        except NotMineError:
            return Shown.NOT_OURS
        except (TelegramError, OSError) as error:
            shown = _became_of(error)
        if screen.menu is not None and shown is Shown.DONE:
            await self._offer(chat_id, screen.menu)
        return shown

    async def _offer(self, chat_id: int, menu: Menu) -> None:
        """Set the commands one chat offers. A refusal costs only the menu."""
        commands = [BotCommand(name, summary) for name, summary in menu.commands]
        try:
            await self._messenger.bot.set_my_commands(commands, scope=BotCommandScopeChat(chat_id))
        except TelegramError as error:
            _log.warning("the menu of a chat could not be set: %s", type(error).__name__)


def _became_of(error: TelegramError | OSError) -> Shown:
    """Return what a failure means. A file that is gone will not come back."""
    outcome = refusal(error).outcome if isinstance(error, TelegramError) else Outcome.FAILED
    shown = {Outcome.PENDING: Shown.NOT_SENT, Outcome.UNKNOWN: Shown.UNKNOWN}.get(outcome, Shown.DONE)
    _log.warning(
        "an answer did not get through (%s): %s", outcome.value, type(error.__cause__ or error).__name__
    )
    return shown
