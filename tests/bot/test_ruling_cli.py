"""`duewatch ruling`: the administrator extends, announces and waives for the municipality, after a preview."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from obligations.law import Law
from storage import materialise, organisations, registry, settings
from storage.database import Database, Session
from storage.models import Stage
from tests.bot.conftest import KILN, MILL, NORTH, QUAY, town_registry

NOW = datetime(2024, 2, 5, 2, 0, tzinfo=UTC)
WHY = ("--reason", "系统升级", "--document", "镜环函〔2024〕1号")


@pytest.fixture
def home(database: Database, law: Law, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    def work(session: Session) -> None:
        registry.load(session, town_registry(), now=NOW)
        settings.put_date(session, settings.SINCE, date(2024, 2, 5))
        materialise.materialise(session, law, since=date(2024, 2, 5), through=date(2024, 6, 4), now=NOW)

    database.write(work)
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", f"sqlite:///{database.path}")
    monkeypatch.setenv("DUEWATCH_NOW", NOW.isoformat())
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return database


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, ["ruling", *arguments], input=answer)


def refused(*arguments: str, code: int) -> str:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("duewatch: ")
    return result.stderr


def acting(database: Database, rule: str = "monthly-evidence", period: str = "2024-01") -> dict[str, Any]:
    def work(session: Session) -> dict[str, Any]:
        found = {}
        for code in (MILL, KILN, QUAY):
            unit = organisations.by_code(session, code).id
            stage = (
                session.query(Stage).filter_by(subject_id=unit, rule=rule, period=period, position=0).one()
            )
            found[code] = (str(stage.act_by_on), stage.status.value)
        return found

    return database.read(work)


def test_an_extension_is_shown_asked_and_recorded(home: Database) -> None:
    arguments = ("extend", "monthly-evidence", "2024-01", "--stage", "unit", "--all", "--until", "2024-02-29")
    no = run(*arguments, *WHY, answer="n\n")
    assert "For: Everyone of Jan 2024" in no.output
    assert "3 steps change" in no.output
    assert "Date before: Tue 20 Feb" in no.output
    assert no.output.rstrip().endswith("Nothing was recorded.")
    assert set(acting(home).values()) == {("2024-02-20", "open")}
    yes = run(*arguments, *WHY, answer="y\n")
    assert "Recorded as ruling 1. 5 contacts are told." in yes.output
    assert set(acting(home).values()) == {("2024-02-29", "open")}


def test_a_waiver_for_a_district_leaves_the_others(home: Database) -> None:
    result = run("waive", "monthly-evidence", "2024-01", "--district", "北岭区", *WHY, "--yes")
    assert result.exit_code == 0, result.output
    assert acting(home) == {
        MILL: ("2024-02-20", "waived"),
        KILN: ("2024-02-20", "waived"),
        QUAY: ("2024-02-20", "open"),
    }


def test_an_announced_date_is_set_for_what_is_made_and_what_will_be(home: Database) -> None:
    result = run("date", "actual-allocation", "2023", "--all", "--until", "2024-07-31", *WHY, "--yes")
    assert result.exit_code == 0, result.output
    result = run("date", "surrender", "2026", "--all", "--until", "2027-12-31", *WHY, "--yes")
    assert "Nobody owes it yet; it will hold for what is made later." in result.output

    def work(session: Session) -> date | None:
        return session.query(Stage).filter_by(rule="actual-allocation", period="2023").one().act_by_on

    assert home.read(work) == date(2024, 7, 31)


@pytest.mark.usefixtures("home")
def test_what_was_decided_is_listed() -> None:
    assert "Nothing was decided" in run("list").output
    run(
        "extend",
        "monthly-evidence",
        "2024-01",
        "--stage",
        "unit",
        "--unit",
        MILL,
        "--until",
        "2024-02-29",
        *WHY,
        "--yes",
    )
    [told] = json.loads(run("list", "--rule", "monthly-evidence", "--json").output)
    assert told.pop("at").startswith("2024-02-05T02:00:00")
    assert told == {
        "id": 1,
        "kind": "extend",
        "rule": "monthly-evidence",
        "stage": "unit",
        "period": "2024-01",
        "for": "青禾磨坊热电有限公司",
        "until": "2024-02-29",
        "reason": "系统升级",
        "document": "镜环函〔2024〕1号",
        "by": "镜湖市生态环境局",
    }
    assert "青禾磨坊热电有限公司" in run("list").output
    assert json.loads(run("list", "--rule", "power-list", "--json").output) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("extend", "monthly-evidence", "2024-01", "--stage", "unit", "--until", "2024-02-29"),
            "say for whom",
        ),
        (
            ("extend", "monthly-evidence", "2024-01", "--until", "2024-02-29", "--all"),
            "name the step with --stage: unit, district, municipal",
        ),
        (
            ("extend", "monthly-evidence", "2024-01", "--stage", "x", "--until", "2024-02-29", "--all"),
            "monthly-evidence has no step x; it has unit, district, municipal",
        ),
        (("waive", "monthly-evidenc", "2024-01", "--all"), "monthly-evidence"),
        (("waive", "monthly-evidence", "2024-1", "--all"), "2024-1"),
        (("waive", "monthly-evidence", "2020-01", "--all"), "begins with 2023-08"),
        (("waive", "monthly-evidence", "2024-01", "--unit", NORTH), "is no unit"),
        (("waive", "monthly-evidence", "2024-01", "--district", MILL), "is no district"),
        (("waive", "monthly-evidence", "2024-01", "--unit", MILL, "--all"), "say for whom"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_a_line(
    home: Database, arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(*arguments, *WHY, "--yes", code=2)
    assert set(acting(home).values()) == {("2024-02-20", "open")}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("extend", "monthly-evidence", "2024-01", "--stage", "unit", "--until", "2024-02-01"), "has passed"),
        (
            ("extend", "monthly-evidence", "2024-01", "--stage", "unit", "--until", "2024-02-20"),
            "must be later",
        ),
        (
            ("date", "monthly-evidence", "2024-01", "--stage", "unit", "--until", "2024-02-29"),
            "No authority sets",
        ),
        (
            ("extend", "annual-report", "2024", "--stage", "unit", "--until", "2025-04-01"),
            "nationally: 31 Mar 2025",
        ),
        (("waive", "annual-report", "2024"), "It cannot be let go."),
        (("waive", "coal-sample-retention", "2024-02"), "nothing to put off or let go"),
        (("waive", "coal-sample-portion", "2024-02"), "nothing to put off or let go"),
        (
            ("extend", "coal-sample-retention", "2024-02", "--stage", "unit", "--until", "2025-06-30"),
            "nothing to put off or let go",
        ),
    ],
)
def test_what_the_law_does_not_allow_is_refused_with_its_ground(
    arguments: tuple[str, ...], said: str
) -> None:
    assert said in refused(*arguments, *WHY, "--all", "--yes", code=1)


@pytest.mark.usefixtures("home")
def test_an_unknown_unit_is_refused() -> None:
    assert "U-X" in refused("waive", "monthly-evidence", "2024-01", "--unit", "U-X", *WHY, "--yes", code=1)


@pytest.mark.usefixtures("home")
def test_a_reason_is_needed() -> None:
    blank = ("--reason", "  ", "--document", "x")
    assert "1 to 1000" in refused("waive", "monthly-evidence", "2024-01", "--all", *blank, "--yes", code=2)


@pytest.mark.usefixtures("home")
def test_what_was_due_before_the_keeping_of_duties_began_is_refused() -> None:
    arguments = ("--stage", "unit", "--all", "--until", "2024-03-15", *WHY)
    said = refused("extend", "annual-report", "2023", *arguments, code=1)
    assert "Duewatch keeps duties from" in said
    said = refused("extend", "monthly-evidence", "2023-12", *arguments, code=1)
    assert "Duewatch keeps duties from" in said


@pytest.mark.usefixtures("home")
def test_a_mistyped_year_is_refused() -> None:
    arguments = ("monthly-evidence", "2024-01", "--stage", "unit", "--all", *WHY)
    assert "too many years ahead" in refused("extend", *arguments, "--until", "2124-02-29", code=1)


def test_a_wrong_extension_is_put_right(home: Database) -> None:
    arguments = ("extend", "monthly-evidence", "2024-01", "--stage", "unit", "--all", *WHY, "--yes")
    for until in ("2026-02-28", "2024-02-29"):
        result = run(*arguments, "--until", until)
        assert result.exit_code == 0, result.output
    assert set(acting(home).values()) == {("2024-02-29", "open")}
    assert "3 steps change" in run(*arguments, "--until", "2024-02-20").output
    assert set(acting(home).values()) == {("2024-02-20", "open")}
