"""The rulebook on the command line: shown, checked, compared with what is in force, and added to."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.installation import Installation
from obligations.law import Law
from obligations.notice import notice_files
from storage.materialise import materialise

NOW = datetime(2024, 3, 1, 1, 0, tzinfo=UTC)
SOONER = """\
number = "试环规〔2024〕7号"
version = "1"
issued_on = 2024-01-02
in_force_on = 2024-02-01
zone = "Asia/Shanghai"
title = { zh = "试行通知", en = "Trial notice" }
issuer = { zh = "某市生态环境局", en = "Some city's bureau" }
provenance = { source = "second-hand", note = { zh = "测试", en = "A test" } }

[[rules]]
name = "sooner-evidence"
of_duty = "monthly-evidence"
title = { zh = "存证", en = "Evidence" }
recurrence = "monthly"
first_period = "2024-02"
sectors = "power"

[[rules.stages]]
name = "unit"
actor = "unit"
per = "unit"
title = { zh = "上传", en = "Upload" }
clause = "三"
source_words = "每月结束后15个自然日内"
submit_to = "district"
checked_by = "district"
deadline = { kind = "month_end_plus", days = 15 }
evidence = { zh = "数据", en = "The data" }
hardness = "hard"

[[rules]]
name = "drill"
title = { zh = "年度演练", en = "Yearly drill" }
recurrence = "yearly"
first_period = "2024"
sectors = "power"

[[rules.stages]]
name = "district"
actor = "district"
per = "district"
title = { zh = "组织演练", en = "Hold the drill" }
clause = "四"
source_words = "每年6月30日前"
submit_to = "municipal"
checked_by = "municipal"
deadline = { kind = "fixed", month = 6, day = 30, year_offset = 0 }
evidence = { zh = "记录", en = "The record" }
hardness = "hard"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("DUEWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DUEWATCH_NOW", NOW.isoformat())
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def registered(
    home: Path, installation: Installation, law: Law, monkeypatch: pytest.MonkeyPatch
) -> Installation:
    """A town's registry behind the commands, its duties made for spring 2024."""
    first, last = date(2024, 3, 1), date(2024, 6, 30)
    installation.database.write(lambda session: materialise(session, law, since=first, through=last, now=NOW))
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", f"sqlite:///{home / 'duewatch.db'}")
    return installation


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=answer)


def told(*arguments: str) -> Any:  # noqa: ANN401  # whatever JSON the command prints
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*arguments: str, code: int) -> str:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("duewatch: ")
    return result.stderr


def write(folder: Path, text: str = SOONER, name: str = "new.toml") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start))


# duewatch rules show


@pytest.mark.usefixtures("home")
def test_the_register_is_printed_in_the_language_asked_for(law: Law) -> None:
    english, chinese = run("rules", "show").output, run("rules", "show", "--language", "zh").output
    for duty in law.rulebook.by_duty:
        assert f"({duty})" in english
        assert f"({duty})" in chinese
    assert "渝环规〔2023〕2号" in english
    assert "Chongqing Municipal Ecology and Environment Bureau" in english
    assert "每月结束后20个自然日内" in chinese


@pytest.mark.usefixtures("home")
def test_the_register_as_json_keeps_dates_as_dates(law: Law) -> None:
    whole = told("rules", "show")
    assert [each["rule"] for each in whole] == [duty["rule"] for duty in whole if duty["stages"]]
    assert {each["rule"] for each in whole} == set(law.rulebook.by_duty)
    evidence = next(
        each for each in told("rules", "show", "--year", "2024") if each["rule"] == "monthly-evidence"
    )
    unit = evidence["stages"][0]
    assert unit["dates"][0] == {
        "period": "2023-12",
        "sectors": ["power"],
        "due_on": "2024-01-20",
        "kind": "firm",
        "notice": "渝环规〔2023〕2号",
        "clause": "二(二)",
        "second_hand": False,
    }
    assert unit["says"][0]["deadline"] == {"kind": "month_end_plus", "days": 20}


