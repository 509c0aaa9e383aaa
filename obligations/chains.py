"""Which duties the calendar brings by itself, for whom, and with which dates: from the law alone, no record needed.

What arises from an event is not here, nor what is merely kept for a time: the first is recorded when it happens, the
second follows from what was made.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

from obligations.binding import Binding, BoundDate
from obligations.deadlines import DeadlineError
from obligations.law import Law
from obligations.periods import Period
from obligations.rules import Rule, Stage
from obligations.terms import External, Level, Occasion, Recurrence, Sector, SubmitPlus, Undated

_LOOK_AHEAD = {
    Recurrence.MONTHLY: timedelta(),
    Recurrence.YEARLY: timedelta(days=5 * 366),
}
"""How long before its period a date may lie: a month's never does, a year's by the years a notice may say."""

_AWAITED_FOR = timedelta(days=366)
"""How long after its year a date that an authority sets is still waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage of a chain with the date that counts for it."""

    stage: Stage
    bound: BoundDate

    @property
    def lapses_on(self) -> date | None:
        """The date after which it is overdue; None where it never is."""
        return self.bound.date.due_on if self.bound.date.overdue_from else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One duty's chain for one period and the sectors that the same notices bind, with the stages in order.

    ``part`` tells it from the same duty's chains for other sectors; it is empty for units, which have one sector.
    ``on`` is the day that decides who is bound: its first date, or where it has none a day of its period.
    """

    binding: Binding
    per: Level
    part: str
    sectors: frozenset[Sector]
    steps: tuple[Step, ...]
    on: date

    @property
    def dated(self) -> bool:
        """Whether any stage has a date that can be missed."""
        return any(step.lapses_on for step in self.steps)


def chains(
    law: Law, *, since: date, through: date, today: date, settled_before: date | None = None
) -> Iterator[Chain]:
    """Yield the chains to be made: those with a date within ``since`` … ``through``, and what has no date of its own.

    All days are inclusive, in Asia/Shanghai. Stages whose date had passed before ``since`` are left out, so that a
    yearly chain begins where it stood when the keeping of duties began; the next month's begins soon enough.
    A chain without dates is yielded once its period has begun, and while it had not ended before ``since``; one that
    waits for an authority's date a year longer. What has its first date before ``settled_before`` was made by then
    and is left out.
    """
    for duty, said in law.rulebook.by_duty.items():
        rules = [rule for _, rule in said]
        if not any(_by_itself(rule) for rule in rules):
            continue
        for period in _periods(rules, through=through, today=today):
            for chain in _of_period(law, duty, period):
                cut = _cut(chain, since=since, through=through, today=today)
                if cut is not None and (settled_before is None or cut.on >= settled_before):
                    yield cut


def parts(law: Law, duty: str, period: Period) -> Mapping[str, tuple[frozenset[Sector], Binding]]:
    """Return what a city or a district owes of a duty in a period, by the part it is called.

    The part with most of the sectors of the duty's first rule has an empty name, the others that of their sectors.

    Raises:
        UnknownRule: there is no such duty.
    """
    base = law.rulebook.rule(duty).sectors
    groups = sorted(
        law.bindings(duty, period).items(), key=lambda group: (-len(group[0] & base), sorted(group[0]))
    )
    return MappingProxyType(
        {
            ("" if index == 0 else "+".join(sorted(sectors))): (sectors, binding)
            for index, (sectors, binding) in enumerate(groups)
        }
    )


def kept_since(law: Law, binding: Binding, per: Level, *, since: date) -> tuple[str, ...]:
    """Return the steps of what a level owes that are made where the keeping of duties began on ``since``.

    What was due before was settled elsewhere, and is never made. All steps of what arises from events are.
    """
    stages = binding.rule.chains()[per]
    if not _by_itself(binding.rule):
        return tuple(stage.name for stage in stages)
    steps = tuple(Step(stage=stage, bound=law.date(binding, stage.name)) for stage in stages)
    period = binding.period
    whole = Chain(
        binding=binding, per=per, part="", sectors=binding.rule.sectors, steps=steps, on=period.start
    )
    if whole.dated:
        return tuple(step.stage.name for step in _begun_at(whole, since))
    waits = any(isinstance(stage.deadline, External) for stage in stages)
    over = period.end + (_AWAITED_FOR if waits else timedelta()) < since
    return () if over else tuple(stage.name for stage in stages)


