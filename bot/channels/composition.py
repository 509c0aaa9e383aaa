"""The channels of an installation beside the chat: e-mail where a mail server is set, and the group robots."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from bot.channels.dingtalk import DingtalkRobot
from bot.channels.email import EmailChannel
from bot.channels.feishu import FeishuRobot
from bot.channels.limiter import RobotLimiter
from bot.channels.mail_server import MailServer, sender_of
from bot.channels.robots import Robot, http_client
from bot.channels.wecom import WecomRobot
from bot.config import Settings
from bot.installation import BOT_USERNAME
from obligations.law import Law
from storage import settings as stored
from storage.database import Database, Session

ROBOTS: Final[Mapping[str, type[Robot]]] = {
    robot.name: robot for robot in (WecomRobot, DingtalkRobot, FeishuRobot)
}
_ORIGIN: Final = "mail.origin"


@asynccontextmanager
async def channels_from(
    settings: Settings,
    database: Database,
    law: Law,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Mapping[str, EmailChannel | Robot]]:
    """Open the channels beside the chat, by name, until the caller is done."""

    async def username() -> str | None:
        return await database.ask(lambda session: stored.get(session, BOT_USERNAME))

    channels: dict[str, EmailChannel | Robot] = {}
    if settings.smtp_url is not None and settings.mail_from is not None:
        channels[EmailChannel.name] = EmailChannel(
            MailServer.parse(settings.smtp_url.get_secret_value()),
            sender_of(settings.mail_from),
            law,
            username,
            origin=await database.run(_origin),
        )
    async with http_client() as client:
        for name, robot in ROBOTS.items():
            limiter = RobotLimiter(name, robot.pace, database, sleep=sleep)
            channels[name] = robot(client, law, username, limiter, loopback=settings.rehearses, sleep=sleep)
        yield channels


def _origin(session: Session) -> str:
    """Return what tells this installation's letters from those of another with the same sender; made once."""
    origin = stored.get(session, _ORIGIN)
    if origin is None:
        origin = secrets.token_hex(6)
        stored.put(session, _ORIGIN, origin)
    return origin
