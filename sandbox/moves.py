"""Moving the play's clock in the background, one move at a time, while the page watches."""

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from sandbox.events import EventStream
from sandbox.staging import Play, Progress, Step
from sandbox.state import Json

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_log = logging.getLogger(__name__)


class BusyError(Exception):
    """The clock is moving already."""


class Moves:
    """The clock of a play.

    Args:
        play: whose clock it is.
        events: where the progress is told.
    """

    def __init__(self, play: Play, events: EventStream) -> None:
        self._play = play
        self._events = events
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._latest: Progress | None = None

    def state(self) -> Json:
        """Return where the clock stands and whether it moves."""
        moving = self._task is not None and not self._task.done()
        return {
            "now": self._play.now().isoformat(),
            "moving": moving,
            "done": self._latest.done if moving and self._latest else 0.0,
        }

    def start(self, step: Step) -> None:
        """Start a move.

        Raises:
            BusyError: when one is going on.
        """
        if self._task is not None and not self._task.done():
            raise BusyError
        self._stopping = False
        self._latest = None
        self._task = asyncio.create_task(self._move(step))

    def stop(self) -> None:
        """End the move at the next point where the play reports, so that it stands at a whole instant."""
        self._stopping = True

    async def shut(self) -> None:
        """End the move now: the server is going down."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _move(self, step: Step) -> None:
        failed = False
        self._tell(moving=True, done=0.0)
        try:
            # Closing the iterator is how a play learns that it was stopped; only generators can be closed.
            steps = cast("AsyncGenerator[Progress, None]", self._play.move(step))
            async with aclosing(steps):
                async for progress in steps:
                    self._latest = progress
                    note = dict(progress.note) if progress.note else None
                    self._tell(moving=True, done=progress.done, note=note)
                    if self._stopping:
                        break
        except Exception:  # noqa: BLE001  the play's failure is logged and shown; the server lives on
            _log.exception("the move of the clock failed")
            failed = True
        finally:
            self._tell(moving=False, done=1.0, failed=failed, stopped=self._stopping)

    def _tell(self, **told: object) -> None:
        self._events.publish("clock", now=self._play.now().isoformat(), **told)
