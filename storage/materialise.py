"""Turning rules into obligations.

The dates are computed once per rule and period; the fan-out to organisations is one INSERT … SELECT. What
arises from an event an officer records, has no date, or waits for a date an authority sets, is not made here;
neither is what is merely to be kept for a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, func, literal, null, select
from sqlalchemy.orm import Session, aliased

from obligations.deadlines import DueDate, due
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level, Recurrence, Rule
from obligations.notice import Stage as RuleStage
from obligations.periods import Period
from obligations.terms import Occasion
from storage import organisations
from storage.conditions import is_overdue
from storage.models import Membership, Obligation, Organisation, Stage
from storage.organisations import member_on
from storage.statements import insert_ignoring_conflicts, rows_changed
from storage.types import local_date

_LOOK_AHEAD = {
    Recurrence.MONTHLY: timedelta(),
    Recurrence.YEARLY: timedelta(days=5 * 366),
}
"""How long before its period a date may lie: a month's never does, a year's by the years a notice may say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """One rule's chain for one period, with the date of each stage, in order."""

    rule: Rule
    period: Period
    per: Level
    stages: tuple[RuleStage, ...]
    dates: tuple[DueDate, ...]

    @property
    def first_due_on(self) -> date | None:
        """The earliest date after which something here is overdue; None where nothing ever is."""
        return min((each.due_on for each in self.dates if each.due_on and each.overdue_from), default=None)


def materialise(session: Session, law: Law, *, since: date, through: date, now: datetime) -> int:
    """Create the obligations whose first dated stage falls within ``since`` … ``through``, both inclusive.

    Those already there are left alone, so repeating it changes nothing. Returns how many are new.
    """
    municipality = organisations.municipality(session).id
    created = 0
    for chain in _chains(law, through=through):
        first = chain.first_due_on
        if first is None or not since <= first <= through:
            continue
        subjects = _subjects(law, chain, first, today=local_date(now))
        if subjects is None:
            continue
        new = _insert_obligations(session, law, chain, subjects, now=now)
        if new:
            for position in range(len(chain.stages)):
                _insert_stages(session, chain, position, municipality)
        created += new
    return created


def _chains(law: Law, *, through: date) -> Iterator[_Chain]:
    for rule in law.rulebook.rules:
        if rule.recurrence not in (Recurrence.ONCE, *_LOOK_AHEAD) or (
            rule.arises is not None and not _is_default(rule)
        ):
            continue
        for period in _periods(rule, through=through):
            for per, stages in rule.chains().items():
                dates = tuple(due(rule, stage.name, period, calendar=law.calendar) for stage in stages)
                yield _Chain(rule=rule, period=period, per=per, stages=stages, dates=dates)


def _periods(rule: Rule, *, through: date) -> Iterator[Period]:
    if rule.recurrence is Recurrence.ONCE:
        yield rule.first_period
        return
    period = rule.first_period
    last = through + _LOOK_AHEAD[rule.recurrence]
    while period.start <= last and (rule.last_period is None or period <= rule.last_period):
        yield period
        period = period.next()


def _is_default(rule: Rule) -> bool:
    return rule.arises is not None and rule.arises.occasion is Occasion.DEFAULT and rule.arises.of is not None


def _subjects(law: Law, chain: _Chain, first: date, *, today: date) -> Select[int, int | None] | None:
    """Select the organisations a chain binds, each with its district; None where it binds nobody yet.

    An organisation is bound if it existed by the end of the period, or by the date where that comes first,
    and still does on the date. The district is the one it belongs to on that date, which is then in charge.
    """
    begun_on = min(chain.period.end, first)
    exists = and_(
        Organisation.level == chain.per,
        func.coalesce(Organisation.valid_from, date.min) <= begun_on,
        func.coalesce(Organisation.valid_to, date.max) >= first,
    )
    match chain.per:
        case Level.UNIT:
            selected = (
                select(Organisation.id, Membership.district_id)
                .join(Membership, Membership.unit_id == Organisation.id)
                .where(exists, member_on(first), Organisation.sector.in_(chain.rule.sectors))
            )
            if chain.rule.fuels is not None:
                selected = selected.where(Organisation.fuel.in_(chain.rule.fuels))
            if not _is_default(chain.rule):
                return selected
            defaulted = _in_default(law, chain.rule, today=today)
            return None if defaulted is None else selected.where(Organisation.id.in_(defaulted))
        case Level.DISTRICT:
            return select(Organisation.id, Organisation.id.label("district_id")).where(exists)
        case Level.MUNICIPAL:
            return select(Organisation.id, null().label("district_id")).where(exists)
        case _:
            return None


