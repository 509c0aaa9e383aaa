"""From the outbox by a robot and by e-mail: tried in the contact's order, on record, and no secret is kept or logged."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy import select

from bot.channels.email import EmailChannel
from bot.channels.mail_server import MailServer, sender_of
from jobs import digests, reminders
from jobs.context import Context
from jobs.deliver import deliver
from obligations.law import Law
from storage import bindings
from storage.database import Database, Session
from storage.models import (
    Attempt,
    AttemptOutcome,
    Binding,
    Event,
    Notification,
    Outcome,
)
from tests.bot.channels.conftest import Opened
from tests.bot.channels.mail import Post, post_office
from tests.bot.channels.services import KEY, Services
from tests.jobs.town import Town, at

NINE = at("2024-02-20 09:00")
MAIL = "works@example.org"


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A mail server."""
    async with post_office(Post()) as serving:
        yield serving


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    """A small town."""
    return Town(database, law)


@pytest.fixture
def group(town: Town, services: Services) -> int:
    """A unit whose contact is a group with a robot of WeCom and a mailbox, with evidence due today."""
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    contact = town.contact(unit, services.address("wecom"), channel="wecom")

    def work(session: Session) -> None:
        bindings.add(session, contact, channel="email", address=MAIL, now=NINE)

    town.database.write(work)
    return contact


@pytest.fixture
def context(town: Town, opened: Opened, post: Post) -> Context:
    """A process with both channels; in which order they are made does not matter."""

    async def username() -> str | None:
        return None

    server = MailServer.parse(f"smtp://localhost:{post.port}")
    email = EmailChannel(server, sender_of("a@example.org"), town.law, username, origin="t")
    return Context(
        database=town.database,
        law=town.law,
        channels={"email": email, "wecom": opened("wecom")},
        worker="one",
    )


async def test_a_reminder_reaches_the_group_by_its_first_channel(
    town: Town, group: int, context: Context, services: Services, post: Post
) -> None:
    await reminders.run(context, NINE)
    assert await deliver(context, NINE) == 1

    (text,) = services.texts
    (told,) = town.told(group)
    assert "月度信息化存证" in text
    assert told.outcome is Outcome.SENT
    assert told.proof is not None
    assert (told.proof["channel"], told.proof["text"]) == ("wecom", text)
    assert post.letters == []


async def test_where_the_robot_is_gone_the_letter_comes_and_both_attempts_are_on_record(
    town: Town, group: int, context: Context, services: Services, post: Post
) -> None:
    services.answer({"errcode": 93000, "errmsg": f"invalid webhook url {services.address('wecom')}"})
    await reminders.run(context, NINE)
    assert await deliver(context, NINE) == 1

    def attempts(session: Session) -> list[tuple[str, AttemptOutcome | None]]:
        return [
            (each.channel, each.outcome) for each in session.scalars(select(Attempt).order_by(Attempt.id))
        ]

    assert town.database.read(attempts) == [
        ("wecom", AttemptOutcome.REFUSED),
        ("email", AttemptOutcome.CONFIRMED),
    ]
    (told,) = town.told(group)
    assert told.message_id == str(post.letters[0]["Message-ID"])
    ways = town.database.read(lambda session: bindings.of_contact(session, group))
    assert [(way.channel, way.off is None) for way in ways] == [("email", True), ("wecom", False)]


async def test_several_late_ones_are_one_letter_with_an_id_of_its_own(
    town: Town, context: Context, post: Post
) -> None:
    lead = town.contact(town.city, MAIL, lead=True, channel="email")
    monday = at("2024-02-19 09:30")
    await digests.daily(context, monday)
    await digests.weekly(context, monday)
    assert await deliver(context, at("2024-02-19 15:00"))

    (letter,) = post.letters
    told = town.told(lead)
    assert str(letter["Message-ID"]).startswith(f"<{told[0].id}-")
    assert [each.outcome for each in told] == [Outcome.SENT, Outcome.SENT]
    assert all(each.proof is not None and each.proof["text"] for each in told)


@pytest.mark.parametrize("code", [93000, 777])
async def test_a_webhooks_key_is_nowhere_but_in_its_binding(
    code: int, group: int, context: Context, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.WARNING, logger=name)
    services.answer({"errcode": code, "errmsg": KEY})
    await reminders.run(context, NINE)
    await deliver(context, NINE)

    def kept(session: Session) -> str:
        attempts = [each.reason for each in session.scalars(select(Attempt))]
        events = [each.detail for each in session.scalars(select(Event))]
        reasons = [each.inactive_reason for each in session.scalars(select(Binding))]
        return json.dumps([attempts, events, reasons], default=str)

    told = [(each.outcome_reason, each.proof) for each in _told(context, group)]
    assert KEY not in context.database.read(kept)
    assert KEY not in json.dumps(told)
    assert KEY not in caplog.text


def _told(context: Context, contact: int) -> list[Notification]:
    def work(session: Session) -> list[Notification]:
        found = list(session.scalars(select(Notification).where(Notification.contact_id == contact)))
        session.expunge_all()
        return found

    return context.database.read(work)
