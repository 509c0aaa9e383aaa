"""What is said when somebody cannot be reached, and when a message may have come before."""

from dataclasses import replace

from bot.screen import Button, Press, Screen
from bot.wording.phrases import Voice, bold, lines, safe
from jobs.briefs import UnreachableBrief


def unreachable(voice: Voice, brief: UnreachableBrief) -> Screen:
    """Tell the office above who gets no messages any more, and of what they should have been told."""
    p = voice.p
    parts: list[str | None] = [
        bold(p.text("Messages no longer arrive")),
        f"{voice.organisation(brief.organisation_name)} · {safe(brief.contact_name)}",
    ]
    rows = []
    if brief.items:
        parts += ["", p.text("They have not heard of:")]
    for index, item in enumerate(brief.items):
        number = voice.numbered(index, len(brief.items))
        whose = "" if item.actor_id == item.subject_id else f" · {voice.organisation(item.subject_name)}"
        parts += [f"{number}{voice.duty(item)}{whose}", voice.until(item)]
        rows.append((Button(number + p.text("Open"), Press.to("st", item.stage_id)),))
    rest = brief.total - len(brief.items)
    if brief.items and rest > 0:
        parts.append(p.plural("and {n} more", "and {n} more", rest))
    asked = p.text("Please tell them in another way.")
    if not brief.enrolled:
        asked = p.text(
            "Please tell them in another way, and ask the administrator for a new invitation for them."
        )
    parts += ["", asked]
    return Screen(html=lines(parts), rows=tuple(rows))


def perhaps_again(voice: Voice, screen: Screen) -> Screen:
    """Add to a message that it may have come before."""
    said = voice.p.text("This message may have reached you before; if so, there is nothing more to do.")
    return replace(screen, html=f"{screen.html}\n\n<i>{said}</i>")
