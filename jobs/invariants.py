"""What must be true of a finished walk, checked the slow and plain way: stage by stage, day by day, forwards.

The planner works backwards from a day to sets of stages; that both agree is the point. Pure: a record in, what is
wrong out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from jobs.hours import MATERIALISE_AT, instant
from jobs.record import Record, Snapshot
from obligations.calendar import WorkingCalendar
from obligations.law import Law
from obligations.notice import Level
from obligations.reminders import DAILY_FOR
from storage.models import NotificationKind, Outcome
from storage.planning import ESCALATE_AFTER_DAYS
from storage.record import OpenStage, Reader
from storage.types import local_date

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that is wrong: which invariant it breaks, and where."""

    invariant: str
    detail: str


def check(record: Record, law: Law) -> tuple[Violation, ...]:
    """Return everything that is wrong with a finished walk; empty when all invariants hold."""
    return (
        *every_reminder_once(record, law),
        *every_overdue_stage_in_digests(record),
        *nothing_sent_for_what_was_done(record),
        *every_key_once(record),
        *nothing_left_behind(record),
        *nothing_with_who_was_succeeded(record),
    )


def every_reminder_once(record: Record, law: Law) -> Iterator[Violation]:
    """Each open stage is reminded of on each of its days, to each of its readers, and on no other day.

    Days on which the job did not run are made up for by the next run, with the latest mark of each stage.
    """
    offsets = {rule.duty: rule.offsets for rule in law.rulebook.rules}
    planned: dict[date, Counter[tuple[int, int, int]]] = defaultdict(Counter)
    for row in record.reminders:
        planned[row.planned_on][row.stage_id, row.contact_id, row.mark] += 1
    sent = Counter((t.contact_id, t.key) for t in record.told if t.kind is NotificationKind.REMINDER)
    for before, snapshot in _with_day_before(record.snapshots, "reminders"):
        today = local_date(snapshot.at)
        expected = Counter(
            (stage.id, contact_id, mark)
            for stage in snapshot.stages
            if stage.paused_until is None or stage.paused_until < today
            if (mark := _latest_mark(stage, before, today, offsets, law.calendar)) is not None
            for contact_id in _reminded(stage, mark, snapshot.readers)
        )
        actual = planned.pop(today, Counter())
        for stage_id, contact_id, mark in expected - actual:
            yield Violation(
                invariant="every reminder once",
                detail=f"{today}: stage {stage_id} (mark {mark:+}) was not planned for contact {contact_id}",
            )
        for stage_id, contact_id, mark in actual - expected:
            yield Violation(
                invariant="every reminder once",
                detail=f"{today}: stage {stage_id} (mark {mark:+}) should not reach contact {contact_id}",
            )
        for contact_id in sorted({contact_id for _, contact_id, _ in expected}):
            if sent[contact_id, today.isoformat()] != 1:
                yield Violation(
                    invariant="every reminder once",
                    detail=f"{today}: contact {contact_id} has {sent[contact_id, today.isoformat()]} reminders",
                )
    for day, rows in planned.items():
        yield Violation(
            invariant="every reminder once", detail=f"{day}: {rows.total()} reminders without a run"
        )


def every_overdue_stage_in_digests(record: Record) -> Iterator[Violation]:
    """Each stage overdue at a digest's time is in the digest of each of its supervisors."""
    digests = {(t.contact_id, t.key): t for t in record.told if t.kind is NotificationKind.DAILY_DIGEST}
    for snapshot in record.snapshots:
        if snapshot.job != "daily_digest":
            continue
        today = local_date(snapshot.at)
        overdue = [stage for stage in snapshot.stages if stage.act_by_on < today and not stage.excused]
        for reader in _supervisors(snapshot.readers):
            told = digests.get((reader.contact_id, today.isoformat()))
            if told is None:
                yield Violation(
                    invariant="every overdue stage in digests",
                    detail=f"{today}: contact {reader.contact_id} has no digest",
                )
            elif told.outcome is Outcome.SENT:
                concerned = {
                    s.id
                    for s in overdue
                    if reader.level is Level.MUNICIPAL or s.district_id == reader.organisation_id
                }
                for stage_id in sorted(concerned - told.stage_ids):
                    yield Violation(
                        invariant="every overdue stage in digests",
                        detail=f"{today}: stage {stage_id} is not in the digest of contact {reader.contact_id}",
                    )


