"""From the reminder to the receipt: files, confirmations, and what is not taken."""

import re
from base64 import b64decode
from hashlib import sha256

import pytest

from obligations.decisions import Status
from storage import evidence
from storage.database import Session
from storage.models import Event
from tests.bot.conftest import KILN, MILL, PDF, Person, Town

CODE = sha256(PDF).hexdigest()[:8]
PICTURE = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one pixel."""

JANUARY = "月度信息化存证 2024年1月"


def files_of(town: Town, unit: str, period: str = "2024-01") -> list[str]:
    stage = town.stage(unit, period)
    return town.database.read(lambda s: [file.name for file in evidence.of_stage(s, stage.id)])


async def test_a_reminder_leads_to_a_receipt_and_the_receipt_to_a_record(
    town: Town, mill: Person, north: Person
) -> None:
    await town.move_to("2024-02-09 09:30")
    assert mill.last.splitlines() == [
        "到期提醒 · 2月9日（周五）",
        "青禾磨坊热电有限公司",
        "",
        JANUARY,
        "2月20日（周二）24:00 前 · 还剩 11 天 · 第 1 次提醒",
        "依据：渝环规〔2023〕2号 二(二)",
    ]
    assert mill.labels == ["上传材料", "已提交", "办理中", "为什么"]
    asked = await mill.press("上传材料")
    assert asked.startswith(f"请发送下列事项的材料或截图：\n{JANUARY}")
    assert (await mill.send_file()).splitlines() == [
        "材料已收到",
        f"存证回执.pdf · {len(PDF)} B · 校验码：{CODE}",
        "接收时间：2月9日 09:30",
        f"事项：{JANUARY}",
        "审核单位：北岭区生态环境局",
        "",
        "可继续发送材料，或确认提交。",
    ]
    assert mill.labels == ["确认提交"]
    assert (await mill.press("确认提交")).splitlines() == [
        "已登记提交",
        JANUARY,
        "青禾磨坊热电有限公司",
        "时间：2月9日 09:30",
        "已附 1 份材料",
        f"存证回执.pdf · {len(PDF)} B · 校验码：{CODE}",
        "审核单位：北岭区生态环境局",
        "审核期限：2月14日（周三）24:00 前 · 还剩 5 天",
    ]
    assert mill.toasts[-1] == "已登记"
    assert town.stage(MILL).status == "submitted"
    assert "已提交，请审核" in north.last
    assert "环节：上传上月数据及其支撑材料（青禾磨坊热电有限公司）" in north.last
    assert {"通过", "退回"} <= set(north.labels)


async def test_the_same_in_english(town: Town, kiln: Person) -> None:
    await town.move_to("2024-02-09 09:30")
    assert "by 24:00 on Tue 20 Feb · 11 days left · reminder no. 1" in kiln.last
    await kiln.press("Upload")
    told = await kiln.send_file(name="receipt.pdf")
    assert told.startswith(f"File received\nreceipt.pdf · {len(PDF)} B · Check code: {CODE}")
    assert "Checked next by: 北岭区生态环境局" in told
    told = await kiln.press("Confirm submission")
    assert told.startswith("Recorded as submitted\nMonthly evidence Jan 2024")
    assert "Their date: by 24:00 on Wed 14 Feb · 5 days left" in told


async def test_a_submission_needs_no_file_but_is_said_back_first(town: Town, mill: Person) -> None:
    await mill.say("/due")
    await mill.press(f"1. {JANUARY}")
    told = await mill.press("已提交")
    assert told.startswith("以下事项将登记为“已提交”：")
    assert "未附材料" in told
    assert town.stage(MILL).status == "open"
    await mill.press("取消")
    assert mill.last == "已取消，未作登记。"
    assert town.stage(MILL).status == "open"
    await mill.press("已提交")
    assert "已登记提交" in await mill.press("确认提交")
    assert town.stage(MILL).status == "submitted"


async def test_a_late_submission_says_so(town: Town, mill: Person) -> None:
    town.stand_at("2024-02-21 00:00")
    assert "时间：2月21日 00:00 · 逾期提交" in await mill.hand_over()


async def test_the_last_minute_of_the_day_is_in_time(town: Town, mill: Person) -> None:
    town.stand_at("2024-02-20 23:59")
    assert "逾期" not in await mill.hand_over()


async def test_what_is_added_after_a_submission_does_not_date_it_anew(
    town: Town, mill: Person, north: Person
) -> None:
    await mill.hand_over()
    handed_over = town.stage(MILL)
    town.stand_at("2024-02-22 10:00")
    await mill.press_data(f"st:{handed_over.id}")
    await mill.press("补充材料")
    told = await mill.send_file(b"%PDF-1.4 more", "补充.pdf")
    assert told.endswith("已补充至已提交的事项，无需再次确认。")
    assert mill.labels == []
    assert files_of(town, MILL) == ["存证回执.pdf", "补充.pdf"]
    assert town.stage(MILL).submitted_at == handed_over.submitted_at
    # The check may have begun before: its button is stale now, and the checker is told again.
    await north.press_data(f"acc:{handed_over.id}:{handed_over.version}")
    assert town.stage(MILL).status is Status.SUBMITTED
    assert sum(text.startswith("已提交，请审核") for text in north.messages) == 2
    await north.press("通过")
    assert town.stage(MILL).status is Status.ACCEPTED


async def test_what_is_handed_over_is_not_handed_over_again(town: Town, mill: Person) -> None:
    await mill.hand_over()
    handed_over = town.stage(MILL)
    town.stand_at("2024-02-22 10:00")
    await mill.press_data(f"sub!:{handed_over.id}:{handed_over.version}")
    now = town.stage(MILL)
    assert (now.submitted_at, now.version) == (handed_over.submitted_at, handed_over.version)


async def test_the_same_file_twice_is_kept_once(town: Town, mill: Person) -> None:
    await mill.say("/due")
    await mill.press(f"1. {JANUARY}")
    await mill.press("上传材料")
    await mill.send_file()
    assert (await mill.send_file(name="改名.pdf")).startswith("该材料此前已收到\n存证回执.pdf")
    assert files_of(town, MILL) == ["存证回执.pdf"]


async def test_a_file_without_a_word_asks_which_duty(town: Town, mill: Person) -> None:
    assert await mill.send_file() == "收到 1 份材料，请选择所属事项："
    assert mill.labels[:2] == [JANUARY, "月度信息化存证 2024年2月"]
    assert files_of(town, MILL) == []
    assert (await mill.press("月度信息化存证 2024年2月")).startswith("材料已收到\n存证回执.pdf")
    assert files_of(town, MILL, "2024-02") == ["存证回执.pdf"]
    assert await mill.press(JANUARY) != ""
    assert files_of(town, MILL) == []
    assert mill.toasts[-1] == "该事项已有变化，本次操作未登记，请重新打开查看。"


async def test_a_file_without_a_word_can_be_discarded(town: Town, mill: Person) -> None:
    await mill.send_file()
    assert await mill.press("都不是，不保留") == "已取消，未作登记。"
    assert files_of(town, MILL) == []


async def test_a_caption_that_names_one_duty_is_enough(town: Town, mill: Person) -> None:
    assert (await mill.send_file(caption="1月存证")).startswith("材料已收到")
    assert files_of(town, MILL) == ["存证回执.pdf"]
    assert town.stage(MILL).status == "open"


async def test_a_caption_that_fits_several_duties_is_asked_about(mill: Person) -> None:
    assert await mill.send_file(caption="存证") == "收到 1 份材料，请选择所属事项："


async def test_an_album_is_asked_about_once_and_kept_whole(town: Town, mill: Person) -> None:
    before = len(mill.received)
    album = [(f"第{n}页.pdf", PDF + b"%" * n) for n in range(1, 4)]
    await mill.send_files(album)
    assert len(mill.received) == before + 1
    told = await mill.press(JANUARY)
    assert told.count("材料已收到") == 3
    assert files_of(town, MILL) == ["第1页.pdf", "第2页.pdf", "第3页.pdf"]


async def test_an_album_for_a_known_duty_gets_a_receipt_for_each_file(mill: Person) -> None:
    await mill.say("/due")
    await mill.press(f"1. {JANUARY}")
    await mill.press("上传材料")
    before = len(mill.received)
    await mill.send_files([("一.pdf", PDF + b"1"), ("二.pdf", PDF + b"2")])
    assert [text.splitlines()[0] for text in mill.messages[before:]] == ["材料已收到", "材料已收到"]
    assert "已附 2 份材料" in await mill.press("确认提交")


async def test_a_photo_is_taken_as_well(town: Town, mill: Person) -> None:
    await mill.send_files([("照片.png", PICTURE)], as_documents=False)
    await mill.press(JANUARY)
    assert files_of(town, MILL) == ["file.png"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.4 " + b"0" * 1024 * 1024, "文件超过 1 MB，请拆分或压缩后重新发送。"),
        (
            b"MZ\x90\x00" + bytes(200),
            "该类型文件无法审核，请发送 PDF、图片、Word、Excel、ZIP、MP4、TXT 或 CSV 文件。",
        ),
    ],
    ids=["too large", "a program"],
)
async def test_what_cannot_be_checked_is_refused_kindly(
    town: Town, mill: Person, content: bytes, said: str
) -> None:
    await mill.say("/due")
    await mill.press(f"1. {JANUARY}")
    await mill.press("上传材料")
    assert await mill.send_file(content, "回执.pdf") == said
    assert files_of(town, MILL) == []
    assert (await mill.send_file()).startswith("材料已收到")


async def test_a_file_name_is_for_people_only(town: Town, mill: Person) -> None:
    told = await mill.send_file(name="../../<b>etc</b>\u202egpj.exe", caption="1月存证")
    assert "\u202e" not in told
    [name] = files_of(town, MILL)
    assert "/" not in name
    assert name in told


async def test_a_file_that_telegram_hands_out_late_is_still_taken(town: Town, mill: Person) -> None:
    await town.fault("500", "getFile", count=2)
    assert (await mill.send_file(caption="1月存证")).startswith("材料已收到")


async def test_a_file_that_telegram_does_not_hand_out_is_asked_for_again(town: Town, mill: Person) -> None:
    await town.fault("400", "getFile")
    assert await mill.send_file() == "文件未能接收，请稍后重新发送。"


async def test_a_question_of_yesterday_is_forgotten(town: Town, mill: Person) -> None:
    await mill.say("/due")
    await mill.press(f"1. {JANUARY}")
    await mill.press("上传材料")
    town.stand_at("2024-02-06 10:01")
    assert await mill.send_file() == "收到 1 份材料，请选择所属事项："


async def test_a_file_after_all_is_done_is_answered_in_words(town: Town, mill: Person, north: Person) -> None:
    await mill.hand_over()
    await mill.press_data(f"st:{town.stage(MILL).id}")
    await mill.press("补充材料")
    await north.press("通过")
    assert await mill.send_file(PDF + b"late") == "该事项已有变化，本次操作未登记，请重新打开查看。"
    assert (await mill.send_file(PDF + b"late")).startswith("收到 1 份材料")


async def test_done_lists_what_can_be_recorded(mill: Person) -> None:
    for asked in ("/done", "已经上传了"):
        assert (await mill.say(asked)).startswith("待办 2 项")


async def test_working_on_it_pauses_the_reminders_and_moves_no_date(town: Town, mill: Person) -> None:
    await town.move_to("2024-02-19 09:30")
    told = await mill.press("办理中")
    assert told.startswith("正在办理，暂停提醒几天？")
    assert "期限不变" in told
    told = await mill.press("1 天")
    assert told.splitlines() == [
        "已记录。2月21日（周三）起恢复提醒。",
        JANUARY,
        "请注意办理期限：2月20日（周二）24:00 前。",
    ]
    heard = len(mill.received)
    await town.move_to("2024-02-20 09:30")
    assert len(mill.received) == heard
    await town.move_to("2024-02-21 09:30")
    assert "已逾期 1 天" in mill.last
    assert town.stage(MILL).act_by_on == town.stage(KILN).act_by_on


@pytest.mark.parametrize("days", ["0", "31", "-1", "x"])
async def test_a_pause_beyond_a_month_is_not_to_be_had(town: Town, mill: Person, days: str) -> None:
    await mill.say("/due")
    await mill.press_data(f"work!:{town.stage(MILL).id}:1:{days}")
    assert town.stage(MILL).paused_until is None


async def test_every_step_stands_in_the_trail_with_who_did_it(town: Town, mill: Person) -> None:
    await mill.hand_over()
    stage = town.stage(MILL)

    def kinds(session: Session) -> list[tuple[str, int | None]]:
        rows = session.query(Event).filter_by(stage_id=stage.id).order_by(Event.id)
        return [(event.kind, event.contact_id) for event in rows]

    assert town.database.read(kinds) == [("evidence", 1), ("submit", 1)]
    assert re.fullmatch("[0-9a-f]{64}", town.database.read(lambda s: evidence.get(s, 1).sha256))
