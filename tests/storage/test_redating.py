"""A notice that came since: what is open is dated anew, on record, told once; what people decided stays.

The municipality's notice alone made the duties of 2025; then the nation's notices are loaded. For power, the list for
2026 is due on 2025-10-31 instead of 2025-12-31, and the surrender for 2024, which waited for a date, on 2025-12-31.
"""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from obligations.authority import RulingKind
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import MonthEndPlus, Sector
from obligations.periods import Period
from obligations.reasons import ReasonCode
from storage import redating, rulings, settings, trail
from storage.database import Database, Session
from storage.models import Event, Notification, NotificationKind, Obligation, Stage
from storage.taking_over import TAKEN_OVER
from tests.jobs.town import Town, at

NOW = at("2025-09-02 00:05")
NATIONAL = "环办气候函〔2025〕140号"
MUNICIPAL = "渝环规〔2023〕2号"


@pytest.fixture
def whole(law: Law) -> Law:
    return law


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    own = [notice for notice in law.rulebook.notices if notice.authority == "municipal"]
    return Town(database, replace(law, rulebook=type(law.rulebook).of(own)))


@pytest.fixture
def plant(town: Town) -> int:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2025, 9, 1), date(2026, 1, 31))
    return unit


def redate(town: Town, law: Law) -> int:
    return town.database.write(lambda session: redating.redate(session, law, now=NOW))


def test_what_is_open_follows_the_stricter_notice_and_keeps_its_maker(
    town: Town, plant: int, whole: Law
) -> None:
    assert town.stage(town.city, "power-list", "2026", "municipal").due_on == date(2025, 12, 31)
    redate(town, whole)
    listed = town.stage(town.city, "power-list", "2026", "municipal")
    assert (listed.due_on, listed.act_by_on, listed.moved_from) == (
        date(2025, 10, 31),
        date(2025, 10, 31),
        date(2025, 12, 31),
    )
    assert (listed.dated_by, listed.version) == (NATIONAL, 2)
    surrender = town.stage(plant, "surrender", "2024")
    assert (surrender.due_on, surrender.act_by_on, surrender.dated_by) == (
        date(2025, 12, 31),
        date(2025, 12, 31),
        NATIONAL,
    )

    def made(session: Session) -> tuple[str, str]:
        obligation = session.get_one(Obligation, listed.obligation_id)
        return obligation.notice, obligation.made_by

    assert town.database.read(made) == (MUNICIPAL, "power-list")


def test_what_the_new_notice_does_not_make_stricter_stays(town: Town, plant: int, whole: Law) -> None:
    before = town.stage(plant, "monthly-evidence", "2025-10")
    redate(town, whole)
    after = town.stage(plant, "monthly-evidence", "2025-10")
    assert (after.due_on, after.version, after.dated_by) == (before.due_on, 1, MUNICIPAL)


def test_doing_it_again_changes_nothing(town: Town, plant: int, whole: Law) -> None:
    assert redate(town, whole) > 0
    assert redate(town, whole) == 0
    town.database.write(lambda session: settings.put(session, "law.seen", "another"))
    assert redate(town, whole) == 0
    assert town.stage(plant, "surrender", "2024").version == 2


def test_each_change_is_one_line_with_before_and_after(town: Town, plant: int, whole: Law) -> None:
    redate(town, whole)
    lines = town.database.read(
        lambda session: [
            event.detail for event in session.scalars(select(Event).where(Event.kind == "redated"))
        ]
    )
    assert {
        "rule": "power-list",
        "period": "2026",
        "stage": "municipal",
        "before": {"2025-12-31": 1},
        "after": {"2025-10-31": 1},
        "notices": [NATIONAL],
    } in lines
    assert {
        "rule": "surrender",
        "period": "2024",
        "stage": "unit",
        "before": {"": 1},
        "after": {"2025-12-31": 1},
        "notices": [NATIONAL],
    } in lines
    keys = [(line["rule"], line["period"], line["stage"]) for line in lines]
    assert len(set(keys)) == len(keys)
    assert town.database.read(trail.first_broken) is None
    assert plant


@pytest.mark.parametrize("done", ["handed over", "returned", "extended", "waived"])
def test_what_people_decided_stays(town: Town, plant: int, whole: Law, done: str) -> None:
    stage = town.stage(town.city, "power-list", "2026", "municipal")
    match done:
        case "handed over":
            town.change(stage, status="accepted")
        case "returned":
            town.change(stage, status="returned")
        case "extended":
            town.change(stage, extended_to=date(2026, 1, 31), act_by_on=date(2026, 1, 31))
        case _:
            town.change(stage, status="waived")
    before = town.stage(town.city, "power-list", "2026", "municipal")
    redate(town, whole)
    after = town.stage(town.city, "power-list", "2026", "municipal")
    assert (after.due_on, after.act_by_on, after.version) == (before.due_on, before.act_by_on, before.version)
    assert plant


