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

FEW = 3
"""After so many attempts that came to nothing, another channel is tried before."""

SHORTEST_WAIT = timedelta(seconds=1)


def routes(context: Context, reader: Recipient, refused: set[str]) -> Iterator[Channel]:
    """Yield the channels on which a reader has an active address, in the reader's order."""
    for name in reader.addresses:
        if name in context.channels and name not in refused:
            yield context.channels[name]


def first_open(
    context: Context, load: tuple[Claimed, ...], channels: list[Channel], now: datetime
) -> Channel | None:
    """Return the reader's first channel; for what cannot wait, the next one while that does not take it.

    One that could not be reached is passed over, and one on which a few attempts came to nothing comes after the others.
    """
    if not hurried(load, now):
        channels = channels[:1]
    for channel in sorted(channels, key=lambda each: _stalls(load, each.name)):
        if not context.circuits.of(channel.name).is_open(now):
            return channel
    return None


def _stalls(load: tuple[Claimed, ...], channel: str) -> bool:
    return any(each.stalled.get(channel, 0) >= FEW for each in load)


def hurried(load: tuple[Claimed, ...], now: datetime) -> bool:
    """Whether something of a load cannot wait for its reader's first channel (any longer)."""
    return any(each.urgency <= Urgency.DUE or now - each.created_at >= PATIENCE for each in load)


def until_open(context: Context, channels: list[Channel], now: datetime) -> timedelta:
    """Return how long none of the channels can be reached, as far as is known."""
    waits = [context.circuits.of(channel.name).remaining(now) for channel in channels]
    return min((wait for wait in waits if wait), default=SHORTEST_WAIT)
