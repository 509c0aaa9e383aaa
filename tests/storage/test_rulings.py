"""Waivers and extensions: for a unit, a district, the city; what they change, what they leave, who hears of it."""

from datetime import date

import pytest
from sqlalchemy import select

from obligations.authority import RulingKind
from obligations.decisions import DecisionRefused, Refusal
from obligations.notice import Level
from obligations.periods import Period
from obligations.reasons import ReasonCode
from storage import ruled, rulings, trail
from storage.database import Session
from storage.models import Event, Notification, NotificationKind, Ruling, Stage
from tests.storage.bureau import DISTRICT, DOCUMENT, MUNICIPAL, UNIT, Bureau, at, everything

NOW = "2024-02-18 10:00"
LATER = date(2024, 2, 29)
EXTEND, WAIVE, SET_DATE = RulingKind.EXTEND, RulingKind.WAIVE, RulingKind.SET_DATE
STAGES = (UNIT, DISTRICT, MUNICIPAL)


def acting(bureau: Bureau, position: int = UNIT) -> dict[str, str]:
    """Return by when each unit's stage is to be done."""
    return {unit: str(bureau.stage(position, unit).act_by_on)[5:] for unit in ("mill", "kiln", "dam")}


def statuses(bureau: Bureau, unit: str = "mill") -> list[str]:
    return [bureau.stage(position, unit).status.value for position in STAGES]


def told(bureau: Bureau) -> list[str]:
    return sorted(address for address, kind in bureau.told() if kind == "changed")


def refused(bureau: Bureau, kind: RulingKind, scope: str, **order: object) -> DecisionRefused:
    before = everything(bureau.database)
    with pytest.raises(DecisionRefused) as raised:
        bureau.decree(NOW, kind, scope, **order)  # type: ignore[arg-type]
    assert everything(bureau.database) == before
    return raised.value


@pytest.mark.parametrize(
    ("scope", "moved"),
    [("mill", {"mill"}), ("north", {"mill", "kiln"}), ("city", {"mill", "kiln", "dam"})],
)
def test_an_extension_is_for_a_unit_a_districts_units_or_all(
    bureau: Bureau, scope: str, moved: set[str]
) -> None:
    decreed = bureau.decree(NOW, EXTEND, scope, stage="unit", until=LATER)
    assert {unit for unit, day in acting(bureau).items() if day == "02-29"} == moved
    assert {unit for unit, day in acting(bureau).items() if day == "02-20"} == {"mill", "kiln", "dam"} - moved
    assert decreed.effect.total == len(moved)
    for unit in moved:
        stage = bureau.stage(UNIT, unit)
        assert (stage.due_on, stage.extended_to, stage.moved_from) == (
            date(2024, 2, 20),
            LATER,
            date(2024, 2, 20),
        )
        assert (stage.ruling_id, stage.version, stage.reason) == (decreed.ruling_id, 2, None)


def test_an_extension_upstream_moves_no_cap_and_no_date_below(bureau: Bureau) -> None:
    bureau.decree(NOW, EXTEND, "city", stage="unit", until=date(2024, 3, 20))
    assert acting(bureau, DISTRICT) == {"mill": "02-25", "kiln": "02-25", "dam": "02-25"}
    assert acting(bureau, MUNICIPAL) == {"mill": "03-11", "kiln": "03-11", "dam": "03-11"}
    bureau.submit("2024-03-15 10:00")
    check = bureau.stage(DISTRICT)
    assert (check.due_on, check.excused, check.act_by_on) == (date(2024, 2, 25), True, date(2024, 3, 11))


def test_what_was_handed_over_stays_and_is_counted(bureau: Bureau) -> None:
    bureau.submit("2024-02-17 10:00")
    decreed = bureau.decree(NOW, EXTEND, "city", stage="unit", until=LATER)
    assert (decreed.effect.total, decreed.effect.handed_over) == (2, 1)
    assert dict(decreed.effect.changed) == {"北岭区": 1, "南湾区": 1}
    assert acting(bureau)["mill"] == "02-20"
    assert bureau.stage(UNIT).ruling_id is None


