"""One duty of a notice with its chain of stages, as data."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, field_validator, model_validator

from obligations.periods import Period, PeriodKind
from obligations.terms import (
    SECTOR_GROUPS,
    Arises,
    BeforeEvent,
    Count,
    Deadline,
    External,
    Fixed,
    Hardness,
    Level,
    Line,
    MonthEndPlus,
    Parameter,
    Recipient,
    Recurrence,
    Retention,
    Sector,
    SubmitPlus,
    Text,
    Threshold,
    Undated,
    Words,
    WorkingDays,
)

_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_COMMON_YEAR = 2023
"""A year of 365 days: what exists in it exists in every year."""
_NO_DATE_BY_ITSELF = (Undated, External, WorkingDays, BeforeEvent)


def _read_period(value: object) -> Period:
    if isinstance(value, Period):
        return value
    if not isinstance(value, str):
        # A TypeError would escape pydantic instead of being reported with its place.
        raise ValueError('a period is a text such as "2024-01", "2024" or "2021-2022"')  # noqa: TRY004
    return Period.parse(value)


_Period = Annotated[Period, PlainValidator(_read_period), PlainSerializer(str, return_type=str)]


class Stage(Words):
    """One step of a duty: who does what, for whom, by when, and what shows that it is done."""

    name: Annotated[str, Field(pattern=_NAME)]
    actor: Level
    """Who acts."""
    per: Level
    """Whose obligation this stage belongs to: each unit's, each district's, or the city's."""
    title: Text
    clause: Line
    source_words: Line
    submit_to: Recipient
    channel: Text | None = None
    """By which platform; none where the notice does not say."""
    checked_by: Level | None = None
    """Who accepts or returns it; none where the actor's own word is final."""
    deadline: Deadline
    nil_report: Annotated[bool, Field(strict=True)] = False
    """Whether it is owed even where the rule's occasion did not arise: then the report says so."""
    evidence: Text
    """What counts as done."""
    hardness: Hardness
    safe_target_days: Annotated[Count, Field(ge=0, le=30)] = 0
    """How many days before the date to aim, where 前 could be read to exclude the day itself."""
    conditions: tuple[Text, ...] = ()
    """What else the notice says about doing it."""


