"""Updates are kept before they are acknowledged, handled once and in order, and a fault is owned up to."""

import asyncio
import logging
from typing import Any, NoReturn

import pytest

from bot.wording import lists
from sandbox.attachments import Upload
from storage import contacts, given_up, inbox, organisations
from storage.database import Session
from storage.inbox import Arrived
from storage.models import InboundUpdate
from tests.bot.conftest import MILL, PDF, TOKEN, Opened, Person, Town
from tests.bot.processes import until

SECRET = "what somebody wrote"
JANUARY = "月度信息化存证 2024年1月"


def kept(town: Town, update_id: int) -> InboundUpdate:
    def find(session: Session) -> InboundUpdate:
        row = session.get_one(InboundUpdate, update_id)
        session.expunge(row)
        return row

    return town.database.read(find)


def broken(*_facts: object, **_more: object) -> NoReturn:
    raise RuntimeError(SECRET.upper())


async def test_a_crash_is_tried_again_owned_up_to_and_given_up_with_its_record(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await mill.say("/help")
    before = len(mill.received)
    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr(lists, "summary", broken)
        await mill.say("/summary")
    assert mill.messages[before:] == [
        "系统暂时出现问题。您的消息已保存，将自动重试，不会丢失。",
        "您的上一条消息未能处理，已保存，待管理员查看。请换一种方式，例如发送 /help。",
    ]
    row = kept(town, 2)
    assert (row.attempts, row.error) == (inbox.MOST_ATTEMPTS, "RuntimeError")
    assert row.handled_at is not None
    assert row.payload["message"]["text"] == "/summary"
    assert "in broken" in caplog.text
    assert SECRET.upper() not in caplog.text
    assert (await mill.say("/summary")).startswith("青禾磨坊热电有限公司")


async def test_what_was_given_up_is_answered_once_an_administrator_hands_it_in_again(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(lists, "summary", broken)
        await mill.say("/summary")
    before = len(mill.received)
    assert town.database.write(lambda s: given_up.replay(s, 1, now=town.clock.now())) is True
    await until(lambda: len(mill.received) > before)
    await town.settle()
    assert [text.split("\n")[0] for text in mill.messages[before:]] == ["青禾磨坊热电有限公司"]
    assert town.database.write(lambda s: given_up.replay(s, 1, now=town.clock.now())) is False


async def test_a_crash_that_passes_is_answered_after_all(
    town: Town, kiln: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = lists.summary, [True]

    def once_broken(*facts: Any, **more: Any) -> object:  # noqa: ANN401  # handed on as it comes
        return broken() if failures and failures.pop() else real(*facts, **more)

    monkeypatch.setattr(lists, "summary", once_broken)
    told = await kiln.say("/summary")
    assert told.startswith("白石窑发电有限公司\nas of 5 Feb 10:00")
    assert kiln.messages[-2].startswith("Something went wrong on our side.")
    assert (kept(town, 1).attempts, kept(town, 1).error) == (1, "RuntimeError")


async def test_what_a_crash_had_begun_is_undone(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mill.say("/done")
    await mill.press(f"1. {JANUARY}")
    await mill.press("已提交")
    monkeypatch.setattr("bot.wording.duties.submitted", broken)
    await mill.press("确认提交")
    assert town.stage(MILL).status == "open"


async def test_what_was_kept_and_not_handled_before_a_kill_is_handled_at_the_next_start_once(
    opened: Opened,
) -> None:
    async with opened() as town:
        mill = town.person(101)
        await mill.say("/help")
    mill.visitor.say("/language")
    [update] = town.world.bot(TOKEN).updates
    arrived = Arrived(update_id=update["update_id"], chat_id=101, payload=update)
    town.database.write(lambda s: inbox.keep(s, [arrived], now=town.clock.now()))
    town.world.acknowledge(TOKEN, update["update_id"] + 1)
    for _ in range(2):
        async with opened() as again:
            await again.settle()
        assert [text for text in mill.messages if text == "请选择语言"] == ["请选择语言"]


async def test_what_came_while_the_bot_was_away_is_answered_when_it_is_back(opened: Opened) -> None:
    async with opened() as town:
        mill = town.person(101)
        await mill.say("/help")
    mill.visitor.say("/language")
    mill.visitor.say("收到")
    async with opened() as again:
        await again.settle()
    assert [text.split("。")[0] for text in mill.messages[-2:]] == ["请选择语言", "好的"]


async def test_a_chat_is_answered_in_order_and_a_slow_one_keeps_nobody_waiting(
    town: Town, mill: Person, kiln: Person
) -> None:
    await town.fault("slow", "getFile", seconds=1.5)
    mill.visitor.send_files([_upload()], caption="1月存证", as_documents=True)
    mill.visitor.say("/language")
    kiln.visitor.say("/language")
    await town.settle()
    answers = [(sent["chat_id"], sent["text"].split("\n")[0]) for sent in town.world.state.sent]
    assert answers == [(102, "Which language?"), (101, "材料已收到"), (101, "请选择语言")]


async def test_an_update_that_comes_twice_is_handled_once(town: Town, mill: Person) -> None:
    await mill.say("/language")
    before = len(mill.received)
    again = Arrived(update_id=1, chat_id=101, payload=kept(town, 1).payload)
    town.database.write(lambda s: inbox.keep(s, [again], now=town.clock.now()))
    assert kept(town, 1).handled_at is not None
    await town.settle()
    assert len(mill.received) == before


@pytest.mark.parametrize("kind", ["500", "502", "429", "drop", "not_json", "400"])
async def test_no_fault_of_the_server_ends_the_listening(town: Town, mill: Person, kind: str) -> None:
    await town.fault(kind, "getUpdates", count=2)
    assert (await mill.say("/language")) == "请选择语言"
    assert (await mill.say("收到")).startswith("好的。")


async def test_a_token_that_is_no_longer_known_ends_the_listening_aloud(
    town: Town, mill: Person, caplog: pytest.LogCaptureFixture
) -> None:
    await town.fault("401", "getUpdates", count=None)
    mill.visitor.say("/language")
    async with asyncio.timeout(10):
        await asyncio.wait([town.assistant.polling])
    assert type(town.assistant.polling.exception()).__name__ == "InvalidToken"
    assert "fetching updates ended: InvalidToken" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("kind", ["429", "drop"])
async def test_an_answer_waits_where_telegram_asks_and_is_not_lost(
    town: Town, mill: Person, kind: str
) -> None:
    await mill.say("/help")
    before = len(mill.received)
    if kind == "429":
        await town.fault("429", "sendMessage", count=2, retry_after=1)
        await mill.say("/language")
        assert mill.messages[before:] == ["请选择语言"]
    else:
        # The connection broke on the way: it may have arrived, and nobody is told twice.
        await town.fault("drop", "sendMessage")
        await mill.say("/language")
        assert mill.messages[before:] == []
        assert await mill.say("/language") == "请选择语言"


async def test_numbers_that_begin_anew_after_a_quiet_week_pass_nobody_over(town: Town, mill: Person) -> None:
    town.world.bot(TOKEN).next_update_id = 900_000
    await mill.say("/help")
    town.world.bot(TOKEN).next_update_id = 17
    before = len(mill.received)
    await mill.say("/summary")
    assert len(mill.received) == before + 1
    assert kept(town, 17).handled_at is not None


async def test_groups_are_not_answered(town: Town, mill: Person) -> None:
    town.world.add_group(-5001, "交流群", [101])
    mill.visitor.say("/help")
    group = type(mill.visitor)(town.world, 101, token=TOKEN, chat_id=-5001)
    group.say("/overdue")
    await town.settle()
    said = town.world.state.conversation(TOKEN, -5001).messages.values()
    assert [message["from"]["is_bot"] for message in said] == [False]


async def test_a_fault_that_cannot_even_be_recorded_stops_no_later_message(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(lists, "summary", broken)
        patched.setattr(inbox, "fail", broken)
        mill.visitor.say("/summary")
        await town.settle()
    assert kept(town, 1).handled_at is None
    assert await mill.say("/language") == "请选择语言"


async def test_commands_are_read_as_telegram_writes_them(town: Town, north: Person) -> None:
    for said in ("/status@duewatch_town_bot 青禾", "/STATUS 青禾", "/status\n青禾", "/status   青禾  "):
        assert (await north.say(said)).startswith("青禾磨坊热电有限公司")
    assert town.database.read(lambda s: organisations.by_code(s, MILL).name) == "青禾磨坊热电有限公司"
    assert town.database.read(lambda s: contacts.conversation(s, 1)) == {}


def _upload() -> Upload:
    return Upload(name="存证.pdf", mime="application/pdf", content=PDF)
