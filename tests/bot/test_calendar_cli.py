"""``duewatch calendar``: what is known, the check of a file, and adding one without losing another."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from obligations.calendar import load_calendar

# Made up: the State Council had not arranged this year when this was written.
Y2027 = """\
[[years]]
year = 2027
title = "关于2027年部分节假日安排的通知（测试）"
number = "测〔2026〕1号"
issued_on = 2026-11-05
url = "https://example.org/2027"
off = [
    { name = "元旦", from = 2027-01-01, to = 2027-01-03 },
    { name = "劳动节", from = 2027-05-01, to = 2027-05-05 },
    { name = "国庆节", from = 2027-10-01, to = 2027-10-07 },
]
working = [2027-10-09]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("DUEWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DUEWATCH_NOW", "2026-10-31T09:00+08:00")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--lang", "en", "calendar", *arguments])


def said(*arguments: str, code: int = 0) -> str:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    if code:
        assert result.stderr.startswith("duewatch: ")
    return result.stderr if code else result.stdout


def told(*arguments: str, code: int = 0) -> Any:  # noqa: ANN401  # whatever JSON the command prints
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def write(home: Path, text: str = Y2027, name: str = "2027.toml") -> str:
    path = home / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def added(home: Path) -> dict[str, str]:
    """Return what stands in the installation's folder, by file name."""
    folder = home / "data" / "calendars"
    return (
        {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} if folder.exists() else {}
    )


@pytest.mark.usefixtures("home")
def test_the_known_years_are_listed_with_their_notices() -> None:
    lines = said().splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [
        ["2023", "国办发明电〔2022〕16号"],
        ["2024", "国办发明电〔2023〕7号"],
        ["2025", "国办发明电〔2024〕12号"],
        ["2026", "国办发明电〔2025〕7号"],
    ]
    assert lines[4] == "Working days are known through 31 Dec 2026."