def _in_default(law: Law, rule: Rule, *, today: date) -> Select[int] | None:
    """Select the units that are in default of what a rule arises from; None before its date.

    One that handed over in time and waits for its check is not, nor one whose date was extended.
    """
    if rule.arises is None or rule.arises.of is None:
        return None
    cause = law.rulebook.rule(rule.arises.of)
    step = cause.chains()[Level.UNIT][0]
    due_on = due(cause, step.name, cause.first_period, calendar=law.calendar).due_on
    if due_on is None or today <= due_on:
        return None
    return select(Stage.subject_id).where(
        Stage.rule == cause.name,
        Stage.name == step.name,
        Stage.period == str(cause.first_period),
        is_overdue(today),
    )


def _insert_obligations(
    session: Session, law: Law, chain: _Chain, subjects: Select[int, int | None], *, now: datetime
) -> int:
    notice = law.rulebook.notice_of(chain.rule.name)
    found = subjects.subquery()
    subject_id, district_id = found.c
    values = {
        "notice": literal(notice.number),
        "notice_version": literal(notice.version),
        "rule": literal(chain.rule.name),
        "period": literal(str(chain.period)),
        "subject_id": subject_id,
        "district_id": district_id,
        "created_at": literal(now, Obligation.__table__.c.created_at.type),
    }
    rows = select(*values.values()).where(subject_id.is_not(None))
    return rows_changed(
        session, insert_ignoring_conflicts(session, Obligation).from_select(list(values), rows)
    )


def _insert_stages(session: Session, chain: _Chain, position: int, municipality: int) -> None:
    stage, dates = chain.stages[position], chain.dates[position]
    present = aliased(Stage)
    columns = Stage.__table__.c
    values = {
        "obligation_id": Obligation.id,
        "position": literal(position),
        "name": literal(stage.name),
        "rule": Obligation.rule,
        "period": Obligation.period,
        "actor_level": literal(stage.actor, columns.actor_level.type),
        "checked_by": literal(stage.checked_by, columns.checked_by.type),
        "subject_id": Obligation.subject_id,
        "actor_id": _organisation_at(stage.actor, municipality),
        "district_id": Obligation.district_id,
        "checker_id": null()
        if stage.checked_by is None
        else _organisation_at(stage.checked_by, municipality),
        "status": literal(Status.OPEN, columns.status.type),
        "ready": literal(position == 0),
        "excused": literal(dates.excused),
        "due_on": literal(dates.due_on, columns.due_on.type),
        "due_kind": literal(dates.kind, columns.due_kind.type),
        "act_by_on": literal(dates.internal_target_on or dates.due_on, columns.act_by_on.type),
        "version": literal(1),
    }
    rows = (
        select(*values.values())
        .join(Organisation, Organisation.id == Obligation.subject_id)
        .where(
            Obligation.rule == chain.rule.name,
            Obligation.period == str(chain.period),
            Organisation.level == chain.per,
            ~select(present.id)
            .where(present.obligation_id == Obligation.id, present.position == position)
            .exists(),
        )
    )
    rows_changed(session, insert_ignoring_conflicts(session, Stage).from_select(list(values), rows))


def _organisation_at(level: Level | None, municipality: int) -> ColumnElement[Any]:
    match level:
        case None:
            return null()
        case Level.DISTRICT:
            return cast("ColumnElement[Any]", Obligation.district_id)
        case Level.MUNICIPAL:
            return literal(municipality)
        case _:
            return cast("ColumnElement[Any]", Obligation.subject_id)
