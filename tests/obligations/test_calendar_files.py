"""Calendar files an administrator adds: what they may say, and where a fault in one is placed."""

from datetime import date
from pathlib import Path

import pytest

from obligations.calendar import (
    CalendarError,
    CalendarProblem,
    check_calendar,
    load_calendar,
    load_years,
)

# Made up: the State Council had not arranged these years when this was written.
Y2027 = """\
# 2027, for these tests only
[[years]]
year = 2027
title = "关于2027年部分节假日安排的通知（测试）"
number = "测〔2026〕1号"
issued_on = 2026-11-05
url = "https://example.org/2027"
off = [
    { name = "元旦", from = 2027-01-01, to = 2027-01-03 },
    { name = "春节", from = 2027-02-05, to = 2027-02-12 },
    { name = "劳动节", from = 2027-05-01, to = 2027-05-05 },
    { name = "国庆节", from = 2027-10-01, to = 2027-10-07 },
]
working = [
    2027-01-30,
    2027-02-20,
]
"""
LABOUR_DAY = '    { name = "劳动节", from = 2027-05-01, to = 2027-05-05 },\n'


def year_of(year: int) -> str:
    """Return the tests' year, moved to another: its make-up days are left out, as weekends move."""
    return (
        Y2027.replace("2027-", f"{year}-")
        .replace("year = 2027", f"year = {year}")
        .replace(f"working = [\n    {year}-01-30,\n    {year}-02-20,\n]", "working = []")
    )


def write(folder: Path, text: str, name: str = "2027.toml") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path) -> tuple[CalendarProblem, ...]:
    with pytest.raises(CalendarError) as refused:
        load_calendar(folder)
    return refused.value.problems


def line_of(text: str, words: str) -> int:
    """Return the number of the only line that holds ``words``."""
    (number,) = [number for number, line in enumerate(text.splitlines(), start=1) if words in line]
    return number


def shipped(year: int) -> str:
    """Return a shipped year as its file has it."""
    path = Path(load_calendar.__code__.co_filename).with_name("calendars") / "cn.toml"
    found = [
        each for each in path.read_text(encoding="utf-8").split("[[years]]") if f"\nyear = {year}\n" in each
    ]
    return "[[years]]" + found[0]


def test_an_added_year_is_published_and_the_shipped_ones_stay(tmp_path: Path) -> None:
    write(tmp_path, Y2027)
    calendar = load_calendar(tmp_path)
    assert (calendar.published_from, calendar.published_through) == (date(2023, 1, 1), date(2027, 12, 31))
    assert not calendar.is_working_day(date(2027, 1, 1))
    assert calendar.is_working_day(date(2027, 2, 20))
    assert not load_calendar().is_working_day(date(2027, 2, 20))
    assert calendar.days_off - load_calendar().days_off == {
        day for year in calendar.years if year.year == 2027 for day in year.days_off()
    }
    assert not calendar.coverage(today=date(2026, 12, 31)).alarmed


def test_an_added_file_is_read_anew_each_time(tmp_path: Path) -> None:
    write(tmp_path, Y2027)
    assert load_calendar(tmp_path).published_through.year == 2027
    write(tmp_path, year_of(2028), "2028.toml")
    assert load_calendar(tmp_path).published_through.year == 2028
    assert [(each.year.year, each.file) for each in load_years(tmp_path)][-3:] == [
        (2026, "cn.toml"),
        (2027, "2027.toml"),
        (2028, "2028.toml"),
    ]


def test_a_folder_that_is_missing_or_empty_adds_nothing(tmp_path: Path) -> None:
    assert load_calendar(tmp_path / "none") is load_calendar()
    assert load_calendar(tmp_path) is load_calendar()
    write(tmp_path, "this is not read", "notes.txt")
    assert load_calendar(tmp_path) is load_calendar()


def test_an_ending_in_capitals_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    write(tmp_path, "\ufeff" + Y2027, "2027.TOML")
    assert load_calendar(tmp_path).published_through == date(2027, 12, 31)


def test_a_shipped_year_may_be_given_again_but_not_otherwise(tmp_path: Path) -> None:
    write(tmp_path, shipped(2026), "again.toml")
    assert load_calendar(tmp_path) == load_calendar()
    other = shipped(2026).replace("to = 2026-10-07", "to = 2026-10-08").replace(", 2026-10-10]", "]")
    write(tmp_path, "\n\n" + other, "again.toml")
    (problem,) = problems(tmp_path)
    assert (problem.file, problem.line, problem.year) == ("again.toml", 3, 2026)
    assert (
        "cn.toml has another arrangement: 2026-10-08 is a day off here and not named there, "
        "2026-10-10 is not named here and a make-up working day there" in problem.message
    )
    assert "replaces = true" in problem.message


