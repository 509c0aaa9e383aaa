"""Allowances from a file: a CSV in UTF-8 or a workbook with a row for each unit and year. All of it, or nothing."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from sqlalchemy.orm import Session

from storage import organisations, quotas
from storage.decisions import Actor
from storage.errors import NotFoundError, QuotaRefusedError, StorageError

HEADINGS: Final = {
    "unit": ("企业", "重点排放单位", "统一社会信用代码", "单位", "unit"),
    "year": ("年度", "履约年度", "year"),
    "due": ("应清缴配额量", "应清缴", "due"),
    "allocated": ("应发配额量", "已发", "配额", "allocated"),
    "document": ("文号", "文件", "document"),
}
"""What a column may be headed. The first three are needed."""

_NEEDED: Final = ("unit", "year", "due")
_MOST_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one row, counted from 1 with the headings; None where it is the file.

    ``code`` is one of `QuotaRefusedError`, or ``file``, ``no_column``, ``no_unit``, ``not_a_number`` or ``twice``.
    """

    row: int | None
    code: str
    arguments: dict[str, str | int]


class QuotaFileError(StorageError):
    """The file of allowances has faults; nothing of it was recorded."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults: Final = tuple(faults)


def load(session: Session, path: Path, *, by: Actor | None, now: datetime) -> int:
    """Record every row of a file, and return how many there were.

    Raises:
        QuotaFileError: the file cannot be read, or a row is wrong; all that is wrong is reported together.
    """
    rows = _rows(path)
    headings = _headings(next(rows, (1, []))[1])
    faults: list[Fault] = []
    seen: dict[tuple[int, int], int] = {}
    for number, cells in rows:
        if not any(cells):
            continue
        row = {field: cells[place] if place < len(cells) else "" for field, place in headings.items()}
        try:
            unit = organisations.by_code(session, row["unit"])
            amounts = _amounts(row)
            if (unit.id, amounts.year) in seen:
                first = seen[unit.id, amounts.year]
                faults.append(Fault(row=number, code="twice", arguments={"row": first}))
                continue
            seen[unit.id, amounts.year] = number
            quotas.put(
                session,
                unit.id,
                amounts.year,
                due=amounts.due,
                allocated=amounts.allocated,
                document=row.get("document", ""),
                by=by,
                now=now,
            )
        except NotFoundError:
            faults.append(Fault(row=number, code="no_unit", arguments={"words": row["unit"]}))
        except _NotANumberError as error:
            faults.append(Fault(row=number, code="not_a_number", arguments={"found": str(error)}))
        except QuotaRefusedError as error:
            faults.append(Fault(row=number, code=error.code, arguments=error.arguments))
    if faults:
        raise QuotaFileError(faults)
    return len(seen)


class _NotANumberError(Exception):
    """A cell that should hold whole tonnes or a year holds something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amounts:
    year: int
    due: int
    allocated: int | None


def _amounts(row: Mapping[str, str]) -> _Amounts:
    allocated = row.get("allocated", "")
    return _Amounts(
        year=_number(row["year"]),
        due=_number(row["due"]),
        allocated=_number(allocated) if allocated else None,
    )


def _number(text: str) -> int:
    bare = text.replace(",", "").replace("\uff0c", "").removesuffix("吨").removesuffix("年").strip()
    bare = bare.removesuffix(".0")
    if not bare.isascii() or not bare.isdigit():
        raise _NotANumberError(text)
    return int(bare)


def _headings(cells: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        for field, names in HEADINGS.items():
            if cell.casefold() in names:
                found.setdefault(field, place)
    missing = [HEADINGS[field][0] for field in _NEEDED if field not in found]
    if missing:
        raise QuotaFileError([Fault(row=1, code="no_column", arguments={"column": name}) for name in missing])
    return found


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with its number, its cells as text without the blanks around them."""
    read = _of_workbook if path.suffix.casefold() in (".xlsx", ".xlsm") else _of_csv
    try:
        for number, cells in enumerate(read(path), start=1):
            if number > _MOST_ROWS:
                raise QuotaFileError([Fault(row=None, code="file", arguments={})])
            yield number, [cell.strip() for cell in cells]
    except (OSError, UnicodeDecodeError, csv.Error, BadZipFile, InvalidFileException, KeyError) as error:
        raise QuotaFileError([Fault(row=None, code="file", arguments={})]) from error


def _of_csv(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.reader(file)


def _of_workbook(path: Path) -> Iterator[list[str]]:
    book = load_workbook(path, read_only=True, data_only=True)
    try:
        for row in book.worksheets[0].iter_rows(max_col=20, values_only=True):
            yield ["" if cell is None else str(cell) for cell in row]
    finally:
        book.close()
