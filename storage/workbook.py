"""Reads a registry from an xlsx workbook, and writes an empty one to fill in.

Workbooks come from strangers: size and rows are capped, formulas are refused and never computed, nothing else
in the file is looked at.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from obligations.notice import Level
from storage.registry import Registry
from storage.registry_rows import (
    ContactRow,
    Fault,
    FaultCode,
    OrganisationRow,
    Place,
    RegistryError,
    read_row,
)

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 300 * 1024 * 1024
MAX_ROWS = 50_000
_MAX_COLUMNS = 40
_MEGABYTE = 1024 * 1024
_DAMAGED = (
    *(InvalidFileException, zipfile.BadZipFile, EOFError, SyntaxError),
    *(AttributeError, IndexError, KeyError, TypeError, ValueError),
)
"""What openpyxl raises on a workbook that is none, or is damaged; a syntax error is one of its XML."""

_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: the field it fills, its headings, Chinese first, and what to write in it."""

    field: str
    headings: tuple[str, ...]
    required: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet: its names, Chinese first, and its columns in order."""

    names: tuple[str, ...]
    columns: tuple[Column, ...]


def _column(field: str, headings: str, note: str, *, required: bool = False) -> Column:
    return Column(field=field, headings=tuple(headings.split("|")), required=required, note=note)


_VALID_FROM = _column(
    "valid_from", "启用日期|valid from|valid_from", "自哪日起存在（含当日），可不填 / first day, may be blank"
)
_VALID_TO = _column(
    "valid_to", "停用日期|valid to|valid_to", "至哪日止（含当日），可不填 / last day, may be blank"
)
_SUCCESSOR = _column(
    "successor",
    "承接单位|successor",
    "停用后由谁承接：名称、简称或编码，可不填 / who acts for it once it has ended, may be blank",
)
_ALIASES = _column("aliases", "别名|aliases", "其他称呼，用“、”或“|”分隔 / other names, separated by |")

DISTRICTS = Sheet(
    names=("区县", "districts"),
    columns=(
        _column(
            "code",
            "编码|code",
            "行政区划代码，没有的自编一个固定编码 / division code, or a stable one of your own",
            required=True,
        ),
        _column("level", "层级|level", "市级（仅一行）或区县；不填为区县 / municipal (one row) or district"),
        _column("name", "名称|name", "正式名称 / official name", required=True),
        _column("short_name", "简称|short name|short_name", "消息中使用的短名 / the name used in messages"),
        _column("english_name", "英文名称|english name|english_name|english", "英文名称 / English name"),
        _ALIASES,
        _column("bureau", "主管部门|bureau", "生态环境部门全称 / the bureau's name"),
        _VALID_FROM,
        _VALID_TO,
        _SUCCESSOR,
    ),
)
UNITS = Sheet(
    names=("企业", "units"),
    columns=(
        _column(
            "credit_code",
            "统一社会信用代码|credit code|credit_code",
            "18位，按文本格式填写 / 18 characters, as text",
            required=True,
        ),
        _column("code", "编码|code", "本局自编编码，可不填 / your own code, may be blank"),
        _column("name", "名称|name", "营业执照上的名称 / the registered name", required=True),
        _column("short_name", "简称|short name|short_name", "消息中使用的短名 / the name used in messages"),
        _column("english_name", "英文名称|english name|english_name|english", "英文名称 / English name"),
        _ALIASES,
        _column(
            "sector",
            "行业|sector",
            "发电、石化、化工、建材、钢铁、有色、造纸、民航、水泥、铝冶炼 / power, steel, cement …",
            required=True,
        ),
        _column("fuel", "燃料|fuel", "发电企业填：燃煤、燃气、其他 / power units: coal, gas, other"),
        _column("district", "区县|district", "名称、简称或编码 / name, short name or code", required=True),
        _column(
            "since", "区县起始日期|district since|since", "自哪日起属该区县；迁移时必填 / when it moved there"
        ),
        _VALID_FROM,
        _VALID_TO,
    ),
)
AGENCIES = Sheet(
    names=("技术服务机构", "agencies"),
    columns=(
        _column(
            "credit_code",
            "统一社会信用代码|credit code|credit_code",
            "18位，按文本格式填写 / 18 characters, as text",
            required=True,
        ),
        _column("name", "名称|name", "营业执照上的名称 / the registered name", required=True),
        _column("short_name", "简称|short name|short_name", "消息中使用的短名 / the name used in messages"),
        _column("english_name", "英文名称|english name|english_name|english", "英文名称 / English name"),
        _ALIASES,
        _VALID_FROM,
        _VALID_TO,
    ),
)
"""Consulting, verification and testing agencies; the sheet may be left out."""
CONTACTS = Sheet(
    names=("联系人", "contacts"),
    columns=(
        _column(
            "organisation",
            "单位|organisation",
            "编码、统一社会信用代码或名称 / code, credit code or name",
            required=True,
        ),
        _column("name", "姓名|name", "姓名或岗位名称 / name or position", required=True),
        _column("lead", "负责人|lead", "是、否；不填为否 / yes or no"),
        _column("language", "语言|language", "中文、英文；不填为中文 / Chinese or English"),
        _column(
            "email",
            "邮箱|email|e-mail|mail",
            "另以电子邮件通知，可不填 / written to by e-mail too, may be blank",
        ),
    ),
)
SHEETS = (DISTRICTS, UNITS, AGENCIES, CONTACTS)


def read(path: Path) -> Registry:
    """Return the registry that a workbook holds, with everything that is wrong with its rows.

    Sheets are found by their Chinese or English names, columns by their headings; order does not matter. A
    sheet that is not there counts as empty.

    Raises:
        RegistryError: the file as a whole cannot be read as a workbook.
    """
    _inspect(path)
    with path.open("rb") as stream:
        try:
            book = load_workbook(stream, read_only=True, data_only=False, keep_links=False)
            return _Reading(book).registry()
        except _DAMAGED:
            # A part of the file is damaged; deeper ones openpyxl only meets while rows are read.
            raise RegistryError((Fault(code=FaultCode.FILE),)) from None


def _inspect(path: Path) -> None:
    """Refuse what could exhaust the machine before a parser sees it."""
    if path.stat().st_size > MAX_BYTES:
        raise _too_large(MAX_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            # The declared size is what `zipfile` will hand out at most, whatever the compressed stream holds.
            if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise _too_large(MAX_UNPACKED_BYTES)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as stream:
                        if _DECLARATION.search(stream.read(4096).replace(b"\0", b"")):
                            raise RegistryError((Fault(code=FaultCode.FILE),))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
        raise RegistryError((Fault(code=FaultCode.FILE),)) from None


def _too_large(limit: int) -> RegistryError:
    return RegistryError((Fault(code=FaultCode.FILE_TOO_LARGE, arguments={"megabytes": limit // _MEGABYTE}),))


class _Reading:
    def __init__(self, book: Any) -> None:  # noqa: ANN401  # openpyxl has no type for it
        self.sheets = {name.strip().lower(): book[name] for name in book.sheetnames}
        self.faults: list[Fault] = []
        self.doubtful: set[str] = set()

    def registry(self) -> Registry:
        """Return what the sheets hold."""
        if not any(name in self.sheets for sheet in SHEETS for name in sheet.names):
            expected = "、".join(sheet.names[0] for sheet in SHEETS)
            raise RegistryError((Fault(code=FaultCode.NO_SHEET, arguments={"expected": expected}),))
        organisations = [
            each for sheet in (DISTRICTS, UNITS, AGENCIES) for each in self._organisations(sheet)
        ]
        people: list[ContactRow] = []
        for place, cells in self._rows(CONTACTS):
            row = read_row(ContactRow, cells, place)
            if isinstance(row, ContactRow):
                people.append(row)
            else:
                self.faults += row
        return Registry(
            organisations=tuple(organisations),
            contacts=tuple(people),
            faults=tuple(self.faults),
            doubtful=frozenset(self.doubtful),
        )

    def _organisations(self, sheet: Sheet) -> Iterator[OrganisationRow]:
        for place, cells in self._rows(sheet):
            known = {
                str(cells[name]) for name in ("code", "credit_code", "name", "short_name") if name in cells
            }
            if sheet is DISTRICTS:
                cells.setdefault("level", Level.DISTRICT)
            elif sheet is AGENCIES:
                cells["level"] = Level.AGENCY
            else:
                cells["level"] = Level.UNIT
                membership = {name: cells.pop(name) for name in ("district", "since") if name in cells}
                cells["memberships"] = [membership] if membership else []
            row = read_row(OrganisationRow, cells, place)
            if isinstance(row, OrganisationRow):
                yield row
            else:
                self.faults += row
                self.doubtful |= known

    def _rows(self, sheet: Sheet) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield each row that is not blank, as fields, and note formulas and missing columns on the way."""
        name = next((name for name in sheet.names if name in self.sheets), None)
        if name is None:
            return
        page = self.sheets[name]
        # What the file says of its own extent is not to be trusted.
        page.reset_dimensions()
        columns: dict[int, Column] | None = None
        for number, row in enumerate(page.iter_rows(max_col=_MAX_COLUMNS, max_row=MAX_ROWS + 2), start=1):
            if number > MAX_ROWS + 1:
                self.faults.append(
                    Fault(code=FaultCode.TOO_MANY_ROWS, place=Place(sheet=name), arguments={"rows": MAX_ROWS})
                )
                return
            filled = [(place, cell) for place, cell in enumerate(row) if cell.value not in (None, "")]
            if not filled:
                continue
            if columns is None:
                columns = _headed(sheet, filled)
                self._check_headings(sheet, name, columns.values())
                continue
            place = Place(sheet=name, row=number)
            cells: dict[str, Any] = {}
            for position, cell in filled:
                column = columns.get(position)
                if column is None:
                    continue
                if cell.data_type == "f":
                    self.faults.append(Fault(code=FaultCode.FORMULA, place=place, column=column.field))
                cells[column.field] = cell.value
            if cells:
                yield place, cells

    def _check_headings(self, sheet: Sheet, name: str, found: Iterable[Column]) -> None:
        missing = [column for column in sheet.columns if column.required and column not in found]
        self.faults += [
            Fault(code=FaultCode.NO_COLUMN, place=Place(sheet=name, row=1), column=column.field)
            for column in missing
        ]


