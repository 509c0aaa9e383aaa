"""What a channel takes and gives back. The channels themselves are in `bot`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from jobs.briefs import Brief
from obligations.notice import Level
from storage.models import Outcome
from storage.outages import Away


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One notification on its way: to whom, in which language, and the facts to tell, read just now."""

    notification_id: int
    contact_id: int
    address: str = field(repr=False)
    language: str
    level: Level
    lead: bool
    organisation: str
    now: datetime
    brief: Brief
    repeated: bool = False
    """Whether it may have arrived before: then it says so."""
    lost: Away | None = None
    """When what its reader sent was perhaps not received, where this is the first message since: then it says so."""


Begin = Callable[[], Awaitable[bool]]
"""Asked right before anything leaves the machine: writes that it does. Where it says false, nothing may be sent."""

NOT_MINE = "another process has it"
TOO_MANY = "too many requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a parcel: sent, failed for good, unknown, or pending to be tried again in ``retry_in``.

    ``text`` is what was sent, kept as proof; of a bundle ``parts`` are the words of each notification, by its id.
    ``named`` are the stages its text names, where they are not all that it tells of.
    ``unbind`` turns the address off; ``new_address`` replaces it.
    ``down`` says that the channel as a whole cannot be reached, whoever the reader.
    """

    outcome: Outcome
    message_id: str | None = None
    text: str | None = None
    retry_in: timedelta | None = None
    reason: str | None = None
    unbind: bool = False
    new_address: str | None = None
    down: bool = False
    parts: Mapping[int, str] = field(default_factory=dict)
    named: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


class Channel(Protocol):
    """A way to a reader."""

    @property
    def name(self) -> str:
        """The name its addresses are stored under."""
        ...

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        """Word a parcel, wait for its turn, ask ``begin``, and send it.

        An error of the channel is an outcome, not raised. Where ``begin`` refuses, nothing is sent, and the receipt is
        pending with the reason `NOT_MINE`.
        """
        ...
