"""二（五）开展年度配额核定和清缴履约: help for the units, and what follows a default."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from obligations.notice import External, Level
from tests.obligations.clauses.chongqing import (
    ROLLING,
    bearer,
    bound,
    chongqing,
    codes,
    handed,
    is_undated,
    last_second,
    of,
    said,
)


@pytest.mark.parametrize("level", ["municipal", "district"])
class TestTheHelpForUnits:
    """二(五) ¶2: 市、区（县）两级生态环境部门共同加强对重点排放单位督导帮扶工作."""

    def test_is_given_by_both_levels_at_all_times(self, level: str) -> None:
        assert bearer("guidance", level) == ("二(五)", level, level)
        assert handed("guidance", level) == ("unit", None, None)
        assert chongqing("guidance").recurrence == "continuous"
        for period in ("2023-09", "2024", "2027-02"):
            assert is_undated(of("guidance", level, period))

    def test_begins_with_the_month_the_notice_is_in_force(self, level: str) -> None:
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("guidance", level, "2023-08")


class TestTheRectificationOfTheUnit:
    """二(五) ¶3: 对…第二个履约周期内未按时足额清缴配额的重点排放单位，责令于2024年2月29日前完成整改."""

    def test_is_due_by_29_february_2024_that_day_included(self) -> None:
        found = of("rectification-2021-2022", "unit", "2021-2022")
        assert (found.due_on, found.kind) == (date(2024, 2, 29), DueKind.FIRM)
        assert last_second(found) == "2024-02-29T15:59:59+00:00"
        assert codes(found) == [ReasonCode.ONE_OFF_DATE]
        assert of("rectification-2021-2022", "unit", "2021-2022", roll=ROLLING).due_on == date(2024, 2, 29)

    def test_is_owed_by_who_did_not_surrender_in_full(self) -> None:
        arises = chongqing("rectification-2021-2022").arises_for(Level.UNIT)
        assert arises is not None
        assert (arises.occasion, arises.of) == ("default", "surrender-2021-2022")
        assert bearer("rectification-2021-2022", "unit") == ("二(五)", "unit", "unit")
        assert handed("rectification-2021-2022", "unit") == ("district", "district", None)
        assert bound("rectification-2021-2022") == {"power"}


class TestTheOrderAndThePenalty:
    """二(五) ¶3: 各区县生态环境局对未按时足额清缴配额的重点排放单位…责令…完成整改，并依法立案处罚."""

    def test_is_the_districts_for_each_unit_in_default_and_has_no_date_of_its_own(self) -> None:
        rule = chongqing("penalty-2021-2022")
        assert rule.arises is not None
        assert (rule.arises.occasion, rule.arises.of) == ("default", "surrender-2021-2022")
        assert bearer("penalty-2021-2022", "district") == ("二(五)", "district", "unit")
        assert handed("penalty-2021-2022", "district") == ("unit", None, None)
        assert is_undated(of("penalty-2021-2022", "district", "2021-2022"))
        assert "立案和处罚材料" in said("penalty-2021-2022", "district")

    def test_is_for_the_second_compliance_period_only(self) -> None:
        with pytest.raises(DeadlineError, match="ends with 2021-2022; 2023 lies after it"):
            of("penalty-2021-2022", "district", "2023")


class TestTheReportOfTheDistrict:
    """二(五) ¶3: 有关处理情况于2024年3月5日前报送市生态环境局."""

    def test_is_due_by_5_march_2024(self) -> None:
        found = of("rectification-2021-2022", "district", "2021-2022")
        assert (found.due_on, found.kind) == (date(2024, 3, 5), DueKind.FIRM)
        assert last_second(found) == "2024-03-05T15:59:59+00:00"

    def test_is_owed_even_where_no_unit_is_in_default(self) -> None:
        rule = chongqing("rectification-2021-2022")
        assert rule.stage("district").nil_report
        assert rule.arises_for(Level.DISTRICT) is None
        assert "零报告" in said("rectification-2021-2022", "district")
        assert bearer("rectification-2021-2022", "district") == ("二(五)", "district", "district")
        assert handed("rectification-2021-2022", "district") == ("municipal", "municipal", None)


class TestTheReportOfTheCity:
    """二(五) ¶3: 市生态环境局收集汇总全市有关情况，于2024年3月15日前报送生态环境部."""

    def test_is_due_by_15_march_2024_nil_or_not(self) -> None:
        found = of("rectification-2021-2022", "municipal", "2021-2022")
        assert (found.due_on, found.kind) == (date(2024, 3, 15), DueKind.FIRM)
        assert last_second(found) == "2024-03-15T15:59:59+00:00"
        assert chongqing("rectification-2021-2022").arises_for(Level.MUNICIPAL) is None
        assert bearer("rectification-2021-2022", "municipal") == ("二(五)", "municipal", "municipal")
        assert handed("rectification-2021-2022", "municipal") == ("ministry", None, None)

    def test_does_not_wait_for_late_districts(self) -> None:
        late = of("rectification-2021-2022", "municipal", "2021-2022", date(2024, 3, 20))
        assert late.due_on == date(2024, 3, 15)


class TestTheRectificationOfLaterYears:
    """二(五) ¶3: 对未按时足额清缴配额的重点排放单位，依据《办法》等相关规定责令限期整改."""

    @pytest.mark.parametrize(
        ("year", "limit_on"),
        [("2023", date(2025, 2, 28)), ("2024", date(2026, 2, 28)), ("2026", date(2028, 2, 29))],
    )
    def test_is_due_by_the_limit_of_the_order(self, year: str, limit_on: date) -> None:
        before = of("rectification", "unit", year)
        assert (before.due_on, before.kind) == (None, DueKind.EXTERNAL)
        assert codes(before) == [ReasonCode.NOT_ORDERED]
        ordered = of("rectification", "unit", year, announced_on=limit_on)
        assert (ordered.due_on, ordered.kind) == (limit_on, DueKind.EXTERNAL)

    def test_has_a_limit_that_the_district_sets(self) -> None:
        rule = chongqing("rectification")
        assert rule.arises is not None
        assert (rule.arises.occasion, rule.arises.of) == ("default", "surrender")
        deadline = rule.stage("unit").deadline
        assert isinstance(deadline, External)
        assert deadline.set_by is Level.DISTRICT
        assert bearer("rectification", "unit") == ("二(五)", "unit", "unit")
        assert handed("rectification", "unit") == ("district", "district", None)

    def test_is_ordered_by_the_district_unit_by_unit(self) -> None:
        rule = chongqing("rectification-order")
        assert rule.arises == chongqing("rectification").arises
        assert bearer("rectification-order", "district") == ("二(五)", "district", "unit")
        assert handed("rectification-order", "district") == ("unit", None, None)
        assert is_undated(of("rectification-order", "district", "2023"))
        with pytest.raises(DeadlineError, match="begins with 2023; 2022 lies before it"):
            of("rectification-order", "district", "2022")
