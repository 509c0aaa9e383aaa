"""What a missed date gives rise to by itself: a correction on the 21st, a rectification after a default. 二(五), 二(七)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, func, select

from obligations.authority import RulingKind
from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level, Sector
from obligations.periods import Period
from storage import arising, occurrences, overview, planning, rulings
from storage.conditions import is_due, is_overdue
from storage.corrections import withdraw as withdrawn
from storage.database import Database, Session
from storage.decisions import Actor
from storage.models import Event, NotificationKind, Occurrence, Stage
from storage.organisations import Scope
from storage.rulings import Order
from tests.jobs.town import Town
from tests.jobs.town import at as of_town
from tests.storage.bureau import DISTRICT, UNIT, Bureau, at

Correction = tuple[str, date | None, bool, datetime | None]


def open_missed(bureau: Bureau, when: str) -> int:
    return bureau.database.write(
        lambda session: arising.open_missed(session, bureau.law, now=at(when).astimezone(UTC))
    )


def corrections(bureau: Bureau) -> dict[str, Correction]:
    """Return each correction by its unit: where it stands, its date, whether it is handed over apart, and when it was."""

    def work(session: Session) -> dict[str, Correction]:
        names = {getattr(bureau, each): each for each in ("mill", "kiln", "dam")}
        return {
            names[stage.subject_id]: (stage.status.value, stage.act_by_on, stage.ready, stage.submitted_at)
            for stage in session.scalars(select(Stage).where(Stage.rule == "correction"))
        }

    return bureau.database.read(work)


def chain(bureau: Bureau) -> list[tuple[str, date | None, str]]:
    """Return the mill's chain of evidence: step, date, where it stands."""
    return [(each.name, each.act_by_on, each.status.value) for each in (bureau.stage(n) for n in range(3))]


@pytest.fixture
def bureau(bureau: Bureau) -> Bureau:
    """The bureau where `stage` finds the evidence though there is a correction as well."""

    class OfEvidence(Bureau):
        def stage(self, position: int, unit: str = "mill") -> Stage:
            def work(session: Session) -> Stage:
                stage = session.scalars(
                    select(Stage).where(
                        Stage.subject_id == getattr(self, unit),
                        Stage.position == position,
                        Stage.rule == "monthly-evidence",
                    )
                ).one()
                session.expunge_all()
                return stage

            return self.database.read(work)

    return OfEvidence(**{name: getattr(bureau, name) for name in Bureau.__dataclass_fields__})


