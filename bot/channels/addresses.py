"""Where a channel sends: mailboxes, and the webhooks of group robots. A webhook's address is a secret: who has it can write.

What is typed is checked at the door, and a webhook once more before every message: only the services' own hosts are called.
"""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from storage import mailboxes
from storage.mailboxes import MailboxError

_LONGEST_WEBHOOK: Final = 500
_SHOWN: Final = 4
_KEY: Final = re.compile(r"[A-Za-z0-9_.~-]{8,200}")


class AddressError(ValueError):
    """What was typed is no address of the channel; the message says what is expected and shows no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of group robots: its hosts, the path of its webhooks, and where their key stands.

    ``parameter`` is the key's name in the query; None where the key is the last part of the path.
    """

    hosts: tuple[str, ...]
    path: str
    parameter: str | None
    signs: bool

    @property
    def example(self) -> str:
        """A webhook's address, as the service shows it."""
        key = "…" if self.parameter is None else f"?{self.parameter}=…"
        return f"https://{self.hosts[0]}{self.path}{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A robot's webhook, with the secret it signs by where it has one. Printing it shows neither."""

    url: str = field(repr=False)
    key: str = field(repr=False)
    secret: str | None = field(repr=False)

    @classmethod
    def parse(cls, text: str, service: Service, *, loopback: bool = False) -> Self:
        """Read an address, ``URL`` or ``URL#SECRET``. ``loopback`` lets this machine's own hosts through, for rehearsals.

        Raises:
            AddressError: it is not an address of this service's robots.
        """
        url, _, secret = text.strip().partition("#")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise AddressError(f"expected a webhook such as {service.example}") from None
        rehearsed = loopback and parts.scheme == "http" and is_loopback(host)
        real = parts.scheme == "https" and host in service.hosts and port in (None, 443)
        if not (rehearsed or real) or "@" in parts.netloc or len(text) > _LONGEST_WEBHOOK:
            raise AddressError(f"expected a webhook such as {service.example}")
        if service.parameter is None:
            path, _, key = parts.path.rpartition("/")
            right = f"{path}/" == service.path and not parts.query
        else:
            query = parse_qs(parts.query, keep_blank_values=True)
            key = "".join(query.get(service.parameter, []))
            right = parts.path == service.path and set(query) == {service.parameter}
        if not right or not _KEY.fullmatch(key):
            raise AddressError(f"expected a webhook such as {service.example}")
        if secret and (
            not service.signs or not secret.isascii() or not secret.isprintable() or " " in secret
        ):
            raise AddressError("what follows the # is not a secret that this robot signs by")
        return cls(url=url, key=key, secret=secret or None)

    def hidden(self, text: str) -> str:
        """Return text without the webhook's secrets, should a service repeat them."""
        for secret in filter(None, (self.url, self.key, self.secret)):
            text = text.replace(secret, "…")
        return text


def mailbox(text: str) -> str:
    """Return a mailbox as mail servers take it.

    Raises:
        AddressError: it is not one.
    """
    try:
        return mailboxes.checked(text)
    except MailboxError as error:
        raise AddressError(str(error)) from None


def masked(address: str) -> str:
    """Return an address as it may be shown: a mailbox or a chat whole, of a webhook the host and the key's end."""
    if "://" not in address:
        return address
    url, _, secret = address.partition("#")
    return f"{urlsplit(url).netloc}/…{url[-_SHOWN:]}{'#…' if secret else ''}"


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
