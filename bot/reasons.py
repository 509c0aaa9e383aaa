"""Why a due date is what it is, as sentences: one for each code of `obligations.reasons`."""

from collections.abc import Callable, Mapping
from datetime import date

from locales.printer import Printer
from obligations.reasons import Reason, ReasonCode

Sentence = Callable[[Printer, Mapping[str, object]], str]

_SENTENCES: Mapping[ReasonCode, Sentence] = {
    ReasonCode.MONTH_END_PLUS: lambda p, a: p.text(
        "Within {days} natural days after {period} ends, the 1st of the next month being day 1: through 24:00 on {due_on}.",
        **a,
    ),
    ReasonCode.FIXED_DATE: lambda p, a: p.text(
        "The notice names the date: by {due_on}, that day included.", **a
    ),
    ReasonCode.ONE_OFF_DATE: lambda p, a: p.text(
        "The notice names this date once: by {due_on}, that day included.", **a
    ),
    ReasonCode.AFTER_SUBMISSION: lambda p, a: p.text(
        "{days} natural days after the hand-over on {submitted_on}, that day not counted: {counted_on}.", **a
    ),
    ReasonCode.LAST_SUBMISSION_COUNTS: lambda p, a: p.text(
        "It was handed over {count} times; the last, on {submitted_on}, counts.", **a
    ),
    ReasonCode.CAPPED: lambda p, a: p.text(
        "The count alone would give {counted_on}; the last day allowed is {cap_on}.", **a
    ),
    ReasonCode.NOT_SUBMITTED_CAP: lambda p, a: p.text(
        "Nothing was handed over yet: provisionally the last day allowed, {cap_on}.", **a
    ),
    ReasonCode.NOT_SUBMITTED_EXPECTED: lambda p, a: p.text(
        "Nothing was handed over yet: provisionally {days} days after the last day for it, {expected_on}: {due_on}.",
        **a,
    ),
    ReasonCode.UPSTREAM_AFTER_CAP: lambda p, a: p.text(
        "The step before was handed over on {submitted_on}, after {cap_on}: this office is not in default.",
        **a,
    ),
    ReasonCode.INTERNAL_TARGET: lambda p, a: p.text(
        "To aim for all the same: {target_on}, {days} days after the hand-over at most.", **a
    ),
    ReasonCode.CHAIN_AT_RISK: lambda p, a: p.text(
        "Using every day until {counted_on} would miss the date of the step that follows, {limit_on}.", **a
    ),
    ReasonCode.AFTER_FINDING: lambda p, a: p.text(
        "{days} working days after the finding on {found_on}, that day not counted, make-up days counted: {due_on}.",
        **a,
    ),
    ReasonCode.STARTS_WHEN_FOUND: lambda p, a: p.text(
        "The count of {days} working days starts with the finding; none is recorded.", **a
    ),
    ReasonCode.BEFORE_EVENT: lambda p, a: p.text(
        "Before the event on {event_on}: {due_on} at the latest.", **a
    ),
    ReasonCode.EVENT_NOT_RECORDED: lambda p, a: p.text("The date of the event is not recorded yet.", **a),
    ReasonCode.KEEP_THROUGH: lambda p, a: p.text(
        "To be kept for {months} months after {period}: through {due_on}. Disposal is allowed afterwards, not required.",
        **a,
    ),
    ReasonCode.ANNOUNCED: lambda p, a: p.text("An authority announced the date: {due_on}.", **a),
    ReasonCode.NOT_ANNOUNCED: lambda p, a: p.text(
        "An authority sets the date and has not announced it yet.", **a
    ),
    ReasonCode.NO_DATE: lambda p, a: p.text("The notice gives no date.", **a),
    ReasonCode.SAFE_TARGET: lambda p, a: p.text(
        "“Before” may be read to exclude the day itself; to be safe, be done by {target_on}.", **a
    ),
    ReasonCode.ROLLED: lambda p, a: p.text(
        "{from_on} is a day off; the date moves to the next working day, {to_on}.", **a
    ),
    ReasonCode.ROLL_CAPPED: lambda p, a: p.text(
        "{from_on} is a day off, but the last day allowed, {cap_on}, does not move.", **a
    ),
    ReasonCode.CALENDAR_NOT_PUBLISHED: lambda p, a: p.text(
        "The working days after {through_on} are not published yet: provisional.", **a
    ),
    ReasonCode.DAYS_COUNTED: lambda p, a: p.text("Counted: {days}.", **a),
    ReasonCode.DAYS_OFF: lambda p, a: p.text("Not counted, because days off: {days}.", **a),
    ReasonCode.MAKE_UP_DAYS: lambda p, a: p.text(
        "Counted although at a weekend, because worked in exchange for a holiday: {days}.", **a
    ),
    ReasonCode.STRICTEST_BINDS: lambda p, a: p.text(
        "More than one notice dates this; the strictest binds: {number}, {due_on}.", **a
    ),
    ReasonCode.OTHER_NOTICE: lambda p, a: p.text("{number} says: {due_on}.", **a),
    ReasonCode.SUPERSEDED_NOTICE: lambda p, a: p.text(
        "{number} said {due_on}; the later {by} takes its place.", **a
    ),
    ReasonCode.SECOND_HAND: lambda p, a: p.text(
        "† The text of {number} was read second-hand: check it against the official page.", **a
    ),
    ReasonCode.EXTENDED: lambda p, a: p.text(
        "The date was {from_on}; it was moved to {to_on} by {document}: {reason}", **a
    ),
    ReasonCode.WAIVED: lambda p, a: p.text("The duty was waived by {document}: {reason}", **a),
    ReasonCode.SET_BY_DOCUMENT: lambda p, a: p.text("Announced by {document}.", **a),
}


def sentence(p: Printer, reason: Reason) -> str:
    """Return a reason as a sentence; dates are said in full, in Asia/Shanghai."""
    said = {name: _said(p, value) for name, value in reason.arguments.items()}
    return _SENTENCES[reason.code](p, said)


def _said(p: Printer, value: object) -> object:
    match value:
        case date():
            return p.day(value)
        case tuple():
            return p.listed([p.day(day) for day in value])
        case _:
            return value
