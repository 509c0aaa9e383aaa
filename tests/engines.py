"""On which engines a test runs: rooms whose tests run on both use `on_both` in their conftest.

A test that is about one of them says so with `only_sqlite` or `only_postgresql`.
"""

import pytest

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def on_both(request: pytest.FixtureRequest) -> str:
    """Return the URL of a migrated, empty database of each engine in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
