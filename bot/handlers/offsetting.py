"""A unit declares the CCER it surrenders in place of allowances, on the card of its surrender. Notice 二(五)."""

import re
import unicodedata
from collections.abc import Mapping

from bot.handlers.desk import AWAIT_TONNES, Desk
from bot.screen import MalformedPressError, Press, Screen
from bot.wording import allowances as wording
from obligations.decisions import Status
from obligations.notice import Level
from obligations.periods import Period
from storage import quotas
from storage.errors import QuotaRefusedError, StaleError
from storage.models import Stage
from storage.quotas import Allowance
from storage.targets import shares

_TONNES = re.compile(r"(\d{1,10})\s*(?:吨|t|tonnes?|tons?)?")


def may_declare(desk: Desk, stage: Stage) -> bool:
    """Tell whether this reader may declare CCER for a stage now: it is their unit's own surrender, and not settled."""
    return _is_own(desk, stage) and not _is_settled(stage)


def begin(desk: Desk, press: Press) -> Screen:
    """Ask for which year, or at once how many tonnes where the surrender is for one."""
    stage = _surrender(desk, press.number(0))
    known = quotas.of_period(desk.session, desk.law, stage.subject, Period.parse(stage.period), now=desk.now)
    if len(known) == 1:
        return _ask(desk, stage, known[0])
    return wording.choose_year(desk.voice, desk.item(stage), known)


def choose_year(desk: Desk, press: Press) -> Screen:
    """Take the year, and ask how many tonnes."""
    stage = _surrender(desk, press.number(0))
    year, period = press.number(1), Period.parse(stage.period)
    if not period.start.year <= year <= period.end.year:
        raise MalformedPressError
    return _ask(desk, stage, quotas.of_year(desk.session, desk.law, stage.subject, year, now=desk.now))


def take(desk: Desk, asked: Mapping[str, object], text: str) -> Screen:
    """Take the tonnes that were typed; above the cap they are refused with the cap said."""
    stage, year = _named(desk, asked)
    allowance = quotas.of_year(desk.session, desk.law, stage.subject, year, now=desk.now)
    said = unicodedata.normalize("NFKC", text).casefold().replace(",", "").replace(" ", "")
    read = _TONNES.fullmatch(said.replace("、", ""))
    if read is None:
        return wording.ask_tonnes(desk.voice, allowance, again=True)
    tonnes = int(read[1])
    try:
        quotas.require_offset(desk.law, allowance, tonnes)
    except QuotaRefusedError as error:
        return wording.refused(desk.voice, error)
    seal = desk.expect(AWAIT_TONNES, stage=stage.id, year=year, tonnes=tonnes)
    return wording.confirm(desk.voice, allowance, tonnes, seal=seal)


def declare(desk: Desk, press: Press) -> Screen:
    """Record the declaration that was said back."""
    asked = desk.awaited(AWAIT_TONNES)
    if asked is None or "tonnes" not in asked:
        raise StaleError
    desk.require_seal(asked, press, 0)
    stage, year = _named(desk, asked)
    desk.forget()
    try:
        quotas.offset(
            desk.session,
            desk.law,
            stage.subject_id,
            year,
            tonnes=int(str(asked["tonnes"])),
            by=desk.reader.actor,
            now=desk.now,
        )
    except QuotaRefusedError as error:
        return wording.refused(desk.voice, error)
    allowance = quotas.of_year(desk.session, desk.law, stage.subject, year, now=desk.now)
    return wording.declared(desk.voice, allowance)


def _ask(desk: Desk, stage: Stage, allowance: Allowance) -> Screen:
    try:
        quotas.require_offset(desk.law, allowance, 0)
    except QuotaRefusedError as error:
        return wording.refused(desk.voice, error)
    desk.expect(AWAIT_TONNES, stage=stage.id, year=allowance.year)
    return wording.ask_tonnes(desk.voice, allowance, again=False)


def _named(desk: Desk, asked: Mapping[str, object]) -> tuple[Stage, int]:
    return _surrender(desk, int(str(asked["stage"]))), int(str(asked["year"]))


def _surrender(desk: Desk, stage_id: int) -> Stage:
    """Return the reader's own surrender.

    Raises:
        NotAllowedError: it is none, or another's.
        StaleError: it was accepted or waived meanwhile.
    """
    stage = desk.stage(stage_id)
    desk.reader.require(_is_own(desk, stage))
    if _is_settled(stage):
        raise StaleError
    return stage


def _is_own(desk: Desk, stage: Stage) -> bool:
    surrender = stage.rule in shares(desk.law.rulebook)
    return surrender and desk.reader.level is Level.UNIT and desk.reader.may_act(stage)


def _is_settled(stage: Stage) -> bool:
    return stage.status in (Status.ACCEPTED, Status.WAIVED)
