"""The world of the sandbox: who is there, what they say to each other, and what waits for the bots.

A person acts through `sandbox.visitor`, a bot through `sandbox.botapi`; both end here, in a transaction. It
is in the journal before anyone sees it, so a killed process loses nothing it has acknowledged. One event
loop owns a world. Updates do not expire after a day as Telegram's do: a virtual clock would drop what no
bot could read.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from sandbox.errors import bad_request, forbidden, unauthorized
from sandbox.events import EventStream, Signal
from sandbox.journal import Forgetful, Journal, Record
from sandbox.keyboards import Markup
from sandbox.state import Bot, Conversation, Json, State

MOST_TEXT: Final = 4096
MOST_CAPTION: Final = 1024
NO_MARKUP: Final = Markup()


class World:
    """Bots, users, chats, messages, files and the updates that wait.

    Args:
        clock: returns the instant messages are dated with; aware.
        journal: where to remember everything; None forgets it with the process.
    """

    def __init__(self, clock: Callable[[], datetime], journal: Path | None = None) -> None:
        self._clock = clock
        self._journal = Forgetful() if journal is None else Journal(journal)
        self.state: Final = State()
        self.events: Final = EventStream()
        self.awake = True
        self._signals: dict[str, Signal] = {}
        try:
            for records in self._journal.replay():
                for record in records:
                    self.state.apply(record)
        except BaseException:
            self._journal.close()
            raise

    def now(self) -> datetime:
        """Return the world's instant.

        Raises:
            ValueError: when the clock is naive.
        """
        now = self._clock()
        if now.tzinfo is None:
            raise ValueError("the clock of a world is aware")
        return now

    def rest(self) -> None:
        """Let everyone who waits go: the server is about to stop."""
        self.awake = False
        self.events.signal.fire()
        for signal in self._signals.values():
            signal.fire()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    # People and bots

    def add_bot(self, token: str, *, username: str, first_name: str, reads_groups: bool = False) -> None:
        """Register a bot, its id the number before its token's colon; adding it again changes its names."""
        user: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": first_name,
            "username": username,
        }
        known = self.state.bots.get(token)
        if known is None or known.user != user or known.reads_groups != reads_groups:
            self.commit({"is": "bot", "token": token, "user": user, "reads_groups": reads_groups})

    def add_user(
        self, user_id: int, first_name: str, language_code: str, *, username: str | None = None
    ) -> None:
        """Register a person; adding them again changes their name and language."""
        user: Json = {
            "id": user_id,
            "is_bot": False,
            "first_name": first_name,
            "language_code": language_code,
        }
        if username is not None:
            user["username"] = username
        if self.state.users.get(user_id) != user:
            self.commit({"is": "user", "user": user})

    def add_group(self, chat_id: int, title: str, members: Iterable[int]) -> None:
        """Register a group, its id negative; every bot of the world is in it."""
        chat = {"id": chat_id, "title": title, "type": "group", "all_members_are_administrators": True}
        people = sorted(set(members))
        if self.state.groups.get(chat_id) != chat or self.state.members[chat_id] != people:
            self.commit({"is": "group", "chat": chat, "members": people})

    def enrol_chat(self, user_id: int, token: str) -> None:
        """Open a private chat as if START had been pressed long ago: no update is sent."""
        if not self.state.conversation(token, user_id).started:
            self.chat(user_id)
            self.commit({"is": "door", "token": token, "chat_id": user_id, "started": True, "blocked": False})

    def bot(self, token: str) -> Bot:
        """Return a bot by its token.

        Raises:
            ApiError: 401 when there is none.
        """
        if token not in self.state.bots:
            raise unauthorized()
        return self.state.bots[token]

    def chat(self, chat_id: int) -> Json:
        """Return a chat as messages show it.

        Raises:
            ApiError: 400 when there is no such user or group.
        """
        if chat_id in self.state.groups:
            return dict(self.state.groups[chat_id])
        user = self.state.users.get(chat_id)
        if user is None:
            raise bad_request("chat not found")
        chat: Json = {name: user[name] for name in ("id", "first_name", "username") if name in user}
        return {**chat, "type": "private"}

    def reachable(self, token: str, chat_id: int) -> Conversation:
        """Return a chat this bot may write to.

        Raises:
            ApiError: 400 for a chat that is not there, 403 for one that is closed to the bot.
        """
        self.chat(chat_id)
        conversation = self.state.conversation(token, chat_id)
        if conversation.blocked:
            in_group = chat_id in self.state.groups
            raise forbidden(
                "bot was kicked from the group chat" if in_group else "bot was blocked by the user"
            )
        if not conversation.started and chat_id not in self.state.groups:
            raise forbidden("bot can't initiate conversation with a user")
        return conversation

    # What bots do

    def post(
        self,
        token: str,
        chat_id: int,
        contents: Sequence[Json],
        method: str,
        *,
        markup: Markup = NO_MARKUP,
        files: Sequence[Record] = (),
    ) -> list[Json]:
        """Put a bot's messages into a chat, with the records of their files, and return them."""
        records = list(files)
        messages = []
        for content in contents:
            message = self.envelope(token, chat_id, self.bot(token).user, content)
            if markup.inline is not None:
                message["reply_markup"] = markup.inline
            messages.append(message)
            records.append(self.message_record(token, message, method))
        if markup.keyboard is not None or markup.removes_keyboard:
            records.append(
                {"is": "keyboard", "token": token, "chat_id": chat_id, "keyboard": markup.keyboard}
            )
        self.commit(*records)
        return messages

    def replace(self, token: str, message: Json, method: str) -> Json:
        """Put an edited message in the place of the one with its id."""
        edited = {**message, "edit_date": int(self.now().timestamp())}
        self.commit(self.message_record(token, edited, method))
        return edited

    def delete(self, token: str, chat_id: int, message_id: int) -> None:
        """Take a message out of a chat."""
        self.commit({"is": "deleted", "token": token, "chat_id": chat_id, "message_id": message_id})

    def keep(self, content: bytes) -> str:
        """Store bytes, before the record that names them, and return their SHA-256."""
        return self._journal.keep(content)

    def content(self, file: Json) -> bytes:
        """Return the bytes of a file of the state."""
        return self._journal.content(file["digest"])

    # Updates

    def signal(self, token: str) -> Signal:
        """Return what fires when an update arrives for a bot."""
        return self._signals.setdefault(token, Signal())

    def acknowledge(self, token: str, before: int) -> None:
        """Forget the updates with ids below `before`."""
        updates = self.bot(token).updates
        if updates and updates[0]["update_id"] < before:
            self.commit({"is": "acknowledged", "token": token, "before": before})

    def update_record(self, token: str, kind: str, content: Json) -> list[Record]:
        """Return the record that queues an update; none when the bot has not asked for that kind."""
        bot = self.bot(token)
        allowed = bot.settings.get("allowed_updates")
        if allowed and kind not in allowed:
            return []
        update = {"update_id": bot.next_update_id, kind: content}
        bot.next_update_id += 1
        return [{"is": "update", "token": token, "update": update}]

    def message_record(self, token: str, message: Json, method: str | None) -> Record:
        """Return the record that puts a message into its chat; `method` is None for a person's."""
        return {
            "is": "message",
            "token": token,
            "chat_id": message["chat"]["id"],
            "message": message,
            "method": method,
            "at": self.now().isoformat(),
        }

    def envelope(self, token: str, chat_id: int, sender: Json, content: Json) -> Json:
        """Return a new message with the next id of the bot, dated now."""
        bot = self.bot(token)
        message_id = bot.next_message_id
        bot.next_message_id += 1
        return {
            "message_id": message_id,
            "from": sender,
            "chat": self.chat(chat_id),
            "date": int(self.now().timestamp()),
            **content,
        }

    def quoted(self, token: str, chat_id: int, message_id: int) -> Json | None:
        """Return a message as a reply shows it, without what it answers itself; None when it is gone."""
        message = self.state.conversation(token, chat_id).messages.get(message_id)
        if message is None:
            return None
        return {name: value for name, value in message.items() if name != "reply_to_message"}

    def commit(self, *records: Record) -> None:
        """Write records as one transaction, take them in, and tell those who wait."""
        self._journal.append(records)
        woken = set()
        for record in records:
            self.state.apply(record)
            match record:
                case {"is": "update", "token": str(token)}:
                    woken.add(token)
                case {"is": "message", "message": message, "chat_id": chat_id}:
                    self.events.publish("message", chat_id=chat_id, message=message)
                case {"is": "deleted", "chat_id": chat_id, "message_id": message_id}:
                    self.events.publish("deleted", chat_id=chat_id, message_id=message_id)
                case {"is": "keyboard", "chat_id": chat_id, "keyboard": keyboard}:
                    self.events.publish("keyboard", chat_id=chat_id, keyboard=keyboard)
                case {"is": "door", "chat_id": chat_id, "started": started, "blocked": blocked}:
                    self.events.publish("door", chat_id=chat_id, started=started, blocked=blocked)
        for token in woken:
            self.signal(token).fire()
