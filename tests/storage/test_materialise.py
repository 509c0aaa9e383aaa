"""Which obligations the calendar makes, for whom, and with which dates."""

from datetime import date

import pytest
from sqlalchemy import text

from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level, Sector
from storage import materialise
from storage.database import Database, Session
from storage.errors import NotFoundError
from tests.engines import only_postgresql
from tests.jobs.town import Town, at


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


@pytest.mark.parametrize(
    ("rule", "period", "stage", "due_on"),
    [
        ("monthly-evidence", "2023-08", "unit", date(2023, 9, 20)),
        ("monthly-evidence", "2023-08", "district", date(2023, 9, 25)),
        ("monthly-evidence", "2023-08", "municipal", date(2023, 10, 10)),
        ("monthly-evidence", "2024-01", "unit", date(2024, 2, 20)),
        ("monthly-evidence", "2024-01", "municipal", date(2024, 3, 11)),
        ("annual-report", "2023", "unit", date(2024, 2, 1)),
        ("annual-report", "2023", "municipal", date(2024, 3, 1)),
        ("quality-plan", "2024", "unit", date(2023, 10, 15)),
        ("quality-plan", "2024", "district", date(2023, 11, 15)),
        ("quality-plan", "2024", "municipal", None),
        ("surrender-2021-2022-target-95", "2021-2022", "unit", date(2023, 10, 15)),
        ("surrender-2021-2022", "2021-2022", "unit", date(2023, 12, 15)),
    ],
)
def test_a_power_units_stages_carry_the_notices_dates(
    town: Town, rule: str, period: str, stage: str, due_on: date | None
) -> None:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2023, 9, 4), date(2024, 2, 28))
    assert town.stage(unit, rule, period, stage).due_on == due_on


def test_each_stage_knows_its_actor_its_checker_and_whether_it_can_begin(town: Town) -> None:
    district = town.district("north")
    unit = town.unit("plant", district)
    town.oblige(date(2024, 2, 1), date(2024, 2, 28))
    chain = [
        town.stage(unit, "monthly-evidence", "2024-01", name) for name in ("unit", "district", "municipal")
    ]
    assert [(s.actor_id, s.checker_id, s.district_id, s.ready, s.status, s.version) for s in chain] == [
        (unit, district, district, True, Status.OPEN, 1),
        (district, town.city, district, False, Status.OPEN, 1),
        (town.city, None, district, False, Status.OPEN, 1),
    ]


@pytest.mark.parametrize(
    ("first", "last", "periods"),
    [
        (date(2024, 2, 20), date(2024, 2, 20), ["2024-01"]),
        (date(2024, 2, 21), date(2024, 3, 19), []),
        (date(2024, 2, 20), date(2024, 3, 20), ["2024-01", "2024-02"]),
        (date(2023, 7, 1), date(2023, 9, 19), []),  # the first monthly period is 2023-08
        (date(2024, 12, 20), date(2025, 1, 20), ["2024-11", "2024-12"]),
    ],
)
def test_a_chain_is_made_whole_when_its_first_date_lies_within_both_days(
    town: Town, first: date, last: date, periods: list[str]
) -> None:
    unit = town.unit("plant", town.district("north"))
    town.oblige(first, last)
    made = {
        period for rule, period, name in town.stages(unit) if (rule, name) == ("monthly-evidence", "unit")
    }
    assert sorted(made) == periods


def test_a_yearly_chain_whose_first_date_had_passed_begins_where_it_stands(town: Town) -> None:
    """What counts from a hand-over nobody recorded is not asked for; the next fixed date is."""
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 5), date(2024, 3, 1))
    report = [s for s in town.stages(unit) if s[0] == "annual-report"]
    assert report == [("annual-report", "2023", "municipal")]
    stage = town.stage(unit, "annual-report", "2023", "municipal")
    assert (stage.position, stage.ready, stage.due_on) == (0, True, date(2024, 3, 1))


def test_of_a_month_that_had_begun_nothing_is_made(town: Town) -> None:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 5), date(2024, 2, 20))
    assert {s[1] for s in town.stages(unit) if s[0] == "monthly-evidence"} == {"2024-01"}


def test_a_chain_whose_every_date_had_passed_is_not_made(town: Town) -> None:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 3, 2), date(2024, 12, 31))
    assert "annual-report" not in {s[0] for s in town.stages(unit)}


def test_making_them_again_changes_nothing_and_a_unit_that_came_later_gets_its_own(town: Town) -> None:
    district = town.district("north")
    first = town.unit("first", district)
    made = town.oblige(date(2024, 2, 1), date(2024, 6, 1))
    assert made > 0
    assert town.oblige(date(2024, 2, 1), date(2024, 6, 1)) == 0
    second = town.unit("second", district)
    made = town.oblige(date(2024, 2, 1), date(2024, 6, 1))
    own = [*town.stages(second), *town.stages(second, dated=False)]
    assert made == len({s[:2] for s in own})
    assert town.stages(first) == town.stages(second)


