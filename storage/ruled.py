"""What authorities decided about dates, as it is read: which stages a ruling covers, and what changed a stage's date.

Deciding is in `storage.rulings`, what a new notice changes in `storage.redating`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session

from obligations.authority import RulingKind
from obligations.decisions import Status
from obligations.notice import Level
from obligations.reasons import Reason, ReasonCode
from storage import contacts, organisations, recounting, taking_over
from storage.conditions import is_pending
from storage.models import Obligation, Organisation, Ruling, Stage

NARROWER: Mapping[Level, tuple[Level, ...]] = MappingProxyType(
    {
        Level.MUNICIPAL: (Level.DISTRICT, Level.UNIT, Level.AGENCY),
        Level.DISTRICT: (Level.UNIT, Level.AGENCY),
    }
)
"""By the level a ruling is for: whose own extensions stand beside it, because they are for fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What moved a stage's date or let the duty go.

    ``from_on`` and ``to_on`` are the day to act by before and after, none where there was none. ``kind`` none says
    that another notice did it: ``document`` is then its number. ``by`` is the office that decided.
    """

    kind: RulingKind | None
    from_on: date | None
    to_on: date | None
    document: str
    reason: str
    by: str
    at: datetime | None


def within(scope: Organisation, rule: str, period: str) -> ColumnElement[bool]:
    """Return the condition that an obligation is of a duty and period, and the scope's: a district's units' too."""
    match scope.level:
        case Level.MUNICIPAL:
            return (Obligation.rule == rule) & (Obligation.period == period)
        case Level.DISTRICT:
            whose: ColumnElement[bool] = Obligation.district_id == scope.id
        case _:
            whose = Obligation.subject_id == scope.id
    return (Obligation.rule == rule) & (Obligation.period == period) & whose


def changed_by(ruling: Ruling) -> ColumnElement[bool]:
    """Return the condition that a ruling was the last to change a stage, whatever became of it since."""
    return Stage.ruling_id == ruling.id


def named_by(stage: str | None) -> ColumnElement[bool]:
    """Return the condition that a stage is the one a ruling names; without a name, the first of its chain."""
    return Stage.position == 0 if stage is None else Stage.name == stage


def get(session: Session, ruling_id: int) -> Ruling:
    """Return one ruling."""
    return session.get_one(Ruling, ruling_id)


def listed(session: Session, *, rule: str | None = None) -> Sequence[tuple[Ruling, Organisation]]:
    """Return every ruling with the organisation it is for, the latest first."""
    query = select(Ruling, Organisation).join(Organisation, Organisation.id == Ruling.scope_id)
    if rule is not None:
        query = query.where(Ruling.rule == rule)
    return [(ruling, scope) for ruling, scope in session.execute(query.order_by(Ruling.id.desc()))]


def office_of(session: Session, ruling: Ruling) -> str:
    """Return the office that decided; what an administrator entered, the municipality decided."""
    if ruling.contact_id is None:
        return organisations.municipality(session).office
    return contacts.get(session, ruling.contact_id).organisation.office


def of_stage(session: Session, stage: Stage) -> tuple[Change, ...]:
    """Return what changed a stage's date since the notice dated it, the earliest first; nothing where nothing did.

    The last ruling that covered it counts. Where that one moved a date an authority had set, the setting comes first;
    where it let go what had been put off, or put that off anew, the extension does.
    """
    if stage.ruling_id is None:
        if stage.moved_from is None:
            return ()
        return (_redated(stage),)
    last = get(session, stage.ruling_id)
    found = [last]
    if last.kind is not RulingKind.SET_DATE and (setting := _set_before(session, stage, last)) is not None:
        found.insert(0, setting)
    if last.kind is RulingKind.WAIVE and (extension := _extended_before(session, stage, last)) is not None:
        found.insert(-1, extension)
    changes = [_change(session, stage, ruling, last=ruling is last) for ruling in found]
    if last.kind is RulingKind.EXTEND and (former := _corrected_by(session, stage, last)) is not None:
        changes.insert(-1, _change(session, stage, former, last=False))
        changes[-1] = replace(changes[-1], from_on=former.until)
    return tuple(changes)


