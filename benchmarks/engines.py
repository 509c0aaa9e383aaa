"""What PostgreSQL costs and gives against SQLite: planning a morning, and delivering it in batches.

Run it with ``.venv/bin/python benchmarks/engines.py [UNITS]``. It starts the PostgreSQL of the development lock, here with
its logs flushed to the disk at each commit, as SQLite's are. Both engines do the same in the same run; what counts is the
ratio.
"""

import sys
import tempfile
import time
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from obligations.law import Law
from sandbox.city import sample_registry
from storage import claims, materialise, planning, registry
from storage.database import Database
from tests import postgres

NOW = datetime(2024, 2, 19, 1, 0, tzinfo=UTC)
MORNING = date(2024, 2, 19)


def planned(database: Database, law: Law, units: int) -> tuple[float, int]:
    """Return the seconds that planning one morning takes, and how many are reminded."""
    database.upgrade()
    database.write(lambda session: registry.load(session, sample_registry(units), now=NOW))
    database.write(
        lambda session: materialise.materialise(
            session, law, since=date(2024, 2, 5), through=date(2024, 3, 31), now=NOW
        )
    )
    started = time.perf_counter()
    count = database.write(
        lambda session: planning.plan_reminders(session, law, day=MORNING, send_at=NOW, now=NOW)
    )
    return time.perf_counter() - started, count


def delivered(database: Database) -> float:
    """Claim all in batches and settle each by itself, as delivery does. Returns notifications a second."""
    count, started = 0, time.perf_counter()
    while batch := database.write_beside(partial(claims.claim, worker="one", now=NOW)):
        for claimed in batch:
            database.write_beside(partial(claims.begin, claimed=claimed, channel="telegram", now=NOW))
            database.write(
                partial(claims.sent, claimed=claimed, message_id="1", proof={"text": "x"}, now=NOW)
            )
            count += 1
    return count / (time.perf_counter() - started)


def main() -> None:
    units = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    law = Law.shipped()
    results = {}
    with tempfile.TemporaryDirectory() as folder, postgres.Server.started(durable=True) as server:
        for url in (f"sqlite:///{Path(folder) / 'city.db'}", server.url("template")):
            database = Database(url)
            seconds, count = planned(database, law, units)
            rate = delivered(database)
            results[database.dialect] = seconds, rate
            print(
                f"{database.dialect}: {count} reminders planned in {seconds * 1000:.0f} ms, {rate:.0f} delivered a second"
            )
            database.close()
    (small, quick), (large, slow) = results["sqlite"], results["postgresql"]
    print(
        f"PostgreSQL takes {large / small:.1f} times as long to plan and delivers {slow / quick:.2f} times as many"
    )


if __name__ == "__main__":
    main()
