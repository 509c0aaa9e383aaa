"""What a notification tells, as values: the facts as they are when it is sent. The words are the channel's.

Reading them is in `jobs.briefing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from obligations.calendar import Coverage
from obligations.notice import Level
from obligations.terms import Occasion
from storage.alarms import AlarmName
from storage.endings import Ending, Unsucceeded
from storage.models import Evidence, NotificationKind
from storage.outages import Away
from storage.overview import Counts, DistrictRow, Item, Page, Undeliverable
from storage.rulings import Change
from storage.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """It is not sent, because it no longer matters to its reader."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderItem:
    """One stage of a reminder.

    ``mark`` is what this reminder stands for, in days from the date: -10 ten days before, 0 the day itself, 3 three
    days overdue. ``nth`` counts the reader's reminders of this stage and date, this one included. ``days_left``
    is counted to the day it is sent, negative when overdue.
    """

    item: Item
    mark: int
    nth: int
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderBrief:
    """A morning's reminder: what this reader's organisation must still do, the most pressing first.

    ``missed`` is set where Duewatch did not run at the hour of one that is in it.
    """

    today: date
    items: tuple[ReminderItem, ...]
    missed: Away | None = None

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of."""
        return tuple(each.item.stage_id for each in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionBrief:
    """What became of a submission. ``by`` is the organisation that decided, ``next_checker`` who is next.

    ``correction_due_on`` is set after a return, and is inclusive.
    """

    kind: NotificationKind
    item: Item
    reason: str | None
    correction_due_on: date | None
    by: str
    next_checker: str | None

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of."""
        return (self.item.stage_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedItem:
    """One stage whose date was changed, or that was let go, and what changed it."""

    item: Item
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBrief:
    """What an authority or a new notice changed about the dates of this reader's duties.

    ``items`` are the first of ``total``. ``level`` is the reader's.
    """

    level: Level
    items: tuple[ChangedItem, ...]
    total: int

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it names."""
        return tuple(each.item.stage_id for each in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBrief:
    """What happened, and the duties this reader's organisation has from it.

    Where several things happened on one day, to several units, ``note`` and ``document`` are empty and the items say
    whose they are. ``happened_to`` is set where it was another organisation than the reader's own. ``by`` is the office
    that recorded it, empty where it followed from a missed date by itself.
    """

    occasion: Occasion
    happened_on: date
    happened_to: str | None
    note: str
    document: str
    by: str
    items: tuple[Item, ...]

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of."""
        return tuple(item.stage_id for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingBrief:
    """Something was handed over and waits for this reader's check.

    ``item`` is None where the reader hears of a queue and more than one thing is in it. ``next_check`` is the
    reader's own stage, with its date; ``files`` is the evidence of ``item``.
    """

    item: Item | None
    queue_total: int
    next_check: Item | None
    files: tuple[Evidence, ...]

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of."""
        return () if self.item is None else (self.item.stage_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestBrief:
    """A supervisor's page for the day. The pages hold the first items and the totals, ``overdue_ids`` every id.

    ``ending`` is set for a district that has ended and goes on acting, ``unsucceeded`` for the municipality.
    ``late`` says that it comes well after its hour, ``missed`` when Duewatch did not run at its hour or at that of one
    before it, ``held_up`` that it was to go before and did not. ``calendar_ends`` is set for the municipality while the
    next year of working days is to be added. All empty means that all is in order.
    """

    organisation_id: int
    organisation_name: str
    level: Level
    today: date
    late: bool
    overdue: Page
    overdue_ids: tuple[int, ...]
    waiting: Page
    blocked: Page
    due_next: Page
    without_contact: tuple[str, ...]
    undeliverable: tuple[Undeliverable, ...]
    calendar_ends: Coverage | None
    ending: Ending | None = None
    unsucceeded: tuple[Unsucceeded, ...] = ()
    missed: Away | None = None
    held_up: bool = False

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of: everything overdue, in the text or behind its button."""
        return self.overdue_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyBrief:
    """A lead's page for the week: numbers, the districts worst first, the targets in force while they are open.

    ``overdue_before`` and ``overdue_units_before`` are the numbers of the digest before, None in the first week;
    ``before`` is that digest's week, for example ``2024-W08``, None where that is not on record. ``calendar_ends`` is set
    while the next year of working days is to be added, ``missed`` and ``held_up`` as in a day's digest.
    """

    organisation_name: str
    week: str
    today: date
    late: bool
    counts: Counts
    districts: tuple[DistrictRow, ...]
    targets: tuple[Target, ...]
    overdue_before: int | None
    overdue_units_before: int | None
    calendar_ends: Coverage | None
    before: str | None = None
    missed: Away | None = None
    held_up: bool = False

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of: none one by one."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What came from another district, or went to one: its units, their open duties, and how many wait for a check."""

    district_name: str
    units: int
    stages: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOnBrief:
    """What passed to the reader's district and from it on a day, when units moved or a district ended.

    ``ending`` is set where the reader's own district has ended by now.
    """

    passed_on: date
    came: tuple[Share, ...]
    went: tuple[Share, ...]
    ending: Ending | None

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of: none one by one."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachableBrief:
    """Somebody of the level below who could not be reached by any channel.

    ``items`` are the first of ``total`` duties they should have been told of; ``reason`` is what the channel said.
    ``enrolled`` says that an address of theirs is still on: then no invitation is wanted.
    """

    contact_name: str
    organisation_name: str
    reason: str
    items: tuple[Item, ...]
    total: int
    enrolled: bool = False

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of."""
        return tuple(item.stage_id for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A contact by name, with the organisation's."""

    contact_name: str
    organisation_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmBrief:
    """Something wrong with the running of Duewatch, as it stands now; for administrators.

    ``detail`` depends on what it is about (`jobs.watch`). ``cleared_at`` is set once it is over, ``again`` where the
    reader was told before. ``contacts`` are the first of those concerned, ``further`` how many of all of them the reader
    was not told of before; 0 in the first message.
    """

    name: AlarmName
    subject: str
    detail: Mapping[str, Any]
    raised_at: datetime
    cleared_at: datetime | None
    again: bool
    contacts: tuple[Named, ...]
    further: int = 0

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages it tells of: none."""
        return ()


Single = (
    ReminderBrief
    | DecisionBrief
    | EventBrief
    | ChangeBrief
    | WaitingBrief
    | PassedOnBrief
    | DigestBrief
    | WeeklyBrief
    | UnreachableBrief
    | AlarmBrief
)
"""What one notification tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One notification of a bundle, by its id, and what it tells."""

    notification_id: int
    brief: Single


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleBrief:
    """Several notifications that are late, as one message: the most urgent first, each short.

    ``late_since`` is when the first of them should have been there. ``missed`` is set where Duewatch did not run,
    ``held_up`` where one of them was to go before and did not; else they only come late.
    """

    late_since: datetime
    missed: Away | None
    held_up: bool
    parts: tuple[Part, ...]

    @property
    def stage_ids(self) -> tuple[int, ...]:
        """The stages its parts tell of."""
        return tuple(dict.fromkeys(stage_id for part in self.parts for stage_id in part.brief.stage_ids))


Brief = Single | BundleBrief
