"""Reply markup as a bot sends it: checked as the real server does, and brought to one shape."""

from dataclasses import dataclass
from typing import Any, Final

from sandbox.errors import bad_request

MOST_DATA_BYTES: Final = 64
_MOST_BUTTONS: Final = 100
_SCHEMES: Final = ("http://", "https://", "tg://", "ton://")
_ACTIONS: Final = (
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "copy_text",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """What a message does to the buttons: under itself, or in place of the reader's keyboard."""

    inline: dict[str, Any] | None = None
    keyboard: dict[str, Any] | None = None
    """A reply keyboard or a forced reply, as the Bot API describes it."""
    removes_keyboard: bool = False


def read_markup(given: dict[str, Any] | None) -> Markup:
    """Check a `reply_markup`, already decoded from JSON; None and an empty object are no markup.

    Raises:
        ApiError: 400 for what the real server refuses, such as callback data over 64 bytes.
    """
    match given:
        case None:
            return Markup()
        case {"inline_keyboard": list(rows)}:
            checked = [[_inline(button) for button in _row(row)] for row in rows]
            checked = [row for row in checked if row]
            if sum(map(len, checked)) > _MOST_BUTTONS:
                raise bad_request("REPLY_MARKUP_TOO_LONG")
            return Markup(inline={"inline_keyboard": checked} if checked else None)
        case {"keyboard": list(rows)}:
            buttons = [[_plain(button) for button in _row(row)] for row in rows]
            return Markup(keyboard={**given, "keyboard": [row for row in buttons if row]})
        case {"remove_keyboard": True}:
            return Markup(removes_keyboard=True)
        case {"force_reply": True}:
            return Markup(keyboard=dict(given))
        case dict() if not given:
            return Markup()
        case _:
            raise bad_request("object expected as reply markup")


def _row(row: object) -> list[object]:
    if not isinstance(row, list):
        raise bad_request("can't parse reply markup: an array of button rows is expected")
    return row


def _label(button: object, where: str) -> dict[str, Any]:
    checked: dict[str, Any] = dict(button) if isinstance(button, dict) else {}
    text = checked.get("text")
    if not isinstance(text, str) or not text.strip():
        raise bad_request(f'can\'t parse {where}: Field "text" must be a non-empty String')
    return checked


def _inline(button: object) -> dict[str, Any]:
    checked = _label(button, "inline keyboard button")
    actions = [name for name in _ACTIONS if bool(checked.get(name)) or _switches(name, checked)]
    if len(actions) != 1:
        raise bad_request(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    data = checked.get("callback_data")
    if actions == ["callback_data"] and (not isinstance(data, str) or len(data.encode()) > MOST_DATA_BYTES):
        raise bad_request("BUTTON_DATA_INVALID")
    url = checked.get("url")
    if actions == ["url"] and not str(url).lower().startswith(_SCHEMES):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    return {"text": checked["text"], actions[0]: checked[actions[0]]}


def _switches(name: str, button: dict[str, Any]) -> bool:
    return name.startswith("switch_") and name in button


def _plain(button: object) -> dict[str, Any]:
    return {"text": button} if isinstance(button, str) and button else _label(button, "keyboard button")
