"""WeCom (企业微信) group robots.

By the service's guide (developer.work.weixin.qq.com/document/path/91770): markdown of at most 4,096 bytes of UTF-8, at most 20
messages a minute for each robot, no signature. Its codes are those of the service's list (path/90313).
"""

from datetime import datetime, timedelta
from typing import Any, Final

from bot.channels.addresses import Webhook
from bot.channels.markdown import WECOM, utf8
from bot.channels.robots import GONE, LATER, REFUSED, Robot, Verdict
from bot.channels.services import SERVICES
from storage.send_limits import Pace

_VERDICTS: Final = {
    -1: LATER,
    # Too often: at most 20 a minute.
    45009: Verdict(later=timedelta(minutes=1), limited=True),
    45033: Verdict(later=timedelta(minutes=1), limited=True),
    # No such webhook, or the robot was taken out of the group; stopped; not in the group.
    93000: GONE,
    93004: GONE,
    93008: GONE,
    # The text is too long, empty, or not what the service takes.
    40058: REFUSED,
    44004: REFUSED,
    45002: REFUSED,
}


class WecomRobot(Robot):
    """WeCom group robots as a channel."""

    name = "wecom"
    service = SERVICES[name]
    # In a minute at most 5 + 60 / 4 = 20.
    pace = Pace(interval=4, burst=5)
    dialect = WECOM
    limit = 4096
    code = ("errcode",)
    message = ("errmsg",)

    def measured(self, text: str) -> int:
        """Return a text's bytes in UTF-8: the limit is the content's."""
        return utf8(text)

    def request(self, webhook: Webhook, title: str, text: str, *, at: datetime) -> tuple[str, dict[str, Any]]:  # noqa: ARG002  # it has no title and no signature
        """Return the address and the body of one message."""
        return webhook.url, {"msgtype": "markdown", "markdown": {"content": text}}

    def verdict(self, code: int, message: str, *, skew: timedelta) -> Verdict:  # noqa: ARG002  # the code says it all
        """Return what a code other than zero means."""
        return _VERDICTS.get(code, REFUSED)
