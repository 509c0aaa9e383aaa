"""Who may talk to the sandbox: this machine only, and no page but its own.

A page of another site can reach a server on the loopback address by its own name (DNS rebinding) or send it
forms; `Host`, `Origin` and `Sec-Fetch-Site` tell them apart. Programs such as bots and tests send no
`Origin`.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES: Final = frozenset({None, "none", "same-origin"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


class Gate:
    """Refuses what does not come from here, and puts the page's safety headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or answer 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        if _admitted(headers, scope["method"], scope["path"]):
            await self._app(scope, receive, send_guarded)
        else:
            refusal = PlainTextResponse("The sandbox answers only its own page on this machine.", 403)
            await refusal(scope, receive, send_guarded)


def _admitted(headers: Headers, method: str, path: str) -> bool:
    host = headers.get("host", "")
    try:
        own = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if not is_loopback(own):
        return False
    if path == "/" and method in _SAFE_METHODS:
        return True  # a link from elsewhere may lead to the page; it does nothing by being opened
    if headers.get("sec-fetch-site") not in _OWN_SITES:
        return False  # the Bot API acts on GET too
    return method in _SAFE_METHODS or headers.get("origin") in {None, f"http://{host}"}
