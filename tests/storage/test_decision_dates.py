"""What a decision does to the dates: 渝环规〔2023〕2号 二(二) and 二(七), for the evidence of 2024-01.

Unit by 20 February, district within 5 days of the upload and by the 25th, city by 11 March. 10 to 17 February
2024 was the Spring Festival; the 9th and Sunday the 18th were worked.
"""

from datetime import date

import pytest

from obligations.deadlines import DueKind
from storage.conditions import is_overdue
from storage.database import Session
from storage.models import Stage
from tests.storage.bureau import DISTRICT, MUNICIPAL, UNIT, Bureau

CAP = date(2024, 2, 25)


def day(text: str) -> date:
    return date.fromisoformat(f"2024-{text}")


def dates(bureau: Bureau, position: int = DISTRICT) -> tuple[date | None, date | None, bool, str]:
    """Return the notice's date of a stage, the date to act by, whether it is excused, and how firm it is."""
    stage = bureau.stage(position)
    return stage.due_on, stage.act_by_on, stage.excused, stage.due_kind.value


def overdue(bureau: Bureau, text: str) -> list[str]:
    """Return which of the mill's stages are in default on a day."""

    def work(session: Session) -> list[str]:
        query = session.query(Stage).filter(is_overdue(day(text)), Stage.subject_id == bureau.mill)
        return [stage.name for stage in query.order_by(Stage.position)]

    return bureau.database.read(work)


@pytest.mark.parametrize(
    ("uploaded", "due_on"),
    [
        ("2024-02-01 00:00", "02-06"),
        ("2024-02-18 10:00", "02-23"),
        ("2024-02-18 23:59", "02-23"),
        ("2024-02-19 00:00", "02-24"),
        ("2024-02-20 10:00", "02-25"),
        ("2024-02-21 10:00", "02-25"),
        ("2024-02-25 23:59", "02-25"),
    ],
)
def test_the_district_has_five_days_from_the_upload_and_no_longer_than_the_25th(
    bureau: Bureau, uploaded: str, due_on: str
) -> None:
    bureau.submit(uploaded)
    assert dates(bureau) == (day(due_on), day(due_on), False, DueKind.FIRM)


@pytest.mark.parametrize(
    ("uploaded", "target_on"),
    [
        ("2024-02-26 00:00", "03-02"),
        ("2024-03-01 09:00", "03-06"),
        ("2024-03-06 09:00", "03-11"),
        ("2024-03-07 09:00", "03-11"),
        ("2024-03-20 09:00", "03-11"),
    ],
)
def test_an_upload_after_the_25th_excuses_the_district_and_gives_it_a_target(
    bureau: Bureau, uploaded: str, target_on: str
) -> None:
    bureau.submit(uploaded)
    assert dates(bureau) == (CAP, day(target_on), True, DueKind.FIRM)


def test_who_is_excused_is_never_in_default(bureau: Bureau) -> None:
    bureau.submit("2024-02-26 09:00")
    assert overdue(bureau, "03-31") == []


def test_a_district_without_an_upload_waits_and_is_not_in_default(bureau: Bureau) -> None:
    assert dates(bureau) == (CAP, CAP, False, DueKind.PROVISIONAL)
    assert overdue(bureau, "02-20") == []
    assert overdue(bureau, "02-21") == ["unit"]
    assert overdue(bureau, "03-31") == ["unit"]


