"""Where everything stands: months down, lanes across, arrows between; no overlap, dates in order from top to bottom."""

from dataclasses import dataclass
from typing import Final

from bot.timeline.agenda import Agenda, Entry
from bot.timeline.fonts import Face
from bot.timeline.frame import foot, head, lane_heads
from bot.timeline.shapes import Arrow, Box, Group, Label, Picture, Point
from bot.timeline.typesetting import (
    BAND,
    COLOURS,
    GAP,
    LANE_WIDTH,
    LANES,
    LEFT,
    MARGIN,
    PAPER,
    QUIET,
    WIDTH,
    Block,
    Setter,
    lane_x,
    month_of,
)
from bot.timeline.words import Script
from obligations.terms import Recipient

_MONTHS: Final = range(1, 13)
_QUARTER = 3
_PAD = 14
_CLOSE = 8
"""What is left free between the strips of a month."""
_STEP = 38
"""How much lower a later date stands than an earlier one, at least."""
_CHANNEL = 15
"""How much room an arrow needs on either side where it passes through a lane."""
_INTO = 24
"""How far an arrow reaches into a lane where no box takes it up."""
_HEAD_ROOM = 15
"""How much of a gap is kept for the heads of arrows, on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """Where an entry's box stands."""

    lane: int
    top: float
    height: float

    @property
    def out_at(self) -> float:
        """Return where an arrow leaves it."""
        return self.top + self.height / 2

    @property
    def in_at(self) -> float:
        """Return where an arrow reaches it: at its date."""
        return self.top + 28


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One hand-over: from a box to another, or into the lane of who receives it. ``gap`` is where it turns."""

    source: _Placed
    lane: int
    target: _Placed | None

    @property
    def gap(self) -> int:
        """Return the gap beside the receiving lane."""
        return self.lane - 1 if self.lane > self.source.lane else self.lane

    @property
    def span(self) -> tuple[float, float]:
        """Return from where to where it runs down in its gap."""
        end = self.source.out_at if self.target is None else self.target.in_at
        return min(self.source.out_at, end), max(self.source.out_at, end)


def laid_out(script: Script, face: Face) -> Picture:
    """Return the picture of a year, 1080 wide and as high as it needs."""
    setter = Setter(script, face)
    agenda = script.agenda
    top, above = head(setter)
    bands: list[Group] = []
    strips: list[Group] = []
    cards: list[Group] = []
    places: dict[int, _Placed] = {}
    for month in _MONTHS:
        if month % _QUARTER == 1:
            top, heads = lane_heads(setter, top)
            strips.append(heads)
        begins = top
        top = _place_month(setter, month, top + _PAD, places=places, strips=strips, cards=cards)
        bands.append(_band(script, month, begins, top - begins))
    ways = [way for place in places if (way := _way(agenda, places, place)) is not None]
    bottom, below = foot(setter, top)
    return Picture(
        width=WIDTH,
        height=round(bottom),
        language="zh-Hans" if script.p.chinese else "en",
        title=f"{script.heading()} · {script.scope()}",
        description=f"{script.description()} {script.origin()} {script.basis()}",
        groups=(
            Group(says="", shapes=(Box(x=0, y=0, width=WIDTH, height=round(bottom), fill=PAPER),)),
            *above,
            *bands,
            *_arrows(ways),
            *strips,
            *cards,
            *below,
        ),
    )


def _place_month(
    setter: Setter,
    month: int,
    top: float,
    *,
    places: dict[int, _Placed],
    strips: list[Group],
    cards: list[Group],
) -> float:
    """Place a month's strips and boxes from ``top``; return where the month ends."""
    agenda = setter.script.agenda
    bottoms = [top] * len(LANES)
    for strip in agenda.strips:
        if month_of(strip, agenda.year).month != month:
            continue
        block = setter.strip(strip)
        at = max(bottoms[block.first : block.last + 1])
        strips.append(block.painted(at))
        bottoms[block.first : block.last + 1] = [at + block.height + _CLOSE] * (block.last + 1 - block.first)
    before, lowest = None, top
    for place, entry in enumerate(agenda.entries):
        if entry.on.month != month:
            continue
        if before is not None and entry.on > before:
            lowest += _STEP
        before = entry.on
        block = setter.card(entry)
        lanes = _through(agenda, place, block)
        at = max(
            lowest, bottoms[block.first], *(bottoms[lane] + _CHANNEL - block.height / 2 for lane in lanes)
        )
        places[place] = _Placed(lane=block.first, top=at, height=block.height)
        cards.append(block.painted(at))
        bottoms[block.first] = at + block.height + _PAD
        for lane in lanes:
            bottoms[lane] = max(bottoms[lane], at + block.height / 2 + _CHANNEL)
        lowest = at
    return max(*bottoms, top + 40)


