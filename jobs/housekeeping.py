"""The night's tidying: invitations that ran out, chat updates long handled, and once a week the trail's own check."""

import logging
from datetime import date, datetime, timedelta

from jobs.context import Context
from jobs.hours import monday_of
from storage import retention, send_limits, settings, trail
from storage.database import Session
from storage.types import local_date

_log = logging.getLogger(__name__)

UPDATES_KEPT_FOR = timedelta(days=30)
LIMITS_KEPT_FOR = timedelta(days=1)
TRAIL_CHECKED = "trail_checked_in_week_of"
"""The setting that holds the Monday of the last week in which the whole trail was found unbroken."""
TRAIL_BROKEN = "trail_broken_at_event"
"""The setting that holds the first event of the trail that was found changed; empty once it holds again."""


async def run(context: Context, now: datetime) -> None:
    """Tidy up. A broken trail is logged as an error, and again every night until somebody has looked."""
    await context.database.run(lambda session: _tidy(session, now))
    monday = monday_of(local_date(now))
    if await context.database.ask(lambda session: settings.get_date(session, TRAIL_CHECKED)) == monday:
        return
    broken = await context.database.ask(trail.first_broken)
    if broken is not None:
        _log.error("the event trail is broken at event %s: it was changed from outside", broken)
        await context.database.run(lambda session: settings.put(session, TRAIL_BROKEN, str(broken)))
        return
    await context.database.run(lambda session: _found_whole(session, monday))


def _found_whole(session: Session, monday: date) -> None:
    settings.put_date(session, TRAIL_CHECKED, monday)
    settings.put(session, TRAIL_BROKEN, "")


def _tidy(session: Session, now: datetime) -> None:
    retention.delete_expired_invitations(session, now=now)
    retention.delete_handled_updates(session, before=now - UPDATES_KEPT_FOR)
    send_limits.delete_old(session, before=now - LIMITS_KEPT_FOR)
