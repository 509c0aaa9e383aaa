"""From the outbox to the reader: what is sent, what is dropped, and what happens when sending goes wrong."""

import logging
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from jobs import digests, reminders
from jobs.briefs import DecisionBrief, DigestBrief, ReminderBrief, UnreachableBrief, WaitingBrief, WeeklyBrief
from jobs.channel import Receipt
from jobs.deliver import deliver
from jobs.sending import MOST_ERRORS
from jobs.settling import MOST_UNKNOWN
from storage import contacts
from storage.models import NotificationKind, Outcome, Stage
from tests.jobs.town import RecordingChannel, Town, at

NINE = at("2024-02-20 09:00")
EVIDENCE = "monthly-evidence"


@pytest.fixture
def plant(town: Town) -> int:
    """A unit with the evidence of January 2024 due on the 20th, and one contact, `a`."""
    unit = town.unit("plant", town.district("north"))
    town.oblige(date(2024, 2, 20), date(2024, 2, 20))
    town.contact(unit, "a")
    return unit


def january(town: Town, plant: int) -> Stage:
    return town.stage(plant, EVIDENCE, "2024-01")


async def test_a_reminder_is_sent_and_what_was_sent_is_kept(town: Town, plant: int) -> None:
    context = town.context()
    await reminders.run(context, NINE)
    assert await deliver(context, NINE) == 1
    assert await deliver(context, NINE) == 0
    [parcel] = town.channel.parcels
    assert (parcel.address, parcel.language, parcel.organisation, parcel.lead) == (
        "a",
        "zh-hans",
        "plant",
        False,
    )
    [told] = town.told(town.who("a"))
    assert (told.outcome, told.message_id, told.finished_at) == (Outcome.SENT, "1", NINE)
    assert told.proof == {"channel": "chat", "text": "to a", "stage_ids": [january(town, plant).id]}


class TestReadAgainAtTheMomentOfSending:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda town, stage: town.submit(stage, at("2024-02-20 09:00")), "done meanwhile"),
            (lambda town, stage: town.pause(stage, date(2024, 2, 20), NINE), "done meanwhile"),
            (lambda town, stage: town.change(stage, status="waived"), "done meanwhile"),
            (lambda town, stage: town.change(stage, act_by_on=date(2024, 3, 1)), "done meanwhile"),
            (lambda town, _: town.retire("a", NINE), "the reader has left"),
        ],
        ids=["submitted", "paused", "waived", "extended", "retired"],
    )
    async def test_what_no_longer_matters_is_dropped_quietly(
        self, town: Town, plant: int, change: Callable[[Town, Stage], object], reason: str
    ) -> None:
        contact = town.who("a")
        context = town.context()
        await reminders.run(context, NINE)
        change(town, january(town, plant))
        assert await deliver(context, NINE) == 0
        [told] = town.told(contact, NotificationKind.REMINDER)
        assert (told.outcome, told.outcome_reason) == (Outcome.DROPPED, reason)
        assert town.channel.parcels == []

    async def test_a_bundle_keeps_what_is_still_open(self, town: Town) -> None:
        district = town.district("north")
        first, second = town.unit("first", district), town.unit("second", district)
        town.contact(district, "office")
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        for unit in (first, second):
            town.submit(january(town, unit), at("2024-02-18 10:00"))
        await deliver(town.context(), at("2024-02-18 10:00"))
        town.channel.parcels.clear()
        moment = at("2024-02-23 09:00")
        await reminders.run(town.context(), moment)
        town.accept(january(town, first), moment)
        await deliver(town.context(), moment)
        [brief] = [p.brief for p in town.channel.parcels if isinstance(p.brief, ReminderBrief)]
        assert [each.item.subject_name for each in brief.items] == ["second"]


