"""What the register holds: every duty in force by notice and chapter, what each notice says of it, and a year's dates.

No wording. Without a year it is the whole rulebook; with one, what is to be done in that year.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Any

from obligations.binding import Dated
from obligations.deadlines import due
from obligations.law import Law
from obligations.notice import Notice, Rulebook
from obligations.periods import FIRST_YEAR, LAST_YEAR, Period
from obligations.rules import Rule, Stage
from obligations.terms import Recurrence, Retention, Sector

_REACH = 6
"""How many years a date may lie from its period, either way: what a notice can say of offsets and of keeping."""
_MONTHS = 12
_NUMERALS = "一二三四五六七八九十"
_CHAPTER = re.compile(r"[^(（、 ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one notice says of a step."""

    notice: Notice
    rule: Rule
    stage: Stage

    @property
    def second_hand(self) -> bool:
        """Whether the notice was not read on its official page."""
        return self.notice.provenance.source == "second-hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The date that binds for a step, one period and some sectors: what every notice gives, the binding one first."""

    period: Period
    sectors: frozenset[Sector]
    said: tuple[Dated, ...]

    @property
    def on(self) -> date:
        """Return the date, in Asia/Shanghai, inclusive."""
        on = self.said[0].date.due_on
        if on is None:
            raise ValueError("a day without a date")
        return on


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a duty. ``said`` begins with the notice that gives its words; ``days`` are a year's, in order."""

    stage: Stage
    said: tuple[Said, ...]
    days: tuple[Day, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One duty under the notice that names it first. ``number`` counts through the register, from 1."""

    number: int
    name: str
    notice: Notice
    rule: Rule
    steps: tuple[Step, ...]

    @property
    def chapter(self) -> str:
        """Return the chapter of the notice that it stands in: the clause up to its first bracket or paragraph."""
        clause = self.steps[0].said[0].stage.clause
        found = _CHAPTER.match(clause)
        return found[0] if found else clause


@dataclass(frozen=True, kw_only=True)
class Register:
    """The duties, in the order of the notices and their clauses. ``year`` is that of its dates, if it has any."""

    notices: tuple[Notice, ...]
    duties: tuple[Duty, ...]
    year: int | None

    @cached_property
    def chapters(self) -> tuple[tuple[Notice, tuple[tuple[str, tuple[Duty, ...]], ...]], ...]:
        """Return the duties by notice, and within it by chapter, the chapters in the order they first come."""
        found = []
        for _, group in groupby(self.duties, key=lambda duty: (duty.notice.number, duty.notice.version)):
            duties = list(group)
            names = dict.fromkeys(duty.chapter for duty in duties)
            found.append(
                (
                    duties[0].notice,
                    tuple((name, tuple(duty for duty in duties if duty.chapter == name)) for name in names),
                )
            )
        return tuple(found)


def register(law: Law, *, year: int | None = None, on: date | None = None) -> Register:
    """Return the register of what is in force on ``on`` or at the end of ``year``; of every notice without either.

    With a day or a year, only what is to be done in that year, with its dates.
    """
    year = on.year if on is not None else year
    last = on if on is not None else None if year is None else date(year, 12, 31)
    book = law.rulebook
    if last is not None:
        book = Rulebook.of(notice for notice in book.notices if notice.in_force_on <= last)
    standing = Law(rulebook=book, calendar=law.calendar)
    duties: list[Duty] = []
    for name in book.by_duty:
        steps = _steps(book, name)
        if year is not None:
            days = _days(standing, name, year)
            steps = tuple(_of_year(steps, days, standing, year))
        if steps:
            duty = Duty(number=0, name=name, notice=book.notice_of(name), rule=book.rule(name), steps=steps)
            duties.append(duty)
    ordered = _ordered(duties)
    return Register(
        notices=book.notices,
        duties=tuple(replace(duty, number=number) for number, duty in enumerate(ordered, start=1)),
        year=year,
    )


def as_data(duty: Duty) -> dict[str, Any]:
    """Return a duty as JSON holds it: dates as `date`, everything else plain."""
    return {
        "rule": duty.name,
        "notice": duty.notice.number,
        "chapter": duty.chapter,
        "title": duty.rule.title.model_dump(),
        "recurrence": duty.rule.recurrence.value,
        "sectors": sorted(duty.rule.sectors),
        "fuels": None if duty.rule.fuels is None else sorted(duty.rule.fuels),
        "stages": [_step_as_data(step) for step in duty.steps],
    }


def _step_as_data(step: Step) -> dict[str, Any]:
    stage = step.stage
    kept = ("title", "clause", "actor", "per", "submit_to", "channel", "checked_by", "evidence", "conditions")
    told = stage.model_dump(mode="json")
    return {
        "stage": stage.name,
        **{name: told[name] for name in kept},
        "says": [
            {
                "notice": each.notice.number,
                "version": each.notice.version,
                "rule": each.rule.name,
                "clause": each.stage.clause,
                "deadline": each.stage.deadline.model_dump(mode="json"),
                "sectors": sorted(each.rule.sectors),
                "first_period": str(each.rule.first_period),
                "last_period": None if each.rule.last_period is None else str(each.rule.last_period),
                "second_hand": each.second_hand,
            }
            for each in step.said
        ],
        "dates": [
            {
                "period": str(day.period),
                "sectors": sorted(day.sectors),
                "due_on": day.on,
                "kind": day.said[0].date.kind.value,
                "notice": day.said[0].source.notice.number,
                "clause": day.said[0].date.clause,
                "second_hand": day.said[0].source.second_hand,
            }
            for day in step.days
        ],
    }


def _steps(book: Rulebook, duty: str) -> tuple[Step, ...]:
    said: dict[str, list[Said]] = {}
    for notice, rule in book.by_duty[duty]:
        for stage in rule.stages:
            said.setdefault(stage.name, []).append(Said(notice=notice, rule=rule, stage=stage))
    return tuple(Step(stage=each[0].stage, said=tuple(each)) for each in said.values())


def _of_year(steps: Sequence[Step], days: dict[str, list[Day]], law: Law, year: int) -> Iterator[Step]:
    """Yield the steps of a year: with what is said for its dates, or for the year where there are none."""
    for step in steps:
        found = tuple(sorted(days.get(step.stage.name, ()), key=lambda day: (day.on, sorted(day.sectors))))
        binding = {dated.source.key for day in found for dated in day.said}
        said = tuple(
            each
            for each in step.said
            if (each.notice.number, each.notice.version, each.rule.name) in binding
            or (not found and _stands(each, law, year))
        )
        if said:
            yield Step(stage=said[0].stage, said=said, days=found)


def _days(law: Law, duty: str, year: int) -> dict[str, list[Day]]:
    """Return the dates of a year by the name of the step."""
    found: dict[str, list[Day]] = {}
    rules = [rule for _, rule in law.rulebook.by_duty[duty]]
    for period in sorted({period for rule in rules for period in _periods(rule, year)}):
        for sectors, binding in law.bindings(duty, period).items():
            for stage in binding.rule.stages:
                bound = law.date(binding, stage.name)
                if bound.date.due_on is not None and bound.date.due_on.year == year:
                    day = Day(period=period, sectors=sectors, said=bound.said)
                    found.setdefault(stage.name, []).append(day)
    return found


def _periods(rule: Rule, year: int) -> Iterator[Period]:
    first, last = max(year - _REACH, FIRST_YEAR), min(year + _REACH, LAST_YEAR)
    match rule.recurrence:
        case Recurrence.ONCE:
            yield rule.first_period
        case Recurrence.MONTHLY:
            # A month's date lies in its own year or after it; what is kept, by as much as it is kept.
            kept = any(isinstance(stage.deadline, Retention) for stage in rule.stages)
            for each in range(first if kept else max(year - 1, first), year + 1):
                yield from (Period.month(each, month) for month in range(1, _MONTHS + 1))
        case Recurrence.YEARLY:
            yield from (Period.year(each) for each in range(first, last + 1))
        case Recurrence.EVENT | Recurrence.CONTINUOUS:
            return


def _stands(said: Said, law: Law, year: int) -> bool:
    """Tell whether a step without a date in a year is to be done in it all the same."""
    if due(said.rule, said.stage.name, said.rule.first_period, calendar=law.calendar).due_on is not None:
        return False
    if said.rule.first_period.start.year > year:
        return False
    return said.rule.last_period is None or year <= _last_year(said.rule, law)


def _last_year(rule: Rule, law: Law) -> int:
    """Return the last year in which something is done about a rule that ends: the year after its latest date."""
    last = rule.last_period or rule.first_period
    names = {rule.duty, *rule.depends_on, *([rule.arises.of] if rule.arises and rule.arises.of else [])}
    related = [each for name in names for _, each in law.rulebook.by_duty.get(name, ()) if each.covers(last)]
    days = [
        due(each, stage.name, last, calendar=law.calendar).due_on for each in related for stage in each.stages
    ]
    return max(day.year for day in (*days, last.end) if day is not None) + 1


def _ordered(duties: Sequence[Duty]) -> list[Duty]:
    """Return the duties with each notice's chapters together: by their numerals, the others as they first come."""
    notices: dict[tuple[str, str], int] = {}
    chapters: dict[tuple[str, str, str], int] = {}
    for duty in duties:
        key = (duty.notice.number, duty.notice.version)
        notices.setdefault(key, len(notices))
        numeral = _NUMERALS.find(duty.chapter)
        chapters.setdefault((*key, duty.chapter), len(_NUMERALS) + len(chapters) if numeral < 0 else numeral)

    def place(duty: Duty) -> tuple[int, int]:
        key = (duty.notice.number, duty.notice.version)
        return notices[key], chapters[(*key, duty.chapter)]

    return sorted(duties, key=place)
