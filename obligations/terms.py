"""The vocabulary of a notice: who acts, which sectors, and in which ways a duty's date can be given.

Each way is data; what it comes to for one period is computed in `obligations.deadlines`.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
"""A text that says something."""
Count = Annotated[int, Field(strict=True)]
"""A whole number, written as one: neither a text nor a boolean."""
Day = Annotated[date, Field(strict=True)]
"""A date, written as one: no time of day."""


class Words(BaseModel):
    """A frozen part of a notice in which every key must be known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(StrEnum):
    """On which level of supervision an organisation stands."""

    UNIT = "unit"
    DISTRICT = "district"
    MUNICIPAL = "municipal"
    AGENCY = "agency"
    """Consulting, verification and testing agencies; supervised by the bureaus, supervising nobody."""


class Sector(StrEnum):
    """The sectors of the national market, as the preamble of 渝环规〔2023〕2号 lists them."""

    POWER = "power"
    PETROCHEMICAL = "petrochemical"
    CHEMICAL = "chemical"
    BUILDING_MATERIALS = "building_materials"
    STEEL = "steel"
    NONFERROUS = "nonferrous"
    PAPER = "paper"
    AVIATION = "aviation"
    CEMENT = "cement"
    """Of the building materials, in the national market by its own name since 2025."""
    ALUMINIUM = "aluminium"
    """Aluminium smelting: of the non-ferrous metals, in the national market by its own name since 2025."""


SECTOR_GROUPS: dict[str, frozenset[Sector]] = {
    "all": frozenset(Sector),
    "power": frozenset({Sector.POWER}),
    "non-power": frozenset(Sector) - {Sector.POWER},
}
"""The words a notice may use for several sectors at once: 发电行业, 非发电行业, both."""


class Text(Words):
    """One text in Chinese, by the notice's own words where it has them, and in English."""

    zh: Line
    en: Line

    def of(self, language: str) -> str:
        """Return the text in ``language``: Chinese for ``zh``, ``zh-Hans`` and the like, else English."""
        return self.zh if language.split("-", maxsplit=1)[0].split("_", maxsplit=1)[0] == "zh" else self.en


class Recurrence(StrEnum):
    """How often a rule makes a new obligation."""

    MONTHLY = "monthly"
    YEARLY = "yearly"
    ONCE = "once"
    EVENT = "event"
    """Each time an officer records what gives rise to it."""
    CONTINUOUS = "continuous"
    """Always; carried in the checklist."""


class Hardness(StrEnum):
    """How firmly the notice puts the duty."""

    HARD = "hard"
    SOFT = "soft"
    EVENT = "event"
    EXTERNAL = "external"
    PARAMETER = "parameter"
    """It says how another duty is to be done."""
    CONDITION = "condition"
    """It binds only who makes use of it."""


class Recipient(StrEnum):
    """To whom a stage is handed over."""

    UNIT = "unit"
    DISTRICT = "district"
    MUNICIPAL = "municipal"
    MINISTRY = "ministry"
    REGISTRY = "registry"
    """The national allowance registry."""
    PUBLIC = "public"
    OTHER_DEPARTMENTS = "other_departments"
    KEPT = "kept"
    """Nobody: the stage is completed or decided where it is done, and its record kept for inspection."""


class MonthEndPlus(Words):
    """每月结束后N个自然日内: day 1 is the 1st of the month after the period, through 24:00 of day N."""

    kind: Literal["month_end_plus"]
    days: Count = Field(ge=1, le=366)


class Fixed(Words):
    """每年M月D日前, that day included, in the year ``year_offset`` years after the period's."""

    kind: Literal["fixed"]
    month: Count = Field(ge=1, le=12)
    day: Count = Field(ge=1, le=31)
    year_offset: Count = Field(ge=-5, le=5)


class SubmitPlus(Words):
    """提交日期起N个自然日内, the day of the hand-over not counted.

    ``cap_day``, where given, is a day of the month after the period that the date never passes. Without a
    hand-over the cap stands, or without one the stage before's own date plus ``days``.
    """

    kind: Literal["submit_plus"]
    days: Count = Field(ge=1, le=366)
    cap_day: Count | None = Field(default=None, ge=1, le=28)


class Once(Words):
    """于某年某月某日前, that day included, once."""

    kind: Literal["once"]
    on: Day


class WorkingDays(Words):
    """N个工作日内, counted from the day after the event; make-up working days count."""

    kind: Literal["working_days"]
    days: Count = Field(ge=1, le=60)
    after: Literal["finding"]


class BeforeEvent(Words):
    """在某事之前: the day before the recorded event is the last."""

    kind: Literal["before_event"]


class Retention(Words):
    """至少保存N个月: the last day to keep is the end of the month ``months`` after the period's last.

    至少保存N年 of what a year brought is ``months`` = 12 N: through the end of the year N years later.
    """

    kind: Literal["retention"]
    months: Count = Field(ge=1, le=600)


class External(Words):
    """在规定时限内: an authority sets the date and announces it.

    ``set_by`` is the level here that records it: the municipality for what the ministry announces, a district
    for what it orders itself.
    """

    kind: Literal["external"]
    set_by: Literal[Level.DISTRICT, Level.MUNICIPAL] = Level.MUNICIPAL


class Undated(Words):
    """The notice gives no date."""

    kind: Literal["none"]


Deadline = Annotated[
    MonthEndPlus | Fixed | SubmitPlus | Once | WorkingDays | BeforeEvent | Retention | External | Undated,
    Field(discriminator="kind"),
]
"""The way a stage's date is given, told apart by ``kind``."""


class Threshold(Words):
    """A share or a number the duty is measured against: either ``percent`` or ``pieces``."""

    bound: Literal["at_least", "at_most"]
    of: Text
    percent: Count | None = Field(default=None, ge=0, le=100)
    pieces: Count | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.percent is None) == (self.pieces is None):
            raise ValueError("give either percent or pieces")
        return self


class Occasion(StrEnum):
    """What gives rise to a duty that is not always there."""

    DEFAULT = "default"
    """A unit did not surrender in full and in time."""
    UNFIT_EVIDENCE = "unfit_evidence"
    """Monthly evidence is late, non-conforming, incomplete or unclear."""
    ANOMALY = "anomaly"
    """Abnormal data, or a clue of it."""
    COMPLAINT = "complaint"
    """A complaint, or a clue passed down."""
    LICENCE_CANCELLATION = "licence_cancellation"
    """A unit is to be dissolved and its business licence cancelled."""
    PENALTY = "penalty"
    """A penalty was decided."""
    VIOLATION_CLUE = "violation_clue"
    """A clue of a breach of the law."""
    USE_OF_CCER = "use_of_ccer"
    """A unit chooses to offset with CCER."""


class Arises(Words):
    """What must happen before a rule binds anyone: an occasion, and the rule it is of where there is one."""

    occasion: Occasion
    of: str | None = None


class Parameter(Words):
    """What a duty is to be done by in the years reported on: a specification, an emission factor.

    ``first`` and ``last`` are report years, inclusive; without ``last`` it holds until another notice says more.
    """

    name: Text
    value: Text
    first: Count = Field(ge=2000, le=2199)
    last: Count | None = Field(default=None, ge=2000, le=2199)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError("last lies before first")
        return self

    def holds_for(self, year: int) -> bool:
        """Tell whether it holds for the report of ``year``."""
        return self.first <= year and (self.last is None or year <= self.last)
