"""Every dated duty of 渝环规〔2023〕2号 as a table of literal dates, each named as its clause reads.

All dates are days in Asia/Shanghai. Nothing here computes the expected date.
"""

from datetime import date, datetime, timedelta, timezone

import pytest

from obligations.calendar import load_calendar
from obligations.deadlines import DeadlineError, DueDate, DueKind, Facts, ReasonCode, due
from obligations.notice import SubmitPlus, load_rulebook
from obligations.periods import Period

RULEBOOK = load_rulebook()
CALENDAR = load_calendar()
BEIJING = timezone(timedelta(hours=8))


def of(
    rule: str,
    stage: str,
    period: str,
    *submitted_on: date,
    found_on: date | None = None,
    announced_on: date | None = None,
    roll: str | None = None,
) -> DueDate:
    facts = Facts(submitted_on=submitted_on, found_on=found_on, announced_on=announced_on)
    return due(RULEBOOK.rule(rule), stage, Period.parse(period), facts=facts, calendar=CALENDAR, roll=roll)


def codes(found: DueDate) -> list[ReasonCode]:
    return [reason.code for reason in found.reasons]


@pytest.mark.parametrize(
    ("month", "due_on"),
    [
        ("2023-08", date(2023, 9, 20)),
        ("2023-09", date(2023, 10, 20)),
        ("2023-12", date(2024, 1, 20)),
        ("2024-01", date(2024, 2, 20)),
        ("2024-02", date(2024, 3, 20)),
        ("2025-02", date(2025, 3, 20)),
        ("2026-01", date(2026, 2, 20)),
        ("2026-12", date(2027, 1, 20)),
        ("2027-06", date(2027, 7, 20)),
    ],
)
def test_the_unit_uploads_by_the_20th_of_the_next_month(month: str, due_on: date) -> None:
    """二(二): 每月结束后20个自然日内."""
    found = of("monthly-evidence", "unit", month)
    assert (found.due_on, found.kind, found.clause) == (due_on, DueKind.FIRM, "二(二)")
    assert codes(found) == [ReasonCode.MONTH_END_PLUS]


@pytest.mark.parametrize(
    ("month", "due_on"),
    [
        ("2023-08", date(2023, 10, 10)),
        ("2023-09", date(2023, 11, 9)),
        ("2023-12", date(2024, 2, 9)),
        ("2024-01", date(2024, 3, 11)),
        ("2025-01", date(2025, 3, 12)),
        ("2024-02", date(2024, 4, 9)),
        ("2025-12", date(2026, 2, 9)),
        ("2026-01", date(2026, 3, 12)),
        ("2027-01", date(2027, 3, 12)),
    ],
)
def test_the_city_completes_by_the_40th_day_after_the_month(month: str, due_on: date) -> None:
    """二(二): 每月结束后40个自然日内."""
    found = of("monthly-evidence", "municipal", month)
    assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)


@pytest.mark.parametrize(
    ("month", "submitted_on", "due_on"),
    [
        ("2023-08", date(2023, 9, 1), date(2023, 9, 6)),
        ("2023-08", date(2023, 9, 19), date(2023, 9, 24)),
        ("2023-08", date(2023, 9, 20), date(2023, 9, 25)),
        ("2023-08", date(2023, 9, 21), date(2023, 9, 25)),
        ("2023-08", date(2023, 9, 25), date(2023, 9, 25)),
        ("2024-01", date(2024, 2, 8), date(2024, 2, 13)),
        ("2023-12", date(2024, 1, 3), date(2024, 1, 8)),
        ("2024-02", date(2024, 2, 29), date(2024, 3, 5)),
    ],
)
def test_the_district_checks_within_5_days_of_the_upload_and_by_the_25th(
    month: str, submitted_on: date, due_on: date
) -> None:
    """二(二): 提交日期起5个自然日内（…最多25个自然日内）."""
    found = of("monthly-evidence", "district", month, submitted_on)
    assert (found.due_on, found.kind, found.excused) == (due_on, DueKind.FIRM, False)
    assert found.internal_target_on is None
    assert not found.chain_at_risk
    counted_on = submitted_on + timedelta(days=5)
    assert (ReasonCode.CAPPED in codes(found)) is (counted_on > due_on)


def test_without_an_upload_the_district_has_the_cap_for_the_time_being() -> None:
    found = of("monthly-evidence", "district", "2023-08")
    assert (found.due_on, found.kind) == (date(2023, 9, 25), DueKind.PROVISIONAL)
    assert codes(found) == [ReasonCode.NOT_SUBMITTED_CAP]


