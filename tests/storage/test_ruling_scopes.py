"""Rulings over what the law makes: dates that authorities announce, what is made later, what a district may set."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select

from obligations.authority import RulingKind
from obligations.deadlines import DueKind
from obligations.decisions import DecisionRefused, Refusal, Status
from obligations.law import Law
from obligations.notice import Level, Sector
from obligations.periods import Period
from obligations.reasons import ReasonCode
from obligations.terms import Occasion
from storage import materialise, occurrences, rulings
from storage.database import Database, Session
from storage.decisions import Actor
from storage.models import Event, NotificationKind, Ruling, Stage
from storage.rulings import Decreed, Order
from tests.jobs.town import Town, at

EXTEND, WAIVE, SET_DATE = RulingKind.EXTEND, RulingKind.WAIVE, RulingKind.SET_DATE
DOCUMENT = "镜环函〔2024〕1号"


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


def decree(
    town: Town,
    kind: RulingKind,
    duty: str,
    scope: int,
    *,
    now: datetime,
    stage: str | None = None,
    until: date | None = None,
    by: Actor | None = None,
) -> Decreed:
    """Decide about a duty, given as ``rule:period``."""
    rule, period = duty.split(":")
    order = Order(kind=kind, rule=rule, period=Period.parse(period), scope_id=scope, stage=stage, until=until)
    return town.database.write(
        lambda session: rulings.decree(
            session, town.law, order, reason="理由", document=DOCUMENT, by=by, now=now
        )
    )


def refused(town: Town, kind: RulingKind, duty: str, scope: int, **order: object) -> DecisionRefused:
    with pytest.raises(DecisionRefused) as raised:
        decree(town, kind, duty, scope, **order)  # type: ignore[arg-type]
    return raised.value


def codes(town: Town, stage: Stage) -> list[ReasonCode]:
    return town.database.read(
        lambda session: [reason.code for reason in rulings.reasons(session, session.get_one(Stage, stage.id))]
    )


def lines(town: Town, kind: str) -> list[dict[str, object]]:
    return town.database.read(
        lambda session: [event.detail for event in session.scalars(select(Event).where(Event.kind == kind))]
    )


class TestAnnounced:
    SINCE, THROUGH = date(2027, 1, 4), date(2027, 6, 1)

    def test_the_announced_date_is_everyones(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        town.oblige(self.SINCE, self.THROUGH)
        waiting = town.stage(unit, "surrender", "2026")
        assert (waiting.due_kind, waiting.due_on) == (DueKind.EXTERNAL, None)
        now = at("2027-01-05 10:00")
        decree(town, SET_DATE, "surrender:2026", town.city, stage="unit", until=date(2027, 11, 30), now=now)
        stage = town.stage(unit, "surrender", "2026")
        assert (stage.due_on, stage.act_by_on, stage.moved_from) == (
            date(2027, 11, 30),
            date(2027, 11, 30),
            None,
        )
        assert (stage.due_kind, stage.dated_by, stage.extended_to) == (
            DueKind.EXTERNAL,
            "渝环规〔2023〕2号",
            None,
        )
        assert codes(town, stage) == [ReasonCode.SET_BY_DOCUMENT]

    def test_another_announcement_takes_its_place_also_with_an_earlier_date(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        town.oblige(self.SINCE, self.THROUGH)
        now = at("2027-01-05 10:00")
        for until in (date(2027, 11, 30), date(2027, 10, 31)):
            last = decree(town, SET_DATE, "surrender:2026", town.city, stage="unit", until=until, now=now)
        stage = town.stage(unit, "surrender", "2026")
        assert (stage.due_on, stage.moved_from) == (date(2027, 10, 31), date(2027, 11, 30))
        assert dict(last.effect.before) == {date(2027, 11, 30): 1}

    def test_a_stricter_date_of_another_notice_counts(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        town.oblige(date(2025, 7, 1), date(2025, 12, 31))
        why = refused(
            town,
            SET_DATE,
            "surrender:2024",
            town.city,
            stage="unit",
            until=date(2026, 3, 31),
            now=at("2025-07-02 10:00"),
        )
        assert (why.refusal, why.number, why.on) == (
            Refusal.STRICTER_DATE,
            "环办气候函〔2025〕140号",
            date(2025, 12, 31),
        )
        stage = town.stage(unit, "surrender", "2024")
        assert (stage.due_on, stage.ruling_id, stage.version) == (date(2025, 12, 31), None, 1)
        earlier = date(2025, 11, 30)
        decree(
            town,
            SET_DATE,
            "surrender:2024",
            town.city,
            stage="unit",
            until=earlier,
            now=at("2025-07-03 10:00"),
        )
        stage = town.stage(unit, "surrender", "2024")
        assert (stage.due_on, stage.dated_by) == (earlier, "渝环规〔2023〕2号")

    def test_an_earlier_date_than_a_later_notice_of_the_same_authority_counts(self, town: Town) -> None:
        plant = town.unit("plant", town.district("north"))
        kiln = town.unit("kiln", town.district("south"), sector=Sector.CEMENT, fuel=None)
        town.oblige(date(2026, 1, 1), date(2026, 12, 31))
        before = {each: town.stage(each, "surrender", "2025").due_on for each in (plant, kiln)}
        assert set(before.values()) == {date(2026, 12, 31)}
        now = at("2026-02-02 10:00")
        why = refused(town, SET_DATE, "surrender:2025", kiln, stage="unit", until=date(2027, 1, 20), now=now)
        assert (why.refusal, why.on) == (Refusal.STRICTER_DATE, date(2026, 12, 31))
        told = decree(
            town, SET_DATE, "surrender:2025", town.city, stage="unit", until=date(2026, 11, 20), now=now
        )
        assert (told.effect.total, told.effect.stricter) == (2, ())
        assert dict(told.effect.after) == {date(2026, 11, 20): 2}
        for each in (plant, kiln):
            stage = town.stage(each, "surrender", "2025")
            assert (stage.due_on, stage.moved_from) == (date(2026, 11, 20), date(2026, 12, 31))

    def test_a_correction_keeps_its_own_date(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        town.oblige(self.SINCE, self.THROUGH)
        now = at("2027-01-05 10:00")
        decree(town, SET_DATE, "surrender:2026", town.city, stage="unit", until=date(2027, 11, 30), now=now)
        stage = town.stage(unit, "surrender", "2026")
        town.submit(stage, at("2027-02-01 10:00"))
        town.change(stage, status="returned", act_by_on=date(2027, 2, 5))
        decree(town, SET_DATE, "surrender:2026", town.city, stage="unit", until=date(2027, 12, 15), now=now)
        stage = town.stage(unit, "surrender", "2026")
        assert (stage.due_on, stage.act_by_on) == (date(2027, 12, 15), date(2027, 2, 5))

    def test_it_is_moved_by_another_announcement_only(self, town: Town) -> None:
        town.unit("plant", town.district("north"))
        town.oblige(self.SINCE, self.THROUGH)
        now = at("2027-01-05 10:00")
        why = refused(
            town, EXTEND, "surrender:2026", town.city, stage="unit", until=date(2027, 12, 1), now=now
        )
        assert why.refusal is Refusal.DATE_IS_ANNOUNCED


class TestToCome:
    def test_what_has_no_date_is_not_extended(self, town: Town) -> None:
        town.unit("plant", town.district("north"))
        why = refused(
            town,
            EXTEND,
            "rectification-order:2025",
            town.city,
            stage="district",
            until=date(2027, 2, 1),
            now=at("2026-06-01 10:00"),
        )
        assert why.refusal is Refusal.NO_DATE


class TestMadeLater:
    NOW = at("2024-02-05 10:00")

    def materialise(self, town: Town, through: date, *, now: datetime) -> None:
        town.database.write(
            lambda session: materialise.materialise(
                session, town.law, since=date(2024, 2, 5), through=through, now=now
            )
        )

    def test_what_its_office_may_not_decide_any_more_does_not_hold(self, town: Town) -> None:
        north = town.district("north")
        unit, officer = town.unit("plant", north), town.contact(north, "n")

        def given(session: Session) -> None:
            session.add(
                Ruling(
                    kind=WAIVE,
                    rule="monthly-evidence",
                    stage=None,
                    period="2024-02",
                    scope_id=unit,
                    until=None,
                    reason="理由",
                    document=DOCUMENT,
                    contact_id=officer,
                    at=self.NOW,
                )
            )

        town.database.write(given)
        self.materialise(town, date(2024, 3, 31), now=self.NOW)
        stage = town.stage(unit, "monthly-evidence", "2024-02")
        assert (stage.status, stage.ruling_id) == (Status.OPEN, None)

    def test_a_ruling_holds_for_a_period_not_made_yet(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        contact = town.contact(unit, "a")
        decreed = decree(
            town,
            EXTEND,
            "monthly-evidence:2024-03",
            town.city,
            stage="unit",
            until=date(2024, 4, 30),
            now=self.NOW,
        )
        assert (decreed.effect.total, decreed.told) == (0, 0)
        self.materialise(town, date(2024, 6, 1), now=at("2024-02-06 00:05"))
        stage = town.stage(unit, "monthly-evidence", "2024-03")
        assert (stage.due_on, stage.act_by_on, stage.ruling_id) == (
            date(2024, 4, 20),
            date(2024, 4, 30),
            decreed.ruling_id,
        )
        assert town.stage(unit, "monthly-evidence", "2024-02").act_by_on == date(2024, 3, 20)
        assert town.told(contact, NotificationKind.CHANGED) == []
        assert lines(town, "ruling_applied") == [
            {"ruling": decreed.ruling_id, "rule": "monthly-evidence", "period": "2024-03", "changed": 1}
        ]

    def test_a_unit_that_came_later_has_what_its_district_has(self, town: Town) -> None:
        north, south = town.district("north"), town.district("south")
        town.unit("first", north)
        self.materialise(town, date(2024, 6, 1), now=self.NOW)
        for kind, until in ((EXTEND, date(2024, 2, 26)), (EXTEND, date(2024, 2, 29))):
            decree(town, kind, "monthly-evidence:2024-01", north, stage="unit", until=until, now=self.NOW)
        decree(town, WAIVE, "monthly-evidence:2024-02", north, now=self.NOW)
        late, elsewhere = town.unit("late", north), town.unit("elsewhere", south)
        self.materialise(town, date(2024, 6, 1), now=at("2024-02-07 00:05"))
        stage = town.stage(late, "monthly-evidence", "2024-01")
        assert (stage.act_by_on, stage.moved_from) == (date(2024, 2, 29), date(2024, 2, 20))
        waived = [
            town.stage(late, "monthly-evidence", "2024-02", name)
            for name in ("unit", "district", "municipal")
        ]
        assert {each.status.value for each in waived} == {"waived"}
        assert town.stage(elsewhere, "monthly-evidence", "2024-01").act_by_on == date(2024, 2, 20)
        assert town.stage(elsewhere, "monthly-evidence", "2024-02").status.value == "open"

    def test_what_is_there_already_is_not_touched_again(self, town: Town) -> None:
        north = town.district("north")
        unit = town.unit("first", north)
        self.materialise(town, date(2024, 6, 1), now=self.NOW)
        decree(
            town,
            EXTEND,
            "monthly-evidence:2024-01",
            north,
            stage="unit",
            until=date(2024, 2, 29),
            now=self.NOW,
        )
        before = town.stage(unit, "monthly-evidence", "2024-01").version
        town.unit("late", north)
        self.materialise(town, date(2024, 6, 1), now=at("2024-02-07 00:05"))
        assert town.stage(unit, "monthly-evidence", "2024-01").version == before

    def test_a_step_nobody_within_the_scope_owes_is_refused(self, town: Town) -> None:
        north = town.district("north")
        why = refused(
            town,
            EXTEND,
            "power-list:2027",
            north,
            stage="municipal",
            until=date(2027, 1, 31),
            now=self.NOW,
        )
        assert why.refusal is Refusal.NOBODY_OWES_IT

    @pytest.mark.parametrize(
        ("duty", "sector", "fuel"),
        [
            ("nonpower-report:2025", Sector.CEMENT, None),  # the annual report takes its place
            ("coal-sample-film:2026-03", Sector.POWER, "gas"),
        ],
    )
    def test_a_unit_that_will_never_owe_it_is_refused(
        self, town: Town, duty: str, sector: Sector, fuel: str | None
    ) -> None:
        unit = town.unit("plant", town.district("north"), sector=sector, fuel=fuel)
        why = refused(town, WAIVE, duty, unit, now=self.NOW)
        assert why.refusal is Refusal.NOBODY_OWES_IT


class TestNation:
    def test_a_group_is_refused_whole_where_the_nation_dates_one_of_them(self, town: Town) -> None:
        north = town.district("north")
        plant = town.unit("plant", north)
        town.unit("mill", north, sector=Sector.STEEL)
        town.oblige(date(2026, 1, 5), date(2026, 6, 1))
        why = refused(
            town,
            EXTEND,
            "annual-report:2025",
            north,
            stage="unit",
            until=date(2026, 4, 15),
            now=at("2026-01-06 10:00"),
        )
        assert (why.refusal, why.number, why.on) == (
            Refusal.NATIONAL_LIMIT,
            "环办气候函〔2026〕32号",
            date(2026, 3, 31),
        )
        decree(
            town,
            EXTEND,
            "annual-report:2025",
            plant,
            stage="unit",
            until=date(2026, 3, 31),
            now=at("2026-01-06 10:00"),
        )
        assert town.stage(plant, "annual-report", "2025").act_by_on == date(2026, 3, 31)

    def test_an_extension_that_a_later_notice_forbids_is_not_applied_to_what_is_made_after(
        self, town: Town
    ) -> None:
        """The municipality extended the evidence before the nation's notice for its month was known here."""
        north = town.district("north")
        unit = town.unit("plant", north)
        before = replace(
            town.law,
            rulebook=type(town.law.rulebook).of(
                each for each in town.law.rulebook.notices if each.authority == "municipal"
            ),
        )
        whole, town.law = town.law, before
        decree(
            town,
            EXTEND,
            "monthly-evidence:2026-01",
            town.city,
            stage="unit",
            until=date(2026, 3, 20),
            now=at("2025-12-01 10:00"),
        )
        town.law = whole
        town.oblige(date(2026, 1, 5), date(2026, 6, 1))
        stage = town.stage(unit, "monthly-evidence", "2026-01")
        assert (stage.act_by_on, stage.ruling_id) == (date(2026, 2, 20), None)


