"""What is overdue, waiting, blocked or due next, as lists and counts. Reads only, and never beyond a `Scope`.

Derived states are derived here, from stored facts and the ``today`` passed in (a date in Asia/Shanghai). The
counts are written in `storage.tallies` and offered here; what is changed or sent is elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.notice import Level
from obligations.standing import SOON_DAYS, Standing, days_left, standing
from storage.conditions import is_blocked, is_dated, is_due, is_overdue, is_pending, is_submitted
from storage.corrections import correct_by_on, is_carried
from storage.errors import NotFoundError
from storage.models import Evidence, Obligation, Organisation, Stage
from storage.organisations import Scope
from storage.reach import Undeliverable, undeliverable, without_contact
from storage.tallies import (
    Counts,
    DistrictRow,
    by_district,
    counts,
    quiet_districts,
)
from storage.types import NOTICE_ZONE, local_date

__all__ = [
    "SOON_DAYS",
    "Counts",
    "DistrictRow",
    "Item",
    "Page",
    "Undeliverable",
    "blocked",
    "by_district",
    "counts",
    "due_next",
    "duties",
    "item",
    "items",
    "of_unit",
    "overdue",
    "overdue_ids",
    "quiet_districts",
    "undeliverable",
    "waiting_for_check",
    "without_contact",
]

_RECENT = timedelta(days=31)
_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One stage as a list shows it. Dates are in Asia/Shanghai, inclusive; bureaus go by their office's name.

    ``notice``, ``notice_version`` and ``made_by`` say which rule made it, ``dated_by`` which notice's date counts.
    ``check_by_on`` is the date of the stage that follows and was not let go: by when its checker must be done. ``correct_by_on``
    is set while evidence that never came must be corrected with the hand-over: by then, in its own line. ``moved_from``
    is what the day to act by was before an authority or another notice moved it.
    ``evidence`` is how many files are bound to it.
    """

    stage_id: int
    version: int
    obligation_id: int
    notice: str
    notice_version: str
    made_by: str
    rule: str
    stage: str
    period: str
    subject_id: int
    subject_name: str
    actor_id: int
    actor_name: str
    actor_level: Level
    district_id: int | None
    district_name: str | None
    checked_by: Level | None
    status: Status
    ready: bool
    excused: bool
    due_on: date | None
    due_kind: DueKind
    dated_by: str | None
    act_by_on: date | None
    extended_to: date | None
    ruling_id: int | None
    check_by_on: date | None
    submitted_at: datetime | None
    paused_until: date | None
    reason: str | None
    evidence: int
    correct_by_on: date | None = None
    moved_from: date | None = None

    def standing(self, *, today: date) -> Standing:
        """Return where the stage stands on ``today``."""
        return standing(
            status=self.status,
            ready=self.ready,
            excused=self.excused,
            act_by_on=self.act_by_on,
            submitted_on=None if self.submitted_at is None else local_date(self.submitted_at),
            today=today,
            soon_days=SOON_DAYS,
        )

    @property
    def chain_at_risk(self) -> bool:
        """Whether using every day allowed here would go past the date of the stage that follows."""
        if self.status not in (Status.OPEN, Status.RETURNED) or self.act_by_on is None:
            return False
        return self.check_by_on is not None and self.act_by_on > self.check_by_on

    def days_left(self, *, today: date) -> int | None:
        """Return the days until default begins, negative when overdue; None where there is no date."""
        return None if self.act_by_on is None else days_left(self.act_by_on, today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of a list, and how many there are in all."""

    items: tuple[Item, ...]
    total: int


def overdue(
    session: Session,
    scope: Scope,
    *,
    today: date,
    district_id: int | None = None,
    actor_level: Level | None = None,
    rule: str | None = None,
    limit: int = _PAGE,
    offset: int = 0,
) -> Page:
    """Return the stages in default within a scope, the longest overdue first."""
    return _page(
        session,
        _within(scope, is_overdue(today), district_id=district_id, actor_level=actor_level, rule=rule),
        limit=limit,
        offset=offset,
    )


def overdue_ids(session: Session, scope: Scope, *, today: date) -> tuple[int, ...]:
    """Return the ids of every stage in default within a scope, in the order of `overdue`."""
    return tuple(
        session.scalars(
            select(Stage.id)
            .join(Organisation, Organisation.id == Stage.subject_id)
            .where(scope.stages(), is_overdue(today))
            .order_by(Stage.act_by_on, Organisation.name, Stage.id)
        )
    )


def duties(
    session: Session,
    organisation_id: int,
    *,
    today: date,
    within_days: int | None = None,
    limit: int = _PAGE,
    offset: int = 0,
) -> Page:
    """Return what an organisation must do itself now or next; what has no date is in its checklist.

    With ``within_days``, what is due later than so many days from ``today`` is left out.
    """
    conditions: list[ColumnElement[bool]] = [
        is_pending(),
        is_dated(),
        Stage.ready.is_(True),
        Stage.actor_id == organisation_id,
    ]
    if within_days is not None:
        conditions.append(Stage.act_by_on <= today + timedelta(days=within_days))
    return _page(session, conditions, limit=limit, offset=offset)


def waiting_for_check(session: Session, organisation_id: int, *, limit: int = _PAGE, offset: int = 0) -> Page:
    """Return the submitted stages an organisation must check, by the date of its own check."""
    conditions = [is_submitted(), Stage.checker_id == organisation_id]
    return _page(session, conditions, limit=limit, offset=offset, by_check=True)


def due_next(
    session: Session,
    scope: Scope,
    *,
    today: date,
    within_days: int = SOON_DAYS,
    actor_level: Level | None = None,
    limit: int = _PAGE,
    offset: int = 0,
) -> Page:
    """Return the pending stages due from ``today`` through ``within_days`` days later, both inclusive."""
    return _page(
        session,
        _within(scope, is_due(today, within_days), actor_level=actor_level),
        limit=limit,
        offset=offset,
    )


def blocked(
    session: Session,
    scope: Scope,
    *,
    today: date,
    within_days: int = SOON_DAYS,
    actor_level: Level | None = None,
    limit: int = _PAGE,
    offset: int = 0,
) -> Page:
    """Return the stages that wait on the stage before them although their date has passed or is near."""
    return _page(
        session,
        _within(scope, is_blocked(today, within_days), actor_level=actor_level),
        limit=limit,
        offset=offset,
    )


def of_unit(session: Session, unit_id: int, *, today: date) -> tuple[Item, ...]:
    """Return a unit's stages that are pending and dated, or were handed over or decided in the last 31 days.

    Whether the reader may see the unit is the caller's to check.
    """
    since = datetime.combine(today, time(), tzinfo=NOTICE_ZONE) - _RECENT
    recent = or_(
        is_pending() & is_dated(), is_submitted(), Stage.submitted_at >= since, Stage.decided_at >= since
    )
    shown = (Stage.subject_id == unit_id, recent, not_(is_carried()))
    return _items(session, _ITEMS.where(*shown).order_by(*_order()))


def item(session: Session, stage_id: int) -> Item:
    """Return one stage. Whether the reader may see it is the caller's to check.

    Raises:
        NotFoundError: no stage has this id.
    """
    found = items(session, [stage_id])
    if not found:
        raise NotFoundError(f"there is no stage {stage_id}")
    return found[0]


def items(session: Session, stage_ids: Sequence[int]) -> tuple[Item, ...]:
    """Return the stages with these ids, the longest overdue first; unknown ids are left out."""
    return _items(session, _ITEMS.where(Stage.id.in_(stage_ids)).order_by(*_order()))


def _within(
    scope: Scope,
    condition: ColumnElement[bool],
    *,
    district_id: int | None = None,
    actor_level: Level | None = None,
    rule: str | None = None,
) -> list[ColumnElement[bool]]:
    conditions = [scope.stages(), condition]
    if district_id is not None:
        conditions.append(Stage.district_id == district_id)
    if actor_level is not None:
        conditions.append(Stage.actor_level == actor_level)
    if rule is not None:
        conditions.append(Stage.rule == rule)
    return conditions


_Subject = aliased(Organisation, name="subject")
_Actor = aliased(Organisation, name="actor")
_District = aliased(Organisation, name="district")
_Next = aliased(Stage, name="next")


def _select_items() -> Select[*tuple[Any, ...]]:
    """Select what an `Item` needs, each column labelled by its field."""
    files = select(func.count()).where(Evidence.stage_id == Stage.id).correlate(Stage).scalar_subquery()
    after = aliased(Stage)
    following = (
        select(after.id)
        .where(
            after.obligation_id == Stage.obligation_id,
            after.position > Stage.position,
            after.status != Status.WAIVED,
        )
        .order_by(after.position)
        .limit(1)
        .correlate(Stage)
        .scalar_subquery()
    )
    return (
        select(
            Stage.id.label("stage_id"),
            Stage.version,
            Stage.obligation_id,
            Obligation.notice,
            Obligation.notice_version,
            Obligation.made_by,
            Stage.rule,
            Stage.name.label("stage"),
            Stage.period,
            Stage.subject_id,
            func.coalesce(_Subject.bureau, _Subject.name).label("subject_name"),
            Stage.actor_id,
            func.coalesce(_Actor.bureau, _Actor.name).label("actor_name"),
            Stage.actor_level,
            Stage.district_id,
            _District.name.label("district_name"),
            Stage.checked_by,
            Stage.status,
            Stage.ready,
            Stage.excused,
            Stage.due_on,
            Stage.due_kind,
            Stage.dated_by,
            Stage.act_by_on,
            Stage.extended_to,
            Stage.ruling_id,
            _Next.act_by_on.label("check_by_on"),
            Stage.submitted_at,
            Stage.paused_until,
            Stage.reason,
            files.label("evidence"),
            correct_by_on().label("correct_by_on"),
            Stage.moved_from,
        )
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .join(_Subject, _Subject.id == Stage.subject_id)
        .join(_Actor, _Actor.id == Stage.actor_id)
        .outerjoin(_District, _District.id == Stage.district_id)
        .outerjoin(_Next, _Next.id == following)
    )


_ITEMS = _select_items()
"""Built here and not at the first question: several threads that build it at once take each other's columns."""


def _order(*, by_check: bool = False) -> tuple[ColumnElement[Any], ...]:
    first = _Next.act_by_on if by_check else Stage.act_by_on
    return (first.is_(None), first, _Subject.name, Stage.id)  # type: ignore[return-value]  # mapped columns are column elements


def _page(
    session: Session,
    conditions: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    offset: int,
    by_check: bool = False,
) -> Page:
    found = _items(
        session,
        _ITEMS.where(*conditions).order_by(*_order(by_check=by_check)).limit(limit).offset(offset),
    )
    if len(found) < limit and (found or not offset):
        return Page(items=found, total=offset + len(found))
    total = session.scalar(select(func.count()).select_from(Stage).where(*conditions)) or 0
    return Page(items=found, total=total)


def _items(session: Session, query: Select[*tuple[Any, ...]]) -> tuple[Item, ...]:
    rows: Sequence[Row[Any]] = session.execute(query).all()
    return tuple(Item(**row._mapping) for row in rows)  # noqa: SLF001  # `_mapping` is SQLAlchemy's public name
