"""Rulings put right and checks let go: what corrects an extension, and who checks where a check is waived."""

from datetime import date

import pytest

from obligations.decisions import DecisionRefused, Refusal
from obligations.notice import Level
from storage import decisions, overview, rulings
from storage.database import Session
from storage.models import Stage
from tests.storage.bureau import DISTRICT, MUNICIPAL, UNIT, Bureau, at
from tests.storage.test_rulings import EXTEND, LATER, NOW, WAIVE, acting, refused, statuses


class TestCorrected:
    def test_a_wrong_extension_is_put_right_by_an_earlier_one(self, bureau: Bureau) -> None:
        wrong, right = date(2026, 2, 28), LATER
        bureau.decree(NOW, EXTEND, "city", stage="unit", until=wrong)
        decreed = bureau.decree("2024-02-18 11:00", EXTEND, "city", stage="unit", until=right)
        assert (dict(decreed.effect.before), dict(decreed.effect.after)) == ({wrong: 3}, {right: 3})
        stage = bureau.stage(UNIT)
        assert (stage.act_by_on, stage.extended_to, stage.moved_from, stage.ruling_id) == (
            right,
            right,
            date(2024, 2, 20),
            decreed.ruling_id,
        )

    def test_an_extension_to_the_day_it_had_before_undoes_it(self, bureau: Bureau) -> None:
        bureau.decree(NOW, EXTEND, "city", stage="unit", until=LATER)
        bureau.decree("2024-02-18 11:00", EXTEND, "mill", stage="unit", until=date(2024, 2, 20))
        assert acting(bureau) == {"mill": "02-20", "kiln": "02-29", "dam": "02-29"}
        stage = bureau.stage(UNIT)
        assert (stage.act_by_on, stage.extended_to) == (date(2024, 2, 20), None)

        def work(session: Session) -> list[tuple[date | None, date | None]]:
            changes = rulings.of_stage(session, session.get_one(Stage, stage.id))
            return [(change.from_on, change.to_on) for change in changes]

        assert bureau.database.read(work) == [(date(2024, 2, 20), LATER), (LATER, date(2024, 2, 20))]

    def test_never_before_the_day_it_had(self, bureau: Bureau) -> None:
        bureau.decree(NOW, EXTEND, "city", stage="unit", until=LATER)
        why = refused(bureau, EXTEND, "city", stage="unit", until=date(2024, 2, 19))
        assert (why.refusal, why.on) == (Refusal.NOT_LATER, date(2024, 2, 20))
        again = refused(bureau, EXTEND, "city", stage="unit", until=LATER)
        assert (again.refusal, again.on) == (Refusal.NOT_LATER, LATER)

    def test_of_a_correction_down_to_its_own_day(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-05 10:00")
        bureau.send_back("2024-02-06 10:00")
        before = bureau.stage(UNIT).act_by_on
        assert before is not None
        bureau.extend("2024-02-07 10:00", UNIT, "2024-02-29")
        bureau.decree("2024-02-07 11:00", EXTEND, "mill", stage="unit", until=before)
        stage = bureau.stage(UNIT)
        assert (stage.status.value, stage.act_by_on, stage.extended_to) == ("returned", before, None)

    def test_a_districts_order_leaves_what_is_one_units_own(self, bureau: Bureau) -> None:
        bureau.extend(NOW, UNIT, "2024-03-10")
        bureau.decree("2024-02-18 11:00", EXTEND, "north", stage="unit", until=LATER)
        assert acting(bureau) == {"mill": "03-10", "kiln": "02-29", "dam": "02-20"}


class TestWaivedCheck:
    def test_the_level_above_checks_instead(self, bureau: Bureau) -> None:
        bureau.decree(NOW, WAIVE, "mill", stage="district")
        stage, above = bureau.stage(UNIT), bureau.stage(MUNICIPAL)
        assert (stage.checked_by, stage.checker_id) == (Level.MUNICIPAL, above.actor_id)
        assert bureau.stage(UNIT, "kiln").checked_by is Level.DISTRICT
        bureau.submit("2024-02-19 10:00")
        assert bureau.stage(MUNICIPAL).ready
        assert [address for address, kind in bureau.told() if kind == "submitted"] == ["city"]
        with pytest.raises(DecisionRefused) as raised:
            bureau.database.write(
                lambda session: decisions.accept(
                    session,
                    bureau.law,
                    stage.id,
                    by=bureau.actor(Level.DISTRICT),
                    now=at("2024-02-20 10:00"),
                )
            )
        assert raised.value.refusal is Refusal.NOT_YOURS
        bureau.database.write(
            lambda session: decisions.accept(
                session, bureau.law, stage.id, by=bureau.actor(Level.MUNICIPAL), now=at("2024-02-20 10:00")
            )
        )
        assert statuses(bureau) == ["accepted", "waived", "accepted"]

    def test_what_waits_already_goes_up_and_is_told(self, bureau: Bureau) -> None:
        bureau.submit("2024-02-17 10:00")
        before = bureau.stage(UNIT).version
        bureau.decree(NOW, WAIVE, "city", stage="district")
        stage = bureau.stage(UNIT)
        assert (stage.checked_by, stage.version) == (Level.MUNICIPAL, before + 1)
        city = bureau.stage(MUNICIPAL).actor_id

        def work(session: Session) -> tuple[int, date | None]:
            page = overview.waiting_for_check(session, city)
            return page.total, page.items[0].check_by_on

        assert bureau.database.read(work) == (1, date(2024, 3, 11))
        assert bureau.told().count(("city", "submitted")) == 1

    def test_with_nobody_above_the_check_stays(self, bureau: Bureau) -> None:
        bureau.decree(NOW, WAIVE, "mill", stage="municipal")
        assert bureau.stage(DISTRICT).checked_by is Level.MUNICIPAL
        assert bureau.stage(UNIT).checked_by is Level.DISTRICT
