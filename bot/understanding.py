"""What a sentence asks for, and of what: an intent and its slots. Its words are in ``understanding.toml``.

Nothing is looked up and nothing is done here. Whether the reader may ask it is `bot.access`'s.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Self

from bot.spoken_periods import period_in
from obligations.notice import Level
from obligations.terms import SECTOR_GROUPS, Sector

_MARKS = ".,!~。、…:;()\"' "
_SHORTEST_NAME = 3


class Intent(StrEnum):
    """What a sentence asks for."""

    WHO_IS_OVERDUE = "who_is_overdue"
    MY_OBLIGATIONS = "my_obligations"
    NEXT_DEADLINE = "next_deadline"
    CONFIRM_DONE = "confirm_done"
    UPLOAD_EVIDENCE = "upload_evidence"
    UNIT_STATUS = "unit_status"
    DISTRICT_SUMMARY = "district_summary"
    CITY_SUMMARY = "city_summary"
    SNOOZE = "snooze"
    HELP = "help"
    LANGUAGE = "language"
    CONTACT_HELP = "contact_help"
    RULE_EXPLAIN = "rule_explain"
    EXPORT = "export"
    CORRECTION_REQUEST = "correction_request"
    CHECKLIST = "checklist"
    KEEPING = "keeping"
    TIMELINE = "timeline"
    DATES_AWAITED = "dates_awaited"
    RECORD_EVENT = "record_event"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was understood.

    Slots: ``period``, ``district`` (official name), ``unit`` (as written), ``kind`` (of duty).
    ``acknowledgement`` is true for «received» and its like, which ask for nothing.
    """

    intent: Intent
    slots: Mapping[str, str] = field(default_factory=dict)
    acknowledgement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A district by its official name, what else it is called, and when it exists (both ends inclusive)."""

    name: str
    aliases: tuple[str, ...]
    valid_from: date | None = None
    valid_to: date | None = None

    def exists_on(self, day: date) -> bool:
        """Tell whether the district exists on a day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One intent's phrases."""

    name: str
    phrases: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    of_a_unit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words that are understood. Made by `shipped_vocabulary`; the districts may be those of another city."""

    asked: tuple[_Asked, ...]
    commands: Mapping[str, str]
    buttons: Mapping[str, str]
    kinds: Mapping[str, str]
    duties: Mapping[str, tuple[str, ...]]
    """The duties of a rulebook that a kind stands for."""
    more_duties: Mapping[str, tuple[str, ...]]
    """The duties that are the same thing for other sectors."""
    sectors: Mapping[str, frozenset[Sector]]
    """What sectors and groups of them are called."""
    places: tuple[Place, ...]
    simplified: Mapping[int, str]
    acknowledgements: frozenset[str]
    question: re.Pattern[str]
    units: Mapping[str, tuple[str, ...]]

    def of_districts(self, places: Iterable[Place]) -> Self:
        """Return the same words with other districts."""
        return replace(self, places=tuple(places))

    def sectors_in(self, text: str) -> frozenset[Sector]:
        """Return the sectors a sentence names; of words that contain each other the longest is meant."""
        left = self.fold(text)
        found: frozenset[Sector] = frozenset()
        for name in sorted(self.sectors, key=len, reverse=True):
            if _said(name, left):
                found |= self.sectors[name]
                left = left.replace(name, " ")
        return found

    def fold(self, text: str) -> str:
        """Return text as phrases are compared: half-width, lower case, simplified, on one line."""
        folded = unicodedata.normalize("NFKC", text).casefold().translate(dict(self.simplified))
        return " ".join(folded.split())


def understand(text: str, *, role: Level, today: date, vocabulary: Vocabulary | None = None) -> Reading:
    """Return what a sentence asks for. ``today`` is the date in Asia/Shanghai that relative periods count from.

    Where nothing is recognised the intent is ``none``, never a guess; slots are given all the same.
    """
    words = vocabulary or shipped_vocabulary()
    folded = words.fold(text)
    bare = folded.strip(_MARKS)
    if own := _own_words(folded, words):
        slots = _slots(text, folded, words, today)
        if (
            own == "unit_status"
            and role is not Level.UNIT
            and (unit := text.strip().partition(" ")[2].strip())
        ):
            slots.setdefault("unit", unit)
        return Reading(intent=_summary_of(role, slots) if own == "summary" else Intent(own), slots=slots)
    if not any(c.isalnum() for c in bare) or bare.replace(" ", "").isnumeric():
        return Reading(intent=Intent.NONE)
    if _acknowledges(bare, words):
        return Reading(intent=Intent.NONE, acknowledgement=True)
    slots = _slots(text, folded, words, today)
    return Reading(intent=_intent(folded, role, slots, words), slots=slots)


def _own_words(folded: str, words: Vocabulary) -> str | None:
    """Return what one of the bot's own commands or buttons asks for; None where it is neither."""
    if not folded.startswith("/"):
        return words.buttons.get(folded.strip(_MARKS + "?"))
    command = folded[1:].split(" ", maxsplit=1)[0].split("@", maxsplit=1)[0]
    return words.commands.get(command)


