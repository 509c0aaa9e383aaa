"""What the page asks of the server, who may ask, and the stream of events with its resumption."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import httpx
import pytest

from sandbox.gate import is_loopback
from sandbox.pictures import read_picture
from sandbox.seam import Play, Step, StepKind, Visitor, World, build_app, serving

TOKEN = "7000001:sandbox"
UNIT, NEWCOMER = 1001, 1002

Staged: TypeAlias = Callable[[World, Play], AbstractAsyncContextManager[str]]


class SmallPlay(Play, Protocol):
    """The play of a test: a step of 400 days waits at its gate after the first."""

    gate: asyncio.Event
    closed: list[datetime]


@pytest.fixture
async def page(staged: Staged, world: World, play: SmallPlay) -> AsyncIterator[httpx.AsyncClient]:
    """A client at the page's side of a staged play."""
    async with (
        staged(world, play) as base,
        httpx.AsyncClient(base_url=f"{base}/sandbox/", timeout=20) as client,
    ):
        yield client


class Stream:
    """The events of a page."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.last_id = ""

    async def until(self, kind: str, **wanted: object) -> dict[str, Any]:
        """Read on until an event of a kind with these values."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                    continue
                self.last_id = fields.get("id", self.last_id)
                body: dict[str, Any] = json.loads(fields.get("data", "{}"))
                if fields.get("event") == kind and all(body.get(n) == v for n, v in wanted.items()):
                    return body
                fields = {}
        raise AssertionError(f"the stream ended before {kind}")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("example.cn", False),
        ("10.0.0.1", False),
        ("localhost.example.cn", False),
        ("", False),
        (None, False),
    ],
)
def test_only_this_machine_is_loopback(host: str | None, *, ours: bool) -> None:
    assert is_loopback(host) is ours


