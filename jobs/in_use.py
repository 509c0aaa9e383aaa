"""Which channels are any reader's: the others that are set up carry nothing, and say nothing about whether it can go."""

import time
from collections.abc import Callable
from typing import Final

from storage import bindings
from storage.database import Database

_FRESH_SECONDS: Final = 60.0


class ChannelsInUse:
    """The names of the channels that active addresses are on, read once a minute. ``elapsed`` are seconds."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._names: frozenset[str] = frozenset()
        self._read_at: float | None = None

    async def names(self, database: Database) -> frozenset[str]:
        """Return the channels in use, as they were within the last minute."""
        at = self._elapsed()
        if self._read_at is None or at - self._read_at >= _FRESH_SECONDS:
            self._names = await database.ask(bindings.channels_in_use)
            self._read_at = at
        return self._names