def _acknowledges(bare: str, words: Vocabulary) -> bool:
    parts = [part.strip() for part in re.split(r"[,.!~。、;]+", bare) if part.strip()]
    said = [part for part in parts if part in words.acknowledgements]
    return bool(said) and all(part in said or part.isnumeric() for part in parts)


def _intent(folded: str, role: Level, slots: Mapping[str, str], words: Vocabulary) -> Intent:
    for asked in words.asked:
        fits = asked.of_a_unit and "unit" in slots
        fits = fits or (asked.phrases is not None and asked.phrases.search(folded) is not None)
        if fits and not (asked.unless is not None and asked.unless.search(folded)):
            return _for_role(asked.name, folded, role, slots)
    if (
        role is Level.UNIT
        and words.question.search(folded)
        and any(word in folded for word in words.units["asked"])
    ):
        return Intent.UNIT_STATUS
    return Intent.NONE


def _for_role(name: str, folded: str, role: Level, slots: Mapping[str, str]) -> Intent:
    match name:
        case "summary":
            return _summary_of(role, slots)
        case "who_is_overdue" if role is Level.UNIT and not re.search("谁|哪|几家|who|which|any", folded):
            return Intent.MY_OBLIGATIONS
        case _:
            return Intent(name)


def _summary_of(role: Level, slots: Mapping[str, str]) -> Intent:
    if "district" in slots:
        return Intent.DISTRICT_SUMMARY
    by_role = {Level.MUNICIPAL: Intent.CITY_SUMMARY, Level.DISTRICT: Intent.DISTRICT_SUMMARY}
    return by_role.get(role, Intent.UNIT_STATUS)


def _slots(text: str, folded: str, words: Vocabulary, today: date) -> dict[str, str]:
    slots: dict[str, str] = {}
    kind = max((name for name in words.kinds if _said(name, folded)), key=len, default=None)
    if kind is not None:
        slots["kind"] = words.kinds[kind]
    period = period_in(folded, today=today)
    # The evidence to be handed in this month is last month's: 每月结束后20日内.
    if slots.get("kind") == "monthly_evidence" and re.search("[本这当]个?月|this month", folded):
        period = period_in("last month", today=today)
    if period is not None:
        slots["period"] = period
    place, name = _place(folded, words, today)
    unit = _unit(text, folded, words, name)
    if place is not None and not (unit and name in words.fold(unit)):
        slots["district"] = place.name
    if unit is not None:
        slots["unit"] = unit
    return slots


def _said(name: str, folded: str) -> bool:
    if not name.isascii():
        return name in folded
    return re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", folded) is not None


def _place(folded: str, words: Vocabulary, today: date) -> tuple[Place | None, str]:
    """Return the district a sentence names, and by which name.

    An official name wins, then a district that exists, then the longer name.
    """
    found = [
        ((official, place.exists_on(today), len(name)), place, name)
        for place in words.places
        for official, said in ((True, place.name), *((False, alias) for alias in place.aliases))
        if _said(name := words.fold(said), folded)
    ]
    if not found:
        return None, ""
    _, place, name = max(found, key=lambda each: each[0])
    return place, name


