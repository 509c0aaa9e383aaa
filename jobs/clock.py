"""What a clock is. The clocks themselves are in the composition roots; nothing here reads one."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Something that says what time it is: the system's clock, or a virtual one."""

    def now(self) -> datetime:
        """Return the present instant, aware."""
        ...
