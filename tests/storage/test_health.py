"""What waits and how long, what was settled lately, who is not reached: read from what is stored."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text, update

from storage import contacts, dead_letters, health, inbox
from storage.database import Database, Session
from storage.health import Backlog, awake
from storage.inbox import Arrived
from storage.models import (
    Attempt,
    AttemptOutcome,
    InboundUpdate,
    Notification,
    NotificationKind,
    Outcome,
)
from tests.storage.bureau import Bureau, at

_KEYS = count(1)
NOON = at("2024-02-20 12:00")


def told(bureau: Bureau, **values: Any) -> int:  # noqa: ANN401  # whatever the columns hold
    """Write one notification and return its id."""

    def work(session: Session) -> int:
        row = Notification(
            **{
                "contact_id": bureau.people["mill"],
                "kind": NotificationKind.REMINDER,
                "key": str(next(_KEYS)),
                "stage_id": None,
                "planned_on": date(2024, 2, 20),
                "facts": {},
                "urgency": 4,
                "created_at": at("2024-02-20 09:00"),
                "not_before": at("2024-02-20 09:00"),
                "outcome": Outcome.PENDING,
                "attempts": 0,
                **values,
            }
        )
        session.add(row)
        session.flush()
        return row.id

    return bureau.database.write(work)


def test_nothing_waits_at_first(database: Database) -> None:
    empty = Backlog(waiting=0, oldest=timedelta())
    assert database.read(lambda session: health.outbox(session, now=NOON)) == empty
    assert database.read(lambda session: health.inbox(session, now=NOON)) == empty
    assert not database.read(health.has_registry)
    assert database.read(health.is_migrated)


def test_tables_of_another_release_are_noticed(database: Database) -> None:
    database.write(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '0002'")))
    assert not database.read(health.is_migrated)


def test_what_could_have_gone_has_waited_since_then(bureau: Bureau) -> None:
    told(bureau, not_before=at("2024-02-20 11:20"), created_at=at("2024-02-19 09:00"))
    told(bureau, not_before=at("2024-02-20 13:00"))
    backlog = bureau.database.read(lambda session: health.outbox(session, now=NOON))
    assert backlog == Backlog(waiting=1, oldest=timedelta(minutes=40))


def test_what_was_put_back_has_waited_since_it_was_written(bureau: Bureau) -> None:
    told(bureau, not_before=at("2024-02-20 12:30"), outcome_reason="the channel is away")
    backlog = bureau.database.read(lambda session: health.outbox(session, now=NOON))
    assert backlog == Backlog(waiting=1, oldest=timedelta(hours=3)), "though it is to be tried later"


@pytest.mark.parametrize(
    ("since", "until", "waited"),
    [
        ("2024-02-20 09:00", "2024-02-20 12:00", timedelta(hours=3)),
        ("2024-02-20 21:50", "2024-02-20 23:59", timedelta(minutes=10)),
        ("2024-02-20 21:50", "2024-02-21 07:05", timedelta(minutes=15)),
        ("2024-02-20 23:00", "2024-02-21 06:00", timedelta()),
        ("2024-02-20 23:00", "2024-02-22 08:00", timedelta(hours=16)),
        ("2024-02-20 12:00", "2024-02-20 09:00", timedelta()),
    ],
)
def test_the_night_is_no_waiting(since: str, until: str, waited: timedelta) -> None:
    assert awake(at(since), at(until)) == waited


def test_what_was_settled_is_counted_for_a_day(bureau: Bureau) -> None:
    told(bureau, outcome=Outcome.SENT, finished_at=NOON - timedelta(hours=23))
    told(bureau, outcome=Outcome.SENT, finished_at=NOON - timedelta(hours=25))
    told(bureau, outcome=Outcome.DROPPED, finished_at=NOON - timedelta(hours=1))
    told(bureau)
    settled = bureau.database.read(lambda session: health.settled(session, now=NOON))
    assert settled == {
        (NotificationKind.REMINDER, Outcome.SENT): 1,
        (NotificationKind.REMINDER, Outcome.DROPPED): 1,
    }
    assert bureau.database.read(health.pending) == {NotificationKind.REMINDER: 1}


def test_sends_that_nobody_heard_of_are_counted(bureau: Bureau) -> None:
    notification = told(bureau)
    outcomes = [AttemptOutcome.UNKNOWN, AttemptOutcome.CONFIRMED, None, AttemptOutcome.UNKNOWN]

    def work(session: Session) -> None:
        session.add_all(
            Attempt(
                notification_id=notification,
                number=number,
                worker="one",
                channel="chat",
                began_at=NOON,
                outcome=outcome,
            )
            for number, outcome in enumerate(outcomes, start=1)
        )

    bureau.database.write(work)
    assert bureau.database.read(health.unknown_attempts) == 2


def test_what_came_in_waits_until_it_is_handled_or_given_up(database: Database) -> None:
    def arrive(session: Session) -> None:
        came = [Arrived(update_id=n, chat_id=n, payload={}) for n in (1, 2, 3)]
        inbox.keep(session, came, now=NOON - timedelta(minutes=2))

    database.write(arrive)
    assert database.read(lambda session: health.inbox(session, now=NOON)) == Backlog(
        waiting=3, oldest=timedelta(minutes=2)
    )
    database.write(
        lambda session: session.execute(
            update(InboundUpdate)
            .where(InboundUpdate.update_id < 3)
            .values(handled_at=NOON, attempts=inbox.MOST_ATTEMPTS, error="KeyError")
        )
    )
    assert database.read(lambda session: health.inbox(session, now=NOON)).waiting == 1
    assert database.read(health.given_up) == 2
    database.write(
        lambda session: session.execute(
            update(InboundUpdate).where(InboundUpdate.update_id == 1).values(discarded="a test of ours")
        )
    )
    assert database.read(health.given_up) == 1


def unreached(bureau: Bureau) -> tuple[int, ...]:
    return bureau.database.read(lambda session: health.unreached(session, now=NOON)).contact_ids


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN])
def test_a_dead_letter_is_held_against_its_reader_until_it_is_discarded_or_a_month_old(
    bureau: Bureau, outcome: Outcome
) -> None:
    def standing() -> int:
        return bureau.database.read(lambda session: health.dead_letters(session, now=NOON))

    told(bureau, outcome=outcome, finished_at=NOON - timedelta(days=30))
    assert (unreached(bureau), standing()) == ((), 0), "that is long ago"
    letter = told(bureau, outcome=outcome, finished_at=NOON - timedelta(days=29))
    assert (unreached(bureau), standing()) == ((bureau.people["mill"],), 1)
    bureau.database.write(
        lambda session: dead_letters.discard(session, [letter], reason="told by telephone", now=NOON)
    )
    assert (unreached(bureau), standing()) == ((), 0)


def test_a_dead_letter_that_is_replayed_is_no_longer_held_against_its_reader(bureau: Bureau) -> None:
    letter = told(bureau, outcome=Outcome.FAILED, finished_at=NOON - timedelta(days=2))
    bureau.database.write(lambda session: dead_letters.replay(session, [letter], now=NOON))
    assert unreached(bureau) == ()


def test_who_has_no_address_left_is_not_reached_until_it_is_in_use_again(bureau: Bureau) -> None:
    def alone(session: Session) -> int:
        person = contacts.add(
            session,
            bureau.north,
            name="孤",
            lead=False,
            language="en",
            channel="chat",
            address="77",
            now=NOON,
        )
        contacts.unbind(session, "chat", "77", reason="blocked", now=NOON)
        return person.id

    def come_back(session: Session) -> None:
        token = contacts.invite(session, bureau.north, lead=False, now=NOON)
        contacts.enrol(session, token, name="孤", language="en", channel="chat", address="77", now=NOON)

    assert unreached(bureau) == ()
    alone_id = bureau.database.write(alone)
    assert unreached(bureau) == (alone_id,)
    bureau.database.write(come_back)
    assert unreached(bureau) == ()
