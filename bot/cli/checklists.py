"""``duewatch checklist``: what an organisation owes without a date, as the chat lists it."""

from typing import Any

import click

from bot.cli.terminal import as_json, as_told, law, misused, now_of, reading, settings
from bot.wording import checklists as wording
from bot.wording.phrases import Voice, untagged
from locales.printer import Printer
from obligations.law import Law
from storage import checklist as kept
from storage import keeping, organisations
from storage.checklist import Line
from storage.database import Session
from storage.errors import NotFoundError
from storage.models import Organisation
from storage.organisations import Scope
from storage.types import local_date


@click.command()
@click.argument("organisation")
@as_json
@click.pass_obj
def checklist(p: Printer, *, organisation: str, as_json: bool) -> None:
    """List what ORGANISATION (code or name) owes without a fixed date, and what counts as done."""
    chosen = settings()
    now = now_of(chosen)
    in_force = law()

    def work(session: Session) -> tuple[Organisation, tuple[Line, ...], int]:
        try:
            found = organisations.by_code(session, organisation)
        except NotFoundError:
            misused(p.text("there is no organisation with the code or name {words}", words=organisation))
        lines = kept.of_organisation(session, in_force, found, now=now)
        unknown = keeping.how_many_of_unknown_fuel(
            session, in_force, Scope(level=found.level, organisation_id=found.id), on=local_date(now)
        )
        session.expunge(found)
        return found, lines, unknown

    with reading(p, chosen) as database:
        found, lines, unknown = database.read(work)
    if as_json:
        told = [_told(in_force, line, found) for line in lines]
        as_told(
            {
                "organisation": found.name,
                "code": found.code,
                "on": local_date(now),
                "fuel_unknown": unknown,
                "items": told,
            }
        )
        return
    screen = wording.listed(
        Voice(p=p, law=in_force, today=local_date(now)),
        lines,
        name=found.office,
        organisation=found.id,
        offset=0,
        now=now,
        parameters=[kept.parameters_of(in_force, line, found.sector) for line in lines],
        edit=False,
        fuel_unknown=unknown,
        size=max(1, len(lines)),
    )
    click.echo(untagged(screen.html))


def _told(in_force: Law, line: Line, organisation: Organisation) -> dict[str, Any]:
    return {
        "duty": line.duty,
        "stage": line.step.name,
        "title": line.step.title.model_dump(),
        "notice": line.notice.number,
        "clause": line.step.clause,
        "second_hand": line.notice.provenance.source == "second-hand",
        "evidence": line.step.evidence.model_dump(),
        "conditions": [condition.model_dump() for condition in line.step.conditions],
        "waits_for_date": line.waits,
        "set_by": line.set_by.value if line.waits else None,
        "supervised": line.supervised,
        "done": line.done,
        "periods": [
            {
                "period": str(count.period),
                "open": count.open,
                "blocked": count.blocked,
                "waiting": count.waiting,
                "done": count.done,
                "waived": count.waived,
            }
            for count in line.counts
        ],
        "parameters": [
            {
                "name": applied.parameter.name.model_dump(),
                "value": applied.parameter.value.model_dump(),
                "notice": applied.source.notice.number,
            }
            for applied in kept.parameters_of(in_force, line, organisation.sector)
        ],
    }