@pytest.mark.parametrize(
    ("now", "days_left", "alarmed"), [("2026-10-31", 61, False), ("2026-11-01", 60, True)]
)
def test_the_list_says_how_long_it_lasts(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    now: str,
    days_left: int,
    alarmed: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert not added(home)
    monkeypatch.setenv("DUEWATCH_NOW", now)
    answer = told("show")
    assert (answer["through"], answer["days_left"], answer["alarmed"]) == ("2026-12-31", days_left, alarmed)
    assert [each["year"] for each in answer["years"]] == [2023, 2024, 2025, 2026]
    assert ("add the arrangement of the next year" in said()) is alarmed


@pytest.mark.usefixtures("home")
def test_a_year_is_shown_with_its_source_its_breaks_and_its_make_up_days() -> None:
    shown = said("show", "2024")
    assert "国办发明电〔2023〕7号" in shown
    assert "https://www.gov.cn/zhengce/content/202310/content_6911527.htm" in shown
    assert "still to be compared with the official page" in shown
    assert "Sat 10 Feb 2024  – Sat 17 Feb 2024  8 days" in shown
    assert shown.endswith("  Sat 12 Oct 2024\n")
    answer = told("show", "2024")
    assert answer["title"] == "国务院办公厅关于2024年部分节假日安排的通知"
    assert {"name": "春节", "from": "2024-02-10", "to": "2024-02-17", "days": 8} in answer["off"]
    assert answer["working"][:2] == ["2024-02-04", "2024-02-18"]
    assert (answer["published"], answer["replaces"], answer["file"]) == (True, False, "cn.toml")


@pytest.mark.usefixtures("home")
def test_a_year_that_is_not_known_says_that_answers_are_provisional() -> None:
    assert said("show", "2027").startswith("The arrangement of 2027 is not known here; 2023 to 2026 are.")
    assert "provisional" in said("show", "2027")
    assert told("show", "2027") == {
        "year": 2027,
        "published": False,
        "provisional": True,
        "known": [2023, 2026],
    }


def test_a_sound_file_is_checked_and_nothing_is_added(home: Path) -> None:
    file = write(home)
    assert said("check", file) == "2027.toml: 2027, no fault.\n"
    assert told("check", file) == {"file": file, "valid": True, "years": [2027], "problems": []}
    assert added(home) == {}


@pytest.mark.parametrize("command", ["check", "add"])
def test_a_faulty_file_is_refused_with_its_lines(home: Path, command: str) -> None:
    faulty = Y2027.replace("2027-10-09", "2027-10-08").replace("to = 2027-05-05", "to = 2027-04-05")
    file = write(home, faulty)
    lines = said(command, file, code=1).splitlines()
    assert lines[0] == 'duewatch: 2027.toml:9: year 2027, key "off": 劳动节: `to` lies before `from`'
    assert [line.split(": ")[0] for line in lines[1:]] == ["2027.toml:7", "2027.toml:12"]
    answer = told(command, file, code=1)
    assert (answer["valid"], answer["years"]) == (False, [])
    assert answer["problems"][-1] == {
        "file": "2027.toml",
        "line": 12,
        "year": 2027,
        "key": "working",
        "message": "2027-10-08 is a weekday already; a make-up working day falls on a weekend",
    }
    assert added(home) == {}


def test_a_file_that_contradicts_what_is_there_is_refused(home: Path) -> None:
    text = Y2027.replace("2027", "2026").replace("2026-10-09", "2026-10-10")
    refusal = said("add", write(home, text, "mine.toml"), code=1)
    assert refusal.startswith("duewatch: mine.toml:1: year 2026: cn.toml has another arrangement")
    assert added(home) == {}


def test_an_added_year_is_known_at_once_and_the_service_must_be_restarted(home: Path) -> None:
    told_so = said("add", write(home))
    assert "2027.toml: 2027." in told_so
    assert "A duewatch run that is running goes on with the old days; restart it" in told_so
    assert added(home) == {"2027.toml": Y2027}
    assert said().splitlines()[-1] == "Working days are known through 31 Dec 2027."
    assert told("show", "2027")["file"] == "2027.toml"
    assert load_calendar(home / "data" / "calendars").published_through.year == 2027


def test_a_file_of_another_ending_is_added_where_it_is_read(home: Path) -> None:
    answer = told("add", write(home, name="2027.txt"))
    assert answer["file"].endswith("2027.toml")
    assert told("show", "2027")["published"] is True


def test_the_same_file_again_changes_nothing(home: Path) -> None:
    assert told("add", write(home))["restart"] is True
    answer = told("add", write(home))
    assert (answer["added"], answer["restart"], answer["years"]) == (False, False, [2027])
    assert "there already, with the same content: 2027." in said("add", write(home))


def test_a_file_of_the_same_name_is_not_overwritten_unless_told_to(home: Path) -> None:
    said("add", write(home))
    other = Y2027.replace("to = 2027-10-07", "to = 2027-10-08")
    refusal = said("add", write(home, other), code=2)
    assert "says something else; to put this file in its place, add --replace" in refusal
    assert added(home) == {"2027.toml": Y2027}
    said("add", write(home, other), "--replace")
    assert added(home) == {"2027.toml": other}


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "calendars").mkdir()
    (home / "data" / "calendars" / "2027.toml").mkdir()
    refusal = said("add", write(home), "--replace", code=1)
    assert "2027.toml cannot be written or read: Is a directory" in refusal
    assert [path.name for path in (home / "data" / "calendars").iterdir()] == ["2027.toml"]


def test_a_faulty_file_in_the_folder_is_named_by_show(home: Path) -> None:
    (home / "data" / "calendars").mkdir(parents=True)
    (home / "data" / "calendars" / "bad.toml").write_text("years = []", encoding="utf-8")
    assert said("show", code=1).startswith('duewatch: bad.toml:1: key "years"')
