"""Sending one notification: its facts are read again, a channel is chosen, the send is begun on record, then settled.

It is recorded as sent after the channel confirmed it, never before. What may have arrived is tried again a few times
and says so; what a channel refuses for good goes by the reader's next one, and in the end to the level above.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from jobs.briefing import brief_for
from jobs.briefs import Dropped
from jobs.channel import NOT_MINE, Channel, Parcel, Receipt
from jobs.context import Context
from jobs.unreachable import tell_above
from storage import claims, contacts, outbox
from storage.claims import Claimed
from storage.database import Session
from storage.lanes import Urgency
from storage.models import AttemptOutcome, NotificationKind, Outcome
from storage.outbox import Recipient

_log = logging.getLogger(__name__)

MOST_ERRORS = 10
"""After so many unexpected errors a notification is given up. Rate limits and lost connections do not count."""

MOST_UNKNOWN = 5
"""After so many attempts that may have arrived, of which none was confirmed, no more is tried."""

SEND_WITHIN = timedelta(seconds=100)
"""How long a channel may take for one notification, less than the lease: then nobody waits for it any longer."""

PATIENCE = timedelta(minutes=30)
"""How long what is not urgent waits for the reader's first channel while that cannot be reached."""

_SHORTEST_WAIT = timedelta(seconds=1)
_AFTER_ERROR = timedelta(minutes=1)
_AFTER_UNKNOWN = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_SETTLE_ATTEMPTS = 7
_NOBODY = "there is no channel left to reach the reader by"

_ENDED = {
    Outcome.SENT: AttemptOutcome.CONFIRMED,
    Outcome.FAILED: AttemptOutcome.REFUSED,
    Outcome.UNKNOWN: AttemptOutcome.UNKNOWN,
    Outcome.PENDING: AttemptOutcome.NOT_SENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """A parcel with the channel it goes by."""

    channel: Channel
    parcel: Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """What became of one try: the receipt, the parcel where there was one, whether a send was begun."""

    receipt: Receipt
    addressed: _Addressed | None = None
    begun: bool = False


async def send(context: Context, claimed: Claimed, now: datetime, quiet: frozenset[int]) -> bool:
    """Send a claimed notification, by one channel after another while they refuse it. Returns whether it was sent.

    ``quiet`` are the districts known to have nothing to tell (`storage.overview.quiet_districts`).
    """
    refused: set[str] = set()
    while True:
        tried = await _try(context, claimed, now, quiet, refused)
        now = context.instant(now)
        if tried.receipt.reason == NOT_MINE:
            return False
        _remember(context, claimed, tried, now)
        another = await _settle_surely(context, claimed, tried, refused, now)
        if not another or tried.addressed is None:
            return tried.receipt.outcome is Outcome.SENT
        refused.add(tried.addressed.channel.name)


async def _try(
    context: Context, claimed: Claimed, now: datetime, quiet: frozenset[int], refused: set[str]
) -> _Tried:
    addressed: _Addressed | None = None
    begun = False

    async def begin() -> bool:
        nonlocal begun
        channel = "" if addressed is None else addressed.channel.name
        at = context.instant(now)
        begun = await context.database.run_beside(
            lambda session: claims.begin(session, claimed, channel=channel, now=at)
        )
        return begun

    try:
        prepared = await context.database.ask(
            lambda session: _prepare(session, context, claimed, now, quiet=quiet, refused=refused)
        )
        if isinstance(prepared, Receipt):
            return _Tried(receipt=prepared)
        addressed = prepared
        async with asyncio.timeout(SEND_WITHIN.total_seconds()):
            receipt = await addressed.channel.deliver(addressed.parcel, begin)
    except TimeoutError:
        outcome = Outcome.UNKNOWN if begun else Outcome.PENDING
        receipt = Receipt(outcome=outcome, reason="the channel took too long", retry_in=_AFTER_ERROR)
    except Exception as error:  # noqa: BLE001  # one bad notification must not stop the rest; it is tried again
        _log.error("notification %s: %s", claimed.id, type(error).__name__)  # a traceback may hold the text
        receipt = _after_error(claimed, error)
    return _Tried(receipt=receipt, addressed=addressed, begun=begun)


def _prepare(
    session: Session,
    context: Context,
    claimed: Claimed,
    now: datetime,
    *,
    quiet: frozenset[int],
    refused: set[str],
) -> _Addressed | Receipt:
    """Return what to send and how, or the receipt of what is not sent now."""
    reader = outbox.recipient(session, claimed.contact_id)
    brief = brief_for(session, claimed, reader, law=context.law, now=now, quiet=quiet)
    if isinstance(brief, Dropped):
        return Receipt(outcome=Outcome.DROPPED, reason=brief.reason)
    channels = list(_routes(context, reader, refused))
    if not channels:
        return Receipt(outcome=Outcome.FAILED, reason=_NOBODY)
    morning = outbox.after_quiet_hours(now)
    if morning != now:
        return Receipt(outcome=Outcome.PENDING, retry_in=morning - now, reason="quiet hours")
    channel = _first_open(context, claimed, channels, now)
    if channel is None:
        return Receipt(
            outcome=Outcome.PENDING,
            retry_in=_until_open(context, channels, now),
            reason="the channel is away",
        )
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
        repeated=claimed.repeated,
    )
    return _Addressed(channel=channel, parcel=parcel)


