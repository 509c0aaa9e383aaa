"""What came in from the chat: stored before it is acknowledged, marked in the transaction that handles it, answered after.

Several processes may handle what any of them stored. Each claims with a lease the first open update of a chat, so
that a chat is served in order by one process at a time; `take` decides that an update is handled once, whoever still
believes to hold it. What was decided to be said is kept with it until it is known to have been shown.

Claims are made under the write lock (`Database.run`): who comes second sees the leases of who came first.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true, update
from sqlalchemy.orm import Session

from storage.models import InboundUpdate
from storage.statements import insert_ignoring_conflicts, rows_changed

MOST_ATTEMPTS = 3
"""How often handling an update may fail before it is given up."""

LEASE = timedelta(minutes=2)
"""How long what was claimed is left to its worker before another may take it; it is renewed while worked on."""

MOST_SHOWINGS = 2
"""How often an answer is shown where nobody heard whether it arrived."""

ANSWERS_OWED_FOR = timedelta(hours=6)
"""How long after the decision an answer is still shown; later it would only puzzle."""

_FURTHEST = timedelta(minutes=10)
"""A lease or a pause that ends later than this was made by a wrong clock, and is none."""

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
_MOST_DOUBLINGS = 10
_LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """One update as the channel sent it. ``chat_id`` keeps the order within a chat; None belongs to no order."""

    update_id: int
    chat_id: int | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An answer that was decided and is not known to have been shown.

    ``showings`` counts those before it of which nobody heard how they ended.
    """

    update_id: int
    chat_id: int | None
    told: dict[str, Any]
    decided_at: datetime
    showings: int


class Failure(StrEnum):
    """What a failed attempt leads to."""

    AGAIN = "again"
    """It may be tried again."""
    GIVEN_UP = "given up"
    """That was the last attempt; the update stays with its error."""
    SETTLED = "settled"
    """Another process has handled it meanwhile."""


def keep(session: Session, arrived: Iterable[Arrived], *, now: datetime) -> None:
    """Store updates; one that is already stored stays as it is, handled or not."""
    rows = [
        {
            "update_id": each.update_id,
            "chat_id": each.chat_id,
            "payload": each.payload,
            "received_at": now,
            "attempts": 0,
        }
        for each in arrived
    ]
    if rows:
        session.execute(insert_ignoring_conflicts(session, InboundUpdate), rows)


def claim(
    session: Session, *, worker: str, holding: Collection[int], now: datetime, limit: int
) -> list[Arrived | Owed]:
    """Lease what may be worked on now, at most ``limit``: an owed answer or the first open update of each free chat.

    ``holding`` are the updates the worker works on already; what it leased and does not hold, it may claim again. A
    chat of which anything is held is left alone.
    """
    found: list[Arrived | Owed] = []
    chats: set[int] = set()
    rows = claimable(session, worker=worker, holding=holding, now=now, limit=limit)
    for row in rows:
        if row.chat_id in chats or len(found) >= limit:
            continue
        if row.chat_id is not None:
            chats.add(row.chat_id)
        row.leased_by, row.leased_until = worker, now + LEASE
        if row.handled_at is None or row.answer is None:
            found.append(Arrived(update_id=row.update_id, chat_id=row.chat_id, payload=row.payload))
            continue
        found.append(
            Owed(
                update_id=row.update_id,
                chat_id=row.chat_id,
                told=row.answer["told"],
                decided_at=row.handled_at,
                showings=row.answer["showings"],
            )
        )
    return found


def claimable(
    session: Session, *, worker: str, holding: Collection[int], now: datetime, limit: int
) -> list[InboundUpdate]:
    """Return what `claim` may choose from: owed answers first, then updates, each in the order it came."""
    if limit <= 0:
        return []
    row = InboundUpdate
    is_owed = and_(row.answer.is_not(None), row.handled_at.is_not(None))
    is_waiting = row.handled_at.is_(None)
    held = _held(worker, holding, now)
    busy = {
        chat_id
        for condition in (is_owed, is_waiting)
        for chat_id in session.scalars(select(row.chat_id).where(condition, held))
        if chat_id is not None
    }
    paused = and_(row.leased_by.is_(None), row.leased_until.is_not(None), _ahead(now))
    return [
        each
        for condition, ready in ((is_owed, ~paused), (is_waiting, true()))
        for each in session.scalars(
            select(row)
            .where(
                condition,
                ready,
                ~held,
                or_(row.chat_id.is_(None), row.update_id.in_(_firsts(condition, busy))),
            )
            .order_by(row.update_id)
            .limit(limit)
        )
    ]


def take(
    session: Session, update_id: int, *, worker: str, now: datetime, kept: dict[str, Any] | None = None
) -> bool:
    """Mark an update as handled in the caller's transaction; False where it was handled before, by whomever.

    ``kept`` takes the place of its payload, without what must not be kept.

    Raises:
        NoResultFound: it was never stored.
    """
    row = session.get_one(InboundUpdate, update_id)
    if row.handled_at is not None:
        return False
    row.handled_at = now
    row.leased_by, row.leased_until = worker, now + LEASE
    if kept is not None:
        row.payload = kept
    return True


