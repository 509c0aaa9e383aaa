"""What one rulebook says that another does not: duties, dates and words, for which sectors and periods.

Values only; `obligations.comparison` finds them. Whom they concern by name is elsewhere.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from obligations.notice import Notice
from obligations.periods import Period
from obligations.rules import Rule, Stage
from obligations.terms import Deadline, Sector


class Aspect(StrEnum):
    """What else than its date is said of a duty or a step."""

    TITLE = "title"
    STEP = "step"
    CLAUSE = "clause"
    EVIDENCE = "evidence"
    RECIPIENT = "recipient"
    CHANNEL = "channel"
    CHECKER = "checker"
    CONDITIONS = "conditions"
    NIL_REPORT = "nil_report"
    FUELS = "fuels"
    THRESHOLD = "threshold"
    PARAMETERS = "parameters"
    ROLL = "roll"
    OCCASION = "occasion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """How the notice that binds gives a step's date."""

    notice: str
    version: str
    clause: str
    second_hand: bool
    deadline: Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """A step's dates for one period, in Asia/Shanghai, inclusive; None where there is none by itself."""

    period: Period
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redated:
    """A step that another date binds, or the same date by another notice, in some periods; in their order."""

    stage: str
    before: Given
    after: Given
    dates: tuple[Dates, ...]

    @property
    def same_dates(self) -> bool:
        """Whether only the notice or the way the date is given changed."""
        return all(each.before == each.after for each in self.dates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reworded:
    """Something else that is said otherwise, of the whole duty where ``stage`` is None."""

    stage: str | None
    aspect: Aspect
    before: object
    after: object
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """A step that the chain gains or loses."""

    stage: str
    added: bool
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyDifference:
    """What changes of one duty for some sectors.

    ``rule`` gives the chain afterwards, or gave it where nothing does afterwards. ``taken_over_by`` is the duty that
    takes its place where it ends, ``instead_of`` the one whose place it takes where it is added.
    """

    duty: str
    sectors: frozenset[Sector]
    rule: Rule
    added: tuple[Period, ...] = ()
    ended: tuple[Period, ...] = ()
    taken_over_by: str | None = None
    instead_of: str | None = None
    steps: tuple[Stage, ...] = ()
    """The steps that something changes of while the duty goes on, as they are afterwards where they still are."""
    stages: tuple[StageChange, ...] = ()
    redated: tuple[Redated, ...] = ()
    """Step by step, each in the order of its periods."""
    reworded: tuple[Reworded, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.added or self.ended or self.stages or self.redated or self.reworded)

    @property
    def touched(self) -> tuple[Stage, ...]:
        """Return the steps that something changes of: all of the chain where it does of the duty itself."""
        if self.added or self.ended or any(each.stage is None for each in self.reworded):
            names = {stage.name for stage in self.rule.stages}
            return (*self.rule.stages, *(stage for stage in self.steps if stage.name not in names))
        return self.steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What ``after`` says that ``before`` does not, for dates from ``since`` through ``through``, both inclusive."""

    since: date
    through: date
    notices_added: tuple[Notice, ...]
    notices_ended: tuple[Notice, ...]
    notices_changed: tuple[Notice, ...]
    """The same version with another text."""
    duties: tuple[DutyDifference, ...]
