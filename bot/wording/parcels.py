"""From a parcel's facts to a screen in its reader's language, at the moment of sending."""

from bot.screen import Screen
from bot.wording import alarms, decisions, digests, duties, endings, reach, recording, rulings
from bot.wording.phrases import Voice
from jobs.briefs import (
    AlarmBrief,
    ChangeBrief,
    DecisionBrief,
    DigestBrief,
    EventBrief,
    PassedOnBrief,
    ReminderBrief,
    UnreachableBrief,
    WaitingBrief,
)
from jobs.channel import Parcel
from locales.printer import Printer
from obligations.law import Law
from storage.types import local_date


def worded(parcel: Parcel, law: Law) -> Screen:
    """Word one parcel."""
    voice = Voice(p=Printer.for_language(parcel.language), law=law, today=local_date(parcel.now))
    screen = _worded(voice, parcel)
    return reach.perhaps_again(voice, screen) if parcel.repeated else screen


def _worded(voice: Voice, parcel: Parcel) -> Screen:
    match parcel.brief:
        case ReminderBrief() as brief:
            return duties.reminder(voice, parcel.organisation, brief)
        case WaitingBrief() as brief:
            return decisions.waiting(voice, brief)
        case DecisionBrief() as brief:
            return decisions.decided(voice, brief)
        case ChangeBrief() as brief:
            return rulings.changed(voice, brief)
        case PassedOnBrief() as brief:
            return endings.passed_on(voice, brief)
        case EventBrief() as brief:
            return recording.told(voice, brief)
        case DigestBrief() as brief:
            return digests.daily(voice, brief)
        case UnreachableBrief() as brief:
            return reach.unreachable(voice, brief)
        case AlarmBrief() as brief:
            return alarms.told(voice, brief)
        case brief:
            return digests.weekly(voice, brief)
