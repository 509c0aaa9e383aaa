"""Which notices bind a duty and which of their dates counts, on small notices that are made up."""

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.binding import BoundDate, bind, bindings, bound_date, national_limit
from obligations.calendar import load_calendar
from obligations.deadlines import DeadlineError, Facts
from obligations.notice import Rulebook, UnknownRule
from obligations.periods import Period
from obligations.reasons import ReasonCode
from obligations.terms import Sector
from tests.obligations.trial import notice, rule, rulebook, stage

CALENDAR = load_calendar()
YEAR = Period.year(2025)
STEEL = frozenset({Sector.STEEL})
POWER = frozenset({Sector.POWER})
NONE = {"kind": "none"}


def once(on: str) -> dict[str, object]:
    return {"kind": "once", "on": on}


def fixed(month: int, day: int) -> dict[str, object]:
    return {"kind": "fixed", "month": month, "day": day, "year_offset": 1}


def dated(book: Rulebook, *, announced_on: date | None = None) -> BoundDate:
    facts = Facts(announced_on=announced_on)
    return bound_date(bind(book, "report", YEAR), "unit", calendar=CALENDAR, facts=facts)


def codes(found: BoundDate) -> list[ReasonCode]:
    return [reason.code for reason in found.date.reasons]


def test_a_single_notice_binds_with_its_own_reasons_only(tmp_path: Path) -> None:
    found = dated(rulebook(tmp_path, [notice("市1号", [rule([stage(fixed(2, 1))])])]))
    assert (found.date.due_on, found.others) == (date(2026, 2, 1), ())
    assert codes(found) == [ReasonCode.FIXED_DATE]
    assert national_limit(found) is None


def test_of_two_authorities_the_strictest_date_counts_and_says_what_the_other_is(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        [
            notice("国1号", [rule([stage(fixed(1, 31))])], authority="national", source="second-hand"),
            notice("市1号", [rule([stage(fixed(2, 1))])]),
        ],
    )
    found = dated(book)
    assert (found.date.due_on, found.source.notice.number) == (date(2026, 1, 31), "国1号")
    assert [(each.source.notice.number, each.date.due_on) for each in found.others] == [
        ("市1号", date(2026, 2, 1))
    ]
    assert codes(found) == [
        ReasonCode.FIXED_DATE,
        ReasonCode.STRICTEST_BINDS,
        ReasonCode.OTHER_NOTICE,
        ReasonCode.SECOND_HAND,
    ]
    # The chain and its words stay the municipality's.
    assert bind(book, "report", YEAR).notice.number == "市1号"


def test_on_the_same_day_the_municipality_s_own_notice_is_named(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        [
            notice("国1号", [rule([stage(fixed(2, 1))])], authority="national"),
            notice("市1号", [rule([stage(fixed(2, 1))])]),
        ],
    )
    assert dated(book).source.notice.number == "市1号"


def test_of_one_authority_the_later_notice_s_date_stands_even_where_it_is_later(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        [
            notice("国1号", [rule([stage(fixed(3, 31))])], authority="national", issued_on="2023-01-01"),
            notice(
                "国2号", [rule([stage(once("2026-06-30"))])], authority="national", issued_on="2025-01-01"
            ),
        ],
    )
    found = dated(book)
    assert (found.date.due_on, found.source.notice.number) == (date(2026, 6, 30), "国2号")
    assert [(each.source.notice.number, each.superseded_by) for each in found.others] == [("国1号", "国2号")]
    assert codes(found) == [ReasonCode.ONE_OFF_DATE, ReasonCode.SUPERSEDED_NOTICE]
    limit = national_limit(found)
    assert limit is not None
    assert limit.date.due_on == date(2026, 6, 30)


def test_a_later_notice_without_a_date_takes_none_away(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        [
            notice("国1号", [rule([stage(fixed(3, 31))])], authority="national", issued_on="2023-01-01"),
            notice("国2号", [rule([stage(NONE)])], authority="national", issued_on="2025-01-01"),
        ],
    )
    found = dated(book)
    assert (found.date.due_on, found.source.notice.number) == (date(2026, 3, 31), "国1号")
    assert [source.notice.number for source in bind(book, "report", YEAR).sources] == ["国1号", "国2号"]


