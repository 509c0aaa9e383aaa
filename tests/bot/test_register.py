"""The register holds every duty with its clause, its words and its dates, and reads well on a screen and on a wall."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from bot.register.duties import register
from bot.register.page import page
from bot.register.sheet import Sheet, sheet
from bot.register.terminal import measure, printed
from locales.printer import Printer
from obligations.law import Law
from obligations.notice import Notice, Rulebook
from obligations.terms import Text

VOID = {"meta", "col", "br"}


def made(law: Law, language: str = "en", *, year: int | None = None) -> Sheet:
    return sheet(Printer.for_language(language), register(law, year=year))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_duty_and_step_is_printed_within_the_width(law: Law, language: str, width: int) -> None:
    lines = list(printed(made(law, language), width))
    text = "\n".join(lines)
    assert max(map(measure, lines)) <= width
    for duty, rules in law.rulebook.by_duty.items():
        assert f"({duty})" in text
        assert rules[0][1].title.of(language) in text or measure(rules[0][1].title.of(language)) > width - 30
    for notice in law.rulebook.notices:
        assert notice.number in text


def test_every_step_has_a_row_with_its_clause_and_who_acts(law: Law) -> None:
    found = made(law)
    rows = {
        (entry.name, row.clause, row.what): row
        for part in found.parts
        for _, entries in part.chapters
        for entry in entries
        for row in entry.rows
    }
    for duty, rules in law.rulebook.by_duty.items():
        for stage in rules[0][1].stages:
            row = rows[duty, stage.clause, stage.title.en]
            assert row.who
            assert row.when
            assert row.handed
            assert stage.evidence.en in row.done
            assert [found.notes[number - 1] for number in row.notes] == [each.en for each in stage.conditions]


def test_duties_stand_under_their_notice_by_chapter_in_the_order_of_its_clauses(law: Law) -> None:
    notice, chapters = register(law).chapters[0]
    assert notice.number == "渝环规〔2023〕2号"
    assert [name for name, _ in chapters] == ["一", "二", "三", "四"]
    assert [duty.name for duty in chapters[0][1]] == ["power-list", "nonpower-list"]
    numbers = [duty.number for duty in register(law).duties]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(
    ("duty", "stage", "year", "dates"),
    [
        ("monthly-evidence", "unit", 2024, [f"2024-{month:02}-20" for month in range(1, 13)]),
        ("annual-report", "municipal", 2024, ["2024-03-01"]),
        ("power-list", "district", 2024, ["2024-10-15"]),
        ("rectification-2021-2022", "unit", 2024, ["2024-02-29"]),
        ("verifier-evaluation", "municipal", 2025, ["2025-07-31"]),
    ],
)
def test_the_dates_of_a_year_stand_beside_the_words(
    law: Law, duty: str, stage: str, year: int, dates: list[str]
) -> None:
    (found,) = [each for each in register(law, year=year).duties if each.name == duty]
    (step,) = [each for each in found.steps if each.stage.name == stage]
    power = [day for day in step.days if "power" in day.sectors]
    assert [day.on.isoformat() for day in power] == dates


def test_a_year_holds_what_is_to_be_done_in_it_and_no_more(law: Law) -> None:
    names = {year: {duty.name for duty in register(law, year=year).duties} for year in (2023, 2024, 2026)}
    assert "surrender-2021-2022" in names[2023]
    assert "surrender-2021-2022" not in names[2024]
    assert "penalty-2021-2022" in names[2024], "who defaulted in December 2023 is punished in 2024"
    assert "penalty-2021-2022" not in names[2026]
    assert "training" in names[2026], "what has no date stands in every year"
    assert "coal-sample-film" not in names[2023], "it begins on 2024-01-01"


def test_a_day_before_any_notice_was_in_force_has_no_duties(law: Law) -> None:
    first = min(notice.in_force_on for notice in law.rulebook.notices)
    assert register(law, on=date.fromordinal(first.toordinal() - 1)).duties == ()
    alone = {notice.number for notice in register(law, on=first).notices}
    assert alone == {notice.number for notice in law.rulebook.notices if notice.in_force_on <= first}


def test_dates_that_are_the_same_each_month_are_said_once(law: Law) -> None:
    text = "\n".join(printed(made(law, "zh-hans", year=2024), 200))
    assert "1月至12月每月20日" in text
    assert "1月9日、2月9日、3月11日" in text, "40 days after the month ends is another day each month"


def test_what_is_second_hand_or_provisional_is_marked_and_explained(law: Law) -> None:
    found = made(law, year=2026)
    assert any(line.startswith("† ") for line in found.legend)
    assert any(line.startswith("* ") for line in found.legend)
    rows = {entry.name: entry.rows for part in found.parts for _, group in part.chapters for entry in group}
    assert rows["monthly-evidence"][1].days == ("Jan to Dec, day 25 of each month*",)
    assert any("†" in words for words in rows["annual-report"][0].when)


class _Page(HTMLParser):
    """Checks that every tag is closed in order, and gathers the text and the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> _Page:
    parser = _Page()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("zh-hans", "zh-Hans")])
@pytest.mark.parametrize("year", [None, 2026])
def test_the_page_stands_alone_and_holds_every_duty(
    law: Law, language: str, tag: str, year: int | None
) -> None:
    found = read(page(made(law, language, year=year)))
    assert ("html", {"lang": tag}) in found.tags
    assert not {name for name, _ in found.tags} & {"script", "link", "img", "iframe"}
    assert all(str(attributes.get("href", "#")).startswith("#") for _, attributes in found.tags), (
        "nothing is fetched from elsewhere"
    )
    for duty in register(law, year=year).duties:
        assert duty.name in found.text
        assert duty.rule.title.of(language) in found.text
    notes = {attributes["id"] for name, attributes in found.tags if name == "li" and "id" in attributes}
    links = {str(attributes["href"])[1:] for name, attributes in found.tags if name == "a"}
    assert links == notes
    assert "landscape" in page(made(law))


def test_the_columns_of_the_page_agree(law: Law) -> None:
    for year in (None, 2026):
        text = page(made(law, year=year))
        columns = text.count("<col ") // text.count("<colgroup>")
        heads = re.findall(r"<thead><tr>(.*?)</tr>", text, re.DOTALL)
        assert all(head.count("<th") == columns for head in heads)
        assert columns == (6 if year is None else 7)


def test_what_a_notice_says_cannot_become_markup(law: Law) -> None:
    first = law.rulebook.notices[0]
    hostile = Text(zh="<script>alert(1)</script>", en='"><img src=x onerror=alert(1)>')
    stage = (
        first.rules[0]
        .stages[0]
        .model_copy(
            update={"title": hostile, "evidence": hostile, "conditions": (hostile,), "channel": hostile}
        )
    )
    rule = first.rules[0].model_copy(update={"title": hostile, "stages": (stage,)})
    notice: Notice = first.model_copy(update={"title": hostile, "issuer": hostile, "rules": (rule,)})
    broken = Law(rulebook=Rulebook.of([notice]), calendar=law.calendar)
    for language in ("en", "zh-hans"):
        found = read(page(made(broken, language)))
        assert not {name for name, _ in found.tags} & {"script", "img"}
        assert hostile.of(language) in found.text
