"""One row of a registry, checked: an organisation or a contact. A fault is a code with arguments.

The sentences for the codes are the reader's business (`bot.cli`); where rows come from is
`storage.workbook`'s.
"""

import enum
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from obligations.notice import Level, Sector
from storage import mailboxes
from storage.credit_codes import CreditCodeError, checked
from storage.errors import StorageError
from storage.mailboxes import MailboxError

_TEXT_LENGTH = 200


class FaultCode(enum.StrEnum):
    """What can be wrong with a registry. The comment names the arguments that fill the sentence."""

    FILE = "file"  # not a workbook that can be read
    FILE_TOO_LARGE = "file_too_large"  # megabytes
    TOO_MANY_ROWS = "too_many_rows"  # rows
    NO_SHEET = "no_sheet"  # expected
    NO_COLUMN = "no_column"
    FORMULA = "formula"
    MISSING = "missing"
    TOO_LONG = "too_long"  # characters
    NOT_A_DATE = "not_a_date"  # found
    DATES_REVERSED = "dates_reversed"
    CREDIT_CODE_NUMBER = "credit_code_number"
    CREDIT_CODE_LENGTH = "credit_code_length"  # found
    CREDIT_CODE_CHARACTER = "credit_code_character"  # found
    CREDIT_CODE_CHECK = "credit_code_check"  # found
    UNKNOWN_WORD = "unknown_word"  # found, expected
    UNKNOWN_DISTRICT = "unknown_district"  # found
    UNKNOWN_ORGANISATION = "unknown_organisation"  # found
    AMBIGUOUS = "ambiguous"  # found
    DUPLICATE = "duplicate"  # found, row
    OTHER_LEVEL = "other_level"  # found
    TWO_ORGANISATIONS = "two_organisations"
    SECOND_MUNICIPALITY = "second_municipality"
    NO_MUNICIPALITY = "no_municipality"
    MOVE_WITHOUT_DATE = "move_without_date"  # found: the district it belongs to now
    MOVE_TOO_EARLY = "move_too_early"  # found: since when it belongs to its present district
    SUCCESSOR_WITHOUT_END = "successor_without_end"  # found: the successor
    SUCCESSOR_CIRCLE = "successor_circle"  # found: the successor
    MAILBOX = "mailbox"  # found
    MAILBOX_TAKEN = "mailbox_taken"  # found: the contact who has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a row stands: its sheet, and its number as a spreadsheet shows it."""

    sheet: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a registry, and where."""

    code: FaultCode
    place: Place = Place()
    column: str | None = None
    arguments: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the fault for a log; people read the sentence that the command line makes of it."""
        where = f"{self.place.sheet} {self.place.row or ''} {self.column or ''}".strip()
        return f"{where}: {self.code.value} {dict(self.arguments) or ''}".strip()


_CODES = frozenset(code.value for code in FaultCode)


class RegistryError(StorageError):
    """The registry has faults; nothing was changed."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


_SECTORS = {
    Sector.POWER: "发电 电力 发电行业 火电",
    Sector.PETROCHEMICAL: "石化 石油化工",
    Sector.CHEMICAL: "化工 化学",
    Sector.BUILDING_MATERIALS: "建材 玻璃 平板玻璃",
    Sector.STEEL: "钢铁",
    Sector.NONFERROUS: "有色 有色金属 铜冶炼",
    Sector.PAPER: "造纸",
    Sector.AVIATION: "民航 航空",
    Sector.CEMENT: "水泥 水泥熟料",
    Sector.ALUMINIUM: "铝冶炼 电解铝 aluminum",
}
_FUELS = {"coal": "燃煤 煤 煤电", "gas": "燃气 气 天然气 气电", "other": "其他 其它 生物质 垃圾焚烧"}
_LEVELS = {
    Level.MUNICIPAL: "市级 市 省级",
    Level.DISTRICT: "区县 区级 县级",
    Level.UNIT: "企业 重点排放单位",
    Level.AGENCY: "技术服务机构 机构",
}
_LANGUAGES = {"zh-hans": "中文 简体中文 汉语 zh chinese", "en": "英文 英语 english"}
_YES = frozenset(["是", "有", "对", "yes", "y", "true", "1", "√"])
_NO = frozenset(["否", "无", "不", "no", "n", "false", "0", "×"])


def _listed(words: Mapping[Any, str]) -> dict[str, str]:
    return {word: str(key) for key, listed in words.items() for word in (*listed.split(), str(key))}


def _one_of(words: Mapping[Any, str]) -> BeforeValidator:
    known = _listed(words)
    expected = "、".join(listed.split()[0] for listed in words.values())

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        found = known.get(value.strip().lower())
        if found is None:
            raise PydanticCustomError(
                "unknown_word", "unknown word", {"found": value[:40], "expected": expected}
            )
        return found

    return BeforeValidator(read)


def _read_text(value: object) -> object:
    """Return one composed line without invisible characters; a code that became a number is text again."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return value
    composed = unicodedata.normalize("NFC", value)
    return " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in composed).split())


_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


def _read_date(value: object) -> object:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or value is None:
        return value
    found = _DATE.fullmatch(str(value).strip())
    try:
        return date(*(int(part) for part in found.groups())) if found else _refuse_date(value)
    except ValueError:
        return _refuse_date(value)


