"""Decisions on a stage with all their consequences, in the caller's one transaction.

Each function fetches the chain, lets the pure core decide, and writes the new status, the dates that follow from
it, the line in the trail and the notifications it causes. Who may call what is the caller's to check
(`bot.access`); that the chain allows it is checked here. What an authority decides about dates is `storage.rulings`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from obligations.binding import Binding
from obligations.chains import binding_of_step
from obligations.deadlines import Facts
from obligations.decisions import Action, Link, Status, decide, following
from obligations.law import Law
from obligations.notice import Level, SubmitPlus
from obligations.occasions import correction_days
from obligations.periods import Period
from storage import contacts, corrections, outbox, trail
from storage.errors import NotFoundError, StaleError
from storage.models import NotificationKind, Stage
from storage.types import local_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who decides: a contact, and the level of the contact's organisation."""

    contact_id: int
    level: Level


def submit(
    session: Session, law: Law, stage_id: int, *, by: Actor, now: datetime, version: int | None = None
) -> Stage:
    """Record that the stage's actor has handed it over, and start the clock of the stage that follows.

    Raises:
        DecisionRefused: the chain does not allow it.
        StaleError: the stage changed since ``version``.
    """
    return _act(session, law, stage_id, Action.SUBMIT, by=by, now=now, version=version)


def accept(
    session: Session, law: Law, stage_id: int, *, by: Actor, now: datetime, version: int | None = None
) -> Stage:
    """Record that the level above accepts the stage, which completes that level's own check of it."""
    return _act(session, law, stage_id, Action.ACCEPT, by=by, now=now, version=version)


def return_for_correction(
    session: Session,
    law: Law,
    stage_id: int,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    version: int | None = None,
) -> Stage:
    """Send a stage back with a reason; its correction is due the working days after today that the law gives."""
    return _act(session, law, stage_id, Action.RETURN, by=by, now=now, version=version, reason=reason)


def supplement(session: Session, stage_id: int, *, now: datetime) -> Stage:
    """Note that a submitted stage has more files now: a check begun before must look again, and is told so."""
    stage = get(session, stage_id)
    if stage.status is Status.SUBMITTED:
        stage.version += 1
        session.flush()
        announce_waiting(session, stage, now=now)
    return stage


def pause(session: Session, stage_id: int, *, until: date, by: Actor, now: datetime, reason: str) -> Stage:
    """Note that the actor is working on it: no reminder through ``until``; digests still name what is overdue."""
    stage = get(session, stage_id)
    stage.paused_until = until
    trail.record(
        session,
        "working_on_it",
        at=now,
        stage_id=stage.id,
        organisation_id=stage.actor_id,
        contact_id=by.contact_id,
        until=until.isoformat(),
        reason=reason,
    )
    return stage


def get(session: Session, stage_id: int) -> Stage:
    """Return a stage with its subject and actor.

    Raises:
        NotFoundError: no stage has this id.
    """
    stage = session.scalar(
        select(Stage).where(Stage.id == stage_id).options(joinedload(Stage.subject), joinedload(Stage.actor))
    )
    if stage is None:
        raise NotFoundError(f"there is no stage {stage_id}")
    return stage


def require_version(stage: Stage, version: int) -> None:
    """Stop where a stage changed since a button was drawn for it.

    Raises:
        StaleError: it did.
    """
    if stage.version != version:
        raise StaleError


def chain_of(session: Session, obligation_id: int) -> Sequence[Stage]:
    """Return an obligation's stages in order."""
    return session.scalars(
        select(Stage)
        .where(Stage.obligation_id == obligation_id)
        .order_by(Stage.position)
        .options(joinedload(Stage.subject), joinedload(Stage.actor))
    ).all()


def _act(
    session: Session,
    law: Law,
    stage_id: int,
    action: Action,
    *,
    by: Actor,
    now: datetime,
    version: int | None,
    reason: str | None = None,
) -> Stage:
    stage = get(session, stage_id)
    if version is not None:
        require_version(stage, version)
    chain = chain_of(session, stage.obligation_id)
    links = [Link(actor=each.actor_level, checked_by=each.checked_by, status=each.status) for each in chain]
    changes = decide(links, stage.position, action, by=by.level)
    for change in changes:
        _apply(law, chain, change.position, change.status, by=by, now=now, reason=reason)
    _hand_over(law, chain)
    for change in changes:
        corrections.follow(session, chain[change.position], by=by.contact_id, now=now)
    trail.record(
        session,
        action.value,
        at=now,
        stage_id=stage.id,
        organisation_id=stage.actor_id,
        contact_id=by.contact_id,
        status=stage.status.value,
        **({"reason": reason} if reason else {}),
    )
    session.flush()
    _announce(session, chain, stage, action, now=now)
    return stage


