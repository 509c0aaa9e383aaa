"""The municipality, its districts and their units: who exists when, who acts for whom, and who may see whom.

A district that has ended goes on acting until its successor is named and there; from then on the successor acts. On a
day that is the last of the one and the first of the other, the successor does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from obligations.notice import Level
from storage.errors import NotFoundError
from storage.models import Alias, Membership, Organisation, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a reader may see, following their organisation: a unit itself, a district its units, the city all.

    Every query about stages takes one; there is no query without.
    """

    level: Level
    organisation_id: int

    def stages(self) -> ColumnElement[bool]:
        """Return the condition that keeps the stages of this scope: a district's are those it handles or handled."""
        match self.level:
            case Level.MUNICIPAL:
                return true()
            case Level.DISTRICT:
                return Stage.district_id == self.organisation_id
            case _:
                return Stage.subject_id == self.organisation_id

    def holds(self, *, subject_id: int, district_id: int | None) -> bool:
        """Say of one stage what `stages` says of all."""
        match self.level:
            case Level.MUNICIPAL:
                return True
            case Level.DISTRICT:
                return district_id == self.organisation_id
            case _:
                return subject_id == self.organisation_id


def valid_on(day: date) -> ColumnElement[bool]:
    """Return the condition that an organisation exists on ``day``; both ends of its validity are inclusive."""
    return (func.coalesce(Organisation.valid_from, date.min) <= day) & (
        func.coalesce(Organisation.valid_to, date.max) >= day
    )


def member_on(day: date, *, of: type[Membership] = Membership) -> ColumnElement[bool]:
    """Return the condition that a membership holds on ``day``; both ends are inclusive."""
    return (func.coalesce(of.from_on, date.min) <= day) & (func.coalesce(of.to_on, date.max) >= day)


def has_handed_over(day: date) -> ColumnElement[bool]:
    """Return the condition that a successor acts for an organisation on ``day``.

    It does from its own first day or from the day after the other's last, whichever is later; where the last day of
    the one is the first of the other, it does on that day.
    """
    heir = aliased(Organisation)
    ended = or_(Organisation.valid_to < day, and_(Organisation.valid_to == day, heir.valid_from == day))
    return (
        select(heir.id)
        .where(heir.id == Organisation.successor_id, func.coalesce(heir.valid_from, date.min) <= day, ended)
        .correlate(Organisation)
        .exists()
    )


def in_office(day: date) -> ColumnElement[bool]:
    """Return the condition that an organisation acts on ``day``: it exists, or is a district nobody has succeeded yet."""
    begun = func.coalesce(Organisation.valid_from, date.min) <= day
    stays = or_(func.coalesce(Organisation.valid_to, date.max) >= day, Organisation.level == Level.DISTRICT)
    return begun & stays & ~has_handed_over(day)


def stand_ins(session: Session, *, on: date) -> Mapping[int, int]:
    """Return who acts on ``on`` for each organisation that has handed over: the last of a row of successors."""
    heirs = {
        ended: heir
        for ended, heir in session.execute(
            select(Organisation.id, Organisation.successor_id).where(has_handed_over(on))
        )
        if heir is not None
    }
    acting = {}
    for ended in heirs:
        last = ended
        while last in heirs:
            last = heirs[last]
        acting[ended] = last
    return acting


def in_charge(
    district_id: SQLColumnExpression[int] | SQLColumnExpression[int | None], acting: Mapping[int, int]
) -> SQLColumnExpression[Any]:
    """Return who acts for a column's district, by `stand_ins`; the district itself where nobody else does."""
    return case(dict(acting), value=district_id, else_=district_id) if acting else district_id


def get(session: Session, organisation_id: int) -> Organisation:
    """Return one organisation.

    Raises:
        NotFoundError: no organisation has this id.
    """
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFoundError(f"there is no organisation {organisation_id}")
    return organisation


def by_code(session: Session, code: str) -> Organisation:
    """Return the organisation with this code, credit code or exact name.

    Raises:
        NotFoundError: nothing matches.
    """
    organisation = session.scalar(
        select(Organisation).where(
            or_(Organisation.code == code, Organisation.credit_code == code, Organisation.name == code)
        )
    )
    if organisation is None:
        raise NotFoundError(f"there is no organisation with the code or name {code!r}")
    return organisation


