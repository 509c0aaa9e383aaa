"""What a screen becomes where there are no buttons: its text, and a last line that says where to act."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bot.channels.markup import Line, Run, heading, lines
from bot.screen import Screen
from locales.printer import Printer

NAME: Final = "督期 Duewatch"
"""In every message: a robot that asks for a keyword is given 督期."""


Username = Callable[[], Awaitable[str | None]]
"""Asks for the bot's username, without the @; None where the bot never ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A message without buttons: ``title`` is one line of plain text, ``body`` the text with its last lines."""

    title: str
    body: tuple[Line, ...]


def page(screen: Screen, p: Printer, *, username: str | None, files: bool) -> Page:
    """Return a screen as a page. ``files`` says that its files go with it; without, it names them and says where they are."""
    told = lines(screen.html)
    last: list[Line] = []
    if screen.attachments and not files:
        names = p.listed([attachment.name for attachment in screen.attachments])
        last.append((Run(text=p.text("Not shown here: {names}", names=names)),))
    if screen.rows:
        last.append(_where(p, username))
    gap: list[Line] = [()] if last else []
    return Page(title=heading(screen.html) or NAME, body=(*told, *gap, *last))


def _where(p: Printer, username: str | None) -> Line:
    if username is None:
        return (Run(text=p.text("Act on this in the chat with Duewatch in Telegram.")),)
    address = f"t.me/{username}"
    before, _, after = p.text("Act on this in Telegram: {address}", address="\0").partition("\0")
    return tuple(
        run
        for run in (Run(text=before), Run(text=address, link=f"https://{address}"), Run(text=after))
        if run.text
    )
