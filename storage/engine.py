"""What the door asks of an engine. SQLite and PostgreSQL answer it in modules of their own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.orm import Session

T = TypeVar("T")
Work = Callable[[Session], T]

Dialect = Literal["sqlite", "postgresql"]


class Hold(Protocol):
    """A name held by this process alone until it lets go or ends, however it ends."""

    def alive(self) -> bool:
        """Tell whether the name is still held; once it is not, it never is again."""

    def release(self) -> None:
        """Let go. Doing so twice changes nothing."""


class Engine(Protocol):
    """One kind of database, opened."""

    @property
    def dialect(self) -> Dialect:
        """The engine's name."""

    def write(self, work: Work[T]) -> T:
        """Run ``work`` in a transaction that no other writer is beside, and commit it."""

    def write_beside(self, work: Work[T]) -> T:
        """Run ``work`` in a transaction that others may be beside, and commit it."""

    def read(self, work: Work[T]) -> T:
        """Run ``work`` on one snapshot and keep nothing of what it changes."""

    def upgrading(self) -> AbstractContextManager[Connection]:
        """Open the transaction that migrations run in; other processes wait for it."""

    def inspecting(self) -> AbstractContextManager[Connection]:
        """Open a connection that only looks at the tables."""

    def clock_skew(self, now: datetime) -> float:
        """Return how many seconds the database's clock is ahead of ``now``."""

    def try_hold(self, name: str) -> Hold | None:
        """Hold a name, or return None where another process holds it."""

    def is_held(self, name: str) -> bool:
        """Tell whether somebody holds a name."""

    def close(self) -> None:
        """Close every connection."""
