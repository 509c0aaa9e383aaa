"""The target in force as the weekly page and the summary show it."""

from datetime import date

from bot.wording.phrases import Voice, untagged
from bot.wording.targets import target_lines
from locales.printer import Printer
from obligations.law import Law
from storage.targets import Target, TargetRow


def shown(law: Law, language: str, *, short: int) -> list[str]:
    rows = tuple(
        TargetRow(district_id=n, district_name=f"第{n}区", total=20, done=19 - short, needed=19, short=short)
        for n in range(1, 8)
    )
    target = Target(
        duty="surrender-2021-2022-target-95",
        period="2021-2022",
        percent=95,
        due_on=date(2023, 10, 15),
        rows=rows,
    )
    voice = Voice(p=Printer.for_language(language), law=law, today=date(2023, 10, 9))
    return [untagged(line) for line in target_lines(voice, [target])]


def test_it_names_the_share_the_date_and_the_districts_that_are_short(law: Law) -> None:
    assert shown(law, "zh-hans", short=1) == [
        "",
        "2021、2022年度配额清缴（95%目标） 2021、2022年度",
        "目标：95%的重点排放单位完成，10月15日（周日）24:00 前 · 还剩 6 天",
        "已完成：126/140家",
        *(f"第{n}区：距95%还差1家" for n in range(1, 6)),
        "另有2个区县",
    ]


def test_it_says_when_every_district_has_reached_it(law: Law) -> None:
    assert shown(law, "en", short=0)[2:] == [
        "Target: 95% of the units, by 24:00 on Sun 15 Oct · 6 days left",
        "Done: 133 of 140 units",
        "Every district has reached 95%.",
    ]


def test_nothing_is_said_where_no_target_is_in_force(law: Law) -> None:
    assert target_lines(Voice(p=Printer.for_language("en"), law=law, today=date(2023, 10, 9)), []) == []
