"""The three services of group robots on this machine, a client, and time that passes only in sleep."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

import httpx
import pytest

from bot.channels.composition import ROBOTS
from bot.channels.limiter import RobotLimiter
from bot.channels.robots import Robot, http_client
from bot.clock import SystemClock
from bot.screen import Screen
from jobs.channel import Receipt
from obligations.law import Law
from tests.bot.channels.services import Services, served


@dataclass(slots=True)
class Hours:
    """Time that passes in sleep only, from the instant the test began: the server's answers bear its date."""

    passed: float = 0.0
    began: datetime = field(default_factory=lambda: SystemClock().now())

    def now(self) -> datetime:
        """Return the present instant."""
        return self.began + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self.passed

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.passed += seconds
        await asyncio.sleep(0)


@dataclass(slots=True)
class Begun:
    """Answers a channel's question whether it may begin, and counts how often it was asked."""

    may: bool = True
    times: int = 0

    async def __call__(self) -> bool:
        """Say whether it may."""
        self.times += 1
        return self.may


Opened: TypeAlias = Callable[[str], Robot]
Sent: TypeAlias = Callable[..., Awaitable[Receipt]]


@pytest.fixture
def hours() -> Hours:
    """Time, which stands still."""
    return Hours()


@pytest.fixture
def begun() -> Begun:
    """A claim that still holds."""
    return Begun()


@pytest.fixture
async def services(hours: Hours) -> AsyncIterator[Services]:
    """The three services."""
    async with served(Services(now=hours.now)) as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The client the robots share."""
    async with http_client() as opened:
        yield opened


@pytest.fixture
def opened(client: httpx.AsyncClient, law: Law, hours: Hours) -> Opened:
    """Open a service's robots by name."""

    async def username() -> str | None:
        return "duewatch_town_bot"

    def open_one(name: str) -> Robot:
        kind = ROBOTS[name]
        limiter = RobotLimiter(name, kind.pace, monotonic=hours.monotonic, sleep=hours.sleep)
        return kind(client, law, username, limiter, loopback=True, now=hours.now, sleep=hours.sleep)

    return open_one


@pytest.fixture
def sent(opened: Opened, services: Services, begun: Begun) -> Sent:
    """Send a screen by a service's robot."""
    robots: dict[str, Robot] = {}

    async def send(name: str, screen: Screen | str = "督期", *, address: str | None = None) -> Receipt:
        robot = robots.setdefault(name, opened(name))
        shown = Screen(html=screen) if isinstance(screen, str) else screen
        where = address or services.address(name, secret=services.secret if name != "wecom" else None)
        return await robot.send(where, shown, language="zh-hans", begin=begun)

    return send
