"""Working days that were published since: what was counted on a guess from an event is counted anew, on record."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from obligations.binding import BoundDate
from obligations.chains import binding_of
from obligations.deadlines import DeadlineError, DueKind, Facts
from obligations.decisions import Status
from obligations.law import Law
from obligations.periods import Period
from obligations.terms import Sector, WorkingDays
from storage import trail
from storage.corrections import part_of
from storage.models import Obligation, Occurrence, Organisation, Stage
from storage.statements import rows_changed

RECOUNTED = "recounted"
"""Why a date that counts from an event is another one: the working days were published since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recounted:
    """What has another date: duty, period, step and notice of each in ``facts``, whom it concerns, how many stages."""

    facts: list[list[str]] = field(default_factory=list)
    offices: set[int] = field(default_factory=set)
    moved: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guessed:
    """Open stages that count working days from the same day, some of them not published then."""

    rule: str
    period: str
    notice: str
    version: str
    sector: Sector | None
    stage: str
    due_on: date
    happened_on: date

    def stages(self) -> ColumnElement[bool]:
        sector = Organisation.sector
        obligations = (
            select(Obligation.id)
            .join(Organisation, Organisation.id == Obligation.subject_id)
            .where(
                Obligation.rule == self.rule,
                Obligation.period == self.period,
                Obligation.notice == self.notice,
                Obligation.notice_version == self.version,
                Obligation.part.in_(select(part_of()).where(Occurrence.happened_on == self.happened_on)),
                sector.is_(None) if self.sector is None else sector == self.sector,
            )
        )
        return (
            Stage.obligation_id.in_(obligations)
            & (Stage.name == self.stage)
            & (Stage.due_on == self.due_on)
            & _is_guessed()
        )

    def bound(self, law: Law) -> BoundDate | None:
        """Return the date as it is counted now; None where the step does not count working days from the event."""
        try:
            binding = binding_of(
                law,
                self.rule,
                Period.parse(self.period),
                sector=self.sector,
                part="",
                made=(self.notice, self.version),
            )
            bound = law.date(binding, self.stage, facts=Facts(found_on=self.happened_on))
        except (DeadlineError, LookupError):
            return None
        counts = isinstance(bound.source.rule.stage(self.stage).deadline, WorkingDays)
        return bound if counts and bound.date.due_on is not None else None


def recount(session: Session, law: Law, *, now: datetime) -> Recounted:
    """Count anew what is open and rests on working days that were not published; repeating it changes nothing.

    A correction that goes with its evidence is moved too, but concerns nobody apart.
    """
    told = Recounted()
    for guessed in _guessed(session):
        bound = guessed.bound(law)
        if bound is None or (bound.date.due_on, bound.date.kind) == (guessed.due_on, DueKind.PROVISIONAL):
            continue
        number = bound.source.notice.number
        values: dict[str, Any] = {
            "due_on": bound.date.due_on,
            "due_kind": bound.date.kind,
            "dated_by": number,
        }
        moved = bound.date.due_on != guessed.due_on
        mine = guessed.stages()
        if moved:
            values |= {
                "act_by_on": bound.date.due_on,
                "moved_from": Stage.act_by_on,
                "paused_until": None,
                "version": Stage.version + 1,
            }
            concerned = session.execute(
                select(Stage.actor_id, Stage.district_id).where(mine, Stage.ready).distinct()
            )
            told.offices.update(each for row in concerned for each in row if each is not None)
        count = rows_changed(session, update(Stage).where(mine).values(values))
        if moved:
            step = [guessed.rule, guessed.period, guessed.stage, number]
            if step not in told.facts:
                told.facts.append(step)
            told.moved[guessed.rule] += count
            trail.record(
                session,
                RECOUNTED,
                at=now,
                rule=guessed.rule,
                period=guessed.period,
                stage=guessed.stage,
                happened_on=guessed.happened_on.isoformat(),
                before=guessed.due_on.isoformat(),
                after=str(bound.date.due_on),
                stages=count,
            )
    return told


def _is_guessed() -> ColumnElement[bool]:
    return (
        (Stage.status == Status.OPEN)
        & Stage.extended_to.is_(None)
        & (Stage.due_kind == DueKind.PROVISIONAL)
        & Stage.due_on.is_not(None)
    )


def _guessed(session: Session) -> list[_Guessed]:
    keys = (
        Stage.rule,
        Stage.period,
        Obligation.notice,
        Obligation.notice_version,
        Organisation.sector,
        Stage.name,
        Stage.due_on,
        Occurrence.happened_on,
    )
    rows = session.execute(
        select(*keys)
        .select_from(Stage)
        .join(Obligation, Obligation.id == Stage.obligation_id)
        .join(Organisation, Organisation.id == Stage.subject_id)
        .join(Occurrence, Obligation.part == part_of())
        .where(_is_guessed())
        .distinct()
        .order_by(*keys)
    )
    return [
        _Guessed(
            rule=rule,
            period=period,
            notice=notice,
            version=version,
            sector=sector,
            stage=stage,
            due_on=due_on,
            happened_on=happened_on,
        )
        for rule, period, notice, version, sector, stage, due_on, happened_on in rows
        if due_on is not None
    ]
