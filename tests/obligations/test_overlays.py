"""The ministry's yearly notices against their clauses: every date they name, as the notice alone has it.

The regulation and the allocation plan are in `test_overlays_more`; what binds a unit where Chongqing's notice speaks
too is in `test_overlays_binding`.
"""

from datetime import date
from typing import NamedTuple

import pytest

from obligations.calendar import load_calendar
from obligations.deadlines import DeadlineError, due
from obligations.notice import Notice, Rule, Stage, load_rulebook
from obligations.periods import Period
from obligations.terms import SECTOR_GROUPS, Level, Recipient, Sector

RULEBOOK = load_rulebook()
NUMBERS = {
    "43": "环办气候函〔2023〕43号",
    "332": "环办气候函〔2023〕332号",
    "140": "环办气候函〔2025〕140号",
    "32": "环办气候函〔2026〕32号",
    "guide": "环办气候函〔2026〕（文号待核，2026-06-23）",
}
ELSEWHERE = {"国令第775号", "国环规气候〔2024〕1号"}
"""The national notices that `test_overlays_more` holds to their clauses."""
SECTORS = {
    "power": frozenset({Sector.POWER}),
    "three": frozenset({Sector.STEEL, Sector.CEMENT, Sector.ALUMINIUM}),
    "four": frozenset({Sector.POWER, Sector.STEEL, Sector.CEMENT, Sector.ALUMINIUM}),
    "six": frozenset(
        {
            Sector.PETROCHEMICAL,
            Sector.CHEMICAL,
            Sector.BUILDING_MATERIALS,
            Sector.NONFERROUS,
            Sector.PAPER,
            Sector.AVIATION,
        }
    ),
    "two": frozenset({Sector.STEEL, Sector.CEMENT}),
    "non-power": SECTOR_GROUPS["non-power"],
    "steel": frozenset({Sector.STEEL}),
    "cement": frozenset({Sector.CEMENT}),
    "aluminium": frozenset({Sector.ALUMINIUM}),
}

