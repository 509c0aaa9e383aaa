"""How Duewatch itself is doing, as numbers: what waits and for how long, what was settled lately, who cannot be reached.

Reads only, but for the instant of the first look. What follows from the numbers is decided in `jobs.watch` and `bot.web`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import BindParameter, ColumnElement, bindparam, case, exists, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from storage import settings
from storage.claims import is_unsent
from storage.conditions import is_overdue
from storage.contacts import reachable
from storage.inbox import MOST_ATTEMPTS
from storage.models import (
    Attempt,
    AttemptOutcome,
    Binding,
    Contact,
    InboundUpdate,
    Notification,
    NotificationKind,
    Organisation,
    Outage,
    Outcome,
    Stage,
)
from storage.outbox import QUIET_FROM, QUIET_UNTIL
from storage.types import NOTICE_ZONE

LATELY = timedelta(days=1)
"""How far back what was settled is counted."""

STANDING = timedelta(days=30)
"""How long a notification that was given up, and that nobody has replayed or discarded, is held against its reader."""

_FIRST_LOOK_AT = "first_look_at"
_MIGRATIONS = Path(__file__).parent / "migrations"
_DIGESTS = (NotificationKind.DAILY_DIGEST, NotificationKind.WEEKLY_DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits: how many, and for how long the one that could have gone first has waited. Zero where nothing could."""

    waiting: int
    oldest: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """The contacts to whom something does not arrive, by their ids, in order."""

    contact_ids: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many they are."""
        return len(self.contact_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRound:
    """Digests of one day and kind that went out, the last of them at ``last_at``."""

    kind: NotificationKind
    planned_on: date
    last_at: datetime


def is_migrated(session: Session) -> bool:
    """Tell whether the tables are those of this release."""
    applied: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return applied == _newest_migration()


def outbox(session: Session, *, now: datetime) -> Backlog:
    """Return what of the outbox could have gone by now.

    How long it waited counts from when it might first have gone, however often it was put back since, and without the
    hours in which nobody is written to.
    """
    put_back = Notification.outcome_reason.is_not(None)
    # One that is planned late, after an outage, has an hour that was over when it was written.
    written = or_(put_back, Notification.not_before < Notification.created_at)
    since = case((written, Notification.created_at), else_=Notification.not_before)
    waiting, oldest = session.execute(
        select(func.count(), func.min(since)).where(
            is_unsent(), or_(put_back, Notification.not_before <= now)
        )
    ).one()
    return Backlog(waiting=waiting, oldest=timedelta() if oldest is None else awake(oldest, now))


def pending(session: Session) -> Mapping[NotificationKind, int]:
    """Return how many notifications wait, those for a later hour too, by kind."""
    rows = session.execute(
        select(Notification.kind, func.count()).where(is_unsent()).group_by(Notification.kind)
    )
    return dict(rows.all())


def settled(session: Session, *, now: datetime) -> Mapping[tuple[NotificationKind, Outcome], int]:
    """Return how many notifications were settled within the last day, by kind and outcome."""
    rows = session.execute(
        select(Notification.kind, Notification.outcome, func.count())
        .where(Notification.finished_at > now - LATELY)
        .group_by(Notification.kind, Notification.outcome)
    )
    return {(kind, outcome): count for kind, outcome, count in rows}


def unknown_attempts(session: Session) -> int:
    """Return how many sends ever ended without anybody hearing how: each may have arrived twice."""
    # Written out for its partial index.
    unknown: BindParameter[AttemptOutcome] = bindparam(
        None, AttemptOutcome.UNKNOWN, type_=Attempt.__table__.c.outcome.type, literal_execute=True
    )
    return session.scalar(select(func.count()).where(Attempt.outcome == unknown)) or 0


def inbox(session: Session, *, now: datetime) -> Backlog:
    """Return what came from the chat and is not handled yet."""
    waits = InboundUpdate.handled_at.is_(None)
    oldest = session.scalar(select(func.min(InboundUpdate.received_at)).where(waits))
    return Backlog(
        waiting=session.scalar(select(func.count()).where(waits)) or 0,
        oldest=timedelta() if oldest is None else max(now - oldest, timedelta()),
    )


def given_up(session: Session) -> int:
    """Return how many updates were given up after errors of ours, and that nobody has discarded."""
    return session.scalar(select(func.count()).where(_is_given_up())) or 0


def unreached(session: Session, *, now: datetime) -> Unreached:
    """Return who has no address left that works, or of whom a dead letter of the last 30 days stands.

    An address that is in use again, as after a new invitation, is not one that was lost.
    """
    again = aliased(Binding)
    in_use = exists().where(again.channel == Binding.channel, again.address == Binding.address, again.active)
    lost = select(Binding.contact_id).where(~Binding.active, ~in_use)
    undelivered = select(Notification.contact_id).where(*_stands(now))
    ids = session.scalars(
        select(Contact.id)
        .where(
            Contact.retired_at.is_(None),
            or_(Contact.id.in_(lost) & ~reachable(), Contact.id.in_(undelivered)),
        )
        .order_by(Contact.id)
    )
    return Unreached(contact_ids=tuple(ids))


def dead_letters(session: Session, *, now: datetime) -> int:
    """Return how many notifications of the last 30 days were given up, and that nobody has replayed or discarded."""
    return session.scalar(select(func.count()).where(*_stands(now))) or 0


def digests_sent(session: Session, *, now: datetime) -> tuple[DigestRound, ...]:
    """Return, for each day and kind, when the last digest went out, of those sent within the last day."""
    rows = session.execute(
        select(Notification.kind, Notification.planned_on, func.max(Notification.finished_at))
        .where(
            Notification.finished_at > now - LATELY,
            Notification.kind.in_(_DIGESTS),
            Notification.outcome == Outcome.SENT,
        )
        .group_by(Notification.kind, Notification.planned_on)
        .order_by(Notification.planned_on, Notification.kind)
    )
    return tuple(
        DigestRound(kind=kind, planned_on=day, last_at=last) for kind, day, last in rows if last is not None
    )


def overdue(session: Session, *, today: date) -> int:
    """Return how many stages are in default on a date, of the whole city."""
    return session.scalar(select(func.count()).select_from(Stage).where(is_overdue(today))) or 0


def has_registry(session: Session) -> bool:
    """Tell whether there is any organisation that could owe something."""
    return session.scalar(select(Organisation.id).limit(1)) is not None


def began_at(session: Session, *, now: datetime) -> datetime:
    """Return since when the timetable runs without an outage: since the last one ended, or the first look at all.

    A process that starts anew within half an hour changes nothing about it.
    """
    first = settings.get(session, _FIRST_LOOK_AT)
    if first is None:
        first = now.isoformat()
        settings.put(session, _FIRST_LOOK_AT, first)
    returned_at = session.scalar(select(func.max(Outage.ended_at)).where(Outage.ended_at <= now))
    return max(datetime.fromisoformat(first), returned_at or datetime.min.replace(tzinfo=UTC))


def awake(since: datetime, until: datetime) -> timedelta:
    """Return how much time lies between two instants in which people are written to; zero where there is none."""
    return max(_awake_through(until) - _awake_through(since), timedelta())


def _awake_through(instant: datetime) -> timedelta:
    """Return the time in which people are written to, from a fixed day through an instant."""
    local = instant.astimezone(NOTICE_ZONE)
    day = _since_midnight(QUIET_FROM) - _since_midnight(QUIET_UNTIL)
    of_today = _since_midnight(local.time()) - _since_midnight(QUIET_UNTIL)
    return day * local.date().toordinal() + min(max(of_today, timedelta()), day)


def _since_midnight(hour: time) -> timedelta:
    return timedelta(hours=hour.hour, minutes=hour.minute, seconds=hour.second, microseconds=hour.microsecond)


def _stands(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Notification.finished_at > now - STANDING,
        Notification.outcome.in_([Outcome.FAILED, Outcome.UNKNOWN]),
    )


def _is_given_up() -> ColumnElement[bool]:
    return (
        InboundUpdate.error.is_not(None)
        & InboundUpdate.handled_at.is_not(None)
        & (InboundUpdate.attempts >= MOST_ATTEMPTS)
        & InboundUpdate.discarded.is_(None)
    )


@cache
def _newest_migration() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()
