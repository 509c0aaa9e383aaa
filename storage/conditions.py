"""Where a stage stands, as SQL conditions: pending, overdue, due, blocked.

`obligations.standing` says the same of one stage; here it is said of sets. A condition never changes once made, so
each is made once and used again.
"""

from datetime import date, timedelta
from functools import cache, lru_cache

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, not_

from obligations.decisions import Status
from storage.models import Stage


@cache
def is_pending() -> ColumnElement[bool]:
    """Return the condition that a stage still waits for its actor."""
    return _is_one_of(Status.OPEN, Status.RETURNED)


@cache
def is_submitted() -> ColumnElement[bool]:
    """Return the condition that a stage waits for its check; what another carries is checked with that."""
    return and_(_is_one_of(Status.SUBMITTED), Stage.ready)


@lru_cache(maxsize=64)
def is_overdue(today: date) -> ColumnElement[bool]:
    """Return the condition that a stage is in default on ``today``: its last day lies before."""
    return and_(is_pending(), Stage.ready, not_(Stage.excused), Stage.act_by_on < today, is_dated())


@lru_cache(maxsize=64)
def is_due(today: date, within_days: int) -> ColumnElement[bool]:
    """Return the condition that a stage is its actor's to do between ``today`` and so many days later."""
    last = today + timedelta(days=within_days)
    return and_(is_pending(), Stage.ready, is_dated(), Stage.act_by_on.between(today, last))


@lru_cache(maxsize=64)
def is_blocked(today: date, within_days: int) -> ColumnElement[bool]:
    """Return the condition that a stage cannot start, for the one before it, although its date has passed or is near."""
    last = today + timedelta(days=within_days)
    return and_(is_pending(), not_(Stage.ready), Stage.position > 0, is_dated(), Stage.act_by_on <= last)


@cache
def is_dated() -> ColumnElement[bool]:
    """Return the condition that a stage has a day to be done by, its notice's or a correction's; else it is a checklist's."""
    return Stage.act_by_on.is_not(None)


def _is_one_of(*statuses: Status) -> ColumnElement[bool]:
    """Write the values into the statement: only so does SQLite use the partial indexes made for them."""
    written_out: BindParameter[list[Status]] = bindparam(
        None, list(statuses), expanding=True, literal_execute=True
    )
    return Stage.status.in_(written_out)
