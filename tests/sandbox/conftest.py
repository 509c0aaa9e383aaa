"""A small play, a bot that answers it, the server around both, and a browser in front."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from sandbox.seam import Persona, Play, Progress, Step, StepKind, World, build_app, serving

TOKEN = "7000001:sandbox"
BOT_NAME = "duewatch_bot"
UNIT, DISTRICT, MUNICIPAL, NEWCOMER = 1001, 2001, 3001, 1002
START = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
CHROMIUM, CHROMEDRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")

Call: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


@dataclass
class Clock:
    """The virtual clock of a test."""

    at: datetime = START

    def __call__(self) -> datetime:
        """Return the instant."""
        return self.at


@dataclass
class SmallPlay:
    """Four people and a clock that sends the unit a reminder each morning it passes."""

    clock: Clock
    world: World
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    closed: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the clock's instant."""
        return self.clock.at

    def personas(self) -> Sequence[Persona]:
        """Return the four."""
        unit = {"zh": "企业", "en": "Enterprise"}
        district = {"zh": "区县", "en": "District"}
        municipal = {"zh": "市级", "en": "Municipal"}
        return [
            Persona(
                user_id=UNIT,
                name="示例甲",
                role="unit",
                role_label=unit,
                organisation="江畔热电有限公司",
                language="zh-hans",
            ),
            Persona(
                user_id=NEWCOMER,
                name="Lin <b>Fang</b>",
                role="unit",
                role_label=unit,
                organisation="Riverside Glass Works",
                language="en",
                start="invite-42",
            ),
            Persona(
                user_id=DISTRICT,
                name="示例乙",
                role="district",
                role_label=district,
                organisation="南岸区生态环境局",
                language="zh-hans",
            ),
            Persona(
                user_id=MUNICIPAL,
                name="示例丙",
                role="municipal",
                role_label=municipal,
                organisation="市生态环境局",
                language="zh-hans",
            ),
        ]

    async def move(self, step: Step) -> AsyncIterator[Progress]:
        """Go day by day to 09:00 in Shanghai; a step of 400 days waits at the gate after the first."""
        days = step.days if step.kind is StepKind.FORWARD else 1
        try:
            for day in range(1, days + 1):
                self.clock.at = (self.clock.at + timedelta(days=1)).replace(hour=1, minute=0)
                content = {"text": f"提醒：距离上传月度信息化存证还有 {18 - day} 天。"}
                self.world.post(TOKEN, UNIT, [content], "sendMessage")
                note = {"zh": "提醒 1 条", "en": "1 reminder"}
                yield Progress(now=self.clock.at, done=day / days, note=note)
                if days == 400:
                    await self.gate.wait()
        finally:
            self.closed.append(self.clock.at)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands on the morning of 2 March 2026."""
    return Clock()


@pytest.fixture
def world(clock: Clock) -> Iterator[World]:
    """A world without a journal, with a unit's contact who pressed START long ago and one who never did."""
    made = World(clock)
    made.add_bot(TOKEN, username=BOT_NAME, first_name="督期")
    made.add_user(UNIT, "示例甲", "zh-hans")
    made.add_user(NEWCOMER, "Lin", "en")
    made.enrol_chat(UNIT, TOKEN)
    yield made
    made.close()


@pytest.fixture
async def url(world: World) -> AsyncIterator[str]:
    """The address of a server around the world."""
    async with serving(build_app(world, token=TOKEN, bot_name=BOT_NAME)) as base:
        yield base


@pytest.fixture
async def api(url: str) -> AsyncIterator[Call]:
    """A call of the Bot API: method and arguments in, the answer's JSON out."""
    async with httpx.AsyncClient(base_url=f"{url}/bot{TOKEN}/", timeout=20) as client:

        async def call(method: str, **arguments: object) -> dict[str, Any]:
            answer: dict[str, Any] = (await client.post(method, json=arguments)).json()
            return answer

        yield call


@pytest.fixture
def play(clock: Clock, world: World) -> SmallPlay:
    """A small play on the world."""
    return SmallPlay(clock=clock, world=world)


Staged: TypeAlias = Callable[[World, Play], AbstractAsyncContextManager[str]]


@pytest.fixture
def staged() -> Staged:
    """Serve a play with the answering bot beside it."""
    return staging


@asynccontextmanager
async def staging(world: World, play: Play) -> AsyncIterator[str]:
    """Serve a play with the answering bot beside it, and yield the address of the page."""
    app = build_app(world, play=play, token=TOKEN, bot_name=BOT_NAME)
    async with serving(app) as base, httpx.AsyncClient(base_url=f"{base}/bot{TOKEN}/", timeout=60) as client:
        task = asyncio.create_task(answering(client))
        try:
            yield base
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def answering(client: httpx.AsyncClient) -> None:
    """Answer every text with buttons, every file with its name, every press with an edit."""
    offset = 0
    commands = [
        {"command": "duties", "description": "我的任务"},
        {"command": "overdue", "description": "逾期情况"},
        {"command": "help", "description": "使用说明"},
    ]
    await client.post("setMyCommands", json={"commands": commands})
    while True:
        answer = await client.post("getUpdates", json={"offset": offset, "timeout": 30})
        for update in answer.json()["result"]:
            offset = update["update_id"] + 1
            await answer_update(client, update)


async def answer_update(client: httpx.AsyncClient, update: dict[str, Any]) -> None:
    """Do what the bot does about one update."""
    match update:
        case {"callback_query": {"id": query_id, "data": data, "message": message}}:
            answer = {"callback_query_id": query_id, "text": "已记录。", "show_alert": data == "alert"}
            await client.post("answerCallbackQuery", json=answer)
            if data == "done":
                edit = {"chat_id": message["chat"]["id"], "message_id": message["message_id"]}
                await client.post("editMessageText", json={**edit, "text": "已确认上传。"})
        case {"message": {"chat": {"id": chat_id}, "text": text}}:
            keyboard = [
                [
                    {"text": "确认已上传", "callback_data": "done"},
                    {"text": "查看说明", "callback_data": "alert"},
                ],
                [{"text": "邀请同事", "url": f"https://t.me/{BOT_NAME}?start=abc"}],
            ]
            escaped = text.replace("&", "&amp;").replace("<", "&lt;")
            body = {"chat_id": chat_id, "text": f"收到：<b>{escaped}</b>", "parse_mode": "HTML"}
            await client.post("sendMessage", json={**body, "reply_markup": {"inline_keyboard": keyboard}})
        case {"message": {"chat": {"id": chat_id}, "document": {"file_name": name}}}:
            await client.post("sendMessage", json={"chat_id": chat_id, "text": f"收到文件：{name}"})
        case {"message": {"chat": {"id": chat_id}, "photo": [*sizes]}}:
            text = f"收到图片：{sizes[-1]['width']}×{sizes[-1]['height']}"
            await client.post("sendMessage", json={"chat_id": chat_id, "text": text})


def png(width: int, height: int, shade: int = 200) -> bytes:
    """Make a grey picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\x00" + bytes([shade]) * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def picture() -> bytes:
    """A PNG of 640 by 480."""
    return png(640, 480)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """A headless Chromium with a profile of its own."""
    if not (CHROMIUM.exists() and CHROMEDRIVER.exists()):
        pytest.skip("needs chromium and chromedriver in /usr/bin (Debian: chromium-driver)")
    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,800",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": "zh-CN,zh"})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(CHROMEDRIVER)))
    yield driver
    driver.quit()
