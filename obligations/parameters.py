"""What a report is to be done by for its year: the specification and the factors that hold, and which notice says so."""

from dataclasses import dataclass

from obligations.binding import Source
from obligations.deadlines import DeadlineError
from obligations.law import Law
from obligations.periods import Period
from obligations.terms import Hardness, Parameter, Sector


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A parameter that holds for a report year, and the notice that says so."""

    parameter: Parameter
    source: Source


def parameters(
    law: Law, duty: str, period: Period, *, sectors: frozenset[Sector] | None = None
) -> tuple[Applied, ...]:
    """Return what holds for a duty's period: its own parameters, then those of the duties that say how it is done.

    A parameter without a last year holds until another notice says more: of one name the latest notice's counts.
    The period's last year is the report year. Where no notice binds the sectors there is nothing.
    """
    year = period.end.year
    found: dict[str, Applied] = {}
    for name in (duty, *_about(law, duty)):
        try:
            binding = law.binding(name, period, sectors=sectors)
        except DeadlineError:
            continue
        for source in sorted(binding.sources, key=lambda each: each.notice.issued_on):
            for parameter in source.rule.parameters:
                if parameter.holds_for(year):
                    found[parameter.name.zh] = Applied(parameter=parameter, source=source)
    return tuple(found.values())


def _about(law: Law, duty: str) -> list[str]:
    """Return the other duties that are about how this one is done: those of parameters that depend on it."""
    return [
        name
        for name, said in law.rulebook.by_duty.items()
        if name != duty
        and all(stage.hardness is Hardness.PARAMETER for stage in said[0][1].stages)
        and any(duty in rule.depends_on for _, rule in said)
    ]
