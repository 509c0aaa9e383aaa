"""Shares of the units that must be done with a duty: which target is in force, and how many units each district is short.

The shares and their dates are the law's; a target nobody has set a date for yet is none to be measured against.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level, Rulebook
from obligations.targets import needed, short_of
from storage.models import Membership, Organisation, Stage
from storage.organisations import Scope, in_charge, member_on, stand_ins


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A district against a target: ``done`` of ``total`` units, ``needed`` for the target, ``short`` to go.

    ``needed`` is None where the district has no unit the target applies to.
    """

    district_id: int
    district_name: str
    total: int
    done: int
    needed: int | None
    short: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target in force: so many percent of each district's units done with a duty of a period by a day, inclusive.

    The rows are the districts with units, the one furthest from it first.
    """

    duty: str
    period: str
    percent: int
    due_on: date
    rows: tuple[TargetRow, ...]

    @property
    def total(self) -> int:
        """How many units it applies to."""
        return sum(row.total for row in self.rows)

    @property
    def done(self) -> int:
        """How many units are done."""
        return sum(row.done for row in self.rows)

    @property
    def short(self) -> int:
        """How many units are missing, each district counted by itself."""
        return sum(row.short for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    duty: str
    period: str
    percent: int
    due_on: date


def shares(rulebook: Rulebook) -> Mapping[str, int]:
    """Return the duties of units that a share of them must be done with, in percent: the surrenders."""
    return {
        duty: rule.threshold.percent
        for duty, said in rulebook.by_duty.items()
        for _, rule in said[:1]
        if rule.threshold is not None
        and rule.threshold.bound == "at_least"
        and rule.threshold.percent is not None
        and Level.UNIT in rule.chains()
    }


def in_force(session: Session, law: Law, scope: Scope, *, today: date) -> tuple[Target, ...]:
    """Return the targets in force on ``today``, by their dates, with the districts of a scope.

    Of one period's targets the next to come is in force, after the last date the last, until no unit is open. A unit
    counts once it is accepted for any target of the period: whoever surrendered for both years has met the 95 % and
    the 100 % alike. One that an authority let go is not counted at all. Notice 二(五).
    """
    found = sorted(_measured(session, law), key=lambda each: (each.period, each.due_on))
    targets = []
    for period, members in groupby(found, key=lambda each: each.period):
        of_period = list(members)
        chosen = next((each for each in of_period if each.due_on >= today), of_period[-1])
        rows = _rows(session, scope, chosen, [each.duty for each in of_period], today=today)
        if any(row.done < row.total for row in rows):
            targets.append(
                Target(
                    duty=chosen.duty,
                    period=period,
                    percent=chosen.percent,
                    due_on=chosen.due_on,
                    rows=tuple(sorted(rows, key=lambda row: (-row.short, row.district_id))),
                )
            )
    return tuple(sorted(targets, key=lambda target: target.due_on))


def _measured(session: Session, law: Law) -> list[_Measured]:
    """Return the dated duties of units that are measured by a share, with what the law asks of each."""
    percent_of = shares(law.rulebook)
    rows = session.execute(
        select(Stage.rule, Stage.period, func.max(Stage.due_on))
        .where(Stage.rule.in_(percent_of), Stage.actor_level == Level.UNIT, Stage.due_on.is_not(None))
        .group_by(Stage.rule, Stage.period)
    )
    return [
        _Measured(duty=duty, period=period, percent=percent_of[duty], due_on=due_on)
        for duty, period, due_on in rows
        if due_on is not None
    ]


def _rows(
    session: Session, scope: Scope, target: _Measured, alike: list[str], *, today: date
) -> list[TargetRow]:
    """Count the units of each district by who is in charge of them today, whoever was when they surrendered."""
    own = in_charge(Membership.district_id, stand_ins(session, on=today))
    district_id = func.coalesce(own, Stage.district_id)
    within = district_id == scope.organisation_id if scope.level is Level.DISTRICT else scope.stages()
    settled = select(Stage.subject_id).where(
        Stage.rule.in_(alike),
        Stage.period == target.period,
        Stage.actor_level == Level.UNIT,
        Stage.status == Status.ACCEPTED,
    )
    rows = session.execute(
        select(
            Organisation.id,
            Organisation.name,
            func.count().label("total"),
            func.count(case((Stage.subject_id.in_(settled), 1))).label("done"),
        )
        .select_from(Stage)
        .outerjoin(Membership, (Membership.unit_id == Stage.subject_id) & member_on(today))
        .join(Organisation, Organisation.id == district_id)
        .where(
            within,
            Stage.rule == target.duty,
            Stage.period == target.period,
            Stage.actor_level == Level.UNIT,
            Stage.status != Status.WAIVED,
        )
        .group_by(Organisation.id, Organisation.name)
        .order_by(Organisation.id)
    )
    return [
        TargetRow(
            district_id=found_id,
            district_name=name,
            total=total,
            done=done,
            needed=needed(total, target.percent),
            short=short_of(total, done, target.percent) or 0,
        )
        for found_id, name, total, done in rows
    ]
