"""The people of the city: they read what arrives, press what is under it, press again where nothing happens.

What they did, and what must therefore be told to whom, is noted as it happens.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from obligations.law import Law
from obligations.notice import Level
from sandbox.seam import Visitor, World
from storage import contacts, decisions
from storage.database import Database, Session
from storage.decisions import Actor
from storage.registry import CHANNEL
from tests.chaos.city import CITY_OFFICER, City, Message, Sort, evidence_of
from tests.chaos.plan import Act, By, Plan
from tests.chaos.processes import Clock
from tests.chaos.progress import Progress

_LOOK_EVERY = 0.1
_IMPATIENCE = 8.0
"""After so many seconds without an answer people press again."""

_SUBMITTED, _CONFIRM, _RECORDED = "已提交", "确认提交", "已登记提交"
_ACCEPT, _RETURN, _INCOMPLETE = "通过", "退回", "材料不完整"
_QUESTION = "/due"


@dataclass(slots=True, kw_only=True)
class Press:
    """A press of a button, or something said where there is no query: in which chat, after how many messages of the bot."""

    chat_id: int
    since: int
    query_id: str | None


@dataclass(slots=True)
class Done:
    """What the people did. ``told`` is what must be told because of it; ``decided`` how often each unit was decided on."""

    told: set[Message] = field(default_factory=set)
    maybe: set[Message] = field(default_factory=set)
    handed_over: set[int] = field(default_factory=set)
    accepted: set[int] = field(default_factory=set)
    returned: set[int] = field(default_factory=set)
    presses: list[Press] = field(default_factory=list)
    waiting_for: dict[str, str] = field(default_factory=dict)
    """What each of them waits for now, to be told where a run does not end."""


class People:
    """Everybody who acts, each in a task of their own."""

    def __init__(
        self,
        *,
        city: City,
        plan: Plan,
        world: World,
        token: str,
        database: Database,
        law: Law,
        clock: Clock,
        progress: Progress,
    ) -> None:
        self._city = city
        self._plan = plan
        self._world = world
        self._token = token
        self._database = database
        self._law = law
        self._clock = clock
        self._progress = progress
        self.done = Done()

    async def live(self, invitations: list[str]) -> None:
        """Let everybody do what the plan says, until they are through with it."""
        async with asyncio.TaskGroup() as tasks:
            for act in self._plan.acts:
                tasks.create_task(self._hand_over(act))
            for at, unit in self._plan.askers:
                tasks.create_task(self._ask(at, unit))
            for number, at in enumerate(self._plan.arrivals):
                tasks.create_task(self._enrol(at, number, invitations[number]))

    # What they do

    async def _hand_over(self, act: Act) -> None:
        """Hand over a unit's evidence, and decide on it once its officer has heard of it."""
        city, unit = self._city, act.unit
        person, officer = city.person(unit), city.officer(unit)
        await self._progress.reaches(act.at)
        if act.by is By.CHAT:
            await self._arrival(Message(person, Sort.REMINDER))
            await self._press(person, _SUBMITTED, until=self._says(person, _CONFIRM, labels=True))
            await self._press(person, _CONFIRM, until=self._says(person, _RECORDED), twice=act.twice)
        else:
            # Where it is not planned yet, there is nothing left to remind of but the officer's check.
            self.done.maybe |= {Message(person, Sort.REMINDER), Message(officer, Sort.REMINDER)}
            await self._decide(unit, person, Level.UNIT, decisions.submit)
        self.done.handed_over.add(unit)
        card = Message(officer, Sort.HANDED_OVER, unit)
        self.done.told.add(card)
        await self._arrival(card)
        sort = Sort.ACCEPTED if act.accepted else Sort.RETURNED
        if act.by is By.CHAT:
            await self._check(act, card)
        elif act.accepted:
            await self._decide(unit, officer, Level.DISTRICT, decisions.accept)
        else:
            await self._decide(unit, officer, Level.DISTRICT, _send_back)
        self.done.told.add(Message(person, sort))
        if act.accepted:
            self.done.accepted.add(unit)
            self.done.told.add(Message(CITY_OFFICER, Sort.QUEUE))
        else:
            self.done.returned.add(unit)
        await self._arrival(Message(person, sort))

    async def _check(self, act: Act, card: Message) -> None:
        """Accept or return what was handed over, by the buttons of the message that told of it."""
        told = self._message(card)
        number = told["message_id"]

        def decided() -> bool:
            # The card becomes the confirmation; where it could not be edited, a message says so.
            return self._decided(act.unit)

        if act.accepted:
            await self._press(card.chat_id, _ACCEPT, until=decided, under=number, twice=act.twice)
            return
        name = self._city.name(act.unit)
        await self._press(
            card.chat_id,
            _RETURN,
            until=self._says(card.chat_id, _INCOMPLETE, name, labels=True),
            under=number,
        )
        await self._press(card.chat_id, _INCOMPLETE, until=decided, under=number, about=name, twice=act.twice)

    async def _ask(self, at: float, unit: int) -> None:
        person = self._city.person(unit)
        await self._progress.reaches(at)
        self._note(person, None)
        Visitor(self._world, person, token=self._token).say(_QUESTION)

    async def _enrol(self, at: float, number: int, invitation: str) -> None:
        newcomer = self._city.newcomer(number)
        await self._progress.reaches(at)
        self._note(newcomer, None)
        Visitor(self._world, newcomer, token=self._token).start(invitation)

    # How they do it

    async def _press(
        self,
        chat_id: int,
        label: str,
        *,
        until: Callable[[], bool],
        under: int | None = None,
        about: str = "",
        twice: bool = False,
    ) -> None:
        """Press a button until what should follow is there; patient for a while after each press."""
        while not until():
            found = self._button(chat_id, label, under=under, about=about)
            if found is not None:
                message_id, data = found
                for _ in range(2 if twice else 1):
                    query = Visitor(self._world, chat_id, token=self._token).press(message_id, data)
                    self._note(chat_id, query)
            try:
                async with asyncio.timeout(_IMPATIENCE):
                    await self._until(until, f"an answer to {label} in {chat_id}")
            except TimeoutError:
                continue

    async def _decide(self, unit: int, chat_id: int, level: Level, decide: Callable[..., object]) -> None:
        now = self._clock.now()

        def work(session: Session) -> None:
            contact = contacts.by_address(session, CHANNEL, str(chat_id))
            assert contact is not None
            stage_id = evidence_of(session, self._city, unit)
            decide(session, self._law, stage_id, by=Actor(contact_id=contact.id, level=level), now=now)

        await self._database.run(work)

    async def _arrival(self, message: Message) -> None:
        await self._until(lambda: self._find(message) is not None, str(message))

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        task = asyncio.current_task()
        name = "" if task is None else task.get_name()
        self.done.waiting_for[name] = what
        while not condition():  # noqa: ASYNC110  # people look again and again
            await asyncio.sleep(_LOOK_EVERY)
        del self.done.waiting_for[name]

    def _note(self, chat_id: int, query_id: str | None) -> None:
        self.done.presses.append(Press(chat_id=chat_id, since=len(self._world.state.sent), query_id=query_id))

    # What they see

    def _messages(self, chat_id: int) -> list[dict[str, Any]]:
        """Return the bot's messages in a chat as they stand now, the newest first."""
        everything = self._world.state.conversation(self._token, chat_id).messages
        return [each for _, each in sorted(everything.items(), reverse=True) if each["from"]["is_bot"]]

    def _find(self, wanted: Message) -> dict[str, Any] | None:
        for message in self._messages(wanted.chat_id):
            if self._city.recognised(wanted.chat_id, message.get("text", "")) == wanted:
                return message
        return None

    def _message(self, wanted: Message) -> dict[str, Any]:
        found = self._find(wanted)
        assert found is not None
        return found

    def _button(self, chat_id: int, label: str, *, under: int | None, about: str) -> tuple[int, str] | None:
        for message in self._messages(chat_id):
            if about not in message.get("text", ""):
                continue
            for text, data in _buttons(message):
                if text.endswith(label) and (under is None or about or message["message_id"] == under):
                    return message["message_id"], data
        return None

    def _says(self, chat_id: int, words: str, about: str = "", *, labels: bool = False) -> Callable[[], bool]:
        """Return whether the chat shows some words, in a text or on a button."""

        def said() -> bool:
            return any(
                about in message.get("text", "")
                and (
                    any(words in text for text, _ in _buttons(message))
                    if labels
                    else words in message["text"]
                )
                for message in self._messages(chat_id)
            )

        return said

    def _decided(self, unit: int) -> bool:
        """Tell whether the unit's person has heard, or its officer sees, that a decision was made."""
        name, officer = self._city.name(unit), self._city.officer(unit)
        if any(self._find(Message(self._city.person(unit), sort)) for sort in (Sort.ACCEPTED, Sort.RETURNED)):
            return True
        return any(
            message.get("text", "").startswith(("审核通过", "退回更正")) and name in message["text"]
            for message in self._messages(officer)
        )


def _send_back(session: Session, law: Law, stage_id: int, **by: Any) -> object:  # noqa: ANN401  # as the decisions take them
    return decisions.return_for_correction(session, law, stage_id, reason="incomplete", **by)


def _buttons(message: dict[str, Any]) -> list[tuple[str, str]]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [
        (button["text"], button["callback_data"])
        for row in rows
        for button in row
        if "callback_data" in button
    ]
