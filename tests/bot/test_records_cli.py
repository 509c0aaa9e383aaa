"""The commands that keep the record: import, invite, list, check the database and the trail."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from obligations.law import Law
from storage import organisations, settings
from storage.credit_codes import check_character
from storage.database import Database, Session
from storage.materialise import materialise
from storage.models import Stage
from tests.bot.terminal import NOW, refused, run, stand, told

CREDIT_CODE = "91500000XXXX00001" + check_character("91500000XXXX00001")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return stand(tmp_path, monkeypatch)


def workbook(path: Path, *, credit_code: str = CREDIT_CODE, fuel: str | None = "燃煤") -> str:
    made = Workbook()
    made.remove(made.worksheets[0])
    sheets: dict[str, list[list[str | None]]] = {
        "区县": [
            ["编码", "层级", "名称", "简称"],
            ["500000", "市级", "示例市局", None],
            ["500112", None, "示例北区", "北区"],
        ],
        "企业": [
            ["统一社会信用代码", "名称", "行业", "燃料", "区县"],
            [credit_code, "示例云岭火力发电有限公司", "发电", fuel, "北区"],
        ],
        "联系人": [["单位", "姓名", "负责人"], ["示例云岭火力发电有限公司", "环保专员甲", "否"]],
    }
    for name, rows in sheets.items():
        page = made.create_sheet(name)
        for row in rows:
            page.append(row)
    made.save(path)
    return str(path)


# duewatch due


def test_a_registry_is_loaded_and_the_same_again_changes_nothing(home: Path) -> None:
    path = workbook(home / "r.xlsx")
    assert told("import", path) == {
        "created": 4,
        "updated": 0,
        "unchanged": 0,
        "fuel_unknown": 0,
        "invitations": [],
    }
    answer = told("import", path, "--invitations")
    assert (answer["created"], answer["unchanged"], len(answer["invitations"])) == (0, 4, 1)
    assert answer["invitations"][0]["contact"] == "环保专员甲"
    assert "/start " in run("import", path, "--invitations").output


def test_power_units_without_a_fuel_are_counted_where_they_are_loaded_and_listed(home: Path) -> None:
    path = workbook(home / "r.xlsx", fuel=None)
    assert told("import", path)["fuel_unknown"] == 1
    said = "1 power unit has no fuel in the registry, so no duties about coal are made for it."
    assert said in run("import", path).output
    assert said in run("checklist", "500000").output
    assert said in run("checklist", CREDIT_CODE).output
    assert said not in run("checklist", "500000", "--json").output
    assert told("checklist", "500000")["fuel_unknown"] == 1


def test_faults_are_told_by_sheet_row_and_column_and_nothing_is_loaded(home: Path) -> None:
    path = workbook(home / "r.xlsx", credit_code=CREDIT_CODE[:-1] + "?")
    result = run("import", path)
    assert result.exit_code == 1
    assert "r.xlsx: 企业, row 2, column 统一社会信用代码:" in result.stderr
    assert "nothing was changed" in result.stderr
    faults = json.loads(run("import", path, "--json").stdout)["faults"]
    assert [(fault["sheet"], fault["row"], fault["code"]) for fault in faults] == [
        ("企业", 2, "credit_code_character")
    ]
    assert "no organisations yet" in refused("overdue", code=1)


def test_a_template_for_a_folder_that_is_not_there_says_so(home: Path) -> None:
    said = refused("import", "--template", str(home / "nowhere" / "registry.xlsx"), code=1)
    assert "nowhere" in said
    assert "cannot be written" in said


def test_a_template_is_written_once(home: Path) -> None:
    path = str(home / "t.xlsx")
    assert run("import", "--template", path).exit_code == 0
    assert "there already" in refused("import", "--template", path, code=2)
    refused("import", code=2)
    assert told("import", path) == {
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "fuel_unknown": 0,
        "invitations": [],
    }


def test_an_invitation_is_for_an_organisation_there_is(home: Path) -> None:
    assert "duewatch import FILE" in refused("invite", CREDIT_CODE, code=1)
    run("import", workbook(home / "r.xlsx"))
    answer = told("invite", CREDIT_CODE, "--lead")
    assert (answer["organisation"], answer["lead"], len(answer["token"])) == (
        "示例云岭火力发电有限公司",
        True,
        43,
    )
    assert "/start " in run("invite", "500112").output
    assert "不存在" in refused("invite", "不存在", code=2)


def test_an_invitation_links_to_the_bot_that_ran_last(home: Path) -> None:
    run("import", workbook(home / "r.xlsx"))
    said = run("invite", "500112").output
    assert "send to the bot: /start " in said
    assert "t.me" not in said
    assert told("invite", "500112")["link"] is None
    database = Database(f"sqlite:///{home}/data/duewatch.db")
    database.write(lambda session: settings.put(session, "bot.username", "duewatch_town_bot"))
    database.close()
    said = run("invite", "500112").output
    token = said.split("/start ")[1].strip()
    assert f"https://t.me/duewatch_town_bot?start={token}\n" in said
    assert told("invite", "500112")["link"].startswith("https://t.me/duewatch_town_bot?start=")


def test_nobody_is_invited_to_what_has_ended(home: Path) -> None:
    run("import", workbook(home / "r.xlsx"))
    database = Database(f"sqlite:///{home}/data/duewatch.db")

    def end(session: Session, day: date) -> None:
        organisations.by_code(session, "500112").valid_to = day

    database.write(lambda session: end(session, date(2024, 3, 1)))
    assert run("invite", "500112").exit_code == 0, "its last day is a day of it"
    database.write(lambda session: end(session, date(2024, 2, 29)))
    database.close()
    assert "29 Feb 2024" in refused("invite", "500112", code=2)


def test_who_is_overdue_in_a_terminal(home: Path, law: Law) -> None:
    assert "duewatch import FILE" in refused("overdue", code=1)
    run("import", workbook(home / "r.xlsx"))
    nothing = told("overdue")
    assert (nothing["since"], nothing["total"], nothing["items"]) == (None, 0, [])
    assert "start: duewatch run" in refused("overdue", code=1)
    database = Database(f"sqlite:///{home}/data/duewatch.db")
    first, last = datetime(2024, 2, 1, tzinfo=UTC).date(), datetime(2024, 3, 31, tzinfo=UTC).date()
    database.write(lambda session: materialise(session, law, since=first, through=last, now=NOW))
    database.write(lambda session: settings.put_date(session, settings.SINCE, first))
    database.close()
    assert "since 1 Feb 2024" in refused("overdue", "--on", "2024-01-31", code=1)
    assert "Nobody is overdue" in run("overdue", "--on", "2024-02-01").output
    answer = told("overdue", "--on", "2024-02-21", "--district", "北区")
    assert answer["scope"] == "示例北区"
    late = {(item["rule"], item["actor"], item["days_overdue"]) for item in answer["items"]}
    assert ("monthly-evidence", "示例云岭火力发电有限公司", 1) in late
    assert "示例云岭火力发电有限公司" in run("overdue", "--on", "2024-02-21").output
    assert len(told("overdue", "--on", "2024-02-21", "--limit", "1")["items"]) == 1
    assert "南区" in refused("overdue", "--district", "南区", code=2)
    assert {item["second_hand"] for item in answer["items"]} == {False}
    assert "†" not in run("overdue", "--on", "2024-02-21").output


def test_a_date_read_second_hand_is_marked_in_a_terminal(home: Path, law: Law) -> None:
    run("import", workbook(home / "r.xlsx"))
    first, last = datetime(2024, 2, 1, tzinfo=UTC).date(), datetime(2024, 3, 31, tzinfo=UTC).date()

    def work(session: Session) -> None:
        materialise(session, law, since=first, through=last, now=NOW)
        settings.put_date(session, settings.SINCE, first)
        session.query(Stage).filter_by(rule="monthly-evidence").update({"dated_by": "环办气候函〔2023〕43号"})

    database = Database(f"sqlite:///{home}/data/duewatch.db")
    database.write(work)
    database.close()
    marks = {item["rule"]: item["second_hand"] for item in told("overdue", "--on", "2024-02-21")["items"]}
    assert (marks["monthly-evidence"], marks["annual-report"]) == (True, False)
    shown = run("overdue", "--on", "2024-02-21").output.splitlines()
    assert [line for line in shown if "20 Feb 2024 †" in line]
    assert shown[-1].startswith("† Read second-hand")


def test_the_database_is_created_and_checked(home: Path) -> None:
    assert "duewatch import FILE" in refused("db", "check", code=1)
    assert told("db", "upgrade") == {"created": True, "up_to_date": True}
    assert told("db", "upgrade")["created"] is False
    run("import", workbook(home / "r.xlsx"))
    assert told("db", "check") == {"tables": "match", "trail": "intact", "first_broken_event": None}


def test_a_changed_line_of_the_trail_is_found(home: Path) -> None:
    run("import", workbook(home / "r.xlsx"))
    code = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"update event set kind='x' where id=1\"); c.commit()"
    subprocess.run(
        [sys.executable, "-c", code, str(home / "data" / "duewatch.db")], check=True
    )  # our own words
    assert "event 1" in refused("db", "check", code=1)
