"""Chongqing's notice and the national ones together: which date counts for whom, and what each of them says."""

from datetime import date

import pytest

from obligations.binding import BoundDate, national_limit
from obligations.law import Law
from obligations.periods import Period
from obligations.reasons import ReasonCode
from obligations.terms import SECTOR_GROUPS, Sector

LAW = Law.shipped()
CQ = "渝环规〔2023〕2号"
REGULATION = "国令第775号"
MEE_43 = "环办气候函〔2023〕43号"
MEE_332 = "环办气候函〔2023〕332号"
MEE_140 = "环办气候函〔2025〕140号"
MEE_32 = "环办气候函〔2026〕32号"
THREE = frozenset({Sector.STEEL, Sector.CEMENT, Sector.ALUMINIUM})
FOUR = THREE | {Sector.POWER}
NON_POWER = SECTOR_GROUPS["non-power"]
SIX = NON_POWER - THREE


def bound(duty: str, stage: str, period: str, sector: Sector) -> BoundDate:
    return LAW.date(LAW.binding(duty, Period.parse(period), sectors=frozenset({sector})), stage)


def said(found: BoundDate) -> dict[str, date | None]:
    return {each.source.notice.number: each.date.due_on for each in found.said}


@pytest.mark.parametrize(
    ("duty", "stage", "period", "on", "number", "other", "other_on"),
    [
        ("annual-report", "unit", "2023", date(2024, 2, 1), CQ, MEE_43, date(2024, 3, 31)),
        ("annual-report", "unit", "2024", date(2025, 2, 1), CQ, MEE_43, date(2025, 3, 31)),
        ("annual-report", "unit", "2025", date(2026, 2, 1), CQ, MEE_32, date(2026, 3, 31)),
        ("verification", "municipal", "2023", date(2024, 4, 30), CQ, MEE_43, date(2024, 6, 30)),
        ("verification", "municipal", "2024", date(2025, 4, 30), CQ, MEE_140, date(2025, 6, 30)),
        ("verification", "municipal", "2025", date(2026, 4, 30), CQ, MEE_32, date(2026, 6, 30)),
        ("power-list", "municipal", "2025", date(2024, 12, 31), CQ, MEE_43, date(2024, 12, 31)),
        ("power-list", "municipal", "2026", date(2025, 10, 31), MEE_140, CQ, date(2025, 12, 31)),
        ("power-list", "municipal", "2027", date(2026, 10, 31), MEE_32, CQ, date(2026, 12, 31)),
        ("quality-plan", "unit", "2026", date(2025, 10, 15), CQ, MEE_140, date(2025, 12, 31)),
        ("quality-plan", "unit", "2027", date(2026, 10, 15), CQ, MEE_32, date(2026, 12, 31)),
        ("monthly-evidence", "unit", "2026-01", date(2026, 2, 20), CQ, MEE_32, date(2026, 3, 12)),
        ("monthly-evidence", "unit", "2027-05", date(2027, 6, 20), CQ, MEE_32, date(2027, 7, 10)),
        ("monthly-evidence", "municipal", "2026-01", date(2026, 3, 12), CQ, MEE_32, date(2026, 3, 12)),
        ("verifier-evaluation", "municipal", "2025", date(2025, 7, 31), CQ, MEE_140, date(2025, 12, 31)),
        ("verifier-evaluation", "municipal", "2026", date(2026, 7, 31), CQ, MEE_32, date(2026, 11, 30)),
    ],
)
def test_for_power_the_strictest_date_counts_and_the_other_is_kept(
    *, duty: str, stage: str, period: str, on: date, number: str, other: str, other_on: date
) -> None:
    found = bound(duty, stage, period, Sector.POWER)
    assert (found.date.due_on, found.source.notice.number) == (on, number)
    assert said(found)[other] == other_on


