"""What a ruling does to stored stages: which it covers, what it would change, and the few statements that change them.

Whether it is allowed is `obligations.authority`'s; recording and announcing it are `storage.rulings`'s.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, case, exists, false, func, not_, null, or_, select, update
from sqlalchemy.orm import Session, aliased

from obligations.authority import RulingKind
from obligations.binding import Binding
from obligations.chains import binding_of
from obligations.deadlines import Facts
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level
from obligations.periods import Period
from storage import corrections, decisions, organisations
from storage.conditions import is_pending
from storage.models import Obligation, Occurrence, Organisation, Ruling, Stage
from storage.ruled import NARROWER, changed_by, named_by, within

PENDING = (Status.OPEN, Status.RETURNED)
"""What a ruling may change: not what was handed over or settled."""


ARISEN = "#"
"""How the parts begin of what arose from events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be decided: about which stage of a duty and period, for whom, and until when (inclusive).

    ``scope_id`` is a unit, a district, or the municipality for all. Without a ``stage`` a waiver is of the whole duty;
    waiving the first stage of a chain is the same. The other kinds need a stage and a date.
    """

    kind: RulingKind
    rule: str
    period: Period
    scope_id: int
    stage: str | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if (self.kind is RulingKind.WAIVE) is not (self.until is None):
            raise ValueError("an extension and an announced date need a date; a waiver has none")
        if self.kind is not RulingKind.WAIVE and self.stage is None:
            raise ValueError("name the stage whose date is decided on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an order does to what is there now.

    ``changed`` counts the stages that are changed by district, those of the city itself under an empty name.
    ``handed_over`` were submitted or settled and stay as they are; ``later`` have a later date already. ``before``
    and ``after`` count the changed ones by the day to act by. ``stricter`` are the numbers of the notices whose own
    date comes before the one that is set, and counts: what they date is in no other count.
    """

    changed: Mapping[str, int]
    handed_over: int
    later: int
    before: Mapping[date | None, int]
    after: Mapping[date | None, int]
    stricter: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many stages are changed; of a waived duty only the first of each chain is counted."""
        return sum(self.changed.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The stages that the same notices bind, by where they stand.

    Each row has the status, the day to act by, that day without the extension that the order corrects (none where it
    corrects none), the district, and how many there are.
    ``part`` is that of their obligations; what arose from events is together, under `ARISEN`.
    """

    notice: str
    version: str
    part: str
    sector: Any
    stage: str
    first: bool
    rows: tuple[tuple[Status, date | None, date | None, str, int], ...]

    def bound(self, law: Law, order: Order) -> tuple[Binding, tuple[str, ...]]:
        """Return what binds them, and the names of the stages that the order is for, the one it names first.

        Raises:
            UnknownRule, DeadlineError: no notice speaks of them any more.
        """
        binding = binding_of(
            law,
            order.rule,
            order.period,
            sector=self.sector,
            part=self.part,
            made=(self.notice, self.version),
        )
        binding.stage(self.stage)
        chain = [each.name for each in binding.rule.chain_of(self.stage)]
        waived = chain[chain.index(self.stage) :] if order.kind is RulingKind.WAIVE and self.first else []
        return binding, (self.stage, *waived[1:])

    def stricter(self, law: Law, order: Order) -> str | None:
        """Return the number of the notice whose date counts instead of the one an order sets; None where that counts.

        Raises:
            UnknownRule, DeadlineError: as `bound` does.
        """
        if order.kind is not RulingKind.SET_DATE:
            return None
        dated = law.date(self.bound(law, order)[0], self.stage, facts=Facts(announced_on=order.until))
        return None if dated.date.due_on == order.until else dated.source.notice.number


def groups(
    session: Session, order: Order, scope: Organisation, covered: ColumnElement[bool] | None = None
) -> Iterator[Group]:
    """Yield the stages that an order names, together where the same notices bind them."""
    district = aliased(Organisation)
    keys = (
        Obligation.notice,
        Obligation.notice_version,
        case((Obligation.part.like(f"{ARISEN}%"), ARISEN), else_=Obligation.part),
        Organisation.sector,
        Stage.name,
        Stage.position == 0,
    )
    corrected_from = case((_is_corrected(order, scope.level), Stage.moved_from), else_=null())
    stands = (Stage.status, Stage.act_by_on, corrected_from, district.name)
    where = within(scope, order.rule, str(order.period)) if covered is None else covered
    rows = session.execute(
        select(
            *keys,
            Stage.status,
            Stage.act_by_on,
            corrected_from,
            func.coalesce(district.name, ""),
            func.count(),
        )
        .select_from(Stage)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .join(Organisation, Organisation.id == Stage.subject_id)
        .outerjoin(district, district.id == Stage.district_id)
        .where(where, named_by(order.stage))
        .group_by(*keys, *stands)
        .order_by(*keys, *stands)
    ).all()
    found: dict[tuple[Any, ...], list[tuple[Status, date | None, date | None, str, int]]] = {}
    for *key, status, act_by_on, former, name, count in rows:
        found.setdefault(tuple(key), []).append((status, act_by_on, former, name, count))
    for (notice, version, part, sector, stage, first), told in found.items():
        yield Group(
            notice=notice,
            version=version,
            part=part,
            sector=sector,
            stage=stage,
            first=bool(first),
            rows=tuple(told),
        )