@only_postgresql
def test_making_them_again_uses_no_number_up(town: Town) -> None:
    """A number used up for each conflict would run out within a year of a whole country's mornings."""

    def last(session: Session) -> int:
        return int(session.scalars(text("SELECT last_value FROM obligation_id_seq")).one())

    town.unit("first", town.district("north"))
    assert town.oblige(date(2024, 2, 1), date(2024, 6, 1)) > 0
    before = town.database.read(last)
    assert town.oblige(date(2024, 2, 1), date(2024, 6, 1)) == 0
    assert town.database.read(last) == before


def test_a_later_horizon_adds_only_what_is_further_on(town: Town) -> None:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 2), date(2024, 3, 19))
    town.oblige(date(2024, 2, 2), date(2024, 4, 20))
    assert [s[:2] for s in town.stages(unit) if s[2] == "unit"] == [
        ("monthly-evidence", "2024-01"),
        ("monthly-evidence", "2024-02"),
        ("monthly-evidence", "2024-03"),
    ]


def test_other_sectors_report_in_september_and_have_no_monthly_evidence(town: Town) -> None:
    unit = town.unit("kiln", town.district("north"), sector=Sector.BUILDING_MATERIALS)
    town.oblige(date(2023, 9, 4), date(2024, 10, 1))
    assert town.stages(unit) == [("nonpower-report", "2022", "unit"), ("nonpower-report", "2023", "unit")]
    assert {s[0] for s in town.stages(unit, dated=False)} == {"unit-data-quality-system"}
    assert town.stage(unit, "nonpower-report", "2023").checker_id == town.city


def test_what_has_no_date_is_made_for_the_checklist_once_its_period_has_begun(town: Town) -> None:
    district = town.district("north")
    unit = town.unit("plant", district, fuel="coal")
    gas = town.unit("gas", district, fuel="gas")
    town.oblige(date(2024, 1, 10), date(2024, 4, 30))
    undated = town.stages(unit, dated=False)
    assert ("coal-sample-film", "2024-01", "unit") in undated
    assert ("coal-sample-film", "2024-02", "unit") not in undated
    assert ("accounting-parameters", "2024", "unit") in undated
    assert ("unit-data-quality-system", "2024", "unit") in undated
    assert not {s[0] for s in town.stages(gas, dated=False)} & {"coal-sample-film", "coal-sample-portion"}
    of_district = {s[0] for s in town.stages(district, dated=False)}
    assert {"enforcement-plan", "coal-sample-inspection", "regular-inspection"} <= of_district
    of_city = {s[0] for s in town.stages(town.city, dated=False)}
    assert {"guidance", "spot-check", "training", "supervision-and-assessment"} <= of_city


def test_what_an_authority_dates_waits_for_its_date_and_what_an_event_brings_is_not_made(town: Town) -> None:
    district = town.district("north")
    unit = town.unit("plant", district, fuel="coal")
    town.oblige(date(2024, 1, 10), date(2024, 4, 30))
    waiting = town.stage(town.city, "actual-allocation", "2023", "municipal")
    assert (waiting.due_on, waiting.due_kind, waiting.act_by_on) == (None, DueKind.EXTERNAL, None)
    made = {
        s[0]
        for organisation in (unit, district, town.city)
        for s in [*town.stages(organisation), *town.stages(organisation, dated=False)]
    }
    assert not made & {"coal-sample-retention", "correction", "complaint", "rectification", "anomaly"}


def test_districts_and_the_city_have_their_own_lists(town: Town) -> None:
    north, south = town.district("north"), town.district("south")
    town.oblige(date(2023, 10, 1), date(2023, 12, 31))
    for district in (north, south):
        stage = town.stage(district, "power-list", "2024", "district")
        assert (stage.due_on, stage.actor_id, stage.checker_id, stage.district_id) == (
            date(2023, 10, 15),
            district,
            town.city,
            district,
        )
    assert town.stage(town.city, "power-list", "2024", "municipal").district_id is None


def test_each_sector_keeps_the_steps_of_its_own_notice_when_another_unit_comes(town: Town) -> None:
    """Evidence of cement goes from the unit to the city, that of power through its district; the rules share a name."""
    district = town.district("north")
    kiln = town.unit("kiln", district, sector=Sector.CEMENT)
    town.unit("first", district)
    town.oblige(date(2026, 1, 1), date(2026, 3, 31))
    before = town.stages(kiln)
    assert [s for s in before if s[:2] == ("monthly-evidence", "2025-12")] == [
        ("monthly-evidence", "2025-12", "unit"),
        ("monthly-evidence", "2025-12", "municipal"),
    ]
    town.unit("second", district)
    town.oblige(date(2026, 1, 1), date(2026, 3, 31))
    assert town.stages(kiln) == before


