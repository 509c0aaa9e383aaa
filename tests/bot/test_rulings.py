"""An officer extends, waives or announces a date in chat; those concerned hear what it was, what it is, and why."""

from collections.abc import Sequence
from datetime import date

import pytest

from jobs import materialise
from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.notice import Level
from storage import organisations
from storage.database import Session
from storage.models import Obligation, Ruling, Stage
from tests.bot.conftest import KILN, MILL, NORTH, QUAY, Opened, Person, Town

STALE = "该事项已有变化，本次操作未登记，请重新打开查看。"
NOT_YOURS = "该事项不在您的查看或办理范围内。"
CHANGE = "改期／免予履行"
JANUARY = "月度信息化存证 2024年1月"
DOCUMENT = "镜环函〔2024〕1号"


async def opened_card(town: Town, person: Person, unit: str = MILL, **which: str) -> Stage:
    stage = town.stage(unit, **which)
    await person.say("/help")
    await person.press_data(f"st:{stage.id}")
    return stage


async def typed(person: Person, *words: str) -> str:
    said = ""
    for each in words:
        said = await person.say(each)
    return said


async def extend(town: Town, city: Person, *, whom: str, until: str = "2月29日") -> str:
    """Go the whole way to an extension of the mill's evidence, up to the preview."""
    await opened_card(town, city)
    await city.press(CHANGE)
    await city.press("延长期限")
    await city.press(whom)
    return await typed(city, until, "平台停机", DOCUMENT)


def acting(town: Town) -> dict[str, str]:
    return {unit: str(town.stage(unit).act_by_on)[5:] for unit in (MILL, KILN, QUAY)}


def rulings(town: Town) -> int:
    return town.database.read(lambda session: session.query(Ruling).count())


def heard(people: Sequence[Person], words: str) -> list[int]:
    return [sum(words in text for text in person.messages) for person in people]


async def test_a_whole_period_is_extended_and_everyone_concerned_hears_once(town: Town, city: Person) -> None:
    mill, kiln, quay, north, south = map(town.person, (101, 102, 103, 201, 202))
    preview = await extend(town, city, whom="2024年1月全部单位")
    assert preview.splitlines() == [
        "将登记并通知有关单位：",
        "",
        "延长期限",
        JANUARY,
        "上传上月数据及其支撑材料",
        "适用范围：2024年1月全部单位",
        "新期限：2月29日（周四）24:00 前",
        "原因：平台停机",
        f"文件：{DOCUMENT}",
        "",
        "变更 3 项",
        "• 北岭区：2",
        "• 南浦区：1",
        "原期限：2月20日（周二）",
        "现期限：2月29日（周四）",
    ]
    assert rulings(town) == 0
    told = await city.press("确认登记")
    assert told.splitlines()[0] == "已登记"
    assert told.splitlines()[-1] == "已通知 5 位联系人。"
    assert acting(town) == {MILL: "02-29", KILN: "02-29", QUAY: "02-29"}
    assert heard([mill, quay, north], "期限延长通知") == [1, 1, 1]
    assert heard([kiln, south], "A date was extended") == [1, 1]
    assert heard([city], "期限延长通知") == [0]
    assert mill.last.splitlines() == [
        "期限延长通知",
        "",
        JANUARY,
        "上传上月数据及其支撑材料",
        "原期限：2月20日（周二）",
        "现期限：2月29日（周四）",
        "原因：平台停机",
        f"文件：{DOCUMENT}",
        "决定机关：镜湖市生态环境局",
    ]
    assert north.last.splitlines()[-4:] == ["• 白石窑发电有限公司", "• 青禾磨坊热电有限公司", "", "共 2 项"]
    assert "by 24:00" not in south.last
    assert south.last.splitlines()[-1] == "• 南浦码头燃机有限公司"


async def test_one_unit_is_extended_and_nobody_else_hears(town: Town, city: Person) -> None:
    mill, kiln, north, south = map(town.person, (101, 102, 201, 202))
    await extend(town, city, whom="青禾磨坊热电有限公司")
    await city.press("确认登记")
    assert acting(town) == {MILL: "02-29", KILN: "02-20", QUAY: "02-20"}
    assert heard([mill, north], "期限延长通知") == [1, 1]
    assert heard([kiln, south], "extended") == [0, 0]


