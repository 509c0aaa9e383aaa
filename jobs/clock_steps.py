"""What is put right at start-up and after a step of the clock, so that nothing waits for a time that is far away."""

import logging
from datetime import datetime

from jobs.context import Context
from storage import wrong_clock

_log = logging.getLogger(__name__)


async def bring_back(context: Context, now: datetime) -> None:
    """Let go on now what a clock that was ahead left in the future: claims, what is to be sent, limits of sending."""
    found = await context.database.run(lambda session: wrong_clock.bring_back(session, now=now))
    if found:
        _log.warning(
            "a clock was ahead: %s claims, %s notifications and %s limits waited for a time far away",
            found.leases,
            found.notifications,
            found.limits,
        )
