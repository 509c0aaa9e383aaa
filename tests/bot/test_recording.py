"""Recording what happened, in chat: by the offices, step by step, said back before it counts."""

from datetime import date

import pytest
from sqlalchemy import select

from obligations.decisions import Status
from obligations.terms import Occasion
from storage import organisations, quotas
from storage.database import Session
from storage.models import Occurrence, Stage
from tests.bot.conftest import KILN, MILL, Opened, Person, Town, at

ANOMALY = "异常数据或问题线索"
COMPLAINT = "投诉举报或上级转办交办线索"
CANCELLATION = "拟注销营业执照"
UNFIT = "存证材料不及时、不规范、不完整或不清晰"


def recorded(town: Town) -> list[tuple[Occasion, str, date, str]]:
    """Return what was recorded by people, the oldest first."""

    def work(session: Session) -> list[tuple[Occasion, str, date, str]]:
        rows = session.scalars(
            select(Occurrence).where(Occurrence.automatic.is_(False)).order_by(Occurrence.id)
        )
        return [
            (each.occasion, organisations.get(session, each.subject_id).code, each.happened_on, each.note)
            for each in rows
        ]

    return town.database.read(work)


async def test_a_finding_is_asked_for_said_back_and_recorded(town: Town, north: Person) -> None:
    assert "请选择登记事由" in await north.say("/record")
    assert ANOMALY in north.labels
    assert "使用国家核证自愿减排量（CCER）抵销" not in north.labels
    await north.press(ANOMALY)
    assert "哪天发现或决定的" in await north.say("磨坊")
    assert "请用一句话说明情况" in await north.say("2月2日")
    seen = await north.say("元素碳实测值偏低")
    assert seen.splitlines() == [
        "将登记如下内容：",
        "",
        ANOMALY,
        "青禾磨坊热电有限公司",
        "2月2日（周五）",
        "说明：元素碳实测值偏低",
        "",
        "将生成1项事项：",
        "• 异常数据线索查实 2024年2月",
        "  北岭区生态环境局 · 无固定期限 · 渝环规〔2023〕2号 二(七)",
    ]
    assert recorded(town) == []
    await north.press("确认登记")
    assert recorded(town) == [(Occasion.ANOMALY, MILL, date(2024, 2, 2), "元素碳实测值偏低")]


async def test_the_office_settles_it_as_any_of_its_duties(town: Town, north: Person, city: Person) -> None:
    for occasion in (ANOMALY, COMPLAINT):
        await north.say("/record")
        await north.press(occasion)
        await north.say("磨坊")
        await north.press("今天")
        await north.say("已约谈企业")
        await north.press("确认登记")
        card = await north.press("查看")
        assert f"起因：{occasion}，2月5日" in card
        assert "涉及：青禾磨坊热电有限公司" in card
        await north.press("已完成")
        await north.press("确认提交")
    assert town.stage("500901", "2024-02", rule="anomaly", name="district").status == "submitted"
    assert town.stage("500901", "2024-02", rule="complaint", name="district").status == "accepted"
    await city.say("/review")
    await city.press("1. 北岭区生态环境局")
    await city.press("通过")
    assert town.stage("500901", "2024-02", rule="anomaly", name="district").status == "accepted"


async def test_the_unit_hears_what_it_must_do_and_why(town: Town, north: Person, mill: Person) -> None:
    await north.say("/record")
    await north.press(CANCELLATION)
    await north.say(MILL)
    assert "请用一句话说明情况" in await north.say("3月1日")
    await north.say("拟于三月注销，云市监〔2024〕8号")
    await north.press("确认登记")
    assert mill.last.splitlines()[:5] == [
        "新增事项1项",
        "事由：拟注销营业执照，3月1日（周五）",
        "说明：拟于三月注销，云市监〔2024〕8号",
        "登记单位：北岭区生态环境局",
        "",
    ]
    assert "不再存续单位的核查配合 2024年3月" in mill.last
    assert "2月29日（周四）24:00 前" in mill.last
    card = await mill.press("查看")
    assert "起因：拟注销营业执照，3月1日" in card
    assert "说明：拟于三月注销，云市监〔2024〕8号" in card
    assert town.stage(MILL, "2024-03", rule="closing-unit-verification").act_by_on == date(2024, 2, 29)


