"""The year as a picture, in the chat: drawn after the answer is stored, once, for the reader's own sector."""

import struct
from pathlib import Path

import pytest

from bot.handlers import timelines
from bot.timeline import fonts
from tests.bot.conftest import Person, Town


def picture(town: Town, person: Person) -> bytes:
    """Return the newest file the bot sent, which must be a PNG."""
    document = next(message["document"] for message in reversed(person.received) if "document" in message)
    assert document["mime_type"] == "image/png"
    content = town.world.content(town.world.state.files[document["file_id"]])
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return content


@pytest.mark.parametrize("asked", ["/timeline", "今年的时序图"])
async def test_a_unit_gets_this_year_of_its_own_sector(town: Town, mill: Person, asked: str) -> None:
    await mill.say(asked)
    assert mill.last == "时序图-2024-发电.png"
    told = mill.messages[-2]
    assert told.startswith("2024年时序图 · 发电\n")
    assert "依据通知正文绘制，非附件原图" in told
    width, height = struct.unpack(">II", picture(town, mill)[16:24])
    assert width <= 1080
    assert width + height <= 10_000


async def test_a_bureau_gets_every_sector_and_chooses_year_and_sector(town: Town, south: Person) -> None:
    await south.say("/timeline")
    assert south.messages[-2].startswith("Timeline of 2024 · all sectors\n")
    whole = picture(town, south)
    await south.press("power")
    assert south.messages[-2].startswith("Timeline of 2024 · power\n")
    assert picture(town, south) != whole
    await south.press("2025")
    assert south.messages[-2].startswith("Timeline of 2025 · power\n")
    assert south.last == "timeline-2025-power.png"


async def test_a_sentence_may_name_the_year(mill: Person) -> None:
    await mill.say("看看2025年的时序图")
    assert mill.last == "时序图-2025-发电.png"


async def test_the_same_picture_is_drawn_once(
    town: Town, mill: Person, kiln: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []

    def draw(*asked: object) -> bytes:
        drawn.append(asked[1:3])
        return b"\x89PNG\r\n\x1a\n" + bytes(64)

    monkeypatch.setattr(timelines, "timeline_png", draw)
    timelines._drawn.cache_clear()  # noqa: SLF001  # what other tests drew
    try:
        for _ in range(2):
            await mill.say("/timeline")
        await kiln.say("/timeline")
    finally:
        timelines._drawn.cache_clear()  # noqa: SLF001  # what was drawn here is no picture
    assert drawn == [(2024, "power"), (2024, "power")]  # once in Chinese, once in English
    assert picture(town, mill)


async def test_a_year_no_notice_speaks_of_is_said_so(mill: Person) -> None:
    await mill.say("/help")
    assert await mill.press_data("tl:2010:power") == "现有通知未涉及2010年（发电）。"
    assert mill.labels == ["2024"]


@pytest.mark.parametrize("data", ["tl:2024:nonsense", "tl:1:power", "tl:x:power", "tl:999999:power"])
async def test_a_made_up_press_draws_nothing(mill: Person, data: str) -> None:
    await mill.say("/help")
    count = len(mill.received)
    await mill.press_data(data)
    assert len(mill.received) == count
    assert mill.toasts[-1]


async def test_without_a_font_it_says_so(
    mill: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing() -> None:
        raise fonts.MissingFontError((tmp_path,))

    monkeypatch.setattr(timelines, "chinese_face", missing)
    assert (await mill.say("/timeline")).startswith("服务器缺少中文字体，无法绘图")
