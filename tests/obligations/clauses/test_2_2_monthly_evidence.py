"""二（二）组织开展月度信息化存证."""

from datetime import date, timedelta

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from tests.obligations.clauses.chongqing import (
    PLATFORM,
    ROLLING,
    bearer,
    bound,
    codes,
    handed,
    last_second,
    of,
    said,
    shanghai_day,
)


class TestTheUploadOfTheUnit:
    """二(二): 于每月结束后20个自然日内通过管理平台上传上月…数据及其支撑材料."""

    @pytest.mark.parametrize(
        ("month", "due_on"),
        [
            ("2023-08", date(2023, 9, 20)),
            ("2023-09", date(2023, 10, 20)),
            ("2023-12", date(2024, 1, 20)),
            ("2024-01", date(2024, 2, 20)),
            ("2024-02", date(2024, 3, 20)),
            ("2024-12", date(2025, 1, 20)),
            ("2025-02", date(2025, 3, 20)),
            ("2025-09", date(2025, 10, 20)),
            ("2026-01", date(2026, 2, 20)),
            ("2026-12", date(2027, 1, 20)),
            ("2027-06", date(2027, 7, 20)),
            ("2027-12", date(2028, 1, 20)),
        ],
    )
    def test_is_due_by_the_20th_of_the_next_month(self, month: str, due_on: date) -> None:
        found = of("monthly-evidence", "unit", month)
        assert (found.due_on, found.kind, found.clause) == (due_on, DueKind.FIRM, "二(二)")
        assert codes(found) == [ReasonCode.MONTH_END_PLUS]

    def test_lasts_through_24_hours_of_the_20th_in_shanghai(self) -> None:
        assert last_second(of("monthly-evidence", "unit", "2023-08")) == "2023-09-20T15:59:59+00:00"
        assert last_second(of("monthly-evidence", "unit", "2023-12")) == "2024-01-20T15:59:59+00:00"

    @pytest.mark.parametrize(
        ("month", "rolled_to"),
        [
            ("2023-12", date(2024, 1, 22)),  # a Saturday
            ("2024-01", date(2024, 2, 20)),  # a Tuesday after Spring Festival
            ("2024-03", date(2024, 4, 22)),  # a Saturday
            ("2026-01", date(2026, 2, 24)),  # Spring Festival, 15 to 23 February
            ("2026-08", date(2026, 9, 20)),  # a Sunday made a working day
        ],
    )
    def test_stands_on_days_off_and_moves_only_where_dates_roll(self, month: str, rolled_to: date) -> None:
        assert of("monthly-evidence", "unit", month, roll=ROLLING).due_on == rolled_to

    def test_is_first_asked_for_august_2023(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2023-08; 2023-07 lies before it"):
            of("monthly-evidence", "unit", "2023-07")

    def test_names_every_figure_and_goes_to_the_district_by_the_platform(self) -> None:
        asked = said("monthly-evidence", "unit")
        for figure in (
            "燃料的消耗量",
            "低位发热量",
            "元素碳含量",
            "购入使用电量",
            "发电量",
            "供热量",
            "运行小时数",
            "负荷（出力）系数",
            "辅助参数",
            "支撑材料",
        ):
            assert figure in asked
        assert bearer("monthly-evidence", "unit") == ("二(二)", "unit", "unit")
        assert handed("monthly-evidence", "unit") == ("district", "district", PLATFORM)
        assert bound("monthly-evidence", "gas") == {"power"}


class TestTheCheckOfTheDistrict:
    """二(二): 在重点排放单位存证提交日期起5个自然日内（包含重点排放单位提交时间，最多25个自然日内）."""

    @pytest.mark.parametrize(
        ("month", "submitted_on", "due_on"),
        [
            ("2023-08", date(2023, 9, 1), date(2023, 9, 6)),
            ("2023-08", date(2023, 9, 19), date(2023, 9, 24)),
            ("2023-08", date(2023, 9, 20), date(2023, 9, 25)),
            ("2023-08", date(2023, 9, 21), date(2023, 9, 25)),
            ("2023-08", date(2023, 9, 25), date(2023, 9, 25)),  # on the cap
            ("2023-12", date(2024, 1, 3), date(2024, 1, 8)),
            ("2024-01", date(2024, 2, 8), date(2024, 2, 13)),
            ("2024-02", date(2024, 2, 29), date(2024, 3, 5)),  # before the month had ended
            ("2024-11", date(2024, 12, 20), date(2024, 12, 25)),
            ("2026-08", date(2026, 9, 2), date(2026, 9, 7)),
            ("2027-01", date(2027, 2, 24), date(2027, 2, 25)),
        ],
    )
    def test_is_due_5_days_after_the_upload_and_by_the_25th(
        self, month: str, submitted_on: date, due_on: date
    ) -> None:
        found = of("monthly-evidence", "district", month, submitted_on)
        assert (found.due_on, found.kind, found.excused) == (due_on, DueKind.FIRM, False)
        assert found.internal_target_on is None
        assert not found.chain_at_risk
        assert (ReasonCode.CAPPED in codes(found)) is ((due_on - submitted_on) < timedelta(days=5))

    @pytest.mark.parametrize(
        ("uploaded_at", "due_on"),
        [
            ("2024-02-14T15:59:59+00:00", date(2024, 2, 19)),
            ("2024-02-14T16:00:00+00:00", date(2024, 2, 20)),
            ("2023-12-31T15:59:59+00:00", date(2024, 1, 5)),
            ("2023-12-31T16:00:00+00:00", date(2024, 1, 6)),
        ],
    )
    def test_counts_from_the_day_in_shanghai_on_which_the_upload_arrived(
        self, uploaded_at: str, due_on: date
    ) -> None:
        month = "2024-01" if due_on.month == 2 else "2023-12"
        assert of("monthly-evidence", "district", month, shanghai_day(uploaded_at)).due_on == due_on

    def test_an_upload_a_second_after_the_cap_is_the_units_fault_and_one_before_is_not(self) -> None:
        in_time = of("monthly-evidence", "district", "2023-08", shanghai_day("2023-09-25T15:59:59+00:00"))
        too_late = of("monthly-evidence", "district", "2023-08", shanghai_day("2023-09-25T16:00:00+00:00"))
        assert (in_time.due_on, in_time.excused) == (date(2023, 9, 25), False)
        assert (too_late.due_on, too_late.excused) == (date(2023, 9, 25), True)

    def test_without_an_upload_has_the_cap_for_the_time_being(self) -> None:
        found = of("monthly-evidence", "district", "2023-08")
        assert (found.due_on, found.kind) == (date(2023, 9, 25), DueKind.PROVISIONAL)
        assert codes(found) == [ReasonCode.NOT_SUBMITTED_CAP]
        assert last_second(found) == "2023-09-25T15:59:59+00:00"

    def test_counts_from_the_last_upload_whatever_the_order_they_are_given_in(self) -> None:
        days = (date(2023, 9, 18), date(2023, 9, 5), date(2023, 9, 11))
        found = of("monthly-evidence", "district", "2023-08", *days)
        assert found.due_on == date(2023, 9, 23)
        assert codes(found) == [ReasonCode.LAST_SUBMISSION_COUNTS, ReasonCode.AFTER_SUBMISSION]
        assert found.reasons[0].arguments == {"count": 3, "submitted_on": date(2023, 9, 18)}
        assert found == of("monthly-evidence", "district", "2023-08", *sorted(days))

    def test_says_so_where_the_count_would_pass_the_cap(self) -> None:
        found = of("monthly-evidence", "district", "2023-08", date(2023, 9, 22))
        assert codes(found) == [ReasonCode.AFTER_SUBMISSION, ReasonCode.CAPPED]
        assert found.reasons[1].arguments == {"counted_on": date(2023, 9, 27), "cap_on": date(2023, 9, 25)}

    @pytest.mark.parametrize(
        ("month", "cap_on", "submitted_on", "target_on", "at_risk"),
        [
            ("2023-08", date(2023, 9, 25), date(2023, 9, 26), date(2023, 10, 1), False),
            ("2023-08", date(2023, 9, 25), date(2023, 10, 5), date(2023, 10, 10), False),
            # past the city's 40th day
            ("2023-08", date(2023, 9, 25), date(2023, 10, 6), date(2023, 10, 10), True),
            ("2023-08", date(2023, 9, 25), date(2023, 11, 1), date(2023, 10, 10), True),
            # over the year's end, and over the end of a leap and of a common February
            ("2023-11", date(2023, 12, 25), date(2023, 12, 28), date(2024, 1, 2), False),
            ("2024-01", date(2024, 2, 25), date(2024, 2, 26), date(2024, 3, 2), False),
            ("2025-01", date(2025, 2, 25), date(2025, 2, 26), date(2025, 3, 3), False),
        ],
    )
    def test_is_excused_where_the_unit_uploads_after_the_cap_and_has_an_internal_target(
        self,
        month: str,
        cap_on: date,
        submitted_on: date,
        target_on: date,
        at_risk: bool,  # noqa: FBT001 - a table's column
    ) -> None:
        found = of("monthly-evidence", "district", month, submitted_on)
        assert found.due_on == cap_on
        assert found.excused
        assert (found.internal_target_on, found.chain_at_risk) == (target_on, at_risk)
        assert ReasonCode.UPSTREAM_AFTER_CAP in codes(found)
        assert (ReasonCode.CHAIN_AT_RISK in codes(found)) is at_risk

    @pytest.mark.parametrize(
        ("submitted_on", "due_on", "last_reason"),
        [
            pytest.param((date(2024, 2, 5),), date(2024, 2, 18), ReasonCode.ROLLED, id="a make-up Sunday"),
            pytest.param((date(2024, 2, 19),), date(2024, 2, 25), ReasonCode.ROLL_CAPPED, id="to the cap"),
            pytest.param((date(2024, 2, 24),), date(2024, 2, 25), ReasonCode.ROLL_CAPPED, id="on the cap"),
            pytest.param((), date(2024, 2, 25), ReasonCode.ROLL_CAPPED, id="no upload, a cap on a Sunday"),
        ],
    )
    def test_has_a_cap_that_never_moves(
        self, submitted_on: tuple[date, ...], due_on: date, last_reason: ReasonCode
    ) -> None:
        found = of("monthly-evidence", "district", "2024-01", *submitted_on, roll=ROLLING)
        assert found.due_on == due_on
        assert codes(found)[-1] is last_reason

    def test_at_its_cap_is_firm_whatever_the_calendar_will_say(self) -> None:
        at_cap = of("monthly-evidence", "district", "2027-01", date(2027, 2, 20), roll=ROLLING)
        assert (at_cap.due_on, at_cap.kind) == (date(2027, 2, 25), DueKind.FIRM)
        before_it = of("monthly-evidence", "district", "2027-01", date(2027, 2, 10), roll=ROLLING)
        assert (before_it.due_on, before_it.kind) == (date(2027, 2, 15), DueKind.PROVISIONAL)

    def test_looks_at_timeliness_completeness_and_conformity_and_goes_to_the_city(self) -> None:
        assert "及时性、完整性、规范性" in said("monthly-evidence", "district")
        assert bearer("monthly-evidence", "district") == ("二(二)", "district", "unit")
        assert handed("monthly-evidence", "district") == ("municipal", "municipal", PLATFORM)


class TestTheCompletionOfTheCity:
    """二(二): 于每月结束后40个自然日内（…最多40个自然日内）组织完成全市月度信息化存证工作."""

    @pytest.mark.parametrize(
        ("month", "due_on"),
        [
            ("2023-08", date(2023, 10, 10)),
            ("2023-09", date(2023, 11, 9)),
            ("2023-12", date(2024, 2, 9)),
            ("2024-01", date(2024, 3, 11)),  # 29 days of February and 11 of March
            ("2024-02", date(2024, 4, 9)),
            ("2024-11", date(2025, 1, 9)),
            ("2025-01", date(2025, 3, 12)),  # 28 days of February and 12 of March
            ("2025-12", date(2026, 2, 9)),
            ("2026-01", date(2026, 3, 12)),
            ("2026-03", date(2026, 5, 10)),
            ("2026-12", date(2027, 2, 9)),
            ("2027-01", date(2027, 3, 12)),
            ("2027-11", date(2028, 1, 9)),
        ],
    )
    def test_is_due_by_the_40th_day_after_the_month(self, month: str, due_on: date) -> None:
        found = of("monthly-evidence", "municipal", month)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)

    @pytest.mark.parametrize("handed_over_on", [date(2023, 9, 6), date(2023, 10, 10), date(2023, 12, 1)])
    def test_includes_the_time_of_unit_and_district_and_does_not_move(self, handed_over_on: date) -> None:
        found = of("monthly-evidence", "municipal", "2023-08", handed_over_on)
        assert (found.due_on, found.excused) == (date(2023, 10, 10), False)

    @pytest.mark.parametrize(
        ("month", "rolled_to"),
        [
            ("2023-12", date(2024, 2, 9)),  # New Year's Eve is worked in 2024
            ("2025-09", date(2025, 11, 10)),  # a Sunday
            ("2026-01", date(2026, 3, 12)),
        ],
    )
    def test_moves_only_where_dates_roll(self, month: str, rolled_to: date) -> None:
        assert of("monthly-evidence", "municipal", month, roll=ROLLING).due_on == rolled_to

    def test_lasts_through_that_day_in_shanghai_and_ends_the_chain(self) -> None:
        assert last_second(of("monthly-evidence", "municipal", "2024-01")) == "2024-03-11T15:59:59+00:00"
        assert bearer("monthly-evidence", "municipal") == ("二(二)", "municipal", "unit")
        assert handed("monthly-evidence", "municipal") == ("kept", None, PLATFORM)