def test_everyone_concerned_hears_once_of_all_of_it(town: Town, plant: int, whole: Law) -> None:
    contact, officer = town.contact(plant, "a"), town.contact(town.city, "c")
    redate(town, whole)
    for who in (contact, officer):
        [told] = town.told(who, NotificationKind.CHANGED)
        assert told.not_before == at("2025-09-02 07:00")
    keys = town.database.read(lambda session: set(session.scalars(select(Notification.key))))
    assert len(keys) == 1


def test_a_moved_date_explains_itself(town: Town, plant: int, whole: Law) -> None:
    redate(town, whole)
    stage = town.stage(town.city, "power-list", "2026", "municipal")

    def why(session: Session) -> list[tuple[ReasonCode, dict[str, object]]]:
        found = rulings.reasons(session, session.get_one(Stage, stage.id))
        return [(reason.code, dict(reason.arguments)) for reason in found]

    assert town.database.read(why) == [
        (
            ReasonCode.REDATED,
            {"from_on": date(2025, 12, 31), "to_on": date(2025, 10, 31), "number": NATIONAL},
        )
    ]
    assert plant


def test_a_first_date_says_which_notice_gave_it(town: Town, plant: int, whole: Law) -> None:
    redate(town, whole)
    stage = town.stage(plant, "surrender", "2024")

    def why(session: Session) -> list[tuple[ReasonCode, dict[str, object]]]:
        found = rulings.reasons(session, session.get_one(Stage, stage.id))
        return [(reason.code, dict(reason.arguments)) for reason in found]

    assert town.database.read(why) == [
        (ReasonCode.DATED_SINCE, {"to_on": date(2025, 12, 31), "number": NATIONAL})
    ]


def test_a_date_that_falls_away_leaves_each_its_own_announced_one(
    database: Database, town: Town, whole: Law
) -> None:
    former = town.law
    north = town.district("north")
    first, second = town.unit("a", north), town.unit("b", north)
    town.oblige(date(2025, 9, 1), date(2026, 1, 31))
    for unit, until in ((first, date(2026, 3, 15)), (second, date(2026, 2, 10))):
        order = rulings.Order(
            kind=RulingKind.SET_DATE,
            rule="surrender",
            period=Period.parse("2024"),
            scope_id=unit,
            stage="unit",
            until=until,
        )

        def announce(session: Session, order: rulings.Order = order) -> None:
            rulings.decree(session, former, order, reason="已公布", document="1号", by=None, now=NOW)

        database.write(announce)
    redate(town, whole)
    for unit in (first, second):
        assert town.stage(unit, "surrender", "2024").due_on == date(2025, 12, 31)
    redate(town, former)
    assert town.stage(first, "surrender", "2024").due_on == date(2026, 3, 15)
    assert town.stage(second, "surrender", "2024").due_on == date(2026, 2, 10)


def test_an_announced_date_gives_way_to_a_stricter_one_and_not_to_none(
    town: Town, plant: int, whole: Law
) -> None:
    stage = town.stage(plant, "surrender", "2024")
    order = rulings.Order(
        kind=RulingKind.SET_DATE,
        rule="surrender",
        period=Period.parse("2024"),
        scope_id=town.city,
        stage="unit",
        until=date(2026, 2, 28),
    )
    town.database.write(
        lambda session: rulings.decree(
            session, town.law, order, reason="已公布", document="1号", by=None, now=at("2025-09-01 10:00")
        )
    )
    town.database.write(lambda session: redating.redate(session, town.law, now=NOW))
    assert town.stage(plant, "surrender", "2024").due_on == date(2026, 2, 28)
    redate(town, whole)
    stage = town.stage(plant, "surrender", "2024")
    assert (stage.due_on, stage.dated_by) == (date(2025, 12, 31), NATIONAL)


def test_the_same_law_read_twice_is_the_same(whole: Law) -> None:
    assert redating.fingerprint(whole) == redating.fingerprint(Law.load(None))
    fewer = replace(whole, rulebook=type(whole.rulebook).of(whole.rulebook.notices[:-1]))
    assert redating.fingerprint(whole) != redating.fingerprint(fewer)


def test_a_notice_counts_from_the_day_it_is_in_force(law: Law) -> None:
    before, after = law.on(date(2025, 4, 10)), law.on(date(2025, 4, 11))
    assert before.rulebook.notice(NATIONAL) is None
    assert after.rulebook.notice(NATIONAL) is not None
    assert law.on(date(2025, 4, 12)) is after
    surrender = Period.parse("2024")
    assert before.date(before.binding("surrender", surrender), "unit").source.notice.number != NATIONAL
    assert after.date(after.binding("surrender", surrender), "unit").source.notice.number == NATIONAL


