"""A year of the notices as a picture: for a unit its own sector's, for a bureau every sector's or the one it names."""

from functools import lru_cache, partial

from bot.handlers.desk import Desk
from bot.screen import MalformedPressError, Press, Screen
from bot.timeline.agenda import NothingDueError, agenda
from bot.timeline.fonts import MissingFontError, chinese_face
from bot.timeline.pictures import SECTORS, timeline_png
from bot.wording import timelines as wording
from locales.printer import Printer
from obligations.law import Law
from obligations.notice import Level
from obligations.periods import FIRST_YEAR, LAST_YEAR
from obligations.terms import SECTOR_GROUPS, Sector
from storage import organisations


def timeline(desk: Desk, press: Press) -> Screen:
    """Send the picture of a year, of this one where none is named. It is drawn after the transaction, and once."""
    year = press.number(0) if press.arguments else desk.today.year
    sector = press.word(1) if len(press.arguments) > 1 else _own_sector(desk)
    if sector not in SECTORS or not FIRST_YEAR <= year <= LAST_YEAR:
        raise MalformedPressError
    try:
        chinese_face()
        _speaks(desk.law, year, sector)
    except MissingFontError:
        return wording.no_font(desk.voice)
    except NothingDueError:
        return wording.nothing_due(
            desk.voice, year, sector, other=max(desk.today.year, _first_year(desk.law))
        )
    return wording.timeline(
        desk.voice, year, sector, partial(_drawn, desk.law, year, sector, desk.reader.language)
    )


def in_year(desk: Desk, period: str | None) -> Screen:
    """Send the picture of the year that a sentence names; of this year where it names none."""
    year = period[:4] if period is not None else ""
    if not year.isdigit():
        return timeline(desk, Press("tl"))
    return timeline(desk, Press.to("tl", year, _own_sector(desk)))


def _own_sector(desk: Desk) -> str:
    if desk.reader.level is not Level.UNIT:
        return "all"
    sector = organisations.get(desk.session, desk.reader.organisation_id).sector
    return "all" if sector is None else sector.value


@lru_cache(maxsize=64)
def _speaks(law: Law, year: int, sector: str) -> None:
    """Stop where no notice speaks of a year.

    Raises:
        NothingDueError: none does.
    """
    agenda(law, year, SECTOR_GROUPS.get(sector) or frozenset({Sector(sector)}))


@lru_cache(maxsize=24)
def _drawn(law: Law, year: int, sector: str, language: str) -> bytes:
    """Return a picture, drawn once: it takes about a second, and the law does not change while the bot runs."""
    return timeline_png(law, year, sector, Printer.for_language(language))


def _first_year(law: Law) -> int:
    return min(rule.first_period.start.year for notice in law.rulebook.notices for rule in notice.rules)
