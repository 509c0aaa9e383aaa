"""What must be kept for inspection, through when, and what may be let go: from the law and the registry alone.

Nothing is stored. A unit's months and years count from the rule's first period and from the unit's own first day. What
is past its last day may be disposed of; nobody asks for that. The law is given as it stands on the day asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from obligations.deadlines import DeadlineError
from obligations.law import Law
from obligations.notice import Notice, Retention, Rule
from obligations.notice import Stage as Step
from obligations.periods import Period
from obligations.terms import Level, Sector
from storage import organisations
from storage.models import Organisation
from storage.organisations import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One month's or year's material. ``through`` is the last day to keep it, inclusive.

    ``what`` are the duties it comes from where these are of things to keep, else the duty of keeping itself.
    """

    period: Period
    through: date
    what: tuple[Rule, ...]

    @property
    def free_from(self) -> date:
        """Return the first day on which it may be disposed of."""
        return self.through + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What one duty of keeping comes to on one day, months or years in order.

    ``must`` is to be shown to an inspector who asks, the running month or year included; ``may_go`` need not be kept
    any more.
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
            for each in _all(law, duty, unit.sector, unit.fuel, Period.month(on.year, on.month))
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


def to_be_asked(
    session: Session, law: Law, scope: Scope, *, on: date, limit: int, offset: int = 0
) -> tuple[tuple[tuple[Organisation, tuple[Keeping, ...]], ...], int]:
    """Return a page of what an inspector may ask each unit of a scope for on a day, by name, and how many there are.

    Units that need not show anything are left out.
    """
    such = _must_keep(session, law, on)
    page = organisations.units(session, scope, on=on, such=such, limit=limit, offset=offset)
    told = tuple((unit, of_unit(law, unit, on=on)) for unit in page)
    return told, organisations.how_many_units(session, scope, on=on, such=such)


def of_unknown_fuel(
    session: Session, law: Law, scope: Scope, *, on: date, limit: int
) -> Sequence[Organisation]:
    """Return the first units of a scope, by name, of which `fuel_unknown` is true."""
    return organisations.units(session, scope, on=on, such=_unknown(law), limit=limit)


def how_many_of_unknown_fuel(session: Session, law: Law, scope: Scope, *, on: date) -> int:
    """Return of how many units of a scope on a day `fuel_unknown` is true: no duty of their fuel is made for them."""
    return organisations.how_many_units(session, scope, on=on, such=_unknown(law))


def fuel_unknown(law: Law, unit: Organisation) -> bool:
    """Tell whether a duty of keeping might bind a unit, had the registry said what it burns."""
    return unit.fuel is None and any(
        rule.fuels is not None and unit.sector in rule.sectors
        for duty in _duties(law)
        for _, rule in law.rulebook.by_duty[duty]
    )


def _unknown(law: Law) -> ColumnElement[bool]:
    """Return the condition that `fuel_unknown` is true of a unit."""
    sectors = {
        sector
        for duty in _duties(law)
        for _, rule in law.rulebook.by_duty[duty]
        if rule.fuels is not None
        for sector in rule.sectors
    }
    return Organisation.fuel.is_(None) & Organisation.sector.in_(sectors)


def _duties(law: Law) -> tuple[str, ...]:
    """Return the duties by which something made for a month or a year is kept for a time."""
    return tuple(
        duty
        for duty, said in law.rulebook.by_duty.items()
        if any(
            isinstance(step.deadline, Retention) and step.per is Level.UNIT
            for _, rule in said
            for step in rule.stages
        )
    )


def _must_keep(session: Session, law: Law, on: date) -> ColumnElement[bool]:
    """Return the condition that a unit has something to show on a day: by its sector, its fuel and its own life."""
    month = Period.month(on.year, on.month)
    kinds = session.execute(
        select(Organisation.sector, Organisation.fuel).where(Organisation.level == Level.UNIT).distinct()
    )
    found = []
    for sector, fuel in kinds:
        if sector is None:
            continue
        lived = [
            (func.coalesce(Organisation.valid_from, date.min) <= last)
            & (func.coalesce(Organisation.valid_to, date.max) >= first)
            for duty in _duties(law)
            for first, last in _spans(
                [kept.period for kept in _all(law, duty, sector, fuel, month) if kept.through >= on]
            )
        ]
        if lived:
            found.append((Organisation.sector == sector) & (Organisation.fuel == fuel) & or_(*lived))
    return or_(false(), *found)


def _spans(periods: Sequence[Period]) -> list[tuple[date, date]]:
    """Return the first and last days of the runs of periods without a gap; the periods are in order."""
    spans: list[tuple[date, date]] = []
    for period in periods:
        if spans and spans[-1][1] + timedelta(days=1) == period.start:
            spans[-1] = (spans[-1][0], period.end)
        else:
            spans.append((period.start, period.end))
    return spans


@lru_cache(maxsize=256)
def _all(law: Law, duty: str, sector: Sector, fuel: str | None, month: Period) -> tuple[Kept, ...]:
    """Return every month or year of a duty, through the one that runs in ``month``, that binds a sector and fuel.

    The law never changes, so each is worked out once.
    """
    period = min(rule.first_period for _, rule in law.rulebook.by_duty[duty])
    found = []
    while period.start <= month.end:
        if (kept := _one(law, duty, period, sector, fuel)) is not None:
            found.append(kept)
        period = period.next()
    return tuple(found)


def _one(law: Law, duty: str, period: Period, sector: Sector, fuel: str | None) -> Kept | None:
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
    made = [law.rulebook.rule(name) for name in binding.rule.depends_on if name in law.rulebook.by_duty]
    return Kept(
        period=period,
        through=through,
        what=tuple(
            rule
            for rule in made
            if rule.covers(period)
            and rule.applies_to(sector, fuel)
            and all(stage.submit_to == "kept" for stage in rule.stages)
        )
        or (binding.rule,),
    )
