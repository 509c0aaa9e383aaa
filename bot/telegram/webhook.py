"""Updates posted by Telegram: the route that stores them before it answers 200, and setting or deleting the webhook.

Telegram repeats what is not answered 200, and posts the updates of one chat one after another. The secret it sends with
each is derived from the bot's token, so that every process of an installation knows it without being told.
"""

import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Final, NoReturn

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot

from bot.telegram.arrivals import Arrivals
from bot.telegram.reading import ALLOWED_UPDATES, NotAnUpdateError, arrived_as

_log = logging.getLogger(__name__)

MOST_BYTES: Final = 1024 * 1024
"""The largest body that is read; an update holds a message or a press, and no file."""

_CONNECTIONS: Final = 20
_SECRET_HEADER: Final = "x-telegram-bot-api-secret-token"  # noqa: S105  # the name of a header


def secret_of(token: str) -> str:
    """Return the secret that Telegram is asked to send along, for a bot's token. It does not give the token away."""
    return _derived(token, "duewatch webhook secret")


def path_of(secret: str) -> str:
    """Return the path updates are posted to: ``/telegram/`` and a part nobody guesses."""
    return f"/telegram/{_derived(secret, 'duewatch webhook path')[:32]}"


def route(arrivals: Arrivals, secret: str) -> Route:
    """Return the route of the webhook, which answers by a status alone.

    - 200 when the update is stored, now or before;
    - 403 without the secret; 413 for more than `MOST_BYTES`; 400 for what is no update, which is logged without it;
    - 503 where it cannot be stored: Telegram posts it again.
    """
    return Route(path_of(secret), _endpoint(arrivals, secret), methods=["POST"])


async def set_webhook(bot: Bot, public_url: str, secret: str) -> None:
    """Ask Telegram to post updates to ``public_url``, an https address without a slash at its end. Safe to repeat.

    What waits is posted there; who fetches updates meanwhile is refused. For the leader only.

    Raises:
        TelegramError: the server could not be reached, or refused the address.
    """
    await bot.set_webhook(
        public_url + path_of(secret),
        max_connections=_CONNECTIONS,
        allowed_updates=ALLOWED_UPDATES,
        secret_token=secret,
    )


async def delete_webhook(bot: Bot) -> None:
    """Go back to fetching updates; what waits is kept for that. Safe to repeat. For the leader only.

    Raises:
        TelegramError: the server could not be reached.
    """
    await bot.delete_webhook(drop_pending_updates=False)


def _endpoint(arrivals: Arrivals, secret: str) -> Callable[[Request], Awaitable[Response]]:
    async def take(request: Request) -> Response:
        sent = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(sent.encode(), secret.encode()):
            _log.info("something was posted to the webhook without its secret, and refused")
            return _answer(HTTPStatus.FORBIDDEN)
        try:
            body = await _body(request)
        except ClientDisconnect:
            return _answer(HTTPStatus.BAD_REQUEST)
        if body is None:
            _log.warning("more than %s bytes were posted to the webhook, and refused", MOST_BYTES)
            return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            update = arrived_as(json.loads(body, parse_constant=_refuse), arrivals.bot)
        except (ValueError, RecursionError, NotAnUpdateError) as error:
            _log.warning("what was posted to the webhook is no update (%s)", type(error).__name__)
            return _answer(HTTPStatus.BAD_REQUEST)
        try:
            await arrivals.keep([update])
        except Exception as error:  # noqa: BLE001  # whatever it was, it is not stored: Telegram must post it again
            _log.error("update %s cannot be stored (%s)", update.update_id, type(error).__name__)
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer(HTTPStatus.OK)

    return take


async def _body(request: Request) -> bytes | None:
    """Return the body; None where it is too large, without reading all of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _answer(status: HTTPStatus) -> Response:
    return Response(status_code=status)


def _derived(key: str, purpose: str) -> str:
    return hmac.new(key.encode(), purpose.encode(), sha256).hexdigest()
