"""Keeps obligations made a rolling horizon ahead and with the district in charge; says so when the horizon runs short."""

import logging
from datetime import date, datetime, timedelta

from jobs.context import Context
from obligations.law import Law
from storage import arising, following, materialise, redating, settings
from storage.database import Session
from storage.errors import NotFoundError
from storage.types import local_date

_log = logging.getLogger(__name__)

HORIZON = timedelta(days=120)


_MADE_ON = "materialise.made_on"
_SETTLED_AFTER = timedelta(days=31)
"""How long a duty whose date has passed is still made for who was entered late."""
_FRESH = timedelta(days=2)
"""So long after a first start it may still turn out that the clock was ahead then."""


async def run(context: Context, now: datetime) -> None:
    """Create what is due within the horizon and is not there yet, then pass what is open to who is in charge today.

    Then what missed dates give rise to is opened: on the 21st the correction of evidence that never came. Without a
    registry there is nothing to do.
    """
    today = local_date(now)
    through = today + HORIZON
    law = context.law.on(today)

    def work(session: Session) -> int:
        since = _since(session, today)
        try:
            created = materialise.materialise(
                session,
                law,
                since=since,
                through=through,
                now=now,
                settled_before=_settled(session, law, today),
            )
            redating.redate(session, law, now=now)
            settings.put_date(session, _MADE_ON, today)
        except NotFoundError:
            _log.info("no registry yet; nothing is due for anyone")
            return 0
        following.follow(session, now=now)
        # The day after a missed date, those in charge today are the ones it concerns.
        arising.open_missed(session, law, now=now)
        return created

    created = await context.database.run(work)
    if created:
        _log.info("%s obligations are new, through %s", created, through)
    if not context.law.calendar.is_published(through):
        _log.warning(
            "working days are published through %s; reminders for later dates rest on a guess",
            context.law.calendar.published_through,
        )


def horizon_left(session: Session, *, today: date) -> timedelta | None:
    """Return how far ahead of today everything has been made; None where nothing was made yet."""
    made_on = settings.get_date(session, _MADE_ON)
    return None if made_on is None else made_on + HORIZON - today


def _settled(session: Session, law: Law, today: date) -> date | None:
    """Return before which date everything was made by the last round; None where the law has changed since."""
    made_on = settings.get_date(session, _MADE_ON)
    # A round of the future was a clock's that was ahead: who was entered since may lack what it took for settled.
    if made_on is None or made_on > today or not redating.is_seen(session, law):
        return None
    return made_on - _SETTLED_AFTER


def _since(session: Session, today: date) -> date:
    """Return the day of the first start: today at the first one, and where a clock was ahead at a first start just now."""
    since = settings.get_date(session, settings.SINCE)
    made_on = settings.get_date(session, _MADE_ON)
    fresh = since is None or (since > today and (made_on is None or made_on - since <= _FRESH))
    if since is None or fresh:
        settings.put_date(session, settings.SINCE, today)
        return today
    return since