async def test_a_district_is_extended(town: Town, city: Person) -> None:
    preview = await extend(town, city, whom="北岭区全区")
    assert "变更 2 项" in preview
    await city.press("确认登记")
    assert acting(town) == {MILL: "02-29", KILN: "02-29", QUAY: "02-20"}


async def test_a_duty_is_waived(town: Town, mill: Person, city: Person) -> None:
    await opened_card(town, city)
    await city.press(CHANGE)
    await city.press("免予履行")
    assert "请输入理由。" in await city.press("青禾磨坊热电有限公司")
    preview = await typed(city, "机组停运", DOCUMENT)
    assert "变更 1 项" in preview
    await city.press("确认登记")
    assert [town.stage(MILL, name=name).status for name in ("unit", "district", "municipal")] == [
        "waived"
    ] * 3
    assert mill.last.splitlines() == [
        "免予履行通知",
        "",
        JANUARY,
        "上传上月数据及其支撑材料",
        "原期限：2月20日（周二）",
        "现期限：免予履行",
        "原因：机组停运",
        f"文件：{DOCUMENT}",
        "决定机关：镜湖市生态环境局",
    ]
    assert (await mill.say("/due")).count("月度信息化存证 2024年1月") == 0


@pytest.mark.parametrize(
    ("typed_day", "said"),
    [
        ("尽快", "未能识别该日期。"),
        ("2024-02-01", "2024年2月1日已过"),
        ("2月20日", "延期日期须晚于该日"),
    ],
)
async def test_a_date_that_will_not_do_is_asked_again(
    town: Town, city: Person, typed_day: str, said: str
) -> None:
    await opened_card(town, city)
    await city.press(CHANGE)
    await city.press("延长期限")
    await city.press("青禾磨坊热电有限公司")
    answer = await city.say(typed_day)
    assert said.removeprefix("2024年") in answer
    assert "请输入新的期限" in answer
    assert "请输入理由" in await city.say("2月29日")
    assert rulings(town) == 0


async def test_what_is_too_long_is_asked_again_and_never_cut(town: Town, city: Person) -> None:
    await opened_card(town, city)
    await city.press(CHANGE)
    await city.press("延长期限")
    await city.press("青禾磨坊热电有限公司")
    await city.say("2月29日")
    assert (await city.say("长" * 501)).startswith("请控制在 500 字以内。")
    await city.say("长" * 500)
    assert (await city.say("文" * 101)).startswith("请控制在 100 字以内。")
    await city.say(DOCUMENT)
    await city.press("确认登记")
    [reason] = town.database.read(lambda session: [each.reason for each in session.query(Ruling)])
    assert reason == "长" * 500


async def test_what_was_typed_is_shown_safely(town: Town, mill: Person, city: Person) -> None:
    await opened_card(town, city)
    await city.press(CHANGE)
    await city.press("延长期限")
    await city.press("青禾磨坊热电有限公司")
    preview = await typed(city, "2月29日", "<b>停机</b> & 检修", "<i>1号</i>")
    assert "原因：<b>停机</b> & 检修" in preview
    await city.press("确认登记")
    assert "文件：<i>1号</i>" in mill.last


async def test_it_can_be_thought_better_of(town: Town, mill: Person, city: Person) -> None:
    await extend(town, city, whom="2024年1月全部单位")
    stage = town.stage(MILL)
    assert await city.press("取消") == "已取消，未作登记。"
    await city.press_data(f"rl!:{stage.id}:{stage.version}")
    assert city.toasts[-1] == STALE
    assert (rulings(town), heard([mill], "期限延长通知")) == (0, [0])


async def test_who_turns_to_something_else_types_no_reason_any_more(town: Town, city: Person) -> None:
    await opened_card(town, city)
    await city.press(CHANGE)
    await city.press("延长期限")
    await city.press("青禾磨坊热电有限公司")
    await city.say("/overdue")
    assert "请输入理由" not in await city.say("2月29日")
    assert rulings(town) == 0


async def test_a_button_drawn_before_the_hand_over_is_stale(town: Town, mill: Person, city: Person) -> None:
    await opened_card(town, city)
    await mill.hand_over()
    await city.press(CHANGE)
    assert city.toasts[-1] == STALE