def test_an_announced_date_binds_unless_another_notice_is_stricter(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        [
            notice("市1号", [rule([stage({"kind": "external"})])]),
            notice("国1号", [rule([stage(once("2026-12-31"))])], authority="national"),
        ],
    )
    assert dated(book).date.due_on == date(2026, 12, 31)
    earlier = dated(book, announced_on=date(2026, 12, 15))
    assert (earlier.date.due_on, earlier.source.notice.number) == (date(2026, 12, 15), "市1号")
    later = dated(book, announced_on=date(2027, 1, 15))
    assert (later.date.due_on, later.source.notice.number) == (date(2026, 12, 31), "国1号")


def test_what_must_be_kept_is_kept_as_long_as_the_longest_notice_says(tmp_path: Path) -> None:
    def kept(months: int) -> list[dict[str, Any]]:
        retention = stage({"kind": "retention", "months": months})
        return [rule([retention], first="2024-01", recurrence="monthly")]

    book = rulebook(tmp_path, [notice("市1号", kept(12)), notice("国1号", kept(60), authority="national")])
    binding = bind(book, "report", Period.parse("2024-02"))
    found = bound_date(binding, "unit", calendar=CALENDAR)
    assert (found.date.due_on, found.source.notice.number) == (date(2029, 2, 28), "国1号")


def test_only_the_notices_that_speak_of_a_stage_date_it(tmp_path: Path) -> None:
    check = stage(fixed(3, 1), name="municipal", actor="municipal")
    book = rulebook(
        tmp_path,
        [
            notice("市1号", [rule([stage(fixed(2, 1)), check])]),
            notice("国1号", [rule([stage(fixed(1, 1))])], authority="national"),
        ],
    )
    found = bound_date(bind(book, "report", YEAR), "municipal", calendar=CALENDAR)
    assert (found.date.due_on, found.others) == (date(2026, 3, 1), ())
    with pytest.raises(DeadlineError, match='has no stage "district"'):
        bound_date(bind(book, "report", YEAR), "district", calendar=CALENDAR)
    with pytest.raises(DeadlineError, match="may roll"):
        bound_date(bind(book, "report", YEAR), "unit", calendar=CALENDAR, roll="backwards")


def test_rolling_is_done_before_the_dates_are_compared(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        [
            notice(
                "市1号", [rule([stage(once("2026-01-31"))])]
            ),  # a Saturday; the next working day is Monday
            notice("国1号", [rule([stage(once("2026-02-02"))])], authority="national"),
        ],
    )
    found = bound_date(bind(book, "report", YEAR), "unit", calendar=CALENDAR, roll="next_working_day")
    assert [each.date.due_on for each in found.said] == [date(2026, 2, 2), date(2026, 2, 2)]


def absorbing(tmp_path: Path) -> Rulebook:
    """A municipal duty for every sector but power, which a national one takes the place of for steel in 2025."""
    own = rule([stage(fixed(9, 15))], name="others-report", sectors="non-power")
    earlier = rule([stage(fixed(3, 31))], name="others-report", sectors="non-power")
    taking = rule(
        [stage(once("2026-06-30"))],
        sectors=["steel"],
        absorbs=["others-report"],
        first="2025",
        last="2025",
    )
    return rulebook(
        tmp_path,
        [
            notice("市1号", [own]),
            notice("国1号", [earlier], authority="national", issued_on="2024-01-01"),
            notice("国2号", [taking], authority="national", issued_on="2025-01-01"),
        ],
    )


def test_a_duty_that_takes_another_s_place_binds_in_its_stead_with_every_date_of_it(tmp_path: Path) -> None:
    book = absorbing(tmp_path)
    found = bind(book, "others-report", YEAR, sectors=STEEL)
    assert (found.duty, found.sectors) == ("report", STEEL)
    assert found == bind(book, "report", YEAR, sectors=STEEL)
    bound = bound_date(found, "unit", calendar=CALENDAR)
    assert [(each.source.notice.number, each.date.due_on, each.superseded_by) for each in bound.said] == [
        ("国2号", date(2026, 6, 30), None),
        ("市1号", date(2026, 9, 15), None),
        ("国1号", date(2026, 3, 31), "国2号"),
    ]


