"""What came in is stored once and claimed chat by chat; handled once; answered, or known not to have been."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.exc import NoResultFound

from storage import inbox, settings
from storage.database import Database, Session
from storage.inbox import Arrived, Failure, Owed
from storage.models import InboundUpdate
from tests.storage.bureau import at

NOW = at("2024-02-18 10:00")
LATER = at("2024-02-18 10:05")
TOLD = {"html": "已登记"}


def arrived(update_id: int, words: str = "你好", chat_id: int | None = 1001) -> Arrived:
    return Arrived(update_id=update_id, chat_id=chat_id, payload={"update_id": update_id, "text": words})


def keep(database: Database, *updates: Arrived) -> None:
    database.write(lambda session: inbox.keep(session, updates, now=NOW))


def claimed(
    database: Database,
    worker: str = "one",
    *,
    holding: Collection[int] = (),
    now: datetime = NOW,
    limit: int = 100,
) -> list[Arrived | Owed]:
    return database.write(
        lambda session: inbox.claim(session, worker=worker, holding=holding, now=now, limit=limit)
    )


def ids(
    database: Database,
    worker: str = "one",
    *,
    holding: Collection[int] = (),
    now: datetime = NOW,
    limit: int = 100,
) -> list[int]:
    found = claimed(database, worker, holding=holding, now=now, limit=limit)
    return [each.update_id for each in found]


def take(database: Database, update_id: int, worker: str = "one", *, now: datetime = NOW) -> bool:
    return database.write(lambda session: inbox.take(session, update_id, worker=worker, now=now))


def free(database: Database, update_id: int, worker: str = "one") -> None:
    database.write(lambda session: inbox.free(session, update_id, worker=worker))


def fail(database: Database, error: str, *, kept: dict[str, Any] | None = None) -> tuple[Failure, int]:
    return database.write(lambda session: inbox.fail(session, 10, error, worker="one", now=LATER, kept=kept))


def decide(database: Database, update_id: int, worker: str = "one", *, now: datetime = NOW) -> bool:
    """Handle an update and owe an answer; return whether it is to be shown at once."""

    def work(session: Session) -> bool:
        assert inbox.take(session, update_id, worker=worker, now=now)
        return inbox.owe(session, update_id, TOLD)

    return database.write(work)


def postpone(
    database: Database, update_id: int, worker: str = "one", *, showings: int = 0, now: datetime = NOW
) -> None:
    database.write(lambda s: inbox.postpone(s, update_id, worker=worker, showings=showings, now=now))


def begin(database: Database, update_id: int, worker: str = "one") -> bool:
    return database.write(lambda s: inbox.begin(s, update_id, worker=worker, now=NOW))


def settle(database: Database, update_id: int, worker: str = "one") -> None:
    database.write(lambda session: inbox.settle(session, update_id, worker=worker))


def row(database: Database, update_id: int) -> InboundUpdate:
    def find(session: Session) -> InboundUpdate:
        found = session.get_one(InboundUpdate, update_id)
        session.expunge(found)
        return found

    return database.read(find)


def test_keeping_nothing_changes_nothing(database: Database) -> None:
    keep(database)
    assert ids(database) == []


def test_what_arrives_twice_stays_as_it_first_was(database: Database) -> None:
    keep(database, arrived(10, "first"))
    keep(database, arrived(10, "second"), arrived(11, chat_id=1002))
    assert claimed(database) == [arrived(10, "first"), arrived(11, chat_id=1002)]


def test_the_first_of_each_chat_is_claimed_and_all_that_have_none(database: Database) -> None:
    keep(
        database, arrived(12), arrived(13, chat_id=1002), arrived(14, chat_id=None), arrived(15, chat_id=None)
    )
    keep(database, arrived(11))
    assert ids(database) == [11, 13, 14, 15]


def test_nobody_else_gets_a_chats_second_update_while_the_first_is_worked_on(database: Database) -> None:
    keep(database, arrived(10), arrived(11), arrived(12, chat_id=1002))
    assert ids(database, limit=1) == [10]
    assert ids(database, "two") == [12]
    assert ids(database, "one", holding=[10]) == []
    assert take(database, 10)
    free(database, 10)
    assert ids(database, "two", holding=[12]) == [11]


def test_an_update_without_a_chat_is_worked_on_by_one_at_a_time(database: Database) -> None:
    keep(database, arrived(14, chat_id=None), arrived(15, chat_id=None))
    assert ids(database, limit=1) == [14]
    assert ids(database, "two") == [15]
    assert ids(database, "one", holding=[14]) == []


def test_a_smaller_number_that_comes_later_waits_for_what_is_worked_on(database: Database) -> None:
    keep(database, arrived(900))
    assert ids(database) == [900]
    keep(database, arrived(17))
    assert ids(database, "two") == []
    assert ids(database, holding=[900]) == []


def test_a_lease_that_ran_out_and_one_that_is_released_can_be_claimed(database: Database) -> None:
    keep(database, arrived(10), arrived(11, chat_id=1002))
    assert ids(database) == [10, 11]
    assert ids(database, "two", now=NOW + inbox.LEASE - timedelta(seconds=1)) == []
    assert database.write(lambda session: inbox.release(session, "one")) == 2
    assert database.write(lambda session: inbox.release(session, "one")) == 0
    assert ids(database, "two", limit=1) == [10]
    assert ids(database, "three", now=NOW + inbox.LEASE) == [10, 11]


def test_who_is_alone_on_the_database_frees_everybody_elses_leases(database: Database) -> None:
    keep(database, arrived(10), arrived(11, chat_id=1002))
    ids(database, "one", limit=1), ids(database, "two")
    assert database.write(lambda session: inbox.release_others(session, "two")) == 1
    assert ids(database, "two", holding=[11]) == [10]


def test_a_lease_from_a_clock_that_was_ahead_holds_nobody_up(database: Database) -> None:
    keep(database, arrived(10))
    assert ids(database, now=NOW + timedelta(days=365)) == [10]
    assert ids(database, "two") == [10]


def test_a_worker_may_claim_again_what_it_leased_and_does_not_hold(database: Database) -> None:
    keep(database, arrived(10))
    assert ids(database) == [10]
    assert ids(database) == [10]


def test_what_is_held_is_not_claimed_again_however_long_it_takes(database: Database) -> None:
    keep(database, arrived(10), arrived(11))
    assert ids(database) == [10]
    assert ids(database, holding=[10], now=NOW + timedelta(hours=1)) == []


def test_a_lease_is_renewed_only_for_who_has_it(database: Database) -> None:
    keep(database, arrived(10), arrived(11, chat_id=1002))
    assert ids(database, "one", limit=1) == [10]
    assert ids(database, "two") == [11]
    assert database.write(lambda s: inbox.renew(s, [10, 11], worker="one", now=LATER)) == {10}
    assert ids(database, "three", now=LATER) == [11]


def test_what_was_handled_does_not_wait_again_when_it_arrives_again(database: Database) -> None:
    keep(database, arrived(10))
    assert take(database, 10)
    keep(database, arrived(10))
    free(database, 10)
    assert ids(database) == []
    assert not take(database, 10)


def test_of_two_who_believe_to_hold_an_update_one_handles_it(database: Database) -> None:
    keep(database, arrived(10))
    assert ids(database, "one") == [10]
    assert ids(database, "two", now=LATER) == [10]
    assert take(database, 10, "one", now=LATER)
    assert not take(database, 10, "two", now=LATER)
    free(database, 10, "two")
    assert row(database, 10).leased_by == "one"


def test_an_update_waits_still_when_its_handling_is_rolled_back(database: Database) -> None:
    keep(database, arrived(10))

    def work(session: Session) -> None:
        inbox.take(session, 10, worker="one", now=LATER)
        settings.put(session, "decided", "yes")
        raise KeyError

    with pytest.raises(KeyError):
        database.write(work)
    assert ids(database) == [10]
    assert database.read(lambda session: settings.get(session, "decided")) is None


def test_an_update_that_was_never_kept_cannot_be_taken(database: Database) -> None:
    with pytest.raises(NoResultFound):
        take(database, 404)


def test_what_must_not_be_kept_is_gone_once_an_update_is_handled(database: Database) -> None:
    keep(database, arrived(10, "/start secret"))
    kept = arrived(10, "/start ***").payload
    database.write(lambda session: inbox.take(session, 10, worker="one", now=NOW, kept=kept))
    assert row(database, 10).payload == kept


def test_a_third_failure_gives_an_update_up_with_its_last_error(database: Database) -> None:
    keep(database, arrived(10))
    assert [fail(database, f"error {number}") for number in (1, 2)] == [
        (Failure.AGAIN, 1),
        (Failure.AGAIN, 2),
    ]
    assert row(database, 10).handled_at is None
    kept = {"update_id": 10}
    assert fail(database, "error 3", kept=kept) == (Failure.GIVEN_UP, 3)
    found = row(database, 10)
    assert (found.attempts, found.error, found.handled_at, found.payload) == (3, "error 3", LATER, kept)


def test_a_failure_after_another_has_handled_it_changes_nothing(database: Database) -> None:
    keep(database, arrived(10))
    assert take(database, 10, "two")
    assert fail(database, "error") == (Failure.SETTLED, 0)
    assert row(database, 10).error is None


def test_a_long_error_is_kept_short(database: Database) -> None:
    keep(database, arrived(10))
    fail(database, "x" * 900)
    assert len(row(database, 10).error or "") == 500


def test_an_answer_is_owed_until_it_is_settled(database: Database) -> None:
    keep(database, arrived(10), arrived(11))
    assert ids(database) == [10]
    assert decide(database, 10)
    assert ids(database, "two") == []
    settle(database, 10)
    assert row(database, 10).answer is None
    assert ids(database, "two") == [11]


def test_an_answer_whose_worker_is_gone_comes_before_the_chats_next_update(database: Database) -> None:
    keep(database, arrived(10), arrived(11))
    ids(database)
    decide(database, 10)
    database.write(lambda session: inbox.release(session, "one"))
    owed = Owed(update_id=10, chat_id=1001, told=TOLD, decided_at=NOW, showings=1)
    assert claimed(database, "two", now=LATER) == [owed]
    assert ids(database, "three", now=LATER) == []
    settle(database, 10, "two")
    assert ids(database, "three", now=LATER) == [11]


def test_an_answer_that_was_not_shown_pauses_longer_each_time_while_its_chat_goes_on(
    database: Database,
) -> None:
    keep(database, arrived(10))
    ids(database)
    decide(database, 10)
    now, pauses = NOW, []
    for _ in range(9):
        postpone(database, 10, now=now)
        until = row(database, 10).leased_until
        assert until is not None
        pauses.append(int((until - now).total_seconds()))
        assert ids(database, now=until - timedelta(seconds=1)) == []
        [owed] = claimed(database, now=until)
        assert isinstance(owed, Owed)
        assert owed.showings == 0
        now = until
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    postpone(database, 10, now=now)
    keep(database, arrived(11))
    assert ids(database, now=now) == [11]


def test_showings_that_may_have_arrived_are_counted(database: Database) -> None:
    keep(database, arrived(10))
    ids(database)
    decide(database, 10)
    postpone(database, 10, showings=1)
    [owed] = claimed(database, now=LATER)
    assert isinstance(owed, Owed)
    assert owed.showings == 1


def test_a_showing_counts_from_when_it_begins_and_not_from_when_it_was_claimed(database: Database) -> None:
    keep(database, arrived(10))
    ids(database)
    decide(database, 10)
    for worker in ("two", "three", "four"):
        # Each takes it up and is gone before anything has left.
        database.write(lambda session: inbox.release_others(session, "nobody"))
        [owed] = claimed(database, worker)
        assert (isinstance(owed, Owed) and owed.showings) == 1
    assert begin(database, 10, "four")
    assert (row(database, 10).answer or {})["showings"] == 2


def test_who_lost_an_answer_to_another_does_not_begin_to_show_it(database: Database) -> None:
    keep(database, arrived(10))
    ids(database)
    decide(database, 10)
    assert ids(database, "two", now=LATER) == [10]
    assert not begin(database, 10, "one")
    settle(database, 10, "two")
    assert not begin(database, 10, "two")


def test_a_later_answer_waits_for_the_earlier_which_may_then_go_at_once(database: Database) -> None:
    keep(database, arrived(10))
    ids(database)
    decide(database, 10)
    postpone(database, 10)
    keep(database, arrived(11))
    assert ids(database) == [11]
    assert not decide(database, 11)
    free(database, 11)
    assert ids(database) == [10]
    settle(database, 10)
    [owed] = claimed(database)
    assert (owed.update_id, isinstance(owed, Owed) and owed.showings) == (11, 0)


def test_a_showing_that_another_took_over_is_not_postponed_by_who_lost_it(database: Database) -> None:
    keep(database, arrived(10))
    ids(database)
    decide(database, 10)
    assert ids(database, "two", now=LATER) == [10]
    postpone(database, 10, "one", now=LATER)
    assert (row(database, 10).leased_by, (row(database, 10).answer or {})["showings"]) == ("two", 1)


# What may happen to a chat's updates, drawn at random: two workers claim, finish, vanish.
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["keep", "claim", "finish", "vanish"]),
        st.sampled_from(["one", "two"]),
        st.integers(0, 2),
    ),
    max_size=40,
)


@given(steps=_STEPS)
def test_whoever_vanishes_each_chat_is_handled_in_order_once_by_one_at_a_time(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, steps: list[tuple[str, str, int]]
) -> None:
    path = tmp_path_factory.mktemp("chats") / "duewatch.db"
    path.write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{path}")
    holding: dict[str, dict[int, Arrived]] = {"one": {}, "two": {}}
    handled: list[Arrived] = []
    kept = 0

    def claim_some(worker: str, limit: int) -> None:
        mine = holding[worker]
        for each in claimed(database, worker, holding=list(mine), limit=limit):
            assert isinstance(each, Arrived)
            mine[each.update_id] = each
        busy = [
            each.chat_id for held in holding.values() for each in held.values() if each.chat_id is not None
        ]
        assert len(busy) == len(set(busy))

    def finish_one(worker: str) -> None:
        if holding[worker]:
            update_id, each = holding[worker].popitem()
            assert take(database, update_id, worker)
            free(database, update_id, worker)
            handled.append(each)

    for step, worker, number in steps:
        match step:
            case "keep":
                kept += 1
                keep(database, arrived(kept, chat_id=None if number == 2 else number))
            case "claim":
                claim_some(worker, number + 1)
            case "finish":
                finish_one(worker)
            case _:
                holding[worker].clear()
                database.write(partial(inbox.release, worker=worker))
    while len(handled) < kept:
        claim_some("one", 3)
        finish_one("one")
        finish_one("two")
    assert sorted(each.update_id for each in handled) == list(range(1, kept + 1))
    for chat in (0, 1):
        order = [each.update_id for each in handled if each.chat_id == chat]
        assert order == sorted(order)
    database.close()


def test_what_is_free_is_found_by_the_indexes_of_what_is_open(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    statements: list[tuple[str, Any]] = []

    def plan(session: Session) -> str:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *seen: statements.append((seen[2], seen[3])))
        inbox.claimable(session, worker="one", holding=[7], now=NOW, limit=10)
        asked = statements[:]
        lines = [
            line
            for sql, given_ in asked
            for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given_)
        ]
        return "\n".join(line[3] for line in lines)

    read = database.read(plan)
    database.close()
    assert {"ix_inbound_update_waiting", "ix_inbound_update_chat", "ix_inbound_update_owed"} <= set(
        read.split()
    )
    assert "sqlite_autoindex" not in read
    assert all("INDEX" in line for line in read.split("\n") if "inbound_update" in line)
