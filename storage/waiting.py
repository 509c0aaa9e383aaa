"""What waits for a date that an authority has to announce."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from obligations.deadlines import DueKind
from storage.conditions import is_pending
from storage.models import Stage
from storage.organisations import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One step of a duty and period that waits for its date, with how many owe it; ``stage_id`` is one of them."""

    rule: str
    period: str
    stage: str
    count: int
    stage_id: int


def for_a_date(session: Session, scope: Scope) -> tuple[Awaited, ...]:
    """Return what waits for its date within a scope, by duty and period."""
    keys = (Stage.rule, Stage.period, Stage.name.label("stage"))
    rows = session.execute(
        select(*keys, func.count().label("count"), func.min(Stage.id).label("stage_id"))
        .where(scope.stages(), is_pending(), Stage.due_kind == DueKind.EXTERNAL, Stage.due_on.is_(None))
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(Awaited(**row._mapping) for row in rows)  # noqa: SLF001  # `_mapping` is SQLAlchemy's public name
