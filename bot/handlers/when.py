"""By when a duty is to be done: the reader's own next steps of it, else the dates the law gives in these periods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bot.handlers import why
from bot.handlers.desk import Desk
from bot.screen import Screen
from bot.understanding import shipped_vocabulary
from bot.wording import when as wording
from bot.wording.why import MOST_OFFERED
from obligations.binding import Binding, BoundDate
from obligations.deadlines import DeadlineError, DueKind
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level
from obligations.periods import Period, PeriodKind
from obligations.rules import Stage
from obligations.terms import Recurrence, Sector
from storage import grounds, organisations
from storage.overview import Item

_JUST_PAST: Final = timedelta(days=60)
"""How long the last year's dates are still told after they have passed."""
_COMPUTED: Final = (Recurrence.MONTHLY, Recurrence.YEARLY, Recurrence.ONCE)
"""What has a date by the law alone; the others wait for an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    """The dates of one duty's steps for a period, by what binds some sectors."""

    binding: Binding
    steps: tuple[tuple[Stage, BoundDate], ...]

    @property
    def last_on(self) -> date | None:
        """The last of the dates; None where there is none yet."""
        return max((bound.date.due_on for _, bound in self.steps if bound.date.due_on), default=None)

    def is_open(self, today: date) -> bool:
        """Tell whether a date lies ahead, or one of last year's duties on is still to be announced."""
        if self.last_on is not None and self.last_on >= today:
            return True
        awaited = any(
            bound.date.kind is DueKind.EXTERNAL and bound.date.due_on is None for _, bound in self.steps
        )
        return awaited and self.binding.period.end.year >= today.year - 1


def asked(desk: Desk, text: str, slots: Mapping[str, str]) -> Screen:
    """Answer by when a duty that a sentence names is due; a sector it names narrows the answer."""
    words = shipped_vocabulary()
    in_force = desk.law_today.rulebook.by_duty
    kind = slots.get("kind", "")
    duties = [duty for duty in words.duties.get(kind, ()) if duty in in_force]
    own_sector = organisations.get(desk.session, desk.reader.organisation_id).sector
    named = words.sectors_in(text)
    foreign = bool(named) and (own_sector is None or own_sector not in named)
    period, on = why.named(slots.get("period"))
    if not foreign and (items := _own(desk, duties, period, on)):
        return wording.own(desk.voice, items)
    sectors = named or (frozenset(Sector) if own_sector is None else frozenset({own_sector}))
    also = [duty for duty in words.more_duties.get(kind, ()) if duty in in_force]
    meant = None if period is None else Period.parse(period)
    told = _by_law(desk.law_today, [*duties, *also], sectors, meant, desk.today)
    if told:
        return wording.by_law(
            desk.voice,
            [(each.binding.sectors, each.binding, each.steps) for each in told],
        )
    bound = {sector for duty in (*duties, *also) for _, rule in in_force[duty] for sector in rule.sectors}
    if duties and not sectors & bound:
        return wording.binds_nobody(desk.voice, sectors, why.in_general(desk, duties))
    return why.asked(desk, text, slots)


def _own(desk: Desk, duties: Sequence[str], period: str | None, on: date | None) -> list[Item]:
    """Return the reader's own open steps of the duties, what is nearest first."""
    found = grounds.asked_about(
        desk.session,
        desk.reader.scope,
        today=desk.today,
        rules=duties,
        period=period,
        on=on,
        limit=MOST_OFFERED,
    )
    own = [item for item in found if item.actor_id == desk.reader.organisation_id]
    if desk.reader.level is Level.UNIT:
        return [item for item in own if item.status in (Status.OPEN, Status.RETURNED)]
    # One line stands for the stages of many units: what is done of one may be open of another.
    return [item for item in own if item.act_by_on is not None and item.act_by_on >= desk.today]


def _by_law(
    law: Law, duties: Sequence[str], sectors: frozenset[Sector], meant: Period | None, today: date
) -> list[_Dated]:
    """Return the dates that the law gives the sectors, those together that the same notices bind."""
    found: dict[tuple[object, ...], _Dated] = {}
    for duty in duties:
        for sector in sorted(sectors):
            for each in _of_sector(law, duty, sector, meant, today):
                binding = each.binding
                key = (binding.duty, binding.period, *(source.key for source in binding.sources))
                known = found[key].binding.sectors if key in found else frozenset()
                together = law.binding(binding.duty, binding.period, sectors=known | {sector})
                found[key] = _Dated(binding=together, steps=each.steps)
    return list(found.values())


def _of_sector(law: Law, duty: str, sector: Sector, meant: Period | None, today: date) -> Iterator[_Dated]:
    """Yield one sector's dates: of the period that is meant, else of those that run now or have just passed."""
    dated = [
        each
        for period in _candidates(law, duty, meant, today)
        if (each := _dated(law, duty, sector, period)) is not None
    ]
    if meant is not None and any(each.binding.period.kind is meant.kind for each in dated):
        yield from dated
        return
    opened = [each for each in dated if each.is_open(today)]
    if opened and opened[0].binding.period.kind is PeriodKind.MONTH:
        yield from [each for each in opened if each.binding.period.end < today] or opened[:1]
        return
    past = [each for each in dated if each.last_on is not None and each.last_on < today]
    yield from [each for each in past[-1:] if each.last_on and each.last_on >= today - _JUST_PAST]
    yield from opened[:1]


def _candidates(law: Law, duty: str, meant: Period | None, today: date) -> list[Period]:
    rule = law.rulebook.rule(duty)
    if rule.recurrence not in _COMPUTED:
        return []
    if rule.recurrence is Recurrence.ONCE:
        only = rule.first_period
        apart = meant is not None and (meant.end < only.start or meant.start > only.end)
        return [] if apart else [only]
    if meant is not None and meant.kind in rule.period_kinds:
        return [meant]
    if rule.recurrence is Recurrence.MONTHLY:
        months = [today.year * 12 + today.month - 1 + n for n in range(-4, 2)]
        return [Period.month(month // 12, month % 12 + 1) for month in months]
    return [Period.year(today.year + n) for n in range(-2, 3)]


def _dated(law: Law, duty: str, sector: Sector, period: Period) -> _Dated | None:
    """Return a period's dates; None where no notice binds the sector then, or none gives or awaits a date."""
    try:
        binding = law.binding(duty, period, sectors=frozenset({sector}))
    except DeadlineError:
        return None
    steps = tuple((stage, law.date(binding, stage.name)) for stage in binding.rule.stages)
    spoken = any(bound.date.due_on or bound.date.kind is DueKind.EXTERNAL for _, bound in steps)
    return _Dated(binding=binding, steps=steps) if spoken else None
