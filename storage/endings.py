"""Districts that have ended: since when, and who acts for them. Reads only.

Who is in charge on a day is decided in `storage.organisations`; what passes on then, in `storage.following`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from obligations.notice import Level
from storage import organisations
from storage.conditions import is_pending, is_submitted
from storage.contacts import reachable
from storage.models import Contact, Organisation, Stage
from storage.organisations import has_handed_over, stand_ins


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a district has ended by some day.

    ``last_on`` is the last day of its validity (inclusive), ``handed_over_on`` the first on which its successor acts
    for it; that and the successor are None while it goes on acting itself.
    """

    district_id: int
    district_name: str
    last_on: date
    successor_id: int | None
    successor_name: str | None
    handed_over_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsucceeded:
    """A district that has ended, has no successor yet and still has ``stages`` that are not settled.

    ``reachable`` tells whether any of its contacts can be written to; where none can, nobody acts for it.
    """

    district_name: str
    last_on: date
    stages: int
    reachable: bool


def ending_of(session: Session, organisation_id: int, *, on: date) -> Ending | None:
    """Return how a district has ended by ``on``; None for one that still exists and has not handed over."""
    district = organisations.get(session, organisation_id)
    if district.level is not Level.DISTRICT or district.valid_to is None:
        return None
    acting = stand_ins(session, on=on).get(district.id)
    if acting is None or district.successor_id is None:
        return _ending(district, district.valid_to) if district.valid_to < on else None
    begins_on = organisations.get(session, district.successor_id).valid_from or date.min
    after = district.valid_to if begins_on == district.valid_to else district.valid_to + timedelta(days=1)
    return _ending(
        district,
        district.valid_to,
        successor=organisations.get(session, acting),
        handed_over_on=max(after, begins_on),
    )


def _ending(
    district: Organisation,
    last_on: date,
    *,
    successor: Organisation | None = None,
    handed_over_on: date | None = None,
) -> Ending:
    return Ending(
        district_id=district.id,
        district_name=district.name,
        last_on=last_on,
        successor_id=None if successor is None else successor.id,
        successor_name=None if successor is None else successor.name,
        handed_over_on=handed_over_on,
    )


def unsucceeded(session: Session, *, on: date) -> tuple[Unsucceeded, ...]:
    """Return the districts that have ended before ``on`` and still have something nobody has taken over, by code."""
    rows = session.execute(
        select(
            Organisation.name,
            Organisation.valid_to,
            func.count(),
            Organisation.id.in_(select(Contact.organisation_id).where(reachable())),
        )
        .join(Stage, Stage.district_id == Organisation.id)
        .where(
            Organisation.level == Level.DISTRICT,
            Organisation.valid_to < on,
            ~has_handed_over(on),
            or_(is_pending(), is_submitted()),
        )
        .group_by(Organisation.id, Organisation.code, Organisation.name, Organisation.valid_to)
        .order_by(Organisation.code)
    )
    return tuple(
        Unsucceeded(district_name=name, last_on=last_on, stages=stages, reachable=written_to)
        for name, last_on, stages, written_to in rows
        if last_on is not None
    )
