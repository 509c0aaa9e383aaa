"""A regulatory document as data: its rules, their stages, and the rulebook they make together.

Notices are TOML files, one a document. This module says what one may contain and reads it; nothing here
computes a date. A duty of another city is another file here, never a branch in the code.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from obligations.fitting import misfits
from obligations.notice_errors import (
    NoticeError,
    Problem,
    UnknownRule,
    placed,
    problems_of,
    syntax_problem,
)
from obligations.rules import Rule, Stage
from obligations.terms import (
    Arises,
    BeforeEvent,
    Day,
    Deadline,
    External,
    Fixed,
    Hardness,
    Level,
    Line,
    MonthEndPlus,
    Once,
    Parameter,
    Recipient,
    Recurrence,
    Retention,
    Sector,
    SubmitPlus,
    Text,
    Threshold,
    Undated,
    Words,
    WorkingDays,
)

__all__ = [
    "Arises",
    "BeforeEvent",
    "Deadline",
    "External",
    "Fixed",
    "Hardness",
    "Level",
    "MonthEndPlus",
    "Notice",
    "NoticeError",
    "Once",
    "Parameter",
    "Problem",
    "Provenance",
    "Recipient",
    "Recurrence",
    "Retention",
    "Rule",
    "Rulebook",
    "Sector",
    "Stage",
    "SubmitPlus",
    "Text",
    "Threshold",
    "Undated",
    "UnknownRule",
    "WorkingDays",
    "load_notice",
    "load_rulebook",
    "notice_files",
    "read_rulebook",
]

_SHIPPED = Path(__file__).with_name("notices")


class Provenance(Words):
    """Where the text of a notice was read."""

    source: Literal["official", "second-hand"]
    note: Text
    url: str | None = None


class Notice(Words):
    """One regulatory document, in one version. ``zone`` is where its days begin and end; both dates are inclusive.

    An amended document is another file with the same number, a higher version and its own ``in_force_on``.
    """

    number: Line
    title: Text
    issuer: Text
    authority: Literal["national", "municipal"] = "municipal"
    """Whose word it is: what the nation orders, a municipality cannot put off."""
    issued_on: Day
    in_force_on: Day
    version: Line
    zone: Literal["Asia/Shanghai"]
    provenance: Provenance
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [rule.name for rule in self.rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two rules are named {', '.join(map(repr, twice))}")
        if self.in_force_on < self.issued_on:
            raise ValueError("it is in force before it was issued")
        return self


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """The notices in force here, every version of them. Made by `load_rulebook`.

    They stand in order of authority, the municipality's own first, then by date of issue and version: the first that
    speaks of a duty gives its chain and its words. Which notices bind a unit in one period is `obligations.binding`'s.
    """

    notices: tuple[Notice, ...]

    @classmethod
    def of(cls, notices: Iterable[Notice]) -> Self:
        """Return the rulebook of notices that fit together, in their order."""
        return cls(notices=tuple(sorted(notices, key=_rank)))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rule that gives each duty its chain and its words, in the order of the notices."""
        return tuple(rule for _, rule in self._first.values())

    @cached_property
    def _first(self) -> Mapping[str, tuple[Notice, Rule]]:
        """The first notice that speaks of each duty, in its latest version that does."""
        found = {}
        for duty, said in self.by_duty.items():
            number = said[0][0].number
            latest = [notice for notice, _ in said if notice.number == number][-1].version
            found[duty] = next(each for each in said if (each[0].number, each[0].version) == (number, latest))
        return MappingProxyType(found)

    @cached_property
    def by_duty(self) -> Mapping[str, tuple[tuple[Notice, Rule], ...]]:
        """Return what every notice says of each duty, in the order of the notices."""
        found: dict[str, list[tuple[Notice, Rule]]] = {}
        for notice in self.notices:
            for rule in notice.rules:
                found.setdefault(rule.duty, []).append((notice, rule))
        return MappingProxyType({duty: tuple(said) for duty, said in found.items()})

    @cached_property
    def _made(self) -> Mapping[tuple[str, str, str], Rule]:
        return {
            (notice.number, notice.version, rule.name): rule
            for notice in self.notices
            for rule in notice.rules
        }

    def rule(self, duty: str) -> Rule:
        """Return the rule that gives a duty its chain and its words.

        Raises:
            UnknownRule: there is none; it carries the names that come near.
        """
        if duty not in self.by_duty:
            raise UnknownRule(duty, list(self.by_duty))
        return self._first[duty][1]

    def notice_of(self, duty: str) -> Notice:
        """Return the notice that gives a duty its chain and its words.

        Raises:
            UnknownRule: there is no such duty.
        """
        self.rule(duty)
        return self._first[duty][0]

    def rule_made(self, number: str, version: str, name: str) -> Rule | None:
        """Return a rule by the notice, the version and the name it was made by; None where that file is gone."""
        return self._made.get((number, version, name))

    def notice(self, number: str, version: str | None = None) -> Notice | None:
        """Return a notice by its number, in one version or the latest; None where it is not here."""
        found = [each for each in self.notices if each.number == number and version in (None, each.version)]
        return found[-1] if found else None


