"""What only a server can do: lose a connection, hear of a commit twice or never, be held by one process of several."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import IntegrityError

from obligations.law import Law
from obligations.notice import Level
from storage import evidence, overview, settings
from storage import postgres as storage_postgres
from storage.database import Database, Session
from storage.errors import DatabaseUnreachableError, LostCommitError
from storage.evidence import EvidenceFolder
from storage.models import Alias, EvidenceContent
from storage.organisations import Scope
from tests.postgres import Server
from tests.storage.bureau import Bureau, found
from tests.storage.test_migrations import ROWS

PDF = b"%PDF-1.7\n"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    yield database
    database.close()


@pytest.fixture
def other(postgres_url: str) -> Iterator[Database]:
    """Return another door to the same database, as another process has."""
    database = Database(postgres_url)
    yield database
    database.close()


@pytest.fixture
def end_all(postgres_url: str) -> Iterator[Callable[[], None]]:
    """Return what ends every connection to the database but its own, as a restart of the server does."""
    name, _, host = postgres_url.partition("@/")[2].partition("?host=")
    with psycopg.connect(
        host=host.replace("%2F", "/"), user="duewatch", dbname=name, autocommit=True
    ) as mine:

        def end() -> None:
            mine.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        yield end


def count_up(session: Session) -> None:
    settings.put(session, "count", str(int(settings.get(session, "count") or 0) + 1))


def counted(database: Database) -> str | None:
    return database.read(lambda session: settings.get(session, "count"))


def until(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class TestLostConnections:
    @pytest.mark.parametrize("door", ["write", "write_beside"])
    def test_work_is_done_again_where_nothing_was_committed(
        self, shared: Database, end_all: Callable[[], None], door: str
    ) -> None:
        tries: list[int] = []

        def work(session: Session) -> None:
            count_up(session)
            session.flush()
            if not tries:
                end_all()
            tries.append(1)
            count_up(session)

        getattr(shared, door)(work)
        assert (counted(shared), len(tries)) == ("2", 2)

    def test_a_pool_of_dead_connections_is_noticed(
        self, shared: Database, end_all: Callable[[], None]
    ) -> None:
        shared.write(count_up)
        assert counted(shared) == "1"
        end_all()
        assert counted(shared) == "1"
        end_all()
        shared.write(count_up)
        assert counted(shared) == "2"

    @pytest.mark.parametrize("committed", [True, False])
    def test_a_commit_that_was_not_answered_is_neither_lost_nor_done_twice(
        self,
        shared: Database,
        end_all: Callable[[], None],
        monkeypatch: pytest.MonkeyPatch,
        *,
        committed: bool,
    ) -> None:
        real = psycopg.Connection.commit
        lost: list[int] = []

        def commit(connection: psycopg.Connection) -> None:
            if not lost:
                lost.append(1)
                if committed:
                    real(connection)
                end_all()
            real(connection)

        shared.write(lambda _session: None)
        monkeypatch.setattr(psycopg.Connection, "commit", commit)
        if committed:
            # A commit of nothing asks the server nothing: let it find out.
            def and_ask(connection: psycopg.Connection) -> None:
                commit(connection)
                connection.execute("SELECT 1")
                real(connection)

            monkeypatch.setattr(psycopg.Connection, "commit", and_ask)
        shared.write(count_up)
        assert lost == [1]
        assert counted(shared) == "1"

    def test_a_commit_nobody_can_tell_of_is_raised(
        self, shared: Database, end_all: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries = []

        def lost(connection: psycopg.Connection) -> None:
            end_all()
            monkeypatch.setattr(psycopg, "connect", gone)
            monkeypatch.setattr(psycopg.Connection, "connect", gone)
            connection.execute("SELECT 1")

        def gone(*_args: object, **_kwargs: object) -> None:
            raise psycopg.OperationalError("the server is gone")

        monkeypatch.setattr(storage_postgres, "_WAITS", (0.0,))
        monkeypatch.setattr(psycopg.Connection, "commit", lost)
        with pytest.raises(LostCommitError):
            shared.write(lambda _session: tries.append(1))
        assert tries == [1]

    def test_a_server_that_is_away_is_said_to_be_without_the_password(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(storage_postgres, "_WAITS", (0.0, 0.0))
        database = Database("postgresql://duewatch:opensesame@127.0.0.1:1/duewatch")
        for ask in (
            lambda: database.read(count_up),
            lambda: database.write(count_up),
            lambda: database.try_hold("leader"),
            database.upgrade,
            database.pending_changes,
        ):
            with pytest.raises(DatabaseUnreachableError, match="cannot be reached") as refused:
                ask()
            assert "opensesame" not in str(refused.value)
        database.close()


def test_an_error_does_not_quote_the_rows(shared: Database) -> None:
    with pytest.raises(IntegrityError) as refused:
        shared.write(lambda session: session.add(Alias(organisation_id=404404, text="示例化工")))
    assert "404404" not in str(refused.value) + repr(refused.value.orig)
    assert "foreign key" in str(refused.value)


class TestBeside:
    def test_work_beside_does_not_wait_for_a_writer(self, shared: Database, other: Database) -> None:
        def slow(session: Session) -> None:
            count_up(session)
            session.flush()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(other.write_beside, lambda s: settings.put(s, "else", "1")).result(20)

        shared.write(slow)
        assert counted(other) == "1"

    def test_a_writer_waits_for_a_writer(self, shared: Database, other: Database) -> None:
        with ThreadPoolExecutor(1) as pool:

            def slow(session: Session) -> None:
                count_up(session)
                session.flush()
                waiting.append(pool.submit(other.write, count_up))
                with pytest.raises(TimeoutError):
                    waiting[0].result(0.3)

            waiting: list[Future[None]] = []
            shared.write(slow)
        assert counted(other) == "2"


def test_the_clocks_are_compared(shared: Database) -> None:
    now = datetime.now(UTC)  # noqa: TID251  # the real clock is what is compared
    assert abs(shared.clock_skew(now)) < 5
    assert shared.clock_skew(now - timedelta(hours=1)) == pytest.approx(3600, abs=5)


class TestHolding:
    def test_one_holds_and_everybody_can_ask(self, shared: Database, other: Database) -> None:
        hold = shared.try_hold("leader")
        assert hold is not None
        assert (hold.alive(), other.is_held("leader"), other.is_held("follower")) == (True, True, False)
        assert other.try_hold("leader") is None
        hold.release()
        hold.release()
        assert (hold.alive(), other.is_held("leader")) == (False, False)
        again = other.try_hold("leader")
        assert again is not None
        other.close()
        assert until(lambda: not shared.is_held("leader"))

    def test_a_hold_that_lost_its_connection_is_over(
        self, shared: Database, end_all: Callable[[], None]
    ) -> None:
        hold = shared.try_hold("leader")
        assert hold is not None
        end_all()
        assert not hold.alive()
        assert shared.try_hold("leader") is not None
        assert not hold.alive()

    @pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGSTOP])
    def test_a_process_that_is_killed_or_frozen_holds_nothing(
        self, shared: Database, postgres_url: str, ending: signal.Signals
    ) -> None:
        script = (
            "import sys, time; from storage import postgres; postgres._PULSE_SECONDS, postgres._SILENT_SECONDS = 0.2, 1;"
            " from storage.database import Database; database = Database(sys.argv[1]); held = database.try_hold('leader');"
            " print(held.alive(), flush=True); time.sleep(60)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script, postgres_url], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "True\n"
            time.sleep(1.5)  # longer than it may be silent
            assert shared.is_held("leader")
            os.kill(process.pid, ending)
            try:
                assert until(lambda: not shared.is_held("leader"))
            finally:
                process.kill()


class TestUpgrade:
    def test_processes_may_upgrade_the_same_new_database_at_once(self, postgres_server: Server) -> None:
        upgrade = "import sys; from storage.database import Database; Database(sys.argv[1]).upgrade()"
        with postgres_server.unmigrated() as url:
            started = [subprocess.Popen([sys.executable, "-c", upgrade, url], cwd=ROOT) for _ in range(3)]
            assert [process.wait(60) for process in started] == [0, 0, 0]
            database = Database(url)
            assert database.pending_changes() == []
            database.close()

    def test_an_older_database_keeps_its_duties_and_can_go_back(self, postgres_server: Server) -> None:
        with postgres_server.unmigrated() as url:
            _migrate(url, lambda config: command.upgrade(config, "0001"), *ROWS)
            database = Database(url)
            assert database.pending_changes()
            database.upgrade()
            assert database.pending_changes() == []
            stages = database.read(
                lambda s: s.execute(
                    text("SELECT id, extended_to::text, dated_by FROM stage ORDER BY id")
                ).all()
            )
            assert [tuple(row) for row in stages] == [
                (11, "2024-02-27", "渝环规〔2023〕2号"),
                (12, None, "渝环规〔2023〕2号"),
            ]
            _migrate(url, lambda config: command.downgrade(config, "0001"))
            database.upgrade()
            assert database.pending_changes() == []
            database.close()


def _migrate(url: str, step: Callable[[Config], None], *statements: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    config = Config()
    config.set_main_option("script_location", str(Path(storage_postgres.__file__).with_name("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        step(config)
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


class TestEvidence:
    def test_a_process_without_the_file_brings_it_from_the_database(
        self, shared: Database, tmp_path: Path
    ) -> None:
        here, there = EvidenceFolder(tmp_path / "here"), EvidenceFolder(tmp_path / "there")
        stored = here.store(PDF)
        for _ in range(2):
            shared.write_beside(lambda session: evidence.share(session, PDF))
        assert shared.read(lambda s: list(s.scalars(select(EvidenceContent.content)))) == [PDF]
        path = shared.read(lambda session: evidence.fetch(session, there, stored.sha256))
        assert path == there.path(stored.sha256)
        assert path.read_bytes() == PDF

    def test_what_is_nowhere_is_not_there_and_what_was_altered_is_refused(
        self, shared: Database, tmp_path: Path
    ) -> None:
        folder = EvidenceFolder(tmp_path)
        assert shared.read(lambda session: evidence.fetch(session, folder, "0" * 64)) is None
        shared.write(lambda session: session.add(EvidenceContent(sha256="0" * 64, content=PDF)))
        with pytest.raises(ValueError, match="another content"):
            shared.read(lambda session: evidence.fetch(session, folder, "0" * 64))
        assert not folder.path("0" * 64).exists()


def test_what_is_pending_is_found_by_its_partial_indexes(shared: Database, bureau_there: Bureau) -> None:
    plans = shared.read(lambda session: _overdue_plan(session, bureau_there))
    assert any("ix_stage_pending" in line or "ix_stage_district_pending" in line for line in plans)


@pytest.fixture
def bureau_there(shared: Database, law: Law) -> Bureau:
    return found(shared, law)


def _overdue_plan(session: Session, bureau: Bureau) -> list[str]:
    seen: list[tuple[str, Any]] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: seen.append((given[2], given[3])))
    scope = Scope(level=Level.MUNICIPAL, organisation_id=bureau.city)
    overview.overdue(session, scope, today=datetime(2024, 3, 5, tzinfo=UTC).date(), limit=1)
    statement, parameters = seen[-1]
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
