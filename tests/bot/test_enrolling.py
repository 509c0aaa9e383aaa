"""Who gets in, who stays out, and what each of them is told."""

import pytest

from storage import contacts, settings
from tests.bot.conftest import CITY, KILN, MILL, NORTH, Person, Town

ONLY_INVITED = "本助手仅供受邀联系人使用。请向所在地生态环境局索取邀请链接。"
NO_SUCH_INVITATION = "该邀请链接无法使用，请向所在地生态环境局索取新的链接。"


def binding_is_on(town: Town, user_id: int) -> bool:
    return town.database.read(lambda s: contacts.by_address(s, "telegram", str(user_id))) is not None


async def test_an_invitation_enrols_once_and_a_second_use_teaches_nothing(town: Town) -> None:
    token = town.invite(NORTH)
    first, second = town.person(901, "新来的"), town.person(902, "捡到链接的")
    told = await first.start(token)
    assert "新来的，您已登记为北岭区生态环境局的联系人。" in told
    assert "每日上午发送一份督办通报" in told
    assert first.labels == ["谁逾期了", "待我审核", "我的待办", "总体进度", "清单", "留存", "时序图"]
    assert await second.start(token) == NO_SUCH_INVITATION
    assert await second.start("not-a-token") == NO_SUCH_INVITATION
    assert await second.say("/due") == ONLY_INVITED


async def test_an_invitation_runs_out(town: Town) -> None:
    token = town.invite(MILL)
    town.stand_at("2024-02-19 10:00")
    assert await town.person(901).start(token) == NO_SUCH_INVITATION


async def test_each_level_is_welcomed_with_what_it_will_get(town: Town) -> None:
    told = await town.person(901, "New Hand", "en").start(town.invite(MILL))
    assert "New Hand, you now speak for 青禾磨坊热电有限公司." in told
    assert "one reminder on the mornings when a duty comes near" in told
    assert "block this chat" in told
    assert "全市督办通报" in await town.person(902).start(town.invite(CITY, lead=True))


async def test_a_later_invitation_moves_a_person_to_the_other_organisation(town: Town, mill: Person) -> None:
    assert "您已登记为白石窑发电有限公司的联系人" in await mill.start(town.invite(KILN))
    assert "白石窑发电有限公司" in await mill.say("/status")


@pytest.mark.parametrize(
    "said", ["/start", "/help", "/due", "/overdue", "/status 青禾", "/review", "谁逾期了", "👋"]
)
async def test_a_stranger_learns_nothing(stranger: Person, said: str) -> None:
    assert await stranger.say(said) == ONLY_INVITED
    assert stranger.labels == []


async def test_a_stranger_cannot_press_what_a_contact_could(stranger: Person, mill: Person) -> None:
    await stranger.start()
    await mill.say("/due")
    for data in (mill.data("1. 月度信息化存证 2024年1月"), "od:0:0", "sum", "file:1", "nonsense"):
        assert await stranger.press_data(data) == ONLY_INVITED


async def test_a_strangers_file_is_never_fetched(town: Town, stranger: Person) -> None:
    await town.fault("500", "getFile", count=None)
    assert await stranger.send_file() == ONLY_INVITED
    root = town.installation.folder.root
    assert not root.exists() or not any(root.rglob("*"))


async def test_a_stranger_is_answered_in_their_own_language(town: Town) -> None:
    told = await town.person(903, "Passer-by", "fr").start()
    assert told == (
        "This assistant serves invited contacts only. "
        "Please ask your ecology and environment bureau for an invitation link."
    )


async def test_help_lists_what_each_level_has_use_for(mill: Person, north: Person, south: Person) -> None:
    unit = await mill.say("/help")
    assert unit.startswith("督期 · 青禾磨坊热电有限公司 · 重点排放单位")
    assert "/review" not in unit
    assert "/review · 待我审核的事项" in await north.say("使用说明")
    told = await south.say("/help")
    assert "/overdue · who is overdue" in told
    assert "You can also simply write, for example: who is overdue" in told


async def test_the_bots_name_is_remembered_for_the_links_of_invitations(town: Town) -> None:
    assert town.database.read(lambda s: settings.get(s, "bot.username")) == "duewatch_town_bot"


async def test_start_greets_a_known_contact_again(mill: Person) -> None:
    assert "磨坊联系人，您已登记为青禾磨坊热电有限公司的联系人。" in await mill.start()


