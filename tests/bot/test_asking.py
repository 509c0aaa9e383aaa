"""Questions by command, by button and by sentence, within the reader's scope and no further."""

import re

import pytest

from storage import contacts, organisations
from storage.database import Session
from tests.bot.conftest import KILN, MILL, NORTH, QUAY, Person, Town

MILL_NAME, KILN_NAME, QUAY_NAME = "青禾磨坊热电有限公司", "白石窑发电有限公司", "南浦码头燃机有限公司"
PAST_DUE = "2024-02-21 10:00"
NOT_YOURS = "该事项不在您的查看或办理范围内。"


@pytest.mark.parametrize("asked", ["/overdue", "谁逾期了", "who is overdue"])
async def test_who_is_overdue_is_answered_however_it_is_asked(town: Town, city: Person, asked: str) -> None:
    town.stand_at(PAST_DUE)
    told = await city.say(asked)
    assert told.startswith("企业 3 家逾期，共 3 项\n镜湖市生态环境局 · 截至 2月21日 10:00")
    assert f"1. {QUAY_NAME} · 南浦区\n月度信息化存证 2024年1月\n期限 2月20日 · 已逾期 1 天" in told
    assert {MILL_NAME, KILN_NAME, QUAY_NAME} <= set(re.findall(r"\d\. (\w+)", told))


async def test_who_is_overdue_in_english(town: Town, south: Person) -> None:
    town.stand_at(PAST_DUE)
    told = await south.say("who is overdue")
    assert told.startswith("1 unit overdue, 1 duty in all\n南浦区, as of 21 Feb 10:00")
    assert "was due 20 Feb · 1 day overdue" in told


async def test_on_the_last_day_nobody_is_overdue(town: Town, city: Person) -> None:
    town.stand_at("2024-02-20 23:59")
    assert (await city.say("谁逾期了")).startswith("目前无逾期事项。")


@pytest.mark.parametrize(("who", "named"), [("mill", {MILL_NAME}), ("north", {MILL_NAME, KILN_NAME})])
async def test_nobody_sees_beyond_their_scope(
    town: Town, request: pytest.FixtureRequest, who: str, named: set[str]
) -> None:
    town.stand_at(PAST_DUE)
    reader: Person = request.getfixturevalue(who)
    for asked in ("/overdue", "/summary", "/status 有限公司", "/status", "/due", "/review", "全市情况怎么样"):
        told = await reader.say(asked)
        seen = {name for name in (MILL_NAME, KILN_NAME, QUAY_NAME) if name in told + "".join(reader.labels)}
        assert seen <= named, asked


@pytest.mark.parametrize("asked", ["南浦区谁逾期了", "南浦区情况怎么样"])
async def test_another_district_is_for_the_municipality_to_ask_about(
    town: Town, north: Person, asked: str
) -> None:
    town.stand_at(PAST_DUE)
    told = await north.say(asked)
    assert QUAY_NAME not in told


async def test_the_municipality_narrows_the_list_to_a_district_in_place(town: Town, city: Person) -> None:
    town.stand_at(PAST_DUE)
    await city.say("/overdue")
    count = len(city.received)
    assert await city.press("按区县查看") == "各区县逾期情况："
    assert city.labels == ["北岭区 · 2", "南浦区 · 1", "全市"]
    told = await city.press("南浦区 · 1")
    assert told.startswith("企业 1 家逾期，共 1 项\n南浦区")
    assert MILL_NAME not in told
    await city.press("按区县查看")
    assert (await city.press("全市")).startswith("企业 3 家逾期")
    assert len(city.received) == count


async def test_a_long_list_is_turned_page_by_page_in_place(town: Town, city: Person) -> None:
    for day in ("2024-03-01", "2024-04-01", "2024-05-01", "2024-05-21"):
        await town.move_to(f"{day} 10:00")
    told = await city.say("/overdue")
    total = int(re.search(r"共 (\d+) 项", told)[1])  # type: ignore[index]  # the pattern is there or the test fails
    assert total > 8
    assert "‹ 上一页" not in city.labels
    seen = re.findall(r"^(\d+)\. ", told, re.MULTILINE)
    count = len(city.received)
    while "下一页 ›" in city.labels:
        seen += re.findall(r"^(\d+)\. ", await city.press("下一页 ›"), re.MULTILINE)
    assert seen == [str(number) for number in range(1, total + 1)]
    while "‹ 上一页" in city.labels:
        await city.press("‹ 上一页")
    assert city.last == told
    assert len(city.received) == count


async def test_a_page_beyond_the_end_shows_the_first(town: Town, city: Person) -> None:
    town.stand_at(PAST_DUE)
    await city.say("/overdue")
    assert (await city.press_data("od~:5000:0")).startswith("企业 3 家逾期，共 3 项")
    assert (await city.press_data("rv~:5000")).startswith("暂无待审核事项。")
    assert (await city.press_data("due~:5000")).startswith("待办")


