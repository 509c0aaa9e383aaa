"""What was decided is said, though the process ends or the server is away in between; at most once more than heard of."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest

from bot.telegram.reading import arrived_as
from bot.telegram.replies import Replies
from storage.models import InboundUpdate
from tests.bot.conftest import MILL, TOKEN, Opened, Person, Town
from tests.bot.processes import another_process, newest, release_everyone, until

LANGUAGE = "请选择语言"


@contextmanager
def ending_before_it_is_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every handling end as by a kill, between the commit and the answer."""

    async def killed(*_given: object, **_more: object) -> NoReturn:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(Replies, "reply", killed)
        patched.setattr(Replies, "show", killed)
        yield


async def later(town: Town, moment: str) -> None:
    town.stand_at(moment)
    await town.assistant.arrivals.take_up()
    await town.settle()


def owed(town: Town) -> list[int]:
    return town.database.read(
        lambda session: [row.update_id for row in session.query(InboundUpdate) if row.answer is not None]
    )


async def test_an_answer_that_was_not_said_before_a_kill_is_said_at_the_next_start_once(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as town:
        mill = town.person(101)
        with ending_before_it_is_said(monkeypatch):
            mill.visitor.say("/language")
            await town.settle()
            assert mill.received == []
    for _ in range(2):
        async with opened() as again:
            await again.settle()
            assert (mill.messages, mill.labels, owed(again)) == ([LANGUAGE], ["中文", "English"], [])


async def test_another_process_says_what_a_dead_one_had_decided(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mill.say("/done")
    await mill.press("1. 月度信息化存证 2024年1月")
    await mill.press("已提交")
    pressed = mill.received[-1]["message_id"]
    async with another_process(town, "two") as two:
        with ending_before_it_is_said(monkeypatch):
            mill.visitor.press(pressed, mill.data("确认提交"))
            await town.settle()
            await two.idle()
        assert (town.stage(MILL).status, len(owed(town))) == ("submitted", 1)
        release_everyone(town)
        await two.take_up()
        await two.idle()
    assert owed(town) == []
    assert sum("已登记提交" in text for text in mill.messages) == 1


async def test_the_sweep_says_it_within_seconds(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ending_before_it_is_said(monkeypatch):
        mill.visitor.say("/language")
        await town.settle()
    await until(lambda: bool(mill.received))
    assert mill.messages == [LANGUAGE]


async def test_a_file_is_sent_after_all_and_a_picture_is_to_be_asked_for_again(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mill.hand_over()
    with ending_before_it_is_said(monkeypatch):
        mill.visitor.press(mill.received[-1]["message_id"], "file:1")
        await town.settle()
    await later(town, "2024-02-05 10:01")
    assert mill.received[-1]["document"]["file_name"] == "存证回执.pdf"
    with ending_before_it_is_said(monkeypatch):
        mill.visitor.say("/timeline")
        await town.settle()
    await later(town, "2024-02-05 10:02")
    assert "document" not in mill.received[-1]
    assert mill.last.startswith("2024年时序图")
    assert mill.last.endswith(".png未能发送，请重新索取。")


async def test_what_would_have_flashed_is_said_as_a_message(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mill.say("/done")
    await mill.press("1. 月度信息化存证 2024年1月")
    await mill.press("已提交")
    message, data = mill.received[-1]["message_id"], mill.data("确认提交")
    for _ in range(2):
        await mill.press_data(data, message_id=message)
    flashed, before = mill.toasts[-1], len(mill.received)
    with ending_before_it_is_said(monkeypatch):
        mill.visitor.press(message, data)
        await town.settle()
    await later(town, "2024-02-05 10:01")
    assert mill.messages[before:] == [flashed]


@pytest.mark.parametrize(
    ("kind", "arrived"),
    [("drop", [0, 1]), ("502", [0, 1]), ("500", [0, 1]), ("reset_after", [1, 2]), ("not_json", [1, 2])],
)
async def test_what_may_have_arrived_is_said_once_more(
    town: Town, mill: Person, kind: str, arrived: list[int]
) -> None:
    await town.fault(kind, "sendMessage", chat_id=101)
    mill.visitor.say("/language")
    await town.settle()
    assert len(mill.received) == arrived[0]
    await later(town, "2024-02-05 10:00:04")
    assert len(mill.received) == arrived[0]
    for moment in ("2024-02-05 10:00:05", "2024-02-05 10:10"):
        await later(town, moment)
        assert (mill.messages, owed(town)) == ([LANGUAGE] * arrived[1], [])


@pytest.mark.parametrize(("kind", "arrived"), [("drop", 0), ("reset_after", 2)])
async def test_what_may_have_arrived_twice_is_not_said_again(
    town: Town, mill: Person, kind: str, arrived: int, caplog: pytest.LogCaptureFixture
) -> None:
    await town.fault(kind, "sendMessage", chat_id=101, count=None)
    mill.visitor.say("/language")
    await town.settle()
    for moment in ("2024-02-05 10:00:05", "2024-02-05 10:10", "2024-02-05 11:00"):
        await later(town, moment)
    assert (mill.messages, owed(town)) == ([LANGUAGE] * arrived, [])
    assert "nobody knows whether the answer to update 1 arrived; it is not repeated" in caplog.text


async def test_while_the_server_is_away_decisions_are_made_and_said_in_their_order_when_it_is_back(
    town: Town, mill: Person
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with another_process(town, "away", url=away) as two:
            town.assistant.polling.cancel()
            mill.visitor.say("/language")
            mill.visitor.say("收到")
            for update in town.world.bot(TOKEN).updates:
                await two.keep([arrived_as(update, two.bot)])
            await two.idle()
            for moment in ("10:00:05", "10:00:15", "10:00:45"):
                town.stand_at(f"2024-02-05 {moment}")
                await two.take_up()
                await two.idle()
            assert (mill.received, owed(town)) == ([], [1, 2])
    town.stand_at("2024-02-05 10:30")
    town.world.acknowledge(TOKEN, 3)
    await town.assistant.arrivals.take_up()
    await town.settle()
    assert [text.split("。")[0] for text in mill.messages] == [LANGUAGE, "好的"]


@pytest.mark.parametrize(("moment", "said"), [("2024-02-05 15:59", 1), ("2024-02-05 16:01", 0)])
async def test_an_answer_is_said_within_six_hours_or_not_at_all(
    town: Town, mill: Person, moment: str, said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ending_before_it_is_said(monkeypatch):
        mill.visitor.say("/language")
        await town.settle()
        town.stand_at(moment)
    await later(town, moment)
    assert (len(mill.received), owed(town)) == (said, [])


async def test_a_refused_answer_is_owed_no_longer(town: Town, mill: Person) -> None:
    await town.fault("403", "sendMessage", chat_id=101)
    mill.visitor.say("/language")
    await town.settle()
    await later(town, "2024-02-05 10:10")
    assert (mill.received, owed(town)) == ([], [])


async def test_that_a_message_was_given_up_is_said_though_the_server_was_away(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_given: object) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr("bot.telegram.handling.UpdateReader.read", broken)
    await town.fault("drop", "sendMessage", chat_id=101, count=2)
    mill.visitor.say("/language")
    await town.settle()
    assert mill.received == []
    await later(town, "2024-02-05 10:01")
    assert mill.last.startswith("您的上一条消息未能处理")
    assert newest(town).error == "RuntimeError"


async def test_who_stood_still_does_not_say_what_another_has_said(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [0.0]
    monkeypatch.setattr("bot.telegram.handling.monotonic", lambda: ahead[0])
    async with another_process(town, "two") as two:
        decide: Callable[..., Awaitable[object]] = town.assistant.arrivals._handling._decide  # noqa: SLF001  # where a process may be stopped

        async def stopped_after(*given: object) -> object:
            decided = await decide(*given)
            # Meanwhile this process is stopped, its lease runs out, and the other takes over.
            town.stand_at("2024-02-05 10:05")
            await two.take_up()
            await two.idle()
            ahead[0] += 300
            return decided

        monkeypatch.setattr(town.assistant.arrivals._handling, "_decide", stopped_after)  # noqa: SLF001  # likewise
        mill.visitor.say("/language")
        await town.settle()
    assert mill.messages == [LANGUAGE]


async def test_no_word_of_an_answer_stays_once_it_was_said(
    town: Town, mill: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await mill.say("/language")
    assert (newest(town).answer, newest(town).leased_by) == (None, None)
    assert LANGUAGE not in caplog.text
