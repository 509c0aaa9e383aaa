"""Whatever is done to the trail behind its back is found: a line edited, removed, moved or slipped in."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import pytest
from sqlalchemy import select, text

from storage import settings, trail
from storage.database import Session
from storage.models import Event
from tests.storage.bureau import Bureau, at

START = at("2024-02-18 10:00")


@pytest.fixture
def bureau_with_trail(bureau: Bureau) -> Bureau:
    """Return the bureau with four more lines than the ones that its contacts' enrolment left."""

    def work(session: Session) -> None:
        for count in range(4):
            trail.record(
                session,
                "noted",
                at=START,
                stage_id=1,
                organisation_id=bureau.mill,
                contact_id=bureau.people["mill"],
                count=count,
                words="煤样“A”",
                nested={"b": [1, 2.5, None, True], "a": {}},
            )

    bureau.database.write(work)
    return bureau


def ids(bureau: Bureau) -> list[int]:
    return bureau.database.read(lambda session: list(session.scalars(select(Event.id).order_by(Event.id))))


def tamper(bureau: Bureau, *statements: str) -> int | None:
    """Change the file by hand and return the first line that is found to be wrong."""
    bureau.database.write(lambda session: [session.execute(text(statement)) for statement in statements])
    return bureau.database.read(trail.first_broken)


def test_an_empty_trail_holds(bureau: Bureau) -> None:
    assert tamper(bureau, "DELETE FROM event", "DELETE FROM setting") is None


def test_what_was_recorded_holds(bureau_with_trail: Bureau) -> None:
    assert len(ids(bureau_with_trail)) == 12
    assert bureau_with_trail.database.read(trail.first_broken) is None


def test_a_line_keeps_what_it_was_given(bureau_with_trail: Bureau) -> None:
    event = bureau_with_trail.database.read(lambda session: trail.of_stage(session, 1)[1])
    fresh = bureau_with_trail.database.write(
        lambda session: session.get_one(Event, event_id(bureau_with_trail, 1))
    )
    assert event is not fresh
    assert (fresh.kind, fresh.at, fresh.at.tzinfo) == ("noted", START, UTC)
    assert fresh.detail == {"count": 1, "words": "煤样“A”", "nested": {"b": [1, 2.5, None, True], "a": {}}}


def event_id(bureau: Bureau, number: int) -> int:
    return ids(bureau)[-4 + number]


@pytest.mark.parametrize(
    "change",
    [
        "at = '2024-02-19 02:00:00.000000'",
        "kind = 'accept'",
        "stage_id = NULL",
        "stage_id = 2",
        "organisation_id = 1",
        "contact_id = 1",
        "hash = 'f' || substr(hash, 2, 62) || 'x'",
        "previous_hash = substr(previous_hash, 2) || 'x'",
    ],
)
def test_an_edited_line_is_found(bureau_with_trail: Bureau, change: str) -> None:
    edited = event_id(bureau_with_trail, 1)
    assert tamper(bureau_with_trail, f"UPDATE event SET {change} WHERE id = {edited}") == edited  # noqa: S608  # a literal above


@pytest.mark.parametrize("change", [{"count": 9}, {"words": None}, {"nested": {}}])
def test_an_edited_detail_is_found(bureau_with_trail: Bureau, change: dict[str, object]) -> None:
    edited = event_id(bureau_with_trail, 1)

    def work(session: Session) -> None:
        event = session.get_one(Event, edited)
        event.detail = {**event.detail, **change}

    bureau_with_trail.database.write(work)
    assert bureau_with_trail.database.read(trail.first_broken) == edited


def test_a_line_that_was_edited_with_its_own_hash_breaks_the_link_of_the_next(
    bureau_with_trail: Bureau,
) -> None:
    edited = event_id(bureau_with_trail, 1)

    def work(session: Session) -> None:
        event = session.get_one(Event, edited)
        event.kind = "accept"
        event.hash = trail._hash(event)  # noqa: SLF001  # what somebody who knows the recipe would do

    bureau_with_trail.database.write(work)
    assert bureau_with_trail.database.read(trail.first_broken) == edited + 1


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_removed_line_is_found_at_the_one_after_it(bureau_with_trail: Bureau, number: int) -> None:
    removed = event_id(bureau_with_trail, number)
    assert tamper(bureau_with_trail, f"DELETE FROM event WHERE id = {removed}") == removed + 1  # noqa: S608  # a number


