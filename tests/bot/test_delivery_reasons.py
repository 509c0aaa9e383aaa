"""Why something was not delivered is said in the administrator's language, and what a channel said in its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
import jobs
from bot.wording.delivery_reasons import delivery_reason
from jobs import channel, outage, sending, settling, window
from locales.printer import Printer
from storage import claims, wrong_clock

CHINESE, ENGLISH = Printer.for_language("zh-hans"), Printer.for_language("en")


def noted() -> Iterator[str]:
    """Yield every reason that Duewatch itself notes."""
    for room in (Path(jobs.__file__).parent, Path(bot.__file__).parent / "telegram"):
        for path in sorted(room.glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.keyword)
                    and node.arg == "reason"
                    and isinstance(node.value, ast.Constant)
                ):
                    yield str(node.value.value)
    yield from (
        channel.NOT_MINE,
        channel.TOO_MANY,
        outage.AWAY,
        settling.NOT_SET_UP,
        wrong_clock.PLANNED_AHEAD,
    )
    yield from (sending._NOBODY, claims._CUT_SHORT, window._SLOW)  # noqa: SLF001  # what is noted is private to who notes it


@pytest.mark.parametrize("reason", sorted(set(noted())))
def test_every_reason_of_our_own_is_said_in_chinese(reason: str) -> None:
    assert delivery_reason(CHINESE, reason) != reason
    assert delivery_reason(CHINESE, reason).isascii() is False
    assert delivery_reason(ENGLISH, reason) == reason


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("Forbidden: bot was blocked by the user", "用户已屏蔽本机器人"),
        ("Chat not found", "找不到该会话"),
        ("Forbidden: user is deactivated", "用户账号已注销"),
        ("Bad Gateway (502)", "服务器故障"),
        ("broken off in its middle: too many requests", "发送中途中断：请求过于频繁"),
        ("unexpected KeyError", "内部错误 KeyError"),
        ("without plan.pdf", "未附 plan.pdf"),
        ("452 mailbox full", "452 mailbox full"),
        ("", ""),
    ],
)
def test_what_a_channel_usually_says_is_known_and_anything_else_stays(reason: str, said: str) -> None:
    assert delivery_reason(CHINESE, reason) == said
