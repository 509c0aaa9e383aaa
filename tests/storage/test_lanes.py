"""Within one urgency the districts take turns: a flood of one holds another up by one round only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

import pytest
from sqlalchemy import event, select, update

from obligations.law import Law
from storage import claims, dead_letters, outbox, planning
from storage.claims import Claimed
from storage.database import Database, Session
from storage.lanes import URGENCIES, Urgency, present_turn
from storage.models import Notification, NotificationKind, Organisation, Outcome
from tests.engines import only_sqlite
from tests.jobs.town import Town, at

NOW = at("2024-02-20 09:00")
KIND = NotificationKind.CHANGED
JANUARY = date(2024, 2, 20)

_keys = count()


@pytest.fixture
def town(database: Database, law: Law) -> Town:
    return Town(database, law)


@pytest.fixture
def readers(town: Town) -> Sequence[int]:
    """One contact in each of four districts."""
    return [town.contact(town.district(name), name) for name in ("north", "south", "east", "west")]


def flood(
    town: Town, reader: int, number: int, *, urgency: int = Urgency.NEWS, not_before: datetime | None = None
) -> None:
    """Write so many notifications for a reader."""

    def work(session: Session) -> None:
        for _ in range(number):
            outbox.enqueue(
                session,
                [reader],
                KIND,
                key=str(next(_keys)),
                now=NOW,
                urgency=urgency,
                not_before=not_before,
            )

    town.database.write(work)


def claim(town: Town, limit: int = 1000, worker: str = "one") -> list[Claimed]:
    return town.database.write(lambda s: claims.claim(s, worker=worker, now=NOW, limit=limit))


def send(town: Town, limit: int) -> list[int]:
    """Claim and settle the next ones; return their readers in the order of the claim."""

    def work(session: Session) -> list[int]:
        claimed = claims.claim(session, worker="one", now=NOW, limit=limit)
        for each in claimed:
            claims.dropped(session, each, reason="sent", now=NOW)
        return [each.contact_id for each in claimed]

    return town.database.write(work)


def notifications(town: Town) -> list[Notification]:
    """Return all notifications in the order they are to be claimed."""

    def work(session: Session) -> list[Notification]:
        order = (Notification.urgency, Notification.turn, Notification.id)
        found = list(session.scalars(select(Notification).order_by(*order)))
        session.expunge_all()
        return found

    return town.database.read(work)


def rounds(claimed: Sequence[int]) -> list[int]:
    """Return for each of a row of readers the how manieth of that reader it is."""
    seen: Counter[int] = Counter()
    found = []
    for reader in claimed:
        seen[reader] += 1
        found.append(seen[reader])
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_kth_of_each_lane_goes_before_the_next_of_any_other(
    town: Town, readers: Sequence[int], seed: int
) -> None:
    random = Random(seed)  # noqa: S311  # no secret
    waiting: Counter[tuple[int, int]] = Counter()
    for _ in range(random.randint(5, 20)):
        reader, urgency = random.choice(readers), random.choice((Urgency.DUE, Urgency.NEWS))
        number = random.choice((1, 1, 2, 40))
        flood(town, reader, number, urgency=urgency)
        waiting[urgency, reader] += number
    claimed = claim(town)
    assert Counter((each.urgency, each.contact_id) for each in claimed) == waiting
    assert [each.urgency for each in claimed] == sorted(each.urgency for each in claimed)
    for urgency in (Urgency.DUE, Urgency.NEWS):
        turns = rounds([each.contact_id for each in claimed if each.urgency == urgency])
        assert turns == sorted(turns)


@pytest.mark.parametrize("seed", range(3))
def test_lanes_that_both_wait_are_served_alike_whatever_comes_meanwhile(
    town: Town, readers: Sequence[int], seed: int
) -> None:
    random = Random(seed)  # noqa: S311  # no secret
    left: Counter[int] = Counter()
    served: Counter[int] = Counter()
    since: dict[int, Mapping[int, int]] = {}  # what each had been served when it last began to wait
    for _ in range(30):
        for reader in random.sample(readers, 2):
            number = random.choice((1, 3, 30))
            if not left[reader]:
                since[reader] = Counter(served)
            flood(town, reader, number)
            left[reader] += number
        for reader in send(town, random.randint(1, 40)):
            served[reader] += 1
            left[reader] -= 1
            for other, begun in since.items():
                if not left[other] or other == reader:
                    continue
                both = begun if sum(begun.values()) > sum(since[reader].values()) else since[reader]
                assert (served[reader] - both[reader]) - (served[other] - both[other]) <= 2


def test_a_single_message_waits_for_one_round_of_a_flood_even_in_its_middle(
    town: Town, readers: Sequence[int]
) -> None:
    flooding, single, *_ = readers
    flood(town, flooding, 60)
    assert send(town, 20) == [flooding] * 20
    claim(town, 20, worker="another")  # under way
    flood(town, single, 1)
    assert single in send(town, 2)


def test_who_comes_while_all_is_under_way_does_not_overtake_who_comes_after(
    town: Town, readers: Sequence[int]
) -> None:
    first, second, *_ = readers
    flood(town, first, 30)
    claim(town, 30, worker="another")
    flood(town, second, 20)
    flood(town, first, 1)
    assert first in send(town, 2)


def test_a_flood_in_one_urgency_takes_no_turns_in_another(town: Town, readers: Sequence[int]) -> None:
    flooding, other, *_ = readers
    flood(town, flooding, 50, urgency=Urgency.NEWS)
    flood(town, other, 2, urgency=Urgency.DUE)
    flood(town, flooding, 1, urgency=Urgency.DUE)
    assert send(town, 3) == [other, flooding, other]


def test_one_that_waits_for_later_does_not_let_newcomers_overtake(town: Town, readers: Sequence[int]) -> None:
    stuck, flooding, newcomer, _ = readers
    flood(town, stuck, 1, not_before=NOW + timedelta(hours=1))
    flood(town, flooding, 60)
    send(town, 30)
    flood(town, newcomer, 30)
    assert Counter(send(town, 20)) == {flooding: 10, newcomer: 10}


def test_by_night_the_lanes_take_turns_for_the_morning(town: Town, readers: Sequence[int]) -> None:
    morning = NOW + timedelta(hours=10)
    flood(town, readers[0], 20, not_before=morning)
    flood(town, readers[1], 1, not_before=morning)
    order = [each.contact_id for each in notifications(town)]
    assert order.index(readers[1]) == 1


def test_a_unit_is_in_the_lane_of_its_district_on_the_day(town: Town) -> None:
    north, south = town.district("north"), town.district("south")
    moved = town.unit("moved", None)
    town.member(moved, north, until=date(2024, 2, 19))
    town.member(moved, south, since=date(2024, 2, 20))
    stray = town.unit("stray", None)
    offices = {"unit": moved, "stray": stray, "north": north, "south": south, "city": town.city}
    people = {name: town.contact(office, name) for name, office in offices.items()}

    def lanes(when: datetime) -> dict[str, int | None]:
        town.database.write(
            lambda s: outbox.enqueue(s, people.values(), KIND, key=when.isoformat(), now=when)
        )
        return {name: town.told(contact)[-1].lane_id for name, contact in people.items()}

    own = {"stray": stray, "north": north, "south": south, "city": town.city}
    assert lanes(at("2024-02-19 23:59")) == own | {"unit": north}
    assert lanes(at("2024-02-20 00:00")) == own | {"unit": south}


def test_one_that_was_dropped_and_is_told_again_takes_a_new_turn(town: Town, readers: Sequence[int]) -> None:
    again, flooding, *_ = readers
    flood(town, flooding, 20)
    town.database.write(lambda s: outbox.enqueue(s, [again], KIND, key="k", now=NOW))
    send(town, 2)
    flood(town, flooding, 5)
    send(town, 10)
    town.database.write(lambda s: outbox.enqueue(s, [again], KIND, key="k", now=NOW))
    [told] = town.told(again)
    assert told.outcome is Outcome.PENDING
    assert again in send(town, 2)


def test_a_dead_letter_that_is_replayed_takes_a_new_turn(town: Town, readers: Sequence[int]) -> None:
    dead, flooding, *_ = readers
    flood(town, dead, 1)
    [claimed] = claim(town)
    town.database.write(lambda s: claims.failed(s, claimed, reason="blocked", now=NOW))
    flood(town, flooding, 30)
    send(town, 20)
    town.database.write(lambda s: dead_letters.replay(s, [claimed.id], now=NOW))
    [told] = town.told(dead)
    assert told.turn == 20
    assert dead in send(town, 2)


def test_every_kind_has_its_urgency_and_what_is_written_takes_it(town: Town, readers: Sequence[int]) -> None:
    assert set(URGENCIES) == set(NotificationKind)
    reader = readers[0]

    def work(session: Session) -> None:
        for kind in (NotificationKind.SUBMITTED, NotificationKind.ALARM, NotificationKind.DAILY_DIGEST):
            outbox.enqueue(session, [reader], kind, key="k", now=NOW)

    town.database.write(work)
    assert [each.kind for each in notifications(town)] == [
        NotificationKind.ALARM,
        NotificationKind.SUBMITTED,
        NotificationKind.DAILY_DIGEST,
    ]


class TestPlanning:
    """What is planned in sets takes turns as what is written one by one."""

    @pytest.fixture
    def people(self, town: Town) -> dict[str, list[int]]:
        """The contacts of six units in the north and of two in the south, each owing the evidence of January."""
        people: dict[str, list[int]] = {}
        for name, number in (("north", 6), ("south", 2)):
            district = town.district(name)
            people[name] = [
                town.contact(town.unit(f"{name} {n}", district), f"{name} {n}") for n in range(number)
            ]
        town.oblige(JANUARY, JANUARY)
        return people

    def plan(self, town: Town) -> int:
        return town.database.write(
            lambda s: planning.plan_reminders(s, town.law, day=JANUARY, send_at=NOW, now=NOW)
        )

    def lanes(self, town: Town) -> list[str]:
        """Return the districts of what waits, in the order to be claimed."""

        def work(session: Session) -> list[str]:
            return list(
                session.scalars(
                    select(Organisation.code)
                    .join(Notification, Notification.lane_id == Organisation.id)
                    .where(Notification.outcome == Outcome.PENDING)
                    .order_by(Notification.urgency, Notification.turn, Notification.id)
                )
            )

        return town.database.read(work)

    @pytest.mark.usefixtures("people")
    def test_a_mornings_reminders_alternate(self, town: Town) -> None:
        assert self.plan(town) == 8
        lanes = self.lanes(town)
        assert rounds([ord(lane[0]) for lane in lanes]) == [1, 1, 2, 2, 3, 4, 5, 6]

    def test_they_come_after_what_their_lane_has_waiting_and_beside_what_others_have(
        self, town: Town, people: dict[str, list[int]]
    ) -> None:
        flood(town, people["south"][0], 3, urgency=Urgency.DUE)
        self.plan(town)
        turns = {
            contact: each.turn
            for each in notifications(town)
            for contact in [each.contact_id]
            if each.kind is NotificationKind.REMINDER
        }
        assert sorted(turns[contact] for contact in people["north"]) == [0, 1, 2, 3, 4, 5]
        assert sorted(turns[contact] for contact in people["south"]) == [3, 4]

    @pytest.mark.usefixtures("people")
    def test_in_the_middle_of_a_flood_they_begin_at_the_present_turn(self, town: Town) -> None:
        office = town.contact(town.city, "office")
        flood(town, office, 30, urgency=Urgency.DUE)
        send(town, 20)
        self.plan(town)
        assert Counter(self.lanes(town)[:6]) == {"city": 2, "north": 2, "south": 2}

    def test_who_joins_later_takes_the_turn_after_those_who_wait(
        self, town: Town, people: dict[str, list[int]]
    ) -> None:
        self.plan(town)
        unit = town.stage(self.unit_of(town, people["south"][0]), "monthly-evidence", "2024-01").subject_id
        joined = town.contact(unit, "joined")
        assert self.plan(town) == 1
        [told] = town.told(joined)
        assert told.turn == 2

    @pytest.mark.usefixtures("people")
    def test_digests_alternate_too(self, town: Town) -> None:
        for name, number in (("east", 3), ("west", 1)):
            district = town.district(name)
            for n in range(number):
                town.contact(district, f"{name} {n}")
        planned = town.database.write(
            lambda s: planning.plan_digests(
                s, day=JANUARY, kind=NotificationKind.DAILY_DIGEST, key="k", send_at=NOW, now=NOW
            )
        )
        assert planned == 4
        assert sorted(self.lanes(town)[:2]) == ["east", "west"]

    def unit_of(self, town: Town, contact: int) -> int:
        found = town.database.read(lambda s: outbox.recipient(s, contact))
        return found.organisation_id


@only_sqlite
def test_claiming_and_the_present_turn_read_the_index_in_order(town: Town, readers: Sequence[int]) -> None:
    flood(town, readers[0], 3)

    def plans(session: Session) -> list[str]:
        statements: list[tuple[str, tuple[object, ...]]] = []
        connection = session.connection()
        event.listen(
            connection, "before_cursor_execute", lambda *given: statements.append((given[2], given[3]))
        )
        claims.claim(session, worker="one", now=NOW)
        present_turn(session, Urgency.NEWS, now=NOW)
        outbox.enqueue(session, [readers[0]], KIND, key="k", now=NOW)
        cursor = connection.connection.cursor()
        found = []
        for statement, parameters in tuple(statements):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # the statement just made
            found += [row[3] for row in cursor.fetchall()]
        return found

    lines = [line for line in town.database.write(plans) if "notification" in line]
    assert not [line for line in lines if line.startswith("SCAN notification") and "USING" not in line]
    assert any("ix_notification_pending (urgency=?)" in line for line in lines)
    assert any("ix_notification_lane_pending (lane_id=? AND urgency=?" in line for line in lines)
    assert any(line == "SCAN notification USING INDEX ix_notification_pending" for line in lines)


def test_a_turn_that_lies_far_ahead_is_where_the_others_go_on(town: Town, readers: Sequence[int]) -> None:
    """As after the migration, which gave what waited its number as its turn."""
    first, second, *_ = readers
    flood(town, first, 3)
    town.database.write(
        lambda s: s.execute(update(Notification).values(turn=Notification.id + 5_000, lane_id=None)).close()
    )
    flood(town, second, 2)
    assert [each.turn for each in notifications(town) if each.contact_id == second] == [
        5_000 + notifications(town)[0].id,
        5_001 + notifications(town)[0].id,
    ]


def test_the_present_turn_is_nothing_where_nothing_waits(town: Town) -> None:
    assert town.database.read(lambda s: present_turn(s, Urgency.NEWS, now=NOW)) == 0
