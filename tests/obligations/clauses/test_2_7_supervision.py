"""二（七）强化数据质量日常监管."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from tests.obligations.clauses.chongqing import (
    PLATFORM,
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
    shanghai_day,
)


class TestTheYearlyEnforcement:
    """二(七): 将碳市场数据质量管理纳入年度生态环境保护专项执法与“双随机，一公开”监管."""

    def test_is_the_districts_each_year_without_a_date(self) -> None:
        assert chongqing("enforcement-plan").recurrence == "yearly"
        for year in ("2023", "2025", "2027"):
            assert is_undated(of("enforcement-plan", "district", year))
        assert bearer("enforcement-plan", "district") == ("二(七)", "district", "district")
        assert handed("enforcement-plan", "district") == ("kept", None, None)
        for checked in ("数据质量控制计划", "存证", "煤样"):
            assert checked in said("enforcement-plan", "district")

    def test_begins_with_2023(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2023; 2022 lies before it"):
            of("enforcement-plan", "district", "2022")


class TestAComplaint:
    """二(七): 对投诉举报和上级生态环境部门转办交办有关问题线索逐一进行核实处理."""

    def test_is_settled_one_by_one_without_a_date(self) -> None:
        rule = chongqing("complaint")
        assert rule.arises is not None
        assert (rule.recurrence, rule.arises.occasion) == ("event", "complaint")
        for period in ("2023-09", "2024", "2024-02"):
            assert is_undated(of("complaint", "district", period, found_on=date(2024, 2, 29)))
        assert bearer("complaint", "district") == ("二(七)", "district", "district")
        assert handed("complaint", "district") == ("kept", None, None)

    def test_before_the_notice_is_in_force_is_none_of_its(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("complaint", "district", "2023-08")


class TestACorrection:
    """二(七): 对于存证材料不及时、不规范、不完整及不清晰…应在3个工作日内组织…完成核实和更正."""

    @pytest.mark.parametrize(
        ("found_on", "due_on"),
        [
            pytest.param(date(2023, 9, 21), date(2023, 9, 26), id="a missed upload, over a weekend"),
            pytest.param(date(2023, 9, 27), date(2023, 10, 8), id="National Day 2023, two make-up days"),
            pytest.param(date(2023, 10, 21), date(2023, 10, 25), id="a missed upload, on a Saturday"),
            pytest.param(date(2023, 12, 29), date(2024, 1, 4), id="over the year's end"),
            pytest.param(date(2024, 2, 8), date(2024, 2, 19), id="Spring Festival 2024, a make-up Sunday"),
            pytest.param(date(2024, 2, 27), date(2024, 3, 1), id="29 February counts"),
            pytest.param(date(2024, 3, 2), date(2024, 3, 6), id="found on a Saturday"),
            pytest.param(date(2024, 9, 29), date(2024, 10, 9), id="found on a make-up Sunday"),
            pytest.param(date(2024, 10, 8), date(2024, 10, 11), id="before a make-up Saturday"),
            pytest.param(date(2024, 10, 9), date(2024, 10, 12), id="a make-up Saturday is the third day"),
            pytest.param(date(2025, 1, 24), date(2025, 2, 5), id="Spring Festival 2025, a make-up Sunday"),
            pytest.param(date(2025, 9, 30), date(2025, 10, 11), id="National Day 2025, a make-up Saturday"),
            pytest.param(date(2026, 2, 13), date(2026, 2, 25), id="Spring Festival 2026, make-up Saturday"),
            pytest.param(date(2026, 2, 21), date(2026, 2, 26), id="a missed upload within the festival"),
            pytest.param(date(2026, 9, 30), date(2026, 10, 10), id="National Day 2026, a make-up Saturday"),
            pytest.param(date(2026, 12, 28), date(2026, 12, 31), id="the last published day"),
        ],
    )
    def test_ends_with_the_third_working_day_after_the_finding(self, found_on: date, due_on: date) -> None:
        found = of("correction", "unit", "2024-01", found_on=found_on)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
        assert codes(found)[0] is ReasonCode.AFTER_FINDING

    @pytest.mark.parametrize(
        ("found_on", "due_on"),
        [(date(2026, 12, 29), date(2027, 1, 1)), (date(2027, 2, 3), date(2027, 2, 8))],
    )
    def test_beyond_the_published_calendar_is_provisional(self, found_on: date, due_on: date) -> None:
        found = of("correction", "unit", "2026-12", found_on=found_on)
        assert (found.due_on, found.kind) == (due_on, DueKind.PROVISIONAL)
        assert codes(found)[-1] is ReasonCode.CALENDAR_NOT_PUBLISHED

    def test_says_which_days_were_counted_and_which_were_off(self) -> None:
        found = of("correction", "unit", "2024-01", found_on=date(2024, 2, 8))
        assert codes(found)[1:] == [
            ReasonCode.DAYS_COUNTED,
            ReasonCode.DAYS_OFF,
            ReasonCode.MAKE_UP_DAYS,
        ]
        counted, off, made_up = (reason.arguments["days"] for reason in found.reasons[1:])
        assert counted == (date(2024, 2, 9), date(2024, 2, 18), date(2024, 2, 19))
        assert off == tuple(date(2024, 2, day) for day in range(10, 18))
        assert made_up == (date(2024, 2, 18),)

    @pytest.mark.parametrize(
        ("found_at", "due_on"),
        [
            ("2024-03-05T15:59:59+00:00", date(2024, 3, 8)),
            ("2024-03-05T16:00:00+00:00", date(2024, 3, 11)),  # found on Wednesday the 6th
        ],
    )
    def test_counts_from_the_day_in_shanghai_of_the_finding(self, found_at: str, due_on: date) -> None:
        found = of("correction", "unit", "2024-02", found_on=shanghai_day(found_at))
        assert found.due_on == due_on

    def test_lasts_through_the_third_day_in_shanghai_and_is_never_rolled(self) -> None:
        found = of("correction", "unit", "2023-08", found_on=date(2023, 9, 27), roll=ROLLING)
        assert found.due_on == date(2023, 10, 8)  # a make-up Sunday
        assert last_second(found) == "2023-10-08T15:59:59+00:00"

    def test_starts_when_something_is_found(self) -> None:
        found = of("correction", "unit", "2024-01")
        assert (found.due_on, found.overdue_from, found.kind) == (None, None, DueKind.NONE)
        assert codes(found) == [ReasonCode.STARTS_WHEN_FOUND]
        assert found.reasons[0].arguments == {"days": 3}

    def test_extends_no_date_of_the_monthly_evidence(self) -> None:
        assert of("monthly-evidence", "district", "2024-01", found_on=date(2024, 2, 21)).due_on == date(
            2024, 2, 25
        )
        assert of("monthly-evidence", "municipal", "2024-01", found_on=date(2024, 3, 8)).due_on == date(
            2024, 3, 11
        )

    def test_is_of_evidence_since_august_2023_and_may_be_filed_under_its_year(self) -> None:
        rule = chongqing("correction")
        assert rule.arises is not None
        assert (rule.arises.occasion, rule.arises.of) == ("unfit_evidence", "monthly-evidence")
        assert rule.offsets == (1, 0)
        with pytest.raises(DeadlineError, match="begins with 2023-08; 2023-07 lies before it"):
            of("correction", "unit", "2023-07", found_on=date(2023, 9, 21))
        assert of("correction", "unit", "2023", found_on=date(2023, 9, 21)).due_on == date(2023, 9, 26)

    def test_binds_the_district_that_organises_and_the_unit_alike(self) -> None:
        assert bearer("correction", "unit") == ("二(七)", "unit", "unit")
        assert handed("correction", "unit") == ("district", "district", PLATFORM)
        assert "区县生态环境局组织、重点排放单位完成的共同期限" in said("correction", "unit")
        assert bound("correction") == {"power"}


class TestAnAnomaly:
    """二(七): 对于存在异常数据等问题线索的…及时组织…提交相关证明材料，并将查实意见通过管理平台报送."""

    def test_is_reported_to_the_city_promptly_with_no_number_of_days(self) -> None:
        rule = chongqing("anomaly")
        assert rule.arises is not None
        assert (rule.recurrence, rule.arises.occasion) == ("event", "anomaly")
        assert is_undated(of("anomaly", "district", "2023-09"))
        assert is_undated(of("anomaly", "district", "2027-02", found_on=date(2027, 2, 8), roll=ROLLING))
        assert "及时" in said("anomaly", "district")
        assert bearer("anomaly", "district") == ("二(七)", "district", "district")
        assert handed("anomaly", "district") == ("municipal", "municipal", PLATFORM)

    def test_before_the_notice_is_in_force_is_none_of_its(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("anomaly", "district", "2023-08")


class TestTheSpotChecksOfTheCity:
    """二(七): 市生态环境局将对全市发电行业重点排放单位有关情况不定期进行抽查."""

    def test_are_unannounced_and_have_no_date(self) -> None:
        assert chongqing("spot-check").recurrence == "continuous"
        for period in ("2023-09", "2024", "2027"):
            assert is_undated(of("spot-check", "municipal", period))
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("spot-check", "municipal", "2023-08")
        assert bearer("spot-check", "municipal") == ("二(七)", "municipal", "municipal")
        assert handed("spot-check", "municipal") == ("kept", None, None)
        assert bound("spot-check") == {"power"}
