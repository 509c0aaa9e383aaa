"""What holds for every due date, whatever the rule, the period and the facts."""

from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.calendar import load_calendar
from obligations.deadlines import ZONE, DueDate, DueKind, Facts, ReasonCode, due
from obligations.notice import Recurrence, Retention, Rule, Stage, WorkingDays, load_rulebook
from obligations.periods import Period

RULEBOOK = load_rulebook()
CALENDAR = load_calendar()
MONTHLY = RULEBOOK.rule("monthly-evidence")
ANNUAL = RULEBOOK.rule("annual-report")
CORRECTION = RULEBOOK.rule("correction")

DAYS = st.dates(date(2023, 8, 1), date(2028, 12, 31))
MONTHS = st.builds(Period.month, st.integers(2024, 2027), st.integers(1, 12))
YEARS = st.builds(Period.year, st.integers(2024, 2027))
ROLLS = st.sampled_from(["none", "next_working_day"])
STEPS = st.sampled_from([(rule, stage) for rule in RULEBOOK.rules for stage in rule.stages])

OF_SEVERAL_NOTICES = {
    ReasonCode.STRICTEST_BINDS,
    ReasonCode.OTHER_NOTICE,
    ReasonCode.SUPERSEDED_NOTICE,
    ReasonCode.SECOND_HAND,
}
"""Said by `obligations.binding`, of more than one notice."""
OF_AN_AUTHORITY = {ReasonCode.EXTENDED, ReasonCode.WAIVED, ReasonCode.SET_BY_DOCUMENT}
"""Said of what an authority decided, which the record knows."""

ARGUMENTS: dict[ReasonCode, set[str]] = {
    ReasonCode.MONTH_END_PLUS: {"period", "days", "due_on"},
    ReasonCode.FIXED_DATE: {"due_on"},
    ReasonCode.ONE_OFF_DATE: {"due_on"},
    ReasonCode.AFTER_SUBMISSION: {"submitted_on", "days", "counted_on"},
    ReasonCode.LAST_SUBMISSION_COUNTS: {"count", "submitted_on"},
    ReasonCode.CAPPED: {"counted_on", "cap_on"},
    ReasonCode.NOT_SUBMITTED_CAP: {"cap_on"},
    ReasonCode.NOT_SUBMITTED_EXPECTED: {"expected_on", "days", "due_on"},
    ReasonCode.UPSTREAM_AFTER_CAP: {"submitted_on", "cap_on"},
    ReasonCode.INTERNAL_TARGET: {"target_on", "days"},
    ReasonCode.CHAIN_AT_RISK: {"counted_on", "limit_on"},
    ReasonCode.AFTER_FINDING: {"found_on", "days", "due_on"},
    ReasonCode.STARTS_WHEN_FOUND: {"days"},
    ReasonCode.BEFORE_EVENT: {"event_on", "due_on"},
    ReasonCode.EVENT_NOT_RECORDED: set(),
    ReasonCode.KEEP_THROUGH: {"period", "months", "due_on"},
    ReasonCode.ANNOUNCED: {"due_on"},
    ReasonCode.NOT_ANNOUNCED: set(),
    ReasonCode.NO_DATE: set(),
    ReasonCode.SAFE_TARGET: {"target_on", "days"},
    ReasonCode.ROLLED: {"from_on", "to_on"},
    ReasonCode.ROLL_CAPPED: {"from_on", "cap_on"},
    ReasonCode.CALENDAR_NOT_PUBLISHED: {"through_on"},
    ReasonCode.DAYS_COUNTED: {"days"},
    ReasonCode.DAYS_OFF: {"days"},
    ReasonCode.MAKE_UP_DAYS: {"days"},
}
"""What each code carries; whoever words the reasons may rely on it."""


def period_of(rule: Rule, year: int, month: int) -> Period:
    """Return a period the rule takes, near the given year."""
    match rule.recurrence:
        case Recurrence.ONCE:
            return rule.first_period
        case Recurrence.YEARLY:
            return Period.year(year)
        case Recurrence.MONTHLY | Recurrence.EVENT | Recurrence.CONTINUOUS:
            return rule.last_period or Period.month(year, month)


def facts_of(submitted_on: list[date], found_on: date | None, announced_on: date | None) -> Facts:
    return Facts(submitted_on=tuple(submitted_on), found_on=found_on, announced_on=announced_on)


