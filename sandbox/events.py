"""Waking those who wait, and the stream of events the page follows.

One event loop owns all of it; nothing here is for threads.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

_KEPT: Final = 5_000


class Signal:
    """Something many can wait for, again and again."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        """Wake everyone who waits now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait for the next firing; False when it does not come within the given seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEvent:
    """Something the page shows as it happens."""

    event_id: str
    kind: str
    body: dict[str, Any]


class EventStream:
    """The latest events, numbered, so that a page that lost its connection takes up where it was."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)  # numbers of an earlier process must not look like ours
        self._events: deque[PageEvent] = deque(maxlen=_KEPT)
        self._count = 0
        self.signal: Final = Signal()

    @property
    def last_id(self) -> str:
        """The id after which everything is still to come."""
        return f"{self._run}-{self._count}"

    def publish(self, kind: str, **body: Any) -> None:  # noqa: ANN401  any JSON value is a field
        """Add an event and wake the pages."""
        self._count += 1
        self._events.append(PageEvent(event_id=self.last_id, kind=kind, body=body))
        self.signal.fire()

    def since(self, event_id: str) -> list[PageEvent] | None:
        """Return what came after an event; None when that is forgotten and the page must start afresh."""
        run, _, number = event_id.partition("-")
        if run != self._run or not number.isdecimal():
            return None
        missed = self._count - int(number)
        if not 0 <= missed <= len(self._events):
            return None
        return list(self._events)[len(self._events) - missed :]
