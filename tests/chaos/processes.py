"""Real `duewatch run` processes on one database: started, killed, frozen and cut off, each by its own number and id."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from storage.postgres import _WRITER

_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-c", "from bot.cli import main; main()", "run")
_PATIENCE = 30
_READY = "serving as @"
_LEADERS_HOLDS = 2
"""The leader holds its own name and the leader's."""


@dataclass(slots=True)
class Clock:
    """The instant that the processes are told: it starts where it is put, goes on with real time, and can be moved on."""

    started_at: datetime
    began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """Return the instant, aware."""
        return self.started_at + timedelta(seconds=time.monotonic() - self.began)

    def move_on(self, by: timedelta) -> None:
        """Move it on; processes that run already do not learn of it."""
        self.started_at += by


@dataclass(slots=True, kw_only=True)
class Process:
    """One `duewatch run` by its number, over a folder of its own; it may be started again after it ended."""

    number: int
    folder: Path
    environment: dict[str, str]
    clock: Clock
    skew: float
    started: int = 0
    running: subprocess.Popen[bytes] | None = None
    frozen: bool = False

    @property
    def alive(self) -> bool:
        """Whether it runs, be it frozen."""
        return self.running is not None and self.running.poll() is None

    @property
    def log(self) -> Path:
        """Where what it says now is kept."""
        return self.folder / f"{self.started}.log"

    @property
    def ready(self) -> bool:
        """Whether it has said that it serves."""
        return _READY in self.log.read_text(errors="replace")

    def start(self) -> None:
        """Start it, with the clock as it is now."""
        assert not self.alive
        self.started += 1
        self.frozen = False
        at = self.clock.now() + timedelta(seconds=self.skew)
        with self.log.open("wb") as log:
            self.running = subprocess.Popen(
                _COMMAND,
                cwd=_ROOT,
                env={**self.environment, "DUEWATCH_NOW": at.isoformat()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self.running is not None and self.running.poll() is None:
            self.running.kill()
            self.running.wait(_PATIENCE)

    def freeze(self) -> None:
        """Let it stand still."""
        if self.running is not None and self.running.poll() is None:
            self.running.send_signal(signal.SIGSTOP)
            self.frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        if self.frozen and self.running is not None and self.running.poll() is None:
            self.running.send_signal(signal.SIGCONT)
        self.frozen = False

    def stop(self) -> None:
        """Ask it to end; `ended` says how it did."""
        if self.running is not None and self.running.poll() is None:
            self.running.terminate()

    def ended(self) -> int | None:
        """Return its exit status; None where it has not ended within half a minute."""
        assert self.running is not None
        try:
            return self.running.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return None

    def said(self, most: int = 40) -> str:
        """Return the last lines it said, of all its lives."""
        lines = [line for n in range(1, self.started + 1) for line in self._lines(n)]
        return "\n".join(lines[-most:])

    def _lines(self, life: int) -> list[str]:
        text = (self.folder / f"{life}.log").read_text(errors="replace")
        return [f"[{self.number}.{life}] {line}" for line in text.splitlines()]


@contextmanager
def processes(
    count: int,
    *,
    folder: Path,
    api_url: str,
    token: str,
    database_url: str,
    clock: Clock,
    skews: tuple[float, ...],
) -> Iterator[list[Process]]:
    """Make processes ready to be started; in the end each that still runs is killed, whatever happened."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("DUEWATCH_")}
    all_of_them = []
    for number in range(count):
        own = folder / f"process-{number}"
        own.mkdir()
        environment = {
            **inherited,
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "DUEWATCH_TELEGRAM_TOKEN": token,
            "DUEWATCH_TELEGRAM_API_URL": api_url,
            "DUEWATCH_DATABASE_URL": as_user(database_url, number),
            "DUEWATCH_DATA_DIR": str(own / "data"),
            "DUEWATCH_LISTEN": "off",
        }
        all_of_them.append(
            Process(number=number, folder=own, environment=environment, clock=clock, skew=skews[number])
        )
    try:
        yield all_of_them
    finally:
        for process in all_of_them:
            process.kill()


# On PostgreSQL each process is a user of its own: so its connections can be told from the others'.


def as_user(database_url: str, number: int) -> str:
    """Return the URL by which a process connects."""
    if not database_url.startswith("postgresql://"):
        return database_url
    name = urlsplit(database_url).netloc
    return database_url.replace(f"//{name}", f"//{_user(number)}@", 1)


def admit(database_url: str, count: int) -> None:
    """Make the users; one that is there stays."""
    with _connected(database_url) as connection:
        for number in range(count):
            make = sql.SQL("CREATE ROLE {} SUPERUSER LOGIN").format(sql.Identifier(_user(number)))
            with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                connection.execute(make)


def cut(database_url: str, number: int) -> None:
    """End every connection of a process to this database."""
    with _connected(database_url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = %s AND datname = current_database()",
            [_user(number)],
        )


def leader(database_url: str, count: int) -> int | None:
    """Return the number of the process that leads, by what each holds; None where nobody does, as on SQLite."""
    if not database_url.startswith("postgresql://"):
        return None
    high, low = divmod(_WRITER, 2**32)
    with _connected(database_url) as connection:
        rows = connection.execute(
            "SELECT usename FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
            " AND NOT (classid = %s::oid AND objid = %s::oid)",
            [high, low],
        ).fetchall()
    held = Counter(name for (name,) in rows)
    return next((n for n in range(count) if held[_user(n)] >= _LEADERS_HOLDS), None)


def _user(number: int) -> str:
    return f"process_{number}"


def _connected(database_url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(database_url, autocommit=True)
