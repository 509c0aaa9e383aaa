"""Working days published since: what counts from an event is counted anew, on record, told once."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from obligations.deadlines import DueKind
from obligations.law import Law
from obligations.reasons import ReasonCode
from storage import arising, redating, rulings
from storage.database import Database, Session
from storage.models import Event, NotificationKind, Stage
from storage.recounting import RECOUNTED
from tests.jobs.town import Town, at

NOW = at("2024-04-30 10:00")
GUESSED, COUNTED = date(2024, 5, 3), date(2024, 5, 8)
"""Three working days after 30 April: with Labour Day not published, and with 1 to 5 May off."""


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    """The evidence of March was due on 29 April after an extension, when the days of May were not published."""
    calendar = replace(
        law.calendar,
        published_through=date(2023, 12, 31),
        days_off=frozenset(day for day in law.calendar.days_off if day.year < 2024),
        make_up_days=frozenset(day for day in law.calendar.make_up_days if day.year < 2024),
    )
    town = Town(database, replace(law, calendar=calendar))
    plant = town.unit("plant", town.district("north"))
    town.contact(plant, "a")
    town.oblige(date(2024, 4, 1), date(2024, 4, 30))
    stage = town.stage(plant, "monthly-evidence", "2024-03")
    town.change(stage, act_by_on=date(2024, 4, 29), extended_to=date(2024, 4, 29))
    town.database.write(lambda session: arising.open_missed(session, town.law, now=NOW))
    town.change(correction(town), ready=True)
    return town


def correction(town: Town) -> Stage:
    def work(session: Session) -> Stage:
        stage = session.scalars(select(Stage).where(Stage.rule == "correction", Stage.position == 0)).one()
        session.expunge_all()
        return stage

    return town.database.read(work)


def test_it_is_counted_by_the_days_as_published_and_then_firm(town: Town, law: Law) -> None:
    before = correction(town)
    assert (before.due_on, before.due_kind) == (GUESSED, DueKind.PROVISIONAL)
    assert town.database.write(lambda session: redating.redate(session, town.law, now=NOW)) == 0
    assert correction(town).version == before.version
    town.database.write(lambda session: redating.redate(session, law, now=NOW))
    after = correction(town)
    assert (after.due_on, after.act_by_on, after.due_kind, after.version) == (
        COUNTED,
        COUNTED,
        DueKind.FIRM,
        before.version + 1,
    )


def test_it_is_on_record_explained_and_told_once(town: Town, law: Law) -> None:
    for _ in range(2):
        town.database.write(lambda session: redating.redate(session, law, now=NOW))

    def known(session: Session) -> tuple[list[ReasonCode], list[tuple[str, str, int]]]:
        stage = session.get_one(Stage, correction(town).id)
        lines = session.scalars(select(Event).where(Event.kind == RECOUNTED))
        return (
            [reason.code for reason in rulings.reasons(session, stage)],
            [(line.detail["before"], line.detail["after"], line.detail["stages"]) for line in lines],
        )

    assert town.database.read(known) == (
        [ReasonCode.RECOUNTED],
        [(GUESSED.isoformat(), COUNTED.isoformat(), 1)],
    )
    assert len(town.told(town.who("a"), NotificationKind.CHANGED)) == 1


def test_what_was_extended_keeps_its_date(town: Town, law: Law) -> None:
    town.change(correction(town), extended_to=date(2024, 5, 10), act_by_on=date(2024, 5, 10))
    town.database.write(lambda session: redating.redate(session, law, now=NOW))
    after = correction(town)
    assert (after.due_on, after.act_by_on) == (GUESSED, date(2024, 5, 10))
