"""An answer as it is kept until it is known to have been shown: a screen as JSON, and back.

What flashes is kept as words: a button's press can be answered for a moment only. Files are kept by the hash they lie
under. A picture that is drawn when it is sent is not kept: in its place the reader is told to ask for it again.
"""

import html
from typing import Any

from bot.screen import Attachment, Button, Drawing, Menu, Press, Screen
from bot.wording import greetings
from locales.printer import Printer
from storage.evidence import EvidenceFolder


def packed(screen: Screen, *, instead_of: int | None) -> dict[str, Any]:
    """Return a screen as JSON, with the number of the message it takes the place of, if of any."""
    return {
        "html": screen.html,
        "rows": [[[button.label, button.press.packed()] for button in row] for row in screen.rows],
        "instead_of": instead_of if screen.edit else None,
        "toast": screen.toast,
        "alert": screen.alert,
        "silent": screen.silent,
        "files": [[each.path.name, each.name] for each in screen.attachments if isinstance(each, Attachment)],
        "drawings": [each.name for each in screen.attachments if isinstance(each, Drawing)],
        "missing": screen.missing,
        "menu": None if screen.menu is None else [list(each) for each in screen.menu.commands],
    }


def unpacked(told: dict[str, Any], *, folder: EvidenceFolder, p: Printer) -> Screen:
    """Return the screen to show later: what flashed as a message, what was drawn as a line that says to ask again."""
    words = told["html"] or (html.escape(told["toast"], quote=False) if told["toast"] else "")
    notes = [greetings.drawing_not_kept(p, name) for name in told["drawings"]]
    return Screen(
        html="\n\n".join(part for part in (words, *notes) if part),
        rows=tuple(tuple(Button(label, Press.parse(data)) for label, data in row) for row in told["rows"]),
        edit=told["instead_of"] is not None,
        silent=told["silent"],
        attachments=tuple(Attachment(path=folder.path(sha256), name=name) for sha256, name in told["files"]),
        missing=told["missing"],
        menu=None if told["menu"] is None else Menu(tuple((name, does) for name, does in told["menu"])),
    )
