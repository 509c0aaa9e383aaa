"""The checklist in the chat: what has no date, what counts as done, and that it is marked done and seen by whom it may."""

import pytest

from jobs import materialise
from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.notice import Level
from storage import organisations, registry
from storage.credit_codes import check_character
from storage.database import Session
from storage.models import Stage
from storage.registry import Registry
from storage.registry_rows import OrganisationRow, Place
from tests.bot.conftest import CITY, KILN, MILL, NORTH, SOUTH, Person, Town

HEADING = "无固定期限事项清单"
NOT_YOURS = "该事项不在您的查看或办理范围内。"
FILM = (
    "煤样全程影像记录 · 煤样采样、制样、化验、保存全程影像记录\n待办：2024年2月\n完成标志：影像资料\n"
    "· 由区县生态环境局组织。\n· 随当月煤样工作进行，不另设期限。"
)


def number_of(town: Town, code: str) -> int:
    def work(session: Session) -> int:
        return organisations.by_code(session, code).id

    return town.database.read(work)


@pytest.mark.parametrize("asked", ["/checklist", "清单", "没有期限的事项", "checklist"])
async def test_the_checklist_is_answered_however_it_is_asked(mill: Person, asked: str) -> None:
    told = await mill.say(asked)
    assert told.startswith(f"{HEADING}\n青禾磨坊热电有限公司 · 截至 2月5日 10:00\n共 ")
    assert f"渝环规〔2023〕2号 二(六)\n2. □ {FILM}" in told
    assert "4. □ 温室气体排放数据质量控制体系 · 建立和完善数据质量控制体系\n待办：2024年度" in told


async def test_it_opens_from_the_buttons_everyone_starts_from(mill: Person) -> None:
    await mill.say("/help")
    assert (await mill.press("清单")).startswith(HEADING)


async def test_a_unit_that_burns_no_coal_has_no_samples_on_its_list(quay: Person) -> None:
    told = await quay.say("/checklist")
    assert told.startswith(HEADING)
    assert "煤样" not in told


async def test_what_has_no_date_is_marked_done_and_shows_it(town: Town, mill: Person) -> None:
    await mill.say("/checklist")
    card = await mill.press("2. 煤样全程影像记录")
    assert card.startswith("煤样全程影像记录 2024年2月\n")
    assert "状态：无固定期限\n完成标志：影像资料\n· 由区县生态环境局组织。" in card
    assert mill.labels == ["上传材料", "已完成", "为什么是这一天"]
    await mill.press("已完成")
    await mill.press("确认提交")
    assert town.stage(MILL, "2024-02", rule="coal-sample-film").status is Status.ACCEPTED
    told = await mill.say("/checklist")
    assert "2. ✓ 煤样全程影像记录 · 煤样采样、制样、化验、保存全程影像记录\n已完成：2024年2月" in told
    assert "3. □ 月缩分煤样留存" in told
    assert town.stage(KILN, "2024-02", rule="coal-sample-film").status is Status.OPEN


async def test_what_was_let_go_is_not_shown_as_done(town: Town, mill: Person) -> None:
    stage_id = town.stage(MILL, "2024-02", rule="coal-sample-film").id

    def let_go(session: Session) -> None:
        session.get_one(Stage, stage_id).status = Status.WAIVED

    town.database.write(let_go)
    told = await mill.say("/checklist")
    assert "2. – 煤样全程影像记录 · 煤样采样、制样、化验、保存全程影像记录\n免予办理：2024年2月\n" in told
    assert "已完成" not in told


async def test_a_file_is_attached_by_its_button_or_by_its_caption(town: Town, mill: Person) -> None:
    await mill.say("/checklist")
    await mill.press("2. 煤样全程影像记录")
    await mill.press("上传材料")
    await mill.send_file(name="影像目录.pdf")
    await mill.press("确认提交")
    assert town.stage(MILL, "2024-02", rule="coal-sample-film").status is Status.ACCEPTED
    told = await mill.send_file(b"%PDF-1.4\n%ledger\n", name="台账.pdf", caption="留样台账")
    assert "事项：月缩分煤样留存 2024年2月" in told


async def test_the_months_of_one_duty_are_one_line_and_open_one_by_one(town: Town, mill: Person) -> None:
    town.stand_at("2024-03-05 10:00")
    await materialise.run(town.assistant.context, town.clock.now())
    told = await mill.say("/checklist")
    assert (
        "2. □ 煤样全程影像记录 · 煤样采样、制样、化验、保存全程影像记录\n待办：2024年2月、2024年3月\n" in told
    )
    opened = await mill.press("2. 煤样全程影像记录")
    assert opened.startswith(
        "煤样全程影像记录 · 煤样采样、制样、化验、保存全程影像记录\n1. 2024年2月 · 无固定期限"
    )
    assert mill.labels == ["1. 2024年2月", "2. 2024年3月", "返回清单"]
    await mill.press("2. 2024年3月")
    await mill.press("已完成")
    await mill.press("确认提交")
    told = await mill.say("/checklist")
    assert "待办：2024年2月\n已完成：2024年3月" in told


