"""What every test may ask for: a migrated, empty database of its own, and the law that ships."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from obligations.law import Law
from storage.database import Database

# How long an example takes depends on the machine, and is no property of the code.
settings.register_profile("duewatch", deadline=None)
settings.load_profile("duewatch")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated, empty database that tests copy: migrating once is quicker than for every test."""
    path = tmp_path_factory.mktemp("migrated") / "duewatch.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    path = tmp_path / "duewatch.db"
    path.write_bytes(migrated_file.read_bytes())
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def law() -> Law:
    return Law.shipped()
