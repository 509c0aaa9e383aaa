"""How far the working days are known, in words: for digests and the command line."""

from locales.printer import Printer
from obligations.calendar import Coverage


def calendar_ends(p: Printer, coverage: Coverage) -> str:
    """Return that the working days end soon or have ended, and whom to ask for the next year."""
    through = p.day(coverage.through)
    if coverage.days_left < 0:
        return p.text(
            "Working days are known only through {date}; later ones are a guess. "
            "Please have an administrator add the arrangement of the next year.",
            date=through,
        )
    return p.plural(
        "Working days are known only through {date} ({n} day left). "
        "Please have an administrator add the arrangement of the next year.",
        "Working days are known only through {date} ({n} days left). "
        "Please have an administrator add the arrangement of the next year.",
        coverage.days_left,
        date=through,
    )