async def test_unfit_evidence_is_of_one_month_that_was_accepted(
    town: Town, north: Person, mill: Person
) -> None:
    await north.say("/record")
    await north.press(UNFIT)
    assert "目前没有可登记此事由的事项" in await north.say("磨坊")
    await mill.hand_over()
    await north.press("通过")
    await north.say("/record")
    await north.press(UNFIT)
    await north.say("磨坊")
    assert "月度信息化存证 2024年1月" in north.labels
    await north.press("月度信息化存证 2024年1月")
    await north.press("今天")
    seen = await north.say("支撑材料缺页")
    # Monday 5 February: the 6th, the 7th and the 8th.
    assert "• 存证材料核实更正 2024年1月\n  青禾磨坊热电有限公司 · 2月8日（周四）24:00 前" in seen
    await north.press("确认登记")
    assert town.stage(MILL, rule="correction").act_by_on == date(2024, 2, 8)
    await mill.hand_over()
    await north.press("通过")
    assert town.stage(MILL, rule="correction").status == "accepted"


async def test_the_municipality_may_record_of_a_district_and_a_district_of_itself(
    town: Town, city: Person, north: Person, south: Person
) -> None:
    await city.say("/record")
    await city.press(COMPLAINT)
    await city.say("南浦区")
    await city.press("昨天")
    await city.say("信访转办")
    await city.press("确认登记")
    assert "A complaint" in south.last or "new duty" in south.last
    await north.say("/record")
    await north.press(COMPLAINT)
    await north.press("不针对单个企业：北岭区")
    await north.press("今天")
    await north.say("匿名举报")
    await north.press("确认登记")
    assert [each[1:3] for each in recorded(town)] == [
        ("500902", date(2024, 2, 4)),
        ("500901", date(2024, 2, 5)),
    ]


class TestWhatIsNotTaken:
    async def test_a_unit_records_nothing(self, town: Town, mill: Person) -> None:
        assert "不在您的查看或办理范围内" in await mill.say("/record")
        for data in ("rec", "rec1:anomaly", "rec2:anomaly:3", "rec!"):
            await mill.press_data(data)
        assert recorded(town) == []

    async def test_a_district_records_nothing_of_another_ones_unit(
        self, town: Town, north: Person, south: Person
    ) -> None:
        await south.say("/record")
        await south.press("Abnormal data, or a clue of it")
        assert "No unit in your area" in await south.say("磨坊")
        mill = town.database.read(lambda session: organisations.by_code(session, MILL).id)
        await south.press_data(f"rec2:anomaly:{mill}")
        await south.say("2 February")
        await south.say("a note")
        assert recorded(town) == []
        assert north.received == []

    async def test_a_day_to_come_and_no_day_at_all(self, north: Person) -> None:
        await north.say("/record")
        await north.press(ANOMALY)
        await north.say("磨坊")
        assert "未能识别日期" in await north.say("前阵子")
        assert "2月6日尚未到来" in await north.say("明天")
        assert "请用一句话说明情况" in await north.say("昨天")

    async def test_a_licence_cancelled_already(self, north: Person) -> None:
        await north.say("/record")
        await north.press(CANCELLATION)
        await north.say("磨坊")
        assert "日期已到，无法再登记" in await north.say("2024-02-05")

    async def test_a_day_before_the_notice(self, north: Person) -> None:
        await north.say("/record")
        await north.press(COMPLAINT)
        await north.say("磨坊")
        await north.say("2023-08-31")
        assert "此项要求自2023年9月1日起施行" in await north.say("旧案")

    async def test_a_name_that_fits_several_is_asked_about(self, north: Person) -> None:
        await north.say("/record")
        await north.press(ANOMALY)
        await north.say("有限公司")
        assert [label for label in north.labels if label.endswith("有限公司")] == [
            "白石窑发电有限公司",
            "青禾磨坊热电有限公司",
        ]
        assert "哪天发现" in await north.press("白石窑发电有限公司")

    async def test_what_was_cancelled_and_what_was_pressed_twice(self, town: Town, north: Person) -> None:
        await north.say("/record")
        await north.press(ANOMALY)
        await north.say("磨坊")
        await north.press("今天")
        await north.say("样品异常")
        confirm = north.data("确认登记")
        await north.press("取消")
        await north.press_data(confirm)
        assert recorded(town) == []
        await north.say("/record")
        await north.press(ANOMALY)
        await north.say("磨坊")
        await north.press("今天")
        await north.say("样品异常")
        await north.press("确认登记")
        await north.press_data(confirm)
        assert len(recorded(town)) == 1

    async def test_the_button_of_an_older_record(self, town: Town, north: Person) -> None:
        async def described(note: str) -> str:
            await north.say("/record")
            await north.press(ANOMALY)
            await north.say("磨坊")
            await north.press("今天")
            await north.say(note)
            return north.data("确认登记")

        older = await described("样品异常")
        newer = await described("元素碳实测值偏低")
        await north.press_data(older)
        assert recorded(town) == []
        assert await described("元素碳实测值偏低") == newer
        await north.press_data(newer)
        assert [each[3] for each in recorded(town)] == ["元素碳实测值偏低"]

    @pytest.mark.parametrize(
        "days", ["2", "999999999", "9007199254740991", "9007199254740992", "-1", "x", ""]
    )
    async def test_a_day_no_button_offers(self, town: Town, north: Person, days: str) -> None:
        await north.say("/record")
        await north.press(ANOMALY)
        await north.say("磨坊")
        await north.press_data(f"recd:{days}")
        assert north.toasts[-1].startswith("该事项已有变化")
        assert recorded(town) == []

    async def test_a_question_in_between_ends_it(self, town: Town, north: Person) -> None:
        await north.say("/record")
        await north.press(ANOMALY)
        await north.say("磨坊")
        await north.press("今天")
        await north.say("/overdue")
        assert "将登记" not in await north.say("样品异常")
        assert recorded(town) == []


