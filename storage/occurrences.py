"""Recording what happened: a finding, a complaint, a licence to be cancelled, and every duty that arises from it.

What follows from a missed date by itself, and how obligations are made, is `storage.arising`'s. Who may record what is
the caller's to check.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from obligations.decisions import SETTLED, Status
from obligations.law import Law
from obligations.notice import Level
from obligations.occasions import Arisen, Cause, arising, causes, untimely
from obligations.periods import Period
from obligations.terms import Occasion
from storage import organisations, trail
from storage.arising import announce, last_stage, make
from storage.corrections import part_of
from storage.decisions import Actor
from storage.errors import NotFoundError, OccurrenceRefusedError
from storage.models import Obligation, Occurrence, Organisation, Stage
from storage.types import local_date

LONGEST_NOTE: Final = 1000
LONGEST_DOCUMENT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A duty that would arise, and the organisation that would have to do its first stage."""

    arisen: Arisen
    subject_id: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What recording an event would give rise to; ``cause`` is the stage it happened to, where there is one."""

    occasion: Occasion
    subject: Organisation
    happened_on: date
    cause: Stage | None
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An occurrence with what it happened to and the duties it gave rise to, by name and period."""

    occurrence: Occurrence
    subject: Organisation
    cause: tuple[str, str] | None
    duties: tuple[tuple[str, str], ...]


def record(
    session: Session,
    law: Law,
    *,
    occasion: Occasion,
    subject_id: int,
    happened_on: date,
    note: str,
    document: str,
    by: Actor | None,
    now: datetime,
    stage_id: int | None = None,
    period: Period | None = None,
) -> Occurrence:
    """Record that something happened, with every obligation that arises from it, and tell those who must act.

    ``happened_on`` is a day in Asia/Shanghai: of the finding, or of the event a duty must precede. ``stage_id`` is the
    stage it happened to, for what happens to a duty; ``period`` the year for the use of CCER. ``by`` is empty where an
    administrator entered it.

    Raises:
        OccurrenceRefusedError: it does not fit: too early, too late, of nobody, or no duty arises.
        NotFoundError: there is no such organisation or stage.
    """
    note, document = note.strip(), document.strip()
    if not note:
        raise OccurrenceRefusedError("no_note")
    for text, longest in ((note, LONGEST_NOTE), (document, LONGEST_DOCUMENT)):
        if len(text) > longest:
            raise OccurrenceRefusedError("too_long", characters=longest)
    seen = preview(
        session,
        law,
        occasion=occasion,
        subject_id=subject_id,
        happened_on=happened_on,
        now=now,
        stage_id=stage_id,
        period=period,
    )
    contact_id = None if by is None else by.contact_id
    occurrence = Occurrence(
        occasion=occasion,
        rule=seen.cause.rule if seen.cause is not None else seen.duties[0].arisen.binding.duty,
        subject_id=subject_id,
        stage_id=stage_id,
        happened_on=happened_on,
        note=note,
        document=document,
        automatic=False,
        contact_id=contact_id,
        at=now,
    )
    session.add(occurrence)
    session.flush()
    district_id = _district_id(session, seen.subject, seen.cause, now=now)
    before = last_stage(session)
    for duty in seen.duties:
        found = select(
            literal(occurrence.id).label("occurrence"),
            literal(duty.subject_id).label("subject"),
            literal(district_id).label("district"),
        )
        make(session, law, duty.arisen, found, carried=False, now=now)
    made = session.scalars(
        select(Stage.id)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .where(Stage.id > before, Stage.position == 0, Obligation.part == f"#{occurrence.id}")
        .order_by(Stage.id)
    ).all()
    trail.record(
        session,
        "occurred",
        at=now,
        stage_id=stage_id,
        organisation_id=subject_id,
        contact_id=contact_id,
        occurrence=occurrence.id,
        occasion=occasion.value,
        happened_on=happened_on.isoformat(),
        note=note,
        document=document,
        duties=[duty.arisen.binding.duty for duty in seen.duties],
        stages=list(made),
    )
    announce(session, after=before, now=now, recorded_by=contact_id)
    return occurrence


