"""Recording a walk for its invariants: what stood open at each stop, and in the end what was sent.

Only looks on; it decides and changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.context import Context
from storage import record
from storage.database import Session
from storage.record import Holding, OpenStage, Reader, Reminder, Told
from storage.types import local_date

_LOOK_AHEAD = timedelta(days=31)
"""Further ahead than any offset with the longest holiday before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How things stood just before a job ran."""

    at: datetime
    job: str
    stages: tuple[OpenStage, ...]
    readers: tuple[Reader, ...]
    stranded: tuple[Holding, ...] = ()
    """What is not settled and still with an organisation that ended before today and has a successor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A finished walk, through ``until``: every snapshot in order, every reminder and notification."""

    until: datetime
    snapshots: tuple[Snapshot, ...]
    reminders: tuple[Reminder, ...]
    told: tuple[Told, ...]


class Recorder:
    """Takes the snapshots of one walk: pass `before_job` to it, and ask for the record when it is over."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._snapshots: list[Snapshot] = []

    async def before_job(self, job: str, at: datetime) -> None:
        """Remember how things stand."""
        today = local_date(at)
        last = self._snapshots[-1] if self._snapshots else None

        def look(session: Session) -> Snapshot:
            stages = record.open_stages(session, through=today + _LOOK_AHEAD)
            readers = record.readers(session, on=today)
            stranded = record.holdings(session, record.succeeded(session, on=today))
            return Snapshot(
                at=at,
                job=job,
                # What did not change is kept once: a year has thousands of stops.
                stages=last.stages if last is not None and last.stages == stages else stages,
                readers=last.readers if last is not None and last.readers == readers else readers,
                stranded=stranded,
            )

        self._snapshots.append(await self._context.database.ask(look))

    async def finish(self, until: datetime) -> Record:
        """Return the record of the walk."""
        return await self._context.database.ask(
            lambda session: Record(
                until=until,
                snapshots=tuple(self._snapshots),
                reminders=record.reminders(session),
                told=record.told(session),
            )
        )
