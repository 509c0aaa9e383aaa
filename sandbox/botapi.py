"""The Bot API over HTTP: finds the method, applies ordered faults and limits, answers in its envelope."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from sandbox import accounts, editing, receiving, sending
from sandbox.arguments import read_arguments
from sandbox.calls import Call
from sandbox.errors import ApiError, not_found, too_many_requests
from sandbox.faults import Fault, Faults
from sandbox.limits import SendLimits
from sandbox.receiving import Polls
from sandbox.webhooks import WebhookPosts
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TRANSPORT: Final = "sandbox.transport"
"""Where a request's scope holds the connection, for faults that cut it; put there by `sandbox.serving`."""
_UNTIL_READ_SECONDS: Final = 0.05
_COUNTED: Final = frozenset({"sendMessage", "sendDocument", "sendPhoto", "sendMediaGroup"})
_STATUSES: Final = {
    "400": "Bad Request: fault ordered by a test",
    "401": "Unauthorized",
    "403": "Forbidden: bot was blocked by the user",
    "404": "Not Found",
    "409": "Conflict: fault ordered by a test",
    "413": "Request Entity Too Large",
    "429_bare": "Too Many Requests",
    "500": "Internal Server Error",
    "502": "Bad Gateway",
}


class BrokenConnection(Response):
    """An answer that never comes, or of which only half does: the connection is cut."""

    def __init__(self, half: bytes = b"") -> None:
        super().__init__()
        self._half = half

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the connection and wait until it is gone."""
        transport = scope.get("extensions", {}).get(TRANSPORT)
        if transport is None:
            raise ConnectionResetError("the connection of this server cannot be cut")
        if self._half:
            length = str(len(self._half)).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", length)]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            begun = self._half[: len(self._half) // 2]
            await send({"type": "http.response.body", "body": begun, "more_body": True})
            await asyncio.sleep(_UNTIL_READ_SECONDS)
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class BotApi:
    """The methods of the Bot API on a world.

    Args:
        world: what the methods act on.
        enforce_limits: whether sending too fast is refused as Telegram refuses it.
    """

    def __init__(self, world: World, *, enforce_limits: bool = False) -> None:
        self.faults: Final = Faults()
        self.webhooks: Final = WebhookPosts(world=world)
        self._world = world
        self._limits = SendLimits() if enforce_limits else None
        polls = Polls()
        methods = {
            **accounts.METHODS,
            **sending.METHODS,
            **editing.METHODS,
            **receiving.METHODS,
            "getWebhookInfo": self.webhooks.get_webhook_info,
        }
        self._methods: dict[str, tuple[str, Callable[[Call], Any]]] = {
            name.lower(): (name, method) for name, method in methods.items()
        }
        self._waiting: dict[str, tuple[str, Callable[[Call], Awaitable[Any]]]] = {
            "getupdates": ("getUpdates", polls.get_updates)
        }

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the methods and of downloads."""
        return [
            Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._download, methods=["GET"]),
        ]

    async def _answer(self, request: Request) -> Response:
        method = request.path_params["method"]
        try:
            call = Call(
                world=self._world,
                token=self._world.bot(request.path_params["token"]).token,
                arguments=await read_arguments(request),
            )
            fault = self.faults.strike(method, call.arguments.chat_id)
            if fault is not None:
                return await self._struck(fault, method, call)
            return JSONResponse({"ok": True, "result": await self._result(method, call)})
        except ApiError as error:
            return _refused(error)
        except ClientDisconnect:
            # Its process ended in the middle of the call, which was never made; nobody reads an answer.
            return Response()

    async def _result(self, method: str, call: Call) -> object:
        if method.lower() in self._waiting:
            return await self._waiting[method.lower()][1](call)
        if method.lower() not in self._methods:
            raise not_found()
        name, handle = self._methods[method.lower()]
        chat_id = call.arguments.chat_id
        if self._limits is not None and name in _COUNTED and chat_id is not None:
            count = len(call.arguments.decoded_list("media") or [None])
            self._limits.take(call.token, chat_id, count)
        result: object = handle(call)
        if name == "setWebhook":
            self.webhooks.ensure(call.token)
        return result

    async def _struck(self, fault: Fault, method: str, call: Call) -> Response:
        match fault.kind:
            case "drop":
                return BrokenConnection()
            case "reset_after":
                await self._result(method, call)
                return BrokenConnection()
            case "reset_midway":
                return BrokenConnection(half=_envelope(await self._result(method, call)))
            case "slow_after":
                answer = JSONResponse({"ok": True, "result": await self._result(method, call)})
                await asyncio.sleep(fault.seconds)
                return answer
            case "not_json":
                await self._result(method, call)
                return Response("<html><body>It works!</body></html>", media_type="text/html")
            case "slow":
                await asyncio.sleep(fault.seconds)
                return JSONResponse({"ok": True, "result": await self._result(method, call)})
            case "429":
                raise too_many_requests(fault.retry_after)
            case "migrated":
                raise ApiError(
                    400,
                    "Bad Request: group chat was upgraded to a supergroup chat",
                    {"migrate_to_chat_id": fault.migrate_to},
                )
            case status:
                raise ApiError(int(status[:3]), _STATUSES[status])

    async def _download(self, request: Request) -> Response:
        token, path = request.path_params["token"], request.path_params["path"]
        try:
            self._world.bot(token)
            file_id = self._world.state.paths.get((token, path))
            if file_id is None:
                raise not_found()
        except ApiError as error:
            return _refused(error)
        content = self._world.content(self._world.state.files[file_id])
        return Response(content, media_type="application/octet-stream")


def routes(world: World, *, enforce_limits: bool = False) -> list[BaseRoute]:
    """Return the Bot API of a world, for a server that wants nothing else; webhooks need `BotApi` itself."""
    return BotApi(world, enforce_limits=enforce_limits).routes()


def _envelope(result: object) -> bytes:
    return bytes(JSONResponse({"ok": True, "result": result}).body)


def _refused(error: ApiError) -> JSONResponse:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters is not None:
        body["parameters"] = dict(error.parameters)
    return JSONResponse(body, status_code=error.code)
