"""Why a notification waited, was not sent or did not arrive, in the reader's language.

What Duewatch itself notes is known word by word, what Telegram says by its usual sentences. Anything else stays as it is: it
is what a channel said.
"""

from collections.abc import Callable, Mapping
from typing import Final

from locales.printer import Printer

_Sentence = Callable[[Printer], str]

_OWN: Final[Mapping[str, _Sentence]] = {
    "quiet hours": lambda p: p.text("quiet hours"),
    "the channel is away": lambda p: p.text("the channel is away"),
    "the server cannot be reached": lambda p: p.text("the server cannot be reached"),
    "the channel is slow": lambda p: p.text("the channel is slow"),
    "the channel took too long": lambda p: p.text("the channel took too long"),
    "the database could not be reached": lambda p: p.text("the database could not be reached"),
    "the chat has to wait": lambda p: p.text("the chat has to wait"),
    "the chat moved": lambda p: p.text("the chat moved"),
    "the robot's limit": lambda p: p.text("the robot's limit"),
    "too many requests": lambda p: p.text("too many requests"),
    "never confirmed": lambda p: p.text("never confirmed"),
    "the process ended before the answer": lambda p: p.text("the process ended before the answer"),
    "the answer could not be kept": lambda p: p.text("the answer could not be kept"),
    "another process has it": lambda p: p.text("another process has it"),
    "it matters again": lambda p: p.text("it matters again"),
    "done meanwhile": lambda p: p.text("done meanwhile"),
    "checked meanwhile": lambda p: p.text("checked meanwhile"),
    "changed meanwhile": lambda p: p.text("changed meanwhile"),
    "over meanwhile": lambda p: p.text("over meanwhile"),
    "overtaken by a later one": lambda p: p.text("overtaken by a later one"),
    "another office checks it now": lambda p: p.text("another office checks it now"),
    "the stage is not known": lambda p: p.text("the stage is not known"),
    "the alarm is not known": lambda p: p.text("the alarm is not known"),
    "was never told of": lambda p: p.text("was never told of"),
    "the reader has left": lambda p: p.text("the reader has left"),
    "that contact has left": lambda p: p.text("that contact has left"),
    "there is no channel left to reach the reader by": lambda p: p.text(
        "there is no channel left to reach the reader by"
    ),
    "no channel of the reader is set up here": lambda p: p.text("no channel of the reader is set up here"),
    "the address is not a chat's number": lambda p: p.text("the address is not a chat's number"),
    "planned by a clock that was ahead": lambda p: p.text("planned by a clock that was ahead"),
}

_SAID: Final[Mapping[str, _Sentence]] = {
    "bot was blocked by the user": lambda p: p.text("blocked by the user"),
    "chat not found": lambda p: p.text("the chat was not found"),
    "user is deactivated": lambda p: p.text("the account was deleted"),
    "bot was kicked": lambda p: p.text("removed from the group"),
    "bad gateway": lambda p: p.text("the server is in trouble"),
    "readtimeout": lambda p: p.text("no answer came"),
    "readerror": lambda p: p.text("the connection broke off"),
}
"""What a channel says, by what its words contain."""

_BROKEN_OFF: Final = "broken off in its middle: "
_UNEXPECTED: Final = "unexpected "
_WITHOUT: Final = "without "


def delivery_reason(p: Printer, reason: str) -> str:
    """Return a reason in the reader's language; one that is not known as it is."""
    if reason in _OWN:
        return _OWN[reason](p)
    if reason.startswith(_BROKEN_OFF):
        return p.text(
            "broken off in its middle: {reason}",
            reason=delivery_reason(p, reason.removeprefix(_BROKEN_OFF)),
        )
    if reason.startswith(_UNEXPECTED):
        return p.text("unexpected error {name}", name=reason.removeprefix(_UNEXPECTED))
    if reason.startswith(_WITHOUT):
        return p.text("without {files}", files=reason.removeprefix(_WITHOUT))
    said = reason.lower()
    for words, sentence in _SAID.items():
        if words in said:
            return sentence(p)
    return reason