def test_a_later_date_is_kept(bureau: Bureau) -> None:
    bureau.extend(NOW, UNIT, "2024-03-10")
    decreed = bureau.decree("2024-02-18 11:00", EXTEND, "city", stage="unit", until=LATER)
    assert acting(bureau) == {"mill": "03-10", "kiln": "02-29", "dam": "02-29"}
    assert decreed.effect.later == 1


def test_the_latest_ruling_that_covers_a_stage_counts(bureau: Bureau) -> None:
    bureau.extend(NOW, UNIT, "2024-02-26")
    last = bureau.decree("2024-02-18 11:00", EXTEND, "north", stage="unit", until=LATER)
    stage = bureau.stage(UNIT)
    assert (stage.ruling_id, stage.act_by_on, stage.moved_from) == (last.ruling_id, LATER, date(2024, 2, 20))


def test_a_waived_duty_takes_its_checks_along(bureau: Bureau) -> None:
    bureau.decree(NOW, WAIVE, "north")
    assert statuses(bureau, "mill") == statuses(bureau, "kiln") == ["waived"] * 3
    assert statuses(bureau, "dam") == ["open"] * 3
    stage = bureau.stage(UNIT)
    assert (stage.reason, stage.decided_at, stage.version) == ("平台停机", at(NOW), 2)


def test_a_waiver_leaves_the_whole_chain_of_what_was_handed_over(bureau: Bureau) -> None:
    bureau.submit("2024-02-17 10:00")
    bureau.submit("2024-02-17 10:00", unit="kiln")
    bureau.accept("2024-02-17 11:00", unit="kiln")
    decreed = bureau.decree(NOW, WAIVE, "city", stage="unit")
    assert statuses(bureau, "mill") == ["submitted", "open", "open"]
    assert statuses(bureau, "kiln") == ["accepted", "submitted", "open"]
    assert statuses(bureau, "dam") == ["waived"] * 3
    assert (decreed.effect.total, decreed.effect.handed_over) == (1, 2)


def test_a_returned_duty_may_be_waived_or_extended(bureau: Bureau) -> None:
    bureau.submit("2024-02-05 10:00")
    bureau.send_back("2024-02-06 10:00", reason="缺化验单")
    bureau.extend("2024-02-07 10:00", UNIT, "2024-02-29")
    stage = bureau.stage(UNIT)
    assert (stage.status.value, stage.act_by_on, stage.reason) == ("returned", LATER, "缺化验单")
    bureau.waive("2024-02-08 10:00")
    assert statuses(bureau) == ["waived"] * 3


def test_a_waived_check_lets_go_of_nothing_else(bureau: Bureau) -> None:
    bureau.submit("2024-02-17 10:00")
    bureau.decree(NOW, WAIVE, "city", stage="district")
    assert statuses(bureau, "mill") == ["submitted", "waived", "open"]
    assert statuses(bureau, "dam") == ["open", "waived", "open"]
    assert [bureau.stage(MUNICIPAL, unit).ready for unit in ("mill", "dam")] == [True, False]


def test_a_ruling_writes_one_line_with_what_was_before_and_after(bureau: Bureau) -> None:
    decreed = bureau.decree(NOW, EXTEND, "city", stage="unit", until=LATER, reason="平台停机")

    def work(session: Session) -> list[Event]:
        found = list(session.scalars(select(Event).where(Event.kind == "extend")))
        session.expunge_all()
        return found

    [line] = bureau.database.read(work)
    assert (line.organisation_id, line.contact_id, line.stage_id) == (
        bureau.city,
        bureau.people["city"],
        None,
    )
    assert line.detail == {
        "ruling": decreed.ruling_id,
        "rule": "monthly-evidence",
        "period": "2024-01",
        "stage": "unit",
        "changed": 3,
        "left": 0,
        "before": {"2024-02-20": 3},
        "after": {"2024-02-29": 3},
        "reason": "平台停机",
        "document": DOCUMENT,
    }
    assert bureau.database.read(trail.first_broken) is None


