"""Who may move, set or let go what: the municipality its own, a district what it sets, nobody what the nation asks."""

from datetime import date

import pytest

from obligations import authority
from obligations.authority import RulingKind
from obligations.binding import Binding
from obligations.decisions import DecisionRefused, Refusal
from obligations.law import Law
from obligations.notice import Level, Sector
from obligations.periods import Period

WAIVE, EXTEND, SET_DATE = RulingKind.WAIVE, RulingKind.EXTEND, RulingKind.SET_DATE
POWER = frozenset({Sector.POWER})


def bound(law: Law, duty: str, period: str) -> Binding:
    return law.binding(duty, Period.parse(period), sectors=POWER)


Step = tuple[str, str, str]
"""A duty, its period, one of its stages."""


@pytest.mark.parametrize(
    ("step", "municipal", "district"),
    [
        (("monthly-evidence", "2024-01", "unit"), (EXTEND, WAIVE), ()),
        (("monthly-evidence", "2024-01", "district"), (EXTEND, WAIVE), ()),
        (("monthly-evidence", "2024-01", "municipal"), (EXTEND, WAIVE), ()),
        (("actual-allocation", "2023", "municipal"), (SET_DATE, WAIVE), ()),
        (("surrender", "2025", "unit"), (SET_DATE, WAIVE), ()),
        (("rectification", "2023", "unit"), (WAIVE,), (SET_DATE,)),
        (("penalty-publication", "2021-2022", "district"), (WAIVE,), (SET_DATE,)),
    ],
)
def test_the_municipality_moves_its_own_dates_and_a_date_is_set_by_whom_the_rule_names(
    law: Law,
    step: Step,
    municipal: tuple[RulingKind, ...],
    district: tuple[RulingKind, ...],
) -> None:
    duty, period, stage = step
    binding = bound(law, duty, period)
    assert authority.powers(binding, stage, by=Level.MUNICIPAL) == municipal
    assert authority.powers(binding, stage, by=Level.DISTRICT) == district
    for level in (Level.UNIT, Level.AGENCY):
        assert authority.powers(binding, stage, by=level) == ()


@pytest.mark.parametrize(
    ("step", "kind", "by", "why"),
    [
        (("monthly-evidence", "2024-01", "unit"), EXTEND, Level.DISTRICT, Refusal.NOT_YOURS),
        (("monthly-evidence", "2024-01", "unit"), WAIVE, Level.UNIT, Refusal.NOT_YOURS),
        (("monthly-evidence", "2024-01", "unit"), SET_DATE, Level.MUNICIPAL, Refusal.DATE_IS_GIVEN),
        (("actual-allocation", "2023", "municipal"), EXTEND, Level.MUNICIPAL, Refusal.DATE_IS_ANNOUNCED),
        (("actual-allocation", "2023", "municipal"), SET_DATE, Level.DISTRICT, Refusal.NOT_YOURS),
        (("rectification", "2023", "unit"), SET_DATE, Level.MUNICIPAL, Refusal.NOT_YOURS),
        (("rectification", "2023", "unit"), SET_DATE, Level.UNIT, Refusal.NOT_YOURS),
    ],
)
def test_anything_else_is_refused(law: Law, step: Step, kind: RulingKind, by: Level, why: Refusal) -> None:
    duty, period, stage = step
    with pytest.raises(DecisionRefused) as refused:
        authority.require_power(bound(law, duty, period), stage, kind, by=by)
    assert refused.value.refusal is why


