"""Long polling and webhooks: an update stays until it is acknowledged, and one receiver has it at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.botapi import BotApi
from sandbox.seam import Visitor, World, serving

TOKEN = "7000001:sandbox"
UNIT = 1001

Call: TypeAlias = Callable[..., Awaitable[dict[str, Any]]]


def texts(answer: dict[str, Any]) -> list[str]:
    return [update["message"]["text"] for update in answer["result"]]


@pytest.fixture
def visitor(world: World) -> Visitor:
    """The unit's contact."""
    return Visitor(world, UNIT, token=TOKEN)


async def test_an_offset_acknowledges_what_comes_before_it(api: Call, visitor: Visitor) -> None:
    for text in "甲乙丙":
        visitor.say(text)
    assert texts(await api("getUpdates", limit=2)) == ["甲", "乙"]
    assert texts(await api("getUpdates")) == ["甲", "乙", "丙"]
    assert texts(await api("getUpdates", offset=3)) == ["丙"]
    assert texts(await api("getUpdates")) == ["丙"]
    assert texts(await api("getUpdates", offset=4)) == []


async def test_a_negative_offset_keeps_only_the_last(api: Call, visitor: Visitor) -> None:
    for text in "甲乙丙":
        visitor.say(text)
    assert texts(await api("getUpdates", offset=-2)) == ["乙", "丙"]
    assert texts(await api("getUpdates")) == ["乙", "丙"]
    assert texts(await api("getUpdates", offset=-9)) == ["乙", "丙"]


async def test_a_poll_waits_for_the_next_update(api: Call, visitor: Visitor, world: World) -> None:
    arrived = asyncio.ensure_future(world.events.signal.wait(10))
    await asyncio.sleep(0)  # let it start waiting; the poll's new setting fires it
    poll = asyncio.ensure_future(api("getUpdates", timeout=30, allowed_updates=["message"]))
    assert await arrived
    visitor.say("甲")
    assert texts(await poll) == ["甲"]


async def test_a_second_poll_ends_the_first(api: Call, visitor: Visitor, world: World) -> None:
    arrived = asyncio.ensure_future(world.events.signal.wait(10))
    await asyncio.sleep(0)  # as above
    first = asyncio.ensure_future(api("getUpdates", timeout=30, allowed_updates=["message"]))
    assert await arrived
    second = asyncio.ensure_future(api("getUpdates", timeout=30))
    ended = await first
    assert ended["error_code"] == 409
    assert ended["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    visitor.say("甲")
    assert texts(await second) == ["甲"]


async def test_updates_not_asked_for_do_not_come(api: Call, visitor: Visitor) -> None:
    await api("getUpdates", allowed_updates=["message"])
    visitor.set_blocked(blocked=True)
    visitor.say("甲")
    assert texts(await api("getUpdates")) == ["甲"]


@dataclass
class Hook:
    """A webhook that fails as told, then takes what comes; it tells when it has taken enough."""

    failures: int = 0
    enough: int = 1
    seen: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: Request) -> Response:
        """Take an update."""
        secret = request.headers.get("x-telegram-bot-api-secret-token")
        self.seen.append((secret, await request.json()))
        if self.failures:
            self.failures -= 1
            return Response(status_code=500)
        self.enough -= 1
        if not self.enough:
            self.arrived.set()
        return Response()


@asynccontextmanager
async def hooked(world: World, hook: Hook) -> AsyncIterator[str]:
    app = Starlette(routes=[Route("/hook", hook.take, methods=["POST"])])
    app.state.world = world
    async with serving(app) as base:
        yield f"{base}/hook"


async def test_a_webhook_is_posted_to_until_it_takes_the_update(
    api: Call, visitor: Visitor, world: World
) -> None:
    hook = Hook(failures=1, enough=2)
    async with hooked(World(world.now), hook) as address:
        assert (await api("setWebhook", url=address, secret_token="s-1"))["result"] is True
        polled = await api("getUpdates")
        assert polled["error_code"] == 409
        assert polled["description"].startswith(
            "Conflict: can't use getUpdates method while webhook is active"
        )
        visitor.say("甲")
        visitor.say("乙")
        async with asyncio.timeout(10):
            await hook.arrived.wait()
        known = (await api("getWebhookInfo"))["result"]
        assert known["url"] == address
        assert known["last_error_message"] == ("Wrong response from the webhook: 500 Internal Server Error")
        assert [secret for secret, _ in hook.seen] == ["s-1", "s-1", "s-1"]
        assert [update["update_id"] for _, update in hook.seen] == [1, 1, 2]
        await api("deleteWebhook")
    assert texts(await api("getUpdates", offset=3)) == []


async def test_updates_wait_while_no_webhook_answers(api: Call, visitor: Visitor) -> None:
    await api("setWebhook", url="http://127.0.0.1:9/hook")
    visitor.say("甲")
    await api("deleteWebhook")
    assert texts(await api("getUpdates")) == ["甲"]
    await api("deleteWebhook", drop_pending_updates=True)
    assert texts(await api("getUpdates")) == []


@pytest.mark.parametrize(
    ("arguments", "description"),
    [
        ({"url": "ftp://x"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://x", "secret_token": "a b"}, "secret token contains unallowed characters"),
    ],
)
async def test_a_wrong_webhook_is_refused(api: Call, arguments: dict[str, str], description: str) -> None:
    assert (await api("setWebhook", **arguments))["description"] == f"Bad Request: {description}"


async def test_a_webhook_goes_on_after_a_restart(world: World, visitor: Visitor) -> None:
    hook = Hook()
    async with hooked(World(world.now), hook) as address:
        world.commit(
            {
                "is": "setting",
                "token": TOKEN,
                "name": "webhook",
                "value": {"url": address, "secret": "", "max_connections": 40},
            }
        )
        visitor.say("甲")
        api = BotApi(world)
        api.webhooks.ensure_all()
        async with asyncio.timeout(10):
            await hook.arrived.wait()
        await api.webhooks.stop()
    assert hook.seen[0][0] is None
