"""How a stage stands today, derived from what was done and by when; never stored.

The words for each standing are the reader's language's, elsewhere.
"""

from datetime import date, timedelta
from enum import StrEnum

from obligations.decisions import Status

SOON_DAYS = 5
"""How many natural days before its date a stage counts as due soon."""


class Standing(StrEnum):
    """How a stage stands on one day."""

    OPEN = "open"
    """To be done, with time left or without a date."""
    DUE_SOON = "due_soon"
    """To be done within the next days, today included."""
    OVERDUE = "overdue"
    """To be done, and the date has passed."""
    WAITING_CHECK = "waiting_check"
    """Handed over; the level above has yet to accept or return it."""
    RETURNED = "returned"
    """Sent back, and the time for the correction still runs."""
    BLOCKED = "blocked"
    """The stage before has not handed over; nothing can be done here yet."""
    EXCUSED = "excused"
    """To be done, but the stage before handed over after this one's cap: its own actor is not in default."""
    DONE = "done"
    """Accepted, and handed over in time."""
    DONE_LATE = "done_late"
    """Accepted, and handed over after the date."""
    WAIVED = "waived"
    """An authority let it go."""


def standing(
    *,
    status: Status,
    ready: bool,
    excused: bool,
    act_by_on: date | None,
    submitted_on: date | None,
    today: date,
    soon_days: int = SOON_DAYS,
) -> Standing:
    """Return how a stage stands on ``today``, a date in Asia/Shanghai.

    ``act_by_on`` is the last day to act, inclusive: the due date, or the correction date after a return, or
    an extension; none for a duty without a date. ``ready`` tells whether the stage before has handed over.
    """
    match status:
        case Status.WAIVED:
            return Standing.WAIVED
        case Status.ACCEPTED:
            late = not excused and is_late(submitted_on=submitted_on, act_by_on=act_by_on)
            return Standing.DONE_LATE if late else Standing.DONE
        case Status.SUBMITTED:
            return Standing.WAITING_CHECK
        case Status.RETURNED:
            return Standing.OVERDUE if act_by_on is not None and today > act_by_on else Standing.RETURNED
        case Status.OPEN:
            return _of_open(
                ready=ready, excused=excused, act_by_on=act_by_on, today=today, soon_days=soon_days
            )


def _of_open(*, ready: bool, excused: bool, act_by_on: date | None, today: date, soon_days: int) -> Standing:
    if not ready:
        return Standing.BLOCKED
    if excused:
        return Standing.EXCUSED
    if act_by_on is None:
        return Standing.OPEN
    if today > act_by_on:
        return Standing.OVERDUE
    return Standing.DUE_SOON if today + timedelta(days=soon_days) >= act_by_on else Standing.OPEN


def is_late(*, submitted_on: date | None, act_by_on: date | None) -> bool:
    """Tell whether a hand-over came after the last day to act; what has no date is never late."""
    return submitted_on is not None and act_by_on is not None and submitted_on > act_by_on


def days_left(act_by_on: date, today: date) -> int:
    """Return the natural days until the last day to act: 0 is due today, negative is days overdue."""
    return (act_by_on - today).days
