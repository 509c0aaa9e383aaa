"""What a changed date tells its readers when it is sent: what still holds, once, with what it was before."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from jobs.briefs import ChangeBrief
from jobs.deliver import deliver
from obligations.authority import RulingKind
from obligations.law import Law
from obligations.notice import Level, Sector
from obligations.periods import Period
from storage import redating, rulings
from storage.database import Database
from storage.models import NotificationKind, Outcome
from storage.rulings import Order
from tests.jobs.town import Town, at

EXTEND, WAIVE = RulingKind.EXTEND, RulingKind.WAIVE


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


def decree(town: Town, kind: RulingKind, scope: int, *, now: datetime, until: date | None = None) -> None:
    order = Order(
        kind=kind,
        rule="monthly-evidence",
        period=Period.parse("2024-01"),
        scope_id=scope,
        stage="unit",
        until=until,
    )
    town.database.write(
        lambda session: rulings.decree(
            session, town.law, order, reason="平台停机", document="1号", by=None, now=now
        )
    )


def briefs(town: Town, address: str) -> list[ChangeBrief]:
    sent = [parcel.brief for parcel in town.channel.parcels if parcel.address == address]
    return [brief for brief in sent if isinstance(brief, ChangeBrief)]


async def test_a_unit_hears_of_its_own_and_its_district_of_all(town: Town) -> None:
    north = town.district("north")
    for number in range(7):
        town.contact(town.unit(f"plant {number}", north), f"unit {number}")
    town.contact(north, "office")
    town.oblige(date(2024, 2, 1), date(2024, 2, 28))
    decree(town, EXTEND, town.city, now=at("2024-02-05 10:00"), until=date(2024, 2, 29))
    await deliver(town.context(), at("2024-02-05 10:00"))
    [own] = briefs(town, "unit 3")
    assert (own.total, own.level, [each.item.subject_name for each in own.items]) == (
        1,
        Level.UNIT,
        ["plant 3"],
    )
    change = own.items[0].change
    assert (change.from_on, change.to_on) == (date(2024, 2, 20), date(2024, 2, 29))
    assert (change.reason, change.document, change.by) == ("平台停机", "1号", "city")
    [whole] = briefs(town, "office")
    assert (whole.total, len(whole.items)) == (7, 5)
    assert whole.stage_ids == tuple(each.item.stage_id for each in whole.items)


async def test_what_was_changed_again_overnight_is_told_as_it_is_in_the_morning(town: Town) -> None:
    unit = town.unit("plant", town.district("north"))
    contact = town.contact(unit, "a")
    town.oblige(date(2024, 2, 1), date(2024, 2, 28))
    decree(town, EXTEND, unit, now=at("2024-02-05 22:30"), until=date(2024, 2, 29))
    decree(town, WAIVE, unit, now=at("2024-02-05 23:00"))
    await deliver(town.context(), at("2024-02-05 23:30"))
    assert briefs(town, "a") == []
    await deliver(town.context(), at("2024-02-06 07:00"))
    [brief] = briefs(town, "a")
    assert brief.items[0].change.kind is WAIVE
    told = town.told(contact, NotificationKind.CHANGED)
    assert [(each.outcome, each.outcome_reason) for each in told] == [
        (Outcome.DROPPED, "changed meanwhile"),
        (Outcome.SENT, None),
    ]


async def test_a_new_notice_is_told_with_what_it_moved(town: Town, law: Law) -> None:
    own = [notice for notice in law.rulebook.notices if notice.authority == "municipal"]
    town.law = replace(law, rulebook=type(law.rulebook).of(own))
    town.contact(town.unit("plant", town.district("north")), "a")
    town.contact(town.city, "c")
    town.oblige(date(2025, 9, 1), date(2026, 1, 31))
    town.database.write(lambda session: redating.redate(session, law, now=at("2025-09-02 10:00")))
    await deliver(town.context(), at("2025-09-02 10:00"))
    [unit] = briefs(town, "a")
    [surrender] = [
        each for each in unit.items if each.item.rule == "surrender" and each.item.period == "2024"
    ]
    assert (surrender.change.kind, surrender.change.from_on, surrender.change.to_on) == (
        None,
        None,
        date(2025, 12, 31),
    )
    assert surrender.change.document == "环办气候函〔2025〕140号"
    [city] = briefs(town, "c")
    moved = {each.item.rule: each.change.from_on for each in city.items}
    assert moved.get("power-list") == date(2025, 12, 31)


async def test_what_another_duty_takes_the_place_of_is_told_once(town: Town, law: Law) -> None:
    town.law = law.on(date(2025, 4, 10))
    mill = town.unit("steelworks", town.district("north"), sector=Sector.STEEL)
    contact = town.contact(mill, "a")
    town.oblige(date(2025, 1, 2), date(2025, 9, 30))
    before = town.stage(mill, "nonpower-report", "2024").act_by_on
    now = at("2025-04-11 10:00")
    since = law.on(date(2025, 4, 11))
    for _ in range(2):
        town.database.write(lambda session: redating.redate(session, since, now=now))
    await deliver(town.context(), now)
    assert len(town.told(contact, NotificationKind.CHANGED)) == 1
    [brief] = briefs(town, "a")
    assert before is not None
    [told] = [each.change for each in brief.items if each.item.rule == "nonpower-report"]
    assert (told.kind, told.from_on, told.to_on, told.document, told.reason) == (
        None,
        before,
        None,
        "环办气候函〔2025〕140号",
        "taken_over",
    )
