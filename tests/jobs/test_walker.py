"""Walking the timetable in virtual time, and the invariants of what came of it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from jobs import invariants
from jobs.channel import Receipt
from jobs.record import Record, Recorder
from jobs.timetable import ALIVE, PLANNING, TIMETABLE, WATCHING, catch_up
from jobs.walker import Stop, next_stop, walk
from obligations.law import Law
from storage import organisations, outbox
from storage.database import Database, Session
from storage.models import Attempt, Event, Notification, NotificationKind, Outcome, Reminding, Stage
from storage.record import Holding
from storage.settings import get_date
from tests.jobs.town import Town, at


@pytest.mark.parametrize(
    ("after", "name", "fires"),
    [
        ("2024-02-19 00:04", "materialise", "2024-02-19 00:05"),
        ("2024-02-19 00:05", "materialise", "2024-02-20 00:05"),
        ("2024-02-19 00:00", "housekeeping", "2024-02-19 03:30"),
        ("2024-02-18 09:00", "daily_digest", "2024-02-19 08:30"),
        ("2024-02-13 00:00", "weekly_digest", "2024-02-19 08:45"),  # Mondays only, day off or not
        ("2024-02-19 08:45", "weekly_digest", "2024-02-26 08:45"),
        ("2024-02-29 10:00", "reminders", "2024-03-01 09:00"),
        ("2024-12-31 10:00", "reminders", "2025-01-01 09:00"),
    ],
)
def test_the_hours_of_the_day_are_those_of_chongqing(after: str, name: str, fires: str) -> None:
    entry = next(entry for entry in TIMETABLE if entry.name == name)
    for zone in (at(after), at(after).astimezone(UTC)):
        assert entry.next_firing(zone) == at(fires)


def test_every_job_has_its_own_name() -> None:
    assert len({entry.name for entry in TIMETABLE}) == len({*PLANNING, *WATCHING}) == len(TIMETABLE)
    assert {*PLANNING, ALIVE} < set(TIMETABLE)


async def collect(town: Town, since: str, until: str) -> list[Stop]:
    return [
        stop
        async for stop in walk(town.context(), since=at(since), until=at(until), set_clock=lambda _: None)
    ]


async def test_a_day_has_its_stops_in_order(town: Town) -> None:
    stops = await collect(town, "2024-02-18 12:00", "2024-02-19 12:00")
    assert [(stop.at, stop.job) for stop in stops] == [
        (at("2024-02-19 00:05"), "materialise"),
        (at("2024-02-19 03:30"), "housekeeping"),
        (at("2024-02-19 08:30"), "daily_digest"),
        (at("2024-02-19 08:45"), "weekly_digest"),
        (at("2024-02-19 09:00"), "reminders"),
    ]


async def test_both_ends_meet_without_a_gap_or_a_repetition(town: Town) -> None:
    first = await collect(town, "2024-02-18 12:00", "2024-02-19 08:30")
    second = await collect(town, "2024-02-19 08:30", "2024-02-19 12:00")
    assert [stop.job for stop in first + second] == [
        "materialise",
        "housekeeping",
        "daily_digest",
        "weekly_digest",
        "reminders",
    ]


async def test_what_waits_is_sent_at_once_and_a_retry_has_a_stop_of_its_own(town: Town) -> None:
    reader = town.contact(town.district("north"), "office")
    noon = at("2024-02-19 12:00")
    town.channel.answers["office"] = [Receipt(outcome=Outcome.PENDING, retry_in=timedelta(minutes=7))]
    town.database.write(
        lambda s: outbox.enqueue(s, [reader], NotificationKind.DAILY_DIGEST, key="k", now=noon)
    )
    assert await next_stop(town.context(), noon) == noon
    stops = await collect(town, "2024-02-19 12:00", "2024-02-19 13:00")
    assert stops == [
        Stop(at=noon, job="deliver", sent=0),
        Stop(at=noon + timedelta(minutes=7), job="deliver", sent=1),
    ]


async def test_at_a_stop_the_clock_is_set_then_people_act_then_the_job_runs(town: Town) -> None:
    seen: list[tuple[str, datetime]] = []

    async def people(moment: datetime) -> None:
        seen.append(("people", moment))

    async def look(job: str, moment: datetime) -> None:
        seen.append((job, moment))

    walking = walk(
        town.context(),
        since=at("2024-02-19 08:50"),
        until=at("2024-02-19 10:00"),
        set_clock=lambda moment: seen.append(("clock", moment)),
        before_stop=people,
        before_job=look,
    )
    assert [stop.job async for stop in walking] == ["reminders"]
    nine = at("2024-02-19 09:00")
    assert seen == [("clock", nine), ("people", nine), ("reminders", nine)]


class TestHousekeeping:
    @staticmethod
    async def _night(town: Town, moment: str) -> None:
        [entry] = [entry for entry in PLANNING if entry.name == "housekeeping"]
        await entry.work(town.context(), at(moment))

    async def test_a_broken_trail_is_reported_every_night_until_mended(
        self, town: Town, caplog: pytest.LogCaptureFixture
    ) -> None:
        town.contact(town.city, "office")
        await self._night(town, "2024-02-19 03:30")
        assert caplog.text == ""
        town.database.write(lambda s: s.execute(update(Event).where(Event.id == 1).values(kind="forged")))
        await self._night(town, "2024-02-20 03:30")
        assert caplog.text == ""  # checked on Monday; next week will tell
        await self._night(town, "2024-02-26 03:30")
        await self._night(town, "2024-02-27 03:30")
        assert caplog.text.count("broken at event 1") == 2
        checked = town.database.read(lambda s: get_date(s, "trail_checked_in_week_of"))
        assert checked == date(2024, 2, 19)


def january(town: Town, unit: int) -> Stage:
    return town.stage(unit, "monthly-evidence", "2024-01")


def populate(town: Town) -> Callable[[datetime], None]:
    """Fill the town and return its people: one plant is in time, one is late and returned, one stays silent."""
    north, south = town.district("north"), town.district("south")
    plant, late = town.unit("plant", north), town.unit("late", north)
    silent = town.unit("silent", south, fuel="gas")
    people = {plant: "plant", late: "late", silent: "silent", north: "north", town.city: "city"}
    for organisation, address in people.items():
        town.contact(organisation, address)
    town.contact(silent, "boss", lead=True)
    town.contact(town.city, "lead", lead=True)
    script: list[tuple[str, Callable[[datetime], None]]] = [
        ("2024-02-19 09:00", lambda moment: town.submit(january(town, plant), moment)),
        ("2024-02-21 09:00", lambda moment: town.accept(january(town, plant), moment)),
        ("2024-02-23 09:00", lambda moment: town.submit(january(town, late), moment)),
        ("2024-02-26 09:00", lambda moment: town.send_back(january(town, late), moment)),
    ]

    def act(moment: datetime) -> None:
        while script and moment >= at(script[0][0]):
            script.pop(0)[1](moment)

    return act


async def live(town: Town, since: str, until: str) -> Recorder:
    act = populate(town)
    context = town.context()
    await catch_up(context, at(since))
    recorder = Recorder(context)

    async def people(moment: datetime) -> None:
        act(moment)

    walking = walk(
        context,
        since=at(since),
        until=at(until),
        set_clock=lambda _: None,
        before_stop=people,
        before_job=recorder.before_job,
    )
    async for _ in walking:
        pass
    return recorder


@pytest.fixture(scope="module")
def walked(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, law: Law) -> Iterator[Town]:
    """Return a town that has lived through the Spring Festival of 2024 and the weeks after it."""
    path = tmp_path_factory.mktemp("walked") / "duewatch.db"
    path.write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield Town(database, law)
    database.close()


@pytest.fixture(scope="module")
def record(walked: Town) -> Record:
    async def run() -> Record:
        recorder = await live(walked, "2024-02-05 08:00", "2024-03-20 12:00")
        return await recorder.finish(at("2024-03-20 12:00"))

    return asyncio.run(run())


def test_a_walk_over_the_spring_festival_keeps_every_invariant(walked: Town, record: Record) -> None:
    assert invariants.check(record, walked.law) == ()
    assert len(record.told) == len(walked.channel.parcels) > 100
    assert walked.remindings(walked.who("boss"))[0] == (date(2024, 2, 23), 3)
    assert walked.remindings(walked.who("plant"))[:1] == [(date(2024, 2, 9), -3)]


def _broken(record: Record, town: Town) -> set[str]:
    return {violation.invariant for violation in invariants.check(record, town.law)}


class TestTheInvariantsCanFail:
    def test_a_reminder_that_was_lost(self, walked: Town, record: Record) -> None:
        for n in range(len(record.reminders)):
            without = (*record.reminders[:n], *record.reminders[n + 1 :])
            assert _broken(replace(record, reminders=without), walked) == {"every reminder once"}

    def test_a_reminder_on_the_wrong_day_or_to_the_wrong_reader(self, walked: Town, record: Record) -> None:
        first = record.reminders[0]
        for wrong in (
            replace(first, mark=first.mark - 1),
            replace(first, planned_on=date(2024, 2, 10)),
            replace(first, contact_id=walked.who("lead")),
        ):
            assert _broken(replace(record, reminders=(*record.reminders, wrong)), walked) == {
                "every reminder once"
            }

    def test_a_message_that_was_never_made(self, walked: Town, record: Record) -> None:
        for kind, broken in (
            (NotificationKind.REMINDER, "every reminder once"),
            (NotificationKind.DAILY_DIGEST, "every overdue stage in digests"),
        ):
            gone = next(told for told in record.told if told.kind is kind)
            without = tuple(told for told in record.told if told.id != gone.id)
            assert _broken(replace(record, told=without), walked) == {broken}

    def test_a_stage_left_out_of_a_digest(self, walked: Town, record: Record) -> None:
        digest = next(t for t in record.told if t.kind is NotificationKind.DAILY_DIGEST and t.stage_ids)
        told = tuple(replace(t, stage_ids=frozenset()) if t.id == digest.id else t for t in record.told)
        assert _broken(replace(record, told=told), walked) == {"every overdue stage in digests"}

    def test_a_stage_named_after_it_was_done(self, walked: Town, record: Record) -> None:
        plant = walked.database.read(lambda s: organisations.by_code(s, "plant").id)
        done = january(walked, plant)
        last = [t for t in record.told if t.kind is NotificationKind.REMINDER and t.outcome is Outcome.SENT][
            -1
        ]
        named = replace(last, stage_ids=last.stage_ids | {done.id})
        told = tuple(named if t.id == last.id else t for t in record.told)
        assert "nothing sent for what was done" in _broken(replace(record, told=told), walked)

    def test_two_of_a_kind_and_one_forgotten(self, walked: Town, record: Record) -> None:
        first = record.told[0]
        assert "every key once" in _broken(replace(record, told=(*record.told, first)), walked)
        pending = (*record.told[1:], replace(first, outcome=Outcome.PENDING))
        assert "nothing left behind" in _broken(replace(record, told=pending), walked)

    def test_a_stage_left_with_a_district_that_was_succeeded(self, walked: Town, record: Record) -> None:
        left = Holding(stage_id=1, district_id=2, actor_id=3, checker_id=2)
        # The day's first job passes it on: just before, it may still be there.
        for job, broken in (("materialise", set()), ("reminders", {"nothing with who was succeeded"})):
            index = next(n for n, each in enumerate(record.snapshots) if each.job == job)
            stranded = replace(record.snapshots[index], stranded=(left,))
            snapshots = (*record.snapshots[:index], stranded, *record.snapshots[index + 1 :])
            assert _broken(replace(record, snapshots=snapshots), walked) == broken


async def test_sabotage_of_the_outbox_is_found(town: Town) -> None:
    until = at("2024-02-24 12:00")
    recorder = await live(town, "2024-02-19 08:00", "2024-02-24 12:00")
    assert invariants.check(await recorder.finish(until), town.law) == ()

    def lose(session: Session) -> None:
        day = date(2024, 2, 22)
        session.execute(delete(Reminding).where(Reminding.planned_on == day))
        planned = select(Notification.id).where(Notification.planned_on == day)
        session.execute(delete(Attempt).where(Attempt.notification_id.in_(planned)))
        session.execute(delete(Notification).where(Notification.planned_on == day))

    town.database.write(lose)
    assert _broken(await recorder.finish(until), town) == {
        "every reminder once",
        "every overdue stage in digests",
    }


async def test_a_three_day_outage_keeps_the_invariants(town: Town) -> None:
    recorder = await live(town, "2024-02-14 08:00", "2024-02-21 12:00")
    context = town.context()
    await catch_up(context, at("2024-02-25 07:00"))  # a Sunday before its hours: nobody is written to
    before = len(town.channel.parcels)
    walking = walk(
        context,
        since=at("2024-02-25 07:00"),
        until=at("2024-02-27 12:00"),
        set_clock=lambda _: None,
        before_job=recorder.before_job,
    )
    async for _ in walking:
        pass
    assert invariants.check(await recorder.finish(at("2024-02-27 12:00")), town.law) == ()
    assert len(town.channel.parcels) > before
