"""Who hears of a decision: those it concerns, once, and nobody else."""

from datetime import datetime

import pytest
from sqlalchemy import select

from obligations.decisions import DecisionRefused
from storage import contacts
from storage.database import Session
from storage.errors import StaleError
from storage.models import Notification, NotificationKind
from tests.storage.bureau import CHANNEL, DISTRICT, UNIT, Bureau, at

NORTH_HEARS = [("north-1", "submitted"), ("north-2", "submitted")]


def news(bureau: Bureau, seen: int) -> list[tuple[str, str]]:
    return bureau.told()[seen:]


def notifications(bureau: Bureau, address: str) -> list[tuple[NotificationKind, int | None, str, datetime]]:
    """Return kind, stage, key and the earliest moment of what a contact is told."""

    def work(session: Session) -> list[tuple[NotificationKind, int | None, str, datetime]]:
        told = session.scalars(
            select(Notification)
            .where(Notification.contact_id == bureau.people[address])
            .order_by(Notification.id)
        )
        return [(each.kind, each.stage_id, each.key, each.not_before) for each in told]

    return bureau.database.read(work)


def unbind(bureau: Bureau, address: str) -> None:
    bureau.database.write(
        lambda session: contacts.unbind(
            session, CHANNEL, address, reason="blocked", now=at("2024-02-01 09:00")
        )
    )


def test_an_upload_is_told_to_every_officer_of_its_district_and_to_nobody_else(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    assert bureau.told() == NORTH_HEARS


def test_an_upload_of_another_district_is_told_there(bureau: Bureau) -> None:
    mill = bureau.people["mill"]
    bureau.people["mill"] = bureau.people["dam"]  # the dam's own contact acts for the dam
    bureau.submit("2024-02-18 10:00", unit="dam")
    bureau.people["mill"] = mill
    assert bureau.told() == [("south", "submitted")]


def test_a_replacement_is_told_again_once(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.submit("2024-02-18 11:00")
    assert bureau.told() == NORTH_HEARS * 2


def test_an_acceptance_is_told_to_the_unit_and_the_city_hears_that_something_waits(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-18 11:00")
    assert news(bureau, 2) == [("mill", "accepted"), ("city", "submitted")]


def test_the_citys_acceptance_is_told_to_the_district(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-18 11:00")
    bureau.accept("2024-02-19 10:00", DISTRICT)
    assert news(bureau, 4) == [("north-1", "accepted"), ("north-2", "accepted")]


def test_a_return_is_told_to_who_must_correct(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.send_back("2024-02-18 11:00")
    assert news(bureau, 2) == [("mill", "returned")]


def test_the_citys_return_is_told_to_the_district_and_its_passing_down_to_the_unit(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-18 11:00")
    bureau.send_back("2024-02-18 12:00", DISTRICT)
    assert news(bureau, 4) == [("north-1", "returned"), ("north-2", "returned")]
    bureau.send_back("2024-02-18 13:00", UNIT)
    assert news(bureau, 6) == [("mill", "returned")]


def test_the_city_hears_once_a_day_however_much_is_handed_on(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.submit("2024-02-18 10:01", unit="kiln")
    bureau.submit("2024-02-18 10:02", unit="dam")
    bureau.accept("2024-02-18 11:00")
    bureau.accept("2024-02-18 12:00", unit="kiln")
    bureau.accept("2024-02-19 09:00", unit="dam")
    assert [key for _, _, key, _ in notifications(bureau, "city")] == ["2024-02-18", "2024-02-19"]


def test_the_city_hears_once_a_day_also_of_what_came_by_night(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.submit("2024-02-18 10:01", unit="kiln")
    bureau.accept("2024-02-18 23:00")
    bureau.accept("2024-02-19 09:00", unit="kiln")
    told = notifications(bureau, "city")
    assert [(key, not_before) for _, _, key, not_before in told] == [("2024-02-19", at("2024-02-19 07:00"))]


@pytest.mark.parametrize(
    ("decided", "not_before"),
    [
        ("2024-02-18 06:59", "2024-02-18 07:00"),
        ("2024-02-18 07:00", "2024-02-18 07:00"),
        ("2024-02-18 21:59", "2024-02-18 21:59"),
        ("2024-02-18 22:00", "2024-02-19 07:00"),
        ("2024-02-19 00:00", "2024-02-19 07:00"),
    ],
)
def test_nobody_is_told_by_night(bureau: Bureau, decided: str, not_before: str) -> None:
    bureau.submit(decided)
    stage = bureau.stage(UNIT)
    assert notifications(bureau, "north-1") == [
        (NotificationKind.SUBMITTED, stage.id, f"{stage.id}:2", at(not_before))
    ]


def test_a_lead_is_told_where_nobody_else_can_be_reached(bureau: Bureau) -> None:
    unbind(bureau, "mill")
    bureau.submit("2024-02-18 10:00")
    bureau.send_back("2024-02-18 11:00")
    assert news(bureau, 2) == [("mill-lead", "returned")]


def test_who_cannot_be_reached_holds_nothing_up(bureau: Bureau) -> None:
    for address in ("north-1", "north-2"):
        unbind(bureau, address)
    bureau.submit("2024-02-18 10:00")
    assert bureau.told() == []
    assert bureau.stage(UNIT).status == "submitted"


def test_whoever_moved_to_another_office_is_not_told_for_the_old_one(bureau: Bureau) -> None:
    def work(session: Session) -> int:
        now = at("2024-02-17 10:00")
        token = contacts.invite(session, bureau.south, lead=False, now=now)
        return contacts.enrol(
            session, token, name="示例丁", language="zh-hans", channel=CHANNEL, address="north-1", now=now
        ).id

    moved = bureau.database.write(work)
    bureau.submit("2024-02-18 10:00")
    told = bureau.database.read(lambda session: list(session.scalars(select(Notification.contact_id))))
    assert told == [bureau.people["north-2"]]
    assert moved not in told


def test_a_refused_or_stale_decision_is_told_to_nobody(bureau: Bureau) -> None:
    with pytest.raises(DecisionRefused):
        bureau.accept("2024-02-18 10:00")
    with pytest.raises(StaleError):
        bureau.submit("2024-02-18 10:00", version=9)
    assert bureau.told() == []