def municipality(session: Session) -> Organisation:
    """Return the one municipality.

    Raises:
        NotFoundError: nothing has been imported yet.
    """
    city = session.scalar(select(Organisation).where(Organisation.level == Level.MUNICIPAL))
    if city is None:
        raise NotFoundError("no organisations yet; import a registry first: duewatch import FILE")
    return city


def districts(session: Session, *, on: date) -> Sequence[Organisation]:
    """Return the districts that exist on ``on``, in the order of their codes."""
    return session.scalars(
        select(Organisation)
        .where(Organisation.level == Level.DISTRICT, valid_on(on))
        .order_by(Organisation.code)
    ).all()


def every_district(session: Session) -> Sequence[Organisation]:
    """Return all districts that are, were or will be, in the order of their codes."""
    return session.scalars(
        select(Organisation).where(Organisation.level == Level.DISTRICT).order_by(Organisation.code)
    ).all()


def district_of(session: Session, unit_id: int, *, on: date) -> Organisation | None:
    """Return the district in charge of a unit on ``on``: its own, or who acts for that; None in a gap of membership."""
    member = session.scalar(
        select(Membership.district_id).where(Membership.unit_id == unit_id, member_on(on))
    )
    return None if member is None else get(session, stand_ins(session, on=on).get(member, member))


def units(
    session: Session,
    scope: Scope,
    *,
    on: date,
    such: ColumnElement[bool] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Organisation]:
    """Return the units within a scope that exist on ``on``, by name: all, or a page of those ``such`` holds of."""
    found = _units(session, scope, on).order_by(Organisation.name, Organisation.id)
    if such is not None:
        found = found.where(such)
    return session.scalars(found.limit(limit).offset(offset)).all()


def how_many_units(session: Session, scope: Scope, *, on: date, such: ColumnElement[bool]) -> int:
    """Return how many units within a scope exist on ``on`` and are such."""
    found = _units(session, scope, on).where(such).with_only_columns(func.count())
    return session.scalar(found) or 0


def within(session: Session, unit_id: int, scope: Scope, *, on: date) -> bool:
    """Whether a unit lies within a scope on ``on``."""
    return session.scalar(_units(session, scope, on).where(Organisation.id == unit_id)) is not None


def sees(session: Session, scope: Scope, *, subject_id: int, district_id: int | None, on: date) -> bool:
    """Whether a stage may be seen from a scope on ``on``: one it holds, or for a district any of a unit of its own.

    So who takes a unit over sees the whole of its history, and who gave it up sees what it handled itself.
    """
    if scope.holds(subject_id=subject_id, district_id=district_id):
        return True
    return scope.level is Level.DISTRICT and within(session, subject_id, scope, on=on)


def find_units(
    session: Session, words: str, scope: Scope, *, on: date, limit: int = 6
) -> Sequence[Organisation]:
    """Return the units within a scope whose name, short name, code or alias contains ``words``; exact ones first.

    Every character counts as itself: ``%`` and ``_`` are no wildcards. No words find nothing.
    """
    words = words.replace("\0", "").strip()  # for SQLite a pattern ends there and would match everything
    if not words:
        return ()
    matches = or_(
        Organisation.name.icontains(words, autoescape=True),
        Organisation.short_name.icontains(words, autoescape=True),
        Organisation.english_name.icontains(words, autoescape=True),
        Organisation.code == words,
        Organisation.credit_code == words,
        Organisation.id.in_(
            select(Alias.organisation_id).where(Alias.text.icontains(words, autoescape=True))
        ),
    )
    exact = or_(
        Organisation.name == words,
        Organisation.short_name == words,
        Organisation.code == words,
        Organisation.id.in_(select(Alias.organisation_id).where(Alias.text == words)),
    )
    return session.scalars(
        _units(session, scope, on)
        .where(matches)
        .order_by(exact.desc(), func.length(Organisation.name), Organisation.name)
        .limit(limit)
    ).all()


def _units(session: Session, scope: Scope, on: date) -> Select[Organisation]:
    query = select(Organisation).where(Organisation.level == Level.UNIT, valid_on(on))
    match scope.level:
        case Level.MUNICIPAL:
            return query
        case Level.DISTRICT:
            own = in_charge(Membership.district_id, stand_ins(session, on=on)) == scope.organisation_id
            return query.where(Organisation.id.in_(select(Membership.unit_id).where(own, member_on(on))))
        case _:
            return query.where(Organisation.id == scope.organisation_id)
