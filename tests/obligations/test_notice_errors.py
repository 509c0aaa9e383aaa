"""A faulty notice file is refused with the file, the line, the rule, the stage and the key at fault."""

from pathlib import Path

import pytest

from obligations.notice import NoticeError, load_notice, load_rulebook

HEAD = """\
number = "试环规〔2024〕1号"
version = "1"
issued_on = 2024-01-01
in_force_on = 2024-02-01
zone = "Asia/Shanghai"
title = { zh = "试行通知", en = "Trial notice" }
issuer = { zh = "某市生态环境局", en = "Some city's bureau" }
provenance = { source = "second-hand", note = { zh = "测试", en = "A test" } }
"""

RULE = """
[[rules]]
name = "monthly-evidence"
title = { zh = "存证", en = "Evidence" }
recurrence = "monthly"
first_period = "2024-01"
sectors = "power"

[[rules.stages]]
name = "unit"
actor = "unit"
per = "unit"
title = { zh = "上传", en = "Upload" }
clause = "一"
source_words = "每月结束后20个自然日内"
submit_to = "district"
checked_by = "district"
deadline = { kind = "month_end_plus", days = 20 }
evidence = { zh = "数据", en = "The data" }
hardness = "hard"

[[rules.stages]]
name = "district"
actor = "district"
per = "unit"
title = { zh = "把关", en = "Check" }
clause = "一"
source_words = "提交日期起5个自然日内"
submit_to = "municipal"
deadline = { kind = "submit_plus", days = 5, cap_day = 25 }
evidence = { zh = "记录", en = "The record" }
hardness = "hard"
"""


