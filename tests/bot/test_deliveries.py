"""What becomes of a notification when the server, the network or the reader does not take it."""

import socket

import pytest

from bot.screen import Screen
from bot.telegram.messenger import Messenger, connect
from storage import contacts
from storage.database import Session
from storage.models import Attempt, AttemptOutcome, Notification, NotificationKind, Outcome
from tests.bot.conftest import TOKEN, Person, Town

DISTRICT = 201


def heard(person: Person) -> int:
    return sum("已提交，请审核" in text for text in person.messages)


def outcome(town: Town) -> tuple[Outcome, str | None]:
    def find(session: Session) -> tuple[Outcome, str | None]:
        submitted = session.query(Notification).filter_by(kind=NotificationKind.SUBMITTED)
        told = submitted.order_by(Notification.id).first()
        assert told is not None
        return told.outcome, told.outcome_reason

    return town.database.read(find)


def attempts(town: Town) -> list[AttemptOutcome | None]:
    def find(session: Session) -> list[AttemptOutcome | None]:
        first = session.query(Notification.id).filter_by(kind=NotificationKind.SUBMITTED).first()
        assert first is not None
        found = session.query(Attempt).filter_by(notification_id=first[0]).order_by(Attempt.number)
        return [attempt.outcome for attempt in found]

    return town.database.read(find)


async def go() -> bool:
    """Begin every send, as where nobody keeps a record."""
    return True


async def test_a_rate_limit_delays_and_then_it_arrives_once(town: Town, mill: Person, north: Person) -> None:
    await town.fault("429", "sendMessage", retry_after=40, chat_id=DISTRICT)
    await mill.hand_over()
    assert (heard(north), outcome(town)) == (0, (Outcome.PENDING, "too many requests"))
    town.stand_at("2024-02-05 10:00:39")
    await town.settle()
    assert heard(north) == 0
    for later in ("10:00:41", "10:05", "11:00"):
        town.stand_at(f"2024-02-05 {later}")
        await town.settle()
        assert heard(north) == 1
    assert outcome(town)[0] is Outcome.SENT


@pytest.mark.parametrize(
    ("kind", "arrives"),
    [("500", 0), ("502", 0), ("drop", 0), ("reset_after", 1), ("reset_midway", 1), ("not_json", 1)],
)
async def test_what_may_have_arrived_is_recorded_as_unknown_sent_again_and_says_so(
    town: Town, mill: Person, north: Person, kind: str, arrives: int
) -> None:
    await town.fault(kind, "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    assert (heard(north), outcome(town)[0]) == (arrives, Outcome.PENDING)
    town.stand_at("2024-02-05 10:00:29")
    await town.settle()
    assert heard(north) == arrives
    town.stand_at("2024-02-05 10:00:38")
    await town.settle()
    assert (heard(north), outcome(town)[0]) == (arrives + 1, Outcome.SENT)
    assert "这条消息您可能已经收到过" in north.messages[-1]
    assert attempts(town) == [AttemptOutcome.UNKNOWN, AttemptOutcome.CONFIRMED]
    town.stand_at("2024-02-05 12:00")
    await town.settle()
    assert heard(north) == arrives + 1


async def test_a_reader_who_blocked_is_unbound_and_named_in_the_digest(
    town: Town, mill: Person, city: Person
) -> None:
    await town.fault("403", "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    assert outcome(town) == (Outcome.FAILED, "Forbidden: bot was blocked by the user")
    assert town.database.read(lambda s: contacts.by_address(s, "telegram", "201")) is None
    await town.move_to("2024-02-06 09:00")
    digest = next(text for text in reversed(city.messages) if "督办通报" in text)
    assert "暂无可用联系人：北岭区" in digest
    assert "消息无法送达：北岭区" in digest


async def test_a_refused_text_is_a_failure_and_unbinds_nobody(town: Town, mill: Person) -> None:
    await town.fault("400", "sendMessage", chat_id=DISTRICT)
    await mill.hand_over()
    assert outcome(town)[0] is Outcome.FAILED
    assert town.database.read(lambda s: contacts.by_address(s, "telegram", "201")) is not None


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        bot = connect(TOKEN, f"http://127.0.0.1:{closed.getsockname()[1]}")
    receipt = await Messenger(bot, None).deliver(DISTRICT, Screen(html="您好"), go)
    assert (receipt.outcome, receipt.reason) == (Outcome.PENDING, "the server cannot be reached")
    assert receipt.down


async def test_what_happens_at_night_is_told_in_the_morning(town: Town, mill: Person, north: Person) -> None:
    town.stand_at("2024-02-05 23:00")
    await mill.hand_over()
    assert heard(north) == 0
    await town.move_to("2024-02-06 07:01")
    assert heard(north) == 1


async def test_what_was_checked_meanwhile_is_not_told_any_more(
    town: Town, mill: Person, north: Person
) -> None:
    town.stand_at("2024-02-05 23:00")
    await mill.hand_over()
    await north.say("/review")
    await north.press("1. 青禾磨坊热电有限公司")
    await north.press("通过")
    await town.move_to("2024-02-06 07:01")
    assert outcome(town) == (Outcome.DROPPED, "checked meanwhile")


async def test_a_long_message_is_finished_once_begun(town: Town, north: Person) -> None:
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    await town.fault("429", "sendMessage", retry_after=2, after=1)
    async with connect(TOKEN, town.url) as bot:
        long = Screen(html="\n".join(["一" * 3000, "二" * 3000]))
        receipt = await Messenger(bot, None, sleep=nap).deliver(DISTRICT, long, go)
    assert (receipt.outcome, naps) == (Outcome.SENT, [2])
    assert [text[0] for text in north.messages[-2:]] == ["一", "二"]


async def test_a_long_message_refused_in_its_middle_has_failed_and_is_not_begun_anew(town: Town) -> None:
    await town.fault("400", "sendMessage", after=1)
    async with connect(TOKEN, town.url) as bot:
        long = Screen(html="\n".join(["一" * 3000, "二" * 3000]))
        receipt = await Messenger(bot, None).deliver(DISTRICT, long, go)
    assert (receipt.outcome, receipt.reason) == (
        Outcome.FAILED,
        "broken off in its middle: Fault ordered by a test",
    )