# Every date a national notice names: notice, rule, its duty, sectors, stage, period, clause, date.
DATES = """
43  power-list-2023                power-list                 power     municipal 2023    一(一)           2023-03-10
43  power-list                     power-list                 power     municipal 2024    一(一)           2023-12-31
43  power-list                     power-list                 power     municipal 2025    一(一)           2024-12-31
43  power-list                     power-list                 power     municipal 2026    一(一)           2025-12-31
43  annual-report                  annual-report              power     unit      2022    一（款次待核）   2023-03-31
43  annual-report                  annual-report              power     unit      2023    一（款次待核）   2024-03-31
43  annual-report                  annual-report              power     unit      2024    一（款次待核）   2025-03-31
43  verification                   verification               power     municipal 2022    一（款次待核）   2023-06-30
43  verification                   verification               power     municipal 2023    一（款次待核）   2024-06-30
43  verification                   verification               power     municipal 2024    一（款次待核）   2025-06-30
332 nonpower-report-2022           nonpower-report            non-power unit      2022    一(二)           2023-11-17
332 nonpower-report                nonpower-report            non-power unit      2023    一(二)           2024-03-31
332 nonpower-report                nonpower-report            non-power unit      2024    一(二)           2025-03-31
332 nonpower-verification          nonpower-verification      six       municipal 2022    一（款次待核）   2023-12-31
332 nonpower-verification          nonpower-verification      six       municipal 2023    一（款次待核）   2024-12-31
332 nonpower-verification          nonpower-verification      six       municipal 2024    一（款次待核）   2025-12-31
332 nonpower-verification-industry nonpower-verification      three     municipal 2023    一（款次待核）   2024-09-30
332 nonpower-verification-industry nonpower-verification      three     municipal 2024    一（款次待核）   2025-09-30
140 industry-list                  industry-list              three     municipal 2024    一(二)           2025-05-10
140 industry-list                  industry-list              three     municipal 2025    一(二)           2025-05-10
140 industry-list-2026             industry-list              three     municipal 2026    一(二)           2025-10-31
140 power-list                     power-list                 power     municipal 2026    一(二)           2025-10-31
140 account-opening                account-opening            three     unit      2025    一(三)           2025-05-15
140 quality-plan                   quality-plan               three     unit      2025    二(四)           2025-06-30
140 quality-plan                   quality-plan               three     municipal 2025    二(四)           2025-06-30
140 quality-plan-2026              quality-plan               four      unit      2026    二(四)           2025-12-31
140 monthly-evidence               monthly-evidence           three     unit      2025-07 二(五)           2025-09-09
140 monthly-evidence               monthly-evidence           three     municipal 2025-07 二(五)           2025-09-09
140 monthly-evidence               monthly-evidence           three     unit      2025-12 二(五)           2026-02-09
140 monthly-evidence               monthly-evidence           three     municipal 2028-01 二(五)           2028-03-11
140 monthly-evidence-backfill      monthly-evidence           three     unit      2025-01 二(五)           2025-10-31
140 monthly-evidence-backfill      monthly-evidence           three     unit      2025-06 二(五)           2025-10-31
140 annual-report                  annual-report              three     unit      2024    二(六)           2025-06-30
140 verification                   verification               power     municipal 2024    二(七)           2025-06-30
140 verification-industry          verification               three     municipal 2024    二(七)           2025-08-31
140 unlisted-enterprise-report     unlisted-enterprise-report two       report    2024    二(八)           2025-06-30
140 verifier-evaluation            verifier-evaluation        four      municipal 2025    二(九)           2025-12-31
140 pre-allocation                 pre-allocation             power     municipal 2024    三(十)           2025-04-20
140 allocation-notice              allocation-notice          power     municipal 2024    三(十一)         2025-07-31
140 actual-allocation              actual-allocation          power     municipal 2024    三(十一)         2025-07-31
140 allocation-issue               allocation-issue           power     municipal 2024    三(十一)         2025-08-20
140 allocation-notice-industry     allocation-notice          three     municipal 2024    三(十一)         2025-09-30
140 actual-allocation-industry     actual-allocation          three     municipal 2024    三(十一)         2025-09-30
140 allocation-issue-industry      allocation-issue           three     municipal 2024    三(十一)         2025-10-20
140 surrender                      surrender                  four      unit      2024    三(十二)         2025-12-31
140 unit-training                  unit-training              four      municipal 2025    四(十四)         2025-12-31
32  power-list                     power-list                 power     municipal 2027    一(二)           2026-10-31
32  industry-list                  industry-list              three     municipal 2027    一(二)           2026-10-31
32  quality-plan                   quality-plan               four      unit      2027    二(一)           2026-12-31
32  monthly-evidence               monthly-evidence           four      unit      2026-01 二(二)           2026-03-12
32  monthly-evidence               monthly-evidence           four      municipal 2026-01 二(二)           2026-03-12
32  monthly-evidence               monthly-evidence           four      unit      2026-12 二(二)           2027-02-09
32  monthly-evidence               monthly-evidence           four      municipal 2028-01 二(二)           2028-03-11
32  annual-report                  annual-report              power     unit      2025    二(三)           2026-03-31
32  annual-report-industry         annual-report              three     unit      2025    二(三)           2026-03-31
32  verification                   verification               power     municipal 2025    二(四)           2026-06-30
32  verification-industry          verification               three     municipal 2025    二(四)           2026-07-31
32  verifier-evaluation            verifier-evaluation        four      municipal 2026    二(五)           2026-11-30
32  pre-allocation-industry        pre-allocation             three     municipal 2025    三(一)           2026-04-10
32  pre-allocation                 pre-allocation             power     municipal 2025    三(一)           2026-06-30
32  allocation-notice              allocation-notice          four      municipal 2025    三(二)           2026-09-20
32  actual-allocation              actual-allocation          four      municipal 2025    三(二)           2026-09-20
32  allocation-issue               allocation-issue           four      municipal 2025    三(二)           2026-09-30
32  surrender                      surrender                  four      unit      2025    三(三)           2026-12-31
32  nonpower-report                nonpower-report            six       unit      2025    四(二)           2026-03-31
32  nonpower-verification          nonpower-verification      six       municipal 2025    四(二)           2026-12-31
32  unlisted-enterprise-report     unlisted-enterprise-report two       report    2025    四(三)           2026-03-31
32  unlisted-enterprise-report     unlisted-enterprise-report two       review    2025    四(三)           2026-07-31
"""

