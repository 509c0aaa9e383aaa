"""What every test may ask for: a migrated, empty database of its own, and the law that ships."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from obligations.law import Law
from storage.database import Database
from tests import postgres

# How long an example takes depends on the machine, and is no property of the code.
settings.register_profile("duewatch", deadline=None, max_examples=60)
settings.load_profile("duewatch")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated, empty database that tests copy: migrating once is quicker than for every test."""
    path = tmp_path_factory.mktemp("migrated") / "duewatch.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """Return a PostgreSQL server of this test process; a test that needs it fails where it does not start."""
    with postgres.Server.started() as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    """Return the URL of a migrated, empty database in a file."""
    path = tmp_path / "duewatch.db"
    path.write_bytes(migrated_file.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: postgres.Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a migrated, empty database on PostgreSQL; several processes may open it."""
    request.node.user_properties.append((_RAN_ON, str(postgres.version())))
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def postgresql_url(postgres_url: str) -> str:
    """Return `postgres_url`, by the name that the engine has."""
    return postgres_url


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Return the URL of the database that `database` opens; rooms that run on both engines have one of their own."""
    return sqlite_url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def law() -> Law:
    return Law.shipped()


_RAN_ON = "ran on"


def pytest_xdist_auto_num_workers() -> int:
    """Use one worker more than there are cores: some tests wait for real processes, and cost no time of a core."""
    return (os.cpu_count() or 1) + 1


def pytest_report_header() -> str:
    return f"database server: {postgres.version() or 'none, so that the tests that need one will fail'}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran on which server."""
    counts: dict[str, int] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        if report.when == "call":
            for name, value in report.user_properties:
                if name == _RAN_ON:
                    counts[value] = counts.get(value, 0) + 1
    for name, number in sorted(counts.items()):
        terminalreporter.write_sep("-", f"{number} tests ran on {name}")