def test_the_last_upload_counts_whatever_the_order_they_are_given_in() -> None:
    days = (date(2023, 9, 18), date(2023, 9, 5), date(2023, 9, 11))
    found = of("monthly-evidence", "district", "2023-08", *days)
    assert found.due_on == date(2023, 9, 23)
    assert codes(found) == [ReasonCode.LAST_SUBMISSION_COUNTS, ReasonCode.AFTER_SUBMISSION]
    assert found.reasons[0].arguments == {"count": 3, "submitted_on": date(2023, 9, 18)}
    assert found == of("monthly-evidence", "district", "2023-08", *sorted(days))


def test_a_count_that_would_pass_the_cap_says_so() -> None:
    found = of("monthly-evidence", "district", "2023-08", date(2023, 9, 22))
    assert codes(found) == [ReasonCode.AFTER_SUBMISSION, ReasonCode.CAPPED]
    assert found.reasons[1].arguments == {"counted_on": date(2023, 9, 27), "cap_on": date(2023, 9, 25)}


@pytest.mark.parametrize(
    ("submitted_on", "target_on", "at_risk"),
    [
        (date(2023, 9, 26), date(2023, 10, 1), False),
        (date(2023, 10, 5), date(2023, 10, 10), False),
        (date(2023, 10, 6), date(2023, 10, 10), True),
        (date(2023, 11, 1), date(2023, 10, 10), True),
    ],
)
def test_a_unit_that_uploads_after_the_cap_leaves_the_district_excused_with_an_internal_target(
    submitted_on: date,
    target_on: date,
    at_risk: bool,  # noqa: FBT001 - a table's column
) -> None:
    found = of("monthly-evidence", "district", "2023-08", submitted_on)
    assert (found.due_on, found.excused) == (date(2023, 9, 25), True)
    assert (found.internal_target_on, found.chain_at_risk) == (target_on, at_risk)
    assert ReasonCode.UPSTREAM_AFTER_CAP in codes(found)
    assert (ReasonCode.CHAIN_AT_RISK in codes(found)) is at_risk


@pytest.mark.parametrize(
    ("rule", "stage", "period", "due_on", "safe_target_on"),
    [
        pytest.param(*row, id=name)
        for name, *row in [
            ("每年10月15日前 区县报送名录", "power-list", "district", "2024", date(2023, 10, 15), None),
            ("每年10月15日前 区县报送名录, 2028", "power-list", "district", "2028", date(2027, 10, 15), None),
            ("每年12月31日前 公开名录", "power-list", "municipal", "2024", date(2023, 12, 31), None),
            ("每年12月31日前 公开名录, 2027", "power-list", "municipal", "2027", date(2026, 12, 31), None),
            ("于1月31日前 非发电名录", "nonpower-list", "district", "2024", date(2024, 1, 31), None),
            ("于1月31日前 非发电名录, 2027", "nonpower-list", "district", "2027", date(2027, 1, 31), None),
            ("每年10月15日前 提交计划", "quality-plan", "unit", "2024", date(2023, 10, 15), None),
            ("每年11月15日前 计划把关", "quality-plan", "district", "2024", date(2023, 11, 15), None),
            ("每年2月1日前 年度报告", "annual-report", "unit", "2023", date(2024, 2, 1), date(2024, 1, 31)),
            (
                "每年2月1日前 年度报告, 2026",
                "annual-report",
                "unit",
                "2026",
                date(2027, 2, 1),
                date(2027, 1, 31),
            ),
            ("每年3月1日前 闰年", "annual-report", "municipal", "2023", date(2024, 3, 1), date(2024, 2, 29)),
            ("每年3月1日前 平年", "annual-report", "municipal", "2024", date(2025, 3, 1), date(2025, 2, 28)),
            ("每年4月30日前 核查", "verification", "municipal", "2023", date(2024, 4, 30), None),
            ("每年7月31日前 评估结果", "verifier-evaluation", "municipal", "2024", date(2024, 7, 31), None),
            ("每年9月15日前 非发电报告", "nonpower-report", "unit", "2022", date(2023, 9, 15), None),
            ("每年9月15日前 非发电报告, 2025", "nonpower-report", "unit", "2025", date(2026, 9, 15), None),
            (
                "每年12月31日之前 非发电核查",
                "nonpower-verification",
                "municipal",
                "2022",
                date(2023, 12, 31),
                None,
            ),
            (
                "2023年10月15日前 95%",
                "surrender-2021-2022-target-95",
                "unit",
                "2021-2022",
                date(2023, 10, 15),
                None,
            ),
            ("12月15日前 全部", "surrender-2021-2022", "unit", "2021-2022", date(2023, 12, 15), None),
            ("2024年2月29日前 整改", "rectification-2021-2022", "unit", "2021-2022", date(2024, 2, 29), None),
            (
                "2024年3月5日前 处理情况",
                "rectification-2021-2022",
                "district",
                "2021-2022",
                date(2024, 3, 5),
                None,
            ),
            (
                "2024年3月15日前 报部",
                "rectification-2021-2022",
                "municipal",
                "2021-2022",
                date(2024, 3, 15),
                None,
            ),
            (
                "2024年4月1日前 公开情况",
                "penalty-disclosure-2021-2022",
                "district",
                "2021-2022",
                date(2024, 4, 1),
                date(2024, 3, 31),
            ),
            (
                "2024年4月30日前 公开",
                "penalty-disclosure-2021-2022",
                "municipal",
                "2021-2022",
                date(2024, 4, 30),
                None,
            ),
        ]
    ],
)
def test_a_date_named_by_the_notice_includes_that_day(
    rule: str, stage: str, period: str, due_on: date, safe_target_on: date | None
) -> None:
    found = of(rule, stage, period)
    assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
    assert found.safe_target_on == safe_target_on
    assert (ReasonCode.SAFE_TARGET in codes(found)) is (safe_target_on is not None)


