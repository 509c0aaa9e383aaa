"""What must be kept for inspection, through when, and what may be let go: from the law and the registry alone.

Nothing is stored. A unit's months count from the rule's first period and from the unit's own first day. What is past
its last day may be disposed of; nobody asks for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from obligations.deadlines import DeadlineError
from obligations.law import Law
from obligations.notice import Notice, Retention, Rule
from obligations.notice import Stage as Step
from obligations.periods import Period, PeriodKind
from obligations.terms import Level, Sector
from storage.models import Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One month's material. ``through`` is the last day to keep it, inclusive; ``what`` are the duties it comes from."""

    period: Period
    through: date
    what: tuple[Rule, ...]

    @property
    def free_from(self) -> date:
        """Return the first day on which it may be disposed of."""
        return self.through + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What one duty of keeping comes to on one day, months in order.

    ``must`` is to be shown to an inspector who asks, the running month included; ``may_go`` need not be kept any more.
    """

    duty: str
    notice: Notice
    rule: Rule
    step: Step
    must: tuple[Kept, ...]
    may_go: tuple[Kept, ...]


def of_unit(law: Law, unit: Organisation, *, on: date) -> tuple[Keeping, ...]:
    """Return what a unit must keep and may let go on a day in Asia/Shanghai; nothing where no such duty binds it.

    A rule for units of one fuel binds no unit whose fuel is not known.
    """
    if unit.level is not Level.UNIT or unit.sector is None:
        return ()
    found = []
    for duty in _duties(law):
        kept = [
            each
            for each in _months(law, duty, unit.sector, unit.fuel, Period.month(on.year, on.month))
            if (unit.valid_from is None or each.period.end >= unit.valid_from)
            and (unit.valid_to is None or each.period.start <= unit.valid_to)
        ]
        if not kept:
            continue
        binding = law.binding(duty, kept[-1].period, sectors=frozenset({unit.sector}))
        step = next(step for step in binding.rule.stages if isinstance(step.deadline, Retention))
        found.append(
            Keeping(
                duty=duty,
                notice=binding.notice,
                rule=binding.rule,
                step=step,
                must=tuple(each for each in kept if each.through >= on),
                may_go=tuple(each for each in kept if each.through < on),
            )
        )
    return tuple(found)


def of_units(
    law: Law, units: Sequence[Organisation], *, on: date
) -> tuple[tuple[Organisation, tuple[Keeping, ...]], ...]:
    """Return what an inspector may ask each unit for on a day; units that need not keep anything are left out."""
    told = ((unit, of_unit(law, unit, on=on)) for unit in units)
    return tuple((unit, kept) for unit, kept in told if any(each.must for each in kept))


def fuel_unknown(law: Law, unit: Organisation) -> bool:
    """Tell whether a duty of keeping might bind a unit, had the registry said what it burns."""
    return unit.fuel is None and any(
        rule.fuels is not None and unit.sector in rule.sectors
        for duty in _duties(law)
        for _, rule in law.rulebook.by_duty[duty]
    )


def _duties(law: Law) -> tuple[str, ...]:
    """Return the duties by which something made for a month is kept for a time."""
    return tuple(
        duty
        for duty, said in law.rulebook.by_duty.items()
        if any(
            isinstance(step.deadline, Retention) and step.per is Level.UNIT
            for _, rule in said
            for step in rule.stages
        )
    )


@lru_cache(maxsize=256)
def _months(law: Law, duty: str, sector: Sector, fuel: str | None, last: Period) -> tuple[Kept, ...]:
    """Return every month of a duty through ``last`` that binds units of a sector and fuel.

    The law never changes, so each is worked out once.
    """
    period = min(rule.first_period for _, rule in law.rulebook.by_duty[duty])
    found = []
    while period.kind is PeriodKind.MONTH and period <= last:
        if (kept := _month(law, duty, period, sector, fuel)) is not None:
            found.append(kept)
        period = period.next()
    return tuple(found)


def _month(law: Law, duty: str, period: Period, sector: Sector, fuel: str | None) -> Kept | None:
    try:
        binding = law.binding(duty, period, sectors=frozenset({sector}))
    except DeadlineError:
        return None
    if not binding.rule.applies_to(sector, fuel):
        return None
    step = next((step for step in binding.rule.stages if isinstance(step.deadline, Retention)), None)
    through = None if step is None else law.date(binding, step.name).date.due_on
    if through is None:
        return None
    made = [law.rulebook.rule(name) for name in binding.rule.depends_on]
    return Kept(
        period=period,
        through=through,
        what=tuple(rule for rule in made if rule.covers(period) and rule.applies_to(sector, fuel))
        or (binding.rule,),
    )