async def test_what_was_typed_after_the_hand_over_changes_nothing(
    town: Town, mill: Person, city: Person
) -> None:
    await opened_card(town, city)
    await city.press(CHANGE)
    await city.press("延长期限")
    await city.press("青禾磨坊热电有限公司")
    await mill.hand_over()
    assert await city.say("2月29日") == STALE
    assert (await city.say("/review")) != STALE
    assert rulings(town) == 0


async def test_a_preview_that_no_longer_holds_is_not_recorded(town: Town, quay: Person, city: Person) -> None:
    await extend(town, city, whom="2024年1月全部单位")
    await quay.hand_over()
    await city.press("确认登记")
    assert city.toasts[-1] == STALE
    assert rulings(town) == 0


async def test_a_second_press_of_confirm_records_nothing_more(town: Town, mill: Person, city: Person) -> None:
    await extend(town, city, whom="青禾磨坊热电有限公司")
    confirm = city.data("确认登记")
    await city.press_data(confirm)
    await city.press_data(confirm)
    assert city.toasts[-1] == STALE
    assert (rulings(town), heard([mill], "期限延长通知")) == (1, [1])


async def test_what_is_typed_at_the_preview_shows_it_again(town: Town, city: Person) -> None:
    preview = await extend(town, city, whom="2024年1月全部单位")
    confirm = city.data("确认登记")
    assert await city.say("等一下") == f"请点击按钮确认或取消。\n\n{preview}"
    assert city.data("确认登记") == confirm
    await city.press("确认登记")
    assert acting(town) == {MILL: "02-29", KILN: "02-29", QUAY: "02-29"}


async def test_the_button_of_an_older_preview_records_nothing(town: Town, city: Person) -> None:
    await extend(town, city, whom="2024年1月全部单位", until="2月29日")
    older = city.data("确认登记")
    await extend(town, city, whom="青禾磨坊热电有限公司", until="3月8日")
    await city.press_data(older)
    assert city.toasts[-1] == STALE
    assert rulings(town) == 0
    assert acting(town) == {MILL: "02-20", KILN: "02-20", QUAY: "02-20"}


async def test_a_page_beyond_the_last_shows_the_first(city: Person) -> None:
    first = await city.say("/dates")
    assert first.startswith("待公布期限 ")
    assert await city.press_data("dt~:5000") == first


@pytest.mark.parametrize("kind", ["extend", "set_date"])
@pytest.mark.parametrize("verb", ["rl", "rlk", "rls", "rl!"])
async def test_neither_the_unit_nor_its_district_moves_a_date(
    town: Town, mill: Person, north: Person, kind: str, verb: str
) -> None:
    stage = town.stage(MILL)
    for who in (mill, north):
        await opened_card(town, who)
        assert CHANGE not in who.labels
        assert await who.press_data(f"{verb}:{stage.id}:{stage.version}:{kind}:all") == NOT_YOURS
    assert rulings(town) == 0


@pytest.mark.parametrize(
    "data",
    ["rl", "rl:1", "rlk:{s}:1", "rlk:{s}:1:nothing", "rls:{s}:1:extend", "rls:{s}:1:extend:x", "rl!:x"],
)
async def test_a_malformed_press_changes_nothing(town: Town, city: Person, data: str) -> None:
    stage = await opened_card(town, city)
    await city.press_data(data.replace("{s}", str(stage.id)))
    assert city.toasts[-1] == STALE
    assert rulings(town) == 0


async def test_the_card_says_the_new_date_and_a_reminder_waits_for_it(
    town: Town, mill: Person, city: Person
) -> None:
    await extend(town, city, whom="青禾磨坊热电有限公司")
    await city.press("确认登记")
    await opened_card(town, mill)
    assert "2月29日" in mill.last
    seen = len(mill.messages)
    await town.move_to("2024-02-19 10:00")
    [reminder] = [text for text in mill.messages[seen:] if JANUARY in text]
    assert "2月29日（周四）24:00 前 · 还剩 10 天 · 原期限 2月20日" in reminder


