"""Decisions on a chain: who may do what, what follows, and that no sequence of them breaks the chain."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.decisions import (
    TRANSITIONS,
    Action,
    Change,
    DecisionRefused,
    Link,
    Refusal,
    Status,
    decide,
)
from obligations.notice import Level, load_rulebook

SETTLED = {Status.ACCEPTED, Status.WAIVED}
LEVELS = {Level.UNIT: Level.DISTRICT, Level.DISTRICT: Level.MUNICIPAL, Level.MUNICIPAL: None}


def chain(*statuses: Status) -> list[Link]:
    """Return the chain of the monthly evidence in these statuses: unit, district, municipality."""
    return [
        Link(actor=actor, checked_by=checked_by, status=status)
        for (actor, checked_by), status in zip(LEVELS.items(), statuses, strict=True)
    ]


def after(links: Sequence[Link], changes: Sequence[Change]) -> list[Link]:
    new = list(links)
    for change in changes:
        new[change.position] = replace(new[change.position], status=change.status)
    return new


def statuses(links: Sequence[Link]) -> list[Status]:
    return [link.status for link in links]


def refusal(links: Sequence[Link], position: int, action: Action, by: Level) -> Refusal:
    with pytest.raises(DecisionRefused) as refused:
        decide(links, position, action, by=by)
    assert str(refused.value) == refused.value.refusal.value
    return refused.value.refusal


O, S, A, R, W = Status.OPEN, Status.SUBMITTED, Status.ACCEPTED, Status.RETURNED, Status.WAIVED  # noqa: E741 - a table's letters


def test_evidence_goes_up_the_chain_each_acceptance_completing_the_next_level_s_check() -> None:
    links = chain(O, O, O)
    links = after(links, decide(links, 0, Action.SUBMIT, by=Level.UNIT))
    assert statuses(links) == [S, O, O]
    links = after(links, decide(links, 0, Action.ACCEPT, by=Level.DISTRICT))
    assert statuses(links) == [A, S, O]
    links = after(links, decide(links, 1, Action.ACCEPT, by=Level.MUNICIPAL))
    assert statuses(links) == [A, A, A]


def test_what_the_municipality_returned_the_district_may_pass_down_to_the_unit() -> None:
    links = chain(A, S, O)
    links = after(links, decide(links, 1, Action.RETURN, by=Level.MUNICIPAL))
    assert statuses(links) == [A, R, O]
    links = after(links, decide(links, 0, Action.RETURN, by=Level.DISTRICT))
    assert statuses(links) == [R, O, O]
    links = after(links, decide(links, 0, Action.SUBMIT, by=Level.UNIT))
    links = after(links, decide(links, 0, Action.ACCEPT, by=Level.DISTRICT))
    assert statuses(links) == [A, S, O]


def test_what_the_municipality_returned_the_district_may_mend_itself() -> None:
    links = chain(A, R, O)
    assert decide(links, 1, Action.SUBMIT, by=Level.DISTRICT) == (Change(position=1, status=S),)


@pytest.mark.parametrize("status", [S, R])
def test_a_replacement_may_be_uploaded_until_it_is_accepted(status: Status) -> None:
    assert decide(chain(status, O, O), 0, Action.SUBMIT, by=Level.UNIT) == (Change(position=0, status=S),)
    assert refusal(chain(A, S, O), 0, Action.SUBMIT, Level.UNIT) is Refusal.ALREADY_DECIDED


def test_without_a_checker_the_actor_s_word_is_final() -> None:
    alone = [Link(actor=Level.UNIT, checked_by=None, status=O)]
    assert decide(alone, 0, Action.SUBMIT, by=Level.UNIT) == (Change(position=0, status=A),)


def test_a_stage_nobody_follows_is_still_accepted_by_its_checker() -> None:
    alone = [Link(actor=Level.DISTRICT, checked_by=Level.MUNICIPAL, status=S)]
    assert decide(alone, 0, Action.ACCEPT, by=Level.MUNICIPAL) == (Change(position=0, status=A),)
    alone = [replace(alone[0], status=A)]
    assert refusal(alone, 0, Action.RETURN, Level.MUNICIPAL) is Refusal.ALREADY_DECIDED


def test_a_waived_check_is_passed_over_and_stays_waived() -> None:
    links = chain(S, W, O)
    links = after(links, decide(links, 0, Action.ACCEPT, by=Level.DISTRICT))
    assert statuses(links) == [A, W, O]
    assert decide(links, 2, Action.SUBMIT, by=Level.MUNICIPAL) == (Change(position=2, status=A),)


def test_what_follows_another_level_than_the_checker_is_left_to_that_level() -> None:
    links = [
        Link(actor=Level.UNIT, checked_by=Level.MUNICIPAL, status=S),
        Link(actor=Level.DISTRICT, checked_by=None, status=O),
    ]
    assert decide(links, 0, Action.ACCEPT, by=Level.MUNICIPAL) == (Change(position=0, status=A),)


@pytest.mark.parametrize(
    ("links", "position", "action", "by", "why"),
    [
        (chain(O, O, O), 0, Action.SUBMIT, Level.DISTRICT, Refusal.NOT_YOURS),
        (chain(O, O, O), 1, Action.SUBMIT, Level.UNIT, Refusal.NOT_YOURS),
        (chain(S, O, O), 0, Action.ACCEPT, Level.UNIT, Refusal.NOT_YOURS),
        (chain(S, O, O), 0, Action.ACCEPT, Level.MUNICIPAL, Refusal.NOT_YOURS),
        (chain(A, A, S), 2, Action.ACCEPT, Level.MUNICIPAL, Refusal.NOT_YOURS),
        (chain(O, O, O), 1, Action.SUBMIT, Level.DISTRICT, Refusal.WAITING_UPSTREAM),
        (chain(S, O, O), 1, Action.SUBMIT, Level.DISTRICT, Refusal.WAITING_UPSTREAM),
        (chain(R, O, O), 1, Action.SUBMIT, Level.DISTRICT, Refusal.WAITING_UPSTREAM),
        (chain(O, W, O), 2, Action.SUBMIT, Level.MUNICIPAL, Refusal.WAITING_UPSTREAM),
        (chain(O, O, O), 0, Action.ACCEPT, Level.DISTRICT, Refusal.NOTHING_TO_CHECK),
        (chain(O, O, O), 0, Action.RETURN, Level.DISTRICT, Refusal.NOTHING_TO_CHECK),
        (chain(R, O, O), 0, Action.RETURN, Level.DISTRICT, Refusal.NOTHING_TO_CHECK),
        (chain(A, S, O), 0, Action.ACCEPT, Level.DISTRICT, Refusal.ALREADY_DECIDED),
        (chain(W, O, O), 0, Action.SUBMIT, Level.UNIT, Refusal.ALREADY_DECIDED),
        (chain(A, S, O), 0, Action.RETURN, Level.DISTRICT, Refusal.CHECKED_ABOVE),
        (chain(A, A, A), 0, Action.RETURN, Level.DISTRICT, Refusal.ALREADY_DECIDED),
        (chain(A, W, O), 0, Action.RETURN, Level.DISTRICT, Refusal.ALREADY_DECIDED),
    ],
)
def test_what_the_chain_does_not_allow_is_refused_with_its_reason(
    links: list[Link], position: int, action: Action, by: Level, why: Refusal
) -> None:
    assert refusal(links, position, action, by) is why


@pytest.mark.parametrize("position", [-1, 3])
def test_a_position_outside_the_chain_is_a_fault_of_the_caller(position: int) -> None:
    with pytest.raises(IndexError, match="no position"):
        decide(chain(O, O, O), position, Action.SUBMIT, by=Level.UNIT)


def test_nothing_leads_out_of_waived_and_only_a_return_out_of_accepted() -> None:
    assert [action for status, action in TRANSITIONS if status is W] == []
    assert [action for status, action in TRANSITIONS if status is A] == [Action.RETURN]


CHAINS = sorted(
    {
        tuple((stage.actor, stage.checked_by) for stage in stages)
        for rule in load_rulebook().rules
        for stages in rule.chains().values()
    },
    key=str,
)
WAIVED = st.frozensets(st.integers(0, 2))
"""The stages that an authority let go before anything was decided on the chain."""
ACTIONS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(Action), st.sampled_from(Level)), max_size=40)


def open_chain(
    shape: Sequence[tuple[Level, Level | None]], waived: frozenset[int] = frozenset()
) -> list[Link]:
    return [
        Link(actor=actor, checked_by=checked_by, status=W if position in waived else O)
        for position, (actor, checked_by) in enumerate(shape)
    ]


def run(links: list[Link], actions: Sequence[tuple[int, Action, Level]]) -> list[list[Link]]:
    """Return every state passed through; a refused action leaves the state as it was."""
    passed = [links]
    for position, action, by in actions:
        try:
            links = after(links, decide(links, position % len(links), action, by=by))
        except DecisionRefused:
            continue
        passed.append(links)
    return passed


@settings(max_examples=150)
@given(st.sampled_from(CHAINS), WAIVED, ACTIONS)
def test_no_sequence_of_actions_hands_over_a_stage_before_all_earlier_ones_are_settled(
    shape: tuple[tuple[Level, Level | None], ...],
    waived: frozenset[int],
    actions: list[tuple[int, Action, Level]],
) -> None:
    for links in run(open_chain(shape, waived), actions):
        for position, link in enumerate(links):
            if link.status in {S, A, R}:
                assert all(earlier.status in SETTLED for earlier in links[:position]), statuses(links)
            if link.checked_by is None:
                assert link.status in {O, A, W}, statuses(links)


@settings(max_examples=150)
@given(st.sampled_from(CHAINS), WAIVED, ACTIONS)
def test_from_wherever_a_chain_stands_it_can_be_brought_to_its_end(
    shape: tuple[tuple[Level, Level | None], ...],
    waived: frozenset[int],
    actions: list[tuple[int, Action, Level]],
) -> None:
    links = run(open_chain(shape, waived), actions)[-1]
    for position, link in enumerate(links):
        if links[position].status in {O, R}:
            links = after(links, decide(links, position, Action.SUBMIT, by=link.actor))
        if links[position].status is S and link.checked_by is not None:
            links = after(links, decide(links, position, Action.ACCEPT, by=link.checked_by))
    assert set(statuses(links)) <= SETTLED


@settings(max_examples=150)
@given(st.sampled_from(CHAINS), WAIVED, ACTIONS)
def test_a_change_follows_the_table_or_is_the_neighbour_s_consequence(
    shape: tuple[tuple[Level, Level | None], ...],
    waived: frozenset[int],
    actions: list[tuple[int, Action, Level]],
) -> None:
    links = open_chain(shape, waived)
    for raw, action, by in actions:
        position = raw % len(links)
        try:
            first, *rest = decide(links, position, action, by=by)
        except DecisionRefused:
            continue
        expected = TRANSITIONS[links[position].status, action]
        if action is Action.SUBMIT and links[position].checked_by is None:
            expected = A
        assert first == Change(position=position, status=expected)
        assert [change.position for change in rest] in ([], [position + 1])
        assert not rest or action in {Action.ACCEPT, Action.RETURN}
        links = after(links, [first, *rest])


def test_these_and_only_these_actions_are_open_on_a_unit_s_evidence() -> None:
    expected = {(status, Action.SUBMIT, Level.UNIT) for status in (O, S, R)} | {
        (S, action, Level.DISTRICT) for action in (Action.ACCEPT, Action.RETURN)
    }
    allowed = set()
    for status, action, by in product(Status, Action, Level):
        with suppress(DecisionRefused):
            decide(chain(status, O, O), 0, action, by=by)
            allowed.add((status, action, by))
    assert allowed == expected