def test_the_register_is_written_as_one_page(home: Path) -> None:
    path = home / "wall.html"
    assert run("rules", "show", "--year", "2024", "-o", str(path)).exit_code == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "Register of duties 2024" in text
    assert path.stat().st_mode & 0o777 == 0o644
    assert "cannot be written" in refused("rules", "show", "-o", "/proc/none/wall.html", code=1)


@pytest.mark.usefixtures("home")
def test_a_day_decides_which_notices_are_in_force() -> None:
    assert "no notice is in force then" in refused("rules", "show", "--on", "2020-01-01", code=1)
    numbers = {each["notice"] for each in told("rules", "show", "--on", "2024-01-01")}
    assert "渝环规〔2023〕2号" in numbers
    assert not [number for number in numbers if "2025" in number or "2026" in number]
    assert "not both" in refused("rules", "show", "--on", "2024-01-01", "--year", "2024", code=2)


@pytest.mark.usefixtures("home")
def test_one_duty_is_shown_with_every_notice_that_speaks_of_it(law: Law) -> None:
    said = run("rules", "show", "annual-report", "--year", "2026").output
    for notice, _ in law.rulebook.by_duty["annual-report"]:
        assert notice.number in said
    assert "Sun 1 Feb 2026 for 2025: power, 渝环规〔2023〕2号 二(三)" in said
    assert "各区县生态环境局组织辖区内发电行业重点排放单位" in said
    data = told("rules", "show", "annual-report")
    assert [each["name"] for each in data["stages"]] == ["unit", "district", "municipal"]
    assert [each["notice"] for each in data["said_by"]] == [
        notice.number for notice, _ in law.rulebook.by_duty["annual-report"]
    ]
    assert data["said_by"][0]["second_hand"] is False
    assert "asks for nothing then" in refused(
        "rules", "show", "surrender-2021-2022", "--year", "2026", code=1
    )


# duewatch rules check


def test_a_sound_file_is_told_so_with_what_may_be_a_slip(home: Path) -> None:
    path = write(home, SOONER.replace('"drill"', '"anual-report"').replace("2024-02-01", "2024-04-01"))
    answer = told("rules", "check", path)
    assert (answer["valid"], answer["problems"], answer["rules"]) == (True, [], 2)
    near, early = sorted(answer["remarks"], key=lambda each: str(each["message"]))
    assert 'of_duty = "annual-report"' in near["message"]
    assert near["line"] == line_of(SOONER, 'name = "drill"')
    assert "2024-03-15" in early["message"]
    assert early["line"] == line_of(SOONER, "deadline")
    assert "To look at: new.toml:" in run("rules", "check", path).output


@pytest.mark.parametrize(
    ("right", "wrong", "start"),
    [
        ('name = "drill"', 'name = "drill"\nabsorbs = ["nothing"]', "absorbs"),
        ('name = "unit"\nactor = "unit"', 'name = "unit"\nactor = "district"', "[[rules.stages]]"),
        ("days = 15", "days = 0", "deadline"),
        ("zone =", "zone", "zone"),
    ],
)
def test_every_fault_names_its_line(home: Path, right: str, wrong: str, start: str) -> None:
    text = SOONER.replace(right, wrong)
    path = write(home, text)
    assert f"new.toml:{line_of(text, start)}: " in refused("rules", "check", path, code=1)
    answer = json.loads(run("rules", "check", path, "--json").stdout)
    assert answer["valid"] is False
    assert answer["problems"][0]["line"] == line_of(text, start)


# duewatch rules diff


