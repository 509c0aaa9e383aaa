"""A supervisor's page: the day's for districts and the municipality, the week's for municipal leads."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from bot.screen import Button, Press, Screen
from bot.wording import endings, footnotes
from bot.wording.catching_up import digest_late
from bot.wording.lists import done_line, late_line
from bot.wording.phrases import Voice, bold, lines, safe
from bot.wording.targets import target_lines
from bot.wording.working_days import calendar_ends
from jobs.briefs import DigestBrief, WeeklyBrief
from obligations.calendar import Coverage
from obligations.notice import Level
from storage.overview import DistrictRow, Item, Page

_LONGEST_LIST: Final = 20
_SHORT_LIST: Final = 3
_RANKED: Final = 5


def daily(voice: Voice, brief: DigestBrief) -> Screen:
    """Return the day's page: what is overdue and whose it is, what waits for this office, what is due next."""
    p = voice.p
    day = p.day(brief.today, today=voice.today, weekday=True)
    parts: list[str | None] = [
        bold(p.text("Daily digest · {date}", date=day)),
        safe(brief.organisation_name),
        digest_late(voice, brief.missed, late=brief.late, held_up=brief.held_up),
        endings.own_hint(voice, brief.ending) if brief.ending is not None else None,
    ]
    if _all_in_order(brief):
        parts += ["", _nothing(voice, brief), *_calendar_ends(voice, brief.calendar_ends)]
        return Screen(html=lines(parts), rows=_daily_rows(voice, brief))
    parts += ["", *_overdue(voice, brief)]
    parts += _section(voice, p.text("Waiting for your check: {n}", n=brief.waiting.total), brief.waiting)
    parts += _section(voice, p.text("Blocked by the step before: {n}", n=brief.blocked.total), brief.blocked)
    parts += _section(voice, p.text("Due within 5 days: {n}", n=brief.due_next.total), brief.due_next)
    parts += _unreachable(voice, brief)
    parts += endings.unsucceeded(voice, brief.unsucceeded)
    parts += _calendar_ends(voice, brief.calendar_ends)
    parts += footnotes.explained(voice, parts)
    named = tuple(item.stage_id for item in _own(brief)[:_LONGEST_LIST])
    return Screen(html=lines(parts), rows=_daily_rows(voice, brief), stages=named)


def weekly(voice: Voice, brief: WeeklyBrief) -> Screen:
    """Return the week's page: the numbers against those of the digest before, the districts worst first, the targets."""
    p = voice.p
    counts = brief.counts
    parts: list[str | None] = [
        bold(p.text("Weekly digest · {week}", week=_week(voice, brief.week))),
        safe(brief.organisation_name),
        digest_late(voice, brief.missed, late=brief.late, held_up=brief.held_up),
        "",
        p.text("Overdue: {n}", n=counts.overdue) + _trend(voice, brief, counts.overdue, brief.overdue_before),
        p.text("Units overdue: {n}", n=counts.overdue_units)
        + _trend(voice, brief, counts.overdue_units, brief.overdue_units_before),
        p.text("Waiting for a check: {n}", n=counts.waiting),
        p.text("Due within 5 days: {n}", n=counts.due_soon),
        done_line(voice, counts),
    ]
    parts += _ranking(voice, brief.districts)
    parts += target_lines(voice, brief.targets)
    parts += _calendar_ends(voice, brief.calendar_ends)
    return Screen(
        html=lines(parts),
        rows=(
            (
                Button(p.text("Who is overdue"), Press.to("od", 0, 0)),
                Button(p.text("By district"), Press.to("ods")),
            ),
        ),
    )


def _all_in_order(brief: DigestBrief) -> bool:
    pages = (brief.overdue, brief.waiting, brief.blocked, brief.due_next)
    told = brief.without_contact or brief.undeliverable or brief.unsucceeded
    return not any(page.total for page in pages) and not told


def _nothing(voice: Voice, brief: DigestBrief) -> str:
    """Say that there is nothing to do; all is in order only where the working days are known for long enough."""
    if brief.calendar_ends is None:
        return voice.p.text("Nothing is overdue and nothing is waiting. All is in order.")
    return voice.p.text("Nothing is overdue and nothing is waiting.")


def _calendar_ends(voice: Voice, ends: Coverage | None) -> list[str]:
    """Return the line that asks for the next year of working days; nothing while they reach far enough."""
    if ends is None:
        return []
    return ["", calendar_ends(voice.p, ends)]


def _overdue(voice: Voice, brief: DigestBrief) -> list[str]:
    """Return what is overdue: each duty of an organisation's own, then the offices' checks, one line a duty."""
    p = voice.p
    if not brief.overdue.total:
        return [p.text("Nobody is overdue.")]
    told = [bold(p.plural("{n} duty overdue", "{n} duties overdue", brief.overdue.total))]
    own = _own(brief)
    for index, item in enumerate(own[:_LONGEST_LIST], start=1):
        district = f" · {voice.organisation(item.district_name)}" if _names_district(brief, item) else ""
        told += [f"{index}. {bold(voice.organisation(item.actor_name))}{district}", late_line(voice, item)]
    told += _checks(voice, [item for item in brief.overdue.items if item.actor_id != item.subject_id])
    rest = brief.overdue.total - len(brief.overdue.items) + max(0, len(own) - _LONGEST_LIST)
    if rest > 0:
        told.append(p.plural("and {n} more", "and {n} more", rest))
    return told


