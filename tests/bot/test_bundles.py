"""Several late notifications as one message: short, with the most urgent first, and each with its own part of it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.screen import Screen
from bot.wording import bundles, catching_up, reach, recording, rulings
from jobs.briefs import (
    BundleBrief,
    ChangeBrief,
    ChangedItem,
    DecisionBrief,
    DigestBrief,
    EventBrief,
    Part,
    ReminderBrief,
    ReminderItem,
    Single,
    UnreachableBrief,
    WaitingBrief,
)
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level
from obligations.terms import Occasion
from storage.database import Session
from storage.models import Notification, NotificationKind, Outcome
from storage.outages import Away
from storage.overview import Item, Page
from tests.bot.conftest import Person, Town
from tests.bot.test_ruling_words import CHANGE
from tests.bot.test_wording import PAGE_OF_NONE, TODAY, item, voice
from tests.bot.test_wording import digest as quiet_digest

DISTRICT = 201
SINCE = datetime(2024, 2, 19, 0, 30, tzinfo=UTC)
AWAY = Away(since=SINCE, until=datetime(2024, 2, 20, 2, 10, tzinfo=UTC))


def told(
    law: Law, language: str, *briefs: Single, missed: Away | None = None, held_up: bool = True
) -> Screen:
    parts = tuple(Part(notification_id=number, brief=brief) for number, brief in enumerate(briefs, start=1))
    words = voice(law, language)

    def single(brief: Single) -> Screen:
        match brief:
            case EventBrief():
                return recording.told(words, brief)
            case ChangeBrief():
                return rulings.changed(words, brief)
            case _:
                assert isinstance(brief, UnreachableBrief)
                return reach.unreachable(words, brief)

    brief = BundleBrief(late_since=SINCE, missed=missed, held_up=held_up, parts=parts)
    return bundles.bundled(words, "北岭区", brief, single)


def decided(kind: NotificationKind, each: Item) -> DecisionBrief:
    return DecisionBrief(
        kind=kind, item=each, reason="unclear", correction_due_on=TODAY, by="北岭区", next_checker=None
    )


def waiting(each: Item | None, *, total: int = 1) -> WaitingBrief:
    return WaitingBrief(item=each, queue_total=total, next_check=None, files=())


def reminder(count: int) -> ReminderBrief:
    items = tuple(ReminderItem(item=item(), mark=0, nth=1, days_left=0) for _ in range(count))
    return ReminderBrief(today=TODAY, items=items)


def gone(name: str) -> UnreachableBrief:
    return UnreachableBrief(contact_name=name, organisation_name="青禾", reason="blocked", items=(), total=0)


def test_each_section_stands_in_the_order_of_its_first_part_and_is_each_ones_proof(law: Law) -> None:
    screen = told(
        law,
        "en",
        reminder(2),
        waiting(item(status=Status.SUBMITTED)),
        decided(NotificationKind.RETURNED, item(status=Status.RETURNED)),
        waiting(item(status=Status.SUBMITTED)),
        gone("Li"),
    )
    heads = ("2 duties to do", "2 items wait for your check", "Returned for correction", "no longer arrive")
    places = [screen.html.index(head) for head in heads]
    assert places == sorted(places)
    assert set(screen.parts) == {1, 2, 3, 4, 5}
    for number, head in zip((1, 2, 3, 4, 5), (heads[0], heads[1], heads[2], heads[1], heads[3]), strict=True):
        assert head in screen.parts[number]
        assert screen.parts[number] in screen.html
    assert "Since 19 Feb 08:30 messages could not be delivered" in screen.html
    verbs = [button.press.verb for row in screen.rows for button in row]
    assert verbs == ["up", "sub", "work", "up", "sub", "work", "st", "due", "rv"]
    assert [row[0].label[:3] for row in screen.rows[:3]] == ["1. ", "2. ", "3. "]


def test_an_outage_is_said_instead_of_the_channel(law: Law) -> None:
    html = told(law, "zh-hans", reminder(1), waiting(None, total=7), missed=AWAY).html
    assert "督期系统于 2月19日 08:30 至 2月20日 10:10 停止运行" in html
    assert "未能送达" not in html
    assert "待审核 7 项" in html


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("count", [3, 60, 300])
def test_it_is_one_message_however_much_there_is(law: Law, language: str, count: int) -> None:
    many = [decided(NotificationKind.RETURNED, item(status=Status.RETURNED)) for _ in range(count)]
    screen = told(law, language, reminder(count), *many, *(gone(f"contact {n}" * 4) for n in range(count)))
    assert len(screen.html.encode("utf-16-le")) // 2 <= bundles.LONGEST
    assert set(screen.parts) == set(range(1, 2 * count + 2))
    assert all(screen.parts.values())
    assert len(screen.rows) <= 5
    left = [number for number, text in screen.parts.items() if "\n" not in text]
    if count > 3:
        assert str(len(left)) in screen.parts[2 * count + 1]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_late_says_why_and_what_was_lost(law: Law, language: str) -> None:
    words = voice(law, language)
    assert catching_up.digest_late(words, None, late=False, held_up=True) is None
    said = {
        catching_up.digest_late(words, None, late=True, held_up=False),
        catching_up.digest_late(words, None, late=True, held_up=True),
        catching_up.digest_late(words, AWAY, late=True, held_up=True),
        catching_up.digest_late(words, AWAY, late=False, held_up=True),
        catching_up.reminders_missed(words, AWAY),
        catching_up.reminders_missed(words, Away(since=AWAY.since, until=AWAY.until, times=2)),
        catching_up.with_what_was_lost(words, Screen(html="x"), AWAY).html,
    }
    assert len(said) == 7
    assert sum("08:30" in (each or "") for each in said) == 5
    assert not any("。 " in (each or "") for each in said)


def test_what_merely_comes_late_does_not_say_that_anything_failed(law: Law) -> None:
    late = told(law, "zh-hans", reminder(1), waiting(None, total=7), held_up=False).html
    assert "以下消息迟发；自 2月19日 08:30 起仍需知悉的内容合并如下。" in late
    assert "未能送达" not in late


def overdue(count: int) -> tuple[Item, ...]:
    return tuple(
        replace(item(due=date(2024, 2, 16)), stage_id=number, actor_name=f"{number}号厂")
        for number in range(11, 11 + count)
    )


def digest(items: tuple[Item, ...]) -> DigestBrief:
    ids = tuple(each.stage_id for each in items)
    return replace(quiet_digest(Page(items=items, total=len(items)), PAGE_OF_NONE), overdue_ids=ids)


def test_a_bundled_digest_names_the_first_three_overdue_and_proves_no_others(law: Law) -> None:
    screen = told(law, "zh-hans", digest(overdue(5)), reminder(1))
    assert "逾期：5 项\n• 11号厂 · 月度信息化存证 2024年1月 · 已逾期 3 天\n• 12号厂" in screen.html
    assert "• 13号厂" in screen.html
    assert "14号厂" not in screen.html
    assert "另有 2 项" in screen.html
    assert screen.named == {1: (11, 12, 13), 2: (1,)}
    assert screen.rows[-2][0].press.verb == "od"
    few = told(law, "en", digest(overdue(3)), reminder(1))
    assert "more" not in few.html


def test_what_is_only_counted_is_proof_for_nobody(law: Law) -> None:
    eight = tuple(
        ReminderItem(item=replace(item(), stage_id=number), mark=0, nth=1, days_left=0) for number in range(8)
    )
    many = [
        decided(NotificationKind.RETURNED, replace(item(status=Status.RETURNED), stage_id=100 + number))
        for number in range(40)
    ]
    screen = told(law, "zh-hans", ReminderBrief(today=TODAY, items=eight), *many)
    named = {number: stages for number, stages in screen.named.items() if stages}
    shown = screen.html.count("存证 2024年1月")
    assert sum(len(stages) for stages in named.values()) == shown < 48
    assert named[1] == tuple(range(len(named[1])))
    assert set(screen.named) == set(screen.parts)
    crowded = told(law, "en", *(gone(f"contact {number}" * 40) for number in range(9)), reminder(8))
    assert crowded.named[10] == ()


def test_of_a_message_that_is_cut_only_the_duties_above_the_cut_are_proven(law: Law) -> None:
    items = tuple(replace(item(), stage_id=number, period=f"2024-0{number}") for number in range(1, 6))
    event = EventBrief(
        occasion=Occasion.ANOMALY,
        happened_on=TODAY,
        happened_to=None,
        note="",
        document="",
        by="",
        items=items,
    )
    screen = told(law, "zh-hans", event, reminder(1))
    assert screen.named[1]
    for each in items:
        assert (f"2024年{each.stage_id}月" in screen.parts[1]) is (each.stage_id in screen.named[1])
    assert len(screen.named[1]) < len(items)


def test_of_changes_told_together_only_whose_line_is_shown_are_proven(law: Law) -> None:
    changed = tuple(
        ChangedItem(item=replace(item(), stage_id=number, subject_name=f"{number}号厂"), change=CHANGE)
        for number in range(11, 31)
    )
    screen = told(law, "zh-hans", ChangeBrief(level=Level.DISTRICT, items=changed, total=20), reminder(1))
    assert screen.named[1]
    for each in changed:
        assert (each.item.subject_name in screen.parts[1]) is (each.item.stage_id in screen.named[1])
    assert len(screen.named[1]) < len(changed)


def test_an_invitation_is_asked_for_only_where_no_address_is_left(law: Law) -> None:
    words = voice(law, "zh-hans")
    assert reach.unreachable(words, gone("某")).html.endswith("请另行通知，并请系统管理员为其补发邀请。")
    assert reach.unreachable(words, replace(gone("某"), enrolled=True)).html.endswith("\n请另行通知。")


async def test_over_http_it_arrives_once_and_a_press_proves_that_all_of_it_was_seen(
    town: Town, mill: Person, kiln: Person, north: Person
) -> None:
    await town.fault("429", "sendMessage", retry_after=7200, count=2, chat_id=DISTRICT)
    await mill.hand_over()
    await kiln.hand_over()
    before = len(north.messages)
    town.stand_at("2024-02-05 12:01")
    await town.settle()
    [bundle] = north.messages[before:]
    assert "补发消息 · 2月5日" in bundle
    assert "自 2月5日 10:00 起消息未能送达" in bundle
    assert "待审核 2 项" in bundle

    def settled(session: Session) -> list[tuple[Outcome, str | None, bool, bool]]:
        found = session.query(Notification).filter_by(kind=NotificationKind.SUBMITTED).order_by("id")
        return [
            (
                each.outcome,
                each.message_id,
                each.acknowledged_at is not None,
                "待审核 2 项" in (each.proof or {})["text"]
                and (each.proof or {})["stage_ids"] == [each.stage_id],
            )
            for each in found
        ]

    message = str(north.received[-1]["message_id"])
    assert town.database.read(settled) == [(Outcome.SENT, message, False, True)] * 2
    assert "青禾磨坊热电有限公司" in await north.press("1. 查看")
    assert town.database.read(settled) == [(Outcome.SENT, message, True, True)] * 2
