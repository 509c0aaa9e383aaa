"""The kind and the size of a picture, read from its first bytes. Nothing here decodes one."""

import struct
from dataclasses import dataclass
from typing import Final

_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PNG: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the header of a picture says; pixels."""

    mime: str
    width: int
    height: int


def read_picture(content: bytes) -> Picture | None:
    """Return kind and size of a PNG, JPEG, GIF or WebP; None for anything else or a broken header."""
    try:
        if content.startswith(_PNG) and content[12:16] == b"IHDR":
            width, height = struct.unpack_from(">II", content, 16)
            return Picture(mime="image/png", width=width, height=height)
        if content.startswith((b"GIF87a", b"GIF89a")):
            width, height = struct.unpack_from("<HH", content, 6)
            return Picture(mime="image/gif", width=width, height=height)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp(content)
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
    except (struct.error, IndexError):
        return None
    return None


def _webp(content: bytes) -> Picture | None:
    match content[12:16]:
        case b"VP8X":
            width = int.from_bytes(content[24:27], "little") + 1
            height = int.from_bytes(content[27:30], "little") + 1
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", content, 21)
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", content, 26))
        case _:
            return None
    return Picture(mime="image/webp", width=width, height=height)


def _jpeg(content: bytes) -> Picture | None:
    at = 2
    while at < len(content):
        if content[at] != 0xFF:  # noqa: PLR2004  every JPEG marker starts with this byte
            return None
        marker = content[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return Picture(mime="image/jpeg", width=width, height=height)
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
    return None