def test_a_ruling_for_one_stage_stands_in_the_trail_of_that_stage(bureau: Bureau) -> None:
    bureau.extend(NOW, UNIT, "2024-02-29")
    bureau.waive("2024-02-18 11:00")
    stage_id = bureau.stage(UNIT).id
    kinds = bureau.database.read(lambda session: [line.kind for line in trail.of_stage(session, stage_id)])
    assert kinds == ["extend", "waive"]


class TestWhoHears:
    @pytest.mark.parametrize(
        ("scope", "heard"),
        [
            ("mill", ["mill", "north-1", "north-2"]),
            ("north", ["kiln", "mill", "north-1", "north-2"]),
            ("city", ["dam", "kiln", "mill", "north-1", "north-2", "south"]),
        ],
    )
    @pytest.mark.parametrize("kind", [EXTEND, WAIVE])
    def test_units_and_their_districts_hear_once_and_who_decided_does_not(
        self, bureau: Bureau, scope: str, heard: list[str], kind: RulingKind
    ) -> None:
        until = LATER if kind is EXTEND else None
        decreed = bureau.decree(NOW, kind, scope, stage="unit", until=until)
        assert told(bureau) == heard
        assert decreed.told == len(heard)

    def test_the_city_hears_what_an_administrator_decides_about_its_own_step(self, bureau: Bureau) -> None:
        bureau.decree(NOW, EXTEND, "mill", stage="municipal", until=date(2024, 3, 20), by=None)
        assert told(bureau) == ["city", "north-1", "north-2"]

    def test_by_night_they_hear_in_the_morning(self, bureau: Bureau) -> None:
        decreed = bureau.decree("2024-02-18 23:00", EXTEND, "mill", stage="unit", until=LATER)

        def work(session: Session) -> list[Notification]:
            kind = Notification.kind == NotificationKind.CHANGED
            found = list(session.scalars(select(Notification).where(kind)))
            session.expunge_all()
            return found

        notes = bureau.database.read(work)
        assert {note.not_before for note in notes} == {at("2024-02-19 07:00")}
        assert {note.key for note in notes} == {f"ruling:{decreed.ruling_id}"}


