"""The limiter spaces messages as Telegram wants them, and holds nobody up for the sake of another's chat."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.limiter import GROUP, OVERALL, PRIVATE, Limiter, OwnLimits
from sandbox.limits import SendLimits
from storage import send_limits
from storage.send_limits import LONGEST_QUEUE, Lines, Pace
from tests.bot import virtual

PLACES = 8
A_GROUP = -100


class Log:
    """What went when, in seconds of the loop since the test began."""

    def __init__(self, limiter: Limiter | None = None) -> None:
        self.limiter = limiter or Limiter()
        self.begun = virtual.now()
        self.sent: list[tuple[float, int]] = []

    async def send(self, chat: int, *, answering: bool = False) -> bool:
        alone = await self.limiter.wait(chat, answering=answering)
        self.sent.append((self.seconds(), chat))
        return alone

    def seconds(self) -> float:
        return virtual.now() - self.begun

    def times(self, chat: int) -> list[float]:
        return [at for at, each in self.sent if each == chat]


def most_in(window: float, times: Sequence[float]) -> int:
    """Return the most there are in any window that is open at its end."""
    ordered = sorted(times)
    most = first = 0
    for n, at in enumerate(ordered):
        while ordered[first] <= at - window + 1e-6:
            first += 1
        most = max(most, n - first + 1)
    return most


def virtually(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test on a clock that jumps."""
    virtual.run(work())


class TestPaces:
    """What each limit lets through."""

    def test_a_chat_gets_a_short_burst_and_then_one_a_second(self) -> None:
        async def work() -> None:
            log = Log()
            for _ in range(8):
                await log.send(1)
            times = log.times(1)
            assert times[2] < 0.2
            gaps = [later - earlier for earlier, later in pairwise(times[3:])]
            assert gaps == pytest.approx([PRIVATE.interval] * 4, abs=0.01)
            assert 1 <= PRIVATE.interval < 1.2

        virtually(work)

    def test_a_group_gets_twenty_in_its_busiest_minute(self) -> None:
        async def work() -> None:
            log = Log()
            for _ in range(70):
                await log.send(A_GROUP)
            assert most_in(60, log.times(A_GROUP)) == 20

        virtually(work)

    def test_all_chats_together_get_twenty_five_a_second(self) -> None:
        async def work() -> None:
            log = Log()
            await asyncio.gather(*(log.send(chat) for chat in range(1, 301)))
            times = [at for at, _ in log.sent]
            assert most_in(1, times) == 25
            assert times[-1] == pytest.approx(299 * OVERALL.interval)

        virtually(work)

    def test_who_was_quiet_for_long_does_not_wait(self) -> None:
        async def work() -> None:
            log = Log()
            for _ in range(3):
                await log.send(1)
            await asyncio.sleep(60)
            before = log.seconds()
            await log.send(1)
            assert log.seconds() == before

        virtually(work)


class TestOthers:
    """A chat that must wait is nobody else's concern."""

    def test_a_busy_chat_takes_no_place_of_the_others_while_it_waits(self) -> None:
        async def work() -> None:
            log = Log()
            busy = [asyncio.create_task(log.send(1)) for _ in range(10)]
            await asyncio.sleep(0.5)
            before = log.seconds()
            await log.send(2)
            assert log.seconds() == before
            await asyncio.gather(*busy)

        virtually(work)

    def test_ten_busy_chats_do_not_slow_the_others_down(self) -> None:
        async def work() -> None:
            log = Log()
            busy = [asyncio.create_task(log.send(chat)) for chat in range(10) for _ in range(20)]
            await asyncio.sleep(2)
            before = log.seconds()
            for chat in range(100, 140):
                await log.send(chat)
            # The ten take ten places a second of the twenty-five at most.
            assert log.seconds() - before < 40 * OVERALL.interval * 25 / 15
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)

        virtually(work)

    def test_a_chats_messages_go_in_the_order_they_came(self) -> None:
        async def work() -> None:
            log = Log()
            order: list[int] = []

            async def send(number: int) -> None:
                await log.send(1)
                order.append(number)

            await asyncio.gather(*(send(number) for number in range(12)))
            assert order == list(range(12))

        virtually(work)

    def test_an_answer_stands_behind_one_delivery_at_most(self) -> None:
        async def work() -> None:
            log = Log()
            queued = [asyncio.create_task(log.send(chat)) for chat in range(1, 200)]
            await asyncio.sleep(1.01)
            before = log.seconds()
            await log.send(1001, answering=True)
            assert log.seconds() - before <= 2 * OVERALL.interval + 1e-6
            await asyncio.gather(*queued)

        virtually(work)

    def test_one_who_gave_up_holds_no_place(self) -> None:
        async def work() -> None:
            log = Log()
            waiting = [asyncio.create_task(log.send(1)) for _ in range(50)]
            await asyncio.sleep(3)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            before = log.seconds()
            await log.send(1)
            assert log.seconds() - before <= PRIVATE.interval

        virtually(work)


