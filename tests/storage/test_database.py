"""The door: a unit of work is stored whole or not at all, loses nothing to another, and never waits to read."""

import asyncio
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, InternalError

from storage import settings
from storage.database import Database, Session
from storage.errors import DatabaseUrlError, StorageError
from storage.models import Alias, Setting
from tests.engines import only_postgresql, only_sqlite
from tests.storage.bureau import everything

PATIENCE = 20
"""Seconds after which a thread that still waits has failed; no test takes this long when it passes."""


def read(database: Database, key: str = "count") -> str | None:
    return database.read(lambda session: settings.get(session, key))


def count_up(session: Session) -> None:
    settings.put(session, "count", str(int(settings.get(session, "count") or 0) + 1))


def in_parallel(count: int, work: Callable[[int], object]) -> None:
    """Run ``work`` in so many threads that start together; what one raises, this raises."""
    start = threading.Barrier(count)

    def begin(number: int) -> object:
        start.wait(PATIENCE)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(begin, number) for number in range(count)]:
            done.result(PATIENCE)


def test_what_is_written_can_be_read(database: Database) -> None:
    database.write(count_up)
    assert read(database) == "1"


def test_a_write_returns_what_its_work_returns(database: Database) -> None:
    assert database.write(lambda _session: 7) == 7


def test_a_write_that_fails_at_its_end_leaves_nothing(database: Database) -> None:
    before = everything(database)

    def work(session: Session) -> None:
        count_up(session)
        session.flush()
        raise KeyError("late")

    with pytest.raises(KeyError):
        database.write(work)
    assert everything(database) == before
    database.write(count_up)
    assert read(database) == "1"


@only_sqlite
def test_a_read_throws_away_what_it_changes(database: Database) -> None:
    def work(session: Session) -> str | None:
        count_up(session)
        session.flush()
        return settings.get(session, "count")

    assert database.read(work) == "1"
    assert read(database) is None


def test_a_read_does_not_wait_for_a_writer(database: Database) -> None:
    written, go_on = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        count_up(session)
        session.flush()
        written.set()
        assert go_on.wait(PATIENCE)

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(database.write, slow)
        assert written.wait(PATIENCE)
        during, still_writing = read(database), not writer.done()
        go_on.set()
        writer.result(PATIENCE)
    assert (during, still_writing) == (None, True)
    assert read(database) == "1"


def test_a_read_sees_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    database.write(count_up)
    value = select(Setting.value).where(Setting.key == "count")

    def work(session: Session) -> tuple[str | None, str | None]:
        first = session.scalar(value)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(database.write, count_up).result(PATIENCE)
        return first, session.scalar(value)

    assert database.read(work) == ("1", "1")
    assert read(database) == "2"


def test_no_read_then_update_is_lost_among_threads(database: Database) -> None:
    def work(_number: int) -> None:
        for _ in range(25):
            database.write(count_up)

    in_parallel(8, work)
    assert read(database) == "200"


def test_no_read_then_update_is_lost_among_doors_to_the_same_database(
    database: Database, database_url: str
) -> None:
    def work(_number: int) -> None:
        other = Database(database_url)
        for _ in range(25):
            other.write(count_up)
        other.close()

    in_parallel(4, work)
    assert read(database) == "100"


@only_postgresql
def test_a_read_cannot_write(database: Database) -> None:
    def count_and_flush(session: Session) -> None:
        count_up(session)
        session.flush()

    with pytest.raises(InternalError, match="read-only transaction"):
        database.read(count_and_flush)
    assert read(database) is None


async def test_a_coroutine_writes_and_asks(database: Database) -> None:
    await asyncio.gather(*(database.run(count_up) for _ in range(20)))
    assert await database.ask(lambda session: settings.get(session, "count")) == "20"


