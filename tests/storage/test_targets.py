"""Shares of the units that must be done, as the notice asks for them: 渝环规〔2023〕2号 二(五)."""

from datetime import date

import pytest

from obligations.law import Law
from obligations.notice import Level
from storage import targets
from storage.database import Database
from storage.organisations import Scope
from storage.targets import Target
from tests.jobs.town import Town

SHARE, ALL, PERIOD = "surrender-2021-2022-target-95", "surrender-2021-2022", "2021-2022"


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


def in_force(town: Town, day: str, scope: Scope | None = None) -> tuple[Target, ...]:
    scope = scope or Scope(level=Level.MUNICIPAL, organisation_id=town.city)
    return town.database.read(
        lambda session: targets.in_force(session, town.law, scope, today=date.fromisoformat(day))
    )


def surrender(town: Town, unit: int, *, duty: str = ALL, status: str = "accepted") -> None:
    town.change(town.stage(unit, duty, PERIOD), status=status)


class TestTheSecondCompliancePeriod:
    @pytest.fixture
    def units(self, town: Town) -> list[int]:
        district = town.district("north")
        units = [town.unit(f"plant {n:02}", district) for n in range(20)]
        town.oblige(date(2023, 10, 15), date(2023, 12, 15))
        return units

    def test_asks_for_95_percent_by_15_october_and_for_all_by_15_december(
        self, town: Town, units: list[int]
    ) -> None:
        assert len(units) == 20
        [target] = in_force(town, "2023-10-15")
        assert (target.duty, target.period, target.percent, target.due_on) == (
            SHARE,
            PERIOD,
            95,
            date(2023, 10, 15),
        )
        [target] = in_force(town, "2023-10-16")
        assert (target.duty, target.percent, target.due_on) == (ALL, 100, date(2023, 12, 15))
        [target] = in_force(town, "2024-01-10")
        assert (target.duty, target.percent) == (ALL, 100)

    def test_a_district_of_twenty_is_short_until_nineteen_have_surrendered(
        self, town: Town, units: list[int]
    ) -> None:
        for unit in units[:18]:
            surrender(town, unit)
        surrender(town, units[18], status="submitted")
        [target] = in_force(town, "2023-10-15")
        [row] = target.rows
        assert (row.total, row.done, row.needed, row.short) == (20, 18, 19, 1)
        surrender(town, units[18])
        [target] = in_force(town, "2023-10-15")
        assert (target.done, target.short) == (19, 0)
        [target] = in_force(town, "2023-10-16")
        [row] = target.rows
        assert (row.done, row.needed, row.short) == (19, 20, 1)

    def test_a_unit_counts_once_whichever_of_the_two_it_handed_over(
        self, town: Town, units: list[int]
    ) -> None:
        surrender(town, units[0], duty=SHARE)
        surrender(town, units[1], duty=ALL)
        surrender(town, units[2], duty=SHARE)
        surrender(town, units[2], duty=ALL)
        assert [target.done for target in in_force(town, "2023-10-15")] == [3]

    def test_a_unit_that_was_let_go_is_not_counted(self, town: Town, units: list[int]) -> None:
        for duty in (SHARE, ALL):
            surrender(town, units[0], duty=duty, status="waived")
        assert [target.total for target in in_force(town, "2023-10-15")] == [19]

    def test_is_over_once_every_unit_is_done(self, town: Town, units: list[int]) -> None:
        for unit in units:
            surrender(town, unit)
        assert in_force(town, "2023-12-18") == ()


def test_the_district_furthest_away_comes_first_and_sees_itself_alone(town: Town) -> None:
    near, far = town.district("near"), town.district("far")
    town.unit("a", near)
    town.unit("b", far)
    town.unit("c", far)
    town.oblige(date(2023, 12, 15), date(2023, 12, 15))
    [target] = in_force(town, "2023-12-15")
    assert [(row.district_name, row.short) for row in target.rows] == [("far", 2), ("near", 1)]
    assert (target.total, target.done, target.short) == (3, 0, 3)
    [own] = in_force(town, "2023-12-15", Scope(level=Level.DISTRICT, organisation_id=near))
    assert [row.district_name for row in own.rows] == ["near"]


def test_a_year_whose_date_nobody_has_set_has_no_target(town: Town) -> None:
    town.unit("a", town.district("north"))
    town.oblige(date(2024, 2, 1), date(2024, 2, 20))
    assert town.stages(town.city, dated=False)
    assert in_force(town, "2024-02-20") == ()


def test_a_later_year_has_the_date_of_the_notice_that_sets_it(town: Town) -> None:
    town.unit("a", town.district("north"))
    town.oblige(date(2025, 12, 31), date(2025, 12, 31))
    [target] = in_force(town, "2025-11-01")
    assert (target.duty, target.period, target.percent, target.due_on) == (
        "surrender",
        "2024",
        100,
        date(2025, 12, 31),
    )
