"""What could not be delivered, or nobody knows whether it was: looked at, sent again or let go by an administrator.

Every notification can be looked at with its attempts; only those that have failed or are unknown can be replayed or
discarded.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from storage import claims, lanes, trail
from storage.contacts import reachable
from storage.errors import NotFoundError, ReplayRefusedError
from storage.models import (
    Attempt,
    AttemptOutcome,
    Contact,
    Notification,
    NotificationKind,
    Organisation,
    Outcome,
)

Query: TypeAlias = Select[Notification, Contact, Organisation, bool]

DEAD = (Outcome.FAILED, Outcome.UNKNOWN)
"""What is never tried again by itself."""

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt to send: by which channel, from when until when, and how it ended; not yet where ``outcome`` is None."""

    number: int
    channel: str
    began_at: datetime
    ended_at: datetime | None
    outcome: AttemptOutcome | None
    reason: str | None
    message_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A notification with its reader and what became of it.

    ``text`` is what was sent, None where nothing was; ``told`` are the stages it named. ``tries`` are empty where they
    were not asked for.
    """

    id: int
    kind: NotificationKind
    key: str
    contact: str
    organisation: str
    stage_id: int | None
    planned_on: date
    created_at: datetime
    outcome: Outcome
    reason: str | None
    attempts: int
    finished_at: datetime | None
    channel: str | None
    text: str | None
    told: tuple[int, ...]
    message_id: str | None
    acknowledged_at: datetime | None
    reachable: bool
    tries: tuple[Try, ...] = ()


def listed(
    session: Session, *, outcomes: Collection[Outcome] = DEAD, since: datetime | None = None, limit: int
) -> tuple[Letter, ...]:
    """Return the dead letters with one of these outcomes that were given up at ``since`` or later, the latest first."""
    query = _dead(outcomes, since).order_by(Notification.finished_at.desc(), Notification.id.desc())
    return letters(session, query.limit(limit))


def get(session: Session, notification_id: int) -> Letter:
    """Return any notification with its attempts.

    Raises:
        NotFoundError: none has this id.
    """
    found = letters(session, every().where(Notification.id == notification_id), tries=True)
    if not found:
        raise NotFoundError(f"there is no notification {notification_id}")
    return found[0]


def letters(session: Session, query: Query, *, tries: bool = False) -> tuple[Letter, ...]:
    """Return the notifications of a query made from `every`, in its order, with their attempts where asked for."""
    rows = session.execute(query).all()
    by_notification: dict[int, list[Try]] = {}
    if tries and rows:
        ids = [notification.id for notification, *_ in rows]
        for attempt in session.scalars(
            select(Attempt).where(Attempt.notification_id.in_(ids)).order_by(Attempt.number)
        ):
            by_notification.setdefault(attempt.notification_id, []).append(_try(attempt))
    return tuple(_letter(*row, tries=tuple(by_notification.get(row[0].id, ()))) for row in rows)


def replayable(
    session: Session, *, outcomes: Collection[Outcome] = DEAD, since: datetime | None = None
) -> tuple[tuple[int, ...], int]:
    """Return the ids of the dead letters whose reader can be reached now, oldest first, and how many others there are."""
    rows = session.execute(
        _dead(outcomes, since).with_only_columns(Notification.id, reachable()).order_by(Notification.id)
    ).all()
    found = tuple(notification_id for notification_id, can in rows if can)
    return found, len(rows) - len(found)


def replay(session: Session, ids: Sequence[int], *, now: datetime) -> None:
    """Let dead letters be sent again, all of them or none; whether each still matters is read when its turn comes.

    Raises:
        ReplayRefusedError: one of them does not exist, is no dead letter, or its reader cannot be reached.
    """
    for letter in _chosen(session, ids):
        if not letter.reachable:
            raise ReplayRefusedError("unreachable", id=letter.id, contact=letter.contact)
        notification = session.get_one(Notification, letter.id)
        place = lanes.place_again(session, letter.id, now=now)
        _settle(
            session,
            letter,
            {
                "outcome": Outcome.PENDING,
                "outcome_reason": None,
                "finished_at": None,
                "message_id": None,
                "not_before": now,
                "lane_id": place.lane_id,
                "turn": place.turn,
                "errors": 0,
                "facts": {**notification.facts, claims.REPLAYED_AFTER: notification.attempts},
            },
        )
        _record(session, "replayed", letter, now=now)


def discard(session: Session, ids: Sequence[int], *, reason: str, now: datetime) -> None:
    """Let dead letters go for good, all of them or none, and why; their attempts stay on record.

    Raises:
        ReplayRefusedError: one of them does not exist, or is no dead letter.
    """
    for letter in _chosen(session, ids):
        values = {"outcome": Outcome.DROPPED, "outcome_reason": reason[:_LONGEST_REASON], "finished_at": now}
        _settle(session, letter, values)
        _record(session, "discarded", letter, now=now, reason=reason)


def _chosen(session: Session, ids: Sequence[int]) -> list[Letter]:
    chosen = []
    for notification_id in dict.fromkeys(ids):
        try:
            letter = get(session, notification_id)
        except NotFoundError:
            raise ReplayRefusedError("unknown", id=notification_id) from None
        if letter.outcome not in DEAD:
            raise ReplayRefusedError("not_dead", id=letter.id, outcome=letter.outcome.value)
        chosen.append(letter)
    return chosen


def _settle(session: Session, letter: Letter, values: dict[str, Any]) -> None:
    session.execute(
        update(Notification)
        .where(Notification.id == letter.id)
        .values(leased_by=None, leased_until=None, **values)
        .execution_options(synchronize_session=False)
    )


def _record(session: Session, kind: str, letter: Letter, *, now: datetime, reason: str | None = None) -> None:
    detail: dict[str, Any] = {} if reason is None else {"reason": reason}
    trail.record(
        session,
        kind,
        at=now,
        stage_id=letter.stage_id,
        notification=letter.id,
        to=letter.contact,
        was=letter.outcome.value,
        **detail,
    )


def every() -> Query:
    """Return the query of every notification with its reader, to be narrowed for `letters`."""
    return (
        select(Notification, Contact, Organisation, reachable())
        .join(Contact, Contact.id == Notification.contact_id)
        .join(Organisation, Organisation.id == Contact.organisation_id)
    )


def _dead(outcomes: Collection[Outcome], since: datetime | None) -> Query:
    query = every().where(Notification.outcome.in_(outcomes))
    return query if since is None else query.where(Notification.finished_at >= since)


def _letter(
    notification: Notification,
    contact: Contact,
    organisation: Organisation,
    can: bool,  # noqa: FBT001  # a column of the row
    *,
    tries: tuple[Try, ...],
) -> Letter:
    proof = notification.proof or {}
    return Letter(
        id=notification.id,
        kind=notification.kind,
        key=notification.key,
        contact=contact.name,
        organisation=organisation.name,
        stage_id=notification.stage_id,
        planned_on=notification.planned_on,
        created_at=notification.created_at,
        outcome=notification.outcome,
        reason=notification.outcome_reason,
        attempts=notification.attempts,
        finished_at=notification.finished_at,
        channel=proof.get("channel"),
        text=proof.get("text"),
        told=tuple(proof.get("stage_ids", ())),
        message_id=notification.message_id,
        acknowledged_at=notification.acknowledged_at,
        reachable=can,
        tries=tries,
    )


def _try(attempt: Attempt) -> Try:
    return Try(
        number=attempt.number,
        channel=attempt.channel,
        began_at=attempt.began_at,
        ended_at=attempt.ended_at,
        outcome=attempt.outcome,
        reason=attempt.reason,
        message_id=attempt.message_id,
    )
