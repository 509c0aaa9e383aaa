"""From what came in to what is answered: one table of commands, one of buttons, and the refusals in plain words.

One transaction per incoming message: the decision and the mark that it was handled are stored together.
"""

import html
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.access import NotAllowedError, Reader, reader_at
from bot.handlers import (
    asking,
    checking,
    checklists,
    enrolling,
    keeping,
    offsetting,
    recording,
    ruling,
    submitting,
    timelines,
    when,
    why,
)
from bot.handlers.desk import AWAIT_REASON, AWAIT_RECORD, AWAIT_TONNES, Desk
from bot.handlers.ruling import AWAIT_RULING
from bot.screen import MalformedPressError, Press, Screen
from bot.understanding import Intent, Place, Reading, Vocabulary, shipped_vocabulary, understand
from bot.wording import files, greetings
from bot.wording.phrases import plain
from locales.printer import Printer
from obligations.decisions import DecisionRefused
from obligations.law import Law
from obligations.notice import Level
from storage import contacts, organisations
from storage.database import Session
from storage.errors import EvidenceRefusedError, InvitationRefusedError, NotFoundError, StaleError
from storage.evidence import EvidenceFolder, StoredFile

_log = logging.getLogger(__name__)

_LONGEST_NAME = 60
_LONGEST_QUESTION = 500

Handler = Callable[[Desk, Press], Screen]

_MAY_BE_A_REASON = frozenset(
    {Intent.NONE, Intent.CORRECTION_REQUEST, Intent.CONFIRM_DONE, Intent.UPLOAD_EVIDENCE, Intent.SNOOZE}
)
"""What a typed reason for a return may sound like; anything else may be a question of its own."""

_KEPT = ("sample_retention", "video_record")
"""The kinds of duty whose date is how long something is kept."""


