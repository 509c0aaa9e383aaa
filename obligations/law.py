"""The law as one value: the rulebook and the working-day calendar it is counted with.

Passed to whatever decides or materialises. It holds no state and reads no clock.
"""

from dataclasses import dataclass
from typing import Self

from obligations.calendar import WorkingCalendar, load_calendar
from obligations.notice import Rulebook, load_rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A rulebook with the calendar its working days are counted on."""

    rulebook: Rulebook
    calendar: WorkingCalendar

    @classmethod
    def shipped(cls) -> Self:
        """Return the notices and the calendar that come with this release.

        Raises:
            NoticeError: a shipped notice is malformed.
        """
        return cls(rulebook=load_rulebook(), calendar=load_calendar())
