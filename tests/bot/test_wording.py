"""Whatever the chain can answer has words in both languages, and no two answers share them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.wording import digests, duties, files, footnotes, greetings, lists
from bot.wording.lists import late_line
from bot.wording.phrases import RETURN_REASONS, Voice
from jobs.briefs import DigestBrief, ReminderBrief, ReminderItem
from locales.printer import LANGUAGES, Printer
from obligations.deadlines import DueKind
from obligations.decisions import DecisionRefused, Refusal, Status
from obligations.law import Law
from obligations.notice import Level
from storage.models import Organisation
from storage.overview import Item, Page

LANGUAGE = pytest.mark.parametrize("language", list(LANGUAGES))
TODAY = date(2024, 2, 19)


def voice(law: Law, language: str) -> Voice:
    return Voice(p=Printer.for_language(language), law=law, today=TODAY)


def item(*, status: Status = Status.OPEN, ready: bool = True, stage: str = "unit", due: date = TODAY) -> Item:
    own = stage == "unit"
    return Item(
        stage_id=1,
        version=1,
        obligation_id=1,
        notice="渝环规〔2023〕2号",
        notice_version="1",
        made_by="monthly-evidence",
        rule="monthly-evidence",
        stage=stage,
        period="2024-01",
        subject_id=1,
        subject_name="甲厂",
        actor_id=1 if own else 2,
        actor_name="甲厂" if own else "北岭区",
        actor_level=Level.UNIT if own else Level.DISTRICT,
        district_id=2,
        district_name="北岭区",
        checked_by=None if stage == "municipal" else Level.MUNICIPAL,
        status=status,
        ready=ready,
        excused=False,
        due_on=due,
        due_kind=DueKind.FIRM,
        dated_by="渝环规〔2023〕2号",
        act_by_on=due,
        extended_to=None,
        ruling_id=None,
        check_by_on=None,
        submitted_at=datetime(2024, 2, 19, tzinfo=UTC) if status is Status.SUBMITTED else None,
        paused_until=None,
        reason="late" if status is Status.RETURNED else None,
        evidence=0,
    )


@LANGUAGE
def test_every_refusal_has_words_and_fits_a_flash(language: str) -> None:
    p = Printer.for_language(language)
    said = {refusal: greetings.refused(p, DecisionRefused(refusal)).toast or "" for refusal in Refusal}
    assert all(0 < len(words) <= 200 for words in said.values())
    assert len(set(said.values())) == len(said)


@LANGUAGE
def test_every_status_has_words(law: Law, language: str) -> None:
    speaker = voice(law, language)
    said = [speaker.state(item(status=status)) for status in Status]
    said += [speaker.state(item(ready=False)), speaker.state(item(status=Status.ACCEPTED, stage="municipal"))]
    assert len(set(said)) == len(said)
    assert all(said)


@LANGUAGE
def test_every_reason_of_the_notice_has_words(law: Law, language: str) -> None:
    speaker = voice(law, language)
    said = [speaker.reason(code) for code in RETURN_REASONS]
    assert len(set(said)) == len(RETURN_REASONS)
    assert not set(said) & set(RETURN_REASONS)


@LANGUAGE
def test_every_way_a_file_is_refused_has_words(law: Law, language: str) -> None:
    said = {files.file_refused(voice(law, language), code, 20).html for code in _CODES}
    assert len(said) == len(_CODES)


_CODES = ("too_large", "empty", "type", "unreachable")


@pytest.mark.parametrize(
    ("day", "chinese", "english"),
    [
        (date(2024, 2, 17), "已逾期 2 天", "2 days overdue"),
        (date(2024, 2, 18), "已逾期 1 天", "1 day overdue"),
        (TODAY, "今日到期", "last day"),
        (date(2024, 2, 20), "还剩 1 天", "1 day left"),
    ],
)
def test_the_distance_of_a_date(law: Law, day: date, chinese: str, english: str) -> None:
    assert (voice(law, "zh-hans").distance(day), voice(law, "en").distance(day)) == (chinese, english)


@pytest.mark.parametrize(
    ("period", "chinese", "english"),
    [
        ("2024-01", "2024年1月", "Jan 2024"),
        ("2023", "2023年度", "2023"),
        ("2021-2022", "2021、2022年度", "2021 and 2022"),
    ],
)
def test_a_period_is_said_as_people_say_it(law: Law, period: str, chinese: str, english: str) -> None:
    assert (voice(law, "zh-hans").period(period), voice(law, "en").period(period)) == (chinese, english)


def test_a_provisional_date_says_so(law: Law) -> None:
    assert "暂定" in voice(law, "zh-hans").until(replace(item(), due_kind=DueKind.PROVISIONAL))


@LANGUAGE
def test_every_title_of_the_notice_is_there_in_the_readers_language(law: Law, language: str) -> None:
    speaker = voice(law, language)
    for rule in law.rulebook.rules:
        assert speaker.title(rule.title)
        assert all(speaker.title(stage.title) for stage in rule.stages)


@LANGUAGE
def test_a_first_contact_and_every_failure_have_words(law: Law, language: str) -> None:
    p = Printer.for_language(language)
    screens = [
        greetings.stranger(p),
        greetings.invitation_refused(p),
        greetings.failed(p),
        greetings.given_up(p),
        greetings.cancelled(p),
        greetings.acknowledged(p),
        greetings.not_allowed(p),
        files.file_missing(voice(law, language)),
    ]
    assert len({screen.html for screen in screens}) == len(screens)


def test_a_date_says_what_it_rests_on(law: Law) -> None:
    words = voice(law, "zh-hans")
    late = replace(item(stage="district"), excused=True, due_on=date(2024, 2, 25), act_by_on=date(2024, 3, 2))
    assert words.until(late) == "上一环节迟交，不计本单位逾期 · 内部目标 3月2日（周六）"
    extended = replace(
        item(due=date(2024, 2, 20)), act_by_on=date(2024, 2, 27), extended_to=date(2024, 2, 27)
    )
    assert words.until(extended).endswith("原期限 2月20日")
    tight = replace(item(stage="district", due=date(2024, 3, 4)), check_by_on=date(2024, 3, 1))
    assert words.until(tight).endswith("全链条有逾期风险：下一环节期限 3月1日")
    assert not replace(tight, check_by_on=date(2024, 3, 4)).chain_at_risk
    awaited = replace(item(), due_on=None, act_by_on=None, due_kind=DueKind.EXTERNAL)
    assert words.until(awaited) == "期限待公布"


def test_an_extension_names_the_date_that_it_moved(law: Law) -> None:
    extended = replace(
        item(status=Status.RETURNED, due=date(2024, 2, 20)),
        act_by_on=date(2024, 2, 29),
        extended_to=date(2024, 2, 29),
        moved_from=date(2024, 2, 8),
    )
    assert voice(law, "zh-hans").until(extended).endswith("原期限 2月8日")


def test_a_correction_that_is_overdue_says_so(law: Law) -> None:
    missed = replace(item(due=date(2024, 2, 8)), correct_by_on=date(2024, 2, 18))
    words = voice(law, "zh-hans")
    assert words.until(missed).endswith("更正已逾期 1 天")
    assert late_line(words, missed).endswith("更正已逾期 1 天")
    still = replace(missed, correct_by_on=TODAY)
    assert words.until(still).endswith("更正期限 今天 24:00 前")
    assert voice(law, "en").until(missed).endswith("correction 1 day overdue")


def second_hand(due: date = TODAY) -> Item:
    """Return a report that a notice read second-hand dates."""
    return replace(
        item(due=due),
        rule="annual-report",
        made_by="annual-report",
        period="2023",
        dated_by="环办气候函〔2023〕43号",
    )


def test_a_date_read_second_hand_is_marked_where_it_stands(law: Law) -> None:
    words = voice(law, "zh-hans")
    assert words.until(second_hand()) == "今天 24:00 前 † · 今日到期"
    assert "†" not in words.until(item())
    extended = replace(second_hand(), act_by_on=date(2024, 2, 29), extended_to=date(2024, 2, 29))
    assert "†" not in words.until(extended)
    assert "†" not in words.until(replace(second_hand(), status=Status.RETURNED))


def screens(words: Voice, each: Item) -> list[str]:
    """Return every list that shows an item: the duties, who is overdue, a unit, the reminders, the digest."""
    late = Page(items=(each,), total=1)
    now = datetime(2024, 2, 19, 2, tzinfo=UTC)
    reminded = tuple(
        ReminderItem(item=each, mark=0, nth=1, days_left=0) for _ in range(duties.REMINDER_BUTTONS + 1)
    )
    overdue = lists.overdue(
        words,
        late,
        scope="全市",
        units=1,
        offset=0,
        district=0,
        now=now,
        choose_district=False,
        edit=False,
    )
    unit = Organisation(id=1, name="甲厂")
    return [
        duties.listed(words, late, offset=0, edit=False).html,
        duties.reminder(words, "甲厂", ReminderBrief(today=TODAY, items=reminded[:1])).html,
        duties.reminder(words, "甲厂", ReminderBrief(today=TODAY, items=reminded)).html,
        overdue.html,
        lists.unit_status(words, unit, [each], now=now).html,
        digests.daily(words, digest(late, PAGE_OF_NONE)).html,
        digests.daily(words, digest(PAGE_OF_NONE, late)).html,
    ]


PAGE_OF_NONE = Page(items=(), total=0)


def digest(overdue: Page, due_next: Page) -> DigestBrief:
    return DigestBrief(
        organisation_id=1,
        organisation_name="北岭区",
        level=Level.DISTRICT,
        today=TODAY,
        late=False,
        overdue=overdue,
        overdue_ids=(),
        waiting=PAGE_OF_NONE,
        blocked=PAGE_OF_NONE,
        due_next=due_next,
        without_contact=(),
        undeliverable=(),
        calendar_ends=None,
    )


@pytest.mark.parametrize("actor", [1, 2])
def test_every_list_explains_the_mark_and_only_where_it_stands(law: Law, actor: int) -> None:
    words = voice(law, "zh-hans")
    legend = footnotes.second_hand(words)
    for told in screens(words, replace(second_hand(due=date(2024, 2, 18)), actor_id=actor)):
        *shown, last = told.splitlines()
        assert last == legend
        assert any("†" in line for line in shown), told
    for told in screens(words, replace(item(due=date(2024, 2, 18)), actor_id=actor)):
        assert "†" not in told
