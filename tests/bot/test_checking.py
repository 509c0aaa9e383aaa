"""The check: accepted and passed on, or returned with a reason, up and down the chain."""

from datetime import date

import pytest

from tests.bot.conftest import MILL, PDF, Person, Town

JANUARY = "月度信息化存证 2024年1月"
REASONS = ["材料不及时", "材料不规范", "材料不完整", "材料不清晰"]


def last_with(person: Person, words: str) -> str:
    return next(text for text in reversed(person.messages) if words in text)


async def test_accepting_passes_it_on_and_everyone_hears(mill: Person, north: Person, city: Person) -> None:
    await mill.hand_over()
    assert "📎 存证回执.pdf" in north.labels[0]
    told = await north.press("通过")
    assert told.splitlines() == ["审核通过", JANUARY, "青禾磨坊热电有限公司", "已提交至：镜湖市生态环境局"]
    assert mill.last.splitlines() == [
        "审核通过",
        JANUARY,
        "北岭区生态环境局已审核通过。",
        "已提交至：镜湖市生态环境局",
    ]
    assert "已提交，请审核" in city.last
    assert (await city.say("/review")).startswith("待审核 1 项")
    assert (await north.say("/review")) == "暂无待审核事项。"


async def test_when_the_municipality_accepts_the_chain_is_done(
    town: Town, mill: Person, north: Person, city: Person
) -> None:
    await mill.hand_over()
    await north.press("通过")
    await city.say("/review")
    await city.press("1. 青禾磨坊热电有限公司")
    assert "📎 存证回执.pdf" in city.labels[0]
    await city.press("通过")
    assert [town.stage(MILL, name=name).status for name in ("unit", "district", "municipal")] == [
        "accepted"
    ] * 3
    assert "镜湖市生态环境局已审核通过。" in north.last
    status = await mill.say("/status")
    assert "1. 月度信息化存证 2024年1月\n审核通过" in status
    assert "存证技术把关，完成全市存证\n已办结" in status


async def test_the_checker_gets_the_very_file(mill: Person, north: Person) -> None:
    await mill.hand_over()
    await north.press(north.labels[0])
    [document] = [message["document"] for message in north.received if "document" in message]
    assert document["file_name"] == "存证回执.pdf"
    assert document["file_size"] == len(PDF)


@pytest.mark.parametrize("reason", REASONS)
async def test_a_return_gives_the_reason_and_the_third_working_day(
    town: Town, mill: Person, north: Person, reason: str
) -> None:
    # Friday the 9th, the make-up Sunday the 18th, Monday the 19th: the festival between does not count.
    town.stand_at("2024-02-08 16:00")
    await mill.hand_over()
    await north.press("退回")
    assert north.labels == [*REASONS, "其他原因（手动输入）", "取消"]
    told = await north.press(reason)
    assert told.splitlines() == [
        "退回更正",
        JANUARY,
        "青禾磨坊热电有限公司",
        f"原因：{reason}",
        "更正期限：2月19日（周一）24:00 前",
    ]
    assert mill.last.splitlines() == [
        "退回更正",
        JANUARY,
        "退回单位：北岭区生态环境局",
        f"原因：{reason}",
        "请于2月19日（周一）24:00 前完成核实和更正（3个工作日，发现当日不计）。",
        "依据：渝环规〔2023〕2号 二(七)",
    ]
    assert town.stage(MILL).act_by_on == date(2024, 2, 19)


async def test_what_was_returned_is_mended_and_checked_again(town: Town, mill: Person, north: Person) -> None:
    await mill.hand_over()
    await north.press("退回")
    await north.press("材料不完整")
    await mill.press("上传更正材料")
    await mill.send_file(PDF + b"corrected", "更正.pdf")
    assert "已附 2 份材料" in await mill.press("确认提交")
    assert "已提交，请审核" in north.last
    assert len([label for label in north.labels if label.startswith("📎")]) == 2
    await north.press("通过")
    assert town.stage(MILL).status == "accepted"


async def test_a_return_can_be_thought_better_of(town: Town, mill: Person, north: Person) -> None:
    await mill.hand_over()
    await north.press("退回")
    await north.press("取消")
    assert {"通过", "退回"} <= set(north.labels)
    await north.press("退回")
    await north.press("其他原因（手动输入）")
    await north.press("取消")
    assert (await north.say("谁逾期了")).startswith("目前无逾期事项。")
    assert town.stage(MILL).status == "submitted"


async def test_a_typed_reason_is_taken_word_for_word_and_shown_safely(
    town: Town, mill: Person, north: Person
) -> None:
    await mill.hand_over()
    await north.press("退回")
    assert (await north.press("其他原因（手动输入）")).startswith("请输入退回原因：")
    await north.say("第3页 <b>煤样</b> & 化验\u202e报告缺失，\n请补充。\u200b")
    said = "原因：第3页 <b>煤样</b> & 化验报告缺失， 请补充。"
    assert said in last_with(north, "退回更正")
    assert said in last_with(mill, "退回更正")
    assert town.stage(MILL).status == "returned"


