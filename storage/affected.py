"""Whom a change of the law concerns: the units of some sectors by district, and the stages that are still open.

What changes for them is worked out from the law, not here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from obligations.notice import Level, Sector
from storage.conditions import is_pending
from storage.models import Membership, Obligation, Organisation, Stage
from storage.organisations import member_on, valid_on


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """One unit with its district by name; None where its membership has a gap."""

    name: str
    sector: Sector | None
    fuel: str | None
    district: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStages:
    """How many open stages there are of one duty, step and period, made by one version of a notice.

    ``sector`` is a unit's own; a city's or a district's duty has none, and ``part`` names what it is for.
    """

    duty: str
    stage: str
    period: str
    notice: str
    version: str
    sector: Sector | None
    part: str
    count: int


def units(session: Session, *, on: date) -> Sequence[UnitRow]:
    """Return the units that exist on ``on``, with the district each belongs to then; by name."""
    district = aliased(Organisation)
    rows = session.execute(
        select(Organisation.name, Organisation.sector, Organisation.fuel, district.name)
        .outerjoin(Membership, (Membership.unit_id == Organisation.id) & member_on(on))
        .outerjoin(district, district.id == Membership.district_id)
        .where(Organisation.level == Level.UNIT, valid_on(on))
        .order_by(Organisation.name)
    )
    return [UnitRow(name=name, sector=sector, fuel=fuel, district=home) for name, sector, fuel, home in rows]


def open_stages(session: Session) -> Sequence[OpenStages]:
    """Return how many stages are open or returned, counted together where the law treats them alike."""
    alike = (
        Obligation.rule,
        Stage.name,
        Obligation.period,
        Obligation.notice,
        Obligation.notice_version,
        Organisation.sector,
        Obligation.part,
    )
    rows = session.execute(
        select(*alike, func.count())
        .select_from(Stage)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .join(Organisation, Organisation.id == Obligation.subject_id)
        .where(is_pending())
        .group_by(*alike)
        .order_by(Obligation.rule, Obligation.period, Stage.name)
    )
    return [
        OpenStages(
            duty=duty,
            stage=stage,
            period=period,
            notice=notice,
            version=version,
            sector=sector,
            part=part,
            count=count,
        )
        for duty, stage, period, notice, version, sector, part, count in rows
    ]