def test_a_new_notice_is_compared_with_what_is_in_force(home: Path) -> None:
    path = write(home)
    answer = told("rules", "diff", path)
    assert told("rules", "diff", "current", path) == answer
    assert (answer["since"], answer["through"]) == ("2024-01-01", "2026-12-31")
    assert [each["number"] for each in answer["notices"]["added"]] == ["试环规〔2024〕7号"]
    evidence, drill = answer["duties"]
    (change,) = [each for each in evidence["redated"] if each["stage"] == "unit"]
    assert change["dates"][0] == {"period": "2024-02", "before": "2024-03-20", "after": "2024-03-15"}
    assert change["after"]["notice"] == "试环规〔2024〕7号"
    assert (drill["duty"], drill["added"], drill["actors"]) == (
        "drill",
        ["2024", "2025", "2026"],
        ["district"],
    )
    assert answer["organisations"] is None, "there is no database to look in"
    said = run("rules", "diff", path).output
    assert "each month: day 20 → day 15" in said
    assert "+ Yearly drill (drill) · power" in said
    assert not (home / "data").exists()


def test_two_folders_are_compared_as_they_stand(home: Path) -> None:
    write(home / "a", SOONER.replace('of_duty = "monthly-evidence"\n', ""))
    write(home / "b", SOONER.replace('of_duty = "monthly-evidence"\n', "").replace("month = 6", "month = 5"))
    answer = told("rules", "diff", str(home / "a"), str(home / "b"), "--since", "2025", "--through", "2025")
    (drill,) = answer["duties"]
    (change,) = drill["redated"]
    assert change["dates"] == [{"period": "2025", "before": "2025-06-30", "after": "2025-05-30"}]
    assert [each["number"] for each in answer["notices"]["changed"]] == ["试环规〔2024〕7号"]
    same = run("rules", "diff", str(home / "a"), str(home / "a"))
    assert same.exit_code == 0
    assert "No duty, date or word changes." in same.output


def test_a_second_version_is_laid_over_the_first(home: Path) -> None:
    alone = SOONER.replace('of_duty = "monthly-evidence"\n', "")
    first = write(home, alone)
    second = write(
        home,
        alone.replace('version = "1"', 'version = "2"')
        .replace("in_force_on = 2024-02-01", "in_force_on = 2025-01-01")
        .replace("days = 15", "days = 12"),
        "second.toml",
    )
    (evidence,) = told("rules", "diff", first, second)["duties"]
    assert evidence["redated"][0]["dates"][0]["period"] == "2025-01"


@pytest.mark.usefixtures("registered")
def test_whom_a_change_concerns_is_counted_and_named(home: Path) -> None:
    path = write(home)
    told_ = told("rules", "diff", path)["organisations"]
    assert (told_["units"], told_["by_district"]) == (
        3,
        [{"district": "北岭区", "units": 2}, {"district": "南浦区", "units": 1}],
    )
    assert told_["districts"] == ["北岭区", "南浦区"]
    assert told_["municipality"] is None
    assert told_["names"] == sorted(told_["names"])
    assert told_["open"] == [{"duty": "monthly-evidence", "stage": "unit", "count": 12}], (
        "three units, for each month from February to May"
    )
    said = run("rules", "diff", path).output
    assert "3 units" in said
    assert "青禾磨坊热电有限公司" in said
    assert "12 open steps would get another date" in said


@pytest.mark.usefixtures("registered")
def test_a_change_for_another_sector_concerns_nobody_here(home: Path) -> None:
    only_steel = SOONER.replace('sectors = "power"', 'sectors = ["steel"]').replace(
        '"drill"', '"steel-drill"'
    )
    other = only_steel.replace('of_duty = "monthly-evidence"\n', "").replace(
        'per = "district"', 'per = "unit"'
    )
    path = write(home, other)
    told_ = told("rules", "diff", path)["organisations"]
    assert (told_["units"], told_["open_stages"]) == (0, 0)
    assert "nobody in the registry" in run("rules", "diff", path).output


