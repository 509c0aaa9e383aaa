"""Buttons that are old, forged, somebody else's or broken change nothing and are answered kindly."""

import pytest

from storage import trail
from storage.database import Session
from storage.models import Event
from tests.bot.conftest import KILN, MILL, QUAY, Person, Town

STALE = "该事项已有变化，本次操作未登记，请重新打开查看。"
NOT_YOURS = "该事项不在您的查看或办理范围内。"


def decided(town: Town) -> int:
    def count(session: Session) -> int:
        assert trail.first_broken(session) is None
        return session.query(Event).filter(Event.stage_id.is_not(None)).count()

    return town.database.read(count)


async def test_a_second_press_records_nothing_more(town: Town, mill: Person) -> None:
    await mill.say("/done")
    await mill.press("1. 月度信息化存证 2024年1月")
    await mill.press("已提交")
    data, message_id = mill.data("确认提交"), mill.received[-1]["message_id"]
    await mill.press_data(data, message_id=message_id)
    known, shown = decided(town), mill.messages
    await mill.press_data(data, message_id=message_id)
    assert mill.toasts[-1] == STALE
    assert (decided(town), mill.messages) == (known, shown)


async def test_two_presses_at_once_record_once(town: Town, mill: Person) -> None:
    await mill.say("/done")
    await mill.press("1. 月度信息化存证 2024年1月")
    await mill.press("已提交")
    data, message_id = mill.data("确认提交"), mill.received[-1]["message_id"]
    known = decided(town)
    mill.visitor.press(message_id, data)
    mill.visitor.press(message_id, data)
    await town.settle()
    assert decided(town) == known + 1


async def test_an_old_screen_is_answered_kindly(town: Town, mill: Person, north: Person) -> None:
    await mill.hand_over()
    accept, give_back = north.data("通过"), north.data("退回")
    await north.press("退回")
    await north.press("材料不完整")
    known = decided(town)
    for data in (accept, give_back):
        await north.press_data(data)
        assert north.toasts[-1] == STALE
    assert decided(town) == known


async def test_two_officers_decide_once(town: Town, mill: Person, north: Person) -> None:
    colleague = town.person(210, "同事")
    await colleague.start(town.invite("500901"))
    await mill.hand_over()
    accept = colleague.data("通过")
    await north.press("退回")
    await north.press("材料不完整")
    await colleague.press_data(accept)
    assert colleague.toasts[-1] == STALE
    assert town.stage(MILL).status == "returned"


@pytest.mark.parametrize("verb", ["up", "sub", "sub!", "work", "work!"])
async def test_another_units_duty_cannot_be_touched(town: Town, mill: Person, verb: str) -> None:
    other = town.stage(KILN)
    await mill.say("/due")
    assert await mill.press_data(f"{verb}:{other.id}:{other.version}:1") == NOT_YOURS
    assert mill.toasts[-1] == "无权查看或办理"
    assert (town.stage(KILN).status, town.stage(KILN).paused_until) == ("open", None)


async def test_another_units_duty_cannot_be_seen(town: Town, mill: Person, north: Person) -> None:
    await mill.say("/due")
    await north.say("/due")
    for name in ("unit", "district"):
        assert await mill.press_data(f"st:{town.stage(KILN, name=name).id}") == NOT_YOURS
        assert await north.press_data(f"st:{town.stage(QUAY, name=name).id}") == NOT_YOURS
    assert await mill.press_data("us:3") == NOT_YOURS


async def test_another_districts_submission_cannot_be_checked(
    town: Town, quay: Person, north: Person, city: Person
) -> None:
    await quay.hand_over()
    stage = town.stage(QUAY)
    for who in (north, city):
        await who.say("/help")
        for data in (f"acc:{stage.id}:{stage.version}", f"ret!:{stage.id}:{stage.version}:late"):
            assert await who.press_data(data) == NOT_YOURS
    assert town.stage(QUAY).status == "submitted"


async def test_a_unit_cannot_check_itself(town: Town, mill: Person) -> None:
    await mill.hand_over()
    stage = town.stage(MILL)
    assert await mill.press_data(f"acc:{stage.id}:{stage.version}") == NOT_YOURS
    assert town.stage(MILL).status == "submitted"


async def test_a_file_is_handed_only_to_those_it_concerns(
    mill: Person, kiln: Person, north: Person, south: Person, city: Person
) -> None:
    await mill.hand_over()
    for who, handed in ((mill, True), (north, True), (city, True), (kiln, False), (south, False)):
        await who.say("/help")
        await who.press_data("file:1")
        assert ("document" in who.received[-1]) is handed


async def test_a_districts_own_file_is_not_the_units_to_fetch(
    town: Town, mill: Person, north: Person
) -> None:
    await mill.hand_over(None)
    await north.press("通过")
    own = town.stage(MILL, name="district")
    await north.press_data(f"up:{own.id}:{own.version}")
    assert (await north.send_file(name="内部意见.pdf")).startswith("材料已收到")
    assert await mill.press_data("file:1") == NOT_YOURS


async def test_a_file_that_is_gone_from_its_folder_is_answered(town: Town, mill: Person) -> None:
    await mill.hand_over()
    for path in town.installation.folder.root.rglob("*"):
        if path.is_file():
            path.unlink()
    assert await mill.press_data("file:1") == "暂时无法调取该材料，请联系系统管理员。"


async def test_a_button_forwarded_to_another_chat_is_pressed_as_whoever_presses(
    town: Town, mill: Person, north: Person, south: Person
) -> None:
    await mill.hand_over()
    await south.say("/help")
    assert await south.press_data(north.data("通过")) == "That is not within what you may see or decide."
    assert town.stage(MILL).status == "submitted"


@pytest.mark.parametrize(
    "data",
    [
        "x",
        ":",
        "acc",
        "acc:",
        "acc:1",
        "acc:one:1",
        "acc:-1:1",
        "acc:99999999999999999999:1",
        "sub!:1",
        "ret!:1:1",
        "ret!:1:1:typed",
        "lang",
        "due~:x",
        "od:-5:0",
        "bind:1",
        "st",
        "st:1:1:1:1:'; DROP TABLE stage",
        "file:0",
        "\u202e:\u200b",
    ],
)
async def test_a_malformed_press_changes_nothing_and_is_answered(town: Town, mill: Person, data: str) -> None:
    await mill.say("/help")
    known = decided(town)
    await mill.press_data(data)
    assert mill.toasts[-1] in {STALE, "无权查看或办理", ""}
    assert mill.toasts[-1] or mill.last != ""
    assert decided(town) == known
    assert (await mill.say("/due")).startswith("待办 2 项")


async def test_a_toast_too_late_to_flash_is_said_in_the_chat(town: Town, mill: Person) -> None:
    await mill.say("/help")
    own = town.stage("青禾磨坊热电有限公司")
    await town.fault("400", "answerCallbackQuery")
    mill.visitor.press(mill.received[-1]["message_id"], f"sub!:{own.id}:99")
    await town.settle()
    assert mill.last == STALE


async def test_a_button_under_a_deleted_message_is_answered_in_a_new_one(town: Town, mill: Person) -> None:
    await mill.say("/language")
    await town.fault("400", "editMessageText")
    assert await mill.press("English") == "From now on in English."
    assert "请选择语言" in mill.messages
