"""What the group robots share: a text cut into messages, each in its turn, and the answer's body read for its code.

These services answer HTTP 200 whatever they did: only the code in the body says whether a message was taken.
"""

import asyncio
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final

import httpx

from bot.channels.addresses import AddressError, Service, Webhook
from bot.channels.limiter import RobotLimiter
from bot.channels.markdown import Dialect, pieces
from bot.channels.page import NAME, Page, Username, page
from bot.clock import SystemClock
from bot.screen import Screen
from bot.wording.parcels import worded
from jobs.channel import NOT_MINE, Begin, Parcel, Receipt
from locales.printer import Printer
from obligations.law import Law
from storage.models import Outcome
from storage.send_limits import Pace

_log = logging.getLogger(__name__)

BUSY: Final = timedelta(seconds=10)
"""How long a service that says it is busy is left alone."""

_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_RETRY_REFUSED_CONNECTION: Final = timedelta(seconds=5)
_RETRY_DOWN: Final = timedelta(minutes=5)
_PATIENCE: Final = timedelta(seconds=10)
_TRIES_ONCE_BEGUN: Final = 3
_LONGEST_REASON: Final = 200
_LONGEST_TURN: Final = 30.0
_MARK_BYTES: Final = 40
_TOO_MANY_REQUESTS: Final = 429
_OK: Final = 200
_SERVER_ERROR: Final = 500
_SHORTEST_ASKED: Final = timedelta(seconds=1)
_LONGEST_ASKED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a service's code means.

    ``later`` is how long to wait before the same message is tried again; ``limited`` says that the robot's limit was
    reached. ``gone`` says that this address takes nothing any more, until somebody enters it anew; ``down`` that something of
    ours keeps every robot of the service from taking anything. With none of them, this message was refused.
    """

    later: timedelta | None = None
    limited: bool = False
    gone: bool = False
    down: bool = False


REFUSED: Final = Verdict()
GONE: Final = Verdict(gone=True)
LATER: Final = Verdict(later=BUSY)
CLOCK: Final = Verdict(down=True)
"""Our clock is wrong: no signature of ours is right."""


def http_client() -> httpx.AsyncClient:
    """Return the client all robots share. It follows no redirect: what is sent goes to the service, or nowhere."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(20, connect=10, pool=30),
        limits=httpx.Limits(max_connections=8),
        follow_redirects=False,
    )


