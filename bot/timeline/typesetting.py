"""The measures and colours of the picture, and its boxes of text: what they look like and how high they come out.

The picture is 1080 pixels wide, as a phone is; no text is set smaller than 24.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final

from bot.timeline.agenda import Entry, Strip
from bot.timeline.fonts import Face
from bot.timeline.paragraphs import broken
from bot.timeline.shapes import Arrow, Box, Group, Label
from bot.timeline.words import Script, joined
from obligations.terms import Level

WIDTH: Final = 1080
MARGIN: Final = 20
LANES: Final = (Level.UNIT, Level.DISTRICT, Level.MUNICIPAL)
LANE_WIDTH: Final = 292
GAP: Final = 44
LEFT: Final = 96
"""Where the first lane begins; before it stand the months."""

COLOURS: Final = {
    Level.UNIT: "#0060a0",
    Level.DISTRICT: "#a84800",
    Level.MUNICIPAL: "#00694f",
    Level.AGENCY: "#555555",
}
"""Blue, vermilion and bluish green, told apart in every kind of colour blindness, dark enough to be text."""
TINTS: Final = {Level.UNIT: "#e4f0fa", Level.DISTRICT: "#fdeee2", Level.MUNICIPAL: "#e1f4ee"}
INK: Final = "#1d2329"
QUIET: Final = "#56606a"
LINE: Final = "#c3cbd3"
PAPER: Final = "#ffffff"
BAND: Final = "#f2f5f8"

SMALL: Final = 24
TEXT: Final = 24
DATE: Final = 29
_LEADING = 1.26
_PILL = 40
_INSET = 10


def lane_x(lane: int) -> float:
    """Return where a lane begins."""
    return LEFT + lane * (LANE_WIDTH + GAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of text in a box."""

    text: str
    size: int
    fill: str
    bold: bool = False

    @property
    def height(self) -> float:
        """Return how much room the line takes."""
        return self.size * _LEADING


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Something to be placed in the lanes ``first`` to ``last``: its height, and what it looks like from a top."""

    first: int
    last: int
    height: float
    painted: Callable[[float], Group]


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets the words of one picture in one font."""

    script: Script
    face: Face

    def rows(
        self, text: str, width: float, *, size: int = SMALL, fill: str = INK, bold: bool = False
    ) -> list[Row]:
        """Return a text as lines no wider than ``width``."""
        lines = broken(text, width, lambda line: self.face.width(line, size))
        return [Row(text=line, size=size, fill=fill, bold=bold) for line in lines]

    def card(self, entry: Entry) -> Block:
        """Return one entry as a box in its lane."""
        lane = LANES.index(entry.stage.actor)
        colour = COLOURS[entry.stage.actor]
        script, width = self.script, LANE_WIDTH - 8 - 2 * _INSET
        date = Row(text=script.date(entry), size=DATE, fill=colour, bold=True)
        clause = self._beside(date, script.clause(entry), width)
        rows = [date, *([] if clause else self.rows(script.clause(entry), width, fill=QUIET))]
        rows += self.rows(script.safe_target(entry), width, fill=colour)
        rows += self.rows(script.duty(entry), width, size=TEXT, bold=True)
        rows += self.rows(script.step(entry.stage), width)
        rows += self.rows(script.receiver(entry.stage.submit_to), width)
        rows += self.rows(script.sectors(entry.sectors), width, fill=colour)
        for other in script.others(entry):
            rows += self.rows(other, width, fill=QUIET)
        height = sum(row.height for row in rows) + 2 * _INSET
        x = lane_x(lane)

        def painted(top: float) -> Group:
            frame = (
                Box(x=x, y=top, width=LANE_WIDTH, height=height, fill=PAPER, stroke=colour, radius=6),
                Box(x=x, y=top, width=8, height=height, fill=colour),
            )
            labels = stacked(rows, x + 8 + _INSET, top + _INSET)
            if clause:
                labels.append(replace(clause, x=clause.x + x + 8 + _INSET, y=labels[0].y))
            return Group(says=script.spoken(entry), shapes=(*frame, *labels))

        return Block(first=lane, last=lane, height=height, painted=painted)

    def _beside(self, date: Row, clause: str, width: float) -> Label | None:
        """Return the clause as it stands on the date's line, from the line's beginning; none where it does not fit."""
        at = width - self.face.width(clause, SMALL)
        if self.face.width(date.text, date.size) + SMALL / 2 > at:
            return None
        return Label(x=at, y=0, text=clause, size=SMALL, fill=QUIET)

    def line(self, strip: Strip) -> Block:
        """Return a monthly duty of one level as a line of text, from its lane to the right edge."""
        script, actor = self.script, strip.entries[0].stage.actor
        lane = LANES.index(actor)
        x, last = lane_x(lane), len(LANES) - 1
        width = lane_x(last) + LANE_WIDTH - x
        indent = _INSET + 26
        dates = script.p.listed([script.pill(entry) for entry in strip.entries])
        rows = self.rows(joined(script.strip(strip), dates), width - indent - _INSET, fill=COLOURS[actor])
        height = sum(row.height for row in rows) + _INSET

        def painted(top: float) -> Group:
            frame = Box(x=x, y=top, width=width, height=height, fill=PAPER, stroke=LINE, radius=6)
            mark = Box(
                x=x + _INSET, y=top + _INSET / 2 + 8, width=16, height=16, fill=COLOURS[actor], radius=3
            )
            return Group(
                says="\n".join(map(script.spoken, strip.entries)),
                shapes=(frame, mark, *stacked(rows, x + indent, top + _INSET / 2)),
            )

        return Block(first=lane, last=last, height=height, painted=painted)

    def strip(self, strip: Strip) -> Block:
        """Return a monthly duty as a strip with the date of each step in its lane, or as a line for one level."""
        if len({entry.stage.actor for entry in strip.entries}) == 1:
            return self.line(strip)
        lanes = sorted({LANES.index(entry.stage.actor) for entry in strip.entries})
        first, last = lanes[0], lanes[-1]
        x = lane_x(first)
        width = lane_x(last) + LANE_WIDTH - x
        script = self.script
        rows = self.rows(script.strip(strip), width - 2 * _INSET)
        by_lane = [
            [entry for entry in strip.entries if LANES.index(entry.stage.actor) == lane] for lane in lanes
        ]
        pills_at = _INSET / 2 + sum(row.height for row in rows) + 4
        height = pills_at + max(map(len, by_lane)) * (_PILL + 6)

        def painted(top: float) -> Group:
            shapes: list[Label | Box | Arrow] = [
                Box(x=x, y=top, width=width, height=height, fill=PAPER, stroke=LINE, radius=6),
                *stacked(rows, x + _INSET, top + _INSET / 2),
            ]
            for lane, entries in zip(lanes, by_lane, strict=True):
                for place, entry in enumerate(entries):
                    shapes += self._pill(entry, lane, top + pills_at + place * (_PILL + 6))
            middle = top + pills_at + _PILL / 2
            for lane, following in pairwise(lanes):
                start, end = lane_x(lane) + LANE_WIDTH - 6, lane_x(following) + 6
                shapes.append(Arrow(points=((start, middle), (end, middle)), stroke=COLOURS[LANES[lane]]))
            return Group(says="\n".join(map(script.spoken, strip.entries)), shapes=tuple(shapes))

        return Block(first=first, last=last, height=height, painted=painted)

    def _pill(self, entry: Entry, lane: int, top: float) -> list[Label | Box]:
        actor = LANES[lane]
        x, width = lane_x(lane) + 6, LANE_WIDTH - 12
        elsewhere = entry.on.year != self.script.agenda.year
        fill, colour = (PAPER, QUIET) if elsewhere else (TINTS[actor], COLOURS[actor])
        text = self.script.pill(entry)
        return [
            Box(
                x=x,
                y=top,
                width=width,
                height=_PILL,
                fill=fill,
                stroke=colour,
                radius=_PILL / 2,
                dashed=elsewhere,
            ),
            Label(
                x=x + width / 2,
                y=top + _PILL / 2 + SMALL * 0.37,
                text=text,
                size=SMALL,
                fill=colour,
                bold=not elsewhere,
                anchor="middle",
            ),
        ]


def stacked(rows: list[Row], x: float, top: float) -> list[Label]:
    """Return lines of text one below the other, from a top."""
    labels = []
    for row in rows:
        labels.append(
            Label(x=x, y=top + row.size * 1.02, text=row.text, size=row.size, fill=row.fill, bold=row.bold)
        )
        top += row.height
    return labels


def month_of(strip: Strip, year: int) -> date:
    """Return the first of a strip's dates that falls into the year: the month it stands in."""
    return next(entry.on for entry in strip.entries if entry.on.year == year)
