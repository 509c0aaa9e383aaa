"""The methods that change or remove messages, and the answer to a press."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sandbox.calls import Call, text_fields
from sandbox.entities import utf16
from sandbox.errors import bad_request
from sandbox.state import Json

MOST_ANSWER: Final = 200
_DELETABLE_IN: Final = timedelta(hours=48)
_ANSWERABLE_IN: Final = timedelta(minutes=15)
"""Telegram does not publish this; presses have been seen to stay open for about as long."""
_UNCHANGED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


def edit_message_text(call: Call) -> Json:
    """Replace the text and the buttons of a message."""
    text = call.body_text()
    message = _own_message(call)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _replaced(call, message, "editMessageText", ("text", "entities"), text_fields(text))


def edit_message_caption(call: Call) -> Json:
    """Replace the caption and the buttons of a file."""
    caption = call.caption()
    message = _own_message(call)
    if "document" not in message and "photo" not in message:
        raise bad_request("there is no caption in the message to edit")
    return _replaced(call, message, "editMessageCaption", ("caption", "caption_entities"), caption)


def edit_message_reply_markup(call: Call) -> Json:
    """Replace the buttons of a message."""
    return _replaced(call, _own_message(call), "editMessageReplyMarkup", (), {})


def delete_message(call: Call) -> bool:
    """Remove a message younger than 48 hours."""
    chat_id = call.arguments.required_chat_id()
    conversation = call.world.reachable(call.token, chat_id)
    message = conversation.messages.get(call.arguments.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if call.world.now().timestamp() - message["date"] > _DELETABLE_IN.total_seconds():
        raise bad_request("message can't be deleted for everyone")
    call.world.delete(call.token, chat_id, message["message_id"])
    return True


def answer_callback_query(call: Call) -> bool:
    """Answer a press, once and within 15 minutes of the world's clock."""
    text = call.arguments.text("text") or ""
    if utf16(text) > MOST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query = call.world.state.queries.get(call.arguments.text("callback_query_id") or "")
    if (
        query is None
        or query["token"] != call.token
        or call.world.now() - datetime.fromisoformat(query["at"]) > _ANSWERABLE_IN
    ):
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    call.world.commit({"is": "answered", "id": query["id"]})
    call.world.events.publish(
        "answer",
        query_id=query["id"],
        user_id=query["user_id"],
        chat_id=query["chat_id"],
        message_id=query["message_id"],
        text=text,
        show_alert=call.arguments.flag("show_alert"),
    )
    return True


def _own_message(call: Call) -> Json:
    chat_id = call.arguments.required_chat_id()
    conversation = call.world.reachable(call.token, chat_id)
    message = conversation.messages.get(call.arguments.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != call.world.bot(call.token).user["id"]:
        raise bad_request("message can't be edited")
    return message


def _replaced(call: Call, message: Json, method: str, fields: tuple[str, ...], content: Json) -> Json:
    markup = call.markup()
    outdated = {*fields, "reply_markup"}
    edited = {name: value for name, value in message.items() if name not in outdated} | content
    if markup.inline is not None:
        edited["reply_markup"] = markup.inline
    if edited == message:
        raise bad_request(_UNCHANGED)
    return call.world.replace(call.token, edited, method)


METHODS: Final[dict[str, Callable[[Call], Any]]] = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
}
