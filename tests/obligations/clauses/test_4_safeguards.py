"""四、保障措施, and since when the notice binds."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError
from tests.obligations.clauses.chongqing import (
    EVERY_SECTOR,
    NOTICE,
    bearer,
    bound,
    chongqing,
    handed,
    is_undated,
    of,
    said,
)


def holds_at_all_times_from_september_2023(rule: str, stage: str) -> bool:
    """Tell whether it is continuous, undated in every period, and refused for August 2023."""
    with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
        of(rule, stage, "2023-08")
    return chongqing(rule).recurrence == "continuous" and all(
        is_undated(of(rule, stage, period)) for period in ("2023-09", "2023", "2024-02", "2027")
    )


class TestTheSupervisionOfTheCity:
    """四(一): 监督指导和调研帮扶…适时进行通报，并将…有关情况纳入污染防治攻坚战考核."""

    def test_is_over_the_districts_and_has_no_date(self) -> None:
        assert holds_at_all_times_from_september_2023("supervision-and-assessment", "municipal")
        assert bearer("supervision-and-assessment", "municipal") == ("四(一)", "municipal", "municipal")
        assert handed("supervision-and-assessment", "municipal") == ("district", None, None)
        assert bound("supervision-and-assessment") == EVERY_SECTOR
        for done in ("监督指导和调研帮扶", "通报", "考核"):
            assert done in said("supervision-and-assessment", "municipal")


class TestTheInspectionOfTheDistrict:
    """四(一): 建立定期检查与随机抽查相结合的常态化监管执法工作机制."""

    def test_is_standing_practice_without_a_date(self) -> None:
        assert holds_at_all_times_from_september_2023("regular-inspection", "district")
        assert bearer("regular-inspection", "district") == ("四(一)", "district", "district")
        assert handed("regular-inspection", "district") == ("kept", None, None)
        assert bound("regular-inspection") == EVERY_SECTOR


class TestTheBuildingOfCapacity:
    """四(二): 市生态环境局组织…培训，市生态环境执法总队落实执法相关工作，各区县…充实…力量."""

    def test_the_city_trains_the_carbon_staff_of_districts_and_units(self) -> None:
        assert holds_at_all_times_from_september_2023("training", "municipal")
        assert bearer("training", "municipal") == ("四(二)", "municipal", "municipal")
        assert handed("training", "municipal") == ("kept", None, None)
        assert bound("training") == EVERY_SECTOR

    def test_the_municipal_corps_does_its_part_of_enforcement(self) -> None:
        assert holds_at_all_times_from_september_2023("municipal-enforcement", "municipal")
        assert bearer("municipal-enforcement", "municipal") == ("四(二)", "municipal", "municipal")
        assert bound("municipal-enforcement") == EVERY_SECTOR

    def test_the_districts_staff_supervision_and_enforcement(self) -> None:
        assert holds_at_all_times_from_september_2023("training", "district")
        assert bearer("training", "district") == ("四(二)", "district", "district")
        assert handed("training", "district") == ("kept", None, None)


class TestWhatUnitsAndAgenciesAnswerFor:
    """四(三): 建立和完善…数据质量控制体系…；各类技术服务机构…不得弄虚作假."""

    def test_the_unit_keeps_up_a_data_quality_system(self) -> None:
        assert holds_at_all_times_from_september_2023("unit-data-quality-system", "unit")
        assert bearer("unit-data-quality-system", "unit") == ("四(三)", "unit", "unit")
        assert handed("unit-data-quality-system", "unit") == ("kept", None, None)
        assert bound("unit-data-quality-system") == EVERY_SECTOR

    def test_the_district_guides_it(self) -> None:
        """各区县生态环境局指导重点排放单位落实主体责任."""
        assert holds_at_all_times_from_september_2023("unit-data-quality-system", "district")
        assert bearer("unit-data-quality-system", "district") == ("四(三)", "district", "district")
        assert handed("unit-data-quality-system", "district") == ("unit", None, None)

    def test_the_agencies_have_controls_of_their_own(self) -> None:
        """各类技术服务机构（咨询机构、核查机构、检测机构）应当…建立并实施有效的…机制."""
        assert holds_at_all_times_from_september_2023("agency-controls", "agency")
        assert bearer("agency-controls", "agency") == ("四(三)", "agency", "agency")
        assert handed("agency-controls", "agency") == ("kept", None, None)
        assert bound("agency-controls") == EVERY_SECTOR


class TestAClueOfABreach:
    """四(三): 各级生态环境部门对违法违规问题线索要及时查处，对不属于…职责的要及时移送相关部门处理."""

    def test_is_followed_promptly_with_no_number_of_days(self) -> None:
        rule = chongqing("clue-transfer")
        assert rule.arises is not None
        assert (rule.recurrence, rule.arises.occasion) == ("event", "violation_clue")
        for period in ("2023-09", "2024-05", "2027"):
            assert is_undated(of("clue-transfer", "district", period, found_on=date(2024, 5, 6)))
        with pytest.raises(DeadlineError, match="begins with 2023-09; 2023-08 lies before it"):
            of("clue-transfer", "district", "2023-08")

    def test_goes_to_other_departments_with_joint_credit_discipline(self) -> None:
        assert bearer("clue-transfer", "district") == ("四(三)", "district", "district")
        assert handed("clue-transfer", "district") == ("other_departments", None, None)
        assert "失信联合惩戒" in said("clue-transfer", "district")
        assert bound("clue-transfer") == EVERY_SECTOR


def test_the_notice_is_in_force_30_days_after_it_was_issued() -> None:
    """本通知自印发之日起三十日后施行."""
    assert (NOTICE.issued_on, NOTICE.in_force_on) == (date(2023, 8, 4), date(2023, 9, 4))
