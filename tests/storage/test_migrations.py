"""A database of the release before keeps what is in it."""

import sqlite3
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, select, text

from storage import claims
from storage import database as storage_database
from storage.database import Database
from storage.models import Attempt, AttemptOutcome
from storage.registry import CHANNEL

ROWS = (
    (
        "INSERT INTO organisation (id, code, level, name, short_name, english_name)"
        " VALUES (1, '500000', 'municipal', '市局', '市局', 'city'), (2, 'U1', 'unit', '甲厂', '甲厂', 'plant')"
    ),
    (
        "INSERT INTO obligation (id, notice, notice_version, rule, period, subject_id, created_at)"
        " VALUES (7, '渝环规〔2023〕2号', '1', 'monthly-evidence', '2024-01', 2, '2024-02-01 00:00:00')"
    ),
    (
        "INSERT INTO stage (id, obligation_id, position, name, rule, period, actor_level, subject_id, actor_id, status,"
        " ready, excused, due_on, due_kind, act_by_on, reason, version) VALUES"
        " (11, 7, 0, 'unit', 'monthly-evidence', '2024-01', 'unit', 2, 2, 'open', TRUE, FALSE, '2024-02-20', 'firm',"
        " '2024-02-27', '机组检修', 3),"
        " (12, 7, 1, 'municipal', 'monthly-evidence', '2024-01', 'municipal', 2, 1, 'open', FALSE, FALSE, '2024-03-11', 'firm',"
        " '2024-03-11', NULL, 1)"
    ),
)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A file as the first release left it, with an obligation whose first stage was extended."""
    path = tmp_path / "older.db"
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    config = Config()
    config.set_main_option("script_location", str(Path(storage_database.__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in ROWS:
            connection.execute(text(statement))
    engine.dispose()
    return path


def test_an_older_database_keeps_its_duties_and_their_dates(older: Path) -> None:
    database = Database(f"sqlite:///{older}")
    database.upgrade()
    assert database.pending_changes() == []
    database.close()
    with sqlite3.connect(older) as connection:
        assert connection.execute("SELECT id, made_by, part FROM obligation").fetchall() == [
            (7, "monthly-evidence", "")
        ]
        assert connection.execute(
            "SELECT id, due_on, act_by_on, extended_to, dated_by, version FROM stage ORDER BY id"
        ).fetchall() == [
            (11, "2024-02-20", "2024-02-27", "2024-02-27", "渝环规〔2023〕2号", 3),
            (12, "2024-03-11", "2024-03-11", None, "渝环规〔2023〕2号", 1),
        ]
        partial = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE tbl_name = 'stage' AND sql LIKE '%WHERE status%'"
        ).fetchone()
    assert partial == (4,)


READER = (
    "INSERT INTO contact (id, organisation_id, name, lead, language, created_at)"
    " VALUES (5, 2, '某', FALSE, 'zh-hans', '2024-02-01 00:00:00')"
)
NOTIFICATIONS = (
    "INSERT INTO notification (id, contact_id, kind, key, planned_on, facts, urgency, created_at, not_before, outcome,"
    " attempts, leased_by, leased_until) VALUES"
    " (21, 5, 'reminder', 'a', '2024-02-20', '{}', 1, '2024-02-20 01:00:00', '2024-02-20 01:00:00', 'pending', 0, NULL, NULL),"
    " (22, 5, 'reminder', 'b', '2024-02-20', '{}', 1, '2024-02-20 01:00:00', '2024-02-20 01:00:00', 'pending', 2, 'old',"
    " '2024-02-20 01:02:00'),"
    " (23, 5, 'reminder', 'c', '2024-02-20', '{}', 1, '2024-02-20 01:00:00', '2024-02-20 01:00:00', 'sent', 1, NULL, NULL)"
)
"""One that waits, one that is being sent, and one that was."""


def _sending(url: str) -> None:
    """Leave a database as the release before did when it ended in the middle of a send."""
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(storage_database.__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in (ROWS[0], READER, NOTIFICATIONS):
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_an_older_release_was_sending_may_have_arrived_and_is_free(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        if engine == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgres_server").unmigrated())
        else:
            url = f"sqlite:///{tmp_path / 'older.db'}"
        _sending(url.replace("postgresql:", "postgresql+psycopg:"))
        database = Database(url)
        stack.callback(database.close)
        database.upgrade()
        columns = ("notification_id", "number", "worker", "channel", "began_at", "ended_at", "outcome")
        rows = database.read(lambda s: s.execute(select(*(getattr(Attempt, name) for name in columns))).all())
        began_at = datetime(2024, 2, 20, 1, 0, tzinfo=UTC)
        assert [tuple(row) for row in rows] == [
            (22, 2, "old", CHANNEL, began_at, began_at + timedelta(minutes=2), AttemptOutcome.UNKNOWN)
        ]
        now = datetime(2024, 2, 20, 1, 1, tzinfo=UTC)
        claimed = database.write(lambda s: claims.claim(s, worker="new", now=now))
        assert [(each.id, each.attempts, each.repeated) for each in claimed] == [
            (21, 0, False),
            (22, 2, True),
        ]
        assert database.write(lambda s: claims.begin(s, claimed[1], channel=CHANNEL, now=now))


def _downgrade(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    config = Config()
    config.set_main_option("script_location", str(Path(storage_database.__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    engine.dispose()


def _shape(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as connection:
        return connection.execute(
            "SELECT tbl_name, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY tbl_name, name"
        ).fetchall()


def test_going_back_leaves_the_release_before_as_it_was(older: Path) -> None:
    before = _shape(older)
    database = Database(f"sqlite:///{older}")
    database.upgrade()
    database.close()
    assert ("stage", "ix_stage_ruling_id") in _shape(older)
    _downgrade(older)
    assert _shape(older) == before
    with sqlite3.connect(older) as connection:
        assert connection.execute("SELECT id, act_by_on FROM stage ORDER BY id").fetchall() == [
            (11, "2024-02-27"),
            (12, "2024-03-11"),
        ]


def test_going_back_is_refused_while_one_organisation_owes_a_duty_twice(older: Path) -> None:
    database = Database(f"sqlite:///{older}")
    database.upgrade()
    database.close()
    with sqlite3.connect(older) as connection:
        connection.execute(
            "INSERT INTO obligation (id, notice, notice_version, made_by, rule, period, part, subject_id, created_at)"
            " SELECT 8, notice, notice_version, made_by, rule, period, '#3', subject_id, created_at FROM obligation"
        )
    before = _shape(older)
    with pytest.raises(
        RuntimeError, match=r"1 have more, such as monthly-evidence 2024-01 of organisation 2"
    ):
        _downgrade(older)
    assert _shape(older) == before
    with sqlite3.connect(older) as connection:
        assert connection.execute("SELECT id, part FROM obligation ORDER BY id").fetchall() == [
            (7, ""),
            (8, "#3"),
        ]
