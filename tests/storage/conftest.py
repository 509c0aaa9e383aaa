"""The small city of `bureau`, for the tests that need somebody who owes something."""

import pytest

from obligations.law import Law
from storage.database import Database
from tests.engines import on_both as database_url  # noqa: F401  # a fixture
from tests.storage.bureau import Bureau, found


@pytest.fixture
def bureau(database: Database, law: Law) -> Bureau:
    return found(database, law)