def _headed(sheet: Sheet, cells: Sequence[tuple[int, Any]]) -> dict[int, Column]:
    """Return which column stands at each position. An asterisk in a heading marks a required one."""
    known = {heading: column for column in sheet.columns for heading in column.headings}
    headings = {position: str(cell.value).strip(" *＊").lower() for position, cell in cells}
    return {position: known[heading] for position, heading in headings.items() if heading in known}


def heading(sheet_name: str, field: str) -> str:
    """Return a column's heading in the language of the sheet's name; the field itself where unknown."""
    for sheet in SHEETS:
        if sheet_name in sheet.names:
            for column in sheet.columns:
                if column.field == field:
                    return column.headings[sheet.names.index(sheet_name)]
    return field


_NOTES: Mapping[str, str] = {
    "日期": "写作 2024-01-05；起止当日均包含在内。 / Dates as 2024-01-05, both ends inclusive.",
    "更新": "再次导入时按编码、统一社会信用代码对应；空白单元格表示不变，表中没有的记录不会删除。 / "
    "Importing again matches by code; a blank cell leaves the record as it is, and nothing is deleted.",
    "迁移": "企业改属另一区县时，填写新的区县及“区县起始日期”，原归属至前一日止，历史保留。 / "
    "When a unit moves, give the new district and since when; its history is kept.",
    "撤并": "区县撤并时，填写原区县的停用日期和承接单位，企业按迁移填写；未填承接单位的，由原单位继续办理。 / "
    "When a district ends, give its last day and its successor, and move its units; until a successor is given, "
    "its own office goes on acting.",
    "联系人": "导入后向联系人发放一次性邀请链接：duewatch import 文件 --invitations。请勿填写电话号码。 / "
    "Contacts enrol by a single-use link. Leave telephone numbers out.",
    "公式": "不接受公式，请粘贴为数值。 / Formulas are refused; paste values.",
}


