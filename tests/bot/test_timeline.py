"""The timeline shows each dated step of a year in its lane, says what it was drawn from, and is a picture that opens."""

import struct
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.timeline import fonts, pictures
from bot.timeline.agenda import Agenda, NothingDueError, agenda
from bot.timeline.fonts import chinese_face
from bot.timeline.layout import laid_out
from bot.timeline.paragraphs import broken
from bot.timeline.pictures import timeline_png, timeline_svg
from bot.timeline.shapes import Arrow, Box, Label, Picture
from bot.timeline.typesetting import COLOURS, LANE_WIDTH, WIDTH, lane_x
from bot.timeline.words import Script
from locales.printer import Printer
from obligations.law import Law
from obligations.notice import Rulebook, load_rulebook
from obligations.terms import SECTOR_GROUPS, Level, Sector

ZH = Printer.for_language("zh-hans")
EN = Printer.for_language("en")
POWER = SECTOR_GROUPS["power"]
SVG = "{http://www.w3.org/2000/svg}"
MUNICIPAL_NOTICE = "渝环规〔2023〕2号"

NATIONAL = """
number = "示例函〔2026〕9号"
version = "1"
authority = "national"
issued_on = 2025-12-01
in_force_on = 2025-12-01
zone = "Asia/Shanghai"
title = { zh = "示例通知", en = "Example notice" }
issuer = { zh = "示例部门", en = "Example office" }

[provenance]
source = "second-hand"
note = { zh = "转载文本", en = "Read second-hand" }

[[rules]]
name = "steel-evidence"
title = { zh = "钢铁月度存证", en = "Monthly evidence of steel" }
recurrence = "monthly"
first_period = "2025-12"
sectors = ["steel"]

[[rules.stages]]
name = "unit"
actor = "unit"
per = "unit"
title = { zh = "上传数据", en = "Upload the data" }
clause = "附件1"
source_words = "每月结束后40个自然日内"
submit_to = "district"
checked_by = "district"
deadline = { kind = "month_end_plus", days = 40 }
evidence = { zh = "记录", en = "The record" }
hardness = "hard"

[[rules]]
name = "national-report"
of_duty = "annual-report"
title = { zh = "年度排放报告", en = "Annual report" }
recurrence = "yearly"
first_period = "2025"
sectors = "power"

[[rules.stages]]
name = "unit"
actor = "unit"
per = "unit"
title = { zh = "报送年度排放报告", en = "Submit the report" }
clause = "第3条"
source_words = "2026年1月20日前"
submit_to = "district"
checked_by = "district"
deadline = { kind = "fixed", month = 1, day = 20, year_offset = 1 }
evidence = { zh = "报告", en = "The report" }
hardness = "hard"

[[rules]]
name = "national-verification"
of_duty = "verification"
title = { zh = "年度核查", en = "Verification" }
recurrence = "yearly"
first_period = "2025"
sectors = "power"

[[rules.stages]]
name = "municipal"
actor = "municipal"
per = "municipal"
title = { zh = "完成核查", en = "Complete the verification" }
clause = "第4条"
source_words = "2026年6月30日前"
submit_to = "kept"
deadline = { kind = "fixed", month = 6, day = 30, year_offset = 1 }
evidence = { zh = "结论", en = "The result" }
hardness = "hard"
"""


@pytest.fixture(scope="module")
def law() -> Law:
    """One municipal notice alone, so that what ships beside it changes no date here."""
    shipped = Law.shipped()
    own = tuple(notice for notice in shipped.rulebook.notices if notice.number == MUNICIPAL_NOTICE)
    return Law(rulebook=Rulebook(notices=own), calendar=shipped.calendar)


