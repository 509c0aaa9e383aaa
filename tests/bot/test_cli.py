"""The command line answers in the terminal's language, as JSON where a program asks, and refuses in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from obligations.law import Law
from tests.bot.terminal import refused, run, stand, told


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return stand(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("arguments", "due_on", "overdue_from", "kind"),
    [
        (["monthly-evidence", "unit", "2024-01"], "2024-02-20", "2024-02-21T00:00:00+08:00", "firm"),
        (
            ["monthly-evidence", "district", "2024-01"],
            "2024-02-25",
            "2024-02-26T00:00:00+08:00",
            "provisional",
        ),
        (
            ["monthly-evidence", "district", "2024-01", "--submitted", "2024-02-18T23:59"],
            "2024-02-23",
            "2024-02-24T00:00:00+08:00",
            "firm",
        ),
        (
            # 17:00 in London is already the 19th in Chongqing.
            ["monthly-evidence", "district", "2024-01", "--submitted", "2024-02-18T17:00+00:00"],
            "2024-02-24",
            "2024-02-25T00:00:00+08:00",
            "firm",
        ),
        (
            [
                "monthly-evidence",
                "district",
                "2024-01",
                "--submitted",
                "2024-02-03",
                "--submitted",
                "2024-02-10",
            ],
            "2024-02-15",
            "2024-02-16T00:00:00+08:00",
            "firm",
        ),
        (
            ["correction", "unit", "2024-01", "--found", "2024-02-08"],
            "2024-02-19",
            "2024-02-20T00:00:00+08:00",
            "firm",
        ),
        (["coal-sample-retention", "unit", "2023-09"], "2024-09-30", None, "firm"),
        (["annual-report", "unit", "2023"], "2024-02-01", "2024-02-02T00:00:00+08:00", "firm"),
    ],
)
def test_a_deadline_as_json(
    home: Path, arguments: list[str], due_on: str, overdue_from: str | None, kind: str
) -> None:
    answer = told("due", *arguments)
    assert (answer["due_on"], answer["overdue_from"], answer["kind"]) == (due_on, overdue_from, kind)
    assert answer["clause"]
    assert answer["reasons"]
    assert all(isinstance(reason, str) for reason in answer["reasons"])
    assert not (home / "data").exists()


def test_a_deadline_in_words_speaks_the_terminals_language(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Due by 24:00 on Thu 1 Feb 2024" in run("due", "annual-report", "unit", "2023").output
    assert "31 Jan 2024" in run("due", "annual-report", "unit", "2023").output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    said = run("due", "annual-report", "unit", "2023").output
    assert "2024年2月1日" in said
    assert "Thu" not in said
    assert "Thu" in run("--lang", "en", "due", "annual-report", "unit", "2023").output
    assert not (home / "data").exists()


@pytest.mark.usefixtures("home")
def test_a_duty_of_another_sector_does_not_bind() -> None:
    answer = told("due", "monthly-evidence", "unit", "2024-01", "--sector", "steel")
    assert (answer["applies"], answer["due_on"], answer["kind"]) == (False, None, "none")
    assert told("due", "monthly-evidence", "unit", "2024-01", "--sector", "power")["due_on"] == "2024-02-20"


@pytest.mark.usefixtures("home")
def test_rolling_is_asked_for() -> None:
    fixed = told("due", "monthly-evidence", "unit", "2023-12")
    rolled = told("due", "monthly-evidence", "unit", "2023-12", "--roll", "next_working_day")
    assert (fixed["due_on"], rolled["due_on"]) == ("2024-01-20", "2024-01-22")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["due", "montly-evidence", "unit", "2024-01"], "monthly-evidence"),
        (["due", "monthly-evidence", "agency", "2024-01"], "unit, district, municipal"),
        (["due", "monthly-evidence", "unit", "2024"], "2023-08"),
        (["due", "monthly-evidence", "unit", "2024-13"], "2024-01"),
        (["due", "monthly-evidence", "unit", "2023-07"], "begins with 2023-08"),
        (["rules", "show", "corection"], "correction"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_question_amiss_is_refused_in_one_line(arguments: list[str], words: str) -> None:
    assert words in refused(*arguments, code=2)


@pytest.mark.usefixtures("home")
def test_a_date_amiss_says_how_to_write_one() -> None:
    result = run("due", "correction", "unit", "2024-01", "--found", "yesterday")
    assert result.exit_code == 2
    assert "2024-01-20" in result.stderr


@pytest.mark.parametrize(
    ("option", "typed"),
    [
        ("--submitted", "9999-12-31T23:59Z"),
        ("--submitted", "0001-01-01T00:00"),
        ("--submitted", "2200-01-01"),
        ("--found", "9999-12-31"),
        ("--found", "1999-12-31"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_date_outside_the_years_a_rule_knows_is_refused(option: str, typed: str) -> None:
    result = run("due", "monthly-evidence", "district", "2024-01", option, typed)
    assert result.exit_code == 2, result.output
    assert f"Invalid value for '{option}'" in result.stderr
    assert "2000 to 2199" in result.stderr


@pytest.mark.usefixtures("home")
def test_the_last_day_a_rule_knows_is_counted_from() -> None:
    answer = told("due", "correction", "unit", "2199-12", "--found", "2199-12-31")
    assert answer["due_on"].startswith("2200-01-")


# duewatch rules


@pytest.mark.usefixtures("home")
def test_the_rulebook_is_listed_and_shown(law: Law) -> None:
    listed = told("rules", "list")
    assert [each["rule"] for each in listed] == list(law.rulebook.by_duty)
    said = run("rules").output
    assert all(duty in said for duty in law.rulebook.by_duty)
    shown = told("rules", "show", "monthly-evidence")
    assert [stage["name"] for stage in shown["stages"]] == ["unit", "district", "municipal"]
    said = run("--lang", "zh-hans", "rules", "show", "monthly-evidence").output
    assert "于每月结束后20个自然日内" in "".join(said.split())


@pytest.mark.usefixtures("home")
def test_every_rule_can_be_shown_in_both_languages(law: Law) -> None:
    for duty in law.rulebook.by_duty:
        for language in ("zh-hans", "en"):
            assert run("--lang", language, "rules", "show", duty).exit_code == 0


def test_a_notice_file_is_checked(home: Path) -> None:
    shipped = Path(sys.modules["obligations"].__file__ or "").parent / "notices" / "cq-2023-2.toml"
    assert told("rules", "check", str(shipped))["valid"] is True
    broken = home / "broken.toml"
    broken.write_text(
        shipped.read_text(encoding="utf-8").replace("days = 20", "days = -1", 1), encoding="utf-8"
    )
    result = run("rules", "check", str(broken))
    assert result.exit_code == 1
    assert "broken.toml" in result.stderr
    assert "monthly-evidence" in result.stderr
    answer = json.loads(run("rules", "check", str(broken), "--json").stdout)
    assert answer["valid"] is False
    assert answer["problems"][0]["rule"] == "monthly-evidence"


# duewatch understand


def test_a_sentence_is_understood_without_a_database(home: Path) -> None:
    answer = told(
        "understand", "渝北区谁还没交上个月的存证", "--role", "municipal", "--now", "2024-01-22T09:00"
    )
    assert answer == {
        "intent": "who_is_overdue",
        "slots": {"kind": "monthly_evidence", "period": "2023-12", "district": "渝北区"},
    }
    assert told("understand", "收到", "--role", "unit", "--organisation", "X") == {
        "intent": "none",
        "slots": {},
    }
    assert not (home / "data").exists()


@pytest.mark.usefixtures("home")
def test_the_zone_of_now_decides_what_last_month_is() -> None:
    said = ["understand", "上个月谁没交", "--role", "municipal", "--now"]
    assert told(*said, "2024-01-31T23:30")["slots"]["period"] == "2023-12"
    assert told(*said, "2024-01-31T23:30+00:00")["slots"]["period"] == "2024-01"


# duewatch import, invite, overdue, db


@pytest.mark.usefixtures("home")
def test_settings_amiss_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEWATCH_NOW", "tomorrow")
    assert "DUEWATCH_NOW" in refused("overdue", code=2)
    monkeypatch.delenv("DUEWATCH_NOW")
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", "mysql://somewhere/else")
    assert "DUEWATCH_DATABASE_URL" in refused("overdue", code=2)


# The installed program.


def test_the_installed_program_answers(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("duewatch")
    environment = {"PATH": os.environ["PATH"], "DUEWATCH_DATA_DIR": str(tmp_path), "LANG": "zh_CN.UTF-8"}

    def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # our own program
            [program, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    answer = ask("due", "monthly-evidence", "unit", "2024-01", "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["due_on"] == "2024-02-20"
    wrong = ask("due", "monthly-evidence", "unit", "2024")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    helped = ask("--help")
    for command in ("run", "rules", "due", "understand", "import", "invite", "overdue", "simulate", "db"):
        assert command in helped.stdout
