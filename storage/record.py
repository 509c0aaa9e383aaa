"""What happened and what stood open, read in bulk for checking a run. No judgement here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from obligations.notice import Level
from storage.conditions import is_dated, is_pending, is_submitted
from storage.contacts import reachable
from storage.models import Contact, Notification, NotificationKind, Organisation, Outcome, Reminding, Stage
from storage.organisations import in_office


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStage:
    """A stage its actor could hand over at that moment. Dates in Asia/Shanghai."""

    id: int
    rule: str
    act_by_on: date
    actor_id: int
    actor_level: Level
    district_id: int | None
    excused: bool
    paused_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A contact who could be written to at that moment; ``in_office`` if the organisation acted then."""

    contact_id: int
    organisation_id: int
    level: Level
    lead: bool
    in_office: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A stage that is not settled, with its district, actor and checker."""

    stage_id: int
    district_id: int | None
    actor_id: int
    checker_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One stage on one contact's reminder of one day."""

    stage_id: int
    contact_id: int
    act_by_on: date
    mark: int
    planned_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notification and what became of it; ``stage_ids`` are the stages it named when it was sent."""

    id: int
    contact_id: int
    kind: NotificationKind
    key: str
    planned_on: date
    not_before: datetime
    outcome: Outcome
    finished_at: datetime | None
    stage_ids: frozenset[int]


def open_stages(session: Session, *, through: date) -> tuple[OpenStage, ...]:
    """Return the stages that are their actor's to do and due through a date, overdue ones with them."""
    rows = session.execute(
        select(
            Stage.id,
            Stage.rule,
            Stage.act_by_on,
            Stage.actor_id,
            Stage.actor_level,
            Stage.district_id,
            Stage.excused,
            Stage.paused_until,
        )
        .where(is_pending(), Stage.ready, is_dated(), Stage.act_by_on <= through)
        .order_by(Stage.id)
    )
    return tuple(OpenStage(**row._mapping) for row in rows)  # noqa: SLF001  # `_mapping` is SQLAlchemy's public name


def readers(session: Session, *, on: date) -> tuple[Reader, ...]:
    """Return everyone who can be written to; in office are those of the organisations that act on ``on``."""
    rows = session.execute(
        select(
            Contact.id.label("contact_id"),
            Contact.organisation_id,
            Organisation.level,
            Contact.lead,
            in_office(on).label("in_office"),
        )
        .join(Organisation, Organisation.id == Contact.organisation_id)
        .where(reachable())
        .order_by(Contact.id)
    )
    return tuple(Reader(**row._mapping) for row in rows)  # noqa: SLF001  # see above


def holdings(session: Session, organisation_ids: Collection[int]) -> tuple[Holding, ...]:
    """Return every stage that is not settled and with one of these organisations, as district, actor or checker."""
    if not organisation_ids:
        return ()
    concerned = [
        column.in_(organisation_ids) for column in (Stage.district_id, Stage.actor_id, Stage.checker_id)
    ]
    rows = session.execute(
        select(Stage.id.label("stage_id"), Stage.district_id, Stage.actor_id, Stage.checker_id)
        .where(or_(is_pending(), is_submitted()), or_(*concerned))
        .order_by(Stage.id)
    )
    return tuple(Holding(**row._mapping) for row in rows)  # noqa: SLF001  # see above


def succeeded(session: Session, *, on: date) -> frozenset[int]:
    """Return the organisations whose last day lies before ``on`` and whose successor existed then."""
    heir = aliased(Organisation)
    found = select(Organisation.id).join(heir, heir.id == Organisation.successor_id)
    begun = func.coalesce(heir.valid_from, date.min) <= on
    return frozenset(session.scalars(found.where(Organisation.valid_to < on, begun)))


def reminders(session: Session) -> tuple[Reminder, ...]:
    """Return every stage on every reminder ever planned."""
    rows = session.execute(
        select(
            Reminding.stage_id,
            Reminding.contact_id,
            Reminding.act_by_on,
            Reminding.mark,
            Reminding.planned_on,
        ).order_by(Reminding.planned_on, Reminding.contact_id, Reminding.stage_id)
    )
    return tuple(Reminder(**row._mapping) for row in rows)  # noqa: SLF001  # see above


def told(session: Session) -> tuple[Told, ...]:
    """Return every notification with its outcome."""
    rows = session.execute(
        select(
            Notification.id,
            Notification.contact_id,
            Notification.kind,
            Notification.key,
            Notification.planned_on,
            Notification.not_before,
            Notification.outcome,
            Notification.finished_at,
            Notification.proof,
        ).order_by(Notification.id)
    )
    return tuple(
        Told(
            id=row.id,
            contact_id=row.contact_id,
            kind=row.kind,
            key=row.key,
            planned_on=row.planned_on,
            not_before=row.not_before,
            outcome=row.outcome,
            finished_at=row.finished_at,
            stage_ids=frozenset((row.proof or {}).get("stage_ids", ())),
        )
        for row in rows
    )
