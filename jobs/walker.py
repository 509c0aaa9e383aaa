"""Walking the timetable in virtual time: the same triggers and the same jobs, stop by stop, as fast as they run.

Deliveries are drained at each stop, and a stop is made wherever one falls due in between.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from jobs import outage
from jobs.context import Context
from jobs.deliver import deliver
from jobs.timetable import PLANNING, Work
from storage import outbox

_DELIVER = "deliver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One instant at which something ran: the job, or ``deliver`` where only deliveries were due; how many went."""

    at: datetime
    job: str
    sent: int


async def walk(
    context: Context,
    *,
    since: datetime,
    until: datetime,
    set_clock: Callable[[datetime], None],
    before_stop: Callable[[datetime], Awaitable[None]] | None = None,
    before_job: Callable[[str, datetime], Awaitable[None]] | None = None,
) -> AsyncGenerator[Stop, None]:
    """Run all that fires after ``since`` and through ``until``, and what is waiting to be sent at ``since``.

    At each stop the clock is set, then ``before_stop`` lets people act up to it, then ``before_job`` may look on,
    then the job runs and what is due is sent. All the while the timetable counts as running.
    """
    now = since
    while (at := await next_stop(context, now)) <= until:
        fired: list[tuple[str, Work | None]] = [
            (entry.name, entry.work) for entry in PLANNING if entry.next_firing(now) == at
        ]
        now = at
        set_clock(at)
        if before_stop is not None:
            await before_stop(at)
        for name, work in fired or [(_DELIVER, None)]:
            if before_job is not None:
                await before_job(name, at)
            if work is not None:
                await work(context, at)
            went = await deliver(context, at)
            await outage.stay(context, at)
            yield Stop(at=at, job=name, sent=went)
    await outage.stay(context, until)


async def next_stop(context: Context, after: datetime) -> datetime:
    """Return the next instant at which a job fires or a delivery is due: ``after`` itself where one is due already."""
    firing = min(entry.next_firing(after) for entry in PLANNING)
    pending = await context.database.ask(outbox.next_pending_at)
    if pending is None:
        return firing
    # While no channel can be reached nothing is claimed: waiting for one is the next thing to happen.
    reopens = context.circuits.all_open_until(context.channels, after) or after
    return min(firing, max(pending, reopens))
