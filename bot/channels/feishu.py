"""Feishu (飞书) and Lark group robots.

By the service's guide (open.feishu.cn/document/client-docs/bot-v3/add-custom-bot): a body of at most 20 KB, at most 100
messages a minute and 5 a second for each robot. A robot with a secret wants ``timestamp`` (in seconds, within an hour) and
``sign`` in the body.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final

from bot.channels.addresses import Webhook
from bot.channels.markdown import FEISHU
from bot.channels.robots import CLOCK, GONE, REFUSED, Robot, Verdict, json_bytes
from bot.channels.services import SERVICES
from storage.send_limits import Pace

_LIMITED: Final = Verdict(later=timedelta(minutes=1), limited=True)
_SIGNATURE: Final = 19021
_BAD_REQUEST: Final = 9499
_VERDICTS: Final = {
    # Too often, or the service is under load, as at the full and the half hour.
    11232: _LIMITED,
    # No such webhook; a keyword that is not in the text: none of ours would be.
    19001: GONE,
    19024: GONE,
    # Not what the service takes.
    19002: REFUSED,
    _BAD_REQUEST: REFUSED,
    # Our address is not among those the robot lets through.
    19022: REFUSED,
}
_TOO_FAST: Final = ("frequency", "too many", "limited")
_SIGNED_WITHIN: Final = timedelta(minutes=55)


class FeishuRobot(Robot):
    """Feishu and Lark group robots as a channel."""

    name = "feishu"
    service = SERVICES[name]
    # In a second at most 3 + 1 / 0.65 < 5, in a minute 3 + 60 / 0.65 < 96.
    pace = Pace(interval=0.65, burst=3)
    dialect = FEISHU
    limit = 18_000
    code = ("code", "StatusCode")
    message = ("msg", "StatusMessage")

    def measured(self, text: str) -> int:
        """Return a text's bytes in the body: the limit is the whole body's."""
        return json_bytes(text)

    def request(self, webhook: Webhook, title: str, text: str, *, at: datetime) -> tuple[str, dict[str, Any]]:  # noqa: ARG002  # the text begins with its title
        """Return the address and the body of one message: a card, for only cards show markdown."""
        body: dict[str, Any] = {
            "msg_type": "interactive",
            "card": {"elements": [{"tag": "markdown", "content": text}]},
        }
        if webhook.secret is not None:
            stamp = int(at.timestamp())
            body |= {"timestamp": str(stamp), "sign": signature(stamp, webhook.secret)}
        return webhook.url, body

    def verdict(self, code: int, message: str, *, skew: timedelta) -> Verdict:
        """Return what a code other than zero means. A signature fails by the robot's secret, or by our clock."""
        if code == _SIGNATURE:
            return CLOCK if skew > _SIGNED_WITHIN else GONE
        if code == _BAD_REQUEST and any(words in message.lower() for words in _TOO_FAST):
            return _LIMITED
        return _VERDICTS.get(code, REFUSED)


def signature(stamp: int, secret: str) -> str:
    """Return the signature of an instant, in seconds since 1970: of nothing, with instant and secret as the key."""
    digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
