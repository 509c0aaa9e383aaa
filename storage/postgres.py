"""PostgreSQL 14 or newer, by psycopg 3, for several machines that share one database and nothing else.

A write takes one advisory lock first, so that it is alone as it is on SQLite; work that locks its own rows goes beside
it. A connection that is lost before the commit costs a moment, not the work.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from psycopg import OperationalError as DriverOperationalError
from sqlalchemy import URL, Connection, NullPool, QueuePool, create_engine, event, text
from sqlalchemy import Engine as Pool
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from storage.engine import Work
from storage.errors import DatabaseUnreachableError, DatabaseUrlError, LostCommitError

T = TypeVar("T")

DRIVERS = ("postgresql", "postgresql+psycopg", "postgres")

OLDEST = 14
"""The oldest release that closes sessions which fell silent, which `Postgres.try_hold` relies on."""

_OPTIONS = frozenset({"host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs"})
_WRITER = int.from_bytes(b"duewatch")
"""The advisory lock of whoever writes; it fits the signed 64 bits that PostgreSQL takes."""

_CONNECT_SECONDS = 5
_LOCK_SECONDS = 120
_READ_SECONDS = 120
_WRITE_SECONDS = 600
_UPGRADE_SECONDS = 3600
_IDLE_IN_TRANSACTION_SECONDS = 60
"""After so long without a statement a transaction is ended: its process is frozen, and the other writers wait for it."""
_VANISHED = {"idle": 4, "interval": 2, "count": 3}
"""TCP keepalives on both sides, in seconds and probes: what vanished is known after ten seconds."""
_VANISHED_MILLISECONDS = 10_000
_PULSE_SECONDS = 3
_SILENT_SECONDS = 12

_WAITS = (0.1, 0.3, 1.0, 2.0, 4.0)
"""Seconds before each further try: in all about as long as a server takes to start again."""

_LOST_STATES = ("08", "57P01", "57P02", "57P03", "25P03", "57P05", "53300")
"""How the code of an error begins where the connection is what failed."""
_NOT_ALLOWED = "42501"
_UNDONE_STATES = ("40001", "40P01")
"""The codes where the server undid the transaction for the sake of another: it can be run again."""


class Postgres:
    """A database on a server. Nothing is connected before it is needed.

    Raises:
        DatabaseUrlError: the URL names no database, or carries an option that is not about reaching the server.
    """

    dialect: Final = "postgresql"

    def __init__(self, url: URL) -> None:
        if not url.database:
            raise DatabaseUrlError("the URL names no database; use postgresql://user:password@host/duewatch")
        if refused := sorted(set(url.query) - _OPTIONS):
            raise DatabaseUrlError(
                f"the option {refused[0]} cannot be set in the database URL; those that can: {', '.join(sorted(_OPTIONS))}"
            )
        self._url = url.set(drivername="postgresql+psycopg")
        self._write = self._pool(1, statement_seconds=_WRITE_SECONDS, isolation_level="READ COMMITTED")
        self._beside = self._pool(4, statement_seconds=_WRITE_SECONDS, isolation_level="READ COMMITTED")
        self._read = self._pool(4, statement_seconds=_READ_SECONDS, isolation_level="REPEATABLE READ")
        self._read = self._read.execution_options(postgresql_readonly=True)
        self._holds: set[_Held] = set()

    def write(self, work: Work[T]) -> T:
        """Run ``work`` behind the writers' lock and commit it."""
        lock = text("SELECT CAST(pg_current_xact_id() AS text) FROM pg_advisory_xact_lock(:key)")
        return _again(lambda: self._commit(self._write, lock.bindparams(key=_WRITER), work))

    def write_beside(self, work: Work[T]) -> T:
        """Run ``work`` without that lock and commit it."""
        return _again(
            lambda: self._commit(self._beside, text("SELECT CAST(pg_current_xact_id() AS text)"), work)
        )

    def read(self, work: Work[T]) -> T:
        """Run ``work`` on one snapshot, in a transaction that cannot write."""

        def once() -> T:
            with Session(self._read, expire_on_commit=False) as session:
                try:
                    return work(session)
                finally:
                    session.rollback()

        return _again(once)

    def _commit(self, pool: Pool, first: Any, work: Work[T]) -> T:  # noqa: ANN401  # either form of SELECT
        """Run ``work`` after the statement that names its transaction; learn what became of a commit that was lost."""
        with pool.connect() as connection:
            transaction = connection.begin()
            name = connection.scalar(first)
            with Session(connection, expire_on_commit=False) as session:
                result = work(session)
                session.flush()
            try:
                transaction.commit()
            except DBAPIError as error:
                if not _is_lost(error) or not self._was_committed(name):
                    raise
            return result

    def _was_committed(self, name: str) -> bool:
        """Ask the server what became of a transaction whose commit was not answered.

        Raises:
            LostCommitError: the server could not be asked, or does not know.
        """
        status = text("SELECT pg_xact_status(CAST(:name AS xid8))").bindparams(name=name)
        for wait in _WAITS:
            # The server may still be carrying it out, or be starting again.
            time.sleep(wait)
            with suppress(DBAPIError), self._read.connect() as connection:
                match connection.scalar(status):
                    case "committed":
                        return True
                    case "aborted":
                        return False
        raise LostCommitError

    @contextmanager
    def upgrading(self) -> Iterator[Connection]:
        """Open a transaction behind the writers' lock, so that neither a migration nor a write is beside it.

        Raises:
            DatabaseUrlError: the server is too old, the database does not hold every character, or its user may not
                create tables in it.
            DatabaseUnreachableError: the connection was lost; it can be tried again.
        """
        self.read(_check_server)
        try:
            with self._migrating() as connection:
                yield connection
        except DBAPIError as error:
            if not _is_lost(error):
                raise
            raise _unreachable(error) from None

    @contextmanager
    def _migrating(self) -> Iterator[Connection]:
        with self._write.connect() as connection, connection.begin():
            for name in ("lock_timeout", "statement_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {name} = '{_UPGRADE_SECONDS}s'")
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER})
            try:
                yield connection
            except ProgrammingError as error:
                if _state(error) == _NOT_ALLOWED:
                    raise DatabaseUrlError(
                        f"the user of the database may not create tables in it ({error.orig}); make it the owner:"
                        " ALTER DATABASE … OWNER TO …"
                    ) from None
                raise

    @contextmanager
    def inspecting(self) -> Iterator[Connection]:
        """Open a connection that only looks."""
        self.read(_check_server)
        with self._read.connect() as connection:
            yield connection

    def clock_skew(self, now: datetime) -> float:
        """Compare the server's clock with ``now``, which was read just before."""
        clock: datetime = self.read(lambda session: session.scalars(text("SELECT clock_timestamp()")).one())
        return (clock - now).total_seconds()

    def try_hold(self, name: str) -> "_Held | None":
        """Take the advisory lock of a name on a connection of its own, which lives as long as the hold."""
        taken = _again(lambda: self._take(name))
        if taken is None:
            return None
        held = _Held(taken, self._holds.discard)
        self._holds.add(held)
        return held

    def _take(self, name: str) -> Connection | None:
        pool = self._pool(0, statement_seconds=_CONNECT_SECONDS, isolation_level="AUTOCOMMIT", mute=False)
        connection = pool.connect()
        try:
            if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(name)}):
                return connection
        except BaseException:
            connection.invalidate()
            raise
        connection.close()
        return None

    def is_held(self, name: str) -> bool:
        """Tell whether any session has the advisory lock of a name."""
        high, low = divmod(_key(name) % 2**64, 2**32)
        held = text(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND classid = CAST(:high AS oid) AND objid = CAST(:low AS oid)"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        ).bindparams(high=high, low=low)
        return self.read(lambda session: bool(session.scalar(held)))

    def close(self) -> None:
        """Let go of what is held and close every connection."""
        for held in tuple(self._holds):
            held.release()
        for pool in (self._write, self._beside, self._read):
            pool.dispose()

    def _pool(self, size: int, *, statement_seconds: int, isolation_level: Any, mute: bool = True) -> Pool:  # noqa: ANN401  # SQLAlchemy's own list of names
        """Make a pool of ``size`` connections, or one that keeps none; ``mute`` lets them be silent for any time."""
        server = {
            "application_name": "duewatch",
            "timezone": "UTC",
            "lock_timeout": f"{_LOCK_SECONDS}s",
            "statement_timeout": f"{statement_seconds}s",
            "idle_in_transaction_session_timeout": f"{_IDLE_IN_TRANSACTION_SECONDS}s",
            "idle_session_timeout": "0" if mute else f"{_SILENT_SECONDS}s",
            "tcp_user_timeout": f"{_VANISHED_MILLISECONDS}ms",
            **{f"tcp_keepalives_{name}": str(value) for name, value in _VANISHED.items()},
        }
        client = {
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": _VANISHED_MILLISECONDS,
            **{f"keepalives_{name}": value for name, value in _VANISHED.items()},
            "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
        }
        kept = {"pool_size": size, "max_overflow": 0, "pool_timeout": _LOCK_SECONDS} if size else {}
        pool = create_engine(
            self._url,
            # What a statement carries may be what somebody wrote; an error in a log must not show it.
            hide_parameters=True,
            isolation_level=isolation_level,
            pool_pre_ping=bool(size),
            poolclass=QueuePool if size else NullPool,
            connect_args=client,
            **kept,
        )
        event.listen(pool, "handle_error", _hide_values)
        return pool


class _Held:
    """An advisory lock with the connection it lives on, which a thread of its own keeps from falling silent.

    Where the process is frozen the thread is too: the server then ends the session and frees the lock.
    """

    def __init__(self, connection: Connection, forget: Callable[["_Held"], None]) -> None:
        self._connection: Connection | None = connection
        self._forget = forget
        self._one_at_a_time = threading.Lock()
        self._over = threading.Event()
        threading.Thread(target=self._keep, name="hold", daemon=True).start()

    def alive(self) -> bool:
        with self._one_at_a_time:
            if self._connection is None:
                return False
            try:
                self._connection.exec_driver_sql("SELECT 1")
            except DBAPIError:
                self._end()
                return False
            return True

    def release(self) -> None:
        with self._one_at_a_time:
            if self._connection is not None:
                # The end of a session frees its lock too, a moment later.
                with suppress(DBAPIError):
                    self._connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
            self._end()

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
        self._over.set()
        self._forget(self)

    def _keep(self) -> None:
        while not self._over.wait(_PULSE_SECONDS):
            self.alive()


def _again(once: Callable[[], T]) -> T:
    """Run something that commits at its very end, and again where a connection was lost before that.

    Raises:
        DatabaseUnreachableError: it was lost each time.
    """
    for wait in _WAITS:
        try:
            return once()
        except DBAPIError as error:
            if not _is_lost(error) and _state(error) not in _UNDONE_STATES:
                raise
            time.sleep(wait)
    try:
        return once()
    except DBAPIError as error:
        if not _is_lost(error):
            raise
        raise _unreachable(error) from None


def _unreachable(error: DBAPIError) -> DatabaseUnreachableError:
    said = " ".join(str(error.orig).split())
    return DatabaseUnreachableError(f"the database server cannot be reached: {said}")


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _is_lost(error: DBAPIError) -> bool:
    """Tell whether the connection failed, and not what was asked of it."""
    state = _state(error)
    if error.connection_invalidated or state.startswith(_LOST_STATES):
        return True
    return not state and isinstance(error.orig, DriverOperationalError)


def _hide_values(context: ExceptionContext) -> None:
    """Leave out of an error what the server quotes of the rows: its detail, and where it stood."""
    driver = context.original_exception
    primary = getattr(getattr(driver, "diag", None), "message_primary", None)
    if primary is None:
        return
    driver.args = (primary,)
    if context.sqlalchemy_exception is not None:
        kind = type(driver)
        context.sqlalchemy_exception.args = (f"({kind.__module__}.{kind.__name__}) {primary}",)


def _check_server(session: Session) -> None:
    version, encoding = session.execute(
        text("SELECT current_setting('server_version_num'), current_setting('server_encoding')")
    ).one()
    if int(cast("str", version)) < OLDEST * 10_000:
        raise DatabaseUrlError(
            f"the server is PostgreSQL {int(version) // 10_000}; Duewatch needs {OLDEST} or newer"
        )
    if encoding != "UTF8":
        raise DatabaseUrlError(
            f"the database is encoded in {encoding}, which cannot hold Chinese names; create it with ENCODING 'UTF8'"
        )


def _key(name: str) -> int:
    """Return the advisory lock of a name, as the signed 64 bits that PostgreSQL takes."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