FACTS = st.builds(facts_of, st.lists(DAYS, max_size=4), st.none() | DAYS, st.none() | DAYS)


@settings(max_examples=500)
@given(STEPS, st.integers(2024, 2027), st.integers(1, 12), FACTS, ROLLS)
def test_every_date_is_explained_and_its_parts_agree(
    step: tuple[Rule, Stage], year: int, month: int, facts: Facts, roll: str
) -> None:
    rule, stage = step
    found = due(rule, stage.name, period_of(rule, year, month), facts=facts, calendar=CALENDAR, roll=roll)
    assert found.reasons
    assert found.clause == stage.clause
    for reason in found.reasons:
        assert set(reason.arguments) == ARGUMENTS[reason.code]
        assert not any(isinstance(value, datetime) for value in reason.arguments.values())
    if found.due_on is None:
        assert found.kind in {DueKind.NONE, DueKind.EXTERNAL}
        assert found.overdue_from is None
        assert found.safe_target_on is None
    else:
        assert found.kind is not DueKind.NONE
        lapses = not isinstance(stage.deadline, Retention)
        midnight = datetime(found.due_on.year, found.due_on.month, found.due_on.day, tzinfo=ZONE)
        assert found.overdue_from == (midnight + timedelta(days=1) if lapses else None)
    assert found.excused == (found.internal_target_on is not None)
    assert (found.kind is DueKind.PROVISIONAL) == any(
        reason.code
        in {
            ReasonCode.NOT_SUBMITTED_CAP,
            ReasonCode.NOT_SUBMITTED_EXPECTED,
            ReasonCode.CALENDAR_NOT_PUBLISHED,
        }
        for reason in found.reasons
    ) or found.kind is DueKind.EXTERNAL


@given(STEPS, st.integers(2024, 2027), st.integers(1, 12), FACTS, ROLLS)
def test_the_same_question_has_the_same_answer_in_whatever_order_hand_overs_are_given(
    step: tuple[Rule, Stage], year: int, month: int, facts: Facts, roll: str
) -> None:
    rule, stage = step
    period = period_of(rule, year, month)
    backwards = facts_of(list(reversed(facts.submitted_on)), facts.found_on, facts.announced_on)
    assert due(rule, stage.name, period, facts=facts, calendar=CALENDAR, roll=roll) == due(
        rule, stage.name, period, facts=backwards, calendar=CALENDAR, roll=roll
    )


def district(period: Period, submitted_on: list[date], roll: str = "none") -> DueDate:
    return due(
        MONTHLY, "district", period, facts=facts_of(submitted_on, None, None), calendar=CALENDAR, roll=roll
    )


def dated(found: DueDate) -> date:
    assert found.due_on is not None
    return found.due_on


@given(MONTHS, st.lists(st.integers(-20, 90), max_size=4), ROLLS)
def test_the_cap_is_never_passed_and_excuses_exactly_those_whose_upstream_passed_it(
    period: Period, shifts: list[int], roll: str
) -> None:
    cap_on = period.next().start.replace(day=25)
    submitted_on = [period.next().start + timedelta(days=shift) for shift in shifts]
    found = district(period, submitted_on, roll)
    assert dated(found) <= cap_on
    assert found.excused == bool(submitted_on and max(submitted_on) > cap_on)
    if found.internal_target_on is not None:
        assert found.internal_target_on <= dated(due(MONTHLY, "municipal", period, calendar=CALENDAR))


@given(STEPS, st.integers(2024, 2027), st.integers(1, 12), FACTS)
def test_a_rolled_date_is_worked_unless_a_cap_or_its_own_nature_holds_it_and_is_never_earlier(
    step: tuple[Rule, Stage], year: int, month: int, facts: Facts
) -> None:
    rule, stage = step
    period = period_of(rule, year, month)
    plain = due(rule, stage.name, period, facts=facts, calendar=CALENDAR, roll="none")
    rolled = due(rule, stage.name, period, facts=facts, calendar=CALENDAR, roll="next_working_day")
    assert (plain.due_on is None) == (rolled.due_on is None)
    if plain.due_on is None or rolled.due_on is None:
        return
    assert rolled.due_on >= plain.due_on
    held = {ReasonCode.ROLL_CAPPED, ReasonCode.KEEP_THROUGH, ReasonCode.BEFORE_EVENT}
    if not held & {reason.code for reason in rolled.reasons}:
        assert CALENDAR.is_working_day(rolled.due_on)


