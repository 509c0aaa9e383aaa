"""Recording what became of a try to send, with all that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from jobs.briefing import brief_for
from jobs.briefs import Brief, BundleBrief, Dropped
from jobs.channel import TOO_MANY, Channel, Parcel, Receipt
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

LONGEST_PUT_OFF = timedelta(hours=12)
"""After so long of "later" it has failed: tomorrow's reminder would only begin anew."""

NOT_SET_UP = "no channel of the reader is set up here"

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

    ``dropped`` is what no longer matters, ``aside`` what does not go now, each with a receipt of its own. ``told`` are the
    stages each tells of. ``broke`` says that an error of ours ended it, which counts towards giving up.
    """

    receipt: Receipt
    claimed: tuple[Claimed, ...]
    dropped: tuple[tuple[Claimed, str], ...] = ()
    aside: tuple["Tried", ...] = ()
    told: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    addressed: Addressed | None = None
    begun: bool = False
    broke: bool = False


def settle(session: Session, context: Context, tried: Tried, refused: set[str], *, now: datetime) -> bool:
    """Record what became of a try. Returns whether the reader's next channel is to be tried."""
    for claimed, reason in tried.dropped:
        _drop(session, context, claimed, reason, now=now)
    for each in tried.aside:
        settle(session, context, each, refused, now=now)
    if tried.addressed is not None:
        _learn(session, tried.addressed, tried.receipt, now=now)
    another = [_settle_one(session, context, each, tried, refused, now=now) for each in tried.claimed]
    return any(another)


def _drop(session: Session, context: Context, claimed: Claimed, reason: str, *, now: datetime) -> None:
    """Drop what no longer matters, unless it matters again: until now, something new could not be written beside it."""
    reader = outbox.recipient(session, claimed.contact_id)
    if isinstance(brief_for(session, claimed, reader, law=context.law, now=now), Dropped):
        claims.dropped(session, claimed, reason=reason, now=now)
    else:
        claims.retry(session, claimed, at=now, reason="it matters again")


def _settle_one(
    session: Session, context: Context, claimed: Claimed, tried: Tried, refused: set[str], *, now: datetime
) -> bool:
    """Record a receipt for one notification, with all that follows. Returns whether the next channel is to be tried."""
    receipt, reason = tried.receipt, tried.receipt.reason or ""
    if tried.begun:
        # Where something broke after the send had begun, nobody knows what had left by then.
        # So it is where it was refused after its first piece had arrived.
        unheard = tried.broke or (receipt.outcome is Outcome.FAILED and receipt.message_id is not None)
        ended = AttemptOutcome.UNKNOWN if unheard else _ENDED[receipt.outcome]
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
        case Outcome.UNKNOWN if claimed.unknown + tried.begun >= MOST_UNKNOWN:
            proof = _proof(claimed, tried)
            if claims.unknown(session, claimed, reason=reason, proof=proof, now=now):
                _tell_above(session, claimed, tried, now=now)
        case Outcome.UNKNOWN:
            # One instant for all that went as one message: it goes as one again.
            most = max(each.unknown for each in tried.claimed)
            wait = spread(tried.claimed[0], after_unknown(most + 1), longest=_LONGEST_AFTER_UNKNOWN)
            claims.retry(session, claimed, at=now + wait, reason=reason)
        case Outcome.PENDING if _is_put_off_for_ever(claimed, tried, now):
            return _fail(session, context, claimed, tried, refused, now=now)
        case _:
            wait = receipt.retry_in or SHORTEST_WAIT
            if receipt.down:
                wait = spread(tried.claimed[0], max(wait, _until(context, tried, now)))
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
    reason = tried.receipt.reason or ""
    if claims.failed(session, claimed, reason=reason, proof=_proof(claimed, tried), now=now):
        _tell_above(session, claimed, tried, now=now)
    return False


def _tell_above(session: Session, claimed: Claimed, tried: Tried, *, now: datetime) -> None:
    if claimed.kind not in (NotificationKind.UNREACHABLE, NotificationKind.ALARM):
        reader = outbox.recipient(session, claimed.contact_id)
        told = tried.told.get(claimed.id, ())
        tell_above(session, reader, stage_ids=told, reason=tried.receipt.reason or "", now=now)


def _is_put_off_for_ever(claimed: Claimed, tried: Tried, now: datetime) -> bool:
    """Whether a channel that can be reached has put this reader off for so long that somebody should know."""
    put_off = tried.begun and not tried.broke and not tried.receipt.down and tried.receipt.reason != TOO_MANY
    unknown_here = tried.receipt.reason == NOT_SET_UP
    return (put_off or unknown_here) and now - claimed.created_at >= LONGEST_PUT_OFF


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
    return context.circuits.of(tried.addressed.channel.name).remaining(now)


def after_unknown(unknown: int) -> timedelta:
    """Return how long to wait after so many attempts in all that were never heard of: 30 s, 2 min … 8 h."""
    return min(_AFTER_UNKNOWN * int(4 ** (unknown - 1)), _LONGEST_AFTER_UNKNOWN)


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
        "stage_ids": list(tried.receipt.named.get(claimed.id, _brief_of(claimed, tried.addressed).stage_ids)),
    }
    if isinstance(parcel.brief, BundleBrief):
        proof["bundled_with"] = [part.notification_id for part in parcel.brief.parts]
    return proof
