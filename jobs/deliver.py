"""Delivery: claims what is due in batches, reads each fact again, hands it to a channel, and records what became of it.

A notification is recorded as sent after the channel confirmed it, never before. Readers are served in parallel,
each one in order. What breaks on one notification is tried again later and stops no other.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from jobs.briefing import brief_for
from jobs.briefs import Dropped
from jobs.channel import Channel, Parcel, Receipt
from jobs.context import Context
from storage import contacts, outbox, overview
from storage.database import Session
from storage.models import NotificationKind, Outcome
from storage.outbox import Claimed, Recipient
from storage.types import local_date

__all__ = ["Channel", "Parcel", "Receipt", "deliver", "finish"]

_log = logging.getLogger(__name__)

READERS_AT_ONCE = 8
FINISH_SECONDS = 20
MOST_ATTEMPTS = 10
"""After so many unexpected errors a notification is given up. Rate limits and lost connections do not count."""

_SHORTEST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """A parcel with the channel it goes by."""

    channel: Channel
    parcel: Parcel


async def deliver(context: Context, now: datetime) -> int:
    """Send everything that is due, batch by batch, until nothing is. Returns how many were sent."""
    sent = 0
    async with context.delivering:
        while not context.stopping.is_set():
            at = now if context.clock is None else context.clock.now()
            batch = await context.database.run(partial(outbox.claim, worker=context.worker, now=at))
            if not batch:
                break
            sent += await _send(context, batch, at)
    return sent


async def finish(context: Context) -> None:
    """Begin no further batch, and wait for the one being sent, within reason.

    Ending a send in its middle would leave nobody knowing whether it arrived.
    """
    context.stopping.set()
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS), context.delivering:
            pass


async def _send(context: Context, batch: Sequence[Claimed], now: datetime) -> int:
    quiet: frozenset[int] = frozenset()
    if any(claimed.kind is NotificationKind.DAILY_DIGEST for claimed in batch):
        today = local_date(now)
        quiet = await context.database.ask(lambda session: overview.quiet_districts(session, today=today))
    by_reader: dict[int, list[Claimed]] = defaultdict(list)
    for claimed in batch:
        by_reader[claimed.contact_id].append(claimed)
    gate = asyncio.Semaphore(READERS_AT_ONCE)

    async def serve(queue: list[Claimed]) -> int:
        async with gate:
            return sum([await _send_one(context, claimed, now, quiet) for claimed in queue])

    results = await asyncio.gather(*(serve(queue) for queue in by_reader.values()), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            # The outcome could not be recorded. The leases run out by themselves; nobody else was kept waiting.
            raise result
    return sum(result for result in results if isinstance(result, int))


async def _send_one(context: Context, claimed: Claimed, now: datetime, quiet: frozenset[int]) -> bool:
    addressed: _Addressed | None = None
    morning = outbox.after_quiet_hours(now)
    try:
        prepared = await context.database.ask(lambda session: _prepare(session, context, claimed, now, quiet))
        if isinstance(prepared, Dropped):
            receipt = Receipt(outcome=Outcome.DROPPED, reason=prepared.reason)
        elif morning != now:
            receipt = Receipt(outcome=Outcome.PENDING, retry_in=morning - now, reason="quiet hours")
        else:
            addressed = prepared
            receipt = await addressed.channel.deliver(addressed.parcel)
    except Exception as error:  # noqa: BLE001  # one bad notification must not stop the rest; it is tried again
        _log.error("notification %s: %s", claimed.id, type(error).__name__)  # a traceback may hold the text
        receipt = _after_error(claimed, error)
    await context.database.run(
        lambda session: _settle(session, context, claimed, addressed, receipt, now=now)
    )
    return receipt.outcome is Outcome.SENT


def _prepare(
    session: Session, context: Context, claimed: Claimed, now: datetime, quiet: frozenset[int]
) -> _Addressed | Dropped:
    reader = outbox.recipient(session, claimed.contact_id)
    channel = _route(context, reader)
    if channel is None:
        return Dropped(reason="the reader cannot be reached")
    brief = brief_for(session, claimed, reader, law=context.law, now=now, quiet=quiet)
    if isinstance(brief, Dropped):
        return brief
    parcel = Parcel(
        notification_id=claimed.id,
        contact_id=reader.contact_id,
        address=reader.addresses[channel.name],
        language=reader.language,
        level=reader.level,
        lead=reader.lead,
        organisation=reader.organisation_name,
        now=now,
        brief=brief,
    )
    return _Addressed(channel=channel, parcel=parcel)


def _route(context: Context, reader: Recipient) -> Channel | None:
    """Return the first channel on which a reader has an active address."""
    return next((channel for channel in context.channels.values() if channel.name in reader.addresses), None)


def _after_error(claimed: Claimed, error: Exception) -> Receipt:
    reason = f"unexpected {type(error).__name__}"
    if claimed.attempts >= MOST_ATTEMPTS:
        return Receipt(outcome=Outcome.FAILED, reason=reason)
    wait = min(timedelta(minutes=2 ** (claimed.attempts - 1)), _LONGEST_WAIT)
    return Receipt(outcome=Outcome.PENDING, reason=reason, retry_in=wait, counts=True)


def _settle(
    session: Session,
    context: Context,
    claimed: Claimed,
    addressed: _Addressed | None,
    receipt: Receipt,
    *,
    now: datetime,
) -> None:
    """Record a receipt with all that follows from it."""
    reason = receipt.reason or ""
    if addressed is not None:
        _learn(session, addressed, receipt, now=now)
    match receipt.outcome:
        case Outcome.SENT:
            proof = _proof(addressed, receipt)
            outbox.sent(session, claimed, message_id=receipt.message_id, proof=proof, now=now)
        case Outcome.UNKNOWN:
            outbox.unknown(session, claimed, reason=reason, proof=_proof(addressed, receipt), now=now)
        case Outcome.DROPPED:
            outbox.dropped(session, claimed, reason=reason, now=now)
        case Outcome.FAILED if not (
            receipt.unbind and _route(context, outbox.recipient(session, claimed.contact_id))
        ):
            outbox.failed(session, claimed, reason=reason, now=now)
        case _:
            # To be tried again: by the same channel later, or at once by the reader's next one.
            wait = max(receipt.retry_in or _SHORTEST_WAIT, _SHORTEST_WAIT)
            outbox.retry(session, claimed, at=now + wait, reason=reason, counts=receipt.counts)


def _learn(session: Session, addressed: _Addressed, receipt: Receipt, *, now: datetime) -> None:
    """Take note of what the channel said about the address."""
    channel, address = addressed.channel.name, addressed.parcel.address
    if receipt.new_address is not None:
        contacts.rebind(session, channel, address, to=receipt.new_address)
    if receipt.unbind:
        contacts.unbind(session, channel, address, reason=receipt.reason or "", now=now)


def _proof(addressed: _Addressed | None, receipt: Receipt) -> dict[str, object]:
    if addressed is None:
        return {}
    return {
        "channel": addressed.channel.name,
        "text": receipt.text,
        "stage_ids": list(addressed.parcel.brief.stage_ids),
    }
