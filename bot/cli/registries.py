"""``duewatch import`` and ``duewatch invite``: who is supervised, and how they enrol."""

from datetime import datetime
from pathlib import Path

import click

from bot.cli.faults import sentence
from bot.cli.terminal import (
    Refusal,
    as_json,
    as_told,
    columns,
    law,
    misused,
    now_of,
    reading,
    settings,
    writing,
)
from bot.installation import BOT_USERNAME
from bot.wording.checklists import no_fuel
from locales.printer import Printer
from obligations.deadlines import ZONE
from storage import contacts, keeping, organisations, registry, workbook
from storage import settings as stored
from storage.contacts import INVITATION_VALID_FOR
from storage.database import Session
from storage.errors import NotFoundError
from storage.organisations import Scope
from storage.registry_rows import Fault, RegistryError
from storage.types import local_date


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--template", type=click.Path(dir_okay=False, path_type=Path), help="Write an empty workbook to fill in."
)
@click.option(
    "--invitations", is_flag=True, help="Make an invitation for every contact who is not enrolled yet."
)
@as_json
@click.pass_obj
def import_(
    p: Printer, *, file: Path | None, template: Path | None, invitations: bool, as_json: bool
) -> None:
    """Load the registry of districts, units and contacts from an xlsx workbook: all of it, or nothing."""
    if template is not None:
        _write_template(p, template)
    if file is None:
        if template is None:
            misused(p.text("name a workbook to load, or --template FILE to write an empty one"))
        return
    chosen = settings()
    now, in_force = now_of(chosen), law()
    try:
        read = workbook.read(file)
    except RegistryError as error:
        _report_faults(p, file, error.faults, as_json=as_json)

    def work(session: Session) -> tuple[registry.LoadReport, int]:
        loaded = registry.load(session, read, now=now, invite=invitations)
        if not loaded.created + loaded.updated + loaded.unchanged:
            return loaded, 0
        city = organisations.municipality(session)
        scope = Scope(level=city.level, organisation_id=city.id)
        unknown = keeping.how_many_of_unknown_fuel(session, in_force, scope, on=local_date(now))
        return loaded, unknown

    with writing(chosen) as database:
        try:
            report, unknown = database.write(work)
        except RegistryError as error:
            _report_faults(p, file, error.faults, as_json=as_json)
    if as_json:
        as_told(
            {
                "created": report.created,
                "updated": report.updated,
                "unchanged": report.unchanged,
                "fuel_unknown": unknown,
                "invitations": [
                    {
                        "organisation": each.organisation,
                        "contact": each.contact,
                        "lead": each.lead,
                        "token": each.token,
                    }
                    for each in report.invitations
                ],
            }
        )
        return
    click.echo(
        p.text(
            "Loaded: {created} new, {updated} changed, {unchanged} as before.",
            created=report.created,
            updated=report.updated,
            unchanged=report.unchanged,
        )
    )
    if unknown:
        click.echo(no_fuel(p, unknown))
    if report.invitations:
        click.echo(p.text("Invitations, shown this once; each is for one person to send to the bot:"))
        columns(
            [(f"  {each.organisation}", each.contact, f"/start {each.token}") for each in report.invitations]
        )


def _write_template(p: Printer, path: Path) -> None:
    if path.exists():
        misused(p.text("{path} is there already; name another file", path=path))
    try:
        workbook.write_template(path)
    except OSError as error:
        raise Refusal(
            p.text(
                "{path} cannot be written or read: {reason}",
                path=error.filename or path,
                reason=error.strerror,
            )
        ) from None
    click.echo(p.text("Wrote {path}. Fill it in, then: duewatch import {path}", path=path), err=True)


def _report_faults(p: Printer, file: Path, faults: tuple[Fault, ...], *, as_json: bool) -> None:
    if as_json:
        as_told(
            {
                "faults": [
                    {
                        "sheet": fault.place.sheet,
                        "row": fault.place.row,
                        "column": fault.column,
                        "code": fault.code.value,
                        "message": sentence(p, fault),
                    }
                    for fault in faults
                ]
            }
        )
    for fault in faults:
        click.echo(f"{file.name}: {sentence(p, fault)}", err=True)
    raise Refusal(
        p.plural("{n} fault; nothing was changed.", "{n} faults; nothing was changed.", len(faults))
    ) from None


@click.command()
@click.argument("organisation")
@click.option("--lead", is_flag=True, help="For somebody who leads there.")
@click.option(
    "--administrator", is_flag=True, help="For somebody who looks after Duewatch, and hears its alarms."
)
@as_json
@click.pass_obj
def invite(p: Printer, *, organisation: str, lead: bool, administrator: bool, as_json: bool) -> None:
    """Make a single-use invitation to ORGANISATION, by its code, credit code or name."""
    chosen = settings()
    now = now_of(chosen)
    with reading(p, chosen) as database:
        name, token, username = database.write(
            lambda session: _invite(p, session, organisation, lead=lead, administrator=administrator, now=now)
        )
    link = f"https://t.me/{username}?start={token}" if username else None
    expires = now + INVITATION_VALID_FOR
    if as_json:
        as_told(
            {
                "organisation": name,
                "lead": lead,
                "administrator": administrator,
                "token": token,
                "start": f"?start={token}",
                "link": link,
                "expires_at": expires,
            }
        )
        return
    click.echo(
        p.text(
            "Invitation to {organisation}, for one person, until {moment}:",
            organisation=name,
            moment=p.moment(expires),
        )
    )
    words = f"/start {token}"
    if link is None:
        click.echo("  " + p.text("send to the bot: {words}", words=words))
        return
    click.echo(f"  {link}")
    click.echo("  " + p.text("or send to the bot: {words}", words=words))


def _invite(
    p: Printer, session: Session, words: str, *, lead: bool, administrator: bool, now: datetime
) -> tuple[str, str, str | None]:
    """Return the organisation's name, the token, and the bot's name where it has run once."""
    try:
        found = organisations.by_code(session, words)
    except NotFoundError:
        misused(p.text("there is no organisation with the code or name {words}", words=words))
    if found.valid_to is not None and found.valid_to < now.astimezone(ZONE).date():
        misused(
            p.text(
                "{organisation} ended on {date}; nobody can be invited there any more",
                organisation=found.name,
                date=p.day(found.valid_to),
            )
        )
    token = contacts.invite(session, found.id, lead=lead, administrator=administrator, now=now)
    return found.name, token, stored.get(session, BOT_USERNAME)