class TestWhoIsBound:
    def test_a_unit_closed_before_the_date_owes_nothing(self, town: Town) -> None:
        unit = town.unit("closed", town.district("north"), until=date(2024, 2, 8))
        town.oblige(date(2024, 2, 2), date(2024, 3, 1))
        assert town.stages(unit) == []

    def test_a_unit_that_did_not_exist_in_the_period_owes_nothing_for_it(self, town: Town) -> None:
        unit = town.unit("new", town.district("north"), since=date(2024, 2, 3))
        town.oblige(date(2024, 2, 2), date(2024, 3, 20))
        assert {s[1] for s in town.stages(unit)} == {"2024-02"}

    def test_the_district_in_charge_now_checks_whoever_will_be_on_the_date(self, town: Town) -> None:
        old, new = town.district("old", until=date(2025, 11, 6)), town.district("new")
        unit = town.unit("plant", None)
        town.member(unit, old, until=date(2025, 11, 6))
        town.member(unit, new, since=date(2025, 11, 7))
        town.oblige(date(2025, 10, 1), date(2025, 11, 30))
        assert town.stage(unit, "monthly-evidence", "2025-09", "district").actor_id == old
        assert town.stage(unit, "monthly-evidence", "2025-10", "district").actor_id == old
        town.oblige(date(2025, 11, 7), date(2025, 12, 31))
        assert town.stage(unit, "monthly-evidence", "2025-11", "district").actor_id == new

    def test_a_district_that_has_ended_gets_no_list(self, town: Town) -> None:
        ended = town.district("ended", until=date(2025, 11, 6))
        town.oblige(date(2025, 10, 1), date(2026, 2, 1))
        assert town.stages(ended) == [("power-list", "2026", "district")]


class TestDefaultOfSurrender:
    SINCE = date(2023, 9, 4)

    def _after(self, town: Town, moment: str) -> int:
        return town.database.write(
            lambda session: materialise.materialise(
                session, town.law, since=self.SINCE, through=date(2024, 4, 30), now=at(moment)
            )
        )

    def test_only_units_that_did_not_surrender_must_rectify(self, town: Town) -> None:
        district = town.district("north")
        done, waived, late = (town.unit(code, district) for code in ("done", "waived", "late"))
        unchecked = town.unit("unchecked", district)
        town.oblige(self.SINCE, date(2024, 4, 30))
        stage = town.stage(done, "surrender-2021-2022", "2021-2022")
        town.submit(stage, at("2023-12-01 10:00"))
        town.accept(stage, at("2023-12-02 10:00"))
        town.change(town.stage(waived, "surrender-2021-2022", "2021-2022"), status=Status.WAIVED)
        town.submit(town.stage(unchecked, "surrender-2021-2022", "2021-2022"), at("2023-11-01 10:00"))
        self._after(town, "2023-12-16 00:05")
        rectify = {
            unit
            for unit in (done, waived, unchecked, late)
            if "rectification-2021-2022" in {s[0] for s in town.stages(unit)}
        }
        assert rectify == {late}
        assert town.stage(late, "rectification-2021-2022", "2021-2022").due_on == date(2024, 2, 29)

    def test_nobody_must_before_the_date_has_passed(self, town: Town) -> None:
        unit = town.unit("plant", town.district("north"))
        self._after(town, "2023-12-15 23:59")
        assert "rectification-2021-2022" not in {s[0] for s in town.stages(unit)}
        self._after(town, "2023-12-16 00:05")
        assert "rectification-2021-2022" in {s[0] for s in town.stages(unit)}

    @pytest.mark.parametrize(
        ("rule", "level", "due_on"),
        [
            ("rectification-2021-2022", Level.DISTRICT, date(2024, 3, 5)),
            ("rectification-2021-2022", Level.MUNICIPAL, date(2024, 3, 15)),
            ("penalty-disclosure-2021-2022", Level.DISTRICT, date(2024, 4, 1)),
            ("penalty-disclosure-2021-2022", Level.MUNICIPAL, date(2024, 4, 30)),
        ],
    )
    def test_every_bureau_reports_on_it_even_if_there_is_nothing_to_report(
        self, town: Town, rule: str, level: Level, due_on: date
    ) -> None:
        organisation = town.district("north") if level is Level.DISTRICT else town.city
        town.oblige(self.SINCE, date(2024, 4, 30))
        assert town.stage(organisation, rule, "2021-2022", level.value).due_on == due_on


def test_an_empty_registry_is_said_kindly(database: Database, law: Law) -> None:
    with pytest.raises(NotFoundError, match="import a registry first"):
        database.write(
            lambda session: materialise.materialise(
                session, law, since=date(2024, 1, 1), through=date(2024, 2, 1), now=at("2024-01-01 00:05")
            )
        )
