"""Sending a notification: its facts are read again, a channel is chosen, the send is begun on record, then settled.

Several late ones of one reader go as one message, and each is settled with its own part of it (`jobs.bundling`).

It is recorded as sent after the channel confirmed it, never before. What may have arrived is tried again a few times
and says so; what a channel refuses for good goes by the reader's next one, and in the end to the level above.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from jobs import bundling
from jobs.briefing import brief_for
from jobs.briefs import Brief, BundleBrief, Dropped, Single
from jobs.channel import NOT_MINE, Channel, Parcel, Receipt
from jobs.context import Context
from jobs.unreachable import tell_above
from storage import claims, contacts, outages, outbox, registry
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
    """What became of one try: the receipt of what still matters, the parcel where there was one, whether it was begun.

    ``dropped`` is what no longer matters, each with why. ``broke`` says that an error of ours ended it, which counts
    towards giving up.
    """

    receipt: Receipt
    claimed: tuple[Claimed, ...]
    dropped: tuple[tuple[Claimed, str], ...] = ()
    addressed: _Addressed | None = None
    begun: bool = False
    broke: bool = False


class _NotMineError(Exception):
    """Another process has one of them by now."""


async def send(context: Context, load: tuple[Claimed, ...], now: datetime, quiet: frozenset[int]) -> bool:
    """Send a load, by one channel after another while they refuse it. Returns whether a message was sent.

    A load is one claimed notification, or several of one reader that go as one message. ``quiet`` are the districts
    known to have nothing to tell (`storage.overview.quiet_districts`).
    """
    refused: set[str] = set()
    while True:
        tried = await _try(context, load, now, quiet, refused)
        now = context.instant(now)
        if tried.receipt.reason == NOT_MINE:
            await _give_back(context, tried, now)
            return False
        _remember(context, tried, now)
        another = await _settle_surely(context, tried, refused, now)
        if not another or tried.addressed is None:
            return tried.receipt.outcome is Outcome.SENT
        refused.add(tried.addressed.channel.name)


async def _try(
    context: Context, load: tuple[Claimed, ...], now: datetime, quiet: frozenset[int], refused: set[str]
) -> _Tried:
    tried = _Tried(receipt=Receipt(outcome=Outcome.PENDING), claimed=load)
    begun = False

    async def begin() -> bool:
        nonlocal begun
        channel = "" if tried.addressed is None else tried.addressed.channel.name
        at = context.instant(now)
        try:
            await context.database.run_beside(
                lambda session: _begin(session, tried.claimed, channel=channel, now=at)
            )
        except _NotMineError:
            return False
        begun = True
        return True

    try:
        tried = await context.database.ask(
            lambda session: _prepare(session, context, load, now, quiet=quiet, refused=refused)
        )
        if tried.addressed is None:
            return tried
        async with asyncio.timeout(SEND_WITHIN.total_seconds()):
            receipt = await tried.addressed.channel.deliver(tried.addressed.parcel, begin)
    except TimeoutError:
        outcome = Outcome.UNKNOWN if begun else Outcome.PENDING
        receipt = Receipt(outcome=outcome, reason="the channel took too long", retry_in=_AFTER_ERROR)
    except Exception as error:  # noqa: BLE001  # one bad notification must not stop the rest; it is tried again
        _log.error("notification %s: %s", load[0].id, type(error).__name__)  # a traceback may hold the text
        return replace(tried, receipt=_after_error(load[0], error), begun=begun, broke=True)
    return replace(tried, receipt=receipt, begun=begun)


def _begin(session: Session, load: tuple[Claimed, ...], *, channel: str, now: datetime) -> None:
    """Begin them all, or none.

    Raises:
        _NotMineError: another process has one of them by now.
    """
    for claimed in load:
        if not claims.begin(session, claimed, channel=channel, now=now):
            raise _NotMineError


async def _give_back(context: Context, tried: _Tried, now: datetime) -> None:
    """Leave to the next round what is still this worker's of a load of which another process has a part."""
    if len(tried.claimed) > 1:
        await context.database.run(
            lambda session: [claims.retry(session, each, at=now, reason=NOT_MINE) for each in tried.claimed]
        )