def preview(
    session: Session,
    law: Law,
    *,
    occasion: Occasion,
    subject_id: int,
    happened_on: date,
    now: datetime,
    stage_id: int | None = None,
    period: Period | None = None,
) -> Preview:
    """Return what recording it would give rise to, with the dates; nothing is written.

    Raises:
        OccurrenceRefusedError, NotFoundError: as `record` does.
    """
    subject = organisations.get(session, subject_id)
    today = local_date(now)
    if untimely(occasion, happened_on, today=today):
        raise OccurrenceRefusedError(
            "passed" if occasion is Occasion.LICENCE_CANCELLATION else "future", day=happened_on
        )
    stage = _cause(session, law, occasion, subject, stage_id, happened_on=happened_on, today=today)
    cause = _what(session, occasion, subject, stage, period)
    found = _arising(law, occasion, subject, happened_on, cause)
    if not found:
        later = _arising(law, occasion, subject, today, cause) if happened_on < today else ()
        if later:
            begins = min(each.binding.rule.first_period.start for each in later)
            raise OccurrenceRefusedError("too_early", day=begins)
        raise OccurrenceRefusedError("nothing_arises")
    district_id = _district_id(session, subject, stage, now=now)
    municipality = organisations.municipality(session)
    at_level = {Level.DISTRICT: district_id, Level.MUNICIPAL: municipality.id}
    duties = []
    for arisen in found:
        actor_id = at_level.get(arisen.steps[0].stage.actor, subject.id)
        bearer_id = at_level.get(arisen.per, subject.id)
        if bearer_id is None or actor_id is None:
            raise OccurrenceRefusedError("no_district")
        office = organisations.get(session, actor_id).office
        duties.append(Duty(arisen=arisen, subject_id=bearer_id, actor=office))
    return Preview(
        occasion=occasion, subject=subject, happened_on=happened_on, cause=stage, duties=tuple(duties)
    )


def stages_it_may_happen_to(
    session: Session, law: Law, occasion: Occasion, subject_id: int, *, now: datetime
) -> Sequence[Stage]:
    """Return a unit's stages that an occasion could be recorded of today, the latest period first.

    Empty where the occasion is of no duty; otherwise recording it needs one of them.
    """
    stages = session.scalars(
        select(Stage)
        .where(
            Stage.rule.in_(causes(law.rulebook, occasion)),
            Stage.subject_id == subject_id,
            Stage.actor_level == Level.UNIT,
            Stage.position == 0,
        )
        .order_by(Stage.period.desc(), Stage.id.desc())
    )
    today = local_date(now)
    return [stage for stage in stages if _why_not(session, occasion, stage, today=today) is None]


def stage_of(session: Session, subject_id: int, duty: str, period: str) -> int:
    """Return the id of a unit's own stage of a duty and period.

    Raises:
        NotFoundError: it has none.
    """
    found = session.scalar(
        select(Stage.id).where(
            Stage.rule == duty,
            Stage.period == period,
            Stage.subject_id == subject_id,
            Stage.actor_level == Level.UNIT,
            Stage.position == 0,
        )
    )
    if found is None:
        raise NotFoundError(f"the unit has no duty {duty} for {period}")
    return found


def get(session: Session, occurrence_id: int) -> Occurrence:
    """Return one occurrence.

    Raises:
        NotFoundError: there is none of this id.
    """
    occurrence = session.get(Occurrence, occurrence_id)
    if occurrence is None:
        raise NotFoundError(f"there is no occurrence {occurrence_id}")
    return occurrence


def to_do(session: Session, occurrence_id: int, actor_id: int, *, last: int | None = None) -> tuple[int, ...]:
    """Return the stages that arose from an occurrence and are an organisation's to hand over.

    With ``last``, from all that happened in the same way on the same day, through the occurrence of that id.
    """
    first = get(session, occurrence_id)
    alike = select(part_of()).where(
        Occurrence.id.between(first.id, first.id if last is None else last),
        Occurrence.occasion == first.occasion,
        Occurrence.happened_on == first.happened_on,
        Occurrence.at == first.at,
    )
    return tuple(
        session.scalars(
            select(Stage.id)
            .join(Obligation, Obligation.id == Stage.obligation_id)
            .where(Obligation.part.in_(alike), Stage.actor_id == actor_id, Stage.ready)
            .order_by(Stage.id)
        )
    )


def of_part(session: Session, part: str) -> Occurrence | None:
    """Return what an obligation arose from, by its part; None for one that the calendar brought."""
    return session.get(Occurrence, int(part[1:])) if part.startswith("#") else None


def listed(session: Session, *, limit: int | None = None) -> tuple[Recorded, ...]:
    """Return what was recorded, the latest first."""
    occurrences = session.scalars(select(Occurrence).order_by(Occurrence.id.desc()).limit(limit)).all()
    owed: dict[str, list[tuple[str, str]]] = {}
    parts = [f"#{each.id}" for each in occurrences]
    for part, rule, period in session.execute(
        select(Obligation.part, Obligation.rule, Obligation.period)
        .where(Obligation.part.in_(parts))
        .order_by(Obligation.id)
    ):
        owed.setdefault(part, []).append((rule, period))
    told = []
    for each in occurrences:
        stage = None if each.stage_id is None else session.get_one(Stage, each.stage_id)
        told.append(
            Recorded(
                occurrence=each,
                subject=organisations.get(session, each.subject_id),
                cause=None if stage is None else (stage.rule, stage.period),
                duties=tuple(owed.get(f"#{each.id}", ())),
            )
        )
    return tuple(told)


