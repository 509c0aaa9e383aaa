"""Which notices bind a duty for one period and sectors, and which of their dates counts.

Between authorities the strictest date binds: a municipality may ask for more than the nation, and cannot allow less.
Of one authority's notices the later one's date stands in for the earlier one's, but not for a stricter one that was
announced under it. Every date is kept with its source.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from types import MappingProxyType

from obligations.calendar import WorkingCalendar
from obligations.deadlines import NO_FACTS, DeadlineError, DueDate, Facts, check_period, due
from obligations.notice import Notice, Rulebook, version_order
from obligations.periods import Period
from obligations.reasons import Reason, ReasonCode
from obligations.rules import Rule, Stage
from obligations.terms import External, Retention, Sector


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one notice says of a duty."""

    notice: Notice
    rule: Rule

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells it from every other: the notice's number, its version, and the rule's name."""
        return (self.notice.number, self.notice.version, self.rule.name)

    @property
    def second_hand(self) -> bool:
        """Whether the notice was not read on its official page, which must be checked before relying on it."""
        return self.notice.provenance.source == "second-hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The notices that bind units of some sectors for one duty and period; the first gives the chain.

    ``sectors`` are those it was looked for: the notices bind every one of them, and may bind others too.
    """

    duty: str
    period: Period
    sectors: frozenset[Sector]
    sources: tuple[Source, ...]

    @property
    def rule(self) -> Rule:
        """Return the rule that gives the chain."""
        return self.sources[0].rule

    @property
    def notice(self) -> Notice:
        """Return the notice that gives the chain."""
        return self.sources[0].notice

    @property
    def second_hand(self) -> bool:
        """Whether any of the notices was not read on its official page."""
        return any(source.second_hand for source in self.sources)

    def stage(self, name: str) -> Stage:
        """Return a stage of the chain.

        Raises:
            DeadlineError: the chain has no such stage.
        """
        try:
            return self.rule.stage(name)
        except LookupError as error:
            raise DeadlineError(str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """One notice's date for a stage. ``superseded_by`` is the number of a later notice of the same authority."""

    source: Source
    date: DueDate
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundDate:
    """The date that counts for a stage, and every notice's own.

    ``date`` is the strictest, its reasons those of its notice and then which notice won. ``source`` is that
    notice. ``said`` is what each notice says, the binding one first.
    """

    date: DueDate
    source: Source
    said: tuple[Dated, ...]

    @property
    def others(self) -> tuple[Dated, ...]:
        """Return what the notices say that do not bind."""
        return self.said[1:]


def bind(
    rulebook: Rulebook,
    duty: str,
    period: Period,
    *,
    sectors: frozenset[Sector] | None = None,
    made: tuple[str, str] | None = None,
) -> Binding:
    """Return the notices that bind every one of ``sectors`` for a duty and period.

    Without sectors, most of those that the duty's first rule is for: the ones that the same notices bind. ``made``
    is the number and version of a notice that an obligation was made by: of that notice no other version is looked
    at. Where another duty takes this one's place for the sectors, that one's binding is returned.

    Raises:
        UnknownRule: there is no such duty.
        DeadlineError: no notice binds the sectors in this period.
    """
    base = rulebook.rule(duty).sectors
    if sectors is not None:
        return _bind(rulebook, duty, period, sectors, made=made)
    groups = [group for group in _groups(rulebook, duty, period, made=made).items() if group[0] & base]
    if not groups:
        return _bind(rulebook, duty, period, base, made=made)
    return min(groups, key=lambda group: (-len(group[0] & base), sorted(group[0])))[1]


def bindings(rulebook: Rulebook, duty: str, period: Period) -> Mapping[frozenset[Sector], Binding]:
    """Return who is bound by what for a duty and period: the sectors that the same notices bind, together.

    Sectors for which another duty takes this one's place are left out: they stand under that one.

    Raises:
        UnknownRule: there is no such duty.
    """
    rulebook.rule(duty)
    return _groups(rulebook, duty, period, made=None)


def bound_date(
    binding: Binding,
    stage: str,
    *,
    calendar: WorkingCalendar,
    facts: Facts = NO_FACTS,
    roll: str | None = None,
) -> BoundDate:
    """Return the date that counts for a stage, with every notice's own and the reasons for a person.

    Raises:
        DeadlineError: the chain has no such stage, or ``roll`` is unknown.
    """
    binding.stage(stage)
    said = [
        Dated(
            source=source,
            date=due(source.rule, stage, binding.period, facts=facts, calendar=calendar, roll=roll),
        )
        for source in binding.sources
        if any(each.name == stage for each in source.rule.stages)
    ]
    standing = _latest(said, stage)
    ordered = sorted(standing, key=lambda each: _strictness(each, stage))
    first = ordered[0]
    said_all = (*ordered, *_superseded(said, standing))
    return BoundDate(
        date=replace(first.date, reasons=(*first.date.reasons, *_which(said_all))),
        source=first.source,
        said=said_all,
    )


def national_limit(bound: BoundDate) -> Dated | None:
    """Return the nation's own date for a stage, which no municipality can put off; None where it gives none."""
    for each in bound.said:
        national = each.source.notice.authority == "national"
        if national and each.superseded_by is None and each.date.due_on is not None:
            return each
    return None


def _bind(
    rulebook: Rulebook,
    duty: str,
    period: Period,
    sectors: frozenset[Sector],
    *,
    made: tuple[str, str] | None,
) -> Binding:
    for name, said in rulebook.by_duty.items():
        if any(
            duty in rule.absorbs and _binds(rulebook, notice, rule, period, sectors, made=made)
            for notice, rule in said
        ):
            return _bind(rulebook, name, period, sectors, made=made)
    own = _sources(rulebook, duty, period, sectors, made=made)
    if not own:
        raise _unbound(rulebook, duty, period, sectors)
    taken = dict.fromkeys(name for source in own for name in source.rule.absorbs)
    more = [each for name in taken for each in _sources(rulebook, name, period, sectors, made=made)]
    return Binding(duty=duty, period=period, sectors=sectors, sources=(*own, *more))


def _groups(
    rulebook: Rulebook, duty: str, period: Period, *, made: tuple[str, str] | None
) -> Mapping[frozenset[Sector], Binding]:
    grouped: dict[tuple[tuple[str, str, str], ...], Binding] = {}
    for sector in Sector:
        try:
            found = _bind(rulebook, duty, period, frozenset({sector}), made=made)
        except DeadlineError:
            continue
        if found.duty == duty:
            key = tuple(source.key for source in found.sources)
            known = grouped.get(key, found)
            grouped[key] = replace(found, sectors=known.sectors | found.sectors)
    return MappingProxyType({found.sectors: found for found in grouped.values()})


def _sources(
    rulebook: Rulebook,
    duty: str,
    period: Period,
    sectors: frozenset[Sector],
    *,
    made: tuple[str, str] | None,
) -> list[Source]:
    return [
        Source(notice=notice, rule=rule)
        for notice, rule in rulebook.by_duty.get(duty, ())
        if _binds(rulebook, notice, rule, period, sectors, made=made)
    ]


def _binds(
    rulebook: Rulebook,
    notice: Notice,
    rule: Rule,
    period: Period,
    sectors: frozenset[Sector],
    *,
    made: tuple[str, str] | None,
) -> bool:
    return (
        sectors <= rule.sectors
        and rule.covers(period)
        and notice.version == _version(rulebook, notice.number, period, made)
    )


def _version(rulebook: Rulebook, number: str, period: Period, made: tuple[str, str] | None) -> str:
    """Return which version of a notice speaks of a period: the latest in force by its end, else the first."""
    if made is not None and made[0] == number:
        return made[1]
    versions = sorted(
        (each for each in rulebook.notices if each.number == number), key=lambda n: version_order(n.version)
    )
    in_force = [each for each in versions if each.in_force_on <= period.end]
    return (in_force[-1] if in_force else versions[0]).version


def _unbound(rulebook: Rulebook, duty: str, period: Period, sectors: frozenset[Sector]) -> DeadlineError:
    """Say why no notice binds the sectors: none is for them, or none for this period."""
    rules = [rule for _, rule in rulebook.by_duty[duty]]
    binding = [rule for rule in rules if sectors <= rule.sectors]
    if not binding:
        known = sorted({sector.value for rule in rules for sector in rule.sectors})
        return DeadlineError(f'rule "{duty}" binds {", ".join(known)}; not {", ".join(sorted(sectors))}')
    first = min(binding, key=lambda rule: rule.first_period.start)
    last = max(binding, key=lambda rule: rule.last_period.end if rule.last_period else date.max)
    early = period.kind not in first.period_kinds or period.end < first.first_period.start
    late = last.last_period is not None and period.start > last.last_period.end
    try:
        if early or first is last:
            check_period(first, period)
        elif late:
            check_period(last, period)
    except DeadlineError as error:
        return error
    return DeadlineError(f'no notice speaks of "{duty}" for {period}')


def _latest(said: Iterable[Dated], stage: str) -> list[Dated]:
    """Keep of each authority's notices the one issued last, and before it a stricter date that was announced.

    A notice that gives no date takes none away.
    """
    kept: list[Dated] = []
    by_authority = sorted(said, key=lambda each: each.source.notice.authority)
    for _, members in groupby(by_authority, key=lambda each: each.source.notice.authority):
        group = sorted(members, key=lambda each: (each.source.notice.issued_on, each.source.key))
        dated = [each for each in group if each.date.due_on is not None] or group[:1]
        kept.append(dated[-1])
        kept += [
            each for each in dated[:-1] if _is_announced(each, stage) and _is_before(each, dated[-1], stage)
        ]
    return kept


def _is_announced(dated: Dated, stage: str) -> bool:
    return isinstance(dated.source.rule.stage(stage).deadline, External)


def _is_before(dated: Dated, other: Dated, stage: str) -> bool:
    return _strictness(dated, stage)[:2] < _strictness(other, stage)[:2]


def _superseded(said: Iterable[Dated], standing: Iterable[Dated]) -> list[Dated]:
    kept = {each.source.key for each in standing}
    # Of each authority the one issued last comes first.
    latest = {each.source.notice.authority: each.source for each in reversed(list(standing))}
    return [
        replace(each, superseded_by=latest[each.source.notice.authority].notice.number)
        for each in said
        if each.source.key not in kept and each.date.due_on is not None
    ]


def _strictness(dated: Dated, stage: str) -> tuple[bool, int, bool]:
    """Order by date, the earliest first; for keeping the latest binds, and no date comes last."""
    on = dated.date.due_on
    if on is None:
        return (True, 0, dated.source.notice.authority == "national")
    kept = isinstance(dated.source.rule.stage(stage).deadline, Retention)
    return (False, -on.toordinal() if kept else on.toordinal(), dated.source.notice.authority == "national")


def _which(said: tuple[Dated, ...]) -> tuple[Reason, ...]:
    """Say which notice won, what the others say, and which of them must still be checked at its source."""
    reasons = []
    first, *others = said
    dated = [each for each in others if each.date.due_on is not None]
    if any(each.superseded_by is None for each in dated):
        reasons.append(
            _because(
                ReasonCode.STRICTEST_BINDS,
                number=first.source.notice.number,
                due_on=first.date.due_on or date.max,
            )
        )
    for each in dated:
        if each.superseded_by is not None:
            reasons.append(
                _because(
                    ReasonCode.SUPERSEDED_NOTICE,
                    number=each.source.notice.number,
                    by=each.superseded_by,
                    due_on=each.date.due_on or date.max,
                )
            )
        else:
            reasons.append(
                _because(
                    ReasonCode.OTHER_NOTICE,
                    number=each.source.notice.number,
                    due_on=each.date.due_on or date.max,
                )
            )
    reasons += [
        _because(ReasonCode.SECOND_HAND, number=each.source.notice.number)
        for each in said
        if each.source.second_hand and each.date.due_on is not None
    ]
    return tuple(reasons)


def _because(code: ReasonCode, /, **arguments: str | int | date | tuple[date, ...]) -> Reason:
    return Reason(code=code, arguments=MappingProxyType(arguments))
