"""What is said after a time in which Duewatch did not run: what was missed, what is late and why, what was lost."""

from dataclasses import replace

from bot.screen import Screen
from bot.wording.phrases import Voice
from storage.outages import Away


def reminders_missed(voice: Voice, away: Away) -> str:
    """Say above a reminder that it holds those of a time in which Duewatch did not run."""
    if away.times > 1:
        return voice.p.text(
            "Duewatch stopped several times between {since} and {until}; the reminders missed are combined below.",
            **_span(voice, away),
        )
    return voice.p.text(
        "Duewatch did not run from {since} to {until}; the reminders missed in that time are combined below.",
        **_span(voice, away),
    )


def digest_late(voice: Voice, away: Away | None, *, late: bool, held_up: bool) -> str | None:
    """Say that a digest is late and why, or that those before it never came; None where all is as always."""
    if away is None:
        if not late:
            return None
        if held_up:
            return voice.p.text("This digest is late: it could not be delivered earlier.")
        return voice.p.text("This digest is late.")
    if not late:
        return voice.p.text(
            "Duewatch did not run from {since} to {until}; the digests of that time were not sent.",
            **_span(voice, away),
        )
    return voice.p.text(
        "This digest is late: Duewatch did not run from {since} to {until}.", **_span(voice, away)
    )


def several_late(voice: Voice, away: Away | None, *, since: str, held_up: bool) -> str:
    """Say above several messages in one that they come only now, and why where that is on record."""
    if away is None and held_up:
        return voice.p.text(
            "Since {since} messages could not be delivered to you; what still matters is combined below.",
            since=since,
        )
    if away is None:
        return voice.p.text(
            "These messages come later than they should; what still matters since {since} is combined below.",
            since=since,
        )
    return voice.p.text(
        "Duewatch did not run from {since} to {until}; what still matters of that time is combined below.",
        **_span(voice, away),
    )


def with_what_was_lost(voice: Voice, screen: Screen, away: Away) -> Screen:
    """Add to the first message after a long outage that what its reader sent in that time may be lost."""
    said = voice.p.text(
        "Messages and files you sent here between {since} and {until} may not have been received. "
        "Please send them again.",
        **_span(voice, away),
    )
    return replace(screen, html=f"{screen.html}\n\n{said}" if screen.html else said)


def _span(voice: Voice, away: Away) -> dict[str, str]:
    return {
        "since": voice.p.moment(away.since, today=voice.today),
        "until": voice.p.moment(away.until, today=voice.today),
    }
