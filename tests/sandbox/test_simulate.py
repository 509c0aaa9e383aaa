"""A simulated month keeps every invariant, comes out the same each time, and says so when one breaks."""

import json
from datetime import date

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from bot.cli import main
from jobs.invariants import Violation
from jobs.record import Record
from obligations.decisions import Status
from obligations.law import Law
from sandbox import simulate as simulation
from sandbox.simulate import simulate
from storage.database import Database, Session
from storage.models import Notification, Organisation, Outcome, Stage


def messages_on_record(session: Session) -> int:
    """Return how many messages the notifications that were sent went as."""
    sent = session.query(Notification.message_id).filter_by(outcome=Outcome.SENT)
    return sent.distinct().count()


async def test_a_month_of_a_small_city_keeps_every_invariant(database: Database, law: Law) -> None:
    shares: list[float] = []
    came_of = await simulate(
        database,
        law,
        first=date(2024, 2, 12),
        last=date(2024, 2, 23),
        units=8,
        seed=7,
        progress=shares.append,
    )
    assert came_of.violations == ()
    counts = came_of.counts
    assert counts["messages"] == database.read(messages_on_record) > 0
    for kind in ("reminder", "daily_digest", "weekly_digest", "submitted", "accepted"):
        assert counts[f"sent_{kind}"] > 0, kind
    assert counts["sent_daily_digest"] == 12 * 42
    assert counts["actions"] > 0
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


async def test_a_walk_over_the_merger_keeps_every_invariant_and_leaves_nothing_with_who_ended(
    database: Database, law: Law
) -> None:
    came_of = await simulate(
        database,
        law,
        first=date(2025, 11, 3),
        last=date(2025, 11, 10),
        units=16,
        seed=7,
        progress=lambda _: None,
    )
    assert came_of.violations == ()
    # To the new district, and to each of those that had something to pass on.
    assert came_of.counts["sent_passed_on"] >= 3
    ended, left = database.read(_with_who_ended)
    assert (ended, left) == (3, 0)


def _with_who_ended(session: Session) -> tuple[int, int]:
    """Return how many districts have a successor, and how many stages that are not settled are still with one."""
    ended = set(session.scalars(select(Organisation.id).where(Organisation.successor_id.is_not(None))))
    open_ones = select(Stage).where(Stage.status.not_in([Status.ACCEPTED, Status.WAIVED]))
    left = [s for s in session.scalars(open_ones) if {s.district_id, s.actor_id, s.checker_id} & ended]
    return len(ended), len(left)


def broken_record(_record: Record, _law: Law) -> tuple[Violation, ...]:
    return (Violation(invariant="every reminder once", detail="2024-02-20: stage 1 was not planned"),)


def test_the_command_prints_counts_and_leaves_when_an_invariant_breaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = ["simulate", "--from", "2024-02-19", "--to", "2024-02-20", "--units", "4", "--json"]
    first, again = (CliRunner().invoke(main, arguments) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert first.stdout == again.stdout
    answer = json.loads(first.stdout)
    assert answer["broken"] == 0
    assert answer["counts"]["sent_reminder"] > 0
    said = CliRunner().invoke(main, arguments[:-1]).stdout
    assert "every invariant holds" in said
    monkeypatch.setattr(simulation, "check", broken_record)
    broken = CliRunner().invoke(main, arguments)
    assert broken.exit_code == 1
    answer = json.loads(broken.stdout)
    assert (answer["broken"], answer["violations"][0]["invariant"]) == (1, "every reminder once")


def test_days_the_wrong_way_round_are_refused() -> None:
    result = CliRunner().invoke(main, ["simulate", "--from", "2024-02-20", "--to", "2024-02-19"])
    assert result.exit_code == 2
    assert "--to lies before --from" in result.stderr
