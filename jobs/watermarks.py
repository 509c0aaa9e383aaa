"""How far a job has planned, kept across restarts."""

import logging
from datetime import date, timedelta

from storage import settings
from storage.database import Session

_log = logging.getLogger(__name__)

_DAY = timedelta(days=1)


def planned_through(session: Session, key: str, *, today: date) -> date:
    """Return the last day planned, today at the latest; yesterday where nothing was, so that a first start floods nobody.

    A day in the future was left by a clock that was wrong or rehearsed. Believing it would silence the job until then.
    """
    planned = settings.get_date(session, key) or today - _DAY
    if planned > today:
        _log.error("%s says %s, which is yet to come; planning from today", key, planned)
        return today - _DAY
    return planned
