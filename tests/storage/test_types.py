"""Instants are aware UTC however they were given, and days are counted in Shanghai."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import StatementError

from storage.database import Database
from storage.models import InboundUpdate
from storage.types import NOTICE_ZONE, UtcDateTime, local_date
from tests.engines import only_sqlite

DIALECTS = [make_url(url).get_dialect()() for url in ("sqlite://", "postgresql+psycopg://")]


def update(received_at: datetime) -> InboundUpdate:
    return InboundUpdate(update_id=1, chat_id=None, payload={}, received_at=received_at, attempts=0)


def test_a_naive_instant_is_not_stored(database: Database) -> None:
    naive = datetime(2024, 2, 18, 10, 0)  # noqa: DTZ001  # what is to be refused
    with pytest.raises(StatementError, match="has no time zone"):
        database.write(lambda session: session.add(update(naive)))
    assert database.read(lambda session: session.get(InboundUpdate, 1)) is None


def test_a_naive_instant_is_not_searched_for(database: Database) -> None:
    naive = datetime(2024, 2, 18, 10, 0)  # noqa: DTZ001  # likewise
    with pytest.raises(StatementError, match="has no time zone"):
        database.read(
            lambda session: session.query(InboundUpdate).filter(InboundUpdate.handled_at < naive).all()
        )


@only_sqlite
def test_an_instant_comes_back_in_utc_from_a_file_that_keeps_no_zone(database: Database) -> None:
    given_at = datetime(2024, 2, 18, 10, 0, 0, 123456, tzinfo=NOTICE_ZONE)
    database.write(lambda session: session.add(update(given_at)))
    kept = database.read(lambda session: session.get_one(InboundUpdate, 1).received_at)
    raw = database.read(lambda session: session.scalar(text("SELECT received_at FROM inbound_update")))
    assert kept == given_at
    assert kept.tzinfo is UTC
    assert raw == "2024-02-18 02:00:00.123456"


@given(
    instant=st.datetimes(
        min_value=datetime(1900, 1, 1),  # noqa: DTZ001  # Hypothesis takes the bounds without a zone
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001  # likewise
        timezones=st.timezones(),
    ),
    dialect=st.sampled_from(DIALECTS),
)
def test_every_aware_instant_survives_storage(instant: datetime, dialect: Dialect) -> None:
    column = UtcDateTime()
    restored = column.process_result_value(column.process_bind_param(instant, dialect), dialect)
    assert restored is not None
    assert restored == instant.astimezone(UTC)
    assert restored.tzinfo is UTC


def test_a_driver_that_answers_in_its_own_zone_is_brought_to_utc() -> None:
    answered = datetime(2024, 2, 18, 5, 0, tzinfo=timezone(timedelta(hours=3)))
    restored = UtcDateTime().process_result_value(answered, DIALECTS[1])
    assert restored == datetime(2024, 2, 18, 2, 0, tzinfo=UTC)
    assert restored.tzinfo is UTC


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_instant_stays_no_instant(dialect: Dialect) -> None:
    column = UtcDateTime()
    assert column.process_bind_param(None, dialect) is None
    assert column.process_result_value(None, dialect) is None


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2024, 2, 20, 15, 59, 59, 999999, tzinfo=UTC), date(2024, 2, 20)),
        (datetime(2024, 2, 20, 16, 0, tzinfo=UTC), date(2024, 2, 21)),
        (datetime(2024, 2, 20, 0, 0, tzinfo=NOTICE_ZONE), date(2024, 2, 20)),
        (datetime(2024, 2, 20, 23, 59, 59, 999999, tzinfo=NOTICE_ZONE), date(2024, 2, 20)),
        (datetime(2023, 12, 31, 16, 0, tzinfo=UTC), date(2024, 1, 1)),
        (datetime(2024, 2, 20, 23, 0, tzinfo=timezone(timedelta(hours=-8))), date(2024, 2, 21)),
    ],
)
def test_a_day_changes_at_midnight_in_shanghai(instant: datetime, day: date) -> None:
    assert local_date(instant) == day


def test_a_naive_instant_has_no_day() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        local_date(datetime(2024, 2, 20, 12, 0))  # noqa: DTZ001  # what is to be refused
