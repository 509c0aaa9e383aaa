"""Where something stands in a TOML file: the parser keeps no lines, so they are looked for in the text.

Lines count from 1. What is not found is placed at the nearest thing that is.
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Final

_AT_LINE: Final = re.compile(r"at line ([0-9]+)")


def syntax_line(error: tomllib.TOMLDecodeError) -> int | None:
    """Return the line the parser names; None where it names none, as at the end of the file."""
    found = _AT_LINE.search(str(error))
    return int(found[1]) if found else None


def table_line(lines: Sequence[str], header: str, *, count: int, after: int) -> int:
    """Return the number of the ``count``-th line past ``after`` that opens this table, else ``after``."""
    found = [number for number, line in enumerate(lines[after:], start=after + 1) if line.strip() == header]
    return found[count - 1] if count <= len(found) else after


def key_line(lines: Sequence[str], key: str, *, after: int) -> int:
    """Return the number of the first line past ``after`` that sets ``key`` in this table, else ``after``."""
    wanted = re.compile(rf"\s*(\[\s*)?{re.escape(key)}\b")
    for number, line in enumerate(lines[after:], start=after + 1):
        if line.lstrip().startswith("[["):
            break
        if wanted.match(line):
            return number
    return after
