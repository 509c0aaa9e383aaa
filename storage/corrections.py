"""Corrections that go with their evidence: opened because it never came, and handed over with it.

Such a correction is a stage like any other, with its own date, but nobody has to hand it over apart: while the evidence
is missing the reminders of the evidence name the correction's date, and what becomes of the evidence becomes of it. It
is kept out of every list by not being ready. A return starts a clock of its own on the evidence: no second correction.
"""

from datetime import date, datetime

from sqlalchemy import ColumnElement, ScalarSelect, String, cast, literal, not_, select
from sqlalchemy.orm import Session, aliased

from obligations.decisions import SETTLED, Status
from storage import trail
from storage.models import Obligation, Occurrence, Stage


def is_carried() -> ColumnElement[bool]:
    """Return the condition that a stage is carried by another and never handed over apart."""
    return not_(Stage.ready) & (Stage.position == 0)


def part_of() -> ColumnElement[str]:
    """Return the part of the obligations that an occurrence gave rise to, as ``#12``."""
    return literal("#").concat(cast(Occurrence.id, String))


def correct_by_on() -> ScalarSelect[date | None]:
    """Return, beside a stage, the date of the correction that it carries and that is open; NULL where there is none."""
    carried, owed = aliased(Stage), aliased(Obligation)
    return (
        select(carried.act_by_on)
        .join(owed, owed.id == carried.obligation_id)
        .join(Occurrence, (owed.subject_id == Occurrence.subject_id) & (owed.part == part_of()))
        .where(
            Occurrence.stage_id == Stage.id,
            carried.position == 0,
            not_(carried.ready),
            carried.status == Status.OPEN,
        )
        .limit(1)
        .correlate(Stage)
        .scalar_subquery()
    )


def carried_by(session: Session, stage_id: int) -> Stage | None:
    """Return the correction that a stage carries; None where it carries none."""
    return session.scalar(
        select(Stage)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .join(Occurrence, (Obligation.subject_id == Occurrence.subject_id) & (Obligation.part == part_of()))
        .where(Occurrence.stage_id == stage_id, is_carried())
        .order_by(Stage.id.desc())
        .limit(1)
    )


def evidence_of(session: Session, stage: Stage) -> int | None:
    """Return the id of the stage that carries a correction; None for a stage that stands by itself."""
    if stage.ready or stage.position:
        return None
    return session.scalar(
        select(Occurrence.stage_id).where(
            Occurrence.subject_id == stage.subject_id, part_of() == stage.obligation.part
        )
    )


def withdraw(
    session: Session, moved: ColumnElement[bool], *, reason: str, by: int | None, now: datetime
) -> None:
    """Let go what arose by itself from a missed date that was put off since, as far as it is still to be done.

    ``moved`` is a condition on the stages that were missed. What was returned keeps what arose from it: its date is
    that of another correction. ``by`` is the contact who decided.
    """
    arose, owed = aliased(Stage), aliased(Obligation)
    parts = (
        select(part_of())
        .join(Stage, Stage.id == Occurrence.stage_id)
        .where(
            moved,
            Occurrence.automatic,
            Occurrence.happened_on <= Stage.act_by_on,
            Stage.status == Status.OPEN,
        )
    )
    if session.scalar(parts.limit(1)) is None:
        return
    arisen = (
        select(arose)
        .join(owed, owed.id == arose.obligation_id)
        .where(owed.part.in_(parts), arose.status.in_([Status.OPEN, Status.RETURNED]))
        .order_by(arose.id)
        .execution_options(populate_existing=True)
    )
    let_go = session.scalars(arisen).all()
    for stage in let_go:
        stage.status = Status.WAIVED
        stage.version += 1
        stage.decided_at = now
        stage.reason = reason
        stage.paused_until = None
    if let_go:
        trail.record(
            session,
            "withdrawn",
            at=now,
            contact_id=by,
            stages=[stage.id for stage in let_go],
            reason=reason,
        )


def follow(session: Session, stage: Stage, *, by: int | None, now: datetime) -> None:
    """Let the correction that a stage carries go the way the stage went: handed over, accepted or waived with it.

    A return changes nothing here: the correction was handed over, and what has to be corrected now runs on the stage.
    ``by`` is the contact who decided.
    """
    after = stage.status
    if after not in (Status.SUBMITTED, *SETTLED):
        return
    carried = carried_by(session, stage.id)
    if carried is None or carried.status in (*SETTLED, after):
        return
    carried.status = after
    carried.version += 1
    if carried.submitted_at is None and after is not Status.WAIVED:
        carried.submitted_at, carried.submitted_by = stage.submitted_at, stage.submitted_by
    if after in SETTLED:
        carried.decided_at = now
        carried.reason = stage.reason
    trail.record(
        session,
        "followed",
        at=now,
        stage_id=carried.id,
        organisation_id=carried.actor_id,
        contact_id=by,
        status=after.value,
        evidence=stage.id,
    )