class TestDelay:
    """How long a chat is busy, for who would rather come back."""

    def test_it_is_nothing_for_a_chat_that_is_free_and_takes_no_turn(self) -> None:
        async def work() -> None:
            log = Log()
            for _ in range(100):
                assert await log.limiter.delay(1) == 0
            await log.send(1)
            assert log.seconds() == 0

        virtually(work)

    def test_it_is_what_a_wait_takes(self) -> None:
        async def work() -> None:
            log = Log()
            for _ in range(3):
                await log.send(A_GROUP)
            said, before = await log.limiter.delay(A_GROUP), log.seconds()
            await log.send(A_GROUP)
            assert 3 < said == pytest.approx(log.seconds() - before)

        virtually(work)

    def test_a_pause_is_in_it(self) -> None:
        async def work() -> None:
            log = Log()
            await log.limiter.pause(1, 30)
            assert await log.limiter.delay(1) == pytest.approx(30)
            assert await log.limiter.delay(2) == 0
            await log.limiter.pause(2, 40, everyone=True)
            assert await log.limiter.delay(1) == pytest.approx(40)

        virtually(work)


class TestPauses:
    """What Telegram asked to pause pauses, and nothing else."""

    @pytest.mark.parametrize("chat", [1, A_GROUP])
    def test_a_pause_is_kept_to_the_second_and_takes_nothing_away(self, chat: int) -> None:
        async def work() -> None:
            log = Log()
            await log.limiter.pause(chat, 30)
            for _ in range(3):
                await log.send(chat)
            assert log.times(chat) == pytest.approx([30, 30.04, 30.08])

        virtually(work)

    def test_who_already_waits_for_the_chat_keeps_it_too(self) -> None:
        async def work() -> None:
            log = Log()
            waiting = [asyncio.create_task(log.send(1)) for _ in range(5)]
            await asyncio.sleep(0.5)
            await log.limiter.pause(1, 30)
            await asyncio.gather(*waiting)
            assert log.times(1)[3] == pytest.approx(30.5)

        virtually(work)

    def test_it_is_no_other_chats(self) -> None:
        async def work() -> None:
            log = Log()
            await log.limiter.pause(1, 30)
            waiting = asyncio.create_task(log.send(1))
            await asyncio.sleep(1)
            for chat in range(2, 27):
                await log.send(chat)
            assert log.seconds() == pytest.approx(1 + 24 * OVERALL.interval)
            await waiting

        virtually(work)

    def test_it_is_no_other_tokens(self) -> None:
        async def work() -> None:
            log, other = Log(), Log()
            await log.limiter.pause(1, 30, everyone=True)
            await other.send(1)
            assert other.seconds() == 0

        virtually(work)

    def test_a_shorter_one_does_not_end_a_longer_one(self) -> None:
        async def work() -> None:
            log = Log()
            for seconds in (30, 5):
                await log.limiter.pause(1, seconds)
            await log.limiter.pause(2, 20, everyone=True)
            await log.limiter.pause(2, 5, everyone=True)
            await log.send(2)
            await log.send(1)
            assert [at for at, _ in log.sent] == pytest.approx([20, 30])

        virtually(work)

    def test_only_a_chat_that_had_nothing_lately_can_speak_for_the_token(self) -> None:
        async def work() -> None:
            log = Log()
            assert await log.send(1) is True
            assert await log.send(1) is False
            assert await log.send(2) is True
            await asyncio.sleep(2 * PRIVATE.interval)
            assert await log.send(1) is True

        virtually(work)

    def test_after_a_pause_of_the_token_its_pace_is_kept(self) -> None:
        async def work() -> None:
            log = Log()
            await log.limiter.pause(1, 10, everyone=True)
            await asyncio.gather(*(log.send(chat) for chat in range(60)))
            assert log.sent[0][0] == pytest.approx(10)
            assert most_in(1, [at for at, _ in log.sent]) == 25

        virtually(work)


