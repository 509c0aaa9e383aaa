"""The checklist as it is stored: what is counted, in which order, for whom, and for how long what is done stays."""

from datetime import date

import pytest

from obligations.decisions import Status
from obligations.notice import Level
from storage import checklist, decisions, organisations
from storage.checklist import Line
from storage.database import Session
from storage.materialise import materialise
from storage.models import Organisation, Stage
from storage.organisations import Scope
from tests.storage.bureau import Bureau, at

MARCH = at("2024-03-05 10:00")


@pytest.fixture
def made(bureau: Bureau) -> Bureau:
    """The city with the duties of 1 January to 5 March 2024 made."""
    bureau.database.write(
        lambda session: materialise(
            session, bureau.law, since=date(2024, 1, 1), through=date(2024, 3, 5), now=MARCH
        )
    )
    return bureau


def lines(bureau: Bureau, organisation: int, when: str = "2024-03-05 10:00") -> dict[str, Line]:
    """Return an organisation's checklist by duty and stage."""

    def work(session: Session) -> tuple[Line, ...]:
        found = organisations.get(session, organisation)
        return checklist.of_organisation(session, bureau.law, found, now=at(when))

    return {f"{line.duty}/{line.step.name}": line for line in bureau.database.read(work)}


def test_the_months_of_one_duty_are_counted_in_one_line(made: Bureau) -> None:
    film = lines(made, made.mill)["coal-sample-film/unit"]
    assert [(str(count.period), count.open, count.done) for count in film.counts] == [
        ("2024-01", 1, 0),
        ("2024-02", 1, 0),
        ("2024-03", 1, 0),
    ]
    assert (film.open, film.total, film.done, film.own, film.waits) == (3, 3, False, True, False)


def test_what_is_dated_is_not_in_it(made: Bureau) -> None:
    found = lines(made, made.mill)
    assert "monthly-evidence/unit" not in found
    assert "coal-sample-retention/unit" not in found


def test_the_notices_order_holds_and_what_waits_comes_after_it(made: Bureau) -> None:
    found = list(lines(made, made.city).values())
    groups = [(line.supervised, line.waits) for line in found]
    assert groups == sorted(groups)
    own = [line.step.clause for line in found if not line.waits and line.notice.authority == "municipal"]
    assert own[:2] == ["一 ¶2", "二(五)"]
    waiting = [line for line in found if line.waits]
    assert {line.set_by for line in waiting} == {Level.MUNICIPAL}
    assert "pre-allocation" in {line.duty for line in waiting}


def test_a_check_of_many_units_is_one_line_with_counts(made: Bureau) -> None:
    def work(session: Session) -> None:
        materialise(
            session, made.law, since=date(2024, 9, 1), through=date(2024, 12, 1), now=at("2024-09-01 10:00")
        )

    made.database.write(work)
    line = lines(made, made.city, "2024-10-01 10:00")["quality-plan/municipal"]
    assert not line.own
    assert [(str(count.period), count.open, count.blocked, count.total) for count in line.counts] == [
        ("2025", 0, 3, 3)
    ]


def test_what_is_done_stays_while_its_period_lasts_or_for_a_month(made: Bureau) -> None:
    ids = {count.period: count.first for count in lines(made, made.mill)["coal-sample-film/unit"].counts}
    by = made.actor(Level.UNIT)

    def work(session: Session) -> None:
        for stage_id in ids.values():
            decisions.submit(session, made.law, stage_id, by=by, now=MARCH)

    made.database.write(work)
    done = lines(made, made.mill, "2024-03-31 23:59")["coal-sample-film/unit"]
    assert done.done
    assert len(done.counts) == 3
    assert "coal-sample-film/unit" in lines(made, made.mill, "2024-04-05 10:00")
    assert "coal-sample-film/unit" not in lines(made, made.mill, "2024-04-06 10:00")


