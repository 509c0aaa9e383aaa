"""The line that asks for the next year of working days, in the digests and in both languages."""

from datetime import date

import pytest

from bot.wording import digests
from bot.wording.phrases import Voice
from jobs.briefs import DigestBrief, WeeklyBrief
from locales.printer import Printer
from obligations.calendar import Coverage
from obligations.law import Law
from obligations.notice import Level
from storage.overview import Counts, Page

TODAY = date(2026, 11, 1)
END = date(2026, 12, 31)
COUNTS = tuple(Counts.__dataclass_fields__)
NOTHING = Page(items=(), total=0)


def voice(law: Law, language: str) -> Voice:
    return Voice(p=Printer.for_language(language), law=law, today=TODAY)


def daily(ends: Coverage | None, *, late: int = 0) -> DigestBrief:
    return DigestBrief(
        organisation_id=1,
        organisation_name="示例市局",
        level=Level.MUNICIPAL,
        today=TODAY,
        late=False,
        overdue=NOTHING,
        overdue_ids=(),
        waiting=NOTHING,
        blocked=NOTHING,
        due_next=Page(items=(), total=late),
        without_contact=(),
        undeliverable=(),
        calendar_ends=ends,
    )


def weekly(ends: Coverage | None) -> WeeklyBrief:
    return WeeklyBrief(
        organisation_name="示例市局",
        week="2026-W45",
        today=TODAY,
        late=False,
        counts=Counts(**dict.fromkeys(COUNTS, 0)),
        districts=(),
        targets=(),
        overdue_before=None,
        overdue_units_before=None,
        calendar_ends=ends,
    )


ASK = "Please have an administrator add the arrangement of the next year."
LINES = [
    ("zh-hans", 60, "工作日安排只收录到2026年12月31日（还有 60 天）。请管理员导入下一年安排。"),
    ("zh-hans", 0, "工作日安排只收录到2026年12月31日（还有 0 天）。请管理员导入下一年安排。"),
    (
        "zh-hans",
        -1,
        "工作日安排只收录到2026年12月31日，其后按周一至周五推算。请管理员导入下一年安排。",
    ),
    (
        "en",
        60,
        f"Working days are known only through 31 Dec 2026 (60 days left). {ASK}",
    ),
    (
        "en",
        1,
        f"Working days are known only through 31 Dec 2026 (1 day left). {ASK}",
    ),
    (
        "en",
        -1,
        f"Working days are known only through 31 Dec 2026; later ones are a guess. {ASK}",
    ),
]


@pytest.mark.parametrize(("language", "days_left", "line"), LINES)
def test_both_digests_end_with_the_line(law: Law, language: str, days_left: int, line: str) -> None:
    ends = Coverage(through=END, days_left=days_left)
    for screen in (
        digests.daily(voice(law, language), daily(ends)),
        digests.daily(voice(law, language), daily(ends, late=1)),
        digests.weekly(voice(law, language), weekly(ends)),
    ):
        assert screen.html.endswith(f"\n\n{line}")


@pytest.mark.parametrize(
    ("language", "nothing", "claim"),
    [
        ("zh-hans", "无逾期事项，无待审核事项。", "一切正常"),
        ("en", "Nothing is overdue and nothing is waiting.", "All is in order"),
    ],
)
def test_an_empty_digest_claims_that_all_is_in_order_only_without_the_alarm(
    law: Law, language: str, nothing: str, claim: str
) -> None:
    speaker = voice(law, language)
    alarmed = digests.daily(speaker, daily(Coverage(through=END, days_left=60))).html
    assert nothing in alarmed
    assert claim not in alarmed
    assert claim in digests.daily(speaker, daily(None)).html


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_without_an_alarm_nobody_hears_of_the_calendar(law: Law, language: str) -> None:
    speaker = voice(law, language)
    for screen in (digests.daily(speaker, daily(None)), digests.weekly(speaker, weekly(None))):
        assert "2026年12月31日" not in screen.html
        assert "Working days" not in screen.html
