"""What an authority decides about dates: a waiver, an extension, the date that a notice leaves to it.

A ruling is for a unit, for a district with its units, or for the whole city; it changes what is open in one
transaction and a few statements, and holds for what is made later too. The latest ruling that covers a stage counts;
an extension may be put right by another one, down to the day it moved, unless it was for fewer. What was handed over
stays as it is. Which level may decide what, and how far, is `obligations.authority`'s; reading what was decided is
`storage.ruled`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from obligations import authority
from obligations.authority import RulingKind
from obligations.binding import Binding
from obligations.chains import kept_since, parts
from obligations.deadlines import DeadlineError
from obligations.decisions import DecisionRefused, Refusal, Status
from obligations.law import Law
from obligations.notice import Level
from obligations.periods import Period
from obligations.terms import Undated
from storage import announcing, contacts, organisations, settings, trail
from storage.decisions import Actor
from storage.models import Obligation, Organisation, Ruling, Stage
from storage.ruled import Change, changed_by, named_by, of_stage, reasons, within
from storage.ruling_effects import PENDING, Effect, Group, Order, apply, effect_of, groups
from storage.types import local_date

__all__ = [
    "PENDING",
    "Change",
    "Decreed",
    "Effect",
    "Order",
    "apply_to_new",
    "decree",
    "of_stage",
    "preview",
    "reasons",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decreed:
    """A ruling as it was recorded, what it did, and how many contacts are told."""

    ruling_id: int
    effect: Effect
    told: int


def preview(session: Session, law: Law, order: Order, *, by: Actor | None, now: datetime) -> Effect:
    """Return what an order would do, and change nothing. ``by`` none is the municipality's administrator.

    Raises:
        DecisionRefused: the law does not allow it, it is another's to decide, or nothing would change.
        UnknownRule, DeadlineError: no notice speaks of the duty, the period or the stage.
    """
    scope = organisations.get(session, order.scope_id)
    level = Level.MUNICIPAL if by is None else by.level
    today = local_date(now)
    _require_scope(session, scope, by, today=today)
    found = list(groups(session, order, scope))
    binds = [group.bound(law, order) for group in found] or _to_come(session, law, order, scope)
    stricter: list[DecisionRefused] = []
    for binding, stages in binds:
        authority.require_power(binding, stages[0], order.kind, by=level)
        if order.until is not None:
            authority.require_later(order.until, today=today)
        try:
            authority.require_own(law, binding, stages, order.kind, until=order.until)
        except DecisionRefused as refused:
            # What is announced for many may count for some: the others keep their stricter date.
            if refused.refusal is not Refusal.STRICTER_DATE:
                raise
            stricter.append(refused)
    if len(stricter) == len(binds):
        raise stricter[0]
    effect = effect_of(law, order, found)
    if found and not effect.total:
        _require_something(order, [group for group in found if not group.stricter(law, order)])
    return effect


def decree(
    session: Session,
    law: Law,
    order: Order,
    *,
    reason: str,
    document: str,
    by: Actor | None,
    now: datetime,
) -> Decreed:
    """Record an order, change what it covers, and tell those concerned, each once.

    Where nothing of the period is made yet, it holds for what will be. Raises as `preview` does.
    """
    effect = preview(session, law, order, by=by, now=now)
    ruling = Ruling(
        kind=order.kind,
        rule=order.rule,
        stage=order.stage,
        period=str(order.period),
        scope_id=order.scope_id,
        until=order.until,
        reason=reason,
        document=document,
        contact_id=None if by is None else by.contact_id,
        at=now,
    )
    session.add(ruling)
    session.flush()
    scope = organisations.get(session, order.scope_id)
    for group in groups(session, order, scope):
        apply(
            session,
            law,
            ruling,
            order,
            group=group,
            covered=within(scope, order.rule, str(order.period)),
            now=now,
        )
    trail.record(
        session,
        order.kind.value,
        at=now,
        stage_id=_only_stage(session, ruling),
        organisation_id=order.scope_id,
        contact_id=ruling.contact_id,
        ruling=ruling.id,
        rule=order.rule,
        period=str(order.period),
        stage=order.stage,
        changed=effect.total,
        left=effect.handed_over + effect.later,
        before=_told_dates(effect.before),
        after=_told_dates(effect.after),
        reason=reason,
        document=document,
    )
    told = _announce(session, ruling, now=now)
    session.flush()
    session.expire_all()
    return Decreed(ruling_id=ruling.id, effect=effect, told=told)


def apply_to_new(
    session: Session,
    law: Law,
    rule: str,
    period: Period,
    *,
    made_at: datetime,
    among: ColumnElement[bool] | None = None,
) -> int:
    """Let the rulings of a duty and period hold for what was made of it at ``made_at``; return how many stages changed.

    They are applied in the order they were given, as far as the notices that bind it now allow. ``among`` is a
    condition on the obligations, where only some of those made then are meant.
    """
    changed = 0
    given = select(Ruling).where(Ruling.rule == rule, Ruling.period == str(period)).order_by(Ruling.id)
    for ruling in session.scalars(given).all():
        scope = organisations.get(session, ruling.scope_id)
        order = Order(
            kind=ruling.kind,
            rule=rule,
            period=period,
            scope_id=ruling.scope_id,
            stage=ruling.stage,
            until=ruling.until,
        )
        level = _level_of(session, ruling)
        new = within(scope, rule, str(period)) & (Obligation.created_at == made_at)
        if among is not None:
            new &= among
        applied = 0
        for group in groups(session, order, scope, new):
            try:
                binding, stages = group.bound(law, order)
                authority.require_power(binding, stages[0], order.kind, by=level)
                authority.require_own(law, binding, stages, order.kind, until=order.until)
            except (DecisionRefused, DeadlineError, LookupError):
                continue  # a notice that came since does not allow it
            applied += apply(session, law, ruling, order, group=group, covered=new, now=made_at)
        if applied:
            trail.record(
                session,
                "ruling_applied",
                at=made_at,
                organisation_id=ruling.scope_id,
                ruling=ruling.id,
                rule=rule,
                period=str(period),
                changed=applied,
            )
        changed += applied
    return changed


def _level_of(session: Session, ruling: Ruling) -> Level:
    """Return the level that decided; what an administrator entered, the municipality decided."""
    if ruling.contact_id is None:
        return Level.MUNICIPAL
    return contacts.get(session, ruling.contact_id).organisation.level


def _require_scope(session: Session, scope: Organisation, by: Actor | None, *, today: date) -> None:
    """Stop a district that decides beyond itself and its units.

    Raises:
        DecisionRefused: it does.
    """
    if by is None or by.level is Level.MUNICIPAL:
        return
    own = contacts.get(session, by.contact_id).organisation_id
    if scope.id == own:
        return
    district = organisations.district_of(session, scope.id, on=today) if scope.level is Level.UNIT else None
    if district is None or district.id != own:
        raise DecisionRefused(Refusal.NOT_YOURS)


def _to_come(
    session: Session, law: Law, order: Order, scope: Organisation
) -> list[tuple[Binding, tuple[str, ...]]]:
    """Return what will bind the scope where nothing is made yet, with the stages that the order is for.

    Raises:
        DecisionRefused: nobody within the scope would owe the step, it was due before the keeping of duties began, or
            it has no date to extend.
        UnknownRule, DeadlineError: no notice speaks of the duty or binds the unit in this period.
    """
    if scope.sector is not None:
        binding = law.binding(order.rule, order.period, sectors=frozenset({scope.sector}))
        # Where another duty takes its place, or its fuel is not meant, the unit will never owe this one.
        owed = binding.duty == order.rule and binding.rule.applies_to(scope.sector, scope.fuel)
        found = [binding] if owed else []
    else:
        found = [binding for _, binding in parts(law, order.rule, order.period).values()] or [
            law.binding(order.rule, order.period)
        ]
    levels = {
        Level.UNIT: {Level.UNIT},
        Level.DISTRICT: {Level.UNIT, Level.DISTRICT},
    }.get(scope.level, set(Level))
    since = settings.get_date(session, settings.SINCE)
    binds = []
    never = False
    for binding in found:
        for per, chain in binding.rule.chains().items():
            names = tuple(stage.name for stage in chain)
            if per in levels and (order.stage is None or order.stage in names):
                kept = names if since is None else kept_since(law, binding, per, since=since)
                if (order.stage or names[0]) not in kept:
                    never = True
                    continue
                if order.kind is RulingKind.EXTEND and isinstance(
                    binding.stage(order.stage or names[0]).deadline, Undated
                ):
                    raise DecisionRefused(Refusal.NO_DATE)
                first = order.stage in (None, names[0])
                whole = order.kind is RulingKind.WAIVE and first
                binds.append((binding, names if whole else (order.stage or names[0],)))
    if never and not binds:
        raise DecisionRefused(Refusal.BEFORE_START, on=since)
    if not binds:
        raise DecisionRefused(Refusal.NOBODY_OWES_IT)
    return binds


def _require_something(order: Order, found: list[Group]) -> None:
    """Say why an order would change nothing.

    Raises:
        DecisionRefused: always.
    """
    rows = [row for group in found for row in group.rows]
    pending = [(on, former) for status, on, former, *_ in rows if status in PENDING]
    # What corrects an extension need not come after it, only not before the day it had.
    dated = [
        former if former is not None and order.until is not None and order.until < former else on
        for on, former in pending
        if on is not None
    ]
    if dated and order.until is not None:
        authority.require_later(order.until, today=order.until, present_on=min(dated))
    if pending:
        raise DecisionRefused(Refusal.NO_DATE)
    submitted = any(status is Status.SUBMITTED for status, *_ in rows)
    raise DecisionRefused(Refusal.ALREADY_SUBMITTED if submitted else Refusal.ALREADY_DECIDED)


def _only_stage(session: Session, ruling: Ruling) -> int | None:
    """Return the stage that a ruling named where it changed one; None where it changed many, or none."""
    found = session.scalars(select(Stage.id).where(changed_by(ruling), named_by(ruling.stage)).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _told_dates(counted: Mapping[date | None, int]) -> dict[str, int]:
    return {"" if on is None else on.isoformat(): count for on, count in counted.items()}


def _announce(session: Session, ruling: Ruling, *, now: datetime) -> int:
    """Tell whose duties were changed, and the districts of units, each contact once; not who decided.

    The municipality hears of its own duties only, and of the step that was named: not of each check let go.
    """
    own = or_(
        Stage.actor_level != Level.MUNICIPAL,
        Stage.subject_id == Stage.actor_id,
        Stage.name == ruling.stage if ruling.stage is not None else false(),
    )
    offices = set(session.scalars(select(Stage.actor_id).where(changed_by(ruling), own).distinct()))
    districts = session.scalars(select(Stage.district_id).where(changed_by(ruling)).distinct())
    offices |= {each for each in districts if each is not None}
    told = [each for each in announcing.people_of(session, offices) if each != ruling.contact_id]
    announcing.tell(session, told, key=f"ruling:{ruling.id}", facts={"ruling": ruling.id}, now=now)
    return len(told)
