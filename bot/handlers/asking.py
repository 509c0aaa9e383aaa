"""Questions: who is overdue, where a unit stands, how the reader's area is doing. Reading only, within the reader's scope."""

from collections.abc import Sequence
from datetime import date, timedelta

from bot.handlers.desk import Desk
from bot.handlers.submitting import AHEAD_DAYS
from bot.screen import Press, Screen
from bot.wording import lists
from bot.wording.duties import PAGE
from obligations.notice import Level
from storage import organisations, overview
from storage.models import Organisation
from storage.organisations import Scope
from storage.overview import Item


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
    if offset and not page.items:
        # The list has become shorter than the page asked for.
        return who_is_overdue(desk, Press.to(press.verb, 0, district))
    return lists.overdue(
        desk.voice,
        page,
        scope=name,
        units=overview.counts(desk.session, scope, today=desk.today).overdue_units,
        offset=offset,
        district=district,
        now=desk.now,
        choose_district=city_wide,
        edit=press.in_place,
    )


def overdue_in(desk: Desk, district: str) -> Screen:
    """Answer who is overdue in a district, by its official name; beyond the reader's own only to the municipality."""
    chosen = _district(desk, district)
    return who_is_overdue(desk, Press.to("od", 0, chosen.id))


def choose_district(desk: Desk, press: Press) -> Screen:
    """List the districts with something overdue."""
    rows = overview.by_district(desk.session, desk.reader.scope, today=desk.today)
    return lists.choose_district(desk.voice, rows, edit=press.in_place)


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
    return _summary(desk, desk.reader.scope, desk.reader.organisation_name)


def summary_of(desk: Desk, district: str) -> Screen:
    """Answer how a district is doing, by its official name; beyond the reader's own only to the municipality."""
    chosen = _district(desk, district)
    return _summary(desk, Scope(level=Level.DISTRICT, organisation_id=chosen.id), chosen.name)


def _summary(desk: Desk, scope: Scope, name: str) -> Screen:
    rows = (
        overview.by_district(desk.session, scope, today=desk.today) if scope.level is Level.MUNICIPAL else ()
    )
    counts = overview.counts(desk.session, scope, today=desk.today)
    district = scope.organisation_id if scope.level is Level.DISTRICT else 0
    return lists.summary(
        desk.voice, name, counts, rows, now=desk.now, level=desk.reader.level, district=district
    )


def _district(desk: Desk, name: str) -> Organisation:
    district = organisations.by_code(desk.session, name)
    own = desk.reader.level is Level.MUNICIPAL or district.id == desk.reader.organisation_id
    desk.reader.require(own and district.level is Level.DISTRICT)
    return district


def _status(desk: Desk, unit_id: int) -> Screen:
    unit = organisations.get(desk.session, unit_id)
    desk.reader.require(organisations.within(desk.session, unit.id, desk.reader.scope, on=desk.today))
    soon = desk.today + timedelta(days=AHEAD_DAYS)
    items = [
        item
        for item in overview.of_unit(desk.session, unit.id, today=desk.today)
        if item.act_by_on is None or item.act_by_on <= soon
    ]
    return lists.unit_status(desk.voice, unit, _by_chain(items), now=desk.now)


def _by_chain(items: Sequence[Item]) -> list[Item]:
    """Order steps chain by chain, the chain with the nearest date first; ids rise along a chain."""
    first: dict[int, date] = {}
    for item in items:
        day = item.act_by_on or date.max
        first[item.obligation_id] = min(first.get(item.obligation_id, day), day)
    return sorted(items, key=lambda item: (first[item.obligation_id], item.obligation_id, item.stage_id))
