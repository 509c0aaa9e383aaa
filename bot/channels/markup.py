"""Reads the small HTML of a screen into lines of runs, from which each channel makes its own form of the text."""

from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

_BOLD: Final = frozenset({"b", "strong"})
_CODE: Final = frozenset({"code", "pre"})
_WEB: Final = ("https://", "http://", "mailto:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Some text of one look. ``link`` is where it leads; None where it leads nowhere."""

    text: str
    bold: bool = False
    code: bool = False
    link: str | None = None


Line = tuple[Run, ...]


def lines(html: str) -> tuple[Line, ...]:
    """Return a screen's text line by line. Tags that are neither bold, code nor a link leave only their text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.lines()


def plain(html: str) -> str:
    """Return a screen's text without any mark-up; where a link leads is written behind it."""
    return "\n".join(plain_line(line) for line in lines(html))


def plain_line(line: Sequence[Run]) -> str:
    """Return one line without any mark-up."""
    return "".join(_spelt(run) for run in line)


def heading(html: str) -> str:
    """Return the first line that says anything, without mark-up; empty where none does."""
    written = ("".join(run.text for run in line).strip() for line in lines(html))
    return next((line for line in written if line), "")


def _spelt(run: Run) -> str:
    return run.text if run.link is None or run.link.endswith(run.text) else f"{run.text} ({run.link})"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[list[Run]] = [[]]
        self._bold = 0
        self._code = 0
        self._links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BOLD:
            self._bold += 1
        elif tag in _CODE:
            self._code += 1
        elif tag == "a":
            target = dict(attrs).get("href") or ""
            self._links.append(target if target.startswith(_WEB) else None)
        elif tag == "br":
            self._lines.append([])

    def handle_endtag(self, tag: str) -> None:
        if tag in _BOLD:
            self._bold = max(0, self._bold - 1)
        elif tag in _CODE:
            self._code = max(0, self._code - 1)
        elif tag == "a" and self._links:
            self._links.pop()

    def handle_data(self, data: str) -> None:
        for number, text in enumerate(data.split("\n")):
            if number:
                self._lines.append([])
            if text:
                link = self._links[-1] if self._links else None
                self._lines[-1].append(Run(text=text, bold=self._bold > 0, code=self._code > 0, link=link))

    def lines(self) -> tuple[Line, ...]:
        return tuple(tuple(line) for line in self._lines)
