"""What the tables are made of: the declarative base, and the words that are stored as text."""

import enum
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Enum, MetaData, String
from sqlalchemy.orm import DeclarativeBase

from obligations.authority import RulingKind
from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.notice import Level, Sector
from obligations.terms import Occasion
from storage.types import UtcDateTime


def _words(kind: type[enum.StrEnum]) -> Enum:
    """Store an enumeration by its value, as text: readable in any database browser, no type to migrate."""
    return Enum(
        kind,
        native_enum=False,
        length=20,
        create_constraint=False,
        values_callable=lambda e: [m.value for m in e],
    )


class NotificationKind(enum.StrEnum):
    """What a notification tells its reader."""

    REMINDER = "reminder"
    """What this contact's organisation must still do, bundled, one a morning."""
    SUBMITTED = "submitted"
    """A stage was handed over and now waits for this reader's check."""
    ACCEPTED = "accepted"
    """The reader's own submission was accepted."""
    RETURNED = "returned"
    """The reader's own submission was returned for correction."""
    CHANGED = "changed"
    """An authority or a new notice moved the date of the reader's duties, or they were waived."""
    EVENT = "event"
    """Something happened that gives the reader's organisation a new duty."""
    PASSED_ON = "passed_on"
    """Duties passed from one district to another, because units moved or a district ended."""
    DAILY_DIGEST = "daily_digest"
    """A supervisor's page for the day."""
    WEEKLY_DIGEST = "weekly_digest"
    """A lead's page for the week."""
    UNREACHABLE = "unreachable"
    """Somebody of the level below could not be reached by any of their channels."""
    ALARM = "alarm"
    """Something about the running of Duewatch itself; for administrators."""


class Outcome(enum.StrEnum):
    """Where a notification stands on its way."""

    PENDING = "pending"
    """Waiting to be sent, or to be tried again."""
    SENT = "sent"
    """The channel confirmed it."""
    DROPPED = "dropped"
    """It no longer mattered when its turn came; the reason is recorded."""
    FAILED = "failed"
    """The channel refused it for good."""
    UNKNOWN = "unknown"
    """It may have arrived: no attempt was confirmed, and of one at least nobody heard how it ended."""


class AttemptOutcome(enum.StrEnum):
    """How one attempt to send a notification ended."""

    CONFIRMED = "confirmed"
    """The channel said that it took it."""
    REFUSED = "refused"
    """The channel said that it did not."""
    NOT_SENT = "not_sent"
    """Nothing left the machine: the channel was not reached."""
    UNKNOWN = "unknown"
    """It may have arrived: the connection, or the process, ended before the answer."""


class Base(DeclarativeBase):
    """The declarative base: constraint names follow one pattern, so migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        str: String(200),
        Level: _words(Level),
        Sector: _words(Sector),
        Status: _words(Status),
        DueKind: _words(DueKind),
        NotificationKind: _words(NotificationKind),
        Outcome: _words(Outcome),
        AttemptOutcome: _words(AttemptOutcome),
        Occasion: _words(Occasion),
        RulingKind: _words(RulingKind),
    }
