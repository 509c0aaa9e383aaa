"""A local mail server that takes letters, or says what a test lays out instead."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "duewatch@example.org", "geheim:@/?"


@dataclass(slots=True, kw_only=True)
class Post:
    """What the server took, and what it says: ``to_sender``, ``to_recipient``, ``to_text``; ``cut`` ends it at a command."""

    port: int = 0
    to_sender: str = "250 OK"
    to_recipient: str = "250 OK"
    to_text: str = "250 OK queued as 4711"
    cut: str | None = None
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str | None, list[str]]] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802  # the names are the server's
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer to the sender."""
        self._perhaps_cut("MAIL", server)
        envelope.mail_from = address if self.to_sender.startswith("2") else None
        return self.to_sender

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer to the recipient."""
        self._perhaps_cut("RCPT", server)
        if self.to_recipient.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer to the text."""
        content = envelope.content
        assert isinstance(content, bytes)
        if self.to_text.startswith("2"):
            letter = message_from_bytes(content, policy=policy.default)
            assert isinstance(letter, EmailMessage)
            self.letters.append(letter)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self._perhaps_cut("DATA", server)
        return self.to_text

    def logged_in(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        """Answer to a log-in."""
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(right)
        return AuthResult(success=right, handled=False)

    def _perhaps_cut(self, command: str, server: SMTP) -> None:
        if command == self.cut:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()


@asynccontextmanager
async def post_office(
    post: Post,
    *,
    certificate: ssl.SSLContext | None = None,
    tls: bool = False,
    login: bool = False,
) -> AsyncIterator[Post]:
    """Serve a mail server on this machine: with a certificate it has STARTTLS, or speaks TLS from the first byte."""

    def protocol() -> SMTP:
        return SMTP(
            post,
            hostname="mail.example.org",
            tls_context=None if tls else certificate,
            auth_required=login,
            auth_require_tls=False,
            authenticator=post.logged_in,
            timeout=10,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=certificate if tls else None)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
        await server.wait_closed()
