"""An alarm is raised once for what is wrong, brought up to date, cleared, and raised anew when it comes back."""

from datetime import datetime, timedelta

from storage import alarms
from storage.alarms import AlarmName, Condition
from storage.database import Database, Session
from tests.storage.bureau import at

NOON = at("2024-02-20 12:00")
AGED = Condition(name=AlarmName.OUTBOX_AGED, detail={"waiting": 3})


def applied(database: Database, *conditions: Condition, now: datetime = NOON) -> tuple[int, int, int]:
    def work(session: Session) -> tuple[int, int, int]:
        changes = alarms.apply(session, conditions, now=now)
        return len(changes.raised), len(changes.lasting), len(changes.cleared)

    return database.write(work)


def test_what_lasts_is_one_alarm_with_its_latest_numbers(database: Database) -> None:
    assert applied(database, AGED) == (1, 0, 0)
    later = Condition(name=AlarmName.OUTBOX_AGED, detail={"waiting": 5})
    assert applied(database, later, now=NOON + timedelta(minutes=1)) == (0, 1, 0)
    [(raised_at, detail)] = database.read(
        lambda session: [(each.raised_at, each.detail) for each in alarms.raised(session)]
    )
    assert raised_at == NOON
    assert detail == {"waiting": 5}


def test_what_is_over_is_cleared_and_may_come_back_as_another(database: Database) -> None:
    applied(database, AGED)
    assert applied(database) == (0, 0, 1)
    assert applied(database) == (0, 0, 0)
    assert applied(database, AGED) == (1, 0, 0)
    assert database.read(lambda session: [each.id for each in alarms.raised(session)]) == [2]


def test_one_of_each_subject(database: Database) -> None:
    late = [Condition(name=AlarmName.JOB_LATE, subject=name) for name in ("reminders", "materialise")]
    assert applied(database, *late) == (2, 0, 0)
    assert applied(database, late[0]) == (0, 1, 1)
    assert database.read(alarms.counts) == {AlarmName.JOB_LATE: 1}
