"""Questions: who is overdue, where a unit stands, how the reader's area is doing. Reading only, within the reader's scope."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.handlers.desk import Desk
from bot.handlers.submitting import AHEAD_DAYS
from bot.screen import Press, Screen
from bot.wording import endings as wording
from bot.wording import lists
from bot.wording.duties import PAGE
from obligations.notice import Level
from storage import endings, organisations, overview, targets
from storage.models import Organisation
from storage.organisations import Scope
from storage.overview import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class _Area:
    """What is asked about: a scope, its name, and where a district has ended the sentence that says so."""

    scope: Scope
    name: str
    hint: str | None


def who_is_overdue(desk: Desk, press: Press) -> Screen:
    """Answer who is overdue, page by page; the municipality may narrow it to one district."""
    offset = press.number(0) if press.arguments else 0
    district = press.number(1) if len(press.arguments) > 1 else 0
    city_wide = desk.reader.level is Level.MUNICIPAL
    area = _area(desk, district) if city_wide and district else _own_area(desk)
    return _overdue(desk, area, offset=offset, edit=press.in_place)


def _overdue(desk: Desk, area: _Area, *, offset: int, edit: bool) -> Screen:
    scope = area.scope
    city_wide = desk.reader.level is Level.MUNICIPAL
    page = overview.overdue(desk.session, scope, today=desk.today, limit=PAGE, offset=offset)
    if offset and not page.items:
        # The list has become shorter than the page asked for.
        return _overdue(desk, area, offset=0, edit=edit)
    screen = lists.overdue(
        desk.voice,
        page,
        scope=area.name,
        units=overview.counts(desk.session, scope, today=desk.today).overdue_units,
        offset=offset,
        district=scope.organisation_id if city_wide and scope.level is Level.DISTRICT else 0,
        now=desk.now,
        choose_district=city_wide,
        edit=edit,
    )
    return _introduced(screen, area.hint)


def overdue_in(desk: Desk, district: str) -> Screen:
    """Answer who is overdue in a district, by its official name; beyond the reader's own only to the municipality."""
    return _overdue(desk, _area(desk, _district(desk, district).id), offset=0, edit=False)


def choose_district(desk: Desk, press: Press) -> Screen:
    """List the districts with something overdue."""
    rows = overview.by_district(desk.session, desk.reader.scope, today=desk.today)
    return lists.choose_district(desk.voice, rows, edit=press.in_place)


def unit_status(desk: Desk, words: str) -> Screen:
    """Answer where a unit stands, by part of its name; several matches are offered, never guessed."""
    if desk.reader.level is Level.UNIT:
        return _status(desk, desk.reader.organisation_id)
    words, on = words.strip(), _units_on(desk)
    found = organisations.find_units(desk.session, words, desk.reader.scope, on=on) if words else ()
    if len(found) == 1:
        return _status(desk, found[0].id)
    return lists.choose_unit(desk.voice, found, words)


def chosen_unit(desk: Desk, press: Press) -> Screen:
    """Answer where the chosen unit stands."""
    return _status(desk, press.number(0))


def summary(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """Answer how the reader's area is doing."""
    return _summary(desk, _own_area(desk))


def summary_of(desk: Desk, district: str) -> Screen:
    """Answer how a district is doing, by its official name; beyond the reader's own only to the municipality."""
    return _summary(desk, _area(desk, _district(desk, district).id))


def _summary(desk: Desk, area: _Area) -> Screen:
    scope = area.scope
    rows = (
        overview.by_district(desk.session, scope, today=desk.today) if scope.level is Level.MUNICIPAL else ()
    )
    counts = overview.counts(desk.session, scope, today=desk.today)
    district = scope.organisation_id if scope.level is Level.DISTRICT else 0
    measured = scope.level is not Level.UNIT
    screen = lists.summary(
        desk.voice,
        area.name,
        counts,
        rows,
        now=desk.now,
        level=desk.reader.level,
        district=district,
        targets=targets.in_force(desk.session, desk.law, scope, today=desk.today) if measured else (),
    )
    return _introduced(screen, area.hint)


def _own_area(desk: Desk) -> _Area:
    reader = desk.reader
    ending = endings.ending_of(desk.session, reader.organisation_id, on=desk.today)
    hint = None if ending is None else wording.own_hint(desk.voice, ending)
    return _Area(scope=reader.scope, name=reader.organisation_name, hint=hint)


def _area(desk: Desk, district_id: int) -> _Area:
    """Return a district as others ask about it: its successor where it has handed over."""
    if district_id == desk.reader.organisation_id:
        return _own_area(desk)
    ending = endings.ending_of(desk.session, district_id, on=desk.today)
    acting = district_id if ending is None or ending.successor_id is None else ending.successor_id
    return _Area(
        scope=Scope(level=Level.DISTRICT, organisation_id=acting),
        name=organisations.get(desk.session, acting).name,
        hint=None if ending is None else wording.hint(desk.voice, ending),
    )


def _introduced(screen: Screen, hint: str | None) -> Screen:
    return screen if hint is None else replace(screen, html=f"{hint}\n\n{screen.html}")


def _district(desk: Desk, name: str) -> Organisation:
    """Return a district this reader may ask about: the municipality any, a district itself and whom it succeeded."""
    district = organisations.by_code(desk.session, name)
    desk.reader.require(district.level is Level.DISTRICT)
    if desk.reader.level is not Level.MUNICIPAL and district.id != desk.reader.organisation_id:
        ending = endings.ending_of(desk.session, district.id, on=desk.today)
        desk.reader.require(ending is not None and ending.successor_id == desk.reader.organisation_id)
    return district


def _units_on(desk: Desk) -> date:
    """Return the day whose units this reader may ask about: today, or the last on which its district was in charge."""
    ending = endings.ending_of(desk.session, desk.reader.organisation_id, on=desk.today)
    if ending is None or ending.handed_over_on is None:
        return desk.today
    return ending.handed_over_on - timedelta(days=1)


def _status(desk: Desk, unit_id: int) -> Screen:
    unit = organisations.get(desk.session, unit_id)
    scope = desk.reader.scope
    desk.reader.require(organisations.within(desk.session, unit.id, scope, on=_units_on(desk)))
    its_own = organisations.within(desk.session, unit.id, scope, on=desk.today)
    soon = desk.today + timedelta(days=AHEAD_DAYS)
    items = [
        item
        for item in overview.of_unit(desk.session, unit.id, today=desk.today)
        if item.act_by_on is None or item.act_by_on <= soon
        if its_own or scope.holds(subject_id=item.subject_id, district_id=item.district_id)
    ]
    return lists.unit_status(desk.voice, unit, _by_chain(items), now=desk.now)


def _by_chain(items: Sequence[Item]) -> list[Item]:
    """Order steps chain by chain, the chain with the nearest date first; ids rise along a chain."""
    first: dict[int, date] = {}
    for item in items:
        day = item.act_by_on or date.max
        first[item.obligation_id] = min(first.get(item.obligation_id, day), day)
    return sorted(items, key=lambda item: (first[item.obligation_id], item.obligation_id, item.stage_id))
