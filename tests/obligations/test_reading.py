"""The sentence-by-sentence reading of 渝环规〔2023〕2号 and the notice file, held to each other."""

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

import pytest

from obligations.notice import Stage
from tests.obligations.clauses.chongqing import NOTICE

READING = Path(__file__).parents[2] / "docs" / "reading.md"
STAGES = [(rule.name, stage) for rule in NOTICE.rules for stage in rule.stages]
NAME = re.compile(r"`([a-z0-9-]+\.[a-z0-9-]+)`")


class Row(NamedTuple):
    sentence: str
    duties: tuple[str, ...]
    why: str


def plain(text: str) -> str:
    """Return a text without spaces and in one width, as quotations are compared."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def rows() -> list[Row]:
    """Return the rows of every table of the reading."""
    found = []
    for line in READING.read_text(encoding="utf-8").splitlines():
        if not line.startswith("| ") or line.startswith(("| 句 ", "| --- ")):
            continue
        sentence, duties, why = (cell.strip() for cell in line.strip("|").split(" | "))
        found.append(Row(sentence, tuple(NAME.findall(duties)), why.removesuffix("|").strip()))
    return found


ROWS = rows()
CONTACTS = "联系人及联系方式："


def test_every_stage_of_the_notice_stands_beside_a_sentence() -> None:
    read = {duty for row in ROWS for duty in row.duties}
    assert sorted({f"{rule}.{stage.name}" for rule, stage in STAGES} - read) == []


def test_every_duty_that_is_named_is_in_the_notice() -> None:
    named = {duty for row in ROWS for duty in row.duties}
    assert sorted(named - {f"{rule}.{stage.name}" for rule, stage in STAGES}) == []


def test_a_sentence_without_a_duty_says_why() -> None:
    assert [row.sentence for row in ROWS if not row.duties and not row.why] == []


@pytest.mark.parametrize(("rule", "stage"), STAGES, ids=lambda part: getattr(part, "name", part))
def test_the_words_a_stage_stands_on_are_in_the_sentences_beside_it(rule: str, stage: Stage) -> None:
    beside = plain("".join(row.sentence for row in ROWS if f"{rule}.{stage.name}" in row.duties))
    fragments = [plain(part) for part in re.split("…|⋯", stage.source_words)]
    assert [part for part in fragments if part not in beside] == []


def test_the_chapters_follow_the_notice_in_order() -> None:
    headings = [
        line.removeprefix("#").strip("# ")[:3]
        for line in READING.read_text(encoding="utf-8").splitlines()
        if line.startswith("##")
    ]
    assert headings == [
        "题目、",
        "一、确",
        "二、发",
        *(f"（{number}）" for number in "一二三四五六七八九"),
        "三、非",
        "四、保",
        "附则 ",
    ]


def test_the_contact_persons_are_left_out() -> None:
    assert [row.why for row in ROWS if row.sentence == CONTACTS] == ["联系方式从略。Left out here."]
    assert re.findall(r"[0-9]{7,}", READING.read_text(encoding="utf-8")) == []
