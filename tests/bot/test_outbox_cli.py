"""`duewatch outbox`: an administrator looks at what did not arrive; an auditor sees who was reminded of a step, and when."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from storage import trail
from storage.database import Session
from storage.models import Event, Notification, NotificationKind, Outcome
from tests.bot.conftest import MILL, Person, Town

DISTRICT = 201


@pytest.fixture
def terminal(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", f"sqlite:///{town.database.path}")
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(town.database.path.parent))
    monkeypatch.setenv("DUEWATCH_NOW", datetime(2024, 2, 6, 2, 0, tzinfo=UTC).isoformat())
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return town


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, ["outbox", *arguments], input=answer)


def said(*arguments: str, answer: str | None = None) -> str:
    result = run(*arguments, answer=answer)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str, code: int = 1) -> str:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("duewatch: ")
    return result.stderr


def submitted(town: Town) -> tuple[int, Outcome]:
    """Return the id and the outcome of what told the district of the hand-over."""

    def work(session: Session) -> tuple[int, Outcome]:
        found = session.query(Notification).filter_by(kind=NotificationKind.SUBMITTED).order_by("id").first()
        assert found is not None
        return found.id, found.outcome

    return town.database.read(work)


def events(town: Town, kind: str) -> list[dict[str, object]]:
    return town.database.read(
        lambda session: [each.detail for each in session.query(Event).filter_by(kind=kind).order_by(Event.id)]
    )


@pytest.mark.usefixtures("terminal")
async def test_where_all_arrived_the_list_is_empty() -> None:
    assert "Everything was delivered." in said("list")
    assert json.loads(said("list", "--json")) == []
    assert "nothing to send again" in said("replay", "--all", "--yes")


async def test_what_was_refused_is_listed_shown_and_sent_again(
    terminal: Town, mill: Person, north: Person
) -> None:
    await terminal.fault("400", "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    number, outcome = submitted(terminal)
    assert outcome is Outcome.FAILED
    [row] = json.loads(said("list", "--json"))
    assert (row["id"], row["outcome"], row["kind"], row["reachable"]) == (number, "failed", "submitted", True)
    assert f"#{number}" in said("list", "--outcome", "failed", "--since", "2024-02-05")
    assert json.loads(said("list", "--outcome", "unknown", "--json")) == []
    assert json.loads(said("list", "--since", "2024-02-06", "--json")) == []
    shown = json.loads(said("show", str(number), "--json"))
    assert [(each["number"], each["outcome"]) for each in shown["tries"]] == [(1, "refused")]
    assert "refused by the channel" in said("show", str(number))

    assert "1 notification is sent again." in said("replay", str(number))
    heard = len(north.messages)
    terminal.stand_at("2024-02-06 10:01")
    await terminal.settle()
    assert "已提交，请审核" in "\n".join(north.messages[heard:])
    assert submitted(terminal) == (number, Outcome.SENT)
    assert [each["notification"] for each in events(terminal, "replayed")] == [number]
    assert terminal.database.read(trail.first_broken) is None
    [first, second] = json.loads(said("show", str(number), "--json"))["tries"]
    assert (first["outcome"], second["outcome"]) == ("refused", "confirmed")
    assert "is not on the list: delivered" in refused("replay", str(number))
    assert "is not on the list" in refused("discard", str(number), "--reason", "x")


async def test_what_no_longer_matters_is_dropped_when_it_is_sent_again(
    terminal: Town, mill: Person, north: Person
) -> None:
    await terminal.fault("400", "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    await north.say("/review")
    await north.press("1. 青禾磨坊热电有限公司")
    await north.press("通过")
    assert "Nothing was changed." in said("replay", "--all", answer="n\n")
    assert submitted(terminal)[1] is Outcome.FAILED
    assert "1 notification is sent again." in said("replay", "--all", answer="y\n")
    terminal.stand_at("2024-02-06 10:01")
    await terminal.settle()
    assert submitted(terminal)[1] is Outcome.DROPPED


async def test_nothing_is_sent_again_to_who_cannot_be_reached(terminal: Town, mill: Person) -> None:
    await terminal.fault("403", "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    number, outcome = submitted(terminal)
    assert outcome is Outcome.FAILED
    assert "cannot be reached now" in said("list")
    assert "cannot be reached by any channel" in refused("replay", str(number))
    assert "1 is left" in said("replay", "--all", "--yes")
    assert submitted(terminal)[1] is Outcome.FAILED
    assert "1 notification was let go." in said("discard", str(number), "--reason", " told by telephone ")
    assert submitted(terminal)[1] is Outcome.DROPPED
    [detail] = events(terminal, "discarded")
    assert (detail["notification"], detail["was"], detail["reason"]) == (
        number,
        "failed",
        "told by telephone",
    )
    assert "told by telephone" in said("show", str(number))


@pytest.mark.usefixtures("terminal")
async def test_what_is_asked_wrongly_is_said_in_a_line() -> None:
    assert "name the numbers" in refused("replay", code=2)
    assert "name the numbers" in refused("replay", "1", "--all", code=2)
    assert "go with --all" in refused("replay", "1", "--outcome", "failed", code=2)
    assert "there is no notification 77" in refused("show", "77")
    assert "there is no notification 77" in refused("replay", "77")
    assert "1 to 400" in refused("discard", "77", "--reason", " ", code=2)
    assert "there is no step 99999" in refused("proof", "99999")
    assert "name a step by its number" in refused("proof", MILL, code=2)
    assert "no organisation" in refused("proof", "U-X", "2024-01", code=2)
    assert "owes nothing for 2031-01" in refused("proof", MILL, "2031-01")


async def test_the_proof_names_all_who_were_told_of_a_step_and_what_they_read(
    terminal: Town, mill: Person, north: Person
) -> None:
    await terminal.move_to("2024-02-21 10:00")
    await mill.hand_over()
    await north.press("通过")
    monthly = json.loads(said("proof", MILL, "2024-01", "--rule", "monthly-evidence", "--json"))
    assert [each["stage"] for each in monthly] == ["unit", "district", "municipal"]
    step, *_ = monthly
    assert (step["subject"], step["status"]) == ("青禾磨坊热电有限公司", "accepted")
    told = step["notifications"]
    kinds = {each["kind"] for each in told}
    assert kinds == {"reminder", "daily_digest", "submitted", "accepted"}
    reminders = [each for each in told if each["kind"] == "reminder"]
    assert len(reminders) > 3
    assert {each["to"] for each in reminders} == {reminders[0]["to"]}
    for each in told:
        assert each["outcome"] == "sent"
        assert each["text"]
        assert [attempt["outcome"] for attempt in each["tries"]] == ["confirmed"]
    # The step's number says the same as the unit's month; a digest of a day before it was overdue is no proof.
    assert json.loads(said("proof", str(step["stage_id"]), "--json")) == [step]
    assert {e["planned_on"] for e in told if e["kind"] == "daily_digest"} == {"2024-02-21"}
    printed = said("proof", str(step["stage_id"]))
    assert "Proof of reminding" in printed
    assert "<b>" not in printed
    assert "As sent:" in printed
    [handed] = [each for each in told if each["kind"] == "submitted"]
    assert handed["acknowledged_at"] is not None
    assert "A button of it was first pressed" in printed
