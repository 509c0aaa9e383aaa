"""``duewatch due``: one deadline, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import click

from bot import rulewords
from bot.cli.terminal import RULE_DAY, as_json, as_told, law, misused
from bot.explaining import SECOND_HAND, Explanation, cited, explain
from locales.printer import Printer
from obligations.binding import Binding, Dated
from obligations.deadlines import DeadlineError, DueKind, Facts
from obligations.law import Law
from obligations.notice import Sector, UnknownRule
from obligations.parameters import Applied
from obligations.periods import Period, PeriodError
from obligations.terms import SECTOR_GROUPS

_SECTORS = [*SECTOR_GROUPS, *(sector.value for sector in Sector if sector.value not in SECTOR_GROUPS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The sectors the answer is for; empty where the duty binds none of those asked for."""

    sectors: frozenset[Sector]
    elsewhere: tuple[tuple[frozenset[Sector], Binding], ...]
    """Whom else the duty binds, by other notices."""


@click.command()
@click.argument("rule")
@click.argument("stage")
@click.argument("period")
@click.option(
    "--submitted",
    multiple=True,
    type=RULE_DAY,
    metavar="T",
    help="When the step before was handed over; repeatable.",
)
@click.option("--found", type=RULE_DAY, metavar="D", help="The day of the finding, or of the event.")
@click.option("--announced", type=RULE_DAY, metavar="D", help="The date an authority announced.")
@click.option(
    "--roll", type=click.Choice(["none", "next_working_day"]), help="What a date on a day off does."
)
@click.option("--sector", type=click.Choice(_SECTORS), help="The unit's sector, or a group of sectors.")
@as_json
@click.pass_obj
def due(
    p: Printer,
    *,
    rule: str,
    stage: str,
    period: str,
    submitted: tuple[date, ...],
    found: date | None,
    announced: date | None,
    roll: str | None,
    sector: str | None,
    as_json: bool,
) -> None:
    """Say when STAGE of RULE is due for PERIOD, and why.

    PERIOD is YYYY-MM, YYYY or YYYY-YYYY. A time without a zone is in Asia/Shanghai. Without --sector the answer is
    for the sectors that the duty's first notice names, or the most of them.
    """
    in_force = law()
    try:
        meant = Period.parse(period)
        asked = _asked(in_force, rule, meant, sector)
        facts = Facts(submitted_on=submitted, found_on=found, announced_on=announced)
        answer = explain(
            p, in_force, rule, stage, meant, sectors=asked.sectors or None, facts=facts, roll=roll
        )
    except (UnknownRule, DeadlineError, PeriodError) as error:
        misused(str(error))
    if sector is not None and not asked.sectors:
        _does_not_bind(p, answer, rule=rule, stage=stage, sector=sector, as_json=as_json)
        return
    others = _elsewhere(p, in_force, asked, answer, stage=stage, facts=facts, roll=roll)
    if as_json:
        as_told(_told(p, rule, stage, answer) | {"elsewhere": [_other(*each) for each in others]})
        return
    click.echo(answer.title)
    click.echo(f"  {answer.headline}")
    for line in answer.targets:
        click.echo(f"  {line}")
    for line in (*answer.reasons, *answer.cautions):
        click.echo(f"  · {line}")
    for line in answer.basis:
        click.echo(f"  {line}")
    if answer.parameters:
        click.echo("  " + p.text("To be applied to this report:"))
        for each in answer.parameters:
            click.echo(f"  · {_parameter(p, each)}")
    if answer.binding.duty != rule:
        click.echo(
            "  "
            + p.text(
                "For these sectors {duty} ({name}) takes the place of {rule}.",
                duty=answer.binding.rule.title.of(p.language),
                name=answer.binding.duty,
                rule=rule,
            )
        )
    for sectors, other in others:
        click.echo(
            "  "
            + p.text(
                "Otherwise for {sectors}: {date}, {clause}",
                sectors=rulewords.sectors(p, sectors),
                date=_on(p, other),
                clause=cited(other.bound.said[0]),
            )
        )


def _parameter(p: Printer, applied: Applied) -> str:
    return p.text(
        "{name}: {value} ({notice})",
        name=applied.parameter.name.of(p.language),
        value=applied.parameter.value.of(p.language),
        notice=applied.source.notice.number + (f" {SECOND_HAND}" if applied.source.second_hand else ""),
    )


def _on(p: Printer, answer: Explanation) -> str:
    on = answer.bound.date.due_on
    return answer.headline if on is None else p.day(on, weekday=True)