class TestDecisions:
    async def test_a_checker_hears_of_a_hand_over_with_its_own_date(self, town: Town, plant: int) -> None:
        town.contact(january(town, plant).district_id or 0, "office")
        town.submit(january(town, plant), at("2024-02-18 10:00"))
        await deliver(town.context(), at("2024-02-18 10:00"))
        [parcel] = town.channel.parcels
        assert isinstance(parcel.brief, WaitingBrief)
        assert parcel.brief.queue_total == 1
        assert parcel.brief.item is not None
        assert parcel.brief.item.subject_name == "plant"
        assert parcel.brief.next_check is not None
        assert parcel.brief.next_check.act_by_on == date(2024, 2, 23)

    async def test_the_city_hears_of_a_queue_once_a_day(self, town: Town) -> None:
        district = town.district("north")
        town.contact(town.city, "city")
        units = [town.unit(f"plant {n}", district) for n in range(3)]
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        for unit in units:
            town.submit(january(town, unit), at("2024-02-18 10:00"))
            town.accept(january(town, unit), at("2024-02-19 10:00"))
        await deliver(town.context(), at("2024-02-19 10:00"))
        briefs = [parcel.brief for parcel in town.channel.parcels]
        assert [(b.item, b.queue_total) for b in briefs if isinstance(b, WaitingBrief)] == [(None, 3)]

    async def test_a_check_made_before_the_message_went_out_drops_it(self, town: Town, plant: int) -> None:
        office = town.contact(january(town, plant).district_id or 0, "office")
        town.submit(january(town, plant), at("2024-02-18 10:00"))
        town.accept(january(town, plant), at("2024-02-18 10:01"))
        await deliver(town.context(), at("2024-02-18 10:02"))
        waiting = town.told(office, NotificationKind.SUBMITTED)
        assert [(t.outcome, t.outcome_reason) for t in waiting] == [(Outcome.DROPPED, "checked meanwhile")]

    async def test_an_acceptance_says_who_decided_and_who_is_next(self, town: Town, plant: int) -> None:
        town.submit(january(town, plant), at("2024-02-18 10:00"))
        town.accept(january(town, plant), at("2024-02-19 10:00"))
        await deliver(town.context(), at("2024-02-19 10:00"))
        [brief] = [p.brief for p in town.channel.parcels if isinstance(p.brief, DecisionBrief)]
        assert (brief.kind, brief.by, brief.next_checker, brief.correction_due_on) == (
            NotificationKind.ACCEPTED,
            "north",
            "city",
            None,
        )

    async def test_a_return_says_why_and_until_when(self, town: Town, plant: int) -> None:
        town.submit(january(town, plant), at("2024-02-18 10:00"))
        town.send_back(january(town, plant), at("2024-02-19 10:00"), "page 3 is missing")
        await deliver(town.context(), at("2024-02-19 10:00"))
        [brief] = [p.brief for p in town.channel.parcels if isinstance(p.brief, DecisionBrief)]
        assert (brief.kind, brief.reason, brief.correction_due_on, brief.by) == (
            NotificationKind.RETURNED,
            "page 3 is missing",
            date(2024, 2, 22),
            "north",
        )

    async def test_a_return_that_was_answered_already_is_dropped(self, town: Town, plant: int) -> None:
        contact = town.who("a")
        town.submit(january(town, plant), at("2024-02-18 10:00"))
        town.send_back(january(town, plant), at("2024-02-19 10:00"))
        town.submit(january(town, plant), at("2024-02-19 10:01"))
        await deliver(town.context(), at("2024-02-19 10:02"))
        returned = town.told(contact, NotificationKind.RETURNED)
        assert [(t.outcome, t.outcome_reason) for t in returned] == [(Outcome.DROPPED, "changed meanwhile")]


