"""Allowances by unit and year, and CCER within its cap: 渝环规〔2023〕2号 二(五)."""

from datetime import UTC
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from obligations.decisions import Status
from obligations.notice import Level
from obligations.periods import Period
from storage import organisations, quotas
from storage.database import Session
from storage.errors import QuotaRefusedError
from storage.models import Event, Quota, Stage
from storage.quota_files import QuotaFileError, load
from storage.quotas import Allowance
from tests.storage.bureau import Bureau, at

NOW = at("2024-03-06 10:00").astimezone(UTC)


def put(
    bureau: Bureau, due: int, *, year: int = 2021, unit: str = "mill", allocated: int | None = None
) -> None:
    bureau.database.write(
        lambda session: quotas.put(
            session,
            getattr(bureau, unit),
            year,
            due=due,
            allocated=allocated,
            document="云环函〔2023〕5号",
            by=bureau.actor(Level.MUNICIPAL),
            now=NOW,
        )
    )


def declare(bureau: Bureau, tonnes: int, *, year: int = 2021) -> None:
    bureau.database.write(
        lambda session: quotas.offset(
            session,
            bureau.law,
            bureau.mill,
            year,
            tonnes=tonnes,
            by=bureau.actor(Level.UNIT),
            now=NOW,
        )
    )


def refusal(bureau: Bureau, tonnes: int, *, year: int = 2021) -> tuple[str, dict[str, str | int]]:
    with pytest.raises(QuotaRefusedError) as caught:
        declare(bureau, tonnes, year=year)
    return caught.value.code, dict(caught.value.arguments)


def of_year(bureau: Bureau, year: int = 2021) -> Allowance:
    return bureau.database.read(
        lambda session: quotas.of_year(
            session, bureau.law, organisations.get(session, bureau.mill), year, now=NOW
        )
    )


def offsets(bureau: Bureau) -> list[tuple[str, Status, int | None, int | None]]:
    """Return the duties of CCER: period, where each stands, who acts and who checks."""
    return bureau.database.read(
        lambda session: [
            (stage.period, stage.status, stage.actor_id, stage.checker_id)
            for stage in session.scalars(select(Stage).where(Stage.rule == "ccer-offset").order_by(Stage.id))
        ]
    )


class TestAmounts:
    def test_are_kept_by_unit_and_year_and_replaced_with_the_one_before_on_record(
        self, bureau: Bureau
    ) -> None:
        put(bureau, 1_000_000, allocated=950_000)
        put(bureau, 1_020_000)
        seen = of_year(bureau)
        assert (seen.due, seen.allocated, seen.ccer_at_most) == (1_020_000, 950_000, 51_000)
        assert of_year(bureau, 2022).due is None
        details = bureau.database.read(
            lambda session: session.scalars(select(Event.detail).where(Event.kind == "quota")).all()
        )
        assert [each["before"] for each in details] == [None, {"due": 1_000_000, "allocated": 950_000}]

    @pytest.mark.parametrize(("due", "code"), [(-1, "out_of_range"), (10**10 + 1, "out_of_range")])
    def test_are_whole_tonnes_within_reason(self, bureau: Bureau, due: int, code: str) -> None:
        with pytest.raises(QuotaRefusedError) as caught:
            put(bureau, due)
        assert caught.value.code == code

    def test_are_a_units_and_a_years(self, bureau: Bureau) -> None:
        with pytest.raises(QuotaRefusedError, match="not_a_unit"):
            put(bureau, 1, unit="north")
        with pytest.raises(QuotaRefusedError, match="year"):
            put(bureau, 1, year=20)

    def test_of_a_period_of_two_years_are_both(self, bureau: Bureau) -> None:
        put(bureau, 100, year=2022)
        seen = bureau.database.read(
            lambda session: quotas.of_period(
                session,
                bureau.law,
                organisations.get(session, bureau.mill),
                Period.parse("2021-2022"),
                now=NOW,
            )
        )
        assert [(each.year, each.due) for each in seen] == [(2021, None), (2022, 100)]