def test_a_stage_is_overdue_from_the_midnight_after_its_date_in_shanghai() -> None:
    found = of("monthly-evidence", "unit", "2023-12")
    assert found.overdue_from == datetime(2024, 1, 21, tzinfo=BEIJING)
    assert found.overdue_from.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize(
    ("submitted_on", "due_on", "at_risk"),
    [
        (date(2024, 1, 15), date(2024, 1, 25), False),
        (date(2024, 2, 1), date(2024, 2, 11), False),
        (date(2024, 2, 20), date(2024, 3, 1), False),
        (date(2024, 2, 21), date(2024, 3, 2), True),
        (date(2024, 3, 10), date(2024, 3, 20), True),
    ],
)
def test_the_report_is_checked_within_10_days_and_past_1_march_the_chain_is_at_risk(
    submitted_on: date,
    due_on: date,
    at_risk: bool,  # noqa: FBT001 - a table's column
) -> None:
    """二(三): 报送日期起10个自然日内; 每年3月1日前."""
    found = of("annual-report", "district", "2023", submitted_on)
    assert (found.due_on, found.kind, found.chain_at_risk) == (due_on, DueKind.FIRM, at_risk)
    assert not found.excused
    assert found.internal_target_on is None


def test_without_a_report_the_district_expects_it_on_its_last_day() -> None:
    found = of("annual-report", "district", "2023")
    assert (found.due_on, found.kind) == (date(2024, 2, 11), DueKind.PROVISIONAL)
    assert found.reasons[0].arguments == {
        "expected_on": date(2024, 2, 1),
        "days": 10,
        "due_on": date(2024, 2, 11),
    }


@pytest.mark.parametrize(
    ("found_on", "due_on", "kind"),
    [
        pytest.param(date(2023, 9, 21), date(2023, 9, 26), DueKind.FIRM, id="the day after a missed upload"),
        pytest.param(date(2023, 9, 27), date(2023, 10, 8), DueKind.FIRM, id="National Day, two make-up days"),
        pytest.param(
            date(2024, 2, 8), date(2024, 2, 19), DueKind.FIRM, id="Spring Festival, a make-up Sunday"
        ),
        pytest.param(date(2024, 3, 2), date(2024, 3, 6), DueKind.FIRM, id="found on a Saturday"),
        pytest.param(date(2024, 9, 29), date(2024, 10, 9), DueKind.FIRM, id="found on a make-up Sunday"),
        pytest.param(
            date(2025, 1, 24), date(2025, 2, 5), DueKind.FIRM, id="make-up Sunday before the festival"
        ),
        pytest.param(
            date(2026, 2, 13), date(2026, 2, 25), DueKind.FIRM, id="make-up Saturday before the festival"
        ),
        pytest.param(date(2026, 12, 28), date(2026, 12, 31), DueKind.FIRM, id="the last published day"),
        pytest.param(date(2026, 12, 29), date(2027, 1, 1), DueKind.PROVISIONAL, id="beyond the calendar"),
        pytest.param(date(2027, 2, 3), date(2027, 2, 8), DueKind.PROVISIONAL, id="in 2027"),
    ],
)
def test_a_correction_ends_with_the_third_working_day_after_the_finding(
    found_on: date, due_on: date, kind: DueKind
) -> None:
    """二(七): 应在3个工作日内…完成核实和更正."""
    found = of("correction", "unit", "2024-01", found_on=found_on)
    assert (found.due_on, found.kind) == (due_on, kind)
    assert (ReasonCode.CALENDAR_NOT_PUBLISHED in codes(found)) is (kind is DueKind.PROVISIONAL)


