"""Questions: who is overdue, where a unit stands, how the reader's area is doing. Reading only, within the reader's scope."""

from bot.handlers.desk import Desk
from bot.screen import Press, Screen
from bot.wording import lists
from bot.wording.duties import PAGE
from obligations.notice import Level
from storage import organisations, overview
from storage.organisations import Scope


def who_is_overdue(desk: Desk, press: Press) -> Screen:
    """Answer who is overdue, page by page; the municipality may narrow it to one district."""
    offset = press.number(0) if press.arguments else 0
    district = press.number(1) if len(press.arguments) > 1 else 0
    city_wide = desk.reader.level is Level.MUNICIPAL
    scope = desk.reader.scope
    name = desk.reader.organisation_name
    if city_wide and district:
        chosen = organisations.get(desk.session, district)
        scope, name = Scope(level=Level.DISTRICT, organisation_id=chosen.id), chosen.name
    page = overview.overdue(desk.session, scope, today=desk.today, limit=PAGE, offset=offset)
    return lists.overdue(
        desk.voice,
        page,
        scope=name,
        units=overview.counts(desk.session, scope, today=desk.today).overdue_units,
        offset=offset,
        district=district,
        now=desk.now,
        choose_district=city_wide,
        edit=bool(offset),
    )


def choose_district(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """List the districts with something overdue."""
    return lists.choose_district(
        desk.voice, overview.by_district(desk.session, desk.reader.scope, today=desk.today)
    )


def unit_status(desk: Desk, words: str) -> Screen:
    """Answer where a unit stands, by part of its name; several matches are offered, never guessed."""
    if desk.reader.level is Level.UNIT:
        return _status(desk, desk.reader.organisation_id)
    words = words.strip()
    found = organisations.find_units(desk.session, words, desk.reader.scope, on=desk.today) if words else ()
    if len(found) == 1:
        return _status(desk, found[0].id)
    return lists.choose_unit(desk.voice, found, words)


def chosen_unit(desk: Desk, press: Press) -> Screen:
    """Answer where the chosen unit stands."""
    return _status(desk, press.number(0))


def summary(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """Answer how the reader's area is doing."""
    scope = desk.reader.scope
    rows = (
        overview.by_district(desk.session, scope, today=desk.today)
        if desk.reader.level is Level.MUNICIPAL
        else ()
    )
    return lists.summary(
        desk.voice,
        desk.reader.organisation_name,
        overview.counts(desk.session, scope, today=desk.today),
        rows,
        now=desk.now,
        level=desk.reader.level,
    )


def _status(desk: Desk, unit_id: int) -> Screen:
    unit = organisations.get(desk.session, unit_id)
    desk.reader.require(organisations.within(desk.session, unit.id, desk.reader.scope, on=desk.today))
    return lists.unit_status(
        desk.voice, unit, overview.of_unit(desk.session, unit.id, today=desk.today), now=desk.now
    )
