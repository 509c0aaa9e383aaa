"""The law as one value: the rulebook and the working-day calendar it is counted with.

Passed to whatever decides or materialises. It holds no state and reads no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Self

from obligations.binding import Binding, BoundDate, bind, bindings, bound_date
from obligations.calendar import WorkingCalendar, load_calendar
from obligations.deadlines import NO_FACTS, Facts
from obligations.notice import Rulebook, load_rulebook
from obligations.periods import Period
from obligations.terms import Sector

NOTICES = "notices"
CALENDARS = "calendars"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Law:
    """A rulebook with the calendar its working days are counted on. One is equal to itself only."""

    rulebook: Rulebook
    calendar: WorkingCalendar

    @classmethod
    def shipped(cls) -> Self:
        """Return the notices and the calendar that come with this release.

        Raises:
            NoticeError: a shipped notice is malformed.
        """
        return cls(rulebook=load_rulebook(), calendar=load_calendar())

    @classmethod
    def load(cls, folder: Path | None) -> Self:
        """Return what ships, and what an administrator added in ``notices`` and ``calendars`` of a folder.

        Raises:
            NoticeError: a notice is faulty, or does not fit the others.
            CalendarError: a calendar file is faulty.
        """
        if folder is None:
            return cls.shipped()
        return cls(rulebook=load_rulebook(added=folder / NOTICES), calendar=load_calendar(folder / CALENDARS))

    def on(self, day: date) -> "Law":
        """Return the law as it stands on ``day``: the notices in force by then, and the same calendar."""
        return _on(self, tuple(notice.in_force_on <= day for notice in self.rulebook.notices))

    def binding(
        self,
        duty: str,
        period: Period,
        *,
        sectors: frozenset[Sector] | None = None,
        made: tuple[str, str] | None = None,
    ) -> Binding:
        """Return the notices that bind ``sectors`` for a duty and period; see `obligations.binding.bind`.

        Raises:
            UnknownRule: there is no such duty.
            DeadlineError: no notice binds the sectors in this period.
        """
        return bind(self.rulebook, duty, period, sectors=sectors, made=made)

    def bindings(self, duty: str, period: Period) -> Mapping[frozenset[Sector], Binding]:
        """Return the sectors that are bound by the same notices, with what binds them."""
        return bindings(self.rulebook, duty, period)

    def date(
        self, binding: Binding, stage: str, *, facts: Facts = NO_FACTS, roll: str | None = None
    ) -> BoundDate:
        """Return the date that counts for a stage, with every notice's own.

        Raises:
            DeadlineError: the chain has no such stage, or ``roll`` is unknown.
        """
        return bound_date(binding, stage, calendar=self.calendar, facts=facts, roll=roll)


@lru_cache(maxsize=64)
def _on(law: Law, in_force: tuple[bool, ...]) -> Law:
    """One law for every day on which the same notices are in force: what is worked out of it once, stays."""
    if all(in_force):
        return law
    kept = tuple(notice for notice, holds in zip(law.rulebook.notices, in_force, strict=True) if holds)
    return Law(rulebook=Rulebook(notices=kept), calendar=law.calendar)
