"""Why a date is what it is: of one stage, with what happened to it; or of what a sentence names."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from bot.explaining import explain
from bot.handlers.desk import Desk
from bot.screen import Press, Screen
from bot.understanding import shipped_vocabulary
from bot.wording import why as wording
from obligations.deadlines import DeadlineError
from obligations.notice import Notice, Rule, UnknownRule
from obligations.parameters import parameters
from obligations.periods import Period, PeriodError
from storage import decisions, grounds, organisations, ruled
from storage.models import Stage

_DAY_OF_MONTH = re.compile(r"(?<![\d年.-])(\d{1,2})(?:日|号|th\b|st\b|nd\b|rd\b)")
_LAST_DAY = 31


def why(desk: Desk, press: Press) -> Screen:
    """Explain the date of a stage the reader may see."""
    return _of_stage(desk, desk.stage(press.number(0)))


def asked(desk: Desk, text: str, slots: Mapping[str, str]) -> Screen:
    """Answer a question for a reason: the one date it can mean, or those it may, or what the rule says in general."""
    words = shipped_vocabulary()
    meant = words.duties.get(slots.get("kind", ""), ())
    duties = [duty for duty in meant if duty in desk.law_today.rulebook.by_duty]
    period, on = named(slots.get("period"))
    day = None if on is not None else _day_of_month(words.fold(text))
    found = grounds.asked_about(
        desk.session,
        desk.reader.scope,
        today=desk.today,
        rules=duties,
        period=period,
        on=on,
        day=day,
        limit=wording.MOST_OFFERED,
    )
    if len(found) == 1 and not (period is None and on is None and day is None):
        return _of_stage(desk, desk.stage(found[0].stage_id))
    return wording.choose(desk.voice, found, in_general(desk, duties, report_year=_year(desk, period)))


def in_general(desk: Desk, duties: Sequence[str], *, report_year: int | None = None) -> list[str]:
    """Return the lines that say what the notices say of duties.

    Of a duty of parameters, with those that hold for ``report_year``; without one none are told.
    """
    told: list[str] = []
    for duty in duties:
        told += [*([""] if told else []), *wording.in_general(desk.voice, _said(desk, duty))]
        rules = [rule for _, rule in desk.law_today.rulebook.by_duty[duty]]
        if report_year is not None and any(rule.parameters for rule in rules):
            sector = organisations.get(desk.session, desk.reader.organisation_id).sector
            period = Period.year(report_year)
            sectors = None if sector is None else frozenset({sector})
            applied = parameters(desk.law_today, duty, period, sectors=sectors)
            told += wording.parameters_of(desk.voice, period, applied)
    return told


def _year(desk: Desk, period: str | None) -> int:
    """Return the report year a question is about: the one it names, else the last that has ended."""
    return desk.today.year - 1 if period is None else Period.parse(period).end.year


def _said(desk: Desk, duty: str) -> Sequence[tuple[Notice, Rule]]:
    """Return what the notices say of a duty; to a unit only those for its own sector, where there are any."""
    said = desk.law_today.rulebook.by_duty[duty]
    sector = organisations.get(desk.session, desk.reader.organisation_id).sector
    return [each for each in said if sector is None or sector in each[1].sectors] or said


def named(period: str | None) -> tuple[str | None, date | None]:
    """Return the period of a duty or the day that was named; a quarter or a week is neither."""
    if period is None or "W" in period or "Q" in period:
        return None, None
    try:
        return str(Period.parse(period)), None
    except PeriodError:
        pass
    try:
        return None, date.fromisoformat(period)
    except ValueError:
        return None, None


def _of_stage(desk: Desk, stage: Stage) -> Screen:
    sector = stage.subject.sector
    period = Period.parse(stage.period)
    try:
        binding = decisions.binding_of_stage(desk.law_today, stage)
    except (UnknownRule, DeadlineError):
        return wording.no_notice(desk.voice, desk.item(stage))
    told = explain(
        desk.voice.p,
        desk.law_today,
        binding.duty,
        stage.name,
        period,
        sectors=binding.sectors,
        facts=grounds.facts_of(desk.session, stage),
        made=(binding.notice.number, binding.notice.version),
    )
    return wording.why(
        desk.voice,
        desk.item(stage),
        told,
        changes=ruled.of_stage(desk.session, stage),
        correction=grounds.correction_of(desk.session, desk.law_today, stage),
        carried=grounds.carried_correction_of(desk.session, desk.law_today, stage),
        decided_at=stage.decided_at,
        parameters=parameters(
            desk.law_today, binding.duty, period, sectors=None if sector is None else frozenset({sector})
        ),
    )


def _day_of_month(folded: str) -> int | None:
    """Return the day of a month a sentence names on its own: 25号, 25日, the 25th."""
    found = _DAY_OF_MONTH.search(folded)
    return int(found[1]) if found is not None and 1 <= int(found[1]) <= _LAST_DAY else None