async def test_another_host_is_not_served(world: World) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        async with serving(build_app(world, token=TOKEN, bot_name="b"), host="0.0.0.0"):  # noqa: S104  refused
            pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": "{own}"}, 201),
        ({"Origin": "{own}", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "https://example.cn"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "example.cn"}, 403),
        ({"Host": "127.0.0.1.example.cn:80"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_only_the_pages_own_origin_may_act(
    page: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    own = str(page.base_url).removesuffix("/sandbox/")
    sent = {name: value.replace("{own}", own) for name, value in headers.items()}
    answer = await page.post(f"chats/{UNIT}/messages", json={"text": "x"}, headers=sent)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/sandbox/state", 403), (f"/bot{TOKEN}/getMe", 403)]
)
async def test_another_site_may_link_to_the_page_and_to_nothing_else(
    page: httpx.AsyncClient, path: str, status: int
) -> None:
    base = str(page.base_url).removesuffix("/sandbox/")
    answer = await page.get(base + path, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == status


async def test_the_page_may_load_nothing_from_elsewhere(page: httpx.AsyncClient) -> None:
    answer = await page.get("/")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert (await page.get("/page/../app.py")).status_code == 404
    assert (await page.get("/page/%2e%2e/app.py")).status_code == 404


async def test_the_state_lists_people_with_what_waits_for_them(page: httpx.AsyncClient, world: World) -> None:
    for text in ("甲", "乙\n丙"):
        world.post(TOKEN, UNIT, [{"text": text}], "sendMessage")
    unit, newcomer, *_ = (await page.get("state")).json()["personas"]
    assert (unit["unread"], unit["last"]["text"], unit["started"]) == (2, "乙 丙", True)
    assert (newcomer["name"], newcomer["started"], newcomer["start"]) == (
        "Lin <b>Fang</b>",
        False,
        "invite-42",
    )
    await page.post(f"chats/{UNIT}/read", json={"message_id": 1})
    assert (await page.get("state")).json()["personas"][0]["unread"] == 1


async def test_a_chat_comes_in_pages(page: httpx.AsyncClient, world: World) -> None:
    for number in range(70):
        world.post(TOKEN, UNIT, [{"text": str(number)}], "sendMessage")
    late = (await page.get(f"chats/{UNIT}")).json()
    assert [message["text"] for message in late["messages"]] == [str(n) for n in range(10, 70)]
    early = (await page.get(f"chats/{UNIT}?before={late['messages'][0]['message_id']}")).json()
    assert [message["text"] for message in early["messages"]] == [str(n) for n in range(10)]
    assert (late["more"], early["more"]) == (True, False)


async def test_a_long_text_is_split_as_a_client_does(world: World) -> None:
    sent = Visitor(world, UNIT, token=TOKEN).say("好" * 4000 + "\n" + "😀" * 3000)
    assert [len(message["text"]) for message in sent] == [4000, 2048, 952]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"chats/{UNIT}/messages", {"text": " "}, 400),
        (f"chats/{UNIT}/messages", {"text": 5}, 422),
        (f"chats/{UNIT}/messages", {"text": "x", "as": "other"}, 422),
        ("chats/99/messages", {"text": "x"}, 400),
        (f"chats/{UNIT}/presses", {"message_id": 99, "data": "a"}, 400),
        (f"chats/{UNIT}/start", {"payload": "a b"}, 422),
        (f"chats/{UNIT}/files", {}, 400),
        ("clock", {"step": "backward"}, 422),
        ("clock", {"step": "forward", "days": 401}, 422),
        ("faults", {"kind": "teapot"}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused(
    page: httpx.AsyncClient, path: str, body: dict[str, Any], status: int
) -> None:
    assert (await page.post(path, json=body)).status_code == status


@pytest.mark.parametrize(
    ("name", "mime", "disposition", "shown_as"),
    [
        ("a.pdf", "application/pdf", "inline", "application/pdf"),
        ("evil.html", "text/html", "attachment", "application/octet-stream"),
        ("evil.svg", "image/svg+xml", "attachment", "application/octet-stream"),
        ('台账"\n.xlsx', "application/zip", "attachment", "application/octet-stream"),
    ],
)
async def test_a_file_that_could_run_is_only_downloaded(
    page: httpx.AsyncClient, *, name: str, mime: str, disposition: str, shown_as: str
) -> None:
    sent = await page.post(f"chats/{UNIT}/files", files={"files": (name, b"x", mime)}, data={"caption": "c"})
    file_id = sent.json()["messages"][0]["document"]["file_id"]
    answer = await page.get(f"files/{file_id}")
    assert answer.headers["content-type"] == shown_as
    assert answer.headers["content-disposition"].startswith(f"{disposition}; filename*=UTF-8''")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


async def test_the_clock_moves_once_at_a_time_and_can_be_stopped(
    page: httpx.AsyncClient, play: SmallPlay
) -> None:
    after = (await page.get("state")).json()["last_event"]
    async with page.stream("GET", "events", params={"after": after}) as response:
        stream = Stream(response.aiter_lines())
        assert (await page.post("clock", json={"step": "forward", "days": 400})).status_code == 202
        told = await stream.until("clock", done=1 / 400)
        assert told["note"] == {"zh": "提醒 1 条", "en": "1 reminder"}
        assert (await page.post("clock", json={"step": "next_event"})).status_code == 409
        assert (await page.get("state")).json()["clock"]["moving"] is True
        assert (await page.delete("clock")).status_code == 204
        play.gate.set()
        ended = await stream.until("clock", moving=False)
        assert ended["stopped"] is True
        assert play.closed == [play.now()]
        assert (await page.post("clock", json={"step": "next_morning"})).status_code == 202
        await stream.until("clock", moving=False)


async def test_the_stream_resumes_where_it_broke_and_says_when_it_cannot(page: httpx.AsyncClient) -> None:
    after = (await page.get("state")).json()["last_event"]
    await page.post(f"chats/{UNIT}/messages", json={"text": "甲"})
    async with page.stream("GET", "events", params={"after": after}) as response:
        stream = Stream(response.aiter_lines())
        assert (await stream.until("message"))["message"]["text"] == "甲"
    await page.post(f"chats/{UNIT}/messages", json={"text": "乙"})
    async with page.stream("GET", "events", headers={"Last-Event-ID": stream.last_id}) as response:
        stream = Stream(response.aiter_lines())
        told = await stream.until("message", chat_id=UNIT)
        while told["message"]["from"]["is_bot"]:
            told = await stream.until("message", chat_id=UNIT)
        assert told["message"]["text"] == "乙"
    async with page.stream("GET", "events", headers={"Last-Event-ID": "other-3"}) as response:
        assert await Stream(response.aiter_lines()).until("reset") == {}


async def test_sending_too_fast_is_refused_when_asked_for(world: World) -> None:
    app = build_app(world, token=TOKEN, bot_name="duewatch_bot", enforce_limits=True)
    async with serving(app) as base, httpx.AsyncClient(base_url=f"{base}/bot{TOKEN}/") as client:
        sent = {"chat_id": UNIT, "text": "x"}
        answers = [await client.post("sendMessage", json=sent) for _ in range(8)]
    assert [answer.status_code for answer in answers[:3]] == [200] * 3
    assert answers[-1].status_code == 429
    assert answers[-1].json()["parameters"] == {"retry_after": 1}


async def test_the_record_lists_what_was_accepted_from_the_bot(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        sent = {"chat_id": UNIT, "text": "甲"}
        await client.post(f"/bot{TOKEN}/sendMessage", json=sent)
        await client.post(f"/bot{TOKEN}/editMessageText", json={**sent, "message_id": 1, "text": "乙"})
        await client.post(f"/bot{TOKEN}/sendMessage", json={**sent, "chat_id": NEWCOMER})
        record = (await client.get("/sandbox/record", params={"since": 1})).json()
    assert record["next"] == 2
    (entry,) = record["messages"]
    assert (entry["method"], entry["text"], entry["at"]) == (
        "editMessageText",
        "乙",
        "2026-03-02T00:30:00+00:00",
    )


async def test_the_server_stops_within_two_seconds_under_open_streams_and_polls(world: World) -> None:
    async with httpx.AsyncClient(timeout=20) as client:
        async with serving(build_app(world, token=TOKEN, bot_name="duewatch_bot")) as base:
            after = (await client.get(f"{base}/sandbox/state")).json()["last_event"]
            watching = world.events.signal
            poll = asyncio.ensure_future(
                client.get(f"{base}/bot{TOKEN}/getUpdates?timeout=30&allowed_updates=[]")
            )
            async with client.stream("GET", f"{base}/sandbox/events", params={"after": after}) as response:
                await Stream(response.aiter_lines()).until("settings")
                started = time.monotonic()
                assert watching is world.events.signal
        assert time.monotonic() - started < 2
        assert (await poll).json() == {"ok": True, "result": []}


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (b"GIF89a" + bytes([3, 0, 2, 0]), (3, 2)),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x02\x00\x03", (3, 2)),
        (b"RIFF    WEBPVP8X" + bytes(8) + bytes([2, 0, 0, 1, 0, 0]), (3, 2)),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\xff\xd8\xff", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_the_size_of_a_picture_is_read_from_its_head(content: bytes, size: tuple[int, int] | None) -> None:
    found = read_picture(content)
    assert (found and (found.width, found.height)) == size


@pytest.mark.parametrize("days", [0, 401, -1])
def test_a_step_goes_1_to_400_days(days: int) -> None:
    with pytest.raises(ValueError, match="1 to 400"):
        Step(kind=StepKind.FORWARD, days=days)
