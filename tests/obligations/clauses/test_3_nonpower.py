"""三、非发电行业有关要求."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from tests.obligations.clauses.chongqing import (
    NON_POWER,
    ROLLING,
    bearer,
    bound,
    chongqing,
    codes,
    handed,
    last_second,
    of,
    said,
)


def test_the_seven_sectors_of_the_preamble_are_bound_and_power_is_not() -> None:
    """石化、化工、建材、钢铁、有色、造纸、民航，以下简称“非发电行业”."""
    named = {"petrochemical", "chemical", "building_materials", "steel", "nonferrous", "paper", "aviation"}
    for rule in ("nonpower-report", "nonpower-verification"):
        assert named <= bound(rule)
        assert "power" not in bound(rule, "coal")
        assert bound(rule) == NON_POWER


class TestTheReportOfTheUnit:
    """三(一): 于每年9月15日前向市生态环境局报送上一年度温室气体排放报告等信息."""

    @pytest.mark.parametrize(
        ("report", "due_on", "rolled_to"),
        [
            ("2022", date(2023, 9, 15), date(2023, 9, 15)),
            ("2023", date(2024, 9, 15), date(2024, 9, 18)),  # a Sunday in Mid-Autumn Festival
            ("2024", date(2025, 9, 15), date(2025, 9, 15)),
            ("2025", date(2026, 9, 15), date(2026, 9, 15)),
            ("2026", date(2027, 9, 15), date(2027, 9, 15)),
        ],
    )
    def test_is_due_by_15_september_after_the_year(self, report: str, due_on: date, rolled_to: date) -> None:
        found = of("nonpower-report", "unit", report)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
        assert codes(found) == [ReasonCode.FIXED_DATE]
        assert of("nonpower-report", "unit", report, roll=ROLLING).due_on == rolled_to

    def test_lasts_through_that_day_in_shanghai(self) -> None:
        assert last_second(of("nonpower-report", "unit", "2022")) == "2023-09-15T15:59:59+00:00"

    def test_is_first_owed_for_2022(self) -> None:
        with pytest.raises(DeadlineError, match='"nonpower-report" begins with 2022; 2021 lies before it'):
            of("nonpower-report", "unit", "2021")

    def test_goes_to_the_city_though_the_district_organises_it(self) -> None:
        assert bearer("nonpower-report", "unit") == ("三(一)", "unit", "unit")
        assert handed("nonpower-report", "unit") == ("municipal", "municipal", None)
        asked = said("nonpower-report", "unit")
        for part in ("由区县生态环境局组织", "数据质量控制计划", "补充数据表", "0.5703"):
            assert part in asked

    @pytest.mark.parametrize("report", [2022, 2023, 2026])
    def test_counts_with_the_grid_factor_of_the_notice(self, report: int) -> None:
        holding = [each for each in chongqing("nonpower-report").parameters if each.holds_for(report)]
        assert [each.value.zh for each in holding] == ["0.5703 tCO2/MWh"]


class TestTheVerificationOfTheCity:
    """三(二): 于每年12月31日之前完成上一年度排放报告的核查工作."""

    @pytest.mark.parametrize(
        ("report", "due_on", "rolled_to"),
        [
            ("2022", date(2023, 12, 31), date(2024, 1, 2)),  # a Sunday, then New Year's Day
            ("2023", date(2024, 12, 31), date(2024, 12, 31)),
            ("2024", date(2025, 12, 31), date(2025, 12, 31)),
            ("2025", date(2026, 12, 31), date(2026, 12, 31)),
            ("2026", date(2027, 12, 31), date(2027, 12, 31)),
        ],
    )
    def test_is_due_by_31_december_after_the_year(self, report: str, due_on: date, rolled_to: date) -> None:
        found = of("nonpower-verification", "municipal", report)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
        assert of("nonpower-verification", "municipal", report, roll=ROLLING).due_on == rolled_to

    def test_ends_with_the_year_in_shanghai(self) -> None:
        found = of("nonpower-verification", "municipal", "2022")
        assert last_second(found) == "2023-12-31T15:59:59+00:00"

    def test_is_first_owed_for_2022_by_the_guide(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2022; 2021 lies before it"):
            of("nonpower-verification", "municipal", "2021")
        assert bearer("nonpower-verification", "municipal") == ("三(二)", "municipal", "municipal")
        assert handed("nonpower-verification", "municipal") == ("kept", None, None)
        assert "环办气候函〔2021〕130号" in said("nonpower-verification", "municipal")
        assert chongqing("nonpower-verification").depends_on == ("nonpower-report",)