def test_what_another_duty_takes_the_place_of_is_let_go(database: Database, law: Law) -> None:
    """Steel reports 2024 by 2025-06-30 as a key unit since 2025; the report of a non-power unit is asked for no more."""
    town = Town(database, law.on(date(2025, 4, 10)))
    mill = town.unit("steelworks", town.district("north"), sector=Sector.STEEL)
    town.oblige(date(2025, 1, 2), date(2025, 9, 30))
    assert town.stage(mill, "nonpower-report", "2024").status is Status.OPEN
    town.law = law.on(date(2025, 4, 11))
    town.oblige(date(2025, 1, 2), date(2025, 9, 30))
    redate(town, town.law)
    former = town.stage(mill, "nonpower-report", "2024")
    assert (former.status, former.reason) == (Status.WAIVED, TAKEN_OVER)
    assert town.stage(mill, "annual-report", "2024").due_on == date(2025, 6, 30)
    lines = town.database.read(
        lambda session: [
            event.detail for event in session.scalars(select(Event).where(Event.kind == "taken_over"))
        ]
    )
    [told] = [line for line in lines if line["rule"] == "nonpower-report"]
    assert (told["by"], told["sector"], told["stages"]) == ("annual-report", "steel", 1)


def former_law(database: Database, law: Law) -> Town:
    """A town under the law of the day before the nation's notice that takes steel, cement and aluminium in."""
    town = Town(database, law.on(date(2025, 4, 10)))
    town.contact(town.city, "c")
    return town


def come(town: Town, law: Law) -> None:
    """Let the nation's notice be in force."""
    town.law = law.on(date(2025, 4, 11))
    town.oblige(date(2025, 1, 2), date(2026, 1, 31))
    redate(town, town.law)


def parts_of(town: Town, organisation: int, rule: str, period: str) -> dict[str, Status]:
    """Return how each part of what an organisation owes stands."""
    return town.database.read(
        lambda session: dict(
            session.execute(
                select(Obligation.part, Stage.status)
                .join(Stage, Stage.obligation_id == Obligation.id)
                .where(Stage.subject_id == organisation, Stage.rule == rule, Stage.period == period)
            ).all()
        )
    )


def test_a_part_of_the_citys_own_duty_is_let_go_and_the_others_stay(database: Database, law: Law) -> None:
    town = former_law(database, law)
    town.oblige(date(2025, 1, 2), date(2026, 1, 31))
    before = parts_of(town, town.city, "nonpower-verification", "2024")
    assert before == {"": Status.OPEN, "aluminium+cement+steel": Status.OPEN}
    come(town, law)
    after = parts_of(town, town.city, "nonpower-verification", "2024")
    assert after == {"": Status.OPEN, "aluminium+cement+steel": Status.WAIVED}


@pytest.mark.parametrize("done", ["submitted", "returned", "extended"])
def test_whatever_is_not_settled_is_let_go_whole(database: Database, law: Law, done: str) -> None:
    town = former_law(database, law)
    mill = town.unit("steelworks", town.district("north"), sector=Sector.STEEL)
    town.oblige(date(2025, 1, 2), date(2026, 1, 31))
    stage = town.stage(mill, "nonpower-report", "2024")
    if done == "extended":
        town.change(stage, extended_to=date(2025, 10, 31), act_by_on=date(2025, 10, 31))
    else:
        town.change(stage, status=done)
    come(town, law)
    former = town.stage(mill, "nonpower-report", "2024")
    assert (former.status, former.reason, former.version) == (Status.WAIVED, TAKEN_OVER, 2)
    come(town, law)
    assert town.stage(mill, "nonpower-report", "2024").version == 2


def test_what_was_accepted_is_not_let_go(database: Database, law: Law) -> None:
    town = former_law(database, law)
    mill = town.unit("steelworks", town.district("north"), sector=Sector.STEEL)
    town.oblige(date(2025, 1, 2), date(2026, 1, 31))
    town.change(town.stage(mill, "nonpower-report", "2024"), status="accepted")
    come(town, law)
    assert town.stage(mill, "nonpower-report", "2024").status is Status.ACCEPTED
    assert town.told(town.who("c"), NotificationKind.CHANGED)


def test_an_amended_notice_dates_what_its_older_version_made(database: Database, law: Law) -> None:
    own = next(notice for notice in law.rulebook.notices if notice.authority == "municipal")
    sooner = own.model_copy(
        update={
            "version": "2",
            "in_force_on": date(2027, 1, 1),
            "rules": tuple(
                rule.model_copy(
                    update={
                        "stages": (
                            rule.stages[0].model_copy(
                                update={"deadline": MonthEndPlus(kind="month_end_plus", days=15)}
                            ),
                            *rule.stages[1:],
                        )
                    }
                )
                if rule.name == "monthly-evidence"
                else rule
                for rule in own.rules
            ),
        }
    )
    town = Town(database, replace(law, rulebook=type(law.rulebook).of([own])))
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2026, 11, 22), date(2027, 3, 22))
    amended = replace(law, rulebook=type(law.rulebook).of([own, sooner]))
    redate(town, amended)
    january = town.stage(unit, "monthly-evidence", "2027-01")
    assert (january.due_on, january.moved_from) == (date(2027, 2, 15), date(2027, 2, 20))
    assert town.stage(unit, "monthly-evidence", "2026-12").due_on == date(2027, 1, 20)
    made = town.database.read(
        lambda session: {version for (version,) in session.execute(select(Obligation.notice_version))}
    )
    assert made == {"1"}
