"""What must be kept, as a unit and an inspector ask it: the months, the last day, and what may be let go."""

import pytest

from storage.database import Session
from storage.models import Organisation
from tests.bot.conftest import MILL, QUAY, Person, Town

NOT_YOURS = "该事项不在您的查看或办理范围内。"


@pytest.mark.parametrize("asked", ["/keep", "留存", "煤样要保存多久", "留样能不能处置", "煤样影像保存到几号"])
async def test_a_unit_is_told_what_to_keep_however_it_asks(mill: Person, asked: str) -> None:
    told = await mill.say(asked)
    assert told.startswith(
        "留存要求（2024年2月5日）\n青禾磨坊热电有限公司\n\n影像资料、煤样保存\n须继续保存、随时备查："
    )
    assert (
        "· 月缩分煤样留存：2023年9月至2024年2月，共 6 个月\n· 煤样全程影像记录：2024年1月、2024年2月" in told
    )
    assert "2023年9月：保存至2024年9月30日\n" in told
    assert "2024年2月：保存至2025年2月28日\n目前没有可以处置的材料。\n依据：渝环规〔2023〕2号 二(六)" in told


async def test_the_last_day_and_the_day_after(town: Town, kiln: Person) -> None:
    town.stand_at("2024-09-30 23:59")
    told = await kiln.say("/keep")
    assert "Sep 2023: through 30 Sep 2024" in told
    assert "Nothing may be disposed of yet." in told
    town.stand_at("2024-10-01 00:00")
    told = await kiln.say("/keep")
    assert "Sep 2023: through" not in told
    assert (
        "May be disposed of, which nobody requires:\n· Portion of the monthly coal sample: Sep 2023\n"
        "the latest of them, Sep 2023, since 1 Oct 2024" in told
    )


async def test_a_unit_without_coal_keeps_nothing(quay: Person) -> None:
    assert (await quay.say("/keep")).endswith("现行通知未要求该单位留存材料。")


async def test_records_are_kept_of_every_fuel_once_the_regulation_is_in_force(
    town: Town, quay: Person, north: Person
) -> None:
    town.stand_at("2026-06-01 09:00")
    told = await quay.say("/keep")
    assert (
        "原始记录和管理台账保存\n须继续保存、随时备查：\n· 原始记录和管理台账保存：2023年度至2026年度，共 4 期\n"
        in told
    )
    assert "2024年度：保存至2029年12月31日\n" in told
    assert "依据：国令第775号 第十一条第三款 †\n\n†" in told
    told = await north.say("/keep")
    assert "原始记录和管理台账保存：2023年度至2026年度" in told
    assert "依据：渝环规〔2023〕2号 二(六)" in told
    assert "依据：国令第775号 第十一条第三款 †" in told


async def test_a_unit_whose_fuel_nobody_entered_is_told_so(town: Town, quay: Person, south: Person) -> None:
    def forget_the_fuel(session: Session) -> None:
        session.query(Organisation).filter_by(code=QUAY).update({"fuel": None})

    town.database.write(forget_the_fuel)
    assert "名册未登记该单位的燃料" in await quay.say("/keep")
    assert "The registry does not say what these burn: 南浦码头燃机有限公司" in await south.say("/keep")


async def test_an_inspector_is_told_unit_by_unit(north: Person, city: Person) -> None:
    told = await north.say("/keep")
    assert told.startswith(
        "可查验的留存材料（2024年2月5日）\n北岭区\n\n1. 白石窑发电有限公司\n月缩分煤样留存："
    )
    opened = await north.press("2. 青禾磨坊热电有限公司")
    assert "今日可要求该单位出示：\n· 月缩分煤样留存：2023年9月至2024年2月" in opened
    assert "南浦码头" not in await city.say("可以处置哪些煤样")


async def test_a_unit_is_named_after_the_command(north: Person) -> None:
    assert (await north.say("/keep 青禾")).startswith("留存要求（2024年2月5日）\n青禾磨坊热电有限公司")


async def test_nobody_sees_beyond_their_scope(town: Town, north: Person, quay: Person) -> None:
    assert "南浦码头" not in await north.say("/keep")
    await quay.say("/help")
    assert await quay.press_data(f"keep:0:{town.stage(MILL).subject_id}") == NOT_YOURS
    await north.say("/help")
    assert await north.press_data(f"keep:0:{town.stage(QUAY).subject_id}") == NOT_YOURS
