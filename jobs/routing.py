"""Which of a reader's channels a notification goes by: the first in the reader's order, or one that can be reached now."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from jobs.channel import Channel
from jobs.context import Context
from storage.claims import Claimed
from storage.lanes import Urgency
from storage.outbox import Recipient

PATIENCE = timedelta(minutes=30)
"""How long what is not urgent waits for the reader's first channel while that cannot be reached."""

SHORTEST_WAIT = timedelta(seconds=1)


def routes(context: Context, reader: Recipient, refused: set[str]) -> Iterator[Channel]:
    """Yield the channels on which a reader has an active address, in the reader's order."""
    for name in reader.addresses:
        if name in context.channels and name not in refused:
            yield context.channels[name]


def first_open(
    context: Context, load: tuple[Claimed, ...], channels: list[Channel], now: datetime
) -> Channel | None:
    """Return the reader's first channel; while that cannot be reached, the next one for what cannot wait."""
    for channel in channels if hurried(load, now) else channels[:1]:
        if not context.circuits.of(channel.name).is_open(now):
            return channel
    return None


def hurried(load: tuple[Claimed, ...], now: datetime) -> bool:
    """Whether something of a load cannot wait for its reader's first channel (any longer)."""
    return any(each.urgency <= Urgency.DUE or now - each.created_at >= PATIENCE for each in load)


def until_open(context: Context, channels: list[Channel], now: datetime) -> timedelta:
    """Return how long none of the channels can be reached, as far as is known."""
    waits = [
        until - now
        for channel in channels
        if (until := context.circuits.of(channel.name).open_until) is not None and until > now
    ]
    return min(waits, default=SHORTEST_WAIT)
