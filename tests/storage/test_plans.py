"""How the database finds what one person asks for: by an index, never by reading every stage of the city."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import event, update

from obligations.authority import RulingKind
from obligations.notice import Level
from storage import checklist, organisations, overview, ruled
from storage.database import Session
from storage.models import Stage
from tests.engines import only_sqlite
from tests.storage.bureau import Bureau, at

TODAY = date(2024, 3, 5)

# What is looked at is SQLite's own answer. PostgreSQL chooses by how much there is: see `test_postgres`.
pytestmark = only_sqlite


def plan(bureau: Bureau, work: Callable[[Session], object]) -> list[str]:
    """Return how every statement of a piece of work on stages is answered, a line for each table read."""
    seen: list[tuple[str, tuple[object, ...]]] = []

    def run(session: Session) -> list[str]:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *given: seen.append((given[2], given[3])))
        work(session)
        cursor = connection.connection.cursor()
        found = []
        for statement, parameters in tuple(seen):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # the statement just made
            found += [row[3] for row in cursor.fetchall()]
        return [line for line in found if " stage" in line]

    return bureau.database.read(run)


def assert_by(index: str, lines: list[str]) -> None:
    """Assert that no statement reads every stage and one at least uses the index."""
    assert not [line for line in lines if line.startswith("SCAN stage")]
    assert any(f"INDEX {index} " in line for line in lines), lines


def test_a_checklist_is_read_by_its_actor(bureau: Bureau) -> None:
    def work(session: Session) -> None:
        unit = organisations.get(session, bureau.mill)
        checklist.of_organisation(session, bureau.law, unit, now=at("2024-03-05 10:00"))

    assert_by("ix_stage_actor_id", plan(bureau, work))


def test_a_unit_is_read_by_its_subject(bureau: Bureau) -> None:
    assert_by("ix_stage_subject_id", plan(bureau, lambda s: overview.of_unit(s, bureau.mill, today=TODAY)))


@pytest.mark.parametrize("level", [Level.UNIT, Level.DISTRICT, Level.MUNICIPAL])
def test_what_a_ruling_changed_is_read_by_the_ruling(bureau: Bureau, level: Level) -> None:
    bureau.decree("2024-02-10 10:00", RulingKind.EXTEND, "city", stage="unit", until=date(2024, 2, 28))
    ruling = bureau.stage(0).ruling_id
    office = {Level.UNIT: bureau.mill, Level.DISTRICT: bureau.north, Level.MUNICIPAL: bureau.city}[level]
    totals = []

    def work(session: Session) -> None:
        totals.append(ruled.concerning(session, {"ruling": ruling}, office, level, limit=5)[1])

    lines = plan(bureau, work)
    assert totals == [{Level.UNIT: 1, Level.DISTRICT: 2, Level.MUNICIPAL: 3}[level]]
    assert not [line for line in lines if line.startswith("SCAN stage")]
    assert not [line for line in lines if "obligation" in line]


@pytest.mark.parametrize(
    ("level", "index"),
    [(Level.UNIT, "ix_stage_subject_id"), (Level.DISTRICT, "ix_stage_district_pending")],
)
def test_what_a_notice_moved_is_read_by_the_office_first(bureau: Bureau, level: Level, index: str) -> None:
    office = bureau.mill if level is Level.UNIT else bureau.north
    moved = update(Stage).where(Stage.position == 0).values(moved_from=date(2024, 3, 1))
    bureau.database.write(lambda session: session.execute(moved).close())
    facts = {"redated": [["monthly-evidence", "2024-01", "unit", bureau.stage(0).dated_by]]}
    totals = []

    def work(session: Session) -> None:
        totals.append(ruled.concerning(session, facts, office, level, limit=5)[1])

    assert_by(index, plan(bureau, work))
    assert totals == [1 if level is Level.UNIT else 2]
