"""What stands around the months: the heading and the legend above, what has no date and the notes below."""

from dataclasses import replace

from bot.timeline.agenda import Strip
from bot.timeline.shapes import Arrow, Box, Group, Label
from bot.timeline.typesetting import (
    COLOURS,
    INK,
    LANE_WIDTH,
    LANES,
    LINE,
    MARGIN,
    PAPER,
    QUIET,
    SMALL,
    TEXT,
    WIDTH,
    Row,
    Setter,
    lane_x,
    stacked,
)
from bot.timeline.words import level
from obligations.terms import Level

_INNER = WIDTH - 2 * MARGIN
_HEADING = 42
_BAR = 46
_PAD = 14
_SAMPLE = 80


def head(setter: Setter) -> tuple[float, list[Group]]:
    """Return where the months may begin, and what stands above them."""
    script, p = setter.script, setter.script.p
    rows = setter.rows(script.heading(), _INNER, size=_HEADING, bold=True)
    rows += setter.rows(script.scope(), _INNER, size=30)
    rows += setter.rows(script.basis(), _INNER, fill=QUIET)
    rows += setter.rows(script.origin(), _INNER, fill=COLOURS[Level.DISTRICT], bold=True)
    groups = [_text(rows, MARGIN)]
    top = MARGIN + sum(row.height for row in rows) + _PAD
    top, legend = _legend(setter, top)
    groups.append(legend)
    if setter.script.agenda.strips:
        top, monthly = _each_month(setter, top, p.text("Every month"))
        groups.append(monthly)
    return top, groups


def _text(rows: list[Row], top: float) -> Group:
    return Group(says=" ".join(row.text for row in rows), shapes=tuple(stacked(rows, MARGIN, top)))


def _legend(setter: Setter, top: float) -> tuple[float, Group]:
    """Explain the boxes, the arrows, the dates of other years and the clauses."""
    script, p = setter.script, setter.script.p
    y, colour = top + 16, COLOURS[Level.UNIT]
    frame = Box(x=MARGIN, y=y - 11, width=_SAMPLE, height=22, fill=PAPER, stroke=colour, radius=4)
    entries = script.agenda.all_entries
    samples: list[tuple[Box | Arrow | Label, str]] = [
        (frame, p.text("The last day for a step, that day included, through 24:00 in Asia/Shanghai")),
        (
            Arrow(points=((MARGIN, y), (MARGIN + _SAMPLE, y)), stroke=colour),
            p.text("Hand-over to the next office"),
        ),
        (
            replace(frame, stroke=QUIET, radius=11, dashed=True),
            p.text("A date in the year before or after"),
        ),
    ]
    if entries:
        clause = Label(x=MARGIN, y=y + 8, text=script.clause(entries[0]), size=SMALL, fill=QUIET)
        samples.append((clause, p.text("The clause it rests on")))
    shapes: list[Box | Arrow | Label] = []
    below = 0.0
    for shape, words in samples:
        rows = setter.rows(words, _INNER - _SAMPLE - 40)
        shapes += [_lowered(shape, below), *stacked(rows, MARGIN + _SAMPLE + 40, top + below)]
        below += sum(row.height for row in rows)
    return top + below + _PAD, Group(says=p.text("Legend"), shapes=tuple(shapes))


def _lowered(shape: Box | Arrow | Label, by: float) -> Box | Arrow | Label:
    if isinstance(shape, Arrow):
        return replace(shape, points=tuple((x, y + by) for x, y in shape.points))
    return replace(shape, y=shape.y + by)


