"""How far a run has come: the moments of a plan."""

import asyncio
import time

from sandbox.seam import World
from tests.chaos.plan import Plan

_LOOK_EVERY = 0.05
_MOST = 0.8
"""The share of the messages after which every moment has come: the last ones may have been put off."""


class Progress:
    """How much of most of what is due has arrived; where that does not move on, how much of the longest time has passed."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._began = time.monotonic()

    @property
    def now(self) -> float:
        """The present moment: 0 at the beginning, 1 and more when every moment of the plan has come."""
        arrived = len(self._world.state.sent) / (_MOST * self._plan.units)
        return max(arrived, (time.monotonic() - self._began) / self._plan.longest)

    async def reaches(self, moment: float) -> None:
        """Wait for a moment."""
        while self.now < moment:  # noqa: ASYNC110  # it follows from others' doings, which nobody announces
            await asyncio.sleep(_LOOK_EVERY)
