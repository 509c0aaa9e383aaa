"""When a stage is due, and why: from a rule, a period and the facts to a date with its reasons.

How a date is given is the rule's own data (`obligations.terms`); what it comes to is computed here. What
was decided on a stage, and whether it is overdue today, is not here.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from obligations.calendar import WorkingCalendar
from obligations.notice import (
    BeforeEvent,
    External,
    Fixed,
    Level,
    MonthEndPlus,
    Once,
    Recurrence,
    Retention,
    Rule,
    Stage,
    SubmitPlus,
    Undated,
    WorkingDays,
)
from obligations.periods import Period
from obligations.reasons import Reason, ReasonCode

__all__ = ["ZONE", "DeadlineError", "DueDate", "DueKind", "Facts", "Reason", "ReasonCode", "due"]

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Where the days of every deadline begin and end."""

_DAY = timedelta(days=1)
_NEXT_WORKING_DAY = "next_working_day"
_ROLLS = ("none", _NEXT_WORKING_DAY)
_MONTHS = 12


class DeadlineError(ValueError):
    """No due date can be asked for with this rule, stage and period."""


class DueKind(StrEnum):
    """How much a due date can be relied on."""

    FIRM = "firm"
    """It follows from the notice and what happened."""
    PROVISIONAL = "provisional"
    """It may still change: nothing was handed over yet, or the working days are not published."""
    EXTERNAL = "external"
    """An authority sets it; there is a date once that is announced."""
    NONE = "none"
    """There is no date, or its count has not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What happened that a date may count from, in Asia/Shanghai. A stage ignores what is not its own.

    ``submitted_on`` holds every hand-over by the stage before, in any order. ``found_on`` is the day of the
    finding, or of the event a duty must precede. ``announced_on`` is the date an authority set.
    """

    submitted_on: tuple[date, ...] = ()
    found_on: date | None = None
    announced_on: date | None = None

    def __post_init__(self) -> None:
        for each in (*self.submitted_on, self.found_on, self.announced_on):
            if isinstance(each, datetime):
                raise TypeError(
                    f"a deadline counts from a date in Asia/Shanghai, not from the instant {each}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDate:
    """When a stage is due and why. Every ``_on`` is a date in Asia/Shanghai, inclusive."""

    due_on: date | None
    overdue_from: datetime | None
    """00:00 in Asia/Shanghai of the day after; none where nothing becomes overdue, as with keeping."""
    kind: DueKind
    safe_target_on: date | None
    """Where the rule advises to be done earlier than the date, which stays what it is."""
    internal_target_on: date | None
    """What an excused stage should aim for; it may lie before the hand-over, where that came too late for the chain."""
    excused: bool
    """The stage before handed over after this one's cap: this one's actor is not in default."""
    chain_at_risk: bool
    """Using all the days allowed here would go past the date of the stage that follows."""
    clause: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """A date as its rule counts it, before rolling."""

    on: date | None
    kind: DueKind
    reasons: tuple[Reason, ...]
    cap_on: date | None = None
    fixed: bool = False
    """The date is not one that falls on a day off and moves."""
    internal_target_on: date | None = None
    excused: bool = False
    chain_at_risk: bool = False


NO_FACTS: Final = Facts()
"""Nothing has happened yet."""


def due(
    rule: Rule,
    stage: str,
    period: Period,
    *,
    facts: Facts = NO_FACTS,
    calendar: WorkingCalendar,
    roll: str | None = None,
) -> DueDate:
    """Return when ``stage`` of ``rule`` is due for ``period``, with the reasons in the order applied.

    ``roll`` (``none`` or ``next_working_day``) stands in for the rule's own where given. A cap, a day
    before an event, a last day to keep and a count of working days are never rolled.

    Raises:
        DeadlineError: the rule has no such stage, the period is of the wrong kind or outside the rule's, or
            ``roll`` is unknown.
    """
    step = _stage(rule, stage)
    check_period(rule, period)
    roll = rule.roll if roll is None else roll
    if roll not in _ROLLS:
        raise DeadlineError(f"a date may roll {' or '.join(map(repr, _ROLLS))}, not {roll!r}")
    counted = _count(rule, step, period, facts=facts, calendar=calendar, roll=roll)
    rolled = _roll(counted, calendar) if roll == _NEXT_WORKING_DAY else counted
    reasons = rolled.reasons
    safe_target_on = None
    if step.safe_target_days and counted.on is not None:
        safe_target_on = counted.on - step.safe_target_days * _DAY
        reasons += (_because(ReasonCode.SAFE_TARGET, target_on=safe_target_on, days=step.safe_target_days),)
    lapses = rolled.on is not None and not isinstance(step.deadline, Retention)
    return DueDate(
        due_on=rolled.on,
        overdue_from=datetime.combine(rolled.on + _DAY, time.min, ZONE) if rolled.on and lapses else None,
        kind=rolled.kind,
        safe_target_on=safe_target_on,
        internal_target_on=rolled.internal_target_on,
        excused=rolled.excused,
        chain_at_risk=rolled.chain_at_risk,
        clause=step.clause,
        reasons=reasons,
    )


def _stage(rule: Rule, name: str) -> Stage:
    try:
        return rule.stage(name)
    except LookupError as error:
        raise DeadlineError(str(error)) from error


def check_period(rule: Rule, period: Period) -> None:
    """Stop where an obligation of ``rule`` cannot be for ``period``.

    Raises:
        DeadlineError: the period is of the wrong kind or outside the rule's.
    """
    if period.kind not in rule.period_kinds:
        kinds = " or ".join(sorted(rule.period_kinds))
        raise DeadlineError(
            f'rule "{rule.duty}" is for a {kinds}, such as {rule.first_period}; {period} is a {period.kind}'
        )
    if period.end < rule.first_period.start:
        raise DeadlineError(f'rule "{rule.duty}" begins with {rule.first_period}; {period} lies before it')
    if rule.recurrence is Recurrence.ONCE and period != rule.first_period:
        raise DeadlineError(f'rule "{rule.duty}" is for {rule.first_period} only, not for {period}')
    if rule.last_period is not None and period.start > rule.last_period.end:
        raise DeadlineError(f'rule "{rule.duty}" ends with {rule.last_period}; {period} lies after it')


def _count(
    rule: Rule, stage: Stage, period: Period, *, facts: Facts, calendar: WorkingCalendar, roll: str
) -> _Counted:
    match stage.deadline:
        case MonthEndPlus(days=days):
            on = period.end + days * _DAY
            return _firm(on, ReasonCode.MONTH_END_PLUS, period=str(period), days=days)
        case Fixed(month=month, day=day, year_offset=offset):
            return _firm(date(period.end.year + offset, month, day), ReasonCode.FIXED_DATE)
        case Once(on=on):
            return _firm(on, ReasonCode.ONE_OFF_DATE)
        case SubmitPlus() as deadline:
            return _after_submission(
                rule, stage, deadline, period, submitted_on=facts.submitted_on, calendar=calendar, roll=roll
            )
        case WorkingDays(days=days):
            return _after_finding(facts.found_on, days, calendar)
        case BeforeEvent():
            return _before_event(facts.found_on)
        case Retention(months=kept):
            on = _end_of_month_after(period, kept)
            counted = _firm(on, ReasonCode.KEEP_THROUGH, period=str(period), months=kept)
            return replace(counted, fixed=True)
        case External():
            return _external(stage.deadline, facts.announced_on)
        case Undated():
            return _Counted(on=None, kind=DueKind.NONE, reasons=(_because(ReasonCode.NO_DATE),))


def _after_submission(
    rule: Rule,
    stage: Stage,
    deadline: SubmitPlus,
    period: Period,
    *,
    submitted_on: tuple[date, ...],
    calendar: WorkingCalendar,
    roll: str,
) -> _Counted:
    """Count from the last hand-over by the stage before, under the cap where there is one."""
    chain = rule.chain_of(stage.name)
    position = chain.index(stage)
    days = deadline.days
    cap_on = (period.end + _DAY).replace(day=deadline.cap_day) if deadline.cap_day else None
    if not submitted_on:
        if cap_on is not None:
            reason = _because(ReasonCode.NOT_SUBMITTED_CAP, cap_on=cap_on)
            return _Counted(on=cap_on, kind=DueKind.PROVISIONAL, reasons=(reason,), cap_on=cap_on)
        before = due(rule, chain[position - 1].name, period, calendar=calendar, roll=roll)
        # A chain whose first stages have no date is refused when the notice is read.
        expected_on = before.due_on if before.due_on is not None else period.end
        on = expected_on + days * _DAY
        reason = _because(ReasonCode.NOT_SUBMITTED_EXPECTED, expected_on=expected_on, days=days, due_on=on)
        return _Counted(on=on, kind=DueKind.PROVISIONAL, reasons=(reason,))
    last = max(submitted_on)
    counted_on = last + days * _DAY
    reasons = [_because(ReasonCode.AFTER_SUBMISSION, submitted_on=last, days=days, counted_on=counted_on)]
    if len(submitted_on) > 1:
        reasons.insert(
            0, _because(ReasonCode.LAST_SUBMISSION_COUNTS, count=len(submitted_on), submitted_on=last)
        )
    limit_on = _next_date(rule, chain[position + 1 :], period, calendar)
    on = counted_on if cap_on is None else min(counted_on, cap_on)
    excused = cap_on is not None and last > cap_on
    # The cap keeps a stage inside its chain; once excused from it, only the count says when it will be done.
    at_risk = limit_on is not None and (counted_on if excused else on) > limit_on
    target_on = None
    if cap_on is not None and excused:
        target_on = counted_on if limit_on is None else min(counted_on, limit_on)
        reasons.append(_because(ReasonCode.UPSTREAM_AFTER_CAP, submitted_on=last, cap_on=cap_on))
        if target_on < last:
            reasons.append(_because(ReasonCode.TARGET_PASSED, target_on=target_on, submitted_on=last))
        else:
            reasons.append(_because(ReasonCode.INTERNAL_TARGET, target_on=target_on, days=days))
    elif cap_on is not None and counted_on > cap_on:
        reasons.append(_because(ReasonCode.CAPPED, counted_on=counted_on, cap_on=cap_on))
    if at_risk and limit_on is not None:
        reasons.append(_because(ReasonCode.CHAIN_AT_RISK, counted_on=counted_on, limit_on=limit_on))
    return _Counted(
        on=on,
        kind=DueKind.FIRM,
        reasons=tuple(reasons),
        cap_on=cap_on,
        internal_target_on=target_on,
        excused=excused,
        chain_at_risk=at_risk,
    )


def _next_date(
    rule: Rule, following: Iterable[Stage], period: Period, calendar: WorkingCalendar
) -> date | None:
    """Return the date of the next stage of the chain that has one by itself, not rolled."""
    for stage in following:
        if not isinstance(stage.deadline, SubmitPlus):
            return due(rule, stage.name, period, calendar=calendar, roll="none").due_on
    return None


def _after_finding(found_on: date | None, days: int, calendar: WorkingCalendar) -> _Counted:
    if found_on is None:
        return _Counted(
            on=None, kind=DueKind.NONE, reasons=(_because(ReasonCode.STARTS_WHEN_FOUND, days=days),)
        )
    on = calendar.add_working_days(found_on, days)
    counted = replace(_firm(on, ReasonCode.AFTER_FINDING, found_on=found_on, days=days), fixed=True)
    counted = replace(counted, reasons=(*counted.reasons, *_days_used(found_on, on, calendar)))
    return _if_published(counted, calendar, found_on + _DAY, on)


def _days_used(after: date, on: date, calendar: WorkingCalendar) -> tuple[Reason, ...]:
    """Say which days were counted, and which between them were not because they are off."""
    span = [after + n * _DAY for n in range(1, (on - after).days + 1)]
    worked = tuple(day for day in span if calendar.is_working_day(day))
    off = tuple(day for day in span if not calendar.is_working_day(day))
    made_up = tuple(day for day in worked if day in calendar.make_up_days)
    reasons = [_because(ReasonCode.DAYS_COUNTED, days=worked)]
    if off:
        reasons.append(_because(ReasonCode.DAYS_OFF, days=off))
    if made_up:
        reasons.append(_because(ReasonCode.MAKE_UP_DAYS, days=made_up))
    return tuple(reasons)


def _external(deadline: External, announced_on: date | None) -> _Counted:
    if announced_on is None:
        ordered = deadline.set_by is Level.DISTRICT
        code = ReasonCode.NOT_ORDERED if ordered else ReasonCode.NOT_ANNOUNCED
        return _Counted(on=None, kind=DueKind.EXTERNAL, reasons=(_because(code),))
    return replace(_firm(announced_on, ReasonCode.ANNOUNCED), kind=DueKind.EXTERNAL)


def _before_event(event_on: date | None) -> _Counted:
    if event_on is None:
        return _Counted(on=None, kind=DueKind.NONE, reasons=(_because(ReasonCode.EVENT_NOT_RECORDED),))
    return replace(_firm(event_on - _DAY, ReasonCode.BEFORE_EVENT, event_on=event_on), fixed=True)


def _end_of_month_after(period: Period, months: int) -> date:
    years, month = divmod(period.end.month - 1 + months, _MONTHS)
    year = period.end.year + years
    return date(year, month + 1, monthrange(year, month + 1)[1])


def _roll(counted: _Counted, calendar: WorkingCalendar) -> _Counted:
    """Move a date that falls on a day off to the next working day, but not past its cap."""
    if counted.on is None or counted.fixed:
        return counted
    to_on = calendar.next_working_day(counted.on)
    reached = to_on if counted.cap_on is None else min(to_on, counted.cap_on)
    rolled = replace(counted, on=reached)
    if to_on != counted.on:
        reason = (
            _because(ReasonCode.ROLLED, from_on=counted.on, to_on=to_on)
            if reached == to_on
            else _because(ReasonCode.ROLL_CAPPED, from_on=counted.on, cap_on=reached)
        )
        rolled = replace(rolled, reasons=(*rolled.reasons, reason))
    # A date at its cap stays there whatever the calendar will say.
    return rolled if counted.on == counted.cap_on else _if_published(rolled, calendar, counted.on, reached)


def _if_published(counted: _Counted, calendar: WorkingCalendar, *days: date) -> _Counted:
    """Make a firm date provisional where it rests on a day whose arrangement is not published."""
    if all(calendar.is_published(day) for day in days):
        return counted
    reason = _because(ReasonCode.CALENDAR_NOT_PUBLISHED, through_on=calendar.published_through)
    kind = DueKind.PROVISIONAL if counted.kind is DueKind.FIRM else counted.kind
    return replace(counted, kind=kind, reasons=(*counted.reasons, reason))


def _firm(on: date, code: ReasonCode, **arguments: str | int | date) -> _Counted:
    return _Counted(on=on, kind=DueKind.FIRM, reasons=(_because(code, **arguments, due_on=on),))


def _because(code: ReasonCode, /, **arguments: str | int | date | tuple[date, ...]) -> Reason:
    return Reason(code=code, arguments=MappingProxyType(arguments))