async def test_a_decision_goes_on_after_a_restart(opened: Opened) -> None:
    async with opened() as town:
        await materialise.run(town.assistant.context, town.clock.now())
        city = town.person(301)
        await opened_card(town, city)
        await city.press(CHANGE)
        await city.press("延长期限")
        await city.press("青禾磨坊热电有限公司")
        await city.say("2月29日")
    async with opened() as town:
        city = town.person(301)
        await typed(city, "平台停机", DOCUMENT)
        await city.press("确认登记")
        assert acting(town)[MILL] == "02-29"


class TestAnnounced:
    async def test_the_municipality_sees_what_waits_and_sets_it(
        self, town: Town, city: Person, north: Person
    ) -> None:
        listed = await city.say("/dates")
        assert listed.startswith("待公布期限 ")
        wanted = next(label for label in city.labels if "配额" in label)
        await city.press(wanted)
        preview = await typed(city, "2024-07-31", "生态环境部已公布", DOCUMENT)
        assert "登记公布的期限" in preview
        await city.press("确认登记")

        def dated(session: Session) -> list[date | None]:
            return [each.act_by_on for each in session.query(Stage).filter(Stage.ruling_id.is_not(None))]

        assert town.database.read(dated) == [date(2024, 7, 31)]
        assert wanted not in (await city.say("/dates"))
        assert (await north.say("/dates")) == "暂无待公布期限的事项。"

    async def test_a_unit_has_none_to_announce(self, mill: Person) -> None:
        assert (await mill.say("/dates")) == "暂无待公布期限的事项。"


class TestDistrict:
    """What a district orders itself, it dates itself: the rectification after a default."""

    def ordered(self, town: Town) -> None:
        def work(session: Session) -> None:
            mill = organisations.by_code(session, MILL).id
            north = organisations.by_code(session, NORTH).id
            obligation = Obligation(
                notice="渝环规〔2023〕2号",
                notice_version="1",
                made_by="rectification",
                rule="rectification",
                period="2023",
                part="#1",
                subject_id=mill,
                district_id=north,
                created_at=town.clock.now(),
            )
            session.add(obligation)
            session.flush()
            session.add(
                Stage(
                    obligation_id=obligation.id,
                    position=0,
                    name="unit",
                    rule="rectification",
                    period="2023",
                    actor_level=Level.UNIT,
                    checked_by=Level.DISTRICT,
                    subject_id=mill,
                    actor_id=mill,
                    district_id=north,
                    checker_id=north,
                    status=Status.OPEN,
                    ready=True,
                    excused=False,
                    due_kind=DueKind.EXTERNAL,
                    version=1,
                )
            )

        town.database.write(work)

    async def test_it_sees_what_waits_and_sets_it(
        self, town: Town, north: Person, south: Person, mill: Person
    ) -> None:
        self.ordered(town)
        assert (await south.say("/dates")) == "Nothing waits for a date to be announced."
        assert (await north.say("/dates")).startswith("待公布期限 1 项")
        await north.press(north.labels[0])
        await north.press("青禾磨坊热电有限公司")
        assert "变更 1 项" in await typed(north, "3月15日", "责令限期改正", "北环责改〔2024〕1号")
        await north.press("确认登记")
        assert town.stage(MILL, "2023", rule="rectification").act_by_on == date(2024, 3, 15)
        assert "期限公布通知" in mill.last
        assert "决定机关：北岭区生态环境局" in mill.last
        assert heard([north], "期限公布通知") == [0]

    async def test_the_municipality_and_another_district_do_not(
        self, town: Town, south: Person, city: Person
    ) -> None:
        self.ordered(town)
        stage = town.stage(MILL, "2023", rule="rectification")
        assert "限期改正" not in await city.say("/dates")
        await south.say("/help")
        for who, said in ((city, NOT_YOURS), (south, "That is not within what you may see or decide.")):
            assert await who.press_data(f"rls:{stage.id}:1:set_date:own") == said
        assert town.stage(MILL, "2023", rule="rectification").act_by_on is None


async def test_a_card_opens_although_the_version_that_made_it_is_gone(town: Town, city: Person) -> None:
    """What is in force speaks of it still: its date can be changed."""

    def work(session: Session) -> None:
        stage = session.get_one(Stage, town.stage(MILL).id)
        stage.obligation.notice_version = "0"

    town.database.write(work)
    await opened_card(town, city)
    assert "月度信息化存证" in city.last
    assert CHANGE in city.labels
