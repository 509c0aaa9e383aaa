"""The processes that send and handle on one database, and what is freed when one of them is gone.

A worker has a row with its name, and holds ``worker:<name>`` as long as it lives. A row whose name nobody holds, now and
some seconds ago, is that of a process that ended without a word: what it had claimed is freed, by whoever notices.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from storage import claims, inbox
from storage.database import Database
from storage.models import Worker
from storage.statements import rows_changed

if TYPE_CHECKING:
    from storage.engine import Hold

SEEN_EVERY = timedelta(seconds=20)
"""How old the note of when a worker was last seen may grow."""

GONE_FOR_SECONDS = 4.0
"""How long nobody must have held a worker's name, in two looks at least, before it counts as gone."""

SETTLING_SECONDS = 10.0
"""How long nobody is taken for gone after this process lost its own hold: with the server all holds vanish at once, and
the living need a moment to take theirs anew."""

_LONGEST_HOST = 200


def names(session: Session) -> list[str]:
    """Return the names of all workers that are registered, in order."""
    return list(session.scalars(select(Worker.name).order_by(Worker.name)))


def count(session: Session) -> int:
    """Return how many workers are registered."""
    return session.scalar(select(func.count()).select_from(Worker)) or 0


def release(session: Session, name: str, *, now: datetime) -> bool:
    """Free what a worker that is gone had claimed, and forget it; False where another has done so already.

    A send that it had begun is ended as unknown.
    """
    claims.release(session, name, now=now)
    inbox.release(session, name)
    return rows_changed(session, delete(Worker).where(Worker.name == name)) > 0


class Presence:
    """This process among the workers of its database, under the name it claims by. Its methods block.

    On SQLite the data folder's lock says that nobody else is alive. ``elapsed`` are seconds that no clock moves.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        host: str,
        pid: int,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._database = database
        self._host, self._pid = host[:_LONGEST_HOST], pid
        self._elapsed = elapsed
        self._hold: Hold | None = None
        self._missed_since: dict[str, float] = {}
        self._settling_until: float | None = None

    def begin(self, now: datetime) -> list[str]:
        """Take the name and register; return the workers whose claims are free now, because they are known to be gone.

        On PostgreSQL that takes a later look at them.

        Raises:
            DatabaseUnreachableError: the server cannot be asked.
        """
        self._hold = self._database.try_hold(_hold_of(self.name))
        self._database.write(lambda session: self._register(session, now))
        return self._free_the_gone(now)

    def look_round(self, now: datetime) -> list[str]:
        """Free what workers had that are gone, and return their names: those missed for `GONE_FOR_SECONDS`.

        Where this process stood still so long that it counted as gone itself, it registers again: what it had claimed
        is others' by now, and `claims.begin` lets it send none of that.

        Raises:
            DatabaseUnreachableError: the server cannot be asked.
        """
        if not self._holds():
            # What took this hold may have taken everybody's.
            self._settle_down()
            gone = self.begin(now)
            self._settle_down()
            return gone
        if self._database.read(lambda session: self._is_stale(session, now)):
            self._database.write(lambda session: self._register(session, now))
        return self._free_the_gone(now)

    def end(self, now: datetime) -> None:
        """Leave: free what this process still had, and its name."""
        try:
            self._database.write(lambda session: release(session, self.name, now=now))
        finally:
            if self._hold is not None:
                self._hold.release()
                self._hold = None

    def _register(self, session: Session, now: datetime) -> None:
        row = session.get(Worker, self.name)
        if row is None:
            session.add(Worker(name=self.name, host=self._host, pid=self._pid, started_at=now, seen_at=now))
        else:
            row.seen_at = now

    def _is_stale(self, session: Session, now: datetime) -> bool:
        row = session.get(Worker, self.name)
        # A clock that was put back leaves a note from the future.
        return row is None or not now - SEEN_EVERY < row.seen_at <= now

    def _free_the_gone(self, now: datetime) -> list[str]:
        return [
            name
            for name in self._gone()
            if self._database.write(lambda session, name=name: release(session, name, now=now))  # type: ignore[misc]  # mypy cannot type a default
        ]

    def _gone(self) -> list[str]:
        """Return the workers that have been missed for long enough, and remember since when the others are."""
        others = [name for name in self._database.read(names) if name != self.name]
        if self._database.dialect == "sqlite":
            return others
        missing, at = [name for name in others if not self._lives(name)], self._elapsed()
        self._missed_since = {name: self._missed_since.get(name, at) for name in missing}
        if self._settling_until is not None and at < self._settling_until:
            return []
        gone = [name for name in missing if at - self._missed_since[name] >= GONE_FOR_SECONDS]
        # The server may have begun anew since this look began.
        return gone if gone and self._holds() else []

    def _settle_down(self) -> None:
        self._missed_since = {}
        self._settling_until = self._elapsed() + SETTLING_SECONDS

    def _holds(self) -> bool:
        return self._hold is not None and self._hold.alive()

    def _lives(self, name: str) -> bool:
        return self._database.is_held(_hold_of(name))


def _hold_of(name: str) -> str:
    return f"worker:{name}"
