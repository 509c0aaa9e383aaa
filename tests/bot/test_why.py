"""Why a date is what it is, in the chat: the same reasons as on the command line, from what really happened."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

from bot.cli import main
from jobs import materialise
from obligations.authority import RulingKind
from obligations.decisions import Status
from obligations.periods import Period
from obligations.terms import Occasion
from storage import occurrences, rulings
from storage.database import Session
from storage.models import Stage
from storage.ruling_effects import Order
from tests.bot.conftest import KILN, MILL, QUAY, Person, Town

NOT_YOURS = "该事项不在您的查看或办理范围内。"


def reasons(*arguments: str) -> list[str]:
    """Return the reasons that the command line gives, in Chinese."""
    result = CliRunner().invoke(main, ["--lang", "zh-hans", "due", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    told: list[str] = json.loads(result.stdout)["reasons"]
    return told


def points(told: str) -> list[str]:
    """Return the reasons of an answer in the chat, the first ones; what follows a gap is something else."""
    first = told[told.index("\n· ") :].split("\n\n", maxsplit=1)[0]
    return [line.removeprefix("· ") for line in first.strip().splitlines()]


async def why(town: Town, who: Person, unit: str, name: str, period: str = "2024-01") -> str:
    await who.say("/help")
    return await who.press_data(f"why:{town.stage(unit, period, name=name).id}")


@pytest.fixture(autouse=True)
def law_that_ships(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path_factory.mktemp("data")))
    monkeypatch.delenv("DUEWATCH_NOW", raising=False)


async def test_every_step_is_explained_as_on_the_command_line(
    town: Town, mill: Person, north: Person, city: Person
) -> None:
    told = await why(town, mill, MILL, "unit")
    assert told.startswith(
        "为什么是这一天\n月度信息化存证 2024年1月 · 上传上月数据及其支撑材料\n青禾磨坊热电有限公司\n"
    )
    assert "\n\n期限：2024年2月20日（周二）24:00 前\n" in told
    assert points(told) == reasons("monthly-evidence", "unit", "2024-01")
    assert "依据：渝环规〔2023〕2号 二(二)\n原文：“" in told
    waiting = await why(town, north, MILL, "district")
    assert points(waiting) == reasons("monthly-evidence", "district", "2024-01")
    assert points(await why(town, city, MILL, "municipal")) == reasons(
        "monthly-evidence", "municipal", "2024-01"
    )


async def test_the_hand_over_counts_and_after_a_return_the_last_one(
    town: Town, mill: Person, north: Person
) -> None:
    town.stand_at("2024-02-07 09:00")
    await mill.hand_over()
    told = await why(town, north, MILL, "district")
    assert points(told) == reasons("monthly-evidence", "district", "2024-01", "--submitted", "2024-02-07")
    assert "2024年2月12日" in told
    await north.say("/review")
    await north.press("1. 青禾磨坊热电有限公司")
    await north.press("退回")
    await north.press("材料不完整")
    returned = await why(town, mill, MILL, "unit")
    assert "2024年2月7日退回更正：材料不完整" in returned
    assert "虽为周末，但属调休上班，计入：2月18日。" in returned
    assert "现按此办理：2月18日（周日）24:00 前" in returned
    again = await why(town, north, MILL, "district")
    assert points(again) == reasons("monthly-evidence", "district", "2024-01")
    town.stand_at("2024-02-09 09:00")
    await mill.hand_over()
    told = await why(town, north, MILL, "district")
    twice = ("--submitted", "2024-02-07", "--submitted", "2024-02-09")
    assert points(told) == reasons("monthly-evidence", "district", "2024-01", *twice)


async def test_a_late_hand_over_excuses_and_names_the_target_that_counts(
    town: Town, quay: Person, south: Person
) -> None:
    town.stand_at("2024-02-27 09:00")
    await quay.hand_over()
    told = await why(town, south, QUAY, "district")
    assert "Internal target:" in told
    assert "It counts now: " in told
    assert "3 Mar" in told


async def test_the_card_leads_to_the_reason_and_back(mill: Person) -> None:
    await mill.say("/due")
    card = await mill.press("1. 月度信息化存证 2024年1月")
    assert (await mill.press("为什么是这一天")).startswith("为什么是这一天\n月度信息化存证 2024年1月")
    assert mill.labels == ["返回该事项"]
    assert await mill.press("返回该事项") == card


async def test_a_reminder_leads_to_the_reason(town: Town, mill: Person) -> None:
    await town.move_to("2024-02-09 09:30")
    assert mill.last.startswith("到期提醒 · 2月9日")
    assert (await mill.press("为什么")).startswith("为什么是这一天\n月度信息化存证 2024年1月")


def decree(town: Town, order: Order) -> None:
    """Let the administrator decide for the municipality."""

    def work(session: Session) -> None:
        rulings.decree(
            session,
            town.installation.law,
            order,
            reason="平台检修",
            document="镜环函〔2024〕8号",
            by=None,
            now=town.clock.now(),
        )

    town.database.write(work)


async def test_an_extension_says_what_it_was_and_by_which_document(town: Town, mill: Person) -> None:
    decree(
        town,
        Order(
            kind=RulingKind.EXTEND,
            rule="monthly-evidence",
            stage="unit",
            period=Period.month(2024, 1),
            scope_id=town.stage(MILL).subject_id,
            until=date(2024, 2, 27),
        ),
    )
    told = await why(town, mill, MILL, "unit")
    assert points(told) == reasons("monthly-evidence", "unit", "2024-01")
    (moved,) = [line for line in told.splitlines() if "镜环函〔2024〕8号" in line]
    assert "2024年2月20日" in moved
    assert "2024年2月27日" in moved
    assert "平台检修" in moved
    assert "现按此办理：2月27日（周二）24:00 前" in told


async def test_what_was_let_go_says_by_which_document(town: Town, mill: Person) -> None:
    scope = town.stage(MILL).subject_id
    decree(
        town,
        Order(kind=RulingKind.WAIVE, rule="monthly-evidence", period=Period.month(2024, 1), scope_id=scope),
    )
    told = await why(town, mill, MILL, "unit")
    (waived,) = [line for line in told.splitlines() if "镜环函〔2024〕8号" in line]
    assert "平台检修" in waived


async def test_an_announced_date_is_explained_as_on_the_command_line(town: Town, city: Person) -> None:
    scope = town.stage(MILL, name="municipal").actor_id

    def waiting(session: Session) -> int:
        return session.query(Stage).filter_by(rule="pre-allocation", period="2023").one().id

    stage_id = town.database.read(waiting)
    await city.say("/help")
    told = await city.press_data(f"why:{stage_id}")
    assert points(told) == reasons("pre-allocation", "municipal", "2023")
    decree(
        town,
        Order(
            kind=RulingKind.SET_DATE,
            rule="pre-allocation",
            stage="municipal",
            period=Period.year(2023),
            scope_id=scope,
            until=date(2024, 3, 29),
        ),
    )
    await town.settle()
    told = await city.press_data(f"why:{stage_id}")
    assert points(told) == reasons("pre-allocation", "municipal", "2023", "--announced", "2024-03-29")
    assert "镜环函〔2024〕8号" in told


async def test_what_arose_from_an_event_counts_from_its_day(town: Town, mill: Person) -> None:
    unit = town.stage(MILL).subject_id

    def close(session: Session) -> tuple[int, str]:
        occurrences.record(
            session,
            town.installation.law,
            occasion=Occasion.LICENCE_CANCELLATION,
            subject_id=unit,
            happened_on=date(2024, 3, 1),
            note="拟注销营业执照",
            document="",
            by=None,
            now=town.clock.now(),
        )
        stage = session.query(Stage).filter_by(rule="closing-unit-verification", subject_id=unit).one()
        return stage.id, stage.period

    stage_id, period = town.database.write(close)
    await town.settle()
    await mill.say("/help")
    told = await mill.press_data(f"why:{stage_id}")
    assert points(told) == reasons("closing-unit-verification", "unit", period, "--found", "2024-03-01")
    assert "2024年2月29日" in told


@pytest.mark.parametrize("asked", ["为什么是25号", "为什么是25日", "why 25th", "Why is it the 25th?"])
async def test_a_day_asked_about_is_looked_for_among_the_readers_dates(north: Person, asked: str) -> None:
    await north.say(asked)
    assert any(label.startswith("2月25日 · 月度信息化存证 2024年1月") for label in north.labels)
    told = await north.press(next(label for label in north.labels if label.startswith("2月25日")))
    assert points(told) == reasons("monthly-evidence", "district", "2024-01")


@pytest.mark.parametrize("asked", ["为什么1月存证是20号", "为什么是2月20日", "为什么是2024-02-20"])
async def test_one_date_that_is_meant_is_explained_at_once(mill: Person, asked: str) -> None:
    told = await mill.say(asked)
    assert told.startswith("为什么是这一天\n月度信息化存证 2024年1月 · 上传上月数据及其支撑材料")


@pytest.mark.parametrize("asked", ["存证的期限依据", "月度存证是怎么算的"])
async def test_without_a_date_the_rule_is_told_in_general(mill: Person, asked: str) -> None:
    told = await mill.say(asked)
    assert told.startswith("月度信息化存证\n\n渝环规〔2023〕2号 · 发电 · ")
    assert "· 重点排放单位：上传上月数据及其支撑材料，每月结束后20个自然日内（二(二)）" in told
    assert told.endswith("请问是哪一个日期？")
    assert any(label.startswith("2月20日 · 月度信息化存证 2024年1月") for label in mill.labels)


async def test_a_unit_is_told_of_its_own_sector_only_and_nobody_of_a_notice_to_come(
    town: Town, mill: Person, city: Person
) -> None:
    assert "2026" not in await city.say("年度报告的依据")
    town.stand_at("2026-03-02 10:00")
    told = await mill.say("年度报告的依据")
    assert "渝环规〔2023〕2号 · 发电 · " in told
    assert "钢铁" not in told
    assert "钢铁、水泥、铝冶炼" in await city.say("年度报告的依据")


async def test_what_nobody_knows_is_asked_back(mill: Person) -> None:
    assert (await mill.say("为什么是31号")).startswith("请问是哪一事项？")


async def test_a_report_names_what_it_is_done_by(town: Town, mill: Person) -> None:
    town.stand_at("2024-11-01 10:00")
    await materialise.run(town.assistant.context, town.clock.now())
    stage = town.stage(MILL, "2024", rule="annual-report", name="unit")
    await mill.say("/help")
    told = await mill.press_data(f"why:{stage.id}")
    assert (
        "本年度报告适用：\n· 核算与报告规范：《企业温室气体排放核算与报告指南 发电设施》（环办气候函〔2022〕485号）"
        in told
    )
    assert "环办气候函〔2022〕485号" in await mill.press("返回该事项")


async def test_nobody_is_told_of_what_they_may_not_see(town: Town, mill: Person, south: Person) -> None:
    kiln = town.stage(KILN).id
    await mill.say("/help")
    assert await mill.press_data(f"why:{kiln}") == NOT_YOURS
    await south.say("/help")
    assert "That is not within" in await south.press_data(f"why:{kiln}")
    assert "白石窑" not in await mill.say("为什么是20号")


def order(town: Town, kind: RulingKind, until: date | None = None) -> Order:
    """Return an order about the mill's first step of January."""
    return Order(
        kind=kind,
        rule="monthly-evidence",
        stage="unit",
        period=Period.month(2024, 1),
        scope_id=town.stage(MILL).subject_id,
        until=until,
    )


