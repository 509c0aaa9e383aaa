"""Column types and the zone rules for time: instants are aware UTC, dates are calendar dates in the notice's zone."""

from datetime import UTC, date, datetime

from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from obligations.deadlines import ZONE

NOTICE_ZONE = ZONE


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Naive input is refused; what comes back is aware UTC, on SQLite too, which drops the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert an aware instant to UTC for the driver.

        Raises:
            ValueError: the value has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; pass an aware instant")
        return value.astimezone(UTC).replace(tzinfo=UTC if dialect.name != "sqlite" else None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the signature is SQLAlchemy's
        """Restore UTC, whatever the driver gave back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def local_date(instant: datetime) -> date:
    """Return the calendar date of an aware instant in Asia/Shanghai, where the notice counts its days."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone; pass an aware instant")
    return instant.astimezone(NOTICE_ZONE).date()
