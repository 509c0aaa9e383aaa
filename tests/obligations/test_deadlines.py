"""How a date is counted and moved, whatever the rule; each rule's own dates are in `clauses`.

All dates are days in Asia/Shanghai. Nothing here computes the expected date.
"""

from datetime import date, datetime, timedelta

import pytest

from obligations.deadlines import DeadlineError, DueKind, Facts, ReasonCode, due
from obligations.notice import SubmitPlus
from obligations.periods import Period
from tests.obligations.clauses.chongqing import BEIJING, CALENDAR, ROLLING, chongqing, codes, of


def test_a_stage_is_overdue_from_the_midnight_after_its_date_in_shanghai() -> None:
    found = of("monthly-evidence", "unit", "2023-12")
    assert found.overdue_from == datetime(2024, 1, 21, tzinfo=BEIJING)
    assert found.overdue_from.utcoffset() == timedelta(hours=8)


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


@pytest.mark.parametrize("fact", ["submitted_on", "found_on", "announced_on"])
def test_an_instant_is_refused_where_a_date_is_counted_from(fact: str) -> None:
    instant = datetime(2024, 1, 2, tzinfo=BEIJING)
    with pytest.raises(TypeError, match="date in Asia/Shanghai"):
        Facts(**{fact: (instant,) if fact == "submitted_on" else instant})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "stage", "period", "due_on", "rolled_to"),
    [
        ("monthly-evidence", "unit", "2024-03", date(2024, 4, 20), date(2024, 4, 22)),
        ("power-list", "municipal", "2024", date(2023, 12, 31), date(2024, 1, 2)),
        ("annual-report", "unit", "2024", date(2025, 2, 1), date(2025, 2, 5)),
    ],
)
def test_a_date_that_was_moved_says_from_where_to_where(
    rule: str, stage: str, period: str, due_on: date, rolled_to: date
) -> None:
    plain, rolled = of(rule, stage, period), of(rule, stage, period, roll=ROLLING)
    assert (plain.due_on, rolled.due_on, rolled.kind) == (due_on, rolled_to, DueKind.FIRM)
    assert ReasonCode.ROLLED not in codes(plain)
    (moved,) = [reason for reason in rolled.reasons if reason.code is ReasonCode.ROLLED]
    assert moved.arguments == {"from_on": due_on, "to_on": rolled_to}


def test_a_date_on_a_working_day_does_not_say_that_it_was_moved() -> None:
    assert of("monthly-evidence", "unit", "2024-01", roll=ROLLING) == of(
        "monthly-evidence", "unit", "2024-01"
    )


def test_rolled_beyond_the_published_calendar_a_date_is_provisional() -> None:
    on_a_weekday = of("power-list", "municipal", "2028", roll=ROLLING)
    assert (on_a_weekday.due_on, on_a_weekday.kind) == (date(2027, 12, 31), DueKind.PROVISIONAL)
    assert on_a_weekday.reasons[-1].arguments == {"through_on": date(2026, 12, 31)}
    assert of("power-list", "municipal", "2028").kind is DueKind.FIRM


def test_what_lies_before_an_event_or_is_kept_through_a_day_is_never_rolled() -> None:
    for rule, period, found_on, last_day in [
        ("closing-unit-verification", "2024", date(2024, 3, 4), date(2024, 3, 3)),  # a Sunday
        ("coal-sample-retention", "2024-05", None, date(2025, 5, 31)),  # a Saturday
    ]:
        rolled = of(rule, "unit", period, found_on=found_on, roll=ROLLING)
        assert rolled == of(rule, "unit", period, found_on=found_on)
        assert rolled.due_on == last_day


def test_a_rule_s_own_roll_holds_unless_the_question_says_otherwise() -> None:
    rolling = chongqing("monthly-evidence").model_copy(update={"roll": ROLLING})
    period = Period.parse("2024-03")
    assert due(rolling, "unit", period, calendar=CALENDAR).due_on == date(2024, 4, 22)
    assert due(rolling, "unit", period, calendar=CALENDAR, roll="none").due_on == date(2024, 4, 20)


def test_a_chain_that_ends_without_a_date_of_its_own_counts_on_and_is_never_at_risk() -> None:
    rule = chongqing("annual-report")
    last = rule.stage("municipal").model_copy(
        update={"deadline": SubmitPlus(kind="submit_plus", days=5), "safe_target_days": 0}
    )
    counting = rule.model_copy(update={"stages": (*rule.stages[:2], last)})
    period = Period.parse("2023")
    assert due(counting, "municipal", period, calendar=CALENDAR).due_on == date(2024, 2, 16)
    late = Facts(submitted_on=(date(2024, 6, 1),))
    assert not due(counting, "district", period, facts=late, calendar=CALENDAR).chain_at_risk
