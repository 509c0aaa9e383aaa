"""Times in which Duewatch did not run, or its channel could not be reached: they are known, said once, and cost nothing."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest

from jobs import bundling, circuits, digests, outage, reminders
from jobs.briefs import BundleBrief, DigestBrief, ReminderBrief, UnreachableBrief
from jobs.channel import NOT_MINE, Begin, Parcel, Receipt
from jobs.deliver import deliver
from jobs.timetable import ALIVE, catch_up
from jobs.walker import walk
from storage import claims, outages, outbox
from storage.database import Session
from storage.models import NotificationKind, Outage, Outcome
from storage.registry import CHANNEL
from tests.jobs.town import RecordingChannel, Town, at

EVIDENCE = "monthly-evidence"


def known(town: Town) -> list[tuple[datetime, datetime]]:
    def work(session: Session) -> list[tuple[datetime, datetime]]:
        return [(each.began_at, each.ended_at) for each in session.query(Outage).order_by(Outage.id)]

    return town.database.read(work)


class TestBeingAwayIsKnown:
    async def test_a_first_start_and_a_short_stop_are_no_outage(self, town: Town) -> None:
        context = town.context()
        assert not await outage.note(context, at("2024-02-20 10:00"))
        assert not await outage.note(context, at("2024-02-20 10:30"))
        assert known(town) == []

    async def test_a_silence_of_more_than_half_an_hour_is_one(self, town: Town) -> None:
        context = town.context()
        await outage.note(context, at("2024-02-20 10:00"))
        assert await outage.note(context, at("2024-02-20 10:31"))
        assert known(town) == [(at("2024-02-20 10:00"), at("2024-02-20 10:31"))]
        assert not await outage.note(context, at("2024-02-20 10:32"))

    async def test_an_outage_that_a_wrong_clock_made_up_is_forgotten(self, town: Town) -> None:
        context = town.context()
        await outage.note(context, at("2024-02-20 10:00"))
        await outage.note(context, at("2025-02-20 10:00"))
        assert not await outage.note(context, at("2024-02-20 10:05"))
        assert known(town) == []
        assert not await outage.note(context, at("2024-02-20 10:06"))

    async def test_a_walk_counts_as_running(self, town: Town) -> None:
        context = town.context()
        await catch_up(context, at("2024-02-18 12:00"))
        since, until = at("2024-02-18 12:00"), at("2024-02-19 20:00")
        async for _ in walk(context, since=since, until=until, set_clock=lambda _: None):
            pass
        await catch_up(context, at("2024-02-19 20:10"))
        assert known(town) == []
        assert town.database.read(outages.alive_at) == at("2024-02-19 20:10")

    async def test_a_machine_that_slept_catches_up_when_it_wakes(self, town: Town) -> None:
        town.contact(town.district("north"), "office")
        context = town.context()
        await ALIVE.work(context, at("2024-02-20 08:00"))
        assert town.told(town.who("office")) == []
        await ALIVE.work(context, at("2024-02-20 11:00"))
        [told] = town.told(town.who("office"))
        assert told.kind is NotificationKind.DAILY_DIGEST

    async def test_what_lay_over_none_of_the_hours_is_not_spoken_of(self, town: Town) -> None:
        context = town.context()
        for moment in ("2024-02-20 10:00", "2024-02-20 12:00", "2024-02-20 12:10", "2024-02-20 13:00"):
            await outage.note(context, at(moment))

        def missed(session: Session) -> list[outages.Away | None]:
            hours = ("2024-02-20 09:59", "2024-02-20 10:00", "2024-02-20 12:00", "2024-02-20 12:30")
            each = [outages.over(session, [at(hour)]) for hour in hours]
            return [*each, outages.over(session, []), outages.over(session, [at(hour) for hour in hours])]

        first = outages.Away(since=at("2024-02-20 10:00"), until=at("2024-02-20 12:00"))
        second = outages.Away(since=at("2024-02-20 12:10"), until=at("2024-02-20 13:00"))
        both = outages.Away(since=first.since, until=second.until, times=2)
        assert town.database.read(missed) == [None, first, None, second, None, both]


@pytest.fixture
def plant(town: Town) -> int:
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    town.contact(unit, "a")
    return unit


class TestWhatWasMissedIsSaid:
    @pytest.mark.usefixtures("plant")
    async def test_a_reminder_and_a_digest_carry_the_outage_once(self, town: Town) -> None:
        town.contact(town.district("south"), "office")
        context = town.context()
        for job in (digests.daily, reminders.run):
            await job(context, at("2024-02-16 09:00"))
        await outage.note(context, at("2024-02-16 10:00"))
        await catch_up(context, at("2024-02-21 10:10"))
        await deliver(context, at("2024-02-21 10:10"))
        away = outages.Away(since=at("2024-02-16 10:00"), until=at("2024-02-21 10:10"))
        briefs = {each.address: each.brief for each in town.channel.parcels}
        reminder, digest = briefs["a"], briefs["office"]
        assert isinstance(reminder, ReminderBrief)
        assert isinstance(digest, DigestBrief)
        assert (reminder.missed, digest.missed, digest.late) == (away, away, True)
        [told] = [n for n in town.told(town.who("a")) if n.planned_on == date(2024, 2, 21)]
        assert told.facts["missed_since"] == "2024-02-16T02:00:00+00:00"
        town.channel.parcels.clear()
        for job in (digests.daily, reminders.run):
            await job(context, at("2024-02-22 09:00"))
        await deliver(context, at("2024-02-22 09:00"))
        for each in town.channel.parcels:
            assert isinstance(each.brief, ReminderBrief | DigestBrief)
            assert each.brief.missed is None

    @pytest.mark.parametrize(("back", "lost_until"), [("02-21 09:59", None), ("02-23 10:00", "02-22 10:00")])
    @pytest.mark.usefixtures("plant")
    async def test_what_a_contact_sent_is_lost_but_for_the_last_day(
        self, town: Town, back: str, lost_until: str | None
    ) -> None:
        contact = town.contact(town.district("south"), "office", channel=CHANNEL)
        context = town.context(telegram=RecordingChannel(name=CHANNEL))
        await outage.note(context, at("2024-02-20 10:00"))
        returned = at(f"2024-{back}")
        await catch_up(context, returned)
        lost = town.database.read(lambda s: outages.lost_by(s, contact, CHANNEL, now=returned))
        if lost_until is None:
            assert lost is None
            return
        assert lost == outages.Away(since=at("2024-02-20 10:00"), until=at(f"2024-{lost_until}"))
        await deliver(context, returned)
        later = returned + timedelta(minutes=1)
        assert town.database.read(lambda s: outages.lost_by(s, contact, CHANNEL, now=later)) is None
        # Nobody is told who was bound only afterwards, who is not written to there, or a month later.
        mailed = town.contact(town.district("east"), "mail", channel="mail")
        assert town.database.read(lambda s: outages.lost_by(s, mailed, CHANNEL, now=later)) is None
        assert (
            town.database.read(
                lambda s: outages.lost_by(s, contact, CHANNEL, now=returned + timedelta(days=32))
            )
            is None
        )


@dataclass(slots=True)
class Cut(RecordingChannel):
    """A channel that cannot be reached until it is back, and tells of each part of a bundle by itself."""

    back_at: datetime = field(default_factory=lambda: at("2024-02-21 11:00"))
    sent: list[tuple[datetime, Parcel]] = field(default_factory=list)

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        if not await begin():
            return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
        if parcel.now < self.back_at:
            return Receipt(outcome=Outcome.PENDING, reason="the server cannot be reached", down=True)
        self.sent.append((parcel.now, parcel))
        parts = {}
        if isinstance(parcel.brief, BundleBrief):
            parts = {part.notification_id: f"part {part.notification_id}" for part in parcel.brief.parts}
        return Receipt(outcome=Outcome.SENT, message_id=str(len(self.sent)), text="whole", parts=parts)


async def test_after_a_day_without_the_channel_each_reader_gets_one_message(
    town: Town, plant: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Duewatch runs all the time; only its messages do not get through from Tuesday 8:00 to Wednesday 11:00."""
    monkeypatch.setattr(circuits, "LONGEST_PAUSE", timedelta(minutes=30))
    district = town.stage(plant, EVIDENCE, "2024-01", "district").actor_id
    office = town.contact(district, "office")
    channel = Cut()
    context = town.context(chat=channel)
    submitted = town.stage(plant, EVIDENCE, "2024-01")

    async def people(moment: datetime) -> None:
        stage = town.stage(plant, EVIDENCE, "2024-01")
        if moment >= at("2024-02-20 10:00") and stage.status.value == "open":
            town.submit(submitted, at("2024-02-20 10:00"))

    since, until = at("2024-02-20 08:00"), at("2024-02-21 20:00")
    async for _ in walk(context, since=since, until=until, set_clock=lambda _: None, before_stop=people):
        pass
    assert sorted(parcel.address for _, parcel in channel.sent) == ["office"]
    [(moment, parcel)] = channel.sent
    assert at("2024-02-21 11:00") <= moment < at("2024-02-21 12:30")
    assert isinstance(parcel.brief, BundleBrief)
    assert parcel.brief.late_since == at("2024-02-20 10:00")
    assert parcel.brief.held_up
    told = {n.kind.value + n.key[:10]: n for n in town.told(office)}
    sent = {n.id for n in told.values() if n.outcome is Outcome.SENT}
    assert sent == {part.notification_id for part in parcel.brief.parts}
    # Yesterday's digest was overtaken by today's; the plant's own reminder no longer matters.
    assert told["daily_digest2024-02-20"].outcome is Outcome.DROPPED
    assert told["daily_digest2024-02-21"].outcome is Outcome.SENT
    for notification in told.values():
        if notification.id in sent:
            assert notification.message_id == "1"
            assert notification.proof is not None
            assert notification.proof["text"] == f"part {notification.id}"
            assert set(notification.proof["bundled_with"]) == sent
    assert [n.outcome for n in town.told(town.who("a"))] == [Outcome.DROPPED]


