import pytest

from obligations.law import Law
from storage.database import Database
from tests.engines import on_both as database_url  # noqa: F401  # a fixture
from tests.jobs.town import Town


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)
