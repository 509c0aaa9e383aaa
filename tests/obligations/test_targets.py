"""Shares and caps in whole numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.targets import ccer_cap, needed, short_of


@pytest.mark.parametrize(
    ("total", "enough"),
    [
        (1, 1),
        (2, 2),
        (10, 10),
        (19, 19),
        (20, 19),
        (21, 20),
        (39, 38),
        (40, 38),
        (41, 39),
        (100, 95),
        (101, 96),
    ],
)
def test_95_percent_is_reached_by_the_smallest_whole_number_of_units(total: int, enough: int) -> None:
    assert needed(total) == enough


def test_a_district_without_units_has_no_target() -> None:
    assert needed(0) is None
    assert short_of(0, 0) is None


def test_all_units_are_needed_for_100_percent() -> None:
    assert needed(7, 100) == 7


@pytest.mark.parametrize(
    ("total", "done", "missing"), [(20, 0, 19), (20, 18, 1), (20, 19, 0), (20, 20, 0), (1, 0, 1)]
)
def test_a_district_is_told_how_many_units_it_is_short_of(total: int, done: int, missing: int) -> None:
    assert short_of(total, done) == missing


@pytest.mark.parametrize(
    ("due_surrender", "cap"),
    [(0, 0), (19, 0), (20, 1), (39, 1), (1_234_567, 61_728), (10**15 + 19, 5 * 10**13)],
)
def test_ccer_may_offset_5_percent_rounded_down(due_surrender: int, cap: int) -> None:
    assert ccer_cap(due_surrender) == cap


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        needed(-1)
    with pytest.raises(ValueError, match="0 to 100"):
        needed(1, 101)
    with pytest.raises(ValueError, match="between none and all"):
        short_of(3, 4)
    with pytest.raises(ValueError, match="between none and all"):
        short_of(3, -1)
    with pytest.raises(ValueError, match="not negative"):
        ccer_cap(-1)


@given(st.integers(1, 10**6), st.integers(0, 100))
def test_one_unit_fewer_would_not_reach_the_share(total: int, percent: int) -> None:
    enough = needed(total, percent)
    assert enough is not None
    assert 100 * enough >= percent * total
    assert enough == 0 or 100 * (enough - 1) < percent * total
    assert enough <= total


@given(st.integers(0, 10**12))
def test_the_offset_never_exceeds_5_percent_and_one_tonne_more_would(due_surrender: int) -> None:
    cap = ccer_cap(due_surrender)
    assert 100 * cap <= 5 * due_surrender < 100 * (cap + 1)
