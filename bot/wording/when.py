"""By when a duty is to be done, told in the chat: the reader's own steps, or the dates the law gives, sector by sector."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from bot import rulewords
from bot.explaining import SECOND_HAND, cited, headline
from bot.screen import Button, Press, Screen
from bot.wording import footnotes
from bot.wording.phrases import Voice, bold, label, lines, safe
from obligations.binding import Binding, BoundDate
from obligations.rules import Stage
from obligations.terms import Sector
from storage.overview import Item


def own(voice: Voice, items: Sequence[Item]) -> Screen:
    """Say by when the reader's own open steps of a duty are due, each with a button to its card."""
    p = voice.p
    parts = [bold(p.text("Your dates"))]
    rows = []
    for item in items:
        named = f"{voice.rule(item)} {voice.period(item.period)} · {voice.stage(item)}"
        parts += ["", named, voice.until(item)]
        rows.append((Button(label(named), Press.to("st", item.stage_id)),))
    return Screen(html=lines(parts), rows=tuple(rows))


def by_law(
    voice: Voice,
    told: Sequence[tuple[AbstractSet[Sector], Binding, Sequence[tuple[Stage, BoundDate]]]],
) -> Screen:
    """Say by when each step of a duty is due for a period, by whom of which sectors, and by which clause."""
    p = voice.p
    parts: list[str] = []
    for sectors, binding, steps in told:
        parts += [
            *([""] if parts else []),
            bold(f"{voice.title(binding.rule.title)} {rulewords.period(p, binding.period)}")
            + f" · {safe(rulewords.sectors(p, sectors))}",
        ]
        for stage, bound in steps:
            said = p.text(
                "{actor}: {title}, {deadline} ({clause})",
                actor=rulewords.level(p, stage.actor),
                title=voice.title(stage.title),
                deadline=safe(headline(p, bound.date)),
                clause=safe(cited(bound.said[0])),
            )
            parts.append("· " + said)
    if any(SECOND_HAND in part for part in parts):
        parts += ["", footnotes.second_hand(voice)]
    return Screen(html=lines(parts))


def binds_nobody(voice: Voice, sectors: AbstractSet[Sector], general: Sequence[str]) -> Screen:
    """Say that a duty is not one of the sectors that were named, and then what the notices say of it."""
    said = voice.p.text(
        "This duty does not bind the sector {sector}.", sector=rulewords.sectors(voice.p, sectors)
    )
    return Screen(html=lines([safe(said), "", *general]))
