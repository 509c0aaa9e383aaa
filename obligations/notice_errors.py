"""What is wrong in a notice file, and where: the file, the line, the rule, the stage and the key.

A file is reported whole: whoever writes a notice mends it in one pass.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import ErrorDetails

_FROM_VALIDATOR: Final = "Value error, "


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a notice file; ``line`` counts from 1 and is the nearest that could be found."""

    file: str
    message: str
    line: int | None = None
    rule: str | None = None
    stage: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        at = [
            f'{word} "{name}"' if word != "key" or name else word
            for word, name in (("rule", self.rule), ("stage", self.stage), ("key", self.key))
            if name
        ]
        return ": ".join([place, *([", ".join(at)] if at else []), self.message])


class NoticeError(ValueError):
    """Notice files that cannot be used: ``problems`` holds all that was found, the message each as a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Final = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UnknownRule(LookupError):  # noqa: N818 - the name callers and the command line know it by
    """No rule has this name; ``near`` holds the names it may have meant."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name: Final = name
        self.near: Final = tuple(difflib.get_close_matches(name, known, n=3, cutoff=0.5))
        meant = (
            f"; did you mean {', '.join(self.near)}?" if self.near else f"; the rules are {', '.join(known)}"
        )
        super().__init__(f'there is no rule "{name}"{meant}')


def problems_of(
    errors: Iterable[ErrorDetails], *, file: str, text: str, raw: Mapping[str, Any]
) -> tuple[Problem, ...]:
    """Return what pydantic found in a parsed notice file, placed by rule, stage, key and line."""
    return tuple(_problem(each, file=file, lines=text.splitlines(), raw=raw) for each in errors)


def _problem(error: ErrorDetails, *, file: str, lines: Sequence[str], raw: Mapping[str, Any]) -> Problem:
    names: dict[str, str] = {}
    keys: list[str] = []
    here: Any = raw
    line = 0
    for step in error["loc"]:
        if isinstance(step, int):
            here = here[step] if isinstance(here, list) and step < len(here) else None
            kind = {"rules": "rule", "stages": "stage"}.get(keys[-1]) if keys else None
            if kind is None:
                keys.append(str(step + 1))
                continue
            keys.clear()
            name = here.get("name") if isinstance(here, Mapping) else None
            names[kind] = name if isinstance(name, str) else f"number {step + 1}"
            line = _find(lines, rf'name\s*=\s*["\']{re.escape(names[kind])}["\']', after=line)
        elif isinstance(here, Mapping) and step not in here and here.get("kind") == step:
            continue  # the tag of a union, not a key of the file
        else:
            keys.append(step)
            here = here.get(step) if isinstance(here, Mapping) else None
    if keys:
        line = _find(lines, rf"(\[+.*)?{re.escape(keys[0])}\b", after=line)
    message = error["msg"].removeprefix(_FROM_VALIDATOR)
    return Problem(
        file=file,
        message=message,
        line=line or None,
        rule=names.get("rule"),
        stage=names.get("stage"),
        key=".".join(keys) or None,
    )


def _find(lines: Sequence[str], pattern: str, *, after: int) -> int:
    """Return the number of the first line past ``after`` that begins with ``pattern``, or ``after`` itself.

    The search ends where the next rule or stage begins, except for the name that begins one.
    """
    wanted = re.compile(rf"\s*{pattern}")
    for number, line in enumerate(lines[after:], start=after + 1):
        if wanted.match(line):
            return number
        if after and not pattern.startswith("name") and line.lstrip().startswith("[["):
            break
    return after