def write_template(path: Path) -> None:
    """Write an empty workbook with the three sheets' headings, required ones marked, and a sheet of notes."""
    book = Workbook()
    for page in book.worksheets:
        book.remove(page)
    for sheet in SHEETS:
        page = book.create_sheet(sheet.names[0])
        for position, column in enumerate(sheet.columns, start=1):
            cell = page.cell(
                row=1, column=position, value=column.headings[0] + ("*" if column.required else "")
            )
            cell.font = Font(bold=True, color="FFFFFF")
            cell.fill = PatternFill("solid", fgColor="1F4E5F")
            page.column_dimensions[get_column_letter(position)].width = 26 if column.required else 18
            # Text format: a code of digits must not become a number.
            page.column_dimensions[get_column_letter(position)].number_format = "@"
        page.freeze_panes = "A2"
    notes = book.create_sheet("填写说明 notes")
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 24, 96
    for topic, words in _NOTES.items():
        notes.append([topic, words])
    for sheet in SHEETS:
        notes.append([])
        notes.append([f"{sheet.names[0]} {sheet.names[1]}"])
        for column in sheet.columns:
            notes.append([f"{column.headings[0]}{'*' if column.required else ''}", column.note])
    for row in notes.iter_rows():
        row[0].font = Font(bold=True)
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    book.save(path)