def nothing_sent_for_what_was_done(record: Record) -> Iterator[Violation]:
    """No reminder and no digest names a stage that was not open at the moment it was sent."""
    stood_open: Mapping[datetime, frozenset[int]] = {
        snapshot.at: frozenset(stage.id for stage in snapshot.stages) for snapshot in record.snapshots
    }
    for told in record.told:
        if told.kind not in (NotificationKind.REMINDER, NotificationKind.DAILY_DIGEST):
            continue
        if told.outcome is not Outcome.SENT or told.finished_at is None or told.finished_at not in stood_open:
            continue
        for stage_id in sorted(told.stage_ids - stood_open[told.finished_at]):
            yield Violation(
                invariant="nothing sent for what was done",
                detail=f"{told.kind} {told.key} of contact {told.contact_id} names stage {stage_id}",
            )


def every_key_once(record: Record) -> Iterator[Violation]:
    """No reader has two notifications of one kind and key."""
    keys = Counter((told.contact_id, told.kind, told.key) for told in record.told)
    for (contact_id, kind, key), count in keys.items():
        if count > 1:
            yield Violation(
                invariant="every key once", detail=f"contact {contact_id} has {count} of {kind} {key}"
            )


def nothing_left_behind(record: Record) -> Iterator[Violation]:
    """Nothing that was due by the end is still waiting to be sent."""
    for told in record.told:
        if told.outcome is Outcome.PENDING and told.not_before <= record.until:
            yield Violation(
                invariant="nothing left behind",
                detail=f"{told.kind} {told.key} of contact {told.contact_id} was never sent",
            )


def nothing_with_who_was_succeeded(record: Record) -> Iterator[Violation]:
    """Nothing that is not settled is with a district that ended before today and has a successor.

    Before the morning's first job it may be: that one passes it on.
    """
    for snapshot in record.snapshots:
        if snapshot.at > instant(local_date(snapshot.at), MATERIALISE_AT):
            for holding in snapshot.stranded:
                yield Violation(
                    invariant="nothing with who was succeeded",
                    detail=f"{local_date(snapshot.at)}: stage {holding.stage_id} is with a district that has ended",
                )


def _with_day_before(snapshots: Iterable[Snapshot], job: str) -> Iterator[tuple[date, Snapshot]]:
    """Yield each run of a job with the local date of its run before; the first one with the day before it."""
    runs = [snapshot for snapshot in snapshots if snapshot.job == job]
    if runs:
        yield local_date(runs[0].at) - _DAY, runs[0]
    for earlier, later in pairwise(runs):
        yield local_date(earlier.at), later


def _latest_mark(
    stage: OpenStage,
    after: date,
    through: date,
    offsets: Mapping[str, Sequence[int]],
    calendar: WorkingCalendar,
) -> int | None:
    day = through
    while day > after:
        mark = _mark(stage.act_by_on, day, offsets[stage.rule], calendar)
        if mark is not None and mark > 0 and stage.excused:
            mark = None
        if mark is not None:
            return mark
        day -= _DAY
    return None


def _mark(act_by_on: date, day: date, offsets: Sequence[int], calendar: WorkingCalendar) -> int | None:
    """Return the mark a stage has on a day: the smallest offset that falls on it, or its days overdue."""
    if not offsets or not calendar.is_working_day(day):
        return None
    if day <= act_by_on:
        falling = [
            offset for offset in offsets if calendar.previous_working_day(act_by_on - offset * _DAY) == day
        ]
        return -min(falling) if falling else None
    worked, each = 0, act_by_on
    while each < day and worked <= DAILY_FOR:
        each += _DAY
        worked += calendar.is_working_day(each)
    daily = worked <= DAILY_FOR
    return (day - act_by_on).days if daily or calendar.is_first_working_day_of_week(day) else None


def _reminded(stage: OpenStage, mark: int, readers: Iterable[Reader]) -> list[int]:
    people = [reader for reader in readers if reader.organisation_id == stage.actor_id]
    escalated = stage.actor_level is Level.UNIT and mark >= ESCALATE_AFTER_DAYS
    alone = all(reader.lead for reader in people)
    return [reader.contact_id for reader in people if escalated or alone or not reader.lead]


def _supervisors(readers: Sequence[Reader]) -> list[Reader]:
    readers = [reader for reader in readers if reader.in_office]
    city = [reader for reader in readers if reader.level is Level.MUNICIPAL]
    alone = all(reader.lead for reader in city)
    return [
        *(reader for reader in readers if reader.level is Level.DISTRICT),
        *(reader for reader in city if alone or not reader.lead),
    ]