def test_a_correction_starts_when_something_is_found() -> None:
    found = of("correction", "unit", "2024-01")
    assert (found.due_on, found.overdue_from, found.kind) == (None, None, DueKind.NONE)
    assert found.reasons[0].code is ReasonCode.STARTS_WHEN_FOUND
    assert found.reasons[0].arguments == {"days": 3}


def test_a_closing_unit_co_operates_by_the_day_before_its_licence_is_cancelled() -> None:
    """二(四): 在营业执照注销之前."""
    found = of("closing-unit-verification", "unit", "2024", found_on=date(2024, 3, 1))
    assert (found.due_on, found.overdue_from) == (date(2024, 2, 29), datetime(2024, 3, 1, tzinfo=BEIJING))
    unknown = of("closing-unit-verification", "unit", "2024")
    assert (unknown.due_on, codes(unknown)) == (None, [ReasonCode.EVENT_NOT_RECORDED])


@pytest.mark.parametrize(
    ("month", "kept_through"),
    [
        ("2023-09", date(2024, 9, 30)),
        ("2023-12", date(2024, 12, 31)),
        ("2024-02", date(2025, 2, 28)),
        ("2027-02", date(2028, 2, 29)),
    ],
)
def test_samples_are_kept_through_the_month_12_months_later_and_nothing_is_overdue_after(
    month: str, kept_through: date
) -> None:
    """二(六): 至少保存12个月备查."""
    found = of("coal-sample-retention", "unit", month)
    assert (found.due_on, found.kind, found.overdue_from) == (kept_through, DueKind.FIRM, None)


@pytest.mark.parametrize(
    ("rule", "stage", "period"),
    [
        ("pre-allocation", "municipal", "2024"),
        ("allocation-notice", "municipal", "2022"),
        ("actual-allocation", "municipal", "2024"),
        ("surrender", "unit", "2024"),
        ("rectification", "unit", "2024"),
        ("penalty-publication", "district", "2021-2022"),
    ],
)
def test_an_external_date_is_the_authority_s_once_announced(rule: str, stage: str, period: str) -> None:
    """二(五): 在规定时限内, 责令限期整改; 二(九): 依据…相关规定."""
    open_ended = of(rule, stage, period)
    assert (open_ended.due_on, open_ended.kind) == (None, DueKind.EXTERNAL)
    assert codes(open_ended) == [ReasonCode.NOT_ANNOUNCED]
    announced = of(rule, stage, period, announced_on=date(2025, 12, 31))
    assert (announced.due_on, announced.kind) == (date(2025, 12, 31), DueKind.EXTERNAL)
    assert announced.overdue_from == datetime(2026, 1, 1, tzinfo=BEIJING)


UNDATED = [
    ("nonpower-list", "municipal", "2024"),
    ("quality-plan", "municipal", "2024"),
    ("accounting-parameters", "unit", "2022"),
    ("verification", "district", "2023"),
    ("ccer-offset", "unit", "2021"),
    ("ccer-offset", "unit", "2021-2022"),
    ("guidance", "municipal", "2023-09"),
    ("coal-sample-film", "unit", "2024-01"),
    ("coal-sample-portion", "unit", "2023-09"),
    ("coal-sample-inspection", "district", "2024"),
    ("enforcement-plan", "district", "2023"),
    ("complaint", "district", "2023-09"),
    ("anomaly", "district", "2023-09"),
    ("spot-check", "municipal", "2024"),
    ("supervision-and-assessment", "municipal", "2024"),
    ("regular-inspection", "district", "2024"),
    ("training", "municipal", "2024"),
    ("unit-data-quality-system", "unit", "2024"),
    ("agency-controls", "agency", "2024"),
    ("clue-transfer", "district", "2024-05"),
]


