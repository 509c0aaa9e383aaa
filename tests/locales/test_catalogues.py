"""Every sentence is seen, translated once, and with the placeholders of the English one."""

import ast
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from locales import catalogues
from locales.catalogues import extracted, faults, hidden, load

ROOT = Path(catalogues.__file__).parent.parent


def test_the_chinese_catalogue_is_complete_and_says_nothing_stale() -> None:
    assert faults(load("zh_Hans"), extracted()) == []


def test_no_sentence_hides_in_an_f_string() -> None:
    assert hidden() == []


def test_the_extraction_sees_every_sentence_that_is_said() -> None:
    """Each `text` and `plural` of a printer must be called with the sentence itself, not with a name for it."""
    said, unseen = set(), []
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr not in {"text", "plural"} or not _is_printer(node.func.value):
                continue
            sentences = node.args[: 1 if node.func.attr == "text" else 2]
            for argument in sentences:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    said.add(argument.value)
                else:
                    unseen.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    known = {part for message in extracted() for part in _parts(message.id)}
    assert unseen == []
    assert said <= known
    assert len(said) > 150


@pytest.mark.parametrize(
    ("string", "flags", "fault"),
    [
        ("", set(), "not translated"),
        ("还剩 {days} 天", {"fuzzy"}, "marked fuzzy"),
        ("还剩 {day} 天", set(), "other placeholders than the English ['days']"),
        ("还剩若干天", set(), "other placeholders than the English ['days']"),
    ],
)
def test_each_fault_of_a_translation_is_found(string: str, flags: set[str], fault: str) -> None:
    template, catalogue = Catalog(), Catalog(locale="zh_Hans")
    template.add("{days} days left")
    catalogue.add("{days} days left", string, flags=flags)
    [found] = faults(catalogue, template)
    assert found.startswith(fault)


def test_a_sentence_nobody_says_any_more_is_found() -> None:
    catalogue = Catalog(locale="zh_Hans")
    catalogue.add("An old sentence.", "旧句。")
    assert faults(catalogue, Catalog()) == ["no longer said: 'An old sentence.'"]


def test_chinese_is_set_as_an_official_notice_is() -> None:
    """Full-width punctuation between Chinese characters, no English left over, no sentence without an end."""
    for message in load("zh_Hans"):
        if not message.id:
            continue
        for part in _parts(message.string):
            assert not any(f"{mark}{c}" in part for mark in ",;?!" for c in "的了不请您事材期"), part
            assert "你" not in part.replace("您", ""), part


def _is_printer(value: ast.expr) -> bool:
    return (isinstance(value, ast.Name) and value.id == "p") or (
        isinstance(value, ast.Attribute) and value.attr == "p"
    )


def _parts(text: object) -> list[str]:
    return [text] if isinstance(text, str) else [str(part) for part in text]  # type: ignore[attr-defined]  # a pair
