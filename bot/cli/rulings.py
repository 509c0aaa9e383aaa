"""``duewatch ruling``: what the municipality decides about dates, entered by its administrator."""

from collections.abc import Callable
from datetime import date
from typing import Any

import click

from bot import rulewords
from bot.cli.terminal import (
    DAY,
    Refusal,
    as_json,
    as_told,
    columns,
    law,
    misused,
    now_of,
    reading,
    settings,
    today_of,
)
from bot.wording import greetings
from bot.wording.phrases import Voice, untagged
from bot.wording.rulings import counted, kind_of
from locales.printer import Printer
from obligations.authority import RulingKind, announced_by
from obligations.chains import parts
from obligations.deadlines import DeadlineError
from obligations.decisions import DecisionRefused
from obligations.law import Law
from obligations.notice import Level, UnknownRule
from obligations.periods import Period, PeriodError
from storage import organisations, ruled, rulings
from storage.database import Session
from storage.errors import NotFoundError
from storage.models import Organisation
from storage.rulings import Effect, Order

_LONGEST_REASON = 1000
_LONGEST_DOCUMENT = 200

_Command = Callable[..., Any]


@click.group()
def ruling() -> None:
    """Extend, announce or waive dates, and list what was decided."""


def _common(command: _Command) -> _Command:
    """Give a command what every decision needs: the duty, for whom, why, by which document."""
    options = [
        click.argument("rule"),
        click.argument("period"),
        click.option("--stage", metavar="S", help="The step; needed where the duty has several."),
        click.option("--unit", metavar="CODE", help="For one unit: its code, credit code or name."),
        click.option("--district", metavar="NAME", help="For a district and its units: its name or code."),
        click.option("--all", "everyone", is_flag=True, help="For everyone who owes it in this period."),
        click.option("--reason", required=True, metavar="TEXT", help="Why."),
        click.option("--document", required=True, metavar="TEXT", help="The document's number."),
        click.option("--yes", is_flag=True, help="Do not ask before recording it."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


_until = click.option("--until", required=True, type=DAY, metavar="D", help="The new last day, inclusive.")


@ruling.command()
@_common
@click.pass_obj
def waive(p: Printer, /, **asked: Any) -> None:  # noqa: ANN401  # what `_common` declares
    """Let RULE of PERIOD go, with its checks; with --stage only that step."""
    _decide(p, RulingKind.WAIVE, until=None, **asked)


@ruling.command()
@_common
@_until
@click.pass_obj
def extend(p: Printer, /, **asked: Any) -> None:  # noqa: ANN401  # what `_common` declares
    """Move a date of RULE for PERIOD to a later one; no date below it moves."""
    _decide(p, RulingKind.EXTEND, **asked)


@ruling.command("date")
@_common
@_until
@click.pass_obj
def set_date(p: Printer, /, **asked: Any) -> None:  # noqa: ANN401  # what `_common` declares
    """Enter the date that was announced for RULE and PERIOD, where the notice leaves it to an authority."""
    _decide(p, RulingKind.SET_DATE, **asked)


@ruling.command("list")
@click.option("--rule", metavar="R", help="Only this duty.")
@as_json
@click.pass_obj
def list_(p: Printer, *, rule: str | None, as_json: bool) -> None:
    """List what was decided about dates, the latest first."""
    chosen = settings()
    with reading(p, chosen) as database:
        told = database.read(lambda session: _listed(session, rule))
    if as_json:
        as_told(told)
        return
    if not told:
        click.echo(p.text("Nothing was decided about dates yet."))
        return
    columns(
        [
            (
                p.moment(each["at"]),
                kind_of(p, RulingKind(each["kind"])),
                " ".join(filter(None, (each["rule"], each["stage"], each["period"]))),
                each["for"],
                "" if each["until"] is None else p.day(each["until"]),
                each["document"],
                each["reason"],
            )
            for each in told
        ]
    )


def _listed(session: Session, rule: str | None) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "kind": each.kind.value,
            "rule": each.rule,
            "stage": each.stage,
            "period": each.period,
            "for": scope.name,
            "until": each.until,
            "reason": each.reason,
            "document": each.document,
            "by": ruled.office_of(session, each),
            "at": each.at,
        }
        for each, scope in ruled.listed(session, rule=rule)
    ]