def _apply(
    law: Law,
    chain: Sequence[Stage],
    position: int,
    status: Status,
    *,
    by: Actor,
    now: datetime,
    reason: str | None,
) -> None:
    stage = chain[position]
    stage.status = status
    stage.version += 1
    stage.paused_until = None
    if status is Status.SUBMITTED or (status is Status.ACCEPTED and stage.submitted_at is None):
        stage.submitted_at = now
        stage.submitted_by = by.contact_id
    if status is Status.OPEN:
        stage.submitted_at = None
        stage.submitted_by = None
    if status in (Status.OPEN, Status.SUBMITTED):
        stage.decided_at = None
        stage.reason = None
    else:
        stage.decided_at = now
        stage.reason = reason
    if status is Status.RETURNED:
        days = correction_days(law.rulebook, stage.rule)
        if days is not None:
            stage.act_by_on = law.calendar.add_working_days(local_date(now), days)
        stage.excused = False
        if (after := following(chain, position)) is not None:
            # What was accepted before its unit moved is passed down by the new district, and is its own from there.
            stage.district_id = chain[after].district_id


def _hand_over(law: Law, chain: Sequence[Stage]) -> None:
    """Open what the stage before has handed over, close what it takes back, and let the date follow.

    A check that was let go stands for nothing: the stage before it counts.
    """
    before: Stage | None = None
    for stage in chain:
        if stage.position:
            ready = before is None or before.status in (Status.SUBMITTED, Status.ACCEPTED)
            turned = ready is not stage.ready
            stage.ready = ready
            again = before is not None and before.status is Status.SUBMITTED
            if stage.status is Status.OPEN and (turned or again):
                _date(law, stage, before.submitted_at if before is not None and ready else None)
        if stage.status is not Status.WAIVED:
            before = stage


def _date(law: Law, stage: Stage, handed_over_at: datetime | None) -> None:
    """Date an open stage by the notice and the hand-over before it; an extension holds where it is later.

    Without a hand-over a date that counts from one is the provisional one again. Every other date stands: it
    came with the obligation.
    """
    binding = binding_of_stage(law, stage)
    if isinstance(binding.stage(stage.name).deadline, SubmitPlus):
        submitted_on = () if handed_over_at is None else (local_date(handed_over_at),)
        bound = law.date(binding, stage.name, facts=Facts(submitted_on=submitted_on))
        stage.due_on = bound.date.due_on
        stage.due_kind = bound.date.kind
        stage.dated_by = bound.source.notice.number
        stage.excused = bound.date.excused
        stage.act_by_on = bound.date.internal_target_on or bound.date.due_on
    else:
        stage.act_by_on = stage.due_on
    if stage.extended_to is not None and (stage.act_by_on is None or stage.extended_to >= stage.act_by_on):
        stage.act_by_on = stage.extended_to
        stage.excused = False


def binding_of_stage(law: Law, stage: Stage) -> Binding:
    """Return what binds a stage: the notices of its duty and period as they are, or in the version that made it.

    Raises:
        UnknownRule, DeadlineError: no notice speaks of it any more.
    """
    obligation = stage.obligation
    return binding_of_step(
        law,
        stage.rule,
        Period.parse(stage.period),
        stage.name,
        sector=stage.subject.sector,
        part=obligation.part,
        made=(obligation.notice, obligation.notice_version),
    )


def _announce(
    session: Session, chain: Sequence[Stage], stage: Stage, action: Action, *, now: datetime
) -> None:
    match action:
        case Action.SUBMIT:
            announce_waiting(session, stage, now=now)
        case Action.ACCEPT:
            _tell(session, stage.actor_id, NotificationKind.ACCEPTED, stage, now=now)
            after = following(chain, stage.position)
            if after is not None and chain[after].status is Status.SUBMITTED:
                announce_waiting(session, chain[after], now=now)
        case Action.RETURN:
            _tell(session, stage.actor_id, NotificationKind.RETURNED, stage, now=now)


def announce_waiting(session: Session, stage: Stage, *, now: datetime) -> None:
    """Tell the checker. The municipality, which checks everyone, hears of its queue once a day, not of each file."""
    if stage.status is not Status.SUBMITTED or stage.checker_id is None:
        return
    told_on = local_date(outbox.after_quiet_hours(now))
    key = told_on.isoformat() if stage.checked_by is Level.MUNICIPAL else None
    _tell(session, stage.checker_id, NotificationKind.SUBMITTED, stage, now=now, key=key)


def _tell(
    session: Session,
    organisation_id: int,
    kind: NotificationKind,
    stage: Stage,
    *,
    now: datetime,
    key: str | None = None,
) -> None:
    outbox.enqueue(
        session,
        [contact.id for contact in contacts.staff_of(session, organisation_id)],
        kind,
        key=key or f"{stage.id}:{stage.version}",
        stage_id=stage.id,
        now=now,
        not_before=outbox.after_quiet_hours(now),
    )