def _routes(context: Context, reader: Recipient, refused: set[str]) -> Iterator[Channel]:
    """Yield the channels on which a reader has an active address, in the reader's order."""
    for name in reader.addresses:
        if name in context.channels and name not in refused:
            yield context.channels[name]


def _first_open(context: Context, claimed: Claimed, channels: list[Channel], now: datetime) -> Channel | None:
    """Return the reader's first channel; while that cannot be reached, the next one for what cannot wait."""
    for channel in channels if _hurried(claimed, now) else channels[:1]:
        if not context.circuits.of(channel.name).is_open(now):
            return channel
    return None


def _hurried(claimed: Claimed, now: datetime) -> bool:
    """Whether a notification cannot wait for its reader's first channel (any longer)."""
    return claimed.urgency <= Urgency.DUE or now - claimed.created_at >= PATIENCE


def _until_open(context: Context, channels: list[Channel], now: datetime) -> timedelta:
    waits = [
        until - now
        for channel in channels
        if (until := context.circuits.of(channel.name).open_until) is not None and until > now
    ]
    return min(waits, default=_SHORTEST_WAIT)


def _after_error(claimed: Claimed, error: Exception) -> Receipt:
    reason = f"unexpected {type(error).__name__}"
    if claimed.errors + 1 >= MOST_ERRORS:
        return Receipt(outcome=Outcome.FAILED, reason=reason)
    wait = _spread(claimed, _AFTER_ERROR * 2**claimed.errors)
    return Receipt(outcome=Outcome.PENDING, reason=reason, retry_in=wait, counts=True)


def _remember(context: Context, claimed: Claimed, tried: _Tried, now: datetime) -> None:
    """Take note of whether the channel can be reached."""
    if tried.addressed is None:
        return
    circuit = context.circuits.of(tried.addressed.channel.name)
    if tried.receipt.down:
        circuit.missed(now)
        _log.warning(
            "notification %s: %s cannot be reached: %s",
            claimed.id,
            tried.addressed.channel.name,
            tried.receipt.reason,
        )
    elif tried.begun:
        circuit.reached(now)


async def _settle_surely(
    context: Context, claimed: Claimed, tried: _Tried, refused: set[str], now: datetime
) -> bool:
    """Record what became of a try, also where the database is away for a moment: else it would be sent again."""
    for attempt in range(_SETTLE_ATTEMPTS):
        try:
            return await context.database.run(
                lambda session: _settle(session, context, claimed, tried, refused, now=now)
            )
        except Exception as error:  # whatever it is, the outcome is too precious to lose at once
            if attempt + 1 == _SETTLE_ATTEMPTS:
                raise
            _log.warning("notification %s cannot be settled: %s", claimed.id, type(error).__name__)
            await asyncio.sleep(2**attempt / 4)
    raise AssertionError("unreachable")  # pragma: no cover  # the last attempt returns or raises


