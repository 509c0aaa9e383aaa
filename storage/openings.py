"""What somebody could do next: stages that wait to be handed over and stages that wait for a check, in bulk.

Each with what is needed to decide whether and when, and with the people who may. Reads only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from obligations.decisions import SETTLED, Action, Status
from obligations.notice import Level
from storage.conditions import is_dated, is_pending, is_submitted
from storage.contacts import reachable
from storage.models import Contact, Event, Obligation, Organisation, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A stage somebody can act on now. ``returned`` tells whether it was ever returned for correction."""

    stage_id: int
    rule: str
    period: str
    stage: str
    status: Status
    act_by_on: date | None
    submitted_at: datetime | None
    decided_at: datetime | None
    subject_code: str
    subject_name: str
    actor_id: int
    actor_level: Level
    district_id: int | None
    checker_id: int | None
    checked_by: Level | None
    returned: bool


def to_hand_over(session: Session, *, through: date) -> tuple[Opening, ...]:
    """Return the stages their actor may hand over now that are due through a date, overdue ones with them.

    Not those whose check is opened by an upload: accepting that hands them over.
    """
    before = aliased(Stage)
    settled = ~exists().where(
        before.obligation_id == Stage.obligation_id,
        before.position < Stage.position,
        before.status.not_in(SETTLED),
    )
    may = or_(Stage.position == 0, Stage.status == Status.RETURNED, settled)
    return _read(session, and_(is_pending(), Stage.ready, is_dated(), Stage.act_by_on <= through, may))


def to_check(session: Session) -> tuple[Opening, ...]:
    """Return the stages that were handed over and wait for their check."""
    return _read(session, and_(is_submitted(), Stage.checker_id.is_not(None)))


def people(session: Session) -> Mapping[int, int]:
    """Return who acts for each organisation: its first contact who can be reached, one who is no lead before one."""
    rows = session.execute(
        select(Contact.organisation_id, Contact.id).where(reachable()).order_by(Contact.lead, Contact.id)
    )
    first: dict[int, int] = {}
    for organisation_id, contact_id in rows:
        first.setdefault(organisation_id, contact_id)
    return first


def _read(session: Session, condition: ColumnElement[bool]) -> tuple[Opening, ...]:
    returned = exists().where(Event.stage_id == Stage.id, Event.kind == Action.RETURN.value)
    rows = session.execute(
        select(
            Stage.id.label("stage_id"),
            Stage.rule,
            Stage.period,
            Stage.name.label("stage"),
            Stage.status,
            Stage.act_by_on,
            Stage.submitted_at,
            Stage.decided_at,
            Organisation.code.label("subject_code"),
            Organisation.name.label("subject_name"),
            Stage.actor_id,
            Stage.actor_level,
            Stage.district_id,
            Stage.checker_id,
            Stage.checked_by,
            returned.label("returned"),
        )
        .join(Organisation, Organisation.id == Stage.subject_id)
        .where(condition)
        .order_by(Stage.id)
    )
    return tuple(Opening(**row._mapping) for row in rows)  # noqa: SLF001  # `_mapping` is SQLAlchemy's public name


def obligations(session: Session) -> int:
    """Return how many obligations there are."""
    return session.scalar(select(func.count()).select_from(Obligation)) or 0
