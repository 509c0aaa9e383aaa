"""A small town: the local server, the real bot before it over HTTP, a registry, and a clock that tests move."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from bot.assistant import Assistant, assisting
from bot.installation import Installation
from bot.telegram.messenger import connect
from jobs import materialise
from jobs.deliver import deliver
from jobs.walker import walk
from obligations.law import Law
from sandbox.attachments import Upload
from sandbox.seam import Visitor, World, build_app, serving
from storage import contacts, organisations, registry
from storage.database import Database, Session
from storage.evidence import EvidenceFolder
from storage.models import Stage
from storage.types import NOTICE_ZONE
from tests.bot.town_registry import CITY, KILN, MILL, NORTH, QUAY, SOUTH, town_registry

__all__ = [
    "CITY",
    "KILN",
    "MILL",
    "NORTH",
    "PDF",
    "QUAY",
    "SOUTH",
    "TOKEN",
    "Opened",
    "Person",
    "Town",
    "TownClock",
    "at",
    "town_registry",
]

TOKEN = "7000001:town"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"

_PATIENCE_SECONDS = 20


@dataclass(slots=True)
class TownClock:
    """A clock that stands where it is put."""

    at: datetime

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        return self.at


class WatchedWorld(World):
    """A world that says when its bot has acknowledged everything."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self._acknowledged = asyncio.Event()

    def acknowledge(self, token: str, before: int) -> None:
        """Forget the updates before one, and wake who waits for that."""
        super().acknowledge(token, before)
        self._acknowledged.set()

    async def all_taken(self) -> None:
        """Wait until no update waits for the bot."""
        while self.bot(TOKEN).updates:
            self._acknowledged.clear()
            await self._acknowledged.wait()


@dataclass(slots=True, kw_only=True)
class Town:
    """The town with its running bot. Times are written as in Shanghai: ``2024-02-05 09:00``."""

    world: WatchedWorld
    clock: TownClock
    installation: Installation
    url: str
    assistant: Assistant
    _people: "dict[int, Person]" = field(default_factory=dict, repr=False)

    @property
    def database(self) -> Database:
        """The database the bot works on."""
        return self.installation.database

    def person(self, user_id: int, name: str = "路人", language: str = "zh-hans") -> "Person":
        """Return someone in the chat; a stranger where nobody knows them yet."""
        if user_id not in self._people:
            if user_id not in self.world.state.users:
                self.world.add_user(user_id, name, language)
            self._people[user_id] = Person(town=self, user_id=user_id)
        return self._people[user_id]

    async def settle(self) -> None:
        """Wait until every update is acknowledged and handled, and send every notification that is due."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await self.world.all_taken()
            await self.assistant.arrivals.idle()
            await deliver(self.assistant.context, self.clock.now())

    async def move_to(self, moment: str) -> None:
        """Walk the timetable to a moment; everything that fires on the way does."""

        def set_clock(instant: datetime) -> None:
            self.clock.at = instant

        until = at(moment)
        async for _ in walk(self.assistant.context, since=self.clock.now(), until=until, set_clock=set_clock):
            pass
        self.clock.at = until
        await self.settle()

    def stand_at(self, moment: str) -> None:
        """Put the clock to a moment; nothing fires on the way."""
        self.clock.at = at(moment)

    async def fault(self, kind: str, method: str, **order: object) -> None:
        """Order a fault of the local server: see `sandbox.faults`."""
        async with httpx.AsyncClient() as client:
            answer = await client.post(
                f"{self.url}/sandbox/faults", json={"kind": kind, "method": method, **order}
            )
        assert answer.is_success, answer.text

    def invite(self, organisation: str, *, lead: bool = False) -> str:
        """Return an invitation's token."""
        return self.database.write(
            lambda session: contacts.invite(
                session, organisations.by_code(session, organisation).id, lead=lead, now=self.clock.now()
            )
        )

    def stage(
        self, unit: str, period: str = "2024-01", *, rule: str = "monthly-evidence", name: str = "unit"
    ) -> Stage:
        """Return a stage as it is stored now."""

        def work(session: Session) -> Stage:
            subject = organisations.by_code(session, unit)
            stage: Stage = (
                session.query(Stage)
                .filter_by(subject_id=subject.id, rule=rule, name=name, period=period)
                .one()
            )
            session.expunge(stage)
            return stage

        return self.database.read(work)


