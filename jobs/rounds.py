"""When each job of the timetable last ran to its end, kept across restarts and seen by every process."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING

from jobs.context import Context
from storage import settings
from storage.database import Session

if TYPE_CHECKING:
    from jobs.timetable import Entry

LATE_AFTER = timedelta(minutes=15)
"""How long after its hour a job may still be at work before it counts as late."""

_PREFIX = "round."


def recorded(
    name: str, work: Callable[[Context, datetime], Awaitable[object]]
) -> Callable[[Context, datetime], Awaitable[object]]:
    """Return a job that notes, each time it has run to its end, for which instant it ran."""

    @wraps(work)
    async def run(context: Context, now: datetime) -> object:
        result = await work(context, now)
        await context.database.run(lambda session: settings.put(session, _PREFIX + name, now.isoformat()))
        return result

    return run


def last(session: Session, names: Sequence[str]) -> Mapping[str, datetime]:
    """Return for which instant each job last ran; one that never did is left out."""
    found = {name: settings.get(session, _PREFIX + name) for name in names}
    return {name: datetime.fromisoformat(value) for name, value in found.items() if value is not None}


def late(entries: Sequence["Entry"], rounds: Mapping[str, datetime], *, now: datetime) -> tuple[str, ...]:
    """Return the jobs that should have run again by now and did not, or never ran.

    A round of the future was left by a clock that was wrong, and is taken for a present one.
    """
    overdue = []
    for entry in entries:
        before = rounds.get(entry.name)
        if before is None or entry.next_firing(min(before, now)) + LATE_AFTER < now:
            overdue.append(entry.name)
    return tuple(overdue)