class TestDistrict:
    """渝环规〔2023〕2号: what a district orders itself, it dates itself."""

    NOW = at("2025-01-06 10:00")

    def defaulted(self, town: Town, unit: int) -> Stage:
        """Let a unit default on the surrender of 2023, and return what it must rectify."""
        town.oblige(date(2024, 12, 1), date(2025, 3, 1))
        cause = town.stage(unit, "surrender", "2023")

        def work(session: Session) -> None:
            occurrences.record(
                session,
                town.law,
                occasion=Occasion.DEFAULT,
                subject_id=unit,
                happened_on=date(2025, 1, 1),
                note="未足额清缴",
                document="",
                by=None,
                now=self.NOW,
                stage_id=cause.id,
            )

        town.database.write(work)
        return town.stage(unit, "rectification", "2023")

    def officer(self, town: Town, district: int, address: str) -> Actor:
        return Actor(contact_id=town.contact(district, address), level=Level.DISTRICT)

    def test_it_sets_the_date_of_what_it_ordered_for_its_unit(self, town: Town) -> None:
        north = town.district("north")
        unit = town.unit("plant", north)
        waiting = self.defaulted(town, unit)
        assert (waiting.due_kind, waiting.due_on) == (DueKind.EXTERNAL, None)
        officer = self.officer(town, north, "n")
        until = date(2025, 2, 28)
        decree(
            town, SET_DATE, "rectification:2023", unit, stage="unit", until=until, now=self.NOW, by=officer
        )
        assert town.stage(unit, "rectification", "2023").act_by_on == until

    def test_another_district_and_the_municipality_do_not(self, town: Town) -> None:
        north, south = town.district("north"), town.district("south")
        unit = town.unit("plant", north)
        self.defaulted(town, unit)
        until, stranger = date(2025, 2, 28), self.officer(town, south, "s")
        for scope, by in ((unit, stranger), (north, stranger), (town.city, stranger), (unit, None)):
            why = refused(
                town, SET_DATE, "rectification:2023", scope, stage="unit", until=until, now=self.NOW, by=by
            )
            assert why.refusal is Refusal.NOT_YOURS
        assert town.stage(unit, "rectification", "2023").act_by_on is None
