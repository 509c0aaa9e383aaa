"""The week's digest compares with the digest before it, and says which that is where it is not last week's."""

from dataclasses import replace

import pytest

from bot.wording import digests
from obligations.law import Law
from tests.bot.test_calendar_alarm import voice, weekly


@pytest.mark.parametrize(
    ("before", "chinese", "english"),
    [
        ("2026-W44", "（上周 3，减少 3）", " (last week 3, down 3)"),
        ("2026-W42", "（2026年第42周 3，减少 3）", " (week 42 of 2026: 3, down 3)"),
        ("2025-W52", "（2025年第52周 3，减少 3）", " (week 52 of 2025: 3, down 3)"),
        (None, "（上周 3，减少 3）", " (last week 3, down 3)"),
    ],
)
def test_the_week_compared_with_is_named(law: Law, before: str | None, chinese: str, english: str) -> None:
    brief = replace(weekly(None), before=before, overdue_before=3)
    assert chinese in digests.weekly(voice(law, "zh-hans"), brief).html
    assert english in digests.weekly(voice(law, "en"), brief).html


def test_no_change_since_an_earlier_week_and_the_first_week_of_a_year(law: Law) -> None:
    words = voice(law, "zh-hans")
    same = replace(weekly(None), before="2026-W42", overdue_before=0)
    assert "（与2026年第42周持平）" in digests.weekly(words, same).html
    new_year = replace(weekly(None), week="2027-W01", before="2026-W53", overdue_before=0)
    assert "（与上周持平）" in digests.weekly(words, new_year).html
