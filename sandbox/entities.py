"""Text as Telegram sees it: HTML into text and entities, links and commands found in plain words.

Offsets and lengths of entities count UTF-16 code units. Markdown is not here: the bot speaks HTML.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sandbox.errors import ApiError, bad_request

_TYPES: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE: Final = re.compile(r"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|([a-zA-Z]+));?")
_ATTRIBUTE: Final = re.compile(r"""\s*([^\s=>]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.:/-]*)))?""")
_TAG_NAME: Final = re.compile(r"[^\s>]*")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f]")
_LINK: Final = re.compile(r"(?:https?|tg|ton|ftp)://\S", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:[/?#:]\S*)?")
_FOUND: Final = (
    (
        "url",
        re.compile(
            r"(?<![\w@])(?:https?://|t\.me/)[^\s<>\"'，。；：、！？（）【】《》「」“”]+", re.IGNORECASE
        ),
    ),
    ("email", re.compile(r"(?<![\w.+-])[A-Za-z0-9.+_-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")),
    (
        "bot_command",
        re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])"),
    ),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z][A-Za-z0-9_]{3,31}\b")),
    ("hashtag", re.compile(r"(?<!\w)#(?=\w*[^\W\d])\w+")),
)
_OPAQUE: Final = frozenset({"code", "pre", "text_link", "text_mention"})
_UNICODE_END: Final = 0x110000


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """A text with its entities in the order the Bot API lists them."""

    text: str
    entities: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    start: int


def utf16(text: str) -> int:
    """Return the length of `text` in UTF-16 code units."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def formatted(text: str, parse_mode: str | None, entities: list[dict[str, Any]] | None = None) -> Formatted:
    """Read a bot's text: cleaned of control characters, trimmed, with its own entities and those found in it.

    Raises:
        ApiError: 400 when the markup cannot be parsed or the mode is not HTML.
    """
    cleaned = _CONTROL.sub(" ", text.replace("\r", ""))
    if not parse_mode:
        marked = Formatted(text=cleaned, entities=tuple(_given(entities or (), utf16(cleaned))))
    elif parse_mode.lower() == "html":
        marked = parse_html(cleaned)
    else:
        raise bad_request("unsupported parse_mode")
    return _with_found(_trimmed(marked))


def parse_html(markup: str) -> Formatted:
    """Turn Telegram's subset of HTML into text and entities.

    Raises:
        ApiError: 400, "can't parse entities: …" with the byte offset of the fault.
    """
    reader = _Reader(markup)
    reader.read()
    return Formatted(text="".join(reader.out), entities=tuple(sorted(reader.entities, key=_order)))


