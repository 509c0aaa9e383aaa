"""A screen as an e-mail: text and HTML that say the same, and the files that go with it."""

import asyncio
import html
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from bot.channels.markup import Line, Run, plain_line
from bot.channels.page import NAME, Page
from bot.screen import Attachment, Drawing

_LONGEST_SUBJECT: Final = 120
_FONT: Final = "font-family:sans-serif;font-size:15px;line-height:1.6"
_OCTETS: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    content: bytes


async def enclosures(
    attachments: Sequence[Attachment | Drawing],
) -> tuple[list[Enclosure], list[str]]:
    """Read or draw the files of a screen; the names of those that are not there any more."""
    read: list[Enclosure] = []
    missing: list[str] = []
    for each in attachments:
        try:
            work = each.draw if isinstance(each, Drawing) else each.path.read_bytes
            read.append(Enclosure(name=each.name, content=await asyncio.to_thread(work)))
        except OSError:
            missing.append(each.name)
    return read, missing


def letter(
    told: Page,
    enclosed: Sequence[Enclosure],
    *,
    sender: Address,
    to: str,
    message_id: str,
    at: datetime,
    language: str,
) -> EmailMessage:
    """Return a page as a letter that no autoresponder answers, and that says where to write to get no more of them."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=to)
    message["Subject"] = f"{NAME} · {told.title}"[:_LONGEST_SUBJECT]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["List-Unsubscribe"] = f"<mailto:{sender.addr_spec}?subject=unsubscribe>"
    message["Content-Language"] = language
    message.set_content("\n".join(plain_line(line) for line in told.body) + "\n", cte="base64")
    message.add_alternative(_page_html(told.body, language), subtype="html", cte="base64")
    for each in enclosed:
        kind = mimetypes.guess_type(each.name)[0] or _OCTETS
        main, _, sub = kind.partition("/")
        message.add_attachment(each.content, maintype=main, subtype=sub, filename=each.name)
    return message


def _page_html(body: Sequence[Line], language: str) -> str:
    told = "<br>\n".join("".join(_run_html(run) for run in line) for line in body)
    return (
        f'<!DOCTYPE html>\n<html lang="{html.escape(language)}"><head><meta charset="utf-8"></head>'
        f'<body style="{_FONT}">\n{told}\n</body></html>\n'
    )


def _run_html(run: Run) -> str:
    text = html.escape(run.text)
    if run.code:
        text = f"<code>{text}</code>"
    if run.bold:
        text = f"<b>{text}</b>"
    return text if run.link is None else f'<a href="{html.escape(run.link)}">{text}</a>'
