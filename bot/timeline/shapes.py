"""What a picture is made of: texts, boxes and arrows at places in pixels, from the top left. No law, no file format."""

from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One line of text; ``y`` is its baseline."""

    x: float
    y: float
    text: str
    size: int
    fill: str
    bold: bool = False
    anchor: Literal["start", "middle"] = "start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str | None = None
    radius: float = 0
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A line through its points with a head at the last; the stretch to the head is level."""

    points: tuple[Point, ...]
    stroke: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Shapes that belong together, with what a screen reader says of them."""

    says: str
    shapes: tuple[Label | Box | Arrow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Groups, painted in order."""

    width: int
    height: int
    language: str
    """A language tag of BCP 47."""
    title: str
    description: str
    groups: tuple[Group, ...]