def _arising(
    law: Law, occasion: Occasion, subject: Organisation, day: date, cause: Cause | None
) -> tuple[Arisen, ...]:
    return arising(
        law,
        occasion,
        level=subject.level,
        sector=subject.sector,
        fuel=subject.fuel,
        happened_on=day,
        cause=cause,
    )


def _cause(
    session: Session,
    law: Law,
    occasion: Occasion,
    subject: Organisation,
    stage_id: int | None,
    *,
    happened_on: date,
    today: date,
) -> Stage | None:
    """Return the stage it happened to, if it may have; None for what happens to none."""
    duties = causes(law.rulebook, occasion)
    if stage_id is None:
        if duties:
            raise OccurrenceRefusedError("no_stage")
        return None
    stage = session.get(Stage, stage_id)
    if stage is None or stage.subject_id != subject.id or (duties and stage.rule not in duties):
        raise OccurrenceRefusedError("no_stage")
    why = _why_not(session, occasion, stage, today=today)
    if why is not None:
        raise OccurrenceRefusedError(why)
    period = Period.parse(stage.period)
    if happened_on < period.start:
        raise OccurrenceRefusedError("too_early", day=period.start)
    if occasion is Occasion.DEFAULT and stage.act_by_on is not None and happened_on <= stage.act_by_on:
        raise OccurrenceRefusedError("not_in_default")
    return stage


def _why_not(session: Session, occasion: Occasion, stage: Stage, *, today: date) -> str | None:
    """Return why an occasion cannot have happened to a stage as it stands; None where it can."""
    overdue = stage.act_by_on is not None and stage.act_by_on < today
    match occasion:
        case Occasion.UNFIT_EVIDENCE:
            why = {
                Status.WAIVED: "settled",
                Status.SUBMITTED: "waiting_check",
                Status.RETURNED: "returned",
                Status.OPEN: None if overdue else "not_handed_over",
                Status.ACCEPTED: None,
            }[stage.status]
        case Occasion.DEFAULT:
            in_default = overdue and stage.status in (Status.OPEN, Status.RETURNED)
            why = None if in_default else "not_in_default"
        case _:
            why = None
    return why or ("recorded" if _is_running(session, occasion, stage) else None)


def _is_running(session: Session, occasion: Occasion, stage: Stage) -> bool:
    """Tell whether an occasion was recorded of a stage and what arose from it goes on; a default is one only."""
    known = session.scalars(
        select(Occurrence).where(Occurrence.stage_id == stage.id, Occurrence.occasion == occasion)
    ).all()
    if occasion is Occasion.DEFAULT:
        # A default before its date was put off is no default of the later one.
        returned = stage.status is Status.RETURNED
        return any(
            returned or stage.act_by_on is None or each.happened_on > stage.act_by_on for each in known
        )
    if not known:
        return False
    open_still = (
        select(Stage.id)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .where(
            Obligation.part.in_([f"#{each.id}" for each in known]),
            Stage.position == 0,
            Stage.status.not_in(SETTLED),
        )
    )
    return session.scalar(open_still.limit(1)) is not None


def _what(
    session: Session, occasion: Occasion, subject: Organisation, stage: Stage | None, period: Period | None
) -> Cause | None:
    """Return the duty and period it happened to; a penalty is for the surrender the unit was last in default of."""
    if stage is not None:
        return Cause(duty=stage.rule, period=Period.parse(stage.period))
    if period is not None:
        return Cause(duty="", period=period)
    if occasion is not Occasion.PENALTY:
        return None
    default = session.scalar(
        select(Stage)
        .join(Occurrence, Occurrence.stage_id == Stage.id)
        .where(Occurrence.subject_id == subject.id, Occurrence.occasion == Occasion.DEFAULT)
        .order_by(Occurrence.id.desc())
        .limit(1)
    )
    return None if default is None else Cause(duty=default.rule, period=Period.parse(default.period))


def _district_id(
    session: Session, subject: Organisation, stage: Stage | None, *, now: datetime
) -> int | None:
    """Return the district in charge: the unit's today, that of the stage it happened to, or the district itself."""
    if subject.level is Level.UNIT:
        district = organisations.district_of(session, subject.id, on=local_date(now))
        if district is not None:
            return district.id
    if stage is not None:
        return stage.district_id
    return subject.id if subject.level is Level.DISTRICT else None
