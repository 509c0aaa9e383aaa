"""``duewatch rules``: the rulebook as a list, one rule in full, and the check of a notice file."""

from pathlib import Path
from typing import Any

import click

from bot import rulewords
from bot.cli.terminal import Refusal, as_json, as_told, columns, law, misused
from bot.cli.timelines import timeline
from locales.printer import Printer
from obligations.notice import NoticeError, Rule, Rulebook, Text, UnknownRule, load_notice


def _said(p: Printer, text: Text | None) -> str:
    return "" if text is None else text.zh if p.chinese else text.en


@click.group(invoke_without_command=True)
@click.pass_context
def rules(context: click.Context) -> None:
    """Show the rulebook, or check a notice file."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


rules.add_command(timeline)


@rules.command("list")
@as_json
@click.pass_obj
def list_(p: Printer, *, as_json: bool = False) -> None:
    """List every rule with its stages and clauses."""
    book = law().rulebook
    if as_json:
        as_told([_summary(duty, book) for duty in book.by_duty])
        return
    for notice in book.notices:
        own = [
            rule
            for duty, rule in zip(book.by_duty, book.rules, strict=True)
            if book.notice_of(duty) is notice
        ]
        if own:
            click.echo(f"{notice.number}  {_said(p, notice.title)}")
        columns(
            [
                (f"  {rule.duty}", ", ".join(stage.name for stage in rule.stages), _said(p, rule.title))
                for rule in own
            ]
        )


@rules.command()
@click.argument("rule", required=False)
@as_json
@click.pass_context
def show(context: click.Context, *, rule: str | None, as_json: bool) -> None:
    """Show one rule in full: what each stage hands over, to whom, by when, and the words of the notice."""
    if rule is None:
        context.invoke(list_, as_json=as_json)
        return
    book = law().rulebook
    try:
        found = book.rule(rule)
    except UnknownRule as error:
        misused(str(error))
    if as_json:
        as_told({"notice": book.notice_of(rule).number, **found.model_dump(mode="json")})
        return
    _show(context.obj, found, book.notice_of(rule).number)


def _show(p: Printer, rule: Rule, number: str) -> None:
    click.echo(f"{_said(p, rule.title)}  ({rule.name}, {number})")
    first = p.text("from {period}", period=rule.first_period)
    last = "" if rule.last_period is None else p.text("through {period}", period=rule.last_period)
    often = rulewords.recurrence(p, rule.recurrence)
    click.echo(f"  {often}  {first} {last}".rstrip())
    for stage in rule.stages:
        actor = rulewords.level(p, stage.actor)
        click.echo(f"\n  {stage.name}  {actor}: {_said(p, stage.title)}  〔{stage.clause}〕")
        click.echo(f"    {stage.source_words}")
        told = [
            (p.text("Deadline"), rulewords.deadline(p, stage.deadline)),
            (p.text("Handed to"), rulewords.recipient(p, stage.submit_to)),
            (p.text("Channel"), _said(p, stage.channel)),
            (p.text("Counts as done"), _said(p, stage.evidence)),
            (p.text("Checked by"), rulewords.level(p, stage.checked_by) if stage.checked_by else ""),
        ]
        columns([(f"    {name}", words) for name, words in told if words])


@rules.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
@click.pass_obj
def check(p: Printer, *, file: Path, as_json: bool) -> None:
    """Check a notice file, and name the line, the rule and the key of everything that is wrong; exit code 1."""
    try:
        notice = load_notice(file)
    except NoticeError as error:
        if as_json:
            as_told(
                {"file": str(file), "valid": False, "problems": [_problem(each) for each in error.problems]}
            )
        raise Refusal(str(error)) from None
    if as_json:
        as_told(
            {
                "file": str(file),
                "valid": True,
                "number": notice.number,
                "rules": len(notice.rules),
                "problems": [],
            }
        )
        return
    click.echo(
        p.plural(
            "{number}: {n} rule, no fault.",
            "{number}: {n} rules, no fault.",
            len(notice.rules),
            number=notice.number,
        )
    )


def _problem(problem: Any) -> dict[str, Any]:  # noqa: ANN401  # the fields of a `Problem`, by name
    return {name: getattr(problem, name) for name in ("file", "line", "rule", "stage", "key", "message")}


def _summary(duty: str, book: Rulebook) -> dict[str, Any]:
    rule = book.rule(duty)
    return {
        "rule": duty,
        "notice": book.notice_of(duty).number,
        "title": rule.title.model_dump(),
        "recurrence": rule.recurrence.value,
        "sectors": sorted(rule.sectors),
        "stages": [
            {"stage": stage.name, "clause": stage.clause, "actor": stage.actor.value} for stage in rule.stages
        ],
        "notices": list(dict.fromkeys(notice.number for notice, _ in book.by_duty[duty])),
    }
