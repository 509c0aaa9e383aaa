"""SQLite, for one machine: one engine for writes, whose transactions take the write lock at once, and one for reads.

In WAL mode a read never waits for a write. The data folder's lock keeps a second process away.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy import Engine as Pool
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from storage.engine import Work
from storage.errors import DatabaseUrlError

T = TypeVar("T")

DRIVERS = ("sqlite", "sqlite+pysqlite")

_LOCK_TIMEOUT_SECONDS = 60
_WAL_ATTEMPTS = 10


class Sqlite:
    """A database in a file, made with its folders where it is not there.

    Raises:
        DatabaseUrlError: the URL names no file, or carries options.
    """

    dialect: Final = "sqlite"

    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:":
            raise DatabaseUrlError("an in-memory database would forget everything; name a file")
        if url.query or url.database.startswith("file:"):
            raise DatabaseUrlError(
                "the URL of an SQLite database takes no options; use sqlite:///path/to/duewatch.db"
            )
        self.path = Path(url.database)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write = _pool(url, begin="BEGIN IMMEDIATE", size=1)
        self._read = _pool(url, begin="BEGIN DEFERRED", size=4)
        self._held: Counter[str] = Counter()

    def write(self, work: Work[T]) -> T:
        """Run ``work`` alone and commit it."""
        with Session(self._write, expire_on_commit=False) as session, session.begin():
            return work(session)

    def write_beside(self, work: Work[T]) -> T:
        """Run ``work`` alone too: a file has one writer at a time."""
        return self.write(work)

    def read(self, work: Work[T]) -> T:
        """Run ``work`` on one snapshot."""
        with Session(self._read, expire_on_commit=False) as session:
            try:
                return work(session)
            finally:
                session.rollback()

    @contextmanager
    def upgrading(self) -> Iterator[Connection]:
        """Open a transaction in which rebuilding a parent table cannot delete its children.

        The switch has no effect inside a transaction, so it is made before one begins and checked before it ends.
        """
        with self._write.connect() as connection:
            driver = connection.connection.driver_connection
            if driver is None:  # pragma: no cover  # the pool always hands out a live connection
                raise RuntimeError("the database connection is closed")
            connection.rollback()
            driver.execute("PRAGMA foreign_keys = OFF")
            try:
                with connection.begin():
                    yield connection
                    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
                    if broken is not None:
                        raise RuntimeError(
                            f"a migration left a row of {broken[0]} without its parent; nothing was changed"
                        )
            finally:
                driver.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def inspecting(self) -> Iterator[Connection]:
        """Open a connection that only looks."""
        with self._read.connect() as connection:
            yield connection

    def clock_skew(self, now: datetime) -> float:  # noqa: ARG002  # the signature is the engines'
        """Return 0: the file has no clock but its machine's."""
        return 0.0

    def try_hold(self, name: str) -> "_Held":
        """Hold a name. It always succeeds, because no other process is here."""
        return _Held(self._held, name)

    def is_held(self, name: str) -> bool:
        """Tell whether this door holds a name."""
        return self._held[name] > 0

    def close(self) -> None:
        """Close every connection."""
        self._write.dispose()
        self._read.dispose()


class _Held:
    """A name in the list of those that this process holds."""

    def __init__(self, held: Counter[str], name: str) -> None:
        self._held = held
        self._name = name
        self._alive = True
        held[name] += 1

    def alive(self) -> bool:
        return self._alive

    def release(self) -> None:
        if self._alive:
            self._alive = False
            self._held[self._name] -= 1


def _pool(url: URL, *, begin: str, size: int) -> Pool:
    engine = create_engine(
        url,
        # What a statement carries may be what somebody wrote; an error in a log must not show it.
        hide_parameters=True,
        pool_size=size,
        max_overflow=0,
        pool_timeout=_LOCK_TIMEOUT_SECONDS,
        connect_args={"timeout": _LOCK_TIMEOUT_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401  # the driver's own connection
        # The driver must not open transactions by itself: a read that turns into a write would lose updates.
        connection.isolation_level = None
        cursor = connection.cursor()
        _switch_to_wal(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Make the file a WAL one, also while other processes are doing the same or still write the old way.

    This one statement does not wait for a lock, whatever the timeout; a transaction does, so one is used to wait.
    """
    for _ in range(_WAL_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            cursor.execute("BEGIN EXCLUSIVE")
            cursor.execute("COMMIT")
        else:
            return
    cursor.execute("PRAGMA journal_mode = WAL")
