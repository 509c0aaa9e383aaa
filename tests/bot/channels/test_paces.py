"""Each robot's own limit: kept without being asked, and obeyed when it is reached."""

from datetime import timedelta

import pytest
from starlette.responses import PlainTextResponse

from bot.channels.limiter import RobotLimiter
from bot.channels.wecom import WecomRobot
from bot.screen import Screen
from storage.database import Database
from storage.models import Outcome, SendLimit
from tests.bot.channels.conftest import Begun, Hours, Opened, Sent
from tests.bot.channels.services import KEY, Services

ALL = ("wecom", "dingtalk", "feishu")


@pytest.mark.parametrize(
    ("name", "answer", "seconds"),
    [
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, 60),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, 600),
        ("dingtalk", {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "24ce"}, 5),
        ("feishu", {"code": 11232, "data": {}, "msg": "frequency limited psm"}, 60),
        ("feishu", {"code": 9499, "msg": "too many request"}, 60),
    ],
)
async def test_a_limit_delays_and_does_not_count(
    name: str, answer: dict[str, object], seconds: int, sent: Sent, services: Services
) -> None:
    services.answer(answer)

    receipt = await sent(name)

    assert receipt.retry_in == timedelta(seconds=seconds)
    assert receipt.outcome is Outcome.PENDING


async def test_after_a_limit_the_robots_next_message_waits_too(
    sent: Sent, services: Services, hours: Hours, begun: Begun
) -> None:
    services.answer({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"})
    await sent("dingtalk")

    held = await sent("dingtalk")
    assert (held.outcome, held.retry_in) == (Outcome.PENDING, timedelta(minutes=10))
    assert (len(services.taken), begun.times) == (0, 1)

    hours.passed += 600
    assert (await sent("dingtalk")).outcome is Outcome.SENT


@pytest.mark.parametrize("name", ALL)
async def test_a_robot_is_never_written_to_faster_than_it_lets_itself(
    name: str, sent: Sent, hours: Hours
) -> None:
    times = []
    most = {"wecom": 20, "dingtalk": 20, "feishu": 100}[name]
    for _ in range(most + 10):
        await sent(name)
        times.append(hours.passed)

    assert max(sum(start <= at < start + 60 for at in times) for start in times) <= most
    if name == "feishu":
        assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 5
    # It delays and no more than it must: near to what is allowed.
    assert times[-1] < (most + 10) / most * 60 * 1.4


async def test_one_robots_limit_holds_no_other_robot(
    opened: Opened, services: Services, begun: Begun, hours: Hours
) -> None:
    robot = opened("wecom")
    for _ in range(10):
        await robot.send(services.address("wecom"), Screen(html="督期"), language="en", begin=begun)
    passed = hours.passed

    await robot.send(
        services.address("wecom", key="another-robot"), Screen(html="督期"), language="en", begin=begun
    )

    assert hours.passed == passed


async def test_429_waits_as_long_as_it_says(sent: Sent, services: Services) -> None:
    services.answers.append(PlainTextResponse("", status_code=429, headers={"Retry-After": "7"}))

    receipt = await sent("wecom")

    assert (receipt.outcome, receipt.retry_in) == (Outcome.PENDING, timedelta(seconds=7))


async def test_processes_on_one_database_share_a_robots_limit(postgres_url: str) -> None:
    database = Database(postgres_url)
    limiters = [RobotLimiter("wecom", WecomRobot.pace, database, sleep=_stop) for _ in range(2)]
    for number in range(WecomRobot.pace.burst):
        await limiters[number % 2].wait(KEY)

    for limiter in limiters:
        with pytest.raises(_WaitedError) as waited:
            await limiter.wait(KEY)
        assert 0 < waited.value.seconds <= WecomRobot.pace.interval
    await limiters[0].pause(KEY, 60)
    assert await limiters[1].delay(KEY) > 50
    with pytest.raises(_WaitedError) as waited:
        await limiters[1].wait(KEY)
    assert waited.value.seconds > 50

    keys = database.read(lambda session: [row.key for row in session.query(SendLimit)])
    database.close()
    assert keys
    assert not any(KEY in key for key in keys)


async def _stop(seconds: float) -> None:
    raise _WaitedError(seconds)


class _WaitedError(Exception):
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
