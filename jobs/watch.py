"""Watching Duewatch itself: what is wrong with its running becomes an alarm, and administrators are told of it.

`look` reads the facts, `conditions` decides what is wrong, without I/O, and `run`, a job of each minute, remembers and
tells. That nothing runs at all, no alarm of ours can say: for that there is the outward heartbeat (`bot.heartbeat`).
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from jobs import alarming, rounds
from jobs.context import Context
from jobs.hours import DAILY_DIGEST_AT, WEEKLY_DIGEST_AT, instant
from jobs.hours import LATE_AFTER as DIGEST_LATE_AFTER
from jobs.housekeeping import TRAIL_BROKEN
from jobs.materialise import horizon_left
from jobs.reaching import LISTENING
from obligations.calendar import Coverage
from obligations.law import Law
from storage import alarms, contacts, health, settings
from storage.alarms import AlarmName, Condition
from storage.database import Session
from storage.health import Backlog, DigestRound, Unreached
from storage.models import NotificationKind
from storage.types import local_date

if TYPE_CHECKING:
    from jobs.timetable import Entry

_log = logging.getLogger(__name__)

OUTBOX_AGED: Final = timedelta(minutes=30)
OUTBOX_FRESH: Final = timedelta(minutes=5)
"""An alarm about the outbox is raised at the one age and cleared below the other, so that it does not flicker."""

STARTING: Final = timedelta(minutes=15)
"""How long after an outage there is time to catch up, before what waits and what is behind is an alarm. A process that
starts anew gets none: one that does so again and again would never be found behind."""

HORIZON_SHORT: Final = timedelta(days=100)
"""Duties made less far ahead than this: the round that makes them, 120 days ahead, has failed for weeks."""

_HOURS = {
    NotificationKind.DAILY_DIGEST: DAILY_DIGEST_AT,
    NotificationKind.WEEKLY_DIGEST: WEEKLY_DIGEST_AT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How Duewatch is doing at an instant. ``horizon`` is how far ahead duties are made, None without a registry.

    ``late_jobs`` are those of the timetable that should have run since, ``away`` the channels that could not be reached
    for a while, ``trail_broken`` the first event of the trail that was changed. ``starting`` says that an outage has just
    ended, or this is the first start at all: what was missed may still be being made up for.
    """

    outbox: Backlog
    late_jobs: Sequence[str]
    away: Collection[str]
    horizon: timedelta | None
    calendar: Coverage
    digests: Sequence[DigestRound]
    unreached: Unreached
    given_up: int
    trail_broken: int | None
    administrators: int
    has_registry: bool
    starting: bool


def look(
    session: Session,
    law: Law,
    entries: Sequence["Entry"],
    *,
    away: Collection[str],
    now: datetime,
) -> Facts:
    """Read the facts of this instant."""
    today = local_date(now)
    broken = settings.get(session, TRAIL_BROKEN)
    done = rounds.last(session, [entry.name for entry in entries])
    since = settings.get_date(session, settings.SINCE) or today
    return Facts(
        outbox=health.outbox(session, now=now),
        late_jobs=rounds.late(entries, done, now=now),
        away=away,
        horizon=horizon_left(session, today=today),
        calendar=law.calendar.coverage(today=today),
        # On the day of the first start the hour of the digest may have been over.
        digests=[each for each in health.digests_sent(session, now=now) if each.planned_on > since],
        unreached=health.unreached(session, now=now),
        given_up=health.given_up(session),
        trail_broken=int(broken) if broken else None,
        administrators=len(contacts.administrators(session)),
        has_registry=health.has_registry(session),
        starting=timedelta() <= now - health.began_at(session, now=now) < STARTING,
    )


def conditions(facts: Facts, *, raised: Collection[AlarmName]) -> tuple[Condition, ...]:
    """Return what is wrong. ``raised`` is what alarms are about already: one that flickers stays until it is well again."""
    return (*_of_sending(facts, raised), *_of_planning(facts), *_of_records(facts))


