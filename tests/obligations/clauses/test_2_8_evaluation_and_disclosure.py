"""二（八）开展对核查技术服务机构的评估，（九）加强信息公开."""

from datetime import date

import pytest

from obligations.deadlines import DeadlineError, DueKind, ReasonCode
from obligations.notice import External, Level
from tests.obligations.clauses.chongqing import (
    PLATFORM,
    ROLLING,
    bearer,
    chongqing,
    codes,
    handed,
    is_undated,
    last_second,
    of,
    said,
)


class TestTheEvaluationOfVerifiers:
    """二(八): 市生态环境局于每年7月31日前通过管理平台向社会公开评估结果."""

    @pytest.mark.parametrize(
        ("year", "due_on", "rolled_to", "kind"),
        [
            ("2024", date(2024, 7, 31), date(2024, 7, 31), DueKind.FIRM),
            ("2025", date(2025, 7, 31), date(2025, 7, 31), DueKind.FIRM),
            ("2026", date(2026, 7, 31), date(2026, 7, 31), DueKind.FIRM),
            ("2027", date(2027, 7, 31), date(2027, 8, 2), DueKind.PROVISIONAL),  # a Saturday
        ],
    )
    def test_is_published_by_31_july_of_the_year(
        self, year: str, due_on: date, rolled_to: date, kind: DueKind
    ) -> None:
        found = of("verifier-evaluation", "municipal", year)
        assert (found.due_on, found.kind) == (due_on, DueKind.FIRM)
        rolled = of("verifier-evaluation", "municipal", year, roll=ROLLING)
        assert (rolled.due_on, rolled.kind) == (rolled_to, kind)

    def test_lasts_through_that_day_in_shanghai(self) -> None:
        found = of("verifier-evaluation", "municipal", "2024")
        assert last_second(found) == "2024-07-31T15:59:59+00:00"

    def test_is_first_published_in_2024_because_july_2023_lies_before_the_notice(self) -> None:
        with pytest.raises(DeadlineError, match="begins with 2024; 2023 lies before it"):
            of("verifier-evaluation", "municipal", "2023")

    def test_looks_at_quality_compliance_and_timeliness_and_goes_to_the_public(self) -> None:
        assert "工作质量、合规性、及时性" in said("verifier-evaluation", "municipal")
        assert bearer("verifier-evaluation", "municipal") == ("二(八)", "municipal", "municipal")
        assert handed("verifier-evaluation", "municipal") == ("public", None, PLATFORM)
        assert chongqing("verifier-evaluation").depends_on == ("verification",)

    def test_has_the_districts_co_operation_without_a_date(self) -> None:
        """各区县生态环境局配合市生态环境局…进行评估."""
        assert is_undated(of("verifier-evaluation", "district", "2024"))
        assert bearer("verifier-evaluation", "district") == ("二(八)", "district", "district")
        assert handed("verifier-evaluation", "district") == ("kept", None, None)


class TestThePublicationOfAPenalty:
    """二(九) ¶1: 由作出处罚的生态环境部门依据…（环办执法〔2019〕42号）的相关规定，向社会公布."""

    def test_has_no_day_in_this_notice(self) -> None:
        found = of("penalty-publication", "district", "2021-2022")
        assert (found.due_on, found.overdue_from, found.kind) == (None, None, DueKind.EXTERNAL)
        assert codes(found) == [ReasonCode.NOT_ORDERED]
        assert "环办执法〔2019〕42号" in said("penalty-publication", "district")

    def test_is_due_by_the_day_the_authority_that_punished_records(self) -> None:
        found = of("penalty-publication", "district", "2021-2022", announced_on=date(2024, 3, 8))
        assert (found.due_on, found.kind) == (date(2024, 3, 8), DueKind.EXTERNAL)
        assert last_second(found) == "2024-03-08T15:59:59+00:00"
        deadline = chongqing("penalty-publication").stage("district").deadline
        assert isinstance(deadline, External)
        assert deadline.set_by is Level.DISTRICT

    def test_is_of_each_penalty_and_names_authority_party_type_and_conclusion(self) -> None:
        rule = chongqing("penalty-publication")
        assert rule.arises is not None
        assert (rule.recurrence, rule.arises.occasion) == ("event", "penalty")
        assert "执法机关、执法对象、执法类别、执法结论" in said("penalty-publication", "district")
        assert bearer("penalty-publication", "district") == ("二(九)", "district", "district")
        assert handed("penalty-publication", "district") == ("public", None, None)
        assert of("penalty-publication", "district", "2026-03").kind is DueKind.EXTERNAL
        with pytest.raises(DeadlineError, match="begins with 2021-2022; 2020 lies before it"):
            of("penalty-publication", "district", "2020")


class TestTheDistrictsReportOnDisclosure:
    """二(九) ¶2: 各区县生态环境局于2024年4月1日前向市生态环境局报送…处罚信息公开情况."""

    def test_is_due_by_1_april_2024_and_safest_on_31_march(self) -> None:
        found = of("penalty-disclosure-2021-2022", "district", "2021-2022")
        assert (found.due_on, found.safe_target_on) == (date(2024, 4, 1), date(2024, 3, 31))
        assert (found.kind, codes(found)) == (
            DueKind.FIRM,
            [ReasonCode.ONE_OFF_DATE, ReasonCode.SAFE_TARGET],
        )
        assert last_second(found) == "2024-04-01T15:59:59+00:00"

    def test_is_owed_even_where_no_unit_is_in_default(self) -> None:
        rule = chongqing("penalty-disclosure-2021-2022")
        assert rule.arises_for(Level.DISTRICT) is None
        assert "零报告" in said("penalty-disclosure-2021-2022", "district")
        assert bearer("penalty-disclosure-2021-2022", "district") == ("二(九)", "district", "district")
        assert handed("penalty-disclosure-2021-2022", "district") == ("municipal", "municipal", None)


class TestTheCitysPublication:
    """二(九) ¶2: 市生态环境局于2024年4月30日前通过管理平台公开…清缴完成和处罚情况."""

    def test_is_due_by_30_april_2024_nil_or_not(self) -> None:
        found = of("penalty-disclosure-2021-2022", "municipal", "2021-2022")
        assert (found.due_on, found.kind, found.safe_target_on) == (date(2024, 4, 30), DueKind.FIRM, None)
        assert last_second(found) == "2024-04-30T15:59:59+00:00"
        assert chongqing("penalty-disclosure-2021-2022").arises_for(Level.MUNICIPAL) is None
        assert bearer("penalty-disclosure-2021-2022", "municipal") == ("二(九)", "municipal", "municipal")
        assert handed("penalty-disclosure-2021-2022", "municipal") == ("public", None, PLATFORM)

    def test_is_of_the_second_compliance_period_only(self) -> None:
        with pytest.raises(DeadlineError, match="is for a span, such as 2021-2022; 2024 is a year"):
            of("penalty-disclosure-2021-2022", "municipal", "2024")