def load_notice(path: Path) -> Notice:
    """Read one notice file. A byte order mark is passed over.

    Raises:
        NoticeError: it is not TOML, or not a notice; everything wrong with it is reported together.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise NoticeError([Problem(file=path.name, message=f"not UTF-8: {error.reason}")]) from error
    except tomllib.TOMLDecodeError as error:
        raise NoticeError([syntax_problem(error, file=path.name)]) from error
    try:
        return Notice.model_validate(raw)
    except ValidationError as error:
        raise NoticeError(problems_of(error.errors(), file=path.name, text=text, raw=raw)) from error


def load_rulebook(directory: Path | None = None, *, added: Path | None = None) -> Rulebook:
    """Read every ``*.toml`` of ``directory``; without one, the notices shipped here, which are read once.

    ``added`` is a folder of further notices, as an administrator keeps them; it need not exist.

    Raises:
        NoticeError: a file is faulty, there is none, or the notices do not fit together.
    """
    if directory is None and (added is None or not any(added.glob("*.toml"))):
        return _shipped()
    paths = notice_files(directory, added=added)
    if not paths:
        folder = _SHIPPED if directory is None else directory
        raise NoticeError([Problem(file=folder.name, message="no notice file (*.toml) in this folder")])
    return read_rulebook(paths)


def notice_files(directory: Path | None = None, *, added: Path | None = None) -> tuple[Path, ...]:
    """Return every ``*.toml`` of ``directory``, without one those shipped here, then those of ``added``."""
    folders = [_SHIPPED if directory is None else directory, *([] if added is None else [added])]
    return tuple(path for folder in folders for path in sorted(folder.glob("*.toml")))


@cache
def _shipped() -> Rulebook:
    return read_rulebook(notice_files())


def read_rulebook(paths: Sequence[Path]) -> Rulebook:
    """Read notice files, and make them one rulebook; where two do not fit, the later file is named as at fault.

    Raises:
        NoticeError: a file is faulty, or the notices do not fit together; all that is wrong is reported together.
        OSError: a file cannot be read.
    """
    problems: list[Problem] = []
    notices: dict[Path, Notice] = {}
    for path in paths:
        try:
            notices[path] = load_notice(path)
        except NoticeError as error:
            problems += error.problems
    if not problems:
        names = [path.name for path in paths]
        files = {path.name if names.count(path.name) == 1 else str(path): path for path in notices}
        found = misfits({file: notices[path] for file, path in files.items()})
        problems += [placed(each, files[each.file].read_text(encoding="utf-8-sig")) for each in found]
    if problems:
        raise NoticeError(problems)
    return Rulebook.of(notices.values())


def _rank(notice: Notice) -> tuple[bool, date, str, tuple[str, ...]]:
    return (notice.authority == "national", notice.issued_on, notice.number, version_order(notice.version))


def version_order(version: str) -> tuple[str, ...]:
    """Return what versions are ordered by: 2 before 10, each part a number where it is one."""
    return tuple((f"{int(part):08}" if part.isdigit() else part) for part in version.split("."))