@pytest.mark.parametrize(("rule", "stage", "period"), UNDATED)
def test_a_duty_without_a_date_is_shown_as_such(rule: str, stage: str, period: str) -> None:
    found = of(rule, stage, period)
    assert (found.due_on, found.overdue_from, found.kind) == (None, None, DueKind.NONE)
    assert codes(found) == [ReasonCode.NO_DATE]


@pytest.mark.parametrize(
    ("rule", "first", "before"),
    [
        ("monthly-evidence", "2023-08", "2023-07"),
        ("coal-sample-portion", "2023-09", "2023-08"),
        ("coal-sample-retention", "2023-09", "2023-08"),
        ("coal-sample-film", "2024-01", "2023-12"),
        ("correction", "2023-08", "2023-07"),
        ("power-list", "2024", "2023"),
        ("nonpower-list", "2024", "2023"),
        ("quality-plan", "2024", "2023"),
        ("annual-report", "2023", "2022"),
        ("verification", "2023", "2022"),
        ("verifier-evaluation", "2024", "2023"),
        ("nonpower-report", "2022", "2021"),
        ("nonpower-verification", "2022", "2021"),
        ("surrender", "2023", "2022"),
    ],
)
def test_a_rule_binds_from_its_first_period_and_not_before(rule: str, first: str, before: str) -> None:
    stage = RULEBOOK.rule(rule).stages[0].name
    assert of(rule, stage, first).reasons
    with pytest.raises(DeadlineError, match=f'"{rule}" begins with {first}; {before} lies before it'):
        of(rule, stage, before)


@pytest.mark.parametrize(
    ("rule", "stage", "period", "said"),
    [
        ("monthly-evidence", "unit", "2024", "is for a month, such as 2023-08; 2024 is a year"),
        ("annual-report", "unit", "2024-01", "is for a year, such as 2023; 2024-01 is a month"),
        ("surrender-2021-2022", "unit", "2022", "is for a span"),
        ("surrender-2021-2022", "unit", "2021-2023", "is for 2021-2022 only, not for 2021-2023"),
        ("ccer-offset", "unit", "2023", "ends with 2022; 2023 lies after it"),
        ("monthly-evidence", "province", "2024-01", 'no stage "province"; it has unit, district, municipal'),
    ],
)
def test_a_question_that_has_no_date_is_refused_with_its_reason(
    rule: str, stage: str, period: str, said: str
) -> None:
    with pytest.raises(DeadlineError, match=said):
        of(rule, stage, period)


def test_an_unknown_way_to_roll_is_refused() -> None:
    with pytest.raises(DeadlineError, match="'next_working_day'"):
        of("monthly-evidence", "unit", "2024-01", roll="previous")


def test_an_instant_is_refused_where_a_date_is_counted_from() -> None:
    with pytest.raises(TypeError, match="date in Asia/Shanghai"):
        Facts(submitted_on=(datetime(2024, 1, 2, tzinfo=BEIJING),))


@pytest.mark.parametrize(
    ("rule", "stage", "period", "due_on"),
    [
        ("monthly-evidence", "unit", "2024-03", date(2024, 4, 22)),
        ("monthly-evidence", "unit", "2023-12", date(2024, 1, 22)),
        ("monthly-evidence", "unit", "2024-01", date(2024, 2, 20)),
        ("monthly-evidence", "unit", "2026-01", date(2026, 2, 24)),
        ("monthly-evidence", "unit", "2026-08", date(2026, 9, 20)),
        ("monthly-evidence", "municipal", "2023-12", date(2024, 2, 9)),
        ("power-list", "municipal", "2024", date(2024, 1, 2)),
        ("nonpower-report", "unit", "2023", date(2024, 9, 18)),
        ("surrender-2021-2022-target-95", "unit", "2021-2022", date(2023, 10, 16)),
        ("annual-report", "municipal", "2024", date(2025, 3, 3)),
    ],
)
def test_rolled_a_date_on_a_day_off_moves_to_the_next_working_day(
    rule: str, stage: str, period: str, due_on: date
) -> None:
    found = of(rule, stage, period, roll="next_working_day")
    assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
    assert (ReasonCode.ROLLED in codes(found)) is (due_on != of(rule, stage, period).due_on)


def test_a_safe_target_is_not_rolled_with_its_date() -> None:
    found = of("annual-report", "municipal", "2024", roll="next_working_day")
    assert (found.due_on, found.safe_target_on) == (date(2025, 3, 3), date(2025, 2, 28))


