"""Health, readiness, metrics and heartbeat of one process, asked over HTTP as a monitor asks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.config import Listen, Settings
from bot.heartbeat import Heartbeat
from bot.web import health
from bot.web.app import build
from bot.web.door import listening
from bot.web.meters import Meters
from bot.web.metrics import Metrics
from bot.web.readiness import Readiness
from bot.web.serving import serving
from jobs.context import Context
from jobs.timetable import WATCH, catch_up
from obligations.law import Law
from storage import inbox
from storage.database import Database
from storage.inbox import Arrived
from storage.leadership import LEADER
from tests.jobs.town import RecordingChannel, Town, at

SETTINGS = Settings(listen=Listen("127.0.0.1", 0))
MORNING = at("2024-02-20 10:00")


@dataclass(slots=True)
class Standing:
    """A clock that stands where it is put."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Standing:
    return Standing(MORNING)


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


@pytest.fixture
async def context(town: Town) -> Context:
    """A process that leads and has just caught up."""
    context = town.context(telegram=RecordingChannel(name="telegram"))
    assert town.database.try_hold(LEADER) is not None
    await catch_up(context, MORNING)
    return context


@asynccontextmanager
async def watched(context: Context, clock: Standing, meters: Meters) -> AsyncIterator[str]:
    """Serve what a monitor asks of a process that leads."""
    numbers = Metrics(context, clock, meters, leading=lambda: True)
    async with listening(SETTINGS, health.routes(Readiness(context, clock), numbers)) as url:
        assert url is not None
        yield url


async def checks(context: Context, clock: Standing) -> tuple[int, dict[str, Any]]:
    async with (
        watched(context, clock, Meters()) as url,
        httpx.AsyncClient() as web,
    ):
        assert (await web.get(f"{url}/healthz")).text == "ok\n"
        answer = await web.get(f"{url}/readyz")
    told = answer.json()
    assert told["ready"] == answer.is_success
    return answer.status_code, told["checks"]


def bad(told: dict[str, Any]) -> set[str]:
    return {name for name, check in told.items() if not check["ok"]}


async def test_a_process_that_does_its_work_is_ready(context: Context, clock: Standing) -> None:
    status, told = await checks(context, clock)
    assert status == 200
    assert set(told) == {"database", "timetable", "channels", "outbox", "inbox"}
    assert told["database"] == {"ok": True, "migrated": True, "clock_skew_seconds": 0}
    assert told["timetable"]["led"]
    assert told["timetable"]["late_jobs"] == []
    assert told["channels"]["telegram"]["last_reached_at"] is None


async def test_without_a_leader_nothing_is_planned(town: Town, clock: Standing) -> None:
    context = town.context()
    await catch_up(context, MORNING)
    status, told = await checks(context, clock)
    assert status == 503
    assert bad(told) == {"timetable"}


async def test_a_timetable_that_fell_silent_is_not_ready(context: Context, clock: Standing) -> None:
    clock.at = MORNING + timedelta(minutes=6)
    assert bad((await checks(context, clock))[1]) == {"timetable"}


async def test_a_job_that_missed_its_hour_is_named(context: Context, clock: Standing) -> None:
    clock.at = at("2024-02-21 03:46")
    told = (await checks(context, clock))[1]
    assert told["timetable"]["late_jobs"] == ["housekeeping", "materialise"]


async def test_tables_of_an_older_release_are_not_ready(context: Context, clock: Standing) -> None:
    context.database.write(
        lambda session: session.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    )
    told = (await checks(context, clock))[1]
    assert bad(told) == {"database"}
    assert not told["database"]["migrated"]


async def test_a_database_that_does_not_answer_is_told_not_raised(
    context: Context, clock: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_work: object) -> None:
        raise ConnectionError("host=db.example.org password=SECRET")

    monkeypatch.setattr(context.database, "read", away)
    status, told = await checks(context, clock)
    assert status == 503
    assert told["database"] == {"ok": False, "error": "ConnectionError"}


async def test_a_channel_that_was_missed_twice_is_away_until_it_answers(
    context: Context, clock: Standing
) -> None:
    circuit = context.circuits.of("telegram")
    circuit.missed(MORNING)
    assert bad((await checks(context, clock))[1]) == set()
    circuit.missed(MORNING + timedelta(seconds=5))
    assert bad((await checks(context, clock))[1]) == {"channels"}
    circuit.reached(MORNING + timedelta(seconds=20))
    told = (await checks(context, clock))[1]
    assert bad(told) == set()
    assert told["channels"]["telegram"]["last_reached_at"] == "2024-02-20T10:00:20+08:00"


async def test_what_waits_too_long_is_not_ready(town: Town, clock: Standing) -> None:
    town.contact(town.city, "somebody 13800000000")
    context = town.context()
    assert town.database.try_hold(LEADER) is not None
    await catch_up(context, MORNING)
    town.database.write(
        lambda session: inbox.keep(
            session, [Arrived(update_id=1, chat_id=1, payload={"text": "机密"})], now=MORNING
        )
    )
    clock.at = MORNING + timedelta(minutes=4)
    assert bad((await checks(context, clock))[1]) == set()
    clock.at = MORNING + timedelta(minutes=16)
    told = (await checks(context, clock))[1]
    assert {"outbox", "inbox"} <= bad(told)
    assert told["outbox"]["waiting"] == 1
    assert told["inbox"]["oldest_seconds"] == 16 * 60
    assert "13800000000" not in str(told)


