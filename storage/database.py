"""The one door to the database: a unit of work is a plain function of a session, run in a thread.

SQLite (WAL) keeps one engine for writes, whose transactions take the write lock at once, and one for reads,
which never waits for it. Migrations are applied here and nowhere else.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from storage.errors import DatabaseUrlError

__all__ = ["Database", "Session", "Work"]  # a unit of work is written against Session in every room

T = TypeVar("T")
Work = Callable[[Session], T]

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_TIMEOUT_SECONDS = 60
_WAL_ATTEMPTS = 10
_DRIVERS = ("sqlite", "sqlite+pysqlite")
_one_migration_at_a_time = threading.Lock()
"""Alembic keeps what it is migrating in module-level names, so two threads must not be in it together."""


class Database:
    """A database by its URL; ``sqlite:///path/to/file.db`` for one machine.

    Raises:
        DatabaseUrlError: the URL is malformed or names an engine Duewatch does not run on.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise DatabaseUrlError(
                "not a database URL; expected for example sqlite:///duewatch.db"
            ) from error
        if parsed.drivername not in _DRIVERS:
            raise DatabaseUrlError(f"{parsed.drivername} is not supported; use sqlite:///path/to/duewatch.db")
        if not parsed.database or parsed.database == ":memory:":
            raise DatabaseUrlError("an in-memory database would forget everything; name a file")
        if parsed.query or parsed.database.startswith("file:"):
            raise DatabaseUrlError("a database URL takes no options; use sqlite:///path/to/duewatch.db")
        self.path = Path(parsed.database)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._write = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
        self._read = _sqlite_engine(url, begin="BEGIN DEFERRED", pool_size=4)

    def write(self, work: Work[T]) -> T:
        """Run ``work`` in one transaction and commit it; any exception rolls all of it back."""
        with Session(self._write, expire_on_commit=False) as session, session.begin():
            return work(session)

    def read(self, work: Work[T]) -> T:
        """Run ``work`` on one consistent snapshot; whatever it changes is thrown away."""
        with Session(self._read, expire_on_commit=False) as session:
            try:
                return work(session)
            finally:
                session.rollback()

    async def run(self, work: Work[T]) -> T:
        """`write` in a thread. Once started it is carried through, whatever happens to the caller."""
        return await asyncio.shield(asyncio.to_thread(self.write, work))

    async def ask(self, work: Work[T]) -> T:
        """`read` in a thread."""
        return await asyncio.to_thread(self.read, work)

    def upgrade(self) -> None:
        """Apply the migrations that are missing. Safe to repeat, and when several processes start at once."""
        with _one_migration_at_a_time, _foreign_keys_off(self._write) as connection:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def pending_changes(self) -> list[Any]:
        """Return what the tables lack against the models; empty when the migrations are complete."""
        from alembic.autogenerate import compare_metadata  # noqa: PLC0415  # a check, not needed at start-up
        from alembic.migration import MigrationContext  # noqa: PLC0415  # likewise

        from storage.models import Base  # noqa: PLC0415  # likewise

        with self._read.connect() as connection:
            return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    def close(self) -> None:
        """Close every connection."""
        self._write.dispose()
        self._read.dispose()


def _sqlite_engine(url: str, *, begin: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        # What a statement carries may be what somebody wrote; an error in a log must not show it.
        hide_parameters=True,
        pool_size=pool_size,
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


@contextmanager
def _foreign_keys_off(engine: Engine) -> Iterator[Connection]:
    """Open a transaction in which rebuilding a parent table cannot delete its children.

    The switch has no effect inside a transaction, so it is made before one begins and checked before it ends.
    """
    with engine.connect() as connection:
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
