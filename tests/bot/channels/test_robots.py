"""Group robots over HTTP, against a server that answers as their services document."""

import asyncio
import json

import httpx
import pytest
from starlette.responses import HTMLResponse, PlainTextResponse

from bot.channels.composition import ROBOTS
from bot.channels.limiter import RobotLimiter
from bot.channels.wecom import WecomRobot
from bot.clock import SystemClock
from bot.screen import Button, Drawing, Press, Screen
from jobs.channel import NOT_MINE
from obligations.law import Law
from storage.models import Outcome
from tests.bot.channels.conftest import Begun, Hours, Sent
from tests.bot.channels.services import KEY, SECRET, Services

ALL = ("wecom", "dingtalk", "feishu")
SIGNING = ("dingtalk", "feishu")
# 33 bytes a line in UTF-8, with its end 34.
LONG = "\n".join(f"{number:03d}关于月度信息化存证工" for number in range(900))


@pytest.mark.parametrize("name", ALL)
async def test_a_message_arrives_once_and_its_text_is_the_proof(
    name: str, sent: Sent, services: Services, begun: Begun
) -> None:
    receipt = await sent(name, "<b>每日摘要</b>\n渝北区：3 项逾期")

    assert receipt.outcome is Outcome.SENT
    assert begun.times == 1
    assert services.texts == [receipt.text]
    assert "**每日摘要**" in services.texts[0]
    assert "渝北区：3 项逾期" in services.texts[0]


@pytest.mark.parametrize("name", ALL)
async def test_nothing_leaves_where_another_process_has_it(
    name: str, sent: Sent, services: Services, begun: Begun
) -> None:
    begun.may = False

    receipt = await sent(name)

    assert (receipt.outcome, receipt.reason) == (Outcome.PENDING, NOT_MINE)
    assert services.asked == []


@pytest.mark.parametrize("name", SIGNING)
async def test_a_robot_with_a_secret_is_signed_for(name: str, sent: Sent, services: Services) -> None:
    services.secret = SECRET

    assert (await sent(name)).outcome is Outcome.SENT


@pytest.mark.parametrize("name", SIGNING)
async def test_a_wrong_secret_turns_the_address_off(name: str, sent: Sent, services: Services) -> None:
    services.secret = SECRET

    receipt = await sent(name, address=services.address(name, secret="another"))

    assert receipt.outcome is Outcome.FAILED
    assert receipt.unbind
    assert services.taken == []


@pytest.mark.parametrize("name", SIGNING)
async def test_a_wrong_clock_of_ours_is_nobodys_address(
    name: str, sent: Sent, services: Services, hours: Hours
) -> None:
    services.secret = SECRET
    services.now = SystemClock().now
    hours.passed = 7200

    receipt = await sent(name)

    assert receipt.outcome is Outcome.PENDING
    assert receipt.down
    assert not receipt.unbind


@pytest.mark.parametrize("name", ALL)
async def test_a_robot_that_is_gone_turns_the_address_off(name: str, sent: Sent, services: Services) -> None:
    receipt = await sent(name, address=services.address(name, key="no-such-robot"))

    assert receipt.outcome is Outcome.FAILED
    assert receipt.unbind
    assert "no-such-robot" not in (receipt.reason or "")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("wecom", {"errcode": 93004, "errmsg": "robot is stopped"}),
        ("wecom", {"errcode": 93008, "errmsg": "robot not in group"}),
        ("dingtalk", {"errcode": 310000, "errmsg": "keywords not in content"}),
        ("dingtalk", {"errcode": 400102, "errmsg": "bot is stopped"}),
        ("feishu", {"code": 19024, "msg": "Key Words Not Found", "data": {}}),
    ],
)
async def test_what_only_an_administrator_mends_turns_the_address_off(
    name: str, answer: dict[str, object], sent: Sent, services: Services
) -> None:
    services.answer(answer)

    receipt = await sent(name)

    assert (receipt.outcome, receipt.unbind) == (Outcome.FAILED, True)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("wecom", {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}),
        ("dingtalk", {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}),
        ("feishu", {"code": 9499, "msg": "Bad Request", "data": {}}),
        ("feishu", {"code": 19022, "msg": "Ip Not Allowed", "data": {}}),
        ("dingtalk", {"errcode": 310000, "errmsg": "ip 203.0.113.7 not in whitelist"}),
    ],
)
async def test_a_message_that_is_refused_leaves_its_address_on(
    name: str, answer: dict[str, object], sent: Sent, services: Services
) -> None:
    services.answer(answer)

    receipt = await sent(name)

    assert (receipt.outcome, receipt.unbind) == (Outcome.FAILED, False)


