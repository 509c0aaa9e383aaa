"""国令第775号 and the allocation plan of 2024 against their clauses, alone and beside Chongqing's notice.

The ministry's yearly notices are in `test_overlays`.
"""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.binding import BoundDate, national_limit
from obligations.chains import chains
from obligations.deadlines import DeadlineError, due
from obligations.law import Law
from obligations.notice import Notice, Rule, Stage
from obligations.periods import Period
from obligations.reasons import ReasonCode
from obligations.terms import External, Hardness, Level, Recipient, Recurrence, Sector, Undated

LAW = Law.shipped()
CQ = "渝环规〔2023〕2号"
MEE_140 = "环办气候函〔2025〕140号"
PLAN = "国环规气候〔2024〕1号"
REGULATION = "国令第775号"
NUMBERS = {"plan": PLAN, "775": REGULATION}
POWER = frozenset({Sector.POWER})
THREE = frozenset({Sector.STEEL, Sector.CEMENT, Sector.ALUMINIUM})
SECTORS = {"power": POWER, "three": THREE, "four": POWER | THREE}

# Every date they name: notice, rule, its duty, sectors, stage, period, clause, date.
DATES = """
plan surrender                  surrender         power unit 2023 附件1/六            2024-12-31
plan surrender                  surrender         power unit 2024 附件1/六            2025-12-31
plan carry-over                 carry-over        power unit 2025 附件1/附5/二、四    2026-06-10
775  records-retention          records-retention power unit 2023 第十一条第三款      2028-12-31
775  records-retention          records-retention power unit 2024 第十一条第三款      2029-12-31
775  records-retention          records-retention power unit 2027 第十一条第三款      2032-12-31
775  records-retention-industry records-retention three unit 2024 第十一条第三款      2029-12-31
775  records-retention-industry records-retention three unit 2026 第十一条第三款      2031-12-31
"""

# What they say without a date: notice, rule, its duty, sectors, stage, kind, first and last period, clause.
UNDATED = """
plan allocation-units       allocation-units       power municipal   none     2023    2024 附件1/二
plan pre-allocation         pre-allocation         power municipal   none     2023    2024 附件1/五(一)
plan allocation-notice      allocation-notice      power municipal   none     2023    2024 附件1/五(二)、六
plan actual-allocation      actual-allocation      power municipal   none     2023    2024 附件1/附6
plan allocation-issue       allocation-issue       power municipal   none     2023    2024 附件1/五(二)、(四)
plan allocation-adjustment  allocation-adjustment  power municipal   none     2023    2024 附件1/五(五)
775  emission-accounting    emission-accounting    four  unit        none     2024-05 -    第十一条第一款
775  report-disclosure      report-disclosure      four  unit        none     2024    -    第十一条第三款
775  verification-feedback  verification-feedback  four  feedback    none     2024    -    第十二条第一款
775  verification-feedback  verification-feedback  four  publication none     2024    -    第十二条第一款
775  verification-cooperation verification-cooperation four unit     none     2024-05 -    第十二条第二款
775  sample-testing         sample-testing         four  unit        none     2024-05 -    第十三条第一款
775  surrender              surrender              power unit        external 2023    -    第十四条第一款
775  surrender-industry     surrender              three unit        external 2024    -    第十四条第一款
775  site-inspection        site-inspection        four  municipal   none     2024-05 -    第十七条
775  site-inspection        site-inspection        four  district    none     2024-05 -    第十七条
775  site-inspection        site-inspection        four  unit        none     2024-05 -    第十七条
775  breach-reports         breach-reports         four  municipal   none     2024-05 -    第十八条
775  breach-reports         breach-reports         four  district    none     2024-05 -    第十八条
775  complaint-industry     complaint              three district    none     2024-05 -    第十八条
"""


def notice_of(key: str) -> Notice:
    found = LAW.rulebook.notice(NUMBERS[key])
    assert found is not None
    return found


def rule_of(key: str, name: str) -> Rule:
    return next(rule for rule in notice_of(key).rules if rule.name == name)


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def bound(duty: str, period: str, sector: Sector, stage: str = "unit") -> BoundDate:
    return LAW.date(LAW.binding(duty, Period.parse(period), sectors=frozenset({sector})), stage)


def said(found: BoundDate) -> dict[str, date | None]:
    return {each.source.notice.number: each.date.due_on for each in found.said}


def conditions(stage: Stage) -> str:
    return " ".join(each.zh for each in stage.conditions)


