import pytest

from obligations.law import Law
from storage.database import Database
from tests.jobs.town import Town


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)
