"""The numbers of an installation for Prometheus: read from the database in one snapshot, beside what the process counts.

Only totals: no name of a person or an organisation, and no address, is in them.
"""

import asyncio
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.web.meters import Meters
from jobs.clock import Clock
from jobs.context import Context
from jobs.materialise import horizon_left
from jobs.reaching import LISTENING
from storage import alarms, health, workers
from storage.alarms import AlarmName
from storage.database import Session
from storage.health import Backlog
from storage.models import NotificationKind, Outcome
from storage.types import local_date

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_FRESH_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The numbers of one moment."""

    pending: dict[NotificationKind, int]
    settled: dict[tuple[NotificationKind, Outcome], int]
    outbox: Backlog
    inbox: Backlog
    unknown_attempts: int
    given_up: int
    horizon: timedelta | None
    calendar_days_left: int
    unreachable: int
    overdue: int
    workers: int
    alarms: dict[AlarmName, int]


class Metrics:
    """Answers ``/metrics`` for one process. ``leading`` says whether it runs the timetable now.

    However often it is asked, the database is read every five seconds at most. Where it does not answer, what the
    process counts by itself is told all the same, with ``duewatch_database_up 0``.
    """

    def __init__(
        self, context: Context, clock: Clock, meters: Meters, *, leading: Callable[[], bool]
    ) -> None:
        self._context = context
        self._clock = clock
        self._registry = meters.registry
        self._numbers = _Numbers(context, leading)
        self._registry.register(self._numbers)
        self._reading = asyncio.Lock()
        self._read_at: float | None = None

    async def text(self) -> bytes:
        """Return all numbers in Prometheus's text format."""
        async with self._reading:
            await self._refresh()
            return generate_latest(self._registry)

    async def _refresh(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._read_at is not None and now - self._read_at < _FRESH_SECONDS:
            return
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                self._numbers.snapshot = await self._context.database.ask(self._read)
        except Exception:  # noqa: BLE001  # whatever it is, the database did not answer, and that is told
            self._numbers.snapshot = None
        self._read_at = now

    def _read(self, session: Session) -> Snapshot:
        now = self._clock.now()
        today = local_date(now)
        return Snapshot(
            pending=dict(health.pending(session)),
            settled=dict(health.settled(session, now=now)),
            outbox=health.outbox(session, now=now),
            inbox=health.inbox(session, now=now),
            unknown_attempts=health.unknown_attempts(session),
            given_up=health.given_up(session),
            horizon=horizon_left(session, today=today),
            calendar_days_left=self._context.law.calendar.coverage(today=today).days_left,
            unreachable=health.unreached(session, now=now).total,
            overdue=health.overdue(session, today=today),
            workers=workers.count(session),
            alarms=dict(alarms.counts(session)),
        )


class _Numbers(Collector):
    """A snapshot as Prometheus's metrics; without one, only what needs no database."""

    def __init__(self, context: Context, leading: Callable[[], bool]) -> None:
        self._context = context
        self._leading = leading
        self.snapshot: Snapshot | None = None

    def describe(self) -> list[Metric]:
        """Return nothing: what is collected is known only when it is read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        build = GaugeMetricFamily(
            "duewatch_build_info",
            "The release that runs.",
            labels=("version", "python", "database"),
        )
        build.add_metric((version("duewatch"), platform.python_version(), self._context.database.dialect), 1)
        yield build
        yield _gauge("duewatch_leader", "Whether this process runs the timetable.", int(self._leading()))
        away = GaugeMetricFamily(
            "duewatch_channel_failures",
            "How often in a row this process could not reach a channel.",
            labels=("channel",),
        )
        for name in (*self._context.channels, LISTENING):
            away.add_metric((name,), self._context.circuits.of(name).failures)
        yield away
        yield _gauge("duewatch_database_up", "Whether the database answers.", int(self.snapshot is not None))
        if self.snapshot is not None:
            yield from _of_sending(self.snapshot)
            yield from _of_the_rest(self.snapshot)


def _of_sending(told: Snapshot) -> Iterator[Metric]:
    notifications = GaugeMetricFamily(
        "duewatch_notifications",
        "Notifications that wait (pending), and those settled within the last 24 hours.",
        labels=("kind", "outcome"),
    )
    for kind in NotificationKind:
        notifications.add_metric((kind.value, Outcome.PENDING.value), told.pending.get(kind, 0))
    for (kind, outcome), count in sorted(told.settled.items()):
        notifications.add_metric((kind.value, outcome.value), count)
    yield notifications
    yield _gauge("duewatch_outbox_pending", "Notifications that could go and wait.", told.outbox.waiting)
    yield _gauge(
        "duewatch_outbox_oldest_seconds",
        "How long the first of them has waited, without the hours of the night.",
        told.outbox.oldest.total_seconds(),
    )
    yield CounterMetricFamily(
        "duewatch_attempts_unknown",
        "Sends of which nobody heard how they ended: each may have arrived twice.",
        value=told.unknown_attempts,
    )
    yield _gauge("duewatch_unreachable_contacts", "Contacts to whom nothing arrives.", told.unreachable)


def _of_the_rest(told: Snapshot) -> Iterator[Metric]:
    yield _gauge("duewatch_inbound_waiting", "Updates from the chat not handled yet.", told.inbox.waiting)
    yield _gauge(
        "duewatch_inbound_oldest_seconds",
        "How long the first of them has waited.",
        told.inbox.oldest.total_seconds(),
    )
    yield _gauge("duewatch_inbound_given_up", "Updates given up after errors.", told.given_up)
    if told.horizon is not None:
        yield _gauge("duewatch_horizon_days", "How far ahead duties are made.", told.horizon.days)
    yield _gauge(
        "duewatch_calendar_days_left",
        "Days until the published working days end.",
        told.calendar_days_left,
    )
    yield _gauge("duewatch_overdue_stages", "Steps of duties in default today.", told.overdue)
    yield _gauge("duewatch_workers", "Processes at work on the database.", told.workers)
    raised = GaugeMetricFamily(
        "duewatch_alarms_raised", "Alarms raised now, by what they are about.", labels=("name",)
    )
    for name in AlarmName:
        raised.add_metric((name.value,), told.alarms.get(name, 0))
    yield raised


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, value=value)
