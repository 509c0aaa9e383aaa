"""The checker's side: the review queue, acceptance, return for correction with a reason."""

from collections.abc import Mapping

from bot.handlers.desk import AWAIT_REASON, Desk
from bot.handlers.submitting import show_card
from bot.screen import Press, Screen
from bot.wording import decisions as wording
from bot.wording.decisions import OTHER, TYPED
from bot.wording.duties import PAGE
from bot.wording.phrases import RETURN_REASONS, plain
from storage import decisions, overview
from storage.errors import StaleError
from storage.models import Stage

_LONGEST_REASON = 500


def queue(desk: Desk, press: Press) -> Screen:
    """Show one page of what waits for the reader's office."""
    offset = press.number(0) if press.arguments else 0
    page = overview.waiting_for_check(desk.session, desk.reader.organisation_id, limit=PAGE, offset=offset)
    if offset and not page.items:
        # The list has become shorter than the page asked for.
        return queue(desk, Press.to(press.verb, 0))
    return wording.queue(desk.voice, page, offset=offset, edit=press.in_place)


def next_in_queue(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """Open the next item of the queue; the confirmation of the decision before it stays."""
    page = overview.waiting_for_check(desk.session, desk.reader.organisation_id, limit=1, offset=0)
    if not page.items:
        return queue(desk, Press("rv"))
    return show_card(desk, desk.stage(page.items[0].stage_id), edit=False)


def accept(desk: Desk, press: Press) -> Screen:
    """Record the acceptance; it completes the office's own check and opens the next one."""
    stage = _checked(desk, press)
    stage = decisions.accept(
        desk.session, desk.law, stage.id, by=desk.reader.actor, now=desk.now, version=press.number(1)
    )
    _, after = desk.neighbours(stage)
    return wording.accepted(
        desk.voice,
        desk.item(stage),
        passed_to=desk.office_of(after.checker_id) if after is not None else None,
        waiting_still=_waiting(desk),
    )


def ask_reason(desk: Desk, press: Press) -> Screen:
    """Ask why it is returned."""
    return wording.ask_reason(desk.voice, desk.item(_checked(desk, press)))


def return_(desk: Desk, press: Press) -> Screen:
    """Record a return with a reason from the list or one typed before, or ask for a typed one."""
    stage = _checked(desk, press)
    code = press.word(2)
    if code == OTHER:
        desk.expect(AWAIT_REASON, stage=stage.id, version=stage.version)
        return wording.ask_typed_reason(desk.voice, desk.item(stage))
    if code == TYPED:
        asked = desk.awaited(AWAIT_REASON)
        if asked is None or asked["stage"] != stage.id or "text" not in asked:
            raise StaleError
        desk.require_seal(asked, press, 3)
        return _return(desk, stage, str(asked["text"]), version=press.number(1), edit=True)
    desk.reader.require(code in RETURN_REASONS)
    return _return(desk, stage, code, version=press.number(1), edit=True)


def take_reason(desk: Desk, asked: Mapping[str, object], text: str, *, doubtful: bool) -> Screen:
    """Record a return with the reason the officer typed.

    What reads like a question of its own is ``doubtful``: the officer is asked whether it is meant as the reason.
    """
    stage = desk.stage(int(str(asked["stage"])))
    version = int(str(asked["version"]))
    desk.reader.require(desk.reader.may_check(stage))
    decisions.require_version(stage, version)
    reason = plain(text).strip()
    if len(reason) > _LONGEST_REASON:
        return wording.reason_too_long(desk.voice, stage.id, _LONGEST_REASON)
    if doubtful:
        seal = desk.expect(AWAIT_REASON, stage=stage.id, version=version, text=reason)
        return wording.confirm_reason(desk.voice, desk.item(stage), reason, seal=seal)
    return _return(desk, stage, reason, version=version, edit=False)


def _return(desk: Desk, stage: Stage, reason: str, *, version: int, edit: bool) -> Screen:
    desk.forget(AWAIT_REASON)
    stage = decisions.return_for_correction(
        desk.session, desk.law, stage.id, reason=reason, by=desk.reader.actor, now=desk.now, version=version
    )
    return wording.returned(
        desk.voice, desk.item(stage), correct_by=stage.act_by_on, waiting_still=_waiting(desk), edit=edit
    )


def _checked(desk: Desk, press: Press) -> Stage:
    stage = desk.stage(press.number(0))
    desk.reader.require(desk.reader.may_check(stage))
    decisions.require_version(stage, press.number(1))
    return stage


def _waiting(desk: Desk) -> int:
    return overview.waiting_for_check(desk.session, desk.reader.organisation_id, limit=0, offset=0).total
