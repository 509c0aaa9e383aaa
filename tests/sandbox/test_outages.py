"""Away for an hour, a day, a fortnight over the Spring Festival of 2024: on return everybody hears once, in one message."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.wording.parcels import worded
from jobs import outage
from jobs.channel import NOT_MINE, Begin, Parcel, Receipt
from jobs.context import Context
from jobs.deliver import deliver
from jobs.hours import REMINDERS_AT
from jobs.invariants import check
from jobs.record import Recorder
from jobs.timetable import PLANNING
from jobs.walker import walk
from obligations.law import Law
from sandbox.city import sample_registry
from sandbox.people import act
from storage import registry
from storage.database import Database, Session
from storage.models import Notification, NotificationKind, Outage, Outcome
from storage.types import NOTICE_ZONE, local_date
from tests.jobs.town import at

UNITS = 40
SEND_AGAIN = "请重新发送"
NOT_RUNNING = "停止运行"


@dataclass(slots=True)
class Chat:
    """Takes every message at once, and keeps to whom it went, when, and in which words."""

    law: Law
    name: str = registry.CHANNEL
    sent: list[tuple[datetime, int, str]] = field(default_factory=list)

    async def deliver(self, parcel: Parcel, begin: Begin) -> Receipt:
        if not await begin():
            return Receipt(outcome=Outcome.PENDING, reason=NOT_MINE)
        screen = worded(parcel, self.law, receives=True)
        self.sent.append((parcel.now, parcel.contact_id, screen.html))
        return Receipt(
            outcome=Outcome.SENT, message_id=str(len(self.sent)), text=screen.html, parts=screen.parts
        )


class City:
    """The sample city, living through some days with an outage among them."""

    def __init__(self, database: Database, law: Law) -> None:
        self.database, self.law = database, law
        self.chat = Chat(law)
        self.context = Context(database=database, law=law, channels={self.chat.name: self.chat}, worker="one")
        self.recorder = Recorder(self.context)
        self.acted_to = at("2024-02-05 00:00")

    async def begin(self, since: datetime) -> None:
        loaded = sample_registry(UNITS, 7)
        await self.database.run(lambda session: registry.load(session, loaded, now=since))
        await self.catch_up(since)

    async def catch_up(self, now: datetime) -> None:
        """Do as `jobs.timetable.catch_up`; where the jobs' hours have come, remember how things stood before each."""
        await outage.note(self.context, now)
        for entry in PLANNING:
            if local_hour(now) >= REMINDERS_AT.hour:
                await self.recorder.before_job(entry.name, now)
            await entry.work(self.context, now)
        await deliver(self.context, now)

    async def live(self, since: datetime, until: datetime, *, acting: bool = True) -> None:
        async def people(instant: datetime) -> None:
            if acting:
                await act(self.database, self.law, since=self.acted_to, until=instant, played=frozenset())
            self.acted_to = instant

        walking = walk(
            self.context,
            since=since,
            until=until,
            set_clock=lambda _: None,
            before_stop=people,
            before_job=self.recorder.before_job,
        )
        async for _ in walking:
            pass

    def sent_since(self, instant: datetime) -> list[tuple[datetime, int, str]]:
        return [each for each in self.chat.sent if each[0] >= instant]


def readers(session: Session, day: str, kind: NotificationKind) -> set[int]:
    """Return who was to be told something of a kind on a day."""
    found = session.query(Notification.contact_id).filter_by(kind=kind, key=day)
    return {contact_id for (contact_id,) in found}


@pytest.mark.parametrize(
    ("stopped", "back", "lost"),
    [
        ("2024-02-20 08:15", "2024-02-20 09:15", False),
        ("2024-02-19 20:30", "2024-02-20 19:30", False),
        ("2024-02-08 10:00", "2024-02-22 09:40", True),
        ("2024-02-08 10:00", "2024-02-22 03:00", True),
    ],
    ids=["an hour", "a day", "a fortnight", "back at night"],
)
async def test_on_return_each_reader_hears_once_and_then_the_days_go_on(
    database: Database, law: Law, stopped: str, back: str, *, lost: bool
) -> None:
    city = City(database, law)
    begins = at("2024-02-07 00:00") if stopped < "2024-02-10" else at("2024-02-18 00:00")
    city.acted_to = begins
    await city.begin(begins)
    await city.live(begins, at(stopped))

    returned = at(back)
    today = local_date(returned)
    evening = at(f"{today} 22:00")
    await city.catch_up(returned)
    # The people rest on the day of return, so that everything sent on it comes of the return.
    await city.live(returned, evening, acting=False)

    awaited = database.read(outages_of)
    assert [(began, ended) for began, ended in awaited] == [(at(stopped), returned)]
    sent = city.sent_since(returned)
    told = Counter(contact_id for _, contact_id, _ in sent)
    reminded = database.read(lambda s: readers(s, str(today), NotificationKind.REMINDER))
    digested = database.read(lambda s: readers(s, str(today), NotificationKind.DAILY_DIGEST))
    assert reminded
    assert len(digested) >= 42
    assert reminded | digested <= set(told)
    if local_hour(returned) >= 7:
        assert set(told.values()) == {1}
        assert all(NOT_RUNNING in text for _, contact_id, text in sent if contact_id in reminded | digested)
    for instant, _, _ in city.chat.sent:
        assert 7 <= local_hour(instant) < 22

    end = at(f"{today + timedelta(days=4)} 22:00")
    await city.live(evening, end)
    assert check(await city.recorder.finish(end), law) == ()
    said = Counter(contact_id for _, contact_id, text in city.sent_since(returned) if SEND_AGAIN in text)
    heard = {contact_id for _, contact_id, _ in city.sent_since(returned)}
    assert said == (Counter(heard) if lost else Counter())
    # What was missed is spoken of on the day of return, and never again.
    assert not any(NOT_RUNNING in text for instant, _, text in city.chat.sent if local_date(instant) != today)


def outages_of(session: Session) -> list[tuple[datetime, datetime]]:
    return [(each.began_at, each.ended_at) for each in session.query(Outage).order_by("id")]


def local_hour(instant: datetime) -> int:
    return instant.astimezone(UTC).astimezone(NOTICE_ZONE).hour