def _moves(order: Order) -> Callable[[Status, date | None, date | None], bool]:
    """Return whether an order changes a stage of a status, day to act by and day without the extension it corrects.

    `_changeable` says it as SQL.
    """
    if order.kind is RulingKind.EXTEND and (until := order.until) is not None:

        def moves(status: Status, on: date | None, former: date | None) -> bool:
            later = on is not None and on < until
            corrects = former is not None and former <= until and on != until
            return status in PENDING and (later or corrects)

        return moves
    return lambda status, _, __: status in PENDING


def _changeable(order: Order, level: Level) -> ColumnElement[bool]:
    if order.kind is RulingKind.EXTEND:
        corrects = (
            _is_corrected(order, level) & (Stage.moved_from <= order.until) & (Stage.act_by_on != order.until)
        )
        return is_pending() & or_(Stage.act_by_on < order.until, corrects)
    return is_pending()


def _is_extended() -> ColumnElement[bool]:
    """Return the condition that a stage is to be done by the day it was put off to."""
    return Stage.extended_to.is_not(None) & (Stage.extended_to == Stage.act_by_on)


def _is_corrected(order: Order, level: Level) -> ColumnElement[bool]:
    """Return the condition that an order for a scope of this level takes the place of the extension that counts.

    What is put off anew may come before what it was put off to, down to the day it had before; on that day the
    extension is undone. An order for many leaves the extensions of fewer.
    """
    if order.kind is not RulingKind.EXTEND:
        return false()
    ruled = (
        select(Ruling.id)
        .join(Organisation, Organisation.id == Ruling.scope_id)
        .where(
            Ruling.id == Stage.ruling_id,
            Ruling.kind == RulingKind.EXTEND,
            Organisation.level.not_in(NARROWER.get(level, ())),
        )
    )
    return _is_extended() & ruled.exists()


def effect_of(law: Law, order: Order, found: list[Group]) -> Effect:
    """Return what an order does to the stages that `groups` found for it."""
    changed: Counter[str] = Counter()
    before: Counter[date | None] = Counter()
    after: Counter[date | None] = Counter()
    handed_over = later = 0
    stricter: set[str] = set()
    moves = _moves(order)
    for group in found:
        if (number := group.stricter(law, order)) is not None:
            stricter.add(number)
            continue
        for status, on, former, district, count in group.rows:
            if moves(status, on, former):
                changed[district] += count
                before[on] += count
                keeps = order.kind is RulingKind.SET_DATE and status is Status.RETURNED
                after[on if keeps else order.until] += count
            elif status in PENDING:
                later += count
            else:
                handed_over += count
    return Effect(
        changed=changed,
        handed_over=handed_over,
        later=later,
        before=before,
        after=after,
        stricter=tuple(sorted(stricter)),
    )


