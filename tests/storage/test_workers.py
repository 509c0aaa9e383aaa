"""Who works on a database: what a process that is gone had claimed is free within seconds, and nobody else's is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

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
from storage.workers import GONE_FOR_SECONDS, SETTLING_SECONDS, Presence
from tests.engines import only_postgresql, only_sqlite

NOW = datetime(2024, 2, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    """Another process's door to the same database."""
    opened = Database(database_url)
    yield opened
    opened.close()


class Elapsed:
    """The seconds that have gone by, as a test says."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def elapsed() -> Elapsed:
    return Elapsed()


def presence(database: Database, name: str, elapsed: Elapsed | None = None) -> Presence:
    return Presence(database, name, host="here", pid=1, elapsed=elapsed or Elapsed())


def cut(database: Database) -> None:
    """End every session, as a server does that begins anew."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    database.read(lambda session: session.execute(text(end)))


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
    database: Database, other: Database, elapsed: Elapsed
) -> None:
    waiting(database)
    presence(other, "gone").begin(NOW)
    here = presence(database, "here", elapsed)
    here.begin(NOW)
    assert claim_all(other, "gone") == (1, 1)
    assert here.look_round(NOW) == []
    assert claim_all(database, "here") == (0, 0)
    other.close()  # as a killed process does: its sessions end
    assert here.look_round(NOW) == []
    elapsed.seconds = GONE_FOR_SECONDS - 0.1
    assert here.look_round(NOW) == []
    elapsed.seconds = GONE_FOR_SECONDS
    assert here.look_round(NOW) == ["gone"]
    assert database.read(workers.names) == ["here"]
    assert database.read(lambda s: s.query(Attempt).one().outcome) is AttemptOutcome.UNKNOWN
    assert claim_all(database, "here") == (1, 1)


@only_postgresql
def test_who_stood_still_and_was_taken_for_gone_sends_nothing_of_what_it_had(
    database: Database, other: Database, elapsed: Elapsed
) -> None:
    waiting(database)
    frozen, here = presence(other, "frozen"), presence(database, "here", elapsed)
    frozen.begin(NOW)
    here.begin(NOW)
    [claimed] = other.write(lambda s: claims.claim(s, worker="frozen", now=NOW))
    assert frozen._hold is not None  # noqa: SLF001  # the server ends the session of a process that stands still
    frozen._hold.release()  # noqa: SLF001  # likewise
    assert here.look_round(NOW) == []
    elapsed.seconds += GONE_FOR_SECONDS
    assert here.look_round(NOW) == ["frozen"]
    assert not other.write(lambda s: claims.begin(s, claimed, channel="chat", now=NOW))
    frozen.look_round(NOW)
    assert database.read(workers.names) == ["frozen", "here"]
    assert here.look_round(NOW) == []


@only_postgresql
def test_after_the_server_began_anew_whoever_looks_first_leaves_the_living_what_they_have(
    database: Database, other: Database, elapsed: Elapsed
) -> None:
    waiting(database)
    slow, here = presence(other, "slow"), presence(database, "here", elapsed)
    slow.begin(NOW)
    here.begin(NOW)
    assert claim_all(other, "slow") == (1, 1)
    cut(database)
    for second in range(0, int(SETTLING_SECONDS), 2):
        elapsed.seconds = second
        assert here.look_round(NOW) == []
    slow.look_round(NOW)
    for second in (10, 12, 14, 16):
        elapsed.seconds = second
        assert here.look_round(NOW) == []
    assert database.read(lambda s: s.query(Attempt).one().outcome) is None
    assert claim_all(database, "here") == (0, 0)
    other.close()
    for second, gone in ((18, []), (20, []), (22, ["slow"])):
        elapsed.seconds = second
        assert here.look_round(NOW) == gone


@only_postgresql
def test_where_the_server_begins_anew_in_the_middle_of_a_look_nobody_is_taken_for_gone(
    database: Database, other: Database, elapsed: Elapsed, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = presence(database, "here", elapsed)
    presence(other, "living").begin(NOW)
    here.begin(NOW)
    monkeypatch.setattr(database, "is_held", lambda _name: False)
    assert here.look_round(NOW) == []
    elapsed.seconds = GONE_FOR_SECONDS

    def cut_off(_name: str) -> bool:
        cut(database)
        return False

    monkeypatch.setattr(database, "is_held", cut_off)
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