@pytest.fixture(scope="module")
def overlaid(tmp_path_factory: pytest.TempPathFactory, law: Law) -> Law:
    """The municipal notice with a national one beside it, read second-hand."""
    folder = tmp_path_factory.mktemp("notices")
    (folder / "national.toml").write_text(NATIONAL, encoding="utf-8")
    added = load_rulebook(added=folder)
    chosen = tuple(n for n in added.notices if n.number in (MUNICIPAL_NOTICE, "示例函〔2026〕9号"))
    return Law(rulebook=Rulebook(notices=chosen), calendar=law.calendar)


def told(planned: Agenda) -> list[tuple[str, str, str, str]]:
    return [(f"{e.on}", e.rule.duty, e.stage.name, str(e.period)) for e in planned.entries]


def drawn(law: Law, year: int, sectors: frozenset[Sector], p: Printer) -> Picture:
    return laid_out(Script(agenda(law, year, sectors), p), chinese_face())


def labels(picture: Picture) -> list[Label]:
    return [shape for group in picture.groups for shape in group.shapes if isinstance(shape, Label)]


def texts(picture: Picture) -> str:
    return "".join(label.text for label in labels(picture))


def within(picture: Picture, says: str, text: str) -> bool:
    """Tell whether the one box that is described so bears a text."""
    (group,) = [group for group in picture.groups if group.says.startswith(says)]
    return text in "".join(shape.text for shape in group.shapes if isinstance(shape, Label))


def lane_of(picture: Picture, text: str) -> int:
    """Return the lane in which a text stands."""
    (label,) = [label for label in labels(picture) if label.text == text]
    return next(lane for lane in range(3) if lane_x(lane) <= label.x < lane_x(lane) + LANE_WIDTH)


# What the year contains


def test_a_year_of_power_holds_each_dated_step_on_its_literal_date(law: Law) -> None:
    assert told(agenda(law, 2026, POWER)) == [
        ("2026-02-01", "annual-report", "unit", "2025"),
        ("2026-02-11", "annual-report", "district", "2025"),
        ("2026-03-01", "annual-report", "municipal", "2025"),
        ("2026-04-30", "verification", "municipal", "2025"),
        ("2026-07-31", "verifier-evaluation", "municipal", "2026"),
        ("2026-10-15", "quality-plan", "unit", "2027"),
        ("2026-10-15", "power-list", "district", "2027"),
        ("2026-11-15", "quality-plan", "district", "2027"),
        ("2026-12-31", "power-list", "municipal", "2027"),
    ]


def test_the_second_compliance_period_ends_in_2024(law: Law) -> None:
    once = [each for each in told(agenda(law, 2024, POWER)) if each[3] == "2021-2022"]
    assert [(on, stage) for on, _, stage, _ in once if on != "2024-02-29"] == [
        ("2024-03-05", "district"),
        ("2024-03-15", "municipal"),
        ("2024-04-01", "district"),
        ("2024-04-30", "municipal"),
    ]
    assert ("2024-02-29", "unit") in [(on, stage) for on, _, stage, _ in once]


def test_other_sectors_have_their_own_year(law: Law) -> None:
    assert told(agenda(law, 2026, frozenset({Sector.STEEL}))) == [
        ("2026-01-31", "nonpower-list", "district", "2026"),
        ("2026-09-15", "nonpower-report", "unit", "2025"),
        ("2026-12-31", "nonpower-verification", "municipal", "2025"),
    ]


def test_the_first_month_kept_in_the_year_the_notice_came_into_force_is_august(law: Law) -> None:
    chains = [s for s in agenda(law, 2023, POWER).strips if s.rule.duty == "monthly-evidence"]
    assert [(str(s.period), [str(e.on) for e in s.entries]) for s in chains] == [
        ("2023-08", ["2023-09-20", "2023-09-25", "2023-10-10"]),
        ("2023-09", ["2023-10-20", "2023-10-25", "2023-11-09"]),
        ("2023-10", ["2023-11-20", "2023-11-25", "2023-12-10"]),
        ("2023-11", ["2023-12-20", "2023-12-25", "2024-01-09"]),
    ]