async def test_what_a_late_first_start_sends_does_not_say_that_anything_failed(
    town: Town, plant: int
) -> None:
    office = town.contact(town.stage(plant, EVIDENCE, "2024-01", "district").actor_id, "office")
    early, late = at("2024-02-20 09:00"), at("2024-02-20 11:00")
    town.database.write(lambda s: enqueue(s, office, "a", now=early))
    town.database.write(lambda s: enqueue(s, office, "b", now=early))

    def told(session: Session) -> BundleBrief:
        claimed = claims.claim(session, worker="one", now=late)
        return bundling.bundle([(each, UNREACHABLE) for each in claimed])

    assert not town.database.write(told).held_up
    first = town.database.write(lambda s: claims.claim(s, worker="one", now=late + claims.LEASE)[0])
    town.database.write(lambda s: claims.retry(s, first, at=late, reason=outage.AWAY))
    town.database.write(lambda s: claims.release(s, "one", now=late))
    assert town.database.write(told).held_up


UNREACHABLE = UnreachableBrief(contact_name="某", organisation_name="青禾", reason="x", items=(), total=0)


def enqueue(session: Session, contact: int, key: str, *, now: datetime) -> None:
    facts = {"contact": contact, "all": [], "reason": "x"}
    outbox.enqueue(session, [contact], NotificationKind.UNREACHABLE, key=key, now=now, facts=facts)
