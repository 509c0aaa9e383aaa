"""What stands under a duty: what its report is to be done by, and what the mark of a second-hand text means."""

from collections.abc import Sequence

from bot.wording.phrases import Voice, safe
from obligations.parameters import Applied


def second_hand(voice: Voice) -> str:
    """Say what the mark † means."""
    return voice.p.text("† Read second-hand: check it against the official page before relying on it.")


def explained(voice: Voice, parts: Sequence[str | None]) -> list[str]:
    """Return the line that says what the mark † means, after a gap; nothing where no part of a message has it."""
    return ["", second_hand(voice)] if any("†" in part for part in parts if part) else []


def parameter(voice: Voice, applied: Applied) -> str:
    """Return what a report is to be done by, and which notice says so."""
    return voice.p.text(
        "{name}: {value} ({notice})",
        name=voice.title(applied.parameter.name),
        value=voice.title(applied.parameter.value),
        notice=safe(applied.source.notice.number) + (" †" if applied.source.second_hand else ""),
    )