def test_monthly_evidence_is_a_strip_a_month_and_reaches_into_the_years_beside(law: Law) -> None:
    chains = [s for s in agenda(law, 2024, POWER).strips if s.rule.duty == "monthly-evidence"]
    assert [str(s.period) for s in chains] == ["2023-11", "2023-12", *(f"2024-{m:02}" for m in range(1, 12))]
    assert [str(e.on) for e in chains[0].entries] == ["2023-12-20", "2023-12-25", "2024-01-09"]
    assert [str(e.on) for e in chains[2].entries] == ["2024-02-20", "2024-02-25", "2024-03-11"]
    assert [str(e.on) for e in chains[-1].entries] == ["2024-12-20", "2024-12-25", "2025-01-09"]


def test_coal_samples_are_kept_through_the_end_of_the_same_month_a_year_later(law: Law) -> None:
    kept = [s for s in agenda(law, 2025, POWER).strips if s.rule.duty == "coal-sample-retention"]
    assert [(str(s.period), str(s.entries[0].on)) for s in kept][:3] == [
        ("2024-01", "2025-01-31"),
        ("2024-02", "2025-02-28"),
        ("2024-03", "2025-03-31"),
    ]
    assert len(kept) == 12


def test_what_has_no_date_is_listed_and_what_has_one_is_not(law: Law) -> None:
    planned = agenda(law, 2026, POWER)
    undated = {(each.rule.duty, each.stage.name) for each in planned.undated}
    assert {("surrender", "unit"), ("correction", "unit"), ("coal-sample-film", "unit")} <= undated
    assert ("quality-plan", "municipal") in undated
    assert not undated & {(entry.rule.duty, entry.stage.name) for entry in planned.all_entries}


def test_every_stage_of_the_law_is_in_the_years_2023_to_2026(law: Law) -> None:
    shown = set()
    for year in range(2023, 2027):
        planned = agenda(law, year, SECTOR_GROUPS["all"])
        shown |= {(e.rule.duty, e.stage.name) for e in planned.all_entries}
        shown |= {(each.rule.duty, each.stage.name) for each in planned.undated}
    assert shown == {(rule.duty, stage.name) for rule in law.rulebook.rules for stage in rule.stages}


def test_hand_overs_lead_from_unit_to_district_to_municipality(law: Law) -> None:
    planned = agenda(law, 2026, SECTOR_GROUPS["all"])
    edges = {
        (planned.entries[one].rule.duty, planned.entries[one].stage.name): (
            planned.entries[other].rule.duty,
            planned.entries[other].stage.name,
        )
        for one, other in planned.follows.items()
    }
    assert edges == {
        ("annual-report", "unit"): ("annual-report", "district"),
        ("annual-report", "district"): ("annual-report", "municipal"),
        ("quality-plan", "unit"): ("quality-plan", "district"),
        ("power-list", "district"): ("power-list", "municipal"),
        ("nonpower-report", "unit"): ("nonpower-verification", "municipal"),
    }


def test_a_year_before_every_notice_is_refused(law: Law) -> None:
    with pytest.raises(NothingDueError, match="2019"):
        agenda(law, 2019, POWER)


# What the picture says


