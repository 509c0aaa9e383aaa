"""Telegram's limits on sending, by real time: 30 a second in all, 1 in a chat, 20 a minute in a group."""

import math
import time
from collections.abc import Callable
from typing import Final

from sandbox.errors import too_many_requests

_OVERALL: Final = (30.0, 30.0)
_PRIVATE: Final = (3.0, 1.0)
_GROUP: Final = (20.0, 20.0 / 60.0)


class SendLimits:
    """Buckets of sends that fill up with time; an empty one refuses.

    Args:
        seconds: a monotonic clock in seconds.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._buckets: dict[object, tuple[float, float]] = {}

    def take(self, token: str, chat_id: int, count: int = 1) -> None:
        """Count messages to a chat.

        Raises:
            ApiError: 429 with the seconds to wait when that is too many; nothing is then counted.
        """
        size_and_rate = _GROUP if chat_id < 0 else _PRIVATE
        wanted = (((token,), _OVERALL), ((token, chat_id), size_and_rate))
        now = self._seconds()
        levels = {key: self._level(key, size, rate, now) for key, (size, rate) in wanted}
        waits = [(min(count, size) - levels[key]) / rate for key, (size, rate) in wanted]
        if max(waits) > 0:
            raise too_many_requests(max(1, math.ceil(max(waits))))
        for key, level in levels.items():
            self._buckets[key] = (level - count, now)

    def _level(self, key: object, size: float, rate: float, now: float) -> float:
        level, at = self._buckets.get(key, (size, now))
        return min(size, level + (now - at) * rate)
