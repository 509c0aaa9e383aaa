"""Technical service agencies in the registry: a sheet of their own, which may be left out."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from obligations.notice import Level
from storage import organisations, registry, workbook
from storage.credit_codes import check_character
from storage.database import Database
from storage.registry_rows import FaultCode, RegistryError

NOW = datetime(2024, 3, 1, 1, 0, tzinfo=UTC)
CODE = "91500000XXXX00077" + check_character("91500000XXXX00077")


def book(path: Path, credit_code: str | None, sheet: str = "技术服务机构") -> Path:
    made = Workbook()
    made.remove(made.worksheets[0])
    rows: dict[str, list[list[str | None]]] = {
        "区县": [["编码", "层级", "名称"], ["500000", "市级", "示例市局"]],
        sheet: [["统一社会信用代码", "名称", "简称"], [credit_code, "示例检测有限公司", "示例检测"]],
        "联系人": [["单位", "姓名"], ["示例检测有限公司", "质量负责人"]],
    }
    for name, cells in rows.items():
        page = made.create_sheet(name)
        for row in cells:
            page.append(row)
    made.save(path)
    return path


@pytest.mark.parametrize("sheet", ["技术服务机构", "agencies"])
def test_an_agency_is_loaded_with_its_contact(database: Database, tmp_path: Path, sheet: str) -> None:
    read = workbook.read(book(tmp_path / "r.xlsx", CODE, sheet))
    report = database.write(lambda session: registry.load(session, read, now=NOW))
    assert report.created == 3
    again = database.write(lambda session: registry.load(session, read, now=NOW))
    assert (again.created, again.updated) == (0, 0)
    level, sector = database.read(
        lambda session: (
            organisations.by_code(session, CODE).level,
            organisations.by_code(session, CODE).sector,
        )
    )
    assert (level, sector) == (Level.AGENCY, None)


def test_an_agency_needs_its_credit_code(database: Database, tmp_path: Path) -> None:
    read = workbook.read(book(tmp_path / "r.xlsx", None))
    with pytest.raises(RegistryError) as caught:
        database.write(lambda session: registry.load(session, read, now=NOW))
    first = caught.value.faults[0]
    assert (first.place.sheet, first.place.row, first.column, first.code) == (
        "技术服务机构",
        2,
        "credit_code",
        FaultCode.MISSING,
    )


def test_the_template_has_the_sheet(tmp_path: Path) -> None:
    assert "技术服务机构" in [sheet.names[0] for sheet in workbook.SHEETS]
    path = tmp_path / "template.xlsx"
    workbook.write_template(path)
    read = workbook.read(path)
    assert (read.organisations, read.faults) == ((), ())
