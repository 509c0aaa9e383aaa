"""What the server asks of the play staged on it: who takes part, and how its clock moves.

The play itself, with its city, its bot and its timetable, lives elsewhere; `sandbox.seam` is the door.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

MOST_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Someone the visitor of the page can be."""

    user_id: int
    name: str
    role: str
    """`unit`, `district` or `municipal`."""
    role_label: Mapping[str, str]
    """The role in the page's languages: `{"zh": …, "en": …}`."""
    organisation: str
    language: str
    """The language of the persona's chat client, as Telegram reports it: `zh-hans` or `en`."""
    start: str | None = None
    """Payload of the invitation that the START button sends; None for one enrolled long ago."""


class StepKind(Enum):
    """How far the clock goes."""

    NEXT_EVENT = "next_event"
    NEXT_MORNING = "next_morning"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One move of the clock; `days` counts only for `FORWARD`, 1 to 400.

    Raises:
        ValueError: when the days are out of that range.
    """

    kind: StepKind
    days: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.days <= MOST_DAYS:
            raise ValueError(f"days must be 1 to {MOST_DAYS}, not {self.days}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a move has come."""

    now: datetime
    done: float
    """The share of the way, 0 to 1."""
    note: Mapping[str, str] | None = None
    """A line for the page on what has just happened, in each of its languages."""


class Play(Protocol):
    """The people and the clock behind the page."""

    def now(self) -> datetime:
        """Return the instant the play stands at, aware."""
        ...

    def personas(self) -> Sequence[Persona]:
        """Return who takes part, in the order the page lists them."""
        ...

    def move(self, step: Step) -> AsyncIterator[Progress]:
        """Move the clock; closing the iterator stops it at a consistent instant."""
        ...