async def returned(town: Town, mill: Person, north: Person) -> None:
    """Hand over on Monday 5 February and have it returned the same day: three working days, to the 8th."""
    town.stand_at("2024-02-05 09:00")
    await mill.hand_over()
    await north.say("/review")
    await north.press("1. 青禾磨坊热电有限公司")
    await north.press("退回")
    await north.press("材料不完整")


def in_order(told: str, *parts: str) -> None:
    """Check that every part is said, one after the other."""
    at = [told.find(part) for part in parts]
    assert -1 not in at, told
    assert at == sorted(at), told


async def test_the_correction_of_what_never_came_counts_from_when_it_was_found(
    town: Town, mill: Person
) -> None:
    await town.move_to("2024-02-21 10:00")
    told = await why(town, mill, MILL, "unit")
    assert points(told) == reasons("monthly-evidence", "unit", "2024-01")
    in_order(
        told,
        "未按期提交：2024年2月21日认定为不及时",
        "· 自2024年2月21日（周三）发现起3个工作日内",
        "至2024年2月26日（周一）",
        "· 计入的工作日：2月22日、2月23日、2月26日",
        "· 依据：渝环规〔2023〕2号 二(七)",
        "现按此办理：",
        "更正期限 2月26日（周一）24:00 前",
    )
    await mill.hand_over()
    assert "未按期提交" not in await why(town, mill, MILL, "unit")


