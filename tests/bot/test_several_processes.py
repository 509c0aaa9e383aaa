"""Several real `duewatch run` on one PostgreSQL: one leads, all work, and whatever happens to one, another goes on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from sandbox.seam import Visitor, World, build_app, serving
from storage import registry
from storage.database import Database
from storage.workers import names
from tests.bot.town_registry import town_registry

TOKEN = "7000001:several"
MILL = 101
PATIENCE = 40
STARTED = datetime(2024, 2, 5, 2, 0, tzinfo=UTC)
COMMAND = (sys.executable, "-c", "from bot.cli import main; main()", "run")
LEADS = "this process leads"
STOPPED_LEADING = "does not lead any more"


@dataclass(slots=True)
class Run:
    """One process, and what it has said."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def of(cls, command: Sequence[str], environment: Mapping[str, str], log: Path) -> "Run":
        with log.open("wb") as output:
            return cls(subprocess.Popen(command, env=environment, stdout=output, stderr=output), log)

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def says(self, words: str, *, times: int = 1, within: float = PATIENCE) -> float:
        """Wait until it has said something so often; return how many seconds that took."""
        began = time.monotonic()
        while self.said.count(words) < times:
            assert time.monotonic() - began < within, f"it never said {words!r}, but\n{self.said}"
            assert self.process.poll() is None, f"it ended, having said\n{self.said}"
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, PATIENCE)


@dataclass(slots=True, kw_only=True)
class Site:
    """A Bot API server, a database, and a way to start processes on them."""

    world: World
    api_url: str
    database_url: str
    folder: Path
    runs: list[Run]

    def start(self) -> Run:
        number = len(self.runs)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DUEWATCH_")} | {
            "PYTHONUTF8": "1",
            "DUEWATCH_TELEGRAM_TOKEN": TOKEN,
            "DUEWATCH_TELEGRAM_API_URL": self.api_url,
            "DUEWATCH_DATABASE_URL": self.database_url,
            "DUEWATCH_DATA_DIR": str(self.folder / str(number)),
            "DUEWATCH_LISTEN": "off",
            "DUEWATCH_NOW": STARTED.isoformat(),
        }
        run = Run.of(COMMAND, environment, self.folder / f"{number}.log")
        self.runs.append(run)
        return run

    async def leader_and_follower(self) -> tuple[Run, Run]:
        leader = self.start()
        await leader.says(LEADS)
        follower = self.start()
        await follower.says("serving as @")
        return leader, follower

    async def answers(self) -> None:
        """Say something and wait for the answer."""
        conversation = self.world.state.conversation(TOKEN, MILL).messages
        before = len(conversation)
        Visitor(self.world, MILL, token=TOKEN).say("/help")
        async with asyncio.timeout(PATIENCE):
            while len(conversation) < before + 2:  # noqa: ASYNC110  # another process makes it happen
                await asyncio.sleep(0.05)

    def workers(self) -> list[str]:
        with opened(self.database_url) as database:
            return database.read(names)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
async def site(postgres_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    began = time.monotonic()
    world = World(lambda: STARTED + timedelta(seconds=time.monotonic() - began))
    world.add_bot(TOKEN, username="duewatch_several_bot", first_name="督期")
    world.add_user(MILL, "某", "zh-hans")
    world.enrol_chat(MILL, TOKEN)
    with opened(postgres_url) as database:
        database.write(lambda session: registry.load(session, town_registry(), now=STARTED))
    async with serving(build_app(world, token=TOKEN, bot_name="duewatch_several_bot")) as url:
        made = Site(world=world, api_url=url, database_url=postgres_url, folder=tmp_path, runs=[])
        try:
            yield made
        finally:
            for run in made.runs:
                if run.process.poll() is None:
                    run.process.kill()
                run.process.wait(PATIENCE)
            world.close()


async def test_a_killed_leader_is_replaced_within_seconds_and_nobody_waits_for_it(site: Site) -> None:
    leader, follower = await site.leader_and_follower()
    assert LEADS not in follower.said
    assert len(site.workers()) == 2
    await site.answers()
    leader.process.kill()
    assert await follower.says(LEADS, within=5) < 5
    await follower.says("took over from", within=10)
    assert len(site.workers()) == 1
    await site.answers()


async def test_a_leader_that_stands_still_loses_the_lead_and_learns_of_it(site: Site) -> None:
    """Its sessions live as long as the server believes in it: it must not keep the lead by only not being dead."""
    leader, follower = await site.leader_and_follower()
    leader.process.send_signal(signal.SIGSTOP)
    try:
        assert await follower.says(LEADS, within=25) < 25
        await site.answers()
    finally:
        leader.process.send_signal(signal.SIGCONT)
    await leader.says(STOPPED_LEADING, within=10)
    assert leader.said.count(LEADS) == 1
    await site.answers()


async def test_when_every_session_is_cut_all_goes_on_by_itself(site: Site) -> None:
    leader, follower = await site.leader_and_follower()
    with psycopg.connect(site.database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await leader.says(STOPPED_LEADING, within=10)
    began = time.monotonic()
    while leader.said.count(LEADS) + follower.said.count(LEADS) < 2:
        assert time.monotonic() - began < PATIENCE, "nobody leads any more"
        await asyncio.sleep(0.05)
    await site.answers()
    assert [run.process.poll() for run in site.runs] == [None, None]
    await asyncio.sleep(3)  # each looks round every two seconds
    assert len(site.workers()) == 2


async def test_asked_to_stop_it_signs_off_and_another_leads_at_once(site: Site) -> None:
    leader, follower = await site.leader_and_follower()
    leader.process.terminate()
    assert await follower.says(LEADS, within=10) < 10
    assert await leader.ended() == 0
    assert len(site.workers()) == 1
    follower.process.terminate()
    assert await follower.ended() == 0
    assert site.workers() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_asked_twice_it_ends_at_once(tmp_path: Path, number: signal.Signals) -> None:
    """Whatever it is finishing, here something that takes a minute."""
    script = (
        "import asyncio\n"
        "from bot.service import stopping\n"
        "async def main():\n"
        "    stop = stopping()\n"
        "    print('ready', flush=True)\n"
        "    await stop.wait()\n"
        "    print('stopping', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    run = Run.of([sys.executable, "-c", script], os.environ, tmp_path / "log")
    try:
        await run.says("ready")
        run.process.send_signal(number)
        await run.says("stopping")
        run.process.send_signal(number)
        assert await run.ended() == -number
    finally:
        run.process.kill()
        run.process.wait(PATIENCE)


async def test_a_database_that_is_away_is_waited_for_and_then_said_with_what_to_do(tmp_path: Path) -> None:
    site = Site(
        world=World(lambda: STARTED),
        api_url="http://127.0.0.1:9",
        database_url="postgresql://duewatch:hidden@127.0.0.1:9/duewatch",
        folder=tmp_path,
        runs=[],
    )
    run = site.start()
    try:
        await run.says("the database server cannot be reached", within=30)
        assert "trying again for" in run.said
        run.process.terminate()
        assert await run.ended() == 0
        assert "hidden" not in run.said
    finally:
        run.process.kill()
        run.process.wait(PATIENCE)
        site.world.close()