@dataclass(slots=True, kw_only=True)
class Person:
    """Someone with the bot's chat before them."""

    town: Town = field(repr=False)
    user_id: int
    toasts: list[str] = field(default_factory=list)
    """What flashed after each press, the last at the end; empty where nothing did."""

    @property
    def visitor(self) -> Visitor:
        """The hands of this person in the local chat."""
        return Visitor(self.town.world, self.user_id, token=TOKEN)

    @property
    def received(self) -> list[dict[str, Any]]:
        """The bot's messages in this chat as they stand now, oldest first."""
        everything = self.town.world.state.conversation(TOKEN, self.user_id).messages
        return [message for _, message in sorted(everything.items()) if message["from"]["is_bot"]]

    @property
    def messages(self) -> list[str]:
        """Their texts; the caption or the file's name where there is no text."""
        return [_text(message) for message in self.received]

    @property
    def last(self) -> str:
        """The newest text."""
        return self.messages[-1]

    @property
    def labels(self) -> list[str]:
        """The buttons under the newest message."""
        return [button["text"] for button in _buttons(self.received[-1])]

    def data(self, label: str) -> str:
        """Return what a button of this label carries, of the newest message that has one."""
        return self._find(label)[1]

    async def start(self, token: str | None = None) -> str:
        """Press START, with an invitation where there is one; return the answer."""
        self.visitor.start(token)
        await self.town.settle()
        return self.last

    async def say(self, text: str) -> str:
        """Say something and return the newest message after it."""
        self.visitor.say(text)
        await self.town.settle()
        return self.last

    async def press(self, label: str) -> str:
        """Press a button by its label, in the newest message that has one; return the newest message after."""
        message_id, data = self._find(label)
        return await self.press_data(data, message_id=message_id)

    async def press_data(self, data: str, *, message_id: int | None = None) -> str:
        """Press a button with any data, as a hostile or outdated client may."""
        if message_id is None:
            message_id = self.received[-1]["message_id"]
        since = self.town.world.events.last_id
        self.visitor.press(message_id, data)
        await self.town.settle()
        answers = [
            event.body["text"]
            for event in self.town.world.events.since(since) or ()
            if event.kind == "answer" and event.body["user_id"] == self.user_id
        ]
        assert len(answers) == 1, "a press is answered, once"
        self.toasts.append(answers[0])
        return self.last

    async def send_file(self, content: bytes = PDF, name: str = "存证回执.pdf", *, caption: str = "") -> str:
        """Send one file as a document; return the newest message after."""
        return await self.send_files([(name, content)], caption=caption)

    async def send_files(
        self, files: Sequence[tuple[str, bytes]], *, caption: str = "", as_documents: bool = True
    ) -> str:
        """Send files together, an album where there are several; return the newest message after."""
        uploads = [Upload(name=name, mime="application/octet-stream", content=body) for name, body in files]
        self.visitor.send_files(uploads, caption=caption, as_documents=as_documents)
        await self.town.settle()
        return self.last

    async def hand_over(self, content: bytes | None = PDF) -> str:
        """Record the first duty of one's list as submitted, with a file or without one; return the confirmation."""
        chinese = self.town.world.state.users[self.user_id]["language_code"].startswith("zh")
        await self.say("/due")
        await self.press_data(_buttons(self.received[-1])[0]["callback_data"])
        if content is None:
            await self.press("已提交" if chinese else "Submitted")
            return await self.press("确认提交" if chinese else "Confirm")
        await self.press("上传材料" if chinese else "Upload")
        await self.send_file(content)
        await self.press("确认提交" if chinese else "Confirm submission")
        return next(text for text in reversed(self.messages) if "已登记提交" in text or "Recorded as" in text)

    def _find(self, label: str) -> tuple[int, str]:
        for message in reversed(self.received):
            for button in _buttons(message):
                if button["text"] == label or button["text"].endswith(f" {label}"):
                    return message["message_id"], button["callback_data"]
        raise AssertionError(f"no button {label!r}; the newest are {self.labels}")