@pytest.mark.parametrize(
    ("notice", "name", "duty", "sectors", "stage", "period", "clause", "on"), rows(DATES), ids=str
)
def test_the_notice_s_own_date_with_its_clause(
    *, notice: str, name: str, duty: str, sectors: str, stage: str, period: str, clause: str, on: str
) -> None:
    rule = rule_of(notice, name)
    found = due(rule, stage, Period.parse(period), calendar=LAW.calendar)
    assert (found.due_on, found.clause) == (date.fromisoformat(on), clause.replace("/", " "))
    assert (rule.duty, rule.sectors) == (duty, SECTORS[sectors])


@pytest.mark.parametrize(
    ("notice", "name", "duty", "sectors", "stage", "kind", "first", "last", "clause"), rows(UNDATED), ids=str
)
def test_what_the_notice_gives_no_date_for(
    *,
    notice: str,
    name: str,
    duty: str,
    sectors: str,
    stage: str,
    kind: str,
    first: str,
    last: str,
    clause: str,
) -> None:
    rule = rule_of(notice, name)
    found = due(rule, stage, rule.first_period, calendar=LAW.calendar)
    assert (found.due_on, found.kind.value, found.clause) == (None, kind, clause.replace("/", " "))
    assert (rule.duty, rule.sectors) == (duty, SECTORS[sectors])
    ends = "-" if rule.last_period is None else str(rule.last_period)
    assert (str(rule.first_period), ends) == (first, last)


def test_there_is_nothing_more_in_these_notices_than_the_tables_say() -> None:
    here = {
        (key, rule.name, stage.name)
        for key in NUMBERS
        for rule in notice_of(key).rules
        for stage in rule.stages
    }
    dated = {(row[0], row[1], row[4]) for row in rows(DATES)}
    undated = {(row[0], row[1], row[4]) for row in rows(UNDATED)}
    assert here == dated | undated
    assert not dated & undated


@pytest.mark.parametrize(
    ("key", "issued_on", "in_force_on", "page"),
    [
        ("plan", date(2024, 10, 16), date(2024, 10, 16), "https://www.mee.gov.cn/"),
        ("775", date(2024, 1, 25), date(2024, 5, 1), "https://www.gov.cn/"),
    ],
)
def test_they_are_national_and_say_that_they_were_read_second_hand_and_where_to_check_them(
    *, key: str, issued_on: date, in_force_on: date, page: str
) -> None:
    found = notice_of(key)
    assert (found.authority, found.version) == ("national", "1")
    assert (found.issued_on, found.in_force_on) == (issued_on, in_force_on)
    assert found.provenance.source == "second-hand"
    assert "存档副本" in found.provenance.note.zh
    assert "stored copy" in found.provenance.note.en
    assert "official page" in found.provenance.note.en
    assert (found.provenance.url or "").startswith(page)


def test_they_speak_of_units_districts_and_the_municipality_only() -> None:
    for key in NUMBERS:
        for rule in notice_of(key).rules:
            for stage in rule.stages:
                assert stage.actor in (Level.UNIT, Level.DISTRICT, Level.MUNICIPAL)
                handed_up = stage.submit_to is Recipient.MUNICIPAL
                assert stage.checked_by is (Level.MUNICIPAL if handed_up else None)


def test_their_texts_are_in_two_languages_and_short_enough_for_a_message() -> None:
    for key in NUMBERS:
        for rule in notice_of(key).rules:
            for stage in rule.stages:
                for title in (rule.title, stage.title):
                    assert len(title.zh) <= 30
                    assert len(title.en) <= 70
                texts = [rule.title, stage.title, stage.evidence, *stage.conditions]
                for text in [*texts, *([stage.channel] if stage.channel else [])]:
                    assert any("一" <= letter <= "鿿" for letter in text.zh), text
                    assert text.en.isascii(), text
                    assert len(text.zh) <= 120


# 配额清缴：附件1 六，第十四条、第二十四条


@pytest.mark.parametrize(
    ("period", "on", "number", "expected"),
    [
        ("2023", date(2024, 12, 31), PLAN, {PLAN: date(2024, 12, 31), CQ: None}),
        (
            "2024",
            date(2025, 12, 31),
            MEE_140,
            {MEE_140: date(2025, 12, 31), CQ: None, PLAN: date(2025, 12, 31)},
        ),
    ],
)
def test_power_surrenders_by_the_plan_s_dates_where_chongqing_waits_for_the_ministry(
    *, period: str, on: date, number: str, expected: dict[str, date | None]
) -> None:
    found = bound("surrender", period, Sector.POWER)
    assert (found.date.due_on, found.source.notice.number) == (on, number)
    assert said(found) == expected
    limit = national_limit(found)
    assert limit is not None
    assert limit.date.due_on == on


