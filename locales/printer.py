"""The printer: one language, no ambient locale.

Message-ids are whole English sentences with named placeholders. What is said lives with those who say it, in
`bot`; here is only how a sentence, a date and a count are put.
"""

import gettext
import io
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Self
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

DOMAIN = "duewatch"
LANGUAGES = {"zh-hans": "zh_Hans", "en": "en"}
"""The languages Duewatch speaks, by the code a contact's record holds, Chinese first."""

_ZONE = ZoneInfo("Asia/Shanghai")


class Printer:
    """Speaks one language, in the notice's zone."""

    def __init__(self, language: str, translations: gettext.NullTranslations) -> None:
        self.language = language
        self.chinese = language == "zh-hans"
        self._translations = translations
        self._locale = Locale.parse(LANGUAGES[language])

    @classmethod
    def for_language(cls, language: str) -> Self:
        """Return the printer for a language code; Chinese for any kind of Chinese, else English."""
        code = "zh-hans" if language.lower().startswith("zh") else "en"
        return cls(code, _translations(code))

    def text(self, message: str, /, **values: object) -> str:
        """Return a sentence with its named placeholders filled."""
        return self._translations.gettext(message).format(**values)

    def plural(self, one: str, many: str, /, n: int, **values: object) -> str:
        """Return the sentence that fits the count ``n``, which fills ``{n}``."""
        return self._translations.ngettext(one, many, n).format(n=n, **values)

    def day(self, day: date, *, today: date | None = None, weekday: bool = False) -> str:
        """Return a date as people say it; the year is left out where it is this year's."""
        same_year = today is not None and day.year == today.year
        if self.chinese:
            said = f"{day.month}月{day.day}日" if same_year else f"{day.year}年{day.month}月{day.day}日"
            return f"{said}（{format_date(day, 'EEE', self._locale)}）" if weekday else said
        said = format_date(day, "d MMM" if same_year else "d MMM y", self._locale)
        return f"{format_date(day, 'EEE', self._locale)} {said}" if weekday else said

    def moment(self, instant: datetime, *, today: date | None = None) -> str:
        """Return an instant as a local date and 24-hour time in Asia/Shanghai."""
        local = instant.astimezone(_ZONE)
        return f"{self.day(local.date(), today=today)} {local:%H:%M}"

    def listed(self, words: list[str]) -> str:
        """Return words as a list within a sentence."""
        return "、".join(words) if self.chinese else ", ".join(words)


@cache
def _translations(language: str) -> gettext.NullTranslations:
    path = files("locales") / LANGUAGES[language] / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.is_file():
        return gettext.NullTranslations()
    catalogue = read_po(io.BytesIO(path.read_bytes()), locale=LANGUAGES[language], abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
