"""``duewatch channels``: an administrator says by which ways contacts are written to, and tries one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from storage import contacts, organisations, registry
from storage.database import Database, Session
from tests.bot.channels.mail import Post, post_office
from tests.bot.channels.services import KEY, SECRET, Services, served
from tests.bot.terminal import NOW, refused, run, stand, told
from tests.bot.town_registry import KILN, MILL, NORTH, town_registry

HOOK = f"https://oapi.dingtalk.com/robot/send?access_token={KEY}#{SECRET}"


@pytest.fixture(autouse=True)
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own with the town's registry."""
    folder = stand(tmp_path, monkeypatch)
    (folder / "data").mkdir()
    database = Database(f"sqlite:///{folder / 'data' / 'duewatch.db'}")
    database.upgrade()
    database.write(lambda session: registry.load(session, town_registry(), now=NOW))
    database.close()
    return folder


def contact_of(folder: Path, organisation: str) -> int:
    database = Database(f"sqlite:///{folder / 'data' / 'duewatch.db'}")

    def work(session: Session) -> int:
        return contacts.of_organisation(session, organisations.by_code(session, organisation).id)[0].id

    try:
        return database.read(work)
    finally:
        database.close()


def test_a_mailbox_is_added_after_the_chat_and_listed() -> None:
    added = told("channels", "add", MILL, "email", "Zhang@Example.ORG")

    assert [way["channel"] for way in added["channels"]] == ["telegram", "email"]
    (listed,) = told("channels", "list", MILL)
    assert listed["channels"][1] == {
        "channel": "email",
        "address": "Zhang@example.org",
        "active": True,
        "reason": None,
    }


def test_the_order_is_changed_and_a_channel_removed(terminal: Path) -> None:
    run("channels", "add", MILL, "email", "zhang@example.org")

    ordered = told("channels", "order", MILL, "email")
    assert [way["channel"] for way in ordered["channels"]] == ["email", "telegram"]
    removed = told("channels", "remove", str(contact_of(terminal, MILL)), "telegram")
    assert [way["channel"] for way in removed["channels"]] == ["email"]
    assert "no such channel" in refused("channels", "remove", MILL, "telegram", code=2)


def test_a_group_is_a_contact_of_its_organisation_and_its_robots_secret_is_not_shown() -> None:
    result = run("channels", "add", NORTH, "dingtalk", HOOK, "--group", "北区工作群(钉钉)")
    assert result.exit_code == 0, result.output
    listed = run("channels", "list", NORTH)

    assert "北区工作群(钉钉)" in listed.output
    assert "oapi.dingtalk.com/…-key#…" in listed.output
    for shown in (result.output, listed.output):
        assert KEY not in shown
        assert SECRET not in shown
    again = told("channels", "add", NORTH, "dingtalk", HOOK, "--group", "北区工作群(钉钉)")
    assert [way["channel"] for way in again["channels"]] == ["dingtalk"]


def test_an_address_that_is_none_is_refused_without_showing_it() -> None:
    wrong = f"https://evil.example/robot/send?access_token={KEY}"

    assert KEY not in refused("channels", "add", MILL, "dingtalk", wrong, code=2)
    assert "name@example.org" in refused("channels", "add", MILL, "email", "zhang", code=2)
    local = f"http://127.0.0.1:1/robot/send?access_token={KEY}"
    assert KEY not in refused("channels", "add", MILL, "dingtalk", local, code=2)


def test_another_contacts_address_is_refused_by_name() -> None:
    run("channels", "add", MILL, "email", "zhang@example.org")

    said = refused("channels", "add", KILN, "email", "zhang@example.org", code=2)

    assert "already" in said


def test_who_is_meant_has_to_be_clear() -> None:
    run("channels", "add", NORTH, "dingtalk", HOOK, "--group", "群")

    assert "no organisation and no contact" in refused("channels", "list", "无此人", code=2)
    assert "is not one contact" in refused("channels", "add", NORTH, "email", "a@example.org", code=2)


@pytest.fixture
async def services(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    """The robots' services on this machine, as in a rehearsal."""
    monkeypatch.setenv("DUEWATCH_TELEGRAM_API_URL", "http://127.0.0.1:8081")
    async with served(Services(now=SystemClock().now)) as running:
        yield running


async def test_a_robot_is_tried_and_what_it_said_is_told(services: Services) -> None:
    services.secret = SECRET
    run("channels", "add", NORTH, "feishu", services.address("feishu", secret=SECRET), "--group", "群")

    tried = await asyncio.to_thread(told, "channels", "test", "群")
    assert tried["outcome"] == "sent"
    assert "消息将送达此处" in services.texts[0]  # in the language of the group, not of the terminal

    services.secret = "another"
    said = await asyncio.to_thread(refused, "channels", "test", "群", "feishu", code=1)
    assert "19021" in said
    assert KEY not in said
    assert SECRET not in said


async def test_a_mailbox_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    run("channels", "add", MILL, "email", "zhang@example.org")
    assert "DUEWATCH_SMTP_URL" in await asyncio.to_thread(refused, "channels", "test", MILL, code=2)

    async with post_office(Post()) as post:
        monkeypatch.setenv("DUEWATCH_SMTP_URL", f"smtp://localhost:{post.port}")
        monkeypatch.setenv("DUEWATCH_MAIL_FROM", "duewatch@example.org")
        result = await asyncio.to_thread(run, "channels", "test", MILL)

    assert result.exit_code == 0, result.output
    assert result.output == "Sent by email to zhang@example.org.\n"
    assert [str(letter["To"]) for letter in post.letters] == ["zhang@example.org"]
