"""The shipped notice against its clauses, and the rulebook's questions."""

from datetime import date
from typing import NamedTuple

import pytest

from obligations.calendar import load_calendar
from obligations.law import Law
from obligations.notice import (
    Hardness,
    Level,
    Recipient,
    Recurrence,
    Rule,
    Rulebook,
    Sector,
    Stage,
    UnknownRule,
    load_rulebook,
)
from obligations.periods import Period, PeriodKind
from obligations.terms import Occasion

SHIPPED = load_rulebook()
RULEBOOK = Rulebook(notices=tuple(each for each in SHIPPED.notices if each.number == "渝环规〔2023〕2号"))
NON_POWER = frozenset(Sector) - {Sector.POWER}

# Every duty of the notice: rule, stage, clause, kind of deadline, how firmly it is put, to whom it is handed over.
DUTIES = """
power-list                     district   一 ¶1    fixed           hard       municipal
power-list                     municipal  一 ¶1    fixed           hard       public
nonpower-list                  district   一 ¶2    fixed           hard       municipal
nonpower-list                  municipal  一 ¶2    none            soft       kept
quality-plan                   unit       二(一)    fixed           hard       district
quality-plan                   district   二(一)    fixed           hard       municipal
quality-plan                   municipal  二(一)    none            soft       kept
monthly-evidence               unit       二(二)    month_end_plus  hard       district
monthly-evidence               district   二(二)    submit_plus     hard       municipal
monthly-evidence               municipal  二(二)    month_end_plus  hard       kept
annual-report                  unit       二(三)    fixed           hard       district
annual-report                  district   二(三)    submit_plus     hard       municipal
annual-report                  municipal  二(三)    fixed           hard       kept
accounting-parameters          unit       二(三) ¶2 none            parameter  kept
verification                   municipal  二(四)    fixed           hard       kept
verification                   district   二(四)    none            soft       kept
closing-unit-verification      unit       二(四)    before_event    event      district
pre-allocation                 municipal  二(五)    external        external   unit
allocation-notice              municipal  二(五)    external        external   unit
actual-allocation              municipal  二(五)    external        external   registry
surrender-2021-2022-target-95  unit       二(五)    once            hard       municipal
surrender-2021-2022            unit       二(五)    once            hard       municipal
surrender                      unit       二(五)    external        external   municipal
ccer-offset                    unit       二(五)    none            condition  registry
rectification-2021-2022        unit       二(五)    once            hard       district
rectification                  unit       二(五)    external        event      district
rectification-order            district   二(五)    none            event      unit
rectification-2021-2022        district   二(五)    once            hard       municipal
rectification-2021-2022        municipal  二(五)    once            hard       ministry
penalty-2021-2022              district   二(五)    none            event      unit
guidance                       municipal  二(五)    none            soft       unit
guidance                       district   二(五)    none            soft       unit
coal-sample-film               unit       二(六)    none            hard       kept
coal-sample-portion            unit       二(六)    none            hard       kept
coal-sample-retention          unit       二(六)    retention       hard       kept
coal-sample-inspection         district   二(六)    none            soft       kept
coal-sample-inspection         municipal  二(六)    none            soft       kept
enforcement-plan               district   二(七)    none            soft       kept
complaint                      district   二(七)    none            event      kept
correction                     unit       二(七)    working_days    hard       district
anomaly                        district   二(七)    none            event      municipal
spot-check                     municipal  二(七)    none            soft       kept
verifier-evaluation            municipal  二(八)    fixed           hard       public
verifier-evaluation            district   二(八)    none            soft       kept
penalty-publication            district   二(九)    external        external   public
penalty-disclosure-2021-2022   district   二(九)    once            hard       municipal
penalty-disclosure-2021-2022   municipal  二(九)    once            hard       public
nonpower-report                unit       三(一)    fixed           hard       municipal
nonpower-verification          municipal  三(二)    fixed           hard       kept
supervision-and-assessment     municipal  四(一)    none            soft       district
regular-inspection             district   四(一)    none            soft       kept
training                       municipal  四(二)    none            soft       kept
training                       district   四(二)    none            soft       kept
municipal-enforcement          municipal  四(二)    none            soft       kept
unit-data-quality-system       unit       四(三)    none            soft       kept
unit-data-quality-system       district   四(三)    none            soft       unit
agency-controls                agency     四(三)    none            soft       kept
clue-transfer                  district   四(三)    none            event      other_departments
"""


class Duty(NamedTuple):
    rule: str
    stage: str
    clause: str
    kind: str
    hardness: Hardness
    submit_to: Recipient


