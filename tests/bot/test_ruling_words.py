"""A changed date in words, in both languages: what happened, what it was, what it is, by which document."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.wording import rulings
from bot.wording.phrases import Voice
from jobs.briefs import ChangeBrief, ChangedItem
from locales.printer import Printer
from obligations.authority import RulingKind
from obligations.law import Law
from obligations.notice import Level
from storage.recounting import RECOUNTED
from storage.rulings import Change, Effect
from storage.taking_over import TAKEN_OVER
from tests.bot.test_wording import item

BEFORE, AFTER = date(2024, 2, 20), date(2024, 2, 29)
CHANGE = Change(
    kind=RulingKind.EXTEND,
    from_on=BEFORE,
    to_on=AFTER,
    document="<1>号",
    reason="停机 & 检修",
    by="市局",
    at=None,
)
LANGUAGE = pytest.mark.parametrize("language", ["zh-hans", "en"])


def voice(law: Law, language: str) -> Voice:
    return Voice(p=Printer.for_language(language), law=law, today=date(2024, 2, 5))


def told(law: Law, language: str, *changes: Change, level: Level = Level.UNIT, total: int = 1) -> str:
    items = tuple(ChangedItem(item=item(), change=change) for change in changes)
    return rulings.changed(voice(law, language), ChangeBrief(level=level, items=items, total=total)).html


@LANGUAGE
def test_each_kind_has_a_title_of_its_own(law: Law, language: str) -> None:
    kinds = [*RulingKind, None]
    titles = {told(law, language, replace(CHANGE, kind=kind)).splitlines()[0] for kind in kinds}
    assert len(titles) == len(kinds)


@LANGUAGE
def test_what_an_officer_wrote_is_shown_safely(law: Law, language: str) -> None:
    said = told(law, language, CHANGE)
    assert "&lt;1&gt;号" in said
    assert "停机 &amp; 检修" in said
    assert "<1>" not in said


def test_what_had_no_date_before_says_so(law: Law) -> None:
    said = told(law, "zh-hans", replace(CHANGE, kind=None, from_on=None, reason="", by="")).splitlines()
    assert "原期限：无" in said
    assert not [line for line in said if line.startswith(("原因", "决定机关"))]


def test_what_another_duty_takes_the_place_of_is_let_go_in_words(law: Law) -> None:
    change = replace(CHANGE, kind=None, to_on=None, reason=TAKEN_OVER, by="")
    said = told(law, "en", change).splitlines()
    assert said[0] == "<b>A new duty takes the place of another</b>"
    assert "Now: the duty is let go" in said
    assert "Reason: a later notice's duty takes its place" in said
    assert told(law, "en", change, replace(CHANGE, kind=None)).startswith(
        "<b>A new notice has changed a date"
    )


def test_what_was_counted_anew_names_the_working_days_and_no_document(law: Law) -> None:
    said = told(law, "en", replace(CHANGE, kind=None, document="", reason=RECOUNTED, by="")).splitlines()
    assert said[0] == "<b>A date was counted anew</b>"
    assert "Reason: the working days have been published since" in said
    assert not [line for line in said if line.startswith("Document")]


def test_duties_changed_alike_are_told_together(law: Law) -> None:
    said = told(law, "zh-hans", CHANGE, CHANGE, level=Level.DISTRICT, total=12).splitlines()
    assert said.count("原期限：2月20日（周二）") == 1
    assert len([line for line in said if line.startswith("• ")]) == 2
    assert said[-1] == "共 12 项"


def test_duties_changed_otherwise_are_told_apart(law: Law) -> None:
    other = replace(CHANGE, from_on=BEFORE + timedelta(days=1))
    said = told(law, "zh-hans", CHANGE, other, total=2).splitlines()
    assert len([line for line in said if line.startswith("原期限")]) == 2


def test_a_preview_counts_what_it_leaves_alone(law: Law) -> None:
    effect = Effect(
        changed={"北岭区": 2, "": 1},
        handed_over=4,
        later=1,
        before={BEFORE: 2, None: 1},
        after={AFTER: 3},
        stricter=("环办气候函〔2025〕140号",),
    )
    assert rulings.counted(voice(law, "zh-hans"), RulingKind.SET_DATE, effect) == [
        "变更 3 项",
        "原期限：2月20日（周二）",
        "现期限：2月29日（周四）",
        "环办气候函〔2025〕140号规定的期限更严，以其为准。",
        "已提交或已办结的 4 项不变。",
        "期限已晚于该日的 1 项不变。",
    ]


def test_many_districts_are_not_all_counted_out(law: Law) -> None:
    effect = Effect(
        changed={f"区{number}": 1 for number in range(40)},
        handed_over=0,
        later=0,
        before={},
        after={},
        stricter=(),
    )
    lines = rulings.counted(voice(law, "zh-hans"), RulingKind.WAIVE, effect)
    assert lines[0] == "变更 40 项"
    assert len(lines) == 10
    assert lines[-1] == "……另有 32 个"
