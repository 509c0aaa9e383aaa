"""What has no date: an organisation's checklist, and the stages of one of its lines."""

from bot.handlers.desk import Desk
from bot.screen import Press, Screen
from bot.wording import checklists as wording
from bot.wording.duties import PAGE
from obligations.notice import Level
from storage import checklist, keeping, organisations
from storage.models import Organisation
from storage.organisations import Scope


def checklist_of(desk: Desk, press: Press) -> Screen:
    """Show one page of a checklist: the reader's own, or that of a unit within the reader's scope."""
    offset = press.number(0) if press.arguments else 0
    organisation = organisations.get(
        desk.session, press.number(1) if len(press.arguments) > 1 else desk.reader.organisation_id
    )
    desk.reader.require(_may_see(desk, organisation))
    lines = checklist.of_organisation(desk.session, desk.law, organisation, now=desk.now)
    if offset and offset >= len(lines):
        # The list has become shorter than the page asked for.
        return checklist_of(desk, Press.to(press.verb, 0, organisation.id))
    return wording.listed(
        desk.voice,
        lines,
        name=organisation.office,
        organisation=organisation.id,
        offset=offset,
        now=desk.now,
        parameters=[
            checklist.parameters_of(desk.law, line, organisation.sector)
            for line in lines[offset : offset + wording.LINES]
        ],
        edit=press.in_place,
        fuel_unknown=keeping.how_many_of_unknown_fuel(
            desk.session,
            desk.law,
            Scope(level=organisation.level, organisation_id=organisation.id),
            on=desk.today,
        ),
    )


def line_of(desk: Desk, press: Press) -> Screen:
    """Show the stages of one line of a checklist the reader may see, found again by one of them."""
    offset, stage = press.number(0), desk.stage(press.number(1))
    desk.reader.require(_may_see(desk, organisations.get(desk.session, stage.actor_id)))
    page = checklist.stages(desk.session, stage, desk.reader.scope, now=desk.now, limit=PAGE, offset=offset)
    if not page.items:
        # Its stages have got a date, or the list is shorter now.
        return checklist_of(desk, Press.to("ck", 0, stage.actor_id))
    return wording.entries(desk.voice, page, stage.id, offset=offset, edit=press.in_place)


def _may_see(desk: Desk, organisation: Organisation) -> bool:
    return organisation.id == desk.reader.organisation_id or (
        organisation.level is Level.UNIT
        and organisations.within(desk.session, organisation.id, desk.reader.scope, on=desk.today)
    )