def reasons(session: Session, stage: Stage) -> tuple[Reason, ...]:
    """Return what changed a stage's date as reasons, to follow those of the notice; see `of_stage`."""
    return tuple(reason for change in of_stage(session, stage) for reason in reasons_of(change))


def _set_before(session: Session, stage: Stage, last: Ruling) -> Ruling | None:
    """Return the ruling that had set the date of a stage before another changed it."""
    return _before(session, stage, last, Ruling.kind == RulingKind.SET_DATE)


def _extended_before(session: Session, stage: Stage, last: Ruling) -> Ruling | None:
    """Return the ruling that had put a stage off before another let it go."""
    if stage.extended_to is None:
        return None
    extends = (Ruling.kind == RulingKind.EXTEND) & (Ruling.until == stage.extended_to)
    return _before(session, stage, last, extends)


def _corrected_by(session: Session, stage: Stage, last: Ruling) -> Ruling | None:
    """Return the extension that counted for a stage before another took its place; None where none did.

    They are gone through as they were applied: each moved what it was later than, or corrected one of no fewer.
    """
    counts: tuple[Ruling, Level] | None = None
    given = session.execute(
        _given(stage, last, Ruling.kind == RulingKind.EXTEND)
        .add_columns(Organisation.level)
        .order_by(Ruling.id)
    )
    for ruling, level in given:
        if stage.status is Status.RETURNED and stage.decided_at is not None and ruling.at < stage.decided_at:
            continue  # what it put off was the date before the return
        on, base = ruling.until, stage.moved_from
        present = base if counts is None else counts[0].until
        if on is None or base is None or present is None:
            continue
        corrects = counts is not None and on >= base and counts[1] not in NARROWER.get(level, ())
        if on > present or corrects:
            counts = None if on == base else (ruling, level)
    return None if counts is None else counts[0]


def _before(session: Session, stage: Stage, last: Ruling, condition: ColumnElement[bool]) -> Ruling | None:
    return session.scalar(_given(stage, last, condition).order_by(Ruling.id.desc()).limit(1))


def _given(stage: Stage, last: Ruling, condition: ColumnElement[bool]) -> Select[Ruling]:
    """Select the rulings before another that cover a stage too."""
    scopes = [stage.subject_id, *([stage.district_id] if stage.district_id else [])]
    return (
        select(Ruling)
        .join(Organisation, Organisation.id == Ruling.scope_id)
        .where(
            Ruling.rule == stage.rule,
            Ruling.period == stage.period,
            condition,
            Ruling.stage == stage.name,
            Ruling.id < last.id,
            or_(Ruling.scope_id.in_(scopes), Organisation.level == Level.MUNICIPAL),
        )
    )


def _change(session: Session, stage: Stage, ruling: Ruling, *, last: bool) -> Change:
    match ruling.kind:
        case RulingKind.WAIVE:
            from_on, to_on = stage.act_by_on, None
        case RulingKind.EXTEND:
            from_on, to_on = stage.moved_from, ruling.until
        case RulingKind.SET_DATE:
            from_on, to_on = (stage.moved_from, stage.due_on) if last else (None, ruling.until)
    return Change(
        kind=ruling.kind,
        from_on=from_on,
        to_on=to_on,
        document=ruling.document,
        reason=ruling.reason,
        by=office_of(session, ruling),
        at=ruling.at,
    )