class TestCcer:
    """重点排放单位可使用国家核证自愿减排量（CCER）抵销2021、2022年度…抵销比例不得超过应清缴配额量的5%."""

    def test_may_offset_five_percent_rounded_down_and_no_tonne_more(self, bureau: Bureau) -> None:
        put(bureau, 1_000_019)
        assert refusal(bureau, 50_001) == ("above_cap", {"tonnes": 50_001, "cap": 50_000, "due": 1_000_019})
        declare(bureau, 50_000)
        assert of_year(bureau).offset == 50_000

    def test_gives_rise_to_the_unit_handing_over_its_cancellation(self, bureau: Bureau) -> None:
        put(bureau, 1_000_000, year=2022)
        declare(bureau, 1, year=2022)
        assert offsets(bureau) == [("2022", Status.OPEN, bureau.mill, bureau.north)]

    def test_declared_anew_goes_on_with_the_same_duty(self, bureau: Bureau) -> None:
        put(bureau, 1_000_000)
        declare(bureau, 10)
        declare(bureau, 20)
        assert (of_year(bureau).offset, len(offsets(bureau))) == (20, 1)

    def test_withdrawn_lets_the_duty_go(self, bureau: Bureau) -> None:
        put(bureau, 1_000_000)
        declare(bureau, 10)
        declare(bureau, 0)
        assert of_year(bureau).offset == 0
        assert [status for _, status, _, _ in offsets(bureau)] == [Status.WAIVED]
        declare(bureau, 5)
        assert [status for _, status, _, _ in offsets(bureau)] == [Status.WAIVED, Status.OPEN]

    def test_of_a_year_the_notice_does_not_name_is_refused_with_the_years_it_names(
        self, bureau: Bureau
    ) -> None:
        put(bureau, 1_000_000, year=2023)
        assert refusal(bureau, 1, year=2023) == ("no_rule", {"year": 2023, "first": 2021, "last": 2022})
        assert of_year(bureau, 2023).ccer_at_most is None

    def test_without_a_due_surrender_has_no_cap_and_is_refused(self, bureau: Bureau) -> None:
        assert refusal(bureau, 1) == ("due_unknown", {"year": 2021})
        assert refusal(bureau, 0) == ("due_unknown", {"year": 2021})

    def test_is_no_negative_amount(self, bureau: Bureau) -> None:
        put(bureau, 1_000_000)
        assert refusal(bureau, -1)[0] == "out_of_range"

    def test_declared_before_keeps_the_due_surrender_from_falling_below_it(self, bureau: Bureau) -> None:
        put(bureau, 1_000_000)
        declare(bureau, 50_000)
        with pytest.raises(QuotaRefusedError) as caught:
            put(bureau, 999_999)
        assert (caught.value.code, caught.value.arguments) == (
            "offset_above_cap",
            {"offset": 50_000, "cap": 49_999},
        )
        assert of_year(bureau).due == 1_000_000


class TestAFile:
    @staticmethod
    def load(bureau: Bureau, path: Path) -> int:
        return bureau.database.write(lambda session: load(session, path, by=None, now=NOW))

    @staticmethod
    def kept(bureau: Bureau) -> list[tuple[int, int, int, int | None, str]]:
        def work(session: Session) -> list[tuple[int, int, int, int | None, str]]:
            rows = session.scalars(select(Quota).order_by(Quota.unit_id, Quota.year))
            return [(each.unit_id, each.year, each.due, each.allocated, each.document) for each in rows]

        return bureau.database.read(work)

    def test_as_csv_is_recorded_row_by_row(self, bureau: Bureau, tmp_path: Path) -> None:
        path = tmp_path / "quotas.csv"
        path.write_text(
            '企业,年度,应清缴配额量,应发配额量,文号\n北岭热电有限公司,2021,"1,000,000",950000,云环函〔2023〕5号\n'
            "U2,2022年,20吨,,\n\n",
            encoding="utf-8-sig",
        )
        assert self.load(bureau, path) == 2
        assert self.kept(bureau) == [
            (bureau.mill, 2021, 1_000_000, 950_000, "云环函〔2023〕5号"),
            (bureau.kiln, 2022, 20, None, ""),
        ]

    def test_as_workbook_is_the_same(self, bureau: Bureau, tmp_path: Path) -> None:
        book = Workbook()
        page = book.worksheets[0]
        page.append(["unit", "year", "due"])
        page.append(["U1", 2021, 1_000_000])
        book.save(tmp_path / "quotas.xlsx")
        assert self.load(bureau, tmp_path / "quotas.xlsx") == 1
        assert self.kept(bureau) == [(bureau.mill, 2021, 1_000_000, None, "")]

    def test_with_faults_names_every_row_and_records_nothing(self, bureau: Bureau, tmp_path: Path) -> None:
        path = tmp_path / "quotas.csv"
        path.write_text(
            "unit,year,due\nU1,2021,5\nU9,2021,5\nU1,2021,6\nU2,x,5\nU2,2021,\n500001,2021,5\n",
            encoding="utf-8",
        )
        with pytest.raises(QuotaFileError) as caught:
            self.load(bureau, path)
        assert [(fault.row, fault.code) for fault in caught.value.faults] == [
            (3, "no_unit"),
            (4, "twice"),
            (5, "not_a_number"),
            (6, "not_a_number"),
            (7, "not_a_unit"),
        ]
        assert self.kept(bureau) == []

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [
            ("a.csv", b"unit,due\nU1,5\n", "no_column"),
            ("a.csv", b"", "no_column"),
            ("a.csv", "企业,年度,应清缴配额量".encode("gb18030"), "file"),
            ("a.xlsx", b"PK nothing", "file"),
        ],
    )
    def test_that_is_none_is_refused_whole(
        self, bureau: Bureau, tmp_path: Path, name: str, content: bytes, code: str
    ) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(QuotaFileError) as caught:
            self.load(bureau, tmp_path / name)
        assert {fault.code for fault in caught.value.faults} == {code}
