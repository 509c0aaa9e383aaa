"""By when a duty is due, asked in the chat: one's own steps, or what the law says, whoever it is for."""

import pytest

from tests.bot.conftest import Person, Town


@pytest.mark.parametrize(
    ("asked", "told", "not_told"),
    [
        (
            "石化企业什么时候报排放报告",
            ("非发电行业年度排放报告 2026年度</b> · 石化", "2027年9月15日"),
            ("钢铁",),
        ),
        ("非发电名录什么时候报", ("非发电行业重点排放单位名录 2027年度", "2027年1月31日"), ("10月15日",)),
        ("发电名录什么时候公布", ("发电行业重点排放单位名录 2027年度", "2026年10月31日"), ("非发电",)),
        ("清缴什么时候截止", ("年度配额清缴 2025年度", "2026年12月31日"), ("2021",)),
        ("质控计划什么时候交", ("数据质量控制计划 2028年度", "2027年10月15日"), ()),
        ("2026年度清缴期限公布了吗", ("年度配额清缴 2026年度", "尚未公布"), ("2025年度",)),
        ("钢铁月度存证期限", ("月度信息化存证 2026年11月", "2027年1月9日"), ("2026年12月20日",)),
    ],
)
async def test_a_duty_that_is_not_the_readers_own_is_answered_by_the_law(
    town: Town, city: Person, asked: str, told: tuple[str, ...], not_told: tuple[str, ...]
) -> None:
    town.stand_at("2026-12-11 10:00")
    answer = await city.say(asked)
    for each in told:
        assert each.replace("</b>", "") in answer
    for each in not_told:
        assert each not in answer


async def test_a_year_that_is_named_is_the_one_that_is_told(town: Town, kiln: Person) -> None:
    town.stand_at("2026-12-11 10:00")
    answer = await kiln.say("surrender deadline 2023")
    assert "2023 · power" in answer
    assert "Tue 31 Dec 2024" in answer
    assert "2025" not in answer


async def test_sectors_with_other_dates_are_told_apart(town: Town, city: Person) -> None:
    town.stand_at("2026-12-11 10:00")
    answer = await city.say("核查什么时候完成")
    assert "年度排放报告核查 2026年度 · 发电" in answer
    assert "钢铁、" in answer


async def test_ones_own_steps_come_first(mill: Person, north: Person) -> None:
    told = await mill.say("存证什么时候截止")
    assert told.startswith("您的期限\n")
    assert "月度信息化存证 2024年1月 · 上传上月数据及其支撑材料\n2月20日（周二）24:00 前" in told
    assert (await mill.press(mill.labels[0])).startswith("月度信息化存证 2024年1月")
    assert "2月25日（周日）24:00 前" in await north.say("存证什么时候截止")


async def test_another_sector_is_not_answered_with_ones_own(town: Town, mill: Person) -> None:
    town.stand_at("2026-12-11 10:00")
    assert "2027年1月9日" in await mill.say("钢铁存证什么时候截止")
    assert (await mill.say("石化清缴什么时候截止")).startswith("该事项不适用于石化行业。")


async def test_without_a_duty_it_is_ones_list(mill: Person) -> None:
    assert await mill.say("下一个期限是什么时候") == await mill.say("/due")


async def test_what_waits_for_an_event_is_told_in_general(mill: Person) -> None:
    assert "3个工作日内" in await mill.say("更正期限是几天")


async def test_the_limit_of_an_order_is_said_to_be_the_districts(town: Town, city: Person) -> None:
    town.stand_at("2026-12-11 10:00")
    assert "按责令的期限完成整改，由作出责令或处罚的区县生态环境局明确" in await city.say("整改期限是多久")


async def test_how_much_ccer_and_which_factor(town: Town, mill: Person) -> None:
    told = await mill.say("CCER能用多少")
    assert told.startswith("国家核证自愿减排量抵销")
    assert "不超过" in told
    assert "5" in told
    town.stand_at("2024-11-01 10:00")
    factor = await mill.say("电网排放因子是多少")
    assert factor.startswith("排放报告适用的规范与参数")
    assert "2023年度" in factor
    assert "tCO" in factor
    assert "2022年度" in await mill.say("2022年电网排放因子是多少")


async def test_whether_the_target_is_met_is_in_the_summary(city: Person) -> None:
    assert await city.say("95%目标完成了吗") == await city.say("总体进度")
