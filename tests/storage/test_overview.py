"""What the lists and counts say on a given day, and that nobody sees beyond their scope."""

from datetime import date

import pytest
from sqlalchemy import event

from obligations.law import Law
from obligations.notice import Level
from obligations.standing import Standing
from storage import contacts, overview
from storage.database import Database, Session
from storage.errors import NotFoundError
from storage.organisations import Scope
from storage.overview import Counts, Page
from tests.engines import only_sqlite
from tests.jobs.town import Town, at

DUE = date(2024, 2, 20)
AFTER = date(2024, 2, 21)
EVIDENCE = "monthly-evidence"


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


class City:
    """Two districts with the evidence of January 2024 due: north has plants a and b, south has plant c."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.north, self.south = town.district("north"), town.district("south")
        self.a, self.b = town.unit("plant a", self.north), town.unit("plant b", self.north)
        self.c = town.unit("plant c", self.south)
        town.oblige(DUE, DUE)
        self.all = Scope(level=Level.MUNICIPAL, organisation_id=town.city)

    def within(self, district: int) -> Scope:
        return Scope(level=Level.DISTRICT, organisation_id=district)

    def own(self, unit: int) -> Scope:
        return Scope(level=Level.UNIT, organisation_id=unit)

    def hand_over(self, unit: int, when: str) -> None:
        self.town.submit(self.town.stage(unit, EVIDENCE, "2024-01"), at(when))

    def accept(self, unit: int, when: str, stage: str = "unit") -> None:
        self.town.accept(self.town.stage(unit, EVIDENCE, "2024-01", stage), at(when))

    def overdue(self, scope: Scope, today: date = AFTER) -> Page:
        return self.town.database.read(lambda s: overview.overdue(s, scope, today=today))

    def counts(self, scope: Scope, today: date = AFTER) -> Counts:
        return self.town.database.read(lambda s: overview.counts(s, scope, today=today))


@pytest.fixture
def city(town: Town) -> City:
    return City(town)


def names(page: Page) -> list[str]:
    return [item.subject_name for item in page.items]


class TestOverdue:
    @pytest.mark.parametrize(("today", "total"), [(DUE, 0), (AFTER, 3)])
    def test_the_due_date_itself_is_not_overdue(self, city: City, today: date, total: int) -> None:
        assert city.overdue(city.all, today).total == total

    def test_each_reader_sees_their_own(self, city: City) -> None:
        assert names(city.overdue(city.all)) == ["plant a", "plant b", "plant c"]
        assert names(city.overdue(city.within(city.north))) == ["plant a", "plant b"]
        assert names(city.overdue(city.within(city.south))) == ["plant c"]
        assert names(city.overdue(city.own(city.b))) == ["plant b"]

    def test_a_district_cannot_look_into_another_by_asking_for_it(self, city: City, town: Town) -> None:
        page = town.database.read(
            lambda s: overview.overdue(s, city.within(city.south), today=AFTER, district_id=city.north)
        )
        assert page == Page(items=(), total=0)

    def test_the_longest_overdue_comes_first(self, city: City, town: Town) -> None:
        town.change(town.stage(city.c, EVIDENCE, "2024-01"), act_by_on=date(2024, 2, 1))
        assert names(city.overdue(city.all)) == ["plant c", "plant a", "plant b"]

    def test_a_check_that_the_unit_blocks_is_not_overdue(self, city: City) -> None:
        assert city.overdue(city.all, date(2024, 4, 1)).total == 3

    def test_a_check_not_made_by_its_date_is_the_districts(self, city: City, town: Town) -> None:
        city.hand_over(city.a, "2024-02-12 10:00")
        page = town.database.read(
            lambda s: overview.overdue(s, city.all, today=date(2024, 2, 18), actor_level=Level.DISTRICT)
        )
        assert [(i.actor_name, i.subject_name, i.act_by_on) for i in page.items] == [
            ("north", "plant a", date(2024, 2, 17))
        ]

    def test_a_check_excused_by_a_late_upload_is_not_in_default(self, city: City, town: Town) -> None:
        city.hand_over(city.a, "2024-02-27 10:00")
        assert city.overdue(city.within(city.north), date(2024, 4, 1)).total == 1
        stage = town.stage(city.a, EVIDENCE, "2024-01", "district")
        assert (stage.excused, stage.due_on, stage.act_by_on) == (True, date(2024, 2, 25), date(2024, 3, 3))

    def test_filters_and_pages(self, city: City, town: Town) -> None:
        def ask(session: Session) -> list[tuple[list[str], int]]:
            pages = [
                overview.overdue(session, city.all, today=AFTER, district_id=city.south),
                overview.overdue(session, city.all, today=AFTER, rule="annual-report"),
                overview.overdue(session, city.all, today=AFTER, limit=2),
                overview.overdue(session, city.all, today=AFTER, limit=2, offset=2),
                overview.overdue(session, city.all, today=AFTER, limit=2, offset=4),
                overview.overdue(session, city.all, today=AFTER, limit=0),
            ]
            return [(names(page), page.total) for page in pages]

        assert town.database.read(ask) == [
            (["plant c"], 1),
            ([], 0),
            (["plant a", "plant b"], 3),
            (["plant c"], 3),
            ([], 3),
            ([], 3),
        ]

    def test_the_ids_are_those_of_the_whole_list_in_its_order(self, city: City, town: Town) -> None:
        ids = town.database.read(lambda s: overview.overdue_ids(s, city.all, today=AFTER))
        assert ids == tuple(item.stage_id for item in city.overdue(city.all).items)


class TestDuties:
    def _duties(self, town: Town, organisation: int, today: date = AFTER) -> list[tuple[str, str]]:
        page = town.database.read(lambda s: overview.duties(s, organisation, today=today))
        return [(item.subject_name, item.stage) for item in page.items]

    def test_a_unit_has_its_own_stage(self, city: City, town: Town) -> None:
        assert self._duties(town, city.a) == [("plant a", "unit")]

    def test_a_district_has_the_checks_that_can_begin(self, city: City, town: Town) -> None:
        assert self._duties(town, city.north) == []
        city.hand_over(city.b, "2024-02-18 10:00")
        assert self._duties(town, city.north) == [("plant b", "district")]
        city.accept(city.b, "2024-02-19 10:00")
        assert self._duties(town, city.north) == []
        assert self._duties(town, town.city) == [("plant b", "municipal")]

    def test_a_horizon_leaves_out_what_is_further_on_and_the_checklist_holds_what_has_no_date(
        self, city: City, town: Town
    ) -> None:
        town.oblige(date(2024, 3, 20), date(2024, 3, 20))
        town.change(town.stage(city.b, EVIDENCE, "2024-01"), act_by_on=None)

        def ask(session: Session, unit: int) -> list[str]:
            page = overview.duties(session, unit, today=date(2024, 2, 18), within_days=2)
            return [item.period for item in page.items]

        assert town.database.read(lambda s: ask(s, city.a)) == ["2024-01"]
        assert town.database.read(lambda s: ask(s, city.b)) == []


class TestWaitingForCheck:
    def test_ordered_by_the_checkers_own_date(self, city: City, town: Town) -> None:
        city.hand_over(city.b, "2024-02-16 10:00")
        city.hand_over(city.a, "2024-02-18 10:00")
        page = town.database.read(lambda s: overview.waiting_for_check(s, city.north))
        assert [(i.subject_name, i.check_by_on) for i in page.items] == [
            ("plant b", date(2024, 2, 21)),
            ("plant a", date(2024, 2, 23)),
        ]
        assert town.database.read(lambda s: overview.waiting_for_check(s, city.south)).total == 0

    def test_an_accepted_one_waits_with_the_city(self, city: City, town: Town) -> None:
        city.hand_over(city.a, "2024-02-18 10:00")
        city.accept(city.a, "2024-02-19 10:00")
        page = town.database.read(lambda s: overview.waiting_for_check(s, town.city))
        assert [(i.subject_name, i.stage, i.check_by_on) for i in page.items] == [
            ("plant a", "district", date(2024, 3, 11))
        ]


@pytest.mark.parametrize(
    ("today", "due_next", "blocked"),
    [
        (date(2024, 2, 14), 0, 0),
        (date(2024, 2, 15), 3, 0),
        (date(2024, 2, 20), 3, 3),  # the checks' own date, the 25th, is five days off
        (date(2024, 2, 21), 0, 3),
        (date(2024, 3, 6), 0, 6),  # and now the city's too
    ],
)
def test_due_next_and_blocked_by_the_day(
    city: City, town: Town, today: date, due_next: int, blocked: int
) -> None:
    def ask(session: Session) -> tuple[int, int]:
        return (
            overview.due_next(session, city.all, today=today).total,
            overview.blocked(session, city.all, today=today).total,
        )

    assert town.database.read(ask) == (due_next, blocked)
    counts = city.counts(city.all, today)
    assert (counts.due_soon, counts.blocked) == (due_next, blocked)


class TestCounts:
    def test_in_numbers(self, city: City) -> None:
        city.hand_over(city.a, "2024-02-18 10:00")
        city.hand_over(city.c, "2024-02-20 16:00")
        city.accept(city.c, "2024-02-21 10:00")
        assert city.counts(city.all) == Counts(
            overdue=1, overdue_units=1, waiting=1, due_soon=1, blocked=1, done=1, late=0, total=3
        )
        assert city.counts(city.within(city.north)).waiting == 1
        assert city.counts(city.own(city.a)).waiting == 1
        assert city.counts(city.own(city.b)).overdue == 1

    @pytest.mark.parametrize(
        ("handed_over", "late"),
        [
            ("2024-02-20 23:59", 0),
            ("2024-02-21 00:00", 1),
        ],  # the day ends at midnight in Chongqing, not in UTC
    )
    def test_late_is_counted_to_the_midnight_of_the_notices_zone(
        self, city: City, handed_over: str, late: int
    ) -> None:
        city.hand_over(city.a, handed_over)
        city.accept(city.a, "2024-02-22 10:00")
        assert city.counts(city.own(city.a), date(2024, 2, 22)).late == late


class TestByDistrict:
    def test_the_worst_first_in_as_many_statements_for_any_number(self, city: City, town: Town) -> None:
        city.hand_over(city.c, "2024-02-20 10:00")
        statements: list[str] = []

        def ask(session: Session) -> list[tuple[str, int, int, int, int, float | None]]:
            event.listen(
                session.connection(), "before_cursor_execute", lambda *given: statements.append(given[2])
            )
            rows = overview.by_district(session, city.all, today=AFTER)
            return [
                (r.district_name, r.units, r.overdue, r.overdue_units, r.waiting, r.on_time_rate)
                for r in rows
            ]

        assert town.database.read(ask) == [("north", 2, 2, 2, 0, 0.0), ("south", 1, 0, 0, 1, 1.0)]
        assert len(statements) == 2  # who acts for whom, and all the rows

    def test_a_district_sees_itself_and_one_without_units_is_there(self, city: City, town: Town) -> None:
        empty = town.district("west")
        one = town.database.read(lambda s: overview.by_district(s, city.within(empty), today=AFTER))
        assert [(r.district_name, r.units, r.due, r.on_time_rate) for r in one] == [("west", 0, 0, None)]

    def test_a_late_hand_over_and_a_missing_one_lower_the_rate(self, city: City, town: Town) -> None:
        city.hand_over(city.a, "2024-02-22 10:00")
        rows = town.database.read(lambda s: overview.by_district(s, city.all, today=date(2024, 2, 22)))
        assert {r.district_name: (r.on_time, r.due) for r in rows} == {"north": (0, 2), "south": (0, 1)}


class TestContacts:
    def test_who_has_something_to_do_and_nobody_to_write_to(self, city: City, town: Town) -> None:
        town.contact(city.a, "a")
        town.contact(city.north, "office")
        town.contact(town.city, "city")

        def ask(scope: Scope) -> tuple[str, ...]:
            return town.database.read(lambda s: overview.without_contact(s, scope, on=AFTER))

        assert ask(city.all) == ("plant b", "plant c", "south")
        assert ask(city.within(city.north)) == ("plant b",)

    def test_nobody_hears_of_the_contacts_of_those_above(self, city: City, town: Town) -> None:
        for organisation in (city.a, city.b, city.north):
            town.contact(organisation, f"of {organisation}")
        found = town.database.read(lambda s: overview.without_contact(s, city.within(city.north), on=AFTER))
        assert found == ()

    def test_a_contact_whose_address_was_turned_off_is_named_with_the_reason(
        self, city: City, town: Town
    ) -> None:
        town.contact(city.a, "a")
        town.contact(city.c, "c")

        def ask() -> list[tuple[str, str, str | None]]:
            found = town.database.read(lambda s: overview.undeliverable(s, city.within(city.north)))
            return [(u.contact_name, u.organisation_name, u.reason) for u in found]

        assert ask() == []

        def block(session: Session) -> None:
            for address in ("a", "c"):
                contacts.unbind(session, "chat", address, reason="blocked", now=at("2024-02-20 10:00"))

        town.database.write(block)
        assert ask() == [("contact a", "plant a", "blocked")]
        town.database.write(lambda s: contacts.revive(s, "chat", "a"))
        assert ask() == []


class TestOneUnitAndOneStage:
    def test_a_units_page_has_what_is_open_and_what_was_decided_lately(self, city: City, town: Town) -> None:
        city.hand_over(city.a, "2024-02-18 10:00")
        city.accept(city.a, "2024-02-19 10:00")
        city.accept(city.a, "2024-02-20 10:00", "district")

        def ask(today: date) -> list[tuple[str, Standing]]:
            items = town.database.read(lambda s: overview.of_unit(s, city.a, today=today))
            return [(item.stage, item.standing(today=today)) for item in items]

        assert ask(AFTER) == [
            ("unit", Standing.DONE),
            ("district", Standing.DONE),
            ("municipal", Standing.DONE),
        ]
        assert ask(date(2024, 4, 1)) == []

    def test_one_stage_with_all_that_a_list_shows(self, city: City, town: Town) -> None:
        stage = town.stage(city.a, EVIDENCE, "2024-01")
        item = town.database.read(lambda s: overview.item(s, stage.id))
        assert (item.subject_name, item.actor_name, item.district_name, item.checked_by, item.evidence) == (
            "plant a",
            "plant a",
            "north",
            Level.DISTRICT,
            0,
        )
        assert item.days_left(today=date(2024, 2, 18)) == 2
        assert item.days_left(today=date(2024, 2, 23)) == -3

    def test_an_unknown_stage_is_refused(self, town: Town) -> None:
        with pytest.raises(NotFoundError):
            town.database.read(lambda s: overview.item(s, 4711))


@only_sqlite
@pytest.mark.parametrize(
    ("index", "district"), [("ix_stage_district_pending", True), ("ix_stage_pending", False)]
)
def test_who_is_overdue_is_answered_from_an_index(
    city: City, town: Town, index: str, *, district: bool
) -> None:
    seen: list[tuple[str, tuple[object, ...]]] = []

    def plan(session: Session) -> list[str]:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *given: seen.append((given[2], given[3])))
        scope = city.within(city.north) if district else city.all
        overview.overdue(session, scope, today=AFTER, limit=1)
        statement, parameters = seen[-1]  # the count
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # the statement just made
        return [row[3] for row in cursor.fetchall()]

    assert any(index in line for line in town.database.read(plan))
