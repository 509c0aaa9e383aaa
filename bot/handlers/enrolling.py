"""First contact, help and language."""

from dataclasses import replace

from bot.handlers.desk import Desk
from bot.screen import Press, Screen
from bot.wording import greetings
from bot.wording.endings import own_hint
from locales.printer import LANGUAGES
from storage import contacts, endings


def greet(desk: Desk) -> Screen:
    """Welcome a contact, new or returning."""
    screen = greetings.welcome(desk.voice, desk.reader)
    ending = endings.ending_of(desk.session, desk.reader.organisation_id, on=desk.today)
    if ending is None:
        return screen
    return replace(screen, html=f"{screen.html}\n\n{own_hint(desk.voice, ending)}")


def help_(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """List what this reader can ask."""
    return greetings.help_(desk.voice, desk.reader)


def choose_language(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """Ask for the language."""
    return greetings.choose_language(desk.voice.p)


def set_language(desk: Desk, press: Press) -> Screen:
    """Set the language this contact is written to in, and confirm in it."""
    language = press.word(0)
    desk.reader.require(language in LANGUAGES)
    contacts.set_language(desk.session, desk.reader.contact_id, language)
    changed = replace(desk, reader=replace(desk.reader, language=language))
    return greetings.language_set(changed.voice.p, desk.reader.level)
