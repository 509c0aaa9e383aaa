"""What arrived, compared with what was due: what is missing, what came twice and whether that is on record.

The record of what arrived is the server's own. The database is asked only for what it says about its attempts, and
whether it came to rest.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from obligations.decisions import Status
from sandbox.seam import World
from storage import trail
from storage.database import Database, Session
from storage.models import (
    Attempt,
    AttemptOutcome,
    Binding,
    Contact,
    Event,
    InboundUpdate,
    Notification,
    NotificationKind,
    Organisation,
    Outcome,
    Stage,
)
from tests.chaos.city import CITY_LEAD, CITY_OFFICER, City, Message, Sort, evidence_of
from tests.chaos.people import Done, Press
from tests.chaos.server import Server

_SORTS = {
    NotificationKind.REMINDER: Sort.REMINDER,
    NotificationKind.DAILY_DIGEST: Sort.DAILY,
    NotificationKind.WEEKLY_DIGEST: Sort.WEEKLY,
    NotificationKind.ACCEPTED: Sort.ACCEPTED,
    NotificationKind.RETURNED: Sort.RETURNED,
}
_SAID_AT_MOST = 2
"""An answer of which nobody heard whether it was seen is said once more, and no more."""
_SENT_OR_PERHAPS = (AttemptOutcome.CONFIRMED, AttemptOutcome.UNKNOWN)


@dataclass(slots=True, kw_only=True)
class Verdict:
    """The numbers of a run, and everything that is wrong with it; a run is good where nothing is."""

    due: int = 0
    arrived: int = 0
    unknown: int = 0
    """Attempts of which nobody heard how they ended."""
    repeated: int = 0
    lost: int = 0
    unanswered: int = 0
    """Answers that nobody saw because both times they were said, the call was struck or the process killed."""
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Told:
    """A notification as the database has it."""

    outcome: Outcome
    message_id: str | None
    attempts: list[tuple[AttemptOutcome | None, str | None]] = field(default_factory=list)


def judge(
    *, city: City, done: Done, world: World, server: Server, token: str, database: Database, kills: int
) -> Verdict:
    """Judge a run that has come to rest, in which processes were killed so many times."""
    verdict = Verdict()
    arrived = _arrived(city, world)
    told = database.read(_told)
    must = (city.of_the_morning - done.maybe) | done.told
    verdict.due = len(must)
    verdict.arrived = sum(len(ids) for ids in arrived.values())
    verdict.unknown = sum(
        outcome is AttemptOutcome.UNKNOWN for each in told.values() for outcome, _ in each.attempts
    )
    verdict.repeated = sum(len(ids) - 1 for ids in arrived.values())
    missing = sorted(must - arrived.keys())
    verdict.lost = len(missing)
    verdict.wrong += [f"lost: {message}; on record {told.get(message)}" for message in missing]
    verdict.wrong += [f"nobody was to be told: {each}" for each in sorted(arrived.keys() - must - done.maybe)]
    for message, ids in arrived.items():
        verdict.wrong += _unaccounted(message, ids, told.get(message))
    for press in _unanswered(done, world):
        if server.struck_in(press.chat_id) and server.struck_in(press.chat_id) + kills >= _SAID_AT_MOST:
            verdict.unanswered += 1
        else:
            verdict.wrong.append(f"no answer in {press.chat_id}, where nothing stood in its way: {press}")
    waiting = world.bot(token).updates
    if waiting:
        verdict.wrong.append(f"{len(waiting)} updates were never fetched")
    if server.too_many:
        verdict.wrong.append(f"{server.too_many} sends were refused as too many")
    verdict.wrong += database.read(lambda session: list(_restless(session)))
    verdict.wrong += database.read(lambda session: list(_decided(session, city, done)))
    return verdict


def _arrived(city: City, world: World) -> dict[Message, list[str]]:
    """Return the ids of the messages by which each thing was told, by the server's record."""
    arrived: dict[Message, list[str]] = defaultdict(list)
    for sent in world.state.sent:
        message = city.recognised(sent["chat_id"], sent["text"]) if sent["method"] == "sendMessage" else None
        if message is not None:
            arrived[message].append(str(sent["message_id"]))
    return dict(arrived)


