"""DingTalk (钉钉) group robots.

By the service's guide (open.dingtalk.com/document/robots/custom-robot-access): a body of at most 20,000 bytes, at most 20
messages a minute, beyond which the robot is held for ten minutes. A robot with a secret wants ``timestamp`` (in
milliseconds, within an hour) and ``sign`` in the query.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus

from bot.channels.addresses import Webhook
from bot.channels.markdown import DINGTALK
from bot.channels.robots import CLOCK, GONE, LATER, REFUSED, Robot, Verdict, json_bytes
from bot.channels.services import SERVICES
from storage.send_limits import Pace

_HELD: Final = Verdict(later=timedelta(minutes=10), limited=True)
_SECURITY: Final = 310000
_VERDICTS: Final = {
    -1: LATER,
    # Too fast.
    130101: _HELD,
    410100: _HELD,
    # There is no such token or robot, it was stopped, or its group is no more.
    300001: GONE,
    300005: GONE,
    400013: GONE,
    400101: GONE,
    400102: GONE,
    400106: GONE,
    # Too long, without content, or with a link that the service does not let through.
    460101: REFUSED,
    40035: REFUSED,
    430101: REFUSED,
}
_SEEN_IN_A_LIST: Final = 60


class DingtalkRobot(Robot):
    """DingTalk group robots as a channel."""

    name = "dingtalk"
    service = SERVICES[name]
    # In a minute at most 4 + 60 / 4 = 19: one too many holds the robot for ten minutes.
    pace = Pace(interval=4, burst=4)
    dialect = DINGTALK
    limit = 18_000
    code = ("errcode",)
    message = ("errmsg",)

    def measured(self, text: str) -> int:
        """Return a text's bytes in the body: the limit is the whole body's."""
        return json_bytes(text)

    def request(self, webhook: Webhook, title: str, text: str, *, at: datetime) -> tuple[str, dict[str, Any]]:
        """Return the address and the body of one message. The title is what a list of chats shows."""
        body = {"msgtype": "markdown", "markdown": {"title": title[:_SEEN_IN_A_LIST], "text": text}}
        if webhook.secret is None:
            return webhook.url, body
        stamp = int(at.timestamp() * 1000)
        return f"{webhook.url}&timestamp={stamp}&sign={quote_plus(signature(stamp, webhook.secret))}", body

    def verdict(self, code: int, message: str, *, skew: timedelta) -> Verdict:  # noqa: ARG002  # the message says it of the clock
        """Return what a code other than zero means. One code is for all that the robot's security settings refuse."""
        if code != _SECURITY:
            return _VERDICTS.get(code, REFUSED)
        if "timestamp" in message:
            return CLOCK
        # A secret or a keyword that is not the robot's is entered anew; our address may be let through later.
        return REFUSED if "whitelist" in message else GONE


def signature(stamp: int, secret: str) -> str:
    """Return the signature of an instant, in milliseconds since 1970, by a robot's secret."""
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
