"""Notifications are claimed by one worker at a time, and settled once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from obligations.law import Law
from storage import claims, outbox
from storage.claims import Claimed
from storage.database import Database, Session
from storage.errors import NotFoundError
from storage.models import NotificationKind, Outcome
from tests.engines import only_sqlite
from tests.jobs.town import Town, at

NOW = at("2024-02-20 09:00")
KIND = NotificationKind.REMINDER


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


@pytest.fixture
def reader(town: Town) -> int:
    return town.contact(town.city, "office")


def enqueue(town: Town, reader: int, key: str, **values: Any) -> None:  # noqa: ANN401  # as `outbox.enqueue` takes them
    town.database.write(lambda s: outbox.enqueue(s, [reader], KIND, key=key, **{"now": NOW, **values}))


def claim(town: Town, worker: str = "one", **values: Any) -> list[Claimed]:  # noqa: ANN401  # as `claims.claim` takes them
    return town.database.write(lambda s: claims.claim(s, worker=worker, **{"now": NOW, **values}))


def test_a_reader_has_one_notification_of_a_kind_and_key(town: Town, reader: int) -> None:
    enqueue(town, reader, "2024-02-20")
    enqueue(town, reader, "2024-02-20")
    enqueue(town, reader, "2024-02-21")
    assert [told.key for told in town.told(reader)] == ["2024-02-20", "2024-02-21"]


def test_nothing_is_written_for_nobody(town: Town, reader: int) -> None:
    town.database.write(lambda s: outbox.enqueue(s, [], KIND, key="k", now=NOW))
    assert town.told(reader) == []


def test_the_most_urgent_is_claimed_first_then_the_oldest(town: Town, reader: int) -> None:
    for key, urgency in (("a", 3), ("b", 1), ("c", 3), ("d", 1)):
        enqueue(town, reader, key, urgency=urgency)
    assert [each.key for each in claim(town, limit=3)] == ["b", "d", "a"]
    assert [each.key for each in claim(town)] == ["c"]


def test_what_is_not_due_yet_is_left(town: Town, reader: int) -> None:
    enqueue(town, reader, "later", not_before=NOW + timedelta(seconds=1))
    assert claim(town) == []
    assert [each.key for each in claim(town, now=NOW + timedelta(seconds=1))] == ["later"]


def test_nobody_else_gets_what_is_claimed_until_the_lease_runs_out(town: Town, reader: int) -> None:
    enqueue(town, reader, "k")
    claim(town)
    assert claim(town, "two", now=NOW + timedelta(seconds=119)) == []
    [second] = claim(town, "two", now=NOW + timedelta(minutes=2))
    assert (second.attempts, second.repeated, second.worker) == (0, False, "two")


class TestSettling:
    def test_sent_keeps_the_proof(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        assert town.database.write(
            lambda s: claims.sent(
                s, each, message_id="77", proof={"text": "hello", "stage_ids": [5]}, now=NOW
            )
        )
        [told] = town.told(reader)
        assert (told.outcome, told.message_id, told.finished_at, told.leased_by) == (
            Outcome.SENT,
            "77",
            NOW,
            None,
        )
        assert told.proof == {"text": "hello", "stage_ids": [5]}

    @pytest.mark.parametrize(
        ("settle", "outcome"),
        [
            (lambda s, c: claims.dropped(s, c, reason="done meanwhile", now=NOW), Outcome.DROPPED),
            (lambda s, c: claims.failed(s, c, reason="done meanwhile", now=NOW), Outcome.FAILED),
            (lambda s, c: claims.unknown(s, c, reason="done meanwhile", proof={}, now=NOW), Outcome.UNKNOWN),
        ],
    )
    def test_an_end_has_its_reason_and_is_final(
        self, town: Town, reader: int, settle: Callable[[Session, Claimed], bool], outcome: Outcome
    ) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        assert town.database.write(lambda s: settle(s, each))
        assert not town.database.write(lambda s: claims.sent(s, each, message_id="1", proof={}, now=NOW))
        [told] = town.told(reader)
        assert (told.outcome, told.outcome_reason) == (outcome, "done meanwhile")
        assert claim(town, now=NOW + timedelta(days=1)) == []

    def test_a_retry_waits_and_counts_only_errors_of_ours(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        later = NOW + timedelta(seconds=30)
        assert town.database.write(lambda s: claims.retry(s, each, at=later, reason="too many requests"))
        assert claim(town, now=later - timedelta(seconds=1)) == []
        [again] = claim(town, now=later)
        assert (again.errors, again.repeated) == (0, False)
        town.database.write(
            lambda s: claims.retry(s, again, at=NOW, reason="unexpected KeyError", counts=True)
        )
        [last] = claim(town)
        assert last.errors == 1

    def test_a_dropped_one_is_taken_up_when_there_is_something_to_tell_again(
        self, town: Town, reader: int
    ) -> None:
        enqueue(town, reader, "2024-02-20")
        [each] = claim(town)
        town.database.write(lambda s: claims.dropped(s, each, reason="checked meanwhile", now=NOW))
        assert claim(town) == []
        enqueue(town, reader, "2024-02-20")
        assert [again.key for again in claim(town)] == ["2024-02-20"]

    def test_a_retry_by_one_who_lost_the_lease_changes_nothing(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [first] = claim(town)
        [second] = claim(town, "two", now=NOW + timedelta(minutes=3))
        assert not town.database.write(lambda s: claims.retry(s, first, at=NOW, reason="x"))
        assert town.database.write(lambda s: claims.sent(s, second, message_id="1", proof={}, now=NOW))

    def test_a_long_reason_is_cut_to_what_is_kept(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        town.database.write(lambda s: claims.failed(s, each, reason="x" * 900, now=NOW))
        assert town.told(reader)[0].outcome_reason == "x" * 500


class TestNextPending:
    def test_none_when_all_is_settled(self, town: Town, reader: int) -> None:
        assert town.database.read(outbox.next_pending_at) is None
        enqueue(town, reader, "k")
        [each] = claim(town)
        town.database.write(lambda s: claims.dropped(s, each, reason="x", now=NOW))
        assert town.database.read(outbox.next_pending_at) is None

    def test_the_earliest_of_what_waits(self, town: Town, reader: int) -> None:
        for key, minutes in (("a", 20), ("b", 10)):
            enqueue(town, reader, key, not_before=NOW + timedelta(minutes=minutes))
        assert town.database.read(outbox.next_pending_at) == NOW + timedelta(minutes=10)

    def test_the_end_of_the_lease_for_what_is_being_sent(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "a")
        claim(town)
        assert town.database.read(outbox.next_pending_at) == NOW + claims.LEASE


def test_counts_by_kind_and_outcome(town: Town, reader: int) -> None:
    for key in ("a", "b", "c"):
        enqueue(town, reader, key)
    [first] = claim(town, limit=1)
    town.database.write(lambda s: claims.dropped(s, first, reason="x", now=NOW))
    assert town.database.read(outbox.counts) == {(KIND, Outcome.PENDING): 2, (KIND, Outcome.DROPPED): 1}


def test_a_recipient_has_every_active_address(town: Town, reader: int) -> None:
    town.bind(reader, "mail", "office@example.org")
    found = town.database.read(lambda s: outbox.recipient(s, reader))
    assert dict(found.addresses) == {"chat": "office", "mail": "office@example.org"}
    assert (found.organisation_name, found.retired, found.lead) == ("city", False, False)
    with pytest.raises(NotFoundError):
        town.database.read(lambda s: outbox.recipient(s, 999))


@only_sqlite
def test_claiming_reads_the_index_of_what_is_pending(town: Town) -> None:
    statements: list[str] = []

    def watch(session: Session) -> list[str]:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        claims.claim(session, worker="one", now=NOW)
        readable = statements[0].replace("?", "1")
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {readable}"))  # the statement just made
        return [row[3] for row in plan]

    plan = town.database.write(watch)
    assert any("USING INDEX ix_notification_pending" in line for line in plan)
    assert not any("TEMP B-TREE" in line for line in plan)