def _own(brief: DigestBrief) -> list[Item]:
    """Return the overdue duties of organisations' own, which are named one by one; checks are only counted."""
    return [item for item in brief.overdue.items if item.actor_id == item.subject_id]


def _checks(voice: Voice, items: Sequence[Item]) -> list[str]:
    """Return the checks that offices owe, many units of one duty and period in one line."""
    p = voice.p
    groups: dict[tuple[int, str, str, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.actor_id, item.rule, item.stage, item.period), []).append(item)
    told = []
    for members in groups.values():
        first = min(members, key=lambda item: item.act_by_on or date.max)
        told.append(f"• {bold(voice.organisation(first.actor_name))} · {voice.stage(first)}")
        count = p.plural("{n} item", "{n} items", len(members))
        late = "" if first.act_by_on is None else f" · {voice.distance(first.act_by_on)}{voice.mark(first)}"
        told.append(f"  {voice.rule(first)} {voice.period(first.period)} · {count}{late}")
    return told


def _names_district(brief: DigestBrief, item: Item) -> bool:
    return brief.level is Level.MUNICIPAL and item.actor_level is Level.UNIT and bool(item.district_name)


def _section(voice: Voice, head: str, page: Page) -> list[str]:
    """Return a heading and the first few items; nothing where there are none."""
    if not page.total:
        return []
    told = ["", bold(head)]
    for item in page.items[:_SHORT_LIST]:
        stage = "" if item.actor_id == item.subject_id else f" · {voice.stage(item)}"
        told.append(
            f"• {voice.organisation(item.subject_name)} · {voice.rule(item)} {voice.period(item.period)}{stage}"
        )
        told.append(f"  {voice.state(item)}")
    rest = page.total - min(len(page.items), _SHORT_LIST)
    if rest > 0:
        told.append(voice.p.plural("and {n} more", "and {n} more", rest))
    return told


def _unreachable(voice: Voice, brief: DigestBrief) -> list[str]:
    p = voice.p
    told: list[str] = []
    if brief.without_contact:
        names = p.listed([safe(name) for name in brief.without_contact[:_RANKED]])
        told += ["", p.text("No contact who can be reached: {names}", names=names)]
        rest = len(brief.without_contact) - _RANKED
        if rest > 0:
            told.append(p.plural("and {n} more", "and {n} more", rest))
    if brief.undeliverable:
        names = p.listed(
            [
                f"{safe(each.organisation_name)} {safe(each.contact_name)}"
                for each in brief.undeliverable[:_RANKED]
            ]
        )
        told += ["", p.text("Messages do not arrive: {names}", names=names)]
    return told


def _daily_rows(voice: Voice, brief: DigestBrief) -> tuple[tuple[Button, ...], ...]:
    p = voice.p
    row = [Button(p.text("Who is overdue"), Press.to("od", 0, 0))]
    if brief.waiting.total:
        row.append(Button(p.text("Waiting for my check"), Press.to("rv", 0)))
    return (tuple(row),)


def _trend(voice: Voice, brief: WeeklyBrief, now: int, before: int | None) -> str:
    """Return how a number has changed since the digest before: last week's, or an earlier one, which is then named."""
    if before is None:
        return ""
    change = now - before
    if brief.before is not None and not _is_next(brief.before, brief.week):
        since = _week(voice, brief.before)
        if change == 0:
            return voice.p.text(" (as in {week})", week=since)
        if change > 0:
            return voice.p.text(" ({week}: {before}, up {change})", week=since, before=before, change=change)
        return voice.p.text(" ({week}: {before}, down {change})", week=since, before=before, change=-change)
    if change == 0:
        return voice.p.text(" (as last week)")
    if change > 0:
        return voice.p.text(" (last week {before}, up {change})", before=before, change=change)
    return voice.p.text(" (last week {before}, down {change})", before=before, change=-change)


def _is_next(before: str, week: str) -> bool:
    first, second = (date.fromisoformat(f"{each}-1") for each in (before, week))
    return second - first <= timedelta(weeks=1)


def _ranking(voice: Voice, districts: Sequence[DistrictRow]) -> list[str]:
    p = voice.p
    late = [row for row in districts if row.overdue][:_RANKED]
    if not late:
        return ["", p.text("No district has anything overdue.")]
    told = ["", bold(p.text("Most overdue:"))]
    for index, row in enumerate(late, start=1):
        rate = row.on_time_rate
        on_time = "" if rate is None else " · " + p.text("on time {percent}%", percent=int(rate * 100))
        overdue = p.plural("{n} duty overdue", "{n} duties overdue", row.overdue)
        told.append(f"{index}. {safe(row.district_name)} · {overdue}{on_time}")
    return told


def _week(voice: Voice, week: str) -> str:
    year, _, number = week.partition("-W")
    return voice.p.text("week {number} of {year}", number=int(number), year=year)
