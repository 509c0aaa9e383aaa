"""What a job works with."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jobs.channel import Channel
from jobs.circuits import Circuits
from jobs.clock import Clock
from jobs.in_use import ChannelsInUse
from jobs.reaching import Reaching
from obligations.law import Law
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The database, the law, the channels by name in the order to be tried, and the name this process claims by.

    With a ``clock``, a round of deliveries that takes long goes by the hour it has become, not by the hour it began.
    """

    database: Database
    law: Law
    channels: Mapping[str, Channel]
    worker: str
    clock: Clock | None = None
    circuits: Circuits = field(default_factory=Circuits)
    in_use: ChannelsInUse = field(default_factory=ChannelsInUse)
    reaching: Reaching = field(default_factory=Reaching)
    delivering: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a round is sent: two at once could overtake each other in one chat."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is to end: what is being sent is finished, and no further send is begun."""

    def instant(self, now: datetime) -> datetime:
        """Return what time it has become; ``now`` where there is no clock."""
        return now if self.clock is None else self.clock.now()
