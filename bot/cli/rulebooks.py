"""``duewatch rules``: the register of duties, one duty in full, and what administrators do with notice files."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import click

from bot.cli.differences import diff
from bot.cli.files import put
from bot.cli.notices import add, check
from bot.cli.terminal import RULE_DAY, Refusal, as_json, as_told, columns, law, misused
from bot.cli.timelines import timeline
from bot.register.duties import as_data, register
from bot.register.one_duty import as_full_data, described
from bot.register.page import page
from bot.register.sheet import sheet
from bot.register.terminal import NARROWEST, printed
from locales.printer import Printer
from obligations.law import Law
from obligations.notice import Rulebook, UnknownRule
from obligations.periods import FIRST_YEAR, LAST_YEAR

_SCREEN = (100, 24)
_WIDEST = 160


@click.group(invoke_without_command=True)
@click.pass_context
def rules(context: click.Context) -> None:
    """Show the register of duties; check, compare and add notice files."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


for _command in (check, add, diff, timeline):
    rules.add_command(_command)


@rules.command("list")
@as_json
@click.pass_obj
def list_(p: Printer, *, as_json: bool = False) -> None:
    """List every duty with its stages and clauses."""
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
            click.echo(f"{notice.number}  {notice.title.of(p.language)}")
        columns(
            [
                (
                    f"  {rule.duty}",
                    ", ".join(stage.name for stage in rule.stages),
                    rule.title.of(p.language),
                )
                for rule in own
            ]
        )


@rules.command()
@click.argument("rule", required=False)
@click.option(
    "--on", type=RULE_DAY, metavar="DATE", help="What is in force on this day, with the dates of its year."
)
@click.option(
    "--year", type=click.IntRange(FIRST_YEAR, LAST_YEAR), help="What a year brings, with its dates."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write one HTML page to print or to hang on a wall.",
)
@click.option(
    "--language",
    type=click.Choice(["zh", "en"]),
    help="Language of the register; otherwise that of the answers.",
)
@as_json
@click.pass_obj
def show(
    p: Printer,
    *,
    rule: str | None,
    on: date | None,
    year: int | None,
    output: Path | None,
    language: str | None,
    as_json: bool,
) -> None:
    """Show the register: who does what by when, to whom, and what counts as done. With RULE, one duty in full."""
    if on is not None and year is not None:
        misused(p.text("give --on or --year, not both"))
    if output is not None and as_json:
        misused(p.text("give -o or --json, not both"))
    p = p if language is None else Printer.for_language(language)
    in_force = law()
    if rule is not None:
        _duty(p, in_force, rule, on=on, year=year, output=output, as_json=as_json)
        return
    made = register(in_force, year=year, on=on)
    if not made.duties:
        raise Refusal(p.text("no notice is in force then; give a later day or year"))
    if as_json:
        as_told([as_data(duty) for duty in made.duties])
    elif output is not None:
        _write(p, page(sheet(p, made)), output)
    else:
        _print(printed(sheet(p, made), _width()))


def _duty(
    p: Printer,
    in_force: Law,
    name: str,
    *,
    on: date | None,
    year: int | None,
    output: Path | None,
    as_json: bool,
) -> None:
    try:
        in_force.rulebook.rule(name)
    except UnknownRule as error:
        misused(str(error))
    if output is not None:
        misused(p.text("-o writes the whole register; leave out {rule}", rule=name))
    made = register(in_force, year=year, on=on)
    found = [duty for duty in made.duties if duty.name == name]
    if not found:
        raise Refusal(p.text("{rule} asks for nothing then; leave out --on and --year", rule=name))
    said = in_force.rulebook.by_duty[name]
    if as_json:
        as_told(as_full_data(found[0], said))
    else:
        _print(described(p, replace(made, duties=(found[0],)), said, _width()))


def _write(p: Printer, text: str, path: Path) -> None:
    try:
        put(text.encode(), path)
    except OSError as error:
        raise Refusal(
            p.text("{path} cannot be written or read: {reason}", path=path, reason=error.strerror)
        ) from None
    click.echo(p.text("Wrote {path}.", path=path), err=True)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _width() -> int:
    """Return how wide the register is printed: as the screen, within reason; 100 columns where there is none."""
    return min(max(shutil.get_terminal_size(_SCREEN).columns, NARROWEST), _WIDEST)


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