def _refuse_date(value: object) -> date:
    raise PydanticCustomError("not_a_date", "not a date", {"found": str(value)[:40]})


def _read_aliases(value: object) -> object:
    return (
        [word for word in re.split(r"[|、,，;；\n]", value) if word.strip()]
        if isinstance(value, str)
        else value
    )


def _read_yes_no(value: object) -> object:
    word = str(value).strip().lower()
    if isinstance(value, bool) or word not in _YES | _NO:
        if isinstance(value, bool):
            return value
        raise PydanticCustomError("unknown_word", "unknown word", {"found": word[:40], "expected": "是、否"})
    return word in _YES


def _read_credit_code(value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, str):
        raise PydanticCustomError("credit_code_number", "a credit code that became a number")
    try:
        return checked(value)
    except CreditCodeError as error:
        raise PydanticCustomError(error.fault.value, "not a credit code", {"found": error.found}) from None


Line = Annotated[str, BeforeValidator(_read_text), Field(min_length=1, max_length=_TEXT_LENGTH)]
Day = Annotated[date | None, BeforeValidator(_read_date)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    place: Place = Place()


class MembershipRow(_Row):
    """A unit's district, by code or name, from ``since`` (inclusive; None: always) until the next one."""

    district: Line
    since: Day = None


class OrganisationRow(_Row):
    """The municipality, a district, a unit or an agency. What is not given stays as it is in an update.

    ``successor`` is the district, by code or name, that acts for a district after its last day.
    """

    level: Annotated[Level, _one_of(_LEVELS)] = Level.UNIT
    code: Line | None = None
    name: Line
    short_name: Line | None = None
    english_name: Line | None = None
    aliases: Annotated[tuple[Line, ...], BeforeValidator(_read_aliases)] = ()
    bureau: Line | None = None
    sector: Annotated[Sector | None, _one_of(_SECTORS)] = None
    fuel: Annotated[str | None, _one_of(_FUELS)] = None
    credit_code: Annotated[str | None, BeforeValidator(_read_credit_code)] = None
    valid_from: Day = None
    valid_to: Day = None
    successor: Line | None = None
    memberships: tuple[MembershipRow, ...] = ()

    @field_validator("sector", "credit_code", "memberships")
    @classmethod
    def _a_unit_needs(cls, value: object, info: ValidationInfo) -> object:
        needed = {Level.UNIT, Level.AGENCY} if info.field_name == "credit_code" else {Level.UNIT}
        if not value and info.data.get("level") in needed:
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator("code")
    @classmethod
    def _an_authority_needs(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value and info.data.get("level") in {Level.DISTRICT, Level.MUNICIPAL}:
            raise PydanticCustomError("missing", "missing")
        return value

    @field_validator("valid_to")
    @classmethod
    def _in_order(cls, value: date | None, info: ValidationInfo) -> date | None:
        start = info.data.get("valid_from")
        if value is not None and start is not None and value < start:
            raise PydanticCustomError("dates_reversed", "dates reversed")
        return value

    @property
    def key(self) -> str:
        """The code this organisation is kept under: its own, or its credit code."""
        return self.code or self.credit_code or ""


def _read_mailbox(value: object) -> object:
    try:
        return None if value is None else mailboxes.checked(str(value))
    except MailboxError:
        raise PydanticCustomError("mailbox", "no mailbox", {"found": str(value)[:40]}) from None


class ContactRow(_Row):
    """A person of an organisation, which is named by code, credit code or name.

    ``address`` binds the person to a chat at once; it is for records that are made up (a sample), never for a
    file: a real person enrols by an invitation.
    """

    organisation: Line
    name: Line
    lead: Annotated[bool, BeforeValidator(_read_yes_no)] = False
    language: Annotated[str, _one_of(_LANGUAGES)] = "zh-hans"
    email: Annotated[str | None, BeforeValidator(_read_mailbox)] = None
    address: str | None = None


R = TypeVar("R", OrganisationRow, ContactRow)


def read_row(kind: type[R], cells: Mapping[str, object], place: Place) -> R | tuple[Fault, ...]:
    """Return the row that the cells make, or everything that is wrong with them."""
    try:
        return TypeAdapter(kind).validate_python({**cells, "place": place})
    except ValidationError as error:
        return tuple(_fault(each, place) for each in error.errors(include_url=False))


def _fault(error: Any, place: Place) -> Fault:  # noqa: ANN401  # pydantic's own error details
    column = str(error["loc"][-1]) if error["loc"] else None
    if error["loc"] and error["loc"][0] in {"aliases", "memberships"} and column not in {"district", "since"}:
        column = {"aliases": "aliases", "memberships": "district"}[error["loc"][0]]
    context = error.get("ctx", {})
    match error["type"]:
        case "missing" | "string_too_short" | "string_type":
            return Fault(code=FaultCode.MISSING, place=place, column=column)
        case "string_too_long":
            return Fault(
                code=FaultCode.TOO_LONG, place=place, column=column, arguments={"characters": _TEXT_LENGTH}
            )
        case kind if kind in _CODES:
            return Fault(code=FaultCode(kind), place=place, column=column, arguments=context)
        case _:
            found = {"found": str(error["input"])[:40], "expected": ""}
            return Fault(code=FaultCode.UNKNOWN_WORD, place=place, column=column, arguments=found)
