"""Two rulebooks side by side: what would bind differently.

Both are asked the same questions through `obligations.binding`, so that what is told is what would bind, and not how
the files differ.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Final

from obligations.binding import Binding, BoundDate, bind, bound_date
from obligations.calendar import WorkingCalendar
from obligations.deadlines import DeadlineError
from obligations.difference import (
    Aspect,
    Dates,
    Difference,
    DutyDifference,
    Given,
    Redated,
    Reworded,
    StageChange,
)
from obligations.notice import Notice, Rulebook
from obligations.periods import FIRST_YEAR, LAST_YEAR, Period
from obligations.rules import Rule, Stage
from obligations.terms import Recurrence, Sector

_REACH: Final = 2
"""How many years a date may lie from its period for it to be found in the years that are compared."""
_MONTHS: Final = 12


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two rulebooks side by side, and the calendar their dates are counted with."""

    before: Rulebook
    after: Rulebook
    calendar: WorkingCalendar

    def difference(self, since: date, through: date) -> Difference:
        """Return what changes for every date from ``since`` through ``through``, both inclusive.

        What has no date counts where its period meets those days.
        """
        was, will = _by_key(self.before), _by_key(self.after)
        return Difference(
            since=since,
            through=through,
            notices_added=tuple(will[key] for key in will if key not in was),
            notices_ended=tuple(was[key] for key in was if key not in will),
            notices_changed=tuple(will[key] for key in will if key in was and was[key] != will[key]),
            duties=tuple(
                each for duty in self._duties() for each in self._of_duty(duty, since=since, through=through)
            ),
        )

    def redated(
        self,
        duty: str,
        stage: str,
        period: Period,
        *,
        sectors: frozenset[Sector] | None,
        made: tuple[str, str],
    ) -> tuple[date | None, date | None] | None:
        """Return a step's dates before and after, for an obligation made by a notice's number and version.

        Without sectors, for those the duty's first rule is for. None where one of the rulebooks does not know the step.
        """
        found = []
        for book in (self.before, self.after):
            try:
                binding = bind(book, duty, period, sectors=sectors, made=made)
                found.append(bound_date(binding, stage, calendar=self.calendar).date.due_on)
            except (DeadlineError, LookupError):
                return None
        return found[0], found[1]

    @cached_property
    def _unchanged(self) -> frozenset[tuple[str, str]]:
        was, will = _by_key(self.before), _by_key(self.after)
        return frozenset(
            key for key in was if key in will and (was[key] is will[key] or was[key] == will[key])
        )

    def _duties(self) -> Iterator[str]:
        """Yield the duties that a changed notice can bear on, in the order of the rulebooks.

        All versions of it count: what a later version leaves out ends.
        """
        notices = (*self.after.notices, *self.before.notices)
        changed = {notice.number for notice in notices if _key(notice) not in self._unchanged}
        rules = [rule for notice in notices for rule in notice.rules]
        names = {
            name
            for notice in notices
            if notice.number in changed
            for rule in notice.rules
            for name in (rule.duty, *rule.absorbs)
        }
        names |= {rule.duty for rule in rules if names & set(rule.absorbs)}
        yield from (duty for duty in dict.fromkeys(rule.duty for rule in rules) if duty in names)

    def _of_duty(self, duty: str, *, since: date, through: date) -> list[DutyDifference]:
        """Return what changes of a duty, the sectors for which the same does together."""
        window = _Window(since=since, through=through, calendar=self.calendar)
        said = (*self.before.by_duty.get(duty, ()), *self.after.by_duty.get(duty, ()))
        periods = sorted({each for _, rule in said for each in _periods(rule, since, through)})
        grouped: list[DutyDifference] = []
        for sector in Sector:
            found = self._of_sector(duty, sector, periods, window)
            if found is None or found.is_empty:
                continue
            for place, other in enumerate(grouped):
                if replace(other, sectors=found.sectors) == found:
                    grouped[place] = replace(other, sectors=other.sectors | found.sectors)
                    break
            else:
                grouped.append(found)
        return grouped

    def _of_sector(
        self, duty: str, sector: Sector, periods: list[Period], window: "_Window"
    ) -> DutyDifference | None:
        changes = _Changes()
        for period in periods:
            was = _bound(self.before, duty, period, sector)
            will = _bound(self.after, duty, period, sector)
            if isinstance(was, Binding) and isinstance(will, Binding):
                if not self._same(was, will):
                    changes.compare(was, will, window)
            elif isinstance(will, Binding) and not isinstance(was, Binding):
                if window.meets(will):
                    changes.adds(will, instead_of=was)
            elif isinstance(was, Binding) and not isinstance(will, Binding) and window.meets(was):
                changes.ends(was, taken_over_by=will)
        return changes.of(duty, sector)

    def _same(self, was: Binding, will: Binding) -> bool:
        return [each.key for each in was.sources] == [each.key for each in will.sources] and all(
            each.key[:2] in self._unchanged for each in was.sources
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The days that are compared, both ends inclusive."""

    since: date
    through: date
    calendar: WorkingCalendar

    def has(self, period: Period, *days: date | None) -> bool:
        """Tell whether one of a step's days lies here, or the step has none and its period meets these days."""
        dated = [day for day in days if day is not None]
        if dated:
            return any(self.since <= day <= self.through for day in dated)
        return period.start <= self.through and period.end >= self.since

    def date(self, binding: Binding, stage: str) -> BoundDate:
        """Return the date that binds while nothing has happened yet."""
        return bound_date(binding, stage, calendar=self.calendar)

    def meets(self, binding: Binding) -> bool:
        """Tell whether a step of the chain lies here."""
        return any(
            self.has(binding.period, self.date(binding, stage.name).date.due_on)
            for stage in binding.rule.stages
        )


@dataclass(slots=True, kw_only=True)
class _Changes:
    """What was found of one duty and sector so far, period by period."""

    rule: Rule | None = None
    added: list[Period] = field(default_factory=list)
    ended: list[Period] = field(default_factory=list)
    instead_of: str | None = None
    taken_over_by: str | None = None
    steps: dict[str, Stage] = field(default_factory=dict)
    stages: dict[tuple[str, bool], list[Period]] = field(default_factory=dict)
    redated: dict[tuple[str, Given, Given], list[Dates]] = field(default_factory=dict)
    reworded: dict[tuple[str | None, Aspect, object, object], list[Period]] = field(default_factory=dict)

    def adds(self, will: Binding, *, instead_of: str | None) -> None:
        """Note that the duty binds where it did not."""
        self.rule = will.rule
        self.instead_of = instead_of
        self.added.append(will.period)

    def ends(self, was: Binding, *, taken_over_by: str | None) -> None:
        """Note that the duty binds no more."""
        self.rule = self.rule or was.rule
        self.taken_over_by = taken_over_by
        self.ended.append(was.period)

    def compare(self, was: Binding, will: Binding, window: _Window) -> None:
        """Note what two bindings of one period say otherwise."""
        period = will.period
        steps, before = ({each.name: each for each in one.rule.stages} for one in (will, was))
        for name in (*steps, *(name for name in before if name not in steps)):
            if name in steps and name in before:
                self._step(was, will, name, window)
            elif window.has(period, window.date(will if name in steps else was, name).date.due_on):
                self.stages.setdefault((name, name in steps), []).append(period)
                self.steps[name] = steps.get(name) or before[name]
        if window.meets(will):
            self._words(None, _of_rule(was.rule), _of_rule(will.rule), period)
        if self.stages or self.redated or self.reworded:
            self.rule = will.rule

    def _step(self, was: Binding, will: Binding, name: str, window: _Window) -> None:
        period = will.period
        before, after = (window.date(one, name) for one in (was, will))
        days = before.date.due_on, after.date.due_on
        if not window.has(period, *days):
            return
        given = _given(before, name), _given(after, name)
        by = [(each.notice, each.deadline) for each in given]
        if days[0] != days[1] or by[0] != by[1]:
            dates = Dates(period=period, before=days[0], after=days[1])
            self.redated.setdefault((name, *given), []).append(dates)
            self.steps[name] = will.stage(name)
        step = will.stage(name)
        self._words(step, _of_stage(was.stage(name)), _of_stage(step), period)

    def _words(
        self, step: Stage | None, was: Mapping[Aspect, object], will: Mapping[Aspect, object], period: Period
    ) -> None:
        for aspect, words in will.items():
            if words != was[aspect]:
                if step is not None:
                    self.steps[step.name] = step
                stage = None if step is None else step.name
                self.reworded.setdefault((stage, aspect, was[aspect], words), []).append(period)

    def of(self, duty: str, sector: Sector) -> DutyDifference | None:
        """Return what was found; None where that is nothing."""
        if self.rule is None:
            return None
        return DutyDifference(
            duty=duty,
            sectors=frozenset({sector}),
            rule=self.rule,
            added=tuple(self.added),
            ended=tuple(self.ended),
            instead_of=self.instead_of,
            taken_over_by=self.taken_over_by,
            steps=tuple(self.steps.values()),
            stages=tuple(
                StageChange(stage=stage, added=added, periods=tuple(periods))
                for (stage, added), periods in self.stages.items()
            ),
            redated=tuple(
                Redated(stage=stage, before=before, after=after, dates=tuple(dates))
                for (stage, before, after), dates in sorted(
                    self.redated.items(), key=lambda each: list(self.steps).index(each[0][0])
                )
            ),
            reworded=tuple(
                Reworded(stage=stage, aspect=aspect, before=before, after=after, periods=tuple(periods))
                for (stage, aspect, before, after), periods in self.reworded.items()
            ),
        )


def _bound(book: Rulebook, duty: str, period: Period, sector: Sector) -> Binding | str | None:
    """Return what binds; the name of the duty that takes its place; or None where nothing does."""
    if duty not in book.by_duty:
        return None
    try:
        found = bind(book, duty, period, sectors=frozenset({sector}))
    except DeadlineError:
        return None
    return found if found.duty == duty else found.duty


def _given(bound: BoundDate, stage: str) -> Given:
    notice = bound.source.notice
    return Given(
        notice=notice.number,
        version=notice.version,
        clause=bound.date.clause,
        second_hand=bound.source.second_hand,
        deadline=bound.source.rule.stage(stage).deadline,
    )


def _of_stage(stage: Stage) -> Mapping[Aspect, object]:
    return {
        Aspect.STEP: stage.title,
        Aspect.CLAUSE: stage.clause,
        Aspect.EVIDENCE: stage.evidence,
        Aspect.RECIPIENT: stage.submit_to,
        Aspect.CHANNEL: stage.channel,
        Aspect.CHECKER: stage.checked_by,
        Aspect.CONDITIONS: stage.conditions,
        Aspect.NIL_REPORT: stage.nil_report,
    }


def _of_rule(rule: Rule) -> Mapping[Aspect, object]:
    return {
        Aspect.TITLE: rule.title,
        Aspect.FUELS: rule.fuels,
        Aspect.THRESHOLD: rule.threshold,
        Aspect.PARAMETERS: rule.parameters,
        Aspect.ROLL: rule.roll,
        Aspect.OCCASION: rule.arises,
    }


def _periods(rule: Rule, since: date, through: date) -> Iterator[Period]:
    """Yield the periods of a rule that may have a date within the days compared."""
    first, last = max(since.year - _REACH, FIRST_YEAR), min(through.year + _REACH, LAST_YEAR)
    match rule.recurrence:
        case Recurrence.ONCE:
            yield rule.first_period
        case Recurrence.MONTHLY:
            for year in range(first, last + 1):
                yield from (Period.month(year, month) for month in range(1, _MONTHS + 1))
        case Recurrence.YEARLY:
            yield from (Period.year(year) for year in range(first, last + 1))
        case Recurrence.EVENT | Recurrence.CONTINUOUS:
            yield from (Period.year(year) for year in range(since.year, through.year + 1))


def _by_key(book: Rulebook) -> dict[tuple[str, str], Notice]:
    return {_key(notice): notice for notice in book.notices}


def _key(notice: Notice) -> tuple[str, str]:
    return (notice.number, notice.version)
