"""A registry is loaded whole or not at all, and whoever sent it hears everything that is wrong at once."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select
from sqlalchemy.orm import aliased

from obligations.notice import Level, Sector
from storage import contacts, registry
from storage.database import Database, Session
from storage.models import Alias, Contact, Event, Invitation, Membership, Organisation
from storage.registry import LoadReport, Registry
from storage.registry_rows import ContactRow, FaultCode, MembershipRow, OrganisationRow
from tests.storage.sheets import (
    CITY,
    CODES,
    DISTRICT_HEAD,
    NORTH,
    NOW,
    PERSON,
    PLANT,
    SOUTH,
    Sheet,
    book,
    count,
    faults,
    load,
)


def test_a_workbook_fills_the_tree_and_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx")
    assert load(database, path) == LoadReport(created=5, updated=0, unchanged=0)
    events = count(database, Event)
    assert load(database, path) == LoadReport(created=0, updated=0, unchanged=5)
    assert count(database, Event) == events

    def look(session: Session) -> None:
        plant = session.scalars(select(Organisation).where(Organisation.level == Level.UNIT)).one()
        assert (plant.sector, plant.fuel, plant.code) == (Sector.POWER, "coal", CODES[0])
        held = session.scalars(select(Membership)).one()
        district = session.get_one(Organisation, held.district_id)
        assert (district.name, held.from_on, held.to_on) == ("示例北区", None, None)
        assert set(session.scalars(select(Alias.text))) == {"城北", "北边"}
        assert session.scalars(select(Contact)).one().name == "环保专员甲"

    database.read(look)


@pytest.mark.parametrize(
    ("word", "sector"),
    [
        ("水泥", Sector.CEMENT),
        ("cement", Sector.CEMENT),
        ("铝冶炼", Sector.ALUMINIUM),
        ("电解铝", Sector.ALUMINIUM),
        ("aluminium", Sector.ALUMINIUM),
        ("Aluminum", Sector.ALUMINIUM),
        ("钢铁", Sector.STEEL),
        ("平板玻璃", Sector.BUILDING_MATERIALS),
        ("建材", Sector.BUILDING_MATERIALS),
        ("铜冶炼", Sector.NONFERROUS),
        ("有色", Sector.NONFERROUS),
    ],
)
def test_a_sector_of_the_wider_market_is_read_by_its_own_name(
    database: Database, tmp_path: Path, word: str, sector: Sector
) -> None:
    load(database, book(tmp_path / "r.xlsx", units=[[*PLANT[:2], word, None, "北区", None]], people=[]))
    found = select(Organisation.sector).where(Organisation.level == Level.UNIT)
    assert database.read(lambda s: s.scalar(found)) == sector


def test_a_cement_works_once_kept_as_building_materials_moves_by_importing_again(
    database: Database, tmp_path: Path
) -> None:
    load(database, book(tmp_path / "1.xlsx", units=[[*PLANT[:2], "建材", None, "北区", None]], people=[]))
    again = book(tmp_path / "2.xlsx", units=[[*PLANT[:2], "水泥", None, "北区", None]], people=[])
    assert load(database, again).updated == 1
    found = select(Organisation.sector).where(Organisation.level == Level.UNIT)
    assert database.read(lambda s: s.scalar(found)) == Sector.CEMENT


def test_a_changed_cell_updates_and_a_blank_one_leaves_alone(database: Database, tmp_path: Path) -> None:
    load(database, book(tmp_path / "1.xlsx"))
    renamed = [CODES[0], "示例云岭新名发电有限公司", "发电", None, "北区", None]
    report = load(database, book(tmp_path / "2.xlsx", units=[renamed], people=[]))
    assert (report.created, report.updated, report.unchanged) == (0, 1, 3)
    columns = select(Organisation.name, Organisation.fuel).where(Organisation.code == CODES[0])
    assert tuple(database.read(lambda s: s.execute(columns).one())) == ("示例云岭新名发电有限公司", "coal")


def test_a_unit_that_moves_keeps_its_history(database: Database, tmp_path: Path) -> None:
    load(database, book(tmp_path / "1.xlsx"))
    moved = [*PLANT[:4], "南区", date(2025, 11, 6)]
    path = book(tmp_path / "2.xlsx", units=[moved])
    assert load(database, path).updated == 1
    assert load(database, path).updated == 0

    def spans(session: Session) -> list[tuple[str, date | None, date | None]]:
        rows = session.execute(
            select(Organisation.short_name, Membership.from_on, Membership.to_on)
            .join(Membership, Membership.district_id == Organisation.id)
            .order_by(Membership.id)
        )
        return [(name, start, end) for name, start, end in rows]

    expected = [("北区", None, date(2025, 11, 5)), ("南区", date(2025, 11, 6), None)]
    assert database.read(spans) == expected
    again = book(tmp_path / "3.xlsx", units=[[*PLANT[:4], "南区", None]])
    assert load(database, again).updated == 0
    assert database.read(spans) == expected


@pytest.mark.parametrize(
    ("district", "since", "code"),
    [("南区", None, FaultCode.MOVE_WITHOUT_DATE), ("南区", date(2023, 6, 1), FaultCode.MOVE_TOO_EARLY)],
)
def test_a_move_needs_a_date_after_the_last_one(
    database: Database, tmp_path: Path, district: str, since: date | None, code: FaultCode
) -> None:
    load(database, book(tmp_path / "1.xlsx", units=[[*PLANT[:4], "北区", date(2024, 1, 1)]]))
    path = book(tmp_path / "2.xlsx", units=[[*PLANT[:4], district, since]])
    assert faults(database, path) == [("企业", 2, "since", code)]


def test_all_faults_are_told_together_and_nothing_is_changed(database: Database, tmp_path: Path) -> None:
    wrong_check = CODES[1][:-1] + ("0" if CODES[1][-1] != "0" else "1")
    path = book(
        tmp_path / "bad.xlsx",
        districts=[CITY, NORTH, [None, None, "无代码区", None, None, None, None]],
        units=[
            PLANT,
            [wrong_check, "示例甲", "发电", None, "北区", None],
            [CODES[2][:-1], "示例乙", "魔法", None, "北区", None],
            [CODES[3], None, "发电", "燃煤", "西区", "昨天"],
            [CODES[4], "示例丁", "钢铁", None, None, None],
            [CODES[0], "示例戊", "发电", None, "北区", None],
            ["9150000OXXXX00009X", "示例己", "发电", None, "北区", None],
            [915000001234567890, "示例庚", "发电", None, "北区", None],
        ],
        people=[PERSON, ["示例丁", "环保专员乙", "也许", None], ["不存在", "环保专员丙", None, None], PERSON],
    )
    found = faults(database, path)
    assert found == [
        ("企业", 3, "credit_code", FaultCode.CREDIT_CODE_CHECK),
        ("企业", 4, "credit_code", FaultCode.CREDIT_CODE_LENGTH),
        ("企业", 4, "sector", FaultCode.UNKNOWN_WORD),
        ("企业", 5, "name", FaultCode.MISSING),
        ("企业", 5, "since", FaultCode.NOT_A_DATE),
        ("企业", 6, "district", FaultCode.MISSING),
        ("企业", 7, "credit_code", FaultCode.DUPLICATE),
        ("企业", 8, "credit_code", FaultCode.CREDIT_CODE_CHARACTER),
        ("企业", 9, "credit_code", FaultCode.CREDIT_CODE_NUMBER),
        ("区县", 4, "code", FaultCode.MISSING),
        ("联系人", 3, "lead", FaultCode.UNKNOWN_WORD),
        ("联系人", 4, "organisation", FaultCode.UNKNOWN_ORGANISATION),
        ("联系人", 5, "name", FaultCode.DUPLICATE),
    ]
    assert count(database, Organisation) == count(database, Contact) == count(database, Event) == 0


def test_a_reference_to_a_row_with_a_fault_is_not_blamed_too(database: Database, tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", units=[[CODES[0], PLANT[1], "魔法", None, "北区", None]])
    assert faults(database, path) == [("企业", 2, "sector", FaultCode.UNKNOWN_WORD)]


def test_an_unknown_district_is_named(database: Database, tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", units=[[*PLANT[:4], "西区", None]])
    assert faults(database, path) == [("企业", 2, "district", FaultCode.UNKNOWN_DISTRICT)]


def test_a_city_is_needed_and_there_is_only_one(database: Database, tmp_path: Path) -> None:
    lacking = book(tmp_path / "none.xlsx", districts=[NORTH])
    assert faults(database, lacking) == [("区县", None, "level", FaultCode.NO_MUNICIPALITY)]
    second = book(tmp_path / "two.xlsx", districts=[CITY, ["1", *CITY[1:]], NORTH])
    assert [fault[3] for fault in faults(database, second)] == [FaultCode.SECOND_MUNICIPALITY] * 2


def test_a_code_keeps_its_level(database: Database, tmp_path: Path) -> None:
    load(database, book(tmp_path / "1.xlsx"))
    path = book(
        tmp_path / "2.xlsx", districts=[["500116", "市级", "示例南区", None, None, None, None]], people=[]
    )
    assert FaultCode.OTHER_LEVEL in [fault[3] for fault in faults(database, path)]


def test_a_name_two_share_asks_for_the_code(database: Database, tmp_path: Path) -> None:
    twins = [["A1", None, "新区", None, None, None, None], ["A2", None, "新区", None, None, None, None]]
    path = book(tmp_path / "r.xlsx", districts=[CITY, NORTH, *twins], units=[[*PLANT[:4], "新区", None]])
    assert faults(database, path) == [("企业", 2, "district", FaultCode.AMBIGUOUS)]


MERGED_HEAD = [*DISTRICT_HEAD, "承接单位"]
ENDED = [*NORTH[:6], "2025-11-06", "南区"]


def merged(path: Path, *rows: Sequence[object]) -> Path:
    """Write a workbook of districts with successors."""
    made = Workbook()
    made.remove(made.worksheets[0])
    page = made.create_sheet("区县")
    everything: Sheet = (MERGED_HEAD, [*CITY, None], *rows)
    for row in everything:
        page.append(list(row))
    made.save(path)
    return path


def successors(database: Database) -> dict[str, str]:
    heir = aliased(Organisation)
    pairs = select(Organisation.name, heir.name).join(heir, heir.id == Organisation.successor_id)
    return database.read(lambda s: {each[0]: each[1] for each in s.execute(pairs)})


@pytest.mark.parametrize("named", ["示例南区", "南区", "500116"])
def test_a_district_that_ends_names_its_successor_and_a_blank_leaves_it(
    database: Database, tmp_path: Path, named: str
) -> None:
    first = merged(tmp_path / "1.xlsx", [*ENDED[:7], named], [*SOUTH, None])
    load(database, first)
    assert successors(database) == {"示例北区": "示例南区"}
    assert load(database, first).unchanged == 3
    load(database, merged(tmp_path / "2.xlsx", [*ENDED[:7], None], [*SOUTH, None]))
    assert successors(database) == {"示例北区": "示例南区"}


@pytest.mark.parametrize(
    ("rows", "faulty", "code"),
    [
        (([*ENDED[:7], "不存在"], [*SOUTH, None]), [3], FaultCode.UNKNOWN_DISTRICT),
        (([*ENDED[:7], "500000"], [*SOUTH, None]), [3], FaultCode.UNKNOWN_DISTRICT),
        (([*NORTH, "南区"], [*SOUTH, None]), [3], FaultCode.SUCCESSOR_WITHOUT_END),
        (([*ENDED[:7], "示例北区"], [*SOUTH, None]), [3], FaultCode.SUCCESSOR_CIRCLE),
        ((ENDED, [*SOUTH[:6], "2026-01-01", "北区"]), [3, 4], FaultCode.SUCCESSOR_CIRCLE),
    ],
)
def test_a_successor_that_cannot_be_is_refused_with_its_row_and_column(
    database: Database, tmp_path: Path, rows: Sheet, faulty: Sequence[int], code: FaultCode
) -> None:
    path = merged(tmp_path / "r.xlsx", *rows)
    assert faults(database, path) == [("区县", row, "successor", code) for row in faulty]
    assert count(database, Organisation) == 0


def test_a_row_of_successors_that_comes_back_by_what_is_stored_is_refused(
    database: Database, tmp_path: Path
) -> None:
    load(database, merged(tmp_path / "1.xlsx", ENDED, [*SOUTH, None]))
    again = merged(tmp_path / "2.xlsx", [*SOUTH[:6], "2026-01-01", "北区"])
    assert faults(database, again) == [("区县", 3, "successor", FaultCode.SUCCESSOR_CIRCLE)]
    assert successors(database) == {"示例北区": "示例南区"}


def test_dates_may_be_typed_in_chinese_and_must_be_in_order(database: Database, tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", districts=[CITY, [*NORTH[:5], "2023年1月5日", "2023/1/4"]])
    assert faults(database, path) == [("区县", 3, "valid_to", FaultCode.DATES_REVERSED)]
    path = book(tmp_path / "s.xlsx", districts=[CITY, [*NORTH[:5], "2023年1月5日", "2025.11.6"]])
    load(database, path)
    columns = select(Organisation.valid_from, Organisation.valid_to).where(Organisation.code == "500112")
    found = database.read(lambda s: s.execute(columns).one())
    assert tuple(found) == (date(2023, 1, 5), date(2025, 11, 6))


def test_invitations_are_made_only_when_asked_and_only_for_the_unbound(
    database: Database, tmp_path: Path
) -> None:
    path = book(tmp_path / "r.xlsx", people=[PERSON, ["市局", "市局负责人", "是", "英文"]])
    assert load(database, path).invitations == ()
    assert count(database, Invitation) == 0
    issued = load(database, path, invite=True).invitations
    assert [(each.contact, each.lead) for each in issued] == [("环保专员甲", False), ("市局负责人", True)]

    def named(session: Session) -> list[str]:
        people = (
            select(Contact.name).join(Invitation, Invitation.contact_id == Contact.id).order_by(Contact.id)
        )
        return list(session.scalars(people))

    assert database.read(named) == ["环保专员甲", "市局负责人"]
    sample = Registry(
        organisations=(
            OrganisationRow(level=Level.MUNICIPAL, code="1", name="市"),
            OrganisationRow(level=Level.DISTRICT, code="2", name="区"),
        ),
        contacts=(ContactRow(organisation="2", name="经办", address="77"),),
    )
    database.write(lambda s: s.query(Invitation).delete())
    other = Database(f"sqlite:///{tmp_path}/other.db")
    other.upgrade()
    assert other.write(lambda s: registry.load(s, sample, now=NOW, invite=True)).invitations == ()
    assert other.read(lambda s: contacts.by_address(s, registry.CHANNEL, "77")) is not None
    other.close()


def test_memberships_given_as_a_history_are_stored_as_one(database: Database) -> None:
    made = Registry(
        organisations=(
            OrganisationRow(level=Level.MUNICIPAL, code="1", name="市"),
            OrganisationRow(level=Level.DISTRICT, code="2", name="甲区"),
            OrganisationRow(level=Level.DISTRICT, code="3", name="乙区"),
            OrganisationRow(
                name="示例",
                sector=Sector.STEEL,
                credit_code=CODES[5],
                memberships=(
                    MembershipRow(district="甲区"),
                    MembershipRow(district="3", since=date(2025, 11, 6)),
                ),
            ),
        )
    )
    assert database.write(lambda s: registry.load(s, made, now=NOW)).created == 4
    assert database.write(lambda s: registry.load(s, made, now=NOW)).unchanged == 4
    spans = database.read(lambda s: s.execute(select(Membership.from_on, Membership.to_on)).all())
    assert [tuple(span) for span in spans] == [(None, date(2025, 11, 5)), (date(2025, 11, 6), None)]


def contacts_book(path: Path, *people: Sequence[object]) -> Path:
    """Write a workbook whose contacts have a mailbox."""
    book(path, people=())
    made = load_workbook(path)
    page = made["联系人"]
    page.cell(1, 5, "邮箱")
    for row in people:
        page.append(list(row))
    made.save(path)
    return path


def mailboxes_of(database: Database) -> dict[str, str | None]:
    def work(session: Session) -> dict[str, str | None]:
        people = session.scalars(select(Contact))
        return {each.name: contacts.address_of(session, each.id, "email") for each in people}

    return database.read(work)


def test_a_contacts_mailbox_is_written_to_and_may_change(database: Database, tmp_path: Path) -> None:
    plant = PERSON[0]
    path = contacts_book(tmp_path / "r.xlsx", [plant, "甲", "否", "中文", "A@Plant.example"], [plant, "乙"])
    load(database, path)
    assert mailboxes_of(database) == {"甲": "A@plant.example", "乙": None}
    assert load(database, path).unchanged == 6

    path = contacts_book(tmp_path / "s.xlsx", [plant, "甲", "否", "中文", "b@plant.example"], [plant, "乙"])
    assert load(database, path).updated == 1
    assert mailboxes_of(database) == {"甲": "b@plant.example", "乙": None}
    load(database, contacts_book(tmp_path / "t.xlsx", [plant, "甲"], [plant, "乙"]))
    assert mailboxes_of(database)["甲"] == "b@plant.example"


def test_whoever_has_mail_only_is_invited_to_the_chat_too(database: Database, tmp_path: Path) -> None:
    path = contacts_book(tmp_path / "r.xlsx", [PERSON[0], "甲", "否", "中文", "a@plant.example"])

    assert [each.contact for each in load(database, path, invite=True).invitations] == ["甲"]


def test_a_mailbox_that_is_none_or_anothers_is_a_fault(database: Database, tmp_path: Path) -> None:
    plant = PERSON[0]
    wrong = contacts_book(tmp_path / "r.xlsx", [plant, "甲", "否", "中文", "a@plant"])
    shared = contacts_book(
        tmp_path / "s.xlsx",
        [plant, "甲", "否", "中文", "a@plant.example"],
        [plant, "乙", "否", "中文", "a@plant.example"],
    )

    assert faults(database, wrong) == [("联系人", 2, "email", FaultCode.MAILBOX)]
    assert faults(database, shared) == [("联系人", 3, "email", FaultCode.MAILBOX_TAKEN)]
    assert count(database, Contact) == 0