@pytest.mark.parametrize(
    ("duty", "period", "until", "number"),
    [
        ("annual-report", "2025", "2026-03-31", "环办气候函〔2026〕32号"),
        ("monthly-evidence", "2026-01", "2026-03-12", "环办气候函〔2026〕32号"),
        ("annual-report", "2023", "2024-03-31", "环办气候函〔2023〕43号"),
    ],
)
def test_a_date_is_put_off_to_the_nations_at_most(
    law: Law, duty: str, period: str, until: str, number: str
) -> None:
    binding, last = bound(law, duty, period), date.fromisoformat(until)
    authority.require_own(law, binding, ["unit"], EXTEND, until=last)
    with pytest.raises(DecisionRefused) as refused:
        authority.require_own(law, binding, ["unit"], EXTEND, until=date.fromordinal(last.toordinal() + 1))
    told = refused.value
    assert (told.refusal, told.number, told.on) == (Refusal.NATIONAL_LIMIT, number, last)


def test_a_date_of_the_municipalitys_own_has_no_limit(law: Law) -> None:
    authority.require_own(
        law, bound(law, "monthly-evidence", "2024-01"), ["unit"], EXTEND, until=date(2030, 1, 1)
    )
    authority.require_own(
        law, bound(law, "annual-report", "2025"), ["district"], EXTEND, until=date(2030, 1, 1)
    )


def test_what_the_nation_asks_for_is_not_let_go_but_the_check_between_is(law: Law) -> None:
    binding = bound(law, "annual-report", "2025")
    with pytest.raises(DecisionRefused) as refused:
        authority.require_own(law, binding, ["unit", "district", "municipal"], WAIVE, until=None)
    assert (refused.value.refusal, refused.value.number) == (Refusal.NATIONAL_DUTY, "环办气候函〔2026〕32号")
    authority.require_own(law, binding, ["district"], WAIVE, until=None)
    own = bound(law, "monthly-evidence", "2024-01")
    authority.require_own(law, own, ["unit", "district", "municipal"], WAIVE, until=None)


def test_a_duty_the_nation_asks_for_without_a_date_is_not_let_go_either(law: Law) -> None:
    with pytest.raises(DecisionRefused) as refused:
        authority.require_own(law, bound(law, "surrender", "2026"), ["unit"], WAIVE, until=None)
    assert (refused.value.refusal, refused.value.on) == (Refusal.NATIONAL_DUTY, None)


@pytest.mark.parametrize("kind", [EXTEND, WAIVE])
@pytest.mark.parametrize(
    ("duty", "period"),
    [("coal-sample-retention", "2024-02"), ("coal-sample-portion", "2024-02"), ("records-retention", "2024")],
)
def test_what_is_kept_for_inspection_is_neither_put_off_nor_let_go(
    law: Law, duty: str, period: str, kind: RulingKind
) -> None:
    until = date(2026, 1, 1) if kind is EXTEND else None
    with pytest.raises(DecisionRefused) as refused:
        authority.require_own(law, bound(law, duty, period), ["unit"], kind, until=until)
    assert refused.value.refusal is Refusal.KEPT


def test_what_is_reported_of_the_material_kept_is_not_itself_kept(law: Law) -> None:
    assert not authority.is_kept(law, bound(law, "annual-report", "2024"), "unit")
    assert not authority.is_kept(law, bound(law, "coal-sample-inspection", "2024"), "district")


def test_a_new_date_is_still_to_come_and_later_than_the_present_one() -> None:
    today, present = date(2024, 2, 18), date(2024, 2, 20)
    authority.require_later(today, today=today)
    authority.require_later(date(2024, 2, 21), today=today, present_on=present)
    with pytest.raises(DecisionRefused) as refused:
        authority.require_later(date(2024, 2, 17), today=today)
    assert refused.value.refusal is Refusal.IN_THE_PAST
    authority.require_later(date(2029, 12, 31), today=today)
    with pytest.raises(DecisionRefused) as refused:
        authority.require_later(date(2030, 1, 1), today=today)
    assert (refused.value.refusal, refused.value.on) == (Refusal.TOO_FAR, date(2030, 1, 1))
    with pytest.raises(DecisionRefused) as refused:
        authority.require_later(present, today=today, present_on=present)
    assert (refused.value.refusal, refused.value.on) == (Refusal.NOT_LATER, present)
