"""The services of group robots by name: whose hosts are called, and how the webhooks of each look."""

from collections.abc import Mapping
from typing import Final

from bot.channels.addresses import Service
from storage.registry_people import EMAIL

__all__ = ["EMAIL", "SERVICES"]

SERVICES: Final[Mapping[str, Service]] = {
    "wecom": Service(
        hosts=("qyapi.weixin.qq.com",), path="/cgi-bin/webhook/send", parameter="key", signs=False
    ),
    "dingtalk": Service(
        hosts=("oapi.dingtalk.com",), path="/robot/send", parameter="access_token", signs=True
    ),
    "feishu": Service(
        hosts=("open.feishu.cn", "open.larksuite.com"),
        path="/open-apis/bot/v2/hook/",
        parameter=None,
        signs=True,
    ),
}