def _settle(
    session: Session, context: Context, claimed: Claimed, tried: _Tried, refused: set[str], *, now: datetime
) -> bool:
    """Record a receipt with all that follows from it. Returns whether the reader's next channel is to be tried."""
    receipt, reason = tried.receipt, tried.receipt.reason or ""
    if tried.begun:
        # Where something broke after the send had begun, nobody knows what had left by then.
        ended = AttemptOutcome.UNKNOWN if receipt.counts else _ENDED[receipt.outcome]
        claims.end(
            session,
            claimed,
            ended,
            reason=receipt.reason,
            message_id=receipt.message_id,
            now=now,
        )
    if tried.addressed is not None:
        _learn(session, tried.addressed, receipt, now=now)
    match receipt.outcome:
        case Outcome.SENT:
            claims.sent(
                session,
                claimed,
                message_id=receipt.message_id,
                proof=_proof(tried.addressed, receipt),
                reason=receipt.reason,
                now=now,
            )
        case Outcome.DROPPED:
            claims.dropped(session, claimed, reason=reason, now=now)
        case Outcome.FAILED:
            return _fail(session, context, claimed, tried, refused, now=now)
        case Outcome.PENDING if receipt.down and _detour(session, context, claimed, tried, refused, now=now):
            return True
        case Outcome.UNKNOWN if claimed.unknown + 1 >= MOST_UNKNOWN:
            claims.unknown(session, claimed, reason=reason, proof=_proof(tried.addressed, receipt), now=now)
        case Outcome.UNKNOWN:
            wait = _spread(claimed, _AFTER_UNKNOWN * 2**claimed.unknown)
            claims.retry(session, claimed, at=now + wait, reason=reason)
        case _:
            wait = receipt.retry_in or _SHORTEST_WAIT
            if receipt.down:
                wait = _spread(claimed, max(wait, _until(context, tried, now)))
            claims.retry(
                session, claimed, at=now + max(wait, _SHORTEST_WAIT), reason=reason, counts=receipt.counts
            )
    return False


def _detour(
    session: Session, context: Context, claimed: Claimed, tried: _Tried, refused: set[str], *, now: datetime
) -> bool:
    """Whether what cannot wait for a channel that is away can go by another one now."""
    if tried.addressed is None or not _hurried(claimed, now):
        return False
    reader = outbox.recipient(session, claimed.contact_id)
    others = _routes(context, reader, refused | {tried.addressed.channel.name})
    return any(not context.circuits.of(channel.name).is_open(now) for channel in others)


def _fail(
    session: Session, context: Context, claimed: Claimed, tried: _Tried, refused: set[str], *, now: datetime
) -> bool:
    """Go on to the reader's next channel; where there is none it has failed, and the level above is told."""
    reader = outbox.recipient(session, claimed.contact_id)
    if tried.addressed is not None:
        gone = refused | {tried.addressed.channel.name}
        if next(_routes(context, reader, gone), None) is not None:
            return True
    told = tried.addressed.parcel.brief.stage_ids if tried.addressed is not None else ()
    reason = tried.receipt.reason or ""
    if claims.failed(
        session, claimed, reason=reason, proof=_proof(tried.addressed, tried.receipt), now=now
    ) and claimed.kind not in (NotificationKind.UNREACHABLE, NotificationKind.ALARM):
        tell_above(session, reader, stage_ids=told, reason=reason, now=now)
    return False


def _learn(session: Session, addressed: _Addressed, receipt: Receipt, *, now: datetime) -> None:
    """Take note of what the channel said about the address."""
    channel, address = addressed.channel.name, addressed.parcel.address
    if receipt.new_address is not None:
        contacts.rebind(session, channel, address, to=receipt.new_address)
    if receipt.unbind:
        contacts.unbind(session, channel, address, reason=receipt.reason or "", now=now)


def _until(context: Context, tried: _Tried, now: datetime) -> timedelta:
    if tried.addressed is None:
        return _SHORTEST_WAIT
    until = context.circuits.of(tried.addressed.channel.name).open_until
    return _SHORTEST_WAIT if until is None else until - now


def _spread(claimed: Claimed, wait: timedelta) -> timedelta:
    """Return a wait, at most an hour, spread by up to a quarter: what failed together does not come back together.

    Which share it is follows from the notification and the attempt, so that a rehearsal can be repeated.
    """
    draw = Random(f"{claimed.id}/{claimed.attempts}/{claimed.errors}").random()  # noqa: S311  # no secret
    return min(wait, _LONGEST_WAIT) * (1 + draw / 4)


def _proof(addressed: _Addressed | None, receipt: Receipt) -> dict[str, object]:
    if addressed is None:
        return {}
    return {
        "channel": addressed.channel.name,
        "text": receipt.text,
        "stage_ids": list(addressed.parcel.brief.stage_ids),
    }
