"""On which mornings who is reminded of what, and who gets a digest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from obligations.law import Law
from storage import contacts, planning
from storage.database import Database, Session
from storage.lanes import Urgency
from storage.models import NotificationKind, Organisation, Outcome
from tests.jobs.town import Town, at, days

JANUARY = date(2024, 2, 20)
"""When the evidence of January 2024 is due: the Tuesday after the Spring Festival."""


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


def plan(town: Town, day: date) -> int:
    send_at = at(f"{day} 09:00")
    return town.database.write(
        lambda session: planning.plan_reminders(session, town.law, day=day, send_at=send_at, now=send_at)
    )


def plan_missed(town: Town, first: date, last: date) -> int:
    send_at = at(f"{last} 09:00")
    return town.database.write(
        lambda session: planning.plan_missed(
            session, town.law, from_day=first, through_day=last, send_at=send_at, now=send_at
        )
    )


@pytest.fixture
def plant(town: Town) -> int:
    """A unit whose only duty is the evidence of January 2024."""
    unit = town.unit("plant", town.district("north"))
    town.oblige(JANUARY, JANUARY)
    return unit


def test_around_the_spring_festival_offsets_move_before_it_and_meet(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    for day in days(date(2024, 2, 1), date(2024, 3, 19)):
        plan(town, day)
    assert town.remindings(contact) == [
        (date(2024, 2, 9), -3),  # 10, 5 and 3 days before all fall into the holiday; the 9th is a working day
        (date(2024, 2, 19), -1),
        (date(2024, 2, 20), 0),
        (date(2024, 2, 21), 1),
        (date(2024, 2, 22), 2),
        (date(2024, 2, 23), 3),
        (date(2024, 2, 26), 6),
        (date(2024, 2, 27), 7),
        (date(2024, 2, 28), 8),
        (date(2024, 2, 29), 9),
        (date(2024, 3, 1), 10),
        (date(2024, 3, 4), 13),
        (date(2024, 3, 5), 14),  # the tenth working day
        (date(2024, 3, 11), 20),  # from here on the first working day of each week
        (date(2024, 3, 18), 27),
    ]


@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        # 2024-05-11 is a Saturday that is worked, to make up for the Labour Day holiday.
        (
            date(2024, 5, 12),
            [
                (date(2024, 5, 11), 0),
                (date(2024, 5, 9), -3),
                (date(2024, 5, 7), -5),
                (date(2024, 4, 30), -10),
            ],
        ),
        # 2024-09-29 is a Sunday that is worked; 1 to 7 October are off.
        (date(2024, 10, 4), [(date(2024, 9, 30), 0), (date(2024, 9, 29), -5), (date(2024, 9, 24), -10)]),
        # An ordinary week: a Wednesday.
        (
            date(2024, 7, 17),
            [
                (date(2024, 7, 17), 0),
                (date(2024, 7, 16), -1),
                (date(2024, 7, 12), -3),
                (date(2024, 7, 5), -10),
            ],
        ),
    ],
)
def test_marks_fall_on_working_days_make_up_days_included(
    town: Town, plant: int, due_on: date, expected: list[tuple[date, int]]
) -> None:
    contact = town.contact(plant, "a")
    town.change(town.stage(plant, "monthly-evidence", "2024-01"), act_by_on=due_on)
    for day in days(due_on - timedelta(days=12), due_on):
        plan(town, day)
    assert town.remindings(contact) == sorted(expected)


def test_one_notification_bundles_all_of_a_morning_and_repeating_changes_nothing(town: Town) -> None:
    district = town.district("north")
    units = [town.unit(f"plant {n}", district) for n in range(3)]
    office = town.contact(district, "office")
    town.oblige(JANUARY, JANUARY)
    for unit in units:
        town.submit(town.stage(unit, "monthly-evidence", "2024-01"), at("2024-02-18 10:00"))
    due_on = town.stage(units[0], "monthly-evidence", "2024-01", "district").act_by_on
    assert due_on == date(2024, 2, 23)
    assert plan(town, due_on) == 1
    assert plan(town, due_on) == 0
    assert town.remindings(office) == [(due_on, 0)] * 3
    [told] = town.told(office, NotificationKind.REMINDER)
    assert (told.key, told.outcome, told.not_before) == (
        "2024-02-23",
        Outcome.PENDING,
        at("2024-02-23 09:00"),
    )


@pytest.mark.parametrize(
    ("day", "urgency"),
    [(date(2024, 2, 19), Urgency.AHEAD), (JANUARY, Urgency.DUE), (date(2024, 2, 21), Urgency.DUE)],
)
def test_what_is_due_today_or_overdue_goes_first(town: Town, plant: int, day: date, urgency: int) -> None:
    contact = town.contact(plant, "a")
    plan(town, day)
    assert [told.urgency for told in town.told(contact)] == [urgency]


@pytest.mark.parametrize(
    "change",
    [
        lambda town, stage: town.submit(stage, at("2024-02-18 10:00")),
        lambda town, stage: town.pause(stage, JANUARY, at("2024-02-18 10:00")),
        lambda town, stage: town.change(stage, status="waived"),
        lambda town, stage: town.change(stage, act_by_on=None),
        lambda town, stage: town.change(stage, ready=False),
    ],
    ids=["submitted", "paused", "waived", "undated", "blocked"],
)
def test_what_needs_no_reminder_gets_none(town: Town, plant: int, change: Callable[..., None]) -> None:
    contact = town.contact(plant, "a")
    change(town, town.stage(plant, "monthly-evidence", "2024-01"))
    assert plan(town, JANUARY) == 0
    assert town.remindings(contact) == []


def test_a_pause_ends_after_its_last_day(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    town.pause(town.stage(plant, "monthly-evidence", "2024-01"), JANUARY, at("2024-02-18 10:00"))
    plan(town, JANUARY)
    plan(town, JANUARY + timedelta(days=1))
    assert town.remindings(contact) == [(date(2024, 2, 21), 1)]


def test_a_returned_stage_is_reminded_of_by_its_correction_date(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    stage = town.stage(plant, "monthly-evidence", "2024-01")
    town.submit(stage, at("2024-02-18 10:00"))
    town.send_back(stage, at("2024-02-20 15:00"))
    assert town.stage(plant, "monthly-evidence", "2024-01").act_by_on == date(2024, 2, 23)
    for day in days(date(2024, 2, 20), date(2024, 2, 26)):
        plan(town, day)
    assert town.remindings(contact) == [
        (date(2024, 2, 20), -3),
        (date(2024, 2, 22), -1),
        (date(2024, 2, 23), 0),
        (date(2024, 2, 26), 3),
    ]


class TestWhoIsReminded:
    def test_a_units_lead_only_from_three_days_overdue_on(self, town: Town, plant: int) -> None:
        town.contact(plant, "a")
        lead = town.contact(plant, "boss", lead=True)
        for day in days(date(2024, 2, 1), date(2024, 2, 27)):
            plan(town, day)
        assert town.remindings(lead) == [
            (date(2024, 2, 23), 3),
            (date(2024, 2, 26), 6),
            (date(2024, 2, 27), 7),
        ]

    def test_a_lead_from_the_start_where_there_is_nobody_else(self, town: Town, plant: int) -> None:
        lead = town.contact(plant, "boss", lead=True)
        plan(town, date(2024, 2, 19))
        assert town.remindings(lead) == [(date(2024, 2, 19), -1)]

    def test_a_bureaus_lead_never_while_an_officer_can_be_reached(self, town: Town) -> None:
        district = town.district("north")
        officer, lead = town.contact(district, "officer"), town.contact(district, "boss", lead=True)
        town.oblige(date(2023, 10, 1), date(2023, 10, 31))
        for day in days(date(2023, 10, 9), date(2023, 11, 10)):
            plan(town, day)
        assert town.remindings(officer)
        assert town.remindings(lead) == []

    def test_nobody_who_cannot_be_reached(self, town: Town, plant: int) -> None:
        contact = town.contact(plant, "a")
        town.database.write(
            lambda session: contacts.unbind(
                session, "chat", "a", reason="blocked", now=at("2024-02-01 10:00")
            )
        )
        assert plan(town, JANUARY) == 0
        assert town.remindings(contact) == []


class TestAfterAnOutage:
    def test_each_stage_is_told_once_with_its_latest_mark(self, town: Town, plant: int) -> None:
        contact = town.contact(plant, "a")
        assert plan_missed(town, date(2024, 2, 19), date(2024, 2, 22)) == 1
        assert town.remindings(contact) == [(date(2024, 2, 22), 2)]

    def test_a_mark_missed_before_a_weekend_is_made_up_for(self, town: Town, plant: int) -> None:
        contact = town.contact(plant, "a")
        town.change(town.stage(plant, "monthly-evidence", "2024-01"), act_by_on=date(2024, 7, 17))
        # Friday the 12th stands for 5 and 3 days before; Monday the 15th for none.
        assert plan_missed(town, date(2024, 7, 11), date(2024, 7, 15)) == 1
        assert town.remindings(contact) == [(date(2024, 7, 15), -3)]
        assert plan_missed(town, date(2024, 7, 11), date(2024, 7, 15)) == 0
        assert town.remindings(contact) == [(date(2024, 7, 15), -3)]

    def test_days_without_any_mark_plan_nothing(self, town: Town, plant: int) -> None:
        contact = town.contact(plant, "a")
        assert plan_missed(town, date(2024, 2, 10), date(2024, 2, 17)) == 0
        assert town.told(contact) == []


class TestDigests:
    def _plan(self, town: Town, kind: NotificationKind, day: date = date(2024, 2, 19)) -> int:
        send_at = at(f"{day} 08:30")
        return town.database.write(
            lambda session: planning.plan_digests(
                session,
                day=day,
                kind=kind,
                key=day.isoformat(),
                send_at=send_at,
                now=send_at,
                facts={"overdue": 2},
            )
        )

    def test_the_daily_one_is_for_districts_and_the_citys_officers(self, town: Town) -> None:
        district = town.district("north")
        unit = town.contact(town.unit("plant", district), "unit")
        office, chief = town.contact(district, "office"), town.contact(district, "chief", lead=True)
        officer, lead = town.contact(town.city, "officer"), town.contact(town.city, "lead", lead=True)
        assert self._plan(town, NotificationKind.DAILY_DIGEST) == 3
        assert self._plan(town, NotificationKind.DAILY_DIGEST) == 0
        got = {contact for contact in (unit, office, chief, officer, lead) if town.told(contact)}
        assert got == {office, chief, officer}

    def test_the_weekly_one_is_for_the_citys_leads_and_keeps_its_numbers(self, town: Town) -> None:
        town.contact(town.district("north"), "chief", lead=True)
        town.contact(town.city, "officer")
        lead = town.contact(town.city, "lead", lead=True)
        assert self._plan(town, NotificationKind.WEEKLY_DIGEST) == 1
        assert [told.facts for told in town.told(lead)] == [{"overdue": 2}]

    def test_leads_who_are_alone_get_the_daily_one_too(self, town: Town) -> None:
        town.contact(town.city, "lead", lead=True)
        assert self._plan(town, NotificationKind.DAILY_DIGEST) == 1

    def test_a_district_that_has_ended_gets_them_until_its_successor_acts(self, town: Town) -> None:
        old, new = town.district("old", until=date(2025, 11, 6)), town.district("new")
        contact = town.contact(old, "office")
        assert self._plan(town, NotificationKind.DAILY_DIGEST, date(2025, 11, 6)) == 1
        assert self._plan(town, NotificationKind.DAILY_DIGEST, date(2025, 11, 7)) == 1

        def succeed(session: Session) -> None:
            session.get_one(Organisation, old).successor_id = new

        town.database.write(succeed)
        assert self._plan(town, NotificationKind.DAILY_DIGEST, date(2025, 11, 8)) == 0
        assert len(town.told(contact)) == 2


def test_a_reader_learns_which_reminder_it_is(town: Town, plant: int) -> None:
    contact = town.contact(plant, "a")
    for day in (date(2024, 2, 9), date(2024, 2, 19), JANUARY):
        plan(town, day)
    stage = town.stage(plant, "monthly-evidence", "2024-01")
    told = town.database.read(lambda session: planning.reminded_of(session, contact, planned_on=JANUARY))
    assert [(each.stage_id, each.mark, each.nth, each.act_by_on) for each in told] == [
        (stage.id, 0, 3, JANUARY)
    ]


def test_a_duty_of_several_notices_is_reminded_of_by_its_first_rule_alone(
    database: Database, law: Law
) -> None:
    """The mornings another notice would have are not added to those of the rule that gives the chain."""
    first = law.rulebook.notice_of("monthly-evidence")
    eager = [
        notice
        if notice is first
        else notice.model_copy(
            update={"rules": tuple(rule.model_copy(update={"offsets": (20,)}) for rule in notice.rules)}
        )
        for notice in law.rulebook.notices
    ]
    town = Town(database, replace(law, rulebook=type(law.rulebook).of(eager)))
    contact = town.contact(town.unit("plant", town.district("north")), "a")
    town.oblige(JANUARY, JANUARY)
    for day in days(date(2024, 1, 26), JANUARY):
        plan(town, day)
    assert [mark for _, mark in town.remindings(contact)] == [-3, -1, 0]
