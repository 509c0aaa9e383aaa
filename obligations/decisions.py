"""Who may do what to a stage, and what follows for its neighbours in the chain.

One obligation is a chain of stages: each is submitted by its actor and accepted or returned by the level
above, whose acceptance completes that level's own check. Only statuses are decided here: dates are in
`obligations.deadlines`, what an authority may change about them in `obligations.authority`, and who did it and why
is recorded by the caller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from obligations.notice import Level


class Status(StrEnum):
    """What was last decided on a stage."""

    OPEN = "open"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    WAIVED = "waived"


class Action(StrEnum):
    """What someone does to a stage."""

    SUBMIT = "submit"
    ACCEPT = "accept"
    RETURN = "return"


class Refusal(StrEnum):
    """Why an action is refused."""

    NOT_YOURS = "not_yours"
    """The action belongs to another level."""
    ALREADY_DECIDED = "already_decided"
    """The stage was accepted or waived; nothing more is decided on it."""
    ALREADY_SUBMITTED = "already_submitted"
    """The stage is handed over: there is no date left to move."""
    NOTHING_TO_CHECK = "nothing_to_check"
    """The stage is not handed over, so it can be neither accepted nor returned."""
    WAITING_UPSTREAM = "waiting_upstream"
    """A stage before is not accepted yet; accepting it completes the next one's check."""
    CHECKED_ABOVE = "checked_above"
    """The level above is checking what was handed on; it must return that before it can be passed down."""
    NATIONAL_LIMIT = "national_limit"
    """The nation dates it too, and no municipality can put it off beyond that. ``number``, ``on``."""
    NATIONAL_DUTY = "national_duty"
    """The nation asks for it, and no municipality can let it go. ``number``, ``on`` where it gives a date."""
    NOT_LATER = "not_later"
    """An extension must be later than the present date. ``on``."""
    IN_THE_PAST = "in_the_past"
    """The date has passed already. ``on``."""
    STRICTER_DATE = "stricter_date"
    """A notice gives a stricter date, which counts whatever is announced. ``number``, ``on``."""
    TOO_FAR = "too_far"
    """The date lies years ahead, so it was most likely mistyped. ``on``."""
    DATE_IS_GIVEN = "date_is_given"
    """The notice gives the date, or gives none: there is none for an authority to set."""
    DATE_IS_ANNOUNCED = "date_is_announced"
    """An authority announces the date: it is moved by announcing another."""
    KEPT = "kept"
    """It is about material that is kept for a time: the notice and the registry alone say which, and none is late."""
    NO_DATE = "no_date"
    """There is no date yet that could be moved."""
    BEFORE_START = "before_start"
    """It was due before the keeping of duties began here, and will never be made. ``on``: the first day kept."""
    NOBODY_OWES_IT = "nobody_owes_it"
    """Nobody it would be for owes this step."""


class DecisionRefused(Exception):  # noqa: N818 - a refusal answers the asker; it is no fault
    """The law or the chain does not allow the action; ``refusal`` says why, with the arguments its code names."""

    def __init__(self, refusal: Refusal, *, number: str | None = None, on: date | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal: Final = refusal
        self.number: Final = number
        self.on: Final = on


class HasStatus(Protocol):
    """Whatever stands in a chain."""

    @property
    def status(self) -> Status:
        """What was last decided on it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One stage of a chain, as far as deciding goes. ``checked_by`` none: the actor's own word is final."""

    actor: Level
    checked_by: Level | None
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A stage, by its position in the chain, and the status it has from now on."""

    position: int
    status: Status


TRANSITIONS: Final[Mapping[tuple[Status, Action], Status]] = MappingProxyType(
    {
        (Status.OPEN, Action.SUBMIT): Status.SUBMITTED,
        (Status.SUBMITTED, Action.SUBMIT): Status.SUBMITTED,  # a replacement upload
        (Status.RETURNED, Action.SUBMIT): Status.SUBMITTED,
        (Status.SUBMITTED, Action.ACCEPT): Status.ACCEPTED,
        (Status.SUBMITTED, Action.RETURN): Status.RETURNED,
        (Status.ACCEPTED, Action.RETURN): Status.RETURNED,  # only to pass down what was returned from above
    }
)
"""What each action makes of each status, where the chain allows it. What is missing is refused."""

SETTLED: Final = (Status.ACCEPTED, Status.WAIVED)
"""The statuses on which nothing more is decided by submitting or checking."""


def decide(chain: Sequence[Link], position: int, action: Action, *, by: Level) -> tuple[Change, ...]:
    """Return what changes in ``chain`` when ``by`` takes ``action`` on the stage at ``position``.

    The first change is the stage's own; a second is the neighbour's that follows from it. A re-submission
    changes nothing but the time, and is still returned as a change to ``SUBMITTED``.

    Raises:
        DecisionRefused: ``by`` may not do this, or the chain is not there yet.
        IndexError: there is no stage at ``position``.
    """
    if not 0 <= position < len(chain):
        raise IndexError(f"a chain of {len(chain)} stages has no position {position}")
    stage = chain[position]
    if not _may(stage, action, by):
        raise DecisionRefused(Refusal.NOT_YOURS)
    if (stage.status, action) not in TRANSITIONS:
        raise DecisionRefused(
            Refusal.ALREADY_DECIDED if stage.status in SETTLED else Refusal.NOTHING_TO_CHECK
        )
    match action:
        case Action.SUBMIT:
            return _submit(chain, position)
        case Action.ACCEPT:
            return _accept(chain, position)
        case Action.RETURN:
            return _return(chain, position)


def following(chain: Sequence[HasStatus], position: int) -> int | None:
    """Return the position of the stage after one; what was let go stands for nothing. None where none follows."""
    later = range(position + 1, len(chain))
    return next((each for each in later if chain[each].status is not Status.WAIVED), None)


def _may(stage: Link, action: Action, by: Level) -> bool:
    match action:
        case Action.SUBMIT:
            return by is stage.actor
        case Action.ACCEPT | Action.RETURN:
            return by is stage.checked_by


def _submit(chain: Sequence[Link], position: int) -> tuple[Change, ...]:
    if any(earlier.status not in SETTLED for earlier in chain[:position]):
        raise DecisionRefused(Refusal.WAITING_UPSTREAM)
    return (Change(position=position, status=_handed_over(chain[position])),)


def _accept(chain: Sequence[Link], position: int) -> tuple[Change, ...]:
    accepted = Change(position=position, status=Status.ACCEPTED)
    after = following(chain, position)
    if after is None or not _checks(chain[after], chain[position]):
        return (accepted,)
    return (accepted, Change(position=after, status=_handed_over(chain[after])))


def _return(chain: Sequence[Link], position: int) -> tuple[Change, ...]:
    returned = Change(position=position, status=Status.RETURNED)
    if chain[position].status is Status.SUBMITTED:
        return (returned,)
    after = following(chain, position)
    if after is None or not _checks(chain[after], chain[position]):
        raise DecisionRefused(Refusal.ALREADY_DECIDED)
    if chain[after].status is not Status.RETURNED:
        raise DecisionRefused(Refusal.CHECKED_ABOVE)
    return (returned, Change(position=after, status=Status.OPEN))


def _handed_over(stage: Link) -> Status:
    return Status.ACCEPTED if stage.checked_by is None else Status.SUBMITTED


def _checks(stage: Link, before: Link) -> bool:
    """Tell whether accepting the stage ``before`` settles this one, its checker's own."""
    return stage.actor is before.checked_by and stage.status not in SETTLED
