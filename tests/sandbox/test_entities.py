"""HTML to entities, checked against what the public Bot API documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.entities import formatted, parse_html, utf16
from sandbox.errors import ApiError


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("<b>逾期</b> 3", "逾期 3", [("bold", 0, 2)]),
        ("😀<i>好</i>", "😀好", [("italic", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("a &lt;b&gt; &amp;amp; &#65;&#x42; &copy;", "a <b> &amp; AB &copy;", []),
        ("<code>x</code>", "x", [("code", 0, 1)]),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<b></b>x", "x", []),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ('<a href="not a link">x</a>', "x", []),
        ("<B>x</B>", "x", [("bold", 0, 1)]),
    ],
)
def test_html_becomes_text_and_entities(markup: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    read = parse_html(markup)
    assert read.text == text
    assert [(e["type"], e["offset"], e["length"]) for e in read.entities] == entities


def test_a_link_keeps_its_address_with_its_references_read() -> None:
    (entity,) = parse_html("<a href='https://example.cn/?a=1&amp;b=2'>x</a>").entities
    assert entity["url"] == "https://example.cn/?a=1&b=2"


def test_the_language_of_a_code_block_is_kept() -> None:
    (entity,) = parse_html('<pre><code class="language-python">x</code></pre>').entities
    assert entity["language"] == "python"


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("好<x>", 'Unsupported start tag "x" at byte offset 3'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
    ],
)
def test_broken_html_is_refused_with_its_place(markup: str, reason: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_html(markup)
    assert caught.value.description == f"Bad Request: can't parse entities: {reason}"


def test_space_around_a_text_is_cut_and_its_entities_move() -> None:
    read = formatted("  \n<b> x </b>\n", "HTML")
    assert read.text == "x"
    assert read.entities == ({"type": "bold", "offset": 0, "length": 1},)


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("/start abc", "bot_command", "/start"),
        ("请用 /overdue@duewatch_bot 查询", "bot_command", "/overdue@duewatch_bot"),
        ("见 https://example.cn/a，谢谢", "url", "https://example.cn/a"),
        ("问 @duewatch_bot 吧", "mention", "@duewatch_bot"),
        ("发到 a.b@example.cn", "email", "a.b@example.cn"),
    ],
)
def test_what_a_client_finds_in_plain_words_is_marked(text: str, kind: str, found: str) -> None:
    (entity,) = formatted(text, None).entities
    assert entity["type"] == kind
    assert text[entity["offset"] : entity["offset"] + entity["length"]] == found


@pytest.mark.parametrize("text", ["/start你好", "3/4", "a/b/c", "//x", "2023/2"])
def test_a_slash_within_words_is_no_command(text: str) -> None:
    assert formatted(text, None).entities == ()


@given(st.text(alphabet="<>/&;ab😀 \n\"'=", max_size=60))
def test_any_markup_is_read_or_refused_and_entities_stay_in_the_text(markup: str) -> None:
    try:
        read = formatted(markup, "HTML")
    except ApiError:
        return
    assert all(0 <= e["offset"] < e["offset"] + e["length"] <= utf16(read.text) for e in read.entities)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(f"<b>{escaped}</b>").text == text