async def test_what_was_done_leaves_the_list_a_month_after_its_period(town: Town, mill: Person) -> None:
    await mill.say("/checklist")
    await mill.press("2. 煤样全程影像记录")
    await mill.press("已完成")
    await mill.press("确认提交")
    town.stand_at("2024-03-07 10:00")
    assert "煤样全程影像记录" in await mill.say("/checklist")
    town.stand_at("2024-03-09 10:00")
    assert "煤样全程影像记录" not in await mill.say("/checklist")


async def test_a_report_names_what_its_year_is_done_by(mill: Person) -> None:
    told = await mill.say("/checklist")
    specification = "《企业温室气体排放核算与报告指南 发电设施》（环办气候函〔2022〕485号）"
    assert f"· 核算与报告规范：{specification}（渝环规〔2023〕2号）" in told
    assert "· 全国电网平均排放因子：0.5703 tCO2/MWh（渝环规〔2023〕2号）" in told
    card = await mill.press("1. 排放报告适用的规范与参数")
    assert f"本年度报告适用：\n· 核算与报告规范：{specification}（渝环规〔2023〕2号）" in card


async def test_the_municipality_sees_what_waits_for_a_date_and_what_agencies_owe(city: Person) -> None:
    said = await city.say("/checklist")
    assert "项等待公布日期" in said
    while "下一页 ›" in city.labels:
        said += "\n" + await city.press("下一页 ›")
    waiting = said.index("\n等待公布日期\n")
    assert "配额预分配 · 完成年度配额预分配\n所属期间：2023年度" in said[waiting:]
    assert "日期由市生态环境局公布；渝环规〔2023〕2号 二(五)" in said[waiting:]
    supervised = said.index("由技术服务机构承担、贵局监督")
    assert (
        "技术服务机构内部控制 · 建立数据质量管理及风险防控机制\n完成标志：机制和措施文件" in said[supervised:]
    )
    assert waiting < supervised


async def test_what_waits_for_a_date_is_asked_for_in_words(mill: Person, city: Person) -> None:
    assert await city.say("哪些还在等公布日期") == await city.say("/dates")
    assert (await mill.say("还没公布的日期")).startswith(HEADING)


async def test_a_page_beyond_the_end_shows_the_first(mill: Person) -> None:
    first = await mill.say("/checklist")
    assert await mill.press_data("ck~:500") == first


async def test_a_bureau_opens_the_list_of_its_units_and_of_no_other(
    town: Town, mill: Person, north: Person, south: Person, city: Person
) -> None:
    await north.say("/status 青禾")
    assert (await north.press("清单")).startswith(f"{HEADING}\n青禾磨坊热电有限公司")
    card = await north.press("2. 煤样全程影像记录")
    assert card.startswith("煤样全程影像记录 2024年2月")
    assert north.labels == ["为什么是这一天"]
    of_mill = f"ck:0:{number_of(town, MILL)}"
    await city.say("/help")
    assert (await city.press_data(of_mill)).startswith(f"{HEADING}\n青禾磨坊热电有限公司")
    await south.say("/help")
    assert "That is not within" in await south.press_data(of_mill)
    await mill.say("/help")
    for code in (KILN, NORTH, SOUTH, CITY):
        assert await mill.press_data(f"ck:0:{number_of(town, code)}") == NOT_YOURS
    stage = town.stage(KILN, "2024-02", rule="coal-sample-film").id
    assert await mill.press_data(f"ckl:0:{stage}") == NOT_YOURS


async def test_a_unit_reads_no_line_of_the_office_that_checks_it(
    town: Town, mill: Person, north: Person
) -> None:
    def plan(number: str, rule: str, checker: str) -> int:
        def work(session: Session) -> int:
            office = organisations.by_code(session, checker).id
            stage = session.get_one(Stage, town.stage(number, "2024-02", rule=rule).id)
            stage.actor_id, stage.rule = office, "quality-plan"
            stage.due_kind, stage.due_on = DueKind.NONE, None
            return stage.id

        return town.database.write(work)

    own, _ = (plan(unit, "coal-sample-film", CITY) for unit in (MILL, KILN))
    await mill.say("/help")
    assert await mill.press_data(f"ckl:0:{own}") == NOT_YOURS
    assert "白石窑" not in "".join(mill.messages)
    await north.say("/help")
    assert await north.press_data(f"ckl:0:{own}") == NOT_YOURS


async def test_an_agency_has_a_list_of_its_own(town: Town, city: Person) -> None:
    credit = "91500000XXXX00077"

    def register(session: Session) -> None:
        agency = OrganisationRow(
            level=Level.AGENCY,
            credit_code=credit + check_character(credit),
            name="示例检测有限公司",
            place=Place(),
        )
        registry.load(session, Registry(organisations=(agency,), contacts=()), now=town.clock.now())

    town.database.write(register)
    await materialise.run(town.assistant.context, town.clock.now())
    agency = town.person(903, "质量负责人")
    assert "通知对技术服务机构的要求见清单" in await agency.start(town.invite("示例检测有限公司"))
    told = await agency.press("清单")
    assert "1. □ 技术服务机构内部控制 · 建立数据质量管理及风险防控机制\n待办：2024年度" in told
    await agency.press("1. 技术服务机构内部控制")
    await agency.press("已完成")
    await agency.press("确认提交")
    assert "1. ✓ 技术服务机构内部控制" in await agency.say("/checklist")
    said = await city.say("/checklist")
    while "下一页 ›" in city.labels:
        said += await city.press("下一页 ›")
    assert "技术服务机构内部控制" not in said
