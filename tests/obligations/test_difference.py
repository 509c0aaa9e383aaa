"""What changes from one rulebook to another is what would bind otherwise, for which sectors and periods."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.calendar import load_calendar
from obligations.comparison import Comparison
from obligations.difference import Aspect, Difference, DutyDifference
from obligations.law import Law
from obligations.notice import Notice, Rulebook, Sector
from obligations.periods import Period
from obligations.terms import Fixed, MonthEndPlus

SINCE, THROUGH = date(2027, 1, 1), date(2028, 12, 31)
POWER, STEEL = frozenset({Sector.POWER}), frozenset({Sector.STEEL})
CITY, NATION = "试环规〔2026〕1号", "试办函〔2026〕2号"


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def stage(name: str = "unit", **changes: object) -> dict[str, Any]:
    return {
        "name": name,
        "actor": "unit",
        "per": "unit",
        "title": words("step"),
        "clause": "一",
        "source_words": "每月结束后20个自然日内",
        "submit_to": "municipal",
        "deadline": {"kind": "month_end_plus", "days": 20},
        "evidence": words("data"),
        "hardness": "hard",
    } | changes


def rule(name: str = "evidence", *stages: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {
        "name": name,
        "title": words(name),
        "recurrence": "monthly",
        "first_period": "2026-01",
        "sectors": ["power", "steel"],
        "stages": stages or (stage(),),
    } | changes


def notice(*rules: dict[str, Any], number: str = CITY, **changes: object) -> Notice:
    return Notice.model_validate(
        {
            "number": number,
            "version": "1",
            "title": words("notice"),
            "issuer": words("bureau"),
            "issued_on": date(2026, 1, 1),
            "in_force_on": date(2026, 1, 1),
            "zone": "Asia/Shanghai",
            "provenance": {"source": "second-hand", "note": words("test")},
            "rules": rules or (rule(),),
        }
        | changes
    )


def compared(before: list[Notice], after: list[Notice]) -> Difference:
    comparison = Comparison(before=Rulebook.of(before), after=Rulebook.of(after), calendar=load_calendar())
    return comparison.difference(SINCE, THROUGH)


def only(found: Difference) -> DutyDifference:
    (duty,) = found.duties
    return duty


def months(first: str, last: str) -> tuple[Period, ...]:
    found = [Period.parse(first)]
    while str(found[-1]) != last:
        found.append(found[-1].next())
    return tuple(found)


def national(*rules: dict[str, Any], **changes: object) -> Notice:
    return notice(*rules, number=NATION, authority="national", **changes)


def test_a_stricter_date_is_told_with_both_notices_for_every_month() -> None:
    strict = rule(sectors=["power"], stages=[stage(deadline={"kind": "month_end_plus", "days": 15})])
    base = notice()
    duty = only(compared([base], [base, national(strict)]))
    (change,) = duty.redated
    assert duty.sectors == POWER
    assert (change.before.notice, change.after.notice) == (CITY, NATION)
    assert change.before.deadline == MonthEndPlus(kind="month_end_plus", days=20)
    assert change.after.deadline == MonthEndPlus(kind="month_end_plus", days=15)
    assert [each.period for each in change.dates] == list(months("2026-12", "2028-11"))
    assert (change.dates[0].before, change.dates[0].after) == (date(2027, 1, 20), date(2027, 1, 15))
    assert not duty.reworded


def test_a_laxer_date_of_another_authority_changes_nothing() -> None:
    lax = rule(stages=[stage(deadline={"kind": "month_end_plus", "days": 40})])
    base = notice()
    found = compared([base], [base, national(lax)])
    assert found.duties == ()
    assert [each.number for each in found.notices_added] == [NATION]


def test_the_same_date_by_a_later_notice_is_told_as_that() -> None:
    base = notice()
    later = notice(number="试环规〔2026〕9号", issued_on=date(2026, 6, 1), in_force_on=date(2026, 6, 1))
    (change,) = only(compared([base], [base, later])).redated
    assert change.same_dates
    assert change.after.notice == "试环规〔2026〕9号"


def test_a_duty_is_added_for_the_sectors_it_names() -> None:
    base = notice()
    new = rule(
        "audit",
        stage(deadline={"kind": "fixed", "month": 6, "day": 30, "year_offset": 1}),
        recurrence="yearly",
        first_period="2026",
        sectors=["steel"],
    )
    duty = only(compared([base], [base, national(new)]))
    assert (duty.duty, duty.sectors) == ("audit", STEEL)
    assert [str(period) for period in duty.added] == ["2026", "2027"], "due on 30 June of 2027 and 2028"
    assert duty.touched == duty.rule.stages


def test_a_duty_that_another_absorbs_ends_for_its_sectors_and_says_by_what() -> None:
    base = notice()
    absorbing = rule("ledger", sectors=["steel"], absorbs=["evidence"], first_period="2028-01")
    ended, added = sorted(compared([base], [base, national(absorbing)]).duties, key=lambda duty: duty.duty)
    assert (ended.duty, ended.sectors, ended.taken_over_by) == ("evidence", STEEL, "ledger")
    assert ended.ended == months("2028-01", "2028-11")
    assert (added.duty, added.added) == ("ledger", months("2028-01", "2028-11"))
    back, _ = sorted(compared([base, national(absorbing)], [base]).duties, key=lambda duty: duty.duty)
    assert (back.duty, back.instead_of) == ("evidence", "ledger")


def test_a_second_version_speaks_of_the_periods_that_end_once_it_is_in_force() -> None:
    first = notice()
    sooner = stage(deadline={"kind": "month_end_plus", "days": 10}, evidence=words("more data"))
    second = notice(
        rule(stages=[sooner, stage("check", actor="municipal")]),
        version="2",
        issued_on=date(2027, 5, 1),
        in_force_on=date(2027, 6, 15),
    )
    duty = only(compared([first], [first, second]))
    assert duty.sectors == POWER | STEEL
    (change,) = duty.redated
    assert (change.before.version, change.after.version) == ("1", "2")
    assert change.dates[0].period == Period.parse("2027-06")
    (more,) = duty.reworded
    assert (more.aspect, more.stage) == (Aspect.EVIDENCE, "unit")
    assert more.periods[0] == Period.parse("2027-06")
    (step,) = duty.stages
    assert (step.stage, step.added, step.periods[0]) == ("check", True, Period.parse("2027-06"))


def test_a_step_that_changes_and_is_then_left_out_is_told_for_both() -> None:
    first = notice(rule("evidence", stage(), stage("check", actor="municipal")))
    second = notice(
        rule(
            "evidence",
            stage(),
            stage("check", actor="municipal", deadline={"kind": "month_end_plus", "days": 10}),
        ),
        version="2",
        in_force_on=date(2027, 1, 1),
    )
    third = notice(version="3", in_force_on=date(2028, 1, 1))
    duty = only(compared([first], [first, second, third]))
    assert [each.stage for each in duty.redated] == ["check"]
    (left_out,) = duty.stages
    assert (left_out.stage, left_out.added, left_out.periods[0]) == ("check", False, Period.parse("2028-01"))
    assert [each.name for each in duty.touched] == ["check"], "though the last chain has no such step"


def test_a_version_that_leaves_a_duty_out_ends_it() -> None:
    first = notice(rule(), rule("ledger"))
    second = notice(rule(), version="2", in_force_on=date(2027, 6, 15))
    duty = only(compared([first], [first, second]))
    assert duty.duty == "ledger"
    assert duty.ended[0] == Period.parse("2027-06")
    assert duty.taken_over_by is None


@pytest.mark.parametrize(
    ("changes", "aspect"),
    [
        ({"title": words("other")}, Aspect.STEP),
        ({"clause": "二"}, Aspect.CLAUSE),
        ({"channel": words("platform")}, Aspect.CHANNEL),
        ({"submit_to": "public"}, Aspect.RECIPIENT),
        ({"checked_by": "municipal"}, Aspect.CHECKER),
        ({"conditions": [words("with care")]}, Aspect.CONDITIONS),
        ({"nil_report": True}, Aspect.NIL_REPORT),
    ],
)
def test_another_word_is_told_without_another_date(changes: dict[str, Any], aspect: Aspect) -> None:
    duty = only(compared([notice()], [notice(rule(stages=[stage(**changes)]))]))
    assert [each.aspect for each in duty.reworded] == [aspect]
    assert duty.redated == ()
    assert duty.sectors == POWER | STEEL


def test_a_corrected_text_of_a_version_is_named_as_changed() -> None:
    found = compared([notice()], [notice(rule(title=words("other")))])
    assert [each.number for each in found.notices_changed] == [CITY]
    assert (found.notices_added, found.notices_ended) == ((), ())
    assert only(found).reworded[0].aspect is Aspect.TITLE


def test_a_date_an_authority_sets_may_become_one_that_is_given() -> None:
    def yearly(deadline: dict[str, Any]) -> dict[str, Any]:
        return rule(stages=[stage(deadline=deadline)], recurrence="yearly", first_period="2026")

    before = notice(yearly({"kind": "external"}))
    after = notice(yearly({"kind": "fixed", "month": 12, "day": 31, "year_offset": 1}))
    (change,) = only(compared([before], [after])).redated
    assert change.after.deadline == Fixed(kind="fixed", month=12, day=31, year_offset=1)
    assert [(str(each.period), each.before, each.after) for each in change.dates] == [
        ("2026", None, date(2027, 12, 31)),
        ("2027", None, date(2028, 12, 31)),
    ], "the date for 2028 lies beyond the years compared"


def test_what_has_no_date_counts_by_its_period() -> None:
    lasting = rule("training", stage(deadline={"kind": "none"}), recurrence="continuous")
    base = notice()
    duty = only(compared([base], [base, national(lasting)]))
    assert [str(period) for period in duty.added] == ["2027", "2028"]


def test_an_open_stage_keeps_the_version_that_made_it() -> None:
    first = notice()
    second = notice(
        rule(stages=[stage(deadline={"kind": "month_end_plus", "days": 10})]),
        version="2",
        in_force_on=date(2027, 1, 1),
    )
    strict = national(rule(stages=[stage(deadline={"kind": "month_end_plus", "days": 5})]))
    month = Period.parse("2027-03")

    def moved(*after: Notice) -> tuple[date | None, date | None] | None:
        comparison = Comparison(
            before=Rulebook.of([first]), after=Rulebook.of(after), calendar=load_calendar()
        )
        return comparison.redated("evidence", "unit", month, sectors=POWER, made=(CITY, "1"))

    assert moved(first, second) == (date(2027, 4, 20), date(2027, 4, 20))
    assert moved(first, strict) == (date(2027, 4, 20), date(2027, 4, 5))
    assert moved(notice(rule("ledger"))) is None, "the duty is not known any more"


@given(days=st.integers(min_value=1, max_value=60), other=st.integers(min_value=1, max_value=60))
def test_there_and_back_is_the_same_change_turned_round(days: int, other: int) -> None:
    one, two = (
        [notice(rule(stages=[stage(deadline={"kind": "month_end_plus", "days": each})]))]
        for each in (days, other)
    )
    there, back = compared(one, two), compared(two, one)
    assert (there.duties == ()) == (days == other)
    turned = [
        (each.period, each.after, each.before) for duty in there.duties for each in duty.redated[0].dates
    ]
    assert turned == [
        (each.period, each.before, each.after) for duty in back.duties for each in duty.redated[0].dates
    ]


def test_what_ships_does_not_differ_from_itself(law: Law) -> None:
    comparison = Comparison(before=law.rulebook, after=law.rulebook, calendar=law.calendar)
    assert comparison.difference(date(2023, 1, 1), date(2028, 12, 31)).duties == ()


def test_every_duty_of_a_notice_is_new_where_there_was_none(law: Law) -> None:
    first = law.rulebook.notices[0]
    comparison = Comparison(before=Rulebook.of([]), after=Rulebook.of([first]), calendar=law.calendar)
    found = comparison.difference(date(2021, 1, 1), date(2025, 12, 31))
    assert {duty.duty for duty in found.duties} == {rule.duty for rule in first.rules}
    assert all(duty.added and not duty.ended for duty in found.duties)