async def test_what_was_started_is_carried_through_when_its_caller_is_cancelled(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        count_up(session)
        begun.set()
        assert go_on.wait(PATIENCE)

    caller = asyncio.create_task(database.run(slow))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await database.run(count_up)  # the next writer comes after the one that was left alone
    assert read(database) == "2"


def test_a_row_without_its_parent_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        database.write(lambda session: session.add(Alias(organisation_id=404, text="nobody's")))


def test_a_file_is_made_where_the_url_says_with_its_folders(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/folders/duewatch.db")
    database.upgrade()
    database.close()
    assert (tmp_path / "new" / "folders" / "duewatch.db").is_file()


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    assert database.pending_changes() == []


def test_what_the_tables_lack_is_noticed(database: Database) -> None:
    database.write(lambda session: session.execute(text("DROP TABLE reminding")))
    assert {change[0] for change in database.pending_changes()} == {"add_table", "add_index"}


def test_upgrading_again_changes_nothing(database: Database) -> None:
    database.write(count_up)
    before = everything(database)
    database.upgrade()
    database.upgrade()
    assert everything(database) == before


def test_an_upgrade_enforces_parents_again_when_it_is_done(database: Database) -> None:
    database.upgrade()
    with pytest.raises(IntegrityError):
        database.write(lambda session: session.add(Alias(organisation_id=404, text="nobody's")))


@only_sqlite
def test_an_upgrade_stops_at_a_row_that_lost_its_parent(database: Database) -> None:
    with sqlite3.connect(database.path) as connection:
        connection.execute("INSERT INTO alias (organisation_id, text) VALUES (404, 'nobody''s')")
    connection.close()
    with pytest.raises(RuntimeError, match="row of alias without its parent"):
        database.upgrade()
    database.write(count_up)
    assert read(database) == "1"


def test_threads_may_upgrade_the_same_new_file_at_once(tmp_path: Path) -> None:
    def work(_number: int) -> None:
        database = Database(f"sqlite:///{tmp_path}/same.db")
        database.upgrade()
        assert database.pending_changes() == []
        database.close()

    in_parallel(6, work)


def test_threads_may_upgrade_different_files_at_once(tmp_path: Path) -> None:
    def work(number: int) -> None:
        database = Database(f"sqlite:///{tmp_path}/{number}.db")
        database.upgrade()
        assert database.pending_changes() == []
        database.close()

    in_parallel(4, work)


def test_processes_may_upgrade_the_same_new_file_at_once(tmp_path: Path) -> None:
    upgrade = "import sys; from storage.database import Database; Database(sys.argv[1]).upgrade()"
    url = f"sqlite:///{tmp_path}/shared.db"
    started = [
        # Nothing in it comes from outside this test.
        subprocess.Popen([sys.executable, "-c", upgrade, url], cwd=Path(__file__).parents[2])
        for _ in range(3)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    database = Database(url)
    assert database.pending_changes() == []
    database.close()


def test_a_start_waits_for_whoever_still_writes_the_old_way(tmp_path: Path) -> None:
    """The switch to WAL is the one statement that SQLite does not let wait by itself."""
    path = tmp_path / "old.db"
    busy = sqlite3.connect(path, isolation_level=None)
    busy.execute("CREATE TABLE t (x)")
    busy.execute("BEGIN IMMEDIATE")
    database = Database(f"sqlite:///{path}")
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(database.upgrade)
        with pytest.raises(TimeoutError):
            starting.result(0.3)
        busy.execute("COMMIT")
        starting.result(PATIENCE)
    busy.close()
    assert {change[0] for change in database.pending_changes()} == {"remove_table"}  # the old one, t
    database.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://", "in-memory"),
        ("sqlite:///:memory:", "in-memory"),
        ("sqlite:///file::memory:?uri=true", "takes no options"),
        ("sqlite:///file:duewatch?mode=memory&cache=shared&uri=true", "takes no options"),
        ("sqlite:///duewatch.db?mode=ro", "takes no options"),
        ("sqlite+aiosqlite:///duewatch.db", "sqlite+aiosqlite is not supported"),
        ("postgresql+asyncpg://duewatch:opensesame@db/duewatch", "postgresql+asyncpg is not supported"),
        ("postgresql://duewatch:opensesame@db", "names no database"),
        ("postgresql://duewatch:opensesame@db/duewatch?options=-cfsync=off", "options cannot be set"),
        ("postgresql://duewatch:opensesame@db:port/duewatch", "not a database URL"),
        ("mysql+pymysql://duewatch:opensesame@db/duewatch", "is not supported"),
        ("duewatch.db:opensesame", "not a database URL"),
        ("", "not a database URL"),
    ],
)
def test_a_url_that_cannot_serve_is_refused_with_the_way_out_and_without_its_password(
    url: str, says: str
) -> None:
    with pytest.raises(DatabaseUrlError, match=re.escape(says)) as refused:
        Database(url)
    assert isinstance(refused.value, StorageError)
    assert any(
        way in str(refused.value) for way in ("sqlite:///", "postgresql://", "name a file", "that can:")
    )
    assert "opensesame" not in str(refused.value)


async def test_who_waits_to_write_keeps_neither_a_reader_nor_anybody_elses_thread(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def long(_session: Session) -> None:
        begun.set()
        go_on.wait(PATIENCE)

    writing = [asyncio.create_task(database.run(long))]
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    # More than the threads that an event loop has for everything else.
    writing += [asyncio.create_task(database.run(count_up)) for _ in range(40)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(PATIENCE / 2):
            assert await asyncio.to_thread(lambda: 7) == 7
            assert await database.ask(lambda session: settings.get(session, "count")) is None
    finally:
        go_on.set()
        await asyncio.gather(*writing)
    assert read(database) == "40"


async def test_what_was_given_before_the_door_is_closed_is_carried_through(database: Database) -> None:
    writing = [asyncio.create_task(database.run(count_up)) for _ in range(9)]
    await asyncio.sleep(0)
    await asyncio.to_thread(database.close)
    await asyncio.gather(*writing)
    assert read(database) == "9"
    with pytest.raises(RuntimeError):
        await database.ask(count_up)
