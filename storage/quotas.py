"""Allowances by unit and year: what was allocated, what must be surrendered, and what CCER may stand in for.

All amounts are whole tonnes of CO2. Who may record what is the caller's to check.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from obligations.decisions import SETTLED, Status
from obligations.law import Law
from obligations.notice import Level
from obligations.occasions import Cause, arising
from obligations.periods import FIRST_YEAR, LAST_YEAR, Period
from obligations.targets import ccer_cap
from obligations.terms import Occasion
from storage import occurrences, organisations, trail
from storage.decisions import Actor
from storage.errors import QuotaRefusedError
from storage.models import Obligation, Occurrence, Organisation, Quota, Stage
from storage.types import local_date

MOST_TONNES: Final = 10**10
"""More than the whole country emits in a year: what is above it is a slip of the pen."""
_LONGEST_DOCUMENT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A unit's allowances of one year, in tonnes. ``due`` is None where it is not known.

    ``ccer_at_most`` is what CCER may stand in for; None where no notice allows it for the year, or the due surrender
    is not known. ``allowed`` tells the two apart.
    """

    year: int
    allocated: int | None
    due: int | None
    offset: int
    allowed: bool
    ccer_at_most: int | None


def put(
    session: Session,
    unit_id: int,
    year: int,
    *,
    due: int,
    allocated: int | None = None,
    document: str = "",
    by: Actor | None,
    now: datetime,
) -> Quota:
    """Record what a unit must surrender for a year, and what it was allocated; what was recorded before is replaced.

    Without ``allocated`` or a document the ones on record stay. What was there before is in the trail.

    Raises:
        QuotaRefusedError: it is no unit or no year, an amount is out of range, or CCER declared before would be too much.
    """
    unit = _unit(session, unit_id)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise QuotaRefusedError("year", year=year)
    for tonnes in (due, allocated or 0):
        if not 0 <= tonnes <= MOST_TONNES:
            raise QuotaRefusedError("out_of_range", tonnes=tonnes)
    document = document.strip()
    if len(document) > _LONGEST_DOCUMENT:
        raise QuotaRefusedError("too_long", characters=_LONGEST_DOCUMENT)
    quota = session.get(Quota, (unit.id, year))
    before = None if quota is None else {"due": quota.due, "allocated": quota.allocated}
    if quota is None:
        quota = Quota(unit_id=unit.id, year=year, allocated=None, due=due, offset=0, document="", at=now)
        session.add(quota)
    elif quota.offset > ccer_cap(due):
        raise QuotaRefusedError("offset_above_cap", offset=quota.offset, cap=ccer_cap(due))
    quota.due = due
    quota.allocated = quota.allocated if allocated is None else allocated
    quota.document = document or quota.document
    quota.contact_id = None if by is None else by.contact_id
    quota.at = now
    session.flush()
    trail.record(
        session,
        "quota",
        at=now,
        organisation_id=unit.id,
        contact_id=quota.contact_id,
        year=year,
        before=before,
        after={"due": quota.due, "allocated": quota.allocated},
        document=quota.document,
    )
    return quota


def offset(
    session: Session, law: Law, unit_id: int, year: int, *, tonnes: int, by: Actor | None, now: datetime
) -> Quota:
    """Record how much of a year's due surrender a unit replaces by CCER, with the duty that arises from its use.

    A later declaration takes the place of the one before, and the duty that runs goes on; 0 withdraws it, and the duty
    with it. Notice 二(五): at most 5 % of the year's due surrender, for the years the notice names.

    Raises:
        QuotaRefusedError: no notice allows it for the year, the due surrender is not known, or it is above the cap.
    """
    unit = _unit(session, unit_id)
    seen = of_year(session, law, unit, year, now=now)
    require_offset(law, seen, tonnes)
    quota = session.get_one(Quota, (unit.id, year))
    before, quota.offset = quota.offset, tonnes
    contact_id = None if by is None else by.contact_id
    trail.record(
        session,
        "ccer",
        at=now,
        organisation_id=unit.id,
        contact_id=contact_id,
        year=year,
        before=before,
        after=tonnes,
    )
    running = _running(session, unit.id, year)
    if tonnes == 0:
        for stage in running:
            stage.status = Status.WAIVED
            stage.version += 1
            stage.decided_at = now
            trail.record(
                session,
                "withdrawn",
                at=now,
                stage_id=stage.id,
                organisation_id=unit.id,
                contact_id=contact_id,
            )
    elif not running:
        occurrences.record(
            session,
            law,
            occasion=Occasion.USE_OF_CCER,
            subject_id=unit.id,
            happened_on=local_date(now),
            note=str(tonnes),
            document="",
            by=by,
            now=now,
            period=Period.year(year),
        )
    session.flush()
    return quota