def test_each_card_and_pill_stands_in_the_lane_of_who_acts(law: Law) -> None:
    picture = drawn(law, 2026, POWER, ZH)
    assert [lane_of(picture, text) for text in ("2月1日", "2月11日*", "3月1日")] == [0, 1, 2]
    assert [lane_of(picture, text) for text in ("5月20日", "5月25日*", "6月9日")] == [0, 1, 2]
    assert [lane_of(picture, text) for text in ("4月30日", "7月31日", "11月15日", "12月31日")] == [2, 2, 1, 2]


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (
            ZH,
            [
                "2026年全链条管理时序图",
                "行业：发电",
                "依据：渝环规〔2023〕2号",
                "依据通知正文绘制，非附件原图",
                "无固定日期的事项",
                "建议不晚于1月31日",
                "上传上月数据及其支撑材料：每月结束后20个自然日内",
                "保存至1月31日",
                "暂定",
                "重点排放单位",
                "区县生态环境局",
                "市生态环境局",
            ],
        ),
        (
            EN,
            [
                "Whole-chain timeline 2026",
                "Sectors: power",
                "Drawn from the text of the notice; not the diagram of its annex.",
                "Without a date",
                "aim for 31 Jan",
                "keep through 31 Jan",
                "Provisional",
                "Key emission unit",
                "District bureau",
                "Municipal bureau",
            ],
        ),
    ],
)
def test_it_says_what_it_is_and_what_it_was_drawn_from(law: Law, p: Printer, words: list[str]) -> None:
    said = texts(drawn(law, 2026, POWER, p))
    assert [each for each in words if each not in said] == []


def test_a_chinese_picture_has_no_english_sentence(law: Law) -> None:
    said = texts(drawn(law, 2026, SECTOR_GROUPS["all"], ZH))
    assert "Sectors" not in said
    assert "power" not in said


def test_another_notice_is_named_and_marked_where_it_was_read_second_hand(overlaid: Law) -> None:
    picture = drawn(overlaid, 2026, POWER, ZH)
    said = texts(picture)
    assert "依据：① 渝环规〔2023〕2号、② 示例函〔2026〕9号†" in said
    assert "† 据转载文本整理，使用前请与官方网页核对。" in said
    assert lane_of(picture, "1月20日†") == 0
    assert within(picture, "1月20日†：", "②第3条")
    assert within(picture, "1月20日†：", "①：2月1日")  # the date that does not bind is shown with its source
    assert within(picture, "4月30日：市生态环境局", "①二(四)")
    assert within(picture, "4月30日：市生态环境局", "②：6月30日")


def test_nothing_is_marked_where_every_notice_is_official(law: Law) -> None:
    assert "†" not in texts(drawn(law, 2026, SECTOR_GROUPS["all"], ZH))


def test_a_monthly_duty_of_one_level_is_a_line_with_its_sector(overlaid: Law) -> None:
    said = texts(drawn(overlaid, 2026, SECTOR_GROUPS["all"], ZH)).replace("\N{NO-BREAK SPACE}", " ")
    assert "钢铁月度存证 2025年12月 ②附件1 · 钢铁 · 2月9日†" in said


# How it is laid out


def boxes_of(picture: Picture) -> list[Box]:
    """Return the frames of the cards and strips."""
    frames = [group.shapes[0] for group in picture.groups if group.says]
    return [frame for frame in frames if isinstance(frame, Box) and frame.x >= lane_x(0)]


@pytest.mark.parametrize("p", [ZH, EN], ids=["zh", "en"])
@pytest.mark.parametrize(("year", "sector"), [(2024, "power"), (2026, "all"), (2026, "steel")])
def test_nothing_overlaps_and_nothing_is_cut(overlaid: Law, p: Printer, year: int, sector: str) -> None:
    sectors = SECTOR_GROUPS.get(sector) or frozenset({Sector(sector)})
    picture, face = drawn(overlaid, year, sectors, p), chinese_face()
    boxes = boxes_of(picture)
    assert boxes
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = (
                one.y + one.height <= other.y
                or other.y + other.height <= one.y
                or one.x + one.width <= other.x
                or other.x + other.width <= one.x
            )
            assert apart, (one, other)
    for label in labels(picture):
        width = face.width(label.text, label.size)
        left = label.x - width / 2 if label.anchor == "middle" else label.x
        assert left >= 0
        assert left + width <= WIDTH
        assert 0 < label.y < picture.height
        assert label.size >= 24


