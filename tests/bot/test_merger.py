"""The merger of 2025-11-06 as those concerned live through it: who is asked, who may see and check, who is told what."""

from datetime import date

import pytest

from bot.installation import Installation
from obligations.law import Law
from obligations.notice import Level
from storage import contacts, registry, trail
from storage.database import Database, Session
from storage.evidence import EvidenceFolder
from storage.models import Notification, NotificationKind, Outcome
from storage.registry import Registry
from storage.registry_rows import ContactRow, MembershipRow, OrganisationRow, Place
from tests.bot.conftest import KILN, MILL, NORTH, PDF, SOUTH, Person, Town, TownClock, at, town_registry

EAST = "500903"
MERGED_ON = date(2025, 11, 6)
EVE, DAY_ONE = "2025-11-05 23:59", "2025-11-06 00:06"
OCTOBER = "月度信息化存证 2025年10月"
MILL_NAME = "青禾磨坊热电有限公司"
NOT_YOURS = "无权查看或办理"


def merging(*, successor: str | None = EAST) -> Registry:
    """Return what the bureau imports: the north ends, the east begins, and the mill moves; the kiln's move is forgotten."""
    rows = {row.code: row for row in town_registry().organisations}
    return Registry(
        organisations=(
            rows["500000"],
            rows[NORTH].model_copy(update={"valid_to": MERGED_ON, "successor": successor}),
            rows[SOUTH],
            OrganisationRow(
                level=Level.DISTRICT,
                code=EAST,
                name="东江区",
                short_name="东江",
                english_name="East District",
                bureau="东江区生态环境局",
                valid_from=MERGED_ON,
                place=Place(),
            ),
            *(
                [
                    rows[MILL].model_copy(
                        update={"memberships": (MembershipRow(district=EAST, since=MERGED_ON),)}
                    )
                ]
                if successor
                else []
            ),
        ),
        contacts=(ContactRow(organisation=EAST, name="东江经办", address="203", place=Place()),),
    )


@pytest.fixture
def clock() -> TownClock:
    return TownClock(at("2025-11-03 10:00"))


@pytest.fixture
def known() -> Registry:
    """What is known of the merger when the town begins."""
    return merging()


@pytest.fixture
def installation(
    database: Database, law: Law, tmp_path_factory: pytest.TempPathFactory, clock: TownClock, known: Registry
) -> Installation:
    database.write(lambda session: registry.load(session, town_registry(), now=clock.now()))
    database.write(lambda session: registry.load(session, known, now=clock.now()))
    folder = EvidenceFolder(tmp_path_factory.mktemp("evidence"), max_bytes=1024 * 1024)
    return Installation(database=database, folder=folder, law=law)


@pytest.fixture
def east(town: Town) -> Person:
    """The officer of the new district."""
    return town.person(203)


def told(person: Person, words: str) -> list[str]:
    return [text for text in person.messages if words in text]


async def test_the_old_district_checks_until_midnight_and_the_new_one_from_there(
    town: Town, mill: Person, north: Person, east: Person
) -> None:
    await mill.hand_over()
    card = north.data("通过")
    await town.move_to(EVE)
    assert MILL_NAME in await north.say("/review")
    assert await east.say("/review") == "暂无待审核事项。"
    assert await east.say("/status 磨坊") == "所辖范围内没有名称含“磨坊”的单位，请换几个字再试。"
    await town.move_to(DAY_ONE)
    assert await north.say("/review") == "暂无待审核事项。"
    await north.press_data(card)
    assert north.toasts[-1] == NOT_YOURS
    assert town.stage(MILL, "2025-10").status == "submitted"
    await east.say("/review")
    await east.press(f"1. {MILL_NAME}")
    assert "📎 存证回执.pdf" in east.labels[0]
    assert (await east.press("通过")).startswith("审核通过")
    assert town.stage(MILL, "2025-10").status == "accepted"
    await town.move_to("2025-11-06 07:30")
    assert "东江区生态环境局已审核通过。" in mill.last
    assert town.database.read(trail.first_broken) is None