chats = st.sampled_from([1, 2, 3, 4, 5, *range(10, 60), A_GROUP, A_GROUP - 1])
arrivals = st.lists(
    st.tuples(st.floats(0, 120), chats, st.integers(1, 30), st.booleans()), min_size=1, max_size=25
)


@settings(max_examples=60)
@given(pattern=arrivals)
def test_no_pattern_of_arrivals_exceeds_any_limit_or_loses_anything(
    pattern: list[tuple[float, int, int, bool]],
) -> None:
    async def work() -> None:
        log = Log()
        judge = SendLimits(virtual.now)

        async def come(at: float, chat: int, number: int, answering: bool) -> None:  # noqa: FBT001  # drawn
            await asyncio.sleep(at)
            for _ in range(number):
                await log.send(chat, answering=answering)
                judge.take("token", chat)  # raises where Telegram would refuse

        await asyncio.gather(*(come(*each) for each in pattern))
        due = Counter[int]()
        for _, chat, number, _ in pattern:
            due[chat] += number
        assert Counter(chat for _, chat in log.sent) == due
        assert most_in(1, [at for at, _ in log.sent]) <= 25
        for group in (A_GROUP, A_GROUP - 1):
            assert most_in(60, log.times(group)) <= 20

    virtual.run(work())


@settings(max_examples=60)
@given(pattern=arrivals, refusals=st.lists(st.tuples(st.floats(0, 60), chats, st.integers(1, 40))))
def test_nothing_goes_to_a_chat_in_its_pause(
    pattern: list[tuple[float, int, int, bool]], refusals: list[tuple[float, int, int]]
) -> None:
    async def work() -> None:
        log = Log()
        paused: list[tuple[int, float, float]] = []

        async def come(at: float, chat: int, number: int, answering: bool) -> None:  # noqa: FBT001  # drawn
            await asyncio.sleep(at)
            for _ in range(number):
                await log.send(chat, answering=answering)

        async def refuse(at: float, chat: int, seconds: int) -> None:
            await asyncio.sleep(at)
            await log.limiter.pause(chat, seconds)
            paused.append((chat, log.seconds(), log.seconds() + seconds))

        await asyncio.gather(*(come(*each) for each in pattern), *(refuse(*each) for each in refusals))
        for chat, since, until in paused:
            # One whose turn was taken before goes within a place or two.
            inside = [at for at in log.times(chat) if since + 2 * OVERALL.interval < at < until - 1e-5]
            assert not inside

    virtual.run(work())


class TestArithmetic:
    """`storage.send_limits`, which knows no clock."""

    PACE = Pace(interval=1.0, burst=2)
    BOT = Pace(interval=0.1)

    def test_a_line_left_from_before_a_clock_was_set_back_is_not_believed(self) -> None:
        hour = Lines(bot=4600.0, chat=4600.0)
        turn, after = send_limits.step(hour, 1000.0, bot=self.BOT, chat=self.PACE)
        assert (turn.taken, turn.wait) == (True, 0)
        assert (after.bot, after.chat) == (1000.1, 1001.0)

    def test_a_line_that_others_wait_on_is(self) -> None:
        waiting = Lines(bot=1000.0 + LONGEST_QUEUE)
        turn, _ = send_limits.step(waiting, 1000.0, bot=self.BOT, chat=self.PACE)
        assert turn.wait == LONGEST_QUEUE

    def test_less_than_the_table_can_tell_is_not_waited_for(self) -> None:
        assert send_limits.busy(Lines(chat=1001.0000005), 1000.0, chat=self.PACE) == 0

    def test_a_turn_that_is_not_taken_changes_nothing(self) -> None:
        lines = Lines(bot=1000.05, chat=1002.0)
        turn, after = send_limits.step(lines, 1000.0, bot=self.BOT, chat=self.PACE)
        assert (turn.taken, turn.wait, after) == (False, 1.0, lines)

    def test_the_key_does_not_show_the_token(self) -> None:
        key = send_limits.key_of("7000001:secret")
        assert key.startswith("telegram:")
        assert "secret" not in key
        assert key != send_limits.key_of("7000001:other")


def test_chats_that_are_free_again_are_forgotten() -> None:
    async def work() -> None:
        limits = OwnLimits()
        await limits.pause(0, 1e6)
        for chat in range(1, 10_050):
            await limits.take(chat)
            await asyncio.sleep(OVERALL.interval)
        assert await limits.delay(0) > 1e5
        assert len(limits._chats) < 10_000  # noqa: SLF001  # what it holds is what this is about

    virtually(work)


def test_a_groups_pace_is_slower() -> None:
    assert GROUP.interval > PRIVATE.interval
