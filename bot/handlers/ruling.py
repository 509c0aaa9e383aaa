"""An authority's side: a date is extended, announced or let go, for one unit, a district or everyone.

Each step is asked for in turn and nothing is recorded before the preview is confirmed. Rights and the version of the
stage are looked at again at every step.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bot.handlers.desk import Desk
from bot.screen import MalformedPressError, Press, Screen
from bot.spoken_dates import coming_day
from bot.wording import greetings
from bot.wording import rulings as wording
from bot.wording.duties import PAGE
from bot.wording.phrases import plain
from bot.wording.rulings import Draft
from obligations.authority import RulingKind, announced_by, is_kept, powers
from obligations.binding import Binding
from obligations.deadlines import DeadlineError
from obligations.decisions import DecisionRefused
from obligations.notice import Level
from obligations.periods import Period
from storage import decisions, organisations, overview, rulings, waiting
from storage.errors import StaleError
from storage.models import Stage
from storage.rulings import Order

AWAIT_RULING = "ruling"
"""A date is being decided on; its day, its reason or its document is to be typed, or all of it to be confirmed."""

_EVERYONE, _DISTRICT, _SUBJECT = "all", "district", "own"
_OF_THE_DESK = ("await", "until", "step", "counts")
"""What is remembered of a question besides what was asked and answered."""

_LONGEST_REASON = 500
_LONGEST_DOCUMENT = 100


def choose_kind(desk: Desk, press: Press) -> Screen:
    """Ask what is decided about a step; straight on where there is one thing only."""
    stage, kinds = _ruled(desk, press)
    if len(kinds) == 1:
        return choose_scope(desk, Press.to("rlk", stage.id, stage.version, kinds[0].value))
    return wording.choose_kind(desk.voice, desk.item(stage), kinds)


def choose_scope(desk: Desk, press: Press) -> Screen:
    """Ask for whom it is decided; straight on where it can be for one only."""
    stage, kinds = _ruled(desk, press)
    kind = _kind(desk, press, kinds)
    choices = _choices(desk, stage)
    if len(choices) == 1:
        [(whom, _)] = choices.items()
        return begin(desk, Press.to("rls", stage.id, stage.version, kind.value, whom))
    told = [(words, whom) for whom, (words, _) in choices.items()]
    return wording.choose_scope(desk.voice, desk.item(stage), kind, told)


def begin(desk: Desk, press: Press) -> Screen:
    """Ask for the first thing that is to be typed; a waiver that the law does not allow is refused at once."""
    stage, kinds = _ruled(desk, press)
    kind = _kind(desk, press, kinds)
    whom = press.word(3)
    if whom not in _choices(desk, stage):
        raise MalformedPressError
    asked: dict[str, object] = {
        "stage": stage.id,
        "version": stage.version,
        "kind": kind.value,
        "whom": whom,
    }
    draft = _draft(desk, stage, asked)
    if kind is RulingKind.WAIVE:
        _preview(desk, stage, asked)
        desk.expect(AWAIT_RULING, **asked, step="reason")
        return wording.ask_reason(desk.voice, draft)
    desk.expect(AWAIT_RULING, **asked, step="until")
    return wording.ask_date(desk.voice, draft)


def take(desk: Desk, asked: Mapping[str, object], text: str) -> Screen:
    """Take what was typed for the step that is open, and ask for the next; at the end show what would be recorded."""
    stage = desk.stage(int(str(asked["stage"])))
    decisions.require_version(stage, int(str(asked["version"])))
    desk.reader.require(RulingKind(str(asked["kind"])) in _kinds(desk, stage))
    known = {name: value for name, value in asked.items() if name not in _OF_THE_DESK}
    draft = _draft(desk, stage, known)
    words = plain(text).strip()
    voice = desk.voice
    match asked["step"]:
        case "until":
            return _take_date(desk, stage, known, words)
        case "reason" if len(words) > _LONGEST_REASON:
            return wording.ask_reason(voice, draft, said=wording.too_long(voice, _LONGEST_REASON))
        case "reason":
            desk.expect(AWAIT_RULING, **known, reason=words, step="document")
            return wording.ask_document(voice, draft)
        case "document" if len(words) > _LONGEST_DOCUMENT:
            return wording.ask_document(voice, draft, said=wording.too_long(voice, _LONGEST_DOCUMENT))
        case _:
            said = wording.press_to_confirm(voice) if asked["step"] == "confirm" else None
            known["document"] = words if said is None else known["document"]
            effect = _preview(desk, stage, known)
            counts = [effect.total, effect.handed_over, effect.later]
            seal = desk.expect(AWAIT_RULING, **known, counts=counts, step="confirm")
            return wording.previewed(voice, _draft(desk, stage, known), effect, seal=seal, said=said)


def confirm(desk: Desk, press: Press) -> Screen:
    """Record what was previewed, if it would still do the same."""
    stage, kinds = _ruled(desk, press)
    asked = desk.awaited(AWAIT_RULING)
    if asked is None or asked["step"] != "confirm" or asked["stage"] != stage.id:
        raise StaleError
    desk.require_seal(asked, press, 2)
    desk.reader.require(RulingKind(str(asked["kind"])) in kinds)
    effect = _preview(desk, stage, asked)
    if [effect.total, effect.handed_over, effect.later] != asked["counts"]:
        raise StaleError
    draft = _draft(desk, stage, asked)
    decreed = rulings.decree(
        desk.session,
        desk.law,
        _order(desk, stage, asked),
        reason=draft.reason,
        document=draft.document,
        by=desk.reader.actor,
        now=desk.now,
    )
    desk.forget()
    return wording.decreed(desk.voice, draft, decreed.effect, told=decreed.told)


def dates(desk: Desk, press: Press) -> Screen:
    """Show what waits for a date that this reader's office has to announce."""
    offset = press.number(0) if press.arguments else 0
    mine = []
    for awaited in waiting.for_a_date(desk.session, desk.reader.scope):
        stage = decisions.get(desk.session, awaited.stage_id)
        binding = _binding(desk, stage)
        if binding is not None and announced_by(binding, stage.name) is desk.reader.level:
            mine.append(awaited)
    if offset >= len(mine):
        # The list has become shorter than the page asked for.
        offset = 0
    shown = mine[offset : offset + PAGE]
    items = {item.stage_id: item for item in overview.items(desk.session, [each.stage_id for each in shown])}
    told = [(items[each.stage_id], each.count) for each in shown]
    return wording.waiting(desk.voice, told, total=len(mine), offset=offset, edit=press.in_place)


