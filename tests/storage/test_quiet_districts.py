"""A district is quiet exactly where every list of its daily digest is empty."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from obligations.law import Law
from obligations.notice import Level
from sandbox.city import sample_registry
from sandbox.people import act
from storage import contacts, overview, registry
from storage.database import Database, Session
from storage.materialise import materialise
from storage.models import Organisation
from storage.organisations import Scope

START = datetime(2024, 1, 15, 1, 0, tzinfo=UTC)
DAYS = (date(2024, 1, 16), date(2024, 1, 31), date(2024, 2, 16), date(2024, 2, 21), date(2024, 3, 12))


@pytest.fixture
def city(database: Database, law: Law) -> Database:
    def load(session: Session) -> None:
        registry.load(session, sample_registry(30), now=START)
        materialise(session, law, since=date(2024, 1, 15), through=date(2024, 4, 1), now=START)
        _, address = contacts.bound(session, registry.CHANNEL)[-1]
        contacts.unbind(session, registry.CHANNEL, address, reason="blocked", now=START)

    database.write(load)
    return database


def silent(session: Session, district_id: int, today: date) -> bool:
    scope = Scope(level=Level.DISTRICT, organisation_id=district_id)
    lists = (
        overview.overdue(session, scope, today=today).items,
        overview.waiting_for_check(session, district_id).items,
        overview.blocked(session, scope, today=today).items,
        overview.due_next(session, scope, today=today).items,
        overview.without_contact(session, scope, on=today),
        overview.undeliverable(session, scope),
    )
    return not any(lists)


async def test_a_district_is_quiet_exactly_where_its_lists_are_empty(city: Database, law: Law) -> None:
    seen, acted_to = set(), START
    for today in DAYS:
        until = datetime(today.year, today.month, today.day, 0, 30, tzinfo=UTC) + timedelta(hours=1)
        await act(city, law, since=acted_to, until=until, played=frozenset())
        acted_to = until

        def told(session: Session, today: date = today) -> tuple[set[int], set[int]]:
            districts = session.scalars(
                select(Organisation.id).where(Organisation.level == Level.DISTRICT)
            ).all()
            quiet = overview.quiet_districts(session, today=today)
            return {each for each in districts if silent(session, each, today)}, set(quiet)

        empty, quiet = city.read(told)
        assert quiet == empty, today
        seen.add((bool(quiet), len(quiet) < 42))
    assert (True, True) in seen
