"""``duewatch event`` and ``duewatch quota``: what happened, and allowances, entered by the administrator."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from obligations.law import Law
from storage import arising, materialise, registry, settings
from storage.database import Database, Session
from tests.bot.conftest import CITY, KILN, MILL, QUAY, town_registry

NOW = datetime(2024, 2, 21, 2, 0, tzinfo=UTC)
"""Wednesday 21 February 2024, 10:00 in Shanghai: the evidence of January is a day overdue."""
ON = ("--on", "2024-02-19", "--note", "抽查发现")


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


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def told(*arguments: str) -> Any:  # noqa: ANN401  # whatever JSON the command prints
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*arguments: str, code: int) -> str:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("duewatch: ")
    return result.stderr


@pytest.mark.usefixtures("home")
class TestEvent:
    def test_is_recorded_with_the_duties_that_arise(self) -> None:
        made = told(
            "event", "record", "licence-cancellation", "--unit", MILL, "--on", "2024-06-30", "--note", "x"
        )
        assert made["duties"] == [
            {
                "rule": "closing-unit-verification",
                "period": "2024-06",
                "actor": "青禾磨坊热电有限公司",
                "due_on": "2024-06-29",
                "kind": "firm",
                "clause": "二(四)",
            }
        ]
        [listed] = told("event", "list")
        assert (listed["id"], listed["occasion"], listed["code"]) == (
            made["id"],
            "licence_cancellation",
            MILL,
        )
        assert (listed["automatic"], listed["note"], listed["of"]) == (False, "x", None)

    def test_says_it_to_a_person_too(self) -> None:
        result = run("event", "record", "anomaly", "--unit", MILL, *ON)
        assert result.exit_code == 0, result.output
        assert result.stdout.splitlines() == [
            "Recorded Abnormal data, or a clue of it · 青禾磨坊热电有限公司",
            "1 duty arises:",
            "• Abnormal data Feb 2024",
            "  北岭区生态环境局 · no fixed date · 渝环规〔2023〕2号 二(七)",
        ]
        assert "Abnormal data" in run("event", "list").stdout

    def test_a_preview_records_nothing(self) -> None:
        seen = told("event", "record", "anomaly", "--unit", MILL, *ON, "--preview")
        assert (seen["id"], seen["duties"][0]["rule"]) == (None, "anomaly")
        assert told("event", "list") == []
        assert run("event", "list").stdout == "Nothing was recorded yet.\n"

    def test_what_a_missed_date_gave_rise_to_is_listed_as_such(self, home: Database, law: Law) -> None:
        home.write(lambda session: arising.open_missed(session, law, now=NOW))
        listed = told("event", "list")
        assert {each["code"] for each in listed} == {MILL, KILN, QUAY}
        assert {(each["automatic"], each["of"], each["happened_on"]) for each in listed} == {
            (True, "monthly-evidence:2024-01", "2024-02-21")
        }
        again = ("event", "record", "unfit-evidence", "--unit", MILL, *ON)
        assert "on record already" in refused(*again, "--evidence", "monthly-evidence:2024-01", code=1)

    def test_of_evidence_names_it(self) -> None:
        base = ("event", "record", "unfit-evidence", "--unit", MILL, *ON)
        assert "which duty of the unit" in refused(*base, code=1)
        assert "no duty monthly-evidence for 2023-08" in refused(
            *base, "--evidence", "monthly-evidence:2023-08", code=1
        )
        assert "is not a period" in refused(*base, "--evidence", "monthly-evidence:Januar", code=2)
        assert "no notice has a duty evidence" in refused(*base, "--evidence", "evidence:2024-01", code=2)

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("anomaly", "--unit", MILL, "--on", "2024-02-22", "--note", "x"), 1, "still to come"),
            (
                ("licence-cancellation", "--unit", MILL, "--on", "2024-02-21", "--note", "x"),
                1,
                "no time left",
            ),
            (("complaint", "--unit", MILL, "--on", "2023-08-31", "--note", "x"), 1, "begins with"),
            (("anomaly", "--unit", MILL, "--on", "2024-02-20", "--note", " "), 1, "what was found"),
            (("anomaly", "--unit", "U9", "--on", "2024-02-20", "--note", "x"), 2, "no organisation"),
            (("anomaly", "--unit", CITY, "--on", "2024-02-20", "--note", "x"), 2, "another level"),
            (("anomaly", "--on", "2024-02-20", "--note", "x"), 2, "either a unit or a district"),
        ],
    )
    def test_what_does_not_fit_is_refused_with_its_reason(
        self, arguments: tuple[str, ...], code: int, said: str
    ) -> None:
        assert said in refused("event", "record", *arguments, code=code)


@pytest.mark.usefixtures("home")
class TestQuota:
    def test_is_set_and_listed(self) -> None:
        result = run("quota", "set", MILL, "2022", "--due", "1000000", "--allocated", "950000")
        assert result.exit_code == 0, result.output
        for said in ("due surrender 1,000,000 t", "allocated 950,000 t", "CCER at most 50,000 t"):
            assert said in result.stdout
        [listed] = told("quota", "list", "--year", "2022")
        assert (listed["code"], listed["due"], listed["allocated"], listed["ccer_at_most"]) == (
            MILL,
            1_000_000,
            950_000,
            50_000,
        )
        assert run("quota", "list", "--year", "2021").stdout == "No allowances are recorded for 2021.\n"

    def test_ccer_is_recorded_under_its_cap_only(self) -> None:
        assert "not known yet" in refused("quota", "offset", MILL, "2022", "--tonnes", "1", code=1)
        run("quota", "set", MILL, "2022", "--due", "1000000")
        assert "at most 50000 t" in refused("quota", "offset", MILL, "2022", "--tonnes", "50001", code=1)
        assert run("quota", "offset", MILL, "2022", "--tonnes", "50000").exit_code == 0
        [listed] = told("event", "list")
        assert (listed["occasion"], listed["duties"]) == (
            "use_of_ccer",
            [{"rule": "ccer-offset", "period": "2022"}],
        )

    def test_ccer_of_another_year_has_no_rule(self) -> None:
        run("quota", "set", MILL, "2023", "--due", "1000000")
        said = refused("quota", "offset", MILL, "2023", "--tonnes", "1", code=1)
        assert "for 2021 and 2022 only, and no later rule is loaded" in said

    def test_a_file_is_taken_whole_or_not_at_all(self, tmp_path: Path) -> None:
        path = tmp_path / "quotas.csv"
        path.write_text(f"unit,year,due\n{MILL},2022,100\nU9,2022,100\n{KILN},2022,a lot\n", encoding="utf-8")
        result = run("quota", "import", str(path))
        assert result.exit_code == 1
        assert result.stderr.splitlines() == [
            "quotas.csv: row 3: there is no organisation with the code or name U9",
            "quotas.csv: row 4: “a lot” is no whole number",
            "duewatch: nothing was recorded; correct the file and try again",
        ]
        assert told("quota", "list", "--year", "2022") == []
        path.write_text(f"unit,year,due\n{MILL},2022,100\n", encoding="utf-8")
        assert run("quota", "import", str(path)).stdout == "1 row recorded.\n"
        assert [each["due"] for each in told("quota", "list", "--year", "2022")] == [100]

    def test_an_amount_that_is_none_is_refused(self) -> None:
        assert "not an amount" in refused("quota", "set", MILL, "2022", "--due", "-1", code=1)
        assert "is no unit" in refused("quota", "set", CITY, "2022", "--due", "1", code=1)
