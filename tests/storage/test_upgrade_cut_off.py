"""A connection that is lost while a process starts is said to be just that, so that it is tried again."""

import threading
import time

import psycopg
import pytest

from storage.database import Database, Session
from storage.errors import DatabaseUnreachableError
from tests.engines import only_postgresql

PATIENCE = 20


@only_postgresql
def test_an_upgrade_that_is_cut_off_can_be_tried_again(database: Database, database_url: str) -> None:
    holding, cut = threading.Event(), threading.Event()

    def write(_session: Session) -> None:
        """Let the upgrade wait, so that it is certain where it is cut off."""
        holding.set()
        cut.wait(PATIENCE)

    other = Database(database_url)
    writing = threading.Thread(target=other.write, args=(write,))
    writing.start()
    assert holding.wait(PATIENCE)
    cutting = threading.Thread(target=cut_off_who_waits, args=(database_url,))
    cutting.start()
    try:
        with pytest.raises(DatabaseUnreachableError):
            database.upgrade()
    finally:
        cut.set()
        cutting.join(PATIENCE)
        writing.join(PATIENCE)
        other.close()
    database.upgrade()
    assert database.pending_changes() == []


def cut_off_who_waits(database_url: str) -> None:
    until = time.monotonic() + PATIENCE
    with psycopg.connect(database_url, autocommit=True) as connection:
        while time.monotonic() < until:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchall()
            if ended:
                return
            time.sleep(0.05)
