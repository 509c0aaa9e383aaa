"""What a channel takes and gives back. The channels themselves are in `bot`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from jobs.briefs import Brief
from obligations.notice import Level
from storage.models import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One notification on its way: to whom, in which language, and the facts to tell, read just now."""

    notification_id: int
    contact_id: int
    address: str
    language: str
    level: Level
    lead: bool
    organisation: str
    now: datetime
    brief: Brief


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a parcel: sent, failed for good, unknown, or pending to be tried again in ``retry_in``.

    ``text`` is what was sent, kept as proof. ``unbind`` turns the address off; ``new_address`` replaces it.
    ``counts`` says that this attempt counts towards giving up: an error of ours, not a limit or a lost connection.
    """

    outcome: Outcome
    message_id: str | None = None
    text: str | None = None
    retry_in: timedelta | None = None
    reason: str | None = None
    unbind: bool = False
    new_address: str | None = None
    counts: bool = False


class Channel(Protocol):
    """A way to a reader."""

    @property
    def name(self) -> str:
        """The name its addresses are stored under."""
        ...

    async def deliver(self, parcel: Parcel) -> Receipt:
        """Word and send one parcel. An error of the channel is an outcome, not raised."""
        ...
