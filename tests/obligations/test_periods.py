"""Periods: what their text means, and what is no period."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.periods import FIRST_YEAR, LAST_YEAR, Period, PeriodError, PeriodKind


@pytest.mark.parametrize(
    ("text", "kind", "start", "end"),
    [
        ("2023-08", PeriodKind.MONTH, date(2023, 8, 1), date(2023, 8, 31)),
        ("2024-02", PeriodKind.MONTH, date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-02", PeriodKind.MONTH, date(2025, 2, 1), date(2025, 2, 28)),
        ("2023-12", PeriodKind.MONTH, date(2023, 12, 1), date(2023, 12, 31)),
        ("2024", PeriodKind.YEAR, date(2024, 1, 1), date(2024, 12, 31)),
        ("2021-2022", PeriodKind.SPAN, date(2021, 1, 1), date(2022, 12, 31)),
    ],
)
def test_a_period_is_a_span_of_days_both_ends_included(
    text: str, kind: PeriodKind, start: date, end: date
) -> None:
    period = Period.parse(text)
    assert (period.kind, period.start, period.end) == (kind, start, end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-13",
        "2024-00",
        "2024-1",
        "24-01",
        "2024-01-01",
        "2022-2021",
        "2022-2022",
        "2024年",
        "1999",
        "2200",
        "２０２４",
        " 2024",
        "2024\n",
        "2024-Q1",
    ],
)
def test_what_is_no_period_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(PeriodError, match=r"2024-01.*2024.*2021-2022") as refused:
        Period.parse(text)
    assert refused.value.text == text
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize(
    ("text", "following"),
    [("2023-11", "2023-12"), ("2023-12", "2024-01"), ("2024-02", "2024-03"), ("2023", "2024")],
)
def test_the_next_period_follows_without_a_gap(text: str, following: str) -> None:
    assert str(Period.parse(text).next()) == following


def test_a_span_has_no_next_period() -> None:
    with pytest.raises(ValueError, match="2021-2022 has no next"):
        Period.parse("2021-2022").next()


def test_the_last_month_and_year_have_no_next_period() -> None:
    with pytest.raises(PeriodError):
        Period.parse("2199-12").next()
    with pytest.raises(PeriodError):
        Period.parse("2199").next()


def test_periods_are_ordered_by_their_first_day() -> None:
    texts = ["2024-02", "2023", "2023-12", "2024-01", "2021-2022"]
    assert [str(each) for each in sorted(map(Period.parse, texts))] == [
        "2021-2022",
        "2023",
        "2023-12",
        "2024-01",
        "2024-02",
    ]


YEARS = st.integers(FIRST_YEAR, LAST_YEAR)
PERIODS = st.one_of(
    YEARS.map(Period.year),
    st.builds(Period.month, YEARS, st.integers(1, 12)),
    st.tuples(YEARS, YEARS).filter(lambda both: both[0] < both[1]).map(lambda both: Period.span(*both)),
)


@given(PERIODS)
def test_the_text_of_a_period_reads_back_as_the_same_period(period: Period) -> None:
    again = Period.parse(str(period))
    assert again == period
    assert hash(again) == hash(period)


@given(YEARS.filter(lambda year: year < LAST_YEAR), st.integers(1, 12))
def test_twelve_months_after_a_month_is_the_same_month_of_the_next_year(year: int, month: int) -> None:
    period = Period.month(year, month)
    for _ in range(12):
        following = period.next()
        assert (following.start - period.end).days == 1
        period = following
    assert period == Period.month(year + 1, month)
