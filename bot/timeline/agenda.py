"""What falls due in one calendar year, for some sectors: from the law to entries with dates. No wording, no place.

A monthly duty is one strip for each month it is for; every other dated step is an entry of its own. What has no date
is listed apart, so that nothing the law asks for is missing from the picture.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from obligations.binding import Binding, BoundDate, Source
from obligations.deadlines import DueDate, DueKind
from obligations.law import Law
from obligations.notice import Notice
from obligations.periods import FIRST_YEAR, LAST_YEAR, Period
from obligations.rules import Rule, Stage
from obligations.terms import Deadline, Level, Recurrence, Sector

_REACH = 6
"""How many years a date may lie from its period, either way: what a notice can say of offsets and of keeping."""
_MONTHS = 12
_LANES = (Level.UNIT, Level.DISTRICT, Level.MUNICIPAL)


class NothingDueError(ValueError):
    """No notice speaks of this year for these sectors."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no notice speaks of {year}")
        self.year = year


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A notice's own date for a step, beside the one that counts."""

    notice: Notice
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One step with its date for one period and the sectors it is so for. ``due.due_on`` is in Asia/Shanghai, inclusive."""

    rule: Rule
    stage: Stage
    period: Period
    sectors: frozenset[Sector]
    due: DueDate
    source: Source
    """The notice whose date it is, and its own rule."""
    others: tuple[Origin, ...]
    """What other notices in force say of the same step, where they give a date."""

    @property
    def on(self) -> date:
        """Return the last day for it."""
        if self.due.due_on is None:
            raise ValueError(f"{self.rule.name} {self.stage.name} has no date")
        return self.due.due_on

    @property
    def notice(self) -> Notice:
        """Return the notice whose date it is."""
        return self.source.notice

    @property
    def deadline(self) -> Deadline:
        """Return how that notice gives the date."""
        return self.source.rule.stage(self.stage.name).deadline

    @property
    def provisional(self) -> bool:
        """Whether the date may still change, as where it counts from a hand-over that has yet to happen."""
        return self.due.kind is DueKind.PROVISIONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A monthly duty for one month: every dated step of it, of which one at least falls into the year."""

    rule: Rule
    period: Period
    sectors: frozenset[Sector]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undated:
    """A step that bears no date in this year, and the sectors it is so for."""

    rule: Rule
    stage: Stage
    sectors: frozenset[Sector]
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """A year of the law. Entries are in order of their dates; strips by the length of their chain, then by month.

    ``follows`` gives for the place of an entry in ``entries`` the place of the one its hand-over opens.
    """

    year: int
    sectors: frozenset[Sector]
    entries: tuple[Entry, ...]
    strips: tuple[Strip, ...]
    undated: tuple[Undated, ...]
    follows: Mapping[int, int]

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Return the notices it rests on, the one that gives most of the dates first."""
        dated = Counter(entry.notice.number for entry in self.all_entries)
        found = {entry.notice.number: entry.notice for entry in self.all_entries}
        beside = (each.notice for entry in self.all_entries for each in entry.others)
        for notice in (*(each.notice for each in self.undated), *beside):
            found.setdefault(notice.number, notice)
        return tuple(found[number] for number in sorted(found, key=lambda number: (-dated[number], number)))

    @property
    def all_entries(self) -> tuple[Entry, ...]:
        """Return every dated step, those of the strips included."""
        return (*self.entries, *(entry for strip in self.strips for entry in strip.entries))


def agenda(law: Law, year: int, sectors: frozenset[Sector]) -> Agenda:
    """Return what falls due from 1 January to 31 December of ``year`` for units of any of ``sectors``.

    A duty for an earlier or a later period is there where its date falls into the year.

    Raises:
        NothingDueError: no notice speaks of the year.
    """
    entries: dict[tuple[object, ...], Entry] = {}
    strips: dict[tuple[object, ...], Strip] = {}
    undated: dict[tuple[str, str], Undated] = {}
    for duty in law.rulebook.by_duty:
        for binding, bound_to in _bindings(law, duty, year, sectors):
            dates = {stage.name: law.date(binding, stage.name) for stage in binding.rule.stages}
            made = [_entry(binding, stage, bound_to, dates[stage.name]) for stage in binding.rule.stages]
            dated = tuple(each for each in made if each is not None)
            in_year = [each for each in dated if each.on.year == year]
            if binding.rule.recurrence is Recurrence.MONTHLY and in_year:
                _merge_strip(strips, binding, bound_to, dated)
            elif in_year:
                for each in in_year:
                    _merge_entry(entries, each)
            if in_year or _near(binding, year):
                for stage in binding.rule.stages:
                    if dates[stage.name].date.due_on is None:
                        _merge_undated(undated, binding, stage, bound_to)
    if not entries and not strips and not undated:
        raise NothingDueError(year)
    ordered = tuple(sorted(entries.values(), key=lambda each: (each.on, _lane(each.stage.actor))))
    monthly = tuple(sorted(strips.values(), key=lambda each: (-len(each.entries), each.period)))
    of_months = [entry for strip in monthly for entry in strip.entries]
    return Agenda(
        year=year,
        sectors=sectors,
        entries=ordered,
        strips=monthly,
        undated=tuple(_without_dated(undated.values(), [*ordered, *of_months])),
        follows=MappingProxyType(dict(_hand_overs(ordered))),
    )


def _bindings(
    law: Law, duty: str, year: int, sectors: frozenset[Sector]
) -> Iterator[tuple[Binding, frozenset[Sector]]]:
    """Yield what binds the sectors for every period whose dates could fall into the year."""
    for period in _periods(law.rulebook.rule(duty), year):
        for bound, binding in law.bindings(duty, period).items():
            if wanted := bound & sectors:
                yield binding, wanted


def _periods(rule: Rule, year: int) -> Iterator[Period]:
    years = range(max(FIRST_YEAR, year - _REACH), min(LAST_YEAR, year + _REACH) + 1)
    match rule.recurrence:
        case Recurrence.MONTHLY:
            for each in years:
                if each <= year:
                    yield from (Period.month(each, month) for month in range(1, _MONTHS + 1))
        case Recurrence.YEARLY:
            yield from (Period.year(each) for each in years)
        case Recurrence.ONCE:
            yield rule.first_period
        case Recurrence.EVENT | Recurrence.CONTINUOUS:
            yield from (Period.year(each) for each in years if abs(each - year) <= 1)


def _near(binding: Binding, year: int) -> bool:
    """Tell whether what has no date is to be thought of in this year: a month of it, or a year next to it."""
    if all(source.notice.in_force_on.year > year for source in binding.sources):
        return False
    period = binding.period
    match binding.rule.recurrence:
        case Recurrence.MONTHLY:
            return period.start.year == year
        case Recurrence.EVENT | Recurrence.CONTINUOUS:
            # What concerns a year is done in it or in the one after, never before it began.
            return period.start.year in (year - 1, year)
        case Recurrence.YEARLY:
            return abs(period.start.year - year) <= 1
        case Recurrence.ONCE:
            return False


def _entry(binding: Binding, stage: Stage, sectors: frozenset[Sector], bound: BoundDate) -> Entry | None:
    if bound.date.due_on is None:
        return None
    return Entry(
        rule=binding.rule,
        stage=stage,
        period=binding.period,
        sectors=sectors,
        due=bound.date,
        source=bound.source,
        others=tuple(
            Origin(notice=each.source.notice, on=each.date.due_on)
            for each in bound.others
            if each.superseded_by is None and each.date.due_on not in (None, bound.date.due_on)
        ),
    )


def _told(entry: Entry) -> tuple[object, ...]:
    return (
        entry.rule.duty,
        entry.stage.name,
        entry.period,
        entry.on,
        entry.due.clause,
        entry.notice.number,
        tuple((each.notice.number, each.on) for each in entry.others),
    )


def _merge_entry(entries: dict[tuple[object, ...], Entry], entry: Entry) -> None:
    key = _told(entry)
    known = entries.get(key)
    entries[key] = entry if known is None else replace(known, sectors=known.sectors | entry.sectors)


def _merge_strip(
    strips: dict[tuple[object, ...], Strip],
    binding: Binding,
    sectors: frozenset[Sector],
    entries: tuple[Entry, ...],
) -> None:
    key = (binding.duty, binding.period, tuple(map(_told, entries)))
    known = strips.get(key)
    together = sectors if known is None else known.sectors | sectors
    strips[key] = Strip(
        rule=binding.rule,
        period=binding.period,
        sectors=together,
        entries=tuple(replace(each, sectors=together) for each in entries),
    )


def _merge_undated(
    undated: dict[tuple[str, str], Undated], binding: Binding, stage: Stage, sectors: frozenset[Sector]
) -> None:
    key = (binding.duty, stage.name)
    known = undated.get(key)
    if known is not None:
        undated[key] = replace(known, sectors=known.sectors | sectors)
    else:
        undated[key] = Undated(rule=binding.rule, stage=stage, sectors=sectors, notice=binding.notice)


def _without_dated(undated: Iterable[Undated], dated: Iterable[Entry]) -> Iterator[Undated]:
    """Leave out the sectors for which the same step has a date in this year."""
    for each in undated:
        settled = frozenset().union(
            *(
                entry.sectors
                for entry in dated
                if (entry.rule.duty, entry.stage.name) == (each.rule.duty, each.stage.name)
            )
        )
        if left := each.sectors - settled:
            yield replace(each, sectors=left)


def _lane(level: Level) -> int:
    return _LANES.index(level) if level in _LANES else len(_LANES)


def _hand_overs(entries: tuple[Entry, ...]) -> Iterator[tuple[int, int]]:
    """Yield which entry opens which: the next step of the rule by who receives it, else what depends on the rule."""
    for place, entry in enumerate(entries):
        receiver = entry.stage.submit_to.value
        if receiver == entry.stage.actor.value:
            continue
        following = [
            other
            for other, each in enumerate(entries)
            if each.stage.actor.value == receiver
            and each.period == entry.period
            and each.on >= entry.on
            and each.sectors & entry.sectors
            and (_is_later_step(entry, each) or entry.rule.duty in each.rule.depends_on)
        ]
        if following:
            yield place, min(following, key=lambda other: (entries[other].on, other))


def _is_later_step(entry: Entry, other: Entry) -> bool:
    names = [stage.name for stage in entry.rule.stages]
    return other.rule.duty == entry.rule.duty and names.index(other.stage.name) > names.index(
        entry.stage.name
    )
