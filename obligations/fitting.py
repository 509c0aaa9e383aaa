"""Whether notices fit together: what no single file can be checked for.

Every rule that is named must be there, a duty has one shape, no duty takes the place of itself, and no unit has two
rules of one notice for one duty and period.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING

from obligations.notice_errors import Problem
from obligations.rules import Rule

if TYPE_CHECKING:
    from obligations.notice import Notice
    from obligations.periods import PeriodKind


def misfits(notices: "Mapping[str, Notice]") -> list[Problem]:
    """Return what is wrong across notices, given by the name of their file."""
    return [
        *_versions(notices),
        *_repeated(notices),
        *_unknown(notices),
        *_circular(notices),
        *_periods(notices),
        *_shapes(notices),
    ]


def _versions(notices: "Mapping[str, Notice]") -> Iterator[Problem]:
    home: dict[tuple[str, str], str] = {}
    for file, notice in notices.items():
        key = (notice.number, notice.version)
        if key in home:
            yield Problem(
                file=file,
                key="version",
                message=f"{home[key]} is version {notice.version} of {notice.number} already; "
                "an amendment is a file of its own with a higher version",
            )
        home.setdefault(key, file)


def _repeated(notices: "Mapping[str, Notice]") -> Iterator[Problem]:
    for file, notice in notices.items():
        for one, other in combinations(notice.rules, 2):
            if one.duty == other.duty and one.sectors & other.sectors and _meet(one, other):
                yield Problem(
                    file=file,
                    rule=other.name,
                    message=f'it speaks of the duty "{other.duty}" for sectors and periods of rule "{one.name}" too',
                )


def _meet(one: Rule, other: Rule) -> bool:
    return (one.last_period is None or other.first_period.start <= one.last_period.end) and (
        other.last_period is None or one.first_period.start <= other.last_period.end
    )


def _unknown(notices: "Mapping[str, Notice]") -> Iterator[Problem]:
    duties = {rule.duty for notice in notices.values() for rule in notice.rules}
    for file, notice in notices.items():
        for rule in notice.rules:
            wanted = [("depends_on", name) for name in rule.depends_on]
            wanted += [("absorbs", name) for name in rule.absorbs]
            if rule.arises is not None and rule.arises.of is not None:
                wanted.append(("arises.of", rule.arises.of))
            for key, name in wanted:
                if name not in duties:
                    yield Problem(file=file, rule=rule.name, key=key, message=f'there is no rule "{name}"')


def _circular(notices: "Mapping[str, Notice]") -> Iterator[Problem]:
    """A duty that takes another's place is not taken the place of by that one, by however many steps."""
    absorbed: dict[str, set[str]] = {}
    for notice in notices.values():
        for rule in notice.rules:
            absorbed.setdefault(rule.duty, set()).update(rule.absorbs)
    for file, notice in notices.items():
        for rule in notice.rules:
            reached: set[str] = set()
            ahead = list(rule.absorbs)
            while ahead:
                name = ahead.pop()
                if name not in reached:
                    reached.add(name)
                    ahead += absorbed.get(name, ())
            if rule.duty in reached:
                yield Problem(
                    file=file,
                    rule=rule.name,
                    key="absorbs",
                    message=f'the duty "{rule.duty}" would take the place of itself',
                )


def _periods(notices: "Mapping[str, Notice]") -> Iterator[Problem]:
    """A duty is for one kind of period, whoever speaks of it."""
    kinds: dict[str, tuple[str, frozenset[PeriodKind]]] = {}
    for file, notice in notices.items():
        for rule in notice.rules:
            where, first = kinds.setdefault(rule.duty, (file, rule.period_kinds))
            if not first & rule.period_kinds:
                yield Problem(
                    file=file,
                    rule=rule.name,
                    key="recurrence",
                    message=f'{where} has the duty "{rule.duty}" for a {" or ".join(sorted(first))}',
                )


def _shapes(notices: "Mapping[str, Notice]") -> Iterator[Problem]:
    """A stage of one name in one duty has one actor and belongs to one subject, whoever speaks of it."""
    shapes: dict[tuple[str, str], tuple[str, object]] = {}
    for file, notice in notices.items():
        for rule in notice.rules:
            for duty in (rule.duty, *rule.absorbs):
                for stage in rule.stages:
                    shape = (stage.actor, stage.per)
                    where, first = shapes.setdefault((duty, stage.name), (file, shape))
                    if first != shape:
                        yield Problem(
                            file=file,
                            rule=rule.name,
                            stage=stage.name,
                            message=f'{where} gives the stage "{stage.name}" of the duty "{duty}" another actor or subject',
                        )
