"""Why a due date is what it is: a closed set of codes with arguments. The words are elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ReasonCode(StrEnum):
    """One step of the reasoning. Each names its arguments; every ``_on`` is a date, inclusive."""

    MONTH_END_PLUS = "month_end_plus"
    """Natural days after the month ends, day 1 the 1st of the next. ``period``, ``days``, ``due_on``."""
    FIXED_DATE = "fixed_date"
    """The notice names the day of the year, that day included. ``due_on``."""
    ONE_OFF_DATE = "one_off_date"
    """The notice names the date, once, that day included. ``due_on``."""
    AFTER_SUBMISSION = "after_submission"
    """Days from the hand-over upstream, its day not counted. ``submitted_on``, ``days``, ``counted_on``."""
    LAST_SUBMISSION_COUNTS = "last_submission_counts"
    """It was handed over more than once; the last time counts. ``count``, ``submitted_on``."""
    CAPPED = "capped"
    """The count would go past the cap, which never moves. ``counted_on``, ``cap_on``."""
    NOT_SUBMITTED_CAP = "not_submitted_cap"
    """Nothing was handed over yet: the cap, until it is. ``cap_on``."""
    NOT_SUBMITTED_EXPECTED = "not_submitted_expected"
    """Nothing was handed over: counted from the last day for it. ``expected_on``, ``days``, ``due_on``."""
    UPSTREAM_AFTER_CAP = "upstream_after_cap"
    """Upstream handed over after this stage's cap: no default of its actor. ``submitted_on``, ``cap_on``."""
    INTERNAL_TARGET = "internal_target"
    """What to aim for once excused, not past the next stage's date. ``target_on``, ``days``."""
    CHAIN_AT_RISK = "chain_at_risk"
    """Using all the days would go past the date of the stage that follows. ``counted_on``, ``limit_on``."""
    AFTER_FINDING = "after_finding"
    """Working days after the finding, whose day is not counted. ``found_on``, ``days``, ``due_on``."""
    STARTS_WHEN_FOUND = "starts_when_found"
    """No finding is recorded; the count starts with one. ``days``."""
    BEFORE_EVENT = "before_event"
    """The last day before the event. ``event_on``, ``due_on``."""
    EVENT_NOT_RECORDED = "event_not_recorded"
    """The date of the event is not recorded. No arguments."""
    KEEP_THROUGH = "keep_through"
    """The last day to keep; then disposal is allowed, not demanded. ``period``, ``months``, ``due_on``."""
    ANNOUNCED = "announced"
    """An authority announced the date. ``due_on``."""
    NOT_ANNOUNCED = "not_announced"
    """An authority sets the date and has not announced it. No arguments."""
    NO_DATE = "no_date"
    """The notice gives no date. No arguments."""
    SAFE_TARGET = "safe_target"
    """前 could be read to exclude the day itself: be done earlier to be safe. ``target_on``, ``days``."""
    ROLLED = "rolled"
    """The date fell on a day off and moved to the next working day. ``from_on``, ``to_on``."""
    ROLL_CAPPED = "roll_capped"
    """The date fell on a day off and moved no further than its cap. ``from_on``, ``cap_on``."""
    CALENDAR_NOT_PUBLISHED = "calendar_not_published"
    """It rests on working days not published yet. ``through_on`` is the last published day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One step of the reasoning, with the arguments its code names. Dates are in Asia/Shanghai."""

    code: ReasonCode
    arguments: Mapping[str, str | int | date]