def test_a_removed_beginning_is_found(bureau_with_trail: Bureau) -> None:
    assert tamper(bureau_with_trail, "DELETE FROM event WHERE id = 1") == 2


@pytest.mark.parametrize("count", [1, 3, 12])
def test_a_removed_end_is_found(bureau_with_trail: Bureau, count: int) -> None:
    kept = 12 - count
    assert tamper(bureau_with_trail, f"DELETE FROM event WHERE id > {kept}") == kept + 1  # noqa: S608  # a number


def test_a_removed_end_is_found_also_when_more_was_recorded_after_it(bureau_with_trail: Bureau) -> None:
    tamper(bureau_with_trail, "DELETE FROM event WHERE id = 12")
    after = bureau_with_trail.database.write(lambda session: trail.record(session, "noted", at=START))
    assert bureau_with_trail.database.read(trail.first_broken) == after.id


def test_two_lines_that_changed_places_are_found(bureau_with_trail: Bureau) -> None:
    first, second = event_id(bureau_with_trail, 1), event_id(bureau_with_trail, 2)
    swapped = tamper(
        bureau_with_trail,
        f"UPDATE event SET id = 99 WHERE id = {first}",  # noqa: S608  # numbers
        f"UPDATE event SET id = {first} WHERE id = {second}",  # noqa: S608  # likewise
        f"UPDATE event SET id = {second} WHERE id = 99",  # noqa: S608  # likewise
    )
    assert swapped == first


def test_a_line_slipped_in_at_the_end_is_found(bureau_with_trail: Bureau) -> None:
    def work(session: Session) -> None:
        last = session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()
        forged = Event(at=START, kind="waive", detail={}, previous_hash=last.hash, hash="")
        forged.hash = trail._hash(forged)  # noqa: SLF001  # what somebody who knows the recipe would do
        session.add(forged)

    bureau_with_trail.database.write(work)
    assert bureau_with_trail.database.read(trail.first_broken) is not None


def test_a_trail_from_before_its_end_was_kept_apart_goes_on(bureau_with_trail: Bureau) -> None:
    assert tamper(bureau_with_trail, "DELETE FROM setting WHERE key = 'trail.head'") is None
    bureau_with_trail.database.write(lambda session: trail.record(session, "noted", at=START))
    assert bureau_with_trail.database.read(trail.first_broken) is None


def test_what_was_rolled_back_leaves_no_gap(bureau_with_trail: Bureau) -> None:
    def work(session: Session) -> None:
        trail.record(session, "noted", at=START)
        settings.put(session, "planned", "x")
        raise KeyError

    with pytest.raises(KeyError):
        bureau_with_trail.database.write(work)
    bureau_with_trail.database.write(lambda session: trail.record(session, "noted", at=START))
    assert bureau_with_trail.database.read(trail.first_broken) is None
    assert len(ids(bureau_with_trail)) == 13


def test_threads_that_record_at_once_make_one_chain(bureau: Bureau) -> None:
    start = threading.Barrier(6)

    def work(number: int) -> None:
        start.wait(20)
        for _ in range(10):
            bureau.database.write(lambda session: trail.record(session, "noted", at=START, number=number))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert len(ids(bureau)) == 8 + 60
    assert bureau.database.read(trail.first_broken) is None


def test_a_stage_has_its_own_lines_oldest_first(bureau_with_trail: Bureau) -> None:
    bureau_with_trail.database.write(
        lambda session: [trail.record(session, "noted", at=START, stage_id=2, count=7)]
    )
    counts = bureau_with_trail.database.read(
        lambda session: [event.detail["count"] for event in trail.of_stage(session, 1)]
    )
    assert counts == [0, 1, 2, 3]
