"""Who exists when, who belongs to whom when, and that nobody finds what is not theirs."""

from datetime import date

import pytest

from obligations.notice import Level
from storage import organisations
from storage.database import Session
from storage.errors import NotFoundError
from storage.models import Alias, Membership, Organisation, Stage
from storage.organisations import Scope
from tests.storage.bureau import Bureau

DAY = date(2024, 2, 18)
MERGED_ON = date(2025, 11, 6)


def scope(bureau: Bureau, level: Level, organisation: str) -> Scope:
    return Scope(level=level, organisation_id=getattr(bureau, organisation))


def everyone(bureau: Bureau) -> Scope:
    return scope(bureau, Level.MUNICIPAL, "city")


def found(
    bureau: Bureau, words: str, within: Scope | None = None, *, on: date = DAY, limit: int = 6
) -> list[str]:
    return bureau.database.read(
        lambda session: [
            unit.code
            for unit in organisations.find_units(
                session, words, within or everyone(bureau), on=on, limit=limit
            )
        ]
    )


def rename(bureau: Bureau, **values: str) -> None:
    bureau.database.write(lambda session: update(session, bureau.mill, **values))


def update(session: Session, organisation_id: int, **values: object) -> None:
    for name, value in values.items():
        setattr(organisations.get(session, organisation_id), name, value)


def move_mill(bureau: Bureau) -> None:
    """Move the mill from the north, whose last day with it is 2025-11-05, to the south."""

    def work(session: Session) -> None:
        membership = session.query(Membership).filter_by(unit_id=bureau.mill).one()
        membership.to_on = date(2025, 11, 5)
        session.add(Membership(unit_id=bureau.mill, district_id=bureau.south, from_on=MERGED_ON, to_on=None))

    bureau.database.write(work)


@pytest.mark.parametrize(
    ("level", "organisation", "subjects"),
    [
        (Level.MUNICIPAL, "city", {"mill", "kiln", "dam"}),
        (Level.DISTRICT, "north", {"mill", "kiln"}),
        (Level.DISTRICT, "south", {"dam"}),
        (Level.UNIT, "kiln", {"kiln"}),
        (Level.AGENCY, "kiln", {"kiln"}),
    ],
)
def test_a_scope_keeps_the_stages_of_its_own(
    bureau: Bureau, level: Level, organisation: str, subjects: set[str]
) -> None:
    seen = bureau.database.read(
        lambda session: {
            stage.subject_id
            for stage in session.query(Stage).filter(scope(bureau, level, organisation).stages())
        }
    )
    assert seen == {getattr(bureau, subject) for subject in subjects}


@pytest.mark.parametrize(
    ("level", "organisation", "codes"),
    [
        (Level.MUNICIPAL, "city", ["U1", "U3", "U2"]),
        (Level.DISTRICT, "north", ["U1", "U2"]),
        (Level.DISTRICT, "south", ["U3"]),
        (Level.UNIT, "mill", ["U1"]),
    ],
)
def test_a_scope_lists_its_own_units_by_name(
    bureau: Bureau, level: Level, organisation: str, codes: list[str]
) -> None:
    own = scope(bureau, level, organisation)
    listed = bureau.database.read(
        lambda session: [unit.code for unit in organisations.units(session, own, on=DAY)]
    )
    assert listed == codes


@pytest.mark.parametrize(
    ("organisation", "level", "unit", "inside"),
    [
        ("city", Level.MUNICIPAL, "dam", True),
        ("north", Level.DISTRICT, "mill", True),
        ("north", Level.DISTRICT, "dam", False),
        ("kiln", Level.UNIT, "kiln", True),
        ("kiln", Level.UNIT, "mill", False),
        ("city", Level.MUNICIPAL, "north", False),
    ],
)
def test_a_unit_lies_within_a_scope_or_not(
    bureau: Bureau, organisation: str, level: Level, unit: str, *, inside: bool
) -> None:
    own = scope(bureau, level, organisation)
    assert inside is bureau.database.read(
        lambda session: organisations.within(session, getattr(bureau, unit), own, on=DAY)
    )


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "day", "there"),
    [
        (None, None, date.min, True),
        (None, None, date.max, True),
        (None, MERGED_ON, MERGED_ON, True),
        (None, MERGED_ON, date(2025, 11, 7), False),
        (MERGED_ON, None, MERGED_ON, True),
        (MERGED_ON, None, date(2025, 11, 5), False),
        (MERGED_ON, MERGED_ON, MERGED_ON, True),
    ],
)
def test_an_organisation_exists_from_its_first_day_through_its_last(
    bureau: Bureau, valid_from: date | None, valid_to: date | None, day: date, *, there: bool
) -> None:
    bureau.database.write(
        lambda session: update(session, bureau.north, valid_from=valid_from, valid_to=valid_to)
    )
    codes = bureau.database.read(
        lambda session: [district.code for district in organisations.districts(session, on=day)]
    )
    assert codes == (["500001", "500002"] if there else ["500002"])


@pytest.mark.parametrize(
    ("day", "district"),
    [
        (date(2023, 1, 1), "north"),
        (date(2025, 11, 5), "north"),
        (MERGED_ON, "south"),
        (date(2030, 1, 1), "south"),
    ],
)
def test_a_unit_belongs_to_the_district_of_the_day(bureau: Bureau, day: date, district: str) -> None:
    move_mill(bureau)

    def work(session: Session) -> int | None:
        of_day = organisations.district_of(session, bureau.mill, on=day)
        return None if of_day is None else of_day.id

    assert bureau.database.read(work) == getattr(bureau, district)


