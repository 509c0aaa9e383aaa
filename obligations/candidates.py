"""A notice file before it is put in force: whether it fits what is in force, and the rulebook it would make.

A faulty file is refused with the line of each fault. What is lawful but looks like a slip is only remarked on.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from obligations.calendar import WorkingCalendar
from obligations.deadlines import due
from obligations.notice import Notice, Rulebook, load_notice, read_rulebook
from obligations.notice_errors import Problem, placed
from obligations.periods import Period, PeriodKind
from obligations.rules import Rule

_OFFICIAL: Final = "gov.cn"
_ALIKE: Final = 0.88
"""How much alike two names are that may be meant as one: a letter or two apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A notice file that may be put in force: ``before`` is the rulebook without it, ``after`` the one with it.

    Where another text of the same version is in force, ``before`` has that text. ``home`` is the file that holds
    this version already, None where there is none. ``remarks`` are what may be a slip, each with its line.
    """

    notice: Notice
    before: Rulebook
    after: Rulebook
    home: Path | None
    remarks: tuple[Problem, ...]


def candidate(
    file: Path, paths: Sequence[Path], *, calendar: WorkingCalendar, replacing: bool = False
) -> Candidate:
    """Read a notice file and lay it over the notices of ``paths``, which are in force.

    A file that is one of them is looked at as if it were not yet. With ``replacing`` it may take the place of another
    text of the same version; without, that is a fault.

    Raises:
        NoticeError: the file is faulty, or does not fit the others; or those are faulty themselves.
        OSError: a file cannot be read.
    """
    notice = load_notice(file)
    current = read_rulebook(paths)
    known = Rulebook.of(each for each in current.notices if _key(each) != _key(notice))
    home = next((path for path in paths if _key(load_notice(path)) == _key(notice)), None)
    steps_aside = home is not None and (replacing or load_notice(home) == notice)
    others = [path for path in paths if not (steps_aside and path == home)]
    read_rulebook([*others, file])
    text = file.read_text(encoding="utf-8-sig")
    return Candidate(
        notice=notice,
        before=known if current.notice(*_key(notice)) == notice else current,
        after=Rulebook.of((*known.notices, notice)),
        home=home,
        remarks=tuple(placed(each, text) for each in _remarks(file.name, notice, known, calendar)),
    )


def _key(notice: Notice) -> tuple[str, str]:
    return (notice.number, notice.version)


def _remarks(file: str, notice: Notice, known: Rulebook, calendar: WorkingCalendar) -> Iterator[Problem]:
    provenance = notice.provenance
    if provenance.source == "official" and not _is_official(provenance.url):
        yield Problem(
            file=file,
            key="provenance",
            message='"official" wants the address of the official page (…gov.cn) as url; '
            'where the text was read elsewhere, write source = "second-hand"',
        )
    for rule in notice.rules:
        if rule.duty not in known.by_duty and (near := _nearest(rule.duty, known)):
            yield Problem(
                file=file,
                rule=rule.name,
                key="name" if rule.of_duty is None else "of_duty",
                message=f'"{rule.duty}" is a new duty; if "{near}" is meant, write of_duty = "{near}"',
            )
        yield from _too_early(file, notice, rule, known, calendar)


def _is_official(url: str | None) -> bool:
    host = urlsplit(url).hostname if url is not None else None
    return host is not None and (host == _OFFICIAL or host.endswith(f".{_OFFICIAL}"))


def _nearest(duty: str, known: Rulebook) -> str | None:
    return next(iter(difflib.get_close_matches(duty, list(known.by_duty), n=1, cutoff=_ALIKE)), None)


def _too_early(
    file: str, notice: Notice, rule: Rule, known: Rulebook, calendar: WorkingCalendar
) -> Iterator[Problem]:
    """Yield the first step whose first date lies before the notice is in force: who could have kept it?"""
    period = _first(rule, notice, amends=known.notice(notice.number) is not None)
    if period is None:
        return
    for stage in rule.stages:
        due_on = due(rule, stage.name, period, calendar=calendar).due_on
        if due_on is not None and due_on < notice.in_force_on:
            yield Problem(
                file=file,
                rule=rule.name,
                stage=stage.name,
                key="deadline",
                message=f"for {period} it would be due on {due_on}, before the notice is in force "
                f"({notice.in_force_on}); a later first_period may be meant",
            )
            return


def _first(rule: Rule, notice: Notice, *, amends: bool) -> Period | None:
    """Return the first period a rule speaks of; an amendment leaves those that ended before it to the version before."""
    period = rule.first_period
    while amends and period.end < notice.in_force_on:
        if period.kind is PeriodKind.SPAN or not rule.covers(period.next()):
            return None
        period = period.next()
    return period