def _decide(
    p: Printer,
    kind: RulingKind,
    *,
    until: date | None,
    rule: str,
    period: str,
    stage: str | None,
    unit: str | None,
    district: str | None,
    everyone: bool,
    reason: str,
    document: str,
    yes: bool,
) -> None:
    """Show what a decision would change, ask, and record it."""
    if [unit is not None, district is not None, everyone].count(True) != 1:
        misused(p.text("say for whom: --unit CODE, --district NAME or --all"))
    reason, document = reason.strip(), document.strip()
    if not 0 < len(reason) <= _LONGEST_REASON or not 0 < len(document) <= _LONGEST_DOCUMENT:
        misused(
            p.text(
                "a reason has 1 to {reason} characters, a document's number 1 to {document}",
                reason=_LONGEST_REASON,
                document=_LONGEST_DOCUMENT,
            )
        )
    chosen = settings()
    in_force = law()
    now = now_of(chosen)
    voice = Voice(p=p, law=in_force, today=today_of(chosen))

    def ordered(session: Session) -> tuple[Order, str]:
        scope = _scope(p, session, unit=unit, district=district)
        meant = Period.parse(period)
        named = _stage(p, in_force, kind, rule=rule, period=meant, stage=stage)
        order = Order(kind=kind, rule=rule, period=meant, scope_id=scope.id, stage=named, until=until)
        everybody = p.text("Everyone of {period}", period=rulewords.period(p, meant))
        return order, everybody if everyone else scope.name

    def previewed(session: Session) -> tuple[Effect, Order, str]:
        order, name = ordered(session)
        return rulings.preview(session, in_force, order, by=None, now=now), order, name

    with reading(p, chosen) as database:
        try:
            effect, order, name = database.read(previewed)
            _show(voice, order, name, effect)
            if not yes and not click.confirm(p.text("Record it and tell those concerned?")):
                click.echo(p.text("Nothing was recorded."))
                return
            decreed = database.write(
                lambda session: rulings.decree(
                    session, in_force, order, reason=reason, document=document, by=None, now=now
                )
            )
        except DecisionRefused as refused:
            raise Refusal(greetings.refusal(p, refused)) from None
        except (UnknownRule, DeadlineError, PeriodError) as error:
            misused(str(error))
    told = p.plural("{n} contact is told.", "{n} contacts are told.", decreed.told)
    click.echo(p.text("Recorded as ruling {number}.", number=decreed.ruling_id) + " " + told)


def _show(voice: Voice, order: Order, name: str, effect: Effect) -> None:
    p = voice.p
    title = voice.law.rulebook.rule(order.rule).title.of(p.language)
    step = "" if order.stage is None else f" · {order.stage}"
    click.echo(f"{kind_of(p, order.kind)}: {title} {order.period}{step}")
    click.echo("  " + p.text("For: {whom}", whom=name))
    if order.until is not None:
        click.echo("  " + p.text("New date: {deadline}", deadline=voice.deadline(order.until)))
    for line in counted(voice, order.kind, effect):
        click.echo("  " + untagged(line))
    if not effect.total:
        click.echo("  " + p.text("Nobody owes it yet; it will hold for what is made later."))


def _scope(p: Printer, session: Session, *, unit: str | None, district: str | None) -> Organisation:
    """Return whom a decision is for: the municipality stands for everyone."""
    try:
        if unit is None and district is None:
            return organisations.municipality(session)
        found = organisations.by_code(session, unit or district or "")
    except NotFoundError as error:
        raise Refusal(str(error)) from None
    if found.level is not (Level.UNIT if unit else Level.DISTRICT):
        misused(
            p.text("{name} is no unit; for a district write --district", name=found.name)
            if unit
            else p.text("{name} is no district", name=found.name)
        )
    return found


def _stage(
    p: Printer, in_force: Law, kind: RulingKind, *, rule: str, period: Period, stage: str | None
) -> str | None:
    """Return the step that is meant: the one named, or the only one it can be."""
    in_force.rulebook.rule(rule)
    bindings = [binding for _, binding in parts(in_force, rule, period).values()]
    names = list(dict.fromkeys(each.name for binding in bindings for each in binding.rule.stages))
    if stage is not None:
        if names and stage not in names:
            misused(
                p.text(
                    "{rule} has no step {stage}; it has {names}",
                    rule=rule,
                    stage=stage,
                    names=", ".join(names),
                )
            )
        return stage
    if kind is RulingKind.WAIVE:
        return None
    if kind is RulingKind.SET_DATE:
        names = [name for name in names if any(announced_by(binding, name) for binding in bindings)] or names
    if len(names) > 1:
        misused(p.text("name the step with --stage: {names}", names=", ".join(names)))
    return names[0] if names else in_force.rulebook.rule(rule).stages[0].name
