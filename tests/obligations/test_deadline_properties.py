"""What holds for every due date, whatever the rule, the period and the facts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.calendar import load_calendar
from obligations.deadlines import ZONE, DueDate, DueKind, Facts, ReasonCode, due
from obligations.notice import (
    BeforeEvent,
    External,
    Once,
    Recurrence,
    Retention,
    Rule,
    Stage,
    SubmitPlus,
    WorkingDays,
    load_rulebook,
)
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
SECONDS = st.sampled_from([-1, 0, 1]) | st.integers(-200_000, 200_000)

OF_SEVERAL_NOTICES = {
    ReasonCode.STRICTEST_BINDS,
    ReasonCode.OTHER_NOTICE,
    ReasonCode.SUPERSEDED_NOTICE,
    ReasonCode.SECOND_HAND,
}
"""Said by `obligations.binding`, of more than one notice."""
OF_AN_AUTHORITY = {
    ReasonCode.EXTENDED,
    ReasonCode.REDATED,
    ReasonCode.RECOUNTED,
    ReasonCode.DATED_SINCE,
    ReasonCode.SET_BY_DOCUMENT,
    ReasonCode.WAIVED,
}
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
    ReasonCode.TARGET_PASSED: {"target_on", "submitted_on"},
    ReasonCode.CHAIN_AT_RISK: {"counted_on", "limit_on"},
    ReasonCode.AFTER_FINDING: {"found_on", "days", "due_on"},
    ReasonCode.STARTS_WHEN_FOUND: {"days"},
    ReasonCode.BEFORE_EVENT: {"event_on", "due_on"},
    ReasonCode.EVENT_NOT_RECORDED: set(),
    ReasonCode.KEEP_THROUGH: {"period", "months", "due_on"},
    ReasonCode.ANNOUNCED: {"due_on"},
    ReasonCode.NOT_ANNOUNCED: set(),
    ReasonCode.NOT_ORDERED: set(),
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
    """Return the period the rule takes that is nearest to the given month."""
    yearly = rule.recurrence is Recurrence.YEARLY
    wanted = Period.year(year) if yearly else Period.month(year, month)
    if rule.covers(wanted):
        return wanted
    if rule.last_period is not None and wanted.start > rule.last_period.end:
        return rule.last_period
    return rule.first_period


class Question(NamedTuple):
    """A stage of some notice, and a period its rule takes."""

    rule: Rule
    stage: Stage
    period: Period

    def due(self, facts: Facts, roll: str) -> DueDate:
        """Return the answer to it."""
        return due(self.rule, self.stage.name, self.period, facts=facts, calendar=CALENDAR, roll=roll)


def question(step: tuple[Rule, Stage], year: int, month: int) -> Question:
    """Return a question about a stage, near the given month."""
    rule, stage = step
    return Question(rule, stage, period_of(rule, year, month))


QUESTIONS = st.builds(
    question,
    st.sampled_from(
        [(rule, stage) for notice in RULEBOOK.notices for rule in notice.rules for stage in rule.stages]
    ),
    st.integers(2024, 2027),
    st.integers(1, 12),
)


def facts_of(submitted_on: list[date], found_on: date | None, announced_on: date | None) -> Facts:
    return Facts(submitted_on=tuple(submitted_on), found_on=found_on, announced_on=announced_on)


FACTS = st.builds(facts_of, st.lists(DAYS, max_size=4), st.none() | DAYS, st.none() | DAYS)


@settings(max_examples=150)
@given(QUESTIONS, FACTS, ROLLS)
def test_every_date_is_explained_and_its_parts_agree(asked: Question, facts: Facts, roll: str) -> None:
    found = asked.due(facts, roll)
    assert found.reasons
    assert found.clause == asked.stage.clause
    for reason in found.reasons:
        assert set(reason.arguments) == ARGUMENTS[reason.code]
        assert not any(isinstance(value, datetime) for value in reason.arguments.values())
    if found.due_on is None:
        assert found.kind in {DueKind.NONE, DueKind.EXTERNAL}
        assert found.overdue_from is None
        assert found.safe_target_on is None
    else:
        assert found.kind is not DueKind.NONE
        lapses = not isinstance(asked.stage.deadline, Retention)
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


@given(QUESTIONS, FACTS, ROLLS, st.data())
def test_the_same_facts_give_the_same_answer_in_whatever_order_and_however_often_asked(
    asked: Question, facts: Facts, roll: str, data: st.DataObject
) -> None:
    shuffled = replace(facts, submitted_on=tuple(data.draw(st.permutations(facts.submitted_on))))
    answers = [asked.due(each, roll) for each in (facts, shuffled, facts)]
    assert answers[0] == answers[1] == answers[2]


@given(QUESTIONS, FACTS, ROLLS)
def test_a_fact_that_is_not_the_stages_own_changes_nothing(asked: Question, facts: Facts, roll: str) -> None:
    match asked.stage.deadline:
        case SubmitPlus():
            own = Facts(submitted_on=facts.submitted_on)
        case WorkingDays() | BeforeEvent():
            own = Facts(found_on=facts.found_on)
        case External():
            own = Facts(announced_on=facts.announced_on)
        case _:
            own = Facts()
    with_all, with_own = (asked.due(each, roll) for each in (facts, own))
    assert with_all == with_own


@given(QUESTIONS, FACTS, st.integers(0, 60), ROLLS)
def test_what_happened_later_never_makes_anything_due_earlier(
    asked: Question, facts: Facts, more: int, roll: str
) -> None:
    delay = timedelta(days=more)
    delayed = Facts(
        submitted_on=tuple(day + delay for day in facts.submitted_on),
        found_on=facts.found_on and facts.found_on + delay,
        announced_on=facts.announced_on and facts.announced_on + delay,
    )
    early, late = (asked.due(each, roll).due_on for each in (facts, delayed))
    assert (early is None) == (late is None)
    assert early is None or late is None or early <= late


@given(QUESTIONS, FACTS, ROLLS, SECONDS)
def test_an_instant_is_in_time_exactly_while_its_day_in_shanghai_is_not_past_the_date(
    asked: Question, facts: Facts, roll: str, seconds: int
) -> None:
    found = asked.due(facts, roll)
    if found.due_on is None or found.overdue_from is None:
        return
    instant = found.overdue_from.astimezone(UTC) + timedelta(seconds=seconds)
    assert (instant < found.overdue_from) == (instant.astimezone(ZONE).date() <= found.due_on)


@given(QUESTIONS, FACTS, ROLLS)
def test_a_safe_target_is_never_after_the_date_and_lies_before_it_where_nothing_rolls(
    asked: Question, facts: Facts, roll: str
) -> None:
    found = asked.due(facts, roll)
    assert (found.safe_target_on is not None) == (
        asked.stage.safe_target_days > 0 and found.due_on is not None
    )
    if found.safe_target_on is not None and found.due_on is not None:
        assert found.safe_target_on < found.due_on
        assert roll != "none" or (found.due_on - found.safe_target_on).days == asked.stage.safe_target_days


@given(st.sampled_from([rule for notice in RULEBOOK.notices for rule in notice.rules]), YEARS, ROLLS)
def test_a_chains_dates_follow_its_order(rule: Rule, year: Period, roll: str) -> None:
    period = period_of(rule, year.start.year, 2)
    for chain in rule.chains().values():
        dates = [due(rule, stage.name, period, calendar=CALENDAR, roll=roll).due_on for stage in chain]
        given_dates = [on for on in dates if on is not None]
        assert given_dates == sorted(given_dates)


@given(MONTHS)
def test_what_is_kept_is_kept_a_year_from_the_months_end_and_through_the_end_of_a_month(
    period: Period,
) -> None:
    kept_through = dated(due(RULEBOOK.rule("coal-sample-retention"), "unit", period, calendar=CALENDAR))
    assert (kept_through.year, kept_through.month) == (period.end.year + 1, period.end.month)
    assert (kept_through + timedelta(days=1)).day == 1


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


@given(QUESTIONS, FACTS)
def test_a_rolled_date_is_worked_unless_a_cap_or_its_own_nature_holds_it_and_is_never_earlier(
    asked: Question, facts: Facts
) -> None:
    plain = asked.due(facts, "none")
    rolled = asked.due(facts, "next_working_day")
    assert (plain.due_on is None) == (rolled.due_on is None)
    if plain.due_on is None or rolled.due_on is None:
        return
    assert rolled.due_on >= plain.due_on
    if ReasonCode.NOT_SUBMITTED_EXPECTED not in {reason.code for reason in rolled.reasons}:
        passed = [plain.due_on + timedelta(days=n) for n in range((rolled.due_on - plain.due_on).days)]
        assert not any(map(CALENDAR.is_working_day, passed))
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


@given(QUESTIONS, ROLLS)
def test_a_later_period_of_a_recurring_rule_is_never_due_earlier(asked: Question, roll: str) -> None:
    recurs = asked.rule.recurrence in {Recurrence.MONTHLY, Recurrence.YEARLY}
    if not recurs or not asked.rule.covers(asked.period.next()):
        return
    following_one = asked._replace(period=asked.period.next())
    this, following = (each.due(Facts(), roll).due_on for each in (asked, following_one))
    assert (this is None) == (following is None)
    if this is not None and following is not None:
        # One date may be named for several periods at once.
        assert this < following or (this == following and isinstance(asked.stage.deadline, Once))


def test_every_code_is_reached_by_some_question() -> None:
    assert set(ARGUMENTS) == set(ReasonCode) - OF_SEVERAL_NOTICES - OF_AN_AUTHORITY
    reached = set()
    some_day = date(2024, 2, 19)
    questions = [
        Facts(),
        Facts(submitted_on=(some_day, date(2024, 3, 25)), found_on=some_day, announced_on=some_day),
    ]
    later = (date(2024, 2, 22), date(2024, 2, 27))
    questions += [Facts(submitted_on=(day,)) for day in (some_day, *later)]
    for rule in RULEBOOK.rules:
        for stage in rule.stages:
            for facts in questions:
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
