"""A process counts its deliveries by what became of them, how long they waited for their turn, and how long they took."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from bot.web.meters import Meters
from jobs.channel import NOT_MINE, Begin, Parcel, Receipt
from storage.models import Outcome

PARCEL = cast("Parcel", None)  # the channel of these tests looks at none


@dataclass(slots=True)
class Watch:
    """A stop watch that tests move."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


@dataclass(slots=True)
class SlowChannel:
    """Waits two seconds for its turn and takes half a second to answer."""

    watch: Watch
    answers: list[Receipt]
    name: str = "chat"
    asked: list[datetime] = field(default_factory=list)

    async def deliver(self, _parcel: Parcel, begin: Begin) -> Receipt:
        self.watch.at += 2
        if not await begin():
            return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
        self.watch.at += 0.5
        return self.answers.pop(0)


async def mine() -> bool:
    return True


async def not_mine() -> bool:
    return False


async def test_deliveries_are_counted_by_what_became_of_them() -> None:
    watch = Watch()
    meters = Meters(monotonic=watch)
    outcomes = [Outcome.SENT, Outcome.UNKNOWN, Outcome.SENT]
    chat = SlowChannel(watch, [Receipt(outcome=outcome) for outcome in outcomes])
    metered = meters.around({"chat": chat})["chat"]
    assert metered.name == "chat"
    for outcome in outcomes:
        assert (await metered.deliver(PARCEL, mine)).outcome is outcome

    def value(name: str, **labels: str) -> float | None:
        return meters.registry.get_sample_value(name, {"channel": "chat", **labels})

    assert value("duewatch_deliveries_total", outcome="sent") == 2
    assert value("duewatch_deliveries_total", outcome="unknown") == 1
    assert value("duewatch_deliveries_total", outcome="failed") == 0, "told before there is any"
    assert value("duewatch_send_seconds_count") == 3
    assert value("duewatch_send_seconds_sum") == 1.5
    assert value("duewatch_limiter_wait_seconds_sum") == 6


async def test_what_another_process_has_is_not_counted() -> None:
    watch = Watch()
    meters = Meters(monotonic=watch)
    metered = meters.around({"chat": SlowChannel(watch, [])})["chat"]
    assert (await metered.deliver(PARCEL, not_mine)).reason == NOT_MINE
    assert (
        meters.registry.get_sample_value(
            "duewatch_deliveries_total", {"channel": "chat", "outcome": "pending"}
        )
        == 0
    )
    assert meters.registry.get_sample_value("duewatch_send_seconds_count", {"channel": "chat"}) == 0
