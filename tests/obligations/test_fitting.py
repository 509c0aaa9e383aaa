"""Notices that do not fit together are refused with the file, the rule and the key at fault."""

from pathlib import Path

import pytest

from obligations.notice import NoticeError
from tests.obligations.trial import notice, rule, rulebook, stage

NONE = stage({"kind": "none"})


def test_a_duty_cannot_take_the_place_of_itself_by_however_many_steps(tmp_path: Path) -> None:
    with pytest.raises(NoticeError) as refused:
        rulebook(
            tmp_path,
            [
                notice("市1号", [rule([NONE], name="one", absorbs=["two"])]),
                notice(
                    "国1号",
                    [
                        rule([NONE], name="two", absorbs=["three"]),
                        rule([NONE], name="three", absorbs=["one"]),
                        rule([NONE], name="four", absorbs=["one"]),
                    ],
                ),
            ],
        )
    assert {(p.file, p.rule, p.key, p.message) for p in refused.value.problems} == {
        ("00.toml", "one", "absorbs", 'the duty "one" would take the place of itself'),
        ("01.toml", "two", "absorbs", 'the duty "two" would take the place of itself'),
        ("01.toml", "three", "absorbs", 'the duty "three" would take the place of itself'),
    }


def test_a_duty_is_for_one_kind_of_period_in_every_notice(tmp_path: Path) -> None:
    with pytest.raises(NoticeError) as refused:
        rulebook(
            tmp_path,
            [
                notice("市1号", [rule([NONE])]),
                notice("国1号", [rule([NONE], recurrence="monthly", first="2024-01")], authority="national"),
            ],
        )
    (problem,) = refused.value.problems
    assert (problem.file, problem.rule, problem.key) == ("01.toml", "report", "recurrence")
    assert problem.message == '00.toml has the duty "report" for a year'


def test_a_duty_that_is_always_there_may_be_spoken_of_for_a_year(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        [
            notice("市1号", [rule([NONE], recurrence="continuous", first="2023-09")]),
            notice("国1号", [rule([NONE])], authority="national"),
        ],
    )
    assert len(book.by_duty["report"]) == 2


@pytest.mark.parametrize(("last", "fits"), [("2025", True), ("2026", False), (None, False)])
def test_one_notice_speaks_once_of_a_duty_for_a_sector_and_period(
    tmp_path: Path,
    last: str | None,
    fits: bool,  # noqa: FBT001 - a table's column
) -> None:
    made = notice(
        "市1号",
        [
            rule([NONE], sectors=["steel", "cement"], first="2024", last=last),
            rule([NONE], name="later", of_duty="report", sectors=["cement", "paper"], first="2026"),
        ],
    )
    if fits:
        assert len(rulebook(tmp_path, [made]).by_duty["report"]) == 2
        return
    with pytest.raises(NoticeError, match='for sectors and periods of rule "report" too') as refused:
        rulebook(tmp_path, [made])
    (problem,) = refused.value.problems
    assert (problem.file, problem.rule) == ("00.toml", "later")