_CREDIT_CODE = re.compile(r"(?<![0-9a-z])[0-9a-z]{18}(?![0-9a-z])", re.IGNORECASE)
_ENGLISH_QUESTION = re.compile(
    r"(?:status of|how is|what about|how about|^has|^did|^is|^check|^show me|^show)\s+(?:the\s+)?"
    r"(?P<unit>[a-z0-9][\w .,'&-]*?)"
    r"(?:\s+(?:submitted|uploaded|handed|overdue|late|done|doing|paid|completed|submit|upload|finished)\b.*"
    r"|\s*\?|\s*)$",
    re.IGNORECASE,
)
_NO_NAME = re.compile("谁|哪|几|多少|全|各|所有|我|本|有|没|未")


def _unit(text: str, folded: str, words: Vocabulary, place: str) -> str | None:
    """Return the enterprise a sentence names, as it was written there."""
    if code := _CREDIT_CODE.search(text):
        return code[0].upper()
    if folded.isascii():
        return _english_unit(text, words)
    candidate = folded
    for before in sorted(words.units["before"], key=len, reverse=True):
        candidate = candidate.removeprefix(before).strip(" ,:")
    endings = "|".join(sorted(map(re.escape, words.units["endings"]), key=len, reverse=True))
    found = re.match(rf"[\w()·\-]*?(?:{endings})+(?:\(\w+\)|\d+厂|[一二三四五六七八九十]+厂)?", candidate)
    if found is None:
        return None
    name = found[0].rpartition("的")[2]
    if place.endswith(("区", "县")):
        name = name.removeprefix(place)
    generic = name.replace(place, "", 1) if place else name
    if len(name) < _SHORTEST_NAME or generic in words.units["generic"] or _NO_NAME.match(generic):
        return None
    return name


def _english_unit(text: str, words: Vocabulary) -> str | None:
    found = _ENGLISH_QUESTION.search(" ".join(text.split()))
    name = found["unit"].strip(" .?") if found else text.strip(" .?")
    lowered = name.lower()
    if lowered in words.units["generic"] or re.match(
        r"(we|i|my|our|it|this|that|every|any|all|who|which)\b", lowered
    ):
        return None
    return name if lowered.endswith(words.units["english_endings"]) and name[:1].isupper() else None


@cache
def shipped_vocabulary() -> Vocabulary:
    """Return the words that come with this release; read once."""
    raw = tomllib.loads((files("bot") / "understanding.toml").read_text(encoding="utf-8"))
    groups = {"{question}": raw["questions"], "{negation}": raw["negations"], "{unit}": []}
    return Vocabulary(
        asked=tuple(
            _Asked(
                name=each["name"],
                phrases=_pattern(each["phrases"], groups),
                unless=_pattern(each.get("unless", []), groups),
                of_a_unit="{unit}" in each["phrases"],
            )
            for each in raw["intents"]
        ),
        commands=raw["commands"],
        buttons=raw["buttons"],
        kinds={name: kind for kind, names in raw["kinds"].items() for name in names},
        duties={kind: tuple(duties) for kind, duties in raw["duties"].items()},
        more_duties={kind: tuple(duties) for kind, duties in raw["more_duties"].items()},
        sectors={
            name: SECTOR_GROUPS.get(group) or frozenset({Sector(group)})
            for group, names in raw["sectors"].items()
            for name in names
        },
        places=tuple(Place(**{**each, "aliases": tuple(each["aliases"])}) for each in raw["districts"]),
        simplified={ord(pair[0]): pair[1] for pair in raw["traditional"].split()},
        acknowledgements=frozenset(raw["acknowledgements"]),
        question=re.compile("|".join(_regex(word) for word in raw["questions"])),
        units={name: tuple(listed) for name, listed in raw["units"].items()},
    )


def _pattern(phrases: Iterable[str], groups: Mapping[str, list[str]]) -> re.Pattern[str] | None:
    listed = [each for phrase in phrases for each in groups.get(phrase, [phrase])]
    return re.compile("|".join(map(_regex, listed))) if listed else None


def _regex(phrase: str) -> str:
    body = phrase.strip("^$")
    pattern = ".{0,12}?".join(re.escape(part.strip()) for part in body.split("…")).replace(r"\ ", r"\s+")
    if body.isascii() and body[:1].isalpha():
        pattern = rf"(?<![a-z]){pattern}(?![a-z])"
    return ("^" if phrase.startswith("^") else "") + pattern + ("[?。!]*$" if phrase.endswith("$") else "")
