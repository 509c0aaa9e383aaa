"""From a parcel's facts to a screen in its reader's language, at the moment of sending."""

from dataclasses import replace
from functools import partial

from bot.screen import Screen
from bot.wording import (
    alarms,
    bundles,
    catching_up,
    decisions,
    digests,
    duties,
    endings,
    reach,
    recording,
    rulings,
)
from bot.wording.phrases import Voice
from jobs.briefs import (
    AlarmBrief,
    BundleBrief,
    ChangeBrief,
    DecisionBrief,
    DigestBrief,
    EventBrief,
    PassedOnBrief,
    ReminderBrief,
    Single,
    UnreachableBrief,
    WaitingBrief,
)
from jobs.channel import Parcel
from locales.printer import Printer
from obligations.law import Law
from storage.types import local_date


def worded(parcel: Parcel, law: Law, *, receives: bool = False) -> Screen:
    """Word one parcel; ``receives`` says that its reader can write to where it is shown, and may have."""
    voice = Voice(p=Printer.for_language(parcel.language), law=law, today=local_date(parcel.now))
    single = partial(_worded, voice, parcel.organisation)
    match parcel.brief:
        case BundleBrief() as brief:
            screen = bundles.bundled(voice, parcel.organisation, brief, single)
        case brief:
            screen = single(brief)
            if screen.stages is not None:
                screen = replace(screen, named={parcel.notification_id: screen.stages})
    if receives and parcel.lost is not None and not isinstance(parcel.brief, AlarmBrief):
        screen = catching_up.with_what_was_lost(voice, screen, parcel.lost)
    return reach.perhaps_again(voice, screen) if parcel.repeated else screen


def _worded(voice: Voice, organisation: str, single: Single) -> Screen:
    match single:
        case ReminderBrief() as brief:
            return duties.reminder(voice, organisation, brief)
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
