"""Whether a channel can be reached: after it could not, it is left alone for a while, ever longer.

So ten thousand messages do not each find out by themselves that the server is away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(slots=True)
class Circuit:
    """One channel of one process. ``failures`` counts how often in a row it could not be reached."""

    failures: int = 0
    open_until: datetime | None = None
    reached_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether the channel is to be left alone at this instant.

        One that would be for longer than any pause was opened by a clock that was ahead, and is not.
        """
        return self.open_until is not None and now < self.open_until <= now + LONGEST_PAUSE

    def remaining(self, now: datetime) -> timedelta:
        """Return for how long the channel is to be left alone; zero where it is not."""
        if self.open_until is None or not self.is_open(now):
            return timedelta(0)
        return self.open_until - now

    def reached(self, now: datetime) -> None:
        """Note that the channel answered, whatever it said."""
        self.failures, self.open_until, self.reached_at = 0, None, now

    def missed(self, now: datetime) -> None:
        """Note that the channel could not be reached. Sends under way that fail together count as one."""
        if self.is_open(now):
            return
        self.open_until = now + min(FIRST_PAUSE * 2**self.failures, LONGEST_PAUSE)
        self.failures = min(self.failures + 1, 16)


class Circuits:
    """The circuits of one process, by the channel's name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Circuit] = {}

    def of(self, channel: str) -> Circuit:
        """Return a channel's circuit."""
        return self._by_name.setdefault(channel, Circuit())

    def all_open_until(self, channels: Iterable[str], now: datetime) -> datetime | None:
        """Return when the first of these channels may be tried again; None where one may be now, or there is none."""
        circuits = [self.of(channel) for channel in channels]
        if not all(circuit.is_open(now) for circuit in circuits):
            return None
        return min((circuit.open_until for circuit in circuits if circuit.open_until), default=None)
