"""What a person is shown, whatever the channel: a text, buttons under it, files with it. Telegram is not known here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

IN_PLACE = "~"
_SEPARATOR = ":"
_MAX_BYTES = 64


@dataclass(frozen=True, slots=True)
class Press:
    """What a button asks for: a verb and its arguments, for example ``acc:120:3``. At most 64 bytes when packed.

    A verb that ends in ``~`` wants its answer in place of the message the button is under.
    """

    verb: str
    arguments: tuple[str, ...] = ()

    @classmethod
    def to(cls, verb: str, *arguments: object) -> Self:
        """Return a press with its arguments as text."""
        return cls(verb, tuple(str(argument) for argument in arguments))

    @property
    def in_place(self) -> bool:
        """Whether the answer replaces the message whose button was pressed."""
        return self.verb.endswith(IN_PLACE)

    @classmethod
    def parse(cls, data: str) -> Self:
        """Read a packed press. Anything can come in here: what it means is checked where it is used."""
        verb, *arguments = data.split(_SEPARATOR)
        return cls(verb, tuple(arguments))

    def packed(self) -> str:
        """Return the press as the text a button carries.

        Raises:
            ValueError: longer than a button can carry.
        """
        text = _SEPARATOR.join((self.verb, *self.arguments))
        if len(text.encode()) > _MAX_BYTES:
            raise ValueError(f"{text!r} is longer than the {_MAX_BYTES} bytes a button can carry")
        return text

    def number(self, index: int) -> int:
        """Return an argument as a whole number.

        Raises:
            MalformedPressError: it is missing, or not a number a database id or a page can be.
        """
        try:
            value = int(self.arguments[index])
        except (IndexError, ValueError):
            raise MalformedPressError from None
        if not 0 <= value < 2**53:
            raise MalformedPressError
        return value

    def word(self, index: int) -> str:
        """Return an argument as text.

        Raises:
            MalformedPressError: it is missing.
        """
        try:
            return self.arguments[index]
        except IndexError:
            raise MalformedPressError from None


class MalformedPressError(Exception):
    """The button's text is not one this release writes."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button: what it says, as plain text, and what it asks for."""

    label: str
    press: Press


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file to send: where it is kept, and the name the reader sees."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture to send that is drawn when it is sent, so that nobody waits for it with a transaction open."""

    name: str
    draw: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Menu:
    """The commands a chat offers from now on, in their order: each with what it does, in the reader's language."""

    commands: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One answer. ``edit`` puts it in place of the message whose button was pressed; ``toast`` only flashes.

    ``menu`` replaces the commands the chat offers; None leaves them.
    """

    html: str = ""
    rows: tuple[tuple[Button, ...], ...] = ()
    edit: bool = False
    toast: str | None = None
    alert: bool = False
    silent: bool = False
    attachments: tuple[Attachment | Drawing, ...] = field(default=())
    missing: str = ""
    """What to say where an attachment cannot be sent, as HTML."""
    menu: Menu | None = None
    parts: Mapping[int, str] = field(default_factory=dict)
    """Of a message that tells of several notifications, the words of each, by its id."""
    stages: tuple[int, ...] | None = None
    """The stages its text names, where they are not all that its facts tell of."""
    named: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """The same for each notification, by its id."""