def _prepare(
    session: Session,
    context: Context,
    load: tuple[Claimed, ...],
    now: datetime,
    *,
    quiet: frozenset[int],
    refused: set[str],
) -> _Tried:
    """Return what to send and how, or the receipt of what is not sent now."""
    reader = outbox.recipient(session, load[0].contact_id)
    told: list[tuple[Claimed, Single]] = []
    dropped: list[tuple[Claimed, str]] = []
    for claimed in load:
        brief = brief_for(session, claimed, reader, law=context.law, now=now, quiet=quiet)
        if isinstance(brief, Dropped):
            dropped.append((claimed, brief.reason))
        else:
            told.append((claimed, brief))
    prepared = _Tried(
        receipt=Receipt(outcome=Outcome.DROPPED),
        claimed=tuple(claimed for claimed, _ in told),
        dropped=tuple(dropped),
    )
    if not told:
        return prepared
    channels = list(_routes(context, reader, refused))
    if not channels:
        return replace(prepared, receipt=Receipt(outcome=Outcome.FAILED, reason=_NOBODY))
    morning = outbox.after_quiet_hours(now)
    if morning != now:
        waits = Receipt(outcome=Outcome.PENDING, retry_in=morning - now, reason="quiet hours")
        return replace(prepared, receipt=waits)
    channel = _first_open(context, prepared.claimed, channels, now)
    if channel is None:
        wait = _until_open(context, channels, now)
        waits = Receipt(outcome=Outcome.PENDING, retry_in=wait, reason="the channel is away")
        return replace(prepared, receipt=waits)
    parcel = Parcel(
        notification_id=told[0][0].id,
        contact_id=reader.contact_id,
        address=reader.addresses[channel.name],
        language=reader.language,
        level=reader.level,
        lead=reader.lead,
        organisation=reader.organisation_name,
        now=now,
        brief=told[0][1] if len(told) == 1 else bundling.bundle(told),
        repeated=any(claimed.repeated for claimed, _ in told),
        lost=outages.lost_by(session, reader.contact_id, registry.CHANNEL, now=now),
    )
    return replace(prepared, addressed=_Addressed(channel=channel, parcel=parcel))


def _routes(context: Context, reader: Recipient, refused: set[str]) -> Iterator[Channel]:
    """Yield the channels on which a reader has an active address, in the reader's order."""
    for name in reader.addresses:
        if name in context.channels and name not in refused:
            yield context.channels[name]


def _first_open(
    context: Context, load: tuple[Claimed, ...], channels: list[Channel], now: datetime
) -> Channel | None:
    """Return the reader's first channel; while that cannot be reached, the next one for what cannot wait."""
    for channel in channels if _hurried(load, now) else channels[:1]:
        if not context.circuits.of(channel.name).is_open(now):
            return channel
    return None


def _hurried(load: tuple[Claimed, ...], now: datetime) -> bool:
    """Whether something of a load cannot wait for its reader's first channel (any longer)."""
    return any(each.urgency <= Urgency.DUE or now - each.created_at >= PATIENCE for each in load)


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
    return Receipt(outcome=Outcome.PENDING, reason=reason, retry_in=wait)


def _remember(context: Context, tried: _Tried, now: datetime) -> None:
    """Take note of whether the channel can be reached."""
    if tried.addressed is None:
        return
    circuit = context.circuits.of(tried.addressed.channel.name)
    if tried.receipt.down:
        circuit.missed(now)
        _log.warning(
            "notification %s: %s cannot be reached: %s",
            tried.claimed[0].id,
            tried.addressed.channel.name,
            tried.receipt.reason,
        )
    elif tried.begun:
        circuit.reached(now)


async def _settle_surely(context: Context, tried: _Tried, refused: set[str], now: datetime) -> bool:
    """Record what became of a try, also where the database is away for a moment: else it would be sent again."""
    for attempt in range(_SETTLE_ATTEMPTS):
        try:
            return await context.database.run(
                lambda session: _settle_all(session, context, tried, refused, now=now)
            )
        except Exception as error:  # whatever it is, the outcome is too precious to lose at once
            if attempt + 1 == _SETTLE_ATTEMPTS:
                raise
            about = [each.id for each in tried.claimed]
            _log.warning("notifications %s cannot be settled: %s", about, type(error).__name__)
            await asyncio.sleep(2**attempt / 4)
    raise AssertionError("unreachable")  # pragma: no cover  # the last attempt returns or raises


