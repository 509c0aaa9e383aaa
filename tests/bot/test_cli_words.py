"""Every reason and every fault has its sentence in both languages, and the terminal says which it speaks."""

from datetime import date

import pytest

from bot.cli.faults import sentence as fault_sentence
from bot.cli.terminal import language_of_environment
from bot.reasons import sentence
from locales.printer import Printer
from obligations.deadlines import Facts, due
from obligations.law import Law
from obligations.reasons import Reason, ReasonCode
from storage.registry_rows import Fault, FaultCode, Place


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh-hans"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_TW"}, "zh-hans"),
        ({}, "en"),
    ],
)
def test_the_language_of_a_terminal(environment: dict[str, str], language: str) -> None:
    assert language_of_environment(environment) == language


ARGUMENTS: dict[str, str | int | date | tuple[date, ...]] = {
    "period": "2024-01",
    "days": 5,
    "count": 2,
    "months": 12,
    "number": "试环规〔2024〕1号",
    "by": "试环规〔2025〕1号",
    "document": "试环函〔2024〕1号",
    "reason": "系统故障",
    **dict.fromkeys(
        [
            "due_on",
            "submitted_on",
            "counted_on",
            "cap_on",
            "expected_on",
            "target_on",
            "limit_on",
            "found_on",
            "event_on",
            "from_on",
            "to_on",
            "through_on",
        ],
        date(2024, 2, 20),
    ),
}


@pytest.mark.parametrize("code", ReasonCode)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_reason_has_a_sentence(code: ReasonCode, language: str) -> None:
    lists = {ReasonCode.DAYS_COUNTED, ReasonCode.DAYS_OFF, ReasonCode.MAKE_UP_DAYS}
    arguments = ARGUMENTS | ({"days": (date(2024, 2, 9), date(2024, 2, 18))} if code in lists else {})
    said = sentence(Printer.for_language(language), Reason(code=code, arguments=arguments))
    assert said
    assert "{" not in said
    assert "2024-" not in said, "dates and months are said as people say them"


def test_the_reasons_of_every_rule_can_be_said(law: Law) -> None:
    days = [date(2024, 2, 3), date(2024, 3, 28), date(2027, 5, 1)]
    facts = [Facts(), *(Facts(submitted_on=(day,), found_on=day, announced_on=day) for day in days)]
    for notice in law.rulebook.notices:
        for rule in notice.rules:
            for stage in rule.stages:
                for fact in facts:
                    for roll in ("none", "next_working_day"):
                        answer = due(
                            rule, stage.name, rule.first_period, facts=fact, calendar=law.calendar, roll=roll
                        )
                        for reason in answer.reasons:
                            assert "{" not in sentence(Printer.for_language("zh-hans"), reason)


@pytest.mark.parametrize(
    ("days", "chinese", "english"),
    [
        ((date(2024, 2, 9), date(2024, 2, 18)), "2月9日、2月18日", "9 Feb, 18 Feb"),
        (
            tuple(date(2024, 2, day) for day in (10, 11, 12, 13, 18, 19)),
            "2月10日至2月13日、2月18日、2月19日",
            "10 Feb to 13 Feb, 18 Feb, 19 Feb",
        ),
        (
            (date(2025, 12, 31), date(2026, 1, 4)),
            "12月31日、2026年1月4日",
            "31 Dec, 4 Jan 2026",
        ),
    ],
)
def test_days_are_listed_as_people_list_them(days: tuple[date, ...], chinese: str, english: str) -> None:
    reason = Reason(code=ReasonCode.DAYS_COUNTED, arguments={"days": days})
    assert chinese in sentence(Printer.for_language("zh-hans"), reason)
    assert english in sentence(Printer.for_language("en"), reason)


def test_every_fault_of_a_registry_has_a_sentence() -> None:
    arguments = dict.fromkeys(("found", "expected", "row", "rows", "megabytes", "characters"), "x")
    for language in ("zh-hans", "en"):
        p = Printer.for_language(language)
        for code in FaultCode:
            fault = Fault(code=code, place=Place(sheet="企业", row=3), column="name", arguments=arguments)
            said = fault_sentence(p, fault)
            assert "名称" in said
            assert "{" not in said
