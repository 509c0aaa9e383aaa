"""``duewatch inbox``: what could not be handled is seen without its words, read where one must, handed in or discarded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import contacts, inbox, organisations, registry, trail
from storage.database import Database, Session
from storage.inbox import Arrived
from storage.models import Event, InboundUpdate
from tests.bot.conftest import town_registry
from tests.bot.terminal import NOW, refused, run, stand, told

WORDS = "青禾的材料放在传达室"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return stand(tmp_path, monkeypatch)


@pytest.fixture
def kept(home: Path) -> Iterator[Database]:
    """A database with four updates: two given up, one that failed once and was handled, one that waits."""
    database = Database(f"sqlite:///{home / 'data' / 'duewatch.db'}")
    database.upgrade()
    messages: list[dict[str, Any]] = [
        {"message": {"text": WORDS, "chat": {"id": 101}}},
        {"callback_query": {"data": "acc:1:2"}},
        {"message": {"text": "/help"}},
        {"message": {"text": "/due"}},
    ]
    chats = (101, 999, 102, 103)

    def arrive(session: Session) -> None:
        registry.load(session, town_registry(), now=NOW)
        updates = [
            Arrived(update_id=number, chat_id=chat, payload={"update_id": number, **said})
            for number, (chat, said) in enumerate(zip(chats, messages, strict=True), start=1)
        ]
        inbox.keep(session, updates, now=NOW)
        for number, failures in ((1, 3), (2, 3), (3, 1)):
            for _ in range(failures):
                inbox.fail(session, number, "RuntimeError", worker="one", now=NOW)
        inbox.take(session, 3, worker="one", now=NOW)

    database.write(arrive)
    yield database
    database.close()


def row(database: Database, number: int) -> tuple[Any, ...]:
    def read(session: Session) -> tuple[Any, ...]:
        found = session.get_one(InboundUpdate, number)
        return found.handled_at, found.attempts, found.error, found.discarded

    return database.read(read)


def events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    def read(session: Session) -> list[tuple[str, dict[str, Any]]]:
        assert trail.first_broken(session) is None
        found = session.query(Event).filter(Event.kind.like("update_%")).order_by(Event.id)
        return [(event.kind, event.detail) for event in found]

    return database.read(read)


def test_the_list_names_what_was_given_up_and_shows_no_word_of_it(kept: Database) -> None:
    listed = told("inbox", "list")
    assert [(each["number"], each["kind"], each["contact"] is None) for each in listed] == [
        (1, "message", False),
        (2, "callback_query", True),
    ]
    assert listed[0]["organisation"] == kept.read(_organisation_of_101)
    assert (listed[0]["attempts"], listed[0]["error"]) == (3, "RuntimeError")
    shown = run("inbox", "list").output
    assert "2024-03-01 09:00  message" in shown
    assert "a stranger" in shown
    assert WORDS not in shown + str(listed)


def _organisation_of_101(session: Session) -> str:
    contact = contacts.by_address(session, "telegram", "101")
    assert contact is not None
    return organisations.get(session, contact.organisation_id).name


@pytest.mark.usefixtures("kept")
def test_one_is_shown_with_what_it_says() -> None:
    assert run("inbox", "show", "1").output.endswith(f"{WORDS}\n")
    assert run("inbox", "show", "2").output.endswith("acc:1:2\n")
    assert told("inbox", "show", "1")["update"]["message"]["text"] == WORDS


@pytest.mark.parametrize("number", ["3", "4", "404", "9223372036854775807"])
@pytest.mark.parametrize("command", [["show"], ["replay"], ["discard", "--reason", "x"]])
def test_only_what_was_given_up_is_touched(kept: Database, command: list[str], number: str) -> None:
    said = refused("inbox", *command, number, code=2)
    assert said == f"duewatch: there is no given-up message {number}; see: duewatch inbox list\n"
    assert events(kept) == []


def test_one_that_is_handed_in_again_has_all_its_attempts_before_it(kept: Database) -> None:
    assert run("inbox", "replay", "1", "2").output == "2 messages are handed in again.\n"
    assert row(kept, 1) == (None, 0, None, None)
    assert told("inbox", "list") == []
    claimed = kept.write(lambda s: inbox.claim(s, worker="one", holding=[], now=NOW, limit=9))
    assert [each.update_id for each in claimed] == [1, 2, 4]
    assert [kind for kind, _ in events(kept)] == ["update_replayed"] * 2
    assert WORDS not in str(events(kept))


def test_of_several_none_is_handed_in_where_one_is_unknown(kept: Database) -> None:
    refused("inbox", "replay", "1", "404", code=2)
    assert row(kept, 1)[1] == 3
    assert events(kept) == []


def test_one_that_is_discarded_is_closed_with_the_reason(kept: Database) -> None:
    assert (
        run("inbox", "discard", "1", "--reason", " answered by phone ").output == "1 message is discarded.\n"
    )
    assert [each["number"] for each in told("inbox", "list")] == [2]
    assert [each["number"] for each in told("inbox", "list", "--discarded")] == [1, 2]
    assert "Discarded: answered by phone" in run("inbox", "show", "1").output
    detail = {"update_id": 1, "error": "RuntimeError", "reason": "answered by phone"}
    assert events(kept) == [("update_discarded", detail)]
    refused("inbox", "discard", "1", "--reason", "again", code=2)
    run("inbox", "replay", "1")
    assert row(kept, 1) == (None, 0, None, None)


def test_discarding_asks_for_a_reason(kept: Database) -> None:
    assert refused("inbox", "discard", "1", "--reason", "  ", code=1) == "duewatch: say why, with --reason\n"
    assert row(kept, 1)[3] is None


@pytest.mark.usefixtures("home")
def test_nothing_given_up_is_said() -> None:
    run("db", "upgrade")
    assert run("inbox", "list").output == "No message was given up.\n"
    assert run("--lang", "zh-hans", "inbox", "list").output == "没有未能处理的消息。\n"
    assert told("inbox", "list") == []