def _settle_all(
    session: Session, context: Context, tried: _Tried, refused: set[str], *, now: datetime
) -> bool:
    """Record what became of a try. Returns whether the reader's next channel is to be tried."""
    for claimed, reason in tried.dropped:
        claims.dropped(session, claimed, reason=reason, now=now)
    if tried.addressed is not None:
        _learn(session, tried.addressed, tried.receipt, now=now)
    another = [_settle(session, context, each, tried, refused, now=now) for each in tried.claimed]
    return any(another)


def _settle(
    session: Session, context: Context, claimed: Claimed, tried: _Tried, refused: set[str], *, now: datetime
) -> bool:
    """Record a receipt for one notification, with all that follows. Returns whether the next channel is to be tried."""
    receipt, reason = tried.receipt, tried.receipt.reason or ""
    if tried.begun:
        # Where something broke after the send had begun, nobody knows what had left by then.
        ended = AttemptOutcome.UNKNOWN if tried.broke else _ENDED[receipt.outcome]
        claims.end(
            session,
            claimed,
            ended,
            reason=receipt.reason,
            message_id=receipt.message_id,
            now=now,
        )
    match receipt.outcome:
        case Outcome.SENT:
            claims.sent(
                session,
                claimed,
                message_id=receipt.message_id,
                proof=_proof(claimed, tried),
                reason=receipt.reason,
                now=now,
            )
        case Outcome.FAILED:
            return _fail(session, context, claimed, tried, refused, now=now)
        case Outcome.PENDING if receipt.down and _detour(session, context, tried, refused, now=now):
            return True
        case Outcome.UNKNOWN if claimed.unknown + 1 >= MOST_UNKNOWN:
            claims.unknown(session, claimed, reason=reason, proof=_proof(claimed, tried), now=now)
        case Outcome.UNKNOWN:
            wait = _spread(claimed, _AFTER_UNKNOWN * 2**claimed.unknown)
            claims.retry(session, claimed, at=now + wait, reason=reason)
        case _:
            wait = receipt.retry_in or _SHORTEST_WAIT
            if receipt.down:
                wait = _spread(claimed, max(wait, _until(context, tried, now)))
            claims.retry(
                session, claimed, at=now + max(wait, _SHORTEST_WAIT), reason=reason, counts=tried.broke
            )
    return False


def _detour(session: Session, context: Context, tried: _Tried, refused: set[str], *, now: datetime) -> bool:
    """Whether what cannot wait for a channel that is away can go by another one now."""
    if tried.addressed is None or not _hurried(tried.claimed, now):
        return False
    reader = outbox.recipient(session, tried.addressed.parcel.contact_id)
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
    told = _brief_of(claimed, tried.addressed).stage_ids if tried.addressed is not None else ()
    reason = tried.receipt.reason or ""
    if claims.failed(
        session, claimed, reason=reason, proof=_proof(claimed, tried), now=now
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


def _brief_of(claimed: Claimed, addressed: _Addressed) -> Brief:
    """Return what a parcel tells of one of its notifications."""
    match addressed.parcel.brief:
        case BundleBrief() as brief:
            return next(part.brief for part in brief.parts if part.notification_id == claimed.id)
        case brief:
            return brief


def _proof(claimed: Claimed, tried: _Tried) -> dict[str, object]:
    """Return what is kept of a notification: its own part where it went with others, whose first one is named."""
    if tried.addressed is None:
        return {}
    parcel = tried.addressed.parcel
    proof: dict[str, object] = {
        "channel": tried.addressed.channel.name,
        "text": tried.receipt.parts.get(claimed.id, tried.receipt.text),
        "stage_ids": list(_brief_of(claimed, tried.addressed).stage_ids),
    }
    if isinstance(parcel.brief, BundleBrief):
        proof["bundled_with"] = [part.notification_id for part in parcel.brief.parts]
    return proof