def require_offset(law: Law, allowance: Allowance, tonnes: int) -> None:
    """Stop where so many tonnes of CCER cannot be declared.

    Raises:
        QuotaRefusedError: no notice allows it for the year, the due surrender is not known, or it is above the cap.
    """
    if not allowance.allowed:
        first, last = _years(law)
        raise QuotaRefusedError("no_rule", year=allowance.year, first=first, last=last)
    if allowance.ccer_at_most is None:
        raise QuotaRefusedError("due_unknown", year=allowance.year)
    if tonnes < 0:
        raise QuotaRefusedError("out_of_range", tonnes=tonnes)
    if tonnes > allowance.ccer_at_most:
        cap, due = allowance.ccer_at_most, allowance.due or 0
        raise QuotaRefusedError("above_cap", tonnes=tonnes, cap=cap, due=due)


def of_year(session: Session, law: Law, unit: Organisation, year: int, *, now: datetime) -> Allowance:
    """Return a unit's allowances of one year, known or not."""
    quota = session.get(Quota, (unit.id, year))
    due = None if quota is None else quota.due
    allowed = bool(
        arising(
            law,
            Occasion.USE_OF_CCER,
            level=Level.UNIT,
            sector=unit.sector,
            fuel=unit.fuel,
            happened_on=local_date(now),
            cause=Cause(duty="", period=Period.year(year)),
        )
    )
    return Allowance(
        year=year,
        allocated=None if quota is None else quota.allocated,
        due=due,
        offset=0 if quota is None else quota.offset,
        allowed=allowed,
        ccer_at_most=ccer_cap(due) if allowed and due is not None else None,
    )


def of_period(
    session: Session, law: Law, unit: Organisation, period: Period, *, now: datetime
) -> tuple[Allowance, ...]:
    """Return a unit's allowances of each year of a period that is surrendered for."""
    years = range(period.start.year, period.end.year + 1)
    return tuple(of_year(session, law, unit, year, now=now) for year in years)


def listed(session: Session, *, year: int) -> Sequence[tuple[Organisation, Quota]]:
    """Return the units that have an amount for a year, by name."""
    return [
        (unit, quota)
        for unit, quota in session.execute(
            select(Organisation, Quota)
            .join(Quota, Quota.unit_id == Organisation.id)
            .where(Quota.year == year)
            .order_by(Organisation.name)
        )
    ]


def _unit(session: Session, unit_id: int) -> Organisation:
    unit = organisations.get(session, unit_id)
    if unit.level is not Level.UNIT:
        raise QuotaRefusedError("not_a_unit", name=unit.name)
    return unit


def _years(law: Law) -> tuple[int, int]:
    """Return the first and the last year for which a notice allows CCER; 0 and 0 where none speaks of it."""
    rules = [
        rule
        for rule in law.rulebook.rules
        if rule.arises is not None and rule.arises.occasion is Occasion.USE_OF_CCER
    ]
    first = min((rule.first_period.start.year for rule in rules), default=0)
    last = max((rule.last_period.end.year if rule.last_period else LAST_YEAR for rule in rules), default=0)
    return first, last


def _running(session: Session, unit_id: int, year: int) -> Sequence[Stage]:
    """Return the stages of the year's use of CCER that are still to be handed over or checked."""
    return session.scalars(
        select(Stage)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .join(Occurrence, Occurrence.subject_id == Obligation.subject_id)
        .where(
            Obligation.subject_id == unit_id,
            Obligation.rule == Occurrence.rule,
            Obligation.period == str(Period.year(year)),
            Occurrence.occasion == Occasion.USE_OF_CCER,
            Stage.status.not_in(SETTLED),
        )
        .distinct()
    ).all()