@pytest.mark.parametrize("name", ALL)
async def test_a_code_nobody_knows_is_a_refusal_that_leaves_the_address_on(
    name: str, sent: Sent, services: Services
) -> None:
    field = "code" if name == "feishu" else "errcode"
    services.answer({field: 987654, "errmsg": f"odd {KEY}", "msg": f"odd {KEY}"})

    receipt = await sent(name)

    assert (receipt.outcome, receipt.unbind) == (Outcome.FAILED, False)
    assert receipt.reason == "987654 odd …"


@pytest.mark.parametrize("name", ALL)
async def test_a_busy_service_is_tried_again_soon(name: str, sent: Sent, services: Services) -> None:
    services.answer({"errcode": -1, "errmsg": "system busy"} if name != "feishu" else {"code": 11232})

    receipt = await sent(name)

    assert receipt.outcome is Outcome.PENDING


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "page", [HTMLResponse("<h1>Sign in</h1>"), PlainTextResponse("[1, 2"), PlainTextResponse("{}")]
)
async def test_an_answer_without_a_code_may_have_arrived(
    name: str, page: HTMLResponse | PlainTextResponse, sent: Sent, services: Services
) -> None:
    services.answers.append(page)

    assert (await sent(name)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_that_broke_may_have_taken_it(status: int, sent: Sent, services: Services) -> None:
    services.answers.append(PlainTextResponse("bad gateway", status_code=status))

    assert (await sent("wecom")).outcome is Outcome.UNKNOWN


async def test_a_code_is_read_whatever_the_status(sent: Sent, services: Services) -> None:
    services.answer({"code": 19001, "msg": "param invalid"}, status=400)

    receipt = await sent("feishu")

    assert (receipt.outcome, receipt.unbind) == (Outcome.FAILED, True)


async def test_a_redirect_is_not_followed(sent: Sent, services: Services) -> None:
    services.answers.append(
        PlainTextResponse("", status_code=307, headers={"Location": services.address("wecom")})
    )

    receipt = await sent("wecom")

    assert (receipt.outcome, receipt.down) == (Outcome.PENDING, True)
    assert services.taken == []


@pytest.mark.parametrize("name", ALL)
async def test_a_refused_connection_was_not_sent_and_says_the_channel_is_down(
    name: str, sent: Sent, services: Services
) -> None:
    async with asyncio.timeout(10):
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
    address = services.address(name).replace(services.url, f"http://127.0.0.1:{port}")

    receipt = await sent(name, address=address)

    assert (receipt.outcome, receipt.down) == (Outcome.PENDING, True)
    assert KEY not in (receipt.reason or "")


async def test_a_connection_cut_before_the_answer_may_have_sent_it(sent: Sent, services: Services) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        address = services.address("wecom").replace(services.url, f"http://127.0.0.1:{port}")
        receipt = await sent("wecom", address=address)

    assert receipt.outcome is Outcome.UNKNOWN


async def test_an_answer_that_never_comes_may_have_sent_it(
    law: Law, services: Services, begun: Begun, hours: Hours
) -> None:
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await over.wait()
        writer.close()

    async def username() -> str | None:
        return None

    async with (
        await asyncio.start_server(silent, "127.0.0.1", 0) as server,
        httpx.AsyncClient(timeout=0.2) as impatient,
    ):
        port = server.sockets[0].getsockname()[1]
        robot = WecomRobot(
            impatient, law, username, RobotLimiter("wecom", WecomRobot.pace), loopback=True, now=hours.now
        )
        address = services.address("wecom").replace(services.url, f"http://127.0.0.1:{port}")
        receipt = await robot.send(address, Screen(html="督期"), language="en", begin=begun)
        over.set()

    assert (receipt.outcome, receipt.reason) == (Outcome.UNKNOWN, "ReadTimeout")


@pytest.mark.parametrize("name", ALL)
async def test_a_long_text_is_cut_at_line_ends_within_the_bytes_the_service_takes(
    name: str, sent: Sent, services: Services, begun: Begun
) -> None:
    receipt = await sent(name, LONG)

    assert receipt.outcome is Outcome.SENT
    assert begun.times == 1
    count = len(services.taken)
    assert count > 1
    told: list[str] = []
    for number, text in enumerate(services.texts, start=1):
        assert text.endswith(f"督期 Duewatch {number}/{count}")
        told += [line.strip() for line in text.split("\n")[:-1] if line.strip()]
    assert told == LONG.split("\n")


@pytest.mark.parametrize("name", ALL)
async def test_a_line_longer_than_a_message_is_cut_between_characters(
    name: str, sent: Sent, services: Services
) -> None:
    line = "督期*e\u0301\U0001f4c5[重庆]" * 900

    assert (await sent(name, f"<b>{line}</b>")).outcome is Outcome.SENT

    assert len(services.taken) > 1
    told = "".join(text.split("\n")[0].rstrip() for text in services.texts)
    seen = told.translate({ord(wide): ord(wide) - 0xFEE0 for wide in "＊［］"})
    for sign in "*[]":
        seen = seen.replace(f"&#{ord(sign)};", sign)
    assert seen == line
    assert not any(text.startswith("\u0301") for text in services.texts)


async def test_a_text_broken_off_in_its_middle_may_be_there_in_part(sent: Sent, services: Services) -> None:
    services.answers.extend([_ok(), _busy(), _busy(), _busy(), _busy()])

    receipt = await sent("wecom", LONG)

    assert receipt.outcome is Outcome.UNKNOWN
    assert "broken off" in (receipt.reason or "")


async def test_a_text_goes_on_where_the_service_is_busy_for_a_moment(sent: Sent, services: Services) -> None:
    services.answers.extend([_ok(), _busy()])

    assert (await sent("wecom", LONG)).outcome is Outcome.SENT


async def test_buttons_and_files_become_a_line_that_says_where(sent: Sent, services: Services) -> None:
    screen = Screen(
        html="<b>提醒</b>",
        rows=((Button("已提交", Press.to("sub", 1)),),),
        attachments=(Drawing(name="时间轴.png", draw=bytes),),
    )

    await sent("wecom", screen)

    assert services.texts[0] == (
        "**提醒**\n\n此处不显示：时间轴.png\n"
        "在 Telegram 里办理：[t.me/duewatch_town_bot](https://t.me/duewatch_town_bot)\n\n督期 Duewatch"
    )


async def test_signs_of_mark_up_in_names_stay_signs(sent: Sent, services: Services) -> None:
    html = "*甲* [乙](http://x.example) `丙` &lt;@all&gt; a_b #丁"
    for name in ALL:
        await sent(name, html)

    wecom, dingtalk, feishu = (text.split("\n")[0].rstrip() for text in services.texts)
    assert wecom == "＊甲＊ ［乙］(http://x.example) ｀丙｀ ＜@all＞ a_b #丁"
    assert dingtalk == "＊甲＊ ［乙］(http://x.example) ｀丙｀ ＜@all＞ a＿b #丁"
    assert "<" not in feishu
    assert "*" not in feishu
    assert "[" not in feishu


async def test_only_the_services_own_hosts_are_called(
    client: httpx.AsyncClient, law: Law, services: Services, begun: Begun
) -> None:
    async def username() -> str | None:
        return None

    robot = WecomRobot(client, law, username, RobotLimiter("wecom", WecomRobot.pace))
    receipt = await robot.send(services.address("wecom"), Screen(html="督期"), language="en", begin=begun)

    assert (receipt.outcome, receipt.unbind) == (Outcome.FAILED, True)
    assert services.asked == []
    assert begun.times == 0


def test_every_service_has_a_channel_of_its_name() -> None:
    assert {name: kind.name for name, kind in ROBOTS.items()} == {name: name for name in ALL}


def _ok() -> PlainTextResponse:
    return PlainTextResponse(json.dumps({"errcode": 0, "errmsg": "ok"}))


def _busy() -> PlainTextResponse:
    return PlainTextResponse(json.dumps({"errcode": -1, "errmsg": "system busy"}))