def test_a_district_that_lets_its_days_pass_is_in_default_the_day_after(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    assert overdue(bureau, "02-23") == []
    assert overdue(bureau, "02-24") == ["district"]


@pytest.mark.parametrize(
    ("returned", "correct_by"),
    [
        ("2024-02-05 09:00", "02-08"),  # Monday: the three days that follow
        ("2024-02-08 09:00", "02-19"),  # across the festival: the 9th, Sunday the 18th, the 19th
        ("2024-02-09 23:59", "02-20"),  # late on New Year's Eve, a working day
        ("2024-02-13 09:00", "02-20"),  # within the festival
        ("2024-02-18 09:00", "02-21"),  # on the Sunday that was worked
        ("2024-02-22 09:00", "02-27"),  # across an ordinary weekend
    ],
)
def test_a_return_is_to_be_corrected_by_the_end_of_the_third_working_day(
    bureau: Bureau, returned: str, correct_by: str
) -> None:
    bureau.submit("2024-02-04 10:00")
    bureau.send_back(returned)
    assert dates(bureau, UNIT) == (day("02-20"), day(correct_by), False, DueKind.FIRM)


def test_the_third_working_day_counts_from_the_day_in_chongqing(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.send_back("2024-02-20 00:30")  # still the 19th in UTC
    assert bureau.stage(UNIT).act_by_on == day("02-23")


def test_a_correction_that_does_not_come_is_in_default_after_its_third_day(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.send_back("2024-02-19 10:00")
    assert overdue(bureau, "02-22") == []
    assert overdue(bureau, "02-23") == ["unit"]


def test_a_return_takes_the_districts_date_back_to_the_provisional_25th(bureau: Bureau) -> None:
    bureau.submit("2024-02-10 10:00")
    assert dates(bureau) == (day("02-15"), day("02-15"), False, DueKind.FIRM)
    bureau.send_back("2024-02-12 10:00")
    assert dates(bureau) == (CAP, CAP, False, DueKind.PROVISIONAL)


@pytest.mark.parametrize(
    ("corrected", "expected"),
    [
        ("2024-02-19 10:00", (day("02-24"), day("02-24"), False, DueKind.FIRM)),
        ("2024-02-22 10:00", (CAP, CAP, False, DueKind.FIRM)),
        ("2024-02-27 10:00", (CAP, day("03-03"), True, DueKind.FIRM)),
    ],
)
def test_the_districts_clock_starts_again_with_the_corrected_upload(
    bureau: Bureau, corrected: str, expected: tuple[date, date, bool, str]
) -> None:
    bureau.submit("2024-02-10 10:00")
    bureau.send_back("2024-02-12 10:00")
    bureau.submit(corrected)
    assert dates(bureau) == expected


def test_the_districts_clock_starts_again_with_a_replacement(bureau: Bureau) -> None:
    bureau.submit("2024-02-10 10:00")
    bureau.submit("2024-02-13 10:00")
    assert dates(bureau) == (day("02-18"), day("02-18"), False, DueKind.FIRM)
    bureau.submit("2024-02-27 10:00")
    assert dates(bureau) == (CAP, day("03-03"), True, DueKind.FIRM)


def test_a_correction_never_moves_the_citys_date(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.send_back("2024-02-19 10:00")
    bureau.submit("2024-03-08 10:00")
    bureau.accept("2024-03-08 11:00")
    bureau.send_back("2024-03-09 10:00", DISTRICT)
    bureau.submit("2024-03-11 10:00", DISTRICT)
    assert dates(bureau, MUNICIPAL) == (day("03-11"), day("03-11"), False, DueKind.FIRM)


def test_what_the_city_returns_the_district_corrects_by_its_own_third_working_day(bureau: Bureau) -> None:
    bureau.submit("2024-02-26 10:00")
    bureau.accept("2024-02-27 10:00")
    bureau.send_back("2024-02-29 10:00", DISTRICT)
    assert dates(bureau) == (CAP, day("03-05"), False, DueKind.FIRM)
    assert overdue(bureau, "03-05") == []
    assert overdue(bureau, "03-06") == ["district"]


def test_what_is_passed_down_dates_the_unit_by_its_own_return_and_the_district_by_the_next_upload(
    bureau: Bureau,
) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-19 10:00")
    bureau.send_back("2024-02-20 10:00", DISTRICT)
    bureau.send_back("2024-02-21 10:00", UNIT)
    assert dates(bureau, UNIT) == (day("02-20"), day("02-26"), False, DueKind.FIRM)
    assert dates(bureau) == (CAP, CAP, False, DueKind.PROVISIONAL)
    bureau.submit("2024-02-26 10:00")
    assert dates(bureau) == (CAP, day("03-02"), True, DueKind.FIRM)


def test_an_accepted_stage_keeps_the_date_it_was_judged_by(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-19 10:00")
    assert dates(bureau) == (day("02-23"), day("02-23"), False, DueKind.FIRM)
    bureau.accept("2024-03-01 10:00", DISTRICT)
    assert dates(bureau) == (day("02-23"), day("02-23"), False, DueKind.FIRM)


def test_an_extension_moves_the_day_to_act_and_leaves_the_notices_date(bureau: Bureau) -> None:
    bureau.extend("2024-02-18 10:00", UNIT, "2024-02-29")
    assert dates(bureau, UNIT) == (day("02-20"), day("02-29"), False, DueKind.FIRM)
    assert overdue(bureau, "02-29") == []
    assert overdue(bureau, "03-01") == ["unit"]


def test_an_extension_of_the_check_holds_after_the_upload_it_followed(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.extend("2024-02-19 10:00", DISTRICT, "2024-02-28")
    assert dates(bureau) == (day("02-23"), day("02-28"), False, DueKind.FIRM)


def test_an_extension_of_the_check_holds_through_the_uploads_that_follow_it(bureau: Bureau) -> None:
    bureau.extend("2024-02-15 10:00", DISTRICT, "2024-02-28")
    assert dates(bureau) == (CAP, day("02-28"), False, DueKind.PROVISIONAL)
    bureau.submit("2024-02-18 10:00")
    assert dates(bureau) == (day("02-23"), day("02-28"), False, DueKind.FIRM)
    bureau.send_back("2024-02-19 10:00")
    assert dates(bureau) == (CAP, day("02-28"), False, DueKind.PROVISIONAL)
    bureau.submit("2024-02-20 10:00")
    assert dates(bureau) == (CAP, day("02-28"), False, DueKind.FIRM)
    assert (bureau.stage(DISTRICT).reason, bureau.stage(DISTRICT).extended_to) == (None, day("02-28"))


def test_an_extension_never_leaves_less_time_than_the_late_upload_does(bureau: Bureau) -> None:
    bureau.extend("2024-02-15 10:00", DISTRICT, "2024-02-28")
    bureau.submit("2024-02-27 10:00")
    assert dates(bureau) == (CAP, day("03-03"), True, DueKind.FIRM)


def test_an_extension_of_the_citys_own_step_holds_while_the_chain_below_it_moves(bureau: Bureau) -> None:
    bureau.extend("2024-02-15 10:00", MUNICIPAL, "2024-03-20")
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-19 10:00")
    bureau.send_back("2024-02-20 10:00", DISTRICT)
    bureau.submit("2024-02-21 10:00", DISTRICT)
    assert dates(bureau, MUNICIPAL) == (day("03-11"), day("03-20"), False, DueKind.FIRM)


def test_an_extension_of_a_correction_keeps_what_is_to_be_corrected(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.send_back("2024-02-19 10:00", reason="缺化验单")
    returned = bureau.stage(UNIT)
    bureau.extend("2024-02-20 10:00", UNIT, "2024-02-29")
    extended = bureau.stage(UNIT)
    assert (extended.act_by_on, extended.reason) == (day("02-29"), "缺化验单")
    assert (extended.status, extended.decided_at) == (returned.status, returned.decided_at)


def test_an_extension_ends_with_the_hand_over_it_was_for(bureau: Bureau) -> None:
    bureau.extend("2024-02-18 10:00", UNIT, "2024-02-29")
    bureau.submit("2024-02-28 10:00")
    bureau.send_back("2024-02-28 11:00")
    assert bureau.stage(UNIT).act_by_on == day("03-04")
