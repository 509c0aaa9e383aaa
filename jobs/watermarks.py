"""How far a job has planned, kept across restarts and across clocks that were wrong.

The days planned are kept as runs of days without a gap, in the order they were written. A run that begins after today
was written while the clock was ahead: its days are yet to come. A clock that is behind stands within a run, and finds
its day planned.
"""

import logging
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

from storage import settings, wrong_clock
from storage.database import Session
from storage.models import NotificationKind

_log = logging.getLogger(__name__)

_DAY = timedelta(days=1)
_MOST_RUNS = 8
_RUNS = ".runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Days planned one after the other, both ends inclusive."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}/{self.last}"

    @classmethod
    def read(cls, text: str) -> Self:
        first, last = map(date.fromisoformat, text.split("/"))
        return cls(first=first, last=last)


def planned_through(session: Session, key: str, *, today: date) -> date:
    """Return the last day planned, today at the latest; yesterday where nothing was, so that a first start floods nobody.

    Today counts as planned where it lies before the first start: the clock is behind then, and nothing is to be done.
    """
    since = settings.get_date(session, settings.SINCE)
    if since is not None and today < since:
        _log.error("the clock says %s, and Duewatch first started on %s; set the clock right", today, since)
        return today
    runs = _runs(session, key)
    if any(run.first <= today <= run.last for run in runs):
        return today
    return max((run.last for run in runs if run.last < today), default=today - _DAY)


def note_planned(session: Session, key: str, day: date, *, step: timedelta = _DAY) -> None:
    """Note that a day is planned; the days that this job plans are ``step`` apart."""
    runs = _runs(session, key)
    if runs and runs[-1].last + step == day:
        runs[-1] = replace(runs[-1], last=day)
    else:
        runs.append(_Run(first=day, last=day))
    settings.put_date(session, key, day)
    settings.put(session, key + _RUNS, " ".join(map(str, runs[-_MOST_RUNS:])))


def take_back(session: Session, key: str, kind: NotificationKind, *, today: date, now: datetime) -> None:
    """Where a clock was ahead, set aside what it planned for days that are yet to come; they are planned in their turn."""
    ahead = [run for run in _runs(session, key) if run.first > today]
    for run in ahead:
        count = wrong_clock.take_back(session, kind, first=run.first, last=run.last, now=now)
        _log.error(
            "%s says %s, which is yet to come: a clock was ahead; set aside %s notifications", key, run, count
        )
    if ahead:
        runs = [run for run in _runs(session, key) if run not in ahead]
        settings.put(session, key + _RUNS, " ".join(map(str, runs)))


def _runs(session: Session, key: str) -> list[_Run]:
    value = settings.get(session, key + _RUNS)
    if value is not None:
        return [_Run.read(each) for each in value.split()]
    # As it was written before runs were.
    last = settings.get_date(session, key)
    return [] if last is None else [_Run(first=last, last=last)]
