"""Districts that have ended: what passed on, who acts now, and what is still without a successor."""

from collections.abc import Sequence

from bot.screen import Button, Press, Screen
from bot.wording.phrases import Voice, bold, lines, safe
from jobs.briefs import PassedOnBrief, Share
from storage.endings import Ending, Unsucceeded


def passed_on(voice: Voice, brief: PassedOnBrief) -> Screen:
    """Tell a district what came to it or went from it, and who acts from now on."""
    p = voice.p
    day = p.day(brief.passed_on, today=voice.today)
    parts: list[str | None] = [bold(p.text("Duties passed on")), p.text("From {date} on:", date=day)]
    for share in brief.came:
        parts += ["", p.text("From {district}", district=safe(share.district_name)), _counted(voice, share)]
    for share in brief.went:
        parts += ["", p.text("To {district}", district=safe(share.district_name)), _counted(voice, share)]
    if brief.ending is not None:
        parts += ["", own_hint(voice, brief.ending)]
    waiting = sum(share.waiting for share in brief.came)
    rows = ((Button(p.text("Waiting for my check"), Press.to("rv", 0)),),) if waiting else ()
    return Screen(html=lines(parts), rows=rows)


def hint(voice: Voice, ending: Ending) -> str:
    """Say of a district somebody asks about that it has ended, and whose answer follows."""
    if ending.successor_name is None or ending.handed_over_on is None:
        return _goes_on(voice, ending)
    return voice.p.text(
        "{district} became part of {successor} on {date}; this is {successor}.",
        district=safe(ending.district_name),
        successor=safe(ending.successor_name),
        date=voice.p.day(ending.handed_over_on),
    )


def own_hint(voice: Voice, ending: Ending) -> str:
    """Say to the people of a district that it has ended, and what that means for them."""
    if ending.successor_name is None or ending.handed_over_on is None:
        return _goes_on(voice, ending)
    return voice.p.text(
        "{district} became part of {successor} on {date}. What it handled until then can be read here; "
        "everything open is with {successor}.",
        district=safe(ending.district_name),
        successor=safe(ending.successor_name),
        date=voice.p.day(ending.handed_over_on),
    )


def unsucceeded(voice: Voice, rows: Sequence[Unsucceeded]) -> list[str]:
    """Return the municipality's lines on districts that have ended without a successor; nothing where there are none."""
    if not rows:
        return []
    p = voice.p
    told = ["", bold(p.text("Ended, without a successor:"))]
    for row in rows:
        day = p.day(row.last_on, today=voice.today)
        opened = p.plural("{n} open duty", "{n} open duties", row.stages)
        acts = p.text("its office goes on acting") if row.reachable else p.text("nobody acts")
        told.append(
            p.text(
                "• {district}: last day {date}, {duties}, {who}",
                district=safe(row.district_name),
                date=day,
                duties=opened,
                who=acts,
            )
        )
    told.append(p.text("Name the successor in the registry, column 承接单位, and import it again."))
    return told


def _goes_on(voice: Voice, ending: Ending) -> str:
    return voice.p.text(
        "{district} ended on {date}. Until its successor is named its office goes on acting.",
        district=safe(ending.district_name),
        date=voice.p.day(ending.last_on),
    )


def _counted(voice: Voice, share: Share) -> str:
    p = voice.p
    duties = p.plural("{n} open duty", "{n} open duties", share.stages)
    said = duties
    if share.units:
        units = p.plural("{n} unit", "{n} units", share.units)
        said = p.text("{units}, {duties}", units=units, duties=duties)
    if share.waiting:
        waits = p.plural("{n} waits for a check", "{n} wait for a check", share.waiting)
        said = p.text("{duties}, of which {waiting}", duties=said, waiting=waits)
    return said
