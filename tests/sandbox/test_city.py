"""The sample city is the same at every run, whole, and nobody in it is real."""

from collections import Counter
from datetime import UTC, date, datetime

from sqlalchemy import func, select

from obligations.notice import Level, Sector
from sandbox.city import LIANGJIANG, MERGED_ON, PERSONAS, YUBEI, Behaviour, behaviour_of, sample_registry
from storage import contacts, organisations, registry
from storage.credit_codes import checked
from storage.database import Database, Session
from storage.models import Contact, Organisation
from storage.organisations import Scope

NOW = datetime(2024, 1, 8, 1, 0, tzinfo=UTC)


def test_the_same_seed_makes_the_same_city_and_another_seed_another() -> None:
    assert sample_registry() == sample_registry()
    assert sample_registry(seed=1) != sample_registry(seed=2)
    small, large = sample_registry(10).organisations, sample_registry(200).organisations
    assert large[: len(small)] == small


def test_it_loads_without_a_fault_and_again_changes_nothing(database: Database) -> None:
    loaded = sample_registry()
    report = database.write(lambda s: registry.load(s, loaded, now=NOW))
    assert report.created == len(loaded.organisations) + len(loaded.contacts)
    assert database.write(lambda s: registry.load(s, loaded, now=NOW)).unchanged == report.created
    levels = database.read(
        lambda s: s.execute(select(Organisation.level, func.count()).group_by(Organisation.level)).all()
    )
    assert {row[0]: row[1] for row in levels} == {
        Level.MUNICIPAL: 1,
        Level.DISTRICT: 42,
        Level.UNIT: 60,
    }


def test_two_in_three_units_are_power_and_every_behaviour_occurs() -> None:
    units = [row for row in sample_registry().organisations if row.level is Level.UNIT]
    power = [row for row in units if row.sector is Sector.POWER]
    assert 38 <= len(power) <= 44
    assert {row.fuel for row in power} == {"coal", "gas"}
    assert len({row.sector for row in units}) >= 6
    behaviours = Counter(behaviour_of(row.credit_code or "") for row in units)
    assert set(behaviours) == set(Behaviour)
    assert behaviours[Behaviour.PUNCTUAL] > 25
    assert behaviour_of("91350100M000100Y43") is Behaviour.PUNCTUAL


def test_every_unit_says_that_it_is_made_up_and_has_a_valid_code_of_its_own() -> None:
    units = [row for row in sample_registry(500).organisations if row.level is Level.UNIT]
    assert all(
        row.name.startswith("示例") and (row.english_name or "").startswith("Sample ") for row in units
    )
    assert len({row.name for row in units}) == len({row.short_name for row in units}) == len(units)
    codes = [row.credit_code or "" for row in units]
    assert [checked(code) for code in codes] == codes
    assert all("XXXX" in code for code in codes)
    assert len(set(codes)) == len(codes)


def test_people_are_named_by_their_post() -> None:
    posts = ("环保专员", "分管负责人", "区县经办员", "市局经办员", "市局分管负责人", "渝北经办员")
    assert all(person.name.startswith(posts) for person in sample_registry().contacts)
    assert all(not character.isdigit() for person in sample_registry().contacts for character in person.name)


def test_addresses_are_the_chats_of_one_each() -> None:
    addresses = [person.address for person in sample_registry(300).contacts]
    assert None not in addresses
    assert len(set(addresses)) == len(addresses)


def test_every_organisation_but_the_newcomers_has_somebody(database: Database) -> None:
    database.write(lambda s: registry.load(s, sample_registry(), now=NOW))
    written_to = select(Contact.organisation_id).where(contacts.reachable())
    alone = select(Organisation.code).where(Organisation.id.not_in(written_to))
    newcomer = next(persona for persona in PERSONAS if not persona.enrolled)
    assert database.read(lambda s: list(s.scalars(alone))) == [newcomer.organisation]


def test_each_persona_is_a_contact_of_its_organisation(database: Database) -> None:
    database.write(lambda s: registry.load(s, sample_registry(), now=NOW))

    def look(session: Session) -> None:
        for persona in PERSONAS:
            contact = contacts.by_address(session, registry.CHANNEL, str(persona.user_id))
            assert (contact is not None) is persona.enrolled
            if contact is not None:
                assert (contact.name, contact.lead) == (persona.name, persona.lead)
                assert contact.organisation.code == persona.organisation
                assert contact.organisation.level is persona.level

    database.read(look)
    assert all(set(persona.role) == {"zh", "en"} for persona in PERSONAS)
    assert {persona.level for persona in PERSONAS} == {Level.UNIT, Level.DISTRICT, Level.MUNICIPAL}


def test_the_districts_merge_on_their_day(database: Database) -> None:
    database.write(lambda s: registry.load(s, sample_registry(), now=NOW))

    def names(day: date, code: str) -> set[str]:
        def read(session: Session) -> set[str]:
            district = organisations.by_code(session, code)
            scope = Scope(level=Level.DISTRICT, organisation_id=district.id)
            return {unit.name for unit in organisations.units(session, scope, on=day)}

        return database.read(read)

    before = date(2025, 11, 5)
    moving = names(before, YUBEI)
    assert moving
    assert names(before, LIANGJIANG) == set()
    assert names(MERGED_ON, YUBEI) == set()
    assert moving <= names(MERGED_ON, LIANGJIANG)
    assert len(database.read(lambda s: organisations.districts(s, on=before))) == 41
    assert len(database.read(lambda s: organisations.districts(s, on=date(2025, 11, 7)))) == 39
