"""One call of the Bot API, and what several methods read from it."""

from dataclasses import dataclass
from typing import Any

from sandbox.arguments import Arguments
from sandbox.entities import Formatted, formatted, utf16
from sandbox.errors import bad_request
from sandbox.keyboards import Markup, read_markup
from sandbox.state import Json
from sandbox.world import MOST_CAPTION, MOST_TEXT, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A bot's call of a method."""

    world: World
    token: str
    arguments: Arguments

    def markup(self) -> Markup:
        """Return the buttons that come with the call."""
        return read_markup(self.arguments.decoded_object("reply_markup"))

    def body_text(self) -> Formatted:
        """Return the text of a message, its length counted in UTF-16 after its markup is read.

        Raises:
            ApiError: 400 when it is empty, too long or cannot be parsed.
        """
        text = formatted(
            self.arguments.text("text") or "",
            self.arguments.text("parse_mode"),
            self.arguments.decoded_list("entities"),
        )
        if not text.text:
            raise bad_request("message text is empty")
        if utf16(text.text) > MOST_TEXT:
            raise bad_request("message is too long")
        return text

    def caption(self) -> Json:
        """Return the caption of a file as the fields of a message; none when there is no caption."""
        return caption_fields(self.arguments.values)

    def replied(self, chat_id: int) -> Json:
        """Return the message answered as the fields of a message.

        Raises:
            ApiError: 400 when it is gone, unless the call allows that.
        """
        parameters = self.arguments.decoded_object("reply_parameters")
        if not parameters:
            return {}
        try:
            message_id = int(parameters.get("message_id", ""))
        except (TypeError, ValueError):
            raise bad_request("can't parse reply parameters") from None
        quoted = self.world.quoted(self.token, chat_id, message_id)
        if quoted is not None:
            return {"reply_to_message": quoted}
        if parameters.get("allow_sending_without_reply"):
            return {}
        raise bad_request("message to be replied not found")


def text_fields(text: Formatted) -> Json:
    """Return a text as the fields of a message."""
    return {"text": text.text, **({"entities": list(text.entities)} if text.entities else {})}


def caption_fields(values: dict[str, Any]) -> Json:
    """Return a caption as the fields of a message; none when it is empty.

    Raises:
        ApiError: 400 when it is too long or cannot be parsed.
    """
    read = Arguments(values=values)
    text = formatted(
        read.text("caption") or "", read.text("parse_mode"), read.decoded_list("caption_entities")
    )
    if utf16(text.text) > MOST_CAPTION:
        raise bad_request("message caption is too long")
    if not text.text:
        return {}
    entities = {"caption_entities": list(text.entities)} if text.entities else {}
    return {"caption": text.text, **entities}
