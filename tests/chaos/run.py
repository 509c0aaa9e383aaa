"""One run: a city, a server with its faults, real processes that are killed, and then the time to come to rest."""

import asyncio
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, or_, select

from obligations.law import Law
from sandbox.seam import World
from storage.database import Database, Session
from storage.models import InboundUpdate, Notification, Outcome
from tests.chaos import processes as running
from tests.chaos.city import MORNING, City
from tests.chaos.people import People
from tests.chaos.plan import Blow, Plan, Refusal, Strike
from tests.chaos.processes import Clock, Process
from tests.chaos.progress import Progress
from tests.chaos.server import Server
from tests.chaos.verdict import Verdict, judge

_TOKEN = "7000001:chaos"
_LOOK_EVERY = 0.2
_STARTED_WITHIN = 60
_AT_REST_WITHIN = 90
_LATER = timedelta(minutes=14)
"""After so long what was put off is due again: the wait after three attempts of unknown end, and not yet an outage."""
_LATER_AT_MOST = 3


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of a run, with the numbers that its line shows."""

    plan: Plan
    verdict: Verdict = field(default_factory=Verdict)
    kills: int = 0
    seconds: float = 0.0
    struck: dict[str, int] = field(default_factory=dict)
    said: str = ""
    """The last lines of the processes' logs, where something is wrong."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.verdict.wrong

    def line(self) -> str:
        """Return the line of this run."""
        verdict = self.verdict
        return (
            f"seed {self.plan.seed:4}: {verdict.due} due, {verdict.arrived} arrived, {verdict.unknown} unknown, "
            f"{verdict.repeated} repeated, {verdict.lost} lost, {verdict.unanswered} unanswered; {self.kills} kills, "
            f"{sum(self.struck.values())} calls struck, {self.seconds:.0f} s: {'good' if self.good else 'WRONG'}"
        )

    def story(self) -> str:
        """Return everything about a run that went wrong."""
        return "\n".join([self.line(), *self.verdict.wrong, str(self.plan), self.said])