@pytest.mark.parametrize(
    ("duty", "stage", "period", "on", "number"),
    [
        ("surrender", "unit", "2024", date(2025, 12, 31), MEE_140),
        ("surrender", "unit", "2025", date(2026, 12, 31), MEE_32),
        ("pre-allocation", "municipal", "2024", date(2025, 4, 20), MEE_140),
        ("pre-allocation", "municipal", "2025", date(2026, 6, 30), MEE_32),
        ("allocation-notice", "municipal", "2024", date(2025, 7, 31), MEE_140),
        ("actual-allocation", "municipal", "2025", date(2026, 9, 20), MEE_32),
    ],
)
def test_where_chongqing_waits_for_the_ministry_s_date_the_ministry_s_notice_gives_it(
    duty: str, stage: str, period: str, on: date, number: str
) -> None:
    found = bound(duty, stage, period, Sector.POWER)
    assert (found.date.due_on, found.source.notice.number) == (on, number)
    assert said(found)[CQ] is None


@pytest.mark.parametrize("period", ["2026", "2027"])
def test_a_surrender_no_national_notice_dates_waits_for_its_date(period: str) -> None:
    found = bound("surrender", "unit", period, Sector.POWER)
    waiting = {CQ: None, REGULATION: None}
    assert (found.date.due_on, found.date.kind.value, said(found)) == (None, "external", waiting)


def test_the_district_s_stages_of_a_power_chain_are_chongqing_s_alone() -> None:
    found = bound("annual-report", "district", "2025", Sector.POWER)
    assert said(found) == {CQ: date(2026, 2, 11)}


@pytest.mark.parametrize("sector", sorted(THREE))
@pytest.mark.parametrize(
    ("duty", "stage", "period", "on", "number"),
    [
        ("annual-report", "unit", "2024", date(2025, 6, 30), MEE_140),
        ("annual-report", "unit", "2025", date(2026, 3, 31), MEE_32),
        ("verification", "municipal", "2024", date(2025, 8, 31), MEE_140),
        ("verification", "municipal", "2025", date(2026, 7, 31), MEE_32),
        ("industry-list", "municipal", "2024", date(2025, 5, 10), MEE_140),
        ("industry-list", "municipal", "2025", date(2025, 5, 10), MEE_140),
        ("industry-list", "municipal", "2026", date(2025, 10, 31), MEE_140),
        ("industry-list", "municipal", "2027", date(2026, 10, 31), MEE_32),
        ("quality-plan", "unit", "2025", date(2025, 6, 30), MEE_140),
        ("quality-plan", "unit", "2026", date(2025, 12, 31), MEE_140),
        ("quality-plan", "unit", "2027", date(2026, 12, 31), MEE_32),
        ("monthly-evidence", "unit", "2025-01", date(2025, 10, 31), MEE_140),
        ("monthly-evidence", "unit", "2025-07", date(2025, 9, 9), MEE_140),
        ("monthly-evidence", "unit", "2026-02", date(2026, 4, 9), MEE_32),
        ("allocation-issue", "municipal", "2024", date(2025, 10, 20), MEE_140),
        ("allocation-issue", "municipal", "2025", date(2026, 9, 30), MEE_32),
        ("pre-allocation", "municipal", "2025", date(2026, 4, 10), MEE_32),
        ("surrender", "unit", "2024", date(2025, 12, 31), MEE_140),
        ("surrender", "unit", "2025", date(2026, 12, 31), MEE_32),
    ],
)
def test_steel_cement_and_aluminium_follow_the_national_dates(
    *, duty: str, stage: str, period: str, on: date, number: str, sector: Sector
) -> None:
    found = bound(duty, stage, period, sector)
    assert (found.date.due_on, found.source.notice.number) == (on, number)


def test_the_later_national_notice_s_date_stands_for_the_earlier_s_though_it_is_later() -> None:
    """环办气候函〔2025〕140号 二(八)：由2025年3月31日调整至6月30日。"""
    found = bound("nonpower-report", "unit", "2024", Sector.STEEL)
    assert (found.date.due_on, found.source.notice.number) == (date(2025, 6, 30), MEE_140)
    assert said(found) == {
        MEE_140: date(2025, 6, 30),
        CQ: date(2025, 9, 15),
        MEE_332: date(2025, 3, 31),
    }
    (old,) = [each for each in found.said if each.source.notice.number == MEE_332]
    assert old.superseded_by == MEE_140
    codes = [reason.code for reason in found.date.reasons]
    assert ReasonCode.STRICTEST_BINDS in codes
    assert ReasonCode.SUPERSEDED_NOTICE in codes


