"""二（六）加强发电行业关键环节数据管理."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from tests.obligations.clauses.chongqing import (
    ROLLING,
    bearer,
    bound,
    chongqing,
    codes,
    handed,
    is_undated,
    of,
    said,
)


@pytest.mark.parametrize("rule", ["coal-sample-film", "coal-sample-portion", "coal-sample-retention"])
@pytest.mark.parametrize(("fuel", "sectors"), [("coal", {"power"}), ("gas", set()), (None, set())])
def test_coal_samples_concern_the_power_units_that_burn_coal(
    rule: str, fuel: str | None, sectors: set[str]
) -> None:
    """二(六): 发电行业重点排放单位…每月煤样."""
    assert bound(rule, fuel) == sectors


class TestTheFilm:
    """二(六): 于2024年1月1日起对每月煤样的采样、制样、化验、保存等全程采用影像等可视化手段记录."""

    @pytest.mark.parametrize("month", ["2024-01", "2024-02", "2025-12", "2027-06"])
    def test_is_made_each_month_without_a_date_of_its_own(self, month: str) -> None:
        assert is_undated(of("coal-sample-film", "unit", month))

    def test_begins_with_january_2024(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2024-01; 2023-12 lies before it"):
            of("coal-sample-film", "unit", "2023-12")

    def test_is_the_units_organised_by_the_district_and_kept(self) -> None:
        assert chongqing("coal-sample-film").recurrence == "monthly"
        assert bearer("coal-sample-film", "unit") == ("二(六)", "unit", "unit")
        assert handed("coal-sample-film", "unit") == ("kept", None, None)
        assert "由区县生态环境局组织" in said("coal-sample-film", "unit")


class TestThePortion:
    """二(六): 2023年9月起月缩分煤样至少留存1份缩分煤样."""

    @pytest.mark.parametrize("month", ["2023-09", "2023-12", "2024-02", "2027-06"])
    def test_is_kept_each_month_without_a_date_of_its_own(self, month: str) -> None:
        assert is_undated(of("coal-sample-portion", "unit", month))

    def test_begins_with_september_2023(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("coal-sample-portion", "unit", "2023-08")

    def test_is_at_least_one(self) -> None:
        threshold = chongqing("coal-sample-portion").threshold
        assert threshold is not None
        assert (threshold.bound, threshold.pieces, threshold.percent) == ("at_least", 1, None)
        assert bearer("coal-sample-portion", "unit") == ("二(六)", "unit", "unit")
        assert handed("coal-sample-portion", "unit") == ("kept", None, None)


class TestTheKeeping:
    """二(六): 相关影像资料、月缩分煤样至少保存12个月备查."""

    @pytest.mark.parametrize(
        ("month", "kept_through"),
        [
            ("2023-09", date(2024, 9, 30)),
            ("2023-12", date(2024, 12, 31)),
            ("2024-01", date(2025, 1, 31)),
            ("2024-02", date(2025, 2, 28)),  # from a leap February to a common one
            ("2025-02", date(2026, 2, 28)),
            ("2026-11", date(2027, 11, 30)),
            ("2027-02", date(2028, 2, 29)),  # from a common February to a leap one
        ],
    )
    def test_lasts_through_the_same_month_a_year_later(self, month: str, kept_through: date) -> None:
        found = of("coal-sample-retention", "unit", month)
        assert (found.due_on, found.kind) == (kept_through, DueKind.FIRM)
        assert codes(found) == [ReasonCode.KEEP_THROUGH]

    def test_leaves_nothing_overdue_and_is_not_reminded_of(self) -> None:
        assert of("coal-sample-retention", "unit", "2023-09").overdue_from is None
        assert chongqing("coal-sample-retention").offsets == ()
        assert "不要求处置" in said("coal-sample-retention", "unit")

    def test_is_not_moved_by_days_off(self) -> None:
        rolled = of("coal-sample-retention", "unit", "2024-05", roll=ROLLING)
        assert rolled.due_on == date(2025, 5, 31)  # a Saturday, Dragon Boat Festival

    def test_begins_with_the_samples_of_september_2023(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("coal-sample-retention", "unit", "2023-08")
        assert chongqing("coal-sample-retention").depends_on == ("coal-sample-film", "coal-sample-portion")
        assert bearer("coal-sample-retention", "unit") == ("二(六)", "unit", "unit")


@pytest.mark.parametrize("level", ["district", "municipal"])
class TestTheComparisonTests:
    """二(六): 加强…监督管理；供市、区（县）两级生态环境部门不定期抽样比对检测."""

    def test_are_unannounced_and_have_no_date(self, level: str) -> None:
        for period in ("2023-09", "2024", "2027-12"):
            assert is_undated(of("coal-sample-inspection", level, period))
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("coal-sample-inspection", level, "2023-08")

    def test_are_made_by_both_levels(self, level: str) -> None:
        assert chongqing("coal-sample-inspection").recurrence == "continuous"
        assert bearer("coal-sample-inspection", level) == ("二(六)", level, level)
        assert handed("coal-sample-inspection", level) == ("kept", None, None)
        assert "监督检查记录、检测报告" in said("coal-sample-inspection", level)