async def test_it_goes_on_after_a_restart(opened: Opened) -> None:
    async with opened() as town:
        north = town.person(201)
        await north.say("/record")
        await north.press(ANOMALY)
        await north.say("磨坊")
        await north.press("今天")
    async with opened() as town:
        north = town.person(201)
        await north.say("样品异常")
        await north.press("确认登记")
        assert [each[3] for each in recorded(town)] == ["样品异常"]


class TestEvidenceThatNeverCame:
    async def test_is_one_line_with_the_date_of_its_correction(
        self, town: Town, mill: Person, north: Person
    ) -> None:
        await town.move_to("2024-02-21 10:00")
        # Wednesday the 21st: Thursday, Friday, Monday the 26th.
        [line] = [each for each in mill.last.splitlines() if "更正期限" in each]
        assert "已逾期 1 天" in line
        assert "更正期限 2月26日（周一）24:00 前" in line
        assert mill.last.count("存证材料核实更正") == 0
        assert mill.last.count("月度信息化存证") == 1
        assert (await mill.say("/due")).count("2024年1月") == 1
        correction = town.stage(MILL, rule="correction")
        assert (correction.act_by_on, correction.ready) == (date(2024, 2, 26), False)
        card = await mill.press_data(f"st:{correction.id}")
        assert "月度信息化存证 2024年1月" in card
        await mill.hand_over()
        await north.press("通过")
        assert town.stage(MILL, rule="correction").status == "accepted"
        assert town.stage(KILN, rule="correction").status == "open"

    async def test_a_return_has_the_days_of_the_notice_and_no_second_correction(
        self, town: Town, mill: Person, north: Person
    ) -> None:
        await mill.hand_over()
        await north.press("退回")
        await north.press("材料不完整")
        assert "（3个工作日，发现当日不计）" in mill.last
        assert "依据：渝环规〔2023〕2号 二(七)" in mill.last
        await town.move_to("2024-02-22 10:00")
        assert not town.database.read(
            lambda session: session.scalars(
                select(Stage.id).where(
                    Stage.rule == "correction",
                    Stage.subject_id == organisations.by_code(session, MILL).id,
                )
            ).all()
        )


