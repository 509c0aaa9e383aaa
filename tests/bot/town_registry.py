"""The registry of the small town: who is in it, as a bureau would have loaded it."""

from obligations.notice import Level, Sector
from storage.credit_codes import check_character
from storage.registry import Registry
from storage.registry_rows import ContactRow, MembershipRow, OrganisationRow, Place

CITY, NORTH, SOUTH = "500000", "500901", "500902"
MILL, KILN, QUAY = "U-MILL", "U-KILN", "U-QUAY"
"""The mill and the kiln burn coal in the north; the quay burns gas in the south."""


def town_registry() -> Registry:
    """Return the town: one municipality, two districts, three power units, each with one contact."""
    return Registry(
        organisations=(
            _organisation(Level.MUNICIPAL, CITY, "镜湖市生态环境局", "Jinghu Ecology and Environment Bureau"),
            _organisation(Level.DISTRICT, NORTH, "北岭区", "North District", bureau="北岭区生态环境局"),
            _organisation(Level.DISTRICT, SOUTH, "南浦区", "South District", bureau="南浦区生态环境局"),
            _unit(MILL, 1, "青禾磨坊热电有限公司", "Qinghe Mill Power", district="北岭区", fuel="coal"),
            _unit(KILN, 2, "白石窑发电有限公司", "Baishi Kiln Power", district="北岭区", fuel="coal"),
            _unit(QUAY, 3, "南浦码头燃机有限公司", "Nanpu Quay Power", district="南浦区", fuel="gas"),
        ),
        contacts=(
            _contact(MILL, "磨坊联系人", 101),
            _contact(KILN, "Kiln Contact", 102, language="en"),
            _contact(QUAY, "码头联系人", 103),
            _contact(NORTH, "北岭经办", 201),
            _contact(SOUTH, "South Officer", 202, language="en"),
            _contact(CITY, "市局负责人", 301, lead=True),
        ),
    )


def _organisation(
    level: Level, code: str, name: str, english: str, *, bureau: str | None = None
) -> OrganisationRow:
    return OrganisationRow(
        level=level,
        code=code,
        name=name,
        short_name=name,
        english_name=english,
        bureau=bureau,
        place=Place(),
    )


def _unit(code: str, number: int, name: str, english: str, *, district: str, fuel: str) -> OrganisationRow:
    credit = f"91500000XXXX{number:05d}"
    return OrganisationRow(
        level=Level.UNIT,
        code=code,
        credit_code=credit + check_character(credit),
        name=name,
        short_name=name[:4],
        english_name=english,
        sector=Sector.POWER,
        fuel=fuel,
        memberships=(MembershipRow(district=district),),
        place=Place(),
    )


def _contact(
    organisation: str, name: str, address: int, *, lead: bool = False, language: str = "zh-hans"
) -> ContactRow:
    return ContactRow(
        organisation=organisation,
        name=name,
        lead=lead,
        language=language,
        address=str(address),
        place=Place(),
    )