async def test_a_button_of_a_digest_leaves_the_digest_standing(town: Town, north: Person) -> None:
    await town.move_to("2024-02-06 09:30")
    digest = north.last
    assert digest.startswith("每日督办通报 · 2月6日（周二）\n北岭区\n\n无逾期事项，无待审核事项，一切正常。")
    await north.press("谁逾期了")
    assert digest in north.messages


@pytest.mark.parametrize(
    "asked", ["/status 青禾", "/status@duewatch_town_bot 青禾磨坊", "青禾磨坊热电有限公司交了吗"]
)
async def test_a_unit_is_found_by_part_of_its_name(north: Person, asked: str) -> None:
    told = await north.say(asked)
    assert told.startswith(f"{MILL_NAME}\n截至 2月5日 10:00")
    assert "1. 月度信息化存证 2024年1月\n2月20日（周二）24:00 前 · 还剩 15 天" in told


async def test_several_units_of_a_name_are_offered_and_none_is_guessed(north: Person) -> None:
    assert await north.say("/status 有限公司") == "名称含“有限公司”的单位有多家，请选择："
    assert set(north.labels) == {MILL_NAME, KILN_NAME}
    assert (await north.press(KILN_NAME)).startswith(KILN_NAME)


async def test_a_unit_nobody_knows_is_answered_with_what_to_try(north: Person) -> None:
    assert await north.say("/status <i>无此厂</i>") == (
        "所辖范围内没有名称含“<i>无此厂</i>”的单位，请换几个字再试。"
    )
    assert await north.say("/status 码头") == "所辖范围内没有名称含“码头”的单位，请换几个字再试。"
    assert await north.say("/status") == "请在 /status 后输入单位名称或其中几个字。"


async def test_a_long_status_says_how_much_it_leaves_out(town: Town, north: Person) -> None:
    for day in ("2024-03-01", "2024-04-01", "2024-05-01", "2024-05-21"):
        await town.move_to(f"{day} 10:00")
    assert re.search(r"另有 \d+ 项$", await north.say("/status 青禾"))


async def test_a_unit_asking_for_a_status_gets_its_own(kiln: Person) -> None:
    assert (await kiln.say(f"/status {MILL_NAME}")).startswith(KILN_NAME)


async def test_a_summary_counts_what_there_is(town: Town, city: Person, north: Person) -> None:
    town.stand_at(PAST_DUE)
    told = await north.say("/summary")
    assert told.startswith("北岭区\n截至 2月21日 10:00\n\n逾期：2 项\n待审核：0 项")
    told = await city.say("总体情况")
    assert "逾期：3 项" in told
    assert "1. 北岭区 · 逾期 2 项" in told
    assert (await city.say("北岭区情况怎么样")).startswith("北岭区\n")


async def test_a_summary_says_what_is_counted_and_only_where_something_is(town: Town, north: Person) -> None:
    assert "已到期或办结" not in await north.say("/summary")
    town.stand_at(PAST_DUE)
    assert "\n已到期或办结 2 项：办结 0 项，其中逾期提交 0 项" in await north.say("/summary")


async def test_my_duties_are_listed_with_their_dates(mill: Person) -> None:
    told = await mill.say("我有哪些任务")
    assert told.splitlines()[:4] == [
        "待办 2 项",
        "",
        "1. 月度信息化存证 2024年1月",
        "2月20日（周二）24:00 前 · 还剩 15 天",
    ]


async def test_names_with_markup_or_hidden_marks_are_harmless_everywhere(town: Town, city: Person) -> None:
    nasty = "<a href='x'>甲</a>&\u202e\u200b有限公司"

    def rename(session: Session) -> None:
        organisations.by_code(session, QUAY).name = nasty
        organisations.by_code(session, NORTH).name = "<b>北岭"

    town.database.write(rename)
    await town.move_to(PAST_DUE)
    for asked in ("/overdue", "/summary", "/status 有限公司"):
        shown = await city.say(asked) + "".join(city.labels)
        assert not set(shown) & {"\u202e", "\u200b"}
    assert "<a href='x'>甲</a>&有限公司" in await city.say("/overdue")
    await city.press("按区县查看")
    assert "<b>北岭 · 2" in city.labels


async def test_who_is_asked_about_is_read_afresh(town: Town, mill: Person, north: Person) -> None:
    town.stand_at(PAST_DUE)
    assert MILL_NAME in await north.say("谁逾期了")
    await mill.hand_over()
    assert MILL_NAME not in await north.say("谁逾期了")
    assert town.stage(KILN).status == "open"


async def test_a_retired_contact_is_a_stranger(town: Town, mill: Person) -> None:
    def retire(session: Session) -> None:
        contact = contacts.by_address(session, "telegram", "101")
        assert contact is not None
        contact.retired_at = town.clock.now()

    town.database.write(retire)
    assert (await mill.say("/due")).startswith("本助手仅供受邀联系人使用")
    assert town.stage(MILL).status == "open"