def test_a_duty_that_takes_another_s_place_is_dated_by_what_dates_that_one() -> None:
    found = LAW.binding("nonpower-verification", Period.year(2024), sectors=frozenset({Sector.CEMENT}))
    assert found.duty == "verification"
    assert said(LAW.date(found, "municipal")) == {
        MEE_140: date(2025, 8, 31),
        CQ: date(2025, 12, 31),
        MEE_332: date(2025, 9, 30),
    }


@pytest.mark.parametrize("sector", sorted(SIX))
@pytest.mark.parametrize(
    ("duty", "stage", "period", "on", "number"),
    [
        ("nonpower-report", "unit", "2022", date(2023, 9, 15), CQ),
        ("nonpower-report", "unit", "2023", date(2024, 3, 31), MEE_332),
        ("nonpower-report", "unit", "2024", date(2025, 3, 31), MEE_332),
        ("nonpower-report", "unit", "2025", date(2026, 3, 31), MEE_32),
        ("nonpower-report", "unit", "2026", date(2027, 9, 15), CQ),
        ("nonpower-verification", "municipal", "2023", date(2024, 12, 31), CQ),
        ("nonpower-verification", "municipal", "2025", date(2026, 12, 31), CQ),
        ("nonpower-list", "district", "2026", date(2026, 1, 31), CQ),
    ],
)
def test_the_other_sectors_report_by_31_march_while_a_national_notice_says_so(
    *, duty: str, stage: str, period: str, on: date, number: str, sector: Sector
) -> None:
    found = bound(duty, stage, period, sector)
    assert (found.date.due_on, found.source.notice.number) == (on, number)


@pytest.mark.parametrize(
    ("duty", "period", "expected"),
    [
        ("annual-report", "2022", [{Sector.POWER}]),
        ("annual-report", "2023", [{Sector.POWER}]),
        ("annual-report", "2024", [{Sector.POWER}, THREE]),
        ("annual-report", "2025", [{Sector.POWER}, THREE]),
        ("annual-report", "2026", [{Sector.POWER}]),
        ("nonpower-report", "2023", [NON_POWER]),
        ("nonpower-report", "2024", [SIX]),
        ("nonpower-report", "2025", [SIX]),
        ("nonpower-report", "2026", [NON_POWER]),
        ("verification", "2023", [{Sector.POWER}]),
        ("verification", "2024", [{Sector.POWER}, THREE]),
        ("verification", "2025", [{Sector.POWER}, THREE]),
        ("nonpower-verification", "2022", [SIX, THREE]),
        ("nonpower-verification", "2023", [SIX, THREE]),
        ("nonpower-verification", "2024", [SIX]),
        ("nonpower-verification", "2025", [SIX]),
        ("nonpower-verification", "2026", [NON_POWER]),
        ("power-list", "2027", [{Sector.POWER}]),
        ("nonpower-list", "2024", [SIX]),
        ("nonpower-list", "2027", [SIX]),
        ("nonpower-list", "2028", [NON_POWER]),
        ("industry-list", "2024", [THREE]),
        ("industry-list", "2027", [THREE]),
        ("quality-plan", "2025", [{Sector.POWER}, THREE]),
        ("quality-plan", "2027", [{Sector.POWER}, THREE]),
        ("monthly-evidence", "2024-12", [{Sector.POWER}]),
        ("monthly-evidence", "2025-01", [{Sector.POWER}, THREE]),
        ("monthly-evidence", "2025-07", [{Sector.POWER}, THREE]),
        ("monthly-evidence", "2027-01", [{Sector.POWER}, THREE]),
        ("pre-allocation", "2024", [{Sector.POWER}]),
        ("pre-allocation", "2025", [{Sector.POWER}, THREE]),
        ("allocation-issue", "2024", [{Sector.POWER}, THREE]),
        ("allocation-issue", "2025", [FOUR]),
        ("surrender", "2023", [{Sector.POWER}]),
        ("surrender", "2024", [{Sector.POWER}, THREE]),
        ("surrender", "2025", [{Sector.POWER}, THREE]),
        ("verifier-evaluation", "2025", [{Sector.POWER}, THREE]),
    ],
)
def test_the_sectors_that_the_same_notices_bind_stand_together(
    duty: str, period: str, expected: list[frozenset[Sector]]
) -> None:
    found = LAW.bindings(duty, Period.parse(period))
    assert set(found) == {frozenset(each) for each in expected}
    assert all(binding.sectors == sectors for sectors, binding in found.items())