def test_a_year_issued_anew_replaces_the_shipped_one(tmp_path: Path) -> None:
    anew = (
        shipped(2026)
        .replace("issued_on = 2025-11-04", "issued_on = 2026-03-01\nreplaces = true")
        .replace("to = 2026-10-07", "to = 2026-10-08")
    )
    write(tmp_path, anew, "2026-anew.toml")
    calendar = load_calendar(tmp_path)
    assert not calendar.is_working_day(date(2026, 10, 8))
    assert load_calendar().is_working_day(date(2026, 10, 8))
    assert [year.replaces for year in calendar.years] == [False, False, False, True]
    assert calendar.published_through == date(2026, 12, 31)


def test_of_several_replacements_the_last_issued_counts_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path, Y2027, "b.toml")
    once = Y2027.replace("2026-11-05", "2027-03-01\nreplaces = true").replace(
        "to = 2027-10-07", "to = 2027-10-08"
    )
    twice = once.replace("2027-03-01", "2027-04-01").replace("to = 2027-10-08", "to = 2027-10-09")
    write(tmp_path, twice, "a.toml")
    write(tmp_path, once, "c.toml")
    assert not load_calendar(tmp_path).is_working_day(date(2027, 10, 8))
    assert {each.year.year: each.file for each in load_years(tmp_path)}[2027] == "a.toml"


def test_two_replacements_of_one_day_contradict_each_other(tmp_path: Path) -> None:
    anew = Y2027.replace("2026-11-05", "2027-03-01\nreplaces = true")
    write(tmp_path, Y2027, "a.toml")
    write(tmp_path, anew.replace("to = 2027-10-07", "to = 2027-10-08"), "b.toml")
    write(tmp_path, anew.replace("to = 2027-10-07", "to = 2027-10-09"), "c.toml")
    (problem,) = problems(tmp_path)
    assert (problem.file, problem.year) == ("c.toml", 2027)
    assert problem.message.startswith("b.toml replaces this year too")


def test_an_older_notice_replaces_nothing(tmp_path: Path) -> None:
    older = shipped(2026).replace("issued_on = 2025-11-04", "issued_on = 2025-11-03\nreplaces = true")
    write(tmp_path, older.replace("to = 2026-10-07", "to = 2026-10-08"))
    (problem,) = problems(tmp_path)
    assert problem.message.startswith("issued on 2025-11-03, it cannot replace what cn.toml has")


def test_what_replaces_needs_something_to_replace(tmp_path: Path) -> None:
    write(tmp_path, Y2027.replace("2026-11-05", "2026-11-05\nreplaces = true"))
    (problem,) = problems(tmp_path)
    assert (problem.line, problem.year) == (2, 2027)
    assert "no arrangement of this year to replace" in problem.message


def test_a_gap_between_years_is_refused_at_the_year_after_it(tmp_path: Path) -> None:
    write(tmp_path, year_of(2028), "2028.toml")
    (problem,) = problems(tmp_path)
    assert (problem.file, problem.year, problem.line) == ("2028.toml", 2028, 2)
    assert "without a gap; add 2027 first" in problem.message


def test_two_years_may_not_disagree_about_a_day_at_their_turn(tmp_path: Path) -> None:
    text = Y2027.replace("from = 2027-01-01,", "from = 2026-12-26,")
    anew = shipped(2026).replace("working = [", "replaces = true\nworking = [2026-12-26, ")
    write(tmp_path, anew + text)
    (problem,) = problems(tmp_path)
    assert problem.year == 2027
    assert "2026-12-26 is a day off here and a make-up working day in the year before" in problem.message


