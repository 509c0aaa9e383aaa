"""E-mail as a channel, by one SMTP server.

What the server says is read by when it says it: before a letter is begun nothing was sent; a refusal of the sender, of the
log-in or of the connection is the channel's, a refusal of the recipient is the address's; silence after the text is unknown.
"""

import asyncio
import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from bot.channels.addresses import AddressError, mailbox
from bot.channels.letters import enclosures, letter
from bot.channels.mail_server import MailServer
from bot.channels.markup import lines
from bot.channels.page import Username, page
from bot.channels.services import EMAIL
from bot.clock import SystemClock
from bot.screen import Screen
from bot.wording.parcels import worded
from jobs.briefs import BundleBrief
from jobs.channel import NOT_MINE, Begin, Parcel, Receipt
from locales.printer import Printer
from obligations.law import Law
from storage.models import Outcome

_CONNECTIONS: Final = 4
_TIMEOUT: Final = 30
_RETRY_UNREACHED: Final = timedelta(seconds=5)
_RETRY_DOWN: Final = timedelta(minutes=5)
_RETRY_LATER: Final = timedelta(minutes=5)
_LONGEST_REASON: Final = 200
_CLOSING: Final = 421
_TOO_LARGE: Final = 552
_REFUSED: Final = 500
_OF_THE_RECIPIENT: Final = frozenset({521, 550, 551, 552, 553, 554, 556})
# An enhanced code of RFC 3463 that speaks of security or policy: of us, not of the mailbox.
_POLICY: Final = re.compile(r"\s*5\.7\.\d+\b")
_NO_SUCH_MAILBOX: Final = re.compile(r"\s*5\.1\.\d+\b")


class EmailChannel:
    """Sends letters through one mail server. ``origin`` tells this installation's letters from another's."""

    name: Final = EMAIL

    def __init__(
        self,
        server: MailServer,
        sender: Address,
        law: Law,
        username: Username,
        *,
        origin: str,
        now: Callable[[], datetime] | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        self._server = server
        self._sender = sender
        self._law = law
        self._username = username
        self._origin = origin
        self._now = now or SystemClock().now
        self._timeout = timeout
        self._gate = asyncio.Semaphore(_CONNECTIONS)

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        """Word and send one parcel. An error of the server is an outcome, never raised.

        Its id is the notification's, or of a bundle that of all it tells, so that a mailbox shows what is repeated once.
        """
        screen = worded(parcel, self._law)
        receipt = await self.send(
            parcel.address,
            screen,
            language=parcel.language,
            begin=begin,
            key=_key(parcel),
        )
        return replace(receipt, parts=screen.parts, named=screen.named)

    async def send(self, address: str, screen: Screen, *, language: str, begin: Begin, key: str) -> Receipt:
        """Send a screen to a mailbox, under an id made of ``key``, and return what became of it."""
        try:
            to = mailbox(address)
        except AddressError as error:
            return Receipt(outcome=Outcome.FAILED, reason=str(error), unbind=True)
        p = Printer.for_language(language)
        told = page(screen, p, username=await self._username(), files=True)
        enclosed, missing = await enclosures(screen.attachments)
        message_id = f"<{key}.{self._origin}@{self._sender.domain}>"
        written = letter(
            replace(told, body=(*told.body, *(lines(screen.missing) if missing else ()))),
            enclosed,
            sender=self._sender,
            to=to,
            message_id=message_id,
            at=self._now(),
            language="zh-Hans" if p.chinese else "en",
        )
        async with self._gate:
            receipt = await self._hand_in(to, written, message_id, begin)
        if missing and receipt.outcome is Outcome.SENT:
            return replace(receipt, reason=f"without {', '.join(missing)}")
        return receipt

    async def _hand_in(self, to: str, written: EmailMessage, message_id: str, begin: Begin) -> Receipt:
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.username,
            password=self._server.password,
            use_tls=self._server.tls,
            start_tls=self._server.starttls,
            local_hostname=self._sender.domain,
            timeout=self._timeout,
        )
        try:
            await client.connect()
        except (SMTPException, OSError) as error:
            return _not_reached(error)
        try:
            if not await begin():
                return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
            receipt = await self._exchange(client, to, written.as_bytes())
            if receipt.outcome is not Outcome.SENT:
                return receipt
            body = written.get_body(("plain",))
            text = "\n".join(body.get_content().splitlines()) if body is not None else None
            return Receipt(outcome=Outcome.SENT, message_id=message_id, text=text)
        finally:
            # What was said is said: how the server takes leave changes nothing.
            with suppress(SMTPException, OSError):
                await client.quit(timeout=2)
            client.close()

    async def _exchange(self, client: SMTP, to: str, content: bytes) -> Receipt:
        try:
            await client.mail(self._sender.addr_spec)
            await client.rcpt(to)
        except (SMTPException, OSError) as error:
            return _refused_beforehand(error)
        try:
            await client.data(content)
        except SMTPResponseException as error:
            return _refused_text(error)
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
            return Receipt(outcome=Outcome.UNKNOWN, reason=type(error).__name__)
        return Receipt(outcome=Outcome.SENT)