def write(folder: Path, text: str, name: str = "city.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def line_of(text: str, start: str) -> int:
    """Return the number of the only line that begins with ``start``."""
    (number,) = [number for number, line in enumerate(text.splitlines(), start=1) if line.startswith(start)]
    return number


def test_the_notice_these_tests_break_is_sound(tmp_path: Path) -> None:
    notice = load_notice(write(tmp_path, HEAD + RULE))
    assert [stage.name for stage in notice.rules[0].stages] == ["unit", "district"]
    assert load_rulebook(tmp_path).notices == (notice,)


@pytest.mark.parametrize(
    ("change", "stage", "key", "said"),
    [
        (("days = 20", 'days = "twenty"'), "unit", "deadline.days", "Input should be a valid integer"),
        (("days = 20", "days = 0"), "unit", "deadline.days", "greater than or equal to 1"),
        (("days = 20", "days = true"), "unit", "deadline.days", "valid integer"),
        (("days = 20", "days = 20, month = 1"), "unit", "deadline.month", "Extra inputs are not permitted"),
        (('kind = "month_end_plus", days = 20', 'kind = "weekly"'), "unit", "deadline", "'month_end_plus'"),
        (("cap_day = 25", "cap_day = 31"), "district", "deadline.cap_day", "less than or equal to 28"),
        (('zh = "数据", en = "The data"', 'zh = "数据"'), "unit", "evidence.en", "Field required"),
        (('zh = "数据"', 'zh = " "'), "unit", "evidence.zh", "at least 1 character"),
        (('sectors = "power"', 'sectors = "powr"'), None, "sectors", "'all', 'power', 'non-power'"),
        (('sectors = "power"', 'sectors = ["coal"]'), None, "sectors.1", "Input should be 'power'"),
        (
            ('first_period = "2024-01"', 'first_period = "2024-13"'),
            None,
            "first_period",
            "'2024-13' is not a period",
        ),
        (('first_period = "2024-01"', "first_period = 2024"), None, "first_period", "a period is a text"),
        (('recurrence = "monthly"', 'recurrence = "monthly"\nofset = [1]'), None, "ofset", "Extra inputs"),
        (
            ('recurrence = "monthly"', 'recurrence = "monthly"\noffsets = [-1]'),
            None,
            "offsets.1",
            "greater than",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_rule_stage_key_and_line(
    tmp_path: Path, change: tuple[str, str], stage: str | None, key: str, said: str
) -> None:
    text = (HEAD + RULE).replace(*change)
    with pytest.raises(NoticeError) as refused:
        load_notice(write(tmp_path, text))
    (problem,) = refused.value.problems
    place = (problem.file, problem.rule, problem.stage, problem.key)
    assert place == ("city.toml", "monthly-evidence", stage, key)
    assert said in problem.message
    changed = change[1].splitlines()[-1]
    assert [problem.line] == [
        number for number, each in enumerate(text.splitlines(), start=1) if changed in each
    ]


def test_the_message_reads_file_line_rule_stage_key_and_fault(tmp_path: Path) -> None:
    text = (HEAD + RULE).replace("days = 20", 'days = "twenty"')
    line = line_of(text, 'deadline = { kind = "month_end_plus"')
    with pytest.raises(NoticeError) as refused:
        load_notice(write(tmp_path, text))
    assert str(refused.value) == (
        f'city.toml:{line}: rule "monthly-evidence", stage "unit", key "deadline.days": '
        "Input should be a valid integer"
    )


def test_a_missing_key_is_placed_at_the_table_it_is_missing_from(tmp_path: Path) -> None:
    text = (HEAD + RULE).replace('name = "district"\n', "")
    with pytest.raises(NoticeError) as refused:
        load_notice(write(tmp_path, text))
    (problem,) = refused.value.problems
    second = [number for number, each in enumerate(text.splitlines(), start=1) if each == "[[rules.stages]]"][
        1
    ]
    assert (problem.stage, problem.key, problem.line) == ("number 2", "name", second)


def test_everything_wrong_with_a_file_is_reported_together(tmp_path: Path) -> None:
    text = HEAD.replace('version = "1"\n', "") + RULE.replace("days = 20", "days = 0").replace(
        "days = 5", "days = 0"
    )
    with pytest.raises(NoticeError) as refused:
        load_notice(write(tmp_path, text))
    assert [(each.stage, each.key) for each in refused.value.problems] == [
        (None, "version"),
        ("unit", "deadline.days"),
        ("district", "deadline.days"),
    ]
    assert len(str(refused.value).splitlines()) == 3


def test_a_fault_of_syntax_is_named_with_its_line(tmp_path: Path) -> None:
    text = (HEAD + RULE).replace('clause = "一"', 'clause = "一', 1)
    with pytest.raises(NoticeError, match="not valid TOML") as refused:
        load_notice(write(tmp_path, text))
    assert refused.value.problems[0].line == text[: text.index('clause = "一\n')].count("\n") + 1


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "city.toml"
    path.write_bytes('number = "试"'.encode("gb18030"))
    with pytest.raises(NoticeError, match=r"city\.toml: not UTF-8"):
        load_notice(path)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('name = "district"\nactor', 'name = "unit"\nactor', "two stages are named 'unit'"),
        (
            'recurrence = "monthly"',
            'recurrence = "yearly"',
            "a yearly rule begins with a year, not with 2024-01",
        ),
        (
            'first_period = "2024-01"',
            'first_period = "2024-01"\nlast_period = "2023-12"',
            "lies before first_period",
        ),
        ('recurrence = "monthly"', 'recurrence = "event"', "kind month_end_plus needs a monthly rule"),
        ('kind = "month_end_plus", days = 20', 'kind = "submit_plus", days = 20', "the first of its chain"),
        (
            'kind = "month_end_plus", days = 20',
            'kind = "fixed", month = 2, day = 29, year_offset = 0',
            "02-29 does",
        ),
        (
            'kind = "month_end_plus", days = 20',
            'kind = "fixed", month = 4, day = 31, year_offset = 0',
            "04-31 does",
        ),
        ('checked_by = "district"', 'checked_by = "municipal"', "checked by another level (municipal)"),
        (
            'checked_by = "district"\ndeadline = { kind = "month_end_plus", days = 20 }',
            'safe_target_days = 1\ndeadline = { kind = "none" }',
            "a safe target needs a date",
        ),
        (
            'first_period = "2024-01"',
            'first_period = "2024-01"\nthreshold = { bound = "at_least", of = { zh = "份", en = "piece" } }',
            "either percent or pieces",
        ),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    text = HEAD + RULE.replace(right, wrong)
    assert text != HEAD + RULE
    with pytest.raises(NoticeError) as refused:
        load_notice(write(tmp_path, text))
    assert said in str(refused.value)
    assert refused.value.problems[0].rule == "monthly-evidence"


def test_a_count_from_a_stage_without_a_date_needs_a_cap(tmp_path: Path) -> None:
    text = HEAD + RULE.replace('kind = "month_end_plus", days = 20', 'kind = "none"').replace(
        ", cap_day = 25", ""
    )
    with pytest.raises(NoticeError, match="has no cap of its own"):
        load_notice(write(tmp_path, text))


def test_a_cap_day_needs_a_monthly_rule(tmp_path: Path) -> None:
    text = (
        (HEAD + RULE)
        .replace('recurrence = "monthly"', 'recurrence = "yearly"')
        .replace('"2024-01"', '"2024"')
    )
    text = text.replace(
        'kind = "month_end_plus", days = 20', 'kind = "fixed", month = 1, day = 1, year_offset = 1'
    )
    with pytest.raises(NoticeError, match="a cap day needs a monthly rule"):
        load_notice(write(tmp_path, text))


def test_a_rule_that_binds_once_has_one_period(tmp_path: Path) -> None:
    text = (HEAD + RULE).replace('recurrence = "monthly"', 'recurrence = "once"\nlast_period = "2024-02"')
    with pytest.raises(NoticeError, match="once has one period"):
        load_notice(write(tmp_path, text))


def test_a_notice_names_each_rule_once_and_is_not_in_force_before_it_is_issued(tmp_path: Path) -> None:
    with pytest.raises(NoticeError, match="two rules are named 'monthly-evidence'"):
        load_notice(write(tmp_path, HEAD + RULE + RULE))
    early = HEAD.replace("in_force_on = 2024-02-01", "in_force_on = 2023-12-31")
    with pytest.raises(NoticeError, match="in force before it was issued"):
        load_notice(write(tmp_path, early + RULE))


def test_a_time_of_day_is_no_date(tmp_path: Path) -> None:
    with pytest.raises(NoticeError, match="issued_on"):
        load_notice(write(tmp_path, HEAD.replace("2024-01-01", "2024-01-01T00:00:00") + RULE))


def test_a_folder_reports_the_faults_of_all_its_files(tmp_path: Path) -> None:
    write(tmp_path, "number =", "a.toml")
    write(tmp_path, (HEAD + RULE).replace("days = 20", "days = 0"), "b.toml")
    with pytest.raises(NoticeError) as refused:
        load_rulebook(tmp_path)
    assert [problem.file for problem in refused.value.problems] == ["a.toml", "b.toml"]


def test_a_folder_without_notices_is_no_rulebook(tmp_path: Path) -> None:
    with pytest.raises(NoticeError, match="no notice file"):
        load_rulebook(tmp_path)


def test_one_version_of_a_notice_is_one_file(tmp_path: Path) -> None:
    write(tmp_path, HEAD + RULE, "a.toml")
    write(tmp_path, HEAD + RULE, "b.toml")
    with pytest.raises(NoticeError, match=r'b\.toml:2: key "version": a\.toml is version 1 of'):
        load_rulebook(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('depends_on = ["annual-report"]', 'key "depends_on": there is no rule "annual-report"'),
        (
            'arises = { occasion = "default", of = "surrender" }',
            'key "arises.of": there is no rule "surrender"',
        ),
    ],
)
def test_a_rule_may_only_depend_on_rules_there_are(tmp_path: Path, line: str, said: str) -> None:
    write(tmp_path, HEAD + RULE.replace('sectors = "power"', f'sectors = "power"\n{line}'))
    with pytest.raises(NoticeError) as refused:
        load_rulebook(tmp_path)
    assert said in str(refused.value)


def test_a_fault_between_files_is_placed_in_the_later_one(tmp_path: Path) -> None:
    write(tmp_path, HEAD + RULE, "a.toml")
    other = RULE.replace('sectors = "power"', 'sectors = "power"\nabsorbs = ["annual-report"]')
    head, stage, district = other.partition('name = "district"\nactor = "district"')
    text = (
        HEAD.replace("1号", "2号") + head + stage.replace('actor = "district"', 'actor = "unit"') + district
    )
    write(tmp_path, text.replace('checked_by = "district"\n', ""), "b.toml")
    with pytest.raises(NoticeError) as refused:
        load_rulebook(tmp_path)
    absorbing, shape = refused.value.problems
    assert (absorbing.file, absorbing.line) == ("b.toml", line_of(text, "absorbs"))
    opened = [number for number, each in enumerate(text.splitlines(), start=1) if each == "[[rules.stages]]"]
    assert (shape.file, shape.rule, shape.stage) == ("b.toml", "monthly-evidence", "district")
    assert shape.line == opened[1] - 1, "one line was taken out above it"


def test_two_files_of_one_name_in_two_folders_are_two_files(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, HEAD + RULE)
    with pytest.raises(NoticeError, match="is version 1 of"):
        load_rulebook(tmp_path / "one", added=tmp_path / "two")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(HEAD + RULE, encoding="utf-8-sig")
    assert load_rulebook(tmp_path).rules[0].name == "monthly-evidence"


def test_a_rule_may_depend_on_one_of_another_notice(tmp_path: Path) -> None:
    write(tmp_path, HEAD + RULE, "b.toml")
    other = RULE.replace('"monthly-evidence"', '"checks"').replace(
        'sectors = "power"', 'sectors = "power"\ndepends_on = ["monthly-evidence"]'
    )
    write(tmp_path, HEAD.replace("1号", "2号") + other, "a.toml")
    assert [rule.name for rule in load_rulebook(tmp_path).rules] == ["monthly-evidence", "checks"]