@pytest.mark.parametrize("year", range(2023, 2028))
def test_no_sector_is_bound_twice_for_a_duty_and_every_sector_reports_and_is_verified(year: int) -> None:
    for duty in LAW.rulebook.by_duty:
        for period in (Period.year(year), *(Period.month(year, month) for month in range(1, 13))):
            sectors = [sector for group in LAW.bindings(duty, period) for sector in group]
            assert len(sectors) == len(set(sectors)), (duty, period)
    for pair in (("annual-report", "nonpower-report"), ("verification", "nonpower-verification")):
        one, other = ({s for g in LAW.bindings(duty, Period.year(year)) for s in g} for duty in pair)
        assert one | other == set(Sector)
        assert not one & other
    listed = [
        {s for g in LAW.bindings(duty, Period.year(year)) for s in g}
        for duty in ("power-list", "nonpower-list", "industry-list")
    ]
    assert set().union(*listed) == (set(Sector) if year > 2023 else {Sector.POWER})
    assert sum(map(len, listed)) == len(set().union(*listed))


@pytest.mark.parametrize("year", [2024, 2025])
@pytest.mark.parametrize("duty", ["annual-report", "verification", "surrender"])
def test_the_four_sectors_report_are_verified_and_surrender_for_2024_and_2025(duty: str, year: int) -> None:
    found = LAW.bindings(duty, Period.year(year))
    assert frozenset().union(*found) == FOUR
    for binding in found.values():
        first = binding.rule.stages[0].name
        assert LAW.date(binding, first).date.due_on is not None


def test_what_was_read_second_hand_is_marked_wherever_it_speaks() -> None:
    binding = LAW.binding("annual-report", Period.year(2025))
    assert [(each.notice.number, each.second_hand) for each in binding.sources] == [
        (CQ, False),
        (MEE_32, True),
    ]
    assert binding.second_hand
    marked = [r for r in LAW.date(binding, "unit").date.reasons if r.code is ReasonCode.SECOND_HAND]
    assert [dict(reason.arguments) for reason in marked] == [{"number": MEE_32}]
    assert not LAW.binding("annual-report", Period.year(2026)).second_hand


def test_the_nation_s_own_date_is_the_limit_of_what_a_municipality_can_put_off() -> None:
    limit = national_limit(bound("annual-report", "unit", "2025", Sector.POWER))
    assert limit is not None
    assert (limit.source.notice.number, limit.date.due_on) == (MEE_32, date(2026, 3, 31))
    steel = national_limit(bound("annual-report", "unit", "2024", Sector.STEEL))
    assert steel is not None
    assert steel.date.due_on == date(2025, 6, 30)
    assert national_limit(bound("annual-report", "unit", "2026", Sector.POWER)) is None
    assert national_limit(bound("annual-report", "district", "2025", Sector.POWER)) is None


@pytest.mark.parametrize(
    ("duty", "period", "sectors", "numbers"),
    [
        ("nonpower-report", "2024", SIX, [CQ, MEE_332]),
        ("nonpower-report", "2025", SIX, [CQ, MEE_32]),
        ("nonpower-verification", "2023", SIX, [CQ, MEE_332]),
        ("nonpower-list", "2026", SIX, [CQ]),
        ("annual-report", "2025", {Sector.POWER}, [CQ, MEE_32]),
        ("monthly-evidence", "2026-01", {Sector.POWER}, [CQ, MEE_32]),
    ],
)
def test_a_duty_asked_for_without_a_sector_is_answered_for_most_of_its_own(
    duty: str, period: str, sectors: frozenset[Sector], numbers: list[str]
) -> None:
    found = LAW.binding(duty, Period.parse(period))
    assert found.sectors == sectors
    assert [each.notice.number for each in found.sources] == numbers


def test_the_factors_of_a_power_plan_are_the_guide_s_and_its_date_chongqing_s() -> None:
    binding = LAW.binding("quality-plan", Period.year(2028))
    assert [each.notice.provenance.source for each in binding.sources] == ["official", "second-hand"]
    found = LAW.date(binding, "unit")
    assert (found.date.due_on, found.source.notice.number) == (date(2027, 10, 15), CQ)
