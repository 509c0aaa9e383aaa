"""The tables. What someone did is stored; overdue, late, blocked and due soon are derived from it.

No queries here: each aggregate's module owns its own.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from obligations.authority import RulingKind
from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.notice import Level, Sector
from storage.base import AttemptOutcome, Base, NotificationKind, Outcome
from storage.delivery_models import (
    Alarm,
    Attempt,
    EvidenceContent,
    InboundUpdate,
    Notification,
    Outage,
    Reminding,
    SendLimit,
    Worker,
)
from storage.law_models import Occurrence, Quota, Ruling

__all__ = [
    "Alarm",
    "Alias",
    "Attempt",
    "AttemptOutcome",
    "Base",
    "Binding",
    "Contact",
    "Conversation",
    "Event",
    "Evidence",
    "EvidenceContent",
    "InboundUpdate",
    "Invitation",
    "Membership",
    "Notification",
    "NotificationKind",
    "Obligation",
    "Occurrence",
    "Organisation",
    "Outage",
    "Outcome",
    "Quota",
    "Reminding",
    "Ruling",
    "RulingKind",
    "SendLimit",
    "Setting",
    "Stage",
    "Worker",
]


class Organisation(Base):
    """The municipality, a district or a unit, with its dates of validity (both inclusive; none is open-ended)."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    level: Mapped[Level]
    name: Mapped[str]
    short_name: Mapped[str]
    english_name: Mapped[str]
    bureau: Mapped[str | None]
    sector: Mapped[Sector | None]
    fuel: Mapped[str | None]
    credit_code: Mapped[str | None] = mapped_column(unique=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """Who acts for it once it no longer exists."""

    aliases: Mapped[list["Alias"]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    __table_args__ = (Index(None, "level", "sector"),)

    @property
    def office(self) -> str:
        """The name a letter would be addressed to: a bureau's where there is one, the organisation's own otherwise."""
        return self.bureau or self.name


class Alias(Base):
    """Another name an organisation is called by."""

    __tablename__ = "alias"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    text: Mapped[str] = mapped_column(index=True)

    __table_args__ = (UniqueConstraint("organisation_id", "text"),)


class Membership(Base):
    """Which district a unit belongs to, by date (both ends inclusive; none is open-ended)."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    district_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]


class Contact(Base):
    """A person of an organisation whom Duewatch may write to. An administrator hears its alarms too."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str]
    lead: Mapped[bool]
    administrator: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()


class Binding(Base):
    """A contact's address on one channel. An inactive one is kept with the reason it was turned off.

    Of several, the one of the smallest ``priority`` is tried first.
    """

    __tablename__ = "binding"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(String(500))
    priority: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool]
    inactive_reason: Mapped[str | None]
    bound_at: Mapped[datetime]

    __table_args__ = (
        Index(
            "uq_binding_active_address",
            "channel",
            "address",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
    )


class Invitation(Base):
    """A single-use enrolment link. Only the hash of its token is stored."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    lead: Mapped[bool]
    administrator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))


class Obligation(Base):
    """One duty, one subject, one period, with the notice and version that made it.

    ``rule`` names the duty, ``made_by`` the notice's own rule for it. ``part`` tells apart what one subject owes more
    than once in a period: the sectors a city's duty is for (``cement+steel``), or the event it arose from (``#12``);
    it is empty where there is one only.
    """

    __tablename__ = "obligation"

    id: Mapped[int] = mapped_column(primary_key=True)
    notice: Mapped[str]
    notice_version: Mapped[str]
    made_by: Mapped[str]
    rule: Mapped[str]
    period: Mapped[str]
    part: Mapped[str]
    subject_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    district_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    created_at: Mapped[datetime]

    subject: Mapped[Organisation] = relationship(foreign_keys=[subject_id])
    stages: Mapped[list["Stage"]] = relationship(order_by="Stage.position", back_populates="obligation")

    __table_args__ = (UniqueConstraint("rule", "period", "subject_id", "part"), Index(None, "subject_id"))


_PENDING = text("status IN ('open', 'returned')")
_SUBMITTED = text("status = 'submitted'")


class Stage(Base):
    """One step of an obligation's chain: who acts, by when, and what was decided.

    ``due_on`` is the notice's date, ``dated_by`` the number of the notice that gives it; ``act_by_on`` is the date
    after which default begins: the due date, or the correction date after a return, the internal target after a late
    hand-over, or an extension. All are dates in Asia/Shanghai, inclusive. ``extended_to`` and ``ruling_id`` say what
    an authority decided last, ``moved_from`` what the day to act by was before it was put off, or before another notice moved
    it; where that notice gave the first date, that date itself. ``reason`` is that of a return or a waiver. ``ready``
    is false while the stage before has not handed over; of a first stage, where it is carried: the correction of
    evidence that never came is handed over with that evidence (`storage.corrections`). ``version`` rises with every
    decision: a button carries the version it was drawn for.
    """

    __tablename__ = "stage"

    id: Mapped[int] = mapped_column(primary_key=True)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligation.id"))
    position: Mapped[int]
    name: Mapped[str]
    rule: Mapped[str]
    period: Mapped[str]
    actor_level: Mapped[Level]
    checked_by: Mapped[Level | None]
    subject_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    actor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    district_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    checker_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    status: Mapped[Status]
    ready: Mapped[bool]
    excused: Mapped[bool]
    due_on: Mapped[date | None]
    due_kind: Mapped[DueKind]
    dated_by: Mapped[str | None]
    act_by_on: Mapped[date | None]
    extended_to: Mapped[date | None]
    moved_from: Mapped[date | None]
    ruling_id: Mapped[int | None] = mapped_column(ForeignKey("ruling.id"))
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(1000))
    paused_until: Mapped[date | None]
    version: Mapped[int]

    obligation: Mapped[Obligation] = relationship(back_populates="stages")
    subject: Mapped[Organisation] = relationship(foreign_keys=[subject_id])
    actor: Mapped[Organisation] = relationship(foreign_keys=[actor_id])

    __table_args__ = (
        UniqueConstraint("obligation_id", "position"),
        Index(None, "actor_id"),
        Index(None, "subject_id"),
        Index(None, "ruling_id"),
        Index(
            "ix_stage_actor_pending",
            "actor_id",
            "act_by_on",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index(
            "ix_stage_district_pending",
            "district_id",
            "act_by_on",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index("ix_stage_pending", "act_by_on", "rule", sqlite_where=_PENDING, postgresql_where=_PENDING),
        Index(
            "ix_stage_checker_submitted", "checker_id", sqlite_where=_SUBMITTED, postgresql_where=_SUBMITTED
        ),
    )


class Evidence(Base):
    """A file bound to one stage, found in the evidence folder by its SHA-256."""

    __tablename__ = "evidence"

    id: Mapped[int] = mapped_column(primary_key=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("contact.id"))

    __table_args__ = (UniqueConstraint("stage_id", "sha256"),)


class Event(Base):
    """One line of the append-only trail: what was decided, by whom, when. Each line's hash covers the one before."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stage.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    detail: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class Conversation(Base):
    """What a contact's next message answers: a file for a stage, a reason for a return."""

    __tablename__ = "conversation"

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    state: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class Setting(Base):
    """A named value that must survive a restart: how far planning went, when the calendar starts."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
