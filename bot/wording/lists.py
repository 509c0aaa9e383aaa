"""The answers to questions: who is overdue, where a unit stands, how a district or the city is doing."""

from collections.abc import Sequence
from datetime import datetime

from bot.screen import IN_PLACE, Button, Press, Screen
from bot.wording import footnotes
from bot.wording.duties import paging
from bot.wording.phrases import Voice, bold, lines, plain, safe
from bot.wording.targets import target_lines
from obligations.notice import Level
from storage.models import Organisation
from storage.overview import Counts, DistrictRow, Item, Page
from storage.targets import Target

_LONGEST_STATUS = 12
"""How many steps of one unit are listed: what a screen of a phone or two holds."""


def overdue(
    voice: Voice,
    page: Page,
    *,
    scope: str,
    units: int,
    offset: int,
    district: int,
    now: datetime,
    choose_district: bool,
    edit: bool,
) -> Screen:
    """Answer «who is overdue», naming the scope and as of when."""
    p = voice.p
    as_of = p.text("{scope}, as of {moment}", scope=safe(scope), moment=p.moment(now, today=voice.today))
    choose = ((Button(p.text("By district"), Press.to("ods" + IN_PLACE)),),) if choose_district else ()
    if not page.items:
        return Screen(html=lines([bold(p.text("Nobody is overdue.")), as_of]), rows=choose, edit=edit)
    head = p.plural("{n} duty overdue", "{n} duties overdue", page.total)
    if units:
        duties = p.plural("{n} duty", "{n} duties", page.total)
        head = p.plural(
            "{n} unit overdue, {duties} in all", "{n} units overdue, {duties} in all", units, duties=duties
        )
    parts = [bold(head), as_of]
    for index, item in enumerate(page.items, start=offset + 1):
        parts += [
            "",
            f"{index}. <b>{voice.organisation(item.actor_name)}</b>{_where(voice, item) if choose_district else ''}",
            late_line(voice, item),
        ]
    parts += footnotes.explained(voice, parts)
    rows = tuple(
        (Button(f"{index}. {plain(item.actor_name)}", Press.to("st", item.stage_id)),)
        for index, item in enumerate(page.items, start=offset + 1)
    )
    turns = paging(voice, "od", page.total, offset, len(page.items), district)
    return Screen(html=lines(parts), rows=(*rows, *turns, *choose), edit=edit)


def late_line(voice: Voice, item: Item) -> str:
    """Return what is late and by how much, and for a check whose material it is."""
    said = f"{voice.rule(item)} {voice.period(item.period)}"
    if item.actor_id != item.subject_id:
        said += f" · {voice.stage(item)}"
        if item.actor_level is not Level.UNIT and item.subject_name != item.actor_name:
            said += f" · {voice.organisation(item.subject_name)}"
    if item.act_by_on is None:
        return said
    date = voice.p.day(item.act_by_on, today=voice.today) + voice.mark(item)
    was_due = voice.p.text("was due {date}", date=date)
    late = f"{said}\n{was_due} · {voice.distance(item.act_by_on)}"
    return late if item.correct_by_on is None else f"{late} · {voice.correction(item.correct_by_on)}"


def _where(voice: Voice, item: Item) -> str:
    if item.actor_level is not Level.UNIT or item.district_name is None:
        return ""
    return f" · {voice.organisation(item.district_name)}"


def done_line(voice: Voice, counts: Counts) -> str | None:
    """Return how much is done of what had its date by today or is done already; None where there is nothing yet."""
    if not counts.total:
        return None
    return voice.p.text(
        "Due by today or done: {total}, of which done {done}, {late} of those late",
        total=counts.total,
        done=counts.done,
        late=counts.late,
    )