class TestMissedEvidence:
    def test_opens_a_correction_on_the_21st_due_three_working_days_later(self, bureau: Bureau) -> None:
        assert open_missed(bureau, "2024-02-20 23:59") == 0
        assert open_missed(bureau, "2024-02-21 00:05") == 3
        # 21 February 2024 is a Wednesday: Thursday, Friday, and Monday the 26th.
        assert corrections(bureau)["mill"] == ("open", date(2024, 2, 26), False, None)

    def test_opens_it_once(self, bureau: Bureau) -> None:
        open_missed(bureau, "2024-02-21 00:05")
        assert open_missed(bureau, "2024-02-21 09:00") == 0
        assert open_missed(bureau, "2024-02-28 00:05") == 0
        assert (
            bureau.database.read(lambda session: session.scalar(select(func.count()).select_from(Occurrence)))
            == 3
        )

    def test_counts_from_the_21st_even_when_found_after_an_outage(self, bureau: Bureau) -> None:
        open_missed(bureau, "2024-02-29 00:05")
        assert corrections(bureau)["mill"][1] == date(2024, 2, 26)

    def test_moves_no_date_of_the_chain(self, bureau: Bureau) -> None:
        before = chain(bureau)
        open_missed(bureau, "2024-02-21 00:05")
        assert chain(bureau) == before

    def test_that_came_in_time_has_none(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-20 23:59")
        open_missed(bureau, "2024-02-21 00:05")
        assert set(corrections(bureau)) == {"kiln", "dam"}

    def test_that_was_returned_has_the_clock_of_its_return_and_no_second(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-18 10:00")
        bureau.send_back("2024-02-19 10:00")
        assert bureau.stage(UNIT).act_by_on == date(2024, 2, 22)
        open_missed(bureau, "2024-02-28 00:05")
        assert "mill" not in corrections(bureau)

    @pytest.mark.parametrize("status", [Status.WAIVED, Status.ACCEPTED])
    def test_that_was_settled_has_none(self, bureau: Bureau, status: Status) -> None:
        mill = bureau.stage(UNIT).id

        def settle(session: Session) -> None:
            session.get_one(Stage, mill).status = status

        bureau.database.write(settle)
        open_missed(bureau, "2024-02-21 00:05")
        assert "mill" not in corrections(bureau)

    def test_that_was_extended_has_one_the_day_after_the_later_date(self, bureau: Bureau) -> None:
        mill = bureau.stage(UNIT).id

        def extend(session: Session) -> None:
            stage = session.get_one(Stage, mill)
            stage.act_by_on = stage.extended_to = date(2024, 2, 23)

        bureau.database.write(extend)
        open_missed(bureau, "2024-02-23 23:59")
        assert "mill" not in corrections(bureau)
        open_missed(bureau, "2024-02-24 00:05")
        # Saturday the 24th: Monday, Tuesday, Wednesday the 28th.
        assert corrections(bureau)["mill"][1] == date(2024, 2, 28)

    def test_that_is_extended_after_its_correction_opened_is_corrected_after_the_later_date(
        self, bureau: Bureau
    ) -> None:
        open_missed(bureau, "2024-02-21 00:05")
        bureau.extend("2024-02-21 10:00", UNIT, "2024-03-15")
        evidence = bureau.stage(UNIT).id
        assert corrections(bureau)["mill"][0] == "waived"
        assert corrections(bureau)["kiln"][0] == "open"
        assert bureau.database.read(lambda session: overview.item(session, evidence).correct_by_on) is None
        assert open_missed(bureau, "2024-03-15 23:59") == 0
        assert open_missed(bureau, "2024-03-16 00:05") == 1
        assert open_missed(bureau, "2024-03-17 00:05") == 0
        # Saturday the 16th: Monday, Tuesday, Wednesday the 20th.
        assert bureau.database.read(lambda session: overview.item(session, evidence).correct_by_on) == date(
            2024, 3, 20
        )
        bureau.submit("2024-03-18 10:00")
        assert corrections(bureau)["mill"][0] == "submitted"

    def test_is_handed_over_with_the_evidence_and_accepted_with_it(self, bureau: Bureau) -> None:
        open_missed(bureau, "2024-02-21 00:05")
        bureau.submit("2024-02-22 10:00")
        assert corrections(bureau)["mill"] == ("submitted", date(2024, 2, 26), False, at("2024-02-22 10:00"))
        bureau.accept("2024-02-23 10:00")
        assert corrections(bureau)["mill"][0] == "accepted"
        assert corrections(bureau)["kiln"][0] == "open"

    def test_stays_handed_over_when_the_evidence_comes_back(self, bureau: Bureau) -> None:
        open_missed(bureau, "2024-02-21 00:05")
        bureau.submit("2024-02-22 10:00")
        bureau.send_back("2024-02-23 10:00")
        assert corrections(bureau)["mill"][0] == "submitted"
        assert bureau.stage(UNIT).act_by_on == date(2024, 2, 28)
        open_missed(bureau, "2024-03-04 00:05")
        assert len(corrections(bureau)) == 3
        bureau.submit("2024-03-04 10:00")
        bureau.accept("2024-03-04 11:00")
        status, _, _, submitted_at = corrections(bureau)["mill"]
        assert (status, submitted_at) == ("accepted", at("2024-02-22 10:00"))

    def test_is_let_go_with_the_evidence(self, bureau: Bureau) -> None:
        open_missed(bureau, "2024-02-21 00:05")
        bureau.decree("2024-02-22 10:00", RulingKind.WAIVE, "north")
        assert {unit: row[0] for unit, row in corrections(bureau).items()} == {
            "mill": "waived",
            "kiln": "waived",
            "dam": "open",
        }

    def test_nobody_is_told_of_it_apart_and_nothing_is_listed_twice(self, bureau: Bureau) -> None:
        open_missed(bureau, "2024-02-21 00:05")
        today = date(2024, 2, 28)
        assert bureau.told() == []

        def lists(session: Session) -> tuple[list[str], list[str], list[str], list[str]]:
            mill = Scope(level=Level.UNIT, organisation_id=bureau.mill)
            north = Scope(level=Level.DISTRICT, organisation_id=bureau.north)
            mine = overview.duties(session, bureau.mill, today=today).items
            late = overview.overdue(session, mill, today=today).items
            behind = overview.blocked(session, north, today=today).items
            status = overview.of_unit(session, bureau.mill, today=today)
            first, second, third, fourth = (
                [item.rule for item in each] for each in (mine, late, behind, status)
            )
            return first, second, third, fourth

        evidence = "monthly-evidence"
        assert bureau.database.read(lists) == ([evidence], [evidence], [evidence] * 2, [evidence] * 3)

        bureau.submit("2024-02-22 10:00")
        queue = bureau.database.read(lambda session: overview.waiting_for_check(session, bureau.north))
        assert [item.rule for item in queue.items] == [evidence]
        counts = bureau.database.read(
            lambda session: overview.counts(
                session, Scope(level=Level.DISTRICT, organisation_id=bureau.north), today=today
            )
        )
        assert counts.waiting == 1

    def test_no_reminder_is_planned_for_it(self, bureau: Bureau) -> None:
        open_missed(bureau, "2024-02-21 00:05")

        def work(session: Session) -> set[str]:
            planning.plan_missed(
                session,
                bureau.law,
                from_day=date(2024, 2, 21),
                through_day=date(2024, 2, 26),
                send_at=at("2024-02-26 09:00"),
                now=at("2024-02-26 09:00"),
            )
            planned = planning.reminded_of(session, bureau.people["mill"], planned_on=date(2024, 2, 26))
            return {session.get_one(Stage, each.stage_id).rule for each in planned}

        assert bureau.database.write(work) == {"monthly-evidence"}

    def test_the_line_of_the_evidence_carries_its_date_while_it_is_open(self, bureau: Bureau) -> None:
        def correct_by(position: int = UNIT) -> date | None:
            stage_id = bureau.stage(position).id
            return bureau.database.read(lambda session: overview.item(session, stage_id).correct_by_on)

        assert correct_by() is None
        open_missed(bureau, "2024-02-21 00:05")
        assert correct_by() == date(2024, 2, 26)
        assert correct_by(DISTRICT) is None
        bureau.submit("2024-02-22 10:00")
        assert correct_by() is None

    def test_one_line_of_the_trail_says_it_of_all(self, bureau: Bureau) -> None:
        open_missed(bureau, "2024-02-21 00:05")
        [detail] = bureau.database.read(
            lambda session: session.scalars(select(Event.detail).where(Event.kind == "arisen")).all()
        )
        assert (detail["rule"], detail["period"], detail["duties"]) == (
            "monthly-evidence",
            "2024-01",
            ["correction"],
        )
        assert (detail["happened_on"], len(detail["occurrences"])) == ("2024-02-21", 3)

    def test_fifty_take_no_more_statements_than_one(self, database: Database, law: Law) -> None:
        town = Town(database, law)
        district = town.district("north")

        def statements() -> int:
            seen: list[str] = []

            def work(session: Session) -> None:
                event.listen(
                    session.connection(), "before_cursor_execute", lambda *given: seen.append(given[2])
                )
                arising.open_missed(session, law, now=of_town("2024-02-21 00:05").astimezone(UTC))

            database.write(work)
            return len(seen)

        town.unit("plant", district)
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        one = statements()
        for n in range(50):
            town.unit(f"plant {n}", district)
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        assert statements() <= one


class TestASurrenderInDefault:
    """二(五): 对未按时足额清缴配额的重点排放单位…责令限期整改."""

    @pytest.fixture
    def town(self, database: Database, law: Law) -> Town:
        town = Town(database, law)
        district = town.district("north")
        town.contact(district, "office")
        for name in ("payer", "debtor", "late"):
            town.contact(town.unit(name, district), name)
        town.oblige(date(2025, 12, 31), date(2025, 12, 31))
        return town

    @staticmethod
    def of(town: Town, name: str) -> int:
        return town.database.read(
            lambda session: session.scalars(
                select(Stage.subject_id).join(Stage.subject).where(Stage.subject.has(code=name)).limit(1)
            ).one()
        )

    def open_missed(self, town: Town, when: str) -> int:
        return town.database.write(
            lambda session: arising.open_missed(session, town.law, now=of_town(when).astimezone(UTC))
        )

    def test_is_ordered_by_the_district_and_rectified_by_the_unit(self, town: Town) -> None:
        for name in ("payer", "late"):
            town.submit(town.stage(self.of(town, name), "surrender", "2024"), of_town("2025-12-30 10:00"))
        assert self.open_missed(town, "2025-12-31 23:59") == 0
        assert self.open_missed(town, "2026-01-01 00:05") == 1
        assert self.open_missed(town, "2026-01-02 00:05") == 0
        debtor = self.of(town, "debtor")
        rectified = town.stage(debtor, "rectification", "2024")
        ordered = town.stage(debtor, "rectification-order", "2024", "district")
        assert (rectified.actor_id, rectified.due_on, rectified.due_kind) == (debtor, None, "external")
        assert (ordered.actor_level, ordered.due_kind, ordered.ready) == (Level.DISTRICT, "none", True)

    def test_both_are_told_once(self, town: Town) -> None:
        self.open_missed(town, "2026-01-01 00:05")
        told = [
            len(town.told(town.who(address), NotificationKind.EVENT))
            for address in ("debtor", "late", "office")
        ]
        assert told == [1, 1, 1]
        [office] = town.told(town.who("office"), NotificationKind.EVENT)
        assert office.facts["last"] == office.facts["occurrence"] + 2
        made = town.database.read(
            lambda session: occurrences.to_do(
                session,
                office.facts["occurrence"],
                town.stage(self.of(town, "debtor"), "rectification-order", "2024", "district").actor_id,
                last=office.facts["last"],
            )
        )
        assert len(made) == 3

    def test_units_of_several_fuels_make_one_message_for_their_office(self, town: Town) -> None:
        district = town.stage(self.of(town, "debtor"), "surrender", "2024").district_id
        assert district is not None
        for fuel in ("gas", None):
            town.unit(f"burning {fuel}", district, fuel=fuel)
        town.unit("kiln", district, sector=Sector.CEMENT, fuel=None)
        town.oblige(date(2025, 12, 31), date(2025, 12, 31))
        assert self.open_missed(town, "2026-01-01 00:05") > 4
        assert len(town.told(town.who("office"), NotificationKind.EVENT)) == 1

    def test_a_date_put_off_lets_go_of_what_arose(self, town: Town) -> None:
        self.open_missed(town, "2026-01-01 00:05")
        debtor = self.of(town, "debtor")
        cause = town.stage(debtor, "surrender", "2024")
        town.change(cause, act_by_on=date(2026, 2, 10))

        def withdraw(session: Session) -> None:
            withdrawn(
                session, Stage.id == cause.id, reason="平台停机", by=None, now=of_town("2026-01-02 10:00")
            )

        town.database.write(withdraw)
        rectified = town.stage(debtor, "rectification", "2024")
        ordered = town.stage(debtor, "rectification-order", "2024", "district")
        assert [each.status for each in (rectified, ordered)] == [Status.WAIVED, Status.WAIVED]
        assert rectified.reason == "平台停机"
        assert town.stage(self.of(town, "late"), "rectification", "2024").status is Status.OPEN
        [line] = town.database.read(
            lambda session: session.scalars(select(Event.detail).where(Event.kind == "withdrawn")).all()
        )
        assert line["stages"] == sorted((rectified.id, ordered.id))
        assert self.open_missed(town, "2026-02-10 00:05") == 0
        assert self.open_missed(town, "2026-02-11 00:05") == 1
        assert self.open_missed(town, "2026-02-12 00:05") == 0

    def test_a_date_the_district_set_beforehand_holds_for_what_arises(self, town: Town) -> None:
        officer = Actor(contact_id=town.who("office"), level=Level.DISTRICT)
        district = town.stage(self.of(town, "debtor"), "surrender", "2024").district_id
        assert district is not None
        order = Order(
            kind=RulingKind.SET_DATE,
            rule="rectification",
            period=Period.parse("2024"),
            scope_id=district,
            stage="unit",
            until=date(2026, 2, 20),
        )
        decreed = town.database.write(
            lambda session: rulings.decree(
                session,
                town.law,
                order,
                reason="理由",
                document="镜环函〔2025〕1号",
                by=officer,
                now=of_town("2025-12-30 10:00"),
            )
        )
        assert decreed.effect.total == 0
        self.open_missed(town, "2026-01-01 00:05")
        for name in ("debtor", "late", "payer"):
            made = town.stage(self.of(town, name), "rectification", "2024")
            assert (made.due_on, made.act_by_on) == (date(2026, 2, 20), date(2026, 2, 20))
            assert (made.ruling_id, made.version) == (decreed.ruling_id, 2)

    def test_of_the_second_compliance_period_opens_its_penalty(self, database: Database, law: Law) -> None:
        town = Town(database, law)
        plant = town.unit("plant", town.district("north"))
        town.oblige(date(2023, 12, 15), date(2023, 12, 15))
        town.database.write(
            lambda session: arising.open_missed(session, law, now=of_town("2023-12-16 00:05").astimezone(UTC))
        )
        opened = town.stage(plant, "penalty-2021-2022", "2021-2022", "district")
        assert (opened.actor_level, opened.due_kind) == (Level.DISTRICT, "none")
        assert town.database.read(
            lambda session: session.scalars(select(Stage.rule).where(is_overdue(date(2023, 12, 16)))).all()
        ) == ["surrender-2021-2022"]


def test_what_was_returned_of_an_undated_duty_is_due_and_then_overdue(bureau: Bureau) -> None:
    mill = bureau.stage(UNIT).id

    def send_back(session: Session) -> None:
        stage = session.get_one(Stage, mill)
        stage.status, stage.due_on, stage.due_kind = Status.RETURNED, None, DueKind.NONE
        stage.act_by_on = date(2024, 2, 22)

    bureau.database.write(send_back)

    def found(today: date) -> tuple[bool, bool]:
        return bureau.database.read(
            lambda session: (
                session.scalar(select(Stage.id).where(Stage.id == mill, is_due(today, 5))) is not None,
                session.scalar(select(Stage.id).where(Stage.id == mill, is_overdue(today))) is not None,
            )
        )

    assert found(date(2024, 2, 22)) == (True, False)
    assert found(date(2024, 2, 23)) == (False, True)