def _of_sending(facts: Facts, raised: Collection[AlarmName]) -> Iterator[Condition]:
    limit = OUTBOX_FRESH if AlarmName.OUTBOX_AGED in raised else OUTBOX_AGED
    if facts.outbox.oldest > limit and not facts.starting:
        yield Condition(
            name=AlarmName.OUTBOX_AGED,
            detail={
                "waiting": facts.outbox.waiting,
                "minutes": int(facts.outbox.oldest.total_seconds() // 60),
            },
        )
    for channel in sorted(facts.away):
        yield Condition(name=AlarmName.CHANNEL_AWAY, subject=channel)
    late = [each for each in facts.digests if each.last_at > _hour(each) + DIGEST_LATE_AFTER]
    if late:
        yield Condition(
            name=AlarmName.DIGEST_LATE,
            # The last to go out late; earlier ones are told of already.
            subject=max(each.planned_on for each in late).isoformat(),
            detail={"sent_at": max(each.last_at for each in late).isoformat()},
        )


def _of_planning(facts: Facts) -> Iterator[Condition]:
    if not facts.has_registry:
        return
    for name in () if facts.starting else facts.late_jobs:
        yield Condition(name=AlarmName.JOB_LATE, subject=name)
    if facts.horizon is not None and facts.horizon < HORIZON_SHORT:
        yield Condition(name=AlarmName.HORIZON_SHORT, detail={"days": facts.horizon.days})
    if facts.calendar.alarmed:
        yield Condition(
            name=AlarmName.CALENDAR_SHORT,
            detail={"through": facts.calendar.through.isoformat(), "days": facts.calendar.days_left},
        )


def _of_records(facts: Facts) -> Iterator[Condition]:
    if facts.unreached.total:
        yield Condition(
            name=AlarmName.CONTACT_UNREACHABLE,
            detail={"total": facts.unreached.total, "contacts": list(facts.unreached.contact_ids)},
        )
    if facts.given_up:
        yield Condition(name=AlarmName.UPDATES_GIVEN_UP, detail={"total": facts.given_up})
    if facts.trail_broken is not None:
        yield Condition(name=AlarmName.TRAIL_BROKEN, detail={"event": facts.trail_broken})
    if facts.has_registry and not facts.administrators:
        yield Condition(name=AlarmName.NO_ADMINISTRATOR)


def _hour(digest: DigestRound) -> datetime:
    return instant(digest.planned_on, _HOURS[digest.kind])


async def run(context: Context, now: datetime, *, entries: Sequence["Entry"]) -> None:
    """Look, raise and clear alarms, and tell administrators: at once, again each day while it lasts, and at its end.

    ``entries`` are the jobs that have to run. What is raised is logged as an error too, whoever is told of it.
    """
    context.reaching.look(context.circuits, (*context.channels, LISTENING), now)

    def work(session: Session) -> alarms.Changes:
        told = alarms.raised_about(session, AlarmName.CHANNEL_AWAY)
        away = context.reaching.away(context.circuits, told, now)
        facts = look(session, context.law, entries, away=away, now=now)
        before = {AlarmName(alarm.name) for alarm in alarms.raised(session)}
        changes = alarms.apply(session, conditions(facts, raised=before), now=now)
        alarming.tell(session, changes, now=now)
        session.flush()
        for alarm in (*changes.raised, *changes.cleared):
            # A value from here on: it outlives the session.
            session.expunge(alarm)
        return changes

    changes = await context.database.run(work)
    for alarm in changes.raised:
        _log.error("alarm: %s %s %s", alarm.name, alarm.subject, _shown(alarm.detail))
    for alarm in changes.cleared:
        _log.warning("alarm over: %s %s, raised at %s", alarm.name, alarm.subject, alarm.raised_at)


def _shown(detail: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in detail.items() if not isinstance(value, list))
