"""``duewatch checklist`` and ``duewatch keep``: what the chat answers, in a terminal and as JSON."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from obligations.law import Law
from storage import registry, settings
from storage.database import Database, Session
from storage.materialise import materialise
from tests.bot.conftest import CITY, MILL, NORTH, QUAY, at, town_registry

NOW = "2024-10-01T09:00+08:00"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database, law: Law) -> None:
    """The town on 1 October 2024, its duties kept since February."""
    for name in [name for name in os.environ if name.startswith("DUEWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", f"sqlite:///{database.path}")
    monkeypatch.setenv("DUEWATCH_NOW", NOW)
    now = at("2024-02-05 10:00")

    def work(session: Session) -> None:
        registry.load(session, town_registry(), now=now)
        settings.put_date(session, settings.SINCE, now.date())
        march = at("2024-03-05 10:00")
        materialise(session, law, since=now.date(), through=march.date(), now=march)

    database.write(work)


def run(*arguments: str, language: str = "en") -> Result:
    return CliRunner().invoke(main, ["--lang", language, *arguments])


def told(*arguments: str) -> Any:  # noqa: ANN401  # whatever JSON the command prints
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_checklist_of_a_unit() -> None:
    result = run("checklist", MILL, language="zh-hans")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("无固定期限事项清单\n青禾磨坊热电有限公司 · 截至 10月1日 09:00\n")
    assert (
        "□ 煤样全程影像记录 · 煤样采样、制样、化验、保存全程影像记录\n待办：2024年2月、2024年3月"
        in result.stdout
    )
    assert "<b>" not in result.stdout


def test_the_checklist_as_json() -> None:
    answer = told("checklist", CITY)
    by_duty = {item["duty"]: item for item in answer["items"]}
    waiting = by_duty["pre-allocation"]
    assert (waiting["waits_for_date"], waiting["set_by"], waiting["clause"]) == (True, "municipal", "二(五)")
    assert by_duty["agency-controls"]["supervised"]
    assert by_duty["agency-controls"]["periods"] == []
    spot_check = by_duty["spot-check"]
    assert spot_check["periods"] == [
        {"period": "2024", "open": 1, "blocked": 0, "waiting": 0, "done": 0, "waived": 0}
    ]
    assert spot_check["evidence"] == {"zh": "抽查记录", "en": "The record of the check"}
    report = next(
        item for item in told("checklist", MILL)["items"] if item["duty"] == "accounting-parameters"
    )
    assert {each["value"]["en"] for each in report["parameters"]} == {
        "环办气候函〔2022〕485号",
        "0.5703 tCO2/MWh",
    }


def test_what_a_unit_must_keep_on_a_day() -> None:
    assert run("keep", MILL).stdout.startswith("What must be kept on 1 Oct 2024\n青禾磨坊热电有限公司\n")
    duty, records = told("keep", MILL)["units"][0]["duties"]
    assert [month["period"] for month in duty["may_go"]] == ["2023-09"]
    assert duty["may_go"][0]["disposable_from"] == "2024-10-01"
    assert (duty["must"][0]["period"], duty["must"][-1]["period"]) == ("2023-10", "2024-10")
    assert duty["must"][0]["what"] == ["coal-sample-portion"]
    assert duty["must"][-1]["what"] == ["coal-sample-film", "coal-sample-portion"]
    assert records["duty"] == "records-retention"
    assert [(year["period"], year["through"]) for year in records["must"]] == [
        ("2023", "2028-12-31"),
        ("2024", "2029-12-31"),
    ]
    before, _ = told("keep", MILL, "--on", "2024-09-30")["units"][0]["duties"]
    assert before["may_go"] == []
    assert before["must"][0]["through"] == "2024-09-30"


def test_what_an_inspector_may_ask_for() -> None:
    answer = told("keep", "--district", NORTH)
    assert {unit["code"] for unit in answer["units"]} == {"U-MILL", "U-KILN"}
    assert {unit["code"] for unit in told("keep")["units"]} == {"U-MILL", "U-KILN", QUAY}
    said = run("keep", "--district", "北岭区").stdout
    assert said.startswith("What an inspector may ask for on 1 Oct 2024\n北岭区\n\n1. 白石窑发电有限公司\n")
    (quay,) = told("keep", QUAY)["units"]
    assert [each["duty"] for each in quay["duties"]] == ["records-retention"]
    (quay,) = told("keep", QUAY, "--on", "2024-04-30")["units"]
    assert quay == {"code": QUAY, "name": "南浦码头燃机有限公司", "duties": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ("checklist", "nobody"),
        ("keep", "nobody"),
        ("keep", NORTH),
        ("keep", "--district", MILL),
        ("keep", MILL, "--district", NORTH),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("duewatch: ")
    assert result.stderr.count("\n") == 1
