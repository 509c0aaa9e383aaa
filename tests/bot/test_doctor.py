"""``duewatch doctor`` looks at everything a run depends on, and says of what is not well what to do."""

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.cli.examining import Level, of_skew
from locales.printer import Printer
from obligations.law import Law
from sandbox.seam import World, build_app, serving
from storage import contacts, dead_letters, organisations, outages, outbox, registry, settings
from storage.database import Database, Session
from storage.materialise import materialise
from storage.models import Notification, NotificationKind, Outcome
from tests.bot.conftest import CITY, KILN, MILL, NORTH, QUAY, SOUTH, at, town_registry

NOW = at("2024-02-20 10:00")
TOKEN = "7000001:SECRET"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    """An empty database of this release, and a clock that stands at `NOW`."""
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", f"sqlite:///{database.path}")
    monkeypatch.setenv("DUEWATCH_NOW", NOW.isoformat())
    for name in ("DUEWATCH_TELEGRAM_TOKEN", "DUEWATCH_TELEGRAM_API_URL", "DUEWATCH_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)


def examine(*arguments: str, language: str = "en") -> Result:
    return CliRunner().invoke(main, ["--lang", language, "doctor", *arguments])


def findings(result: Result) -> dict[str, list[tuple[str, str]]]:
    """Return level and message of each finding, by check; every one that is not well says what to do."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in json.loads(result.stdout):
        assert bool(each["to_do"]) == (each["level"] != "ok"), each
        found.setdefault(each["check"], []).append((each["level"], each["message"]))
    return found


def levels(result: Result) -> dict[str, set[str]]:
    return {check: {level for level, _ in found} for check, found in findings(result).items()}


@pytest.fixture
def town(database: Database, law: Law) -> Database:
    """The town in good order: everybody enrolled, one of them an administrator, the timetable running."""

    def work(session: Session) -> None:
        registry.load(session, town_registry(), now=NOW)
        settings.put_date(session, settings.SINCE, NOW.date())
        settings.put_date(session, "materialise.made_on", NOW.date())
        materialise(session, law, since=NOW.date(), through=NOW.date() + timedelta(days=120), now=NOW)
        for number, code in enumerate((CITY, NORTH, SOUTH, MILL, KILN, QUAY)):
            contacts.add(
                session,
                organisations.by_code(session, code).id,
                name="某",
                lead=False,
                language="zh-hans",
                channel="telegram",
                address=str(1000 + number),
                now=NOW,
                administrator=code == CITY,
            )
        outages.note_alive(session, now=NOW - timedelta(minutes=1))

    database.write(work)
    return database


def test_an_empty_installation_says_what_comes_next() -> None:
    result = examine("--json")
    assert result.exit_code == 0, result.output
    found = levels(result)
    assert found["registry"] == {"warn"}
    assert found["telegram"] == {"warn"}
    assert found["timetable"] == {"warn"}
    assert found["trail"] == found["database"] == found["law"] == {"ok"}


def test_a_town_in_good_order_is_well_but_for_the_token(town: Database) -> None:
    result = examine("--json")
    found = levels(result)
    assert {check for check, seen in found.items() if seen != {"ok"}} == {"telegram"}
    assert result.exit_code == 0
    assert town.path.exists()


def test_in_a_terminal_each_line_says_what_to_do() -> None:
    english, chinese = examine(), examine(language="zh-hans")
    assert "warn  registry" in english.stdout
    assert "load a registry: duewatch import FILE" in english.stdout
    assert "请导入名录：duewatch import FILE" in chinese.stdout


def test_in_chinese_what_to_do_follows_a_chinese_semicolon() -> None:
    chinese = examine(language="zh-hans").stdout
    assert "；请导入名录" in chinese
    assert "; " not in chinese


@pytest.mark.parametrize(
    ("language", "said"), [("en", "ended 902 days ago"), ("zh-hans", "已生成的事项已过期 902 天")]
)
def test_duties_that_ended_in_the_past_are_said_as_past(
    town: Database, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    monkeypatch.setenv("DUEWATCH_NOW", (NOW + timedelta(days=120 + 902)).isoformat())
    result = examine(language=language)
    assert said in result.stdout
    assert "-902" not in result.stdout
    assert town.path.exists()


def test_dead_letters_stand_for_a_month_until_they_are_replayed_or_discarded(town: Database) -> None:
    def give_up(session: Session) -> int:
        [contact] = contacts.administrators(session)
        outbox.enqueue(session, [contact.id], NotificationKind.DAILY_DIGEST, key="x", now=NOW, not_before=NOW)
        letter = session.query(Notification).one()
        letter.outcome, letter.finished_at = Outcome.FAILED, NOW - timedelta(days=20)
        return letter.id

    letter = town.write(give_up)
    found = findings(examine("--json"))
    assert found["dead letters"] == [("warn", "1 notification of the last 30 days could not be delivered")]
    assert ("warn", "messages to 1 contact did not arrive") in found["contacts"]
    town.write(lambda session: dead_letters.discard(session, [letter], reason="told", now=NOW))
    assert levels(examine("--json"))["dead letters"] == {"ok"}


def test_a_trail_that_was_changed_is_bad(town: Database) -> None:
    town.write(
        lambda session: session.connection().exec_driver_sql("UPDATE event SET kind = 'other' WHERE id = 2")
    )
    result = examine("--json")
    assert result.exit_code == 1
    assert findings(result)["trail"] == [
        ("bad", "the trail is broken at event 2: a line was changed or removed")
    ]


def test_tables_of_another_release_are_bad(town: Database) -> None:
    town.write(lambda session: session.connection().exec_driver_sql("DROP TABLE outage"))
    result = examine("--json")
    assert result.exit_code == 1
    assert findings(result)["database"] == [("bad", "its tables are not those of this release")]


def test_a_timetable_that_stopped_is_bad(town: Database) -> None:
    town.write(lambda session: outages.stay_alive(session, now=NOW - timedelta(minutes=6)))
    assert levels(examine("--json"))["timetable"] == {"bad"}


def test_without_a_database_the_rest_is_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    found = findings(examine("--json"))
    assert found["database"] == [("bad", "there is none yet")]
    assert "disk" in found
    assert not (tmp_path / "none.db").exists()


def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEWATCH_SMTP_URL", "mail.example.org:SECRET")
    result = examine("--json")
    assert result.exit_code == 1
    assert findings(result)["settings"][0][1].startswith("DUEWATCH_SMTP_URL: ")
    assert "SECRET" not in result.output


@pytest.mark.parametrize(("gib", "level"), [(0.1, "bad"), (1.0, "warn"), (3.0, "ok")])
def test_little_space_is_said(gib: float, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=int(gib * 1024**3)))
    assert levels(examine("--json"))["disk"] == {level}


@pytest.mark.parametrize(("seconds", "level"), [(29.0, Level.OK), (-30.0, Level.BAD), (3600.0, Level.BAD)])
def test_a_clock_that_is_off_is_bad(seconds: float, level: Level) -> None:
    assert of_skew(Printer.for_language("en"), "clock", seconds).level is level


async def with_server(monkeypatch: pytest.MonkeyPatch, token: str = TOKEN, **webhook: str) -> Result:
    """Examine with the local server before it, which knows `TOKEN`."""
    world = World(lambda: datetime(2024, 2, 20, tzinfo=UTC))
    async with serving(build_app(world, token=TOKEN, bot_name="town_bot")) as url:
        if webhook:
            async with httpx.AsyncClient() as client:
                answer = await client.post(f"{url}/bot{TOKEN}/setWebhook", data=webhook)
                assert answer.is_success, answer.text
        monkeypatch.setenv("DUEWATCH_TELEGRAM_TOKEN", token)
        monkeypatch.setenv("DUEWATCH_TELEGRAM_API_URL", url)
        result = await asyncio.to_thread(examine, "--json")
    assert "SECRET" not in result.output
    return result


async def test_a_token_that_the_server_knows_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    found = findings(await with_server(monkeypatch))
    assert found["telegram"] == [("ok", "the server knows the token, of @town_bot")]
    assert [level for level, _ in found["clock of the server"]] == ["ok"]
    assert found["webhook"] == [("ok", "none: updates are fetched")]


async def test_a_token_that_the_server_does_not_know_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    result = await with_server(monkeypatch, token="7000002:SECRET")
    assert result.exit_code == 1
    assert findings(result)["telegram"] == [("bad", "the server does not know this token")]


async def test_a_server_that_is_away_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEWATCH_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("DUEWATCH_TELEGRAM_API_URL", "http://127.0.0.1:9")
    result = examine("--json")
    assert findings(result)["telegram"] == [("bad", "the server cannot be reached (ConnectError)")]
    assert "SECRET" not in result.output


async def test_a_webhook_is_compared_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = "http://127.0.0.1:8610"
    found = findings(await with_server(monkeypatch, url=f"{ours}/telegram/abc"))
    assert found["webhook"][0] == (
        "warn",
        "one is set, and the settings ask for fetching updates instead",
    )
    monkeypatch.setenv("DUEWATCH_WEBHOOK_URL", ours)
    found = findings(await with_server(monkeypatch, url=f"{ours}/telegram/abc"))
    assert found["webhook"] == [("ok", "set as the settings say")]
    found = findings(await with_server(monkeypatch))
    assert found["webhook"] == [("warn", "that of the settings is not set")]
