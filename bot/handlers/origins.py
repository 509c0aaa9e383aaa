"""What a card says of a stage beyond the stage itself: what it arose from, and the allowances of a surrender."""

from dataclasses import replace

from bot.handlers.desk import Desk
from bot.handlers.offsetting import may_declare
from bot.screen import Screen
from bot.wording import allowances, recording
from obligations.periods import Period
from storage import occurrences, organisations, quotas
from storage.models import Stage
from storage.targets import shares


def with_origin(desk: Desk, stage: Stage, screen: Screen) -> Screen:
    """Return a stage's card with what it arose from, and what must be surrendered, where that is known."""
    told = [*_origin(desk, stage), *_allowances(desk, stage)]
    rows = (allowances.declare_row(desk.voice, stage.id),) if may_declare(desk, stage) else ()
    html = "\n".join([screen.html, *told])
    return replace(screen, html=html, rows=(*screen.rows, *rows))


def _origin(desk: Desk, stage: Stage) -> list[str]:
    happened = occurrences.of_part(desk.session, stage.obligation.part)
    if happened is None:
        return []
    elsewhere = happened.subject_id != stage.subject_id
    subject = organisations.get(desk.session, happened.subject_id).name if elsewhere else None
    return recording.origin(
        desk.voice,
        happened.occasion,
        happened_on=happened.happened_on,
        note=happened.note,
        document=happened.document,
        subject=subject,
    )


def _allowances(desk: Desk, stage: Stage) -> list[str]:
    if stage.rule not in shares(desk.law.rulebook) or stage.subject.sector is None:
        return []
    known = quotas.of_period(desk.session, desk.law, stage.subject, Period.parse(stage.period), now=desk.now)
    return allowances.allowance_lines(desk.voice, known)
