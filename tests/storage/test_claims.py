"""A send is on record before it is made: cut short it is unknown, taken over it is not made, and nothing is lost."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from obligations.law import Law
from storage import claims, outbox, trail
from storage.claims import Claimed
from storage.database import Database, Session
from storage.models import Attempt, AttemptOutcome, Event, NotificationKind, Outcome
from tests.jobs.town import Town, at

NOW = at("2024-02-20 09:00")
KIND = NotificationKind.REMINDER


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


@pytest.fixture
def reader(town: Town) -> int:
    """A contact with one notification to be sent now."""
    contact = town.contact(town.city, "office")
    town.database.write(lambda s: outbox.enqueue(s, [contact], KIND, key="k", now=NOW))
    return contact


def claim(town: Town, worker: str, *, after: timedelta = timedelta()) -> list[Claimed]:
    return town.database.write(lambda s: claims.claim(s, worker=worker, now=NOW + after))


def begin(town: Town, claimed: Claimed, *, after: timedelta = timedelta()) -> bool:
    return town.database.write(lambda s: claims.begin(s, claimed, channel="chat", now=NOW + after))


def attempts(town: Town) -> list[tuple[int, str, AttemptOutcome | None, str | None]]:
    def read(session: Session) -> list[tuple[int, str, AttemptOutcome | None, str | None]]:
        rows = session.scalars(select(Attempt).order_by(Attempt.number))
        return [(row.number, row.worker, row.outcome, row.reason) for row in rows]

    return town.database.read(read)


def noted(town: Town) -> list[dict[str, object]]:
    def read(session: Session) -> list[dict[str, object]]:
        rows = session.scalars(select(Event).where(Event.kind == "possibly_repeated"))
        return [row.detail for row in rows]

    assert town.database.read(trail.first_broken) is None
    return town.database.read(read)


@pytest.mark.usefixtures("reader")
def test_what_was_claimed_and_never_begun_has_not_been_sent(town: Town) -> None:
    claim(town, "dead")
    [again] = claim(town, "alive", after=claims.LEASE)
    assert (again.attempts, again.unknown, again.repeated) == (0, 0, False)
    assert (attempts(town), noted(town)) == ([], [])


@pytest.mark.usefixtures("reader")
def test_what_was_begun_and_cut_short_may_have_arrived_and_is_on_the_trail(town: Town) -> None:
    [first] = claim(town, "dead")
    assert begin(town, first)
    [again] = claim(town, "alive", after=claims.LEASE)
    assert (again.attempts, again.unknown, again.repeated) == (1, 1, True)
    assert attempts(town) == [(1, "dead", AttemptOutcome.UNKNOWN, "the process ended before the answer")]
    assert noted(town) == [{"notification": first.id}]


def test_who_lost_the_lease_begins_nothing_and_settles_what_arrived(town: Town, reader: int) -> None:
    [first] = claim(town, "stalled")
    [second] = claim(town, "alive", after=claims.LEASE)
    assert not begin(town, first, after=claims.LEASE)
    assert begin(town, second, after=claims.LEASE)
    assert [number for number, *_ in attempts(town)] == [1]
    # The answer to a send that was begun in time counts, whoever has the notification now.
    assert town.database.write(lambda s: claims.sent(s, first, message_id="7", proof={}, now=NOW))
    assert not begin(town, second, after=claims.LEASE)
    assert [told.outcome for told in town.told(reader)] == [Outcome.SENT]


@pytest.mark.usefixtures("reader")
def test_beginning_lengthens_the_lease(town: Town) -> None:
    [first] = claim(town, "slow")
    begin(town, first, after=timedelta(seconds=100))
    assert claim(town, "alive", after=timedelta(seconds=200)) == []


@pytest.mark.usefixtures("reader")
def test_how_a_send_ended_is_written_once(town: Town) -> None:
    [first] = claim(town, "one")
    begin(town, first)
    for outcome, reason in ((AttemptOutcome.NOT_SENT, "away"), (AttemptOutcome.CONFIRMED, None)):
        town.database.write(
            lambda s, o=outcome, r=reason: claims.end(s, first, o, reason=r, now=NOW)  # type: ignore[misc]
        )
    assert attempts(town) == [(1, "one", AttemptOutcome.NOT_SENT, "away")]


@pytest.mark.usefixtures("reader")
def test_a_proof_of_what_may_have_come_before_says_so(town: Town) -> None:
    [first] = claim(town, "dead")
    begin(town, first)
    [again] = claim(town, "alive", after=claims.LEASE)
    town.database.write(lambda s: claims.sent(s, again, message_id="1", proof={"text": "x"}, now=NOW))
    [told] = town.told(first.contact_id)
    assert told.proof == {"text": "x", "repeated": True}


class TestReleasing:
    @pytest.mark.usefixtures("reader")
    def test_what_a_dead_worker_held_is_free_at_once(self, town: Town) -> None:
        [first] = claim(town, "dead")
        begin(town, first)
        assert town.database.write(lambda s: claims.release(s, "dead", now=NOW)) == 1
        [again] = claim(town, "alive")
        assert again.unknown == 1
        assert len(noted(town)) == 1

    @pytest.mark.usefixtures("reader")
    def test_what_others_hold_is_left_alone(self, town: Town) -> None:
        claim(town, "alive")
        assert town.database.write(lambda s: claims.release(s, "dead", now=NOW)) == 0
        assert claim(town, "third") == []


def test_the_first_press_of_a_button_is_kept(town: Town, reader: int) -> None:
    [first] = claim(town, "one")
    town.database.write(lambda s: claims.sent(s, first, message_id="77", proof={}, now=NOW))
    other = town.contact(town.city, "other")
    for contact, message, minute in (
        (other, "77", 1),
        (reader, "78", 2),
        (reader, "77", 3),
        (reader, "77", 4),
    ):
        town.database.write(
            lambda s, c=contact, m=message, n=minute: claims.acknowledge(  # type: ignore[misc]
                s, contact_id=c, message_id=m, now=NOW + timedelta(minutes=n)
            )
        )
    assert [told.acknowledged_at for told in town.told(reader)] == [NOW + timedelta(minutes=3)]
