"""The sample city: the 42 districts of Chongqing with made-up units and people, the same at every run.

The districts are real public bodies; every enterprise and every person is made up and says so in its name.
How a unit behaves is decided here, by its serial number; who acts it out is `sandbox.people`.
"""

import csv
import enum
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from obligations.notice import Level, Sector
from storage.credit_codes import check_character
from storage.registry import Registry
from storage.registry_rows import ContactRow, MembershipRow, OrganisationRow, Place

MUNICIPALITY = "500000"
YUBEI = "500112"
JIANGJIN = "500116"
CHANGSHOU = "500115"
LIANGJIANG = "CQ-LJXQ-2025"

MERGED_ON = date(2025, 11, 6)
"""From this day the units of 江北区, 渝北区 and the 两江新区 zone belong to the 两江新区 district, and some of 北碚区."""

_MERGED = frozenset({"500105", YUBEI, "CQ-LJXQ"})
"""The district of 两江新区 succeeds these."""

_BEIBEI = "500109"
_CREDIT_CODE_PREFIX = "91500000XXXX"
_FIRST_ADDRESS = 700_000
_PLACE = Place(sheet="sample")


class Behaviour(enum.StrEnum):
    """How a made-up unit meets its dates."""

    PUNCTUAL = "punctual"
    """Days before the date."""
    LAST_MINUTE = "last_minute"
    """On the last day, or the day before."""
    LATE = "late"
    """Some days after the date, when the reminders have told."""
    SILENT = "silent"
    """Never."""
    RETURNED_ONCE = "returned_once"
    """In time, with a fault: its check returns it once, and it is mended."""


