"""What a person does in the world: says something, sends files, presses a button, blocks the bot.

The page and the tests act through it. What the bot does about it is not here.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from sandbox.attachments import MOST_PHOTO_BYTES, Upload, store
from sandbox.entities import formatted, utf16
from sandbox.errors import bad_request
from sandbox.journal import Record
from sandbox.keyboards import MOST_DATA_BYTES
from sandbox.pictures import read_picture
from sandbox.state import Json
from sandbox.world import MOST_CAPTION, MOST_TEXT, World

MOST_FILES: Final = 10
_PRIVACY_SHOWS: Final = frozenset({"bot_command", "mention"})


class Visitor:
    """One person in one chat with a bot.

    Args:
        world: where they are.
        user_id: who they are.
        token: the bot they have before them.
        chat_id: the group they speak in; None is their private chat with the bot.

    Raises:
        ApiError: 400 when the world has no such user or group.
    """

    def __init__(self, world: World, user_id: int, *, token: str, chat_id: int | None = None) -> None:
        if user_id not in world.state.users:
            raise bad_request("user not found")
        self._world = world
        self._token = token
        self._user_id = user_id
        self._user = world.state.users[user_id]
        self._chat_id = user_id if chat_id is None else chat_id
        self._private = self._chat_id == user_id
        if not self._private and user_id not in world.state.members.get(self._chat_id, ()):
            raise bad_request("chat not found")
        self._conversation = world.state.conversation(token, self._chat_id)

    def start(self, payload: str | None = None) -> Json:
        """Press START, or follow a deep link with its payload; return the message sent."""
        return self.say(f"/start {payload}" if payload else "/start")[0]

    def say(self, text: str, *, reply_to: int | None = None) -> list[Json]:
        """Send a text; one longer than a message holds is split, as a client does.

        Raises:
            ApiError: 400 when there is no text.
        """
        pieces = list(_pieces(formatted(text, None).text))
        if not pieces:
            raise bad_request("message text is empty")
        records = self._opening()
        messages = []
        for piece in pieces:
            marked = formatted(piece, None)
            content: Json = {"text": marked.text}
            if marked.entities:
                content["entities"] = list(marked.entities)
            messages.append(self._message(content, reply_to))
            records += self._arrival(messages[-1])
        if (self._conversation.keyboard or {}).get("one_time_keyboard"):
            records.append(
                {"is": "keyboard", "token": self._token, "chat_id": self._chat_id, "keyboard": None}
            )
        self._world.commit(*records)
        return messages

    def send_files(
        self, uploads: Sequence[Upload], *, caption: str = "", as_documents: bool = False
    ) -> list[Json]:
        """Send one to ten files; several become an album, pictures become photos unless sent as documents.

        Raises:
            ApiError: 400 when there are none or too many, or one is empty.
        """
        if not 1 <= len(uploads) <= MOST_FILES:
            raise bad_request(f"1 to {MOST_FILES} files make a message")
        photos = not as_documents and all(_as_photo(upload) for upload in uploads)
        records = self._opening()
        messages: list[Json] = []
        album = f"{self._world.bot(self._token).next_message_id:09}{self._user_id}"
        for place, upload in enumerate(uploads):
            content, stored = store(
                self._world, self._token, upload, place=2 * place if photos else place, photo=photos
            )
            records += stored
            if len(uploads) > 1:
                content["media_group_id"] = album
            if place == 0 and caption.strip():
                marked = formatted(caption[:MOST_CAPTION], None)
                content["caption"] = marked.text
                if marked.entities:
                    content["caption_entities"] = list(marked.entities)
            messages.append(self._message(content, None))
            records += self._arrival(messages[-1])
        self._world.commit(*records)
        return messages

    def press(self, message_id: int, data: str) -> str:
        """Press an inline button and return the id of the callback query.

        Any data is taken, as from a hostile client or an outdated screen: checking it is the bot's duty.

        Raises:
            ApiError: 400 when the message is gone or the data is not 1 to 64 bytes.
        """
        message = self._conversation.messages.get(message_id)
        if message is None:
            raise bad_request("MESSAGE_ID_INVALID")
        if not 1 <= len(data.encode()) <= MOST_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
        bot_id = self._world.bot(self._token).user["id"]
        query_id = f"{bot_id}{self._world.state.query_count + 1:08}"
        query: Json = {
            "id": query_id,
            "from": self._user,
            "message": message,
            "chat_instance": f"{bot_id}{abs(self._chat_id)}",
            "data": data,
        }
        pending: Record = {
            "is": "query",
            "id": query_id,
            "token": self._token,
            "user_id": self._user_id,
            "chat_id": self._chat_id,
            "message_id": message_id,
            "at": self._world.now().isoformat(),
        }
        self._world.commit(pending, *self._world.update_record(self._token, "callback_query", query))
        return query_id

    def set_blocked(self, *, blocked: bool) -> None:
        """Block or unblock the bot, which learns of it; asking for what is already so changes nothing."""
        if self._private and self._conversation.blocked != blocked:
            self._world.commit(*self._door(blocked=blocked))

    def mark_read(self, message_id: int) -> None:
        """Record that this person has seen the chat up to a message."""
        if self._conversation.read.get(self._user_id, 0) < message_id:
            read: Record = {"is": "read", "user_id": self._user_id, "message_id": message_id}
            self._world.commit({**read, "token": self._token, "chat_id": self._chat_id})
            self._world.events.publish("read", **{**read, "is": "read", "chat_id": self._chat_id})

    def _opening(self) -> list[Record]:
        """Return what goes before a message: unblocking a blocked bot, opening a chat not started."""
        if not self._private:
            return []
        if self._conversation.blocked:
            return self._door(blocked=False)
        if not self._conversation.started:
            return [self._door_record(blocked=False)]
        return []

    def _door_record(self, *, blocked: bool) -> Record:
        return {
            "is": "door",
            "token": self._token,
            "chat_id": self._chat_id,
            "started": self._conversation.started or not blocked,
            "blocked": blocked,
        }

    def _door(self, *, blocked: bool) -> list[Record]:
        bot = self._world.bot(self._token).user
        member = {"user": bot, "status": "member"}
        kicked = {"user": bot, "status": "kicked", "until_date": 0}
        change: Json = {
            "chat": self._world.chat(self._chat_id),
            "from": self._user,
            "date": int(self._world.now().timestamp()),
            "old_chat_member": member if blocked else kicked,
            "new_chat_member": kicked if blocked else member,
        }
        return [
            self._door_record(blocked=blocked),
            *self._world.update_record(self._token, "my_chat_member", change),
        ]

    def _message(self, content: Json, reply_to: int | None) -> Json:
        message = self._world.envelope(self._token, self._chat_id, self._user, content)
        quoted = None if reply_to is None else self._world.quoted(self._token, self._chat_id, reply_to)
        return message if quoted is None else {**message, "reply_to_message": quoted}

    def _arrival(self, message: Json) -> list[Record]:
        record = self._world.message_record(self._token, message, None)
        if not self._private and not self._shown_in_group(message):
            return [record]
        return [record, *self._world.update_record(self._token, "message", message)]

    def _shown_in_group(self, message: Json) -> bool:
        """Whether a bot in privacy mode gets to see a group's message: commands, mentions, answers to it."""
        bot = self._world.bot(self._token)
        replied = message.get("reply_to_message", {}).get("from", {}).get("id")
        marks = (*message.get("entities", ()), *message.get("caption_entities", ()))
        return (
            bot.reads_groups
            or replied == bot.user["id"]
            or any(mark["type"] in _PRIVACY_SHOWS for mark in marks)
        )


def _as_photo(upload: Upload) -> bool:
    picture = read_picture(upload.content)
    return picture is not None and picture.mime != "image/gif" and len(upload.content) <= MOST_PHOTO_BYTES


def _pieces(text: str) -> Iterator[str]:
    """Split a text into pieces that each fit a message, at a line's end where there is one."""
    while utf16(text) > MOST_TEXT:
        cut = min(len(text), MOST_TEXT)
        while (excess := utf16(text[:cut]) - MOST_TEXT) > 0:
            cut -= (excess + 1) // 2  # no character is longer than two units
        line = text.rfind("\n", 1, cut)
        cut = line if line > 0 else cut
        yield text[:cut]
        text = text[cut:].strip()
    if text:
        yield text
