"""一、确定并公开年度名录."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from tests.obligations.clauses.chongqing import (
    NON_POWER,
    PLATFORM,
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


class TestThePowerListOfTheDistrict:
    """一 ¶1: 将拟纳入下一年度…发电行业重点排放单位名录于每年10月15日前通过…管理平台…向市生态环境局报送."""

    @pytest.mark.parametrize(
        ("list_for", "due_on"),
        [
            ("2024", date(2023, 10, 15)),
            ("2025", date(2024, 10, 15)),
            ("2026", date(2025, 10, 15)),
            ("2027", date(2026, 10, 15)),
            ("2028", date(2027, 10, 15)),
        ],
    )
    def test_is_due_by_15_october_of_the_year_before(self, list_for: str, due_on: date) -> None:
        found = of("power-list", "district", list_for)
        assert (found.due_on, found.kind, found.safe_target_on) == (due_on, DueKind.FIRM, None)
        assert codes(found) == [ReasonCode.FIXED_DATE]

    def test_lasts_through_24_hours_of_that_day_in_shanghai(self) -> None:
        assert last_second(of("power-list", "district", "2024")) == "2023-10-15T15:59:59+00:00"

    def test_stands_on_a_sunday_and_moves_to_monday_only_where_dates_roll(self) -> None:
        assert of("power-list", "district", "2024", roll=ROLLING).due_on == date(2023, 10, 16)
        assert of("power-list", "district", "2025", roll=ROLLING).due_on == date(2024, 10, 15)

    def test_is_first_asked_for_2024_because_the_notice_is_in_force_from_september_2023(self) -> None:
        with pytest.raises(DeadlineError, match='"power-list" begins with 2024; 2023 lies before it'):
            of("power-list", "district", "2023")

    def test_goes_to_the_city_by_the_platform_for_power_units(self) -> None:
        assert bearer("power-list", "district") == ("一 ¶1", "district", "district")
        assert handed("power-list", "district") == ("municipal", "municipal", PLATFORM)
        assert bound("power-list") == {"power"}
        assert "2.6万吨二氧化碳当量" in said("power-list", "district")


class TestThePowerListOfTheCity:
    """一 ¶1: 市生态环境局于每年12月31日前将确定的发电行业重点排放单位名录通过管理平台向社会公开."""

    @pytest.mark.parametrize(
        ("list_for", "due_on", "rolled_to"),
        [
            ("2024", date(2023, 12, 31), date(2024, 1, 2)),  # a Sunday, then New Year's Day
            ("2025", date(2024, 12, 31), date(2024, 12, 31)),
            ("2026", date(2025, 12, 31), date(2025, 12, 31)),
            ("2027", date(2026, 12, 31), date(2026, 12, 31)),
            ("2028", date(2027, 12, 31), date(2027, 12, 31)),
        ],
    )
    def test_is_published_by_31_december_of_the_year_before(
        self, list_for: str, due_on: date, rolled_to: date
    ) -> None:
        found = of("power-list", "municipal", list_for)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
        assert of("power-list", "municipal", list_for, roll=ROLLING).due_on == rolled_to

    def test_ends_with_the_year_in_shanghai(self) -> None:
        assert last_second(of("power-list", "municipal", "2024")) == "2023-12-31T15:59:59+00:00"
        assert last_second(of("power-list", "municipal", "2027")) == "2026-12-31T15:59:59+00:00"

    def test_does_not_wait_for_late_districts(self) -> None:
        assert of("power-list", "municipal", "2024", date(2024, 1, 5)).due_on == date(2023, 12, 31)

    def test_goes_to_the_public_by_the_platform(self) -> None:
        assert bearer("power-list", "municipal") == ("一 ¶1", "municipal", "municipal")
        assert handed("power-list", "municipal") == ("public", None, PLATFORM)


class TestTheNonPowerListOfTheDistrict:
    """一 ¶2: 将拟纳入当年…非发电行业的重点排放单位名录于1月31日前向市生态环境局报送."""

    @pytest.mark.parametrize(
        ("list_for", "due_on"),
        [
            ("2024", date(2024, 1, 31)),
            ("2025", date(2025, 1, 31)),
            ("2026", date(2026, 1, 31)),
            ("2027", date(2027, 1, 31)),
        ],
    )
    def test_is_due_by_31_january_of_the_year_it_is_for(self, list_for: str, due_on: date) -> None:
        found = of("nonpower-list", "district", list_for)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)

    @pytest.mark.parametrize(
        ("list_for", "rolled_to", "kind"),
        [
            ("2024", date(2024, 1, 31), DueKind.FIRM),
            ("2025", date(2025, 2, 5), DueKind.FIRM),  # Spring Festival, 28 January to 4 February
            ("2026", date(2026, 2, 2), DueKind.FIRM),  # a Saturday
            ("2027", date(2027, 2, 1), DueKind.PROVISIONAL),  # a Sunday, arrangement not published
        ],
    )
    def test_rolls_over_spring_festival_and_weekends_only_where_dates_roll(
        self, list_for: str, rolled_to: date, kind: DueKind
    ) -> None:
        found = of("nonpower-list", "district", list_for, roll=ROLLING)
        assert (found.due_on, found.kind) == (rolled_to, kind)

    def test_lasts_through_the_month_in_shanghai(self) -> None:
        assert last_second(of("nonpower-list", "district", "2024")) == "2024-01-31T15:59:59+00:00"

    def test_is_yearly_though_the_notice_does_not_say_so_and_first_asked_in_2024(self) -> None:
        assert chongqing("nonpower-list").recurrence == "yearly"
        with pytest.raises(DeadlineError, match='"nonpower-list" begins with 2024; 2023 lies before it'):
            of("nonpower-list", "district", "2023")

    def test_goes_to_the_city_by_no_platform_the_notice_names(self) -> None:
        assert bearer("nonpower-list", "district") == ("一 ¶2", "district", "district")
        assert handed("nonpower-list", "district") == ("municipal", "municipal", None)
        assert bound("nonpower-list") == NON_POWER


class TestTheNonPowerListOfTheCity:
    """一 ¶2: 市生态环境局对…报送的…名录进行审核，并确定全市非发电行业重点排放单位名录."""

    def test_has_no_date_and_is_kept_where_it_is_decided(self) -> None:
        assert is_undated(of("nonpower-list", "municipal", "2024"))
        assert is_undated(of("nonpower-list", "municipal", "2027", date(2027, 2, 3), roll=ROLLING))
        assert bearer("nonpower-list", "municipal") == ("一 ¶2", "municipal", "municipal")
        assert handed("nonpower-list", "municipal") == ("kept", None, None)