async def test_what_was_returned_and_then_put_off_says_both(town: Town, mill: Person, north: Person) -> None:
    await returned(town, mill, north)
    town.stand_at("2024-02-06 09:00")
    decree(town, order(town, RulingKind.EXTEND, date(2024, 2, 29)))
    await town.settle()
    told = await why(town, mill, MILL, "unit")
    in_order(
        told,
        "2024年2月5日退回更正：材料不完整",
        "至2024年2月8日（周四）",
        "依据：渝环规〔2023〕2号 二(七)",
        "2024年2月29日（周四）",
        "现按此办理：2月29日（周四）24:00 前",
        "原期限 2月8日",
    )
    decree(town, order(town, RulingKind.EXTEND, date(2024, 3, 5)))
    await town.settle()
    assert "至2024年2月8日（周四）" in await why(town, mill, MILL, "unit")


async def test_what_was_put_off_and_then_returned_says_so_in_this_order(
    town: Town, mill: Person, north: Person
) -> None:
    town.stand_at("2024-02-05 08:00")
    decree(town, order(town, RulingKind.EXTEND, date(2024, 2, 29)))
    await town.settle()
    await returned(town, mill, north)
    in_order(
        await why(town, mill, MILL, "unit"),
        "镜环函〔2024〕8号",
        "2024年2月5日退回更正：材料不完整",
        "现按此办理：2月8日（周四）24:00 前",
    )


