"""The processes that send and handle on one database, and what is freed when one of them is gone.

A worker has a row with its name, and holds ``worker:<name>`` as long as it lives. A row whose name nobody holds is that
of a process that ended without a word: what it had claimed is freed, by whoever notices.
"""

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

_LONGEST_HOST = 200


def names(session: Session) -> list[str]:
    """Return the names of all workers that are registered, in order."""
    return list(session.scalars(select(Worker.name).order_by(Worker.name)))


def count(session: Session) -> int:
    """Return how many workers are registered."""
    return session.scalar(select(func.count()).select_from(Worker)) or 0


def started_at(session: Session, name: str) -> datetime | None:
    """Return when a worker registered; None where it did not."""
    return session.scalar(select(Worker.started_at).where(Worker.name == name))


def release(session: Session, name: str, *, now: datetime) -> bool:
    """Free what a worker that is gone had claimed, and forget it; False where another has done so already.

    A send that it had begun is ended as unknown.
    """
    claims.release(session, name, now=now)
    inbox.release(session, name)
    return rows_changed(session, delete(Worker).where(Worker.name == name)) > 0


class Presence:
    """This process among the workers of its database, under the name it claims by. Its methods block.

    On SQLite the data folder's lock says that nobody else is alive.
    """

    def __init__(self, database: Database, name: str, *, host: str, pid: int) -> None:
        self.name = name
        self._database = database
        self._host, self._pid = host[:_LONGEST_HOST], pid
        self._hold: Hold | None = None

    def begin(self, now: datetime) -> list[str]:
        """Take the name and register; return the workers that were gone, whose claims are free now.

        Raises:
            DatabaseUnreachableError: the server cannot be asked.
        """
        self._hold = self._database.try_hold(_hold_of(self.name))
        self._database.write(lambda session: self._register(session, now))
        return self._free_the_gone(now)

    def look_round(self, now: datetime) -> list[str]:
        """Free what workers had that are gone, and return their names.

        Where this process stood still so long that it counted as gone itself, it registers again: what it had claimed
        is others' by now, and `claims.begin` lets it send none of that.

        Raises:
            DatabaseUnreachableError: the server cannot be asked.
        """
        if self._hold is None or not self._hold.alive():
            return self.begin(now)
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
        gone = [name for name in self._database.read(names) if name != self.name and not self._lives(name)]
        return [
            name
            for name in gone
            if self._database.write(lambda session, name=name: release(session, name, now=now))  # type: ignore[misc]  # mypy cannot type a default
        ]

    def _lives(self, name: str) -> bool:
        return self._database.dialect == "postgresql" and self._database.is_held(_hold_of(name))


def _hold_of(name: str) -> str:
    return f"worker:{name}"