class Run:
    """A run of a plan on a migrated, empty database."""

    def __init__(self, plan: Plan, database_url: str) -> None:
        self._plan = plan
        self._url = database_url
        self._city = City(units=plan.units, newcomers=len(plan.arrivals))
        self._clock = Clock(MORNING - timedelta(seconds=plan.early))
        self._processes: list[Process] = []
        self._result = Result(plan=plan)

    async def play(self) -> Result:
        """Play it to its end and judge it. What was started is stopped in any case."""
        began = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        database = Database(self._url)
        try:
            if database.dialect == "postgresql":
                running.admit(self._url, self._plan.processes)
            await self._play(database, folder)
        except Exception:  # noqa: BLE001  # one run that breaks must not hide what the others came to
            self._wrong(traceback.format_exc())
            self._result.said = self._said()
        finally:
            database.close()
            self._result.seconds = time.monotonic() - began
            shutil.rmtree(folder)
        return self._result

    async def _play(self, database: Database, folder: Path) -> None:
        law = Law.shipped()
        invitations = await asyncio.to_thread(self._city.settle, database, law)
        world = self._world()
        async with Server(world).running() as server:
            with running.processes(
                self._plan.processes,
                folder=folder,
                api_url=server.url,
                token=_TOKEN,
                database_url=self._url,
                clock=self._clock,
                skews=self._plan.skews,
            ) as self._processes:
                for fault in self._plan.faults:
                    server.order(fault)
                self._clock.began = time.monotonic()
                await self._start_all()
                progress = Progress(world, self._plan)
                people = People(
                    city=self._city,
                    plan=self._plan,
                    world=world,
                    token=_TOKEN,
                    database=database,
                    law=law,
                    clock=self._clock,
                    progress=progress,
                )
                living = asyncio.create_task(people.live(invitations))
                try:
                    await self._chaos(server, progress)
                    await self._come_to_rest(database, world, living)
                finally:
                    living.cancel()
                    with suppress(asyncio.CancelledError):
                        await living
                await self._stop_all()
                for what in sorted(people.done.waiting_for.values()):
                    self._wrong(f"not done: waiting for {what}")
                verdict = await asyncio.to_thread(
                    judge,
                    city=self._city,
                    done=people.done,
                    world=world,
                    server=server,
                    token=_TOKEN,
                    database=database,
                    kills=self._result.kills,
                )
                verdict.wrong = [*self._result.verdict.wrong, *verdict.wrong]
                self._result.verdict = verdict
                self._result.struck = dict(server.struck)
                if verdict.wrong:
                    self._result.said = self._said()

    def _world(self) -> World:
        world = World(self._clock.now)
        world.add_bot(_TOKEN, username="duewatch_chaos_bot", first_name="督期")
        newcomers = {self._city.newcomer(number) for number in range(self._city.newcomers)}
        for person in self._city.people:
            world.add_user(person, f"{person}", "zh-hans")
            if person not in newcomers:
                world.enrol_chat(person, _TOKEN)
        return world

    # The chaos

    async def _chaos(self, server: Server, progress: Progress) -> None:
        """Do what the plan says to the processes and to the server, until its last moment."""

        async def refuse(refusal: Refusal) -> None:
            await progress.reaches(refusal.at)
            await server.refuse(refusal.seconds)

        async def strike(each: Strike) -> None:
            await progress.reaches(each.at)
            await self._strike(each)

        async with asyncio.TaskGroup() as tasks:
            for refusal in self._plan.refusals:
                tasks.create_task(refuse(refusal))
            for each in self._plan.strikes:
                tasks.create_task(strike(each))
        await progress.reaches(1.0)
        server.be_sound()

    async def _strike(self, strike: Strike) -> None:
        """Deal one blow, wait, and bring back whom it hit."""
        hit = [self._processes[strike.process]]
        match strike.blow:
            case Blow.KILL_ALL:
                hit = list(self._processes)
            case Blow.KILL_LEADER:
                leads = await asyncio.to_thread(running.leader, self._url, len(self._processes))
                hit = hit if leads is None else [self._processes[leads]]
            case Blow.CUT:
                await asyncio.to_thread(running.cut, self._url, strike.process)
                return
        hit = [process for process in hit if process.alive and not process.frozen]
        if strike.blow is Blow.FREEZE:
            for process in hit:
                process.freeze()
            await asyncio.sleep(strike.pause)
            for process in hit:
                process.thaw()
            return
        for process in hit:
            process.kill()
            self._result.kills += 1
        await asyncio.sleep(strike.pause)
        for process in hit:
            if not process.alive:
                process.start()

    # Before and after it

    async def _start_all(self) -> None:
        """Start all, and wait until one serves: the others may be hit while they start."""
        for process in self._processes:
            process.start()
        if not await self._until(lambda: any(each.ready for each in self._processes), _STARTED_WITHIN):
            self._wrong("no process serves")

    async def _come_to_rest(self, database: Database, world: World, living: "asyncio.Task[None]") -> None:
        """With nothing in the way, wait until nothing is due; then start anew a little later, for what was put off."""
        for process in self._processes:
            if not process.alive:
                self._wrong(f"process {process.number} ended by itself")
                process.start()

        def at_rest() -> bool:
            return living.done() and not world.bot(_TOKEN).updates and not database.read(_open)

        def put_off() -> bool:
            """Whether nothing is left to do now, but something later."""
            return database.read(lambda session: _open(session) > 0 and not _due(session, self._clock))

        for later in range(_LATER_AT_MOST + 1):
            if not await self._until(lambda: at_rest() or put_off(), _AT_REST_WITHIN):
                self._wrong("what is due is not settled while all goes well")
            if at_rest() or later == _LATER_AT_MOST:
                break
            await self._stop_all()
            self._clock.move_on(_LATER)
            self._processes[0].start()
        if not at_rest():
            self._wrong("it does not come to rest")

    async def _stop_all(self) -> None:
        """Ask all that run to end once they serve, and note who did not end well."""
        ending = [process for process in self._processes if process.alive]
        if not await self._until(
            lambda: all(each.ready or not each.alive for each in ending), _STARTED_WITHIN
        ):
            self._wrong("a process does not come to serve")
        for process in ending:
            process.stop()
        for process in ending:
            status = await asyncio.to_thread(process.ended)
            if status != 0:
                self._wrong(f"process {process.number} ended with {status}")
            process.kill()

    def _said(self) -> str:
        return "\n".join(process.said() for process in self._processes)

    def _wrong(self, what: str) -> None:
        self._result.verdict.wrong.append(what)

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        give_up = time.monotonic() + seconds
        while not await asyncio.to_thread(condition):
            if time.monotonic() > give_up:
                return False
            await asyncio.sleep(_LOOK_EVERY)
        return True


def _due(session: Session, clock: Clock) -> int:
    """Return how much could be sent, shown or handled now."""
    now = clock.now()
    notifications = select(func.count()).where(
        Notification.outcome == Outcome.PENDING, Notification.not_before <= now
    )
    updates = select(func.count()).where(InboundUpdate.handled_at.is_(None))
    return (session.scalar(notifications) or 0) + (session.scalar(updates) or 0)


def _open(session: Session) -> int:
    """Return how much is not settled."""
    pending = select(func.count()).where(Notification.outcome == Outcome.PENDING)
    updates = select(func.count()).where(
        or_(InboundUpdate.handled_at.is_(None), InboundUpdate.answer.is_not(None))
    )
    return (session.scalar(pending) or 0) + (session.scalar(updates) or 0)
