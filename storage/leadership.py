"""Which of several processes on one database leads: runs the timetable, and fetches updates or sets the webhook.

The leader holds a name that is free again when its process or its machine is gone. On SQLite there is one process,
which always leads.
"""

from typing import Final

from storage.database import Database
from storage.engine import Hold

LEADER: Final = "leader"
"""The name that the leader holds."""


def try_to_lead(database: Database) -> Hold | None:
    """Take the lead, or return None at once where another process has it.

    Raises:
        DatabaseUnreachableError: the server cannot be asked.
    """
    # Looking costs no connection of its own, and a follower looks every second.
    if database.dialect == "postgresql" and database.is_held(LEADER):
        return None
    return database.try_hold(LEADER)


def is_led(database: Database) -> bool:
    """Tell whether some process leads now; on SQLite, whether this one does.

    Raises:
        DatabaseUnreachableError: the server cannot be asked.
    """
    return database.is_held(LEADER)
