"""``duewatch due``: one deadline, and why."""

from datetime import date
from typing import Any

import click

from bot.cli.terminal import RULE_DAY, as_json, as_told, law, misused
from bot.reasons import sentence
from locales.printer import Printer
from obligations.deadlines import DeadlineError, DueDate, DueKind, Facts
from obligations.deadlines import due as due_date
from obligations.notice import Rule, Sector, UnknownRule
from obligations.periods import Period, PeriodError
from obligations.terms import SECTOR_GROUPS

_SECTORS = [*SECTOR_GROUPS, *(sector.value for sector in Sector if sector.value not in SECTOR_GROUPS)]


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
@click.option(
    "--roll", type=click.Choice(["none", "next_working_day"]), help="What a date on a day off does."
)
@click.option("--sector", type=click.Choice(_SECTORS), help="The unit's sector.")
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
    roll: str | None,
    sector: str | None,
    as_json: bool,
) -> None:
    """Say when STAGE of RULE is due for PERIOD, and why.

    PERIOD is YYYY-MM, YYYY or YYYY-YYYY. A time without a zone is in Asia/Shanghai.
    """
    shipped = law()
    try:
        bound = shipped.rulebook.rule(rule)
        meant = Period.parse(period)
        answer = due_date(
            bound,
            stage,
            meant,
            facts=Facts(submitted_on=submitted, found_on=found),
            calendar=shipped.calendar,
            roll=roll,
        )
    except (UnknownRule, DeadlineError, PeriodError) as error:
        misused(str(error))
    applies = sector is None or bool(_sectors(sector) & bound.sectors)
    why = [sentence(p, reason) for reason in answer.reasons]
    if not applies:
        why = [p.text("This duty does not bind the sector {sector}.", sector=sector)]
    if as_json:
        as_told(
            _told(bound, stage, meant, answer if applies else _nothing(answer), why) | {"applies": applies}
        )
        return
    _print(p, bound, stage=stage, period=meant, answer=answer if applies else _nothing(answer), why=why)


def _sectors(name: str) -> frozenset[Sector]:
    return SECTOR_GROUPS.get(name) or frozenset({Sector(name)})


def _nothing(answer: DueDate) -> DueDate:
    return DueDate(
        due_on=None,
        overdue_from=None,
        kind=DueKind.NONE,
        safe_target_on=None,
        internal_target_on=None,
        excused=False,
        chain_at_risk=False,
        clause=answer.clause,
        reasons=(),
    )


def _told(rule: Rule, stage: str, period: Period, answer: DueDate, why: list[str]) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "stage": stage,
        "period": str(period),
        "due_on": answer.due_on,
        "overdue_from": answer.overdue_from,
        "kind": answer.kind.value,
        "safe_target_on": answer.safe_target_on,
        "internal_target_on": answer.internal_target_on,
        "excused": answer.excused,
        "chain_at_risk": answer.chain_at_risk,
        "clause": answer.clause,
        "reasons": why,
    }


def _print(p: Printer, rule: Rule, *, stage: str, period: Period, answer: DueDate, why: list[str]) -> None:
    title, step = rule.title, rule.stage(stage).title
    click.echo(f"{title.zh if p.chinese else title.en} {period} · {step.zh if p.chinese else step.en}")
    click.echo("  " + _headline(p, answer))
    if answer.safe_target_on is not None:
        click.echo("  " + p.text("Safe target: {date}", date=p.day(answer.safe_target_on, weekday=True)))
    if answer.internal_target_on is not None:
        click.echo(
            "  " + p.text("Internal target: {date}", date=p.day(answer.internal_target_on, weekday=True))
        )
    for reason in why:
        click.echo(f"  · {reason}")
    click.echo("  " + p.text("Basis: clause {clause}", clause=answer.clause))


def _headline(p: Printer, answer: DueDate) -> str:
    if answer.due_on is None:
        return p.text("Not announced yet") if answer.kind is DueKind.EXTERNAL else p.text("No date")
    said = p.text("Due by 24:00 on {date}", date=p.day(answer.due_on, weekday=True))
    if answer.overdue_from is None:
        said = p.text("Keep through {date}", date=p.day(answer.due_on, weekday=True))
    if answer.kind is DueKind.PROVISIONAL:
        said += p.text(" (provisional)")
    return said
