"""E-mail by SMTP, against a real server that says what servers say."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import pytest

from bot.channels.email import EmailChannel
from bot.channels.mail_server import MailServer, MailServerError, sender_of
from bot.screen import Attachment, Button, Drawing, Press, Screen
from jobs.channel import NOT_MINE, Receipt
from obligations.law import Law
from storage.models import Outcome
from tests.bot.channels.conftest import Begun
from tests.bot.channels.mail import PASSWORD, USER, Post, post_office

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

TO = "zhang@mill.example.org"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"

Sent: TypeAlias = Callable[..., Awaitable[Receipt]]


@pytest.fixture
def post() -> Post:
    """What the mail server says and takes."""
    return Post()


@pytest.fixture
def sent(post: Post, law: Law, begun: Begun) -> Sent:
    """Send a screen by a mail server."""

    async def username() -> str | None:
        return "duewatch_town_bot"

    async def send(
        screen: Screen | str = "督期", *, to: str = TO, url: str = "smtp://localhost:{port}", key: str = "7.3"
    ) -> Receipt:
        channel = EmailChannel(
            MailServer.parse(url.format(port=post.port)),
            sender_of("督期 <duewatch@example.org>"),
            law,
            username,
            origin="4f2a",
            timeout=2,
        )
        shown = Screen(html=screen) if isinstance(screen, str) else screen
        return await channel.send(to, shown, language="zh-hans", begin=begun, key=key)

    return send


async def test_a_letter_says_the_same_in_text_and_in_html(post: Post, sent: Sent, begun: Begun) -> None:
    screen = Screen(
        html="<b>提醒 · 第2次</b>\n示例厂 &lt;1&gt; &amp; 2",
        rows=((Button("已提交", Press.to("sub", 1)),),),
    )
    async with post_office(post):
        receipt = await sent(screen)

    assert receipt.outcome is Outcome.SENT
    assert begun.times == 1
    (letter,) = post.letters
    assert post.envelopes == [("duewatch@example.org", [TO])]
    assert str(letter["Subject"]) == "督期 Duewatch · 提醒 · 第2次"
    assert str(letter["From"]) == "督期 <duewatch@example.org>"
    plain, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().splitlines() == (receipt.text or "").splitlines()
    assert plain.get_content().splitlines() == [
        "提醒 · 第2次",
        "示例厂 <1> & 2",
        "",
        "在 Telegram 里办理：t.me/duewatch_town_bot",
    ]
    assert "<b>提醒 · 第2次</b><br>\n示例厂 &lt;1&gt; &amp; 2" in page.get_content().replace("\r\n", "\n")
    assert '<a href="https://t.me/duewatch_town_bot">' in page.get_content()


async def test_a_letter_is_known_again_and_answered_by_no_machine(post: Post, sent: Sent) -> None:
    async with post_office(post):
        first = await sent()
        again = await sent()
        other = await sent(key="8.3")

    ids = [str(letter["Message-ID"]) for letter in post.letters]
    assert ids == [first.message_id, again.message_id, other.message_id]
    assert ids[0] == ids[1] == "<7.3.4f2a@example.org>"
    assert ids[2] != ids[0]
    assert str(post.letters[0]["Auto-Submitted"]) == "auto-generated"
    assert str(post.letters[0]["List-Unsubscribe"]) == "<mailto:duewatch@example.org?subject=unsubscribe>"


async def test_files_go_with_the_letter_and_one_that_is_gone_costs_only_itself(
    post: Post, sent: Sent, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(b"%PDF-1.4")
    screen = Screen(
        html="时间轴",
        attachments=(
            Attachment(path=kept, name="存证回执.pdf"),
            Attachment(path=tmp_path / "gone", name="旧.pdf"),
            Drawing(name="时间轴.png", draw=lambda: b"\x89PNG"),
        ),
        missing="有文件未能发送。",
    )
    async with post_office(post):
        receipt = await sent(screen)

    enclosed = [
        (each.get_filename(), each.get_content_type(), each.get_content())
        for each in post.letters[0].iter_attachments()
    ]
    assert enclosed == [
        ("存证回执.pdf", "application/pdf", b"%PDF-1.4"),
        ("时间轴.png", "image/png", b"\x89PNG"),
    ]
    assert (receipt.outcome, receipt.reason) == (Outcome.SENT, "without 旧.pdf")
    assert "有文件未能发送。" in (receipt.text or "")


async def test_nothing_leaves_where_another_process_has_it(post: Post, sent: Sent, begun: Begun) -> None:
    begun.may = False
    async with post_office(post):
        receipt = await sent()

    assert (receipt.outcome, receipt.reason) == (Outcome.PENDING, NOT_MINE)
    assert post.letters == []


@pytest.mark.parametrize(
    "said",
    [
        "550 5.1.1 no such user",
        "551 user not local",
        "553 5.1.3 bad address",
        "554 5.1.2 no such host",
        "552 5.2.2 mailbox full",
        "556 5.1.10 domain takes no mail",
    ],
)
async def test_a_refused_recipient_turns_the_address_off(said: str, post: Post, sent: Sent) -> None:
    post.to_recipient = said
    async with post_office(post):
        receipt = await sent()

    assert (receipt.outcome, receipt.unbind, receipt.down) == (Outcome.FAILED, True, False)
    assert receipt.reason == said


@pytest.mark.parametrize("said", ["450 4.2.0 greylisted, try again", "451 4.3.0 try later", "452 4.2.2 full"])
async def test_what_is_refused_for_now_is_tried_later(said: str, post: Post, sent: Sent) -> None:
    post.to_recipient = said
    async with post_office(post):
        receipt = await sent()

    assert (receipt.outcome, receipt.unbind) == (Outcome.PENDING, False)
    assert receipt.retry_in == timedelta(minutes=5)


async def test_a_policy_of_the_server_is_not_the_recipients_fault(post: Post, sent: Sent) -> None:
    post.to_recipient = "554 5.7.1 relay access denied"
    async with post_office(post):
        receipt = await sent()

    assert (receipt.outcome, receipt.unbind) == (Outcome.FAILED, False)


async def test_a_refused_sender_means_that_the_channel_is_down(post: Post, sent: Sent) -> None:
    post.to_sender = "550 5.7.1 not allowed to send as this"
    async with post_office(post):
        receipt = await sent()

    assert (receipt.outcome, receipt.unbind, receipt.down) == (Outcome.PENDING, False, True)


@pytest.mark.parametrize(
    ("said", "became"),
    [
        ("451 4.3.0 try later", (Outcome.PENDING, False)),
        ("554 5.7.1 taken for spam", (Outcome.FAILED, False)),
        ("552 5.3.4 too large", (Outcome.FAILED, False)),
        ("550 5.1.1 no such user", (Outcome.FAILED, True)),
    ],
)
async def test_a_refused_text_was_not_taken(
    said: str, became: tuple[Outcome, bool], post: Post, sent: Sent
) -> None:
    post.to_text = said
    async with post_office(post):
        receipt = await sent()

    assert (receipt.outcome, receipt.unbind) == became


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
async def test_a_connection_lost_before_the_text_sent_nothing(command: str, post: Post, sent: Sent) -> None:
    post.cut = command
    async with post_office(post):
        receipt = await sent()

    assert (receipt.outcome, receipt.down) == (Outcome.PENDING, True)
    assert post.letters == []


async def test_a_connection_lost_after_the_text_may_have_sent_it(post: Post, sent: Sent) -> None:
    post.cut = "DATA"
    async with post_office(post):
        receipt = await sent()

    assert receipt.outcome is Outcome.UNKNOWN
    assert len(post.letters) == 1


async def test_a_refused_connection_begins_nothing(post: Post, sent: Sent, begun: Begun) -> None:
    async with post_office(post):
        pass
    receipt = await sent()

    assert (receipt.outcome, receipt.down) == (Outcome.PENDING, True)
    assert begun.times == 0


async def test_a_server_that_is_not_ready_begins_nothing(post: Post, sent: Sent, begun: Begun) -> None:
    async def closing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 4.3.2 closing for maintenance\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(closing, "127.0.0.1", 0) as server:
        post.port = server.sockets[0].getsockname()[1]
        receipt = await sent()

    assert (receipt.outcome, receipt.down) == (Outcome.PENDING, True)
    assert begun.times == 0


async def test_who_logs_in_is_let_in(post: Post, sent: Sent) -> None:
    async with post_office(post, login=True):
        receipt = await sent(url=f"smtp://{LOGIN}localhost:{{port}}")

    assert receipt.outcome is Outcome.SENT
    assert post.logins == [True]


async def test_a_refused_log_in_is_the_channels_and_shows_no_password(
    post: Post, sent: Sent, begun: Begun
) -> None:
    async with post_office(post, login=True):
        receipt = await sent(url="smtp://duewatch:falsch@localhost:{port}")

    assert (receipt.outcome, receipt.down, receipt.unbind) == (Outcome.PENDING, True, False)
    assert "falsch" not in (receipt.reason or "")
    assert begun.times == 0


async def test_an_address_that_is_none_is_turned_off(post: Post, sent: Sent) -> None:
    async with post_office(post):
        receipt = await sent(to="nobody")

    assert (receipt.outcome, receipt.unbind) == (Outcome.FAILED, True)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of this machine, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl, to make a certificate")
    made, alone = tmp_path / "certificate.pem", tmp_path / "alone.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*make.split(), "-keyout", made, "-out", alone], check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + alone.read_bytes())
    return made


def _context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_what_the_server_can_is_encrypted(
    scheme: str, post: Post, sent: Sent, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with post_office(post, certificate=_context(certificate), tls=scheme == "smtps"):
        receipt = await sent(url=f"{scheme}://localhost:{{port}}")

    assert receipt.outcome is Outcome.SENT
    assert len(post.letters) == 1


async def test_a_server_nobody_vouches_for_gets_no_letter(
    post: Post, sent: Sent, certificate: Path, begun: Begun
) -> None:
    async with post_office(post, certificate=_context(certificate)):
        receipt = await sent()

    assert (receipt.outcome, receipt.down) == (Outcome.PENDING, True)
    assert begun.times == 0
    assert post.letters == []


async def test_a_password_does_not_go_out_in_the_clear(post: Post, law: Law, begun: Begun) -> None:
    async def username() -> str | None:
        return None

    afar = MailServer.parse(f"smtp://{LOGIN}mail.example.org")
    async with post_office(post, login=True):
        here = MailServer(
            host="localhost",
            port=post.port,
            username=afar.username,
            password=afar.password,
            tls=afar.tls,
            starttls=afar.starttls,
        )
        channel = EmailChannel(here, sender_of("a@example.org"), law, username, origin="0")
        receipt = await channel.send(TO, Screen(html="督期"), language="en", begin=begun, key="1")

    assert (receipt.outcome, receipt.down) == (Outcome.PENDING, True)
    assert post.logins == []


def test_a_mail_servers_address_is_read() -> None:
    relay = MailServer.parse("smtp://relay.example.org")
    submission = MailServer.parse(f"smtp://{LOGIN}mail.example.org")
    encrypted = MailServer.parse(f"smtps://{LOGIN}mail.example.org")
    plain = MailServer.parse(f"smtp://{LOGIN}10.0.0.5:2525?starttls=never")

    assert (relay.port, relay.tls, relay.starttls, relay.username) == (25, False, None, None)
    assert (submission.port, submission.starttls) == (587, True)
    assert (submission.username, submission.password) == (USER, PASSWORD)
    assert (encrypted.port, encrypted.tls, encrypted.starttls) == (465, True, False)
    assert (plain.port, plain.starttls) == (2525, False)
    assert PASSWORD not in repr(submission)
    assert USER not in repr(submission)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://user:geheim@mail:port",
        "smtp://m/x?y=geheim",
    ],
)
def test_what_is_no_mail_server_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(MailServerError) as refused:
        MailServer.parse(url)

    assert "geheim" not in str(refused.value)
