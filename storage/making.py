"""The columns of a new obligation and of its stages, whether the calendar brings it or an event.

Whose they are, and which are made, is the caller's: `storage.materialise` and `storage.arising`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, null

from obligations.binding import Binding
from obligations.chains import Step
from obligations.decisions import Status
from obligations.notice import Level
from storage.models import Obligation, Stage


def obligation(
    binding: Binding,
    *,
    part: ColumnElement[str],
    subject: ColumnElement[Any],
    district: ColumnElement[Any],
    now: datetime,
) -> Mapping[str, ColumnElement[Any]]:
    """Return what an obligation is made of, by column; ``subject`` and ``district`` are selected by the caller."""
    return {
        "notice": literal(binding.notice.number),
        "notice_version": literal(binding.notice.version),
        "made_by": literal(binding.rule.name),
        "rule": literal(binding.duty),
        "period": literal(str(binding.period)),
        "part": part,
        "subject_id": subject,
        "district_id": district,
        "created_at": literal(now, Obligation.__table__.c.created_at.type),
    }


def stage(step: Step, position: int, municipality: int, *, ready: bool) -> Mapping[str, Any]:
    """Return what a stage is made of, by column, to be selected beside the obligation it belongs to."""
    made, dates = step.stage, step.bound.date
    columns = Stage.__table__.c
    at_level: Mapping[Level | None, Any] = {
        Level.DISTRICT: Obligation.district_id,
        Level.MUNICIPAL: literal(municipality),
        None: null(),
    }
    return {
        "obligation_id": Obligation.id,
        "position": literal(position),
        "name": literal(made.name),
        "rule": Obligation.rule,
        "period": Obligation.period,
        "actor_level": literal(made.actor, columns.actor_level.type),
        "checked_by": literal(made.checked_by, columns.checked_by.type),
        "subject_id": Obligation.subject_id,
        "actor_id": at_level.get(made.actor, Obligation.subject_id),
        "district_id": Obligation.district_id,
        "checker_id": at_level.get(made.checked_by, Obligation.subject_id),
        "status": literal(Status.OPEN, columns.status.type),
        "ready": literal(ready),
        "excused": literal(dates.excused),
        "due_on": literal(dates.due_on, columns.due_on.type),
        "due_kind": literal(dates.kind, columns.due_kind.type),
        "dated_by": literal(step.bound.source.notice.number if dates.due_on else None, columns.dated_by.type),
        "act_by_on": literal(dates.internal_target_on or dates.due_on, columns.act_by_on.type),
        "version": literal(1),
    }