def test_the_absorbed_duty_goes_on_for_other_sectors_and_other_periods(tmp_path: Path) -> None:
    book = absorbing(tmp_path)
    paper = bind(book, "others-report", YEAR, sectors=frozenset({Sector.PAPER}))
    assert [source.notice.number for source in paper.sources] == ["市1号", "国1号"]
    assert bind(book, "others-report", Period.year(2026), sectors=STEEL).duty == "others-report"
    rest = frozenset(Sector) - POWER - STEEL
    assert set(bindings(book, "others-report", YEAR)) == {rest}
    assert set(bindings(book, "others-report", Period.year(2026))) == {rest | STEEL}
    assert bind(book, "others-report", YEAR).sectors == rest


@pytest.mark.parametrize(
    ("duty", "period", "sectors", "said"),
    [
        ("report", "2025", POWER, 'rule "report" binds steel; not power'),
        ("report", "2024", STEEL, 'rule "report" begins with 2025; 2024 lies before it'),
        ("report", "2026", STEEL, 'rule "report" ends with 2025; 2026 lies after it'),
        ("report", "2025-01", STEEL, 'rule "report" is for a year, such as 2025; 2025-01 is a month'),
        ("report", "2026", None, 'rule "report" ends with 2025; 2026 lies after it'),
    ],
)
def test_a_refusal_says_whom_and_when_the_duty_binds(
    tmp_path: Path, duty: str, period: str, sectors: frozenset[Sector] | None, said: str
) -> None:
    with pytest.raises(DeadlineError) as refused:
        bind(absorbing(tmp_path), duty, Period.parse(period), sectors=sectors)
    assert str(refused.value) == said


def test_a_period_between_what_two_notices_speak_of_is_refused(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        [
            notice("国1号", [rule([stage(NONE)], last="2024")], authority="national"),
            notice(
                "国2号", [rule([stage(NONE)], first="2026")], authority="national", issued_on="2025-01-01"
            ),
        ],
    )
    with pytest.raises(DeadlineError, match='no notice speaks of "report" for 2025'):
        bind(book, "report", YEAR)
    with pytest.raises(DeadlineError, match="begins with 2024"):
        bind(book, "report", Period.year(2023))


def test_an_unknown_duty_is_told_apart_from_one_that_does_not_bind(tmp_path: Path) -> None:
    book = absorbing(tmp_path)
    with pytest.raises(UnknownRule, match="did you mean report"):
        bind(book, "reports", YEAR)
    with pytest.raises(UnknownRule):
        bindings(book, "reports", YEAR)


def versions(tmp_path: Path) -> Rulebook:
    """A notice whose second version, in force on 2025-07-01, wants the report sooner and ends the plan."""
    plan = rule([stage(fixed(10, 15))], name="plan")
    return rulebook(
        tmp_path,
        [
            notice(
                "市1号",
                [rule([stage(fixed(1, 15))])],
                version="2",
                issued_on="2025-05-01",
                in_force_on="2025-07-01",
            ),
            notice("市1号", [rule([stage(fixed(2, 1))]), plan]),
            notice("市1号", [rule([stage(fixed(1, 10))])], version="10", issued_on="2030-01-01"),
        ],
    )


@pytest.mark.parametrize(
    ("year", "version", "on"),
    [
        (2024, "1", date(2025, 2, 1)),
        (2025, "2", date(2026, 1, 15)),
        (2029, "2", date(2030, 1, 15)),
        (2030, "10", date(2031, 1, 10)),
    ],
)
def test_a_version_speaks_of_the_periods_that_end_once_it_is_in_force(
    tmp_path: Path, year: int, version: str, on: date
) -> None:
    found = bind(versions(tmp_path), "report", Period.year(year))
    assert [source.notice.version for source in found.sources] == [version]
    assert bound_date(found, "unit", calendar=CALENDAR).date.due_on == on


def test_an_obligation_keeps_the_version_that_made_it(tmp_path: Path) -> None:
    book = versions(tmp_path)
    kept = bind(book, "report", YEAR, made=("市1号", "1"))
    assert [source.notice.version for source in kept.sources] == ["1"]
    assert bound_date(kept, "unit", calendar=CALENDAR).date.due_on == date(2026, 2, 1)
    other = bind(book, "report", YEAR, made=("国1号", "1"))
    assert [source.notice.version for source in other.sources] == ["2"]


