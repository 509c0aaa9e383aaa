"""The one door to the database: a unit of work is a plain function of a session, run in a thread.

What differs between SQLite and PostgreSQL is in `storage.sqlite` and `storage.postgres`. Migrations are applied here
and nowhere else.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from storage import postgres, sqlite
from storage.engine import Dialect, Engine, Hold, Work
from storage.errors import DatabaseUrlError

__all__ = ["Database", "Hold", "Session", "Work"]  # a unit of work is written against Session in every room

T = TypeVar("T")

_MIGRATIONS = Path(__file__).parent / "migrations"
_FORMS = "sqlite:///path/to/duewatch.db or postgresql://user:password@host/duewatch"
_AT_ONCE = 4
"""The connections of an engine's pools, except the one that writes alone."""
_one_migration_at_a_time = threading.Lock()
"""Alembic keeps what it is migrating in module-level names, so two threads must not be in it together."""


class Database:
    """A database by its URL: ``sqlite:///path/to/file.db``, or ``postgresql://user:password@host/name``.

    A file is made where it is missing. A PostgreSQL server is not spoken to before the first unit of work.

    Raises:
        DatabaseUrlError: the URL is malformed or names an engine Duewatch does not run on. It never shows the password.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            # The error in between holds the whole URL.
            raise DatabaseUrlError(f"not a database URL; expected {_FORMS}") from None
        self._engine: Engine
        if parsed.drivername in sqlite.DRIVERS:
            self._engine = sqlite.Sqlite(parsed)
        elif parsed.drivername in postgres.DRIVERS:
            self._engine = postgres.Postgres(parsed)
        else:
            raise DatabaseUrlError(f"{parsed.drivername} is not supported; use {_FORMS}")
        # As many as there are connections of each kind: who waits to write keeps neither a reader nor anybody else's
        # thread. No thread begins before it is needed.
        self._writing = ThreadPoolExecutor(1, "database-write")
        self._beside = ThreadPoolExecutor(_AT_ONCE, "database-beside")
        self._reading = ThreadPoolExecutor(_AT_ONCE, "database-read")

    @property
    def dialect(self) -> Dialect:
        """The engine: ``sqlite`` or ``postgresql``."""
        return self._engine.dialect

    @property
    def path(self) -> Path:
        """The file of an SQLite database.

        Raises:
            DatabaseUrlError: the database is on a server, and no file.
        """
        if not isinstance(self._engine, sqlite.Sqlite):
            raise DatabaseUrlError("a database on a server is no file")
        return self._engine.path

    def write(self, work: Work[T]) -> T:
        """Run ``work`` in one transaction and commit it; any exception rolls all of it back.

        One writer at a time, on either engine: what it read is still so when it writes. On PostgreSQL ``work`` is run
        again where the connection was lost before anything was committed, so it must do nothing but use its session.

        Raises:
            LostCommitError: the connection was lost in the commit, and nobody could say whether it was stored.
        """
        return self._engine.write(work)

    def write_beside(self, work: Work[T]) -> T:
        """`write` without waiting for other writers, for work that locks the rows it decides about by itself.

        What it read of other rows may have changed when it writes. On SQLite it is `write`.
        """
        return self._engine.write_beside(work)

    def read(self, work: Work[T]) -> T:
        """Run ``work`` on one consistent snapshot; it never waits for a writer and keeps nothing it changes."""
        return self._engine.read(work)

    async def run(self, work: Work[T]) -> T:
        """`write` in a thread of the database's own. Once asked for it is carried through, whatever happens to the caller."""
        return await asyncio.shield(_in(self._writing, self.write, work))

    async def run_beside(self, work: Work[T]) -> T:
        """`write_beside` in a thread of the database's own, carried through as with `run`."""
        return await asyncio.shield(_in(self._beside, self.write_beside, work))

    async def ask(self, work: Work[T]) -> T:
        """`read` in a thread of the database's own."""
        return await _in(self._reading, self.read, work)

    def upgrade(self) -> None:
        """Apply the migrations that are missing. Safe to repeat, and when several processes start at once."""
        with _one_migration_at_a_time, self._engine.upgrading() as connection:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def pending_changes(self) -> list[Any]:
        """Return what the tables lack against the models; empty when the migrations are complete."""
        from alembic.autogenerate import compare_metadata  # noqa: PLC0415  # a check, not needed at start-up
        from alembic.migration import MigrationContext  # noqa: PLC0415  # likewise

        from storage.models import Base  # noqa: PLC0415  # likewise

        with self._engine.inspecting() as connection:
            return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))

    def clock_skew(self, now: datetime) -> float:
        """Return how many seconds the database's clock is ahead of ``now``; 0 on SQLite, which has none of its own."""
        return self._engine.clock_skew(now)

    def try_hold(self, name: str) -> Hold | None:
        """Hold a name for this process alone, or return None at once where another holds it.

        It is free again as soon as the process ends, and within about ten seconds where its machine vanished or the
        process was frozen; then `Hold.alive` says so when it comes back. On SQLite it always succeeds.
        """
        return self._engine.try_hold(name)

    def is_held(self, name: str) -> bool:
        """Tell whether a process holds a name now; on SQLite, whether this one does by this door."""
        return self._engine.is_held(name)

    def close(self) -> None:
        """Carry through what `run`, `run_beside` and `ask` were given, and close every connection and what is held.

        Nothing can be asked of those three any more.
        """
        for threads in (self._writing, self._beside, self._reading):
            threads.shutdown()
        self._engine.close()


def _in(threads: Executor, do: Callable[[Work[T]], T], work: Work[T]) -> asyncio.Future[T]:
    """Do something with a unit of work in one of these threads, in the caller's context."""
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
    return loop.run_in_executor(threads, lambda: context.run(do, work))