def _each_month(setter: Setter, top: float, heading: str) -> tuple[float, Group]:
    """Say once how the dates of the monthly duties are given."""
    begins = top
    top += _PAD
    shapes: list[Box | Label | Arrow] = []
    rows = setter.rows(heading, _INNER, size=TEXT, bold=True, fill=QUIET)
    shapes += stacked(rows, 2 * MARGIN, top)
    top += sum(row.height for row in rows)
    for strip in _kinds(setter.script.agenda.strips):
        for actor, words in setter.script.each_month(strip):
            indent = 2 * MARGIN if actor is None else 2 * MARGIN + 34
            rows = setter.rows(words, WIDTH - MARGIN - indent - 10, bold=actor is None)
            if actor is not None:
                shapes.append(
                    Box(x=indent - 26, y=top + 8, width=16, height=16, fill=COLOURS[actor], radius=3)
                )
            shapes += stacked(rows, indent, top)
            top += sum(row.height for row in rows)
    frame = Box(
        x=MARGIN, y=begins, width=_INNER, height=top + _PAD - begins, fill=PAPER, stroke=LINE, radius=6
    )
    return top + 2 * _PAD, Group(says=heading, shapes=(frame, *shapes))


def _kinds(strips: tuple[Strip, ...]) -> list[Strip]:
    """Return one strip of each monthly duty and of those it is for: the latest, which is the year's own."""
    kinds = {(strip.rule.duty, strip.sectors): strip for strip in strips}
    return sorted(kinds.values(), key=lambda strip: -len(strip.entries))


def lane_heads(setter: Setter, top: float) -> tuple[float, Group]:
    """Return the lanes' names as a bar; it comes again every quarter, for a phone shows a part at a time."""
    shapes: list[Box | Label] = []
    for lane, who in enumerate(LANES):
        x = lane_x(lane)
        shapes += [
            Box(x=x, y=top, width=LANE_WIDTH, height=_BAR, fill=COLOURS[who], radius=6),
            Label(
                x=x + LANE_WIDTH / 2,
                y=top + 32,
                text=level(setter.script.p, who),
                size=TEXT,
                fill=PAPER,
                bold=True,
                anchor="middle",
            ),
        ]
    return top + _BAR, Group(says="", shapes=tuple(shapes))


def foot(setter: Setter, top: float) -> tuple[float, list[Group]]:
    """Return where the picture ends, and what stands below the months."""
    script, p = setter.script, setter.script.p
    groups = []
    top += _PAD
    if script.agenda.undated:
        top, undated = _undated(setter, top, p.text("Without a date"))
        groups.append(undated)
    rows = [row for note in script.notes() for row in setter.rows(note, _INNER, fill=QUIET)]
    rows += setter.rows(f"{script.heading()} · {script.scope()} · {script.origin()}", _INNER, fill=QUIET)
    groups.append(_text(rows, top))
    return top + sum(row.height for row in rows) + MARGIN, groups


def _undated(setter: Setter, top: float, heading: str) -> tuple[float, Group]:
    """List by who bears it what has no date in the year."""
    begins = top
    top += _PAD
    shapes: list[Box | Label] = []
    rows = setter.rows(heading, _INNER, size=30, bold=True)
    shapes += stacked(rows, 2 * MARGIN, top)
    top += sum(row.height for row in rows)
    for who in Level:
        borne = [each for each in setter.script.agenda.undated if each.stage.actor is who]
        if not borne:
            continue
        rows = setter.rows(level(setter.script.p, who), _INNER, size=TEXT, fill=COLOURS[who], bold=True)
        shapes += stacked(rows, 2 * MARGIN, top + 8)
        top += 8 + sum(row.height for row in rows)
        for each in borne:
            rows = setter.rows(setter.script.undated(each), _INNER - 2 * MARGIN - 24, fill=INK)
            shapes.append(
                Box(x=2 * MARGIN, y=top + SMALL / 2, width=10, height=10, fill=COLOURS[who], radius=5)
            )
            shapes += stacked(rows, 2 * MARGIN + 24, top)
            top += sum(row.height for row in rows) + 2
    frame = Box(
        x=MARGIN, y=begins, width=_INNER, height=top + _PAD - begins, fill=PAPER, stroke=LINE, radius=6
    )
    return top + 2 * _PAD, Group(says=heading, shapes=(frame, *shapes))
