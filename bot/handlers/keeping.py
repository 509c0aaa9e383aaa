"""What must be kept for inspection: a unit's own months, or what may be asked for in a district or the city."""

from bot.handlers.desk import Desk
from bot.screen import Press, Screen
from bot.wording import keeping as wording
from bot.wording.duties import PAGE
from obligations.notice import Level
from storage import keeping, organisations
from storage.models import Organisation


def what_to_keep(desk: Desk, press: Press) -> Screen:
    """Answer what is to be kept today: by the unit itself, by a chosen unit, or unit by unit, page by page."""
    chosen = press.number(1) if len(press.arguments) > 1 else 0
    if desk.reader.level is Level.UNIT or chosen:
        return of_unit(desk, organisations.get(desk.session, chosen or desk.reader.organisation_id))
    offset = max(0, press.number(0)) if press.arguments else 0
    scope = desk.reader.scope
    told, total = keeping.to_be_asked(
        desk.session, desk.law_today, scope, on=desk.today, limit=PAGE, offset=offset
    )
    if not told and offset:
        offset = 0
        told, total = keeping.to_be_asked(desk.session, desk.law_today, scope, on=desk.today, limit=PAGE)
    unknown = keeping.of_unknown_fuel(desk.session, desk.law_today, scope, on=desk.today, limit=PAGE)
    return wording.of_area(
        desk.voice,
        desk.reader.organisation_name,
        told,
        on=desk.today,
        offset=offset,
        total=total,
        unknown=[unit.name for unit in unknown],
        edit=press.in_place,
    )


def named(desk: Desk, words: str) -> Screen:
    """Answer for the one unit that part of a name means; for the reader's area where it means none or several."""
    found = (
        organisations.find_units(desk.session, words.strip(), desk.reader.scope, on=desk.today)
        if words.strip()
        else ()
    )
    return of_unit(desk, found[0]) if len(found) == 1 else what_to_keep(desk, Press("keep"))


def of_unit(desk: Desk, unit: Organisation) -> Screen:
    """Answer what one unit must keep; a unit is told of itself only."""
    desk.reader.require(
        unit.id == desk.reader.organisation_id
        or organisations.within(desk.session, unit.id, desk.reader.scope, on=desk.today)
    )
    return wording.of_unit(
        desk.voice,
        unit,
        keeping.of_unit(desk.law_today, unit, on=desk.today),
        on=desk.today,
        fuel_unknown=keeping.fuel_unknown(desk.law_today, unit),
        inspector=desk.reader.level is not Level.UNIT,
    )
