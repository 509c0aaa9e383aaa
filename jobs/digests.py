"""Plans the supervisors' digests: the day's and the week's. A missed one is made up for by the next, and only once."""

import logging
from datetime import date, datetime, timedelta

from jobs import outage, watermarks
from jobs.briefing import as_facts
from jobs.context import Context
from jobs.hours import DAILY_DIGEST_AT, WEEKLY_DIGEST_AT, instant, iso_week, monday_of
from jobs.watermarks import planned_through
from obligations.calendar import WorkingCalendar
from obligations.notice import Level
from storage import organisations, overview, planning
from storage.database import Session
from storage.errors import NotFoundError
from storage.models import NotificationKind
from storage.organisations import Scope
from storage.types import local_date

DAILY_THROUGH = "daily_digest_planned_through"
WEEKLY_THROUGH = "weekly_digest_planned_through"
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_FURTHEST_BACK = timedelta(weeks=5)
"""Hours missed longer ago than this are no longer spoken of."""

_log = logging.getLogger(__name__)


async def daily(context: Context, now: datetime) -> None:
    """Plan today's digest once its hour has come. One that is late is sent all the same, and says so.

    Once a day the log is warned too, while the next year of working days is to be added.
    """
    today = local_date(now)
    send_at = instant(today, DAILY_DIGEST_AT)
    if now < send_at:
        return

    def work(session: Session) -> bool:
        planned = planned_through(session, DAILY_THROUGH, today=today)
        if planned == today:
            return False
        watermarks.take_back(session, DAILY_THROUGH, NotificationKind.DAILY_DIGEST, today=today, now=now)
        planning.plan_digests(
            session,
            day=today,
            kind=NotificationKind.DAILY_DIGEST,
            key=today.isoformat(),
            send_at=send_at,
            now=now,
            facts=outage.missed(session, max(planned + _DAY, today - _FURTHEST_BACK), today, DAILY_DIGEST_AT),
        )
        watermarks.note_planned(session, DAILY_THROUGH, today)
        return True

    if await context.database.run(work):
        _warn_of_the_calendar(context.law.calendar, today=today)


def _warn_of_the_calendar(calendar: WorkingCalendar, *, today: date) -> None:
    coverage = calendar.coverage(today=today)
    if coverage.alarmed:
        _log.warning(
            "working days are known only through %s, %s days from today; add the next year: "
            "duewatch calendar add FILE, then restart duewatch run",
            coverage.through,
            coverage.days_left,
        )


async def weekly(context: Context, now: datetime) -> None:
    """Plan this week's digest once its Monday's hour has come, with the numbers the next one compares with."""
    today = local_date(now)
    monday = monday_of(today)
    send_at = instant(monday, WEEKLY_DIGEST_AT)
    if now < send_at:
        return

    def work(session: Session) -> None:
        planned = monday_of(planned_through(session, WEEKLY_THROUGH, today=today))
        if planned >= monday:
            return
        try:
            city = organisations.municipality(session)
        except NotFoundError:
            return
        watermarks.take_back(session, WEEKLY_THROUGH, NotificationKind.WEEKLY_DIGEST, today=today, now=now)
        scope = Scope(level=Level.MUNICIPAL, organisation_id=city.id)
        planning.plan_digests(
            session,
            day=monday,
            kind=NotificationKind.WEEKLY_DIGEST,
            key=iso_week(monday),
            send_at=send_at,
            now=now,
            facts={
                **as_facts(overview.counts(session, scope, today=today)),
                "week": iso_week(monday),
                **outage.missed(
                    session,
                    max(planned + _WEEK, monday - _FURTHEST_BACK),
                    monday,
                    WEEKLY_DIGEST_AT,
                    step=_WEEK,
                ),
            },
        )
        watermarks.note_planned(session, WEEKLY_THROUGH, monday, step=_WEEK)

    await context.database.run(work)