def test_a_duty_the_newer_version_leaves_out_ends_but_for_what_was_made(tmp_path: Path) -> None:
    book = versions(tmp_path)
    assert bind(book, "plan", Period.year(2024)).notice.version == "1"
    with pytest.raises(DeadlineError, match='no notice speaks of "plan" for 2025'):
        bind(book, "plan", YEAR)
    assert bindings(book, "plan", YEAR) == {}
    assert bind(book, "plan", YEAR, made=("市1号", "1")).notice.version == "1"


# What a notice of an authority says of the report: when it was issued, in days, and its date, if any.
_said = st.tuples(
    st.sampled_from(["municipal", "national"]),
    st.integers(min_value=0, max_value=900),
    st.none() | st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 12, 31)),
)
_several = st.lists(_said, min_size=1, max_size=5, unique_by=lambda each: each[1])


def written(folder: Path, said: Sequence[tuple[str, int, date | None]]) -> Rulebook:
    return rulebook(
        folder,
        [
            notice(
                f"{days}号",
                [rule([stage(NONE if on is None else once(on.isoformat()))])],
                authority=authority,
                issued_on=(date(2020, 1, 1) + timedelta(days=days)).isoformat(),
            )
            for authority, days, on in said
        ],
    )


@given(said=_several, data=st.data())
def test_the_strictest_of_the_authorities_latest_dates_counts_in_whatever_order_the_files_are(
    said: list[tuple[str, int, date | None]], data: st.DataObject
) -> None:
    latest: dict[str, tuple[int, date]] = {}
    for authority, days, on in said:
        if on is not None:
            latest[authority] = max(latest.get(authority, (-1, date.min)), (days, on))
    expected = min((on for _, on in latest.values()), default=None)
    shuffled = data.draw(st.permutations(said))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        found = dated(written(Path(one), said))
        again = dated(written(Path(other), shuffled))
    assert found == again
    assert found.date.due_on == expected
    assert found.said[0].source == found.source
    assert found.date.due_on == found.said[0].date.due_on
    told = sorted((each.source.notice.number, each.date.due_on) for each in found.said if each.date.due_on)
    assert told == sorted((f"{days}号", on) for _, days, on in said if on is not None)
    standing = {each.source.notice.number for each in found.said if not each.superseded_by}
    assert {f"{days}号" for days, _ in latest.values()} <= standing
    superseded = {each.source.notice.number: each.superseded_by for each in found.said if each.superseded_by}
    for authority, days, on in said:
        if on is not None and days != latest[authority][0]:
            assert superseded[f"{days}号"] == f"{latest[authority][0]}号"
    limit = national_limit(found)
    assert (limit.date.due_on if limit else None) == latest.get("national", (0, None))[1]


_groups = st.lists(
    st.sets(st.sampled_from(sorted(Sector)), min_size=1, max_size=4).map(sorted), min_size=1, max_size=4
)


@given(groups=_groups)
def test_the_sectors_are_parted_by_what_binds_them_and_none_is_lost(groups: list[list[Sector]]) -> None:
    made = [notice(f"{index}号", [rule([stage(NONE)], sectors=each)]) for index, each in enumerate(groups)]
    expected: dict[tuple[str, ...], set[Sector]] = defaultdict(set)
    for sector in Sector:
        if numbers := tuple(f"{index}号" for index, each in enumerate(groups) if sector in each):
            expected[numbers].add(sector)
    with tempfile.TemporaryDirectory() as folder:
        book = rulebook(Path(folder), made)
    found = bindings(book, "report", YEAR)
    assert {
        tuple(source.notice.number for source in binding.sources): set(sectors)
        for sectors, binding in found.items()
    } == expected
    for sectors, binding in found.items():
        assert bind(book, "report", YEAR, sectors=sectors) == binding
    assert bind(book, "report", YEAR) in found.values()


def test_a_duty_is_called_what_the_latest_version_of_its_first_notice_calls_it(tmp_path: Path) -> None:
    book = versions(tmp_path)
    assert book.notice_of("report").version == "10"
    assert book.notice_of("plan").version == "1"
    assert [each.duty for each in book.rules] == ["report", "plan"]
