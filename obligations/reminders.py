"""On which days a due date is reminded of, and, for planning, the inverse: which due dates today reminds of.

The inverse is what a planner needs: it turns a day into a short list of due dates, and one statement per
list finds the stages. Who is reminded, and of what in which words, is decided elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from obligations.calendar import WorkingCalendar

_DAY = timedelta(days=1)
DAILY_FOR = 10
"""For how many working days an overdue stage is reminded of every working day, before it slows to weekly."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """A due date to remind of, and which offset (days before, 0 the day itself) this reminder is."""

    due_on: date
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueWindow:
    """Which overdue stages a working day reminds of.

    Due dates from ``daily_since`` through the day before are reminded of every working day; older ones only
    where ``weekly`` is true.
    """

    daily_since: date
    weekly: bool


def reminder_days(due_on: date, offsets: Iterable[int], calendar: WorkingCalendar) -> tuple[date, ...]:
    """Return the days on which ``due_on`` is reminded of, in order.

    An offset that falls on a day off moves to the working day before; offsets that meet are one day.
    """
    return tuple(
        sorted({calendar.previous_working_day(due_on - offset * _DAY) for offset in _checked(offsets)})
    )


def before_due(day: date, offsets: Iterable[int], calendar: WorkingCalendar) -> tuple[Mark, ...]:
    """Return the due dates for which ``day`` is a reminder day, in order; none on a day off.

    Where several offsets of one due date meet on ``day``, the mark carries the smallest.
    """
    if not calendar.is_working_day(day):
        return ()
    closest: dict[date, int] = {}
    covers = (calendar.add_working_days(day, 1) - day).days
    for offset in _checked(offsets):
        for ahead in range(covers):
            due_on = day + (ahead + offset) * _DAY
            closest[due_on] = min(offset, closest.get(due_on, offset))
    return tuple(Mark(due_on=due_on, offset=closest[due_on]) for due_on in sorted(closest))


def overdue_window(day: date, calendar: WorkingCalendar, daily_for: int = DAILY_FOR) -> OverdueWindow | None:
    """Return which overdue stages ``day`` reminds of; none on a day off.

    A stage is reminded of on each of its first ``daily_for`` (at least 1) working days overdue, then on the
    first working day of each ISO week.
    """
    if not calendar.is_working_day(day):
        return None
    return OverdueWindow(
        daily_since=calendar.subtract_working_days(day, daily_for),
        weekly=calendar.is_first_working_day_of_week(day),
    )


def _checked(offsets: Iterable[int]) -> frozenset[int]:
    distinct = frozenset(offsets)
    if any(offset < 0 for offset in distinct):
        raise ValueError(f"an offset counts days before the due date and is not negative: {sorted(distinct)}")
    return distinct
