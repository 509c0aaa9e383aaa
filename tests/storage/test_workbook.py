"""What is taken for a registry's workbook: ours, filled in; and no hostile, damaged or foreign file."""

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from storage import workbook
from storage.database import Database
from storage.models import Organisation
from storage.registry import Registry
from storage.registry_rows import FaultCode, RegistryError
from tests.storage.sheets import (
    CODES,
    PLANT,
    book,
    count,
    faults,
    load,
)


def test_a_formula_is_refused_and_never_computed(database: Database, tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", units=[[CODES[0], '=HYPERLINK("http://example.org","x")', *PLANT[2:]]])
    assert ("企业", 2, "name", FaultCode.FORMULA) in faults(database, path)
    assert count(database, Organisation) == 0


def rezipped(
    path: Path, part: str, change: bytes | None, *, replace: tuple[bytes, bytes] | None = None
) -> Path:
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            if name == part:
                body = change if change is not None else body.replace(*(replace or (b"", b"")))
            new.writestr(name, body)
    return path


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0 an old .xls", "名称,代码\n".encode()],
    ids=["empty", "torn", "xls", "csv"],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.xlsx"
    path.write_bytes(content)
    with pytest.raises(RegistryError) as caught:
        workbook.read(path)
    assert [fault.code for fault in caught.value.faults] == [FaultCode.FILE]


def test_entities_and_damaged_sheets_are_refused(tmp_path: Path) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    for number, change in enumerate((bomb, b"<worksheet><sheetData><row r='1'><c", b"\xff\xfe\x00")):
        path = rezipped(book(tmp_path / f"{number}.xlsx"), "xl/worksheets/sheet1.xml", change)
        with pytest.raises(RegistryError) as caught:
            workbook.read(path)
        assert [fault.code for fault in caught.value.faults] == [FaultCode.FILE]


def test_a_file_that_would_unpack_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rezipped(book(tmp_path / "r.xlsx"), "docProps/app.xml", b" " * 3_000_000)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(workbook, "MAX_UNPACKED_BYTES", 2_000_000)
    with pytest.raises(RegistryError) as caught:
        workbook.read(path)
    assert [fault.code for fault in caught.value.faults] == [FaultCode.FILE_TOO_LARGE]


def test_a_row_number_at_the_end_of_the_sheet_does_not_exhaust_the_reader(tmp_path: Path) -> None:
    path = rezipped(
        book(tmp_path / "r.xlsx"),
        "xl/worksheets/sheet2.xml",
        None,
        replace=(b'<row r="2"', b'<row r="1048576"'),
    )
    codes = [fault.code for fault in workbook.read(path).faults]
    assert codes in ([], [FaultCode.TOO_MANY_ROWS])


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", 5)
    path = book(tmp_path / "r.xlsx", units=[[CODES[n], f"示例{n}", *PLANT[2:]] for n in range(9)])
    read = workbook.read(path)
    assert [(fault.place.sheet, fault.code) for fault in read.faults] == [("企业", FaultCode.TOO_MANY_ROWS)]


def test_a_workbook_without_our_sheets_or_columns_says_so(tmp_path: Path) -> None:
    made = Workbook()
    made.save(tmp_path / "r.xlsx")
    with pytest.raises(RegistryError) as caught:
        workbook.read(tmp_path / "r.xlsx")
    assert [fault.code for fault in caught.value.faults] == [FaultCode.NO_SHEET]
    made.worksheets[0].title = "units"
    made.worksheets[0].append(["credit code", "Name", "sector"])
    made.save(tmp_path / "s.xlsx")
    found = workbook.read(tmp_path / "s.xlsx").faults
    assert [(fault.column, fault.code) for fault in found] == [("district", FaultCode.NO_COLUMN)]


def test_the_template_reads_as_an_empty_registry_and_takes_rows_in_english(
    database: Database, tmp_path: Path
) -> None:
    workbook.write_template(tmp_path / "t.xlsx")
    assert workbook.read(tmp_path / "t.xlsx") == Registry()
    made = Workbook()
    page = made.worksheets[0]
    page.title = "Districts"
    page.append(["Code", "LEVEL", "name*"])
    page.append([500000, "municipal", "Sample City"])
    page.append([500112.0, "district", "  Sample\nNorth  "])
    made.save(tmp_path / "e.xlsx")
    assert load(database, tmp_path / "e.xlsx").created == 2
    names = database.read(lambda s: list(s.scalars(select(Organisation.name).order_by(Organisation.code))))
    assert names == ["Sample City", "Sample North"]
