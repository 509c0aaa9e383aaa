"""What is open follows who is in charge: a unit that moved to its new district, a district that ended to its successor.

What is accepted or waived stays with the district that handled it, and so does the trail. Who is in charge on a day
is `storage.organisations`'.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select, update
from sqlalchemy.orm import Session

from obligations.decisions import Status
from obligations.notice import Level
from storage import contacts, organisations, outbox, trail
from storage.conditions import is_pending, is_submitted
from storage.models import Membership, NotificationKind, Obligation, Organisation, Stage
from storage.organisations import in_charge, member_on
from storage.types import local_date

_LEVEL = Organisation.__table__.c.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What one organisation passed to another district: its open stages, and how many of them wait for a check."""

    subject_id: int
    level: Level
    from_id: int
    to_id: int
    stages: int
    waiting: int


def follow(session: Session, *, now: datetime) -> Sequence[Passed]:
    """Pass every stage that is not settled to the district in charge today; repeating it changes nothing.

    The stage's district, and its actor and checker where they were the old district, are the new one from now on, and
    its version rises. A line of the trail says so of each organisation it concerns, and the contacts of both districts
    are told once of all that came or went.
    """
    today = local_date(now)
    acting = organisations.stand_ins(session, on=today)
    passed = _units_that_moved(session, acting, today)
    _pass_units(session, passed, acting, today)
    left = _left_with(session, acting)
    _pass_all(session, left)
    passed += left
    codes = _codes(session, passed)
    for each in passed:
        trail.record(
            session,
            "passed_on",
            at=now,
            organisation_id=each.subject_id,
            passed_from=codes[each.from_id],
            passed_to=codes[each.to_id],
            stages=each.stages,
        )
    _announce(session, passed, now=now)
    return passed


def _is_unsettled() -> ColumnElement[bool]:
    return or_(is_pending(), is_submitted())


def _units_that_moved(session: Session, acting: Mapping[int, int], today: date) -> list[Passed]:
    """Count what units have open in a district that is not in charge of them today.

    Only a unit that ever moved, or whose district handed over, can have any: the others are not looked into.
    """
    moved = select(Membership.unit_id).group_by(Membership.unit_id).having(func.count() > 1)
    ended = select(Membership.unit_id).where(Membership.district_id.in_(list(acting)))
    to_id = in_charge(Membership.district_id, acting)
    return _passed(
        session,
        select(Stage.subject_id, _LEVEL, Stage.district_id, to_id)
        .select_from(Membership)
        .join(Obligation, Obligation.subject_id == Membership.unit_id)
        .join(Stage, Stage.obligation_id == Obligation.id)
        .join(Organisation, Organisation.id == Membership.unit_id)
        .where(
            or_(Membership.unit_id.in_(moved), Membership.unit_id.in_(ended)),
            member_on(today),
            _is_unsettled(),
            Stage.district_id != to_id,
        )
        .group_by(Stage.subject_id, _LEVEL, Stage.district_id, to_id),
    )


def _left_with(session: Session, acting: Mapping[int, int]) -> list[Passed]:
    """Count what else is open with districts that handed over: their own duties, and those of units without a district."""
    to_id = in_charge(Stage.district_id, acting)
    return _passed(
        session,
        select(Stage.subject_id, _LEVEL, Stage.district_id, to_id)
        .join(Organisation, Organisation.id == Stage.subject_id)
        .where(Stage.district_id.in_(list(acting)), _is_unsettled())
        .group_by(Stage.subject_id, _LEVEL, Stage.district_id, to_id),
    )


def _passed(session: Session, counted: Select[Any]) -> list[Passed]:
    waiting = is_submitted() & (Stage.checker_id == Stage.district_id)
    rows = session.execute(
        counted.add_columns(func.count(), func.count(case((waiting, 1)))).order_by(Stage.subject_id)
    )
    return [
        Passed(
            subject_id=subject_id,
            level=level,
            from_id=from_id,
            to_id=to_id,
            stages=stages,
            waiting=waits,
        )
        for subject_id, level, from_id, to_id, stages, waits in rows
    ]


def _pass_units(session: Session, passed: Sequence[Passed], acting: Mapping[int, int], today: date) -> None:
    to_id = in_charge(Membership.district_id, acting)
    for old, new in sorted({(each.from_id, each.to_id) for each in passed}):
        theirs = Stage.subject_id.in_(select(Membership.unit_id).where(member_on(today), to_id == new))
        _pass(session, theirs, old, new)


def _pass_all(session: Session, left: Sequence[Passed]) -> None:
    for old, new in sorted({(each.from_id, each.to_id) for each in left}):
        _pass(session, Stage.district_id == old, old, new)


def _pass(session: Session, concerned: ColumnElement[bool], old: int, new: int) -> None:
    """Pass what is not settled of ``concerned`` from one district to another.

    Where a chain goes on, what the old district accepted stays its own, but passing a return down to it is for the new.
    """
    session.flush()
    apart = {"synchronize_session": False}
    session.execute(
        update(Stage)
        .where(concerned, Stage.district_id == old, _is_unsettled())
        .values(
            district_id=new,
            actor_id=case((Stage.actor_id == old, new), else_=Stage.actor_id),
            checker_id=case((Stage.checker_id == old, new), else_=Stage.checker_id),
            version=Stage.version + 1,
        )
        .execution_options(**apart)
    )
    going_on = select(Stage.obligation_id).where(_is_unsettled(), Stage.district_id == new)
    session.execute(
        update(Stage)
        .where(Stage.status == Status.ACCEPTED, Stage.checker_id == old, Stage.obligation_id.in_(going_on))
        .values(checker_id=new)
        .execution_options(**apart)
    )
    session.execute(
        update(Obligation)
        .where(Obligation.district_id == old, Obligation.id.in_(going_on))
        .values(district_id=new)
        .execution_options(**apart)
    )
    session.flush()
    session.expire_all()


def _codes(session: Session, passed: Sequence[Passed]) -> Mapping[int, str]:
    ids = {each.from_id for each in passed} | {each.to_id for each in passed}
    rows = session.execute(select(Organisation.id, Organisation.code).where(Organisation.id.in_(ids)))
    return {each.id: each.code for each in rows}


def _announce(session: Session, passed: Sequence[Passed], *, now: datetime) -> None:
    came: dict[int, list[Passed]] = defaultdict(list)
    went: dict[int, list[Passed]] = defaultdict(list)
    for each in passed:
        came[each.to_id].append(each)
        went[each.from_id].append(each)
    for district in sorted({*came, *went}):
        people = contacts.of_organisation(session, district)
        staff = [contact for contact in people if not contact.lead] or people
        outbox.enqueue(
            session,
            [contact.id for contact in staff],
            NotificationKind.PASSED_ON,
            key=now.isoformat(),
            now=now,
            not_before=outbox.after_quiet_hours(now),
            facts={
                "came": [_told(other, of) for other, of in _by(came[district], "from_id")],
                "went": [_told(other, of) for other, of in _by(went[district], "to_id")],
            },
        )


def _by(passed: Sequence[Passed], side: str) -> list[tuple[int, list[Passed]]]:
    groups: dict[int, list[Passed]] = defaultdict(list)
    for each in passed:
        groups[getattr(each, side)].append(each)
    return sorted(groups.items())


def _told(other: int, passed: Sequence[Passed]) -> dict[str, int]:
    return {
        "district": other,
        "units": len({each.subject_id for each in passed if each.level is Level.UNIT}),
        "stages": sum(each.stages for each in passed),
        "waiting": sum(each.waiting for each in passed),
    }
