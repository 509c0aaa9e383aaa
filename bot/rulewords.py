"""How a rule says when, how often, for whom and to whom, in words: for the register a bureau hangs on its wall."""

from collections.abc import Set as AbstractSet
from datetime import date

from locales.printer import Printer
from obligations.notice import Level
from obligations.periods import Period, PeriodKind
from obligations.terms import (
    SECTOR_GROUPS,
    Arises,
    BeforeEvent,
    Deadline,
    External,
    Fixed,
    MonthEndPlus,
    Occasion,
    Once,
    Parameter,
    Recipient,
    Recurrence,
    Retention,
    Sector,
    SubmitPlus,
    Threshold,
    Undated,
    WorkingDays,
)

_COMMON_YEAR = 2023
_OTHER_SECTORS = SECTOR_GROUPS["non-power"] - {Sector.STEEL, Sector.CEMENT, Sector.ALUMINIUM}
"""What is not in the national market yet."""


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
        case External(set_by=Level.DISTRICT):
            return p.text("set by the district bureau that gave the order or the penalty")
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
    # The last day of February is the 28th here: a notice's day exists in every year.
    said = p.day(date(_COMMON_YEAR, month, day), today=date(_COMMON_YEAR, 1, 1))
    match offset:
        case -1:
            return p.text("by {date} of the year before, that day included", date=said)
        case 0:
            return p.text("by {date} of the year, that day included", date=said)
        case 1:
            return p.text("by {date} of the year after, that day included", date=said)
        case _ if offset < 0:
            return p.text("by {date}, {years} years before, that day included", date=said, years=-offset)
        case _:
            return p.text("by {date}, {years} years after, that day included", date=said, years=offset)


def period(p: Printer, given: Period) -> str:
    """Return a period as people say it: 2024年1月, 2023年度, 2021、2022年度."""
    match given.kind:
        case PeriodKind.MONTH if p.chinese:
            return f"{given.start.year}年{given.start.month}月"
        case PeriodKind.MONTH:
            return p.day(given.start).split(" ", 1)[1]
        case PeriodKind.YEAR:
            return p.text("{year}", year=given.start.year)
        case PeriodKind.SPAN:
            return p.text("{first} and {last}", first=given.start.year, last=given.end.year)


def sector(p: Printer, given: Sector) -> str:
    """Return one sector's name."""
    match given:
        case Sector.POWER:
            return p.text("power")
        case Sector.PETROCHEMICAL:
            return p.text("petrochemicals")
        case Sector.CHEMICAL:
            return p.text("chemicals")
        case Sector.BUILDING_MATERIALS:
            return p.text("building materials")
        case Sector.STEEL:
            return p.text("steel")
        case Sector.NONFERROUS:
            return p.text("non-ferrous metals")
        case Sector.PAPER:
            return p.text("paper")
        case Sector.AVIATION:
            return p.text("aviation")
        case Sector.CEMENT:
            return p.text("cement")
        case Sector.ALUMINIUM:
            return p.text("aluminium smelting")


def sectors(p: Printer, given: AbstractSet[Sector]) -> str:
    """Return several sectors by the name of their group where they are one, else each by its name."""
    if given == SECTOR_GROUPS["all"]:
        return p.text("all sectors")
    if given == SECTOR_GROUPS["non-power"]:
        return p.text("all but power")
    if given == _OTHER_SECTORS:
        return p.text("all but power, steel, cement and aluminium smelting")
    return p.listed([sector(p, each) for each in Sector if each in given])


def fuels(p: Printer, given: AbstractSet[str]) -> str:
    """Return which units of its sectors a rule binds, by what they burn."""
    words = {"coal": p.text("coal"), "gas": p.text("gas")}
    return p.text(
        "only units that burn {fuels}", fuels=p.listed([words.get(each, each) for each in sorted(given)])
    )


def occasion(p: Printer, given: Arises) -> str:
    """Return what must happen before a duty is owed."""
    match given.occasion:
        case Occasion.DEFAULT:
            return p.text("where a unit did not surrender in full and in time")
        case Occasion.UNFIT_EVIDENCE:
            return p.text("where monthly evidence is late, non-conforming, incomplete or unclear")
        case Occasion.ANOMALY:
            return p.text("where data are abnormal, or a clue says so")
        case Occasion.COMPLAINT:
            return p.text("where there is a complaint, or a clue passed down")
        case Occasion.LICENCE_CANCELLATION:
            return p.text("where a unit ceases to exist, before its licence is cancelled")
        case Occasion.PENALTY:
            return p.text("where a penalty was decided")
        case Occasion.VIOLATION_CLUE:
            return p.text("where there is a clue of a breach of the law")
        case Occasion.USE_OF_CCER:
            return p.text("where a unit offsets with CCER")


def threshold(p: Printer, given: Threshold) -> str:
    """Return the share or the number a duty is measured against."""
    of = given.of.of(p.language)
    least = given.bound == "at_least"
    if given.percent is not None:
        if least:
            return p.text("at least {percent} % of {of}", percent=given.percent, of=of)
        return p.text("at most {percent} % of {of}", percent=given.percent, of=of)
    if least:
        return p.text("at least {pieces}: {of}", pieces=given.pieces, of=of)
    return p.text("at most {pieces}: {of}", pieces=given.pieces, of=of)


def span(p: Printer, first: Period, last: Period | None) -> str:
    """Return from which period through which a rule speaks; without ``last`` it has no end."""
    if last is None:
        return p.text("from {period}", period=period(p, first))
    if last == first:
        return p.text("for {period}", period=period(p, first))
    return p.text("for {first} to {last}", first=period(p, first), last=period(p, last))


def years(p: Printer, given: Parameter) -> str:
    """Return for which report years a parameter holds."""
    last = None if given.last is None else Period.year(given.last)
    return span(p, Period.year(given.first), last)