def _told(session: Session) -> dict[Message, _Told]:
    """Return what is on record about each notification and its attempts."""
    rows = session.execute(
        select(
            Notification.id,
            Notification.kind,
            Notification.outcome,
            Notification.message_id,
            Binding.address,
            Organisation.name,
        )
        .join(Binding, Binding.contact_id == Notification.contact_id)
        .outerjoin(Stage, Stage.id == Notification.stage_id)
        .outerjoin(Organisation, Organisation.id == Stage.subject_id)
    ).all()
    by_id: dict[int, _Told] = {}
    told: dict[Message, _Told] = {}
    for row in rows:
        by_id[row.id] = _Told(row.outcome, row.message_id)
        chat_id = int(row.address)
        sort, about = _SORTS.get(row.kind), None
        if row.kind is NotificationKind.SUBMITTED:
            sort = Sort.HANDED_OVER if chat_id not in (CITY_OFFICER, CITY_LEAD) else Sort.QUEUE
            about = int(row.name[2:6]) if sort is Sort.HANDED_OVER else None
        if sort is not None:
            told[Message(chat_id, sort, about)] = by_id[row.id]
    attempts = session.execute(
        select(Attempt.notification_id, Attempt.outcome, Attempt.message_id).order_by(Attempt.number)
    )
    for notification_id, outcome, message_id in attempts:
        by_id[notification_id].attempts.append((outcome, message_id))
    return told


def _unaccounted(message: Message, ids: list[str], told: _Told | None) -> Iterator[str]:
    """Yield what the record of attempts does not explain about the arrivals of one thing."""
    if told is None:
        yield f"not in the outbox: {message}"
        return
    outcomes = [outcome for outcome, _ in told.attempts]
    confirmed = [message_id for outcome, message_id in told.attempts if outcome is AttemptOutcome.CONFIRMED]
    if len(ids) > sum(outcome in _SENT_OR_PERHAPS for outcome in outcomes):
        yield f"arrived {len(ids)} times without so many attempts on record: {message}: {outcomes}"
    if len(ids) > 1 and AttemptOutcome.UNKNOWN not in outcomes[:-1]:
        yield f"arrived {len(ids)} times, none on record as unknown: {message}: {outcomes}"
    if len(confirmed) > 1:
        yield f"confirmed more than once: {message}: {outcomes}"
    if any(message_id not in ids for message_id in confirmed):
        yield f"confirmed as message {confirmed}, which is not in the chat: {message}: {ids}"
    if told.outcome is Outcome.FAILED:
        yield f"arrived and on record as failed: {message}: {outcomes}"


def _unanswered(done: Done, world: World) -> Iterator[Press]:
    """Yield the presses and questions after which nothing was seen: no flash, no message, no changed message."""
    sent: list[dict[str, Any]] = world.state.sent
    for press in done.presses:
        flashed = press.query_id is not None and press.query_id not in world.state.queries
        if not flashed and not any(each["chat_id"] == press.chat_id for each in sent[press.since :]):
            yield press


def _restless(session: Session) -> Iterator[str]:
    """Yield what is still under way although everything has come to rest."""
    pending = session.scalar(
        select(func.count()).select_from(Notification).where(Notification.outcome == Outcome.PENDING)
    )
    if pending:
        yield f"{pending} notifications are still pending"
    leased = session.scalar(
        select(func.count()).select_from(Notification).where(Notification.leased_by.is_not(None))
    )
    if leased:
        yield f"{leased} notifications are still leased"
    unended = session.scalar(select(func.count()).select_from(Attempt).where(Attempt.ended_at.is_(None)))
    if unended:
        yield f"{unended} attempts have no end"
    for row in session.scalars(select(InboundUpdate).order_by(InboundUpdate.update_id)):
        if row.handled_at is None:
            yield f"update {row.update_id} was not handled"
        if row.answer is not None:
            yield f"the answer to update {row.update_id} is still owed"
        if row.error is not None:
            yield f"update {row.update_id} failed: {row.error}"
    broken = trail.first_broken(session)
    if broken is not None:
        yield f"the trail is broken at {broken}"


def _decided(session: Session, city: City, done: Done) -> Iterator[str]:
    """Yield where the state is not what the people did, each thing once."""
    for unit in range(city.units):
        stage = session.get_one(Stage, evidence_of(session, city, unit))
        wanted = (
            Status.ACCEPTED
            if unit in done.accepted
            else Status.RETURNED
            if unit in done.returned
            else Status.SUBMITTED
            if unit in done.handed_over
            else Status.OPEN
        )
        if stage.status is not wanted:
            yield f"unit {unit} stands at {stage.status}, not at {wanted}"
        happened = Counter(
            session.scalars(
                select(Event.kind).where(
                    Event.stage_id == stage.id, Event.kind.in_(["submit", "accept", "return"])
                )
            )
        )
        expected = Counter(
            kind
            for kind, units in (
                ("submit", done.handed_over),
                ("accept", done.accepted),
                ("return", done.returned),
            )
            if unit in units
        )
        if happened != expected:
            yield f"unit {unit} was decided on {dict(happened)}, not {dict(expected)}"
    enrolled = session.scalar(
        select(func.count()).select_from(Contact).join(Binding).where(Binding.address >= "9")
    )
    if enrolled != city.newcomers:
        yield f"{enrolled} newcomers are enrolled, not {city.newcomers}"