class TestDigest:
    async def test_it_holds_what_its_reader_supervises_and_keeps_the_ids(self, town: Town) -> None:
        north, south = town.district("north"), town.district("south")
        town.contact(north, "office")
        for n in range(25):
            town.unit(f"plant {n:02}", north)
        town.unit("elsewhere", south)
        town.oblige(date(2024, 2, 20), date(2024, 2, 20))
        moment = at("2024-02-21 08:30")
        await digests.daily(town.context(), moment)
        await deliver(town.context(), moment)
        [parcel] = town.channel.parcels
        brief = parcel.brief
        assert isinstance(brief, DigestBrief)
        assert (brief.overdue.total, len(brief.overdue.items), len(brief.overdue_ids)) == (25, 25, 25)
        assert {each.subject_name for each in brief.overdue.items} <= {f"plant {n:02}" for n in range(25)}
        assert brief.without_contact == tuple(sorted(f"plant {n:02}" for n in range(25)))
        assert brief.blocked.total == 25
        assert town.told(parcel.contact_id)[0].proof == {
            "channel": "chat",
            "text": "to office",
            "stage_ids": list(brief.overdue_ids),
        }

    async def test_an_empty_one_is_sent_too(self, town: Town) -> None:
        town.contact(town.district("north"), "office")
        moment = at("2024-02-21 08:30")
        await digests.daily(town.context(), moment)
        await deliver(town.context(), moment)
        [brief] = [p.brief for p in town.channel.parcels if isinstance(p.brief, DigestBrief)]
        assert (brief.overdue.total, brief.waiting.total, brief.blocked.total, brief.late) == (0, 0, 0, False)

    async def test_the_weekly_one_ranks_districts_and_shows_the_open_target(self, town: Town) -> None:
        good, bad = town.district("good"), town.district("bad")
        done = town.unit("done", good)
        town.unit("late", bad)
        town.contact(town.city, "lead", lead=True)
        town.contact(town.city, "officer")
        town.oblige(date(2023, 12, 15), date(2023, 12, 15))
        town.change(town.stage(done, "surrender-2021-2022", "2021-2022"), status="accepted")
        moment = at("2023-12-18 08:45")
        await digests.weekly(town.context(), moment)
        await deliver(town.context(), moment)
        [brief] = [p.brief for p in town.channel.parcels if isinstance(p.brief, WeeklyBrief)]
        assert [row.district_name for row in brief.districts] == ["bad", "good"]
        [target] = brief.targets
        assert (target.duty, target.percent, target.due_on) == (
            "surrender-2021-2022",
            100,
            date(2023, 12, 15),
        )
        assert [(row.district_name, row.short) for row in target.rows] == [("bad", 1), ("good", 0)]
        assert (brief.week, brief.counts.overdue) == ("2023-W51", 1)


