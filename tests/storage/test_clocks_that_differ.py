"""What one machine's clock wrote is not taken for a mistake by another whose clock differs a little."""

from datetime import timedelta

from obligations.law import Law
from storage import claims, outbox, send_limits, wrong_clock
from storage.database import Database, Session
from storage.models import NotificationKind
from storage.send_limits import Pace
from tests.engines import only_postgresql
from tests.jobs.town import Town, at

NOW = at("2024-02-20 09:00")


def test_a_claim_made_by_a_clock_seconds_ahead_stays_with_its_worker(database: Database, law: Law) -> None:
    town = Town(database, law)
    contact = town.contact(town.city, "office")

    def claim(session: Session) -> None:
        outbox.enqueue(session, [contact], NotificationKind.REMINDER, key="k", now=NOW)
        claims.claim(session, worker="ahead", now=NOW + timedelta(seconds=5))

    database.write(claim)
    assert not database.write(lambda session: wrong_clock.bring_back(session, now=NOW))
    assert (
        database.write(lambda session: wrong_clock.bring_back(session, now=NOW - timedelta(days=1))).leases
        == 1
    )


@only_postgresql
def test_the_limits_of_sending_go_by_the_clock_of_the_server(database: Database) -> None:
    slow = Pace(interval=60)

    def wait(session: Session) -> float:
        return send_limits.delay(session, "bot", 1, chat=slow)

    database.write(lambda session: send_limits.take(session, "bot", 1, bot=slow, chat=slow))
    # A process that rehearses a date, or whose clock is wrong.
    assert not database.write(lambda session: wrong_clock.bring_back(session, now=NOW))
    assert database.read(wait) > 0

    database.write(lambda session: send_limits.pause(session, "bot", 1, seconds=10 * 24 * 3600))
    assert database.write(lambda session: wrong_clock.bring_back(session, now=NOW)).limits == 1
    assert database.read(wait) <= slow.interval
