"""How fast a bot may send, and the state of it in the database, where every process that uses the bot's token shares it.

Each limit is a line in time (the generic cell rate algorithm): a message moves it on by one interval, and who comes too
early waits. The arithmetic is plain and knows no clock and no database. The table goes by the clock of the database
server, so machines whose clocks differ agree.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from storage.models import SendLimit
from storage.statements import insert_ignoring_conflicts, rows_changed

LONGEST_QUEUE: Final = 10.0
"""Seconds a line can lie ahead because others wait; one further ahead is left from before a clock was set back."""

_AT_ONCE: Final = 1e-6
"""Seconds that are not waited for: the table's times are rounded to them."""

_PAUSED = ":pause"
_EVERYONE = "*"
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A limit: ``burst`` messages at once, then one every ``interval`` seconds.

    In any half-open window of ``w`` seconds there are at most ``burst`` messages and one for each whole interval that
    ends within it.
    """

    interval: float
    burst: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The state of a bot and of one of its chats, all in seconds of one clock. What lies in the past does not matter.

    ``bot`` and ``chat`` are when all that was sent has been made up for; the others, until when Telegram asked to send
    nothing.
    """

    bot: float = 0.0
    chat: float = 0.0
    bot_paused: float = 0.0
    chat_paused: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The answer to who wants to send: go in ``wait`` seconds, or where it is not ``taken``, ask again then.

    ``alone`` says that the chat had nothing lately: a refusal now is not for its own limit.
    """

    taken: bool
    wait: float
    alone: bool = False


def busy(lines: Lines, now: float, *, chat: Pace) -> float:
    """Return how many seconds nothing may go to a chat, 0 where it may now; others that wait are not counted."""
    line = _believed(lines.chat, chat, now)
    opens = max(line - chat.interval * (chat.burst - 1), lines.chat_paused, lines.bot_paused)
    return opens - now if opens - now > _AT_ONCE else 0.0


def step(lines: Lines, now: float, *, bot: Pace, chat: Pace) -> tuple[Turn, Lines]:
    """Take a turn at ``now``, and return it with the lines as they are then.

    Nothing is taken while the chat is busy: what waits for its chat must not hold up others.
    """
    wait = busy(lines, now, chat=chat)
    if wait > 0:
        return Turn(taken=False, wait=wait), lines
    of_bot, of_chat = _believed(lines.bot, bot, now), _believed(lines.chat, chat, now)
    at = max(now, of_bot - bot.interval * (bot.burst - 1))
    after = replace(lines, bot=max(of_bot, at) + bot.interval, chat=max(of_chat, at) + chat.interval)
    return Turn(taken=True, wait=at - now, alone=of_chat <= now), after


def key_of(token: str) -> str:
    """Return the key of a bot in the table: the token itself must not be readable there."""
    return f"telegram:{hashlib.sha256(token.encode()).hexdigest()[:8]}"


def take(session: Session, key: str, chat_id: int, *, bot: Pace, chat: Pace) -> Turn:
    """Take a turn for a message of the bot ``key``; others who want one wait until this is committed."""
    of_bot, of_chat = _key(key, None), _key(key, chat_id)
    lines = _locked(session, key, chat_id)
    turn, after = step(lines, _clock(session), bot=bot, chat=chat)
    if turn.taken:
        rows = [
            {"key": of_bot, "free_at": _instant(after.bot)},
            {"key": of_chat, "free_at": _instant(after.chat)},
        ]
        session.execute(update(SendLimit), rows)
    return turn


def delay(session: Session, key: str, chat_id: int, *, chat: Pace) -> float:
    """Return how many seconds nothing may go to a chat, as `busy` says, without taking a turn."""
    lines, _ = _read(session, key, chat_id, lock=False)
    return busy(lines, _clock(session), chat=chat)


def pause(session: Session, key: str, chat_id: int | None, *, seconds: float) -> None:
    """Let nothing of a bot go for so long, to a chat or where it is None to anybody. It never ends a longer pause."""
    until = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, float(seconds))
    new = postgresql.insert(SendLimit).values(key=_key(key, chat_id) + _PAUSED, free_at=until)
    longer = func.greatest(SendLimit.free_at, new.excluded.free_at)
    session.execute(new.on_conflict_do_update(index_elements=[SendLimit.key], set_={"free_at": longer}))


def delete_old(session: Session, *, before: datetime) -> int:
    """Delete what has not mattered since an instant. Returns how many rows."""
    return rows_changed(session, delete(SendLimit).where(SendLimit.free_at < before))


def _believed(line: float, pace: Pace, now: float) -> float:
    return line if line <= now + LONGEST_QUEUE + pace.interval * pace.burst else 0.0


def _key(key: str, chat_id: int | None) -> str:
    return f"{key}:{_EVERYONE if chat_id is None else chat_id}"


def _locked(session: Session, key: str, chat_id: int) -> Lines:
    """Lock the lines of a bot and a chat, always in the same order, and return them; those that are missing are made."""
    rows = [{"key": each, "free_at": _NEVER} for each in sorted([_key(key, None), _key(key, chat_id)])]
    lines, found = _read(session, key, chat_id, lock=True)
    if not found.issuperset(row["key"] for row in rows):
        session.execute(insert_ignoring_conflicts(session, SendLimit), rows)
        lines, _ = _read(session, key, chat_id, lock=True)
    return lines


def _read(session: Session, key: str, chat_id: int, *, lock: bool) -> tuple[Lines, set[str]]:
    """Return the lines with the keys that are there."""
    bot, chat = _key(key, None), _key(key, chat_id)
    query = (
        select(SendLimit.key, SendLimit.free_at)
        .where(SendLimit.key.in_([bot, chat, bot + _PAUSED, chat + _PAUSED]))
        .order_by(SendLimit.key)
    )
    found = {each: at.timestamp() for each, at in session.execute(query.with_for_update() if lock else query)}
    lines = Lines(
        bot=found.get(bot, 0.0),
        chat=found.get(chat, 0.0),
        bot_paused=found.get(bot + _PAUSED, 0.0),
        chat_paused=found.get(chat + _PAUSED, 0.0),
    )
    return lines, set(found)


def _clock(session: Session) -> float:
    """Return the server's time at this moment, not at the transaction's beginning: it may have waited for a lock."""
    at: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return at.timestamp()


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