def _asked(in_force: Law, rule: str, period: Period, sector: str | None) -> _Asked:
    """Return whom an answer is for: of the sectors asked for the most that the same notices bind.

    Raises:
        UnknownRule: there is no such duty.
        DeadlineError: no notice binds it in this period.
    """
    base = in_force.rulebook.rule(rule).sectors
    wanted = frozenset(Sector) if sector is None else SECTOR_GROUPS.get(sector) or frozenset({Sector(sector)})
    found: dict[tuple[object, ...], tuple[frozenset[Sector], Binding]] = {}
    for each in sorted(wanted):
        try:
            bound = in_force.binding(rule, period, sectors=frozenset({each}))
        except DeadlineError:
            continue
        if sector is None and each not in base and bound.duty != rule:
            continue
        key = tuple(source.key for source in bound.sources)
        together = found[key][0] if key in found else frozenset()
        found[key] = (together | {each}, bound)
    if not found:
        in_force.binding(rule, period)  # or the question itself is amiss
        return _Asked(sectors=frozenset(), elsewhere=())
    groups = sorted(found.values(), key=lambda group: (-len(group[0] & base), -len(group[0]), min(group[0])))
    return _Asked(sectors=groups[0][0], elsewhere=tuple(groups[1:]))


def _elsewhere(
    p: Printer,
    in_force: Law,
    asked: _Asked,
    answer: Explanation,
    *,
    stage: str,
    facts: Facts,
    roll: str | None,
) -> list[tuple[frozenset[Sector], Explanation]]:
    """Return for whom of those asked for another date binds."""
    told = []
    for sectors, binding in asked.elsewhere:
        if any(each.name == stage for each in binding.rule.stages):
            period = binding.period
            said = explain(p, in_force, binding.duty, stage, period, sectors=sectors, facts=facts, roll=roll)
            if said.bound.date.due_on != answer.bound.date.due_on:
                told.append((sectors, said))
    return told


def _does_not_bind(
    p: Printer, answer: Explanation, *, rule: str, stage: str, sector: str, as_json: bool
) -> None:
    sectors = SECTOR_GROUPS.get(sector) or frozenset({Sector(sector)})
    why = p.text("This duty does not bind the sector {sector}.", sector=rulewords.sectors(p, sectors))
    if not as_json:
        click.echo(answer.title)
        click.echo("  " + p.text("No date"))
        click.echo(f"  · {why}")
        click.echo(f"  {answer.basis[0]}")
        return
    nothing = dict.fromkeys(("due_on", "overdue_from", "safe_target_on", "internal_target_on"))
    told = _told(p, rule, stage, answer) | nothing
    as_told(
        told
        | {
            "kind": DueKind.NONE.value,
            "excused": False,
            "chain_at_risk": False,
            "reasons": [why],
            "applies": False,
            "cautions": [],
            "dates": [],
            "elsewhere": [],
            "parameters": [],
        }
    )


def _told(p: Printer, rule: str, stage: str, answer: Explanation) -> dict[str, Any]:
    bound = answer.bound
    return {
        "rule": rule,
        "stage": stage,
        "period": str(answer.binding.period),
        "due_on": bound.date.due_on,
        "overdue_from": bound.date.overdue_from,
        "kind": bound.date.kind.value,
        "safe_target_on": bound.date.safe_target_on,
        "internal_target_on": bound.date.internal_target_on,
        "excused": bound.date.excused,
        "chain_at_risk": bound.date.chain_at_risk,
        "clause": bound.date.clause,
        "reasons": list(answer.reasons),
        "applies": True,
        "duty": answer.binding.duty,
        "notice": bound.source.notice.number,
        "second_hand": bound.source.second_hand,
        "dates": _dates(bound.said),
        "cautions": list(answer.cautions),
        "parameters": [
            {
                "name": each.parameter.name.of(p.language),
                "value": each.parameter.value.of(p.language),
                "notice": each.source.notice.number,
                "second_hand": each.source.second_hand,
            }
            for each in answer.parameters
        ],
    }


def _dates(said: Sequence[Dated]) -> list[dict[str, Any]]:
    return [
        {
            "notice": each.source.notice.number,
            "version": each.source.notice.version,
            "clause": each.date.clause,
            "due_on": each.date.due_on,
            "kind": each.date.kind.value,
            "binding": place == 0,
            "superseded_by": each.superseded_by,
            "second_hand": each.source.second_hand,
        }
        for place, each in enumerate(said)
    ]


def _other(sectors: frozenset[Sector], answer: Explanation) -> dict[str, Any]:
    return {
        "sectors": sorted(sectors),
        "duty": answer.binding.duty,
        "due_on": answer.bound.date.due_on,
        "notice": answer.bound.source.notice.number,
    }
