"""What arises from an event by the law alone: which duties, whose, for which period."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.law import Law
from obligations.occasions import (
    Cause,
    arising,
    causes,
    correction_days,
    correction_of,
    occasions,
    untimely,
)
from obligations.periods import Period
from obligations.terms import Level, Occasion, Sector

LAW = Law.shipped()
Row = tuple[str, str, Level, date | None]


def arisen(
    occasion: Occasion,
    on: str,
    *,
    level: Level = Level.UNIT,
    sector: Sector | None = Sector.POWER,
    of: str | None = None,
) -> list[Row]:
    duty, _, period = (of or "").partition(":")
    found = arising(
        LAW,
        occasion,
        level=level,
        sector=sector,
        fuel="coal",
        happened_on=date.fromisoformat(on),
        cause=None if of is None else Cause(duty=duty, period=Period.parse(period)),
    )
    return [
        (each.binding.duty, str(each.binding.period), each.per, each.steps[0].bound.date.due_on)
        for each in found
    ]


@pytest.mark.parametrize(
    ("occasion", "on", "of", "rows"),
    [
        (
            Occasion.UNFIT_EVIDENCE,
            "2024-02-21",
            "monthly-evidence:2024-01",
            [("correction", "2024-01", Level.UNIT, date(2024, 2, 26))],
        ),
        (Occasion.UNFIT_EVIDENCE, "2024-02-21", None, []),
        (Occasion.UNFIT_EVIDENCE, "2024-02-21", "annual-report:2023", []),
        (Occasion.ANOMALY, "2024-03-05", None, [("anomaly", "2024-03", Level.DISTRICT, None)]),
        (Occasion.COMPLAINT, "2023-09-01", None, [("complaint", "2023-09", Level.DISTRICT, None)]),
        (Occasion.COMPLAINT, "2023-08-31", None, []),
        (Occasion.VIOLATION_CLUE, "2024-03-05", None, [("clue-transfer", "2024-03", Level.DISTRICT, None)]),
        (
            Occasion.LICENCE_CANCELLATION,
            "2024-03-01",
            None,
            [("closing-unit-verification", "2024-03", Level.UNIT, date(2024, 2, 29))],
        ),
        (Occasion.PENALTY, "2024-03-05", None, [("penalty-publication", "2024-03", Level.DISTRICT, None)]),
        (
            Occasion.PENALTY,
            "2024-03-05",
            "surrender-2021-2022:2021-2022",
            [("penalty-publication", "2021-2022", Level.DISTRICT, None)],
        ),
        (
            Occasion.DEFAULT,
            "2023-12-16",
            "surrender-2021-2022:2021-2022",
            [("penalty-2021-2022", "2021-2022", Level.UNIT, None)],
        ),
        (
            Occasion.DEFAULT,
            "2026-01-01",
            "surrender:2024",
            [
                ("rectification", "2024", Level.UNIT, None),
                ("rectification-order", "2024", Level.UNIT, None),
            ],
        ),
        (Occasion.USE_OF_CCER, "2023-10-01", ":2021", [("ccer-offset", "2021", Level.UNIT, None)]),
        (Occasion.USE_OF_CCER, "2023-10-01", ":2023", []),
    ],
)
def test_what_arises_from_an_event_at_a_power_unit(
    occasion: Occasion, on: str, of: str | None, rows: list[Row]
) -> None:
    assert arisen(occasion, on, of=of) == rows


def test_what_is_for_power_units_does_not_arise_at_others() -> None:
    assert arisen(Occasion.ANOMALY, "2024-03-05", sector=Sector.CHEMICAL) == []
    assert [row[0] for row in arisen(Occasion.VIOLATION_CLUE, "2024-03-05", sector=Sector.CHEMICAL)] == [
        "clue-transfer"
    ]


@pytest.mark.parametrize("sector", [Sector.STEEL, Sector.CEMENT, Sector.ALUMINIUM])
def test_a_complaint_about_a_unit_of_the_later_sectors_arises_by_the_regulation(sector: Sector) -> None:
    # 国令第775号第十八条 自2024年5月1日起施行
    assert arisen(Occasion.COMPLAINT, "2024-04-30", sector=sector) == []
    for on in ("2024-05-01", "2026-03-05"):
        assert arisen(Occasion.COMPLAINT, on, sector=sector) == [("complaint", on[:7], Level.DISTRICT, None)]
    assert arisen(Occasion.COMPLAINT, "2026-03-05", sector=Sector.CHEMICAL) == []


def test_a_complaint_about_a_power_unit_stays_with_the_municipal_notice() -> None:
    (found,) = arising(
        LAW,
        Occasion.COMPLAINT,
        level=Level.UNIT,
        sector=Sector.POWER,
        fuel="coal",
        happened_on=date(2026, 3, 5),
    )
    assert [source.notice.number for source in found.binding.sources] == ["渝环规〔2023〕2号"]


def test_what_happens_to_a_district_is_its_own_and_never_a_units() -> None:
    assert [
        row[2] for row in arisen(Occasion.COMPLAINT, "2024-03-05", level=Level.DISTRICT, sector=None)
    ] == [Level.DISTRICT]
    of = "monthly-evidence:2024-01"
    assert arisen(Occasion.UNFIT_EVIDENCE, "2024-03-05", level=Level.DISTRICT, sector=None, of=of) == []
    assert arisen(Occasion.COMPLAINT, "2024-03-05", level=Level.MUNICIPAL, sector=None) == []


def test_every_occasion_the_notices_name_can_happen_to_a_unit() -> None:
    assert set(occasions(LAW.rulebook, Level.UNIT)) == set(Occasion)
    assert Occasion.UNFIT_EVIDENCE not in occasions(LAW.rulebook, Level.DISTRICT)


def test_an_occasion_is_of_the_duties_its_rules_name() -> None:
    assert causes(LAW.rulebook, Occasion.UNFIT_EVIDENCE) == ("monthly-evidence",)
    assert causes(LAW.rulebook, Occasion.DEFAULT) == ("surrender-2021-2022", "surrender")
    assert causes(LAW.rulebook, Occasion.ANOMALY) == ()


@pytest.mark.parametrize("duty", ["monthly-evidence", "annual-report", "surrender"])
def test_what_is_returned_has_the_working_days_of_the_rule_of_corrections(duty: str) -> None:
    assert correction_days(LAW.rulebook, duty) == 3
    found = correction_of(LAW.rulebook, duty)
    assert found is not None
    notice, rule, stage = found
    assert (notice.number, rule.name, stage.clause) == ("渝环规〔2023〕2号", "correction", "二(七)")


@given(
    on=st.dates(date(2023, 9, 1), date(2027, 12, 31)),
    today=st.dates(date(2023, 9, 1), date(2027, 12, 31)),
    occasion=st.sampled_from(Occasion),
)
def test_a_day_fits_a_finding_or_a_cancellation_and_never_both(
    on: date, today: date, occasion: Occasion
) -> None:
    cancellation = untimely(Occasion.LICENCE_CANCELLATION, on, today=today)
    finding = untimely(Occasion.ANOMALY, on, today=today)
    assert cancellation is not finding
    assert untimely(occasion, on, today=today) in (cancellation, finding)


@given(on=st.dates(date(2023, 8, 1), date(2026, 12, 1)))
def test_a_correction_is_due_after_the_finding_on_a_working_day(on: date) -> None:
    [(_, _, _, due_on)] = arisen(Occasion.UNFIT_EVIDENCE, on.isoformat(), of="monthly-evidence:2023-08")
    assert due_on is not None
    assert due_on > on
    assert LAW.calendar.is_working_day(due_on)
