"""Where mail is handed in and who it is from, as the environment says it."""

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import getaddresses
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

from bot.channels.addresses import AddressError, is_loopback, mailbox

_PORTS: Final = {"smtp": 25, "smtps": 465}
_SUBMISSION: Final = 587
_EXPECTED: Final = (
    "expected a mail server, for example smtps://user:password@mail.example.org:465; "
    "write a special character of the password as %40 and the like"
)


class MailServerError(ValueError):
    """The address of the mail server or of the sender cannot be used; the message shows neither user nor password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed in. ``tls`` is from the first byte; ``starttls`` is True where it must be, None where it may be."""

    host: str
    port: int
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)
    tls: bool
    starttls: bool | None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``smtp[s]://user:password@host:port``; ``?starttls=never`` for a server that has none.

        A password goes out in the clear only to this machine, or where ``starttls=never`` says so.

        Raises:
            MailServerError: it cannot be read.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise MailServerError(_EXPECTED) from None
        host, options = parts.hostname, parse_qs(parts.query)
        if (
            parts.scheme not in _PORTS
            or not host
            or parts.path not in ("", "/")
            or set(options) - {"starttls"}
        ):
            raise MailServerError(_EXPECTED)
        if options.get("starttls", ["never"]) != ["never"]:
            raise MailServerError("expected starttls=never, or nothing: it is used where the server has it")
        username = unquote(parts.username) if parts.username else None
        tls = parts.scheme == "smtps"
        starttls: bool | None = None
        if tls or options:
            starttls = False
        elif username is not None and not is_loopback(host):
            starttls = True
        return cls(
            host=host,
            port=port or (_SUBMISSION if username and not tls else _PORTS[parts.scheme]),
            username=username,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
            starttls=starttls,
        )


def sender_of(text: str) -> Address:
    """Read who mail is from: ``name@example.org`` or ``Name <name@example.org>``.

    Raises:
        MailServerError: it is no mailbox.
    """
    found = getaddresses([text])
    name, address = found[0] if len(found) == 1 else ("", "")
    try:
        return Address(display_name=name, addr_spec=mailbox(address))
    except (AddressError, ValueError):
        raise MailServerError(
            "expected a mailbox, for example duewatch@example.org or Duewatch <duewatch@example.org>"
        ) from None
