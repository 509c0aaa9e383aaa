"""Named values that must survive a restart."""

from datetime import date

from sqlalchemy.orm import Session

from storage.models import Setting

SINCE = "since"
"""The local date of the first start: what was due before it was settled without Duewatch."""


def get(session: Session, key: str) -> str | None:
    """Return a value, or None where it was never set."""
    setting = session.get(Setting, key)
    return None if setting is None else setting.value


def put(session: Session, key: str, value: str) -> None:
    """Set a value, replacing what was there."""
    session.merge(Setting(key=key, value=value))


def get_date(session: Session, key: str) -> date | None:
    """Return a date that was set with `put_date`."""
    value = get(session, key)
    return None if value is None else date.fromisoformat(value)


def put_date(session: Session, key: str, value: date) -> None:
    """Set a date, replacing what was there."""
    put(session, key, value.isoformat())
