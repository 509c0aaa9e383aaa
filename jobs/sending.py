"""Sending a notification: its facts are read again, a channel is chosen, the send is begun on record, then settled.

Several late ones of one reader go as one message, and each is settled with its own part of it (`jobs.bundling`).

It is recorded as sent after the channel confirmed it, never before. What may have arrived is tried again a few times
and says so; what a channel refuses for good goes by the reader's next one, and in the end to the level above.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from jobs import bundling, outage
from jobs.briefing import brief_for
from jobs.briefs import Dropped, Single
from jobs.channel import NOT_MINE, Parcel, Receipt
from jobs.context import Context
from jobs.routing import PATIENCE, first_open, routes, until_open
from jobs.settling import MOST_UNKNOWN, NOT_SET_UP, Addressed, Tried, after_unknown, settle, spread
from storage import claims, outages, outbox, registry
from storage.claims import Claimed
from storage.database import Session
from storage.errors import DatabaseUnreachableError, StorageError
from storage.models import Outcome

_log = logging.getLogger(__name__)

MOST_ERRORS = 10
"""After so many unexpected errors a notification is given up. Rate limits and lost connections do not count."""

SEND_WITHIN = timedelta(seconds=100)
"""How long a channel may take for one notification, less than the lease: then nobody waits for it any longer."""

_AFTER_ERROR = timedelta(minutes=1)
_AFTER_DATABASE = timedelta(seconds=5)
_ANSWERED = (Outcome.SENT, Outcome.FAILED)
_SETTLE_ATTEMPTS = 7
_NOBODY = "there is no channel left to reach the reader by"


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
        if tried.receipt.message_id is not None:
            # A part of it arrived before the rest was refused.
            load = tuple(replace(each, repeated=True) for each in load)


async def _try(
    context: Context, load: tuple[Claimed, ...], now: datetime, quiet: frozenset[int], refused: set[str]
) -> Tried:
    tried = Tried(receipt=Receipt(outcome=Outcome.PENDING), claimed=load)
    begun = False
    in_the_way: Receipt | None = None

    async def begin() -> bool:
        nonlocal begun, in_the_way
        channel = "" if tried.addressed is None else tried.addressed.channel.name
        at = context.instant(now)
        if outbox.after_quiet_hours(at) != at:
            in_the_way = _until_morning(at)
            return False
        try:
            # From here on it may be on record, whether or not its commit is heard of.
            begun = True
            await context.database.run_beside(
                lambda session: _begin(session, tried.claimed, channel=channel, now=at)
            )
        except _NotMineError:
            begun = False
            return False
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing may leave the machine
            in_the_way = _without_database(error)
            return False
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
        receipt = Receipt(
            outcome=outcome, reason="the channel took too long", retry_in=_AFTER_ERROR, down=begun
        )
    except DatabaseUnreachableError as error:
        receipt = _without_database(error)
    except Exception as error:  # noqa: BLE001  # one bad notification must not stop the rest; it is tried again
        _log.error("notification %s: %s", load[0].id, type(error).__name__)  # a traceback may hold the text
        return replace(tried, receipt=_after_error(load[0], error), begun=begun, broke=True)
    return replace(tried, receipt=in_the_way or _storable(receipt), begun=begun)


def _until_morning(now: datetime) -> Receipt:
    wait = outbox.after_quiet_hours(now) - now
    return Receipt(outcome=Outcome.PENDING, retry_in=wait, reason="quiet hours")


def _without_database(error: Exception) -> Receipt:
    _log.warning("a send could not begin: %s", type(error).__name__)
    return Receipt(
        outcome=Outcome.PENDING, retry_in=_AFTER_DATABASE, reason="the database could not be reached"
    )


def _storable(receipt: Receipt) -> Receipt:
    """Return a receipt whose texts can be kept: a mail server may answer in bytes that are no text."""
    return replace(
        receipt,
        reason=_clean(receipt.reason),
        text=_clean(receipt.text),
        message_id=_clean(receipt.message_id),
        parts={key: _clean(text) or "" for key, text in receipt.parts.items()},
    )


def _clean(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "replace").decode().replace("\0", "?")


def _begin(session: Session, load: tuple[Claimed, ...], *, channel: str, now: datetime) -> None:
    """Begin them all, or none.

    Raises:
        _NotMineError: another process has one of them by now.
    """
    for claimed in load:
        if not claims.begin(session, claimed, channel=channel, now=now):
            raise _NotMineError


async def _give_back(context: Context, tried: Tried, now: datetime) -> None:
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
) -> Tried:
    """Return what to send and how, or the receipt of what is not sent now."""
    reader = outbox.recipient(session, load[0].contact_id)
    told: list[tuple[Claimed, Single]] = []
    dropped: list[tuple[Claimed, str]] = []
    aside: list[Tried] = []
    for claimed in load:
        try:
            brief = brief_for(session, claimed, reader, law=context.law, now=now, quiet=quiet)
        except DatabaseUnreachableError:
            raise
        except Exception as error:  # noqa: BLE001  # it breaks alone, whatever goes with it
            _log.error("notification %s: %s", claimed.id, type(error).__name__)
            aside.append(Tried(receipt=_after_error(claimed, error), claimed=(claimed,), broke=True))
            continue
        if isinstance(brief, Dropped):
            dropped.append((claimed, brief.reason))
        elif (held := _held_back(claimed, now)) is not None:
            aside.append(Tried(receipt=held, claimed=(claimed,), told={claimed.id: brief.stage_ids}))
        else:
            told.append((claimed, brief))
    prepared = Tried(
        receipt=Receipt(outcome=Outcome.DROPPED),
        claimed=tuple(claimed for claimed, _ in told),
        dropped=tuple(dropped),
        aside=tuple(aside),
        told={claimed.id: brief.stage_ids for claimed, brief in told},
    )
    if not told:
        return prepared
    channels = list(routes(context, reader, refused))
    if not channels and set(reader.addresses) - refused:
        waits = Receipt(outcome=Outcome.PENDING, retry_in=PATIENCE, reason=NOT_SET_UP)
        return replace(prepared, receipt=waits)
    if not channels:
        return replace(prepared, receipt=Receipt(outcome=Outcome.FAILED, reason=_NOBODY))
    if outbox.after_quiet_hours(now) != now:
        return replace(prepared, receipt=_until_morning(now))
    channel = first_open(context, prepared.claimed, channels, now)
    if channel is None:
        wait = until_open(context, channels, now)
        waits = Receipt(outcome=Outcome.PENDING, retry_in=wait, reason=outage.AWAY)
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
    return replace(prepared, addressed=Addressed(channel=channel, parcel=parcel))


def _held_back(claimed: Claimed, now: datetime) -> Receipt | None:
    """Return why something is not sent again now, though its last attempts ended without an answer to anybody."""
    if claimed.unknown >= MOST_UNKNOWN:
        return Receipt(outcome=Outcome.UNKNOWN, reason="never confirmed")
    if claimed.unknown > 1 and claimed.began_at is not None:
        wait = claimed.began_at + after_unknown(claimed.unknown) - now
        if timedelta(0) < wait <= after_unknown(claimed.unknown):
            return Receipt(outcome=Outcome.PENDING, reason="never confirmed", retry_in=wait)
    return None


def _after_error(claimed: Claimed, error: Exception) -> Receipt:
    reason = f"unexpected {type(error).__name__}"
    if claimed.errors + 1 >= MOST_ERRORS:
        return Receipt(outcome=Outcome.FAILED, reason=reason)
    wait = spread(claimed, _AFTER_ERROR * 2**claimed.errors)
    return Receipt(outcome=Outcome.PENDING, reason=reason, retry_in=wait)


def _remember(context: Context, tried: Tried, now: datetime) -> None:
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
    elif tried.begun and tried.receipt.outcome in _ANSWERED:
        circuit.reached(now)


async def _settle_surely(context: Context, tried: Tried, refused: set[str], now: datetime) -> bool:
    """Record what became of a try, also where the database is away for a moment: else it would be sent again."""
    for attempt in range(_SETTLE_ATTEMPTS):
        try:
            return await context.database.run(
                partial(settle, context=context, tried=tried, refused=refused, now=now)
            )
        except Exception as error:  # whatever it is, the outcome is too precious to lose at once
            if attempt + 1 == _SETTLE_ATTEMPTS:
                raise
            about = [each.id for each in tried.claimed]
            _log.warning("notifications %s cannot be settled: %s", about, type(error).__name__)
            if attempt and not isinstance(error, StorageError):
                # Something of it cannot be stored. That it was sent, or was not, can.
                bare = replace(tried.receipt, text=None, parts={}, reason="the answer could not be kept")
                tried = replace(tried, receipt=bare)
            await asyncio.sleep(2**attempt / 4)
    raise AssertionError("unreachable")  # pragma: no cover  # the last attempt returns or raises
