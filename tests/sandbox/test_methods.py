"""The methods of the Bot API over HTTP: what is accepted, and each refusal in the real server's words."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Protocol, TypeAlias

import httpx
import pytest

from sandbox.attachments import Upload, store
from sandbox.seam import Visitor, World

TOKEN = "7000001:sandbox"
UNIT, NEWCOMER = 1001, 1002

Call: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


class Clock(Protocol):
    """The clock of a test."""

    at: Any


async def refused(answer: Awaitable[dict[str, Any]]) -> tuple[int, str]:
    body = await answer
    assert body["ok"] is False
    return body["error_code"], body["description"]


async def test_an_unknown_method_is_not_found(url: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/bot{TOKEN}/sendTelepathy")
    assert answer.status_code == 404
    assert answer.json() == {"ok": False, "error_code": 404, "description": "Not Found"}


async def test_an_unknown_token_is_unauthorized(url: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/bot1:other/getMe")
    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


@pytest.mark.parametrize("kind", ["query", "json", "form", "multipart"])
async def test_arguments_come_in_every_way_the_api_allows(url: str, kind: str) -> None:
    body = {"chat_id": str(UNIT), "text": "您好"}
    address = f"{url}/bot{TOKEN}/SENDmessage"
    async with httpx.AsyncClient() as client:
        match kind:
            case "query":
                answer = await client.get(address, params=body)
            case "json":
                answer = await client.post(address, json=body)
            case "form":
                answer = await client.post(address, data=body)
            case _:
                answer = await client.post(address, files={name: (None, text) for name, text in body.items()})
    assert answer.json()["result"]["text"] == "您好"


@pytest.mark.parametrize(
    ("arguments", "description"),
    [
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": 9, "text": "x"}, "chat not found"),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ({"chat_id": UNIT}, "message text is empty"),
        ({"chat_id": UNIT, "text": " \n "}, "message text is empty"),
        ({"chat_id": UNIT, "text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"chat_id": UNIT, "text": "好" * 4097}, "message is too long"),
        (
            {"chat_id": UNIT, "text": "<b>x", "parse_mode": "HTML"},
            "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        ({"chat_id": UNIT, "text": "x", "parse_mode": "MarkdownV9"}, "unsupported parse_mode"),
        ({"chat_id": UNIT, "text": "x", "reply_markup": "[]"}, "object expected as reply markup"),
        ({"chat_id": UNIT, "text": "x", "reply_markup": "{"}, "can't parse reply_markup JSON object"),
        (
            {"chat_id": UNIT, "text": "x", "reply_parameters": {"message_id": 99}},
            "message to be replied not found",
        ),
    ],
)
async def test_a_text_is_refused_as_the_real_server_does(
    api: Call, arguments: dict[str, Any], description: str
) -> None:
    assert await refused(api("sendMessage", **arguments)) == (400, f"Bad Request: {description}")


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "x", "callback_data": "好" * 22}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x"},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "url": "javascript:alert(1)"},
            "inline keyboard button URL 'javascript:alert(1)' is invalid: Unsupported URL protocol",
        ),
        (
            {"callback_data": "a"},
            'can\'t parse inline keyboard button: Field "text" must be a non-empty String',
        ),
    ],
)
async def test_a_wrong_button_is_refused(api: Call, button: dict[str, str], description: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    answer = api("sendMessage", chat_id=UNIT, text="x", reply_markup=markup)
    assert await refused(answer) == (400, f"Bad Request: {description}")


async def test_callback_data_of_64_bytes_and_a_text_of_4096_characters_are_taken(api: Call) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "a" * 64}]]}
    text = f"<b>{'好' * 4096}</b>"
    sent = await api("sendMessage", chat_id=UNIT, text=text, parse_mode="HTML", reply_markup=markup)
    assert sent["result"]["reply_markup"] == markup


async def test_a_bot_cannot_write_first_nor_to_whom_blocked_it(api: Call, world: World) -> None:
    first = api("sendMessage", chat_id=NEWCOMER, text="x")
    assert await refused(first) == (403, "Forbidden: bot can't initiate conversation with a user")
    Visitor(world, UNIT, token=TOKEN).set_blocked(blocked=True)
    second = api("sendMessage", chat_id=UNIT, text="x")
    assert await refused(second) == (403, "Forbidden: bot was blocked by the user")


async def test_blocking_and_writing_again_are_told_to_the_bot(api: Call, world: World) -> None:
    visitor = Visitor(world, UNIT, token=TOKEN)
    visitor.set_blocked(blocked=True)
    visitor.start()
    blocked, unblocked, started = (await api("getUpdates"))["result"]
    assert blocked["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert unblocked["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert started["message"]["text"] == "/start"
    assert started["message"]["from"]["language_code"] == "zh-hans"


async def test_an_edit_shows_the_new_text_and_drops_the_old_buttons(api: Call) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "a"}]]}
    sent = (await api("sendMessage", chat_id=UNIT, text="旧", reply_markup=markup))["result"]
    place = {"chat_id": UNIT, "message_id": sent["message_id"]}
    edited = (await api("editMessageText", **place, text="新"))["result"]
    assert edited["text"] == "新"
    assert "reply_markup" not in edited
    code, description = await refused(api("editMessageText", **place, text="新"))
    assert code == 400
    assert description.startswith("Bad Request: message is not modified: specified new message content")


@pytest.mark.parametrize(
    ("method", "arguments", "description"),
    [
        ("editMessageText", {"message_id": 99, "text": "x"}, "message to edit not found"),
        ("editMessageText", {"message_id": 1, "text": "x"}, "message can't be edited"),
        ("editMessageText", {"message_id": 3, "text": "x"}, "there is no text in the message to edit"),
        ("editMessageCaption", {"message_id": 2}, "there is no caption in the message to edit"),
        ("deleteMessage", {"message_id": 99}, "message to delete not found"),
    ],
)
async def test_an_edit_of_the_wrong_message_is_refused(
    api: Call, world: World, *, method: str, arguments: dict[str, Any], description: str
) -> None:
    Visitor(world, UNIT, token=TOKEN).say("您好")
    await api("sendMessage", chat_id=UNIT, text="x")
    content, files = store(
        world, TOKEN, Upload(name="a.txt", mime="text/plain", content=b"a"), place=0, photo=False
    )
    world.post(TOKEN, UNIT, [content], "sendDocument", files=files)
    answer = api(method, chat_id=UNIT, **arguments)
    assert await refused(answer) == (400, f"Bad Request: {description}")


async def test_a_message_can_be_deleted_for_48_hours(api: Call, clock: Clock) -> None:
    for _ in range(2):
        await api("sendMessage", chat_id=UNIT, text="x")
    clock.at += timedelta(hours=48)
    assert (await api("deleteMessage", chat_id=UNIT, message_id=1))["result"] is True
    clock.at += timedelta(seconds=1)
    late = api("deleteMessage", chat_id=UNIT, message_id=2)
    assert await refused(late) == (400, "Bad Request: message can't be deleted for everyone")


async def test_a_press_is_answered_once_and_in_time(api: Call, world: World, clock: Clock) -> None:
    gone = (400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "a"}]]}
    await api("sendMessage", chat_id=UNIT, text="x", reply_markup=markup)
    visitor = Visitor(world, UNIT, token=TOKEN)
    first = visitor.press(1, "a")
    (update,) = (await api("getUpdates"))["result"]
    assert update["callback_query"]["data"] == "a"
    assert update["callback_query"]["message"]["reply_markup"] == markup
    long = api("answerCallbackQuery", callback_query_id=first, text="好" * 201)
    assert await refused(long) == (400, "Bad Request: MESSAGE_TOO_LONG")
    assert (await api("answerCallbackQuery", callback_query_id=first, text="好"))["result"] is True
    assert await refused(api("answerCallbackQuery", callback_query_id=first)) == gone
    second = visitor.press(1, "a")
    clock.at += timedelta(minutes=16)
    assert await refused(api("answerCallbackQuery", callback_query_id=second)) == gone


@pytest.mark.parametrize(
    ("name", "content", "data", "status", "description"),
    [
        ("sendDocument", b"", {}, 400, "Bad Request: file must be non-empty"),
        ("sendDocument", b"a", {"caption": "好" * 1025}, 400, "Bad Request: message caption is too long"),
        ("sendPhoto", b"not a picture", {}, 400, "Bad Request: IMAGE_PROCESS_FAILED"),
        ("sendDocument", bytes(50 * 1024 * 1024 + 1), {}, 413, "Request Entity Too Large"),
        (
            "sendPhoto",
            bytes(10 * 1024 * 1024 + 1),
            {},
            400,
            "Bad Request: file of size 10485761 bytes is too big for a photo",
        ),
    ],
    ids=["empty", "caption", "no picture", "over 50 MB", "photo over 10 MB"],
)
async def test_a_wrong_file_is_refused(
    url: str, *, name: str, content: bytes, data: dict[str, str], status: int, description: str
) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        files = {name.removeprefix("send").lower(): ("f", content)}
        answer = await client.post(
            f"{url}/bot{TOKEN}/{name}", data={"chat_id": str(UNIT), **data}, files=files
        )
    assert (answer.status_code, answer.json()["description"]) == (status, description)


async def test_only_files_up_to_20_mb_can_be_fetched(url: str, api: Call) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        files = {"document": ("f.bin", bytes(20 * 1024 * 1024 + 1))}
        sent = await client.post(f"{url}/bot{TOKEN}/sendDocument", data={"chat_id": UNIT}, files=files)
    file_id = sent.json()["result"]["document"]["file_id"]
    assert await refused(api("getFile", file_id=file_id)) == (400, "Bad Request: file is too big")
    assert await refused(api("getFile", file_id="x")) == (400, "Bad Request: invalid file_id")
    address = api("sendDocument", chat_id=UNIT, document="https://example.cn/a.pdf")
    assert await refused(address) == (400, "Bad Request: wrong file identifier/HTTP URL specified")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("application/json", b"\xff"),
        ("application/json", b"[" * 100_000),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        ("multipart/form-data", b"--x"),
        ("application/json", b'{"chat_id": 1001, "text": "\\ud800"}'),
        ("multipart/form-data; boundary=x", b"rubbish"),
    ],
)
async def test_a_broken_body_is_the_callers_fault(url: str, kind: str, body: bytes) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{url}/bot{TOKEN}/sendMessage", content=body, headers={"Content-Type": kind}
        )
    assert answer.status_code == 400
    assert answer.json()["description"].startswith("Bad Request: ")


async def test_a_bot_in_a_group_sees_only_what_is_meant_for_it(api: Call, world: World) -> None:
    world.add_group(-100, "值班", [UNIT])
    visitor = Visitor(world, UNIT, token=TOKEN, chat_id=-100)
    visitor.say("大家好")
    visitor.say("/overdue")
    sent = (await api("sendMessage", chat_id=-100, text="三家逾期"))["result"]
    visitor.say("谢谢", reply_to=sent["message_id"])
    updates = (await api("getUpdates"))["result"]
    assert [update["message"]["text"] for update in updates] == ["/overdue", "谢谢"]
    assert updates[1]["message"]["chat"]["type"] == "group"
    assert updates[1]["message"]["reply_to_message"]["text"] == "三家逾期"


async def test_who_is_not_in_a_group_cannot_speak_there(world: World) -> None:
    world.add_group(-100, "值班", [UNIT])
    with pytest.raises(Exception, match="chat not found"):
        Visitor(world, NEWCOMER, token=TOKEN, chat_id=-100)
