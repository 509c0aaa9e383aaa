"""Statements that more than one aggregate writes."""

from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Insert, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_ignoring_conflicts(session: Session, table: type[Any]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that leaves alone what is already there, in the dialect of the session's database."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def rows_changed(session: Session, statement: Insert | Update | Delete) -> int:
    """Run a statement on rows that are not loaded, and return how many it wrote, changed or removed."""
    apart = statement.execution_options(synchronize_session=False, preserve_rowcount=True)
    return cast("CursorResult[Any]", session.execute(apart)).rowcount
