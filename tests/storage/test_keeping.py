"""Keeping, from the law and the registry: the months that count, the last day, and the day after it."""

from datetime import date

import pytest

from obligations.law import Law
from obligations.notice import Level, Sector
from storage import keeping, organisations
from storage.database import Session
from storage.models import Membership, Organisation
from storage.organisations import Scope
from tests.storage.bureau import Bureau


def unit(
    *,
    fuel: str | None = "coal",
    sector: Sector | None = Sector.POWER,
    level: Level = Level.UNIT,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Organisation:
    return Organisation(
        code="U",
        level=level,
        name="某电厂",
        short_name="某电厂",
        english_name="A plant",
        sector=sector,
        fuel=fuel,
        valid_from=valid_from,
        valid_to=valid_to,
    )


def samples(law: Law, asked: Organisation, *, on: date) -> keeping.Keeping:
    (found,) = (each for each in keeping.of_unit(law, asked, on=on) if each.duty == "coal-sample-retention")
    return found


@pytest.mark.parametrize(
    ("on", "must", "may_go"),
    [
        # 2023年9月起月缩分煤样…至少保存12个月备查
        (date(2023, 8, 31), [], []),
        (date(2023, 9, 1), ["2023-09"], []),
        (date(2024, 9, 30), ["2023-09", "2024-09"], []),
        (date(2024, 10, 1), ["2023-10", "2024-10"], ["2023-09", "2023-09"]),
        (date(2025, 2, 28), ["2024-02", "2025-02"], ["2023-09", "2024-01"]),
        (date(2025, 3, 1), ["2024-03", "2025-03"], ["2023-09", "2024-02"]),
    ],
)
def test_each_month_is_kept_through_the_end_of_the_month_a_year_later(
    law: Law, on: date, must: list[str], may_go: list[str]
) -> None:
    if not must:
        assert keeping.of_unit(law.on(on), unit(), on=on) == ()
        return
    kept = samples(law, unit(), on=on)
    assert (str(kept.must[0].period), str(kept.must[-1].period)) == (must[0], must[-1])
    ends = [str(each.period) for each in (kept.may_go[:1] + kept.may_go[-1:])]
    assert ends == may_go


def test_films_are_kept_from_their_own_first_month(law: Law) -> None:
    kept = samples(law, unit(), on=date(2024, 2, 1))
    assert [(str(each.period), [rule.name for rule in each.what]) for each in kept.must[-3:]] == [
        ("2023-12", ["coal-sample-portion"]),
        ("2024-01", ["coal-sample-film", "coal-sample-portion"]),
        ("2024-02", ["coal-sample-film", "coal-sample-portion"]),
    ]
    assert kept.must[-1].through == date(2025, 2, 28)
    assert kept.must[-1].free_from == date(2025, 3, 1)


def test_only_the_months_of_the_units_own_life_count(law: Law) -> None:
    kept = samples(law, unit(valid_from=date(2024, 3, 15), valid_to=date(2024, 5, 10)), on=date(2024, 8, 1))
    assert [str(each.period) for each in kept.must] == ["2024-03", "2024-04", "2024-05"]


@pytest.mark.parametrize(
    ("fuel", "sector"), [("gas", Sector.POWER), (None, Sector.POWER), ("coal", Sector.STEEL)]
)
def test_who_burns_no_coal_keeps_no_samples(law: Law, fuel: str | None, sector: Sector) -> None:
    found = keeping.of_unit(law, unit(fuel=fuel, sector=sector), on=date(2024, 8, 1))
    assert [each.duty for each in found] == ["records-retention"]


@pytest.mark.parametrize("sector", [Sector.CHEMICAL, None])
def test_who_is_not_bound_keeps_nothing(law: Law, sector: Sector | None) -> None:
    assert keeping.of_unit(law, unit(sector=sector), on=date(2026, 6, 1)) == ()


@pytest.mark.parametrize(
    ("sector", "on", "must", "may_go"),
    [
        # 国令第775号自2024年5月1日起施行；原始记录和管理台账应当至少保存5年
        (Sector.POWER, date(2024, 4, 30), [], []),
        (Sector.POWER, date(2024, 5, 1), [("2023", "2028-12-31"), ("2024", "2029-12-31")], []),
        (
            Sector.STEEL,
            date(2026, 6, 1),
            [("2024", "2029-12-31"), ("2025", "2030-12-31"), ("2026", "2031-12-31")],
            [],
        ),
        (Sector.CEMENT, date(2029, 12, 31), [(str(y), f"{y + 5}-12-31") for y in range(2024, 2030)], []),
        (
            Sector.ALUMINIUM,
            date(2030, 1, 1),
            [(str(y), f"{y + 5}-12-31") for y in range(2025, 2031)],
            ["2024"],
        ),
    ],
)
def test_records_are_kept_for_five_years_whatever_is_burnt(
    law: Law, sector: Sector, on: date, must: list[tuple[str, str]], may_go: list[str]
) -> None:
    found = keeping.of_unit(law.on(on), unit(sector=sector, fuel=None), on=on)
    records = [each for each in found if each.duty == "records-retention"]
    if not must:
        assert records == []
        return
    (kept,) = records
    assert [(str(each.period), each.through.isoformat()) for each in kept.must] == must
    assert [str(each.period) for each in kept.may_go] == may_go
    assert {rule.duty for each in kept.must for rule in each.what} == {"records-retention"}
    assert (kept.notice.number, kept.step.clause) == ("国令第775号", "第十一条第三款")


def test_only_the_years_of_the_units_own_life_count(law: Law) -> None:
    (kept,) = keeping.of_unit(
        law,
        unit(sector=Sector.STEEL, valid_from=date(2025, 12, 31), valid_to=date(2026, 1, 1)),
        on=date(2028, 6, 1),
    )
    assert [str(each.period) for each in kept.must] == ["2025", "2026"]


def test_a_bureau_keeps_no_samples(law: Law) -> None:
    assert keeping.of_unit(law, unit(level=Level.DISTRICT), on=date(2024, 8, 1)) == ()


def test_an_unknown_fuel_is_told_from_another_one(law: Law) -> None:
    assert keeping.fuel_unknown(law, unit(fuel=None))
    assert not keeping.fuel_unknown(law, unit(fuel="gas"))
    assert not keeping.fuel_unknown(law, unit(fuel=None, sector=Sector.STEEL))


@pytest.fixture
def many(bureau: Bureau) -> Bureau:
    """The bureau with five more units of the north: of other fuels, of another sector, and of a short life."""

    def work(session: Session) -> None:
        for unit_id in (bureau.mill, bureau.kiln, bureau.dam):
            session.get_one(Organisation, unit_id).fuel = "coal"
        added = [
            unit(fuel="gas"),
            unit(fuel=None),
            unit(sector=Sector.STEEL),
            unit(valid_to=date(2023, 9, 30)),
            unit(valid_from=date(2024, 9, 2)),
        ]
        for number, each in enumerate(added):
            each.code, each.name = f"X{number}", f"X{number}"
        session.add_all(added)
        session.flush()
        session.add_all(Membership(unit_id=each.id, district_id=bureau.north) for each in added)

    bureau.database.write(work)
    return bureau


@pytest.mark.parametrize("on", [date(2023, 8, 31), date(2023, 9, 30), date(2024, 10, 1), date(2025, 3, 1)])
def test_an_inspector_is_told_only_of_units_with_something_to_show(many: Bureau, on: date) -> None:
    scope = Scope(level=Level.MUNICIPAL, organisation_id=many.city)

    def work(session: Session) -> tuple[list[str], int, list[str]]:
        law = many.law.on(on)
        told, total = keeping.to_be_asked(session, law, scope, on=on, limit=20)
        units = organisations.units(session, scope, on=on)
        expected = [
            each.name for each in units if any(kept.must for kept in keeping.of_unit(law, each, on=on))
        ]
        return [each.name for each, _ in told], total, expected

    shown, total, expected = many.database.read(work)
    assert shown == expected
    assert total == len(expected)
    assert bool(expected) is (on >= date(2023, 9, 4))
    assert ("X3" in shown) is (on == date(2023, 9, 30))
    # Records are asked of every fuel and sector once the regulation is in force; samples of coal units only.
    assert ({"X0", "X1", "X2"} <= set(shown)) is (on >= date(2024, 5, 1))
    assert not {"X0", "X1", "X2"} & set(shown) or on >= date(2024, 5, 1)


def test_the_units_to_ask_come_page_by_page_within_the_scope(many: Bureau) -> None:
    scope = Scope(level=Level.DISTRICT, organisation_id=many.north)

    def page(offset: int) -> tuple[list[str], int]:
        def work(session: Session) -> tuple[list[str], int]:
            told, total = keeping.to_be_asked(
                session, many.law.on(date(2024, 10, 1)), scope, on=date(2024, 10, 1), limit=4, offset=offset
            )
            return [each.code for each, _ in told], total

        return many.database.read(work)

    (first, total), (second, _), (third, _) = page(0), page(4), page(8)
    assert (len(first), len(second), third, total) == (4, 2, [], 6)
    assert {"X1", "X2", "X4"} <= {*first, *second}


def test_the_units_whose_fuel_nobody_entered_are_named(many: Bureau) -> None:
    scope = Scope(level=Level.DISTRICT, organisation_id=many.north)

    def work(session: Session) -> list[str]:
        found = keeping.of_unknown_fuel(session, many.law, scope, on=date(2024, 10, 1), limit=8)
        return [each.name for each in found]

    assert many.database.read(work) == ["X1"]
