"""Updates that Telegram posts: stored before it is told so, handled once, and nothing is taken from anybody else."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from telegram import Update

from bot.telegram import webhook
from bot.telegram.reading import arrived_as
from bot.web.app import build
from bot.web.serving import serving
from storage.database import Work
from storage.models import InboundUpdate
from tests.bot.conftest import TOKEN, Opened, Person, Town
from tests.bot.processes import another_process, release_everyone, row_of, until

SECRET = webhook.secret_of(TOKEN)
HEADER = "X-Telegram-Bot-Api-Secret-Token"
LANGUAGE = "请选择语言"

Posts = Callable[..., Awaitable[int]]


@pytest.fixture
async def posted(opened: Opened) -> AsyncIterator[Town]:
    """The town, whose bot is posted its updates."""
    async with opened() as town:
        arrivals = town.assistant.arrivals
        town.assistant.polling.cancel()
        async with serving(build([webhook.route(arrivals, SECRET)])) as url:
            await webhook.set_webhook(arrivals.bot, url, SECRET)
            yield town
            await webhook.delete_webhook(arrivals.bot)


@pytest.fixture
async def post(town: Town) -> AsyncIterator[Posts]:
    """Post a body to the webhook by hand, with the secret unless another is given; return the status."""
    town.assistant.polling.cancel()
    async with (
        serving(build([webhook.route(town.assistant.arrivals, SECRET)])) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):

        async def posting(body: object, *, secret: str | None = SECRET, method: str = "POST") -> int:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers = {} if secret is None else {HEADER.encode(): secret.encode()}
            answer = await client.request(method, webhook.path_of(SECRET), content=content, headers=headers)
            assert answer.content in {b"", b"Method Not Allowed"}
            return answer.status_code

        yield posting


def stored(town: Town) -> list[int]:
    return town.database.read(lambda session: sorted(row.update_id for row in session.query(InboundUpdate)))


def said(town: Town, person: Person, text: str) -> dict[str, Any]:
    """Let somebody say something, and return the update without it being sent."""
    person.visitor.say(text)
    update = dict(town.world.bot(TOKEN).updates[-1])
    town.world.acknowledge(TOKEN, update["update_id"] + 1)
    return update


async def test_what_is_posted_is_answered_and_presses_change_what_they_should(posted: Town) -> None:
    mill = posted.person(101)
    assert await mill.say("/language") == LANGUAGE
    assert await mill.press("English") == "From now on in English."
    info = await posted.assistant.arrivals.bot.get_webhook_info()
    assert (info.pending_update_count, info.last_error_message) == (0, None)
    assert info.max_connections == 20
    assert set(info.allowed_updates) == {"message", "callback_query", "my_chat_member"}


async def test_the_path_and_the_secret_say_nothing_of_the_token_and_follow_from_it() -> None:
    assert webhook.secret_of(TOKEN) == SECRET != webhook.secret_of("7000002:town")
    assert webhook.path_of(SECRET) != webhook.path_of(webhook.secret_of("7000002:town"))
    for part in (SECRET, webhook.path_of(SECRET)):
        assert "7000001" not in part
    assert SECRET not in webhook.path_of(SECRET)


@pytest.mark.parametrize("secret", [None, "", "x", SECRET.upper(), SECRET[:-1], "geheimnis-ü"])
async def test_nobody_posts_without_the_secret(
    town: Town, post: Posts, mill: Person, secret: str | None
) -> None:
    assert await post(said(town, mill, "/language"), secret=secret) == 403
    assert (stored(town), mill.received) == ([], [])


async def test_only_posts_are_taken(post: Posts) -> None:
    assert await post(b"", method="GET") == 405


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"update_id": "1"}',
        b'{"update_id": true}',
        b'{"update_id": 1.5}',
        b'{"update_id": -1}',
        b'{"update_id": 9223372036854775808}',
        b'{"update_id": 1, "message": NaN}',
        b"[" * 100_000,
    ],
)
async def test_what_is_no_update_is_refused_and_logged_without_it(
    town: Town, post: Posts, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await post(body) == 400
    assert stored(town) == []
    assert "is no update" in caplog.text
    assert "text" not in caplog.text.replace("NotAnUpdateError", "")


async def test_a_body_is_read_up_to_one_mebibyte(town: Town, post: Posts, mill: Person) -> None:
    update = said(town, mill, "/language")
    largest = json.dumps(update).encode().ljust(webhook.MOST_BYTES)
    assert await post(largest + b" ") == 413
    assert stored(town) == []
    assert await post(largest) == 200
    await town.settle()
    assert mill.messages == [LANGUAGE]


async def test_an_update_nobody_can_read_is_kept_and_given_up_where_it_can_be_seen(
    town: Town, post: Posts
) -> None:
    broken = {"update_id": 5, "message": {"chat": "?", "text": "看不懂"}}
    assert await post(broken) == 200
    await town.settle()
    row = row_of(town, 5)
    assert (row.payload, row.attempts, row.handled_at) == (broken, 3, town.clock.now())


async def test_an_update_that_is_posted_again_is_acknowledged_and_handled_once(
    town: Town, post: Posts, mill: Person
) -> None:
    update = said(town, mill, "/language")
    assert await asyncio.gather(*(post(update) for _ in range(5))) == [200] * 5
    await town.settle()
    assert await post(update) == 200
    await town.settle()
    assert mill.messages == [LANGUAGE]


async def test_what_is_posted_out_of_order_and_waits_is_handled_in_order(
    town: Town, post: Posts, mill: Person, kiln: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = [said(town, mill, words) for words in ("/help", "/language", "收到")]
    # A reader of the same chat's first message is slow, so that the others wait meanwhile.
    go = asyncio.Event()
    real = type(town.assistant.arrivals._handling._reader).read  # noqa: SLF001  # where a file would be fetched

    async def slow(reader: Any, update: Update) -> object:  # noqa: ANN401  # handed on as it is
        if update.update_id == updates[0]["update_id"]:
            await go.wait()
        return await real(reader, update)

    monkeypatch.setattr("bot.telegram.handling.UpdateReader.read", slow)
    for update in (updates[0], updates[2], updates[1], said(town, kiln, "/language")):
        assert await post(update) == 200
    await until(lambda: bool(kiln.received))
    assert mill.received == []
    go.set()
    await town.settle()
    assert [text.split("。")[0].split(" ")[0] for text in mill.messages] == ["督期", LANGUAGE, "好的"]


async def test_where_it_cannot_be_stored_telegram_posts_it_again(
    posted: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mill = posted.person(101)
    with monkeypatch.context() as patched:

        async def away(_database: object, _work: Work[object]) -> object:
            raise OSError("the database is away: " + "what somebody wrote")

        patched.setattr(type(posted.database), "run", away)
        mill.visitor.say("/language")
        await until(lambda: "cannot be stored (OSError)" in caplog.text)
        info = await posted.assistant.arrivals.bot.get_webhook_info()
        assert info.last_error_message == "Wrong response from the webhook: 503 Service Unavailable"
    assert stored(posted) == []
    await posted.settle()
    assert mill.messages == [LANGUAGE]
    assert "what somebody wrote" not in caplog.text


async def test_what_was_stored_and_not_acknowledged_before_a_crash_is_handled_once(
    posted: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrivals, mill = posted.assistant.arrivals, posted.person(101)
    real, crashed = arrivals.keep, [True]

    async def crashing(updates: Any) -> None:  # noqa: ANN401  # handed on as it is
        await real(updates)
        if crashed and crashed.pop():
            raise OSError

    monkeypatch.setattr(arrivals, "keep", crashing)
    assert await mill.say("/language") == LANGUAGE
    assert (len(mill.received), crashed) == (1, [])


async def test_a_process_that_dies_after_storing_leaves_the_update_to_another(
    town: Town, post: Posts, mill: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_given: object) -> object:
        raise asyncio.CancelledError

    async with another_process(town, "two") as two:
        with monkeypatch.context() as patched:
            patched.setattr("bot.telegram.handling.UpdateReader.read", killed)
            assert await post(said(town, mill, "/language")) == 200
            await town.assistant.arrivals.idle()
            assert row_of(town, 1).handled_at is None
        release_everyone(town)
        await two.take_up()
        await two.idle()
    assert mill.messages == [LANGUAGE]


async def test_fetching_while_a_webhook_is_set_says_so_plainly_and_goes_on_when_it_is_gone(
    town: Town, mill: Person, caplog: pytest.LogCaptureFixture
) -> None:
    bot = town.assistant.arrivals.bot
    with caplog.at_level(logging.WARNING):
        await webhook.set_webhook(bot, "http://127.0.0.1:1", SECRET)
        mill.visitor.say("/language")
        await until(lambda: "because a webhook is set for this token" in caplog.text)
    assert mill.received == []
    await webhook.delete_webhook(bot)
    await town.settle()
    assert mill.messages == [LANGUAGE]


async def test_what_waits_is_posted_once_a_webhook_is_set_and_fetched_once_it_is_deleted(
    opened: Opened,
) -> None:
    async with opened() as town:
        arrivals, mill = town.assistant.arrivals, town.person(101)
        town.assistant.polling.cancel()
        await asyncio.wait([town.assistant.polling])
        mill.visitor.say("/language")
        async with serving(build([webhook.route(arrivals, SECRET)])) as url:
            for _ in range(2):
                await webhook.set_webhook(arrivals.bot, url, SECRET)
            await town.settle()
            assert mill.messages == [LANGUAGE]
            for _ in range(2):
                await webhook.delete_webhook(arrivals.bot)
        mill.visitor.say("/language")
    async with opened() as again:
        await again.settle()
    assert mill.messages == [LANGUAGE] * 2


def test_a_number_as_large_as_the_database_holds_is_an_update() -> None:
    payload = {"update_id": 2**63 - 1}
    assert arrived_as(payload, None).chat_id is None  # type: ignore[arg-type]  # nothing is called
