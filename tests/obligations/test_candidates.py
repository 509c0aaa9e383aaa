"""A notice file is held against what is in force before it is put in force itself."""

from pathlib import Path

import pytest

from obligations.calendar import load_calendar
from obligations.candidates import candidate
from obligations.notice import NoticeError, notice_files

CALENDAR = load_calendar()
HEAD = """\
number = "试环规〔2027〕1号"
version = "1"
issued_on = 2026-12-01
in_force_on = 2027-01-01
zone = "Asia/Shanghai"
title = { zh = "试行通知", en = "Trial notice" }
issuer = { zh = "某市生态环境局", en = "Some city's bureau" }
provenance = { source = "second-hand", note = { zh = "测试", en = "A test" } }
"""
RULE = """
[[rules]]
name = "sooner-evidence"
of_duty = "monthly-evidence"
title = { zh = "存证", en = "Evidence" }
recurrence = "monthly"
first_period = "2027-01"
sectors = "power"

[[rules.stages]]
name = "unit"
actor = "unit"
per = "unit"
title = { zh = "上传", en = "Upload" }
clause = "一"
source_words = "每月结束后15个自然日内"
submit_to = "district"
checked_by = "district"
deadline = { kind = "month_end_plus", days = 15 }
evidence = { zh = "数据", en = "The data" }
hardness = "hard"
"""


def write(folder: Path, text: str = HEAD + RULE, name: str = "new.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start))


def test_a_sound_file_stands_beside_the_notices_in_force(tmp_path: Path) -> None:
    found = candidate(write(tmp_path), notice_files(), calendar=CALENDAR)
    assert found.remarks == ()
    assert found.home is None
    assert len(found.after.notices) == len(found.before.notices) + 1
    assert found.notice.number in [notice.number for notice, _ in found.after.by_duty["monthly-evidence"]]
    assert found.notice in found.after.notices
    assert found.notice not in found.before.notices


@pytest.mark.parametrize(
    ("right", "wrong", "said", "at"),
    [
        ('sectors = "power"', 'sectors = "power"\nabsorbs = ["anual-report"]', "no rule", "absorbs"),
        ('sectors = "power"', 'sectors = "power"\ndepends_on = ["x"]', "no rule", "depends_on"),
        ('actor = "unit"', 'actor = "district"', "another actor or subject", "[[rules.stages]]"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, right: str, wrong: str, said: str, at: str
) -> None:
    text = (HEAD + RULE).replace(right, wrong)
    with pytest.raises(NoticeError, match=said) as refused:
        candidate(write(tmp_path, text), notice_files(), calendar=CALENDAR)
    (problem,) = refused.value.problems
    assert (problem.file, problem.rule, problem.line) == ("new.toml", "sooner-evidence", line_of(text, at))


@pytest.mark.parametrize(
    ("right", "wrong", "said", "at"),
    [
        (
            'of_duty = "monthly-evidence"',
            'of_duty = "montly-evidence"',
            'if "monthly-evidence" is',
            "of_duty",
        ),
        ('first_period = "2027-01"', 'first_period = "2026-10"', "due on 2026-11-15, before", "deadline"),
        ('source = "second-hand"', 'source = "official"', "second-hand", "provenance"),
        (
            'source = "second-hand"',
            'source = "official", url = "https://example.org/gov.cn"',
            "second-hand",
            "provenance",
        ),
    ],
)
def test_what_may_be_a_slip_is_remarked_on_with_its_line(
    tmp_path: Path, right: str, wrong: str, said: str, at: str
) -> None:
    text = (HEAD + RULE).replace(right, wrong)
    found = candidate(write(tmp_path, text), notice_files(), calendar=CALENDAR)
    (remark,) = found.remarks
    assert said in remark.message
    assert remark.line == line_of(text, at)


def test_an_official_page_needs_no_mark(tmp_path: Path) -> None:
    text = (HEAD + RULE).replace(
        'source = "second-hand"', 'source = "official", url = "https://sthjj.example.gov.cn/1.html"'
    )
    assert candidate(write(tmp_path, text), notice_files(), calendar=CALENDAR).remarks == ()


def test_a_file_in_force_is_looked_at_as_if_it_were_not(tmp_path: Path) -> None:
    path = write(tmp_path)
    files = (*notice_files(), path)
    for each in (path, write(tmp_path, name="copy.toml")):
        found = candidate(each, files, calendar=CALENDAR)
        assert found.home == path
        assert found.notice not in found.before.notices


def test_another_text_of_a_version_in_force_is_refused_unless_it_takes_its_place(tmp_path: Path) -> None:
    files = (*notice_files(), write(tmp_path))
    other = write(tmp_path, (HEAD + RULE).replace("days = 15", "days = 12"), "other.toml")
    with pytest.raises(NoticeError, match=r'other\.toml:2: key "version": new\.toml is version 1 of'):
        candidate(other, files, calendar=CALENDAR)
    found = candidate(other, files, calendar=CALENDAR, replacing=True)
    assert found.before.notice("试环规〔2027〕1号") != found.notice
    assert found.after.notice("试环规〔2027〕1号") == found.notice
    assert len(found.before.notices) == len(found.after.notices)


def test_an_amendment_leaves_the_periods_before_it_to_the_version_before(tmp_path: Path) -> None:
    files = (*notice_files(), write(tmp_path))
    second = (
        (HEAD + RULE)
        .replace('version = "1"', 'version = "2"')
        .replace("in_force_on = 2027-01-01", "in_force_on = 2028-07-10")
    )
    found = candidate(write(tmp_path, second, "second.toml"), files, calendar=CALENDAR)
    assert found.remarks == (), "the first month of the second version is 2028-07, due on 15 August"