def test_a_notice_may_give_off_the_last_day_of_the_year_before(tmp_path: Path) -> None:
    write(tmp_path, Y2027.replace("from = 2027-01-01,", "from = 2026-12-31,"))
    assert not load_calendar(tmp_path).is_working_day(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("right", "wrong", "key", "said"),
    [
        ("2027-01-30,", "2027-01-29,", "working", "2027-01-29 is a weekday already"),
        ("    2027-02-20,", "    2027-02-06,", "working", "2027-02-06 is given both as a day off and as"),
        ("    2027-02-20,", "    2027-02-20, 2027-02-20,", "working", "2027-02-20 is given twice"),
        ("    2027-02-20,", "    2026-02-21,", "working", "2026-02-21 does not belong to 2027"),
        ("to = 2027-02-12", "to = 2027-02-04", "off", "春节: `to` lies before `from`"),
        ("to = 2027-02-12", "to = 2028-02-12", "off", "春节: 2028-02-12 does not belong to 2027"),
        ("from = 2027-02-05", "from = 2027-01-03", "off", "春节: 2027-01-03 is given off by another break"),
        ("to = 2027-02-12", 'to = "2027-02-12"', "off.2.to", "expected a date as 2027-01-05, without quotes"),
        (
            "to = 2027-02-12",
            "to = 2027-02-12T00:00:00",
            "off.2.to",
            "expected a date as 2027-01-05, without quotes",
        ),
        ("2027-02-05, to = 2027-02-12 }", "2027-02-05 }", "off.2.to", "Field required"),
        ("to = 2027-02-12", "to = 2027-02-12, too = 1", "off.2.too", "Extra inputs"),
        ("year = 2027", 'year = "2027"', "year", "valid integer"),
        (
            "issued_on = 2026-11-05",
            'issued_on = "5 Nov"',
            "issued_on",
            "expected a date as 2027-01-05, without quotes",
        ),
        ('url = "https://example.org/2027"', 'url = "example.org"', "url", "http or https address"),
        ('number = "测〔2026〕1号"', 'number = " "', "number", "at least 1 character"),
        ("issued_on = 2026-11-05", "issued_on = 2026-11-05\nreplaces = 1", "replaces", "valid boolean"),
        ("working = [", "wroking = [", "wroking", "Extra inputs"),
    ],
)
def test_a_fault_is_named_with_its_file_line_year_and_key(
    tmp_path: Path, right: str, wrong: str, key: str, said: str
) -> None:
    assert Y2027.count(right) == 1
    text = Y2027.replace(right, wrong)
    write(tmp_path, text)
    found = [each for each in problems(tmp_path) if said in each.message]
    assert [(each.file, each.key) for each in found] == [("2027.toml", key)]
    assert found[0].line == line_of(text, wrong.splitlines()[-1].strip())
    assert f"2027.toml:{found[0].line}: " in str(found[0])


def test_the_holidays_that_never_move_cannot_be_forgotten(tmp_path: Path) -> None:
    write(tmp_path, Y2027.replace(LABOUR_DAY, ""))
    (problem,) = problems(tmp_path)
    assert str(problem) == '2027.toml:8: year 2027, key "off": 2027-05-01 is missing: it is off in every year'


def test_a_year_that_is_missing_a_key_is_placed_where_it_opens(tmp_path: Path) -> None:
    write(tmp_path, year_of(2027) + year_of(2028).replace('number = "测〔2026〕1号"\n', ""))
    (problem,) = problems(tmp_path)
    second = len(year_of(2027).splitlines()) + 2
    assert (problem.year, problem.key, problem.line) == (2028, "number", second)


def test_a_year_may_stand_in_a_file_once(tmp_path: Path) -> None:
    write(tmp_path, Y2027 + Y2027)
    (problem,) = problems(tmp_path)
    assert (problem.year, problem.line) == (2027, len(Y2027.splitlines()) + 2)
    assert "twice" in problem.message


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[[years]]\nyear = ", 2, "not valid TOML"),
        ("[[years]]\nyear = 2027\nyear = 2028\n", 3, "not valid TOML"),
        (Y2027.replace("[[years]]", "[years]"), 2, "open each year with [[years]]"),
        ("", None, "Field required"),
        ("years = []", 1, "at least 1 item"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused(
    tmp_path: Path, text: str, line: int | None, said: str
) -> None:
    write(tmp_path, text)
    (problem,) = problems(tmp_path)
    assert said in problem.message
    assert (problem.file, problem.line) == ("2027.toml", line)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "gb.toml").write_bytes('title = "节假日"'.encode("gb18030"))
    assert [(each.file, each.message.split(":")[0]) for each in problems(tmp_path)] == [
        ("folder.toml", "cannot be read"),
        ("gb.toml", "not UTF-8"),
    ]


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, Y2027))
    assert problem.message.startswith("the folder cannot be read")


def test_a_file_is_checked_against_those_there_but_the_one_it_would_take_the_place_of(tmp_path: Path) -> None:
    write(tmp_path / "there", Y2027)
    other = Y2027.replace("to = 2027-10-07", "to = 2027-10-08")
    (year,) = check_calendar(write(tmp_path, other, "2027.toml"), tmp_path / "there")
    assert (year.year.year, year.line) == (2027, 2)
    with pytest.raises(CalendarError, match=r"anew\.toml:2: year 2027: 2027\.toml has another arrangement"):
        check_calendar(write(tmp_path, other, "anew.toml"), tmp_path / "there")
    check_calendar(write(tmp_path, year_of(2028), "2028.toml"), tmp_path / "there")
    with pytest.raises(CalendarError, match="add 2027 first"):
        check_calendar(write(tmp_path, year_of(2028), "2028.toml"))