async def test_a_chats_menu_is_of_its_readers_level_and_language(town: Town) -> None:
    def commands(chat_id: int) -> dict[str, str]:
        offered = town.world.bot("7000001:town").settings["commands"][f"chat:{chat_id}|"]
        return {each["command"]: each["description"] for each in offered}

    unit, district = town.person(901, "New Hand", "en"), town.person(902)
    await unit.start(town.invite(MILL))
    await district.start(town.invite(NORTH))
    in_unit = commands(901)
    assert in_unit["due"] == "what I must do, and by when"
    assert "review" not in in_unit
    assert commands(902)["review"] == "待我审核的事项"
    await unit.press_data("lang:zh-hans")
    in_chinese = commands(901)
    assert list(in_chinese) == list(in_unit)
    assert in_chinese["due"] == "待办事项及期限"


async def test_a_menu_that_is_refused_costs_nothing_else(town: Town) -> None:
    await town.fault("400", "setMyCommands", count=None)
    reader = town.person(901, "New Hand", "en")
    assert "you now speak for" in await reader.start(town.invite(MILL))
    assert await reader.press_data("lang:zh-hans") == "已切换为中文。"
    assert len(reader.received) == 1
    assert "chat:901|" not in town.world.bot("7000001:town").settings["commands"]


async def test_the_menu_is_set_in_both_languages(town: Town) -> None:
    commands = town.world.bot("7000001:town").settings["commands"]
    in_chinese = {each["command"]: each["description"] for each in commands["default|zh"]}
    in_english = {each["command"]: each["description"] for each in commands["default|en"]}
    assert in_chinese["overdue"] == "谁逾期了"
    assert in_english["overdue"] == "who is overdue"
    assert "review" not in in_chinese, "whoever is not enrolled is offered a unit's"
    assert list(in_chinese) == list(in_english)
    assert commands["default|"] == commands["default|zh"]


async def test_the_language_is_the_readers_to_choose_and_stays(mill: Person) -> None:
    assert await mill.say("/language") == "请选择语言"
    assert await mill.press("English") == "From now on in English."
    assert (await mill.say("/due")).startswith("2 duties to do")
    await mill.say("in chinese please")
    assert await mill.press("中文") == "已切换为中文。"
    assert (await mill.say("/due")).startswith("待办 2 项")
    assert await mill.press_data("lang:xx") == "该事项不在您的查看或办理范围内。"
    assert (await mill.say("/due")).startswith("待办 2 项")


@pytest.mark.parametrize("said", ["收到", "谢谢", "OK"])
async def test_a_courtesy_is_answered_and_records_nothing(mill: Person, said: str) -> None:
    assert await mill.say(said) == "好的。本条消息未作登记；如需登记提交，请发送 /done。"


@pytest.mark.parametrize("said", ["/nonsense", "阿巴阿巴", "…", "12345"])
async def test_what_is_not_understood_is_answered_with_buttons_and_changes_nothing(
    mill: Person, said: str
) -> None:
    assert await mill.say(said) == "未能理解您的意思，请从下列选项中选择："
    assert mill.labels == ["我的待办", "登记提交", "谁逾期了", "总体进度", "清单", "留存", "时序图"]


async def test_who_blocks_the_bot_is_not_written_to_until_they_are_back(town: Town, mill: Person) -> None:
    mill.visitor.set_blocked(blocked=True)
    await town.settle()
    assert not binding_is_on(town, 101)
    mill.visitor.set_blocked(blocked=False)
    await town.settle()
    assert binding_is_on(town, 101)


async def test_who_was_given_up_as_unreachable_is_known_again_when_they_write(
    town: Town, mill: Person
) -> None:
    town.database.write(
        lambda s: contacts.unbind(s, "telegram", "101", reason="chat not found", now=town.clock.now())
    )
    assert (await mill.say("/due")).startswith("待办 2 项")
    assert binding_is_on(town, 101)


async def test_who_moved_elsewhere_does_not_come_back_by_unblocking(town: Town, mill: Person) -> None:
    await mill.start(town.invite(KILN))
    mill.visitor.set_blocked(blocked=True)
    mill.visitor.set_blocked(blocked=False)
    await town.settle()
    assert "白石窑发电有限公司" in await mill.say("/status")


async def test_a_hostile_name_is_harmless(town: Town, city: Person) -> None:
    joker = town.person(904, "<b>局长</b>\u202e\u200b&\n", "zh-hans")
    told = await joker.start(town.invite(MILL))
    assert "<b>局长</b>&，您已登记为" in told
    assert "\u202e" not in told
    assert "\u200b" not in told
    invisible = town.person(905, "\u200b\u2060", "zh-hans")
    assert "联系人，您已登记为" in await invisible.start(town.invite(MILL))
    assert "青禾磨坊" in await city.say("/status 青禾")
