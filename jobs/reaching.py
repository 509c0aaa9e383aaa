"""Whether a channel has been away for long enough to tell of it, and back for long enough to say that it is over."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jobs.circuits import Circuits

LISTENING: Final = "telegram updates"
"""The circuit of asking Telegram what people send: it may be cut off where sending is not."""

AWAY_AFTER: Final = timedelta(minutes=5)
AWAY_AFTER_FAILURES: Final = 6
"""So long, and so often in a row, a channel could not be reached before it counts as away."""

BACK_AFTER: Final = timedelta(minutes=5)
"""How long it must have been reached, without a failure seen, before it counts as back."""

FORGOTTEN_AFTER: Final = timedelta(days=1)
"""How long nobody tries to reach what counted as away, before that is taken to be over."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """How a channel has been found since an instant, at every look."""

    away: bool
    since: datetime
    reached_at: datetime | None

    def goes_on(self, now: "_Seen") -> bool:
        """Whether nothing has changed: it is away and was not reached between, or it is not and has been reached before."""
        if self.away != now.away or now.since < self.since:
            return False
        if self.away:
            return self.reached_at == now.reached_at
        return (self.reached_at is None) == (now.reached_at is None)


class Reaching:
    """What one process has seen of its channels, at the looks it takes each minute."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def look(self, circuits: Circuits, names: Iterable[str], now: datetime) -> None:
        """Note how each of these channels is now."""
        for name in names:
            circuit = circuits.of(name)
            seen = _Seen(circuit.failures > 0, now, circuit.reached_at)
            before = self._seen.get(name)
            if before is None or not before.goes_on(seen):
                self._seen[name] = seen

    def away(self, circuits: Circuits, raised: Collection[str], now: datetime) -> list[str]:
        """Return the channels that are away, in order; ``raised`` are those of which that has been told.

        A process that has not reached such a channel itself, because it began a moment ago, does not know better.
        """
        return sorted(
            name for name, seen in self._seen.items() if self._is_away(name, seen, circuits, raised, now)
        )

    def _is_away(
        self, name: str, seen: _Seen, circuits: Circuits, raised: Collection[str], now: datetime
    ) -> bool:
        lasted = now - seen.since
        if not seen.away:
            return name in raised and lasted < (FORGOTTEN_AFTER if seen.reached_at is None else BACK_AFTER)
        return name in raised or (lasted >= AWAY_AFTER and circuits.of(name).failures >= AWAY_AFTER_FAILURES)