def choose_district(voice: Voice, rows: Sequence[DistrictRow], *, edit: bool) -> Screen:
    """List the districts that have something overdue, worst first."""
    p = voice.p
    late = [row for row in rows if row.overdue]
    if not late:
        return Screen(html=p.text("No district has anything overdue."), edit=edit)
    return Screen(
        html=p.text("Overdue by district:"),
        rows=(
            *(
                (
                    Button(
                        f"{plain(row.district_name)} · {row.overdue}",
                        Press.to("od" + IN_PLACE, 0, row.district_id),
                    ),
                )
                for row in late
            ),
            (Button(p.text("The whole city"), Press.to("od" + IN_PLACE, 0, 0)),),
        ),
        edit=edit,
    )


def unit_status(voice: Voice, unit: Organisation, items: Sequence[Item], *, now: datetime) -> Screen:
    """Answer where one unit stands."""
    p = voice.p
    as_of = p.text("as of {moment}", moment=p.moment(now, today=voice.today))
    parts = [f"<b>{safe(unit.name)}</b>", as_of]
    rows = []
    for index, item in enumerate(items[:_LONGEST_STATUS], start=1):
        stage = "" if item.actor_id == item.subject_id else f" · {voice.stage(item)}"
        parts += ["", f"{index}. {voice.duty(item)}{stage}", voice.state(item)]
        rows.append(Button(str(index), Press.to("st", item.stage_id)))
    rest = len(items) - _LONGEST_STATUS
    if rest > 0:
        parts += ["", p.plural("and {n} more", "and {n} more", rest)]
    if not items:
        parts += ["", p.text("Nothing is open and nothing was decided lately.")]
    parts += footnotes.explained(voice, parts)
    more = (
        Button(p.text("Checklist"), Press.to("ck", 0, unit.id)),
        Button(p.text("Keeping"), Press.to("keep", 0, unit.id)),
    )
    return Screen(html=lines(parts), rows=(*(tuple(rows[i : i + 6]) for i in range(0, len(rows), 6)), more))


def choose_unit(voice: Voice, units: Sequence[Organisation], words: str) -> Screen:
    """Offer the units a name may mean; none is guessed."""
    p = voice.p
    if not units:
        if not words:
            return Screen(html=p.text("Which unit? Write for example: /status and part of its name."))
        return Screen(
            html=p.text(
                "No unit in your area is called “{words}”. Try part of its name.", words=safe(words[:60])
            )
        )
    return Screen(
        html=p.text("“{words}” fits several units. Which one do you mean?", words=safe(words[:60])),
        rows=tuple((Button(plain(unit.name), Press.to("us", unit.id)),) for unit in units),
    )


def summary(
    voice: Voice,
    scope: str,
    counts: Counts,
    districts: Sequence[DistrictRow],
    *,
    now: datetime,
    level: Level,
    district: int,
    targets: Sequence[Target] = (),
) -> Screen:
    """Answer how a unit, a district or the city is doing, on one page, to a reader of ``level``."""
    p = voice.p
    parts = [
        f"<b>{safe(scope)}</b>",
        p.text("as of {moment}", moment=p.moment(now, today=voice.today)),
        "",
        p.text("Overdue: {n}", n=counts.overdue),
        p.text("Waiting for a check: {n}", n=counts.waiting),
        p.text("Due within 5 days: {n}", n=counts.due_soon),
        p.text("Blocked by the step before: {n}", n=counts.blocked),
    ]
    if (done := done_line(voice, counts)) is not None:
        parts.append(done)
    worst = [row for row in districts if row.overdue][:5]
    if worst:
        parts += ["", p.text("Most overdue:")]
        parts += [
            f"{index}. {safe(row.district_name)} · "
            + p.plural("{n} duty overdue", "{n} duties overdue", row.overdue)
            for index, row in enumerate(worst, start=1)
        ]
    parts += target_lines(voice, targets)
    buttons = [Button(p.text("Who is overdue"), Press.to("od", 0, district))]
    if level is not Level.UNIT:
        buttons.append(Button(p.text("Waiting for my check"), Press.to("rv", 0)))
    return Screen(html=lines(parts), rows=(tuple(buttons),))
