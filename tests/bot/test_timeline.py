"""The timeline shows each dated step of a year in its lane, says what it was drawn from, and is a picture that opens."""

import pytest

from bot.timeline.agenda import Agenda, NothingDueError, agenda
from locales.printer import Printer
from obligations.law import Law
from obligations.terms import SECTOR_GROUPS, Sector
from tests.bot.timelines import EN, POWER, ZH, drawn, lane_of, municipal_law, overlaid_law, texts, within


@pytest.fixture
def law() -> Law:
    return municipal_law()


@pytest.fixture
def overlaid() -> Law:
    return overlaid_law()


def told(planned: Agenda) -> list[tuple[str, str, str, str]]:
    return [(f"{e.on}", e.rule.duty, e.stage.name, str(e.period)) for e in planned.entries]


# What the year contains


def test_a_year_of_power_holds_each_dated_step_on_its_literal_date(law: Law) -> None:
    assert told(agenda(law, 2026, POWER)) == [
        ("2026-02-01", "annual-report", "unit", "2025"),
        ("2026-02-11", "annual-report", "district", "2025"),
        ("2026-03-01", "annual-report", "municipal", "2025"),
        ("2026-04-30", "verification", "municipal", "2025"),
        ("2026-07-31", "verifier-evaluation", "municipal", "2026"),
        ("2026-10-15", "quality-plan", "unit", "2027"),
        ("2026-10-15", "power-list", "district", "2027"),
        ("2026-11-15", "quality-plan", "district", "2027"),
        ("2026-12-31", "power-list", "municipal", "2027"),
    ]


def test_the_second_compliance_period_ends_in_2024(law: Law) -> None:
    once = [each for each in told(agenda(law, 2024, POWER)) if each[3] == "2021-2022"]
    assert [(on, stage) for on, _, stage, _ in once if on != "2024-02-29"] == [
        ("2024-03-05", "district"),
        ("2024-03-15", "municipal"),
        ("2024-04-01", "district"),
        ("2024-04-30", "municipal"),
    ]
    assert ("2024-02-29", "unit") in [(on, stage) for on, _, stage, _ in once]


def test_other_sectors_have_their_own_year(law: Law) -> None:
    assert told(agenda(law, 2026, frozenset({Sector.STEEL}))) == [
        ("2026-01-31", "nonpower-list", "district", "2026"),
        ("2026-09-15", "nonpower-report", "unit", "2025"),
        ("2026-12-31", "nonpower-verification", "municipal", "2025"),
    ]


def test_the_first_month_kept_in_the_year_the_notice_came_into_force_is_august(law: Law) -> None:
    chains = [s for s in agenda(law, 2023, POWER).strips if s.rule.duty == "monthly-evidence"]
    assert [(str(s.period), [str(e.on) for e in s.entries]) for s in chains] == [
        ("2023-08", ["2023-09-20", "2023-09-25", "2023-10-10"]),
        ("2023-09", ["2023-10-20", "2023-10-25", "2023-11-09"]),
        ("2023-10", ["2023-11-20", "2023-11-25", "2023-12-10"]),
        ("2023-11", ["2023-12-20", "2023-12-25", "2024-01-09"]),
    ]


def test_monthly_evidence_is_a_strip_a_month_and_reaches_into_the_years_beside(law: Law) -> None:
    chains = [s for s in agenda(law, 2024, POWER).strips if s.rule.duty == "monthly-evidence"]
    assert [str(s.period) for s in chains] == ["2023-11", "2023-12", *(f"2024-{m:02}" for m in range(1, 12))]
    assert [str(e.on) for e in chains[0].entries] == ["2023-12-20", "2023-12-25", "2024-01-09"]
    assert [str(e.on) for e in chains[2].entries] == ["2024-02-20", "2024-02-25", "2024-03-11"]
    assert [str(e.on) for e in chains[-1].entries] == ["2024-12-20", "2024-12-25", "2025-01-09"]


def test_coal_samples_are_kept_through_the_end_of_the_same_month_a_year_later(law: Law) -> None:
    kept = [s for s in agenda(law, 2025, POWER).strips if s.rule.duty == "coal-sample-retention"]
    assert [(str(s.period), str(s.entries[0].on)) for s in kept][:3] == [
        ("2024-01", "2025-01-31"),
        ("2024-02", "2025-02-28"),
        ("2024-03", "2025-03-31"),
    ]
    assert len(kept) == 12


def test_what_has_no_date_is_listed_and_what_has_one_is_not(law: Law) -> None:
    planned = agenda(law, 2026, POWER)
    undated = {(each.rule.duty, each.stage.name) for each in planned.undated}
    assert {("surrender", "unit"), ("correction", "unit"), ("coal-sample-film", "unit")} <= undated
    assert ("quality-plan", "municipal") in undated
    assert not undated & {(entry.rule.duty, entry.stage.name) for entry in planned.all_entries}


