"""``duewatch keep``: what must be kept for inspection on a day, through when, and what may be let go."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from bot.cli.terminal import DAY, Refusal, as_json, as_told, law, misused, reading, settings, today_of
from bot.wording import keeping as wording
from bot.wording.phrases import Voice, untagged
from locales.printer import Printer
from obligations.law import Law
from obligations.notice import Level
from storage import keeping, organisations
from storage.database import Session
from storage.errors import NotFoundError
from storage.keeping import Keeping, Kept
from storage.models import Organisation
from storage.organisations import Scope

_Told = Sequence[tuple[Organisation, tuple[Keeping, ...]]]


@click.command()
@click.argument("unit", required=False)
@click.option("--district", metavar="NAME", help="What an inspector may ask for in this district.")
@click.option("--on", type=DAY, metavar="DATE", help="On this date; otherwise today.")
@as_json
@click.pass_obj
def keep(p: Printer, *, unit: str | None, district: str | None, on: date | None, as_json: bool) -> None:
    """Say what UNIT (code, credit code or name) must keep, or what may be asked for in a district or the city."""
    if unit is not None and district is not None:
        misused(p.text("name a unit or a district, not both"))
    chosen = settings()
    day = on or today_of(chosen)
    in_force = law().on(day)

    def work(session: Session) -> tuple[Organisation, list[Organisation]]:
        named = _named(p, session, unit or district, level=Level.UNIT if unit else Level.DISTRICT)
        units = (
            [named]
            if unit is not None
            else list(
                organisations.units(session, Scope(level=named.level, organisation_id=named.id), on=day)
            )
        )
        for each in {named, *units}:
            session.expunge(each)
        return named, units

    with reading(p, chosen) as database:
        named, units = database.read(work)
    told = [(each, keeping.of_unit(in_force, each, on=day)) for each in units]
    unknown = [each.name for each in units if keeping.fuel_unknown(in_force, each)]
    if as_json:
        items = [_told(each, kept) for each, kept in told if kept or unit is not None]
        as_told({"scope": named.name, "on": day, "units": items, "fuel_unknown": unknown})
        return
    click.echo(_said(p, in_force, named, told, unknown, on=day, one=unit is not None))


def _said(
    p: Printer,
    in_force: Law,
    named: Organisation,
    told: _Told,
    unknown: Sequence[str],
    *,
    on: date,
    one: bool,
) -> str:
    voice = Voice(p=p, law=in_force, today=on)
    if one:
        ((unit, kept),) = told
        screen = wording.of_unit(voice, unit, kept, on=on, fuel_unknown=bool(unknown), inspector=False)
    else:
        must = [(unit, kept) for unit, kept in told if any(each.must for each in kept)]
        screen = wording.of_area(
            voice, named.name, must, on=on, offset=0, total=len(must), unknown=unknown, edit=False
        )
    return untagged(screen.html)


def _named(p: Printer, session: Session, words: str | None, *, level: Level) -> Organisation:
    try:
        if words is None:
            return organisations.municipality(session)
        found = organisations.by_code(session, words)
    except NotFoundError as error:
        if words is None:
            raise Refusal(str(error)) from None
        misused(p.text("there is no organisation with the code or name {words}", words=words))
    if found.level is not level:
        misused(
            p.text("{name} is no unit; for a district write --district", name=found.name)
            if level is Level.UNIT
            else p.text("{name} is no district", name=found.name)
        )
    return found


def _told(unit: Organisation, kept: Sequence[Keeping]) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "duties": [
            {
                "duty": each.duty,
                "notice": each.notice.number,
                "clause": each.step.clause,
                "must": [_month(month) for month in each.must],
                "may_go": [_month(month) for month in each.may_go],
            }
            for each in kept
        ],
    }


def _month(kept: Kept) -> dict[str, Any]:
    return {
        "period": str(kept.period),
        "through": kept.through,
        "disposable_from": kept.free_from,
        "what": [rule.name for rule in kept.what],
    }
