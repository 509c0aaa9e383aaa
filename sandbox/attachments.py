"""Files on their way into a message: stored, measured, and described as the Bot API does."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from sandbox.errors import bad_request
from sandbox.journal import Record
from sandbox.pictures import read_picture
from sandbox.state import Json
from sandbox.world import World

MOST_DOCUMENT_BYTES: Final = 50 * 1024 * 1024
MOST_PHOTO_BYTES: Final = 10 * 1024 * 1024
MOST_DOWNLOAD_BYTES: Final = 20 * 1024 * 1024
_PREVIEW_SIDE: Final = 320
_MOST_SIDES: Final = 10_000
_MOST_RATIO: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file on its way into the world."""

    name: str
    mime: str
    content: bytes


def store(world: World, token: str, upload: Upload, *, place: int, photo: bool) -> tuple[Json, list[Record]]:
    """Store a file; return the part of a message that shows it, and the records to commit with that message.

    A photo has two sizes, as Telegram gives several, but both are the original bytes: nothing here scales.

    Args:
        world: where it goes.
        token: the bot that will be able to download it.
        upload: the file.
        place: its place among the files of one transaction, from 0.
        photo: whether it is shown as a picture.

    Raises:
        ApiError: 400 when the file is empty, too big, or no picture where one is wanted.
    """
    if not upload.content:
        raise bad_request("file must be non-empty")
    number = len(world.state.files) + place + 1
    if photo:
        return _photo(world, token, upload, number)
    digest = world.keep(upload.content)
    file = {
        "file_id": f"doc-{digest[:32]}-{number}",
        "file_unique_id": f"AgAD{digest[:12]}",
        "file_size": len(upload.content),
    }
    suffix = PurePosixPath(upload.name).suffix[:16]
    suffix = suffix if suffix[1:].isalnum() and suffix.isascii() else ""
    stored = {
        **file,
        "kind": "document",
        "digest": digest,
        "name": upload.name,
        "mime": upload.mime,
        "file_path": f"documents/file_{digest[:8]}{number}{suffix}",
    }
    shown = {**file, "file_name": upload.name, "mime_type": upload.mime}
    return {"document": shown}, [{"is": "file", "token": token, "file": stored}]


def _photo(world: World, token: str, upload: Upload, number: int) -> tuple[Json, list[Record]]:
    if len(upload.content) > MOST_PHOTO_BYTES:
        raise bad_request(f"file of size {len(upload.content)} bytes is too big for a photo")
    picture = read_picture(upload.content)
    if picture is None or not picture.width or not picture.height:
        raise bad_request("IMAGE_PROCESS_FAILED")
    longer, shorter = max(picture.width, picture.height), min(picture.width, picture.height)
    if longer + shorter > _MOST_SIDES or longer > _MOST_RATIO * shorter:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    digest = world.keep(upload.content)
    sizes: list[Json] = []
    records: list[Record] = []
    for letter, factor in (("s", min(1.0, _PREVIEW_SIDE / longer)), ("y", 1.0)):
        size: Json = {
            "file_id": f"photo-{digest[:32]}-{number}{letter}",
            "file_unique_id": f"AQAD{digest[:12]}{letter}",
            "file_size": len(upload.content),
            "width": max(1, round(picture.width * factor)),
            "height": max(1, round(picture.height * factor)),
        }
        sizes.append(size)
        stored = {
            **size,
            "kind": "photo",
            "digest": digest,
            "name": upload.name,
            "mime": picture.mime,
            "file_path": f"photos/file_{digest[:8]}{number}{letter}.{picture.mime.removeprefix('image/')}",
        }
        records.append({"is": "file", "token": token, "file": stored})
    return {"photo": sizes}, records


def shown_again(world: World, file_id: str, *, photo: bool) -> Json:
    """Return the part of a message that shows a file already stored.

    Raises:
        ApiError: 400 when there is no such file, or it is of the other kind.
    """
    file = world.state.files.get(file_id)
    if file is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if photo != (file["kind"] == "photo"):
        wanted, found = ("Photo", "Document") if photo else ("Document", "Photo")
        raise bad_request(f"can't use file of type {found} as {wanted}")
    shared = {name: file[name] for name in ("file_id", "file_unique_id", "file_size")}
    if photo:
        return {"photo": [{**shared, "width": file["width"], "height": file["height"]}]}
    return {"document": {**shared, "file_name": file["name"], "mime_type": file["mime"]}}
