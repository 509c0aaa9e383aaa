"""Each way in which sending fails, over HTTP, with the right reaction: once it can arrive, it does."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.screen import Attachment, Drawing, Screen
from bot.telegram.messenger import Messenger, connect
from jobs.circuits import FIRST_PAUSE
from storage import contacts
from storage.database import Session
from storage.models import Attempt, AttemptOutcome, Notification, NotificationKind, Outcome
from tests.bot.conftest import TOKEN, Person, Town

DISTRICT = 201


def heard(person: Person) -> int:
    return sum("已提交，请审核" in text for text in person.messages)


def fate(town: Town) -> tuple[Outcome, str | None, list[AttemptOutcome | None]]:
    """What became of the first hand-over's notification: its outcome, the reason, how each attempt ended."""

    def find(session: Session) -> tuple[Outcome, str | None, list[AttemptOutcome | None]]:
        submitted = session.query(Notification).filter_by(kind=NotificationKind.SUBMITTED)
        told = submitted.order_by(Notification.id).first()
        assert told is not None
        made = session.query(Attempt).filter_by(notification_id=told.id).order_by(Attempt.number)
        return told.outcome, told.outcome_reason, [attempt.outcome for attempt in made]

    return town.database.read(find)


def bound(town: Town, address: str) -> bool:
    return town.database.read(lambda s: contacts.by_address(s, "telegram", address)) is not None


async def begin() -> bool:
    """Begin every send, as where nobody keeps a record."""
    return True


@pytest.mark.parametrize("kind", ["401", "404", "409"])
async def test_a_server_that_takes_nothing_from_this_bot_is_asked_again_later(
    town: Town, mill: Person, north: Person, kind: str
) -> None:
    await town.fault(kind, "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    outcome, _, attempts = fate(town)
    assert (heard(north), outcome, attempts) == (0, Outcome.PENDING, [AttemptOutcome.NOT_SENT])
    assert bound(town, "201")
    town.clock.at += FIRST_PAUSE * 1.3
    await town.settle()
    outcome, _, attempts = fate(town)
    assert (heard(north), outcome) == (1, Outcome.SENT)
    assert attempts == [AttemptOutcome.NOT_SENT, AttemptOutcome.CONFIRMED]


async def test_too_many_requests_without_a_time_waits_half_a_minute(
    town: Town, mill: Person, north: Person
) -> None:
    await town.fault("429_bare", "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    town.clock.at += timedelta(seconds=29)
    await town.settle()
    assert (heard(north), fate(town)[:2]) == (0, (Outcome.PENDING, "too many requests"))
    town.clock.at += timedelta(seconds=1)
    await town.settle()
    assert (heard(north), fate(town)[0]) == (1, Outcome.SENT)


@pytest.mark.parametrize("kind", ["400", "413"])
async def test_what_is_refused_for_good_is_not_repeated_and_the_level_above_hears_of_it(
    town: Town, mill: Person, north: Person, city: Person, kind: str
) -> None:
    await town.fault(kind, "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    await town.settle()
    outcome, _, attempts = fate(town)
    assert (heard(north), outcome, attempts) == (0, Outcome.FAILED, [AttemptOutcome.REFUSED])
    assert bound(town, "201")
    assert city.last.startswith("消息无法送达")
    assert "北岭区" in city.last
    assert "月度信息化存证" in city.last


async def test_who_blocked_the_bot_is_unbound_and_the_level_above_hears_of_it_at_once(
    town: Town, mill: Person, north: Person, city: Person
) -> None:
    await town.fault("403", "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    await town.settle()
    assert (heard(north), fate(town)[0], bound(town, "201")) == (0, Outcome.FAILED, False)
    assert city.last.startswith("消息无法送达")
    assert "请另行通知，并请系统管理员为其补发邀请。" in city.last


async def test_a_chat_that_became_another_is_followed_and_told_there(
    town: Town, mill: Person, north: Person
) -> None:
    moved = town.person(2010)
    await moved.start()
    await town.fault("migrated", "sendMessage", chat_id=DISTRICT, migrate_to=2010)
    await mill.hand_over()
    town.clock.at += timedelta(seconds=2)
    await town.settle()
    assert (heard(north), heard(moved), fate(town)[0]) == (0, 1, Outcome.SENT)
    assert (bound(town, "201"), bound(town, "2010")) == (False, True)


async def test_an_answer_that_comes_too_late_leaves_it_unknown(town: Town, north: Person) -> None:
    before = len(north.messages)
    await town.fault("slow_after", "sendMessage", seconds=1.5)
    async with connect(TOKEN, town.url, answer_within=0.4) as bot:
        receipt = await Messenger(bot, None).deliver(DISTRICT, Screen(html="您好"), begin)
    assert (receipt.outcome, receipt.reason) == (Outcome.UNKNOWN, "ReadTimeout")
    assert north.messages[before:] == ["您好"]


class TestAFileThatCannotBeSent:
    screen = Screen(html="附件", missing="文件暂时找不到。")

    async def send(self, town: Town, screen: Screen) -> tuple[Outcome, str | None]:
        async with connect(TOKEN, town.url) as bot:
            receipt = await Messenger(bot, None).deliver(DISTRICT, screen, begin)
        return receipt.outcome, receipt.reason

    async def test_one_that_is_gone_from_the_server_costs_only_itself(
        self, town: Town, north: Person, tmp_path: Path
    ) -> None:
        gone = Attachment(path=tmp_path / "gone", name="回执.pdf")
        there = Drawing(name="图.png", draw=lambda: b"picture")
        screen = Screen(html=self.screen.html, missing=self.screen.missing, attachments=(gone, there))
        assert await self.send(town, screen) == (Outcome.SENT, "without 回执.pdf")
        assert north.messages[-3:] == ["附件", "图.png", "文件暂时找不到。"]

    async def test_one_that_telegram_does_not_take_costs_only_itself(self, town: Town, north: Person) -> None:
        await town.fault("413", "sendDocument")
        large = Drawing(name="图.png", draw=lambda: b"picture")
        screen = Screen(html=self.screen.html, missing=self.screen.missing, attachments=(large,))
        assert await self.send(town, screen) == (Outcome.SENT, "without 图.png")
        assert north.messages[-2:] == ["附件", "文件暂时找不到。"]
