"""A screen's text in each robot's markdown: what is bold stays so, what is a sign stays a sign, no byte too many."""

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.markdown import DINGTALK, FEISHU, WECOM, pieces, utf8
from bot.channels.markup import heading, lines, plain


def test_tags_that_say_nothing_here_leave_their_text() -> None:
    assert plain("<b>甲</b> <i>乙</i>\n<tg-spoiler>丙</tg-spoiler><br>丁 &lt;b&gt;") == "甲 乙\n丙\n丁 <b>"


def test_a_link_is_kept_where_it_leads_to_the_web() -> None:
    html = '<a href="https://example.org/a b(1)">条文</a> <a href="javascript:alert(1)">按此</a>'

    assert plain(html) == "条文 (https://example.org/a b(1)) 按此"
    assert WECOM.line(lines(html)[0]) == "[条文](https://example.org/a%20b%281%29) 按此"


def test_the_heading_is_the_first_line_that_says_anything() -> None:
    assert heading("\n  \n<b>每日摘要 · 11月23日</b>\n渝北区") == "每日摘要 · 11月23日"


def test_bold_next_to_punctuation_is_closed() -> None:
    assert WECOM.line(lines("<b>逾期（3）</b>渝北区")[0]) == "**逾期（3）** 渝北区"
    assert WECOM.line(lines("<b>逾期</b>渝北区")[0]) == "**逾期**渝北区"
    assert WECOM.line(lines("<b> 逾期 </b>渝北区")[0]) == " **逾期** 渝北区"


def test_a_line_that_would_be_a_heading_or_a_rule_is_none() -> None:
    assert DINGTALK.line(lines("#1 锅炉")[0]) == "＃1 锅炉"
    assert DINGTALK.line(lines("---")[0]) == "\u200b---"


def test_lines_end_as_the_service_wants_it() -> None:
    told = lines("甲\n乙")

    assert list(pieces(told, DINGTALK, limit=100, measure=utf8)) == ["甲  \n乙"]
    assert list(pieces(told, FEISHU, limit=100, measure=utf8)) == ["甲\n乙"]


@given(
    st.text(alphabet="督期\U0001f4c5e\u0301*[<& \n", max_size=300), st.integers(min_value=24, max_value=80)
)
def test_no_piece_is_too_long_and_nothing_is_lost(text: str, limit: int) -> None:
    told = lines(text.replace("&", "&amp;").replace("<", "&lt;"))
    parts = list(pieces(told, WECOM, limit=limit, measure=utf8))
    signs = {ord("＊"): "*", ord("［"): "[", ord("＜"): "<", ord("＆"): "&"}

    longest_character = max((utf8(each) for each in _clusters(text)), default=0)
    assert all(utf8(part) <= max(limit, longest_character) for part in parts)
    assert "".join(parts).replace("\n", "").translate(signs) == text.replace("\n", "")


def _clusters(text: str) -> list[str]:
    found: list[str] = []
    for character in text:
        if character == "\u0301" and found:
            found[-1] += character
        else:
            found.append(character)
    return found