@pytest.mark.parametrize("p", [ZH, EN], ids=["zh", "en"])
def test_the_text_of_a_box_stays_in_it(overlaid: Law, p: Printer) -> None:
    picture, face = drawn(overlaid, 2026, SECTOR_GROUPS["all"], p), chinese_face()
    framed = [
        group
        for group in picture.groups
        if group.says not in ("", "Legend", "图例") and isinstance(group.shapes[0], Box)
    ]
    assert len(framed) > 20
    for group in framed:
        frame = group.shapes[0]
        assert isinstance(frame, Box)
        for label in (shape for shape in group.shapes if isinstance(shape, Label)):
            width = face.width(label.text, label.size)
            left = label.x - width / 2 if label.anchor == "middle" else label.x
            assert frame.x <= left, label
            assert left + width <= frame.x + frame.width, label
            assert frame.y < label.y < frame.y + frame.height, label


def test_cards_run_down_in_the_order_of_their_dates(law: Law) -> None:
    planned = agenda(law, 2026, SECTOR_GROUPS["all"])
    script = Script(planned, ZH)
    picture = laid_out(script, chinese_face())
    tops = {group.says: group.shapes[0].y for group in picture.groups if isinstance(group.shapes[0], Box)}
    ordered = [(entry.on, tops[script.spoken(entry)]) for entry in planned.entries]
    for (earlier, above), (later, below) in pairwise(ordered):
        assert above <= below
        assert above < below or earlier == later


def test_an_arrow_leads_from_the_report_to_its_check(law: Law) -> None:
    picture = drawn(law, 2026, POWER, ZH)
    arrows = [shape for group in picture.groups for shape in group.shapes if isinstance(shape, Arrow)]
    check = next(label for label in labels(picture) if label.text == "2月11日*")
    ends = [
        arrow
        for arrow in arrows
        if arrow.points[-1][0] == lane_x(1) and abs(arrow.points[-1][1] - check.y) < 20
    ]
    assert [arrow.stroke for arrow in ends] == [COLOURS[Level.UNIT]]
    assert ends[0].points[0][0] == lane_x(0) + LANE_WIDTH


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("年度温室气体排放报告 2025年度", ["年度温室气体排放报", "告 2025年度"]),
        ("审核并确定（全市）名录", ["审核并确定（全市）", "名录"]),
        ("审核并确定全市的（名录）", ["审核并确定全市的", "（名录）"]),
        ("以环办气候函正文为，转载", ["以环办气候函正文", "为，转载"]),
        ("Technical check of it", ["Technical check of", "it"]),
        ("", []),
    ],
)
def test_lines_break_where_the_script_allows(text: str, lines: list[str]) -> None:
    assert broken(text, 9, lambda line: sum(1 if ord(c) > 0x2E7F else 0.5 for c in line)) == lines


# The files


def test_the_svg_parses_says_what_it_is_and_carries_its_glyphs(law: Law) -> None:
    root = ET.fromstring(timeline_svg(law, 2026, "power", ZH))  # noqa: S314  # our own document
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == "2026年全链条管理时序图 · 行业：发电"
    assert "依据通知正文绘制，非附件原图" in (root.findtext(f"{SVG}desc") or "")
    assert root.get("lang") == "zh-Hans"
    written = "".join(element.text or "" for element in root.iter(f"{SVG}text"))
    assert "2月11日*" in written
    assert "data:font/woff;base64," in (root.findtext(f"{SVG}style") or "")
    assert "2月1日：重点排放单位" in "".join(element.text or "" for element in root.iter(f"{SVG}title"))


