"""What happened that a stage's date counts from: hand-overs, findings, announced days. Reads only.

The date itself is the law's to compute, what an authority changed of it `storage.ruled`'s to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, case, extract, func, select
from sqlalchemy.orm import Session

from obligations import occasions
from obligations.authority import RulingKind
from obligations.binding import BoundDate
from obligations.deadlines import DeadlineError, DueKind, Facts
from obligations.decisions import Action, Status
from obligations.law import Law
from obligations.notice import UnknownRule
from obligations.periods import Period
from storage import corrections, decisions, occurrences, overview
from storage.conditions import is_pending
from storage.models import Event, Ruling, Stage
from storage.organisations import Scope
from storage.types import local_date

_AGO: Final = timedelta(days=60)
_AHEAD: Final = timedelta(days=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """By when what was returned or never came is to be corrected: the day and reason it was found, and the date.

    ``automatic`` says that it was found missing by itself; its reason is then empty.
    """

    found_on: date
    at: datetime
    reason: str
    automatic: bool
    bound: BoundDate


def facts_of(session: Session, stage: Stage) -> Facts:
    """Return what a stage's date counts from, as recorded: every hand-over before it, its finding, its announced day.

    What the stage before took back by a return counts no longer: then nothing is handed over.
    """
    return Facts(
        submitted_on=_handed_over(session, stage),
        found_on=_found_on(session, stage),
        announced_on=_announced_on(session, stage),
    )


def correction_of(session: Session, law: Law, stage: Stage) -> Correction | None:
    """Return by when a stage was to be corrected after its last return, handed over again or not.

    None where it was not returned, another date counts since, or no notice says.
    """
    returned = session.scalar(
        select(Event)
        .where(Event.stage_id == stage.id, Event.kind == Action.RETURN.value)
        .order_by(Event.id.desc())
        .limit(1)
    )
    said = occasions.correction_of(law.rulebook, stage.rule)
    if returned is None or said is None or stage.status is Status.OPEN:
        return None
    _, rule, step = said
    found_on = local_date(returned.at)
    bound = _bound(law, rule.duty, step.name, found_on)
    if bound is None:
        return None
    # One that was put off twice keeps no trace of its first date.
    put_off = stage.status is Status.RETURNED and stage.extended_to is not None
    if bound.date.due_on not in (stage.act_by_on, stage.moved_from) and not put_off:
        return None
    reason = str(returned.detail.get("reason", ""))
    return Correction(found_on=found_on, at=returned.at, reason=reason, automatic=False, bound=bound)


def carried_correction_of(session: Session, law: Law, stage: Stage) -> Correction | None:
    """Return by when evidence that never came is to be corrected, with its hand-over; None where nothing is open.

    None as well where no notice speaks of that correction any more.
    """
    carried = corrections.carried_by(session, stage.id)
    if carried is None or carried.status is not Status.OPEN:
        return None
    occurrence = occurrences.of_part(session, carried.obligation.part)
    if occurrence is None:
        return None
    try:
        binding = decisions.binding_of_stage(law, carried)
        bound = law.date(binding, carried.name, facts=Facts(found_on=occurrence.happened_on))
    except (DeadlineError, UnknownRule):
        return None
    return Correction(
        found_on=occurrence.happened_on, at=occurrence.at, reason="", automatic=True, bound=bound
    )


def asked_about(
    session: Session,
    scope: Scope,
    *,
    today: date,
    rules: Sequence[str] = (),
    period: str | None = None,
    on: date | None = None,
    day: int | None = None,
    limit: int,
) -> tuple[overview.Item, ...]:
    """Return the stages a question about a date may mean: one for each duty, step, period and date.

    They are the asker's own; only where none of those fits, any within the scope. ``rules`` are duties, ``on`` is the
    date itself, ``day`` a day of the month. Open ones come first, then what is nearest to ``today``. Where neither a
    period nor a date is named, only dates from 60 days ago to 200 days ahead are looked at.
    """
    conditions: list[ColumnElement[bool]] = [Stage.act_by_on.is_not(None)]
    if rules:
        conditions.append(Stage.rule.in_(rules))
    if period is not None:
        conditions.append(Stage.period == period)
    elif on is not None:
        conditions.append(Stage.act_by_on == on)
    else:
        conditions.append(Stage.act_by_on.between(today - _AGO, today + _AHEAD))
    if day is not None:
        conditions.append(extract("day", Stage.act_by_on) == day)
    own = Stage.actor_id == scope.organisation_id
    nearest = _nearest(session, [own, *conditions], today=today) or _nearest(
        session, [scope.stages(), *conditions], today=today
    )
    by_id = {item.stage_id: item for item in overview.items(session, nearest[:limit])}
    return tuple(by_id[each] for each in nearest[:limit])


def _nearest(session: Session, conditions: Sequence[ColumnElement[bool]], *, today: date) -> list[int]:
    pending = func.max(case((is_pending(), 1), else_=0))
    rows = session.execute(
        select(func.min(Stage.id), func.min(Stage.act_by_on), pending)
        .where(*conditions)
        .group_by(Stage.rule, Stage.name, Stage.period, Stage.act_by_on)
    )
    found = [
        (not opened, abs((on - today).days), on, stage_id) for stage_id, on, opened in rows if on is not None
    ]
    return [stage_id for *_, stage_id in sorted(found)]


def _handed_over(session: Session, stage: Stage) -> tuple[date, ...]:
    if stage.position == 0 or not stage.ready:
        return ()
    # A check that was let go stands for nothing: the stage before it counts.
    before = session.scalar(
        select(Stage)
        .where(
            Stage.obligation_id == stage.obligation_id,
            Stage.position < stage.position,
            Stage.status != Status.WAIVED,
        )
        .order_by(Stage.position.desc())
        .limit(1)
    )
    if before is None or before.submitted_at is None:
        return ()
    events = session.scalars(
        select(Event)
        .where(
            Event.stage_id == before.id,
            Event.kind == Action.SUBMIT.value,
            Event.at < before.submitted_at,
        )
        .order_by(Event.id)
    )
    return (*(local_date(event.at) for event in events), local_date(before.submitted_at))


def _found_on(session: Session, stage: Stage) -> date | None:
    occurrence = occurrences.of_part(session, stage.obligation.part)
    return None if occurrence is None else occurrence.happened_on


def _announced_on(session: Session, stage: Stage) -> date | None:
    """Return the day an authority announced for a stage; another notice's own date may be stricter."""
    if stage.due_kind is not DueKind.EXTERNAL:
        return None
    ruling = None if stage.ruling_id is None else session.get(Ruling, stage.ruling_id)
    announced = ruling.until if ruling is not None and ruling.kind is RulingKind.SET_DATE else None
    return announced or stage.due_on


def _bound(law: Law, duty: str, step: str, found_on: date) -> BoundDate | None:
    try:
        binding = law.binding(duty, Period.month(found_on.year, found_on.month))
        return law.date(binding, step, facts=Facts(found_on=found_on))
    except (DeadlineError, UnknownRule):
        return None
