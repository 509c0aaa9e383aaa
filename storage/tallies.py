"""How many, not which: counts for a scope and by district.

Each is one set-based statement. Lists are in `storage.overview`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, case, func, not_, or_, select, union
from sqlalchemy.orm import Session, aliased

from obligations.decisions import SETTLED, Status
from obligations.notice import Level
from obligations.standing import SOON_DAYS
from storage.conditions import is_blocked, is_dated, is_due, is_overdue, is_pending, is_submitted
from storage.contacts import reachable
from storage.dialects import LocalDate
from storage.models import Binding, Contact, Membership, Organisation, Stage
from storage.organisations import Scope, in_charge, in_office, member_on, stand_ins, valid_on

RATE_OVER = timedelta(days=365)
"""How far back the rate of what was done on time looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A scope in numbers, on one day.

    ``overdue_units`` counts the units that are themselves late. ``waiting`` is what waits for the check of
    the scope's own organisation; for a unit, what it handed over and nobody has checked. ``done`` is accepted
    or waived, ``late`` the part of it handed over after its date, ``total`` what is done or had its date by today.
    """

    overdue: int
    overdue_units: int
    waiting: int
    due_soon: int
    blocked: int
    done: int
    late: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictRow:
    """A district in numbers. Of the last year's ``due`` unit stages, ``on_time`` were handed over in time.

    ``ended_on`` is its last day (inclusive) where that has come and it no longer acts, or only until it is succeeded.
    """

    district_id: int
    district_name: str
    ended_on: date | None
    units: int
    overdue: int
    overdue_units: int
    waiting: int
    on_time: int
    due: int

    @property
    def on_time_rate(self) -> float | None:
        """The share handed over in time, from 0 to 1; None where nothing was due."""
        return self.on_time / self.due if self.due else None


def counts(session: Session, scope: Scope, *, today: date) -> Counts:
    """Return a scope in numbers."""
    waiting = is_submitted()
    if scope.level is not Level.UNIT:
        waiting &= Stage.checker_id == scope.organisation_id
    done = Stage.status.in_(SETTLED)
    late = (
        (Stage.status == Status.ACCEPTED)
        & not_(Stage.excused)
        & (LocalDate(Stage.submitted_at) > Stage.act_by_on)
    )
    row = session.execute(
        select(
            _count(is_overdue(today)).label("overdue"),
            _count_units(is_overdue(today)).label("overdue_units"),
            _count(waiting).label("waiting"),
            _count(is_due(today, SOON_DAYS)).label("due_soon"),
            _count(is_blocked(today, SOON_DAYS)).label("blocked"),
            _count(done & is_dated()).label("done"),
            _count(late).label("late"),
            _count((done & is_dated()) | (Stage.act_by_on <= today)).label("total"),
        )
        .select_from(Stage)
        .where(scope.stages())
    ).one()
    return Counts(**row._mapping)  # noqa: SLF001  # `_mapping` is SQLAlchemy's public name


def quiet_districts(session: Session, *, today: date) -> frozenset[int]:
    """Return the districts that have nothing to tell today, in one statement for all.

    Nothing is overdue, waiting, blocked or due soon, and nobody who has something pending is out of reach: exactly
    where every list of a daily digest would be empty. On most mornings it spares most digests their reading.
    """
    news = or_(is_overdue(today), is_blocked(today, SOON_DAYS), is_due(today, SOON_DAYS))
    unreached = aliased(Contact)
    out_of_reach = or_(
        Stage.actor_id.not_in(select(Contact.organisation_id).where(reachable())),
        Stage.actor_id.in_(
            select(unreached.organisation_id)
            .join(Binding, Binding.contact_id == unreached.id)
            .where(
                unreached.retired_at.is_(None),
                unreached.id.not_in(select(Binding.contact_id).where(Binding.active)),
            )
        ),
    )
    loud = union(
        select(Stage.district_id).where(Stage.district_id.is_not(None), news),
        select(Stage.checker_id).where(Stage.checker_id.is_not(None), is_submitted()),
        select(Stage.district_id).where(
            Stage.district_id.is_not(None),
            is_pending(),
            is_dated(),
            Stage.actor_level != Level.MUNICIPAL,
            out_of_reach,
        ),
    )
    districts = select(Organisation.id).where(
        Organisation.level == Level.DISTRICT, Organisation.id.not_in(loud)
    )
    return frozenset(session.scalars(districts))


def by_district(session: Session, scope: Scope, *, today: date) -> tuple[DistrictRow, ...]:
    """Return the districts of a scope that act on ``today``, the one with the most overdue first.

    With them come those that have ended and whose last year still counts, or where something is still open.
    """
    acting = stand_ins(session, on=today)
    member_of = in_charge(Membership.district_id, acting)
    handed_over = Stage.submitted_at.is_not(None)
    in_time = handed_over & (LocalDate(Stage.submitted_at) <= Stage.act_by_on)
    was_due = (
        (Stage.actor_level == Level.UNIT)
        & (Stage.act_by_on >= today - RATE_OVER)
        & (handed_over | (Stage.act_by_on < today))
        & (Stage.status != Status.WAIVED)
    )
    tally = (
        select(
            Stage.district_id,
            _count(is_overdue(today)).label("overdue"),
            _count_units(is_overdue(today)).label("overdue_units"),
            _count(is_submitted() & (Stage.checker_id == Stage.district_id)).label("waiting"),
            _count(was_due & in_time).label("on_time"),
            _count(was_due).label("due"),
        )
        .where(scope.stages(), Stage.district_id.is_not(None))
        .group_by(Stage.district_id)
        .subquery()
    )
    members = (
        select(member_of.label("district_id"), func.count().label("units"))
        .select_from(Membership)
        .join(Organisation, Organisation.id == Membership.unit_id)
        .where(member_on(today), valid_on(today))
        .group_by(member_of)
        .subquery()
    )
    overdue = func.coalesce(tally.c.overdue, 0)
    rows = session.execute(
        select(
            Organisation.id.label("district_id"),
            Organisation.name.label("district_name"),
            case((valid_on(today) & in_office(today), None), else_=Organisation.valid_to).label("ended_on"),
            func.coalesce(members.c.units, 0).label("units"),
            overdue.label("overdue"),
            func.coalesce(tally.c.overdue_units, 0).label("overdue_units"),
            func.coalesce(tally.c.waiting, 0).label("waiting"),
            func.coalesce(tally.c.on_time, 0).label("on_time"),
            func.coalesce(tally.c.due, 0).label("due"),
        )
        .outerjoin(tally, tally.c.district_id == Organisation.id)
        .outerjoin(members, members.c.district_id == Organisation.id)
        .where(
            Organisation.level == Level.DISTRICT,
            or_(valid_on(today) & in_office(today), tally.c.due > 0, overdue > 0, tally.c.waiting > 0),
            _districts(scope),
        )
        .order_by(overdue.desc(), Organisation.code)
    )
    return tuple(DistrictRow(**row._mapping) for row in rows)  # noqa: SLF001  # see above


def _districts(scope: Scope) -> ColumnElement[bool]:
    if scope.level is Level.MUNICIPAL:
        return Organisation.id.is_not(None)
    return Organisation.id == scope.organisation_id


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _count_units(condition: ColumnElement[bool]) -> ColumnElement[int]:
    late_itself = condition & (Stage.actor_level == Level.UNIT)
    return func.count(case((late_itself, Stage.subject_id)).distinct())
