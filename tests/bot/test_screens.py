"""What fits into Telegram: buttons of 64 bytes, texts of 4096 units, labels a phone can show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.screen import Button, MalformedPressError, Press
from bot.telegram.messenger import keyboard, split
from bot.wording.decisions import OTHER, TYPED
from bot.wording.phrases import RETURN_REASONS, label, plain, safe

LARGEST = 2**53 - 1


@pytest.mark.parametrize("reason", [*RETURN_REASONS, OTHER, TYPED])
def test_the_longest_press_fits_a_button(reason: str) -> None:
    press = Press.to("ret!", LARGEST, LARGEST, reason, "0" * 8)
    assert len(press.packed().encode()) <= 64
    assert Press.parse(press.packed()) == press
    assert (press.number(0), press.word(2)) == (LARGEST, reason)


def test_a_press_that_does_not_fit_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="longer than the 64 bytes"):
        Press.to("x", "字" * 22).packed()


@given(st.text(max_size=64))
def test_whatever_comes_in_is_read_or_refused(data: str) -> None:
    press = Press.parse(data)
    assert press.packed() == data if len(data.encode()) <= 64 else True
    for index in range(3):
        try:
            assert 0 <= press.number(index) <= LARGEST
        except MalformedPressError:
            continue


def test_a_label_is_cut_where_a_phone_would() -> None:
    shown = keyboard(((Button("很长的名字" * 20, Press("x")),),))
    assert shown is not None
    assert len(shown.inline_keyboard[0][0].text) == 60
    assert keyboard(()) is None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=900),
        min_size=1,
        max_size=30,
    )
)
def test_a_long_text_is_cut_at_line_ends_and_nothing_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    pieces = list(split(text))
    assert all(_units(piece) <= 4096 for piece in pieces)
    kept = [line for piece in pieces for line in piece.split("\n") if line]
    assert kept == [line for line in lines if line]


def test_a_character_outside_the_basic_plane_counts_twice() -> None:
    assert len(list(split("\n".join(["𠮷" * 1500] * 4)))) == 4
    assert len(list(split("\n".join(["字" * 1500] * 4)))) == 2


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("甲\u202e乙", "甲乙"),
        ("\u200b\u2060\ufeff", ""),
        ("一\r\n二\t三\u2028四", "一  二 三 四"),
        ("<b>&\"'", "<b>&\"'"),
        ("\U000323af", "\U000323af"),  # a Chinese character newer than this Python's tables
    ],
)
def test_hidden_marks_do_not_pass_and_characters_do(text: str, seen: str) -> None:
    assert plain(text) == seen
    assert label(safe(text)) == seen
    assert "<" not in safe(text)
