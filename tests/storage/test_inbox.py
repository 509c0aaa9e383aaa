"""What came in is stored once, waits until it is handled, and is given up after three attempts."""

import pytest
from sqlalchemy.exc import NoResultFound

from storage import inbox, settings
from storage.database import Database, Session
from storage.inbox import Arrived
from storage.models import InboundUpdate
from tests.storage.bureau import at, everything

NOW = at("2024-02-18 10:00")
LATER = at("2024-02-18 10:05")


def arrived(update_id: int, words: str = "你好", chat_id: int | None = 1001) -> Arrived:
    return Arrived(update_id=update_id, chat_id=chat_id, payload={"update_id": update_id, "text": words})


def keep(database: Database, *updates: Arrived) -> None:
    database.write(lambda session: inbox.keep(session, updates, now=NOW))


def waiting(database: Database) -> list[int]:
    return database.read(lambda session: [each.update_id for each in inbox.waiting(session)])


def fail(database: Database, error: str) -> bool:
    return database.write(lambda session: inbox.fail(session, 10, error, now=LATER))


def test_what_was_kept_waits_in_the_order_it_came(database: Database) -> None:
    keep(database, arrived(12), arrived(11, chat_id=None))
    keep(database, arrived(10))
    assert database.read(inbox.waiting) == [arrived(10), arrived(11, chat_id=None), arrived(12)]


def test_keeping_nothing_changes_nothing(database: Database) -> None:
    before = everything(database)
    keep(database)
    assert everything(database) == before


def test_what_arrives_twice_stays_as_it_first_was(database: Database) -> None:
    keep(database, arrived(10, "first"))
    keep(database, arrived(10, "second"), arrived(11))
    assert database.read(inbox.waiting) == [arrived(10, "first"), arrived(11)]


def test_what_was_handled_does_not_wait_again_when_it_arrives_again(database: Database) -> None:
    keep(database, arrived(10))
    assert database.write(lambda session: inbox.take(session, 10, now=LATER)) is True
    keep(database, arrived(10))
    assert waiting(database) == []
    assert database.write(lambda session: inbox.take(session, 10, now=LATER)) is False


def test_an_update_waits_still_when_its_handling_is_rolled_back(database: Database) -> None:
    keep(database, arrived(10))

    def work(session: Session) -> None:
        inbox.take(session, 10, now=LATER)
        settings.put(session, "decided", "yes")
        raise KeyError

    with pytest.raises(KeyError):
        database.write(work)
    assert waiting(database) == [10]
    assert database.read(lambda session: settings.get(session, "decided")) is None


def test_an_update_that_was_never_kept_cannot_be_taken(database: Database) -> None:
    with pytest.raises(NoResultFound):
        database.write(lambda session: inbox.take(session, 404, now=NOW))


def test_a_third_failure_gives_an_update_up_with_its_last_error(database: Database) -> None:
    keep(database, arrived(10))
    failed = [fail(database, f"error {number}") for number in (1, 2)]
    assert failed == [False, False]
    assert waiting(database) == [10]
    assert fail(database, "error 3") is True
    assert waiting(database) == []

    def work(session: Session) -> tuple[int, str | None, bool]:
        row = session.get_one(InboundUpdate, 10)
        return row.attempts, row.error, row.handled_at == LATER

    assert database.read(work) == (3, "error 3", True)


def test_a_long_error_is_kept_short(database: Database) -> None:
    keep(database, arrived(10))
    fail(database, "x" * 900)
    assert len(database.read(lambda session: session.get_one(InboundUpdate, 10).error) or "") == 500


def test_an_update_may_still_be_taken_after_a_failure(database: Database) -> None:
    keep(database, arrived(10))
    fail(database, "error")
    assert database.write(lambda session: inbox.take(session, 10, now=LATER)) is True
    assert waiting(database) == []
