"""``duewatch rules timeline``: a year of the rulebook as a picture."""

from pathlib import Path

import click

from bot.cli.terminal import Refusal, law, misused
from locales.printer import Printer
from obligations.periods import FIRST_YEAR, LAST_YEAR
from obligations.terms import SECTOR_GROUPS, Sector

_SECTORS = [*SECTOR_GROUPS, *(sector.value for sector in Sector if sector.value not in SECTOR_GROUPS)]
_SUFFIXES = (".svg", ".png")


@click.command()
@click.option(
    "--year",
    type=click.IntRange(FIRST_YEAR, LAST_YEAR),
    required=True,
    help="The calendar year of the dates.",
)
@click.option("--sector", type=click.Choice(_SECTORS), default="all", help="For which units; all by default.")
@click.option(
    "--language",
    type=click.Choice(["zh", "en"]),
    help="Language of the picture; otherwise that of the answers.",
)
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where to write it: a name in .svg or .png.",
)
@click.pass_obj
def timeline(p: Printer, *, year: int, sector: str, language: str | None, file: Path) -> None:
    """Draw who owes what by when in a year, and to whom it is handed over, as SVG or PNG."""
    # The other commands start in half the time without the fonts.
    from bot.timeline.agenda import NothingDueError  # noqa: PLC0415
    from bot.timeline.fonts import MissingFontError  # noqa: PLC0415
    from bot.timeline.pictures import timeline_png, timeline_svg  # noqa: PLC0415

    suffix = file.suffix.lower()
    if suffix not in _SUFFIXES:
        misused(p.text("{file}: name the picture .svg or .png", file=file))
    speaker = p if language is None else Printer.for_language(language)
    try:
        if suffix == ".svg":
            drawn = timeline_svg(law(), year, sector, speaker).encode()
        else:
            drawn = timeline_png(law(), year, sector, speaker)
    except MissingFontError as error:
        raise Refusal(
            p.text(
                "no font with Chinese characters; install the Python package {package}, or the system's "
                "fonts-noto-cjk; looked in {folders}",
                package=error.package,
                folders=p.listed([str(folder) for folder in error.folders]),
            )
        ) from None
    except NothingDueError:
        misused(p.text("no notice speaks of {year}; name another year", year=year))
    try:
        file.write_bytes(drawn)
    except OSError as error:
        raise Refusal(
            p.text("{file} cannot be written: {reason}", file=file, reason=error.strerror or error)
        ) from None
    click.echo(p.text("Written: {file}", file=file))
