"""二（三）组织报送年度温室气体排放报告."""

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


class TestTheReportOfTheUnit:
    """二(三): 于每年2月1日前通过管理平台报送上一年度温室气体排放报告."""

    @pytest.mark.parametrize(
        ("report", "due_on", "aim_for"),
        [
            ("2023", date(2024, 2, 1), date(2024, 1, 31)),
            ("2024", date(2025, 2, 1), date(2025, 1, 31)),
            ("2025", date(2026, 2, 1), date(2026, 1, 31)),
            ("2026", date(2027, 2, 1), date(2027, 1, 31)),
        ],
    )
    def test_is_due_by_1_february_after_the_year_and_safest_a_day_earlier(
        self, report: str, due_on: date, aim_for: date
    ) -> None:
        found = of("annual-report", "unit", report)
        assert (found.due_on, found.safe_target_on, found.kind) == (due_on, aim_for, DueKind.FIRM)
        assert codes(found) == [ReasonCode.FIXED_DATE, ReasonCode.SAFE_TARGET]

    @pytest.mark.parametrize(
        ("report", "rolled_to"),
        [
            ("2023", date(2024, 2, 1)),
            ("2024", date(2025, 2, 5)),  # a Saturday in Spring Festival
            ("2025", date(2026, 2, 2)),  # a Sunday
        ],
    )
    def test_stands_in_spring_festival_and_moves_only_where_dates_roll(
        self, report: str, rolled_to: date
    ) -> None:
        assert of("annual-report", "unit", report, roll=ROLLING).due_on == rolled_to

    def test_one_second_past_midnight_in_shanghai_it_is_late(self) -> None:
        assert last_second(of("annual-report", "unit", "2023")) == "2024-02-01T15:59:59+00:00"

    def test_is_first_asked_for_2023(self) -> None:
        with pytest.raises(DeadlineError, match='"annual-report" begins with 2023; 2022 lies before it'):
            of("annual-report", "unit", "2022")

    def test_is_organised_by_the_district_and_handed_to_it_by_the_platform(self) -> None:
        assert bearer("annual-report", "unit") == ("二(三)", "unit", "unit")
        assert handed("annual-report", "unit") == ("district", "district", PLATFORM)
        assert "由区县生态环境局组织" in said("annual-report", "unit")
        assert bound("annual-report") == {"power"}


class TestTheCheckOfTheDistrict:
    """二(三): 重点排放单位报送日期起10个自然日内，各区县生态环境局完成…技术把关."""

    @pytest.mark.parametrize(
        ("report", "submitted_on", "due_on", "at_risk"),
        [
            ("2023", date(2024, 1, 15), date(2024, 1, 25), False),
            ("2023", date(2023, 12, 28), date(2024, 1, 7), False),  # over the year's end
            ("2023", date(2024, 2, 1), date(2024, 2, 11), False),  # within Spring Festival
            ("2023", date(2024, 2, 19), date(2024, 2, 29), False),
            ("2023", date(2024, 2, 20), date(2024, 3, 1), False),  # on the city's day, in a leap year
            ("2023", date(2024, 2, 21), date(2024, 3, 2), True),
            ("2023", date(2024, 3, 10), date(2024, 3, 20), True),
            ("2024", date(2025, 2, 19), date(2025, 3, 1), False),  # on the city's day, in a common year
            ("2024", date(2025, 2, 20), date(2025, 3, 2), True),
            ("2026", date(2027, 2, 1), date(2027, 2, 11), False),
        ],
    )
    def test_is_due_10_days_after_the_report_without_a_cap_and_past_1_march_puts_the_chain_at_risk(
        self,
        report: str,
        submitted_on: date,
        due_on: date,
        at_risk: bool,  # noqa: FBT001 - a table's column
    ) -> None:
        found = of("annual-report", "district", report, submitted_on)
        assert (found.due_on, found.kind, found.chain_at_risk) == (due_on, DueKind.FIRM, at_risk)
        assert not found.excused
        assert found.internal_target_on is None
        assert (ReasonCode.CHAIN_AT_RISK in codes(found)) is at_risk

    @pytest.mark.parametrize(
        ("reported_at", "due_on"),
        [
            ("2024-02-01T15:59:59+00:00", date(2024, 2, 11)),
            ("2024-02-01T16:00:00+00:00", date(2024, 2, 12)),
        ],
    )
    def test_counts_from_the_day_in_shanghai_on_which_the_report_arrived(
        self, reported_at: str, due_on: date
    ) -> None:
        assert of("annual-report", "district", "2023", shanghai_day(reported_at)).due_on == due_on

    def test_counts_anew_from_the_report_handed_in_again(self) -> None:
        found = of("annual-report", "district", "2023", date(2024, 1, 10), date(2024, 1, 26))
        assert found.due_on == date(2024, 2, 5)
        assert codes(found)[0] is ReasonCode.LAST_SUBMISSION_COUNTS

    def test_without_a_report_expects_it_on_its_last_day(self) -> None:
        found = of("annual-report", "district", "2023")
        assert (found.due_on, found.kind) == (date(2024, 2, 11), DueKind.PROVISIONAL)
        assert found.reasons[0].arguments == {
            "expected_on": date(2024, 2, 1),
            "days": 10,
            "due_on": date(2024, 2, 11),
        }

    def test_rolled_expects_the_report_on_its_rolled_last_day(self) -> None:
        found = of("annual-report", "district", "2024", roll=ROLLING)
        assert found.reasons[0].arguments["expected_on"] == date(2025, 2, 5)
        assert (found.due_on, found.kind) == (date(2025, 2, 17), DueKind.PROVISIONAL)

    def test_goes_to_the_city_by_the_platform(self) -> None:
        assert bearer("annual-report", "district") == ("二(三)", "district", "unit")
        assert handed("annual-report", "district") == ("municipal", "municipal", PLATFORM)


