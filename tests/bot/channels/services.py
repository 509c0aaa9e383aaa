"""A local server that answers group robots as WeCom, DingTalk and Feishu document it, and keeps what it took."""

import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.web.serving import serving

KEY = "0123456789abcdef-key"
SECRET = "SECofTheRobot"
_FROM = ", hint: [170860], from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e="


@dataclass(slots=True, kw_only=True)
class Services:
    """The three services. ``secret`` is what every robot signs by; ``answers`` come before what they would say."""

    now: Callable[[], datetime]
    url: str = ""
    secret: str | None = None
    keyword: str = "督期"
    answers: deque[Response] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The texts of the messages taken, as they came."""
        return [_text(body) for body in self.taken]

    def address(self, service: str, *, key: str = KEY, secret: str | None = None) -> str:
        """Return a robot's webhook."""
        path = {
            "wecom": f"/cgi-bin/webhook/send?key={key}",
            "dingtalk": f"/robot/send?access_token={key}",
            "feishu": f"/open-apis/bot/v2/hook/{key}",
        }[service]
        return f"{self.url}{path}{'' if secret is None else f'#{secret}'}"

    def answer(self, body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Say this to the next request, whatever it is."""
        self.answers.append(JSONResponse(body, status_code=status, headers=headers))

    async def wecom(self, request: Request) -> Response:
        """Answer as WeCom does."""
        body, content = await self._read(request)
        if request.query_params.get("key") != KEY:
            return _said(errcode=93000, errmsg=f"invalid webhook url{_FROM}93000")
        if len(body["markdown"]["content"].encode()) > 4096:
            return _said(errcode=40058, errmsg=f"markdown.content exceed max length 4096{_FROM}40058")
        assert content
        return self._take(body, _said(errcode=0, errmsg="ok"))

    async def dingtalk(self, request: Request) -> Response:
        """Answer as DingTalk does."""
        body, content = await self._read(request)
        query = request.query_params
        if query.get("access_token") != KEY:
            return _said(errcode=300005, errmsg="token is not exist")
        if self.secret is not None:
            stamp = query.get("timestamp", "")
            if not stamp.isdecimal() or abs(int(stamp) / 1000 - self.now().timestamp()) > 3600:
                return _said(errcode=310000, errmsg="invalid timestamp")
            signed = hmac.new(self.secret.encode(), f"{stamp}\n{self.secret}".encode(), hashlib.sha256)
            if query.get("sign") != base64.b64encode(signed.digest()).decode():
                return _said(errcode=310000, errmsg="sign not match")
        if len(content) > 20_000:
            return _said(errcode=460101, errmsg="message too long, exceed 20000 bytes")
        if self.keyword not in body["markdown"]["text"]:
            return _said(errcode=310000, errmsg="keywords not in content")
        return self._take(body, _said(errcode=0, errmsg="ok"))

    async def feishu(self, request: Request) -> Response:
        """Answer as Feishu does."""
        body, content = await self._read(request)
        if request.path_params["key"] != KEY:
            return _said(code=19001, data={}, msg="param invalid: incoming webhook access token invalid")
        if self.secret is not None:
            stamp = body.get("timestamp", "")
            late = not stamp.isdecimal() or abs(int(stamp) - self.now().timestamp()) > 3600
            signed = hmac.new(f"{stamp}\n{self.secret}".encode(), b"", hashlib.sha256).digest()
            if late or body.get("sign") != base64.b64encode(signed).decode():
                said = "sign match fail or timestamp is not within one hour from current time"
                return _said(code=19021, msg=said)
        if len(content) > 20_000:
            return _said(code=9499, msg="Bad Request", data={})
        if self.keyword not in _text(body):
            return _said(code=19024, msg="Key Words Not Found", data={})
        return self._take(body, _said(StatusCode=0, StatusMessage="success", code=0, data={}, msg="success"))

    async def _read(self, request: Request) -> tuple[dict[str, Any], bytes]:
        content = await request.body()
        assert request.headers["content-type"] == "application/json; charset=utf-8"
        body: dict[str, Any] = json.loads(content)
        self.asked.append(body)
        return body, content

    def _take(self, body: dict[str, Any], answer: Response) -> Response:
        self.taken.append(body)
        return answer


@asynccontextmanager
async def served(services: Services) -> AsyncIterator[Services]:
    """Serve the three services on this machine for a while."""

    def of(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if services.answers:
                await request.body()
                return services.answers.popleft()
            return await endpoint(request)

        return answer

    app = Starlette(
        routes=[
            Route("/cgi-bin/webhook/send", of(services.wecom), methods=["POST"]),
            Route("/robot/send", of(services.dingtalk), methods=["POST"]),
            Route("/open-apis/bot/v2/hook/{key}", of(services.feishu), methods=["POST"]),
        ]
    )
    async with serving(app) as url:
        services.url = url
        yield services


def _said(**fields: object) -> Response:
    return JSONResponse(fields)


def _text(body: dict[str, Any]) -> str:
    if "card" in body:
        return "\n".join(element["content"] for element in body["card"]["elements"])
    markdown = body["markdown"]
    return str(markdown["content"] if "content" in markdown else markdown["text"])
