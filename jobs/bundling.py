"""Late notifications of one reader go as one message: after an outage, or when the channel could not be reached."""

from collections.abc import Sequence
from datetime import datetime

from jobs.briefs import BundleBrief, Part, Single
from jobs.hours import LATE_AFTER
from jobs.outage import missed_of, was_held_up
from storage import claims, outbox
from storage.claims import Claimed
from storage.database import Session
from storage.models import NotificationKind
from storage.outages import Away

FEWEST = 2
"""So many notifications of one reader are put together where one of them is late."""


def claim(session: Session, *, worker: str, now: datetime) -> list[Claimed]:
    """Claim a batch, and with what is late in it everything else its readers should have had by now."""
    batch = claims.claim(session, worker=worker, now=now)
    late = {each.contact_id for each in batch if is_late(each, now)}
    if not late:
        return batch
    return [*batch, *claims.claim_beside(session, late, worker=worker, now=now, since=now - LATE_AFTER)]


def loads(queue: Sequence[Claimed], now: datetime) -> list[tuple[Claimed, ...]]:
    """Return what goes as one message each, in order: each alone, or all together where something of it is late.

    What broke before goes alone even then, for nothing else is to break with it; so does an alarm, which is about
    Duewatch and not about anybody's duties.
    """
    together = tuple(each for each in queue if not _goes_alone(each))
    if len(together) < FEWEST or not any(is_late(each, now) for each in together):
        return [(each,) for each in queue]
    alarms = [(each,) for each in queue if each.kind is NotificationKind.ALARM]
    broken = [(each,) for each in queue if _goes_alone(each) and each.kind is not NotificationKind.ALARM]
    return [*alarms, together, *broken]


def _goes_alone(claimed: Claimed) -> bool:
    return claimed.errors > 0 or claimed.kind is NotificationKind.ALARM


def is_late(claimed: Claimed, now: datetime) -> bool:
    """Whether a notification comes well after its hour, or Duewatch did not run then; a night's wait is no delay."""
    return missed_of(claimed.facts) is not None or now - should_have_been_at(claimed) >= LATE_AFTER


def should_have_been_at(claimed: Claimed) -> datetime:
    """Return when a notification should have arrived: waiting for a channel moves what it waits for, not this."""
    return outbox.after_quiet_hours(min(claimed.created_at, claimed.not_before))


def bundle(told: Sequence[tuple[Claimed, Single]]) -> BundleBrief:
    """Return several notifications as one, in the order given."""
    away = [away for claimed, _ in told if (away := missed_of(claimed.facts)) is not None]
    missed = None
    if away:
        times = max(each.times for each in away)
        since, until = min(each.since for each in away), max(each.until for each in away)
        missed = Away(since=since, until=until, times=times)
    return BundleBrief(
        late_since=min(should_have_been_at(claimed) for claimed, _ in told),
        missed=missed,
        held_up=any(was_held_up(claimed) for claimed, _ in told),
        parts=tuple(Part(notification_id=claimed.id, brief=brief) for claimed, brief in told),
    )
