"""Plans each morning's reminders, and after an outage those that were missed, as one.

Before its hour it leaves everything to its hour: nobody is written to at night, and nobody twice in one morning.
"""

from datetime import datetime, timedelta

from jobs import outage, watermarks
from jobs.context import Context
from jobs.hours import REMINDERS_AT, instant
from jobs.watermarks import planned_through
from storage import planning
from storage.database import Session
from storage.models import NotificationKind
from storage.types import local_date

PLANNED_THROUGH = "reminders_planned_through"
"""The setting that holds the last day planned."""

_DAY = timedelta(days=1)


async def run(context: Context, now: datetime) -> None:
    """Plan every day not planned yet, through today, once its hour has come."""
    today = local_date(now)
    send_at = instant(today, REMINDERS_AT)
    if now < send_at:
        return

    def work(session: Session) -> None:
        planned = planned_through(session, PLANNED_THROUGH, today=today)
        if planned == today:
            return
        watermarks.take_back(session, PLANNED_THROUGH, NotificationKind.REMINDER, today=today, now=now)
        first = max(planned + _DAY, today - planning.FURTHEST_BACK)
        planning.plan_missed(
            session,
            context.law,
            from_day=first,
            through_day=today,
            send_at=send_at,
            now=now,
            facts=outage.missed(session, first, today, REMINDERS_AT),
        )
        watermarks.note_planned(session, PLANNED_THROUGH, today)

    await context.database.run(work)
