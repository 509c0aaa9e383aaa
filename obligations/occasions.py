"""What arises from an event: which duties, for whom, for which period, by when. From the law alone.

That something happened is recorded elsewhere; here it is a day and what it happened to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from obligations.binding import Binding
from obligations.chains import Step
from obligations.deadlines import DeadlineError, Facts
from obligations.law import Law
from obligations.notice import Notice, Rulebook
from obligations.periods import Period
from obligations.rules import Rule, Stage
from obligations.terms import Level, Occasion, Recurrence, Sector, WorkingDays

_ABOVE: Final = {
    Level.UNIT: (Level.UNIT, Level.DISTRICT, Level.MUNICIPAL),
    Level.DISTRICT: (Level.DISTRICT, Level.MUNICIPAL),
    Level.MUNICIPAL: (Level.MUNICIPAL,),
    Level.AGENCY: (Level.AGENCY, Level.MUNICIPAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The duty something happened to, and its period: the evidence found unfit, the surrender in default."""

    duty: str
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Arisen:
    """A duty that arises, for the period of ``binding``: whose it is (``per``), and its stages with their dates."""

    binding: Binding
    per: Level
    steps: tuple[Step, ...]


def arising(
    law: Law,
    occasion: Occasion,
    *,
    level: Level,
    sector: Sector | None,
    fuel: str | None,
    happened_on: date,
    cause: Cause | None = None,
) -> tuple[Arisen, ...]:
    """Return every duty that arises when something happens to an organisation of ``level`` on a day.

    A duty is the organisation's own, or where its chain belongs to a level above, that level's: what is found at a
    unit may be for its district to settle. It is for the period of the cause, without one for the month of the day.
    Dates count from ``happened_on``, in Asia/Shanghai. Without a ``sector`` most of a duty's sectors are meant.
    """
    made = []
    period = Period.month(happened_on.year, happened_on.month) if cause is None else cause.period
    for duty in law.rulebook.by_duty:
        if not any(_arises(rule, occasion, cause) for _, rule in law.rulebook.by_duty[duty]):
            continue
        found = _bound(law, duty, period, sector)
        if found is None or not _arises(found.rule, occasion, cause):
            continue
        if level is Level.UNIT and found.rule.fuels is not None and fuel not in found.rule.fuels:
            continue
        chains = found.rule.chains()
        per = next((each for each in _ABOVE[level] if each in chains), None)
        if per is None:
            continue
        facts = Facts(found_on=happened_on)
        steps = tuple(
            Step(stage=stage, bound=law.date(found, stage.name, facts=facts)) for stage in chains[per]
        )
        made.append(Arisen(binding=found, per=per, steps=steps))
    return tuple(made)


def causes(rulebook: Rulebook, occasion: Occasion) -> tuple[str, ...]:
    """Return the duties that an occasion is of, in the order of the notices: a correction is of monthly evidence."""
    return tuple(
        dict.fromkeys(
            rule.arises.of
            for rule in _of_events(rulebook)
            if rule.arises is not None and rule.arises.occasion is occasion and rule.arises.of is not None
        )
    )


def occasions(rulebook: Rulebook, level: Level) -> tuple[Occasion, ...]:
    """Return what may happen to an organisation of a level and gives rise to a duty, in the order of the notices."""
    return tuple(
        dict.fromkeys(
            rule.arises.occasion
            for rule in _of_events(rulebook)
            if rule.arises is not None and any(each in rule.chains() for each in _ABOVE[level])
        )
    )


def correction_of(rulebook: Rulebook, duty: str) -> tuple[Notice, Rule, Stage] | None:
    """Return the stage that gives working days to correct what was found unfit of a duty, with its notice and rule.

    A correction is spoken of for some duties by name; what is returned of another is corrected by the first such
    rule all the same. None where no notice speaks of corrections.
    """
    found = [
        (notice, rule, stage)
        for said in rulebook.by_duty.values()
        for notice, rule in said[:1]
        if rule.arises is not None and rule.arises.occasion is Occasion.UNFIT_EVIDENCE
        for stage in rule.stages
        if isinstance(stage.deadline, WorkingDays)
    ]
    own = [each for each in found if each[1].arises is not None and each[1].arises.of == duty]
    return next(iter(own or found), None)


def correction_days(rulebook: Rulebook, duty: str) -> int | None:
    """Return how many working days a correction has, the day of the finding not counted; None where none is said."""
    found = correction_of(rulebook, duty)
    if found is None or not isinstance(found[2].deadline, WorkingDays):
        return None
    return found[2].deadline.days


def untimely(occasion: Occasion, happened_on: date, *, today: date) -> bool:
    """Tell whether a day does not fit an occasion: a finding lies behind, a cancellation of a licence ahead."""
    return happened_on <= today if occasion is Occasion.LICENCE_CANCELLATION else happened_on > today


def _of_events(rulebook: Rulebook) -> Iterator[Rule]:
    return (rule for rule in rulebook.rules if rule.recurrence is Recurrence.EVENT)


def _arises(rule: Rule, occasion: Occasion, cause: Cause | None) -> bool:
    arises = rule.arises
    if rule.recurrence is not Recurrence.EVENT or arises is None or arises.occasion is not occasion:
        return False
    return arises.of is None or (cause is not None and cause.duty == arises.of)


def _bound(law: Law, duty: str, period: Period, sector: Sector | None) -> Binding | None:
    sectors = None if sector is None else frozenset({sector})
    try:
        binding = law.binding(duty, period, sectors=sectors)
    except DeadlineError:
        return None
    return binding if binding.duty == duty else None
