"""The share of units that must be done with a duty: where the city or a district stands against it."""

from collections.abc import Sequence

from bot.wording.phrases import Voice, bold, safe
from storage.targets import Target

_RANKED = 5


def target_lines(voice: Voice, targets: Sequence[Target]) -> list[str]:
    """Return where the targets in force stand, each with its date and the districts that are short; notice 二(五)."""
    p = voice.p
    told: list[str] = []
    for target in targets:
        duty = f"{voice.title(voice.law.rulebook.rule(target.duty).title)} {voice.period(target.period)}"
        told += [
            "",
            bold(duty),
            p.text(
                "Target: {percent}% of the units, {until}",
                percent=target.percent,
                until=f"{voice.deadline(target.due_on)} · {voice.distance(target.due_on)}",
            ),
            p.text("Done: {done} of {total} units", done=target.done, total=target.total),
        ]
        short = [row for row in target.rows if row.short]
        if not short:
            told.append(p.text("Every district has reached {percent}%.", percent=target.percent))
        told += [
            p.plural(
                "{district}: {n} unit short of {percent}%",
                "{district}: {n} units short of {percent}%",
                row.short,
                district=safe(row.district_name),
                percent=target.percent,
            )
            for row in short[:_RANKED]
        ]
        if len(short) > _RANKED:
            rest = len(short) - _RANKED
            told.append(p.plural("and {n} more district", "and {n} more districts", rest))
    return told