class TestTheCompletionOfTheCity:
    """二(三): 市生态环境局…于每年3月1日前组织完成全市年度温室气体排放报告工作."""

    @pytest.mark.parametrize(
        ("report", "due_on", "aim_for"),
        [
            ("2023", date(2024, 3, 1), date(2024, 2, 29)),
            ("2024", date(2025, 3, 1), date(2025, 2, 28)),
            ("2025", date(2026, 3, 1), date(2026, 2, 28)),
            ("2026", date(2027, 3, 1), date(2027, 2, 28)),
        ],
    )
    def test_is_due_by_1_march_and_safest_on_the_last_of_february(
        self, report: str, due_on: date, aim_for: date
    ) -> None:
        found = of("annual-report", "municipal", report)
        assert (found.due_on, found.safe_target_on, found.kind) == (due_on, aim_for, DueKind.FIRM)

    def test_rolled_its_safe_target_stays(self) -> None:
        found = of("annual-report", "municipal", "2024", roll=ROLLING)
        assert (found.due_on, found.safe_target_on) == (date(2025, 3, 3), date(2025, 2, 28))
        assert of("annual-report", "municipal", "2025", roll=ROLLING).due_on == date(2026, 3, 2)

    def test_does_not_move_with_late_districts(self) -> None:
        assert of("annual-report", "municipal", "2023", date(2024, 3, 20)).due_on == date(2024, 3, 1)

    def test_lasts_through_that_day_in_shanghai_and_ends_the_chain(self) -> None:
        assert last_second(of("annual-report", "municipal", "2023")) == "2024-03-01T15:59:59+00:00"
        assert bearer("annual-report", "municipal") == ("二(三)", "municipal", "unit")
        assert handed("annual-report", "municipal") == ("kept", None, PLATFORM)


class TestTheSpecificationOfTheReport:
    """二(三) ¶2: 2022年度…应符合…环办气候〔2022〕111号…；2023、2024年度…应符合《核算报告指南》."""

    @pytest.mark.parametrize(
        ("report", "documents", "factors"),
        [
            (2021, [], []),
            (2022, ["环办气候〔2022〕111号"], ["0.5703 tCO2/MWh"]),
            (2023, ["环办气候函〔2022〕485号"], ["0.5703 tCO2/MWh"]),
            (2024, ["环办气候函〔2022〕485号"], ["0.5703 tCO2/MWh"]),
            (2025, [], ["0.5703 tCO2/MWh"]),  # 如有更新，将另行通知
        ],
    )
    def test_is_that_of_the_year_reported_on(
        self, report: int, documents: list[str], factors: list[str]
    ) -> None:
        holding = [each for each in chongqing("accounting-parameters").parameters if each.holds_for(report)]
        assert [each.value.zh for each in holding if each.name.zh == "全国电网平均排放因子"] == factors
        named = [each.value.zh for each in holding if each.name.zh == "核算与报告规范"]
        assert len(named) == len(documents)
        assert all(document in value for document, value in zip(documents, named, strict=True))

    def test_has_no_date_and_is_kept_with_the_report(self) -> None:
        assert is_undated(of("accounting-parameters", "unit", "2022"))
        assert is_undated(of("accounting-parameters", "unit", "2026", roll=ROLLING))
        assert bearer("accounting-parameters", "unit") == ("二(三) ¶2", "unit", "unit")
        assert handed("accounting-parameters", "unit") == ("kept", None, None)
        assert bound("accounting-parameters") == {"power"}

    def test_is_first_said_of_2022(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2022; 2021 lies before it"):
            of("accounting-parameters", "unit", "2021")