def test_a_gap_between_two_districts_belongs_to_neither(bureau: Bureau) -> None:
    move_mill(bureau)
    bureau.database.write(
        lambda session: (
            session.query(Membership)
            .filter_by(unit_id=bureau.mill, district_id=bureau.north)
            .update({"to_on": date(2025, 11, 4)})
        )
    )
    assert (
        bureau.database.read(
            lambda session: organisations.district_of(session, bureau.mill, on=date(2025, 11, 5))
        )
        is None
    )


def test_a_district_finds_a_unit_only_while_it_is_its_own(bureau: Bureau) -> None:
    move_mill(bureau)
    north, south = (scope(bureau, Level.DISTRICT, name) for name in ("north", "south"))
    assert found(bureau, "北岭热电", north, on=date(2025, 11, 5)) == ["U1"]
    assert found(bureau, "北岭热电", south, on=date(2025, 11, 5)) == []
    assert found(bureau, "北岭热电", north, on=MERGED_ON) == []
    assert found(bureau, "北岭热电", south, on=MERGED_ON) == ["U1"]


@pytest.mark.parametrize(
    "words", ["北岭热电有限公司", "岭热", "老热电厂", "老热", "U1", "C1", "organisation u1", " 岭热 "]
)
def test_a_unit_is_found_by_what_it_is_called(bureau: Bureau, words: str) -> None:
    assert found(bureau, words) == ["U1"]


@pytest.mark.parametrize("words", ["C", "不存在", "", "   ", "500001", "北岭区", "云江市"])
def test_nothing_is_found_by_part_of_a_code_or_no_words_or_a_bureaus_name(bureau: Bureau, words: str) -> None:
    assert found(bureau, words) == []


@pytest.mark.parametrize(
    "words", ["%", "_", "%%", "北%电", "北_热", "/", "\\", "'", '"', "%' OR 1=1 --", "\0"]
)
def test_a_wildcard_in_the_words_counts_as_itself(bureau: Bureau, words: str) -> None:
    assert found(bureau, words) == []


@pytest.mark.parametrize("character", ["%", "_", "/", "\\", "'", "*", "?", "["])
def test_a_name_that_holds_a_wildcard_is_found_by_it(bureau: Bureau, character: str) -> None:
    rename(bureau, name=f"北岭{character}热电")
    assert found(bureau, f"岭{character}热") == ["U1"]
    assert found(bureau, character) == ["U1"]


@pytest.mark.parametrize("words", ["青石", "C2", "U2", "青石自备电厂", "organisation"])
def test_nobody_finds_a_unit_outside_their_scope(bureau: Bureau, words: str) -> None:
    assert "U2" not in found(bureau, words, scope(bureau, Level.DISTRICT, "south"))
    assert "U2" not in found(bureau, words, scope(bureau, Level.UNIT, "mill"))
    assert "U2" in found(bureau, words, scope(bureau, Level.DISTRICT, "north"))


def test_an_alias_leads_nobody_outside_their_scope(bureau: Bureau) -> None:
    assert found(bureau, "老热电厂", scope(bureau, Level.DISTRICT, "south")) == []


def test_a_unit_that_has_closed_is_not_found_after_its_last_day(bureau: Bureau) -> None:
    bureau.database.write(lambda session: update(session, bureau.mill, valid_to=DAY))
    assert found(bureau, "老热电厂", on=DAY) == ["U1"]
    assert found(bureau, "老热电厂", on=date(2024, 2, 19)) == []


def test_the_exact_name_comes_first_then_the_shorter(bureau: Bureau) -> None:
    bureau.database.write(lambda session: update(session, bureau.kiln, name="热电"))
    assert found(bureau, "热电") == ["U2", "U1"]
    rename(bureau, short_name="电")
    assert found(bureau, "电") == ["U1", "U2", "U3"]
    assert found(bureau, "电", limit=2) == ["U1", "U2"]


def test_an_exact_alias_is_not_crowded_out_by_shorter_names(bureau: Bureau) -> None:
    rename(bureau, short_name="北岭")
    bureau.database.write(lambda session: session.add(Alias(organisation_id=bureau.mill, text="石")))
    assert found(bureau, "石", limit=1) == ["U1"]


@pytest.mark.parametrize("code", ["U1", "C1", "北岭热电有限公司"])
def test_an_organisation_is_named_by_its_code_its_credit_code_or_its_whole_name(
    bureau: Bureau, code: str
) -> None:
    assert bureau.database.read(lambda session: organisations.by_code(session, code).id) == bureau.mill


@pytest.mark.parametrize("code", ["北岭", "u1", "", "%"])
def test_part_of_a_name_names_no_organisation(bureau: Bureau, code: str) -> None:
    with pytest.raises(NotFoundError):
        bureau.database.read(lambda session: organisations.by_code(session, code))


def test_the_city_is_the_one_municipality(bureau: Bureau) -> None:
    assert bureau.database.read(lambda session: organisations.municipality(session).id) == bureau.city


def test_before_an_import_the_way_to_one_is_told(bureau: Bureau) -> None:
    def work(session: Session) -> None:
        session.query(Organisation).filter_by(id=bureau.city).update({"level": Level.AGENCY})
        organisations.municipality(session)

    with pytest.raises(NotFoundError, match="import a registry first"):
        bureau.database.write(work)


def test_there_is_no_organisation_that_was_never_imported(bureau: Bureau) -> None:
    with pytest.raises(NotFoundError, match="404"):
        bureau.database.read(lambda session: organisations.get(session, 404))
