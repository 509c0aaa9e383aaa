"""The tables of what goes out and comes in: the outbox with its attempts, what came from the chat, and who works on it.

No queries here: each aggregate's module owns its own.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.base import AttemptOutcome, Base, NotificationKind, Outcome

if TYPE_CHECKING:
    from storage.models import Contact

_PENDING = text("outcome = 'pending'")
_WAITING = text("handled_at IS NULL")
_OWED = text("answer IS NOT NULL")
_UNENDED = text("ended_at IS NULL")
_RAISED = text("cleared_at IS NULL")
_SETTLED = text("finished_at IS NOT NULL")
_UNHEARD = text("outcome = 'unknown'")
_BROKEN = text("error IS NOT NULL")


class Notification(Base):
    """The outbox: a fact to tell one contact, worded when sent.

    ``key`` makes it unique with the contact and the kind: the local date of a reminder or digest, the stage and
    version of a decision. ``facts`` is what was known when it was planned, ``proof`` what was sent. ``lane_id`` is the
    reader's district, ``turn`` its place in the fair order of the lanes (`storage.lanes`). ``attempts`` counts the sends
    begun, ``errors`` those that count towards giving up. ``acknowledged_at`` is when one of its buttons was first
    pressed: a channel that says when it was read there is none.
    """

    __tablename__ = "notification"

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    kind: Mapped[NotificationKind]
    key: Mapped[str]
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stage.id"), index=True)
    planned_on: Mapped[date]
    facts: Mapped[dict[str, Any]]
    urgency: Mapped[int]
    lane_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    turn: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    outcome: Mapped[Outcome]
    outcome_reason: Mapped[str | None] = mapped_column(String(500))
    attempts: Mapped[int]
    errors: Mapped[int] = mapped_column(default=0)
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    message_id: Mapped[str | None]
    proof: Mapped[dict[str, Any] | None]
    acknowledged_at: Mapped[datetime | None]

    contact: Mapped["Contact"] = relationship()

    __table_args__ = (
        UniqueConstraint("contact_id", "kind", "key"),
        Index("ix_notification_contact_message", "contact_id", "message_id"),
        Index(
            "ix_notification_pending",
            "urgency",
            "turn",
            "id",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index(
            "ix_notification_settled",
            "finished_at",
            "kind",
            "outcome",
            sqlite_where=_SETTLED,
            postgresql_where=_SETTLED,
        ),
        Index(
            "ix_notification_lane_pending",
            "lane_id",
            "urgency",
            "turn",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
    )


class Attempt(Base):
    """One attempt to send a notification, written before anything leaves the machine.

    While it is under way ``ended_at`` and ``outcome`` are empty. ``number`` counts from 1.
    """

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int] = mapped_column(ForeignKey("notification.id"))
    number: Mapped[int]
    worker: Mapped[str]
    channel: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[AttemptOutcome | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    message_id: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("notification_id", "number"),
        Index("ix_attempt_unended", "worker", sqlite_where=_UNENDED, postgresql_where=_UNENDED),
        Index("ix_attempt_unknown", "id", sqlite_where=_UNHEARD, postgresql_where=_UNHEARD),
    )


class Reminding(Base):
    """One stage on one contact's reminder of one morning; with the notification it is the proof of reminding.

    ``mark`` is days from ``act_by_on`` to the day the reminder stands for: -10 is ten days before, 0 the day
    itself, 3 three days overdue.
    """

    __tablename__ = "reminding"

    stage_id: Mapped[int] = mapped_column(ForeignKey("stage.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    act_by_on: Mapped[date] = mapped_column(primary_key=True)
    mark: Mapped[int] = mapped_column(primary_key=True)
    planned_on: Mapped[date]

    __table_args__ = (Index(None, "contact_id", "planned_on"),)


class InboundUpdate(Base):
    """An update from the chat, stored before it is acknowledged or handled.

    ``answer`` is what was decided to be said and is not yet known to have been shown; empty afterwards. ``discarded`` is
    why an administrator closed one that was given up.
    """

    __tablename__ = "inbound_update"

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    attempts: Mapped[int]
    error: Mapped[str | None] = mapped_column(String(500))
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    discarded: Mapped[str | None] = mapped_column(String(500))

    __table_args__ = (
        Index(
            "ix_inbound_update_chat", "chat_id", "update_id", sqlite_where=_WAITING, postgresql_where=_WAITING
        ),
        Index("ix_inbound_update_waiting", "update_id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_inbound_update_owed", "update_id", sqlite_where=_OWED, postgresql_where=_OWED),
        Index("ix_inbound_update_failed", "update_id", sqlite_where=_BROKEN, postgresql_where=_BROKEN),
    )


class Worker(Base):
    """A process that sends and handles, under the name it claims by. Gone once its row is."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SendLimit(Base):
    """When the next message may go, for a bot's token as a whole or for one of its chats."""

    __tablename__ = "send_limit"

    key: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]


class Outage(Base):
    """A time in which no process ran the timetable; ``ended_at`` is when one did again."""

    __tablename__ = "outage"

    id: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]


class Alarm(Base):
    """Something administrators should look at, from when it was raised until it was cleared."""

    __tablename__ = "alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_alarm_raised",
            "name",
            "subject",
            unique=True,
            sqlite_where=_RAISED,
            postgresql_where=_RAISED,
        ),
    )


class EvidenceContent(Base):
    """The bytes of an evidence file, where several processes share the database and nothing else."""

    __tablename__ = "evidence_content"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