def _receiving_lane(entry: Entry) -> int | None:
    """Return the lane a step is handed over to; none where it stays or leaves the three."""
    to = entry.stage.submit_to
    if (
        to not in (Recipient.UNIT, Recipient.DISTRICT, Recipient.MUNICIPAL)
        or to.value == entry.stage.actor.value
    ):
        return None
    return [level.value for level in LANES].index(to.value)


def _through(agenda: Agenda, place: int, block: Block) -> list[int]:
    """Return the lanes that must be free beside a box: those its arrow passes, and the one it ends in unmet."""
    to = _receiving_lane(agenda.entries[place])
    if to is None:
        return []
    passed = list(range(min(block.first, to) + 1, max(block.first, to)))
    return passed if place in agenda.follows else [*passed, to]


def _way(agenda: Agenda, places: dict[int, _Placed], place: int) -> _Way | None:
    lane = _receiving_lane(agenda.entries[place])
    if lane is None:
        return None
    follows = agenda.follows.get(place)
    return _Way(source=places[place], lane=lane, target=None if follows is None else places[follows])


def _arrows(ways: list[_Way]) -> list[Group]:
    """Draw the hand-overs; those that run side by side in a gap keep apart."""
    groups = []
    for gap in range(len(LANES) - 1):
        here = sorted((way for way in ways if way.gap == gap), key=lambda way: way.span)
        tracks = _tracks([way.span for way in here if way.target is not None])
        count = max(tracks, default=0) + 1
        spacing = min(8.0, (GAP - 2 * _HEAD_ROOM) / max(1, count - 1))
        numbered = iter(tracks)
        for way in here:
            track = 0 if way.target is None else next(numbered)
            groups.append(Group(says="", shapes=(_arrow(way, track * spacing),)))
    return groups


def _tracks(spans: list[tuple[float, float]]) -> list[int]:
    """Return for each span, in order of their starts, the first track on which nothing before it still runs."""
    ends: list[float] = []
    tracks = []
    for start, end in spans:
        track = next((number for number, until in enumerate(ends) if until < start), len(ends))
        ends[track : track + 1] = [end + 6]
        tracks.append(track)
    return tracks


def _arrow(way: _Way, shift: float) -> Arrow:
    colour = COLOURS[LANES[way.source.lane]]
    rightward = way.lane > way.source.lane
    start = lane_x(way.source.lane) + (LANE_WIDTH if rightward else 0)
    edge = lane_x(way.lane) + (0 if rightward else LANE_WIDTH)
    y = way.source.out_at
    if way.target is None:
        return Arrow(points=((start, y), (edge + (_INTO if rightward else -_INTO), y)), stroke=colour)
    turn = lane_x(way.gap) + LANE_WIDTH + _HEAD_ROOM + shift
    points: tuple[Point, ...] = ((start, y), (turn, y), (turn, way.target.in_at), (edge, way.target.in_at))
    return Arrow(points=points, stroke=colour)


def _band(script: Script, month: int, top: float, height: float) -> Group:
    fill = BAND if month % 2 else PAPER
    x = MARGIN / 2
    return Group(
        says="",
        shapes=(
            Box(x=x, y=top, width=WIDTH - 2 * x, height=height, fill=fill),
            Label(
                x=(x + LEFT) / 2,
                y=top + 46,
                text=script.month(month),
                size=30,
                fill=QUIET,
                bold=True,
                anchor="middle",
            ),
        ),
    )