# What they say without a date: notice, rule, its duty, sectors, stage, clause.
UNDATED = """
140   unlisted-enterprise-report      unlisted-enterprise-report two       review    二(八)
140   work-support                    work-support               four      municipal 四(十三)
140   market-enforcement              market-enforcement         four      municipal 四(十五)
140   market-enforcement              market-enforcement         four      district  四(十五)
32    accounting-parameters           accounting-parameters      power     unit      二、附件3
32    accounting-parameters-steel     accounting-parameters      steel     unit      二、附件3
32    accounting-parameters-cement    accounting-parameters      cement    unit      二、附件3
32    accounting-parameters-aluminium accounting-parameters      aluminium unit      二、附件3
32    work-support                    work-support               four      municipal 五(一)
32    work-support                    work-support               four      district  五(一)
32    unit-training                   unit-training              four      municipal 五(二)
32    market-enforcement              market-enforcement         four      municipal 五(三)
32    market-enforcement              market-enforcement         four      district  五(三)
guide accounting-parameters           accounting-parameters      power     unit      正文 ¶2
guide verification-guide              verification               power     municipal 正文 ¶2
guide quality-plan-factors            quality-plan               power     unit      附件1 一
"""


class Told(NamedTuple):
    notice: Notice
    rule: Rule
    stage: Stage
    duty: str
    sectors: frozenset[Sector]
    clause: str


def rule_of(notice: str, name: str) -> tuple[Notice, Rule]:
    found = RULEBOOK.notice(NUMBERS[notice])
    assert found is not None
    return found, next(rule for rule in found.rules if rule.name == name)


def told(notice: str, name: str, stage: str, *, duty: str, sectors: str, clause: str) -> Told:
    found, rule = rule_of(notice, name)
    return Told(found, rule, rule.stage(stage), duty, SECTORS[sectors], clause)


def dated() -> list[tuple[Told, Period, date]]:
    rows = []
    for line in DATES.strip().splitlines():
        notice, name, duty, sectors, stage, period, clause, on = line.split()
        rows.append(
            (
                told(notice, name, stage, duty=duty, sectors=sectors, clause=clause),
                Period.parse(period),
                date.fromisoformat(on),
            )
        )
    return rows


def undated() -> list[Told]:
    rows = []
    for line in UNDATED.strip().splitlines():
        notice, name, duty, sectors, stage, clause = line.split(maxsplit=5)
        rows.append(told(notice, name, stage, duty=duty, sectors=sectors, clause=clause))
    return rows


def national() -> list[Notice]:
    return [
        notice
        for notice in RULEBOOK.notices
        if notice.authority == "national" and notice.number not in ELSEWHERE
    ]


def label(value: object) -> str | None:
    if isinstance(value, Told):
        return f"{value.notice.number} {value.rule.name} {value.stage.name}"
    return str(value) if isinstance(value, Period | date) else None


@pytest.mark.parametrize(("row", "period", "on"), dated(), ids=label)
def test_the_notice_s_own_date_with_its_clause(row: Told, period: Period, on: date) -> None:
    found = due(row.rule, row.stage.name, period, calendar=load_calendar())
    assert (found.due_on, found.clause) == (on, row.clause)
    assert (row.rule.duty, row.rule.sectors) == (row.duty, row.sectors)


@pytest.mark.parametrize("row", undated(), ids=label)
def test_what_the_notice_gives_no_date_for(row: Told) -> None:
    found = due(row.rule, row.stage.name, row.rule.first_period, calendar=load_calendar())
    assert (found.due_on, found.clause) == (None, row.clause)
    assert (row.rule.duty, row.rule.sectors) == (row.duty, row.sectors)


def test_there_is_nothing_more_in_the_national_notices_than_these_tables_say() -> None:
    here = {
        (notice.number, rule.name, stage.name)
        for notice in national()
        for rule in notice.rules
        for stage in rule.stages
    }
    rows = [row for row, _, _ in dated()] + undated()
    assert here == {(row.notice.number, row.rule.name, row.stage.name) for row in rows}


@pytest.mark.parametrize(
    ("notice", "name", "first", "last"),
    [
        ("43", "power-list", "2024", "2026"),
        ("43", "annual-report", "2022", "2024"),
        ("43", "verification", "2022", "2024"),
        ("332", "nonpower-report", "2023", "2024"),
        ("332", "nonpower-verification", "2022", "2024"),
        ("332", "nonpower-verification-industry", "2023", "2024"),
        ("140", "industry-list", "2024", "2025"),
        ("140", "annual-report", "2024", "2024"),
        ("140", "monthly-evidence-backfill", "2025-01", "2025-06"),
        ("140", "surrender", "2024", "2024"),
        ("32", "surrender", "2025", "2025"),
        ("32", "nonpower-report", "2025", "2025"),
    ],
)
def test_a_rule_is_for_the_periods_the_notice_names_and_no_other(
    notice: str, name: str, first: str, last: str
) -> None:
    _, rule = rule_of(notice, name)
    assert (str(rule.first_period), str(rule.last_period)) == (first, last)
    with pytest.raises(DeadlineError, match=f"ends with {last}"):
        due(rule, rule.stages[0].name, Period.parse(last).next(), calendar=load_calendar())


