"""What the local Telegram knows, as a fold over the journal's records. Nothing is decided here.

Objects of the Bot API (messages, updates, users) are kept as the JSON they are sent as. A private chat
belongs to one bot and one user, so conversations are keyed by the bot's token and the chat's id.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sandbox.journal import Record

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Bot:
    """A bot account with the updates that wait for it."""

    token: str
    user: Json
    reads_groups: bool
    updates: deque[Json] = field(default_factory=deque)
    next_update_id: int = 1
    next_message_id: int = 1
    settings: Json = field(default_factory=dict)
    """Webhook, allowed updates, commands, names, as last set."""


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One chat as one bot sees it."""

    messages: dict[int, Json] = field(default_factory=dict)
    started: bool = False
    blocked: bool = False
    keyboard: Json | None = None
    read: dict[int, int] = field(default_factory=dict)
    """The last message each user has seen, by user id."""


@dataclass(slots=True, kw_only=True)
class State:
    """Everything the server remembers."""

    bots: dict[str, Bot] = field(default_factory=dict)
    users: dict[int, Json] = field(default_factory=dict)
    groups: dict[int, Json] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)
    conversations: dict[tuple[str, int], Conversation] = field(default_factory=dict)
    files: dict[str, Json] = field(default_factory=dict)
    paths: dict[tuple[str, str], str] = field(default_factory=dict)
    """File ids by the bot's token and the path it downloads them from."""
    queries: dict[str, Json] = field(default_factory=dict)
    """Presses not answered yet, by callback query id."""
    query_count: int = 0
    sent: list[Json] = field(default_factory=list)
    """Every message accepted from a bot, in order, edits too."""

    def apply(self, record: Record) -> None:
        """Take one record in."""
        _HANDLERS[record["is"]](self, record)

    def conversation(self, token: str, chat_id: int) -> Conversation:
        """Return a chat of a bot, made when first asked for."""
        return self.conversations.setdefault((token, chat_id), Conversation())


def _bot(state: State, record: Record) -> None:
    known = state.bots.get(record["token"])
    if known is None:
        state.bots[record["token"]] = Bot(
            token=record["token"], user=record["user"], reads_groups=record["reads_groups"]
        )
    else:
        known.user, known.reads_groups = record["user"], record["reads_groups"]


def _user(state: State, record: Record) -> None:
    state.users[record["user"]["id"]] = record["user"]


def _group(state: State, record: Record) -> None:
    state.groups[record["chat"]["id"]] = record["chat"]
    state.members[record["chat"]["id"]] = record["members"]


def _door(state: State, record: Record) -> None:
    conversation = state.conversation(record["token"], record["chat_id"])
    conversation.started, conversation.blocked = record["started"], record["blocked"]


def _message(state: State, record: Record) -> None:
    message = record["message"]
    conversation = state.conversation(record["token"], record["chat_id"])
    conversation.messages[message["message_id"]] = message
    bot = state.bots[record["token"]]
    bot.next_message_id = max(bot.next_message_id, message["message_id"] + 1)
    if record["method"] is not None:
        state.sent.append(
            {
                "seq": len(state.sent) + 1,
                "chat_id": record["chat_id"],
                "message_id": message["message_id"],
                "text": message.get("text", message.get("caption", "")),
                "method": record["method"],
                "at": record["at"],
            }
        )


def _deleted(state: State, record: Record) -> None:
    state.conversation(record["token"], record["chat_id"]).messages.pop(record["message_id"], None)


def _keyboard(state: State, record: Record) -> None:
    state.conversation(record["token"], record["chat_id"]).keyboard = record["keyboard"]


def _read(state: State, record: Record) -> None:
    read = state.conversation(record["token"], record["chat_id"]).read
    read[record["user_id"]] = max(read.get(record["user_id"], 0), record["message_id"])


def _update(state: State, record: Record) -> None:
    bot = state.bots[record["token"]]
    bot.updates.append(record["update"])
    bot.next_update_id = max(bot.next_update_id, record["update"]["update_id"] + 1)


def _acknowledged(state: State, record: Record) -> None:
    updates = state.bots[record["token"]].updates
    while updates and updates[0]["update_id"] < record["before"]:
        updates.popleft()


def _query(state: State, record: Record) -> None:
    state.queries[record["id"]] = record
    state.query_count += 1


def _answered(state: State, record: Record) -> None:
    state.queries.pop(record["id"], None)


def _file(state: State, record: Record) -> None:
    file = record["file"]
    state.files[file["file_id"]] = file
    state.paths[record["token"], file["file_path"]] = file["file_id"]


def _setting(state: State, record: Record) -> None:
    state.bots[record["token"]].settings[record["name"]] = record["value"]


_HANDLERS: Final[dict[str, Callable[[State, Record], None]]] = {
    "bot": _bot,
    "user": _user,
    "group": _group,
    "door": _door,
    "message": _message,
    "deleted": _deleted,
    "keyboard": _keyboard,
    "read": _read,
    "update": _update,
    "acknowledged": _acknowledged,
    "query": _query,
    "answered": _answered,
    "file": _file,
    "setting": _setting,
}
