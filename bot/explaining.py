"""By when a step is due and why, as a person is told: the command line and the chat give the same answer.

Plain text in one language. Whoever shows it as HTML makes it safe.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bot import rulewords
from bot.reasons import sentence
from locales.printer import Printer
from obligations.binding import Binding, BoundDate, Dated
from obligations.deadlines import NO_FACTS, DueDate, DueKind, Facts
from obligations.law import Law
from obligations.parameters import Applied, parameters
from obligations.periods import Period
from obligations.reasons import ReasonCode
from obligations.terms import BeforeEvent, External, Sector, SubmitPlus, WorkingDays

SECOND_HAND = "†"
"""Marks what rests on a text that was not read on its official page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One step's date with its reasons, in words. What is empty is not said.

    ``cautions`` are about what was asked: facts that do not bear on the step, or that can hardly be right.
    ``parameters`` are what a report is to be done by, in the duty's period.
    """

    binding: Binding
    bound: BoundDate
    title: str
    headline: str
    targets: tuple[str, ...]
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    basis: tuple[str, ...]
    parameters: tuple[Applied, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Return everything under the title, in the order it is read."""
        return (self.headline, *self.targets, *self.reasons, *self.cautions, *self.basis)


def explain(
    p: Printer,
    law: Law,
    duty: str,
    stage: str,
    period: Period,
    *,
    sectors: frozenset[Sector] | None = None,
    facts: Facts = NO_FACTS,
    roll: str | None = None,
    made: tuple[str, str] | None = None,
) -> Explanation:
    """Return when a step of a duty is due for a period, and why.

    Without ``sectors``, for those of the duty's first rule; they must all be bound by the same notices. ``made`` is
    the number and version of the notice that an obligation was made by.

    Raises:
        UnknownRule: there is no such duty.
        DeadlineError: no notice binds the sectors in this period, the duty has no such step, or ``roll`` is unknown.
    """
    binding = law.binding(duty, period, sectors=sectors, made=made)
    bound = law.date(binding, stage, facts=facts, roll=roll)
    return Explanation(
        binding=binding,
        bound=bound,
        title=f"{binding.rule.title.of(p.language)} {rulewords.period(p, period)} · "
        f"{binding.stage(stage).title.of(p.language)}",
        headline=headline(p, bound.date),
        targets=tuple(_targets(p, bound.date)),
        reasons=tuple(sentence(p, reason) for reason in bound.date.reasons),
        cautions=tuple(_cautions(p, binding, bound, stage, facts)),
        basis=tuple(_basis(p, bound, stage)),
        parameters=parameters(law, binding.duty, period, sectors=binding.sectors),
    )


def headline(p: Printer, answer: DueDate) -> str:
    """Return the date in one phrase, or that there is none and why not."""
    if answer.due_on is None:
        return p.text("Not announced yet") if answer.kind is DueKind.EXTERNAL else p.text("No date")
    on = p.day(answer.due_on, weekday=True)
    lapses = answer.overdue_from is not None
    said = p.text("Due by 24:00 on {date}", date=on) if lapses else p.text("Keep through {date}", date=on)
    return said + p.text(" (provisional)") if answer.kind is DueKind.PROVISIONAL else said


def cited(dated: Dated) -> str:
    """Return a notice's number and clause, marked where its text was read second-hand."""
    mark = SECOND_HAND if dated.source.second_hand else ""
    return f"{dated.source.notice.number}{mark} {dated.date.clause}"


def _targets(p: Printer, answer: DueDate) -> Iterator[str]:
    if answer.safe_target_on is not None:
        yield p.text("Safe target: {date}", date=p.day(answer.safe_target_on, weekday=True))
    passed = any(reason.code is ReasonCode.TARGET_PASSED for reason in answer.reasons)
    if answer.internal_target_on is not None and not passed:
        yield p.text("Internal target: {date}", date=p.day(answer.internal_target_on, weekday=True))


def _basis(p: Printer, bound: BoundDate, stage: str) -> Iterator[str]:
    """Yield the clause that binds with its words, then every other notice that speaks of the step."""
    yield p.text("Basis: {clause}", clause=cited(bound.said[0]))
    yield p.text("In the words of the notice: “{words}”", words=bound.source.rule.stage(stage).source_words)
    if others := [cited(each) for each in bound.others]:
        yield p.text("Also: {clauses}", clauses=p.listed(others))


def _cautions(p: Printer, binding: Binding, bound: BoundDate, stage: str, facts: Facts) -> Iterator[str]:
    deadlines = {type(each.source.rule.stage(stage).deadline) for each in bound.said}
    if facts.submitted_on and SubmitPlus not in deadlines:
        yield p.text("The date of this step does not count from a hand-over; the one given changes nothing.")
    if facts.found_on is not None and not deadlines & {WorkingDays, BeforeEvent}:
        yield p.text(
            "The date of this step does not count from a finding or an event; the one given changes nothing."
        )
    if facts.announced_on is not None and External not in deadlines:
        yield p.text("No authority sets the date of this step; the one given changes nothing.")
    early = [day for day in facts.submitted_on if day <= binding.period.end]
    if early and SubmitPlus in deadlines and _closes_after_its_period(binding, stage):
        yield p.text(
            "Check the hand-over on {date}: {period} had not ended, so what it is about was not complete yet.",
            date=p.day(min(early), weekday=True),
            period=rulewords.period(p, binding.period),
        )


def _closes_after_its_period(binding: Binding, stage: str) -> bool:
    """Tell whether the step before is about a period that must have ended: its evidence, its report."""
    chain = binding.rule.chain_of(stage)
    before = chain[max(chain.index(binding.stage(stage)) - 1, 0)].deadline
    return before.kind == "month_end_plus" or (before.kind == "fixed" and before.year_offset > 0)
