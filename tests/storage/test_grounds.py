"""What a stage's date counts from, read from the record, and which stages a question about a date may mean."""

from datetime import date

from obligations.deadlines import Facts
from obligations.law import Law
from obligations.notice import Level
from storage import grounds
from storage.database import Session
from storage.models import Stage
from storage.organisations import Scope
from tests.storage.bureau import DISTRICT, MUNICIPAL, UNIT, Bureau


def facts(bureau: Bureau, position: int) -> Facts:
    stage_id = bureau.stage(position).id
    return bureau.database.read(lambda session: grounds.facts_of(session, session.get_one(Stage, stage_id)))


def correction(bureau: Bureau, law: Law, position: int) -> grounds.Correction | None:
    stage_id = bureau.stage(position).id
    return bureau.database.read(
        lambda session: grounds.correction_of(session, law, session.get_one(Stage, stage_id))
    )


def test_nothing_happened_yet(bureau: Bureau) -> None:
    assert all(facts(bureau, position) == Facts() for position in (UNIT, DISTRICT, MUNICIPAL))


def test_every_hand_over_counts_as_recorded_until_it_is_taken_back(bureau: Bureau) -> None:
    bureau.submit("2024-02-15 23:59")
    assert facts(bureau, DISTRICT).submitted_on == (date(2024, 2, 15),)
    bureau.send_back("2024-02-19 10:00")
    assert facts(bureau, DISTRICT).submitted_on == ()
    bureau.submit("2024-02-20 00:00")
    assert facts(bureau, DISTRICT).submitted_on == (date(2024, 2, 15), date(2024, 2, 20))
    bureau.accept("2024-02-21 09:00")
    assert facts(bureau, MUNICIPAL).submitted_on == (date(2024, 2, 21),)


def test_a_return_is_explained_by_the_rule_of_corrections(bureau: Bureau, law: Law) -> None:
    bureau.submit("2024-02-08 10:00")
    assert correction(bureau, law, UNIT) is None
    bureau.send_back("2024-02-09 10:00")
    found = correction(bureau, law, UNIT)
    assert found is not None
    assert found.found_on == date(2024, 2, 9)
    # The Spring Festival is off from the 10th to the 17th; Sunday the 18th is worked in exchange.
    assert found.bound.date.due_on == bureau.stage(UNIT).act_by_on == date(2024, 2, 20)


def asked(
    bureau: Bureau, level: Level, organisation: int, **named: object
) -> list[tuple[str, str, date | None]]:
    def work(session: Session) -> list[tuple[str, str, date | None]]:
        found = grounds.asked_about(
            session,
            Scope(level=level, organisation_id=organisation),
            today=date(2024, 2, 5),
            limit=6,
            **named,  # type: ignore[arg-type]  # whatever a test names
        )
        return [(item.rule, item.stage, item.act_by_on) for item in found]

    return bureau.database.read(work)


CHECK = ("monthly-evidence", "district", date(2024, 2, 25))
UPLOAD = ("monthly-evidence", "unit", date(2024, 2, 20))


def test_a_question_means_the_askers_own_step(bureau: Bureau) -> None:
    assert asked(bureau, Level.DISTRICT, bureau.north) == [CHECK]
    assert asked(bureau, Level.UNIT, bureau.mill) == [UPLOAD]


def test_where_none_of_ones_own_fits_it_means_another_within_the_scope(bureau: Bureau) -> None:
    assert asked(bureau, Level.DISTRICT, bureau.north, day=20) == [UPLOAD]
    assert asked(bureau, Level.UNIT, bureau.mill, day=25) == [CHECK]
    assert asked(bureau, Level.UNIT, bureau.mill, day=26) == []


def test_a_question_may_name_a_duty_and_a_period(bureau: Bureau) -> None:
    named = {"rules": ["monthly-evidence"], "period": "2024-01"}
    assert asked(bureau, Level.UNIT, bureau.mill, **named) == [UPLOAD]
    assert asked(bureau, Level.UNIT, bureau.mill, rules=["annual-report"]) == []
    assert asked(bureau, Level.UNIT, bureau.mill, period="2024-02") == []