class Robot(ABC):
    """One service of group robots as a channel."""

    name: ClassVar[str]
    service: ClassVar[Service]
    pace: ClassVar[Pace]
    dialect: ClassVar[Dialect]
    limit: ClassVar[int]
    code: ClassVar[tuple[str, ...]]
    message: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        client: httpx.AsyncClient,
        law: Law,
        username: Username,
        limiter: RobotLimiter,
        *,
        loopback: bool = False,
        now: Callable[[], datetime] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._law = law
        self._username = username
        self._limiter = limiter
        self._loopback = loopback
        self._now = now or SystemClock().now
        self._sleep = sleep

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        """Word and send one parcel. An error of the service is an outcome, never raised."""
        screen = worded(parcel, self._law)
        receipt = await self.send(parcel.address, screen, language=parcel.language, begin=begin)
        return replace(receipt, parts=screen.parts, named=screen.named)

    async def send(
        self,
        address: str,
        screen: Screen,
        *,
        language: str,
        begin: Begin,
        key: str = "",  # noqa: ARG002  # a robot gives no id
    ) -> Receipt:
        """Send a screen to a robot, in as many messages as it takes, and return what became of it."""
        try:
            webhook = Webhook.parse(address, self.service, loopback=self._loopback)
        except AddressError as error:
            return Receipt(outcome=Outcome.FAILED, reason=str(error), unbind=True)
        held = await self._limiter.delay(webhook.key)
        if held > _LONGEST_TURN:
            # Waiting here would hold up others, and outlast the claim.
            return Receipt(
                outcome=Outcome.PENDING, retry_in=timedelta(seconds=held), reason="the robot's limit"
            )
        told = page(screen, Printer.for_language(language), username=await self._username(), files=False)
        messages = self.messages(told)
        for number, text in enumerate(messages):
            await self._limiter.wait(webhook.key)
            if not number and not await begin():
                return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
            receipt = await self._post(webhook, told.title, text)
            if number and receipt.outcome is Outcome.PENDING:
                receipt = await self._again(webhook, told.title, text, receipt)
            if receipt.outcome is not Outcome.SENT:
                return _broken_off(receipt) if number else receipt
        return Receipt(outcome=Outcome.SENT, text="\n".join(messages))

    def messages(self, told: Page) -> list[str]:
        """Return a page as this service's messages. Each ends with our name, by which a robot's keyword lets it through."""
        room = self.limit - _MARK_BYTES
        parts = list(pieces(told.body, self.dialect, limit=room, measure=self.measured))
        end = self.dialect.newline
        if len(parts) == 1:
            return [f"{parts[0]}{end}{end}{NAME}"]
        return [f"{part}{end}{end}{NAME} {number}/{len(parts)}" for number, part in enumerate(parts, start=1)]

    @abstractmethod
    def measured(self, text: str) -> int:
        """Return how many bytes a text takes of the service's limit."""

    @abstractmethod
    def request(self, webhook: Webhook, title: str, text: str, *, at: datetime) -> tuple[str, dict[str, Any]]:
        """Return the address and the body of one message, signed where the robot has a secret."""

    @abstractmethod
    def verdict(self, code: int, message: str, *, skew: timedelta) -> Verdict:
        """Return what a code other than zero means. ``skew`` is how far our clock is from the service's."""

    async def _post(self, webhook: Webhook, title: str, text: str) -> Receipt:
        url, body = self.request(webhook, title, text, at=self._now())
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            response = await self._client.post(
                url, content=content, headers={"Content-Type": "application/json; charset=utf-8"}
            )
        except _NOT_SENT as error:
            return Receipt(
                outcome=Outcome.PENDING,
                retry_in=_RETRY_REFUSED_CONNECTION,
                reason=f"{self.name} cannot be reached: {type(error).__name__}",
                down=True,
            )
        except httpx.RequestError as error:
            return Receipt(outcome=Outcome.UNKNOWN, reason=type(error).__name__)
        return await self._read(webhook, response)

    async def _read(self, webhook: Webhook, response: httpx.Response) -> Receipt:
        """Return what an answer means: by the code in its body, whatever its status; without one, by its status."""
        answer = _fields(response)
        code = next((answer[key] for key in self.code if isinstance(answer.get(key), int)), None)
        if code is None:
            return await self._read_status(webhook, answer, response)
        said = next((str(answer[key]) for key in self.message if answer.get(key)), "")
        reason = webhook.hidden(f"{code} {said}")[:_LONGEST_REASON].strip()
        if code == 0:
            return Receipt(outcome=Outcome.SENT)
        return await self._judged(webhook, self.verdict(code, said, skew=self._skew(response)), reason)

    async def _read_status(
        self, webhook: Webhook, answer: Mapping[str, Any], response: httpx.Response
    ) -> Receipt:
        status = response.status_code
        reason = f"HTTP {status}"
        if answer.get("punish") == "deny" or status == _TOO_MANY_REQUESTS:
            asked = _asked(response.headers.get("Retry-After") or answer.get("wait"))
            return await self._judged(
                webhook, Verdict(later=asked or timedelta(minutes=1), limited=True), reason
            )
        if status == _OK or status >= _SERVER_ERROR:
            # A proxy's page, or a service that broke after taking it: it may have arrived.
            return Receipt(outcome=Outcome.UNKNOWN, reason=f"{reason} without a code in its body")
        # No answer of the service: of something between, as a proxy that wants a log-in.
        return await self._judged(webhook, Verdict(down=True), reason)

    async def _judged(self, webhook: Webhook, verdict: Verdict, reason: str) -> Receipt:
        if verdict.later is not None:
            if verdict.limited:
                await self._limiter.pause(webhook.key, verdict.later.total_seconds())
            return Receipt(outcome=Outcome.PENDING, retry_in=verdict.later, reason=reason)
        if verdict.down:
            return Receipt(outcome=Outcome.PENDING, retry_in=_RETRY_DOWN, reason=reason, down=True)
        _log.warning("%s refused a message: %s", self.name, reason)
        return Receipt(outcome=Outcome.FAILED, reason=reason, unbind=verdict.gone)

    async def _again(self, webhook: Webhook, title: str, text: str, receipt: Receipt) -> Receipt:
        """Try a later message of a text again, where that is soon: to begin anew would repeat the first."""
        for _ in range(_TRIES_ONCE_BEGUN):
            if receipt.outcome is not Outcome.PENDING or (receipt.retry_in or _PATIENCE) > _PATIENCE:
                break
            await self._sleep((receipt.retry_in or _PATIENCE).total_seconds())
            receipt = await self._post(webhook, title, text)
        return receipt

    def _skew(self, response: httpx.Response) -> timedelta:
        with suppress(ValueError, TypeError):
            return abs(parsedate_to_datetime(response.headers.get("Date", "")) - self._now())
        return timedelta()


def json_bytes(text: str) -> int:
    """Return how many bytes a text takes as a string of JSON."""
    return len(json.dumps(text, ensure_ascii=False).encode())


def _fields(response: httpx.Response) -> Mapping[str, Any]:
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _asked(seconds: object) -> timedelta | None:
    try:
        return min(max(timedelta(seconds=float(str(seconds))), _SHORTEST_ASKED), _LONGEST_ASKED)
    except (ValueError, OverflowError):
        return None


def _broken_off(receipt: Receipt) -> Receipt:
    """Return what it means that a later message of a text was not taken: refused, or nobody knows what is there."""
    if receipt.outcome is Outcome.FAILED:
        return receipt
    return Receipt(outcome=Outcome.UNKNOWN, reason=f"broken off in its middle: {receipt.reason}")