async def test_what_is_handed_over_has_no_date_that_counts_now(
    town: Town, mill: Person, north: Person
) -> None:
    await returned(town, mill, north)
    town.stand_at("2024-02-08 09:30")
    await mill.hand_over()
    told = await why(town, mill, MILL, "unit")
    in_order(told, "2024年2月5日退回更正：材料不完整", "至2024年2月8日（周四）", "已提交：2月8日 09:30")
    assert "现按此办理" not in told


async def test_what_was_put_off_and_then_let_go_names_both(town: Town, mill: Person) -> None:
    town.stand_at("2024-02-05 09:00")
    decree(town, order(town, RulingKind.EXTEND, date(2024, 2, 29)))
    await town.settle()
    town.stand_at("2024-02-06 10:00")
    decree(town, order(town, RulingKind.WAIVE))
    await town.settle()
    told = await why(town, mill, MILL, "unit")
    in_order(
        told,
        "2024年2月20日",
        "2024年2月29日（周四）",
        "依据镜环函〔2024〕8号免予办理：平台检修",
        "已于2月6日 10:00免除，无须再办理",
    )
    assert told.count("镜环函〔2024〕8号") == 2
    assert "现按此办理" not in told


async def test_what_went_without_a_document_says_when_and_why(town: Town, mill: Person) -> None:
    stage_id = town.stage(MILL).id

    def go(session: Session) -> None:
        stage = session.get_one(Stage, stage_id)
        stage.status, stage.reason, stage.decided_at = Status.WAIVED, "taken_over", town.clock.now()

    town.stand_at("2024-02-06 10:00")
    town.database.write(go)
    told = await why(town, mill, MILL, "unit")
    assert told.count("已于2月6日 10:00免除，无须再办理\n原因：由后发文件规定的事项取代") == 1, told