class TestCcer:
    @pytest.fixture
    async def surrender(self, town: Town) -> int:
        """The mill's surrender for 2021 and 2022, as it stood in the autumn of 2023, with its due amounts known."""

        def work(session: Session) -> int:
            mill = organisations.by_code(session, MILL)
            quotas.put(session, mill.id, 2021, due=1_000_000, by=None, now=town.clock.now())
            stage = session.scalars(
                select(Stage).where(Stage.subject_id == mill.id, Stage.rule == "monthly-evidence").limit(1)
            ).one()
            stage.rule = stage.obligation.rule = "surrender-2021-2022"
            stage.obligation.made_by = "surrender-2021-2022"
            stage.period = stage.obligation.period = "2021-2022"
            return stage.id

        return town.database.write(work)

    async def test_the_card_says_what_is_due_and_what_ccer_may_offset(
        self, mill: Person, surrender: int
    ) -> None:
        await mill.say("/due")
        card = await mill.press_data(f"st:{surrender}")
        assert "2021年度：应清缴1,000,000吨、CCER至多50,000吨" in card
        assert "使用CCER抵销" in mill.labels

    async def test_an_amount_within_the_cap_is_recorded_and_begins_its_duty(
        self, town: Town, mill: Person, surrender: int
    ) -> None:
        await mill.say("/due")
        await mill.press_data(f"st:{surrender}")
        await mill.press("使用CCER抵销")
        assert "请输入抵销数量" in await mill.press("2021年度")
        assert "请输入整数吨数" in await mill.say("一些")
        assert "50001吨超出上限：CCER抵销至多50000吨" in await mill.say("50,001")
        assert "以CCER抵销2021年度配额清缴50,000吨" in await mill.say("50000吨")
        assert "CCER注销记录已列入清单" in await mill.press("确认提交")
        assert town.stage(MILL, "2021", rule="ccer-offset").status == "open"

    async def test_a_year_without_a_due_amount_is_not_taken(self, mill: Person, surrender: int) -> None:
        await mill.say("/due")
        await mill.press_data(f"ccer:{surrender}")
        assert "2022年度应清缴配额量尚未登记" in await mill.press("2022年度")

    async def test_the_button_of_an_older_amount_declares_nothing(
        self, town: Town, mill: Person, surrender: int
    ) -> None:
        await mill.say("/due")
        await mill.press_data(f"ccery:{surrender}:2021")
        await mill.say("50000")
        older = mill.data("确认提交")
        await mill.say("5")
        await mill.press_data(older)
        assert mill.toasts[-1].startswith("该事项已有变化")
        assert self.declared(town) == 0

    @pytest.mark.parametrize("status", [Status.ACCEPTED, Status.WAIVED])
    async def test_a_settled_surrender_takes_no_declaration_any_more(
        self, town: Town, mill: Person, surrender: int, status: Status
    ) -> None:
        await mill.say("/due")
        await mill.press_data(f"ccery:{surrender}:2021")
        await mill.say("5")

        def settle(session: Session) -> None:
            session.get_one(Stage, surrender).status = status

        town.database.write(settle)
        for data in (mill.data("确认提交"), f"ccer:{surrender}", f"ccery:{surrender}:2021"):
            await mill.press_data(data)
            assert mill.toasts[-1].startswith("该事项已有变化")
        assert self.declared(town) == 0
        await mill.press_data(f"st:{surrender}")
        assert "使用CCER抵销" not in mill.labels

    async def test_nobody_else_declares_it(self, town: Town, north: Person, surrender: int) -> None:
        await north.say("/due")
        await north.press_data(f"st:{surrender}")
        assert "使用CCER抵销" not in north.labels
        await north.press_data(f"ccery:{surrender}:2021")
        await north.say("5")
        assert self.declared(town) == 0

    def declared(self, town: Town) -> int:
        """Return how much the mill has declared for 2021."""
        return town.database.read(
            lambda session: quotas.of_year(
                session,
                town.installation.law,
                organisations.by_code(session, MILL),
                2021,
                now=at("2024-02-05 10:00"),
            )
        ).offset
