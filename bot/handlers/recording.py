"""Recording what happened: the occasion, the unit, the day, a note; said back with the duties that arise; confirmed.

Every step is kept until the next message, a restart included, and checked again at the end.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from bot.handlers.desk import AWAIT_RECORD, Desk
from bot.screen import MalformedPressError, Press, Screen
from bot.spoken_dates import coming_day
from bot.spoken_days import past_day
from bot.wording import recording as wording
from bot.wording.phrases import plain
from obligations.notice import Level
from obligations.occasions import causes, occasions, untimely
from obligations.terms import Occasion
from storage import occurrences, organisations
from storage.errors import NotFoundError, OccurrenceRefusedError, StaleError
from storage.models import Organisation
from storage.occurrences import Preview

_UNIT, _DAY, _NOTE, _CONFIRM = "unit", "day", "note", "confirm"
_MOST_OFFERED = 8
_MOST_DAYS_AGO = 1
"""Today and yesterday have a button; any other day is typed."""
_BY_DECLARATION: Final = frozenset({Occasion.USE_OF_CCER})
"""What a unit declares itself, on the card of its surrender."""


def begin(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """Ask what happened; an office records it, a unit does not."""
    desk.reader.require(desk.reader.may_record)
    return wording.choose_occasion(desk.voice, _occasions(desk))


def choose_occasion(desk: Desk, press: Press) -> Screen:
    """Take what happened, and ask to whom."""
    occasion = _occasion(desk, press)
    desk.expect(AWAIT_RECORD, step=_UNIT, occasion=occasion.value)
    return wording.ask_unit(desk.voice, occasion, own=_own(desk, occasion), edit=True)


def choose_subject(desk: Desk, press: Press) -> Screen:
    """Take whom it happened to, and ask of which duty or on which day."""
    occasion = _occasion(desk, press)
    return _subject(desk, occasion, _may_record_of(desk, press.number(1)), edit=True)


def choose_duty(desk: Desk, press: Press) -> Screen:
    """Take the duty it happened to, and ask on which day."""
    occasion = _occasion(desk, press)
    stage = desk.stage(press.number(1))
    subject = _may_record_of(desk, stage.subject_id)
    return _ask_day(desk, occasion, subject, stage_id=stage.id, edit=True)


def choose_day(desk: Desk, press: Press) -> Screen:
    """Take today or yesterday."""
    asked = _asked(desk, _DAY)
    days = press.number(0)
    if days > _MOST_DAYS_AGO:
        raise MalformedPressError
    return _take_day(desk, asked, desk.today - timedelta(days=days), edit=True)


def take(desk: Desk, asked: Mapping[str, object], text: str) -> Screen:
    """Take what the officer typed as the answer to the step that was asked."""
    occasion = Occasion(str(asked["occasion"]))
    match asked["step"]:
        case "unit":
            return _find(desk, occasion, plain(text).strip())
        case "day":
            ahead = occasion is Occasion.LICENCE_CANCELLATION
            read = coming_day if ahead else past_day
            day = read(text, today=desk.today)
            if day is None:
                subject = _may_record_of(desk, int(str(asked["subject"])))
                return wording.ask_day(desk.voice, occasion, subject, again=True, edit=False)
            return _take_day(desk, asked, day, edit=False)
        case _:
            return _take_note(desk, asked, plain(text).strip())


def record(desk: Desk, press: Press) -> Screen:
    """Record what was said back, once."""
    asked = _asked(desk, _CONFIRM)
    desk.require_seal(asked, press, 0)
    subject = _may_record_of(desk, int(str(asked["subject"])))
    try:
        seen = _preview(desk, asked)
        made = occurrences.record(
            desk.session,
            desk.law,
            occasion=seen.occasion,
            subject_id=subject.id,
            happened_on=seen.happened_on,
            note=str(asked["note"]),
            document="",
            by=desk.reader.actor,
            now=desk.now,
            stage_id=_stage_id(asked),
        )
    except OccurrenceRefusedError as error:
        desk.forget()
        return wording.lapsed(desk.voice, error)
    desk.forget()
    own = occurrences.to_do(desk.session, made.id, desk.reader.organisation_id)
    return wording.recorded(desk.voice, seen, own)


def _find(desk: Desk, occasion: Occasion, words: str) -> Screen:
    desk.reader.require(desk.reader.may_record)
    found: list[Organisation] = list(
        organisations.find_units(desk.session, words, desk.reader.scope, on=desk.today)
    )
    if not found and desk.reader.level is Level.MUNICIPAL and not causes(desk.law.rulebook, occasion):
        found = _districts_named(desk, words)
    if len(found) == 1:
        return _subject(desk, occasion, found[0], edit=False)
    return wording.choose_unit(desk.voice, occasion, found, words)


def _districts_named(desk: Desk, words: str) -> list[Organisation]:
    return [
        district
        for district in organisations.districts(desk.session, on=desk.today)
        if words
        and words
        in {
            district.code,
            district.name,
            district.short_name,
            district.office,
            *(alias.text for alias in district.aliases),
        }
    ]


def _subject(desk: Desk, occasion: Occasion, subject: Organisation, *, edit: bool) -> Screen:
    if causes(desk.law.rulebook, occasion):
        stages = occurrences.stages_it_may_happen_to(
            desk.session, desk.law, occasion, subject.id, now=desk.now
        )
        desk.expect(AWAIT_RECORD, step=_UNIT, occasion=occasion.value)
        return wording.choose_duty(desk.voice, occasion, subject, stages[:_MOST_OFFERED], edit=edit)
    return _ask_day(desk, occasion, subject, stage_id=None, edit=edit)


def _ask_day(
    desk: Desk, occasion: Occasion, subject: Organisation, *, stage_id: int | None, edit: bool
) -> Screen:
    desk.expect(AWAIT_RECORD, step=_DAY, occasion=occasion.value, subject=subject.id, stage=stage_id)
    return wording.ask_day(desk.voice, occasion, subject, again=False, edit=edit)


def _take_day(desk: Desk, asked: Mapping[str, object], day: date, *, edit: bool) -> Screen:
    occasion = Occasion(str(asked["occasion"]))
    subject = _may_record_of(desk, int(str(asked["subject"])))
    if untimely(occasion, day, today=desk.today):
        code = "passed" if occasion is Occasion.LICENCE_CANCELLATION else "future"
        return wording.lapsed(desk.voice, OccurrenceRefusedError(code, day=day))
    desk.expect(
        AWAIT_RECORD,
        step=_NOTE,
        occasion=occasion.value,
        subject=subject.id,
        stage=asked["stage"],
        day=day.isoformat(),
    )
    return wording.ask_note(desk.voice, occasion, subject, day, edit=edit)


def _take_note(desk: Desk, asked: Mapping[str, object], note: str) -> Screen:
    _may_record_of(desk, int(str(asked["subject"])))
    if len(note) > occurrences.LONGEST_NOTE:
        error = OccurrenceRefusedError("too_long", characters=occurrences.LONGEST_NOTE)
        return wording.lapsed(desk.voice, error)
    try:
        seen = _preview(desk, asked)
    except OccurrenceRefusedError as error:
        desk.forget()
        return wording.lapsed(desk.voice, error)
    facts = {key: asked[key] for key in ("occasion", "subject", "stage", "day")}
    seal = desk.expect(AWAIT_RECORD, step=_CONFIRM, note=note, **facts)
    return wording.confirm(desk.voice, seen, note, seal=seal)


def _preview(desk: Desk, asked: Mapping[str, object]) -> Preview:
    return occurrences.preview(
        desk.session,
        desk.law,
        occasion=Occasion(str(asked["occasion"])),
        subject_id=int(str(asked["subject"])),
        happened_on=date.fromisoformat(str(asked["day"])),
        now=desk.now,
        stage_id=_stage_id(asked),
    )


def _asked(desk: Desk, step: str) -> Mapping[str, object]:
    """Return what was remembered, where it is at this step."""
    asked = desk.awaited(AWAIT_RECORD)
    if asked is None or asked["step"] != step:
        raise StaleError
    return asked


def _stage_id(asked: Mapping[str, object]) -> int | None:
    return None if asked["stage"] is None else int(str(asked["stage"]))


def _occasions(desk: Desk) -> tuple[Occasion, ...]:
    known = occasions(desk.law.rulebook, Level.UNIT)
    return tuple(each for each in known if each not in _BY_DECLARATION)


def _occasion(desk: Desk, press: Press) -> Occasion:
    desk.reader.require(desk.reader.may_record)
    word = press.word(0)
    for each in _occasions(desk):
        if each.value == word:
            return each
    raise MalformedPressError


def _own(desk: Desk, occasion: Occasion) -> Organisation | None:
    """Return the district's own organisation where the occasion may be recorded of it as such."""
    if desk.reader.level is not Level.DISTRICT:
        return None
    if occasion not in occasions(desk.law.rulebook, Level.DISTRICT):
        return None
    return organisations.get(desk.session, desk.reader.organisation_id)


def _may_record_of(desk: Desk, organisation_id: int) -> Organisation:
    """Return an organisation that the reader may record something of: a unit in its care, a district, itself."""
    desk.reader.require(desk.reader.may_record)
    try:
        subject = organisations.get(desk.session, organisation_id)
    except NotFoundError:
        raise MalformedPressError from None
    match subject.level:
        case Level.UNIT:
            allowed = organisations.within(desk.session, subject.id, desk.reader.scope, on=desk.today)
        case Level.DISTRICT:
            allowed = desk.reader.level is Level.MUNICIPAL or subject.id == desk.reader.organisation_id
        case _:
            allowed = False
    desk.reader.require(allowed)
    return subject
