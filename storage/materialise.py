"""Turning rules into obligations.

Which chains there are, with which dates, is `obligations.chains`'s; the fan-out to organisations is one INSERT … SELECT
for each. What arises from an event is made when the event is recorded.
"""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, func, literal, null, or_, select, true
from sqlalchemy.orm import Session, aliased

from obligations.chains import Chain, arises_from_default, chains
from obligations.law import Law
from obligations.notice import Level, Rule
from storage import making, organisations, rulings
from storage.conditions import is_overdue
from storage.models import Membership, Obligation, Organisation, Stage
from storage.organisations import in_charge, member_on
from storage.statements import insert_ignoring_conflicts, rows_changed
from storage.types import local_date


def materialise(
    session: Session,
    law: Law,
    *,
    since: date,
    through: date,
    now: datetime,
    settled_before: date | None = None,
) -> int:
    """Create the obligations that the calendar brings within ``since`` … ``through``, both inclusive.

    Those already there are left alone, so repeating it changes nothing; what was due before ``settled_before`` is not
    looked at again. Returns how many are new.
    """
    municipality = organisations.municipality(session).id
    today = local_date(now)
    acting = organisations.stand_ins(session, on=today)
    created = 0
    fresh = {}
    for chain in chains(law, since=since, through=through, today=today, settled_before=settled_before):
        subjects = _subjects(law, chain, acting, today=today)
        if subjects is None:
            continue
        new = _insert_obligations(session, chain, subjects, now=now)
        if new:
            for position in range(len(chain.steps)):
                _insert_stages(session, chain, position, municipality, now=now)
            fresh[chain.binding.duty, chain.binding.period] = True
        created += new
    for duty, period in fresh:
        rulings.apply_to_new(session, law, duty, period, made_at=now)
    return created


def _subjects(
    law: Law, chain: Chain, acting: Mapping[int, int], *, today: date
) -> Select[int, int | None] | None:
    """Select the organisations a chain binds, each with its district; None where it binds nobody yet.

    An organisation is bound if it existed by the end of the period, or by the date where that comes first,
    and still does on the date. The district is the one in charge of it today, or from when it has one; what is open
    follows it from there (`storage.following`).
    """
    begun_on = min(chain.binding.period.end, chain.on)
    exists = and_(
        Organisation.level == chain.per,
        func.coalesce(Organisation.valid_from, date.min) <= begun_on,
        func.coalesce(Organisation.valid_to, date.max) >= chain.on,
    )
    rule = chain.binding.rule
    match chain.per:
        case Level.UNIT:
            selected = (
                select(Organisation.id, in_charge(Membership.district_id, acting))
                .join(Membership, Membership.unit_id == Organisation.id)
                .where(exists, _places(today, chain.on), Organisation.sector.in_(chain.sectors))
            )
            if rule.fuels is not None:
                selected = selected.where(Organisation.fuel.in_(rule.fuels))
            if not arises_from_default(rule):
                return selected
            defaulted = _in_default(law, rule, today=today)
            return None if defaulted is None else selected.where(Organisation.id.in_(defaulted))
        case Level.DISTRICT:
            return select(Organisation.id, Organisation.id.label("district_id")).where(exists)
        case Level.MUNICIPAL | Level.AGENCY:
            return select(Organisation.id, cast(null(), Integer).label("district_id")).where(exists)


def _places(today: date, on: date) -> ColumnElement[bool]:
    """Return the condition on the membership that counts: today's, or where there is none that of ``on``."""
    present = aliased(Membership)
    placed = select(present.id).where(present.unit_id == Organisation.id, member_on(today, of=present))
    return or_(member_on(today), and_(member_on(on), ~placed.exists()))


def _in_default(law: Law, rule: Rule, *, today: date) -> Select[int] | None:
    """Select the units that are in default of what a rule arises from; None before its date.

    One that handed over in time and waits for its check is not, nor one whose date was extended.
    """
    if rule.arises is None or rule.arises.of is None:
        return None
    cause = law.rulebook.rule(rule.arises.of)
    step = cause.chains()[Level.UNIT][0]
    due_on = law.date(law.binding(cause.name, cause.first_period), step.name).date.due_on
    if due_on is None or today <= due_on:
        return None
    return select(Stage.subject_id).where(
        Stage.rule == cause.name,
        Stage.name == step.name,
        Stage.period == str(cause.first_period),
        is_overdue(today),
    )


def _insert_obligations(
    session: Session, chain: Chain, subjects: Select[int, int | None], *, now: datetime
) -> int:
    binding = chain.binding
    found = subjects.subquery()
    subject_id, district_id = found.c
    values = making.obligation(
        binding, part=literal(chain.part), subject=subject_id, district=district_id, now=now
    )
    # A row that meets a conflict uses up a number on PostgreSQL; what is there already is left out instead.
    present = select(Obligation.id).where(
        Obligation.rule == binding.duty,
        Obligation.period == str(binding.period),
        Obligation.subject_id == subject_id,
        Obligation.part == chain.part,
    )
    rows = select(*values.values()).where(subject_id.is_not(None), ~present.exists())
    return rows_changed(
        session, insert_ignoring_conflicts(session, Obligation).from_select(list(values), rows)
    )


def _insert_stages(
    session: Session, chain: Chain, position: int, municipality: int, *, now: datetime
) -> None:
    """Give what was made just now its stage at a position; what was made before has its own, of its own notice."""
    present = aliased(Stage)
    values = making.stage(chain.steps[position], position, municipality, ready=position == 0)
    rows = (
        select(*values.values())
        .join(Organisation, Organisation.id == Obligation.subject_id)
        .where(
            Obligation.rule == chain.binding.duty,
            Obligation.period == str(chain.binding.period),
            Obligation.part == chain.part,
            Obligation.notice == chain.binding.notice.number,
            Obligation.notice_version == chain.binding.notice.version,
            Obligation.made_by == chain.binding.rule.name,
            Obligation.created_at == now,
            Organisation.level == chain.per,
            Organisation.sector.in_(chain.sectors) if chain.per is Level.UNIT else true(),
            ~select(present.id)
            .where(present.obligation_id == Obligation.id, present.position == position)
            .exists(),
        )
    )
    rows_changed(session, insert_ignoring_conflicts(session, Stage).from_select(list(values), rows))
