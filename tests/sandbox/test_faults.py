"""Which calls an ordered fault strikes, and which sends the limits refuse."""

from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.errors import ApiError
from sandbox.faults import Fault, Faults
from sandbox.limits import SendLimits


def struck(order: dict[str, Any], calls: int = 6) -> list[bool]:
    faults = Faults()
    faults.order(Fault.model_validate({"kind": "500", **order}))
    return [faults.strike("sendMessage", 1) is not None for _ in range(calls)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({}, [1, 0, 0, 0, 0, 0]),
        ({"count": 2}, [1, 1, 0, 0, 0, 0]),
        ({"count": None}, [1, 1, 1, 1, 1, 1]),
        ({"after": 2, "count": 2}, [0, 0, 1, 1, 0, 0]),
        ({"method": "SENDMESSAGE"}, [1, 0, 0, 0, 0, 0]),
        ({"method": "getMe"}, [0, 0, 0, 0, 0, 0]),
        ({"chat_id": 1}, [1, 0, 0, 0, 0, 0]),
        ({"chat_id": 2}, [0, 0, 0, 0, 0, 0]),
    ],
)
def test_a_fault_strikes_the_calls_it_was_ordered_for(order: dict[str, Any], expected: list[int]) -> None:
    assert struck(order) == [bool(one) for one in expected]


def test_chance_is_the_same_for_the_same_seed() -> None:
    order = {"count": None, "probability": 0.5, "seed": 7}
    first = struck(order, 200)
    assert first == struck(order, 200)
    assert 60 < sum(first) < 140
    assert first != struck({**order, "seed": 8}, 200)


def test_cleared_faults_strike_no_more() -> None:
    faults = Faults()
    faults.order(Fault(kind="500", count=None))
    faults.clear()
    assert faults.strike("getMe", None) is None


@pytest.mark.parametrize(
    "order", [{"kind": "teapot"}, {"kind": "500", "count": 0}, {"kind": "500", "often": True}]
)
def test_a_fault_that_does_not_exist_cannot_be_ordered(order: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(order)


class Seconds:
    """A monotonic clock that a test moves."""

    at = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.at


def accepted(limits: SendLimits, chats: list[int]) -> int:
    taken = 0
    for chat in chats:
        try:
            limits.take("t", chat)
        except ApiError:
            continue
        taken += 1
    return taken


def test_a_private_chat_takes_a_short_burst_and_then_one_a_second() -> None:
    seconds = Seconds()
    limits = SendLimits(seconds)
    assert accepted(limits, [1] * 10) == 3
    seconds.at = 2.0
    assert accepted(limits, [1] * 10) == 2


def test_all_chats_together_take_thirty_a_second() -> None:
    seconds = Seconds()
    limits = SendLimits(seconds)
    assert accepted(limits, list(range(1, 101))) == 30
    seconds.at = 0.5
    assert accepted(limits, list(range(101, 201))) == 15


def test_a_group_takes_twenty_a_minute_and_says_how_long_to_wait() -> None:
    seconds = Seconds()
    limits = SendLimits(seconds)
    assert accepted(limits, [-5] * 30) == 20
    with pytest.raises(ApiError) as caught:
        limits.take("t", -5)
    assert caught.value.parameters == {"retry_after": 3}
    assert caught.value.description == "Too Many Requests: retry after 3"
    seconds.at = 3.0
    limits.take("t", -5)


def test_two_bots_do_not_share_a_limit() -> None:
    limits = SendLimits(Seconds())
    for token in "ab":
        for _ in range(3):
            limits.take(token, 1)
    with pytest.raises(ApiError):
        limits.take("a", 1)