_BEHAVIOURS = (
    *[Behaviour.PUNCTUAL] * 4,
    Behaviour.LAST_MINUTE,
    Behaviour.RETURNED_ONCE,
    *[Behaviour.PUNCTUAL] * 2,
    Behaviour.LATE,
    Behaviour.LAST_MINUTE,
    *[Behaviour.PUNCTUAL] * 2,
    Behaviour.SILENT,
    Behaviour.LAST_MINUTE,
    *[Behaviour.PUNCTUAL] * 2,
    Behaviour.RETURNED_ONCE,
    Behaviour.LATE,
    Behaviour.LAST_MINUTE,
    Behaviour.PUNCTUAL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePersona:
    """A contact whom the reader of the chat page may be. ``enrolled`` is false for one who holds an invitation."""

    user_id: int
    name: str
    level: Level
    lead: bool
    organisation: str
    organisation_name: str
    enrolled: bool
    role: Mapping[str, str]
    language: str = "zh-hans"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of business: what such a plant is called, and how it is named in English."""

    sector: Sector
    fuel: str | None
    kind: str
    english: str


_COAL = _Line(sector=Sector.POWER, fuel="coal", kind="火力发电", english="Coal Power")
_HEAT = _Line(sector=Sector.POWER, fuel="coal", kind="热电", english="Heat and Power")
_GAS = _Line(sector=Sector.POWER, fuel="gas", kind="燃气发电", english="Gas Power")
_CEMENT = _Line(sector=Sector.BUILDING_MATERIALS, fuel=None, kind="水泥", english="Cement")
_STEEL = _Line(sector=Sector.STEEL, fuel=None, kind="钢铁", english="Steel")
_ALUMINIUM = _Line(sector=Sector.NONFERROUS, fuel=None, kind="铝业", english="Aluminium")
_CHEMICAL = _Line(sector=Sector.CHEMICAL, fuel=None, kind="化工", english="Chemicals")
_PETROCHEMICAL = _Line(sector=Sector.PETROCHEMICAL, fuel=None, kind="石化", english="Petrochemicals")
_PAPER = _Line(sector=Sector.PAPER, fuel=None, kind="纸业", english="Paper")

_LINES = (
    *(_COAL, _GAS, _CEMENT, _COAL, _HEAT, _STEEL, _GAS, _COAL, _CHEMICAL),
    *(_HEAT, _COAL, _ALUMINIUM, _COAL, _GAS, _PAPER, _HEAT, _COAL, _PETROCHEMICAL),
)
"""In this order, over and over: two in three are power."""

_THEMES = {
    "云岭": "Yunling",
    "星河": "Xinghe",
    "望川": "Wangchuan",
    "青竹": "Qingzhu",
    "嘉禾": "Jiahe",
    "松涛": "Songtao",
    "碧湖": "Bihu",
    "晨曦": "Chenxi",
    "金桥": "Jinqiao",
    "远帆": "Yuanfan",
    "白鹭": "Bailu",
    "丹枫": "Danfeng",
    "澄江": "Chengjiang",
    "恒岳": "Hengyue",
    "朝阳": "Zhaoyang",
    "银杏": "Yinxing",
    "沧浪": "Canglang",
    "霁月": "Jiyue",
    "长风": "Changfeng",
    "南屏": "Nanping",
    "映雪": "Yingxue",
    "清源": "Qingyuan",
    "琼林": "Qionglin",
    "飞虹": "Feihong",
    "木兰": "Mulan",
    "暖阳": "Nuanyang",
    "翠屏": "Cuiping",
    "鸣泉": "Mingquan",
    "梧桐": "Wutong",
    "听涛": "Tingtao",
    "瑞雪": "Ruixue",
    "寒梅": "Hanmei",
    "春晖": "Chunhui",
    "秋实": "Qiushi",
    "夏荷": "Xiahe",
    "凌云": "Lingyun",
    "紫藤": "Ziteng",
    "碧桃": "Bitao",
    "岚山": "Lanshan",
    "浩海": "Haohai",
    "星野": "Xingye",
    "雁鸣": "Yanming",
    "鹤鸣": "Heming",
    "锦绣": "Jinxiu",
    "明月": "Mingyue",
    "流霞": "Liuxia",
    "天池": "Tianchi",
    "玉泉": "Yuquan",
    "石桥": "Shiqiao",
    "竹溪": "Zhuxi",
    "桃源": "Taoyuan",
    "柳岸": "Liuan",
    "枫桥": "Fengqiao",
    "荷塘": "Hetang",
    "兰亭": "Lanting",
    "菊园": "Juyuan",
    "麦浪": "Mailang",
    "稻香": "Daoxiang",
    "云帆": "Yunfan",
    "晴川": "Qingchuan",
}
_STEMS = "甲乙丙丁戊己庚辛壬癸"

_FIXED = {0: (YUBEI, _COAL), 1: (JIANGJIN, _GAS), 2: (CHANGSHOU, _HEAT)}
"""The units of the three enterprise personas; the third has nobody enrolled yet."""

_NEIGHBOURS = {5: (YUBEI, _HEAT), 8: (YUBEI, _GAS), 12: (YUBEI, _COAL)}
"""In the district that a reader can be: one unit whose evidence is returned once, one late, one silent."""

_NEWCOMER = 2

PERSONAS: tuple[SamplePersona, ...]


def sample_registry(units: int = 60, seed: int = 2023) -> Registry:
    """Return the sample city: the municipality, 42 districts, ``units`` units (three at least), contacts.

    Contacts are bound to chats of the local server, except that of the newcomer, who is not in it.
    """
    rows = [_municipality(), *_districts()]
    made = [_unit(number, seed) for number in range(max(units, len(_FIXED)))]
    addresses = iter(range(_FIRST_ADDRESS, _FIRST_ADDRESS + 10 * (len(rows) + len(made))))
    people = [_person(persona) for persona in PERSONAS if persona.enrolled]
    played = {persona.organisation for persona in PERSONAS}
    for row in rows:
        if row.level is Level.DISTRICT and row.key not in played:
            people.append(_contact(row, f"区县经办员{_STEMS[len(people) % 10]}", next(addresses)))
    for number, row in enumerate(made):
        people += _people_of(number, row, addresses, alone=row.key not in played)
    return Registry(organisations=(*rows, *made), contacts=tuple(people))


def behaviour_of(credit_code: str) -> Behaviour:
    """Return how a unit of the sample city behaves; one that is not of it is punctual."""
    serial = _serial(credit_code)
    return Behaviour.PUNCTUAL if serial is None else _BEHAVIOURS[serial % len(_BEHAVIOURS)]


def _serial(credit_code: str) -> int | None:
    digits = credit_code[len(_CREDIT_CODE_PREFIX) : -1]
    return int(digits) if credit_code.startswith(_CREDIT_CODE_PREFIX) and digits.isdigit() else None


def _credit_code(number: int) -> str:
    body = f"{_CREDIT_CODE_PREFIX}{number:05d}"
    return body + check_character(body)


def _municipality() -> OrganisationRow:
    return OrganisationRow(
        level=Level.MUNICIPAL,
        code=MUNICIPALITY,
        name="重庆市生态环境局",
        short_name="市生态环境局",
        english_name="Chongqing Ecology and Environment Bureau",
        aliases=("市局", "重庆市"),
        bureau="重庆市生态环境局",
        place=_PLACE,
    )


@cache
def _districts() -> tuple[OrganisationRow, ...]:
    text = (files("sandbox") / "districts.csv").read_text(encoding="utf-8")
    return tuple(
        OrganisationRow(
            level=Level.DISTRICT,
            code=row["code"],
            name=row["official_name"],
            short_name=row["short_name"],
            english_name=row["english"],
            aliases=tuple(filter(None, [*row["aliases"].split("|"), row["pinyin"]])),
            bureau=row["bureau"] or None,
            valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            successor=LIANGJIANG if row["code"] in _MERGED else None,
            place=_PLACE,
        )
        for row in csv.DictReader(text.splitlines())
    )


def _unit(number: int, seed: int) -> OrganisationRow:
    # One generator a unit: a larger city begins with the same units.
    chance = random.Random(f"{seed}:{number}")  # noqa: S311  # a sample needs repeatable chance, not secrecy
    settled = [row for row in _districts() if row.code != LIANGJIANG]
    drawn = chance.choice(settled).code or MUNICIPALITY
    district, line = (_FIXED | _NEIGHBOURS).get(number, (drawn, _LINES[number % len(_LINES)]))
    place = next(row for row in settled if row.code == district)
    theme, english = list(_THEMES.items())[number % len(_THEMES)]
    series = number // len(_THEMES)
    ordinal, roman = (f"{series + 1}厂", f" No. {series + 1}") if series else ("", "")
    memberships = [MembershipRow(district=district)]
    # 北碚区 gave up five of its places: every other of its units lies in one of them.
    if district in _MERGED or (district == _BEIBEI and number % 2 == 0):
        memberships.append(MembershipRow(district=LIANGJIANG, since=MERGED_ON))
    return OrganisationRow(
        level=Level.UNIT,
        name=f"示例{place.short_name}{theme}{line.kind}有限公司{ordinal}",
        short_name=f"示例{theme}{line.kind}{ordinal}",
        english_name=f"Sample {english} {line.english}{roman}",
        aliases=(f"{theme}{line.kind}{ordinal}",),
        sector=line.sector,
        fuel=line.fuel,
        credit_code=_credit_code(number),
        memberships=tuple(memberships),
        place=_PLACE,
    )


def _people_of(
    number: int, row: OrganisationRow, addresses: Iterator[int], *, alone: bool
) -> Iterator[ContactRow]:
    """Yield a unit's contact, where no persona is it, and for every other unit a lead."""
    if number == _NEWCOMER:
        return
    if alone:
        yield _contact(row, f"环保专员{_STEMS[number % 10]}", next(addresses))
    if number % 2 == 0:
        yield _contact(row, f"分管负责人{_STEMS[(number + 3) % 10]}", next(addresses), lead=True)


def _contact(row: OrganisationRow, name: str, address: int, *, lead: bool = False) -> ContactRow:
    return ContactRow(organisation=row.key, name=name, lead=lead, address=str(address), place=_PLACE)


def _person(persona: SamplePersona) -> ContactRow:
    return ContactRow(
        organisation=persona.organisation,
        name=persona.name,
        lead=persona.lead,
        language=persona.language,
        address=str(persona.user_id),
        place=_PLACE,
    )


def _enterprise(number: int, user_id: int, name: str) -> SamplePersona:
    unit = _unit(number, seed=0)
    enrolled = number != _NEWCOMER
    return SamplePersona(
        user_id=user_id,
        name=name,
        level=Level.UNIT,
        lead=False,
        organisation=unit.key,
        organisation_name=unit.name,
        enrolled=enrolled,
        role={"zh": "企业联系人", "en": "Enterprise contact"}
        if enrolled
        else {"zh": "新联系人（尚未登记）", "en": "Newcomer (not enrolled yet)"},
    )


def _officer(
    user_id: int, name: str, code: str, role: Mapping[str, str], *, lead: bool = False
) -> SamplePersona:
    organisation = next(row for row in (_municipality(), *_districts()) if row.code == code)
    return SamplePersona(
        user_id=user_id,
        name=name,
        level=organisation.level,
        lead=lead,
        organisation=code,
        organisation_name=organisation.bureau or organisation.name,
        enrolled=True,
        role=role,
    )


PERSONAS = (
    _enterprise(0, 1001, "环保专员甲"),
    _enterprise(1, 1002, "环保专员乙"),
    _officer(2001, "渝北经办员", YUBEI, {"zh": "区县经办人员", "en": "District officer"}),
    _officer(3001, "市局经办员", MUNICIPALITY, {"zh": "市级经办人员", "en": "Municipal officer"}),
    _officer(3002, "市局分管负责人", MUNICIPALITY, {"zh": "市级负责人", "en": "Municipal lead"}, lead=True),
    _enterprise(_NEWCOMER, 1003, "环保专员丙"),
)
"""Whom the reader of the chat page may be, with fixed user ids. The fixed units do not depend on the seed."""
