"""Sending from the outbox: claimed with a lease, begun on record before anything leaves the machine, settled once.

An attempt is written before it is made. One whose process ends in its middle is ended as unknown by whoever takes the
notification up next: only then may it arrive twice.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from storage import trail
from storage.models import Attempt, AttemptOutcome, Notification, NotificationKind, Outcome
from storage.statements import rows_changed

LEASE = timedelta(minutes=2)
"""How long a claimed notification is left to its worker before another may take it."""

BATCH = 100

REPLAYED_AFTER = "replayed_after"
"""The fact that holds after how many attempts a notification was last replayed: those before do not count any more."""

_STALLED = (AttemptOutcome.NOT_SENT, AttemptOutcome.UNKNOWN)
_CUT_SHORT = "the process ended before the answer"
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A notification that one worker may send now.

    ``attempts`` counts the sends begun before, ``errors`` those that count towards giving up, ``unknown`` those of
    which nobody heard how they ended, since it was replayed if it was. ``repeated`` says that it may have arrived before.
    ``stalled`` counts by channel those that did not go or were never heard of; ``began_at`` is when the last one began,
    ``put_off`` why it was last left for later.
    """

    id: int
    worker: str
    contact_id: int
    kind: NotificationKind
    key: str
    stage_id: int | None
    planned_on: date
    facts: dict[str, Any]
    urgency: int
    created_at: datetime
    not_before: datetime
    attempts: int
    errors: int
    unknown: int
    repeated: bool
    stalled: Mapping[str, int]
    began_at: datetime | None
    put_off: str | None


def claim(
    session: Session, *, worker: str, now: datetime, lease: timedelta = LEASE, limit: int = BATCH
) -> list[Claimed]:
    """Take up to ``limit`` notifications that are due and nobody else is sending: by urgency, then by fair turn.

    One whose lease has run out is taken again; an attempt that was under way is ended as unknown.
    """
    return _take(session, Notification.not_before <= now, worker=worker, now=now, lease=lease, limit=limit)


def claim_beside(
    session: Session,
    contact_ids: Collection[int],
    *,
    worker: str,
    now: datetime,
    since: datetime,
    lease: timedelta = LEASE,
) -> list[Claimed]:
    """Take whatever else of these readers is due, or was written by ``since`` and waits to be tried again."""
    waits = and_(
        Notification.created_at <= since, Notification.outcome_reason.is_not(None), Notification.errors == 0
    )
    theirs = and_(Notification.contact_id.in_(contact_ids), or_(Notification.not_before <= now, waits))
    return _take(session, theirs, worker=worker, now=now, lease=lease, limit=None)


