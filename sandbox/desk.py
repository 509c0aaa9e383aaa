"""What the page asks of the server: who is there, their chats, what they do, and the stream of what happens.

Everything is under `/sandbox/`. The Bot API is in `sandbox.botapi`, the guard before both in `sandbox.gate`.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import islice
from typing import Final, Literal, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.accounts import commands_for
from sandbox.arguments import read_upload
from sandbox.errors import ApiError, bad_request, not_found
from sandbox.faults import Fault, Faults
from sandbox.moves import BusyError, Moves
from sandbox.staging import MOST_DAYS, Persona, Play, Step, StepKind
from sandbox.state import Json
from sandbox.visitor import MOST_FILES, Visitor
from sandbox.world import World

_PAGE_SIZE: Final = 60
_HEARTBEAT_SECONDS: Final = 5.0
"""A beat keeps the connection and tells the time: a play's clock may run by itself."""
_SHOWN_INLINE: Final = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"}
)
_PREVIEW_LENGTH: Final = 80


class _Ask(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _InChat(_Ask):
    chat_id: int | None = None


class _Say(_InChat):
    text: str = Field(max_length=100_000)
    reply_to: int | None = None


class _Press(_InChat):
    message_id: int
    data: str


class _Read(_InChat):
    message_id: int


class _Start(_Ask):
    payload: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")


class _Block(_Ask):
    blocked: bool


class _Move(_Ask):
    step: Literal["next_event", "next_morning", "forward"]
    days: int = Field(default=1, ge=1, le=MOST_DAYS)


_Asked = TypeVar("_Asked", bound=BaseModel)
_Handler = Callable[[Request], Awaitable[Response]]


class Desk:
    """The page's side of the server.

    Args:
        world: what the page shows.
        token: the bot the page talks to.
        play: who takes part and how the clock moves; None shows the world's users under a clock that stands.
        faults: those a test orders.
    """

    def __init__(self, world: World, *, token: str, play: Play | None, faults: Faults) -> None:
        self._world = world
        self._token = token
        self._play = play
        self._faults = faults
        self.moves: Final = None if play is None else Moves(play, world.events)

    def routes(self) -> list[Route]:
        """Return the routes of the page's questions and deeds."""
        chat = "/sandbox/chats/{user_id:int}"
        asked: tuple[tuple[str, str, _Handler], ...] = (
            ("GET", "/sandbox/state", self._state),
            ("GET", "/sandbox/events", self._events),
            ("GET", "/sandbox/record", self._record),
            ("GET", "/sandbox/files/{file_id}", self._file),
            ("GET", chat, self._chat),
            ("POST", f"{chat}/messages", self._say),
            ("POST", f"{chat}/presses", self._press),
            ("POST", f"{chat}/files", self._send_files),
            ("POST", f"{chat}/start", self._start),
            ("POST", f"{chat}/read", self._read),
            ("POST", f"{chat}/blocked", self._block),
            ("POST", "/sandbox/clock", self._move),
            ("DELETE", "/sandbox/clock", self._stop),
            ("POST", "/sandbox/faults", self._order_fault),
            ("DELETE", "/sandbox/faults", self._clear_faults),
        )
        return [Route(path, _guarded(handler), methods=[method]) for method, path, handler in asked]

    def welcome(self) -> None:
        """Make the play's personas known to the world; those already enrolled have an open chat."""
        for persona in self._play.personas() if self._play else ():
            self._world.add_user(persona.user_id, persona.name, persona.language)
            if persona.start is None:
                self._world.enrol_chat(persona.user_id, self._token)

    # Questions

    async def _state(self, _request: Request) -> Response:
        self.welcome()
        bot = self._world.bot(self._token)
        named = bot.settings.get("name", {})
        return JSONResponse(
            {
                "bot": {
                    "id": bot.user["id"],
                    "name": named.get("") or bot.user["first_name"],
                    "names": named,
                    "username": bot.user["username"],
                    "description": bot.settings.get("description", {}),
                    "short_description": bot.settings.get("short_description", {}),
                },
                "clock": {**self._clock(), "movable": self.moves is not None},
                "personas": [self._persona(persona) for persona in self._personas()],
                "last_event": self._world.events.last_id,
            }
        )

    def _clock(self) -> Json:
        if self.moves is None:
            return {"now": self._world.now().isoformat(), "moving": False, "done": 0.0}
        return self.moves.state()

    def _personas(self) -> list[Persona]:
        if self._play is not None:
            return list(self._play.personas())
        return [
            Persona(
                user_id=user["id"],
                name=user["first_name"],
                role="unit",
                role_label={},
                organisation="",
                language=user["language_code"],
            )
            for user in self._world.state.users.values()
        ]

    def _persona(self, persona: Persona) -> Json:
        conversation = self._world.state.conversation(self._token, persona.user_id)
        read = conversation.read.get(persona.user_id, 0)
        unread = 0
        for message in reversed(conversation.messages.values()):
            if message["message_id"] <= read:
                break
            unread += bool(message["from"]["is_bot"])
        last = next(reversed(conversation.messages.values()), None)
        return {
            "user_id": persona.user_id,
            "name": persona.name,
            "role": persona.role,
            "role_label": dict(persona.role_label),
            "organisation": persona.organisation,
            "language": persona.language,
            "start": persona.start,
            "started": conversation.started,
            "blocked": conversation.blocked,
            "unread": unread,
            "last": None if last is None else _preview(last),
        }

    async def _chat(self, request: Request) -> Response:
        user_id = _user_id(request)
        chat_id = int(request.query_params.get("chat_id", user_id))
        Visitor(self._world, user_id, token=self._token, chat_id=chat_id)
        before = int(request.query_params.get("before", "0"))
        conversation = self._world.state.conversation(self._token, chat_id)
        older = (
            message
            for message in reversed(conversation.messages.values())
            if not before or message["message_id"] < before
        )
        page = list(islice(older, _PAGE_SIZE + 1))
        user = self._world.state.users[user_id]
        commands = commands_for(
            self._world.bot(self._token), self._world.chat(chat_id), user["language_code"]
        )
        return JSONResponse(
            {
                "messages": page[:_PAGE_SIZE][::-1],
                "more": len(page) > _PAGE_SIZE,
                "keyboard": conversation.keyboard,
                "commands": commands,
                "started": conversation.started,
                "blocked": conversation.blocked,
                "read": conversation.read.get(user_id, 0),
            }
        )

    async def _events(self, request: Request) -> Response:
        after = request.headers.get("last-event-id") or request.query_params.get("after", "")
        return StreamingResponse(self._follow(after), media_type="text/event-stream")

    async def _follow(self, after: str) -> AsyncIterator[str]:
        stream = self._world.events
        yield "retry: 1000\n\n"
        while self._world.awake:
            fresh = stream.since(after)
            if fresh is None:
                after = stream.last_id
                yield f"id: {after}\nevent: reset\ndata: {{}}\n\n"
                continue
            for event in fresh:
                body = json.dumps(event.body, ensure_ascii=False)
                yield f"id: {event.event_id}\nevent: {event.kind}\ndata: {body}\n\n"
                after = event.event_id
            if not fresh and not await stream.signal.wait(_HEARTBEAT_SECONDS):
                yield f"event: beat\ndata: {json.dumps(self._clock())}\n\n"

    async def _record(self, request: Request) -> Response:
        since = int(request.query_params.get("since", "0"))
        sent = self._world.state.sent
        return JSONResponse({"messages": sent[max(since, 0) :], "next": len(sent)})

    async def _file(self, request: Request) -> Response:
        file = self._world.state.files.get(request.path_params["file_id"])
        if file is None:
            raise not_found()
        mime = file["mime"].partition(";")[0].strip().lower()
        inline = mime in _SHOWN_INLINE
        kind = "inline" if inline else "attachment"
        shown = f"{mime}; charset=utf-8" if mime == "text/plain" else mime
        headers = {
            "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(file['name'], safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        media_type = shown if inline else "application/octet-stream"
        return Response(self._world.content(file), media_type=media_type, headers=headers)

    # Deeds

    async def _say(self, request: Request) -> Response:
        ask = await _asked(request, _Say)
        sent = self._visitor(request, ask).say(ask.text, reply_to=ask.reply_to)
        return JSONResponse({"messages": sent}, 201)

    async def _press(self, request: Request) -> Response:
        ask = await _asked(request, _Press)
        return JSONResponse({"query_id": self._visitor(request, ask).press(ask.message_id, ask.data)}, 201)

    async def _send_files(self, request: Request) -> Response:
        async with request.form(max_files=MOST_FILES) as form:
            chosen = [item for item in form.getlist("files") if isinstance(item, UploadFile)]
            uploads = [await read_upload(item) for item in chosen]
            caption = form.get("caption", "")
            as_documents = form.get("as_documents") == "true"
        visitor = Visitor(self._world, _user_id(request), token=self._token)
        sent = visitor.send_files(uploads, caption=str(caption), as_documents=as_documents)
        return JSONResponse({"messages": sent}, 201)

    async def _start(self, request: Request) -> Response:
        ask = await _asked(request, _Start)
        sent = Visitor(self._world, _user_id(request), token=self._token).start(ask.payload)
        return JSONResponse({"messages": [sent]}, 201)

    async def _read(self, request: Request) -> Response:
        ask = await _asked(request, _Read)
        self._visitor(request, ask).mark_read(ask.message_id)
        return Response(status_code=204)

    async def _block(self, request: Request) -> Response:
        ask = await _asked(request, _Block)
        Visitor(self._world, _user_id(request), token=self._token).set_blocked(blocked=ask.blocked)
        return Response(status_code=204)

    async def _move(self, request: Request) -> Response:
        ask = await _asked(request, _Move)
        if self.moves is None:
            raise ApiError(404, "this sandbox has no clock to move")
        try:
            self.moves.start(Step(kind=StepKind(ask.step), days=ask.days))
        except BusyError:
            raise ApiError(409, "the clock is moving already") from None
        return JSONResponse(self.moves.state(), 202)

    async def _stop(self, _request: Request) -> Response:
        if self.moves is not None:
            self.moves.stop()
        return Response(status_code=204)

    async def _order_fault(self, request: Request) -> Response:
        self._faults.order(await _asked(request, Fault))
        return Response(status_code=204)

    async def _clear_faults(self, _request: Request) -> Response:
        self._faults.clear()
        return Response(status_code=204)

    def _visitor(self, request: Request, ask: _InChat) -> Visitor:
        return Visitor(self._world, _user_id(request), token=self._token, chat_id=ask.chat_id)


def _guarded(handler: _Handler) -> _Handler:
    """Turn refusals into answers; a number that is none is the caller's fault too."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            return JSONResponse({"error": error.description}, error.code)
        except ValidationError as error:
            return JSONResponse({"error": error.errors(include_url=False, include_input=False)}, 422)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer


def _user_id(request: Request) -> int:
    return int(request.path_params["user_id"])


async def _asked(request: Request, kind: type[_Asked]) -> _Asked:
    body = await request.body()
    try:
        body.decode()
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    return kind.model_validate_json(body)


def _preview(message: Json) -> Json:
    """Return what the list of people shows of a message: its words, or the name of its file."""
    words = message.get("text") or message.get("caption") or message.get("document", {}).get("file_name")
    return {
        "message_id": message["message_id"],
        "text": (words or "").replace("\n", " ")[:_PREVIEW_LENGTH],
        "photo": "photo" in message,
        "mine": not message["from"]["is_bot"],
        "date": message["date"],
    }