class Rule(Words):
    """One duty of a notice, with its chain of stages."""

    name: Annotated[str, Field(pattern=_NAME)]
    """Its own name, once in a notice."""
    of_duty: Annotated[str, Field(pattern=_NAME)] | None = None
    """The duty it speaks of, where that has another name: several notices may date one duty."""
    absorbs: tuple[str, ...] = ()
    """The duties that this one takes the place of, for its sectors and periods; what dates them dates it too."""
    title: Text
    recurrence: Recurrence
    first_period: _Period
    last_period: _Period | None = None
    sectors: frozenset[Sector]
    fuels: frozenset[str] | None = None
    """The fuels whose units it binds; none for every unit of its sectors."""
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    offsets: tuple[Annotated[Count, Field(ge=0, le=365)], ...] = (10, 5, 3, 1, 0)
    """How many days before its date a stage is reminded of; 0 is the day itself."""
    roll: Literal["none", "next_working_day"] = "none"
    """Whether a date that falls on a day off moves to the next working day. A cap never moves."""
    threshold: Threshold | None = None
    arises: Arises | None = None
    """What must happen first; none where the duty is always there."""
    depends_on: tuple[str, ...] = ()
    """The rules whose outcome this one needs."""
    parameters: tuple[Parameter, ...] = ()
    """What it is to be done by, for which report years."""

    @field_validator("sectors", mode="before")
    @classmethod
    def _expand_group(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value not in SECTOR_GROUPS:
            raise ValueError(
                f"write {', '.join(map(repr, SECTOR_GROUPS))} or a list of sectors, not {value!r}"
            )
        return SECTOR_GROUPS[value]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [stage.name for stage in self.stages]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two stages are named {twice[0]!r}")
        wanted = {Recurrence.MONTHLY: PeriodKind.MONTH, Recurrence.YEARLY: PeriodKind.YEAR}.get(
            self.recurrence
        )
        if wanted is not None and self.first_period.kind is not wanted:
            raise ValueError(f"a {self.recurrence} rule begins with a {wanted}, not with {self.first_period}")
        if self.recurrence is Recurrence.ONCE and self.last_period not in (None, self.first_period):
            raise ValueError("a rule that binds once has one period")
        if self.last_period is not None and self.last_period < self.first_period:
            raise ValueError("last_period lies before first_period")
        return self

    @model_validator(mode="after")
    def _deadlines_fit(self) -> Self:
        for chain in self.chains().values():
            for before, stage in zip((None, *chain), chain, strict=False):
                for problem in self._misfits(before, stage):
                    raise ValueError(f'stage "{stage.name}": {problem}')
        return self

    def _misfits(self, before: Stage | None, stage: Stage) -> Iterator[str]:
        monthly = self.recurrence is Recurrence.MONTHLY
        match stage.deadline:
            case MonthEndPlus() if not monthly:
                yield "a deadline of kind month_end_plus needs a monthly rule"
            case Retention() if self.recurrence not in (Recurrence.MONTHLY, Recurrence.YEARLY):
                yield "a deadline of kind retention needs a monthly or a yearly rule"
            case Fixed(month=month, day=day) if day > monthrange(_COMMON_YEAR, month)[1]:
                yield f"{month:02}-{day:02} does not exist in every year"
            case SubmitPlus(cap_day=cap_day):
                if before is None:
                    yield "it counts from the hand-over of the stage before, and it is the first of its chain"
                elif cap_day is None and isinstance(before.deadline, _NO_DATE_BY_ITSELF):
                    yield "it counts from a stage that has no date by itself, and has no cap of its own"
                if cap_day is not None and not monthly:
                    yield "a cap day needs a monthly rule"
            case _:
                pass
        if before is not None and before.checked_by not in (None, stage.actor):
            yield f"the stage before it is checked by another level ({before.checked_by}), not by its actor"
        if stage.safe_target_days and isinstance(stage.deadline, _NO_DATE_BY_ITSELF):
            yield "a safe target needs a date"

    @property
    def period_kinds(self) -> frozenset[PeriodKind]:
        """Return the kinds of period an obligation of this rule may be for.

        What arises from an event, or is always there, may be filed under a month, a year or a span.
        """
        match self.recurrence:
            case Recurrence.MONTHLY | Recurrence.YEARLY | Recurrence.ONCE:
                return frozenset({self.first_period.kind})
            case Recurrence.EVENT | Recurrence.CONTINUOUS:
                return frozenset(PeriodKind)

    @property
    def duty(self) -> str:
        """Return the name of the duty it speaks of."""
        return self.of_duty or self.name

    def covers(self, period: Period) -> bool:
        """Tell whether an obligation of this rule may be for ``period``."""
        return (
            period.kind in self.period_kinds
            and period.end >= self.first_period.start
            and (self.last_period is None or period.start <= self.last_period.end)
            and (self.recurrence is not Recurrence.ONCE or period == self.first_period)
        )

    def applies_to(self, sector: Sector, fuel: str | None) -> bool:
        """Tell whether the rule binds a unit of this sector and fuel; a fuel rule binds no unknown fuel."""
        return sector in self.sectors and (self.fuels is None or fuel in self.fuels)

    def arises_for(self, per: Level) -> Arises | None:
        """Return what must happen before the chain of ``per`` is owed; none where it always is.

        A chain that begins with a nil report is owed even where the rule's occasion did not arise.

        Raises:
            KeyError: the rule has no chain for this level.
        """
        return None if self.chains()[per][0].nil_report else self.arises

    def stage(self, name: str) -> Stage:
        """Return the stage of this name.

        Raises:
            LookupError: the rule has no such stage; the message says which it has.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        known = ", ".join(stage.name for stage in self.stages)
        raise LookupError(f'rule "{self.name}" has no stage "{name}"; it has {known}')

    def chains(self) -> Mapping[Level, tuple[Stage, ...]]:
        """Return the stages in order, by whose obligation they belong to: each group is one obligation."""
        grouped: dict[Level, tuple[Stage, ...]] = {}
        for stage in self.stages:
            grouped[stage.per] = (*grouped.get(stage.per, ()), stage)
        return MappingProxyType(grouped)

    def chain_of(self, name: str) -> tuple[Stage, ...]:
        """Return the chain the stage of this name stands in, itself included.

        Raises:
            LookupError: the rule has no such stage.
        """
        return self.chains()[self.stage(name).per]
