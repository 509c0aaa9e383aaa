"""``duewatch due`` with several notices: the strictest date, every other with its source, and other sectors' dates."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import main

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DUEWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def said(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["due", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def told(*arguments: str) -> Any:  # noqa: ANN401  # whatever JSON the command prints
    return json.loads(said(*arguments, "--json"))


def test_a_deadline_names_every_notice_that_dates_it() -> None:
    answer = told("annual-report", "unit", "2025")
    assert (answer["due_on"], answer["notice"], answer["second_hand"]) == (
        "2026-02-01",
        "渝环规〔2023〕2号",
        False,
    )
    binding, other = answer["dates"]
    assert (binding["binding"], binding["due_on"]) == (True, "2026-02-01")
    assert (other["binding"], other["due_on"], other["second_hand"]) == (False, "2026-03-31", True)
    assert set(other) == {
        "notice",
        "version",
        "clause",
        "due_on",
        "kind",
        "binding",
        "superseded_by",
        "second_hand",
    }


def test_a_deadline_differs_by_sector() -> None:
    steel = told("annual-report", "unit", "2024", "--sector", "steel")
    assert (steel["due_on"], steel["second_hand"]) == ("2025-06-30", True)
    assert [each["superseded_by"] for each in steel["dates"] if each["superseded_by"]] == [steel["notice"]]
    absorbed = told("nonpower-report", "unit", "2024", "--sector", "steel")
    assert (absorbed["rule"], absorbed["duty"], absorbed["due_on"]) == (
        "nonpower-report",
        "annual-report",
        "2025-06-30",
    )
    group = told("nonpower-report", "unit", "2024", "--sector", "non-power")
    assert (group["due_on"], [each["due_on"] for each in group["elsewhere"]]) == (
        "2025-03-31",
        ["2025-06-30"],
    )
    assert sorted(group["elsewhere"][0]["sectors"]) == ["aluminium", "cement", "steel"]
    words = said("nonpower-report", "unit", "2024")
    assert "Otherwise for steel, cement, aluminium smelting: Mon 30 Jun 2025" in words


def test_a_sector_that_is_not_bound_yet_has_no_date() -> None:
    assert told("monthly-evidence", "unit", "2024-12", "--sector", "steel")["applies"] is False
    later = told("monthly-evidence", "unit", "2025-07", "--sector", "steel")
    assert (later["applies"], later["due_on"]) == (True, "2025-09-09")


def test_an_announced_date_counts() -> None:
    answer = told("rectification", "unit", "2023", "--announced", "2024-12-31")
    assert (answer["due_on"], answer["kind"]) == ("2024-12-31", "external")
    assert answer["cautions"] == []
    odd = told("monthly-evidence", "unit", "2024-01", "--announced", "2024-12-31")
    assert (odd["due_on"], len(odd["cautions"])) == ("2024-02-20", 1)


def test_what_a_report_is_done_by_is_told_for_its_year() -> None:
    answer = told("accounting-parameters", "unit", "2024")
    assert answer["due_on"] is None
    names = {each["name"]: each for each in answer["parameters"]}
    assert any("factor" in name.lower() for name in names)
    assert all(set(each) == {"name", "value", "notice", "second_hand"} for each in answer["parameters"])
    words = said("accounting-parameters", "unit", "2024")
    assert "To be applied to this report:" in words
    for each in answer["parameters"]:
        assert f"· {each['name']}: {each['value']} ({each['notice']}" in words
    assert answer["parameters"] != told("accounting-parameters", "unit", "2022")["parameters"]
    assert told("monthly-evidence", "unit", "2024-01")["parameters"] == []


def test_a_target_that_had_passed_at_the_hand_over_is_not_aimed_for() -> None:
    late = said("monthly-evidence", "district", "2024-01", "--submitted", "2024-05-10")
    assert "had passed before the hand-over: be done as soon as possible" in late
    assert "Aim for" not in late
    assert "Internal target" not in late
    assert (
        told("monthly-evidence", "district", "2024-01", "--submitted", "2024-05-10")["internal_target_on"]
        == "2024-03-11"
    )
    assert "Aim for Sun 3 Mar 2024" in said(
        "monthly-evidence", "district", "2024-01", "--submitted", "2024-02-27"
    )


@pytest.mark.parametrize(("rule", "stage"), [("rectification", "unit"), ("penalty-publication", "district")])
def test_a_limit_that_a_district_orders_is_said_to_be_its_own(rule: str, stage: str) -> None:
    words = said(rule, stage, "2023")
    assert "The district bureau that gave the order or the penalty sets the limit" in words
    assert "An authority sets the date" not in words