class Kind(StrEnum):
    """What kind of thing came in."""

    COMMAND = "command"
    TEXT = "text"
    PRESS = "press"
    FILE = "file"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What a person sent, whatever the channel.

    ``text`` is the command's argument, the words, the button's text, or what was written under a file. Files that
    were sent together have one ``album``.
    """

    channel: str
    address: str
    name: str
    language: str
    kind: Kind
    command: str = ""
    text: str = ""
    file: StoredFile | EvidenceRefusedError | None = None
    file_name: str | None = None
    album: str | None = None


_PRESSES: Mapping[str, Handler] = MappingProxyType(
    {
        "due": submitting.my_duties,
        "due~": submitting.my_duties,
        "done": submitting.choose_done,
        "st": submitting.open_card,
        "st~": submitting.open_card,
        "sub": submitting.ask_submission,
        "sub!": submitting.submit,
        "up": submitting.ask_file,
        "bind": submitting.bind_file,
        "work": submitting.ask_pause,
        "work!": submitting.pause,
        "file": submitting.send_file,
        "cancel": submitting.cancel,
        "rv": checking.queue,
        "rv~": checking.queue,
        "next": checking.next_in_queue,
        "acc": checking.accept,
        "ret": checking.ask_reason,
        "ret!": checking.return_,
        "od": asking.who_is_overdue,
        "od~": asking.who_is_overdue,
        "ods": asking.choose_district,
        "ods~": asking.choose_district,
        "us": asking.chosen_unit,
        "ck": checklists.checklist_of,
        "ck~": checklists.checklist_of,
        "ckl": checklists.line_of,
        "ckl~": checklists.line_of,
        "keep": keeping.what_to_keep,
        "keep~": keeping.what_to_keep,
        "why": why.why,
        "tl": timelines.timeline,
        "rl": ruling.choose_kind,
        "rlk": ruling.choose_scope,
        "rls": ruling.begin,
        "rl!": ruling.confirm,
        "dt": ruling.dates,
        "dt~": ruling.dates,
        "rec": recording.begin,
        "rec1": recording.choose_occasion,
        "rec2": recording.choose_subject,
        "rec3": recording.choose_duty,
        "recd": recording.choose_day,
        "rec!": recording.record,
        "ccer": offsetting.begin,
        "ccery": offsetting.choose_year,
        "ccer!": offsetting.declare,
        "sum": asking.summary,
        "lang": enrolling.set_language,
        "lang?": enrolling.choose_language,
        "help": enrolling.help_,
    }
)

_TYPED: Mapping[str, Callable[[Desk, Mapping[str, object], str], Screen]] = MappingProxyType(
    {
        AWAIT_RULING: ruling.take,
        AWAIT_RECORD: recording.take,
        AWAIT_TONNES: offsetting.take,
    }
)
"""What is typed one thing after another, by what the desk awaits."""

_CONFIRMS: Mapping[str, str] = MappingProxyType(
    {
        "ret!": AWAIT_REASON,
        "rl!": AWAIT_RULING,
        "recd": AWAIT_RECORD,
        "rec!": AWAIT_RECORD,
        "ccer!": AWAIT_TONNES,
    }
)
"""The buttons that complete what was typed."""

_COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "help": "help",
        "due": "due",
        "done": "done",
        "overdue": "od",
        "review": "rv",
        "summary": "sum",
        "checklist": "ck",
        "timeline": "tl",
        "dates": "dt",
        "record": "rec",
        "language": "lang?",
    }
)

_INTENTS: Mapping[Intent, str] = MappingProxyType(
    {
        Intent.WHO_IS_OVERDUE: "od",
        Intent.MY_OBLIGATIONS: "due",
        Intent.NEXT_DEADLINE: "due",
        Intent.CONFIRM_DONE: "done",
        Intent.UPLOAD_EVIDENCE: "done",
        Intent.SNOOZE: "due",
        Intent.DISTRICT_SUMMARY: "sum",
        Intent.CITY_SUMMARY: "sum",
        Intent.CHECKLIST: "ck",
        Intent.RECORD_EVENT: "rec",
        Intent.HELP: "help",
        Intent.LANGUAGE: "lang?",
    }
)


def answer(
    session: Session, incoming: Incoming, *, law: Law, folder: EvidenceFolder, now: datetime
) -> Screen | None:
    """Handle one incoming message and return the answer; None where none is due.

    Whatever a person can cause by what they send is answered here; an exception that leaves is a fault of ours.
    """
    p = Printer.for_language(incoming.language)
    if incoming.kind is Kind.BLOCKED:
        contacts.unbind(session, incoming.channel, incoming.address, reason="blocked by the reader", now=now)
        return None
    if incoming.kind is Kind.UNBLOCKED:
        contacts.revive(session, incoming.channel, incoming.address)
        return None
    if incoming.kind is Kind.COMMAND and incoming.command == "start" and incoming.text:
        return _enrol(session, incoming, law=law, folder=folder, now=now)
    reader = reader_at(session, incoming.channel, incoming.address)
    if reader is None:
        # Whoever writes from an address that was given up as unreachable is reachable again.
        contacts.revive(session, incoming.channel, incoming.address)
        reader = reader_at(session, incoming.channel, incoming.address)
    if reader is None:
        return greetings.stranger(p)
    desk = Desk(session=session, law=law, folder=folder, reader=reader, now=now)
    p = desk.voice.p
    before = session.begin_nested()
    try:
        screen = _dispatch(desk, incoming)
    except DecisionRefused as refused:
        before.rollback()
        refusal = greetings.refused(p, refused)
    except (StaleError, MalformedPressError):
        before.rollback()
        refusal = greetings.stale(p)
    except (NotAllowedError, NotFoundError):
        before.rollback()
        _log.warning("refused: contact %s, %s", reader.contact_id, incoming.kind.value)
        refusal = greetings.not_allowed(p)
    else:
        before.commit()
        return _seen(incoming, screen)
    # The question it answered has lapsed; kept, it would refuse whatever comes next.
    desk.forget(*((AWAIT_REASON, *_TYPED) if incoming.kind is Kind.PRESS else ()))
    return _seen(incoming, refusal)


def _seen(incoming: Incoming, screen: Screen | None) -> Screen | None:
    """Return a screen as it can be seen: nothing flashes but in answer to a press."""
    if screen is None or screen.html or incoming.kind is Kind.PRESS or screen.toast is None:
        return screen
    return Screen(html=html.escape(screen.toast, quote=False))


def _dispatch(desk: Desk, incoming: Incoming) -> Screen | None:
    match incoming.kind:
        case Kind.PRESS:
            press = Press.parse(incoming.text)
            handler = _PRESSES.get(press.verb)
            if handler is None:
                raise MalformedPressError
            # Whoever turns to something else does not go on typing.
            completed = _CONFIRMS.get(press.verb)
            desk.forget(*(each for each in (AWAIT_REASON, *_TYPED) if each != completed))
            return handler(desk, press)
        case Kind.COMMAND:
            return _command(desk, incoming)
        case Kind.FILE:
            return _file(desk, incoming)
        case _:
            return _sentence(desk, incoming.text)


def _command(desk: Desk, incoming: Incoming) -> Screen:
    desk.forget(AWAIT_REASON, *_TYPED)
    match incoming.command:
        case "start":
            return enrolling.greet(desk)
        case "status":
            return asking.unit_status(desk, incoming.text)
        case "keep":
            return keeping.named(desk, incoming.text)
        case command if command in _COMMANDS:
            verb = _COMMANDS[command]
            return _PRESSES[verb](desk, Press(verb))
        case _:
            return greetings.not_understood(desk.voice, desk.reader.level)


def _file(desk: Desk, incoming: Incoming) -> Screen | None:
    match incoming.file:
        case EvidenceRefusedError() as refused:
            return files.file_refused(desk.voice, refused.code, desk.folder.max_bytes // (1024 * 1024))
        case StoredFile() as stored:
            named = understand(
                incoming.text[:_LONGEST_QUESTION], role=desk.reader.level, today=desk.today
            ).slots
            return submitting.take_file(
                desk,
                stored,
                name=incoming.file_name,
                album=incoming.album,
                named={slot: named[slot] for slot in ("kind", "period") if slot in named},
            )
        case _:
            raise MalformedPressError


def _sentence(desk: Desk, text: str) -> Screen:
    for awaited, take in _TYPED.items():
        if (begun := desk.awaited(awaited)) is not None and plain(text).strip():
            return take(desk, begun, text)
    reading = understand(
        text[:_LONGEST_QUESTION], role=desk.reader.level, today=desk.today, vocabulary=_vocabulary(desk)
    )
    asked = desk.awaited(AWAIT_REASON)
    if asked is not None and plain(text).strip():
        doubtful = reading.acknowledgement or reading.intent not in _MAY_BE_A_REASON
        return checking.take_reason(desk, asked, text, doubtful=doubtful)
    district = reading.slots.get("district")
    match reading.intent:
        case Intent.UNIT_STATUS:
            return asking.unit_status(desk, reading.slots.get("unit", ""))
        case Intent.CORRECTION_REQUEST if desk.reader.level is Level.UNIT:
            return asking.unit_status(desk, "")
        case Intent.CORRECTION_REQUEST:
            return checking.queue(desk, Press("rv"))
        case Intent.WHO_IS_OVERDUE if district is not None:
            return asking.overdue_in(desk, district)
        case Intent.DISTRICT_SUMMARY if district is not None:
            return asking.summary_of(desk, district)
        case Intent.NONE if reading.acknowledgement:
            return greetings.acknowledged(desk.voice.p)
        case Intent.NEXT_DEADLINE if "kind" in reading.slots:
            return _by_when(desk, text, reading.slots)
        case intent if intent in _INTENTS:
            verb = _INTENTS[intent]
            return _PRESSES[verb](desk, Press(verb))
        case _:
            return _looked_up(desk, text, reading)


def _by_when(desk: Desk, text: str, slots: Mapping[str, str]) -> Screen:
    if slots["kind"] in _KEPT:
        return keeping.named(desk, "")
    return when.asked(desk, text[:_LONGEST_QUESTION], slots)


def _looked_up(desk: Desk, text: str, reading: Reading) -> Screen:
    """Answer a question about the notices themselves; what is no question at all is not understood."""
    match reading.intent:
        case Intent.RULE_EXPLAIN:
            return why.asked(desk, text[:_LONGEST_QUESTION], reading.slots)
        case Intent.KEEPING:
            return keeping.named(desk, reading.slots.get("unit", ""))
        case Intent.DATES_AWAITED:
            # A unit announces nothing: what it waits for is in its checklist.
            verb = "ck" if desk.reader.level is Level.UNIT else "dt"
            return _PRESSES[verb](desk, Press(verb))
        case Intent.TIMELINE:
            return timelines.in_year(desk, reading.slots.get("period"))
        case _:
            return greetings.not_understood(desk.voice, desk.reader.level)


def _vocabulary(desk: Desk) -> Vocabulary:
    """Return the words that are understood, with the names of the registry's districts."""
    words = shipped_vocabulary()
    known = {place.name for place in words.places}
    added = [
        Place(
            name=district.name,
            aliases=(district.short_name, district.english_name, *(alias.text for alias in district.aliases)),
            valid_from=district.valid_from,
            valid_to=district.valid_to,
        )
        for district in organisations.every_district(desk.session)
        if district.name not in known
    ]
    return words.of_districts((*words.places, *added)) if added else words


def _enrol(
    session: Session, incoming: Incoming, *, law: Law, folder: EvidenceFolder, now: datetime
) -> Screen:
    p = Printer.for_language(incoming.language)
    try:
        contact = contacts.enrol(
            session,
            incoming.text,
            name=plain(incoming.name).strip()[:_LONGEST_NAME] or p.text("a contact"),
            language=p.language,
            channel=incoming.channel,
            address=incoming.address,
            now=now,
        )
    except InvitationRefusedError:
        return greetings.invitation_refused(p)
    reader = Reader.of(contacts.get(session, contact.id))
    return enrolling.greet(Desk(session=session, law=law, folder=folder, reader=reader, now=now))