@pytest.mark.parametrize("asked", ["谁逾期了", "好的", "帮助"])
async def test_a_question_is_not_recorded_as_a_reason_unasked(
    town: Town, mill: Person, north: Person, asked: str
) -> None:
    await mill.hand_over()
    await north.press("退回")
    await north.press("其他原因（手动输入）")
    assert (await north.say(asked)).startswith(f"是否以下列内容作为退回原因？\n{asked}")
    assert town.stage(MILL).status == "submitted"
    await north.press("退回")
    assert town.stage(MILL).reason == asked


async def test_the_button_of_an_older_reason_returns_nothing(town: Town, mill: Person, north: Person) -> None:
    await mill.hand_over()
    await north.press("退回")
    await north.press("其他原因（手动输入）")
    await north.say("谁逾期了")
    older = north.data("退回")
    await north.say("好的")
    await north.press_data(older)
    assert north.toasts[-1] == "该事项已有变化，本次操作未登记，请重新打开查看。"
    assert town.stage(MILL).status == "submitted"


@pytest.mark.parametrize("elsewhere", ["/overdue", "/due"])
async def test_who_turns_to_something_else_types_no_reason_any_more(
    town: Town, mill: Person, north: Person, elsewhere: str
) -> None:
    await mill.hand_over()
    await north.press("退回")
    await north.press("其他原因（手动输入）")
    await north.say(elsewhere)
    await north.say("存证数据缺失")
    assert town.stage(MILL).status == "submitted"


async def test_a_reason_typed_too_late_is_answered_and_the_next_question_is_heard(
    town: Town, mill: Person, north: Person
) -> None:
    colleague = town.person(210, "同事")
    await colleague.start(town.invite("500901"))
    await mill.hand_over()
    await north.press("退回")
    await north.press("其他原因（手动输入）")
    await colleague.press("通过")
    assert await north.say("数据缺失") == "该事项已有变化，本次操作未登记，请重新打开查看。"
    assert (await north.say("/review")) == "暂无待审核事项。"
    assert (await north.say("数据缺失")).startswith("未能理解您的意思")
    assert town.stage(MILL).status == "accepted"


async def test_a_reason_is_never_cut(town: Town, mill: Person, north: Person) -> None:
    await mill.hand_over()
    await north.press("退回")
    await north.press("其他原因（手动输入）")
    assert await north.say("缺" * 501) == "退回原因请控制在 500 字以内。"
    assert town.stage(MILL).status == "submitted"
    await north.say("缺" * 500)
    assert town.stage(MILL).reason == "缺" * 500


async def test_what_the_municipality_returns_the_district_passes_down(
    town: Town, mill: Person, north: Person, city: Person
) -> None:
    town.stand_at("2024-02-22 10:00")
    await mill.hand_over()
    await north.press("通过")
    await city.press("退回")
    await city.press("材料不清晰")
    assert "退回单位：镜湖市生态环境局" in north.last
    assert town.stage(MILL, name="district").status == "returned"
    assert "原因" in await north.press("查看")
    await north.press("退回上一环节")
    await north.press("材料不清晰")
    assert "退回单位：北岭区生态环境局" in mill.last
    assert "请于2月27日（周二）24:00 前完成核实和更正" in mill.last
    assert (town.stage(MILL).status, town.stage(MILL, name="district").status) == ("returned", "open")
    await mill.press("上传更正材料")
    await mill.send_file(PDF + b"2")
    await mill.press("确认提交")
    await north.press("通过")
    assert town.stage(MILL, name="district").status == "submitted"


async def test_the_district_may_mend_what_came_back_itself(
    town: Town, mill: Person, north: Person, city: Person
) -> None:
    await mill.hand_over()
    await north.press("通过")
    await city.press("退回")
    await city.press("材料不规范")
    await north.press("已更正")
    assert "已登记提交" in await north.press("确认提交")
    assert town.stage(MILL, name="district").status == "submitted"


async def test_the_queue_leads_from_one_to_the_next(mill: Person, kiln: Person, north: Person) -> None:
    await mill.hand_over()
    await kiln.hand_over()
    told = await north.say("/review")
    assert told.startswith("待审核 2 项")
    await north.press("1. 白石窑发电有限公司")
    await north.press("通过")
    assert north.labels == ["下一项（待审核 1 项）"]
    assert "青禾磨坊热电有限公司" in await north.press("下一项（待审核 1 项）")
    await north.press("通过")
    assert north.labels == []


async def test_a_checkers_own_step_opens_what_was_handed_over(
    town: Town, mill: Person, north: Person
) -> None:
    await mill.hand_over()
    await north.say("/due")
    own = town.stage(MILL, name="district")
    await north.press_data(f"st:{own.id}")
    assert {"通过", "退回"} <= set(north.labels)


async def test_the_check_in_english(quay: Person, south: Person) -> None:
    await quay.hand_over()
    assert "Handed over for your check" in south.last
    await south.press("Return")
    told = await south.press("the material is incomplete")
    assert told.startswith("Returned for correction\nMonthly evidence Jan 2024")
    assert "Correction due by 24:00 on Thu 8 Feb" in told