class _Reader:
    """One pass over the markup: what is open, what came out, how long that is in UTF-16."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        self.out: list[str] = []
        self.length = 0
        self.entities: list[dict[str, Any]] = []
        self.open: list[_Open] = []

    def read(self) -> None:
        at = 0
        while at < len(self.markup):
            match self.markup[at]:
                case "<" if self.markup.startswith("</", at):
                    at = self._close(at)
                case "<":
                    at = self._start(at)
                case "&":
                    character, at = _reference(self.markup, at)
                    self._write(character)
                case _:
                    stop = min((p for p in (self.markup.find(c, at) for c in "<&") if p >= 0), default=None)
                    self._write(self.markup[at:stop])
                    at = len(self.markup) if stop is None else stop
        if self.open:
            raise _unparsed(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')

    def _write(self, text: str) -> None:
        self.out.append(text)
        self.length += utf16(text)

    def _where(self, at: int) -> str:
        return f"at byte offset {len(self.markup[:at].encode())}"

    def _start(self, at: int) -> int:
        named = _TAG_NAME.match(self.markup, at + 1)
        tag = named.group().lower() if named else ""
        position = at + 1 + len(tag)
        if position >= len(self.markup):
            raise _unparsed(f"Unclosed start tag {self._where(at)}")
        if tag not in _TYPES:
            raise _unparsed(f'Unsupported start tag "{tag}" {self._where(at)}')
        attributes: dict[str, str] = {}
        while True:
            position = _skip_spaces(self.markup, position)
            if position >= len(self.markup):
                raise _unparsed(f"Unclosed start tag {self._where(at)}")
            if self.markup[position] == ">":
                break
            found = _ATTRIBUTE.match(self.markup, position)
            if found is None or not found.group(1):
                raise _unparsed(f'Empty attribute name in the tag "{tag}" {self._where(at)}')
            value = next((group for group in found.groups()[1:] if group is not None), "")
            attributes[found.group(1).lower()] = _dereferenced(value)
            position = found.end()
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _unparsed(f'Tag "span" must have class "tg-spoiler" {self._where(at)}')
        self.open.append(_Open(tag, attributes, self.length))
        return position + 1

    def _close(self, at: int) -> int:
        end = self.markup.find(">", at)
        if end < 0:
            raise _unparsed(f"Unclosed end tag {self._where(at)}")
        tag = self.markup[at + 2 : end].strip().lower()
        if not self.open:
            raise _unparsed(f"Unexpected end tag {self._where(at)}")
        opened = self.open.pop()
        if tag and tag != opened.tag:
            raise _unparsed(
                f'Unmatched end tag {self._where(at)}, expected "</{opened.tag}>", found "</{tag}>"'
            )
        if self.length > opened.start:
            self._mark(opened)
        return end + 1

    def _mark(self, opened: _Open) -> None:
        entity: dict[str, Any] = {
            "type": _TYPES[opened.tag],
            "offset": opened.start,
            "length": self.length - opened.start,
        }
        if opened.tag == "a":
            url = _link(opened.attributes.get("href") or self._since(opened.start))
            if url is None:
                return
            entity["url"] = url
        elif opened.tag == "tg-emoji":
            entity["custom_emoji_id"] = opened.attributes.get("emoji-id", "")
        elif opened.tag == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "code":
            language = opened.attributes.get("class", "")
            if self.open and self.open[-1].tag == "pre":
                if language.startswith("language-"):
                    self.open[-1].attributes["language"] = language.removeprefix("language-")
                return
        elif opened.tag == "pre" and "language" in opened.attributes:
            entity["language"] = opened.attributes["language"]
        self.entities.append(entity)

    def _since(self, start: int) -> str:
        return _slice16("".join(self.out), start, self.length)


def _unparsed(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")


def _skip_spaces(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _reference(text: str, at: int) -> tuple[str, int]:
    """Read a character reference; what is not one stays an ampersand."""
    found = _REFERENCE.match(text, at)
    if found is None:
        return "&", at + 1
    hexadecimal, decimal, name = found.groups()
    if name is not None:
        character = _NAMED.get(name)
        return ("&", at + 1) if character is None else (character, found.end())
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    surrogate = 0xD800 <= code < 0xE000  # noqa: PLR2004  the block of surrogates has no better name
    if not 0 < code < _UNICODE_END or surrogate:
        return "&", at + 1
    return chr(code), found.end()


def _dereferenced(text: str) -> str:
    out, at = [], 0
    while at < len(text):
        if text[at] == "&":
            character, at = _reference(text, at)
            out.append(character)
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def _link(href: str) -> str | None:
    """Return a link with its scheme, or None for what is no link: its words then stay plain."""
    href = href.strip()
    if _LINK.match(href):
        return href
    return f"http://{href}" if _DOMAIN.fullmatch(href) else None


def _slice16(text: str, start: int, end: int) -> str:
    return text.encode("utf-16-le")[start * 2 : end * 2].decode("utf-16-le", "ignore")


def _order(entity: dict[str, Any]) -> tuple[int, int]:
    return entity["offset"], -entity["length"]


def _given(entities: Iterable[dict[str, Any]], length: int) -> Iterator[dict[str, Any]]:
    for entity in entities:
        match entity:
            case {"type": str(), "offset": int(offset), "length": int(size)} if (
                offset >= 0 and size > 0 and offset + size <= length
            ):
                yield dict(entity)
            case _:
                raise bad_request("can't parse entities: entity is out of the text")


def _trimmed(marked: Formatted) -> Formatted:
    """Cut the space around the text, as the real server does, and move the entities along."""
    lead = utf16(marked.text) - utf16(marked.text.lstrip())
    text = marked.text.strip()
    length = utf16(text)
    kept = []
    for entity in marked.entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, length)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return Formatted(text=text, entities=tuple(kept))


def _with_found(marked: Formatted) -> Formatted:
    """Add the links, commands and mentions a client finds in plain words."""
    taken = [(e["offset"], e["offset"] + e["length"]) for e in marked.entities if e["type"] in _OPAQUE]
    found = list(marked.entities)
    for kind, pattern in _FOUND:
        for match in pattern.finditer(marked.text):
            start = utf16(marked.text[: match.start()])
            end = start + utf16(match.group())
            if not any(start < stop and end > begin for begin, stop in taken):
                found.append({"type": kind, "offset": start, "length": end - start})
                taken.append((start, end))
    return Formatted(text=marked.text, entities=tuple(sorted(found, key=_order)))
