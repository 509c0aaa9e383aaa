"""What an organisation owes without a date: done once and for all, or when an authority has set the day. Reads only.

Counted by duty, step and period in one query, whatever the number of units; nothing here is stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Notice, Rule
from obligations.notice import Stage as Step
from obligations.parameters import Applied, parameters
from obligations.periods import Period
from obligations.terms import External, Level, Sector
from storage import organisations, overview
from storage.conditions import is_pending
from storage.models import Obligation, Organisation, Stage
from storage.organisations import Scope, valid_on
from storage.types import NOTICE_ZONE, local_date

RECENT: Final = timedelta(days=31)
"""How long after it was decided what is done stays listed, where its period is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many stages of one period stand how. ``blocked`` ones wait for the step before; ``first`` is one of them."""

    period: Period
    open: int
    blocked: int
    waiting: int
    """Handed over, and not checked yet."""
    done: int
    """Accepted."""
    waived: int
    """Let go by an authority."""
    first: int

    @property
    def total(self) -> int:
        """Return how many there are."""
        return self.open + self.blocked + self.waiting + self.done + self.waived


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step without a date, for the periods in which it is open or was done lately, oldest first.

    ``waits`` tells that an authority sets its date and has not. ``supervised`` tells that whoever bears it is in no
    registry, so that it is only watched over. ``own`` tells whether it is about the organisation itself.
    """

    duty: str
    notice: Notice
    rule: Rule
    step: Step
    waits: bool
    own: bool
    counts: tuple[Count, ...] = ()
    supervised: bool = False

    @property
    def open(self) -> int:
        """Return how many stages can be done now."""
        return sum(count.open for count in self.counts)

    @property
    def blocked(self) -> int:
        """Return how many stages wait for the step before."""
        return sum(count.blocked for count in self.counts)

    @property
    def total(self) -> int:
        """Return how many stages there are."""
        return sum(count.total for count in self.counts)

    @property
    def done(self) -> bool:
        """Tell whether nothing of it is left to do or to check."""
        return bool(self.counts) and all(count.done + count.waived == count.total for count in self.counts)

    @property
    def waived(self) -> bool:
        """Tell whether nothing of it is left to do because all of it was let go."""
        return bool(self.counts) and all(count.waived == count.total for count in self.counts)

    @property
    def stage_id(self) -> int:
        """Return one of its stages, by which the line is asked for again; 0 where it has none."""
        return self.counts[0].first if self.counts else 0

    @property
    def set_by(self) -> Level:
        """Return who announces the date it waits for; the municipality where the notice does not say otherwise."""
        return self.step.deadline.set_by if isinstance(self.step.deadline, External) else Level.MUNICIPAL


def of_organisation(
    session: Session, law: Law, organisation: Organisation, *, now: datetime
) -> tuple[Line, ...]:
    """Return what an organisation owes without a date, in the order of the notices and their clauses.

    What waits for a date comes after it, and what is only watched over last. Open stages of any period are there,
    settled ones while their period lasts or for 31 days. For the municipality also what agencies owe, where the
    registry has none. Whether the reader may see it is the caller's to check.
    """
    today = local_date(now)
    lines = list(_of_stages(session, law, organisation, today=today))
    if organisation.level is Level.MUNICIPAL:
        lines += _unborne(session, law, today=today)
    order = _order(law)
    last = (len(order), 0)
    return tuple(
        sorted(
            lines,
            key=lambda line: (
                line.supervised,
                line.waits,
                *order.get((line.notice.number, line.rule.name), last),
            ),
        )
    )


def stages(
    session: Session, stage: Stage, scope: Scope, *, now: datetime, limit: int, offset: int = 0
) -> overview.Page:
    """Return the stages of the line that a stage stands in, for the same actor: what can be done first, by period.

    Of the scope's own organisation, or of a unit within it, all of them; of any other actor those the scope holds.
    """
    today = local_date(now)
    whole = stage.actor_id == scope.organisation_id or organisations.within(
        session, stage.actor_id, scope, on=today
    )
    same = and_(
        _where(stage.actor_id, today=today),
        true() if whole else scope.stages(),
        Stage.rule == stage.rule,
        Stage.name == stage.name,
        Stage.due_kind == stage.due_kind,
    )
    rank = case((and_(is_pending(), Stage.ready), 0), (is_pending(), 1), else_=2)
    ids = session.scalars(
        select(Stage.id).where(same).order_by(rank, Stage.period, Stage.id).limit(limit).offset(offset)
    ).all()
    total = session.scalar(select(func.count()).select_from(Stage).where(same)) or 0
    by_id = {item.stage_id: item for item in overview.items(session, ids)}
    return overview.Page(items=tuple(by_id[each] for each in ids), total=total)


