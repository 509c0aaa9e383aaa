"""二（一）组织制订数据质量控制计划."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from tests.obligations.clauses.chongqing import (
    PLATFORM,
    ROLLING,
    bearer,
    bound,
    codes,
    handed,
    is_undated,
    last_second,
    of,
    said,
)


class TestThePlanOfTheUnit:
    """二(一): 制订下一年度数据质量控制计划，并于每年10月15日前通过管理平台提交至各区县生态环境局."""

    @pytest.mark.parametrize(
        ("plan_for", "due_on"),
        [
            ("2024", date(2023, 10, 15)),
            ("2025", date(2024, 10, 15)),
            ("2026", date(2025, 10, 15)),
            ("2027", date(2026, 10, 15)),
            ("2028", date(2027, 10, 15)),
        ],
    )
    def test_is_due_by_15_october_of_the_year_before(self, plan_for: str, due_on: date) -> None:
        found = of("quality-plan", "unit", plan_for)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
        assert codes(found) == [ReasonCode.FIXED_DATE]

    def test_one_second_past_midnight_in_shanghai_it_is_late(self) -> None:
        assert last_second(of("quality-plan", "unit", "2026")) == "2025-10-15T15:59:59+00:00"

    def test_is_first_asked_for_2024(self) -> None:
        with pytest.raises(DeadlineError, match='"quality-plan" begins with 2024; 2023 lies before it'):
            of("quality-plan", "unit", "2023")

    def test_is_organised_by_the_district_and_handed_to_it_by_the_platform(self) -> None:
        assert bearer("quality-plan", "unit") == ("二(一)", "unit", "unit")
        assert handed("quality-plan", "unit") == ("district", "district", PLATFORM)
        assert "由区县生态环境局组织" in said("quality-plan", "unit")
        assert "环办气候函〔2022〕485号" in said("quality-plan", "unit")
        assert bound("quality-plan", "gas") == {"power"}


class TestThePlanOfTheDistrict:
    """二(一): 各区县生态环境局…进行技术把关后，于每年11月15日前通过管理平台提交至市生态环境局."""

    @pytest.mark.parametrize(
        ("plan_for", "due_on", "rolled_to"),
        [
            ("2024", date(2023, 11, 15), date(2023, 11, 15)),
            ("2025", date(2024, 11, 15), date(2024, 11, 15)),
            ("2026", date(2025, 11, 15), date(2025, 11, 17)),  # a Saturday
            ("2027", date(2026, 11, 15), date(2026, 11, 16)),  # a Sunday
            ("2028", date(2027, 11, 15), date(2027, 11, 15)),
        ],
    )
    def test_is_due_by_15_november_of_the_year_before(
        self, plan_for: str, due_on: date, rolled_to: date
    ) -> None:
        found = of("quality-plan", "district", plan_for)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
        assert of("quality-plan", "district", plan_for, roll=ROLLING).due_on == rolled_to

    @pytest.mark.parametrize("submitted_on", [date(2023, 9, 10), date(2023, 10, 15), date(2023, 12, 1)])
    def test_does_not_move_with_an_early_or_late_plan(self, submitted_on: date) -> None:
        found = of("quality-plan", "district", "2024", submitted_on)
        assert (found.due_on, found.excused) == (date(2023, 11, 15), False)

    def test_lasts_through_that_day_in_shanghai(self) -> None:
        assert last_second(of("quality-plan", "district", "2024")) == "2023-11-15T15:59:59+00:00"

    def test_goes_to_the_city_by_the_platform(self) -> None:
        assert bearer("quality-plan", "district") == ("二(一)", "district", "unit")
        assert handed("quality-plan", "district") == ("municipal", "municipal", PLATFORM)


class TestThePlansOfTheCity:
    """二(一): 市生态环境局进行技术把关，汇总形成我市年度…数据质量控制计划."""

    def test_are_compiled_without_a_date(self) -> None:
        assert is_undated(of("quality-plan", "municipal", "2024"))
        assert is_undated(of("quality-plan", "municipal", "2027", date(2026, 11, 15), roll=ROLLING))
        assert bearer("quality-plan", "municipal") == ("二(一)", "municipal", "unit")
        assert handed("quality-plan", "municipal") == ("kept", None, PLATFORM)