def test_every_stage_of_the_law_is_in_the_years_2023_to_2026(law: Law) -> None:
    shown = set()
    for year in range(2023, 2027):
        planned = agenda(law, year, SECTOR_GROUPS["all"])
        shown |= {(e.rule.duty, e.stage.name) for e in planned.all_entries}
        shown |= {(each.rule.duty, each.stage.name) for each in planned.undated}
    assert shown == {(rule.duty, stage.name) for rule in law.rulebook.rules for stage in rule.stages}


def test_hand_overs_lead_from_unit_to_district_to_municipality(law: Law) -> None:
    planned = agenda(law, 2026, SECTOR_GROUPS["all"])
    edges = {
        (planned.entries[one].rule.duty, planned.entries[one].stage.name): (
            planned.entries[other].rule.duty,
            planned.entries[other].stage.name,
        )
        for one, other in planned.follows.items()
    }
    assert edges == {
        ("annual-report", "unit"): ("annual-report", "district"),
        ("annual-report", "district"): ("annual-report", "municipal"),
        ("quality-plan", "unit"): ("quality-plan", "district"),
        ("power-list", "district"): ("power-list", "municipal"),
        ("nonpower-report", "unit"): ("nonpower-verification", "municipal"),
    }


def test_a_year_before_every_notice_is_refused(law: Law) -> None:
    with pytest.raises(NothingDueError, match="2019"):
        agenda(law, 2019, POWER)


# What the picture says


def test_each_card_and_pill_stands_in_the_lane_of_who_acts(law: Law) -> None:
    picture = drawn(law, 2026, POWER, ZH)
    assert [lane_of(picture, text) for text in ("2月1日", "2月11日*", "3月1日")] == [0, 1, 2]
    assert [lane_of(picture, text) for text in ("5月20日", "5月25日*", "6月9日")] == [0, 1, 2]
    assert [lane_of(picture, text) for text in ("4月30日", "7月31日", "11月15日", "12月31日")] == [2, 2, 1, 2]


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (
            ZH,
            [
                "2026年全链条管理时序图",
                "行业：发电",
                "依据：渝环规〔2023〕2号",
                "依据通知正文绘制，非附件原图",
                "无固定日期的事项",
                "建议不晚于1月31日",
                "上传上月数据及其支撑材料：每月结束后20个自然日内",
                "保存至1月31日",
                "暂定",
                "重点排放单位",
                "区县生态环境局",
                "市生态环境局",
            ],
        ),
        (
            EN,
            [
                "Whole-chain timeline 2026",
                "Sectors: power",
                "Drawn from the text of the notice; not the diagram of its annex.",
                "Without a date",
                "aim for 31 Jan",
                "keep through 31 Jan",
                "Provisional",
                "Key emission unit",
                "District bureau",
                "Municipal bureau",
            ],
        ),
    ],
)
def test_it_says_what_it_is_and_what_it_was_drawn_from(law: Law, p: Printer, words: list[str]) -> None:
    said = texts(drawn(law, 2026, POWER, p))
    assert [each for each in words if each not in said] == []


def test_a_chinese_picture_has_no_english_sentence(law: Law) -> None:
    said = texts(drawn(law, 2026, SECTOR_GROUPS["all"], ZH))
    assert "Sectors" not in said
    assert "power" not in said


def test_another_notice_is_named_and_marked_where_it_was_read_second_hand(overlaid: Law) -> None:
    picture = drawn(overlaid, 2026, POWER, ZH)
    said = texts(picture)
    assert "依据：① 渝环规〔2023〕2号、② 示例函〔2026〕9号†" in said
    assert "† 据转载文本整理，使用前请与官方网页核对。" in said
    assert lane_of(picture, "1月20日†") == 0
    assert within(picture, "1月20日†：", "②第3条")
    assert within(picture, "1月20日†：", "①：2月1日")  # the date that does not bind is shown with its source
    assert within(picture, "4月30日：市生态环境局", "①二(四)")
    assert within(picture, "4月30日：市生态环境局", "②：6月30日")


def test_nothing_is_marked_where_every_notice_is_official(law: Law) -> None:
    assert "†" not in texts(drawn(law, 2026, SECTOR_GROUPS["all"], ZH))


def test_a_monthly_duty_of_one_level_is_a_line_with_its_sector(overlaid: Law) -> None:
    said = texts(drawn(overlaid, 2026, SECTOR_GROUPS["all"], ZH)).replace("\N{NO-BREAK SPACE}", " ")
    assert "钢铁月度存证 2025年12月 ②附件1 · 钢铁 · 2月9日†" in said
