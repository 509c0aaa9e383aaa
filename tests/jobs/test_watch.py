"""What is wrong with the running of Duewatch is found, said to administrators once and daily, and said to be over."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from jobs import housekeeping, outage
from jobs.briefs import AlarmBrief
from jobs.context import Context
from jobs.deliver import deliver
from jobs.reaching import AWAY_AFTER_FAILURES
from jobs.timetable import WATCH, catch_up
from jobs.watch import Facts, conditions
from obligations.calendar import Coverage
from storage import alarms, contacts, settings
from storage.alarms import AlarmName
from storage.database import Session
from storage.health import Backlog, DigestRound, Unreached
from storage.models import Contact, Event, NotificationKind, Outcome, Worker
from tests.jobs.town import RecordingChannel, Town, at

WELL = Facts(
    outbox=Backlog(waiting=0, oldest=timedelta()),
    late_jobs=(),
    away=(),
    horizon=timedelta(days=120),
    calendar=Coverage(through=date(2024, 12, 31), days_left=300),
    digests=(),
    unreached=Unreached(contact_ids=()),
    given_up=0,
    trail_broken=None,
    administrators=1,
    has_registry=True,
    starting=False,
)
DIGEST = DigestRound(
    kind=NotificationKind.DAILY_DIGEST, planned_on=date(2024, 2, 20), last_at=at("2024-02-20 09:31")
)


def found(facts: Facts, *raised: AlarmName) -> list[tuple[AlarmName, str]]:
    return [(each.name, each.subject) for each in conditions(facts, raised=raised)]


def test_nothing_is_wrong_where_all_is_well() -> None:
    assert found(WELL) == []


@pytest.mark.parametrize(
    ("facts", "name", "subject"),
    [
        (
            replace(WELL, outbox=Backlog(waiting=1, oldest=timedelta(minutes=31))),
            AlarmName.OUTBOX_AGED,
            "",
        ),
        (replace(WELL, away=["telegram"]), AlarmName.CHANNEL_AWAY, "telegram"),
        (replace(WELL, horizon=timedelta(days=99)), AlarmName.HORIZON_SHORT, ""),
        (
            replace(WELL, calendar=Coverage(through=date(2024, 12, 31), days_left=60)),
            AlarmName.CALENDAR_SHORT,
            "",
        ),
        (replace(WELL, late_jobs=["reminders"]), AlarmName.JOB_LATE, "reminders"),
        (replace(WELL, digests=[DIGEST]), AlarmName.DIGEST_LATE, "2024-02-20"),
        (
            replace(WELL, unreached=Unreached(contact_ids=(7,))),
            AlarmName.CONTACT_UNREACHABLE,
            "",
        ),
        (replace(WELL, given_up=1), AlarmName.UPDATES_GIVEN_UP, ""),
        (replace(WELL, trail_broken=12), AlarmName.TRAIL_BROKEN, ""),
        (replace(WELL, administrators=0), AlarmName.NO_ADMINISTRATOR, ""),
    ],
)
def test_each_thing_that_is_wrong_is_found_by_itself(facts: Facts, name: AlarmName, subject: str) -> None:
    assert found(facts) == [(name, subject)]


@pytest.mark.parametrize(
    "facts",
    [
        replace(WELL, outbox=Backlog(waiting=1, oldest=timedelta(minutes=30))),
        replace(WELL, digests=[replace(DIGEST, last_at=at("2024-02-20 09:30"))]),
        replace(WELL, horizon=None),
        replace(WELL, has_registry=False, administrators=0, late_jobs=["reminders"]),
    ],
)
def test_what_is_within_bounds_is_not_wrong(facts: Facts) -> None:
    assert found(facts) == []


def test_a_process_that_has_just_started_may_be_catching_up() -> None:
    behind = replace(
        WELL, late_jobs=["reminders"], outbox=Backlog(waiting=9, oldest=timedelta(hours=9)), starting=True
    )
    assert found(behind) == []
    assert found(replace(behind, starting=False)) == [
        (AlarmName.OUTBOX_AGED, ""),
        (AlarmName.JOB_LATE, "reminders"),
    ]


async def test_a_first_start_and_the_end_of_an_outage_give_time_to_catch_up(
    town: Town, context: Context
) -> None:
    def late() -> bool:
        return AlarmName.JOB_LATE in town.database.read(alarms.counts)

    await look(town, context, "2024-02-20 12:00")
    await look(town, context, "2024-02-20 12:14")
    assert not late()
    await look(town, context, "2024-02-20 12:15")
    assert late()
    await catch_up(context, at("2024-02-20 12:20"))
    await catch_up(context, at("2024-02-21 15:00"))
    town.database.write(
        lambda session: settings.put(session, "round.reminders", at("2024-02-20 12:20").isoformat())
    )
    await look(town, context, "2024-02-21 15:14")
    assert not late()
    await look(town, context, "2024-02-21 15:15")
    assert late()


async def test_processes_that_restart_again_and_again_are_found_behind(town: Town) -> None:
    appoint(town, town.contact(town.city, "admin"))
    now = at("2024-02-20 12:00")
    for number in range(4):
        name = f"process {number}"
        town.database.write(
            lambda session, name=name, now=now: session.add(  # type: ignore[misc]  # mypy cannot type a default
                Worker(name=name, host="h", pid=1, started_at=now, seen_at=now)
            )
        )
        context = town.context(worker=name)
        for _ in range(5):
            await outage.note(context, now)
            await WATCH.work(context, now)
            now += timedelta(minutes=1)
    assert town.database.read(alarms.counts)[AlarmName.JOB_LATE] == 5


def test_an_alarm_about_the_outbox_does_not_flicker() -> None:
    shrinking = replace(WELL, outbox=Backlog(waiting=9, oldest=timedelta(minutes=6)))
    assert found(shrinking) == []
    assert found(shrinking, AlarmName.OUTBOX_AGED) == [(AlarmName.OUTBOX_AGED, "")]
    fresh = replace(WELL, outbox=Backlog(waiting=9, oldest=timedelta(minutes=5)))
    assert found(fresh, AlarmName.OUTBOX_AGED) == []


@pytest.fixture
def context(town: Town) -> Context:
    """The town with one administrator, and every job done this morning."""

    appoint(town, town.contact(town.city, "admin"))
    return town.context()


def appoint(town: Town, contact: int) -> None:
    """Make a contact an administrator."""

    def work(session: Session) -> None:
        session.get_one(Contact, contact).administrator = True

    town.database.write(work)


async def look(town: Town, context: Context, moment: str) -> list[AlarmBrief]:
    """Watch and deliver at a moment; return what the administrator was told of alarms by it."""
    before = len(town.channel.parcels)
    await WATCH.work(context, at(moment))
    await deliver(context, at(moment))
    briefs = [parcel.brief for parcel in town.channel.parcels[before:] if parcel.address == "admin"]
    return [brief for brief in briefs if isinstance(brief, AlarmBrief)]


def break_trail(town: Town, event: int | None) -> None:
    """Let the nightly check have found the trail broken at an event, or whole."""
    town.database.write(
        lambda session: settings.put(session, housekeeping.TRAIL_BROKEN, "" if event is None else str(event))
    )


async def test_administrators_are_told_at_once_daily_and_at_the_end(
    town: Town, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    other = town.contact(town.city, "officer")
    await catch_up(context, at("2024-02-20 12:00"))
    break_trail(town, 12)
    [first] = await look(town, context, "2024-02-20 12:01")
    assert (first.name, first.raised_at, first.again, first.cleared_at) == (
        AlarmName.TRAIL_BROKEN,
        at("2024-02-20 12:01"),
        False,
        None,
    )
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == ["alarm: trail_broken  event=12"]
    assert await look(town, context, "2024-02-20 12:02") == []
    await catch_up(context, at("2024-02-21 09:10"))
    await deliver(context, at("2024-02-21 09:10"))
    assert await look(town, context, "2024-02-21 12:00") == []
    [again] = await look(town, context, "2024-02-21 12:02")
    assert again.again
    break_trail(town, None)
    [over] = await look(town, context, "2024-02-21 12:03")
    assert over.cleared_at == at("2024-02-21 12:03")
    assert await look(town, context, "2024-02-21 12:04") == []
    assert town.told(other, NotificationKind.ALARM) == []


async def test_in_the_night_nobody_is_woken_and_what_is_over_by_morning_is_not_told(
    town: Town, context: Context
) -> None:
    await catch_up(context, at("2024-02-20 22:30"))
    break_trail(town, 12)
    assert await look(town, context, "2024-02-20 23:00") == []
    break_trail(town, None)
    await catch_up(context, at("2024-02-21 06:50"))
    assert await look(town, context, "2024-02-21 06:55") == []
    assert await look(town, context, "2024-02-21 07:01") == []
    outcomes = [each.outcome for each in town.told(town.who("admin"), NotificationKind.ALARM)]
    assert outcomes == [Outcome.DROPPED, Outcome.DROPPED]


async def test_who_becomes_administrator_later_is_told_then(town: Town) -> None:
    context = town.context()
    late = town.contact(town.city, "admin")
    await catch_up(context, at("2024-02-20 12:00"))
    break_trail(town, 12)
    assert await look(town, context, "2024-02-20 12:01") == []
    assert set(town.database.read(alarms.counts)) == {AlarmName.TRAIL_BROKEN, AlarmName.NO_ADMINISTRATOR}
    appoint(town, late)
    [told] = await look(town, context, "2024-02-20 12:02")
    assert told.name is AlarmName.TRAIL_BROKEN


async def test_that_the_chat_is_away_goes_by_the_administrators_next_channel(town: Town) -> None:
    chat, mail = RecordingChannel(name="chat"), RecordingChannel(name="mail")
    context = town.context(chat=chat, mail=mail)
    admin = town.contact(town.city, "admin")
    town.bind(admin, "mail", "admin@example.org")
    appoint(town, admin)
    now = at("2024-02-20 12:00")
    await catch_up(context, now)
    for _ in range(AWAY_AFTER_FAILURES):
        context.circuits.of("chat").missed(now)
        await WATCH.work(context, now)
        now = context.circuits.of("chat").open_until or now
    context.circuits.of("chat").missed(now)
    await WATCH.work(context, now)
    await deliver(context, now)
    assert [parcel.brief.name for parcel in mail.parcels if isinstance(parcel.brief, AlarmBrief)] == [
        AlarmName.CHANNEL_AWAY
    ]
    assert not any(isinstance(parcel.brief, AlarmBrief) for parcel in chat.parcels)


async def test_names_of_those_who_are_not_reached_are_read_when_it_is_sent(
    town: Town, context: Context
) -> None:
    mill = town.unit("mill", town.district("north"))
    town.contact(mill, "77")
    await catch_up(context, at("2024-02-20 12:00"))
    town.database.write(
        lambda session: contacts.unbind(session, "chat", "77", reason="blocked", now=at("2024-02-20 12:00"))
    )
    [told] = await look(town, context, "2024-02-20 12:01")
    assert told.name is AlarmName.CONTACT_UNREACHABLE
    assert [(each.organisation_name, each.contact_name) for each in told.contacts] == [("mill", "contact 77")]


@pytest.fixture
def lost(town: Town, context: Context) -> Callable[[str, str], Awaitable[list[AlarmBrief]]]:
    """Return how a contact of an address loses it at a moment; what the administrator is told by it is returned."""
    mill = town.unit("mill", town.district("north"))
    found: set[str] = set()

    async def lose(address: str, moment: str) -> list[AlarmBrief]:
        if address not in found:
            found.add(address)
            town.contact(mill, address)
        town.database.write(
            lambda session: contacts.unbind(session, "chat", address, reason="blocked", now=at(moment))
        )
        return await look(town, context, moment)

    return lose


async def test_of_a_further_contact_who_is_not_reached_administrators_hear_at_once(
    town: Town, context: Context, lost: Callable[[str, str], Awaitable[list[AlarmBrief]]]
) -> None:
    await catch_up(context, at("2024-02-20 12:00"))
    [first] = await lost("71", "2024-02-20 12:01")
    assert (first.again, first.further) == (False, 0)
    [told] = await lost("72", "2024-02-20 12:02")
    assert (told.again, told.further, told.detail["total"]) == (True, 1, 2)
    assert [each.contact_name for each in told.contacts] == ["contact 72", "contact 71"]
    assert await look(town, context, "2024-02-20 12:03") == []


async def test_of_many_who_are_not_reached_administrators_hear_once_an_hour(
    town: Town, context: Context, lost: Callable[[str, str], Awaitable[list[AlarmBrief]]]
) -> None:
    await catch_up(context, at("2024-02-20 12:00"))
    assert len(await lost("71", "2024-02-20 12:01")) == 1
    assert len(await lost("72", "2024-02-20 12:02")) == 1
    for minute in range(3, 60):
        assert await lost(str(100 + minute), f"2024-02-20 12:{minute:02}") == []
    assert await look(town, context, "2024-02-20 13:01") == []
    [told] = await look(town, context, "2024-02-20 13:02")
    assert (told.further, told.detail["total"], len(told.contacts)) == (57, 59, 5)
    assert await look(town, context, "2024-02-20 15:00") == []


async def test_who_is_lost_in_the_night_is_in_the_one_message_of_the_morning(
    town: Town, context: Context, lost: Callable[[str, str], Awaitable[list[AlarmBrief]]]
) -> None:
    await catch_up(context, at("2024-02-20 22:30"))
    assert await lost("71", "2024-02-20 23:00") == []
    assert await lost("72", "2024-02-21 02:00") == []
    await catch_up(context, at("2024-02-21 06:59"))
    [told] = await look(town, context, "2024-02-21 07:00")
    assert [each.contact_name for each in told.contacts] == ["contact 71", "contact 72"]
    assert await look(town, context, "2024-02-21 07:01") == []


async def test_who_was_reached_meanwhile_and_is_lost_again_is_told_of_again(
    town: Town, context: Context, lost: Callable[[str, str], Awaitable[list[AlarmBrief]]]
) -> None:
    await catch_up(context, at("2024-02-20 12:00"))
    await lost("71", "2024-02-20 12:01")
    [further] = await lost("72", "2024-02-20 12:02")
    town.bind(further.detail["contacts"][-1], "chat", "72")
    assert await look(town, context, "2024-02-20 13:10") == []
    [told] = await lost("72", "2024-02-20 13:20")
    assert told.further == 1


async def test_a_trail_that_was_changed_is_an_alarm_from_the_nightly_check_on(
    town: Town, context: Context
) -> None:
    def tamper(session: Session) -> None:
        session.get_one(Event, 1).kind = "somebody else's"

    town.database.write(tamper)
    await catch_up(context, at("2024-02-20 12:00"))
    [told] = await look(town, context, "2024-02-20 12:01")
    assert told.name is AlarmName.TRAIL_BROKEN
    assert told.detail == {"event": 1}


async def test_digests_of_the_day_of_the_first_start_are_never_late(town: Town, context: Context) -> None:
    await catch_up(context, at("2024-02-20 15:00"))
    assert await look(town, context, "2024-02-20 15:01") == []
    sent = town.told(town.who("admin"), NotificationKind.DAILY_DIGEST)
    assert [each.outcome for each in sent] == [Outcome.SENT]


async def test_late_digests_of_a_later_day_are_told_once(town: Town, context: Context) -> None:
    await catch_up(context, at("2024-02-20 15:00"))
    await deliver(context, at("2024-02-20 15:00"))
    await catch_up(context, at("2024-02-21 11:00"))
    await deliver(context, at("2024-02-21 11:00"))
    assert [each.name for each in await look(town, context, "2024-02-21 11:01")] == [AlarmName.DIGEST_LATE]
    await catch_up(context, at("2024-02-22 09:10"))
    await deliver(context, at("2024-02-22 09:10"))
    assert await look(town, context, "2024-02-22 12:00") == [], "that it is over is no news"
    assert town.database.read(alarms.counts) == {}
