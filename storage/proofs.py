"""The proof of reminding: every message that told of a stage, to whom, when, in which words, and whether it was seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from obligations.notice import Level
from storage import overview
from storage.conditions import is_dated
from storage.dead_letters import Letter, every, letters
from storage.models import (
    Contact,
    Membership,
    Notification,
    NotificationKind,
    Obligation,
    Organisation,
    Reminding,
    Stage,
)
from storage.overview import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One stage as it stands, and in order of time what was sent, or was to be sent, to tell of it."""

    item: Item
    letters: tuple[Letter, ...]


def of_stage(session: Session, stage_id: int) -> Proof:
    """Return the proof for one stage: what named it when it was sent, and what was planned to and was not sent.

    Raises:
        NotFoundError: there is no such stage.
    """
    item = overview.item(session, stage_id)
    return Proof(item=item, letters=_letters(session, session.get_one(Stage, stage_id)))


def stages_of(session: Session, subject_id: int, period: str, *, rule: str | None = None) -> tuple[int, ...]:
    """Return the dated stages of what an organisation owes for a period, or of one duty of it, in order."""
    query = (
        select(Stage.id)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .where(Stage.subject_id == subject_id, Stage.period == period, is_dated())
        .order_by(Stage.rule, Obligation.part, Stage.position)
    )
    return tuple(session.scalars(query if rule is None else query.where(Stage.rule == rule)))


def _letters(session: Session, stage: Stage) -> tuple[Letter, ...]:
    """Return what told of a stage: of all that went to those concerned, what named it or was meant to."""
    planned = _planned(session, stage.id)
    # What a message named stands in its proof, which no database searches alike: it is read of those concerned.
    named = and_(Notification.proof.is_not(None), Notification.contact_id.in_(_concerned(session, stage)))
    meant = or_(Notification.stage_id == stage.id, Notification.id.in_(planned))
    found = letters(
        session,
        every().where(or_(meant, named)).order_by(Notification.created_at, Notification.id),
        tries=True,
    )
    return tuple(
        each for each in found if stage.id in each.told or each.stage_id == stage.id or each.id in planned
    )


def _planned(session: Session, stage_id: int) -> Sequence[int]:
    """Return the reminders that a stage was planned for, whatever became of them."""
    return session.scalars(
        select(Notification.id)
        .join(
            Reminding,
            (Reminding.contact_id == Notification.contact_id)
            & (Reminding.planned_on == Notification.planned_on),
        )
        .where(Reminding.stage_id == stage_id, Notification.kind == NotificationKind.REMINDER)
    ).all()


def _concerned(session: Session, stage: Stage) -> Select[int]:
    """Select everyone a stage is or was of concern to, those who have left with them.

    They are the people of its own organisations, of every district its unit has been with, of those that were
    succeeded by one of these, and of the municipality; and whoever was reminded of it.
    """
    own = {stage.subject_id, stage.actor_id, stage.checker_id, stage.district_id} - {None}
    own |= set(session.scalars(select(Membership.district_id).where(Membership.unit_id == stage.subject_id)))
    own |= set(session.scalars(select(Organisation.id).where(Organisation.successor_id.in_(own))))
    city = select(Organisation.id).where(Organisation.level == Level.MUNICIPAL)
    reminded = select(Reminding.contact_id).where(Reminding.stage_id == stage.id)
    return select(Contact.id).where(
        or_(
            Contact.organisation_id.in_(own),
            Contact.organisation_id.in_(city),
            Contact.id.in_(reminded),
        )
    )