def apply(
    session: Session,
    law: Law,
    ruling: Ruling,
    order: Order,
    *,
    group: Group,
    covered: ColumnElement[bool],
    now: datetime,
) -> int:
    """Change the stages of one group; return how many: none where a stricter date counts than the one that is set."""
    if group.stricter(law, order) is not None:
        return 0
    obligations = (
        select(Obligation.id)
        .join(Organisation, Organisation.id == Obligation.subject_id)
        .where(
            covered,
            Obligation.notice == group.notice,
            Obligation.notice_version == group.version,
            Obligation.part.like(f"{ARISEN}%") if group.part == ARISEN else Obligation.part == group.part,
            Organisation.sector == group.sector
            if group.sector is not None
            else Organisation.sector.is_(None),
        )
    )
    mine = Stage.obligation_id.in_(obligations)
    values: dict[str, Any] = {
        "ruling_id": ruling.id,
        "version": Stage.version + 1,
        "paused_until": None,
    }
    match order.kind:
        case RulingKind.WAIVE:
            values |= {"status": Status.WAIVED, "decided_at": now, "reason": ruling.reason}
        case RulingKind.EXTEND:
            values |= {
                "act_by_on": order.until,
                "extended_to": case(
                    (_is_extended() & (Stage.moved_from == order.until), null()), else_=order.until
                ),
                "moved_from": case((_is_extended(), Stage.moved_from), else_=Stage.act_by_on),
                "excused": False,
            }
        case RulingKind.SET_DATE:
            bound = law.date(group.bound(law, order)[0], group.stage, facts=Facts(announced_on=order.until))
            # What was returned keeps the date of its correction.
            corrects = Stage.status == Status.RETURNED
            values |= {
                "due_on": bound.date.due_on,
                "due_kind": bound.date.kind,
                "dated_by": bound.source.notice.number,
                "act_by_on": case((corrects, Stage.act_by_on), else_=bound.date.due_on),
                "moved_from": Stage.act_by_on,
                "extended_to": None,
            }
    named = (Stage.name == group.stage) & ((Stage.position == 0) if group.first else (Stage.position > 0))
    level = organisations.get(session, order.scope_id).level
    changed = _update(session, mine & named & _changeable(order, level), values)
    if order.kind is RulingKind.WAIVE and changed:
        _follow_waiver(session, ruling, mine, values, first=group.first, now=now)
    elif changed:
        corrections.withdraw(session, changed_by(ruling), reason=ruling.reason, by=ruling.contact_id, now=now)
    return changed


def _follow_waiver(
    session: Session,
    ruling: Ruling,
    mine: ColumnElement[bool],
    values: dict[str, Any],
    *,
    first: bool,
    now: datetime,
) -> None:
    """Let the checks of a waived duty go with it; let the step after a waived check begin where it can.

    What the level whose check is let go would have checked is the next one's to check.
    """
    before = aliased(Stage)
    if first:
        let_go = exists().where(
            before.obligation_id == Stage.obligation_id, before.position == 0, before.ruling_id == ruling.id
        )
        _update(session, mine & (Stage.position > 0) & is_pending() & let_go, values)
    else:
        let_go = exists().where(
            before.obligation_id == Stage.obligation_id,
            before.position < Stage.position,
            before.ruling_id == ruling.id,
        )
        waiting = exists().where(
            before.obligation_id == Stage.obligation_id,
            before.position < Stage.position,
            before.status.in_(PENDING),
        )
        _update(session, mine & (Stage.position > 0) & is_pending() & let_go & not_(waiting), {"ready": True})
        _pass_check_up(session, ruling, mine, now=now)
    carries = exists().where(Occurrence.stage_id == Stage.id)
    for stage in session.scalars(
        select(Stage).where(changed_by(ruling), carries).execution_options(populate_existing=True)
    ).all():
        corrections.follow(session, stage, by=ruling.contact_id, now=now)


def _pass_check_up(session: Session, ruling: Ruling, mine: ColumnElement[bool], *, now: datetime) -> None:
    """Let the level above check what the one whose check was let go would have; with nobody above it stays there."""
    gone, above = aliased(Stage), aliased(Stage)
    follows = (above.obligation_id == Stage.obligation_id) & (above.position > Stage.position)
    follows &= above.status != Status.WAIVED
    was_theirs = exists().where(
        gone.obligation_id == Stage.obligation_id,
        gone.position > Stage.position,
        gone.ruling_id == ruling.id,
        gone.status == Status.WAIVED,
        gone.actor_level == Stage.checked_by,
    )
    submitted = Stage.status == Status.SUBMITTED
    passed = mine & or_(is_pending(), submitted) & was_theirs & exists().where(follows)
    waits = session.scalar(select(func.min(Stage.id)).where(passed, submitted))

    def of_next(column: Any) -> Any:  # noqa: ANN401  # a column of any type
        found = select(column).where(follows).order_by(above.position).limit(1)
        return found.correlate(Stage).scalar_subquery()

    values = {
        "checked_by": of_next(above.actor_level),
        "checker_id": of_next(above.actor_id),
        "version": Stage.version + case((submitted, 1), else_=0),
    }
    _update(session, passed, values)
    if waits is not None:
        stage = decisions.get(session, waits)
        session.refresh(stage)
        decisions.announce_waiting(session, stage, now=now)


def _update(session: Session, where: ColumnElement[bool], values: dict[str, Any]) -> int:
    statement = update(Stage).where(where).values(values).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
