"""Two processes on one database: what either stored is handled once, in order, and a press decides once, on both engines."""

import asyncio
from typing import Any

import pytest

from bot.telegram.arrivals import Arrivals
from bot.telegram.reading import arrived_as
from storage import trail
from storage.database import Session
from storage.models import Event, Notification
from tests.bot.conftest import MILL, TOKEN, Person, Town
from tests.bot.processes import another_process, release_everyone, row_of, until

STALE = "该事项已有变化，本次操作未登记，请重新打开查看。"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of either engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def decided(town: Town) -> int:
    def count(session: Session) -> int:
        assert trail.first_broken(session) is None
        return session.query(Event).filter(Event.stage_id.is_not(None)).count()

    return town.database.read(count)


def waiting_updates(town: Town) -> list[dict[str, Any]]:
    """Take what the local server would hand out next."""
    updates = [dict(update) for update in town.world.bot(TOKEN).updates]
    town.world.acknowledge(TOKEN, updates[-1]["update_id"] + 1)
    return updates


async def stop_fetching(town: Town) -> None:
    """Let the town's own process only handle what it is given."""
    town.assistant.polling.cancel()
    await asyncio.wait([town.assistant.polling])


async def keep(arrivals: Arrivals, *updates: dict[str, Any]) -> None:
    await arrivals.keep([arrived_as(update, arrivals.bot) for update in updates])


async def all_idle(*processes: Arrivals) -> None:
    for _ in range(2):
        for each in processes:
            await each.take_up()
            await each.idle()


async def confirming(mill: Person) -> tuple[int, str]:
    """Bring a submission to its confirmation; return the message and what its button carries."""
    await mill.say("/done")
    await mill.press("1. 月度信息化存证 2024年1月")
    await mill.press("已提交")
    return mill.received[-1]["message_id"], mill.data("确认提交")


async def test_two_presses_at_once_in_two_processes_decide_once_and_the_other_is_told(
    town: Town, mill: Person
) -> None:
    message, data = await confirming(mill)
    known = decided(town)
    await stop_fetching(town)
    since = town.world.events.last_id
    for _ in range(2):
        mill.visitor.press(message, data)
    first, second = waiting_updates(town)
    one = town.assistant.arrivals
    async with another_process(town, "two") as two:
        await asyncio.gather(keep(one, first), keep(two, second))
        await all_idle(one, two)
    assert decided(town) == known + 1
    assert town.stage(MILL).status == "submitted"
    flashed = [event.body["text"] for event in town.world.events.since(since) or () if event.kind == "answer"]
    assert flashed == ["已登记", STALE]


async def test_the_same_update_stored_by_two_processes_is_handled_and_answered_once(
    town: Town, mill: Person
) -> None:
    message, data = await confirming(mill)
    known = decided(town)
    await stop_fetching(town)
    mill.visitor.press(message, data)
    [press] = waiting_updates(town)
    since = town.world.events.last_id
    one = town.assistant.arrivals
    async with another_process(town, "two") as two:
        await asyncio.gather(keep(one, press), keep(two, press), keep(one, press), keep(two, press))
        await all_idle(one, two)
    assert decided(town) == known + 1
    assert len([event for event in town.world.events.since(since) or () if event.kind == "answer"]) == 1


async def test_a_process_that_lost_its_lease_meanwhile_decides_nothing(
    town: Town, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, data = await confirming(mill)
    known = decided(town)
    await stop_fetching(town)
    mill.visitor.press(message, data)
    [press] = waiting_updates(town)
    one = town.assistant.arrivals
    stopped, go = asyncio.Event(), asyncio.Event()
    real = one._handling._reader.read  # noqa: SLF001  # where a process may be stopped

    async def stopping(update: Any) -> object:  # noqa: ANN401  # handed on as it is
        stopped.set()
        await go.wait()
        return await real(update)

    monkeypatch.setattr(one._handling._reader, "read", stopping)  # noqa: SLF001  # likewise
    async with another_process(town, "two") as two:
        await keep(one, press)
        await stopped.wait()
        await two.take_up()
        await two.idle()
        assert decided(town) == known
        release_everyone(town)
        await two.take_up()
        await two.idle()
        assert decided(town) == known + 1
        go.set()
        await one.idle()
    assert decided(town) == known + 1
    assert sum("已登记提交" in text for text in mill.messages) == 1


async def test_a_chat_is_answered_in_order_by_whichever_process(
    town: Town, mill: Person, kiln: Person
) -> None:
    await stop_fetching(town)
    for _ in range(4):
        mill.visitor.say("/language")
        kiln.visitor.say("/language")
        mill.visitor.say("收到")
    updates = waiting_updates(town)
    one = town.assistant.arrivals
    async with another_process(town, "two") as two, another_process(town, "three") as three:
        processes = (one, two, three)
        for number, update in enumerate(updates):
            await keep(processes[number % 3], update)
        await all_idle(*processes)
    said = [text.split("。")[0] for text in mill.messages]
    assert said == ["请选择语言", "好的"] * 4
    assert len(kiln.received) == 4


async def test_what_a_process_cannot_take_itself_the_others_take(
    town: Town, mill: Person, kiln: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.arrivals._MOST_AT_ONCE", 0)
    await stop_fetching(town)
    mill.visitor.say("/language")
    kiln.visitor.say("/language")
    await keep(town.assistant.arrivals, *waiting_updates(town))
    await town.assistant.arrivals.idle()
    assert (mill.received, kiln.received) == ([], [])
    async with another_process(town, "two"):
        monkeypatch.setattr("bot.telegram.arrivals._MOST_AT_ONCE", 1)
        await until(lambda: bool(mill.received and kiln.received))


async def test_a_process_that_is_stopped_leaves_nothing_leased(town: Town, mill: Person) -> None:
    await stop_fetching(town)
    async with another_process(town, "two") as two:
        mill.visitor.say("/language")
        await keep(two, *waiting_updates(town))
    assert row_of(town, 1).leased_by is None
    assert len(mill.received) == 1
    mill.visitor.say("/language")
    await keep(two, *waiting_updates(town))
    assert (row_of(town, 2).handled_at, row_of(town, 2).leased_by) == (None, None)


def acknowledged(town: Town) -> dict[str, str | None]:
    """Return when each notification that was sent was acknowledged, by its message."""

    def read(session: Session) -> dict[str, str | None]:
        rows = session.query(Notification).filter(Notification.message_id.is_not(None))
        return {
            f"{row.contact_id}/{row.message_id}": row.acknowledged_at.isoformat()
            if row.acknowledged_at
            else None
            for row in rows
        }

    return town.database.read(read)


async def test_the_first_press_of_a_notifications_button_is_noted(
    town: Town, mill: Person, north: Person, kiln: Person
) -> None:
    await mill.hand_over()
    [(told, none)] = acknowledged(town).items()
    assert none is None
    message = int(told.split("/")[1])
    await kiln.say("/help")
    await kiln.press_data("due:0")
    assert acknowledged(town) == {told: None}
    accept = north.data("通过")
    for moment in ("2024-02-05 11:00", "2024-02-05 12:00"):
        town.stand_at(moment)
        north.visitor.press(message, accept)
        await town.settle()
    assert acknowledged(town)[told] == "2024-02-05T03:00:00+00:00"
