"""How long a morning's reminders take to plan: one INSERT … SELECT per list, against an ORM loop over the stages.

Run it with ``.venv/bin/python benchmarks/planning.py [UNITS]``. Both plan the same morning of the same made-up city in
the same run, on SQLite; what counts is the ratio.
"""

import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from obligations.decisions import Status
from obligations.law import Law
from obligations.reminders import before_due
from sandbox.city import sample_registry
from storage import contacts, materialise, planning, registry
from storage.database import Database, Session
from storage.models import Notification, NotificationKind, Outcome, Reminding, Stage

NOW = datetime(2024, 2, 19, 1, 0, tzinfo=UTC)
MORNING = date(2024, 2, 19)


def city(folder: Path, law: Law, units: int) -> Database:
    database = Database(f"sqlite:///{folder / 'city.db'}")
    database.upgrade()
    database.write(lambda session: registry.load(session, sample_registry(units), now=NOW))
    database.write(
        lambda session: materialise.materialise(
            session, law, since=date(2024, 2, 5), through=date(2024, 3, 31), now=NOW
        )
    )
    return database


def by_sets(session: Session, law: Law) -> int:
    return planning.plan_reminders(session, law, day=MORNING, send_at=NOW, now=NOW)


def by_loop(session: Session, law: Law) -> int:
    planned = set()
    pending = (Status.OPEN, Status.RETURNED)
    for stage in session.query(Stage).filter(Stage.status.in_(pending), Stage.ready).all():
        offsets = law.rulebook.rule(stage.rule).offsets
        marks = {mark.due_on: -mark.offset for mark in before_due(MORNING, offsets, law.calendar)}
        if stage.act_by_on not in marks:
            continue
        for contact in contacts.of_organisation(session, stage.actor_id):
            if contact.lead:
                continue
            session.add(
                Reminding(
                    stage_id=stage.id,
                    contact_id=contact.id,
                    act_by_on=stage.act_by_on,
                    mark=marks[stage.act_by_on],
                    planned_on=MORNING,
                )
            )
            if contact.id not in planned:
                planned.add(contact.id)
                session.add(
                    Notification(
                        contact_id=contact.id,
                        kind=NotificationKind.REMINDER,
                        key=MORNING.isoformat(),
                        planned_on=MORNING,
                        facts={},
                        urgency=3,
                        created_at=NOW,
                        not_before=NOW,
                        outcome=Outcome.PENDING,
                        attempts=0,
                    )
                )
    return len(planned)


def main() -> None:
    units = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    law = Law.shipped()
    seconds = {}
    for name, plan in (("sets", by_sets), ("loop", by_loop)):
        with tempfile.TemporaryDirectory() as folder:
            database = city(Path(folder), law, units)
            started = time.perf_counter()
            count = database.write(lambda session, plan=plan: plan(session, law))
            seconds[name] = time.perf_counter() - started
            database.close()
        print(f"{name}: {count} reminders for {units} units in {seconds[name] * 1000:.0f} ms")
    print(f"the loop takes {seconds['loop'] / seconds['sets']:.0f} times as long")


if __name__ == "__main__":
    main()
