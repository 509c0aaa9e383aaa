"""A year of the law as an SVG document or a PNG picture. Both are pure: the same law and year give the same bytes."""

from typing import Final

import resvg_py

from bot.timeline.agenda import agenda
from bot.timeline.fonts import Face, chinese_face
from bot.timeline.layout import laid_out
from bot.timeline.shapes import Group, Label, Picture
from bot.timeline.svg import svg
from bot.timeline.words import Script
from locales.printer import Printer
from obligations.law import Law
from obligations.terms import SECTOR_GROUPS, Sector

SECTORS = (*SECTOR_GROUPS, *(sector.value for sector in Sector if sector.value not in SECTOR_GROUPS))
"""The words a timeline may be asked for: a group of sectors, or one."""

LARGEST: Final = 9_990
"""Width and height of a PNG together, in pixels: what a chat takes as a picture, less what rounding may add."""


def timeline_svg(law: Law, year: int, sector: str, p: Printer) -> str:
    """Return the timeline of a calendar year for one of `SECTORS`, as SVG with its glyphs embedded.

    Raises:
        MissingFontError: there is no font to measure with and to embed.
        NothingDueError: no notice speaks of the year.
        ValueError: there is no such sector.
    """
    picture, face = _drawn(law, year, sector, p)
    return svg(picture, family=face.family, font=face.subset(_letters(picture)))


def timeline_png(law: Law, year: int, sector: str, p: Printer) -> bytes:
    """Return the timeline of a calendar year for one of `SECTORS`, as PNG, 1080 pixels wide.

    One that would be too high for a chat is made smaller as a whole.

    It may be called from several threads at once; it takes about a second.

    Raises:
        MissingFontError: there is no font to draw with.
        NothingDueError: no notice speaks of the year.
        ValueError: there is no such sector.
    """
    picture, face = _drawn(law, year, sector, p)
    return resvg_py.svg_to_bytes(
        svg_string=svg(picture, family=face.family),
        zoom=min(1.0, LARGEST / (picture.width + picture.height)),
        font_files=[str(face.path)],
        skip_system_fonts=True,
        font_family=face.family,
    )


def _drawn(law: Law, year: int, sector: str, p: Printer) -> tuple[Picture, Face]:
    sectors = SECTOR_GROUPS.get(sector) or frozenset({Sector(sector)})
    face = chinese_face()
    return laid_out(Script(agenda(law, year, sectors), p), face), face


def _letters(picture: Picture) -> str:
    return "".join(text for group in picture.groups for text in _texts(group))


def _texts(group: Group) -> list[str]:
    return [shape.text for shape in group.shapes if isinstance(shape, Label)]
