"""A month's evidence goes up the chain and back: who may decide what, and that a refusal leaves no trace."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from obligations.decisions import DecisionRefused, Refusal, Status
from obligations.notice import Level
from storage import decisions, trail
from storage.errors import NotFoundError, StaleError
from tests.storage.bureau import DISTRICT, MUNICIPAL, UNIT, Bureau, at, everything

NOON = "2024-02-18 12:00"


def statuses(bureau: Bureau) -> list[str]:
    return [bureau.stage(position).status.value for position in (UNIT, DISTRICT, MUNICIPAL)]


def ready(bureau: Bureau) -> list[bool]:
    return [bureau.stage(position).ready for position in (UNIT, DISTRICT, MUNICIPAL)]


def versions(bureau: Bureau) -> list[int]:
    return [bureau.stage(position).version for position in (UNIT, DISTRICT, MUNICIPAL)]


def test_the_evidence_goes_from_the_unit_through_the_district_to_the_city(bureau: Bureau) -> None:
    assert (statuses(bureau), ready(bureau)) == (["open", "open", "open"], [True, False, False])
    bureau.submit("2024-02-18 10:00")
    assert (statuses(bureau), ready(bureau)) == (["submitted", "open", "open"], [True, True, False])
    bureau.accept("2024-02-19 11:00")
    assert (statuses(bureau), ready(bureau)) == (["accepted", "submitted", "open"], [True, True, True])
    bureau.accept("2024-03-01 09:00", DISTRICT)
    assert statuses(bureau) == ["accepted", "accepted", "accepted"]


def test_each_step_keeps_who_handed_over_and_when(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-19 11:00")
    bureau.accept("2024-03-01 09:00", DISTRICT)
    kept = [
        (stage.submitted_at, stage.submitted_by, stage.decided_at)
        for stage in (bureau.stage(position) for position in (UNIT, DISTRICT, MUNICIPAL))
    ]
    assert kept == [
        (at("2024-02-18 10:00"), bureau.people["mill"], at("2024-02-19 11:00")),
        (at("2024-02-19 11:00"), bureau.people["north-1"], at("2024-03-01 09:00")),
        (at("2024-03-01 09:00"), bureau.people["city"], at("2024-03-01 09:00")),
    ]


def test_a_decision_on_one_unit_leaves_the_others_alone(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    for unit in ("kiln", "dam"):
        assert [bureau.stage(position, unit).version for position in (UNIT, DISTRICT, MUNICIPAL)] == [1, 1, 1]


def test_every_decision_writes_one_line_with_its_stage_and_its_maker(bureau: Bureau) -> None:
    unit, district = bureau.stage(UNIT).id, bureau.stage(DISTRICT).id
    bureau.submit("2024-02-18 10:00")
    bureau.send_back("2024-02-18 11:00")
    bureau.submit("2024-02-18 12:00")
    bureau.extend("2024-02-18 13:00", DISTRICT, "2024-02-28")
    bureau.accept("2024-02-19 09:00")
    bureau.send_back("2024-02-19 10:00", DISTRICT)
    bureau.waive("2024-02-19 11:00", DISTRICT)
    mill, north, city = (bureau.people[address] for address in ("mill", "north-1", "city"))
    assert bureau.trail() == [
        ("submit", unit, mill),
        ("return", unit, north),
        ("submit", unit, mill),
        ("extend", district, city),
        ("accept", unit, north),
        ("return", district, city),
        ("waive", district, city),
    ]
    assert bureau.database.read(trail.first_broken) is None


def test_a_line_says_the_reason_of_a_return(bureau: Bureau) -> None:
    stage_id = bureau.stage(UNIT).id
    bureau.submit("2024-02-19 10:00")
    bureau.send_back("2024-02-19 11:00", reason="缺化验单")
    details = bureau.database.read(
        lambda session: [(event.detail, event.organisation_id) for event in trail.of_stage(session, stage_id)]
    )
    assert details == [
        ({"status": "submitted"}, bureau.mill),
        ({"status": "returned", "reason": "缺化验单"}, bureau.mill),
    ]


def test_what_the_city_returns_stays_with_the_district(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-19 11:00")
    bureau.send_back("2024-02-20 09:00", DISTRICT, reason="汇总表有误")
    assert (statuses(bureau), ready(bureau)) == (["accepted", "returned", "open"], [True, True, False])
    assert bureau.stage(DISTRICT).reason == "汇总表有误"
    assert bureau.stage(UNIT).reason is None
    bureau.submit("2024-02-20 15:00", DISTRICT)
    assert (statuses(bureau), ready(bureau)) == (["accepted", "submitted", "open"], [True, True, True])


def test_what_the_city_returns_is_passed_down_and_comes_up_again(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-19 11:00")
    bureau.send_back("2024-02-20 09:00", DISTRICT)
    bureau.send_back("2024-02-20 10:00", UNIT, reason="请补原始记录")
    assert (statuses(bureau), ready(bureau)) == (["returned", "open", "open"], [True, False, False])
    assert bureau.stage(UNIT).reason == "请补原始记录"
    assert (bureau.stage(DISTRICT).reason, bureau.stage(DISTRICT).submitted_at) == (None, None)
    bureau.submit("2024-02-21 10:00")
    bureau.accept("2024-02-22 10:00")
    bureau.accept("2024-02-23 10:00", DISTRICT)
    assert statuses(bureau) == ["accepted", "accepted", "accepted"]


def test_a_return_forgets_nothing_until_the_correction_comes(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.send_back("2024-02-18 11:00", reason="缺化验单")
    returned = bureau.stage(UNIT)
    assert (returned.reason, returned.decided_at) == ("缺化验单", at("2024-02-18 11:00"))
    bureau.submit("2024-02-19 10:00")
    corrected = bureau.stage(UNIT)
    assert (corrected.reason, corrected.decided_at) == (None, None)
    assert corrected.submitted_at == at("2024-02-19 10:00")


def test_a_waived_duty_is_done_with_and_so_are_its_checks(bureau: Bureau) -> None:
    bureau.waive(NOON, UNIT, reason="机组停运")
    waived = bureau.stage(UNIT)
    assert (waived.status, waived.reason, waived.decided_at) == (Status.WAIVED, "机组停运", at(NOON))
    assert statuses(bureau) == ["waived", "waived", "waived"]


def test_a_waived_check_lets_the_next_one_go_on(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.waive(NOON, DISTRICT)
    assert statuses(bureau) == ["submitted", "waived", "open"]
    assert bureau.stage(MUNICIPAL).ready


def test_after_a_check_waived_early_the_next_one_waits_for_the_unit(bureau: Bureau) -> None:
    bureau.waive(NOON, DISTRICT)
    assert ready(bureau) == [True, False, False]
    bureau.submit("2024-02-19 10:00")
    assert ready(bureau) == [True, True, True]
    bureau.send_back("2024-02-19 11:00")
    assert ready(bureau) == [True, False, False]


Refused = tuple[list[str], Callable[..., Any], int, Level, Refusal]
"""The decisions before, then the one refused: what, on which stage, by which level, and why not."""

REFUSED: list[Refused] = [
    ([], decisions.submit, UNIT, Level.DISTRICT, Refusal.NOT_YOURS),
    ([], decisions.submit, UNIT, Level.MUNICIPAL, Refusal.NOT_YOURS),
    ([], decisions.submit, DISTRICT, Level.UNIT, Refusal.NOT_YOURS),
    ([], decisions.submit, DISTRICT, Level.DISTRICT, Refusal.WAITING_UPSTREAM),
    ([], decisions.submit, MUNICIPAL, Level.MUNICIPAL, Refusal.WAITING_UPSTREAM),
    ([], decisions.accept, UNIT, Level.DISTRICT, Refusal.NOTHING_TO_CHECK),
    ([], decisions.accept, UNIT, Level.UNIT, Refusal.NOT_YOURS),
    ([], decisions.return_for_correction, UNIT, Level.DISTRICT, Refusal.NOTHING_TO_CHECK),
    (["submit"], decisions.accept, UNIT, Level.UNIT, Refusal.NOT_YOURS),
    (["submit"], decisions.accept, UNIT, Level.MUNICIPAL, Refusal.NOT_YOURS),
    (["submit"], decisions.submit, DISTRICT, Level.DISTRICT, Refusal.WAITING_UPSTREAM),
    (["submit", "accept"], decisions.submit, UNIT, Level.UNIT, Refusal.ALREADY_DECIDED),
    (["submit", "accept"], decisions.accept, UNIT, Level.DISTRICT, Refusal.ALREADY_DECIDED),
    (["submit", "accept"], decisions.return_for_correction, UNIT, Level.DISTRICT, Refusal.CHECKED_ABOVE),
    (["submit", "accept"], decisions.accept, DISTRICT, Level.DISTRICT, Refusal.NOT_YOURS),
    (["waive"], decisions.submit, UNIT, Level.UNIT, Refusal.ALREADY_DECIDED),
]


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_decision_leaves_no_trace(bureau: Bureau, case: Refused) -> None:
    before, decision, position, level, refusal = case
    for step in before:
        getattr(bureau, step)(NOON)
    stored = everything(bureau.database)
    stage_id = bureau.stage(position).id
    arguments: dict[str, Any] = {"by": bureau.actor(level), "now": at("2024-02-18 13:00")}
    if decision is decisions.return_for_correction:
        arguments["reason"] = "理由"
    with pytest.raises(DecisionRefused) as refused:
        bureau.database.write(lambda session: decision(session, bureau.law, stage_id, **arguments))
    assert refused.value.refusal is refusal
    assert everything(bureau.database) == stored


def test_a_button_drawn_before_the_last_decision_is_stale_and_changes_nothing(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00", version=1)
    before = everything(bureau.database)
    with pytest.raises(StaleError):
        bureau.submit("2024-02-18 10:00", version=1)
    with pytest.raises(StaleError):
        bureau.accept("2024-02-18 11:00", version=1)
    assert everything(bureau.database) == before
    bureau.accept("2024-02-18 11:00", version=2)


def test_a_decision_ages_the_buttons_of_every_stage_it_changes_and_no_others(bureau: Bureau) -> None:
    bureau.submit("2024-02-18 10:00")
    assert versions(bureau) == [2, 1, 1]
    bureau.accept("2024-02-18 11:00")
    assert versions(bureau) == [3, 2, 1]
    bureau.send_back("2024-02-18 12:00", DISTRICT)
    assert versions(bureau) == [3, 3, 1]
    bureau.send_back("2024-02-18 13:00", UNIT)
    assert versions(bureau) == [4, 4, 1]
    bureau.extend("2024-02-18 14:00", UNIT, "2024-03-05")
    assert versions(bureau) == [5, 4, 1]


def test_a_districts_button_for_its_returned_check_is_stale_after_the_check_came_round_again(
    bureau: Bureau,
) -> None:
    bureau.submit("2024-02-18 10:00")
    bureau.accept("2024-02-18 11:00")
    bureau.send_back("2024-02-18 12:00", DISTRICT)
    drawn_for = bureau.stage(DISTRICT).version
    bureau.send_back("2024-02-18 13:00", UNIT)
    bureau.submit("2024-02-19 10:00")
    bureau.accept("2024-02-19 11:00")
    with pytest.raises(StaleError):
        bureau.submit("2024-02-19 12:00", DISTRICT, version=drawn_for)


def test_nothing_is_decided_on_a_stage_that_does_not_exist(bureau: Bureau) -> None:
    with pytest.raises(NotFoundError, match="404"):
        bureau.database.write(
            lambda session: decisions.submit(
                session, bureau.law, 404, by=bureau.actor(Level.UNIT), now=at(NOON)
            )
        )


def test_a_chain_is_read_in_its_order_with_its_organisations(bureau: Bureau) -> None:
    obligation = bureau.stage(UNIT).obligation_id
    names = bureau.database.read(
        lambda session: [
            (stage.name, stage.actor.name, stage.subject.name)
            for stage in decisions.chain_of(session, obligation)
        ]
    )
    assert names == [
        ("unit", "北岭热电有限公司", "北岭热电有限公司"),
        ("district", "北岭区", "北岭热电有限公司"),
        ("municipal", "云江市", "北岭热电有限公司"),
    ]


def pause(bureau: Bureau, until: str) -> None:
    stage_id = bureau.stage(UNIT).id
    bureau.database.write(
        lambda session: decisions.pause(
            session,
            stage_id,
            until=date.fromisoformat(until),
            by=bureau.actor(Level.UNIT),
            now=at("2024-02-17 10:00"),
            reason="正在化验",
        )
    )


def test_a_pause_is_kept_and_on_record_and_tells_nobody(bureau: Bureau) -> None:
    pause(bureau, "2024-02-19")
    stage = bureau.stage(UNIT)
    assert (stage.paused_until, stage.status, stage.version) == (date(2024, 2, 19), Status.OPEN, 1)
    assert stage.act_by_on == date(2024, 2, 20)
    assert bureau.trail() == [("working_on_it", stage.id, bureau.people["mill"])]
    detail = bureau.database.read(lambda session: trail.of_stage(session, stage.id)[0].detail)
    assert detail == {"until": "2024-02-19", "reason": "正在化验"}
    assert bureau.told() == []


@pytest.mark.parametrize("end", ["submit", "waive", "extend"])
def test_a_pause_ends_with_the_next_decision(bureau: Bureau, end: str) -> None:
    pause(bureau, "2024-02-19")
    if end == "extend":
        bureau.extend(NOON, UNIT, "2024-02-28")
    else:
        getattr(bureau, end)(NOON)
    assert bureau.stage(UNIT).paused_until is None
