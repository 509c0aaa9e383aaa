"""The register for a terminal: a table as wide as the screen, its cells broken into lines. A Chinese character is two wide."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from unicodedata import east_asian_width

from bot.register.sheet import Entry, Part, Row, Sheet
from bot.timeline.paragraphs import broken

NARROWEST = 80
_GAP = "  "
_SHARES = (8, 13, 29, 27, 23)
"""How the columns share the width: clause, who, what, by when, to whom."""


def printed(sheet: Sheet, width: int) -> Iterator[str]:
    """Yield the lines of the register, none wider than ``width``, which is taken for no less than `NARROWEST`."""
    width = max(width, NARROWEST)
    yield sheet.title
    yield " · ".join(sheet.facts)
    for part in sheet.parts:
        yield ""
        yield from _part(part, sheet, width)
    if sheet.notes:
        yield ""
        yield sheet.notes_title
        for number, note in enumerate(sheet.notes, start=1):
            yield from hung(f"[{number}] ", note, width)
    yield ""
    for line in sheet.legend:
        yield from hung("", line, width)


def measure(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _part(part: Part, sheet: Sheet, width: int) -> Iterator[str]:
    yield "═" * width
    yield from broken(part.title, width, measure)
    yield from broken(" · ".join(part.facts), width, measure)
    widths = _widths(width)
    _, clause, who, what, when, year, handed = sheet.heads
    yield ""
    yield from _cells([[clause], [who], [what], [f"{when} / {year}" if year else when], [handed]], widths)
    for name, entries in part.chapters:
        yield "─" * width
        yield name
        for entry in entries:
            yield ""
            yield from _entry(entry, widths, width)


def _entry(entry: Entry, widths: Sequence[int], width: int) -> Iterator[str]:
    yield from hung(f"{entry.number}. ", f"{entry.title}  ({entry.name})", width)
    yield from hung("   ", " · ".join(entry.about), width)
    for row in entry.rows:
        yield from _row(row, widths)


def _row(row: Row, widths: Sequence[int]) -> Iterator[str]:
    notes = "".join(f"[{number}]" for number in row.notes)
    what = [row.what + (f" {notes}" if notes else ""), row.done]
    days = [f"→ {day}" for day in row.days]
    yield from _cells([[row.clause], [row.who], what, [*row.when, *days], row.handed], widths)


def _cells(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    columns = [
        [line for text in cell for line in _fitted(text, width)]
        for cell, width in zip(cells, widths, strict=True)
    ]
    for lines in zip_longest(*columns, fillvalue=""):
        padded = [line + " " * (width - measure(line)) for line, width in zip(lines, widths, strict=True)]
        yield _GAP.join(padded).rstrip()


def _fitted(text: str, width: int) -> Iterator[str]:
    """Break a text into lines; a word that is wider than a line is cut."""
    for line in broken(text, width, measure):
        rest = line
        while measure(rest) > width:
            yield rest[:width]
            rest = rest[width:]
        yield rest


def hung(mark: str, text: str, width: int) -> Iterator[str]:
    """Break a text into lines that stand under one another, after a mark."""
    indent = " " * measure(mark)
    for place, line in enumerate(broken(text, width - measure(mark), measure)):
        yield (indent if place else mark) + line


def _widths(width: int) -> list[int]:
    room = width - len(_GAP) * (len(_SHARES) - 1)
    widths = [room * share // sum(_SHARES) for share in _SHARES]
    widths[2] += room - sum(widths)
    return widths
