"""A notice that came since: the dates of what is open follow it, each change on record and told once.

An obligation keeps the version of the notice that made it. What an authority extended, what was handed over or returned,
and what counts from a hand-over or an event is left alone, unless working days it counts were published since
(`storage.recounting`): its date follows from what happened.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlalchemy.orm import Session

from obligations.binding import Binding, BoundDate
from obligations.chains import binding_of_step
from obligations.deadlines import DeadlineError, DueKind, Facts
from obligations.decisions import Status
from obligations.law import Law
from obligations.periods import Period
from obligations.terms import BeforeEvent, Sector, SubmitPlus, WorkingDays
from storage import announcing, recounting, settings, taking_over, trail
from storage.models import Obligation, Organisation, Ruling, Stage
from storage.taking_over import Owed
from storage.types import local_date

_SEEN = "law.seen"
_FROM_FACTS = (SubmitPlus, WorkingDays, BeforeEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Open stages that the same notices bind, that one ruling dated or none, and that have the same date."""

    rule: str
    period: str
    notice: str
    version: str
    part: str
    sector: Sector | None
    stage: str
    due_on: date | None
    due_kind: DueKind
    dated_by: str | None
    ruling_id: int | None
    announced_on: date | None

    def stages(self) -> ColumnElement[bool]:
        """Return the condition that a stage is one of them: whatever the date follows from is looked at."""
        owed = Owed(
            rule=self.rule,
            period=self.period,
            notice=self.notice,
            version=self.version,
            part=self.part,
            sector=self.sector,
        )
        return (
            Stage.obligation_id.in_(owed.obligations())
            & (Stage.name == self.stage)
            & Stage.due_on.is_not_distinct_from(self.due_on)
            & (Stage.due_kind == self.due_kind)
            & Stage.dated_by.is_not_distinct_from(self.dated_by)
            & Stage.ruling_id.is_not_distinct_from(self.ruling_id)
            & _is_open()
        )

    def bound(self, law: Law) -> BoundDate | None:
        """Return the date that counts now; None where it follows from what happened, or no notice gives one."""
        try:
            binding: Binding = binding_of_step(
                law,
                self.rule,
                Period.parse(self.period),
                self.stage,
                sector=self.sector,
                part=self.part,
                made=(self.notice, self.version),
            )
            bound = law.date(binding, self.stage, facts=Facts(announced_on=self.announced_on))
        except (DeadlineError, LookupError):
            return None
        deadlines = [each.source.rule.stage(self.stage).deadline for each in bound.said]
        if bound.date.due_on is None or any(isinstance(each, _FROM_FACTS) for each in deadlines):
            return None
        return bound


def is_seen(session: Session, law: Law) -> bool:
    """Tell whether ``law`` is the one that everything open was last dated by."""
    return settings.get(session, _SEEN) == fingerprint(law)


def redate(session: Session, law: Law, *, now: datetime) -> int:
    """Date what is open by the law as it is now, and return how many stages have another date.

    Repeating it changes nothing; where the law is the one last looked at, nothing is looked at.
    """
    seen = fingerprint(law)
    if settings.get(session, _SEEN) == seen:
        return 0
    before: dict[tuple[str, str, str], Counter[str]] = {}
    after: dict[tuple[str, str, str], Counter[str]] = {}
    numbers: dict[tuple[str, str, str], set[str]] = {}
    former = taking_over.let_go(session, law, now=now)
    counted_anew = recounting.recount(session, law, now=now)
    offices = former.offices | counted_anew.offices
    for group in _groups(session):
        bound = group.bound(law)
        if bound is None:
            continue
        if bound.date.due_on == group.due_on:
            _update(session, group, bound, moved=False)
            continue
        offices |= _offices(session, group)
        count = _update(session, group, bound, moved=True)
        key = (group.rule, group.period, group.stage)
        was = "" if group.due_on is None else group.due_on.isoformat()
        before.setdefault(key, Counter())[was] += count
        after.setdefault(key, Counter())[str(bound.date.due_on)] += count
        numbers.setdefault(key, set()).add(bound.source.notice.number)
    for key, counted in before.items():
        rule, period, stage = key
        trail.record(
            session,
            "redated",
            at=now,
            rule=rule,
            period=period,
            stage=stage,
            before=dict(counted),
            after=dict(after[key]),
            notices=sorted(numbers[key]),
        )
    settings.put(session, _SEEN, seen)
    if before or former.facts or counted_anew.facts:
        announcing.tell(
            session,
            announcing.people_of(session, offices),
            key=f"law:{local_date(now)}:{seen[:12]}",
            facts={
                "redated": [
                    *([*key, number] for key in before for number in sorted(numbers[key])),
                    *counted_anew.facts,
                ],
                "let_go": former.facts,
            },
            now=now,
        )
    session.flush()
    session.expire_all()
    return sum(sum(counted.values()) for counted in before.values()) + counted_anew.moved.total()


@lru_cache(maxsize=4)
def fingerprint(law: Law) -> str:
    """Return what tells one law from another: every notice and the published working days, as SHA-256."""
    calendar = law.calendar
    content = [
        [notice.model_dump() for notice in law.rulebook.notices],
        calendar.days_off,
        calendar.make_up_days,
        calendar.published_through,
    ]
    text = json.dumps(content, default=_plain, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """Return a value as JSON can hold it; a set in an order that is always the same."""
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)


def _is_open() -> ColumnElement[bool]:
    return (Stage.status == Status.OPEN) & Stage.extended_to.is_(None)


def _groups(session: Session) -> list[_Group]:
    """Return what is open and made by the calendar; what an event gave rise to has its date from there."""
    keys = (
        Stage.rule,
        Stage.period,
        Obligation.notice,
        Obligation.notice_version,
        Obligation.part,
        Organisation.sector,
        Stage.name,
        Stage.due_on,
        Stage.due_kind,
        Stage.dated_by,
        Stage.ruling_id,
        Ruling.until,
    )
    rows = session.execute(
        select(*keys)
        .select_from(Stage)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .join(Organisation, Organisation.id == Stage.subject_id)
        .outerjoin(Ruling, Ruling.id == Stage.ruling_id)
        .where(_is_open(), Obligation.part.not_like("#%"))
        .distinct()
        .order_by(*keys)
    )
    return [_Group(**dict(zip(_Group.__slots__, row, strict=True))) for row in rows]


def _update(session: Session, group: _Group, bound: BoundDate, *, moved: bool) -> int:
    """Date the stages of a group; what only changes its source or certainty is no news."""
    values: dict[str, Any] = {
        "due_on": bound.date.due_on,
        "due_kind": bound.date.kind,
        "dated_by": bound.source.notice.number,
    }
    if (values["due_kind"], values["dated_by"]) == (group.due_kind, group.dated_by) and not moved:
        return 0
    if moved:
        values |= {
            "act_by_on": bound.date.due_on,
            # What had no date says so by this one being its first.
            "moved_from": func.coalesce(Stage.act_by_on, bound.date.due_on),
            "paused_until": None,
            "version": Stage.version + 1,
        }
    statement = update(Stage).where(group.stages()).values(values)
    result = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", result).rowcount


def _offices(session: Session, group: _Group) -> set[int]:
    """Return who acts for the stages of a group, and the districts of the units among them."""
    rows = session.execute(select(Stage.actor_id, Stage.district_id).where(group.stages()).distinct())
    return {each for row in rows for each in row if each is not None}