def binding_of(
    law: Law,
    duty: str,
    period: Period,
    *,
    sector: Sector | None,
    part: str,
    made: tuple[str, str] | None = None,
) -> Binding:
    """Return what binds one obligation: a unit's by its sector, another's by its part.

    Raises:
        UnknownRule: there is no such duty any more.
        DeadlineError: no notice binds it any more.
    """
    if sector is not None:
        return law.binding(duty, period, sectors=frozenset({sector}), made=made)
    of_part = parts(law, duty, period).get(part)
    return law.binding(duty, period, sectors=None if of_part is None else of_part[0], made=made)


def binding_of_step(
    law: Law,
    duty: str,
    period: Period,
    stage: str,
    *,
    sector: Sector | None,
    part: str,
    made: tuple[str, str],
) -> Binding:
    """Return what binds one stage now: an amended notice dates what its older version made.

    Where the notices in force no longer speak of the stage, the version that made it does.

    Raises:
        UnknownRule: there is no such duty any more.
        DeadlineError: no notice binds it any more.
    """
    try:
        binding = binding_of(law, duty, period, sector=sector, part=part)
    except DeadlineError:
        return binding_of(law, duty, period, sector=sector, part=part, made=made)
    if binding.duty == duty and any(each.name == stage for each in binding.rule.stages):
        return binding
    return binding_of(law, duty, period, sector=sector, part=part, made=made)


def arises_from_default(rule: Rule) -> bool:
    """Tell whether a rule arises from the default of another one's date, which the record itself shows."""
    return rule.arises is not None and rule.arises.occasion is Occasion.DEFAULT and rule.arises.of is not None


def _by_itself(rule: Rule) -> bool:
    return rule.recurrence is not Recurrence.EVENT and (rule.arises is None or arises_from_default(rule))


def _periods(rules: list[Rule], *, through: date, today: date) -> list[Period]:
    return sorted({period for rule in rules for period in _of_rule(rule, through=through, today=today)})


def _of_rule(rule: Rule, *, through: date, today: date) -> Iterator[Period]:
    match rule.recurrence:
        case Recurrence.EVENT:
            return
        case Recurrence.ONCE:
            yield rule.first_period
        case Recurrence.CONTINUOUS:
            for year in range(rule.first_period.start.year, today.year + 1):
                yield Period.year(year)
        case Recurrence.MONTHLY | Recurrence.YEARLY:
            period = rule.first_period
            last = through + _LOOK_AHEAD[rule.recurrence]
            while period.start <= last and (rule.last_period is None or period <= rule.last_period):
                yield period
                period = period.next()


@lru_cache(maxsize=8192)
def _of_period(law: Law, duty: str, period: Period) -> tuple[Chain, ...]:
    """Return every chain of a duty for a period, whole. The law never changes, so each is worked out once."""
    made = []
    for part, (sectors, binding) in parts(law, duty, period).items():
        if not _by_itself(binding.rule):
            continue
        for per, stages in binding.rule.chains().items():
            steps = tuple(Step(stage=stage, bound=law.date(binding, stage.name)) for stage in stages)
            made.append(
                Chain(
                    binding=binding,
                    per=per,
                    part="" if per is Level.UNIT else part,
                    sectors=sectors,
                    steps=steps,
                    on=period.start,
                )
            )
    return tuple(made)


def _cut(chain: Chain, *, since: date, through: date, today: date) -> Chain | None:
    if chain.dated:
        kept = _begun_at(chain, since)
        lapses = [step.lapses_on for step in kept if step.lapses_on is not None]
        if not lapses or min(lapses) > through:
            return None
        return _with(chain, steps=kept, on=min(lapses))
    waits = any(isinstance(step.stage.deadline, External) for step in chain.steps)
    if not waits and not all(isinstance(step.stage.deadline, Undated) for step in chain.steps):
        return None
    period = chain.binding.period
    if period.start > today or period.end + (_AWAITED_FOR if waits else timedelta()) < since:
        return None
    return _with(chain, steps=chain.steps, on=min(period.end, today))


def _begun_at(chain: Chain, since: date) -> tuple[Step, ...]:
    """Return the stages that were still to come on ``since``; of a monthly chain that had begun, none.

    What counts from a hand-over nobody recorded has no known date and is left out as well.
    """
    begun = [
        position
        for position, step in enumerate(chain.steps)
        if step.lapses_on is not None and step.lapses_on < since
    ]
    if not begun:
        return chain.steps
    if chain.binding.rule.recurrence is Recurrence.MONTHLY:
        return ()
    later = chain.steps[begun[-1] + 1 :]
    return tuple(step for step in later if not isinstance(step.stage.deadline, SubmitPlus))


def _with(chain: Chain, *, steps: tuple[Step, ...], on: date) -> Chain:
    return Chain(
        binding=chain.binding,
        per=chain.per,
        part=chain.part,
        sectors=chain.sectors,
        steps=steps,
        on=on,
    )
