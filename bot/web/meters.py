"""What one process counts by itself: its deliveries by channel and outcome, and how long they waited and took."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector

from jobs.channel import NOT_MINE, Begin, Channel, Parcel, Receipt
from storage.models import Outcome

_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60)
_OUTCOMES: Final = (Outcome.SENT, Outcome.FAILED, Outcome.UNKNOWN, Outcome.PENDING)


class Meters:
    """The counters of one process, in a registry of their own."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry: Final = CollectorRegistry()
        self._monotonic = monotonic
        ProcessCollector(registry=self.registry)
        self._deliveries = Counter(
            "duewatch_deliveries",
            "What this process handed to a channel, by what became of it; pending is tried again.",
            ("channel", "outcome"),
            registry=self.registry,
        )
        self._sending = Histogram(
            "duewatch_send_seconds",
            "How long a channel took, from the first byte sent to its answer.",
            ("channel",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._waiting = Histogram(
            "duewatch_limiter_wait_seconds",
            "How long a delivery waited for its turn within the limits of its channel.",
            ("channel",),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def around(self, channels: Mapping[str, Channel]) -> dict[str, Channel]:
        """Return channels that do what these do, and are counted."""
        return {name: self._around(channel) for name, channel in channels.items()}

    def _around(self, channel: Channel) -> Channel:
        for outcome in _OUTCOMES:
            # From the start, so that the first of its kind is seen as a rise.
            self._deliveries.labels(channel.name, outcome.value)
        return _Metered(
            channel,
            deliveries=self._deliveries,
            sending=self._sending,
            waiting=self._waiting,
            monotonic=self._monotonic,
        )


class _Metered:
    """A channel that counts what it is given."""

    def __init__(
        self,
        channel: Channel,
        *,
        deliveries: Counter,
        sending: Histogram,
        waiting: Histogram,
        monotonic: Callable[[], float],
    ) -> None:
        self._channel = channel
        self._deliveries = deliveries
        self._sending = sending.labels(channel.name)
        self._waiting = waiting.labels(channel.name)
        self._monotonic = monotonic

    @property
    def name(self) -> str:
        """The name its addresses are stored under."""
        return self._channel.name

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        """Deliver, and count what became of it. What another process has is not counted."""
        given_at = self._monotonic()
        began_at: float | None = None

        async def begin_counted() -> bool:
            nonlocal began_at
            self._waiting.observe(self._monotonic() - given_at)
            mine = await begin()
            began_at = self._monotonic() if mine else None
            return mine

        receipt = await self._channel.deliver(parcel, begin_counted)
        if began_at is not None:
            self._sending.observe(self._monotonic() - began_at)
        if receipt.reason != NOT_MINE:
            self._deliveries.labels(self.name, receipt.outcome.value).inc()
        return receipt