def size_of(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert png[12:16] == b"IHDR"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_png_is_as_large_as_the_picture_and_drawn_in_a_blink(law: Law) -> None:
    begun = time.perf_counter()
    png = timeline_png(law, 2026, "power", ZH)
    assert time.perf_counter() - begun < 20
    assert size_of(png) == (1080, drawn(law, 2026, POWER, ZH).height)
    assert png.endswith(b"IEND\xaeB`\x82")


@pytest.mark.parametrize("p", [ZH, EN], ids=["zh", "en"])
@pytest.mark.parametrize("year", range(2023, 2028))
def test_the_picture_of_one_sector_is_within_what_a_chat_takes(p: Printer, year: int) -> None:
    shipped = Law.shipped()
    for sector in Sector:
        picture = drawn(shipped, year, frozenset({sector}), p)
        assert picture.width == 1080
        assert picture.width + picture.height <= 10_000
        assert picture.height <= 20 * picture.width


@pytest.mark.parametrize("year", range(2023, 2028))
def test_the_picture_of_all_sectors_is_within_what_a_chat_takes(year: int) -> None:
    width, height = size_of(timeline_png(Law.shipped(), year, "all", EN))
    assert width >= 720
    assert width + height <= 10_000
    assert height <= 20 * width


def test_a_picture_too_high_for_a_chat_is_made_smaller(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LARGEST", 2000)
    width, height = size_of(timeline_png(law, 2026, "steel", ZH))
    assert width < 1080
    assert 1990 <= width + height <= 2002


def test_the_same_year_gives_the_same_bytes_from_many_threads(law: Law) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        made = list(pool.map(lambda _: timeline_png(law, 2026, "steel", EN), range(4)))
    assert len(set(made)) == 1


# Fonts


def test_a_machine_without_chinese_fonts_gets_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    monkeypatch.setattr(fonts, "FOLDERS", (tmp_path / "fonts",))
    result = run("--lang", "en", "rules", "timeline", "--year", "2026", "-o", str(tmp_path / "out.png"))
    assert result.exit_code == 1
    assert result.stderr == (
        "duewatch: no font with Chinese characters; install the Python package noto-cjk-sans-otc, or the "
        f"system's fonts-noto-cjk; looked in {tmp_path / 'fonts'}\n"
    )
    assert not (tmp_path / "out.png").exists()


def test_the_systems_font_is_taken_where_the_package_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = chinese_face().path
    folder = tmp_path / "fonts" / "opentype"
    folder.mkdir(parents=True)
    (folder / "broken.ttf").write_bytes(b"no font")
    (folder / "simhei.ttf").write_bytes(b"no font")
    (folder / "NotoSansCJK-Regular.ttc").symlink_to(packaged)
    monkeypatch.setattr(fonts, "find_spec", lambda _: None)
    monkeypatch.setattr(fonts, "FOLDERS", (tmp_path / "fonts",))
    face = chinese_face()
    assert face.path == folder / "NotoSansCJK-Regular.ttc"
    assert face.family == "Noto Sans CJK SC"
    assert face.width("督期", 24) == 48


# The command


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_the_command_writes_what_the_suffix_names_in_the_language_asked_for(tmp_path: Path) -> None:
    svg, png = tmp_path / "year.svg", tmp_path / "year.PNG"
    asked = ("--lang", "en", "rules", "timeline", "--year", "2026", "--sector", "steel")
    assert run(*asked, "--language", "zh", "-o", str(svg)).output == f"Written: {svg}\n"
    assert "2026年全链条管理时序图 · 行业：钢铁" in svg.read_text(encoding="utf-8")
    assert run(*asked, "-o", str(png)).exit_code == 0
    assert size_of(png.read_bytes())[0] == 1080


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--year", "2026", "-o", "year.gif"), 2, "year.gif: name the picture .svg or .png"),
        (("--year", "2010", "-o", "year.svg"), 2, "no notice speaks of 2010; name another year"),
        (("--year", "2026", "-o", "no/such/year.svg"), 1, "cannot be written: No such file"),
        (("--year", "1999", "-o", "year.svg"), 2, "1999 is not in the range"),
        (("--year", "2026", "--sector", "tea", "-o", "year.svg"), 2, "'tea' is not one of 'all'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("--lang", "en", "rules", "timeline", *arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []
