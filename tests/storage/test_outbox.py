"""Notifications are claimed by one worker at a time, and settled once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text

from obligations.law import Law
from storage import outbox, trail
from storage.database import Database, Session
from storage.errors import NotFoundError
from storage.models import Event, NotificationKind, Outcome
from storage.outbox import Claimed
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


def claim(town: Town, worker: str = "one", **values: Any) -> list[Claimed]:  # noqa: ANN401  # as `outbox.claim` takes them
    return town.database.write(lambda s: outbox.claim(s, worker=worker, **{"now": NOW, **values}))


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
    [first] = claim(town)
    assert (first.attempts, first.repeated) == (1, False)
    assert claim(town, "two", now=NOW + timedelta(seconds=119)) == []
    [second] = claim(town, "two", now=NOW + timedelta(minutes=2))
    assert (second.attempts, second.repeated, second.worker) == (2, True, "two")


def test_a_second_claim_of_the_same_is_on_the_trail(town: Town, reader: int) -> None:
    enqueue(town, reader, "k")
    [first] = claim(town)
    claim(town, now=NOW + timedelta(minutes=5))

    def noted(session: Session) -> list[tuple[int | None, dict[str, Any]]]:
        found = session.scalars(select(Event).where(Event.kind == "possibly_repeated"))
        return [(each.contact_id, each.detail) for each in found]

    assert town.database.read(noted) == [(reader, {"notification": first.id})]
    assert town.database.read(trail.first_broken) is None


class TestSettling:
    def test_sent_keeps_the_proof(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        assert town.database.write(
            lambda s: outbox.sent(
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

    def test_the_proof_of_a_second_sending_says_so(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        claim(town)
        [again] = claim(town, now=NOW + timedelta(minutes=3))
        town.database.write(lambda s: outbox.sent(s, again, message_id="1", proof={"text": "x"}, now=NOW))
        assert town.told(reader)[0].proof == {"text": "x", "repeated": True}

    @pytest.mark.parametrize(
        ("settle", "outcome"),
        [
            (lambda s, c: outbox.dropped(s, c, reason="done meanwhile", now=NOW), Outcome.DROPPED),
            (lambda s, c: outbox.failed(s, c, reason="done meanwhile", now=NOW), Outcome.FAILED),
            (lambda s, c: outbox.unknown(s, c, reason="done meanwhile", proof={}, now=NOW), Outcome.UNKNOWN),
        ],
    )
    def test_an_end_has_its_reason_and_is_final(
        self, town: Town, reader: int, settle: Callable[[Session, Claimed], bool], outcome: Outcome
    ) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        assert town.database.write(lambda s: settle(s, each))
        assert not town.database.write(lambda s: outbox.sent(s, each, message_id="1", proof={}, now=NOW))
        [told] = town.told(reader)
        assert (told.outcome, told.outcome_reason) == (outcome, "done meanwhile")
        assert claim(town, now=NOW + timedelta(days=1)) == []

    def test_a_retry_waits_and_is_not_a_repetition(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        later = NOW + timedelta(seconds=30)
        assert town.database.write(lambda s: outbox.retry(s, each, at=later, reason="too many requests"))
        assert claim(town, now=later - timedelta(seconds=1)) == []
        [again] = claim(town, now=later)
        assert (again.attempts, again.repeated) == (1, False)

    def test_an_error_counts_towards_giving_up(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        town.database.write(
            lambda s: outbox.retry(s, each, at=NOW, reason="unexpected KeyError", counts=True)
        )
        [again] = claim(town)
        assert again.attempts == 2

    def test_a_dropped_one_is_taken_up_when_there_is_something_to_tell_again(
        self, town: Town, reader: int
    ) -> None:
        enqueue(town, reader, "2024-02-20")
        [each] = claim(town)
        town.database.write(lambda s: outbox.dropped(s, each, reason="checked meanwhile", now=NOW))
        assert claim(town) == []
        enqueue(town, reader, "2024-02-20")
        assert [again.key for again in claim(town)] == ["2024-02-20"]

    def test_a_retry_by_one_who_lost_the_lease_changes_nothing(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [first] = claim(town)
        [second] = claim(town, "two", now=NOW + timedelta(minutes=3))
        assert not town.database.write(lambda s: outbox.retry(s, first, at=NOW, reason="x"))
        assert town.database.write(lambda s: outbox.sent(s, second, message_id="1", proof={}, now=NOW))

    def test_a_long_reason_is_cut_to_what_is_kept(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "k")
        [each] = claim(town)
        town.database.write(lambda s: outbox.failed(s, each, reason="x" * 900, now=NOW))
        assert town.told(reader)[0].outcome_reason == "x" * 500


class TestNextPending:
    def test_none_when_all_is_settled(self, town: Town, reader: int) -> None:
        assert town.database.read(outbox.next_pending_at) is None
        enqueue(town, reader, "k")
        [each] = claim(town)
        town.database.write(lambda s: outbox.dropped(s, each, reason="x", now=NOW))
        assert town.database.read(outbox.next_pending_at) is None

    def test_the_earliest_of_what_waits(self, town: Town, reader: int) -> None:
        for key, minutes in (("a", 20), ("b", 10)):
            enqueue(town, reader, key, not_before=NOW + timedelta(minutes=minutes))
        assert town.database.read(outbox.next_pending_at) == NOW + timedelta(minutes=10)

    def test_the_end_of_the_lease_for_what_is_being_sent(self, town: Town, reader: int) -> None:
        enqueue(town, reader, "a")
        claim(town)
        assert town.database.read(outbox.next_pending_at) == NOW + outbox.LEASE


def test_counts_by_kind_and_outcome(town: Town, reader: int) -> None:
    for key in ("a", "b", "c"):
        enqueue(town, reader, key)
    [first] = claim(town, limit=1)
    town.database.write(lambda s: outbox.dropped(s, first, reason="x", now=NOW))
    assert town.database.read(outbox.counts) == {(KIND, Outcome.PENDING): 2, (KIND, Outcome.DROPPED): 1}


def test_a_recipient_has_every_active_address(town: Town, reader: int) -> None:
    town.bind(reader, "mail", "office@example.org")
    found = town.database.read(lambda s: outbox.recipient(s, reader))
    assert dict(found.addresses) == {"chat": "office", "mail": "office@example.org"}
    assert (found.organisation_name, found.retired, found.lead) == ("city", False, False)
    with pytest.raises(NotFoundError):
        town.database.read(lambda s: outbox.recipient(s, 999))


def test_claiming_reads_the_index_of_what_is_pending(town: Town) -> None:
    statements: list[str] = []

    def watch(session: Session) -> list[str]:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        outbox.next_pending_at(session)
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {statements[0]}"))  # the statement just made
        return [row[3] for row in plan]

    assert any("ix_notification_pending" in line for line in town.database.read(watch))
