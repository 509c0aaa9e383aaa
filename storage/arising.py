"""Making the obligations that an event gives rise to: one INSERT … SELECT for each duty, for one occurrence or thousands.

What is recorded by a person is `storage.occurrences`'; here is also what follows from a missed date by itself.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level, Sector
from obligations.occasions import Arisen, Cause, arising, causes
from obligations.periods import Period
from obligations.terms import Occasion
from storage import contacts, making, organisations, outbox, rulings, trail
from storage.conditions import is_overdue, is_pending
from storage.models import NotificationKind, Obligation, Occurrence, Organisation, Stage
from storage.statements import insert_ignoring_conflicts, rows_changed
from storage.types import local_date

_DAY = timedelta(days=1)
_MISSED = (Occasion.UNFIT_EVIDENCE, Occasion.DEFAULT)
"""What a missed date is by itself: evidence that is not timely, a surrender in default. Notice 二(五), 二(七)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missed:
    """Stages of one duty, period and sector whose last day was the same."""

    duty: str
    period: str
    act_by_on: date
    sector: Sector
    fuel: str | None


def open_missed(session: Session, law: Law, *, now: datetime) -> int:
    """Record what missed dates give rise to, with the obligations; repeating it changes nothing.

    Evidence that was not handed over opens its correction on the day after its last day, an extension counted in, and
    a surrender in default its rectification. One occurrence a stage, and another where a date that was put off since
    is missed as well; a return opens none. Everyone is told once for each day that was missed. Returns how many
    stages had been missed.
    """
    today = local_date(now)
    found = 0
    before = last_stage(session)
    for occasion in _MISSED:
        for duty in causes(law.rulebook, occasion):
            for missed in _missed(session, occasion, duty, today=today):
                found += _open(session, law, occasion, missed, now=now)
    if found:
        announce(session, after=before, now=now)
    return found


def last_stage(session: Session) -> int:
    """Return the id of the last stage that was made, 0 without any: what is made next comes after it."""
    return session.scalar(select(func.max(Stage.id))) or 0


def make(
    session: Session,
    law: Law,
    arisen: Arisen,
    found: Select[int, int, int | None],
    *,
    carried: bool,
    now: datetime,
) -> None:
    """Make one duty's obligation for each occurrence selected; what authorities decided of it before holds for it.

    ``found`` selects the occurrence, whose obligation it is, and the district in charge, labelled ``occurrence``,
    ``subject`` and ``district``. With ``carried`` it goes with the stage the occurrence is of.
    """
    rows = found.subquery()
    part = literal("#").concat(cast(rows.c.occurrence, String))
    binding = arisen.binding
    values = making.obligation(binding, part=part, subject=rows.c.subject, district=rows.c.district, now=now)
    chosen = select(*values.values()).where(rows.c.subject.is_not(None))
    rows_changed(session, insert_ignoring_conflicts(session, Obligation).from_select(list(values), chosen))
    municipality = organisations.municipality(session).id
    for position in range(len(arisen.steps)):
        _insert_stages(session, arisen, position, part, municipality, carried=carried and position == 0)
    rulings.apply_to_new(
        session, law, binding.duty, binding.period, made_at=now, among=Obligation.part.in_(select(part))
    )


def announce(session: Session, *, after: int, now: datetime, recorded_by: int | None = None) -> None:
    """Tell those who must act on what was made now, after the stage ``after``; who recorded it needs no telling.

    An office has one message for all that happened in the same way on the same day. A correction that goes with its
    evidence is not told apart: the morning's reminder names its date.
    """
    rows = session.execute(
        select(Stage.actor_id, func.min(Stage.id), func.min(Occurrence.id), func.max(Occurrence.id))
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .join(Occurrence, Occurrence.id == cast(func.substr(Obligation.part, 2), Integer))
        .where(
            Stage.id > after,
            Stage.ready,
            is_pending(),
            Obligation.part.like("#%"),
            Obligation.created_at == now,
        )
        .group_by(Stage.actor_id, Occurrence.occasion, Occurrence.happened_on)
        .order_by(func.min(Stage.id))
    ).all()
    for actor_id, first, occurrence, last in rows:
        people = [contact.id for contact in contacts.staff_of(session, actor_id)]
        outbox.enqueue(
            session,
            [contact_id for contact_id in people if contact_id != recorded_by],
            NotificationKind.EVENT,
            key=f"occurrence:{occurrence}",
            stage_id=first,
            now=now,
            not_before=outbox.after_quiet_hours(now),
            facts={"occurrence": occurrence, "last": last},
        )


