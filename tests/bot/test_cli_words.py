"""Every reason and every fault has its sentence in both languages, and the terminal says which it speaks."""

from datetime import UTC, datetime

import pytest

from bot.cli.faults import sentence as fault_sentence
from bot.cli.terminal import language_of_environment
from bot.reasons import sentence
from locales.printer import Printer
from obligations.deadlines import DeadlineError, Facts, due
from obligations.law import Law
from obligations.reasons import ReasonCode
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


def test_every_reason_a_rule_can_give_has_a_sentence(law: Law) -> None:
    days = [datetime(2024, month, day, tzinfo=UTC).date() for month in (2, 3) for day in (3, 9, 22, 28)]
    days.append(datetime(2027, 5, 1, tzinfo=UTC).date())
    facts = [Facts(), *(Facts(submitted_on=(day,), found_on=day, announced_on=day) for day in days)]
    facts.append(Facts(submitted_on=(days[0], days[1])))
    facts += [Facts(submitted_on=(datetime(2023, 9, 22, tzinfo=UTC).date(),))]
    heard = set()
    for rule in law.rulebook.rules:
        periods = [rule.first_period]
        if rule.recurrence.value in {"monthly", "yearly"}:
            periods += [periods[0].next(), periods[0].next().next().next().next()]
        for stage in rule.stages:
            for period in periods:
                for fact in facts:
                    for roll in ("none", "next_working_day"):
                        try:
                            answer = due(
                                rule, stage.name, period, facts=fact, calendar=law.calendar, roll=roll
                            )
                        except DeadlineError:
                            continue
                        for reason in answer.reasons:
                            heard.add(reason.code)
                            for language in ("zh-hans", "en"):
                                said = sentence(Printer.for_language(language), reason)
                                assert said
                                assert "{" not in said
    assert set(ReasonCode) - heard <= {ReasonCode.CHAIN_AT_RISK, ReasonCode.ROLL_CAPPED}


def test_every_fault_of_a_registry_has_a_sentence() -> None:
    arguments = dict.fromkeys(("found", "expected", "row", "rows", "megabytes", "characters"), "x")
    for language in ("zh-hans", "en"):
        p = Printer.for_language(language)
        for code in FaultCode:
            fault = Fault(code=code, place=Place(sheet="企业", row=3), column="name", arguments=arguments)
            said = fault_sentence(p, fault)
            assert "名称" in said
            assert "{" not in said
