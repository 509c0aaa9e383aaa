"""The picture of a year: nothing overlaps or is cut, the files open, a machine without fonts is told what to do."""

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
from bot.timeline.agenda import agenda
from bot.timeline.fonts import chinese_face
from bot.timeline.layout import laid_out
from bot.timeline.paragraphs import broken
from bot.timeline.pictures import timeline_png, timeline_svg
from bot.timeline.shapes import Arrow, Box, Label, Picture
from bot.timeline.typesetting import COLOURS, LANE_WIDTH, WIDTH, lane_x
from bot.timeline.words import Script
from locales.printer import Printer
from obligations.law import Law
from obligations.terms import SECTOR_GROUPS, Level, Sector
from tests.bot.timelines import (
    EN,
    POWER,
    ZH,
    drawn,
    labels,
    municipal_law,
    overlaid_law,
)

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def law() -> Law:
    return municipal_law()


@pytest.fixture
def overlaid() -> Law:
    return overlaid_law()


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


@pytest.mark.parametrize("year", range(2023, 2028))
def test_the_picture_of_one_sector_is_within_what_a_chat_takes(year: int) -> None:
    shipped = Law.shipped()
    for sector in Sector:
        picture = drawn(shipped, year, frozenset({sector}), EN)  # the longer words
        assert picture.width == 1080
        assert picture.width + picture.height <= 10_000
        assert picture.height <= 20 * picture.width


@pytest.mark.parametrize("year", range(2023, 2028))
def test_the_picture_of_all_sectors_is_within_what_a_chat_takes(year: int) -> None:
    width, height = size_of(timeline_png(Law.shipped(), year, "all", EN))
    assert width >= 700
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