Opened: TypeAlias = Callable[[], AbstractAsyncContextManager[Town]]


async def no_wait(_seconds: float) -> None:
    """Let the others go on, instead of waiting."""
    await asyncio.sleep(0)


def at(moment: str) -> datetime:
    """Return an instant of Shanghai, written as in the tests."""
    return datetime.fromisoformat(moment).replace(tzinfo=NOTICE_ZONE).astimezone(UTC)


@pytest.fixture
def clock() -> TownClock:
    """A clock on the Monday before the Spring Festival of 2024, after the morning's messages."""
    return TownClock(at("2024-02-05 10:00"))


@pytest.fixture
def installation(database: Database, law: Law, tmp_path: Path, clock: TownClock) -> Installation:
    """The stored side, with the town's registry loaded and nothing due yet."""
    database.write(lambda session: registry.load(session, town_registry(), now=clock.now()))
    folder = EvidenceFolder(tmp_path / "evidence", max_bytes=1024 * 1024)
    return Installation(database=database, folder=folder, law=law)


@pytest.fixture
def world(clock: TownClock, installation: Installation) -> WatchedWorld:
    """The local chat, where everyone of the registry has started long ago."""
    world = WatchedWorld(clock.now)
    world.add_bot(TOKEN, username="duewatch_town_bot", first_name="督期")

    def let_in(session: Session) -> None:
        for contact, address in contacts.bound(session, "telegram"):
            world.add_user(int(address), contact.name, contact.language)
            world.enrol_chat(int(address), TOKEN)

    installation.database.read(let_in)
    return world


@pytest.fixture
def opened(world: WatchedWorld, clock: TownClock, installation: Installation) -> Opened:
    """Open the town for a while; opening it again is a restart of server and bot."""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Town]:
        app = build_app(world, token=TOKEN, bot_name="duewatch_town_bot")
        async with (
            serving(app) as url,
            assisting(
                installation, connect(TOKEN, url), clock=clock, limiter=None, sleep=no_wait
            ) as assistant,
        ):
            yield Town(world=world, clock=clock, installation=installation, url=url, assistant=assistant)

    return opening


@pytest.fixture
async def town(opened: Opened) -> AsyncIterator[Town]:
    """The town with its bot running and its obligations made."""
    async with opened() as running:
        await materialise.run(running.assistant.context, running.clock.now())
        yield running


@pytest.fixture
def mill(town: Town) -> Person:
    """The contact of the mill, who reads Chinese."""
    return town.person(101)


@pytest.fixture
def kiln(town: Town) -> Person:
    """The contact of the kiln, who reads English."""
    return town.person(102)


@pytest.fixture
def quay(town: Town) -> Person:
    """The contact of the quay in the south."""
    return town.person(103)


@pytest.fixture
def north(town: Town) -> Person:
    """The officer of the northern district."""
    return town.person(201)


@pytest.fixture
def south(town: Town) -> Person:
    """The officer of the southern district, who reads English."""
    return town.person(202)


@pytest.fixture
def city(town: Town) -> Person:
    """The lead of the municipality."""
    return town.person(301)


@pytest.fixture
def stranger(town: Town) -> Person:
    """Somebody nobody invited."""
    return town.person(999)


def _text(message: dict[str, Any]) -> str:
    document = message.get("document") or {}
    return str(message.get("text") or message.get("caption") or document.get("file_name") or "")


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]
