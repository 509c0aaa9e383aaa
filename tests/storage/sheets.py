"""Workbooks as a bureau fills them in, and what loading one makes of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from storage import registry, workbook
from storage.credit_codes import check_character
from storage.database import Database
from storage.registry import LoadReport
from storage.registry_rows import FaultCode, RegistryError

NOW = datetime(2024, 1, 8, 1, 0, tzinfo=UTC)
CODES = [body + check_character(body) for body in (f"91500000XXXX{n:05d}" for n in range(20))]

DISTRICT_HEAD = ["编码*", "层级", "名称*", "简称", "别名", "启用日期", "停用日期"]
UNIT_HEAD = ["统一社会信用代码*", "名称*", "行业*", "燃料", "区县*", "区县起始日期"]
CONTACT_HEAD = ["单位*", "姓名*", "负责人", "语言"]
CITY = ["500000", "市级", "示例市生态环境局", "市局", None, None, None]
NORTH = ["500112", None, "示例北区", "北区", "城北|北边", None, None]
SOUTH = ["500116", None, "示例南区", "南区", None, None, None]
PLANT = [CODES[0], "示例云岭火力发电有限公司", "发电", "燃煤", "北区", None]
PERSON = ["示例云岭火力发电有限公司", "环保专员甲", "否", "中文"]

Sheet = Sequence[Sequence[object]]


def book(
    path: Path,
    *,
    districts: Sheet = (CITY, NORTH, SOUTH),
    units: Sheet = (PLANT,),
    people: Sheet = (PERSON,),
) -> Path:
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, head, rows in (
        ("区县", DISTRICT_HEAD, districts),
        ("企业", UNIT_HEAD, units),
        ("联系人", CONTACT_HEAD, people),
    ):
        page = made.create_sheet(name)
        for row in (head, *rows):
            page.append(list(row))
    made.save(path)
    return path


def load(database: Database, path: Path, *, invite: bool = False) -> LoadReport:
    read = workbook.read(path)
    return database.write(lambda session: registry.load(session, read, now=NOW, invite=invite))


def faults(database: Database, path: Path) -> list[tuple[str, int | None, str | None, FaultCode]]:
    with pytest.raises(RegistryError) as caught:
        load(database, path)
    return [(f.place.sheet, f.place.row, f.column, f.code) for f in caught.value.faults]


def count(database: Database, table: type) -> int:
    return database.read(lambda session: session.scalar(select(func.count()).select_from(table)) or 0)
