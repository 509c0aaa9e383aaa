"""The real python-telegram-bot against the server: it parses every answer and every update."""

import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaDocument,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from sandbox.attachments import Upload
from sandbox.seam import Visitor, World

TOKEN = "7000001:sandbox"
UNIT, NEWCOMER = 1001, 1002


@pytest.fixture
async def bot(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A bot of the library on the server."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # without it the library warns on every RetryAfter
    async with Bot(TOKEN, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot") as made:
        yield made


@pytest.fixture
def visitor(world: World) -> Visitor:
    """The unit's contact."""
    return Visitor(world, UNIT, token=TOKEN)


async def test_it_knows_itself(bot: Bot) -> None:
    assert (bot.id, bot.username, bot.first_name) == (7000001, "duewatch_bot", "督期 Duewatch")


async def test_a_wrong_token_is_told(url: str) -> None:
    with pytest.raises(InvalidToken):
        async with Bot("1:other", base_url=f"{url}/bot"):
            pass


async def test_a_formatted_text_with_buttons_and_an_answer_to_it(bot: Bot, visitor: Visitor) -> None:
    button = InlineKeyboardButton("确认", callback_data="a")
    (asked,) = visitor.say("我的任务")
    sent = await bot.send_message(
        UNIT,
        "😀 <b>逾期</b> <a href='https://example.cn'>通知</a>",
        parse_mode="HTML",
        reply_markup=InlineKeyboardMarkup([[button]]),
        reply_parameters=ReplyParameters(asked["message_id"]),
        disable_notification=True,
        protect_content=True,
    )
    assert sent.parse_entities() == {
        MessageEntity("bold", 3, 2): "逾期",
        MessageEntity("text_link", 6, 2, url="https://example.cn"): "通知",
    }
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "我的任务"
    assert sent.has_protected_content
    visitor.press(sent.message_id, "a")
    _, pressed = await bot.get_updates()
    assert pressed.callback_query is not None
    assert await pressed.callback_query.answer("已记录", show_alert=True)
    edited = await pressed.callback_query.edit_message_text("已确认")
    assert getattr(edited, "text", None) == "已确认"


async def test_files_go_both_ways(bot: Bot, visitor: Visitor, picture: bytes) -> None:
    visitor.send_files(
        [Upload(name="台账.xlsx", mime="application/zip", content=b"PK")], caption="二月 /help"
    )
    visitor.send_files([Upload(name=f"{n}.png", mime="image/png", content=picture) for n in "ab"])
    file, first, second = [update.message for update in await bot.get_updates()]
    assert file is not None
    assert file.document is not None
    assert (file.document.file_name, file.caption) == ("台账.xlsx", "二月 /help")
    assert bytes(await (await file.document.get_file()).download_as_bytearray()) == b"PK"
    assert first is not None
    assert second is not None
    assert first.media_group_id == second.media_group_id is not None
    assert [(size.width, size.height) for size in first.photo] == [(320, 240), (640, 480)]
    assert bytes(await (await first.photo[-1].get_file()).download_as_bytearray()) == picture


async def test_a_document_can_be_sent_and_sent_again_by_its_id(bot: Bot) -> None:
    sent = await bot.send_document(
        UNIT, InputFile(io.BytesIO(b"x"), filename="清单.csv"), caption="<b>见附件</b>", parse_mode="HTML"
    )
    assert sent.document is not None
    assert sent.document.file_name == "清单.csv"
    again = await bot.send_document(UNIT, sent.document.file_id)
    assert again.document == sent.document
    edited = await bot.edit_message_caption(UNIT, sent.message_id, caption="新")
    assert getattr(edited, "caption", None) == "新"


async def test_a_photo_and_an_album_can_be_sent(bot: Bot, picture: bytes) -> None:
    photo = await bot.send_photo(UNIT, picture, caption="图")
    assert photo.photo[-1].width == 640
    album = await bot.send_media_group(
        UNIT,
        [
            InputMediaDocument(b"a", filename="a.txt", caption="甲"),
            InputMediaDocument(b"b", filename="b.txt"),
        ],
    )
    assert [message.document.file_name for message in album if message.document] == ["a.txt", "b.txt"]
    assert album[0].caption == "甲"
    assert album[0].media_group_id == album[1].media_group_id is not None


async def test_settings_are_kept_by_scope_and_language(bot: Bot) -> None:
    commands = [BotCommand("duties", "我的任务")]
    await bot.set_my_commands(commands, scope=BotCommandScopeAllPrivateChats(), language_code="zh")
    assert await bot.get_my_commands() == ()
    assert list(await bot.get_my_commands(BotCommandScopeAllPrivateChats(), "zh")) == commands
    await bot.delete_my_commands(BotCommandScopeAllPrivateChats(), "zh")
    assert await bot.get_my_commands(BotCommandScopeAllPrivateChats(), "zh") == ()
    await bot.set_my_description("督办到期事项", language_code="zh")
    assert (await bot.get_my_description("zh")).description == "督办到期事项"
    await bot.set_my_short_description("督期")
    assert (await bot.get_my_short_description("en")).short_description == "督期"
    await bot.set_my_name("督期")
    assert (await bot.get_my_name()).name == "督期"
    assert await bot.set_chat_menu_button()
    with pytest.raises(BadRequest, match="Bot_command_invalid"):
        await bot.set_my_commands([BotCommand("督期", "x")])


async def test_chats_and_members_are_known(bot: Bot, world: World) -> None:
    world.add_group(-100, "值班", [UNIT])
    assert (await bot.get_chat(UNIT)).first_name == "示例甲"
    assert (await bot.get_chat(-100)).title == "值班"
    assert (await bot.get_chat_member(-100, UNIT)).status == "member"
    assert (await bot.get_chat_member(-100, NEWCOMER)).status == "left"
    await bot.leave_chat(-100)
    with pytest.raises(Forbidden, match="kicked from the group"):
        await bot.send_message(-100, "x")
    assert await bot.send_chat_action(UNIT, "typing")


async def test_a_reply_keyboard_stays_until_it_is_removed(bot: Bot, world: World) -> None:
    await bot.send_message(UNIT, "选择", reply_markup=ReplyKeyboardMarkup([["是", "否"]]))
    keyboard = world.state.conversation(TOKEN, UNIT).keyboard
    assert keyboard is not None
    assert keyboard["keyboard"] == [[{"text": "是"}, {"text": "否"}]]
    await bot.send_message(UNIT, "好", reply_markup=ReplyKeyboardRemove())
    assert world.state.conversation(TOKEN, UNIT).keyboard is None


@pytest.mark.parametrize(
    ("fault", "raised", "handled"),
    [
        ({"kind": "429", "retry_after": 7}, RetryAfter, False),
        ({"kind": "500"}, NetworkError, False),
        ({"kind": "502"}, NetworkError, False),
        ({"kind": "400"}, BadRequest, False),
        ({"kind": "401"}, InvalidToken, False),
        ({"kind": "403"}, Forbidden, False),
        ({"kind": "drop"}, NetworkError, False),
        ({"kind": "reset_after"}, NetworkError, True),
        ({"kind": "not_json"}, TelegramError, True),
    ],
    ids=lambda value: str(value.get("kind")) if isinstance(value, dict) else "",
)
async def test_an_ordered_fault_reaches_the_library_once(
    bot: Bot, url: str, fault: dict[str, Any], raised: type[Exception], *, handled: bool
) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        await client.post("/sandbox/faults", json={"method": "sendMessage", "chat_id": UNIT, **fault})
        with pytest.raises(raised):
            await bot.send_message(UNIT, "甲")
        await bot.send_message(UNIT, "乙")
        record = (await client.get("/sandbox/record")).json()
    assert [entry["text"] for entry in record["messages"]] == (["甲", "乙"] if handled else ["乙"])


async def test_a_slow_answer_still_comes(bot: Bot, url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        await client.post("/sandbox/faults", json={"kind": "slow", "seconds": 0.01})
    assert (await bot.send_message(UNIT, "甲")).text == "甲"
