"""What is open follows who is in charge, from the first day; what was settled stays where it was."""

from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import select

from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level
from obligations.terms import Occasion
from storage import endings, following, materialise, occurrences, organisations, overview, targets, trail
from storage.database import Database, Session
from storage.following import Passed
from storage.models import Event, Membership, NotificationKind, Obligation, Organisation, Stage
from storage.organisations import Scope
from tests.jobs.town import Town, at

MERGED_ON = date(2025, 11, 6)
EVE, DAY_ONE = "2025-11-05 00:05", "2025-11-06 00:05"
EVIDENCE = ("monthly-evidence", "2025-10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merger:
    """Jiangbei and Yubei end on 2025-11-06, and Liangjiang begins on the same day; Jiangjin goes on.

    The plant moves from Yubei to Liangjiang, the mill stays in Jiangjin.
    """

    town: Town
    yubei: int
    liangjiang: int
    jiangjin: int
    plant: int
    mill: int
    clerk: int
    newcomer: int

    def follow(self, moment: str) -> list[Passed]:
        return list(self.town.database.write(lambda session: following.follow(session, now=at(moment))))

    def evidence(self, name: str = "unit", unit: int | None = None) -> Stage:
        return self.town.stage(unit or self.plant, *EVIDENCE, name)

    def places(self) -> list[tuple[str, int | None, int, int | None, int]]:
        """Return the plant's chain: stage, district, actor, checker, version."""
        names = ("unit", "district", "municipal")
        stages = [self.evidence(name) for name in names]
        return [(s.name, s.district_id, s.actor_id, s.checker_id, s.version) for s in stages]

    def set(self, organisation: int, **values: object) -> None:
        def work(session: Session) -> None:
            row = session.get_one(Organisation, organisation)
            for name, value in values.items():
                setattr(row, name, value)

        self.town.database.write(work)


@pytest.fixture
def merger(database: Database, law: Law) -> Merger:
    town = Town(database, law)
    yubei = town.district("yubei", until=MERGED_ON)
    liangjiang = town.district("liangjiang")
    jiangjin = town.district("jiangjin")
    plant, mill = town.unit("plant", None), town.unit("mill", jiangjin)
    town.member(plant, yubei, until=date(2025, 11, 5))
    town.member(plant, liangjiang, since=MERGED_ON)
    made = Merger(
        town=town,
        yubei=yubei,
        liangjiang=liangjiang,
        jiangjin=jiangjin,
        plant=plant,
        mill=mill,
        clerk=town.contact(yubei, "clerk"),
        newcomer=town.contact(liangjiang, "newcomer"),
    )
    made.set(liangjiang, valid_from=MERGED_ON)
    made.set(yubei, successor_id=liangjiang)
    town.oblige(date(2025, 10, 15), date(2025, 12, 31))
    return made


class TestAUnitThatMoves:
    def test_its_open_stages_go_to_the_new_district_from_the_first_day(self, merger: Merger) -> None:
        yubei, new, city = merger.yubei, merger.liangjiang, merger.town.city
        before = [
            ("unit", yubei, merger.plant, yubei, 1),
            ("district", yubei, yubei, city, 1),
            ("municipal", yubei, city, None, 1),
        ]
        assert merger.places() == before
        assert merger.follow(EVE) == []
        assert merger.places() == before
        passed = merger.follow(DAY_ONE)
        assert {(each.from_id, each.to_id) for each in passed} == {(yubei, new)}
        assert merger.places() == [
            ("unit", new, merger.plant, new, 2),
            ("district", new, new, city, 2),
            ("municipal", new, city, None, 2),
        ]
        assert merger.evidence(unit=merger.mill).district_id == merger.jiangjin
        assert merger.evidence(unit=merger.mill).version == 1

    def test_again_changes_nothing(self, merger: Merger) -> None:
        assert merger.follow(DAY_ONE)
        assert merger.follow("2025-11-06 09:00") == []
        assert merger.follow("2025-11-07 00:05") == []
        assert [stage[-1] for stage in merger.places()] == [2, 2, 2]
        assert len(merger.town.told(merger.newcomer)) == 1

    def test_the_obligation_follows_and_new_ones_are_the_new_districts(self, merger: Merger) -> None:
        merger.follow(DAY_ONE)
        merger.town.database.write(
            lambda session: materialise.materialise(
                session,
                merger.town.law,
                since=date(2025, 10, 15),
                through=date(2026, 2, 28),
                now=at("2025-11-06 00:06"),
            )
        )
        assert merger.town.stage(merger.plant, "monthly-evidence", "2026-01").district_id == merger.liangjiang
        places = merger.town.database.read(
            lambda session: set(
                session.scalars(select(Obligation.district_id).where(Obligation.subject_id == merger.plant))
            )
        )
        assert places == {merger.liangjiang}

    def test_what_was_settled_stays_with_the_old_district(self, merger: Merger) -> None:
        town = merger.town
        town.submit(merger.evidence(), at("2025-11-03 10:00"))
        town.accept(merger.evidence(), at("2025-11-04 10:00"))
        town.accept(merger.evidence("district"), at("2025-11-05 10:00"))
        before = merger.places()
        lines = town.database.read(lambda s: [e.id for e in trail.of_stage(s, merger.evidence().id)])
        merger.follow(DAY_ONE)
        assert merger.places() == before
        assert [status.value for status in _statuses(merger)] == ["accepted", "accepted", "accepted"]
        assert town.database.read(lambda s: [e.id for e in trail.of_stage(s, merger.evidence().id)]) == lines
        assert town.database.read(trail.first_broken) is None

    def test_a_chain_under_way_stays_where_it_was_handled_and_goes_on_with_the_new_district(
        self, merger: Merger
    ) -> None:
        town, new = merger.town, merger.liangjiang
        town.submit(merger.evidence(), at("2025-11-03 10:00"))
        town.accept(merger.evidence(), at("2025-11-05 17:00"))
        merger.follow(DAY_ONE)
        unit, district = merger.evidence(), merger.evidence("district")
        assert (unit.status, unit.district_id) == (Status.ACCEPTED, merger.yubei)
        assert (district.status, district.district_id, district.actor_id) == (Status.SUBMITTED, new, new)
        # Returned from above, it is for the new district to pass it down, and the unit's again there.
        town.send_back(district, at("2025-11-06 10:00"))
        town.send_back(merger.evidence(), at("2025-11-06 11:00"))
        unit = merger.evidence()
        assert (unit.status, unit.district_id, unit.checker_id) == (Status.RETURNED, new, new)
        town.submit(unit, at("2025-11-06 12:00"))
        town.accept(merger.evidence(), at("2025-11-06 13:00"))
        assert merger.evidence().status is Status.ACCEPTED
        assert merger.follow("2025-11-07 00:05") == []

    def test_both_districts_are_told_once_what_came_and_went(self, merger: Merger) -> None:
        merger.town.submit(merger.evidence(), at("2025-11-03 10:00"))
        stages = sum(each.stages for each in merger.follow(DAY_ONE))
        came, went = (
            merger.town.told(contact, NotificationKind.PASSED_ON)
            for contact in (merger.newcomer, merger.clerk)
        )
        share = {"units": 1, "stages": stages, "waiting": 1}
        assert [told.facts for told in came] == [{"came": [{"district": merger.yubei, **share}], "went": []}]
        assert [told.facts for told in went] == [
            {"came": [], "went": [{"district": merger.liangjiang, **share}]}
        ]
        assert came[0].not_before == at("2025-11-06 07:00")

    def test_the_trail_says_of_each_unit_where_from_and_where_to(self, merger: Merger) -> None:
        merger.follow(DAY_ONE)
        lines = _lines(merger)
        assert [line.detail for line in lines if line.organisation_id == merger.plant] == [
            {
                "passed_from": "yubei",
                "passed_to": "liangjiang",
                "stages": len(_open(merger, merger.plant)),
            }
        ]

    def test_a_gap_in_membership_leaves_what_is_open_with_the_old_district(self, merger: Merger) -> None:
        def gap(session: Session) -> None:
            held = session.scalars(
                select(Membership).where(Membership.district_id == merger.liangjiang)
            ).one()
            held.from_on = date(2025, 11, 8)

        merger.set(merger.yubei, successor_id=None)
        merger.town.database.write(gap)
        assert merger.follow("2025-11-07 00:05") == []
        assert merger.evidence().district_id == merger.yubei
        assert merger.follow("2025-11-08 00:05")
        assert merger.evidence().district_id == merger.liangjiang


class TestADistrictThatEnds:
    def test_its_own_open_duties_pass_to_the_successor(self, merger: Merger) -> None:
        before = _open(merger, merger.yubei)
        assert {(stage.district_id, stage.actor_id) for stage in before} == {(merger.yubei, merger.yubei)}
        merger.follow(DAY_ONE)
        after = _open(merger, merger.yubei)
        assert [stage.id for stage in after] == [stage.id for stage in before]
        assert {(s.district_id, s.actor_id) for s in after} == {(merger.liangjiang, merger.liangjiang)}
        lines = [line for line in _lines(merger) if line.organisation_id == merger.yubei]
        assert [line.detail["stages"] for line in lines] == [len(before)]

    def test_until_a_successor_is_named_it_goes_on_acting(self, merger: Merger) -> None:
        merger.set(merger.yubei, successor_id=None)
        merger.follow("2025-12-01 00:05")
        assert {stage.actor_id for stage in _open(merger, merger.yubei)} == {merger.yubei}
        merger.set(merger.yubei, successor_id=merger.liangjiang)
        merger.follow("2025-12-02 09:30")
        assert {stage.actor_id for stage in _open(merger, merger.yubei)} == {merger.liangjiang}

    def test_a_unit_whose_move_nobody_entered_goes_to_the_successor_too(self, merger: Merger) -> None:
        forgotten = merger.town.unit("forgotten", merger.yubei)
        merger.town.oblige(date(2025, 10, 15), date(2025, 12, 31))
        merger.follow(DAY_ONE)
        assert merger.evidence(unit=forgotten).district_id == merger.liangjiang

    def test_a_row_of_successors_leads_to_the_last_one_that_has_begun(self, merger: Merger) -> None:
        later = merger.town.district("later")
        merger.set(later, valid_from=date(2026, 1, 1))
        merger.set(merger.liangjiang, valid_to=date(2025, 12, 31), successor_id=later)
        days = (date(2025, 11, 5), MERGED_ON, date(2025, 12, 31), date(2026, 1, 1))
        acting = merger.town.database.read(
            lambda session: {day: organisations.stand_ins(session, on=day) for day in days}
        )
        assert acting == {
            date(2025, 11, 5): {},
            MERGED_ON: {merger.yubei: merger.liangjiang},
            date(2025, 12, 31): {merger.yubei: merger.liangjiang},
            date(2026, 1, 1): {merger.yubei: later, merger.liangjiang: later},
        }

    @pytest.mark.parametrize(
        ("begins_on", "acts_from"),
        [
            (None, date(2025, 11, 7)),
            (date(2020, 1, 1), date(2025, 11, 7)),
            (date(2025, 11, 6), date(2025, 11, 6)),
            (date(2025, 11, 7), date(2025, 11, 7)),
            (date(2026, 1, 1), date(2026, 1, 1)),
        ],
    )
    def test_the_successor_acts_from_its_first_day_or_the_day_after_the_others_last(
        self, merger: Merger, begins_on: date | None, acts_from: date
    ) -> None:
        merger.set(merger.liangjiang, valid_from=begins_on)

        def acts(session: Session, day: date) -> bool:
            ending = endings.ending_of(session, merger.yubei, on=day)
            named = ending is not None and ending.handed_over_on == acts_from
            assert named is (merger.yubei in organisations.stand_ins(session, on=day))
            return named

        database = merger.town.database
        eve = acts_from.fromordinal(acts_from.toordinal() - 1)
        assert not database.read(lambda s: acts(s, eve))
        assert database.read(lambda s: acts(s, acts_from))


class TestWhoSeesWhat:
    def _sees(self, merger: Merger, district: int, stage: Stage, day: date) -> bool:
        scope = Scope(level=Level.DISTRICT, organisation_id=district)
        return merger.town.database.read(
            lambda s: organisations.sees(
                s, scope, subject_id=stage.subject_id, district_id=stage.district_id, on=day
            )
        )

    def test_the_old_district_keeps_its_history_and_the_new_one_sees_it_too(self, merger: Merger) -> None:
        town, eve = merger.town, date(2025, 11, 5)
        town.submit(merger.evidence(), at("2025-11-03 10:00"))
        town.accept(merger.evidence(), at("2025-11-04 10:00"))
        assert self._sees(merger, merger.yubei, merger.evidence(), eve)
        assert not self._sees(merger, merger.liangjiang, merger.evidence(), eve)
        merger.follow(DAY_ONE)
        assert self._sees(merger, merger.yubei, merger.evidence(), MERGED_ON)
        assert self._sees(merger, merger.liangjiang, merger.evidence(), MERGED_ON)
        assert not self._sees(merger, merger.yubei, merger.evidence("district"), MERGED_ON)
        assert self._sees(merger, merger.liangjiang, merger.evidence("district"), MERGED_ON)
        assert not self._sees(merger, merger.jiangjin, merger.evidence(), MERGED_ON)

    def test_the_lists_of_the_old_district_are_empty_and_its_numbers_stay(self, merger: Merger) -> None:
        town = merger.town
        town.submit(merger.evidence(), at("2025-11-03 10:00"))
        town.accept(merger.evidence(), at("2025-11-04 10:00"))
        merger.follow(DAY_ONE)
        old = Scope(level=Level.DISTRICT, organisation_id=merger.yubei)
        counts = town.database.read(lambda s: overview.counts(s, old, today=date(2025, 11, 6)))
        assert (counts.done, counts.overdue, counts.waiting, counts.due_soon) == (1, 0, 0, 0)

    def test_the_list_of_districts_names_one_that_ended_while_its_year_counts(self, merger: Merger) -> None:
        town = merger.town
        town.submit(merger.evidence(), at("2025-11-03 10:00"))
        town.accept(merger.evidence(), at("2025-11-04 10:00"))
        town.accept(merger.evidence("district"), at("2025-11-05 10:00"))
        merger.follow(DAY_ONE)
        everyone = Scope(level=Level.MUNICIPAL, organisation_id=town.city)

        def rows(day: date) -> dict[str, tuple[int, int, date | None]]:
            found = town.database.read(lambda s: overview.by_district(s, everyone, today=day))
            return {row.district_name: (row.units, row.on_time, row.ended_on) for row in found}

        assert rows(MERGED_ON) == {
            "yubei": (0, 1, MERGED_ON),
            "liangjiang": (1, 0, None),
            "jiangjin": (1, 0, None),
        }
        assert "yubei" not in rows(date(2026, 12, 31))


def test_a_target_counts_each_unit_where_it_belongs_now(merger: Merger) -> None:
    town = merger.town
    surrender = town.stage(merger.plant, "surrender", "2024")
    town.submit(surrender, at("2025-11-03 10:00"))
    town.accept(surrender, at("2025-11-04 10:00"))
    everyone = Scope(level=Level.MUNICIPAL, organisation_id=town.city)

    def rows(scope: Scope, day: date) -> dict[str, tuple[int, int, int]]:
        [target] = town.database.read(lambda s: targets.in_force(s, town.law, scope, today=day))
        return {row.district_name: (row.done, row.total, row.short) for row in target.rows}

    assert rows(everyone, date(2025, 11, 5)) == {"yubei": (1, 1, 0), "jiangjin": (0, 1, 1)}
    merger.follow(DAY_ONE)
    assert rows(everyone, MERGED_ON) == {"liangjiang": (1, 1, 0), "jiangjin": (0, 1, 1)}
    alone = Scope(level=Level.DISTRICT, organisation_id=merger.jiangjin)
    assert rows(alone, MERGED_ON) == {"jiangjin": (0, 1, 1)}


def test_what_happens_after_the_merger_is_the_new_districts_whatever_it_happened_to(merger: Merger) -> None:
    town = merger.town
    town.submit(merger.evidence(), at("2025-11-03 10:00"))
    town.accept(merger.evidence(), at("2025-11-04 10:00"))
    town.accept(merger.evidence("district"), at("2025-11-05 10:00"))
    merger.follow(DAY_ONE)
    found = town.database.write(
        lambda session: (
            occurrences.record(
                session,
                town.law,
                occasion=Occasion.UNFIT_EVIDENCE,
                subject_id=merger.plant,
                happened_on=MERGED_ON,
                note="抽查发现照片不清晰",
                document="",
                now=at("2025-11-06 10:00"),
                stage_id=merger.evidence().id,
                by=None,
            ).id
        )
    )
    correction = town.database.read(
        lambda session: session.scalars(
            select(Obligation.district_id).where(Obligation.part == f"#{found}")
        ).all()
    )
    assert correction == [merger.liangjiang]


def _statuses(merger: Merger) -> list[Status]:
    return [merger.evidence(name).status for name in ("unit", "district", "municipal")]


def _open(merger: Merger, subject: int) -> list[Stage]:
    """Return what a subject has that is not settled."""
    pending = [Status.OPEN, Status.RETURNED, Status.SUBMITTED]

    def work(session: Session) -> list[Stage]:
        found = select(Stage).where(Stage.subject_id == subject, Stage.status.in_(pending)).order_by(Stage.id)
        stages = list(session.scalars(found))
        session.expunge_all()
        return stages

    return merger.town.database.read(work)


def _lines(merger: Merger) -> list[Event]:
    def work(session: Session) -> list[Event]:
        found = list(session.scalars(select(Event).where(Event.kind == "passed_on").order_by(Event.id)))
        session.expunge_all()
        return found

    return merger.town.database.read(work)