async def test_both_districts_are_told_once_in_the_morning_what_passed_on(
    town: Town, mill: Person, north: Person, east: Person
) -> None:
    await mill.hand_over()
    await town.move_to("2025-11-06 06:59")
    assert not told(east, "事项移交")
    await town.move_to("2025-11-08 10:00")
    [came] = told(east, "事项移交")
    lines = came.splitlines()
    assert lines[:2] == ["事项移交", "自11月6日起："]
    assert "由北岭区转入" in lines
    assert any(line.startswith("2家单位，在办 ") and line.endswith("，其中待审核 1 项") for line in lines)
    [went] = told(north, "事项移交")
    assert "转由东江区办理" in went
    assert went.endswith(
        "北岭区已于2025年11月6日并入东江区。此处可查阅并入前经办的事项，在办事项由东江区办理。"
    )
    assert MILL_NAME in await east.press("待我审核")


async def test_digests_go_to_the_old_district_until_the_eve_and_to_the_new_one_from_the_day(
    town: Town, north: Person, east: Person
) -> None:
    await town.move_to("2025-11-05 12:00")
    assert (len(told(north, "每日督办通报")), len(told(east, "每日督办通报"))) == (2, 0)
    await town.move_to("2025-11-07 12:00")
    assert (len(told(north, "每日督办通报")), len(told(east, "每日督办通报"))) == (2, 2)


async def test_the_new_district_is_asked_for_the_check_and_the_old_one_no_more(
    town: Town, mill: Person, north: Person, east: Person
) -> None:
    await town.move_to("2025-11-18 10:00")
    count = len(north.received)
    await mill.hand_over()
    assert "已提交，请审核" in east.last
    await town.move_to("2025-11-24 12:00")
    assert any(OCTOBER in text and "剩" in text for text in told(east, OCTOBER)[1:])
    assert len(north.received) == count


async def test_what_was_not_sent_before_midnight_is_dropped_for_the_old_district(
    town: Town, mill: Person, north: Person
) -> None:
    await town.move_to("2025-11-05 22:30")
    await mill.hand_over()
    await town.move_to("2025-11-06 09:30")
    assert not told(north, "已提交，请审核")
    dropped = (Outcome.DROPPED, "checked meanwhile")
    assert _notifications(town, north, NotificationKind.SUBMITTED) == [dropped]


async def test_history_stays_with_who_handled_it_and_is_the_new_districts_too(
    town: Town, mill: Person, north: Person, east: Person
) -> None:
    await mill.hand_over()
    await north.press("通过")
    await town.move_to("2025-11-07 10:00")
    for officer in (north, east):
        status = await officer.say("/status 磨坊")
        assert f"{OCTOBER}\n审核通过" in status
        await officer.press("1")
        await officer.press(next(label for label in officer.labels if label.startswith("📎")))
        assert officer.received[-1]["document"]["file_size"] == len(PDF)
    # What is open is the new district's alone.
    check = town.stage(MILL, "2025-10", name="district")
    assert await east.press_data(f"st:{check.id}")
    await north.press_data(f"st:{check.id}")
    assert north.toasts[-1] == NOT_YOURS


async def test_what_was_handed_over_before_is_returned_after_and_mended(
    town: Town, mill: Person, north: Person, east: Person, city: Person
) -> None:
    await mill.hand_over()
    await north.press("通过")
    await town.move_to("2025-11-06 10:00")
    await city.say("/review")
    await city.press(f"1. {MILL_NAME}")
    await city.press("退回")
    await city.press("材料不完整")
    assert "退回单位：镜湖市生态环境局" in east.last
    await east.press("查看")
    await east.press("退回上一环节")
    await east.press("材料不清晰")
    assert "退回单位：东江区生态环境局" in mill.last
    unit = town.stage(MILL, "2025-10")
    assert unit.status == "returned"
    assert unit.act_by_on == date(2025, 11, 11)
    await mill.press("上传更正材料")
    await mill.send_file(PDF + b"corrected", "更正.pdf")
    await mill.press("确认提交")
    assert "已提交，请审核" in east.last
    await east.press("通过")
    assert town.stage(MILL, "2025-10").status == "accepted"
    assert not told(north, "退回更正")


async def test_a_question_by_the_old_name_is_answered_for_the_successor_and_says_so(
    town: Town, city: Person, east: Person, south: Person
) -> None:
    await town.move_to("2025-11-21 10:00")
    hint = "北岭区已于2025年11月6日并入东江区，以下为东江区的情况。"
    for person in (city, east):
        assert (await person.say("北岭区情况怎么样")).startswith(f"{hint}\n\n东江区\n")
        assert (await person.say("北岭区谁逾期了")).startswith(f"{hint}\n\n企业 2 家逾期")
    assert MILL_NAME not in await south.say("北岭区谁逾期了")


