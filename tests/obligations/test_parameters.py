"""What a report is done by, for each report year and sector, and which notice says so."""

import pytest

from obligations.law import Law
from obligations.parameters import parameters
from obligations.periods import Period
from obligations.terms import Sector

CITY = "渝环规〔2023〕2号"
SPECIFICATION, GRID = "核算与报告规范", "全国电网平均排放因子"


def told(law: Law, duty: str, year: int, sector: Sector) -> dict[str, tuple[str, str]]:
    """Return by name what holds: its value in English, and the number of the notice."""
    found = parameters(law, duty, Period.year(year), sectors=frozenset({sector}))
    return {each.parameter.name.zh: (each.parameter.value.en, each.source.notice.number) for each in found}


@pytest.mark.parametrize("duty", ["annual-report", "accounting-parameters"])
@pytest.mark.parametrize(
    ("year", "specification"),
    [
        (2023, "环办气候函〔2022〕485号"),  # 2023、2024年度…应符合《核算报告指南》
        (2024, "环办气候函〔2022〕485号"),
    ],
)
def test_a_power_report_is_done_by_the_specification_and_the_factor_of_its_year(
    law: Law, duty: str, year: int, specification: str
) -> None:
    held = told(law, duty, year, Sector.POWER)
    assert held == {SPECIFICATION: (specification, CITY), GRID: ("0.5703 tCO2/MWh", CITY)}


def test_the_report_for_2022_has_the_specification_of_its_own(law: Law) -> None:
    held = told(law, "accounting-parameters", 2022, Sector.POWER)
    assert held[SPECIFICATION] == ("环办气候〔2022〕111号, revised 2022", CITY)


def test_a_parameter_holds_until_another_notice_says_more(law: Law) -> None:
    assert told(law, "annual-report", 2025, Sector.POWER)[GRID] == ("0.5703 tCO2/MWh", CITY)
    value, number = told(law, "annual-report", 2026, Sector.POWER)[GRID]
    assert value.startswith("Not used")
    assert number != CITY


def test_a_report_outside_power_has_the_factor_its_notice_names(law: Law) -> None:
    held = told(law, "nonpower-report", 2024, Sector.CHEMICAL)
    assert held == {"电网排放因子": ("0.5703 tCO2/MWh", CITY)}


@pytest.mark.parametrize(
    ("duty", "sector"), [("accounting-parameters", Sector.PAPER), ("quality-plan", Sector.POWER)]
)
def test_what_nobody_says_is_empty(law: Law, duty: str, sector: Sector) -> None:
    assert told(law, duty, 2024, sector) == {}


def test_how_it_is_verified_is_no_parameter_of_the_report(law: Law) -> None:
    assert "核查技术指南" not in told(law, "annual-report", 2026, Sector.POWER)
    assert "核查技术指南" in told(law, "verification", 2026, Sector.POWER)