async def metrics(
    context: Context, clock: Standing, meters: Meters
) -> dict[str, dict[tuple[str, ...], float]]:
    """Return what a scrape reads: values by sample name and label values."""
    async with (
        watched(context, clock, meters) as url,
        httpx.AsyncClient() as web,
    ):
        answer = await web.get(f"{url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation, f"{family.name} says what it is"
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


async def test_the_numbers_are_what_is_stored(town: Town, clock: Standing) -> None:
    town.contact(town.city, "somebody")
    context = town.context()
    await catch_up(context, MORNING)
    await WATCH.work(context, MORNING)
    clock.at = MORNING + timedelta(minutes=10)
    meters = Meters()
    meters.around(context.channels)
    told = await metrics(context, clock, meters)
    assert told["duewatch_notifications"]["daily_digest", "pending"] == 1
    assert told["duewatch_outbox_pending"] == {(): 1}
    assert told["duewatch_outbox_oldest_seconds"] == {(): 600}
    assert told["duewatch_horizon_days"] == {(): 120}
    assert told["duewatch_leader"] == {(): 1}
    assert told["duewatch_database_up"] == {(): 1}
    assert told["duewatch_attempts_unknown_total"] == {(): 0}
    assert told["duewatch_alarms_raised"][("no_administrator",)] == 1
    assert told["duewatch_alarms_raised"][("outbox_aged",)] == 0
    assert told["duewatch_deliveries_total"]["chat", "sent"] == 0
    assert ["sqlite" in labels for labels in told["duewatch_build_info"]] == [True]
    assert {
        "duewatch_channel_failures",
        "duewatch_inbound_waiting",
        "duewatch_inbound_given_up",
        "duewatch_calendar_days_left",
        "duewatch_overdue_stages",
        "duewatch_workers",
        "duewatch_unreachable_contacts",
        "duewatch_send_seconds_count",
        "duewatch_limiter_wait_seconds_count",
    } <= set(told)


async def test_what_a_process_counts_is_told_without_a_database_too(
    context: Context, clock: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_work: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(context.database, "read", away)
    told = await metrics(context, clock, Meters())
    assert told["duewatch_database_up"] == {(): 0}
    assert told["duewatch_leader"] == {(): 1}
    assert "duewatch_outbox_pending" not in told


async def test_scraping_often_reads_the_database_once(
    context: Context, clock: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, times = context.database.read, []

    def counted(work: Any) -> Any:  # noqa: ANN401  # whatever the work returns
        times.append(1)
        return read(work)

    monkeypatch.setattr(context.database, "read", counted)
    numbers = Metrics(context, clock, Meters(), leading=lambda: True)
    await asyncio.gather(*(numbers.text() for _ in range(5)))
    assert len(times) == 1


@dataclass(slots=True)
class Monitor:
    """An outside monitor: counts the calls, and answers as it is told."""

    url: str = ""
    status: int = 200
    calls: list[str] = field(default_factory=list)


@asynccontextmanager
async def monitoring() -> AsyncIterator[Monitor]:
    monitor = Monitor()

    async def hear(request: Request) -> Response:
        monitor.calls.append(request.url.path)
        return PlainTextResponse("OK", status_code=monitor.status)

    async with serving(build([Route("/ping/SECRET", hear)])) as url:
        monitor.url = f"{url}/ping/SECRET"
        yield monitor


async def test_a_clean_round_beats(context: Context, clock: Standing) -> None:
    async with monitoring() as monitor, httpx.AsyncClient() as client:
        heartbeat = Heartbeat(SecretStr(monitor.url), Readiness(context, clock), leading=lambda: True)
        assert await heartbeat.beat(client)
    assert monitor.calls == ["/ping/SECRET"]


async def test_a_round_that_is_not_clean_is_silent(context: Context, clock: Standing) -> None:
    clock.at = MORNING + timedelta(hours=3)
    async with monitoring() as monitor, httpx.AsyncClient() as client:
        heartbeat = Heartbeat(SecretStr(monitor.url), Readiness(context, clock), leading=lambda: True)
        assert not await heartbeat.beat(client)
    assert monitor.calls == []


async def test_a_monitor_that_is_away_or_refuses_is_logged_without_its_address(
    context: Context, clock: Standing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    readiness = Readiness(context, clock)
    async with httpx.AsyncClient() as client:
        away = Heartbeat(SecretStr("http://127.0.0.1:9/SECRET"), readiness, leading=lambda: True)
        assert not await away.beat(client)
        async with monitoring() as monitor:
            monitor.status = 500
            refused = Heartbeat(SecretStr(monitor.url), readiness, leading=lambda: True)
            assert not await refused.beat(client)
    said = [record.getMessage() for record in caplog.records if record.name == "bot.heartbeat"]
    assert len(said) == 2
    assert "SECRET" not in " ".join(said)


async def test_only_the_leader_beats_once_a_minute(context: Context, clock: Standing) -> None:
    slept: list[float] = []
    leading = iter([False, True, True])
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > 3:
            enough.set()
            await asyncio.Event().wait()

    async with monitoring() as monitor:
        heartbeat = Heartbeat(
            SecretStr(monitor.url),
            Readiness(context, clock),
            leading=lambda: next(leading),
            sleep=sleep,
        )
        beating = asyncio.create_task(heartbeat.run())
        await enough.wait()
        beating.cancel()
        await asyncio.wait([beating])
    assert slept[:3] == [60.0, 60.0, 60.0]
    assert len(monitor.calls) == 2
