"""二（四）组织开展年度温室气体排放报告核查."""

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
)


class TestTheVerificationOfTheCity:
    """二(四): 每年4月30日前，市生态环境局组织完成上一年度…核查管理平台填报及相关工作."""

    @pytest.mark.parametrize(
        ("report", "due_on"),
        [
            ("2023", date(2024, 4, 30)),
            ("2024", date(2025, 4, 30)),
            ("2025", date(2026, 4, 30)),
            ("2026", date(2027, 4, 30)),
        ],
    )
    def test_is_due_by_30_april_after_the_year_a_day_before_the_may_holidays(
        self, report: str, due_on: date
    ) -> None:
        found = of("verification", "municipal", report)
        assert (found.due_on, found.kind, found.safe_target_on) == (due_on, DueKind.FIRM, None)
        assert of("verification", "municipal", report, roll=ROLLING).due_on == due_on

    def test_lasts_through_that_day_in_shanghai(self) -> None:
        assert last_second(of("verification", "municipal", "2023")) == "2024-04-30T15:59:59+00:00"

    def test_is_first_owed_for_the_reports_of_2023(self) -> None:
        with pytest.raises(DeadlineError, match='"verification" begins with 2023; 2022 lies before it'):
            of("verification", "municipal", "2022")

    def test_follows_the_guides_and_is_filed_on_the_platform(self) -> None:
        assert bearer("verification", "municipal") == ("二(四)", "municipal", "municipal")
        assert handed("verification", "municipal") == ("kept", None, PLATFORM)
        assert "环办气候函〔2021〕130号" in said("verification", "municipal")
        assert chongqing("verification").depends_on == ("annual-report",)
        assert bound("verification") == {"power"}


class TestTheSupportOfTheDistrict:
    """二(四): 各区县生态环境局做好核查督促、协调、配合等工作（如…督促不再存续的重点排放单位…）."""

    def test_has_no_date(self) -> None:
        assert is_undated(of("verification", "district", "2023"))
        assert is_undated(of("verification", "district", "2026", date(2027, 4, 1), roll=ROLLING))

    def test_is_the_districts_own_and_counts_urging_a_closing_unit(self) -> None:
        assert bearer("verification", "district") == ("二(四)", "district", "district")
        assert handed("verification", "district") == ("kept", None, None)
        assert "督促不再存续单位" in said("verification", "district")


class TestAUnitThatCeasesToExist:
    """二(四): 督促不再存续的重点排放单位在营业执照注销之前履行碳排放核查配合等义务."""

    @pytest.mark.parametrize(
        ("cancelled_on", "last_day"),
        [
            (date(2024, 3, 1), date(2024, 2, 29)),
            (date(2025, 3, 1), date(2025, 2, 28)),
            (date(2024, 1, 1), date(2023, 12, 31)),
            (date(2023, 10, 9), date(2023, 10, 8)),
            (date(2027, 6, 16), date(2027, 6, 15)),
        ],
    )
    def test_co_operates_by_the_day_before_its_licence_is_cancelled(
        self, cancelled_on: date, last_day: date
    ) -> None:
        found = of("closing-unit-verification", "unit", "2024", found_on=cancelled_on)
        assert (found.due_on, found.kind) == (last_day, DueKind.FIRM)
        assert codes(found) == [ReasonCode.BEFORE_EVENT]

    def test_is_late_from_the_first_second_of_the_day_of_the_cancellation(self) -> None:
        found = of("closing-unit-verification", "unit", "2024", found_on=date(2024, 3, 1))
        assert last_second(found) == "2024-02-29T15:59:59+00:00"

    def test_never_gets_past_the_cancellation_by_rolling(self) -> None:
        found = of("closing-unit-verification", "unit", "2024", found_on=date(2024, 3, 4), roll=ROLLING)
        assert found.due_on == date(2024, 3, 3)  # a Sunday

    def test_has_no_date_until_the_cancellation_is_recorded(self) -> None:
        unknown = of("closing-unit-verification", "unit", "2024-05")
        assert (unknown.due_on, unknown.overdue_from, unknown.kind) == (None, None, DueKind.NONE)
        assert codes(unknown) == [ReasonCode.EVENT_NOT_RECORDED]

    def test_is_asked_since_the_notice_is_in_force_and_urged_by_the_district(self) -> None:
        rule = chongqing("closing-unit-verification")
        assert rule.arises is not None
        assert (rule.recurrence, rule.arises.occasion) == ("event", "licence_cancellation")
        assert of("closing-unit-verification", "unit", "2023-09").kind is DueKind.NONE
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("closing-unit-verification", "unit", "2023-08")
        assert bearer("closing-unit-verification", "unit") == ("二(四)", "unit", "unit")
        assert handed("closing-unit-verification", "unit") == ("district", "district", None)
        assert "由区县生态环境局督促" in said("closing-unit-verification", "unit")
