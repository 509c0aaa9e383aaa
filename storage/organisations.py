"""The municipality, its districts and their units: who exists when, and who may see whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select, true
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
        """Return the condition that keeps the stages within this scope."""
        match self.level:
            case Level.MUNICIPAL:
                return true()
            case Level.DISTRICT:
                return Stage.district_id == self.organisation_id
            case _:
                return Stage.subject_id == self.organisation_id


def valid_on(day: date) -> ColumnElement[bool]:
    """Return the condition that an organisation exists on ``day``; both ends of its validity are inclusive."""
    return (func.coalesce(Organisation.valid_from, date.min) <= day) & (
        func.coalesce(Organisation.valid_to, date.max) >= day
    )


def member_on(day: date) -> ColumnElement[bool]:
    """Return the condition that a membership holds on ``day``; both ends are inclusive."""
    return (func.coalesce(Membership.from_on, date.min) <= day) & (
        func.coalesce(Membership.to_on, date.max) >= day
    )


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


def district_of(session: Session, unit_id: int, *, on: date) -> Organisation | None:
    """Return the district a unit belongs to on ``on``; None where its membership has a gap."""
    return session.scalar(
        select(Organisation)
        .join(Membership, Membership.district_id == Organisation.id)
        .where(Membership.unit_id == unit_id, member_on(on))
    )


def units(session: Session, scope: Scope, *, on: date) -> Sequence[Organisation]:
    """Return the units within a scope that exist on ``on``, by name."""
    return session.scalars(_units(scope, on).order_by(Organisation.name)).all()


def within(session: Session, unit_id: int, scope: Scope, *, on: date) -> bool:
    """Whether a unit lies within a scope on ``on``."""
    return session.scalar(_units(scope, on).where(Organisation.id == unit_id)) is not None


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
        _units(scope, on)
        .where(matches)
        .order_by(exact.desc(), func.length(Organisation.name), Organisation.name)
        .limit(limit)
    ).all()


def _units(scope: Scope, on: date) -> Select[Organisation]:
    query = select(Organisation).where(Organisation.level == Level.UNIT, valid_on(on))
    match scope.level:
        case Level.MUNICIPAL:
            return query
        case Level.DISTRICT:
            inside = aliased(Membership)
            members = select(inside.unit_id).where(
                inside.district_id == scope.organisation_id,
                func.coalesce(inside.from_on, date.min) <= on,
                func.coalesce(inside.to_on, date.max) >= on,
            )
            return query.where(Organisation.id.in_(members))
        case _:
            return query.where(Organisation.id == scope.organisation_id)
