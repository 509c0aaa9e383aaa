"""A date explains itself: what was counted, which notice won, whose words it rests on; in both languages."""

from datetime import date

import pytest

from bot.explaining import Explanation, explain
from locales.printer import Printer
from obligations.deadlines import DeadlineError, Facts
from obligations.law import Law
from obligations.notice import Rulebook, load_notice, notice_files
from obligations.periods import Period
from obligations.terms import Sector

POWER = frozenset({Sector.POWER})
ENGLISH, CHINESE = Printer.for_language("en"), Printer.for_language("zh-hans")


@pytest.fixture(scope="module")
def chongqing(law: Law) -> Law:
    """The municipal notice alone."""
    (path,) = [path for path in notice_files() if path.name == "cq-2023-2.toml"]
    return Law(rulebook=Rulebook.of([load_notice(path)]), calendar=law.calendar)


def told(
    law: Law, duty: str, stage: str, period: str, p: Printer = ENGLISH, *, facts: Facts | None = None
) -> Explanation:
    return explain(p, law, duty, stage, Period.parse(period), sectors=POWER, facts=facts or Facts())


def test_a_late_check_is_explained_in_the_order_it_was_counted(chongqing: Law) -> None:
    facts = Facts(submitted_on=(date(2024, 2, 20), date(2024, 2, 28)))
    said = told(chongqing, "monthly-evidence", "district", "2024-01", facts=facts)
    assert said.headline == "Due by 24:00 on Sun 25 Feb 2024"
    assert said.targets == ("Internal target: Mon 4 Mar 2024",)
    assert [reason.split(":")[0].split(",")[0] for reason in said.reasons] == [
        "It was handed over 2 times; the last",
        "5 natural days after the hand-over on Wed 28 Feb 2024",
        "The step before handed over on Wed 28 Feb 2024",
        "Aim for Mon 4 Mar 2024 all the same",
    ]
    assert said.basis[0] == "Basis: 渝环规〔2023〕2号 二(二)"
    assert "5个自然日内" in said.basis[1]
    assert said.cautions == ()


def test_the_days_of_a_count_are_named(chongqing: Law) -> None:
    said = told(chongqing, "correction", "unit", "2024-01", CHINESE, facts=Facts(found_on=date(2024, 2, 8)))
    assert said.headline == "期限：2024年2月19日（周一）24:00 前"
    assert "计入的工作日：2月9日、2月18日、2月19日。" in said.reasons
    assert "放假休息、不计入：2月10日至2月17日。" in said.reasons
    assert "虽为周末，但属调休上班，计入：2月18日。" in said.reasons


def test_the_strictest_of_several_notices_wins_and_all_are_named(law: Law) -> None:
    said = told(law, "annual-report", "unit", "2025")
    assert said.bound.date.due_on == date(2026, 2, 1)
    assert (
        "Several notices date this; the strictest binds: 渝环规〔2023〕2号, Sun 1 Feb 2026." in said.reasons
    )
    (other,) = [reason for reason in said.reasons if reason.startswith("By ")]
    assert other.endswith("it would be Tue 31 Mar 2026.")
    assert any(reason.startswith("† ") for reason in said.reasons), "it was read second-hand"
    assert said.basis[-1].startswith("Also: ")
    assert "†" in said.basis[-1]


def test_a_duty_that_takes_anothers_place_answers_for_it(law: Law) -> None:
    steel = frozenset({Sector.STEEL})
    said = explain(ENGLISH, law, "nonpower-report", "unit", Period.parse("2025"), sectors=steel)
    assert said.binding.duty == "annual-report"
    assert said.bound.date.due_on == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("duty", "stage", "period", "headline"),
    [
        ("coal-sample-retention", "unit", "2024-02", "Keep through Fri 28 Feb 2025"),
        ("surrender", "unit", "2023", "Not announced yet"),
        ("correction", "unit", "2024-01", "No date"),
        ("monthly-evidence", "district", "2024-01", "Due by 24:00 on Sun 25 Feb 2024 (provisional)"),
    ],
)
def test_what_there_is_instead_of_a_firm_date(
    chongqing: Law, duty: str, stage: str, period: str, headline: str
) -> None:
    assert told(chongqing, duty, stage, period).headline == headline


@pytest.mark.parametrize(
    ("stage", "facts", "caution"),
    [
        ("unit", Facts(submitted_on=(date(2024, 2, 3),)), "does not count from a hand-over"),
        ("district", Facts(found_on=date(2024, 2, 3)), "does not count from a finding"),
        ("district", Facts(announced_on=date(2024, 2, 3)), "No authority sets the date"),
        ("district", Facts(submitted_on=(date(2024, 1, 31),)), "Jan 2024 had not ended"),
    ],
)
def test_facts_that_can_hardly_be_meant_are_pointed_out(
    chongqing: Law, stage: str, facts: Facts, caution: str
) -> None:
    (said,) = told(chongqing, "monthly-evidence", stage, "2024-01", facts=facts).cautions
    assert caution in said


def test_a_hand_over_after_the_period_is_nothing_odd(chongqing: Law) -> None:
    after, before = Facts(submitted_on=(date(2024, 1, 1),)), Facts(submitted_on=(date(2023, 12, 31),))
    assert told(chongqing, "annual-report", "district", "2023", facts=after).cautions == ()
    (caution,) = told(chongqing, "annual-report", "district", "2023", facts=before).cautions
    assert "2023 had not ended" in caution


@pytest.mark.parametrize("p", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_step_of_every_notice_can_be_explained(law: Law, p: Printer) -> None:
    spoken = 0
    for duty, rules in law.rulebook.by_duty.items():
        for _, rule in rules:
            for sector in sorted(rule.sectors)[:1]:
                try:
                    binding = law.binding(duty, rule.first_period, sectors=frozenset({sector}))
                except DeadlineError:
                    continue
                for stage in binding.rule.stages:
                    said = explain(p, law, duty, stage.name, rule.first_period, sectors=frozenset({sector}))
                    assert said.title
                    assert not [line for line in said.lines() if "{" in line or not line.strip()]
                    spoken += 1
    assert spoken > len(law.rulebook.by_duty)
