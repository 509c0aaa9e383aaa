"""What the night tidies away, and what it must leave."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from jobs import housekeeping
from storage import contacts, inbox
from storage.database import Session
from storage.errors import InvitationRefusedError
from storage.models import InboundUpdate, Invitation, SendLimit
from tests.jobs.town import Town, at

NIGHT = at("2024-03-20 03:30")


def left(session: Session) -> list[int]:
    return list(session.scalars(select(InboundUpdate.update_id).order_by(InboundUpdate.update_id)))


async def test_an_invitation_that_ran_out_goes_and_one_that_was_used_stays(town: Town) -> None:
    def invite(session: Session) -> list[str]:
        made = NIGHT - contacts.INVITATION_VALID_FOR
        return [
            contacts.invite(session, town.city, lead=False, now=when)
            for when in (made, made, made + timedelta(seconds=1))
        ]

    _expired, used, valid = town.database.write(invite)

    def enrol(session: Session, token: str) -> None:
        contacts.enrol(
            session,
            token,
            name="somebody",
            language="en",
            channel="chat",
            address=token,
            now=NIGHT - timedelta(days=1),
        )

    town.database.write(lambda session: enrol(session, used))
    await housekeeping.run(town.context(), NIGHT)
    count = town.database.read(lambda session: len(session.scalars(select(Invitation)).all()))
    assert count == 2
    town.database.write(lambda session: enrol(session, valid))
    with pytest.raises(InvitationRefusedError):
        town.database.write(lambda session: enrol(session, used))


async def test_handled_updates_go_after_a_month_but_never_a_waiting_one(
    town: Town,
) -> None:
    long_ago = NIGHT - timedelta(days=31)

    def arrive(session: Session) -> None:
        arrived = [inbox.Arrived(update_id=n, chat_id=1, payload={}) for n in (1, 2, 3, 4)]
        inbox.keep(session, arrived, now=long_ago)
        for update_id, when in ((1, long_ago), (3, NIGHT - timedelta(days=29)), (4, long_ago)):
            inbox.take(session, update_id, worker="one", now=when)

    town.database.write(arrive)
    await housekeeping.run(town.context(), NIGHT)
    assert town.database.read(left) == [2, 3]
    await housekeeping.run(town.context(), NIGHT)
    assert town.database.read(left) == [2, 3]


async def test_limits_that_have_not_mattered_for_a_day_go(town: Town) -> None:
    def keep(session: Session) -> None:
        for key, hours in (("old", 25), ("new", 23), ("paused", -100)):
            session.add(SendLimit(key=key, free_at=NIGHT - timedelta(hours=hours)))

    town.database.write(keep)
    await housekeeping.run(town.context(), NIGHT)
    kept = town.database.read(lambda s: set(s.scalars(select(SendLimit.key))))
    assert kept == {"new", "paused"}
