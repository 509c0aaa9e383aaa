"""二（五）开展年度配额核定和清缴履约: allocation and surrender."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from obligations.targets import ccer_cap, needed, short_of
from tests.obligations.clauses.chongqing import (
    PLATFORM,
    REGISTRY,
    ROLLING,
    bearer,
    bound,
    chongqing,
    codes,
    handed,
    is_undated,
    last_second,
    of,
    said,
)


class TestTheAllocationOfTheCity:
    """二(五) ¶1: 在规定时限内完成…预分配；待完成…核查工作后…告知；在规定时间之前…报送至…注册登记机构."""

    @pytest.mark.parametrize(
        ("rule", "first", "before"),
        [
            ("pre-allocation", "2023", "2022"),
            ("allocation-notice", "2021", "2020"),
            ("actual-allocation", "2021", "2020"),
        ],
    )
    def test_has_no_date_until_the_ministry_announces_one(self, rule: str, first: str, before: str) -> None:
        found = of(rule, "municipal", first)
        assert (found.due_on, found.overdue_from, found.kind) == (None, None, DueKind.EXTERNAL)
        assert codes(found) == [ReasonCode.NOT_ANNOUNCED]
        with pytest.raises(DeadlineError, match=f'"{rule}" begins with {first}; {before} lies before it'):
            of(rule, "municipal", before)

    @pytest.mark.parametrize("rule", ["pre-allocation", "allocation-notice", "actual-allocation"])
    def test_is_due_through_the_day_announced(self, rule: str) -> None:
        found = of(rule, "municipal", "2025", announced_on=date(2026, 9, 20))
        assert (found.due_on, found.kind) == (date(2026, 9, 20), DueKind.EXTERNAL)
        assert last_second(found) == "2026-09-20T15:59:59+00:00"
        assert codes(found) == [ReasonCode.ANNOUNCED]

    @pytest.mark.parametrize("rule", ["pre-allocation", "allocation-notice", "actual-allocation"])
    def test_is_the_citys_for_power_units(self, rule: str) -> None:
        assert bearer(rule, "municipal") == ("二(五)", "municipal", "municipal")
        assert bound(rule) == {"power"}


def test_the_units_are_told_and_the_registry_is_sent_the_amounts() -> None:
    assert handed("pre-allocation", "municipal")[:2] == ("unit", None)
    assert handed("allocation-notice", "municipal") == ("unit", None, PLATFORM)
    assert handed("actual-allocation", "municipal") == ("registry", None, PLATFORM)
    assert "抄送生态环境部应对气候变化司" in said("actual-allocation", "municipal")
    assert chongqing("allocation-notice").depends_on == ("verification",)


class TestTheTargetOf95Percent:
    """二(五) ¶2: 确保2023年10月15日前本行政区域内至少达到95%的重点排放单位完成履约（力争…100%）."""

    def test_is_due_by_15_october_2023_a_sunday(self) -> None:
        found = of("surrender-2021-2022-target-95", "unit", "2021-2022")
        assert (found.due_on, found.kind) == (date(2023, 10, 15), DueKind.FIRM)
        assert last_second(found) == "2023-10-15T15:59:59+00:00"
        assert codes(found) == [ReasonCode.ONE_OFF_DATE]
        rolled = of("surrender-2021-2022-target-95", "unit", "2021-2022", roll=ROLLING)
        assert rolled.due_on == date(2023, 10, 16)

    @pytest.mark.parametrize(
        ("units", "enough", "done", "missing"),
        [
            (0, None, 0, None),  # no units: not applicable
            (1, 1, 0, 1),
            (13, 13, 12, 1),
            (19, 19, 18, 1),
            (20, 19, 18, 1),
            (20, 19, 19, 0),
            (21, 20, 19, 1),
            (40, 38, 40, 0),
            (41, 39, 30, 9),
        ],
    )
    def test_needs_the_smallest_whole_number_of_units_that_is_95_percent(
        self, units: int, enough: int | None, done: int, missing: int | None
    ) -> None:
        threshold = chongqing("surrender-2021-2022-target-95").threshold
        assert threshold is not None
        assert (threshold.bound, threshold.percent) == ("at_least", 95)
        assert needed(units, 95) == enough
        assert short_of(units, done, 95) == missing

    def test_is_for_these_two_years_only_both_surrendered(self) -> None:
        with pytest.raises(DeadlineError, match="is for a span, such as 2021-2022; 2022 is a year"):
            of("surrender-2021-2022-target-95", "unit", "2022")
        assert "两个年度均清缴方计为完成" in said("surrender-2021-2022-target-95", "unit")
        assert "由区县生态环境局组织" in said("surrender-2021-2022-target-95", "unit")
        assert bearer("surrender-2021-2022-target-95", "unit") == ("二(五)", "unit", "unit")
        assert handed("surrender-2021-2022-target-95", "unit") == ("municipal", "district", REGISTRY)


class TestTheSurrenderOfAllUnits:
    """二(五) ¶2: 12月15日前全部重点排放单位完成履约."""

    def test_is_due_by_15_december_2023_for_100_percent(self) -> None:
        found = of("surrender-2021-2022", "unit", "2021-2022")
        assert (found.due_on, found.kind) == (date(2023, 12, 15), DueKind.FIRM)
        assert last_second(found) == "2023-12-15T15:59:59+00:00"
        threshold = chongqing("surrender-2021-2022").threshold
        assert threshold is not None
        assert threshold.percent == 100
        assert (needed(20, 100), needed(1, 100)) == (20, 1)

    def test_binds_once(self) -> None:
        with pytest.raises(DeadlineError, match="is for 2021-2022 only, not for 2021-2023"):
            of("surrender-2021-2022", "unit", "2021-2023")
        assert handed("surrender-2021-2022", "unit") == ("municipal", "district", REGISTRY)
        assert bearer("surrender-2021-2022", "unit") == ("二(五)", "unit", "unit")


class TestTheSurrenderOfOtherYears:
    """二(五) ¶2: 各区县生态环境局组织本行政区域内重点排放单位按期完成全国碳市场配额清缴."""

    @pytest.mark.parametrize(
        ("year", "announced_on", "last"),
        [
            ("2023", date(2024, 12, 31), "2024-12-31T15:59:59+00:00"),
            ("2024", date(2025, 12, 31), "2025-12-31T15:59:59+00:00"),
            ("2025", date(2026, 12, 31), "2026-12-31T15:59:59+00:00"),
        ],
    )
    def test_is_due_by_the_day_that_is_announced_for_the_year(
        self, year: str, announced_on: date, last: str
    ) -> None:
        assert of("surrender", "unit", year).due_on is None
        found = of("surrender", "unit", year, announced_on=announced_on)
        assert (found.due_on, found.kind, last_second(found)) == (announced_on, DueKind.EXTERNAL, last)

    def test_a_day_announced_on_a_weekend_rolls_only_where_dates_roll(self) -> None:
        announced_on = date(2024, 11, 30)
        assert of("surrender", "unit", "2023", announced_on=announced_on).due_on == date(2024, 11, 30)
        rolled = of("surrender", "unit", "2023", announced_on=announced_on, roll=ROLLING)
        assert (rolled.due_on, rolled.kind) == (date(2024, 12, 2), DueKind.EXTERNAL)

    def test_begins_with_2023_and_asks_for_all_units(self) -> None:
        threshold = chongqing("surrender").threshold
        assert threshold is not None
        assert threshold.percent == 100
        with pytest.raises(DeadlineError, match='"surrender" begins with 2023; 2022 lies before it'):
            of("surrender", "unit", "2022")
        assert bearer("surrender", "unit") == ("二(五)", "unit", "unit")
        assert handed("surrender", "unit") == ("municipal", "district", REGISTRY)
        assert bound("surrender") == {"power"}


class TestTheOffsetWithCcer:
    """二(五) ¶2: 可使用…CCER…抵销2021、2022年度碳排放配额的清缴，抵销比例不得超过应清缴配额量的5%."""

    @pytest.mark.parametrize(
        ("due_surrender", "at_most"),
        [(0, 0), (19, 0), (20, 1), (99, 4), (100, 5), (1_234_567, 61_728), (2_000_000, 100_000)],
    )
    def test_is_at_most_5_percent_in_whole_tonnes(self, due_surrender: int, at_most: int) -> None:
        threshold = chongqing("ccer-offset").threshold
        assert threshold is not None
        assert (threshold.bound, threshold.percent) == ("at_most", 5)
        assert ccer_cap(due_surrender) == at_most

    @pytest.mark.parametrize("period", ["2021", "2022", "2021-2022"])
    def test_has_no_date_of_its_own_for_either_year(self, period: str) -> None:
        assert is_undated(of("ccer-offset", "unit", period))

    def test_is_of_no_other_year_and_binds_only_who_uses_it(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2021; 2020 lies before it"):
            of("ccer-offset", "unit", "2020")
        with pytest.raises(DeadlineError, match="ends with 2022; 2023 lies after it"):
            of("ccer-offset", "unit", "2023")
        rule = chongqing("ccer-offset")
        assert rule.arises is not None
        assert rule.arises.occasion == "use_of_ccer"
        assert rule.stage("unit").hardness == "condition"
        assert handed("ccer-offset", "unit") == ("registry", "district", REGISTRY)