def may_rule(desk: Desk, stage: Stage) -> bool:
    """Tell whether this reader decides about the date of a stage that is still to be done."""
    return stage.status in rulings.PENDING and bool(_kinds(desk, stage))


def _take_date(desk: Desk, stage: Stage, known: dict[str, object], words: str) -> Screen:
    draft = _draft(desk, stage, known)
    day = coming_day(words, today=desk.today)
    if day is None:
        return wording.ask_date(desk.voice, draft, said=wording.unread_date(desk.voice))
    known["day"] = day.isoformat()
    try:
        _preview(desk, stage, known)
    except DecisionRefused as refused:
        return wording.ask_date(desk.voice, draft, said=greetings.refusal(desk.voice.p, refused))
    desk.expect(AWAIT_RULING, **known, step="reason")
    return wording.ask_reason(desk.voice, replace(draft, until=day))


def _ruled(desk: Desk, press: Press) -> tuple[Stage, tuple[RulingKind, ...]]:
    """Return the stage of a press and what this reader may decide about it, if it is unchanged since it was drawn."""
    stage = desk.stage(press.number(0))
    kinds = _kinds(desk, stage)
    desk.reader.require(bool(kinds))
    decisions.require_version(stage, press.number(1))
    return stage, kinds


def _kinds(desk: Desk, stage: Stage) -> tuple[RulingKind, ...]:
    """Return what this reader may decide about a stage; a date can be moved only where there is one."""
    if desk.reader.level not in (Level.MUNICIPAL, Level.DISTRICT):
        return ()
    binding = _binding(desk, stage)
    if binding is None or is_kept(desk.law, binding, stage.name):
        return ()
    return tuple(
        kind
        for kind in powers(binding, stage.name, by=desk.reader.level)
        if kind is not RulingKind.EXTEND or stage.act_by_on is not None
    )


def _binding(desk: Desk, stage: Stage) -> Binding | None:
    """Return what binds a stage; None where no notice here speaks of it any more."""
    try:
        return decisions.binding_of_stage(desk.law, stage)
    except (DeadlineError, LookupError):
        return None


def _kind(desk: Desk, press: Press, kinds: tuple[RulingKind, ...]) -> RulingKind:
    try:
        kind = RulingKind(press.word(2))
    except ValueError:
        raise MalformedPressError from None
    desk.reader.require(kind in kinds)
    return kind


def _choices(desk: Desk, stage: Stage) -> dict[str, tuple[str, int]]:
    """Return for whom this reader may decide: by the word a button carries, how it is said, and the organisation."""
    voice, item = desk.voice, desk.item(stage)
    city = organisations.municipality(desk.session).id
    choices = {}
    if stage.subject_id != city:
        choices[_SUBJECT] = (voice.organisation(item.subject_name), stage.subject_id)
    if stage.district_id is not None and stage.district_id != stage.subject_id:
        choices[_DISTRICT] = (wording.of_district(voice, item.district_name or ""), stage.district_id)
    if desk.reader.level is Level.MUNICIPAL:
        choices[_EVERYONE] = (wording.everyone(voice, item), city)
    return choices


def _order(desk: Desk, stage: Stage, asked: Mapping[str, object]) -> Order:
    day = asked.get("day")
    return Order(
        kind=RulingKind(str(asked["kind"])),
        rule=stage.rule,
        period=Period.parse(stage.period),
        scope_id=_choices(desk, stage)[str(asked["whom"])][1],
        stage=stage.name,
        until=None if day is None else date.fromisoformat(str(day)),
    )


def _draft(desk: Desk, stage: Stage, asked: Mapping[str, object]) -> Draft:
    day = asked.get("day")
    return Draft(
        kind=RulingKind(str(asked["kind"])),
        item=desk.item(stage),
        whom=_choices(desk, stage)[str(asked["whom"])][0],
        until=None if day is None else date.fromisoformat(str(day)),
        reason=str(asked.get("reason", "")),
        document=str(asked.get("document", "")),
    )


def _preview(desk: Desk, stage: Stage, asked: Mapping[str, object]) -> rulings.Effect:
    return rulings.preview(
        desk.session, desk.law, _order(desk, stage, asked), by=desk.reader.actor, now=desk.now
    )