def _key(parcel: Parcel) -> str:
    """Return what tells a letter from any that tells something else: many mailboxes hide a second of the same id."""
    told = str(parcel.notification_id)
    if isinstance(parcel.brief, BundleBrief):
        ids = " ".join(str(part.notification_id) for part in parcel.brief.parts)
        told += f"-{hashlib.sha256(ids.encode()).hexdigest()[:12]}"
    return f"{told}.{parcel.contact_id}"


def _not_reached(error: Exception) -> Receipt:
    """Return what it means that no connection was made, or that the server let us not in: no reader's fault."""
    if isinstance(error, SMTPAuthenticationError):
        reason = f"the mail server refuses the log-in: {error.code}"
    elif isinstance(error, SMTPResponseException):
        reason = f"the mail server is not ready: {error.code}"
    else:
        reason = f"the mail server cannot be reached: {type(error).__name__}"
    wait = _RETRY_UNREACHED if isinstance(error, OSError) else _RETRY_DOWN
    return Receipt(outcome=Outcome.PENDING, retry_in=wait, reason=reason, down=True)


def _refused_beforehand(error: Exception) -> Receipt:
    """Return what it means that sender or recipient was refused, or the connection lost, before the text was sent."""
    if not isinstance(error, SMTPResponseException):
        return Receipt(
            outcome=Outcome.PENDING,
            retry_in=_RETRY_UNREACHED,
            reason=f"the mail server was lost: {type(error).__name__}",
            down=True,
        )
    reason = _reason(error)
    if error.code < _REFUSED:
        down = error.code == _CLOSING
        return Receipt(outcome=Outcome.PENDING, retry_in=_RETRY_LATER, reason=reason, down=down)
    policy = _POLICY.match(error.message) is not None
    if isinstance(error, SMTPRecipientRefused) and error.code in _OF_THE_RECIPIENT and not policy:
        return Receipt(outcome=Outcome.FAILED, reason=reason, unbind=True)
    if isinstance(error, SMTPSenderRefused):
        if error.code == _TOO_LARGE:
            return Receipt(outcome=Outcome.FAILED, reason=reason)
        return Receipt(outcome=Outcome.PENDING, retry_in=_RETRY_DOWN, reason=reason, down=True)
    return Receipt(outcome=Outcome.FAILED, reason=reason)


def _refused_text(error: SMTPResponseException) -> Receipt:
    """Return what it means that the server read the text and did not take it."""
    if error.code < _REFUSED:
        return Receipt(outcome=Outcome.PENDING, retry_in=_RETRY_LATER, reason=_reason(error))
    unknown = _NO_SUCH_MAILBOX.match(error.message) is not None
    return Receipt(outcome=Outcome.FAILED, reason=_reason(error), unbind=unknown)


def _reason(error: SMTPResponseException) -> str:
    return f"{error.code} {' '.join(error.message.split())}"[:_LONGEST_REASON]