@pytest.mark.usefixtures("home")
def test_what_cannot_be_compared_is_refused(home: Path) -> None:
    assert "neither a notice file" in refused("rules", "diff", "nowhere", "current", code=2)
    (home / "empty").mkdir()
    assert "no notice file" in refused("rules", "diff", str(home / "empty"), code=2)
    broken = write(home, SOONER.replace("days = 15", "days = 0"))
    assert "new.toml:27" in refused("rules", "diff", broken, code=1)
    lies = ["rules", "diff", write(home), "--since", "2026", "--through", "2025"]
    assert "lies before" in refused(*lies, code=2)


# duewatch rules add


def test_a_notice_is_added_once_it_is_confirmed(home: Path) -> None:
    path = write(home)
    kept = home / "data" / "notices" / "new.toml"
    declined = run("rules", "add", path, answer="n\n")
    assert declined.exit_code == 1
    assert "nothing was changed" in declined.stderr
    assert not kept.exists()
    added = run("rules", "add", path, answer="y\n")
    assert added.exit_code == 0, added.output
    assert "each month: day 20 → day 15" in added.output
    assert "restart" in added.output
    assert kept.read_text(encoding="utf-8") == SOONER
    assert list(kept.parent.iterdir()) == [kept]
    assert told("due", "monthly-evidence", "unit", "2024-02")["due_on"] == "2024-03-15"
    again = told("rules", "add", path, "--yes")
    assert (again["added"], again["restart"]) == (False, False)


def test_another_text_of_a_version_takes_its_place_only_when_asked(home: Path) -> None:
    assert told("rules", "add", write(home), "--yes")["added"] is True
    kept = home / "data" / "notices" / "new.toml"
    other = write(home, SOONER.replace("days = 15", "days = 12"), "corrected.toml")
    assert 'key "version"' in refused("rules", "add", other, "--yes", code=1)
    assert kept.read_text(encoding="utf-8") == SOONER
    assert told("rules", "add", other, "--yes", "--replace")["added"] is True
    assert list(kept.parent.iterdir()) == [kept], "in the place of the text before"
    assert "days = 12" in kept.read_text(encoding="utf-8")


def test_no_version_overwrites_another(home: Path) -> None:
    run("rules", "add", write(home), "--yes")
    second = SOONER.replace('version = "1"', 'version = "2"').replace("2024-02-01", "2025-01-01")
    path = write(home / "later", second)
    assert "rename the file" in refused("rules", "add", path, "--yes", code=2)
    renamed = write(home / "later", second, "new-2.toml")
    assert told("rules", "add", renamed, "--yes")["version"] == "2"
    assert (home / "data" / "notices" / "new.toml").read_text(encoding="utf-8") == SOONER


def test_what_ships_is_not_replaced(home: Path) -> None:
    shipped = notice_files()[0]
    changed = shipped.read_text(encoding="utf-8").replace("days = 20", "days = 19", 1)
    path = write(home, changed, shipped.name)
    assert "comes with this release" in refused("rules", "add", path, "--yes", "--replace", code=2)
    assert told("rules", "add", str(shipped), "--yes")["added"] is False
    assert not (home / "data" / "notices").exists()


def test_a_faulty_file_in_force_can_be_checked_where_it_is(home: Path) -> None:
    path = write(home / "data" / "notices", SOONER.replace("days = 15", "days = 0"))
    answer = json.loads(run("rules", "check", path, "--json").stdout)
    assert answer["problems"][0]["line"] == 27
    assert "new.toml:27" in refused("due", "annual-report", "unit", "2023", code=1)
    Path(path).write_text(SOONER, encoding="utf-8")
    assert told("rules", "check", path)["valid"] is True


def test_a_faulty_file_is_never_added(home: Path) -> None:
    path = write(home, SOONER.replace("days = 15", "days = 0"))
    assert "new.toml:27" in refused("rules", "add", path, "--yes", code=1)
    assert not (home / "data").exists()
    assert "--yes" in refused("rules", "add", path, "--json", code=2)