def duties() -> list[Duty]:
    rows = []
    for line in DUTIES.strip().splitlines():
        rule, stage, *clause, kind, hardness, recipient = line.split()
        rows.append(Duty(rule, stage, " ".join(clause), kind, Hardness(hardness), Recipient(recipient)))
    return rows


def stages() -> list[Stage]:
    return [stage for rule in RULEBOOK.rules for stage in rule.stages]


@pytest.mark.parametrize("duty", duties(), ids=lambda duty: f"{duty.rule} {duty.stage}")
def test_every_duty_of_the_notice_is_here_with_its_clause(duty: Duty) -> None:
    stage = RULEBOOK.rule(duty.rule).stage(duty.stage)
    found = Duty(duty.rule, stage.name, stage.clause, stage.deadline.kind, stage.hardness, stage.submit_to)
    assert found == duty
    assert stage.actor == duty.stage


def test_there_is_no_duty_the_notice_does_not_have() -> None:
    assert len(duties()) == 58
    here = {(rule.name, stage.name) for rule in RULEBOOK.rules for stage in rule.stages}
    assert here == {(rule, stage) for rule, stage, *_ in duties()}


def test_the_notice_says_what_it_is_and_since_when_it_binds() -> None:
    (notice,) = RULEBOOK.notices
    assert notice.number == "渝环规〔2023〕2号"
    assert (notice.issued_on, notice.in_force_on) == (date(2023, 8, 4), date(2023, 9, 4))
    assert notice.zone == "Asia/Shanghai"
    assert notice.provenance.source == "official"
    assert RULEBOOK.notice_of("monthly-evidence") is notice


def test_every_stage_says_in_two_languages_what_it_is_and_what_counts_as_done() -> None:
    for stage in stages():
        texts = [stage.title, stage.evidence, *stage.conditions, *([stage.channel] if stage.channel else [])]
        for text in texts:
            assert any("一" <= letter <= "鿿" for letter in text.zh), text
            assert text.en.isascii() or any(mark in text.en for mark in "〔号前及"), text
            assert len(text.zh) <= 120
        assert len(stage.title.zh) <= 30
        assert len(stage.title.en) <= 70


@pytest.mark.parametrize(
    ("rule", "chains"),
    [
        ("monthly-evidence", {Level.UNIT: ["unit", "district", "municipal"]}),
        ("annual-report", {Level.UNIT: ["unit", "district", "municipal"]}),
        ("quality-plan", {Level.UNIT: ["unit", "district", "municipal"]}),
        ("power-list", {Level.DISTRICT: ["district"], Level.MUNICIPAL: ["municipal"]}),
        ("nonpower-report", {Level.UNIT: ["unit"]}),
        (
            "rectification-2021-2022",
            {Level.UNIT: ["unit"], Level.DISTRICT: ["district"], Level.MUNICIPAL: ["municipal"]},
        ),
        ("agency-controls", {Level.AGENCY: ["agency"]}),
    ],
)
def test_a_rule_s_stages_make_one_obligation_for_each_kind_of_subject(
    rule: str, chains: dict[Level, list[str]]
) -> None:
    found = RULEBOOK.rule(rule).chains()
    assert {per: [stage.name for stage in each] for per, each in found.items()} == chains


@pytest.mark.parametrize(
    ("rule", "stage", "checked_by"),
    [
        ("monthly-evidence", "unit", Level.DISTRICT),
        ("monthly-evidence", "district", Level.MUNICIPAL),
        ("monthly-evidence", "municipal", None),
        ("power-list", "district", Level.MUNICIPAL),
        ("power-list", "municipal", None),
        ("nonpower-report", "unit", Level.MUNICIPAL),
        ("surrender", "unit", Level.DISTRICT),
        ("rectification-2021-2022", "district", Level.MUNICIPAL),
        ("coal-sample-film", "unit", None),
    ],
)
def test_a_stage_says_who_checks_it(rule: str, stage: str, checked_by: Level | None) -> None:
    assert RULEBOOK.rule(rule).stage(stage).checked_by == checked_by


def test_no_stage_is_checked_by_its_own_level() -> None:
    assert [stage.title for stage in stages() if stage.checked_by == stage.actor] == []