def test_the_plan_dates_no_surrender_after_2024() -> None:
    with pytest.raises(DeadlineError, match="ends with 2024"):
        due(rule_of("plan", "surrender"), "unit", Period.year(2025), calendar=LAW.calendar)


@pytest.mark.parametrize("sector", sorted(THREE))
def test_steel_cement_and_aluminium_go_on_surrendering_and_wait_for_the_ministry_s_date(
    sector: Sector,
) -> None:
    assert bound("surrender", "2025", sector).date.due_on == date(2026, 12, 31)
    waiting = bound("surrender", "2026", sector)
    assert (waiting.date.due_on, waiting.date.kind.value) == (None, "external")
    assert said(waiting) == {REGULATION: None}
    with pytest.raises(DeadlineError):
        bound("surrender", "2023", sector)


@pytest.mark.parametrize("name", ["surrender", "surrender-industry"])
def test_not_surrendering_costs_five_to_ten_times_the_price_and_next_year_s_allowances(name: str) -> None:
    stage = rule_of("775", name).stage("unit")
    assert "清缴时限前1个月市场交易平均成交价格5倍以上10倍以下罚款（第二十四条）" in conditions(stage)
    assert "等量核减下一年度配额，可以责令停产整治（第二十四条）" in conditions(stage)
    assert isinstance(stage.deadline, External)
    assert stage.deadline.set_by is Level.MUNICIPAL


@pytest.mark.parametrize("name", ["surrender", "allocation-notice"])
def test_purchased_electricity_is_out_of_the_allocation_and_the_surrender(name: str) -> None:
    stage = rule_of("plan", name).stages[0]
    assert "购入使用电力产生的间接排放" in conditions(stage)


def test_70_percent_of_last_year_s_verified_emissions_are_pre_allocated() -> None:
    found = bound("pre-allocation", "2023", Sector.POWER, "municipal")
    assert said(found) == {CQ: None, PLAN: None}
    assert found.date.kind.value == "external"
    assert "上一年度经核查排放量的70%" in conditions(rule_of("plan", "pre-allocation").stages[0])


def test_the_dates_of_the_work_of_2025_stand_where_the_plan_gives_none() -> None:
    for duty, on in (
        ("pre-allocation", date(2025, 4, 20)),
        ("allocation-notice", date(2025, 7, 31)),
        ("actual-allocation", date(2025, 7, 31)),
        ("allocation-issue", date(2025, 8, 20)),
    ):
        found = bound(duty, "2024", Sector.POWER, "municipal")
        assert (found.date.due_on, found.source.notice.number) == (on, MEE_140)


# 附5：结转


def test_a_carry_over_may_be_applied_for_through_10_june_2026_and_nobody_is_pressed_to() -> None:
    rule = rule_of("plan", "carry-over")
    found = due(rule, "unit", Period.year(2025), calendar=LAW.calendar)
    assert found.overdue_from is not None
    assert (found.due_on, found.overdue_from.date()) == (date(2026, 6, 10), date(2026, 6, 11))
    assert rule.stage("unit").hardness is Hardness.CONDITION
    made = chains(LAW, since=date(2026, 1, 1), through=date(2026, 12, 31), today=date(2026, 2, 1))
    assert "carry-over" not in {chain.binding.duty for chain in made}
    with pytest.raises(DeadlineError):
        due(rule, "unit", Period.year(2026), calendar=LAW.calendar)
    assert "未按期完成履约的，不得申请" in conditions(rule.stage("unit"))


# 第十一条：保存


def test_records_are_kept_and_never_overdue_and_the_date_names_the_year_and_60_months() -> None:
    found = bound("records-retention", "2025", Sector.STEEL).date
    assert found.due_on == date(2030, 12, 31)
    assert found.overdue_from is None
    kept, marked = found.reasons
    assert kept.code is ReasonCode.KEEP_THROUGH
    assert dict(kept.arguments) == {"period": "2025", "months": 60, "due_on": date(2030, 12, 31)}
    assert (marked.code, dict(marked.arguments)) == (ReasonCode.SECOND_HAND, {"number": REGULATION})