def test_what_was_let_go_is_not_counted_as_done(made: Bureau) -> None:
    duty = "accounting-parameters/unit"
    (open_,) = lines(made, made.mill)[duty].counts
    assert (open_.done, open_.waived) == (0, 0)

    def work(session: Session) -> None:
        session.get_one(Stage, open_.first).status = Status.WAIVED
        session.get_one(Stage, open_.first).decided_at = MARCH

    made.database.write(work)
    line = lines(made, made.mill)[duty]
    (count,) = line.counts
    assert (count.open, count.done, count.waived, count.total) == (0, 0, 1, 1)
    assert (line.done, line.waived) == (True, True)


def test_the_stages_of_a_line_begin_with_what_can_be_done(made: Bureau) -> None:
    counts = lines(made, made.mill)["coal-sample-film/unit"].counts
    by = made.actor(Level.UNIT)
    scope = Scope(level=Level.UNIT, organisation_id=made.mill)
    made.database.write(
        lambda session: decisions.submit(session, made.law, counts[0].first, by=by, now=MARCH)
    )

    def work(session: Session) -> list[tuple[str, Status]]:
        stage = session.get_one(Stage, counts[1].first)
        page = checklist.stages(session, stage, scope, now=MARCH, limit=2)
        rest = checklist.stages(session, stage, scope, now=MARCH, limit=2, offset=2)
        assert (page.total, rest.total) == (3, 3)
        return [(item.period, item.status) for item in (*page.items, *rest.items)]

    assert made.database.read(work) == [
        ("2024-02", Status.OPEN),
        ("2024-03", Status.OPEN),
        ("2024-01", Status.ACCEPTED),
    ]


def test_of_an_offices_line_each_reader_is_shown_what_is_theirs_to_see(made: Bureau) -> None:
    made.database.write(
        lambda session: materialise(
            session, made.law, since=date(2024, 9, 1), through=date(2024, 12, 1), now=at("2024-09-01 10:00")
        )
    )
    count = lines(made, made.city, "2024-10-01 10:00")["quality-plan/municipal"].counts[0]

    def seen(level: Level, organisation: int) -> tuple[set[int], int]:
        def work(session: Session) -> tuple[set[int], int]:
            stage = session.get_one(Stage, count.first)
            scope = Scope(level=level, organisation_id=organisation)
            page = checklist.stages(session, stage, scope, now=at("2024-10-01 10:00"), limit=9)
            return {item.subject_id for item in page.items}, page.total

        return made.database.read(work)

    everyone, total = seen(Level.MUNICIPAL, made.city)
    assert {made.mill, made.kiln} < everyone
    assert total == len(everyone) == 3
    assert seen(Level.DISTRICT, made.north) == ({made.mill, made.kiln}, 2)
    assert seen(Level.UNIT, made.mill) == ({made.mill}, 1)


def test_one_organisations_list_holds_nothing_of_another(made: Bureau) -> None:
    of_mill = lines(made, made.mill)["coal-sample-film/unit"].counts
    of_kiln = lines(made, made.kiln)["coal-sample-film/unit"].counts
    assert not {count.first for count in of_mill} & {count.first for count in of_kiln}
    assert all(line.step.actor is Level.DISTRICT for line in lines(made, made.north).values())


def test_what_agencies_owe_is_theirs_where_one_is_registered(made: Bureau) -> None:
    assert lines(made, made.city)["agency-controls/agency"].supervised

    def register(session: Session) -> int:
        agency = Organisation(
            code="A1",
            level=Level.AGENCY,
            name="某检测机构",
            short_name="某检测机构",
            english_name="A laboratory",
        )
        session.add(agency)
        session.flush()
        materialise(session, made.law, since=date(2024, 3, 5), through=date(2024, 3, 5), now=MARCH)
        return agency.id

    agency = made.database.write(register)
    assert "agency-controls/agency" not in lines(made, made.city)
    own = lines(made, agency)["agency-controls/agency"]
    assert (own.open, own.supervised) == (1, False)


def test_what_can_be_handed_over_is_offered_for_a_file(made: Bureau) -> None:
    found = made.database.read(lambda session: checklist.to_do(session, made.mill, limit=100))
    assert {item.rule for item in found} >= {
        "coal-sample-film",
        "coal-sample-portion",
        "accounting-parameters",
    }
    assert all(item.due_on is None for item in found)
