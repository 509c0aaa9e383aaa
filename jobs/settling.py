"""Recording what became of a try to send, with all that follows from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from jobs.briefs import Brief, BundleBrief
from jobs.channel import Channel, Parcel, Receipt
from jobs.context import Context
from jobs.routing import SHORTEST_WAIT, hurried, routes
from jobs.unreachable import tell_above
from storage import claims, contacts, outbox
from storage.claims import Claimed
from storage.database import Session
from storage.models import AttemptOutcome, NotificationKind, Outcome

MOST_UNKNOWN = 9
"""After so many attempts that may have arrived, of which none was confirmed, no more is tried: a day and some hours."""

_AFTER_UNKNOWN = timedelta(seconds=30)
_LONGEST_AFTER_UNKNOWN = timedelta(hours=8)
_LONGEST_WAIT = timedelta(hours=1)

_ENDED = {
    Outcome.SENT: AttemptOutcome.CONFIRMED,
    Outcome.FAILED: AttemptOutcome.REFUSED,
    Outcome.UNKNOWN: AttemptOutcome.UNKNOWN,
    Outcome.PENDING: AttemptOutcome.NOT_SENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """A parcel with the channel it goes by."""

    channel: Channel
    parcel: Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one try: the receipt of what still matters, the parcel where there was one, whether it was begun.

    ``dropped`` is what no longer matters, each with why. ``broke`` says that an error of ours ended it, which counts
    towards giving up.
    """

    receipt: Receipt
    claimed: tuple[Claimed, ...]
    dropped: tuple[tuple[Claimed, str], ...] = ()
    addressed: Addressed | None = None
    begun: bool = False
    broke: bool = False


def settle(session: Session, context: Context, tried: Tried, refused: set[str], *, now: datetime) -> bool:
    """Record what became of a try. Returns whether the reader's next channel is to be tried."""
    for claimed, reason in tried.dropped:
        claims.dropped(session, claimed, reason=reason, now=now)
    if tried.addressed is not None:
        _learn(session, tried.addressed, tried.receipt, now=now)
    another = [_settle_one(session, context, each, tried, refused, now=now) for each in tried.claimed]
    return any(another)


def _settle_one(
    session: Session, context: Context, claimed: Claimed, tried: Tried, refused: set[str], *, now: datetime
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
            wait = min(_AFTER_UNKNOWN * 4**claimed.unknown, _LONGEST_AFTER_UNKNOWN)
            wait = spread(claimed, wait, longest=_LONGEST_AFTER_UNKNOWN)
            claims.retry(session, claimed, at=now + wait, reason=reason)
        case _:
            wait = receipt.retry_in or SHORTEST_WAIT
            if receipt.down:
                wait = spread(claimed, max(wait, _until(context, tried, now)))
            claims.retry(
                session, claimed, at=now + max(wait, SHORTEST_WAIT), reason=reason, counts=tried.broke
            )
    return False


def _detour(session: Session, context: Context, tried: Tried, refused: set[str], *, now: datetime) -> bool:
    """Whether what cannot wait for a channel that is away can go by another one now."""
    if tried.addressed is None or not hurried(tried.claimed, now):
        return False
    reader = outbox.recipient(session, tried.addressed.parcel.contact_id)
    others = routes(context, reader, refused | {tried.addressed.channel.name})
    return any(not context.circuits.of(channel.name).is_open(now) for channel in others)


def _fail(
    session: Session, context: Context, claimed: Claimed, tried: Tried, refused: set[str], *, now: datetime
) -> bool:
    """Go on to the reader's next channel; where there is none it has failed, and the level above is told."""
    reader = outbox.recipient(session, claimed.contact_id)
    if tried.addressed is not None:
        gone = refused | {tried.addressed.channel.name}
        if next(routes(context, reader, gone), None) is not None:
            return True
    if len(tried.claimed) > 1 and not tried.receipt.unbind:
        # It may be for what stands beside it: what broke once goes alone (`jobs.bundling`).
        claims.retry(session, claimed, at=now, reason=tried.receipt.reason or "", counts=True)
        return False
    told = _brief_of(claimed, tried.addressed).stage_ids if tried.addressed is not None else ()
    reason = tried.receipt.reason or ""
    if claims.failed(
        session, claimed, reason=reason, proof=_proof(claimed, tried), now=now
    ) and claimed.kind not in (NotificationKind.UNREACHABLE, NotificationKind.ALARM):
        tell_above(session, reader, stage_ids=told, reason=reason, now=now)
    return False


def _learn(session: Session, addressed: Addressed, receipt: Receipt, *, now: datetime) -> None:
    """Take note of what the channel said about the address."""
    channel, address = addressed.channel.name, addressed.parcel.address
    if receipt.new_address is not None:
        contacts.rebind(session, channel, address, to=receipt.new_address)
    if receipt.unbind:
        contacts.unbind(session, channel, address, reason=receipt.reason or "", now=now)


def _until(context: Context, tried: Tried, now: datetime) -> timedelta:
    if tried.addressed is None:
        return SHORTEST_WAIT
    until = context.circuits.of(tried.addressed.channel.name).open_until
    return SHORTEST_WAIT if until is None else until - now


def spread(claimed: Claimed, wait: timedelta, *, longest: timedelta = _LONGEST_WAIT) -> timedelta:
    """Return a wait, at most an hour, spread by up to a quarter: what failed together does not come back together.

    Which share it is follows from the notification and the attempt, so that a rehearsal can be repeated.
    """
    draw = Random(f"{claimed.id}/{claimed.attempts}/{claimed.errors}").random()  # noqa: S311  # no secret
    return min(wait, longest) * (1 + draw / 4)


def _brief_of(claimed: Claimed, addressed: Addressed) -> Brief:
    """Return what a parcel tells of one of its notifications."""
    match addressed.parcel.brief:
        case BundleBrief() as brief:
            return next(part.brief for part in brief.parts if part.notification_id == claimed.id)
        case brief:
            return brief


def _proof(claimed: Claimed, tried: Tried) -> dict[str, object]:
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
