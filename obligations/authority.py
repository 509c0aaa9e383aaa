"""What an authority may decide about a date, and where its word ends: one place for every such right.

The municipality puts off or lets go what its own notice asks for, never what the nation asks for. A date that a notice
leaves open is set by the level the notice names. What follows for stored stages is not here.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from obligations.binding import Binding, Dated, national_limit
from obligations.deadlines import Facts
from obligations.decisions import DecisionRefused, Refusal
from obligations.law import Law
from obligations.terms import External, Level, Retention

YEARS_AHEAD: Final = 5
"""How many calendar years ahead a date may lie that an authority sets."""


class RulingKind(StrEnum):
    """What an authority decided about a date, for one organisation or many."""

    WAIVE = "waive"
    """The duty is let go."""
    EXTEND = "extend"
    """The date is moved to a later one."""
    SET_DATE = "set_date"
    """The date that the notice leaves to an authority is this."""


def powers(binding: Binding, stage: str, *, by: Level) -> tuple[RulingKind, ...]:
    """Return what ``by`` may decide about the date of a stage, as far as its level goes.

    A date that an authority announces is moved by announcing another, not by an extension.
    """
    announces = announced_by(binding, stage)
    dates = (RulingKind.SET_DATE,) if announces is by else ()
    if by is not Level.MUNICIPAL:
        return dates
    return (*(dates if announces else (RulingKind.EXTEND,)), RulingKind.WAIVE)


def announced_by(binding: Binding, stage: str) -> Level | None:
    """Return the level that sets the date of a stage; None where every notice gives it itself, or gives none."""
    for source in binding.sources:
        for each in source.rule.stages:
            if each.name == stage and isinstance(each.deadline, External):
                return each.deadline.set_by
    return None


def is_kept(law: Law, binding: Binding, stage: str) -> bool:
    """Tell whether a stage is about material that is kept for a time: the keeping itself, or the making of what is kept.

    What must be kept follows from the notice and the registry alone: it is never late, and there is nothing to decide.
    """
    step = binding.stage(stage)
    return isinstance(step.deadline, Retention) or (
        step.submit_to == "kept"
        and any(
            binding.duty in rule.depends_on
            and any(isinstance(each.deadline, Retention) for each in rule.stages)
            for rule in law.rulebook.rules
        )
    )


def require_power(binding: Binding, stage: str, kind: RulingKind, *, by: Level) -> None:
    """Stop where ``by`` is not the level that decides this.

    Raises:
        DecisionRefused: it is another's to decide, or the notice gives the date and leaves none to set, or an
            authority announces it and there is nothing to put off.
    """
    announces = announced_by(binding, stage)
    if kind is RulingKind.SET_DATE and announces is None:
        raise DecisionRefused(Refusal.DATE_IS_GIVEN)
    if kind is RulingKind.EXTEND and announces is not None and by is Level.MUNICIPAL:
        raise DecisionRefused(Refusal.DATE_IS_ANNOUNCED)
    if kind not in powers(binding, stage, by=by):
        raise DecisionRefused(Refusal.NOT_YOURS)


def require_later(until: date, *, today: date, present_on: date | None = None) -> None:
    """Stop where a date lies before ``today`` or years ahead, or is not later than the ``present_on`` it is to put off.

    Raises:
        DecisionRefused: it does; ``on`` is the date it had to be later than, or the one that was given.
    """
    if until < today:
        raise DecisionRefused(Refusal.IN_THE_PAST, on=until)
    if until.year > today.year + YEARS_AHEAD:
        raise DecisionRefused(Refusal.TOO_FAR, on=until)
    if present_on is not None and until <= present_on:
        raise DecisionRefused(Refusal.NOT_LATER, on=present_on)


def require_own(
    law: Law, binding: Binding, stages: Sequence[str], kind: RulingKind, *, until: date | None
) -> None:
    """Stop where a ruling would put off or let go what the nation asks for, or material that is kept for a time.

    ``stages`` are those it is for, the first the one it names. A date that an authority sets counts where it is the
    strictest; where a notice gives a stricter one, there is nothing to set.

    Raises:
        DecisionRefused: it would; ``number`` is the notice's that stands in the way, ``on`` its date where it gives one.
    """
    if kind is not RulingKind.SET_DATE and is_kept(law, binding, stages[0]):
        raise DecisionRefused(Refusal.KEPT)
    match kind:
        case RulingKind.EXTEND if until is not None:
            limit = national_limit(law.date(binding, stages[0]))
            if limit is not None and limit.date.due_on is not None and until > limit.date.due_on:
                raise _ordered(Refusal.NATIONAL_LIMIT, limit)
        case RulingKind.WAIVE:
            for stage in stages:
                if (limit := national_limit(law.date(binding, stage))) is not None:
                    raise _ordered(Refusal.NATIONAL_DUTY, limit)
            for source in binding.sources:
                named = any(each.name in stages for each in source.rule.stages)
                if named and source.notice.authority == "national":
                    raise DecisionRefused(Refusal.NATIONAL_DUTY, number=source.notice.number)
        case RulingKind.SET_DATE if until is not None:
            bound = law.date(binding, stages[0], facts=Facts(announced_on=until))
            if bound.date.due_on != until:
                number = bound.source.notice.number
                raise DecisionRefused(Refusal.STRICTER_DATE, number=number, on=bound.date.due_on)
        case _:
            pass


def _ordered(refusal: Refusal, limit: Dated) -> DecisionRefused:
    return DecisionRefused(refusal, number=limit.source.notice.number, on=limit.date.due_on)
