"""The methods that put messages into chats, and those that fetch files."""

from collections.abc import Callable
from typing import Any, Final

from sandbox.arguments import Arguments
from sandbox.attachments import MOST_DOWNLOAD_BYTES, shown_again, store
from sandbox.calls import Call, caption_fields, text_fields
from sandbox.errors import bad_request
from sandbox.journal import Record
from sandbox.state import Json

_ATTACHED: Final = "attach://"
_ALBUM_SIZES: Final = range(2, 11)
_ACTIONS: Final = frozenset(
    {"typing", "upload_photo", "upload_document", "upload_video", "upload_voice", "choose_sticker"}
    | {"find_location", "record_video", "record_voice", "record_video_note", "upload_video_note"}
)


def send_message(call: Call) -> Json:
    """Send a text."""
    text = call.body_text()
    markup = call.markup()
    chat_id = _open_chat(call)
    content = {**text_fields(text), **call.replied(chat_id), **_options(call)}
    return call.world.post(call.token, chat_id, [content], "sendMessage", markup=markup)[0]


def send_document(call: Call) -> Json:
    """Send a file."""
    return _send_file(call, "document")


def send_photo(call: Call) -> Json:
    """Send a picture."""
    return _send_file(call, "photo")


def send_media_group(call: Call) -> list[Json]:
    """Send an album of 2 to 10 files, all pictures or all documents."""
    given = call.arguments.decoded_list("media") or []
    if len(given) not in _ALBUM_SIZES:
        raise bad_request("wrong number of items in the album; it must be 2 to 10")
    kinds = {part.get("type") if isinstance(part, dict) else None for part in given}
    if len(kinds) > 1 or not kinds <= {"photo", "document"}:
        raise bad_request("documents can't be mixed with other media types")
    chat_id = _open_chat(call)
    replied = call.replied(chat_id)
    contents: list[Json] = []
    files: list[Record] = []
    for part in given:
        item = Arguments(values=part, files=call.arguments.files)
        content, stored = _media(call, item, "media", photo=part["type"] == "photo", place=len(files))
        contents.append({**content, **caption_fields(part), **replied, **_options(call)})
        files += stored
    album = f"{call.world.bot(call.token).next_message_id:09}{abs(chat_id)}"
    contents = [{**content, "media_group_id": album} for content in contents]
    return call.world.post(call.token, chat_id, contents, "sendMediaGroup", files=files)


def get_file(call: Call) -> Json:
    """Return where a file can be downloaded; at most 20 MB."""
    file = call.world.state.files.get(call.arguments.text("file_id") or "")
    if file is None:
        raise bad_request("invalid file_id")
    if file["file_size"] > MOST_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {name: file[name] for name in ("file_id", "file_unique_id", "file_size", "file_path")}


def send_chat_action(call: Call) -> bool:
    """Show for a few seconds that the bot is busy."""
    action = call.arguments.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat_id = _open_chat(call)
    call.world.events.publish("typing", chat_id=chat_id, action=action)
    return True


def _open_chat(call: Call) -> int:
    chat_id = call.arguments.required_chat_id()
    call.world.reachable(call.token, chat_id)
    return chat_id


def _options(call: Call) -> Json:
    options: Json = {}
    if call.arguments.flag("protect_content"):
        options["has_protected_content"] = True
    preview = call.arguments.decoded_object("link_preview_options")
    if preview:
        options["link_preview_options"] = preview
    return options


def _send_file(call: Call, kind: str) -> Json:
    caption = call.caption()
    markup = call.markup()
    chat_id = _open_chat(call)
    content, files = _media(call, call.arguments, kind, photo=kind == "photo", place=0)
    content |= {**caption, **call.replied(chat_id), **_options(call)}
    method = "sendPhoto" if kind == "photo" else "sendDocument"
    return call.world.post(call.token, chat_id, [content], method, markup=markup, files=files)[0]


def _media(
    call: Call, arguments: Arguments, name: str, *, photo: bool, place: int
) -> tuple[Json, list[Record]]:
    """Return a file of the call as part of a message: uploaded with it, or known by its id."""
    given = arguments.text(name) or ""
    upload = arguments.files.get(given.removeprefix(_ATTACHED) if given.startswith(_ATTACHED) else name)
    if upload is not None:
        return store(call.world, call.token, upload, place=place, photo=photo)
    if not given or given.startswith(_ATTACHED):
        raise bad_request(f"there is no {'photo' if photo else 'document'} in the request")
    return shown_again(call.world, given, photo=photo), []


METHODS: Final[dict[str, Callable[[Call], Any]]] = {
    "sendMessage": send_message,
    "sendDocument": send_document,
    "sendPhoto": send_photo,
    "sendMediaGroup": send_media_group,
    "getFile": get_file,
    "sendChatAction": send_chat_action,
}
