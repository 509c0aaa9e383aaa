"""Who works on a database: what a process that is gone had claimed is free within seconds, and nobody else's is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from obligations.notice import Level
from storage import claims, inbox, leadership, outbox, workers
from storage.database import Database, Session
from storage.inbox import Arrived
from storage.models import (
    Attempt,
    AttemptOutcome,
    Contact,
    Notification,
    NotificationKind,
    Organisation,
    Worker,
)
from storage.workers import Presence
from tests.engines import only_postgresql, only_sqlite

NOW = datetime(2024, 2, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    """Another process's door to the same database."""
    opened = Database(database_url)
    yield opened
    opened.close()


def presence(database: Database, name: str) -> Presence:
    return Presence(database, name, host="here", pid=1)


def waiting(database: Database) -> None:
    """Let one notification and one update wait."""

    def work(session: Session) -> None:
        city = Organisation(
            code="city",
            level=Level.MUNICIPAL,
            name="city",
            short_name="city",
            english_name="city",
            bureau=None,
            sector=None,
            fuel=None,
            credit_code=None,
            valid_from=None,
            valid_to=None,
        )
        session.add(city)
        session.flush()
        reader = Contact(
            organisation_id=city.id,
            name="somebody",
            lead=False,
            language="en",
            created_at=NOW,
            retired_at=None,
        )
        session.add(reader)
        session.flush()
        outbox.enqueue(session, [reader.id], NotificationKind.ALARM, key="k", now=NOW)
        inbox.keep(session, [Arrived(update_id=1, chat_id=7, payload={})], now=NOW)

    database.write(work)


def claim_all(database: Database, worker: str) -> tuple[int, int]:
    """Claim what is free and begin to send it; return how many notifications and updates it were."""

    def work(session: Session) -> tuple[int, int]:
        claimed = claims.claim(session, worker=worker, now=NOW)
        for each in claimed:
            assert claims.begin(session, each, channel="chat", now=NOW)
        return len(claimed), len(inbox.claim(session, worker=worker, holding=(), now=NOW, limit=9))

    return database.write(work)


@only_postgresql
def test_what_a_process_had_that_is_gone_is_freed_by_another_and_its_send_is_unknown(
    database: Database, other: Database
) -> None:
    waiting(database)
    presence(other, "gone").begin(NOW)
    here = presence(database, "here")
    here.begin(NOW)
    assert claim_all(other, "gone") == (1, 1)
    assert here.look_round(NOW) == []
    assert claim_all(database, "here") == (0, 0)
    other.close()  # as a killed process does: its sessions end
    assert here.look_round(NOW) == ["gone"]
    assert database.read(workers.names) == ["here"]
    assert database.read(lambda s: s.query(Attempt).one().outcome) is AttemptOutcome.UNKNOWN
    assert claim_all(database, "here") == (1, 1)


@only_postgresql
def test_who_stood_still_and_was_taken_for_gone_sends_nothing_of_what_it_had(
    database: Database, other: Database
) -> None:
    waiting(database)
    frozen, here = presence(other, "frozen"), presence(database, "here")
    frozen.begin(NOW)
    here.begin(NOW)
    [claimed] = other.write(lambda s: claims.claim(s, worker="frozen", now=NOW))
    assert frozen._hold is not None  # noqa: SLF001  # the server ends the session of a process that stands still
    frozen._hold.release()  # noqa: SLF001  # likewise
    assert here.look_round(NOW) == ["frozen"]
    assert not other.write(lambda s: claims.begin(s, claimed, channel="chat", now=NOW))
    frozen.look_round(NOW)
    assert database.read(workers.names) == ["frozen", "here"]
    assert here.look_round(NOW) == []


@only_sqlite
def test_on_one_machine_everyone_who_worked_before_is_gone_at_the_start(database: Database) -> None:
    waiting(database)
    presence(database, "killed").begin(NOW)
    assert claim_all(database, "killed") == (1, 1)
    assert presence(database, "here").begin(NOW) == ["killed"]
    assert claim_all(database, "here") == (1, 1)


def test_who_leaves_is_forgotten_and_leaves_what_it_had(database: Database) -> None:
    waiting(database)
    here = presence(database, "here")
    here.begin(NOW)
    claim_all(database, "here")
    here.end(NOW)
    assert database.read(workers.names) == []
    assert database.read(lambda s: s.query(Notification).one().leased_by) is None


def test_it_notes_now_and_then_that_it_lives_also_after_the_clock_was_put_back(database: Database) -> None:
    here = presence(database, "here")
    here.begin(NOW)
    for moment in (NOW + timedelta(seconds=30), NOW - timedelta(hours=1)):
        here.look_round(moment)
        assert database.read(lambda s: s.get_one(Worker, "here").seen_at) == moment


@only_postgresql
def test_one_leads_and_when_it_is_gone_another_does(database: Database, other: Database) -> None:
    hold = leadership.try_to_lead(database)
    assert hold is not None
    assert leadership.try_to_lead(other) is None
    assert leadership.is_led(other)
    database.close()
    assert leadership.try_to_lead(other) is not None