def test_the_last_day_to_keep_does_not_move_for_a_day_off() -> None:
    rule = rule_of("775", "records-retention")
    for year in (2023, 2028):  # 2028-12-31 and 2033-12-31: a Sunday and a Saturday
        plain = due(rule, "unit", Period.year(year), calendar=LAW.calendar)
        rolled = due(rule, "unit", Period.year(year), calendar=LAW.calendar, roll="next_working_day")
        assert plain.due_on is not None
        assert plain.due_on.isoweekday() in (6, 7)
        assert rolled.due_on == plain.due_on


@given(st.integers(2023, 2190))
def test_a_year_s_records_are_kept_through_the_end_of_the_fifth_year_after_it(year: int) -> None:
    found = due(rule_of("775", "records-retention"), "unit", Period.year(year), calendar=LAW.calendar)
    assert found.due_on == date(year + 5, 12, 31)
    assert found.due_on + timedelta(days=1) == date(year + 6, 1, 1)


def test_whose_records_and_from_which_report_on() -> None:
    assert set(LAW.bindings("records-retention", Period.year(2023))) == {POWER}
    assert set(LAW.bindings("records-retention", Period.year(2024))) == {POWER, THREE}
    with pytest.raises(DeadlineError, match="begins with 2023"):
        bound("records-retention", "2022", Sector.POWER)
    with pytest.raises(DeadlineError, match="begins with 2024"):
        bound("records-retention", "2023", Sector.CEMENT)
    for name in ("records-retention", "records-retention-industry"):
        rule = rule_of("775", name)
        assert rule.offsets == ()
        assert "条例未写起算日" in conditions(rule.stage("unit"))
        assert "期满后可以处置，不要求处置" in conditions(rule.stage("unit"))
        assert "处5万元以上50万元以下罚款" in conditions(rule.stage("unit"))


def test_only_what_a_month_or_a_year_brought_is_kept_for_a_time() -> None:
    given = rule_of("775", "records-retention").model_dump(exclude_none=True)
    assert Rule.model_validate(given | {"first_period": "2023", "recurrence": "yearly"}).duty
    assert Rule.model_validate(given | {"first_period": "2023-01", "recurrence": "monthly"}).duty
    for recurrence in ("once", "event", "continuous"):
        with pytest.raises(ValueError, match="kind retention needs a monthly or a yearly rule"):
            Rule.model_validate(given | {"first_period": "2023", "recurrence": recurrence})


def test_what_is_merely_kept_is_nobody_s_task_of_the_day() -> None:
    made = chains(LAW, since=date(2028, 1, 1), through=date(2029, 12, 31), today=date(2028, 1, 1))
    assert "records-retention" not in {chain.binding.duty for chain in made}


# 第十二条：核查结果


def test_results_are_fed_back_within_7_working_days_of_each_verification() -> None:
    rule = rule_of("775", "verification-feedback")
    stage = rule.stage("feedback")
    assert isinstance(stage.deadline, Undated)
    assert "自核查完成之日起7个工作日内" in conditions(stage)
    assert (stage.actor, stage.submit_to) == (Level.MUNICIPAL, Recipient.UNIT)
    assert rule.stage("publication").submit_to is Recipient.PUBLIC


def test_what_the_regulation_asks_without_a_date_is_on_the_checklist_of_whoever_bears_it() -> None:
    made = chains(LAW, since=date(2025, 1, 1), through=date(2025, 3, 1), today=date(2025, 1, 15))
    here = {(chain.binding.duty, chain.per) for chain in made if chain.binding.notice.number == REGULATION}
    assert {
        ("emission-accounting", Level.UNIT),
        ("sample-testing", Level.UNIT),
        ("verification-cooperation", Level.UNIT),
        ("report-disclosure", Level.UNIT),
        ("site-inspection", Level.UNIT),
        ("site-inspection", Level.DISTRICT),
        ("site-inspection", Level.MUNICIPAL),
        ("breach-reports", Level.DISTRICT),
        ("breach-reports", Level.MUNICIPAL),
        ("verification-feedback", Level.MUNICIPAL),
    } <= here


def test_nothing_new_is_always_there_before_the_regulation_is_in_force() -> None:
    for rule in notice_of("775").rules:
        if rule.recurrence is Recurrence.CONTINUOUS:
            assert rule.first_period.start == notice_of("775").in_force_on
