"""Duties that another one takes the place of: what is left of them is let go, whole chains at a time, on record.

What a unit handed over and nobody has checked yet is let go as well: the other duty asks for the same thing, with a
check of its own. What was accepted stays so, and every file with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.orm import Session, aliased

from obligations.binding import Binding
from obligations.chains import parts
from obligations.deadlines import DeadlineError
from obligations.decisions import Status
from obligations.law import Law
from obligations.periods import Period
from obligations.terms import Sector
from storage import corrections, trail
from storage.models import Obligation, Occurrence, Organisation, Stage
from storage.statements import rows_changed

TAKEN_OVER = "taken_over"
"""Why a stage was let go: another duty takes this one's place."""

Facts = Sequence[Sequence[str | None]]
"""The facts of `let_go`, as they were written or as they are read from a notification."""

_UNSETTLED = (Status.OPEN, Status.SUBMITTED, Status.RETURNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """The obligations of one duty and period that the same notices bind: of a sector's units, or of a part."""

    rule: str
    period: str
    notice: str
    version: str
    part: str
    sector: Sector | None

    def obligations(self) -> Select[int]:
        """Select the ids of the obligations."""
        sector = Organisation.sector
        return (
            select(Obligation.id)
            .join(Organisation, Organisation.id == Obligation.subject_id)
            .where(
                Obligation.rule == self.rule,
                Obligation.period == self.period,
                Obligation.notice == self.notice,
                Obligation.notice_version == self.version,
                Obligation.part == self.part,
                sector.is_(None) if self.sector is None else sector == self.sector,
            )
        )

    def taken_over_by(self, law: Law) -> Binding | None:
        """Return the duty that takes this one's place for all its sectors now; None where one of them still owes it."""
        try:
            found = [
                law.binding(self.rule, Period.parse(self.period), sectors=frozenset({sector}))
                for sector in self._sectors(law)
            ]
        except (DeadlineError, LookupError):
            return None
        return None if any(each.duty == self.rule for each in found) else next(iter(found), None)

    def _sectors(self, law: Law) -> list[Sector]:
        """Return the sectors it is for; none where the law still knows the part by its name.

        Raises:
            UnknownRule: there is no such duty any more.
        """
        if self.sector is not None:
            return [self.sector]
        if self.part in parts(law, self.rule, Period.parse(self.period)):
            return []
        if self.part:
            return [Sector(each) for each in self.part.split("+")]
        return sorted(law.rulebook.rule(self.rule).sectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """What was let go: of which duties, ``facts`` for those concerned, and the ``offices`` that are concerned."""

    facts: list[list[str | None]] = field(default_factory=list)
    offices: set[int] = field(default_factory=set)


def let_go(session: Session, law: Law, *, now: datetime) -> LetGo:
    """Settle every chain whose duty another one takes the place of, so that nobody is asked for the same thing twice.

    Each fact is the duty, its period, its part, the sector (none of a city or a district) and the number of the notice.
    """
    told = LetGo()
    for owed in _owed(session):
        if (binding := owed.taken_over_by(law)) is not None:
            told.offices.update(_settle(session, owed, binding, now=now))
            told.facts.append([owed.rule, owed.period, owed.part, owed.sector, binding.notice.number])
    return told


def told_of(facts: Facts) -> Iterator[ColumnElement[bool]]:
    """Yield for each of the facts of `let_go` the condition on the stages it is about.

    Of each chain it is the first step that was let go.
    """
    before = aliased(Stage)
    earlier = exists().where(
        before.obligation_id == Stage.obligation_id,
        before.position < Stage.position,
        before.reason == TAKEN_OVER,
    )
    for rule, period, part, sector, _ in facts:
        owed = (
            select(Obligation.id)
            .join(Organisation, Organisation.id == Obligation.subject_id)
            .where(
                Obligation.rule == rule,
                Obligation.period == period,
                Obligation.part == part,
                Organisation.sector.is_(None) if sector is None else Organisation.sector == Sector(sector),
            )
        )
        yield Stage.obligation_id.in_(owed) & (Stage.reason == TAKEN_OVER) & ~earlier


def taken_by(stage: Stage, facts: Facts) -> str:
    """Return the number of the notice that let a stage go, by the facts of `let_go`; empty where they do not say."""
    mine = [stage.rule, stage.period, stage.obligation.part, stage.subject.sector]
    return next((number or "" for *owed, number in facts if owed == mine), "")


def _owed(session: Session) -> list[Owed]:
    """Return what is not settled yet; what an event gave rise to goes on, for it happened under the former duty."""
    rows = session.execute(
        select(
            Obligation.rule,
            Obligation.period,
            Obligation.notice,
            Obligation.notice_version,
            Obligation.part,
            Organisation.sector,
        )
        .join(Organisation, Organisation.id == Obligation.subject_id)
        .join(Stage, Stage.obligation_id == Obligation.id)
        .where(Stage.status.in_(_UNSETTLED), Obligation.part.not_like("#%"))
        .distinct()
    ).all()
    found = [
        Owed(rule=rule, period=period, notice=notice, version=version, part=part, sector=sector)
        for rule, period, notice, version, part, sector in rows
    ]
    return sorted(found, key=lambda owed: tuple(map(str, astuple(owed))))


def _settle(session: Session, owed: Owed, binding: Binding, *, now: datetime) -> set[int]:
    """Let go of what is not settled, with the corrections it carries; return who acts for it and the districts."""
    mine = Stage.obligation_id.in_(owed.obligations())
    unsettled = mine & Stage.status.in_(_UNSETTLED)
    rows = session.execute(select(Stage.actor_id, Stage.district_id).where(unsettled).distinct()).all()
    carrying = session.scalars(
        select(Stage.id).where(unsettled, exists().where(Occurrence.stage_id == Stage.id))
    ).all()
    statement = (
        update(Stage)
        .where(unsettled)
        .values(
            status=Status.WAIVED,
            reason=TAKEN_OVER,
            decided_at=now,
            paused_until=None,
            version=Stage.version + 1,
        )
    )
    count = rows_changed(session, statement)
    session.flush()
    session.expire_all()
    for stage_id in carrying:
        corrections.follow(session, session.get_one(Stage, stage_id), by=None, now=now)
    trail.record(
        session,
        "taken_over",
        at=now,
        rule=owed.rule,
        period=owed.period,
        part=owed.part,
        sector=None if owed.sector is None else str(owed.sector),
        by=binding.duty,
        notice=binding.notice.number,
        stages=count,
    )
    return {each for row in rows for each in row if each is not None}