def _take(
    session: Session,
    condition: ColumnElement[bool],
    *,
    worker: str,
    now: datetime,
    lease: timedelta,
    limit: int | None,
) -> list[Claimed]:
    due = session.scalars(
        select(Notification)
        .where(is_unsent(), condition, _is_free(now))
        .order_by(Notification.urgency, Notification.turn, Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not due:
        return []
    ids = [each.id for each in due]
    _end_as_unknown(session, Attempt.notification_id.in_(ids), now=now)
    session.execute(
        update(Notification)
        .where(Notification.id.in_(ids))
        .values(leased_by=worker, leased_until=now + lease)
        .execution_options(synchronize_session=False)
    )
    made = _attempts(session, ids)
    return [_claimed(notification, worker, made.get(notification.id, ())) for notification in due]


def begin(
    session: Session, claimed: Claimed, *, channel: str, now: datetime, lease: timedelta = LEASE
) -> bool:
    """Write that a send by a channel begins, and lengthen the lease; False where it is not this worker's any more.

    To be committed before anything leaves the machine.
    """
    number = session.scalar(
        update(Notification)
        .where(Notification.id == claimed.id, is_unsent(), Notification.leased_by == claimed.worker)
        .values(attempts=Notification.attempts + 1, leased_until=now + lease)
        .execution_options(synchronize_session=False)
        .returning(Notification.attempts)
    )
    if number is None:
        return False
    session.add(
        Attempt(
            notification_id=claimed.id, number=number, worker=claimed.worker, channel=channel, began_at=now
        )
    )
    return True


def end(
    session: Session,
    claimed: Claimed,
    outcome: AttemptOutcome,
    *,
    reason: str | None,
    message_id: str | None = None,
    now: datetime,
) -> None:
    """Write how this worker's send ended, where one was begun; one that was ended by another stays as it is."""
    session.execute(
        update(Attempt)
        .where(
            Attempt.notification_id == claimed.id,
            Attempt.worker == claimed.worker,
            Attempt.ended_at.is_(None),
        )
        .values(ended_at=now, outcome=outcome, reason=_short(reason), message_id=message_id)
        .execution_options(synchronize_session=False)
    )
    if outcome is AttemptOutcome.UNKNOWN:
        _note(session, claimed.id, claimed.contact_id, claimed.stage_id, now=now)


def sent(
    session: Session,
    claimed: Claimed,
    *,
    message_id: str | None,
    proof: dict[str, Any],
    reason: str | None = None,
    now: datetime,
) -> bool:
    """Record that the channel confirmed it; ``proof`` is what was sent, as JSON values.

    Like `dropped`, `failed` and `unknown`, returns whether this settled it: false where another already had, and for those
    also where another worker has it by now. What was confirmed counts, whoever has it.
    """
    return _finish(session, claimed, Outcome.SENT, reason, now=now, message_id=message_id, proof=proof)


def dropped(session: Session, claimed: Claimed, *, reason: str, now: datetime) -> bool:
    """Record that it no longer mattered when its turn came, and why."""
    return _finish(session, claimed, Outcome.DROPPED, reason, now=now, held=True)


def failed(
    session: Session, claimed: Claimed, *, reason: str, proof: dict[str, Any] | None = None, now: datetime
) -> bool:
    """Record that every channel of its reader refused it for good, or that there is none."""
    return _finish(session, claimed, Outcome.FAILED, reason, now=now, proof=proof, held=True)


def unknown(session: Session, claimed: Claimed, *, reason: str, proof: dict[str, Any], now: datetime) -> bool:
    """Record that it may have arrived, and that no more is tried."""
    return _finish(session, claimed, Outcome.UNKNOWN, reason, now=now, proof=proof, held=True)


def retry(session: Session, claimed: Claimed, *, at: datetime, reason: str, counts: bool = False) -> bool:
    """Leave it pending until ``at``. Returns false where another worker has taken it since.

    Only what ``counts``, an error of ours, leads to giving up.
    """
    values = {
        "not_before": at,
        "outcome_reason": reason[:_LONGEST_REASON],
        "leased_by": None,
        "leased_until": None,
        "errors": claimed.errors + counts,
    }
    return _settle(session, claimed, Notification.leased_by == claimed.worker, values)


def release(session: Session, worker: str, *, now: datetime) -> int:
    """Give up what a worker that is gone had claimed, so that others can claim it now. Returns how much it was."""
    leased = select(Notification.id).where(is_unsent(), Notification.leased_by == worker)
    _end_as_unknown(session, Attempt.notification_id.in_(leased), now=now)
    return rows_changed(
        session,
        update(Notification)
        .where(is_unsent(), Notification.leased_by == worker)
        .values(leased_by=None, leased_until=None),
    )


def acknowledge(session: Session, *, contact_id: int, message_id: str, now: datetime) -> None:
    """Note that a button of a message was pressed: its reader has seen what it tells. The first time counts."""
    session.execute(
        update(Notification)
        .where(
            Notification.contact_id == contact_id,
            Notification.message_id == message_id,
            Notification.acknowledged_at.is_(None),
        )
        .values(acknowledged_at=now)
        .execution_options(synchronize_session=False)
    )


def is_unsent() -> ColumnElement[bool]:
    """Return the condition that a notification still waits; written out for its partial index."""
    pending: BindParameter[Outcome] = bindparam(
        None, Outcome.PENDING, type_=Notification.__table__.c.outcome.type, literal_execute=True
    )
    return Notification.outcome == pending


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(Notification.leased_until.is_(None), Notification.leased_until <= now)


def _end_as_unknown(session: Session, condition: ColumnElement[bool], *, now: datetime) -> None:
    """End attempts whose process is gone, with a line in the trail each: what they sent may have arrived."""
    ended = session.execute(
        select(Attempt.id, Notification.id, Notification.contact_id, Notification.stage_id)
        .join(Notification, Notification.id == Attempt.notification_id)
        .where(Attempt.ended_at.is_(None), condition)
        .order_by(Attempt.id)
    ).all()
    if not ended:
        return
    session.execute(
        update(Attempt)
        .where(Attempt.id.in_([attempt_id for attempt_id, *_ in ended]))
        .values(ended_at=now, outcome=AttemptOutcome.UNKNOWN, reason=_CUT_SHORT)
        .execution_options(synchronize_session=False)
    )
    for _, notification_id, contact_id, stage_id in ended:
        _note(session, notification_id, contact_id, stage_id, now=now)


def _note(
    session: Session, notification_id: int, contact_id: int, stage_id: int | None, *, now: datetime
) -> None:
    trail.record(
        session,
        "possibly_repeated",
        at=now,
        stage_id=stage_id,
        contact_id=contact_id,
        notification=notification_id,
    )


def _attempts(session: Session, ids: list[int]) -> dict[int, list[Attempt]]:
    made: dict[int, list[Attempt]] = {}
    for attempt in session.scalars(select(Attempt).where(Attempt.notification_id.in_(ids))):
        made.setdefault(attempt.notification_id, []).append(attempt)
    return made


def _claimed(notification: Notification, worker: str, made: Sequence[Attempt]) -> Claimed:
    unheard = [attempt for attempt in made if attempt.outcome is AttemptOutcome.UNKNOWN]
    replayed_after = notification.facts.get(REPLAYED_AFTER, 0)
    return Claimed(
        id=notification.id,
        worker=worker,
        contact_id=notification.contact_id,
        kind=notification.kind,
        key=notification.key,
        stage_id=notification.stage_id,
        planned_on=notification.planned_on,
        facts=dict(notification.facts),
        urgency=notification.urgency,
        created_at=notification.created_at,
        not_before=notification.not_before,
        attempts=notification.attempts,
        errors=notification.errors,
        unknown=sum(attempt.number > replayed_after for attempt in unheard),
        repeated=bool(unheard),
        stalled=Counter(attempt.channel for attempt in made if attempt.outcome in _STALLED),
        began_at=max((attempt.began_at for attempt in made), default=None),
        put_off=notification.outcome_reason,
    )


def _finish(
    session: Session,
    claimed: Claimed,
    outcome: Outcome,
    reason: str | None,
    *,
    now: datetime,
    message_id: str | None = None,
    proof: dict[str, Any] | None = None,
    held: bool = False,
) -> bool:
    values: dict[str, Any] = {
        "outcome": outcome,
        "outcome_reason": _short(reason),
        "finished_at": now,
        "leased_by": None,
        "leased_until": None,
        "message_id": message_id,
    }
    if proof is not None:
        values["proof"] = {**proof, "repeated": True} if claimed.repeated else proof
    return _settle(session, claimed, Notification.leased_by == claimed.worker if held else None, values)


def _settle(
    session: Session, claimed: Claimed, condition: ColumnElement[bool] | None, values: dict[str, Any]
) -> bool:
    statement = update(Notification).where(Notification.id == claimed.id, is_unsent())
    if condition is not None:
        statement = statement.where(condition)
    result = session.execute(
        statement.values(values).execution_options(synchronize_session=False).returning(Notification.id)
    )
    return result.first() is not None


def _short(text: str | None) -> str | None:
    return None if text is None else text[:_LONGEST_REASON]
