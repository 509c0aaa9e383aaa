"""The made-up people of the sample city: they hand over, check, return and mend, each by the unit's behaviour.

They act through the same decisions as real contacts do, in virtual time. When each of them acts follows from the
stage alone, never from chance at run time: the same city lives the same year again.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Level
from sandbox.city import Behaviour, behaviour_of
from storage import decisions, evidence, openings
from storage.database import Database, Session
from storage.decisions import Actor
from storage.evidence import EvidenceFolder
from storage.openings import Opening
from storage.types import NOTICE_ZONE, local_date

_LOOK_AHEAD = timedelta(days=15)
"""Further ahead than the earliest of them acts."""

_RETURN_REASONS = ("incomplete", "unclear", "nonconforming")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """What one of them will do, and when."""

    at: datetime
    opening: Opening
    contact_id: int
    check: bool


async def act(
    database: Database,
    law: Law,
    *,
    since: datetime,
    until: datetime,
    played: frozenset[int],
    folder: EvidenceFolder | None = None,
) -> int:
    """Let everybody do what falls through ``until``, all in one unit of work; return how much was done.

    ``played`` are the ids of the organisations whose people are somebody else's to play (see `_is_played`). What should have been
    done before ``since`` is done at ``since``. Some units send a small file, kept in ``folder`` where one is given.
    """
    if not await database.ask(lambda session: any(_moves(session, since=since, until=until, played=played))):
        return 0

    def work(session: Session) -> int:
        done = 0
        while moves := sorted(_moves(session, since=since, until=until, played=played), key=_in_turn):
            for move in moves:
                _carry_out(session, law, move, folder)
            done += len(moves)
        return done

    return await database.run(work)


def _in_turn(move: _Move) -> tuple[datetime, int]:
    return move.at, move.opening.stage_id


def _moves(session: Session, *, since: datetime, until: datetime, played: frozenset[int]) -> Iterator[_Move]:
    """Yield what is to be done by ``until``."""
    people = openings.people(session)
    for check, opening in (
        *((False, each) for each in openings.to_hand_over(session, through=local_date(until) + _LOOK_AHEAD)),
        *((True, each) for each in openings.to_check(session)),
    ):
        organisation = opening.checker_id if check else opening.actor_id
        contact_id = people.get(organisation or 0)
        if contact_id is None or _is_played(opening, organisation, played, check=check):
            continue
        at = _checks_at(opening) if check else _hands_over_at(opening)
        if at is not None and at <= until:
            yield _Move(at=max(at, since), opening=opening, contact_id=contact_id, check=check)


def _is_played(opening: Opening, organisation: int | None, played: frozenset[int], *, check: bool) -> bool:
    """Say whether somebody else plays this.

    The municipality checks the whole city: it is played for its own duties and for the units of a played district, so
    that a visitor who is the municipality as well does not leave all the others waiting.
    """
    if organisation not in played:
        return False
    level = opening.checked_by if check else opening.actor_level
    return level is not Level.MUNICIPAL or opening.district_id is None or opening.district_id in played


def _chance(opening: Opening, of: str, sides: int) -> int:
    """Return the same number from 0 to ``sides`` - 1 for the same stage, however often it is asked."""
    text = f"{opening.subject_code}:{opening.rule}:{opening.period}:{opening.stage}:{of}"
    return zlib.crc32(text.encode()) % sides


def _instant(opening: Opening, day: date, of: str) -> datetime:
    """Return some minute of the working hours of a day."""
    minutes = 9 * 60 + 15 + _chance(opening, of, 8 * 60)
    return datetime.combine(day, time(minutes // 60, minutes % 60), NOTICE_ZONE)


def _hands_over_at(opening: Opening) -> datetime | None:
    if opening.act_by_on is None:
        return None
    behaviour = behaviour_of(opening.subject_code) if opening.actor_level is Level.UNIT else None
    if opening.status is Status.RETURNED and opening.decided_at is not None:
        days = (
            4 + _chance(opening, "mend", 3)
            if behaviour is Behaviour.LATE
            else 1 + _chance(opening, "mend", 2)
        )
        return _instant(opening, local_date(opening.decided_at) + timedelta(days=days), "mend")
    match behaviour:
        case Behaviour.SILENT:
            return None
        case Behaviour.LATE:
            days = 2 + _chance(opening, "day", 8)
        case Behaviour.LAST_MINUTE:
            days = -_chance(opening, "day", 2)
        case Behaviour.PUNCTUAL | Behaviour.RETURNED_ONCE:
            days = -3 - _chance(opening, "day", 10)
        case None if _chance(opening, "slip", 12) == 0:
            days = 1 + _chance(opening, "day", 3)
        case None:
            days = -1 - _chance(opening, "day", 7)
    return _instant(opening, opening.act_by_on + timedelta(days=days), "hour")


def _checks_at(opening: Opening) -> datetime | None:
    if opening.submitted_at is None:
        return None
    days = 1 + _chance(opening, "check", 3)
    return _instant(opening, local_date(opening.submitted_at) + timedelta(days=days), "check")


def _carry_out(session: Session, law: Law, move: _Move, folder: EvidenceFolder | None) -> None:
    opening = move.opening
    if not move.check:
        if folder is not None and opening.actor_level is Level.UNIT and _chance(opening, "file", 3) == 0:
            _send_file(session, folder, move)
        decisions.submit(
            session,
            law,
            opening.stage_id,
            by=Actor(contact_id=move.contact_id, level=opening.actor_level),
            now=move.at,
        )
        return
    checker = Actor(contact_id=move.contact_id, level=opening.checked_by or Level.MUNICIPAL)
    decide: Callable[..., object] = decisions.accept
    if checker.level is Level.DISTRICT and not opening.returned and _is_returned_once(opening):
        reason = _RETURN_REASONS[_chance(opening, "reason", len(_RETURN_REASONS))]
        decide = partial(decisions.return_for_correction, reason=reason)
    decide(session, law, opening.stage_id, by=checker, now=move.at)


def _is_returned_once(opening: Opening) -> bool:
    return opening.actor_level is Level.UNIT and behaviour_of(opening.subject_code) is Behaviour.RETURNED_ONCE


def _send_file(session: Session, folder: EvidenceFolder, move: _Move) -> None:
    opening = move.opening
    words = f"示例材料，内容虚构。\n{opening.subject_name}\n{opening.period}\n"
    evidence.share(session, words.encode())
    evidence.bind(
        session,
        opening.stage_id,
        folder.store(words.encode()),
        name=f"{opening.period} 示例存证材料.txt",
        by=move.contact_id,
        now=move.at,
    )
