"""How a rule says when, how often and to whom, in words: for the register a bureau hangs on its wall."""

from locales.printer import Printer
from obligations.notice import Level
from obligations.terms import (
    BeforeEvent,
    Deadline,
    External,
    Fixed,
    MonthEndPlus,
    Once,
    Recipient,
    Recurrence,
    Retention,
    SubmitPlus,
    Undated,
    WorkingDays,
)


def deadline(p: Printer, given: Deadline) -> str:
    """Return how a stage's date is given; a day named as «before» is included."""
    match given:
        case MonthEndPlus(days=days):
            return p.plural(
                "within {n} natural day after the month ends",
                "within {n} natural days after the month ends",
                days,
            )
        case Fixed(month=month, day=day, year_offset=offset):
            return _yearly(p, month, day, offset)
        case SubmitPlus(days=days, cap_day=None):
            return p.plural(
                "within {n} natural day of the hand-over", "within {n} natural days of the hand-over", days
            )
        case SubmitPlus(days=days, cap_day=cap):
            return p.plural(
                "within {n} natural day of the hand-over, by day {cap} of the next month at the latest",
                "within {n} natural days of the hand-over, by day {cap} of the next month at the latest",
                days,
                cap=cap,
            )
        case Once(on=day):
            return p.text("once, by {date}", date=p.day(day))
        case WorkingDays(days=days):
            return p.plural(
                "within {n} working day of the finding", "within {n} working days of the finding", days
            )
        case BeforeEvent():
            return p.text("before the event")
        case Retention(months=months):
            return p.plural("keep for at least {n} month", "keep for at least {n} months", months)
        case External():
            return p.text("set by an authority")
        case Undated():
            return p.text("no date in the notice")


def recurrence(p: Printer, often: Recurrence) -> str:
    """Return how often a rule makes a new obligation."""
    match often:
        case Recurrence.MONTHLY:
            return p.text("monthly")
        case Recurrence.YEARLY:
            return p.text("yearly")
        case Recurrence.ONCE:
            return p.text("once")
        case Recurrence.EVENT:
            return p.text("per event")
        case Recurrence.CONTINUOUS:
            return p.text("continuous")


def recipient(p: Printer, to: Recipient) -> str:
    """Return to whom a stage is handed over."""
    match to:
        case Recipient.UNIT | Recipient.DISTRICT | Recipient.MUNICIPAL:
            return level(p, Level(to.value))
        case Recipient.MINISTRY:
            return p.text("Ministry of Ecology and Environment")
        case Recipient.REGISTRY:
            return p.text("national registration institution for carbon allowances")
        case Recipient.PUBLIC:
            return p.text("the public")
        case Recipient.OTHER_DEPARTMENTS:
            return p.text("other departments")
        case Recipient.KEPT:
            return p.text("nobody; the record is kept for inspection")


def level(p: Printer, who: Level) -> str:
    """Return what kind of office or enterprise a level is."""
    match who:
        case Level.UNIT:
            return p.text("key emission unit")
        case Level.DISTRICT:
            return p.text("district bureau")
        case Level.MUNICIPAL:
            return p.text("municipal bureau")
        case Level.AGENCY:
            return p.text("technical service agency")


def _yearly(p: Printer, month: int, day: int, offset: int) -> str:
    match offset:
        case -1:
            return p.text("by {month}-{day} of the year before, that day included", month=month, day=day)
        case 0:
            return p.text("by {month}-{day} of the year, that day included", month=month, day=day)
        case 1:
            return p.text("by {month}-{day} of the year after, that day included", month=month, day=day)
        case _:
            return p.text(
                "by {month}-{day}, {offset} years from the year, that day included",
                month=month,
                day=day,
                offset=offset,
            )