@given(MONTHS, st.integers(0, 60), st.integers(0, 60), ROLLS)
def test_a_later_upload_never_makes_the_check_due_earlier(
    period: Period, first: int, more: int, roll: str
) -> None:
    submitted_on = period.next().start + timedelta(days=first)
    later_on = submitted_on + timedelta(days=more)
    assert dated(district(period, [submitted_on], roll)) <= dated(district(period, [later_on], roll))
    assert (
        district(period, [submitted_on, later_on], roll).due_on == district(period, [later_on], roll).due_on
    )


@given(YEARS, st.integers(0, 90), st.integers(0, 30), ROLLS)
def test_a_later_report_never_makes_its_check_due_earlier_nor_takes_the_chain_out_of_risk(
    period: Period, first: int, more: int, roll: str
) -> None:
    submitted_on = period.next().start + timedelta(days=first)
    early, late = (
        due(
            ANNUAL,
            "district",
            period,
            facts=facts_of([submitted_on + timedelta(days=shift)], None, None),
            calendar=CALENDAR,
            roll=roll,
        )
        for shift in (0, more)
    )
    assert dated(early) <= dated(late)
    assert late.chain_at_risk or not early.chain_at_risk


@given(DAYS, st.integers(0, 30))
def test_a_correction_takes_three_working_days_and_a_later_finding_never_ends_earlier(
    found_on: date, more: int
) -> None:
    period = Period.parse("2023-08")
    early, late = (
        dated(due(CORRECTION, "unit", period, facts=Facts(found_on=day), calendar=CALENDAR))
        for day in (found_on, found_on + timedelta(days=more))
    )
    assert early <= late
    days = [found_on + timedelta(days=count) for count in range(1, (early - found_on).days + 1)]
    assert sum(map(CALENDAR.is_working_day, days)) == 3


@given(STEPS, st.integers(2024, 2026), st.integers(1, 12), ROLLS)
def test_a_later_period_of_a_recurring_rule_is_never_due_earlier(
    step: tuple[Rule, Stage], year: int, month: int, roll: str
) -> None:
    rule, stage = step
    if rule.recurrence not in {Recurrence.MONTHLY, Recurrence.YEARLY} or isinstance(
        stage.deadline, WorkingDays
    ):
        return
    period = period_of(rule, year, month)
    this, following = (
        due(rule, stage.name, each, calendar=CALENDAR, roll=roll).due_on for each in (period, period.next())
    )
    assert (this is None) == (following is None)
    assert this is None or following is None or this < following


def test_every_code_is_reached_by_some_question() -> None:
    assert set(ARGUMENTS) == set(ReasonCode) - OF_SEVERAL_NOTICES - OF_AN_AUTHORITY
    reached = set()
    some_day = date(2024, 2, 19)
    questions = [
        Facts(),
        Facts(submitted_on=(some_day, date(2024, 3, 25)), found_on=some_day, announced_on=some_day),
    ]
    questions += [Facts(submitted_on=(some_day,)), Facts(submitted_on=(date(2024, 2, 22),))]
    for rule in RULEBOOK.rules:
        for stage in rule.stages:
            for facts in questions:
                period = Period.month(2024, 1)
                if rule.recurrence not in {Recurrence.MONTHLY, Recurrence.EVENT} or rule.last_period:
                    period = period_of(rule, 2024, 1)
                for roll in ("none", "next_working_day"):
                    found = due(rule, stage.name, period, facts=facts, calendar=CALENDAR, roll=roll)
                    reached |= {reason.code for reason in found.reasons}
    beyond = due(
        CORRECTION, "unit", Period.month(2027, 1), facts=Facts(found_on=date(2027, 2, 1)), calendar=CALENDAR
    )
    rolled = due(ANNUAL, "unit", Period.year(2024), calendar=CALENDAR, roll="next_working_day")
    made_up = due(
        CORRECTION, "unit", Period.month(2024, 1), facts=Facts(found_on=date(2024, 2, 9)), calendar=CALENDAR
    )
    reached |= {reason.code for found in (beyond, rolled, made_up) for reason in found.reasons}
    assert reached == set(ARGUMENTS)
