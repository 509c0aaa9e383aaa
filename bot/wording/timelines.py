"""The timeline in the chat: what the picture shows, and the other years and sectors to choose."""

from collections.abc import Callable

from bot import rulewords
from bot.screen import Button, Drawing, Press, Screen
from bot.wording.phrases import Voice, bold, lines
from obligations.periods import FIRST_YEAR, LAST_YEAR
from obligations.terms import SECTOR_GROUPS, Sector

OFFERED = ("all", "power", "non-power", "steel", "cement", "aluminium")
"""The sectors that have a button: those the notices treat apart."""


def timeline(voice: Voice, year: int, sector: str, draw: Callable[[], bytes]) -> Screen:
    """Send the picture of a year, and offer the years beside it and the other sectors."""
    p = voice.p
    said = p.text("Timeline of {year} · {sectors}", year=year, sectors=_sectors(voice, sector))
    name = p.text("timeline-{year}-{sector}.png", year=year, sector=_sectors(voice, sector))
    return Screen(
        html=lines(
            [
                bold(said),
                p.text(
                    "Who owes what by when, and to whom it is handed over. Open the picture and enlarge it."
                ),
                p.text("Drawn from the text of the notice; not the diagram of its annex."),
            ]
        ),
        rows=_rows(voice, year, sector),
        attachments=(Drawing(name=name.replace("/", "-"), draw=draw),),
    )


def nothing_due(voice: Voice, year: int, sector: str, other: int) -> Screen:
    """Say that no notice speaks of a year, and offer one of which one does."""
    p = voice.p
    return Screen(
        html=p.text("No notice speaks of {year} for {sectors}.", year=year, sectors=_sectors(voice, sector)),
        rows=((Button(str(other), Press.to("tl", other, sector)),),),
    )


def no_font(voice: Voice) -> Screen:
    """Say that the server has no font to draw with, and who can help."""
    return Screen(
        html=voice.p.text(
            "The picture cannot be drawn: the server has no Chinese font. Please tell the administrator."
        )
    )


def _sectors(voice: Voice, sector: str) -> str:
    return rulewords.sectors(voice.p, SECTOR_GROUPS.get(sector) or frozenset({Sector(sector)}))


def _rows(voice: Voice, year: int, sector: str) -> tuple[tuple[Button, ...], ...]:
    years = tuple(
        Button(str(each), Press.to("tl", each, sector))
        for each in (year - 1, year + 1)
        if FIRST_YEAR <= each <= LAST_YEAR
    )
    others = [Button(_sectors(voice, each), Press.to("tl", year, each)) for each in OFFERED if each != sector]
    return (years, *(tuple(others[at : at + 3]) for at in range(0, len(others), 3)))