def to_do(session: Session, organisation_id: int, *, limit: int) -> Sequence[overview.Item]:
    """Return the undated stages an organisation can hand over now, by period; not those that wait for their date."""
    ids = session.scalars(
        select(Stage.id)
        .where(
            Stage.actor_id == organisation_id,
            Stage.due_kind == DueKind.NONE,
            Stage.due_on.is_(None),
            is_pending(),
            Stage.ready,
        )
        .order_by(Stage.period, Stage.id)
        .limit(limit)
    ).all()
    return overview.items(session, ids)


def parameters_of(law: Law, line: Line, sector: Sector | None) -> tuple[Applied, ...]:
    """Return what a line's latest open report is done by; nothing where the line is about no report."""
    if not line.rule.parameters or not line.counts:
        return ()
    open_ = [count.period for count in line.counts if count.open] or [line.counts[-1].period]
    sectors = None if sector is None else frozenset({sector})
    return parameters(law, line.duty, open_[-1], sectors=sectors)


def _where(actor_id: int, *, today: date) -> ColumnElement[bool]:
    """Return the condition of what an actor's checklist holds on ``today``."""
    since = datetime.combine(today, time(), tzinfo=NOTICE_ZONE) - RECENT
    running = Stage.period.in_([f"{today:%Y}", f"{today:%Y-%m}"])
    return and_(
        Stage.actor_id == actor_id,
        Stage.due_on.is_(None),
        Stage.due_kind.in_([DueKind.NONE, DueKind.EXTERNAL]),
        or_(
            Stage.status.in_([Status.OPEN, Status.RETURNED, Status.SUBMITTED]),
            running,
            Stage.decided_at >= since,
            Stage.submitted_at >= since,
        ),
    )


def _of_stages(session: Session, law: Law, organisation: Organisation, *, today: date) -> Iterator[Line]:
    ready = and_(is_pending(), Stage.ready)
    rows = session.execute(
        select(
            Obligation.notice,
            Obligation.notice_version,
            Obligation.made_by,
            Stage.rule,
            Stage.name,
            Stage.due_kind,
            Stage.period,
            func.sum(case((ready, 1), else_=0)),
            func.sum(case((and_(is_pending(), ~Stage.ready), 1), else_=0)),
            func.sum(case((Stage.status == Status.SUBMITTED, 1), else_=0)),
            func.sum(case((Stage.status == Status.ACCEPTED, 1), else_=0)),
            func.sum(case((Stage.status == Status.WAIVED, 1), else_=0)),
            func.coalesce(func.min(case((ready, Stage.id))), func.min(Stage.id)),
            func.max(case((Stage.subject_id != Stage.actor_id, 1), else_=0)),
        )
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .where(_where(organisation.id, today=today))
        .group_by(
            Obligation.notice,
            Obligation.notice_version,
            Obligation.made_by,
            Stage.rule,
            Stage.name,
            Stage.due_kind,
            Stage.period,
        )
        .order_by(Stage.period)
    )
    found: dict[tuple[str, str, DueKind], Line] = {}
    for number, version, made_by, duty, name, kind, period, *figures, first, others in rows:
        rule = law.rulebook.rule_made(number, version, made_by) or law.rulebook.rule(duty)
        notice = law.rulebook.notice(number, version) or law.rulebook.notice_of(duty)
        opened, blocked, waiting, done, waived = figures
        count = Count(
            period=Period.parse(period),
            open=opened,
            blocked=blocked,
            waiting=waiting,
            done=done,
            waived=waived,
            first=first,
        )
        known = found.get((duty, name, kind))
        found[duty, name, kind] = Line(
            duty=duty,
            notice=notice,
            rule=rule,
            step=rule.stage(name),
            waits=kind is DueKind.EXTERNAL,
            own=not others and (known is None or known.own),
            counts=(*(known.counts if known is not None else ()), count),
        )
    yield from found.values()


def _unborne(session: Session, law: Law, *, today: date) -> Iterator[Line]:
    """Yield what the notices ask of agencies, where no agency is registered that could be asked."""
    if session.scalar(
        select(Organisation.id).where(Organisation.level == Level.AGENCY, valid_on(today)).limit(1)
    ):
        return
    for duty, said in law.rulebook.by_duty.items():
        notice, rule = said[0]
        for step in rule.chains().get(Level.AGENCY, ()):
            if rule.covers(Period.year(today.year)):
                yield Line(
                    duty=duty, notice=notice, rule=rule, step=step, waits=False, own=False, supervised=True
                )


def _order(law: Law) -> dict[tuple[str, str], tuple[int, int]]:
    """Return where each notice's rule stands: the notice's place, then the rule's in it."""
    return {
        (notice.number, rule.name): (place, within)
        for place, notice in enumerate(law.rulebook.notices)
        for within, rule in enumerate(notice.rules)
    }
