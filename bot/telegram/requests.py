"""How calls of the Bot API are made: the library's own requests, where they need a word more."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx
from telegram.error import BadRequest, RetryAfter, TimedOut
from telegram.request import HTTPXRequest

_WAIT_UNSAID: Final = timedelta(seconds=30)
"""How long to wait where Telegram says only that it was too much."""

_KNOWN_REFUSALS: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class Requests(HTTPXRequest):
    """The library's own requests, with two answers told apart that it takes for a broken network."""

    async def do_request(self, *given: Any, **named: Any) -> tuple[int, bytes]:  # noqa: ANN401  # the library's own
        """Do a request.

        Raises:
            RetryAfter: too many requests, also where the server does not say how long to wait.
            BadRequest: any other refusal that the library has no error of its own for, such as 413.
        """
        code, payload = await super().do_request(*given, **named)
        if code == HTTPStatus.TOO_MANY_REQUESTS and b"retry_after" not in payload:
            raise RetryAfter(_WAIT_UNSAID)
        if HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR and code not in _KNOWN_REFUSALS:
            raise BadRequest(f"refused with status {code}")
        return code, payload


class UpdateRequests(Requests):
    """The one connection by which updates are fetched; nobody else uses it.

    Fetching that is cancelled at the wrong moment leaves the library's connection taken for ever: then it is made anew,
    or the bot would never hear anything again.
    """

    async def do_request(self, *given: Any, **named: Any) -> tuple[int, bytes]:  # noqa: ANN401  # the library's own
        """Do a request, with a new connection where the old one is not given back."""
        try:
            return await super().do_request(*given, **named)
        except TimedOut as error:
            if not isinstance(error.__cause__, httpx.PoolTimeout):
                raise
        await self.shutdown()
        await self.initialize()
        return await super().do_request(*given, **named)