async def test_before_the_merger_nothing_of_it_is_said(town: Town, city: Person, north: Person) -> None:
    await town.move_to(EVE)
    assert (await city.say("北岭区情况怎么样")).startswith("北岭区\n")
    assert "并入" not in await north.say("/start")


async def test_the_old_districts_people_are_told_where_it_went(town: Town, north: Person) -> None:
    await town.move_to("2025-11-06 10:00")
    said = "北岭区已于2025年11月6日并入东江区。此处可查阅并入前经办的事项，在办事项由东江区办理。"
    assert said in await north.say("/start")
    assert (await north.say("/summary")).startswith(f"{said}\n\n北岭区\n")
    assert (await north.say("/overdue")).startswith(f"{said}\n\n目前无逾期事项。")


class TestAUnitThatMoves:
    """The mill moves to the south, and the north goes on."""

    @pytest.fixture
    def known(self) -> Registry:
        rows = {row.code: row for row in town_registry().organisations}
        place = (MembershipRow(district=SOUTH, since=MERGED_ON),)
        return Registry(
            organisations=(rows["500000"], rows[SOUTH], rows[MILL].model_copy(update={"memberships": place}))
        )

    async def test_only_what_is_still_its_own_is_told_to_the_district_it_left(
        self, town: Town, mill: Person, kiln: Person, north: Person, south: Person
    ) -> None:
        await town.move_to("2025-11-05 22:30")
        await mill.hand_over()
        await kiln.hand_over()
        await town.move_to("2025-11-06 09:30")
        assert _notifications(town, north, NotificationKind.SUBMITTED) == [
            (Outcome.DROPPED, "another office checks it now"),
            (Outcome.SENT, None),
        ]
        assert MILL_NAME not in await north.say("/review")
        assert MILL_NAME in await south.say("/review")
        assert "并入" not in await north.say("/start")
        assert MILL_NAME not in await north.say("/overdue")
        assert await north.say("/status 磨坊") == "所辖范围内没有名称含“磨坊”的单位，请换几个字再试。"


class TestWithoutASuccessor:
    @pytest.fixture
    def known(self) -> Registry:
        return merging(successor=None)

    async def test_the_old_office_goes_on_acting_and_everyone_is_told_so(
        self, town: Town, mill: Person, north: Person, east: Person, city: Person
    ) -> None:
        await town.move_to("2025-11-10 10:00")
        await mill.hand_over()
        assert "已提交，请审核" in north.last
        assert await east.say("/review") == "暂无待审核事项。"
        said = "北岭区已于2025年11月6日撤销，承接单位明确前由原单位继续办理。"
        assert said in told(north, "每日督办通报")[-1]
        digest = told(city, "每日督办通报")[-1]
        assert "已撤销、承接单位未明确：\n• 北岭区：11月6日止，在办 " in digest
        assert "项，由原单位继续办理\n" in digest
        assert (await city.say("北岭区情况怎么样")).startswith(f"{said}\n\n北岭区\n")

    async def test_where_nobody_can_be_reached_the_municipality_hears_that_nobody_acts(
        self, town: Town, north: Person, city: Person
    ) -> None:
        north.visitor.set_blocked(blocked=True)
        await town.settle()
        await town.move_to("2025-11-10 10:00")
        assert "项，无人承办\n" in told(city, "每日督办通报")[-1]

    async def test_once_a_successor_is_named_it_acts_at_once(
        self, town: Town, mill: Person, north: Person, east: Person
    ) -> None:
        await town.move_to("2025-11-10 10:00")
        await mill.hand_over()
        town.database.write(lambda session: registry.load(session, merging(), now=town.clock.now()))
        await town.settle()
        assert "转由东江区办理" in north.last
        assert told(east, "事项移交")
        assert MILL_NAME in await east.say("/review")
        assert town.stage(KILN, "2025-10").district_id == town.stage(MILL, "2025-10").district_id
        await north.press("通过")
        assert town.stage(MILL, "2025-10").status == "submitted"


def _notifications(town: Town, person: Person, kind: NotificationKind) -> list[tuple[Outcome, str | None]]:
    """Return what became of a person's notifications of a kind: outcome and reason."""

    def work(session: Session) -> list[tuple[Outcome, str | None]]:
        contact = contacts.by_address(session, registry.CHANNEL, str(person.user_id))
        assert contact is not None
        found = session.query(Notification).filter_by(contact_id=contact.id, kind=kind)
        return [(each.outcome, each.outcome_reason) for each in found]

    return town.database.read(work)