def test_the_monthly_evidence_has_no_end_in_the_notices() -> None:
    for notice, first in (("140", "2025-07"), ("32", "2026-01")):
        _, rule = rule_of(notice, "monthly-evidence")
        assert (str(rule.first_period), rule.last_period) == (first, None)


def test_every_national_notice_says_that_it_was_read_second_hand_and_where_to_check_it() -> None:
    assert {notice.number for notice in national()} == set(NUMBERS.values())
    for notice in national():
        assert notice.provenance.source == "second-hand"
        assert "存档副本" in notice.provenance.note.zh
        assert "stored cop" in notice.provenance.note.en
        assert "official page" in notice.provenance.note.en or "own page" in notice.provenance.note.en
        assert (notice.provenance.url or "").startswith("https://www.mee.gov.cn/")


@pytest.mark.parametrize(
    ("notice", "issued_on"),
    [
        ("43", date(2023, 2, 7)),
        ("332", date(2023, 10, 18)),
        ("140", date(2025, 4, 11)),
        ("32", date(2026, 1, 27)),
        ("guide", date(2026, 6, 23)),
    ],
)
def test_a_national_notice_is_in_force_from_its_date(notice: str, issued_on: date) -> None:
    found = RULEBOOK.notice(NUMBERS[notice])
    assert found is not None
    assert (found.issued_on, found.in_force_on, found.version) == (issued_on, issued_on, "1")


def test_units_hand_over_to_the_municipality_which_is_the_province_here() -> None:
    for notice in national():
        for rule in notice.rules:
            for stage in rule.stages:
                if stage.actor is Level.UNIT and stage.submit_to is not Recipient.KEPT:
                    assert (stage.submit_to, stage.checked_by) == (Recipient.MUNICIPAL, Level.MUNICIPAL)


def test_the_national_texts_are_in_two_languages_and_short_enough_for_a_message() -> None:
    for notice in national():
        for rule in notice.rules:
            assert len(rule.title.zh) <= 30
            assert len(rule.title.en) <= 70
            for stage in rule.stages:
                assert len(stage.title.zh) <= 30
                assert len(stage.title.en) <= 70
                texts = [stage.title, stage.evidence, *stage.conditions]
                for text in [*texts, *([stage.channel] if stage.channel else [])]:
                    assert any("一" <= letter <= "鿿" for letter in text.zh), text
                    assert text.en.isascii() or "〔" in text.en, text
                    assert len(text.zh) <= 120


@pytest.mark.parametrize(
    ("notice", "name", "year", "value"),
    [
        ("32", "accounting-parameters", 2025, "环办气候函〔2022〕485号"),
        ("32", "accounting-parameters-steel", 2025, "环办气候函〔2025〕27号"),
        ("32", "accounting-parameters-cement", 2025, "环办气候函〔2024〕321号, cement"),
        ("32", "accounting-parameters-aluminium", 2025, "环办气候函〔2024〕321号, aluminium"),
        ("guide", "accounting-parameters", 2026, "CETS-AG-01.01-V04-2026"),
        ("guide", "accounting-parameters", 2030, "CETS-AG-01.01-V04-2026"),
        ("guide", "verification-guide", 2026, "CETS-VG-01.01-V02-2026"),
    ],
)
def test_reports_follow_the_specification_of_their_year(
    notice: str, name: str, year: int, value: str
) -> None:
    _, rule = rule_of(notice, name)
    assert value in {each.value.en for each in rule.parameters if each.holds_for(year)}
    assert not any(each.holds_for(rule.first_period.start.year - 1) for each in rule.parameters)


def test_from_2026_on_no_grid_factor_is_used_for_power() -> None:
    _, rule = rule_of("guide", "accounting-parameters")
    chongqing = RULEBOOK.rule("accounting-parameters")
    (factor,) = [each for each in rule.parameters if each.name.zh == "全国电网平均排放因子"]
    assert factor.value.en == "Not used: emissions of purchased electricity are no longer computed"
    assert factor.name in {each.name for each in chongqing.parameters}