@pytest.mark.parametrize(
    ("rule", "sector", "fuel", "binds"),
    [
        ("monthly-evidence", Sector.POWER, "gas", True),
        ("monthly-evidence", Sector.STEEL, None, False),
        ("coal-sample-portion", Sector.POWER, "coal", True),
        ("coal-sample-portion", Sector.POWER, "gas", False),
        ("coal-sample-portion", Sector.POWER, None, False),
        ("nonpower-report", Sector.POWER, "coal", False),
        ("nonpower-report", Sector.AVIATION, None, True),
        ("unit-data-quality-system", Sector.POWER, None, True),
        ("unit-data-quality-system", Sector.PAPER, None, True),
    ],
)
def test_a_rule_binds_the_units_of_its_sectors_and_fuels(
    rule: str,
    sector: Sector,
    fuel: str | None,
    binds: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert RULEBOOK.rule(rule).applies_to(sector, fuel) is binds


def test_the_seven_other_sectors_of_the_preamble_are_meant_by_non_power() -> None:
    assert RULEBOOK.rule("nonpower-list").sectors == NON_POWER
    assert (
        len(NON_POWER - {Sector.CEMENT, Sector.ALUMINIUM}) == 7
    )  # of building materials and non-ferrous metals


@pytest.mark.parametrize(
    ("rule", "percent", "bound"),
    [
        ("surrender-2021-2022-target-95", 95, "at_least"),
        ("surrender-2021-2022", 100, "at_least"),
        ("ccer-offset", 5, "at_most"),
    ],
)
def test_thresholds_are_the_notice_s(rule: str, percent: int, bound: str) -> None:
    threshold = RULEBOOK.rule(rule).threshold
    assert threshold is not None
    assert (threshold.percent, threshold.bound) == (percent, bound)


def test_an_event_rule_says_what_gives_rise_to_it_and_others_are_always_there() -> None:
    for rule in RULEBOOK.rules:
        if rule.recurrence is Recurrence.EVENT:
            assert rule.arises is not None, rule.name
    arising = RULEBOOK.rule("rectification-2021-2022").arises
    assert arising is not None
    assert (arising.occasion, arising.of) == (Occasion.DEFAULT, "surrender-2021-2022")
    assert RULEBOOK.rule("monthly-evidence").arises is None


def test_a_nil_report_is_owed_even_where_no_unit_is_in_default() -> None:
    rule = RULEBOOK.rule("rectification-2021-2022")
    assert rule.arises_for(Level.UNIT) == rule.arises
    assert rule.arises_for(Level.DISTRICT) is None
    assert rule.arises_for(Level.MUNICIPAL) is None


def test_what_arises_from_an_event_may_be_filed_under_any_kind_of_period() -> None:
    assert RULEBOOK.rule("complaint").period_kinds == frozenset(PeriodKind)
    assert RULEBOOK.rule("monthly-evidence").period_kinds == {PeriodKind.MONTH}
    assert RULEBOOK.rule("surrender-2021-2022").period_kinds == {PeriodKind.SPAN}


def test_a_rule_built_in_code_takes_a_period_as_it_is() -> None:
    rule = RULEBOOK.rule("monthly-evidence")
    first = Period.parse("2024-01")
    assert Rule.model_validate({**rule.model_dump(), "first_period": first}).first_period is first
    assert Rule.model_validate(rule.model_dump()) == rule


def test_keeping_is_not_reminded_of_and_a_correction_only_within_its_three_days() -> None:
    assert RULEBOOK.rule("coal-sample-retention").offsets == ()
    assert RULEBOOK.rule("correction").offsets == (1, 0)
    assert RULEBOOK.rule("monthly-evidence").offsets == (10, 5, 3, 1, 0)


def test_no_date_of_this_notice_rolls_over_days_off() -> None:
    assert {rule.roll for rule in RULEBOOK.rules} == {"none"}


def test_an_unknown_rule_is_answered_with_the_names_that_come_near() -> None:
    with pytest.raises(UnknownRule, match="did you mean monthly-evidence") as refused:
        RULEBOOK.rule("monthly-evidense")
    assert refused.value.near == ("monthly-evidence",)
    with pytest.raises(UnknownRule, match="the rules are power-list, nonpower-list") as refused:
        RULEBOOK.rule("zzz")
    assert refused.value.near == ()
    with pytest.raises(UnknownRule):
        RULEBOOK.notice_of("zzz")


def test_an_unknown_stage_is_answered_with_those_there_are() -> None:
    with pytest.raises(LookupError, match='"power-list" has no stage "unit"; it has district, municipal'):
        RULEBOOK.rule("power-list").stage("unit")


def test_a_text_speaks_chinese_to_readers_of_chinese_and_english_to_all_others() -> None:
    title = RULEBOOK.rule("monthly-evidence").title
    assert [title.of(language) for language in ("zh", "zh-Hans", "zh_CN")] == ["月度信息化存证"] * 3
    assert [title.of(language) for language in ("en", "de")] == ["Monthly evidence"] * 2


def test_the_shipped_law_is_the_shipped_rulebook_with_the_shipped_calendar() -> None:
    law = Law.shipped()
    assert law.rulebook is SHIPPED
    assert law.calendar is load_calendar()