class TestRefused:
    @pytest.mark.parametrize("by", [Level.UNIT, Level.DISTRICT])
    @pytest.mark.parametrize("scope", ["mill", "north", "city"])
    def test_units_and_districts_move_no_date(self, bureau: Bureau, by: Level, scope: str) -> None:
        why = refused(bureau, EXTEND, scope, stage="unit", until=LATER, by=by)
        assert why.refusal is Refusal.NOT_YOURS
        assert refused(bureau, WAIVE, scope, by=by).refusal is Refusal.NOT_YOURS

    @pytest.mark.parametrize(
        ("until", "refusal"),
        [
            (date(2024, 2, 17), Refusal.IN_THE_PAST),
            (date(2024, 2, 18), Refusal.NOT_LATER),
            (date(2024, 2, 20), Refusal.NOT_LATER),
        ],
    )
    def test_a_date_that_is_past_or_not_later(self, bureau: Bureau, until: date, refusal: Refusal) -> None:
        assert refused(bureau, EXTEND, "city", stage="unit", until=until).refusal is refusal

    def test_a_date_that_the_notice_gives_is_not_set(self, bureau: Bureau) -> None:
        assert refused(bureau, SET_DATE, "mill", stage="unit", until=LATER).refusal is Refusal.DATE_IS_GIVEN

    def test_what_is_handed_over_or_settled_alone(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-17 10:00")
        why = refused(bureau, EXTEND, "mill", stage="unit", until=LATER)
        assert why.refusal is Refusal.ALREADY_SUBMITTED
        bureau.accept("2024-02-17 11:00")
        assert refused(bureau, WAIVE, "mill").refusal is Refusal.ALREADY_DECIDED

    def test_a_second_waiver(self, bureau: Bureau) -> None:
        bureau.waive(NOW)
        assert refused(bureau, WAIVE, "mill").refusal is Refusal.ALREADY_DECIDED
        assert refused(bureau, EXTEND, "mill", stage="unit", until=LATER).refusal is Refusal.ALREADY_DECIDED


def test_a_preview_counts_and_changes_nothing(bureau: Bureau) -> None:
    bureau.submit("2024-02-17 10:00")
    before = everything(bureau.database)
    order = rulings.Order(
        kind=EXTEND,
        rule="monthly-evidence",
        period=ruled_period(),
        scope_id=bureau.city,
        stage="unit",
        until=LATER,
    )
    effect = bureau.database.write(
        lambda session: rulings.preview(session, bureau.law, order, by=None, now=at(NOW))
    )
    assert (dict(effect.changed), effect.handed_over, effect.later) == ({"北岭区": 1, "南湾区": 1}, 1, 0)
    assert (dict(effect.before), dict(effect.after)) == ({date(2024, 2, 20): 2}, {LATER: 2})
    assert everything(bureau.database) == before


def ruled_period() -> Period:
    return Period.parse("2024-01")


@pytest.mark.parametrize(
    ("kind", "stage", "until"), [(EXTEND, None, LATER), (EXTEND, "unit", None), (WAIVE, None, LATER)]
)
def test_an_order_is_whole(kind: RulingKind, stage: str | None, until: date | None) -> None:
    with pytest.raises(ValueError, match=r"date|stage"):
        rulings.Order(
            kind=kind, rule="monthly-evidence", period=ruled_period(), scope_id=1, stage=stage, until=until
        )


class TestWhy:
    def test_an_extended_date_says_what_it_was_what_moved_it_and_why(self, bureau: Bureau) -> None:
        bureau.extend(NOW, UNIT, "2024-02-26")
        bureau.decree(
            "2024-02-18 11:00", EXTEND, "city", stage="unit", until=LATER, reason="系统升级", by=None
        )

        def work(session: Session) -> None:
            stage = session.get_one(Stage, bureau.stage(UNIT).id)
            former, change = rulings.of_stage(session, stage)
            assert (former.from_on, former.to_on) == (date(2024, 2, 20), date(2024, 2, 26))
            assert (change.from_on, change.to_on) == (date(2024, 2, 26), LATER)
            assert (change.document, change.reason, change.by) == (DOCUMENT, "系统升级", "云江市")
            assert change.at == at("2024-02-18 11:00")
            reason = rulings.reasons(session, stage)[-1]
            assert reason.code is ReasonCode.EXTENDED
            assert dict(reason.arguments) == {
                "from_on": date(2024, 2, 26),
                "to_on": LATER,
                "document": DOCUMENT,
                "reason": "系统升级",
            }

        bureau.database.read(work)

    def test_a_waived_duty_says_by_which_document(self, bureau: Bureau) -> None:
        bureau.waive(NOW, reason="机组停运")

        def work(session: Session) -> None:
            for position in STAGES:
                stage = session.get_one(Stage, bureau.stage(position).id)
                [reason] = rulings.reasons(session, stage)
                assert reason.code is ReasonCode.WAIVED
                assert dict(reason.arguments) == {"document": DOCUMENT, "reason": "机组停运"}

        bureau.database.read(work)

    def test_a_stage_nobody_decided_about_has_nothing_to_say(self, bureau: Bureau) -> None:
        bureau.decree(NOW, EXTEND, "south", stage="unit", until=LATER)
        assert (
            bureau.database.read(
                lambda session: rulings.reasons(session, session.get_one(Stage, bureau.stage(UNIT).id))
            )
            == ()
        )


def test_every_ruling_is_listed_the_latest_first(bureau: Bureau) -> None:
    bureau.extend(NOW, UNIT, "2024-02-26")
    bureau.decree("2024-02-18 11:00", WAIVE, "south", by=None)

    def work(session: Session) -> list[tuple[str, str, int | None]]:
        listed = ruled.listed(session, rule="monthly-evidence")
        return [(ruling.kind.value, scope.short_name, ruling.contact_id) for ruling, scope in listed]

    assert bureau.database.read(work) == [
        ("waive", "南湾", None),
        ("extend", "北岭热电", bureau.people["city"]),
    ]
    assert bureau.database.read(lambda session: ruled.listed(session, rule="power-list")) == []
    assert bureau.database.read(lambda session: session.query(Ruling).count()) == 2
