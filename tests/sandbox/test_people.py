"""The made-up people act by their unit's behaviour, in the order of things, and the same way every time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level
from sandbox.city import YUBEI, Behaviour, behaviour_of, sample_registry
from sandbox.people import act
from storage import registry
from storage.database import Database
from storage.evidence import EvidenceFolder
from storage.materialise import materialise
from storage.models import Event, Evidence, Organisation, Stage
from storage.types import local_date

START = datetime(2024, 1, 31, 16, 0, tzinfo=UTC)
END = START + timedelta(days=45)
NOBODY: frozenset[int] = frozenset()


@pytest.fixture
def city(database: Database, law: Law) -> Database:
    database.write(lambda s: registry.load(s, sample_registry(21), now=START))
    first = local_date(START)
    database.write(lambda s: materialise(s, law, since=first, through=first + timedelta(days=60), now=START))
    return database


async def live(database: Database, law: Law, *, step: timedelta, played: frozenset[int] = NOBODY) -> int:
    done, at = 0, START
    while at < END:
        done += await act(database, law, since=at, until=min(at + step, END), played=played)
        at += step
    return done


def evidence_stages(
    database: Database, level: Level
) -> Sequence[tuple[str, Status, date | None, date | None]]:
    query = (
        select(Organisation.code, Stage.status, Stage.due_on, Stage.submitted_at)
        .join(Organisation, Organisation.id == Stage.subject_id)
        .where(Stage.rule == "monthly-evidence", Stage.period == "2024-01", Stage.actor_level == level)
        .order_by(Organisation.code)
    )
    rows = database.read(lambda s: s.execute(query).all())
    return [(code, status, due, None if at is None else local_date(at)) for code, status, due, at in rows]


async def test_each_unit_keeps_to_its_behaviour(city: Database, law: Law) -> None:
    await live(city, law, step=timedelta(hours=6))
    seen = set()
    for code, status, due_on, submitted_on in evidence_stages(city, Level.UNIT):
        behaviour = behaviour_of(code)
        newcomer = code == sample_registry(3).organisations[-1].credit_code
        seen.add(behaviour)
        assert due_on == date(2024, 2, 20)
        if behaviour is Behaviour.SILENT or newcomer:
            assert (status, submitted_on) == (Status.OPEN, None)
            continue
        assert status is Status.ACCEPTED
        assert submitted_on is not None
        match behaviour:
            case Behaviour.LATE:
                assert due_on < submitted_on <= date(2024, 2, 29)
            case Behaviour.LAST_MINUTE:
                assert date(2024, 2, 19) <= submitted_on <= due_on
            case Behaviour.PUNCTUAL:
                assert submitted_on <= date(2024, 2, 17)
            case _:
                assert submitted_on <= date(2024, 2, 22)
    assert seen == set(Behaviour)


async def test_checks_follow_and_the_city_accepts(city: Database, law: Law) -> None:
    await live(city, law, step=timedelta(hours=6))
    units = {code: at for code, _, _, at in evidence_stages(city, Level.UNIT)}
    for level in (Level.DISTRICT, Level.MUNICIPAL):
        for code, status, _, _ in evidence_stages(city, level):
            assert (status is Status.ACCEPTED) is (units[code] is not None)


async def test_a_unit_that_is_returned_once_mends_it(city: Database, law: Law) -> None:
    await live(city, law, step=timedelta(hours=6))
    query = (
        select(Organisation.code, func.count())
        .join(Stage, Stage.subject_id == Organisation.id)
        .join(Event, Event.stage_id == Stage.id)
        .where(Event.kind == "return", Stage.rule == "monthly-evidence", Stage.period == "2024-01")
        .group_by(Organisation.code)
    )
    returned = {row[0]: row[1] for row in city.read(lambda s: s.execute(query).all())}
    assert returned
    assert set(returned.values()) == {1}
    assert {behaviour_of(code) for code in returned} == {Behaviour.RETURNED_ONCE}


async def test_nobody_acts_for_those_who_are_played(city: Database, law: Law) -> None:
    everyone = city.read(lambda s: frozenset(s.scalars(select(Organisation.id))))
    assert await live(city, law, step=timedelta(days=5), played=everyone) == 0


async def test_a_played_municipality_still_checks_the_districts_that_nobody_plays(
    city: Database, law: Law
) -> None:
    played = city.read(
        lambda s: frozenset(
            s.scalars(select(Organisation.id).where(Organisation.code.in_(["500000", YUBEI])))
        )
    )
    await live(city, law, step=timedelta(days=5), played=played)
    ours = (
        select(Organisation.code)
        .join(Stage, Stage.subject_id == Organisation.id)
        .where(Stage.district_id.in_(played))
    )
    yubei = city.read(lambda s: frozenset(s.scalars(ours)))
    by_place = {code in yubei: set[Status]() for code, *_ in evidence_stages(city, Level.UNIT)}
    for code, status, _, _ in evidence_stages(city, Level.DISTRICT):
        by_place[code in yubei].add(status)
    assert Status.ACCEPTED in by_place[False]
    assert Status.ACCEPTED not in by_place[True]


async def test_acting_again_up_to_the_same_instant_changes_nothing(city: Database, law: Law) -> None:
    assert await act(city, law, since=START, until=END, played=NOBODY) > 0
    assert await act(city, law, since=START, until=END, played=NOBODY) == 0


async def test_one_long_step_comes_to_what_many_short_ones_do(
    city: Database, law: Law, tmp_path: Path
) -> None:
    other = Database(f"sqlite:///{tmp_path}/copy.db")
    other.path.write_bytes(city.path.read_bytes())
    for wal in city.path.parent.glob(city.path.name + "-wal"):
        (tmp_path / "copy.db-wal").write_bytes(wal.read_bytes())
    await live(city, law, step=timedelta(hours=6))
    await live(other, law, step=timedelta(days=45))
    for level in (Level.UNIT, Level.DISTRICT, Level.MUNICIPAL):
        assert evidence_stages(city, level) == evidence_stages(other, level)
    other.close()


async def test_some_units_send_a_file_that_can_be_opened(city: Database, law: Law, tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path / "evidence")
    await act(city, law, since=START, until=END, played=NOBODY, folder=folder)
    files = city.read(lambda s: s.execute(select(Evidence.sha256, Evidence.name)).all())
    assert files
    for sha256, name in files:
        assert "示例" in name
        assert "内容虚构" in folder.path(sha256).read_text(encoding="utf-8")
