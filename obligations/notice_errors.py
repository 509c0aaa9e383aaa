"""What is wrong in a notice file, and where: the file, the line, the rule, the stage and the key.

A file is reported whole: whoever writes a notice mends it in one pass.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic_core import ErrorDetails

from obligations.toml_lines import key_line, syntax_line, table_line

_FROM_VALIDATOR: Final = "Value error, "
_TABLES: Final = {("rules",): ("rule", "[[rules]]"), ("rule", "stages"): ("stage", "[[rules.stages]]")}
"""Which lists hold named tables, by the path to them, with the word for one and the line that opens it."""


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
        named = (("rule", self.rule), ("stage", self.stage), ("key", self.key))
        at = [f'{word} "{name}"' for word, name in named if name]
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


def syntax_problem(error: tomllib.TOMLDecodeError, *, file: str) -> Problem:
    """Return what the TOML parser says, with the line it names."""
    return Problem(file=file, line=syntax_line(error), message=f"not valid TOML: {error}")


def problems_of(
    errors: Sequence[ErrorDetails], *, file: str, text: str, raw: Mapping[str, Any]
) -> tuple[Problem, ...]:
    """Return what pydantic found in a parsed notice file, placed by rule, stage, key and line."""
    # A list with a faulty item is also reported as too short; the item's own fault says it better.
    inner = [
        each
        for each in errors
        if not any(other is not each and other["loc"][: len(each["loc"])] == each["loc"] for other in errors)
    ]
    lines = text.splitlines()
    return tuple(_problem(each, file=file, lines=lines, raw=raw) for each in inner)


def placed(problem: Problem, text: str) -> Problem:
    """Return a problem with the line of its key, else its stage, else its rule, looked for in the file's text."""
    lines = text.splitlines()
    raw = tomllib.loads(text)
    line, tables = 0, raw.get("rules", [])
    if problem.rule is not None:
        count, rule = _named(tables, problem.rule)
        line, tables = table_line(lines, "[[rules]]", count=count, after=0), rule.get("stages", [])
    if problem.stage is not None:
        count, _ = _named(tables, problem.stage)
        line = table_line(lines, "[[rules.stages]]", count=count, after=line)
    if problem.key is not None:
        line = key_line(lines, problem.key.split(".")[0], after=line)
    return replace(problem, line=line or None)


def _named(tables: Sequence[Mapping[str, Any]], name: str) -> tuple[int, Mapping[str, Any]]:
    """Return the table of this name with its place, counted from 1."""
    return next((count, table) for count, table in enumerate(tables, start=1) if table.get("name") == name)


def _problem(error: ErrorDetails, *, file: str, lines: Sequence[str], raw: Mapping[str, Any]) -> Problem:
    names: dict[str, str] = {}
    keys: list[str] = []
    here: Any = raw
    line = 0
    for step in error["loc"]:
        if isinstance(step, str):
            if isinstance(here, Mapping) and step not in here and here.get("kind") == step:
                continue  # the tag of a union, not a key of the file
            keys.append(step)
            here = here.get(step) if isinstance(here, Mapping) else None
            continue
        here = here[step] if isinstance(here, list) and step < len(here) else None
        opened = _TABLES.get((*names, *keys))
        if opened is None:
            keys.append(str(step + 1))
            continue
        word, header = opened
        keys.clear()
        name = here.get("name") if isinstance(here, Mapping) else None
        names[word] = name if isinstance(name, str) else f"number {step + 1}"
        line = table_line(lines, header, count=step + 1, after=line)
    if keys:
        line = key_line(lines, keys[0], after=line)
    return Problem(
        file=file,
        message=error["msg"].removeprefix(_FROM_VALIDATOR),
        line=line or None,
        rule=names.get("rule"),
        stage=names.get("stage"),
        key=".".join(keys) or None,
    )
