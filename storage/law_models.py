"""The tables of what the law is applied by: what authorities decided, what happened, and what must be surrendered.

`storage.models` offers them with the others.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from obligations.authority import RulingKind
from obligations.terms import Occasion
from storage.base import Base


class Ruling(Base):
    """What an authority decided about a date: for one organisation, a district with its units, or the whole city.

    ``scope_id`` is the organisation it is for; a district's stands for its units too, the municipality's for all.
    Without a ``stage`` it is for the whole duty. ``contact_id`` is empty where an administrator entered it.
    """

    __tablename__ = "ruling"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RulingKind]
    rule: Mapped[str]
    stage: Mapped[str | None]
    period: Mapped[str]
    scope_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    until: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(1000))
    document: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    at: Mapped[datetime]

    __table_args__ = (Index(None, "rule", "period"),)


class Occurrence(Base):
    """Something that happened and gave rise to a duty: a finding, a complaint, a licence to be cancelled.

    ``stage_id`` is the stage it happened to: whose evidence was found unfit, whose date was missed. ``rule`` is that
    stage's duty; of what happened to none, the first duty it gave rise to. ``automatic`` is what followed from a
    missed date by itself. The obligations it gave rise to carry its id in their ``part``, as ``#12``.
    """

    __tablename__ = "occurrence"

    id: Mapped[int] = mapped_column(primary_key=True)
    occasion: Mapped[Occasion]
    rule: Mapped[str]
    subject_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stage.id"), index=True)
    happened_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(1000))
    document: Mapped[str]
    automatic: Mapped[bool]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    at: Mapped[datetime]


class Quota(Base):
    """A unit's allowances for one year, in tonnes of CO2: what was allocated and what it must surrender."""

    __tablename__ = "quota"

    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    allocated: Mapped[int | None] = mapped_column(BigInteger)
    due: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(BigInteger)
    """What is surrendered as CCER instead, in tonnes."""
    document: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    at: Mapped[datetime]
