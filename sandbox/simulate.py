"""A stretch of the bureau's year in virtual time: the sample city, its people and the real timetable, then the checks.

Every message is worded as the bot words it, and kept nowhere. The command is in `sandbox.commands`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

from bot.wording.parcels import worded
from jobs.channel import NOT_MINE, Begin, Parcel, Receipt
from jobs.context import Context
from jobs.invariants import Violation, check
from jobs.record import Recorder
from jobs.timetable import catch_up
from jobs.walker import walk
from obligations.law import Law
from obligations.notice import Level
from sandbox.city import sample_registry
from sandbox.people import act
from storage import openings, organisations, overview, registry
from storage.database import Database, Session
from storage.models import Outcome
from storage.organisations import Scope
from storage.types import NOTICE_ZONE

_NOBODY: Final[frozenset[int]] = frozenset()


@dataclass(slots=True)
class RecordingChannel:
    """Words every parcel, delivers it nowhere, and counts."""

    law: Law
    name: str = registry.CHANNEL
    sent: Counter[str] = field(default_factory=Counter)
    characters: int = 0

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        """Word one parcel and take it as sent."""
        if not await begin():
            return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
        text = worded(parcel, self.law, receives=True).html
        self.sent[type(parcel.brief).__name__] += 1
        self.characters += len(text)
        return Receipt(outcome=Outcome.SENT, message_id=str(self.sent.total()), text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What came of a simulation: counts by name, and every invariant that broke."""

    counts: dict[str, int]
    violations: tuple[Violation, ...]


async def simulate(
    database: Database,
    law: Law,
    *,
    first: date,
    last: date,
    units: int,
    seed: int,
    progress: Callable[[float], None],
) -> Simulated:
    """Live through ``first`` to ``last``, both inclusive, in Asia/Shanghai, on an empty, migrated database."""
    since = datetime.combine(first, time(0, 0), NOTICE_ZONE)
    until = datetime.combine(last, time(23, 59, 59), NOTICE_ZONE)
    channel = RecordingChannel(law)
    context = Context(database=database, law=law, channels={channel.name: channel}, worker="simulation")
    loaded = sample_registry(units, seed)
    await database.run(lambda session: registry.load(session, loaded, now=since))
    recorder = Recorder(context)
    await catch_up(context, since)
    acted_to, acted, stops = since, 0, 0

    async def people(instant: datetime) -> None:
        nonlocal acted_to, acted
        acted += await act(database, law, since=acted_to, until=instant, played=_NOBODY)
        acted_to = instant

    walking = walk(
        context,
        since=since,
        until=until,
        set_clock=lambda _: None,
        before_stop=people,
        before_job=recorder.before_job,
    )
    async for stop in walking:
        stops += 1
        progress((stop.at - since) / (until - since))
    progress(1.0)
    counts = await database.ask(lambda session: _counts(session, last))
    record = await recorder.finish(until)
    counts |= {"stops": stops, "actions": acted, "messages": channel.sent.total()}
    counts |= {"reminders_planned": len(record.reminders)}
    kinds = Counter(told.kind.value for told in record.told if told.outcome is Outcome.SENT)
    counts |= {f"sent_{kind}": count for kind, count in sorted(kinds.items())}
    outcomes = Counter(told.outcome.value for told in record.told)
    counts |= {f"outcome_{outcome}": count for outcome, count in sorted(outcomes.items())}
    return Simulated(counts=counts, violations=check(record, law))


def _counts(session: Session, today: date) -> dict[str, int]:
    city = organisations.municipality(session)
    scope = Scope(level=Level.MUNICIPAL, organisation_id=city.id)
    counted = overview.counts(session, scope, today=today)
    return {
        "obligations": openings.obligations(session),
        "stages": counted.total,
        "done": counted.done,
        "late": counted.late,
        "waiting": counted.waiting,
        "overdue_at_end": counted.overdue,
        "overdue_units_at_end": counted.overdue_units,
    }