def _missed(session: Session, occasion: Occasion, duty: str, *, today: date) -> list[_Missed]:
    rows = session.execute(
        select(Stage.period, Stage.act_by_on, Organisation.sector, Organisation.fuel)
        .join(Organisation, Organisation.id == Stage.subject_id)
        .where(*_is_missed(occasion, duty, today=today), Organisation.sector.is_not(None))
        .distinct()
        .order_by(Stage.act_by_on, Stage.period)
    )
    return [
        _Missed(duty=duty, period=period, act_by_on=act_by_on, sector=sector, fuel=fuel)
        for period, act_by_on, sector, fuel in rows
        if act_by_on is not None and sector is not None
    ]


def _is_missed(occasion: Occasion, duty: str, *, today: date) -> tuple[ColumnElement[bool], ...]:
    known = select(Occurrence.id).where(
        Occurrence.stage_id == Stage.id,
        Occurrence.occasion == occasion,
        # Missed before its date was put off, it may be missed again; what was returned has another clock.
        or_(Occurrence.happened_on > Stage.act_by_on, Stage.status == Status.RETURNED),
    )
    conditions: tuple[ColumnElement[bool], ...] = (
        is_overdue(today),
        Stage.rule == duty,
        Stage.actor_level == Level.UNIT,
        ~known.exists(),
    )
    if occasion is Occasion.UNFIT_EVIDENCE:
        # What was returned has the clock of its return.
        return (*conditions, Stage.status == Status.OPEN)
    return conditions


def _open(session: Session, law: Law, occasion: Occasion, missed: _Missed, *, now: datetime) -> int:
    happened_on = missed.act_by_on + _DAY
    duties = arising(
        law,
        occasion,
        level=Level.UNIT,
        sector=missed.sector,
        fuel=missed.fuel,
        happened_on=happened_on,
        cause=Cause(duty=missed.duty, period=Period.parse(missed.period)),
    )
    if not duties:
        return 0
    last = session.scalar(select(func.max(Occurrence.id))) or 0
    opened = _insert_occurrences(session, occasion, missed, happened_on=happened_on, now=now)
    if not opened:
        return 0
    new = (
        Occurrence.id > last,
        Occurrence.automatic,
        Occurrence.occasion == occasion,
        Occurrence.rule == missed.duty,
        Occurrence.happened_on == happened_on,
    )
    for arisen in duties:
        subject = _bearer(arisen)
        found = (
            select(
                Occurrence.id.label("occurrence"),
                subject.label("subject"),
                Stage.district_id.label("district"),
            )
            .join(Stage, Stage.id == Occurrence.stage_id)
            .where(*new)
        )
        carried = occasion is Occasion.UNFIT_EVIDENCE and arisen.per is Level.UNIT
        make(session, law, arisen, found, carried=carried, now=now)
    trail.record(
        session,
        "arisen",
        at=now,
        occasion=occasion.value,
        rule=missed.duty,
        period=missed.period,
        happened_on=happened_on.isoformat(),
        duties=[arisen.binding.duty for arisen in duties],
        occurrences=list(session.scalars(select(Occurrence.id).where(*new).order_by(Occurrence.id))),
    )
    return opened


def _insert_occurrences(
    session: Session, occasion: Occasion, missed: _Missed, *, happened_on: date, now: datetime
) -> int:
    columns = Occurrence.__table__.c
    values = {
        "occasion": literal(occasion, columns.occasion.type),
        "rule": literal(missed.duty),
        "subject_id": Stage.subject_id,
        "stage_id": Stage.id,
        "happened_on": literal(happened_on, columns.happened_on.type),
        "note": literal(""),
        "document": literal(""),
        "automatic": literal(True),
        "at": literal(now, columns.at.type),
    }
    rows = (
        select(*values.values())
        .join(Organisation, Organisation.id == Stage.subject_id)
        .where(
            *_is_missed(occasion, missed.duty, today=local_date(now)),
            Stage.period == missed.period,
            Stage.act_by_on == missed.act_by_on,
            Organisation.sector == missed.sector,
            Organisation.fuel.is_not_distinct_from(missed.fuel),
        )
    )
    return rows_changed(
        session, insert_ignoring_conflicts(session, Occurrence).from_select(list(values), rows)
    )


def _bearer(arisen: Arisen) -> ColumnElement[Any]:
    return Stage.subject_id.expression if arisen.per is Level.UNIT else Stage.district_id.expression


def _insert_stages(
    session: Session,
    arisen: Arisen,
    position: int,
    part: ColumnElement[str],
    municipality: int,
    *,
    carried: bool,
) -> None:
    ready = position == 0 and not carried
    values = making.stage(arisen.steps[position], position, municipality, ready=ready)
    rows = select(*values.values()).where(
        Obligation.rule == arisen.binding.duty,
        Obligation.period == str(arisen.binding.period),
        Obligation.part.in_(select(part)),
    )
    rows_changed(session, insert_ignoring_conflicts(session, Stage).from_select(list(values), rows))
