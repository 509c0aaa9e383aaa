"""Whether this installation does its work: the checks behind ``/readyz`` and the outward heartbeat. No secrets, no names."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from bot.clock import SystemClock
from jobs import rounds
from jobs.clock import Clock
from jobs.context import Context
from jobs.reaching import LISTENING
from jobs.timetable import PLANNING
from storage import health, outages
from storage.database import Session
from storage.leadership import is_led

CLOCKS_APART: Final = timedelta(seconds=30)
"""So far a machine's clock may be from the database's."""

SILENT_AFTER: Final = timedelta(minutes=5)
"""The timetable notes every minute that it runs."""

OUTBOX_AGED: Final = timedelta(minutes=15)
INBOX_AGED: Final = timedelta(minutes=5)

MISSED_IN_A_ROW: Final = 2
"""So often a channel could not be reached before it counts as away: a single lost connection is nothing."""

_PATIENCE_SECONDS: Final = 5.0
_FRESH_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be well. ``told`` are JSON values that say more."""

    ok: bool
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All checks of one moment, by name."""

    checks: Mapping[str, Check]

    @property
    def ready(self) -> bool:
        """Whether every check is well."""
        return all(check.ok for check in self.checks.values())

    def all_well(self, *names: str) -> bool:
        """Tell whether each of these checks was made and is well."""
        return all(name in self.checks and self.checks[name].ok for name in names)

    def as_json(self) -> dict[str, Any]:
        """Return what ``/readyz`` answers."""
        checks = {name: {"ok": check.ok, **check.told} for name, check in self.checks.items()}
        return {"ready": self.ready, "checks": checks}


class Readiness:
    """Makes the checks for one process. However often it is asked, the database is looked at once a second at most."""

    def __init__(self, context: Context, clock: Clock) -> None:
        self._context = context
        self._clock = clock
        # A rehearsed clock is off on purpose: what is compared with the database's is the machine's own.
        self._machine = SystemClock()
        self._looking = asyncio.Lock()
        self._state: State | None = None
        self._looked_at = 0.0

    async def state(self) -> State:
        """Return the checks, made now or a moment ago. A database that does not answer is a bad check, not an error."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if self._state is None or loop.time() - self._looked_at >= _FRESH_SECONDS:
                self._state = State(checks=await self._look())
                self._looked_at = loop.time()
            return self._state

    async def _look(self) -> dict[str, Check]:
        now = self._clock.now()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                skew, led = await asyncio.gather(
                    asyncio.to_thread(self._context.database.clock_skew, self._machine.now()),
                    asyncio.to_thread(is_led, self._context.database),
                )
                checks = await self._context.database.ask(partial(_checks, now=now, skew=skew, led=led))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what is to be told
            checks = {"database": Check(ok=False, told={"error": type(error).__name__})}
        return {**checks, "channels": self._channels(now)}

    def _channels(self, now: datetime) -> Check:
        """Check the channels of this process: all depends on the first, the chat, and where it leads on hearing from it."""
        told: dict[str, Any] = {}
        for name in (*self._context.channels, LISTENING):
            circuit = self._context.circuits.of(name)
            told[name] = {
                "reachable": circuit.failures < MISSED_IN_A_ROW,
                "last_reached_at": None if circuit.reached_at is None else circuit.reached_at.isoformat(),
                "left_alone": circuit.is_open(now),
            }
        needed = (*list(self._context.channels)[:1], LISTENING)
        return Check(ok=all(told[name]["reachable"] for name in needed), told=told)


def _checks(session: Session, *, now: datetime, skew: float, led: bool) -> dict[str, Check]:
    migrated = health.is_migrated(session)
    database = Check(
        ok=migrated and abs(skew) < CLOCKS_APART.total_seconds(),
        told={"migrated": migrated, "clock_skew_seconds": round(skew, 3)},
    )
    if not migrated:
        # The tables may not be what the other checks would ask.
        return {"database": database}
    outbox, inbox = health.outbox(session, now=now), health.inbox(session, now=now)
    return {
        "database": database,
        "timetable": _timetable(session, now=now, led=led),
        "outbox": Check(ok=outbox.oldest <= OUTBOX_AGED, told=_backlog(outbox)),
        "inbox": Check(ok=inbox.oldest <= INBOX_AGED, told=_backlog(inbox)),
    }


def _timetable(session: Session, *, now: datetime, led: bool) -> Check:
    done = rounds.last(session, [entry.name for entry in PLANNING])
    late = rounds.late(PLANNING, done, now=now)
    alive_at = outages.alive_at(session)
    runs = alive_at is not None and now - alive_at <= SILENT_AFTER
    return Check(
        ok=led and runs and not late,
        told={
            "led": led,
            "last_ran_at": None if alive_at is None else alive_at.isoformat(),
            "late_jobs": sorted(late),
            "rounds": {name: instant.isoformat() for name, instant in done.items()},
        },
    )


def _backlog(backlog: health.Backlog) -> dict[str, Any]:
    return {"waiting": backlog.waiting, "oldest_seconds": int(backlog.oldest.total_seconds())}