class TestWhenSendingGoesWrong:
    async def _remind(self, town: Town, *answers: Receipt | Exception) -> None:
        town.channel.answers["a"] = list(answers)
        await reminders.run(town.context(), NINE)
        await deliver(town.context(), NINE)

    @pytest.mark.usefixtures("plant")
    async def test_a_rate_limit_delays_and_never_drops(self, town: Town) -> None:
        wait = Receipt(outcome=Outcome.PENDING, retry_in=timedelta(seconds=30), reason="too many requests")
        await self._remind(town, wait)
        assert await deliver(town.context(), NINE + timedelta(seconds=29)) == 0
        assert await deliver(town.context(), NINE + timedelta(seconds=30)) == 1

    @pytest.mark.usefixtures("plant")
    async def test_a_rate_limit_that_lasts_never_gives_up(self, town: Town) -> None:
        wait = Receipt(outcome=Outcome.PENDING, retry_in=timedelta(seconds=30), reason="too many requests")
        await self._remind(town, *[wait] * 30)
        for n in range(1, 31):
            await deliver(town.context(), NINE + n * timedelta(seconds=30))
        assert town.channel.addresses() == ["a"]

    async def test_what_may_have_arrived_is_tried_again_a_few_times_and_says_so(
        self, town: Town, plant: int
    ) -> None:
        broken = Receipt(outcome=Outcome.UNKNOWN, reason="ReadTimeout")
        await self._remind(town, *[broken] * (MOST_UNKNOWN - 1))
        assert await deliver(town.context(), NINE + timedelta(seconds=29)) == 0
        for half_hours in range(1, 100):
            await deliver(town.context(), NINE + timedelta(minutes=30 * half_hours))
        [told] = town.told(town.who("a"))
        assert (told.outcome, told.attempts) == (Outcome.SENT, MOST_UNKNOWN)
        assert told.proof == {
            "channel": "chat",
            "text": "to a",
            "stage_ids": [january(town, plant).id],
            "repeated": True,
        }
        [parcel] = town.channel.parcels
        assert parcel.repeated

    @pytest.mark.usefixtures("plant")
    async def test_where_nobody_ever_hears_how_it_ended_it_stays_unknown(self, town: Town) -> None:
        await self._remind(town, *[Receipt(outcome=Outcome.UNKNOWN, reason="ReadTimeout")] * 20)
        for half_hours in range(1, 100):
            await deliver(town.context(), NINE + timedelta(minutes=30 * half_hours))
        [told] = town.told(town.who("a"))
        assert (told.outcome, told.outcome_reason, told.attempts) == (
            Outcome.UNKNOWN,
            "ReadTimeout",
            MOST_UNKNOWN,
        )

    @pytest.mark.usefixtures("plant")
    async def test_a_refusal_for_good_is_not_tried_again(self, town: Town) -> None:
        await self._remind(town, Receipt(outcome=Outcome.FAILED, reason="message is too long"))
        assert await deliver(town.context(), NINE + timedelta(hours=1)) == 0
        assert [t.outcome for t in town.told(town.who("a"))] == [Outcome.FAILED]

    async def test_a_blocked_chat_turns_the_address_off_and_the_level_above_is_told(
        self, town: Town, plant: int
    ) -> None:
        office = town.contact(january(town, plant).district_id or 0, "office")
        contact = town.who("a")
        await self._remind(
            town, Receipt(outcome=Outcome.FAILED, reason="bot was blocked by the user", unbind=True)
        )
        await deliver(town.context(), NINE + timedelta(seconds=1))
        assert [t.outcome for t in town.told(contact)] == [Outcome.FAILED]
        assert town.database.read(lambda s: contacts.address_of(s, contact, "chat")) is None
        moment = at("2024-02-21 08:30")
        await digests.daily(town.context(), moment)
        await deliver(town.context(), moment)
        [at_once, brief] = [p.brief for p in town.channel.parcels if p.contact_id == office]
        assert isinstance(at_once, UnreachableBrief)
        assert (at_once.contact_name, at_once.organisation_name) == ("contact a", "plant")
        assert [item.stage_id for item in at_once.items] == [january(town, plant).id]
        assert isinstance(brief, DigestBrief)
        assert [(u.contact_name, u.reason) for u in brief.undeliverable] == [
            ("contact a", "bot was blocked by the user")
        ]

    @pytest.mark.usefixtures("plant")
    async def test_the_readers_next_channel_is_tried(self, town: Town) -> None:
        contact = town.who("a")
        town.bind(contact, "mail", "a@example.org")
        mail = RecordingChannel(name="mail")
        context = town.context(chat=town.channel, mail=mail)
        town.channel.answers["a"] = [Receipt(outcome=Outcome.FAILED, reason="blocked", unbind=True)]
        await reminders.run(context, NINE)
        await deliver(context, NINE)
        await deliver(context, NINE + timedelta(seconds=1))
        assert (town.channel.addresses(), mail.addresses()) == ([], ["a@example.org"])

    @pytest.mark.usefixtures("plant")
    async def test_a_chat_that_moved_is_followed(self, town: Town) -> None:
        contact = town.who("a")
        moved = Receipt(
            outcome=Outcome.PENDING, retry_in=timedelta(), reason="the chat moved", new_address="b"
        )
        await self._remind(town, moved)
        await deliver(town.context(), NINE + timedelta(seconds=1))
        assert town.channel.addresses() == ["b"]
        assert town.database.read(lambda s: contacts.address_of(s, contact, "chat")) == "b"

    async def test_one_that_breaks_stops_no_other_and_is_tried_again_ever_later(
        self, town: Town, plant: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        town.contact(plant, "b")
        caplog.set_level(logging.INFO)
        await self._remind(town, RuntimeError("the text of a message"), RuntimeError("again"))
        assert town.channel.addresses() == ["b"]
        assert await deliver(town.context(), NINE + timedelta(seconds=59)) == 0
        assert town.channel.answers["a"] != []
        assert await deliver(town.context(), NINE + timedelta(seconds=75)) == 0
        assert town.channel.answers["a"] == []
        assert await deliver(town.context(), NINE + timedelta(seconds=75 + 119)) == 0
        assert await deliver(town.context(), NINE + timedelta(seconds=75 + 150)) == 1
        assert "RuntimeError" in caplog.text
        assert "the text of a message" not in caplog.text

    @pytest.mark.usefixtures("plant")
    async def test_one_that_always_breaks_is_given_up_in_the_end(self, town: Town) -> None:
        await self._remind(town, *[RuntimeError("x")] * 20)
        for n in range(1, 10):
            await deliver(town.context(), NINE + n * timedelta(minutes=76))
        [told] = town.told(town.who("a"))
        assert (told.outcome, told.errors) == (Outcome.FAILED, MOST_ERRORS - 1)
        assert told.outcome_reason == "unexpected RuntimeError"