@pytest.mark.parametrize(
    ("submitted_on", "due_on", "said"),
    [
        pytest.param((date(2024, 2, 5),), date(2024, 2, 18), ReasonCode.ROLLED, id="to a make-up Sunday"),
        pytest.param(
            (date(2024, 2, 19),), date(2024, 2, 25), ReasonCode.ROLL_CAPPED, id="no further than the cap"
        ),
        pytest.param((date(2024, 2, 24),), date(2024, 2, 25), ReasonCode.ROLL_CAPPED, id="a cap on a Sunday"),
        pytest.param((), date(2024, 2, 25), ReasonCode.ROLL_CAPPED, id="no upload, a cap on a Sunday"),
    ],
)
def test_a_cap_never_moves(submitted_on: tuple[date, ...], due_on: date, said: ReasonCode) -> None:
    found = of("monthly-evidence", "district", "2024-01", *submitted_on, roll="next_working_day")
    assert found.due_on == due_on
    assert codes(found)[-1] is said


def test_rolled_beyond_the_published_calendar_a_date_is_provisional() -> None:
    on_a_sunday = of("nonpower-list", "district", "2027", roll="next_working_day")
    assert (on_a_sunday.due_on, on_a_sunday.kind) == (date(2027, 2, 1), DueKind.PROVISIONAL)
    on_a_weekday = of("power-list", "municipal", "2028", roll="next_working_day")
    assert (on_a_weekday.due_on, on_a_weekday.kind) == (date(2027, 12, 31), DueKind.PROVISIONAL)
    assert on_a_weekday.reasons[-1].arguments == {"through_on": date(2026, 12, 31)}
    not_rolled = of("power-list", "municipal", "2028")
    assert not_rolled.kind is DueKind.FIRM


def test_what_lies_before_an_event_or_is_kept_through_a_day_is_never_rolled() -> None:
    for rule, period, found_on in [
        ("closing-unit-verification", "2024", date(2024, 3, 4)),
        ("coal-sample-retention", "2024-05", None),
    ]:
        rolled = of(rule, "unit", period, found_on=found_on, roll="next_working_day")
        assert rolled == of(rule, "unit", period, found_on=found_on)
        assert rolled.due_on is not None
        assert not CALENDAR.is_working_day(rolled.due_on)


def test_a_rule_s_own_roll_holds_unless_the_question_says_otherwise() -> None:
    rolling = RULEBOOK.rule("monthly-evidence").model_copy(update={"roll": "next_working_day"})
    period = Period.parse("2024-03")
    assert due(rolling, "unit", period, calendar=CALENDAR).due_on == date(2024, 4, 22)
    assert due(rolling, "unit", period, calendar=CALENDAR, roll="none").due_on == date(2024, 4, 20)


def test_a_date_at_its_cap_is_firm_whatever_the_calendar_will_say() -> None:
    at_cap = of("monthly-evidence", "district", "2027-01", date(2027, 2, 20), roll="next_working_day")
    assert (at_cap.due_on, at_cap.kind) == (date(2027, 2, 25), DueKind.FIRM)
    before_it = of("monthly-evidence", "district", "2027-01", date(2027, 2, 10), roll="next_working_day")
    assert (before_it.due_on, before_it.kind) == (date(2027, 2, 15), DueKind.PROVISIONAL)


def test_an_event_may_be_filed_under_the_year_its_rule_began_in() -> None:
    found = of("correction", "unit", "2023", found_on=date(2023, 9, 21))
    assert found.due_on == date(2023, 9, 26)


def test_a_chain_that_ends_without_a_date_of_its_own_counts_on_and_is_never_at_risk() -> None:
    rule = RULEBOOK.rule("annual-report")
    last = rule.stage("municipal").model_copy(
        update={"deadline": SubmitPlus(kind="submit_plus", days=5), "safe_target_days": 0}
    )
    counting = rule.model_copy(update={"stages": (*rule.stages[:2], last)})
    period = Period.parse("2023")
    assert due(counting, "municipal", period, calendar=CALENDAR).due_on == date(2024, 2, 16)
    late = Facts(submitted_on=(date(2024, 6, 1),))
    assert not due(counting, "district", period, facts=late, calendar=CALENDAR).chain_at_risk


def test_rolled_the_district_expects_the_report_on_its_rolled_last_day() -> None:
    found = of("annual-report", "district", "2024", roll="next_working_day")
    assert found.reasons[0].arguments["expected_on"] == date(2025, 2, 5)
    assert (found.due_on, found.kind) == (date(2025, 2, 17), DueKind.PROVISIONAL)
