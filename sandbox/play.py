"""The play of ``make run``: the sample city, the real bot talking to the local server over HTTP, and a clock to move.

The clock runs on by itself, second by second, and jumps when a visitor asks. Between jumps the timetable is walked
to the present, so what is due is done; within a jump every firing on the way is stopped at, with the made-up
people of the city acting in between.
"""

import asyncio
import errno
import itertools
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

import click
from starlette.applications import Starlette

from bot.assistant import Assistant, assisting
from bot.clock import SystemClock
from bot.config import Settings, SettingsError
from bot.installation import Installation
from bot.service import stopping
from bot.telegram.messenger import connect
from jobs.deliver import finish
from jobs.timetable import catch_up
from jobs.walker import Stop, walk
from sandbox.city import PERSONAS, SamplePersona, sample_registry
from sandbox.people import act
from sandbox.seam import Persona, Progress, Step, StepKind, World, build_app, serving
from storage import contacts, organisations, registry
from storage import settings as kept
from storage.database import Session
from storage.errors import NotFoundError
from storage.types import NOTICE_ZONE

_log = logging.getLogger(__name__)

STARTS_AT: Final = datetime(2024, 2, 5, 8, 0, tzinfo=NOTICE_ZONE)
"""When the story begins: the Monday before the Spring Festival, with the evidence of January due on 20 February."""

TOKEN: Final = "8600:sandbox"  # noqa: S105  # the local server's own bot; it opens nothing else
BOT_NAME: Final = "duewatch_sandbox_bot"

_NOW_KEY: Final = "play.now"
_INVITATION_KEY: Final = "play.invitation"
_MORNING: Final = time(9, 0)
_PEOPLE_ACT_AT: Final = (time(10, 30), time(14, 30), time(18, 0))
_LOOK_AHEAD: Final = timedelta(days=62)
_TICK_SECONDS: Final = 1.0
_REMEMBER_EVERY_TICKS: Final = 10
_JOBS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "daily_digest": {"zh": "每日督办", "en": "daily digest"},
        "weekly_digest": {"zh": "每周督办", "en": "weekly digest"},
        "reminders": {"zh": "到期提醒", "en": "reminders"},
        "deliver": {"zh": "通知", "en": "notifications"},
    }
)


class PlayClock:
    """A clock that runs on from where it was put, or stands still while it is held."""

    def __init__(self, start: datetime) -> None:
        self._running = SystemClock(start)
        self._held: datetime | None = None

    def now(self) -> datetime:
        """Return the instant of the play, aware, in UTC."""
        return self._held or self._running.now()

    def hold(self, instant: datetime) -> None:
        """Stand still at an instant."""
        self._held = instant.astimezone(UTC)

    def release(self) -> None:
        """Run on from where the clock stands."""
        if self._held is not None:
            self._running = SystemClock(self._held)
            self._held = None


class CityPlay:
    """The sample city with its clock: what the page shows and moves."""

    def __init__(self, installation: Installation, clock: PlayClock, invitation: str) -> None:
        self._installation = installation
        self._clock = clock
        self._invitation = invitation
        self._assistant: Assistant | None = None
        self._walking = asyncio.Lock()
        self._walked_to = self._acted_to = clock.now()
        self._played: frozenset[int] = frozenset()

    async def begin(self, assistant: Assistant) -> None:
        """Start with a running bot: catch up with what was due while the process was away."""
        self._assistant = assistant
        self._played = await self._installation.database.ask(_played)
        await catch_up(assistant.context, self._clock.now())
        self._walked_to = self._acted_to = self._clock.now()

    def now(self) -> datetime:
        """Return the instant the play stands at."""
        return self._clock.now()

    def personas(self) -> Sequence[Persona]:
        """Return who takes part, in the order the page lists them."""
        return [_persona(each, self._invitation) for each in PERSONAS]

    async def move(self, step: Step) -> AsyncIterator[Progress]:
        """Move the clock, stopping at every firing on the way; closing the iterator stops it where it stands."""
        async with self._walking:
            since = self._clock.now()
            until = _target(since, step)
            self._clock.hold(since)
            try:
                async with aclosing(self._walk(until)) as stops:
                    async for stop in stops:
                        await self._remember()
                        whole = (until - since) / timedelta(seconds=1)
                        done = min(1.0, (stop.at - since) / timedelta(seconds=1) / whole) if whole else 1.0
                        yield Progress(now=stop.at, done=done, note=_note(stop))
                        if step.kind is StepKind.NEXT_EVENT and stop.sent:
                            break
                    else:
                        self._clock.hold(until)
                yield Progress(now=self._clock.now(), done=1.0)
            finally:
                self._clock.release()
                await self._remember()

    async def tick(self) -> None:
        """Keep up with the running clock, until cancelled."""
        for count in itertools.count():
            async with self._walking:
                async with aclosing(self._walk(self._clock.now(), hold=False)) as stops:
                    async for _ in stops:
                        pass
                if count % _REMEMBER_EVERY_TICKS == 0:
                    await self._remember()
            await asyncio.sleep(_TICK_SECONDS)

    async def _walk(self, until: datetime, *, hold: bool = True) -> AsyncGenerator[Stop, None]:
        """Walk the timetable to an instant; at some hours on the way the made-up people do what is theirs."""
        if self._assistant is None:
            raise RuntimeError("the play has not begun")

        def set_clock(instant: datetime) -> None:
            self._walked_to = instant
            if hold:
                self._clock.hold(instant)

        while self._walked_to < until:
            hour = _people_act_at(self._walked_to)
            leg = min(hour, until)
            stops = walk(self._assistant.context, since=self._walked_to, until=leg, set_clock=set_clock)
            async with aclosing(stops):
                async for stop in stops:
                    yield stop
            set_clock(leg)
            if leg == hour:
                await self._let_people_act(hour)

    async def _let_people_act(self, until: datetime) -> None:
        await act(
            self._installation.database,
            self._installation.law,
            since=self._acted_to,
            until=until,
            played=self._played,
            folder=self._installation.folder,
        )
        self._acted_to = until

    async def _remember(self) -> None:
        now = self._clock.now().isoformat()
        await self._installation.database.run(lambda session: kept.put(session, _NOW_KEY, now))


