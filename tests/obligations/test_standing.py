"""How a stage stands, derived from what was done and when."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.decisions import Status
from obligations.standing import Standing, days_left, is_late, standing

DUE = date(2024, 2, 20)


def of(
    status: Status = Status.OPEN,
    *,
    today: date = DUE,
    ready: bool = True,
    excused: bool = False,
    act_by_on: date | None = DUE,
    submitted_on: date | None = None,
) -> Standing:
    return standing(
        status=status,
        ready=ready,
        excused=excused,
        act_by_on=act_by_on,
        submitted_on=submitted_on,
        today=today,
    )


@pytest.mark.parametrize(
    ("today", "stands"),
    [
        (date(2024, 2, 14), Standing.OPEN),
        (date(2024, 2, 15), Standing.DUE_SOON),
        (date(2024, 2, 20), Standing.DUE_SOON),
        (date(2024, 2, 21), Standing.OVERDUE),
    ],
)
def test_an_open_stage_is_due_soon_for_five_days_and_overdue_from_the_day_after(
    today: date, stands: Standing
) -> None:
    assert of(today=today) is stands


def test_a_duty_without_a_date_stays_open() -> None:
    assert of(act_by_on=None) is Standing.OPEN


def test_a_stage_whose_upstream_has_not_handed_over_is_blocked_and_not_overdue() -> None:
    assert of(ready=False, today=date(2024, 3, 1)) is Standing.BLOCKED


def test_an_excused_stage_is_not_in_default_after_its_date() -> None:
    assert of(excused=True, today=date(2024, 3, 1)) is Standing.EXCUSED
    assert of(Status.ACCEPTED, excused=True, submitted_on=date(2024, 3, 1)) is Standing.DONE


def test_what_is_handed_over_waits_for_its_check_whatever_the_day() -> None:
    assert (
        of(Status.SUBMITTED, submitted_on=date(2024, 2, 25), today=date(2024, 3, 1)) is Standing.WAITING_CHECK
    )


def test_a_returned_stage_is_overdue_once_its_correction_date_has_passed() -> None:
    assert of(Status.RETURNED, today=DUE) is Standing.RETURNED
    assert of(Status.RETURNED, today=date(2024, 2, 21)) is Standing.OVERDUE
    assert of(Status.RETURNED, act_by_on=None) is Standing.RETURNED


@pytest.mark.parametrize(
    ("submitted_on", "stands"),
    [(date(2024, 2, 20), Standing.DONE), (date(2024, 2, 21), Standing.DONE_LATE), (None, Standing.DONE)],
)
def test_an_accepted_stage_was_late_if_handed_over_after_its_date(
    submitted_on: date | None, stands: Standing
) -> None:
    assert of(Status.ACCEPTED, submitted_on=submitted_on) is stands


def test_a_waived_stage_stays_waived() -> None:
    assert of(Status.WAIVED, today=date(2025, 1, 1)) is Standing.WAIVED


def test_how_soon_is_soon_can_be_said() -> None:
    ten_before = DUE - timedelta(days=10)
    assert of(today=ten_before) is Standing.OPEN
    stands = standing(
        status=Status.OPEN,
        ready=True,
        excused=False,
        act_by_on=DUE,
        submitted_on=None,
        today=ten_before,
        soon_days=10,
    )
    assert stands is Standing.DUE_SOON


def test_days_left_are_zero_on_the_day_and_negative_after_it() -> None:
    assert [days_left(DUE, DUE + timedelta(days=count)) for count in (-3, 0, 2)] == [3, 0, -2]


def test_without_a_date_nothing_is_late() -> None:
    assert not is_late(submitted_on=DUE, act_by_on=None)
    assert not is_late(submitted_on=None, act_by_on=DUE)


@given(st.dates(date(2023, 1, 1), date(2027, 1, 1)), st.integers(-400, 400), st.booleans(), st.booleans())
def test_a_stage_is_overdue_exactly_when_its_days_left_are_negative_and_it_could_act(
    due: date,
    shift: int,
    ready: bool,  # noqa: FBT001 - Hypothesis passes by name
    excused: bool,  # noqa: FBT001 - likewise
) -> None:
    today = due + timedelta(days=shift)
    stands = of(today=today, ready=ready, excused=excused, act_by_on=due)
    assert (stands is Standing.OVERDUE) == (ready and not excused and days_left(due, today) < 0)