def owe(session: Session, update_id: int, told: dict[str, Any]) -> bool:
    """Keep what is to be said, in the transaction that decided it. True where it is to be shown at once.

    False where an earlier answer in the chat has not been shown yet: that one comes first, and may now, because
    whoever writes is there to read.
    """
    row = session.get_one(InboundUpdate, update_id)
    earlier = and_(
        InboundUpdate.chat_id == row.chat_id,
        InboundUpdate.answer.is_not(None),
        InboundUpdate.update_id != update_id,
    )
    first = row.chat_id is None or not session.scalar(select(exists().where(earlier)))
    row.answer = {"told": told, "showings": 1 if first else 0, "misses": 0}
    if not first:
        session.execute(
            update(InboundUpdate)
            .where(earlier, InboundUpdate.leased_by.is_(None))
            .values(leased_until=None)
            .execution_options(synchronize_session=False)
        )
    return first


def begin(session: Session, update_id: int, *, worker: str, now: datetime) -> bool:
    """Count that an answer is shown again, right before it is; False where it is not this worker's to show any more.

    Should the worker vanish from here on, it may have been shown.
    """
    row = session.get(InboundUpdate, update_id)
    if row is None or row.answer is None or row.leased_by != worker:
        return False
    row.answer = {**row.answer, "showings": row.answer["showings"] + 1}
    row.leased_until = now + LEASE
    return True


def settle(session: Session, update_id: int, *, worker: str) -> None:
    """Record that nothing more is owed, because it was shown or will not be, and free the chat."""
    row = session.get(InboundUpdate, update_id)
    if row is not None:
        row.answer = None
        _free(row, worker)


def free(session: Session, update_id: int, *, worker: str) -> None:
    """Give an update's chat back; an answer it owes stays owed."""
    row = session.get(InboundUpdate, update_id)
    if row is not None:
        _free(row, worker)


def postpone(session: Session, update_id: int, *, worker: str, showings: int, now: datetime) -> None:
    """Record that an answer is still owed, after so many ``showings`` that may have arrived; it is shown later.

    The pause doubles from five seconds to five minutes. Meanwhile the chat's next updates are handled.
    """
    row = session.get(InboundUpdate, update_id)
    if row is None or row.answer is None or row.leased_by != worker:
        return
    misses = row.answer["misses"]
    row.answer = {**row.answer, "misses": misses + 1, "showings": showings}
    row.leased_by = None
    row.leased_until = now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(misses, _MOST_DOUBLINGS))


def fail(
    session: Session,
    update_id: int,
    error: str,
    *,
    worker: str,
    now: datetime,
    kept: dict[str, Any] | None = None,
) -> tuple[Failure, int]:
    """Count a failed attempt. Returns what it leads to, and how many there were.

    The last one closes the update, with its error and with ``kept`` in place of its payload: `storage.given_up`.
    """
    row = session.get_one(InboundUpdate, update_id)
    if row.handled_at is not None:
        return Failure.SETTLED, row.attempts
    row.attempts += 1
    row.error = error[:_LONGEST_ERROR]
    row.leased_by, row.leased_until = worker, now + LEASE
    if row.attempts < MOST_ATTEMPTS:
        return Failure.AGAIN, row.attempts
    row.handled_at = now
    if kept is not None:
        row.payload = kept
    return Failure.GIVEN_UP, row.attempts


def renew(session: Session, update_ids: Collection[int], *, worker: str, now: datetime) -> set[int]:
    """Extend the leases a worker has on updates. Returns those it still has: the others are another's by now."""
    rows = session.scalars(
        select(InboundUpdate).where(
            InboundUpdate.update_id.in_(update_ids), InboundUpdate.leased_by == worker
        )
    ).all()
    for row in rows:
        row.leased_until = now + LEASE
    return {row.update_id for row in rows}


def release(session: Session, worker: str) -> int:
    """Free what a worker leased that is no more. Returns how many updates and answers others may now claim."""
    return rows_changed(
        session,
        update(InboundUpdate)
        .where(_open(), InboundUpdate.leased_by == worker)
        .values(leased_by=None, leased_until=None),
    )


def release_others(session: Session, worker: str) -> int:
    """Free what anyone else leased, where this worker is alone on the database. Returns how many."""
    return rows_changed(
        session,
        update(InboundUpdate)
        .where(_open(), InboundUpdate.leased_by.is_not(None), InboundUpdate.leased_by != worker)
        .values(leased_by=None, leased_until=None),
    )


def _open() -> ColumnElement[bool]:
    return or_(InboundUpdate.handled_at.is_(None), InboundUpdate.answer.is_not(None))


def _free(row: InboundUpdate, worker: str) -> None:
    if row.leased_by == worker:
        row.leased_by, row.leased_until = None, None


def _firsts(condition: ColumnElement[bool], busy: Collection[int]) -> Select[int]:
    """Return the first update of each chat that nobody works on, among those of a condition.

    Grouped, not compared pair by pair: a flood in one chat costs one pass over what is open.
    """
    first = select(func.min(InboundUpdate.update_id)).where(condition, InboundUpdate.chat_id.is_not(None))
    if busy:
        first = first.where(InboundUpdate.chat_id.not_in(busy))
    return first.group_by(InboundUpdate.chat_id)


def _ahead(now: datetime) -> ColumnElement[bool]:
    """Tell whether a lease or a pause has not run out."""
    return and_(InboundUpdate.leased_until > now, InboundUpdate.leased_until <= now + _FURTHEST)


def _held(worker: str, holding: Collection[int], now: datetime) -> ColumnElement[bool]:
    """Tell whether somebody works on an update: this worker in this moment, or another by its lease."""
    row = InboundUpdate
    by_another = and_(row.leased_by.is_not(None), row.leased_by != worker, _ahead(now))
    return or_(row.update_id.in_(holding), by_another) if holding else by_another
