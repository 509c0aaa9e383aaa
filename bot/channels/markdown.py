"""The markdown that each group robot understands, and how a long text is cut into messages by bytes.

WeCom and DingTalk document no way to escape a sign of their mark-up, so the sign's full-width twin stands in for it: it reads the
same and no client takes it for mark-up. Feishu documents HTML's character references.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.channels.markup import Line, Run

_TWINS: Final = {ord(sign): ord(sign) + 0xFEE0 for sign in "*`[]<>\\&"}
_MORE_TWINS: Final = _TWINS | {ord(sign): ord(sign) + 0xFEE0 for sign in "_~|"}
_REFERENCES: Final = {ord(sign): f"&#{ord(sign)};" for sign in "&<>*_~`[]()\\!#|$"}
_IN_A_LINK: Final = {ord(sign): f"%{ord(sign):02X}" for sign in " ()<>[]\"'`\\"}
_HEADING: Final = "#"
_RULED: Final = frozenset({"---", "===", "***"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One service's markdown: what stands for a sign of its own, and how a line ends."""

    signs: Mapping[int, int | str]
    newline: str = "\n"

    def escaped(self, text: str) -> str:
        """Return text as it may stand in a message without being taken for mark-up."""
        return text.translate(self.signs)

    def line(self, line: Sequence[Run]) -> str:
        """Return one line of a message."""
        told = "".join(self._run(run, line[number + 1 : number + 2]) for number, run in enumerate(line))
        if told.startswith(_HEADING):
            return "＃" + told[1:]
        return f"\u200b{told}" if told.strip() in _RULED else told

    def _run(self, run: Run, following: Sequence[Run]) -> str:
        text = self.escaped(run.text)
        if run.link is not None:
            return f"[{text}]({run.link.translate(_IN_A_LINK)})"
        if not run.bold or not text.strip():
            return text
        before, body, after = _apart(text)
        # A closing mark that stands between punctuation and a letter closes nothing: a space parts them.
        apart = (
            " " if not after and _is_mark(body[-1]) and following and not _parts(following[0].text) else ""
        )
        return f"{before}**{body}**{after}{apart}"


WECOM: Final = Dialect(signs=_TWINS)
DINGTALK: Final = Dialect(signs=_MORE_TWINS, newline="  \n")
FEISHU: Final = Dialect(signs=_REFERENCES)


def pieces(
    lines: Sequence[Line], dialect: Dialect, *, limit: int, measure: Callable[[str], int]
) -> Iterator[str]:
    """Cut a text into messages of at most ``limit`` by ``measure``, at line ends; a longer line between its characters.

    ``measure`` counts what a text takes, for example its bytes in UTF-8. A line that has to be cut loses its mark-up.
    """
    piece: str | None = None
    for line in lines:
        for part in _fitting(line, dialect, limit, measure):
            longer = part if piece is None else f"{piece}{dialect.newline}{part}"
            if piece is not None and measure(longer) > limit:
                yield piece
                piece = part
            else:
                piece = longer
    if piece is not None:
        yield piece


def utf8(text: str) -> int:
    """Return how many bytes a text takes in UTF-8."""
    return len(text.encode())


def _fitting(line: Line, dialect: Dialect, limit: int, measure: Callable[[str], int]) -> Iterator[str]:
    told = dialect.line(line)
    if measure(told) <= limit:
        yield told
        return
    part = ""
    for cluster in _characters("".join(run.text for run in line)):
        longer = part + dialect.escaped(cluster)
        if part and measure(longer) > limit:
            yield part
            part = dialect.escaped(cluster)
        else:
            part = longer
    if part:
        yield part


def _characters(text: str) -> Iterator[str]:
    """Yield a text's characters, each with the marks that are written onto it."""
    cluster = ""
    for character in text:
        if cluster and not unicodedata.combining(character) and unicodedata.category(character) != "Mn":
            yield cluster
            cluster = character
        else:
            cluster += character
    if cluster:
        yield cluster


def _apart(text: str) -> tuple[str, str, str]:
    """Return the spaces before a text, the text, and the spaces behind it: a mark next to a space marks nothing."""
    body = text.strip()
    start = text.index(body)
    return text[:start], body, text[start + len(body) :]


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith(("P", "S"))


def _parts(text: str) -> bool:
    """Whether what follows begins with a space or punctuation."""
    return not text or text[0].isspace() or _is_mark(text[0])