def reasons_of(change: Change) -> list[Reason]:
    """Return one change as reasons, as `reasons` does for a stage."""
    match change.kind:
        case RulingKind.WAIVE:
            return [_because(ReasonCode.WAIVED, document=change.document, reason=change.reason)]
        case RulingKind.SET_DATE:
            return [_because(ReasonCode.SET_BY_DOCUMENT, document=change.document)]
        case RulingKind.EXTEND if change.from_on is not None and change.to_on is not None:
            return [
                _because(
                    ReasonCode.EXTENDED,
                    from_on=change.from_on,
                    to_on=change.to_on,
                    document=change.document,
                    reason=change.reason,
                )
            ]
        case None if (
            change.reason == recounting.RECOUNTED and change.from_on is not None and change.to_on is not None
        ):
            return [_because(ReasonCode.RECOUNTED, from_on=change.from_on, to_on=change.to_on)]
        case None if change.from_on is not None and change.to_on is not None:
            return [
                _because(
                    ReasonCode.REDATED, from_on=change.from_on, to_on=change.to_on, number=change.document
                )
            ]
        case None if change.to_on is not None:
            return [_because(ReasonCode.DATED_SINCE, to_on=change.to_on, number=change.document)]
        case _:
            return []


def _because(code: ReasonCode, /, **arguments: str | date) -> Reason:
    return Reason(code=code, arguments=MappingProxyType(dict(arguments)))


def concerning(
    session: Session, facts: Mapping[str, Any], office_id: int, level: Level, *, limit: int
) -> tuple[tuple[tuple[int, Change], ...], int]:
    """Return the first stages that a notification of changed dates is about for one office, and how many there are.

    Each stage comes by its id with what changed it. ``facts`` are what was written with the notification: the ruling,
    or the duties that a new notice dated. A stage that an authority changed again since is left out: there is another
    notification of that.
    """
    if "ruling" in facts:
        ruling = get(session, int(facts["ruling"]))
        about: ColumnElement[bool] = changed_by(ruling) & named_by(ruling.stage)
    else:
        dated = [
            (Stage.rule == rule)
            & (Stage.period == period)
            & (Stage.name == stage)
            & (Stage.dated_by == number)
            & Stage.moved_from.is_not(None)
            for rule, period, stage, number in facts.get("redated", ())
        ]
        still = is_pending() & (Stage.status == Status.OPEN)  # the first so that its indexes serve
        former = taking_over.told_of(facts.get("let_go", ()))
        redated = or_(false(), *dated) & Stage.extended_to.is_(None) & still
        about = or_(redated, *former)
    if level is Level.DISTRICT:
        about &= Stage.district_id == office_id
    elif level is not Level.MUNICIPAL:
        about &= or_(Stage.actor_id == office_id, Stage.subject_id == office_id)
    found = session.scalars(
        select(Stage)
        .join(Organisation, Organisation.id == Stage.subject_id)
        .where(about)
        .order_by(Stage.rule, Stage.period, Organisation.name, Stage.id)
        .limit(limit)
    ).all()
    total = session.scalar(select(func.count()).select_from(Stage).where(about)) or 0
    told = (
        of_stage(session, stage)[-1] if "ruling" in facts else _by_notice(stage, facts) for stage in found
    )
    return tuple(zip((stage.id for stage in found), told, strict=True)), total


def _by_notice(stage: Stage, facts: Mapping[str, Any]) -> Change:
    """Return what a new notice did to a stage: another duty took its place, or it has another date."""
    if stage.reason != taking_over.TAKEN_OVER:
        return _redated(stage)
    return Change(
        kind=None,
        from_on=stage.act_by_on,
        to_on=None,
        document=taking_over.taken_by(stage, facts.get("let_go", ())),
        reason=taking_over.TAKEN_OVER,
        by="",
        at=stage.decided_at,
    )


def _redated(stage: Stage) -> Change:
    """Return how a notice that came since dated a stage; what had no date before has its first one as the former.

    What arose from an event keeps its notice: only the working days can have been published since.
    """
    counted_anew = stage.obligation.part.startswith("#")
    return Change(
        kind=None,
        from_on=None if stage.moved_from == stage.due_on else stage.moved_from,
        to_on=stage.due_on,
        document="" if counted_anew else stage.dated_by or "",
        reason=recounting.RECOUNTED if counted_anew else "",
        by="",
        at=None,
    )
