"""The refusals of the Bot API, with the codes and the words of the real one."""

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """A call refused: what becomes `{"ok": false, …}`."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(reason: str) -> ApiError:
    """400: the call cannot succeed however often it is repeated."""
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """403: the person or the group does not want this bot."""
    return ApiError(403, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiError:
    """409: two ways of receiving updates at once."""
    return ApiError(409, f"Conflict: {reason}")


def not_found() -> ApiError:
    """404: no such method."""
    return ApiError(404, "Not Found")


def unauthorized() -> ApiError:
    """401: no such bot."""
    return ApiError(401, "Unauthorized")


def too_large() -> ApiError:
    """413: the body is larger than the real server would read."""
    return ApiError(413, "Request Entity Too Large")


def too_many_requests(retry_after: int) -> ApiError:
    """429: `retry_after` in whole seconds, at least 1."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", {"retry_after": retry_after})
