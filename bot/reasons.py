"""Why a due date is what it is, as sentences: one for each code of `obligations.reasons`."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from bot import rulewords
from locales.printer import Printer
from obligations.periods import Period
from obligations.reasons import Reason, ReasonCode

_SPAN = 3
"""From how many days on a span is said by its first and last."""

Sentence = Callable[[Printer, Mapping[str, object]], str]

_SENTENCES: Mapping[ReasonCode, Sentence] = {
    ReasonCode.MONTH_END_PLUS: lambda p, a: p.text(
        "{days} natural days after {period} ends, the 1st of the next month being day 1: through 24:00 on {due_on}.",
        **a,
    ),
    ReasonCode.FIXED_DATE: lambda p, a: p.text(
        "The notice names the day of the year: {due_on}, that day included.", **a
    ),
    ReasonCode.ONE_OFF_DATE: lambda p, a: p.text(
        "The notice names this one date: {due_on}, that day included.", **a
    ),
    ReasonCode.AFTER_SUBMISSION: lambda p, a: p.text(
        "{days} natural days after the hand-over on {submitted_on}, that day not counted: {counted_on}.", **a
    ),
    ReasonCode.LAST_SUBMISSION_COUNTS: lambda p, a: p.text(
        "It was handed over {count} times; the last, on {submitted_on}, counts.", **a
    ),
    ReasonCode.CAPPED: lambda p, a: p.text(
        "Counted alone that would be {counted_on}; but the last day allowed is {cap_on}.", **a
    ),
    ReasonCode.NOT_SUBMITTED_CAP: lambda p, a: p.text(
        "The step before has not handed over yet: for now the last day allowed counts, {cap_on}.", **a
    ),
    ReasonCode.NOT_SUBMITTED_EXPECTED: lambda p, a: p.text(
        "The step before has not handed over yet: for now {days} days after its own last day, {expected_on}, count: {due_on}.",
        **a,
    ),
    ReasonCode.UPSTREAM_AFTER_CAP: lambda p, a: p.text(
        "The step before handed over on {submitted_on}, only after {cap_on}: who acts here is not in default.",
        **a,
    ),
    ReasonCode.INTERNAL_TARGET: lambda p, a: p.text(
        "Aim for {target_on} all the same: no more than {days} days after the hand-over.", **a
    ),
    ReasonCode.TARGET_PASSED: lambda p, a: p.text(
        "The date of the whole chain, {target_on}, had passed before the hand-over: be done as soon as possible.",
        **a,
    ),
    ReasonCode.CHAIN_AT_RISK: lambda p, a: p.text(
        "Whoever uses every day until {counted_on} makes the step that follows miss its date, {limit_on}.",
        **a,
    ),
    ReasonCode.AFTER_FINDING: lambda p, a: p.text(
        "{days} working days after the finding on {found_on}, that day not counted, make-up days counted: {due_on}.",
        **a,
    ),
    ReasonCode.STARTS_WHEN_FOUND: lambda p, a: p.text(
        "{days} working days count from the day after the finding; no finding is recorded yet.", **a
    ),
    ReasonCode.BEFORE_EVENT: lambda p, a: p.text(
        "To be done before the event on {event_on}: the day before is the last, {due_on}.", **a
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
    ReasonCode.NOT_ORDERED: lambda p, a: p.text(
        "The district bureau that gave the order or the penalty sets the limit, and that limit counts; none is recorded yet.",
        **a,
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
        "The State Council has not published the working days after {through_on} yet: the date is provisional.",
        **a,
    ),
    ReasonCode.DAYS_COUNTED: lambda p, a: p.text("Working days counted: {days}.", **a),
    ReasonCode.DAYS_OFF: lambda p, a: p.text("Days off, not counted: {days}.", **a),
    ReasonCode.MAKE_UP_DAYS: lambda p, a: p.text(
        "A weekend, but counted, since it is worked in exchange for a holiday: {days}.", **a
    ),
    ReasonCode.STRICTEST_BINDS: lambda p, a: p.text(
        "Several notices date this; the strictest binds: {number}, {due_on}.", **a
    ),
    ReasonCode.OTHER_NOTICE: lambda p, a: p.text("By {number} it would be {due_on}.", **a),
    ReasonCode.SUPERSEDED_NOTICE: lambda p, a: p.text(
        "{number} gave {due_on}; the later {by} has replaced that.", **a
    ),
    ReasonCode.SECOND_HAND: lambda p, a: p.text(
        "† The text of {number} was read second-hand: check it against the official page.", **a
    ),
    ReasonCode.EXTENDED: lambda p, a: p.text(
        "The date was {from_on}; it was moved to {to_on} by {document}: {reason}", **a
    ),
    ReasonCode.WAIVED: lambda p, a: p.text("The duty was waived by {document}: {reason}", **a),
    ReasonCode.REDATED: lambda p, a: p.text(
        "The date was {from_on}; {number}, which came since, moved it to {to_on}.", **a
    ),
    ReasonCode.RECOUNTED: lambda p, a: p.text(
        "The date was {from_on}; by the working days that were published since it is {to_on}.", **a
    ),
    ReasonCode.DATED_SINCE: lambda p, a: p.text(
        "There was no date; {number}, which came since, gives it: {to_on}.", **a
    ),
    ReasonCode.SET_BY_DOCUMENT: lambda p, a: p.text("Announced by {document}.", **a),
}


def sentence(p: Printer, reason: Reason) -> str:
    """Return a reason as a sentence; dates are said in full, in Asia/Shanghai."""
    said = {name: _said(p, name, value) for name, value in reason.arguments.items()}
    return _SENTENCES[reason.code](p, said)


def _said(p: Printer, name: str, value: object) -> object:
    match value:
        case str() if name == "period":
            return rulewords.period(p, Period.parse(value))
        case date():
            return p.day(value, weekday=True)
        case tuple():
            return _days(p, value)
        case _:
            return value


def _days(p: Printer, days: tuple[date, ...]) -> str:
    """Say days in order, three or more that follow one another as a span; the year only where it is another."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    said: list[str] = []
    for run in runs:
        words = [p.day(day, today=days[0]) for day in run]
        if len(run) < _SPAN:
            said += words
        else:
            said.append(p.text("{since} to {through}", since=words[0], through=words[-1]))
    return p.listed(said)
