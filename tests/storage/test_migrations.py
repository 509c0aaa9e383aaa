"""A database of the release before keeps what is in it."""

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, text

from storage import database as storage_database
from storage.database import Database

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
