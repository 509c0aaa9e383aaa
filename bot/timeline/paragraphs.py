"""Text broken into lines of a given width, by the rules of both scripts.

Chinese breaks anywhere but before what closes and after what opens; other words break at spaces.
"""

from collections.abc import Callable

Measure = Callable[[str], float]
"""How wide a text is."""

_FIRST_OF_CJK = 0x2E80
_NEVER_FIRST = "，。、；：？！）〕」』”’》％%…†*,.;:?!)"
_AFTER_A_NUMBER = "年月日号"
_NEVER_LAST = "（〔「『“‘《("


def broken(text: str, width: float, measure: Measure) -> list[str]:
    """Return the lines of ``text``, each no wider than ``width`` unless one word alone is."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and measure((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Split text into what may not be parted."""
    pieces: list[str] = []
    for character in text:
        if pieces and not _may_part(pieces[-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _may_part(before: str, character: str) -> bool:
    last = before[-1]
    if last.isdigit() and character in _AFTER_A_NUMBER:
        return False
    if character == " " or character in _NEVER_FIRST or last in _NEVER_LAST:
        return False
    return last == " " or _is_cjk(last) or _is_cjk(character)


def _is_cjk(character: str) -> bool:
    return ord(character) >= _FIRST_OF_CJK