async def serve(settings: Settings, port: int) -> None:
    """Serve the sandbox on this machine until SIGINT or SIGTERM.

    It keeps everything in a folder of its own within the data folder, and leaves any other database alone.
    """
    own = settings.model_copy(
        update={
            "data_dir": settings.data_dir / "sandbox",
            "law_dir": settings.law_folder,
            "database_url": "",
            "telegram_token": None,
        }
    )
    with Installation.opened(own) as installation:
        database = installation.database
        remembered = database.read(lambda session: kept.get(session, _NOW_KEY))
        clock = PlayClock(own.now or (datetime.fromisoformat(remembered) if remembered else STARTS_AT))
        invitation = database.write(lambda session: _load(session, clock.now()))
        world = World(clock.now, journal=own.data_dir / "chat.jsonl")
        try:
            database.read(lambda session: _people(session, world))
            await _play(installation, world, clock, invitation, port)
        finally:
            world.close()


async def _play(
    installation: Installation, world: World, clock: PlayClock, invitation: str, port: int
) -> None:
    play = CityPlay(installation, clock, invitation)
    app = build_app(world, play=play, token=TOKEN, bot_name=BOT_NAME)
    stop = stopping()
    async with (
        _served(app, port) as url,
        assisting(installation, connect(TOKEN, url), clock=clock, limiter=None) as assistant,
    ):
        await play.begin(assistant)
        click.echo(f"督期 Duewatch 沙盒 · the sandbox is at {url}  (Ctrl-C ends it; it goes on where it was)")
        ticking = asyncio.create_task(play.tick())
        ended = asyncio.create_task(stop.wait())
        # Neither the clock nor the listening may end unseen while the page looks alive.
        await asyncio.wait({ended, ticking, assistant.polling}, return_when=asyncio.FIRST_COMPLETED)
        for needed in (ticking, assistant.polling):
            if needed.done():
                needed.result()
        await finish(assistant.context)
        ended.cancel()
        ticking.cancel()
        await asyncio.wait({ended, ticking})


@asynccontextmanager
async def _served(app: Starlette, port: int) -> AsyncIterator[str]:
    """Serve the page, and say plainly where its port is taken."""
    try:
        async with serving(app, port=port) as url:
            yield url
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SettingsError(f"port {port} is taken; choose another: duewatch run --port {port + 1}") from None


def _load(session: Session, now: datetime) -> str:
    """Load the sample city the first time, and return the invitation of the newcomer."""
    invitation = kept.get(session, _INVITATION_KEY)
    if invitation is not None:
        return invitation
    registry.load(session, sample_registry(), now=now)
    newcomer = next(each for each in PERSONAS if not each.enrolled)
    unit = organisations.by_code(session, newcomer.organisation)
    # A visitor may come back to the play after a long while, so this one does not run out.
    token = contacts.invite(session, unit.id, lead=newcomer.lead, now=now, valid_for=timedelta(days=36500))
    kept.put(session, _INVITATION_KEY, token)
    return token


def _people(session: Session, world: World) -> None:
    """Let everyone of the city into the local chat; those who are bound to it have started long ago."""
    for persona in PERSONAS:
        world.add_user(persona.user_id, persona.name, persona.language)
    for contact, address in contacts.bound(session, registry.CHANNEL):
        if int(address) not in world.state.users:
            world.add_user(int(address), contact.name, contact.language)
        world.enrol_chat(int(address), TOKEN)


def _played(session: Session) -> frozenset[int]:
    """Return the organisations whose people are the visitor's to play."""
    played = set()
    for persona in PERSONAS:
        with suppress(NotFoundError):
            played.add(organisations.by_code(session, persona.organisation).id)
    return frozenset(played)


def _persona(each: SamplePersona, invitation: str) -> Persona:
    return Persona(
        user_id=each.user_id,
        name=each.name,
        role=each.level.value,
        role_label=each.role,
        organisation=each.organisation_name,
        language=each.language,
        start=None if each.enrolled else invitation,
    )


def _target(since: datetime, step: Step) -> datetime:
    match step.kind:
        case StepKind.NEXT_EVENT:
            return since + _LOOK_AHEAD
        case StepKind.NEXT_MORNING:
            local = since.astimezone(NOTICE_ZONE)
            morning = datetime.combine(local.date(), _MORNING, NOTICE_ZONE)
            return (morning if local < morning else morning + timedelta(days=1)).astimezone(UTC)
        case _:
            return since + timedelta(days=step.days)


def _people_act_at(after: datetime) -> datetime:
    """Return the next hour after an instant at which the made-up people have done something."""
    local = after.astimezone(NOTICE_ZONE)
    days = (local.date(), local.date() + timedelta(days=1))
    hours = (datetime.combine(day, hour, NOTICE_ZONE) for day in days for hour in _PEOPLE_ACT_AT)
    return min(instant for instant in hours if instant > local).astimezone(UTC)


def _note(stop: Stop) -> Mapping[str, str] | None:
    words = _JOBS.get(stop.job)
    if words is None or not stop.sent:
        return None
    return {"zh": f"{words['zh']} {stop.sent} 条", "en": f"{words['en']}: {stop.sent}"}
