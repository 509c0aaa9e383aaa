"""What a notice changes is said in words: every kind of change, in both languages."""

from datetime import date

import pytest

from bot.cli.difference_words import as_data, told
from locales.printer import Printer
from obligations.candidates import candidate
from obligations.comparison import Comparison
from obligations.difference import (
    Aspect,
    Dates,
    Difference,
    DutyDifference,
    Given,
    Redated,
    Reworded,
    StageChange,
)
from obligations.law import Law
from obligations.notice import notice_files
from obligations.periods import Period
from obligations.rules import Rule
from obligations.terms import (
    Arises,
    Level,
    MonthEndPlus,
    Occasion,
    Parameter,
    Recipient,
    Sector,
    Text,
    Threshold,
)

POWER = frozenset({Sector.POWER})
ONE, OTHER = Text(zh="甲", en="one"), Text(zh="乙", en="other")
VALUES: dict[Aspect, tuple[object, object]] = {
    Aspect.TITLE: (ONE, OTHER),
    Aspect.STEP: (ONE, OTHER),
    Aspect.CLAUSE: ("二(一)", "二(二)"),
    Aspect.EVIDENCE: (ONE, OTHER),
    Aspect.RECIPIENT: (Recipient.DISTRICT, Recipient.PUBLIC),
    Aspect.CHANNEL: (None, OTHER),
    Aspect.CHECKER: (Level.DISTRICT, None),
    Aspect.CONDITIONS: ((), (ONE, OTHER)),
    Aspect.NIL_REPORT: (False, True),
    Aspect.FUELS: (None, frozenset({"coal"})),
    Aspect.THRESHOLD: (None, Threshold(bound="at_least", of=ONE, percent=95)),
    Aspect.PARAMETERS: ((), (Parameter(name=ONE, value=OTHER, first=2024),)),
    Aspect.ROLL: ("none", "next_working_day"),
    Aspect.OCCASION: (None, Arises(occasion=Occasion.COMPLAINT)),
}


def months(first: str, count: int) -> tuple[Period, ...]:
    found = [Period.parse(first)]
    while len(found) < count:
        found.append(found[-1].next())
    return tuple(found)


def differing(change: DutyDifference) -> Difference:
    return Difference(
        since=date(2024, 1, 1),
        through=date(2026, 12, 31),
        notices_added=(),
        notices_ended=(),
        notices_changed=(),
        duties=(change,),
    )


def lines(change: DutyDifference, language: str = "en") -> list[str]:
    return [line.strip() for line in told(Printer.for_language(language), differing(change))]


@pytest.fixture
def rule(law: Law) -> Rule:
    return law.rulebook.rule("monthly-evidence")


def given(days: int, *, second_hand: bool = False) -> Given:
    return Given(
        notice="试环规〔2024〕7号",
        version="1",
        clause="三",
        second_hand=second_hand,
        deadline=MonthEndPlus(kind="month_end_plus", days=days),
    )


def redated(rule: Rule, dates: tuple[Dates, ...]) -> DutyDifference:
    change = Redated(stage="unit", before=given(20), after=given(15, second_hand=True), dates=dates)
    return DutyDifference(
        duty=rule.duty, sectors=POWER, rule=rule, steps=(rule.stage("unit"),), redated=(change,)
    )


@pytest.mark.parametrize("aspect", Aspect)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_kind_of_word_is_said_before_and_after(rule: Rule, aspect: Aspect, language: str) -> None:
    before, after = VALUES[aspect]
    change = Reworded(stage="unit", aspect=aspect, before=before, after=after, periods=months("2024-02", 3))
    found = DutyDifference(duty=rule.duty, sectors=POWER, rule=rule, reworded=(change,))
    said = lines(found, language)[-2:]
    assert said[0].split("：")[0].split(":")[0] in {"before", "现行"}
    assert said[0] != said[1]
    assert not [word for word in ("=", "{", "None", "frozenset", "True") if word in "".join(said)]
    data = as_data(differing(found))["duties"][0]["reworded"][0]
    assert (data["what"], data["periods"][0]) == (aspect.value, "2024-02")


def test_dates_that_are_the_same_each_month_are_said_once(rule: Rule) -> None:
    dates = tuple(
        Dates(
            period=period,
            before=period.next().start.replace(day=20),
            after=period.next().start.replace(day=15),
        )
        for period in months("2024-02", 11)
    )
    said = lines(redated(rule, dates))
    assert said[-1] == "Feb 2024 to Dec 2024 (11): each month: day 20 → day 15"
    assert said[-2] == "after:  within 15 natural days after the month ends (试环规〔2024〕7号† 三)"
    chinese = lines(redated(rule, dates), "zh-hans")
    assert chinese[-1] == "2024年2月至2024年12月（11期）：每月20日 → 15日"


def test_a_few_dates_are_said_each_and_of_many_the_first_and_the_last(rule: Rule) -> None:
    dates = tuple(
        Dates(period=period, before=period.end, after=period.start) for period in months("2024-02", 4)
    )
    assert lines(redated(rule, dates[:1]))[-1] == "Feb 2024: 29 Feb 2024 → 1 Feb 2024"
    assert lines(redated(rule, dates[:2]))[-1].count("→") == 2
    assert lines(redated(rule, dates))[-1].endswith("29 Feb 2024 → 1 Feb 2024 … 31 May 2024 → 1 May 2024")
    none = (Dates(period=dates[0].period, before=None, after=date(2024, 3, 1)),)
    assert lines(redated(rule, none))[-1] == "Feb 2024: no date → 1 Mar 2024"
    same = (Dates(period=dates[0].period, before=date(2024, 3, 1), after=date(2024, 3, 1)),)
    assert lines(redated(rule, same))[-1] == "Feb 2024: the dates stay the same"


def test_what_begins_and_ends_says_for_whom_and_by_what(rule: Rule) -> None:
    span = months("2024-02", 2)
    begun = DutyDifference(duty="x", sectors=POWER, rule=rule, added=span, instead_of="y")
    assert lines(begun)[2] == "+ Monthly evidence (x) · power"
    assert lines(begun)[3] == "new: Feb 2024 to Mar 2024 (2), in place of y"
    ended = DutyDifference(duty="x", sectors=POWER, rule=rule, ended=span, taken_over_by="y")
    assert lines(ended)[2:4] == [
        "- Monthly evidence (x) · power",
        "ends: Feb 2024 to Mar 2024 (2), y takes its place",
    ]
    step = StageChange(stage="check", added=False, periods=span)
    assert lines(DutyDifference(duty="x", sectors=POWER, rule=rule, stages=(step,)))[-1] == (
        "step check is left out: Feb 2024 to Mar 2024 (2)"
    )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_every_shipped_notice_changed_can_be_said(law: Law, language: str) -> None:
    for path in notice_files():
        found = candidate(path, notice_files(), calendar=law.calendar)
        comparison = Comparison(before=found.before, after=found.after, calendar=law.calendar)
        difference = comparison.difference(date(2023, 1, 1), date(2027, 12, 31))
        text = "\n".join(told(Printer.for_language(language), difference))
        assert found.notice.number in text
        assert "{" not in text
        assert all(duty.duty in text for duty in difference.duties)
