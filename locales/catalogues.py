"""Keeps the catalogues in step with the code: ``python -m locales.catalogues`` updates, ``--check`` looks.

English needs no catalogue: the message-ids are the English sentences.
"""

import ast
import io
import re
import string
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from locales.printer import DOMAIN, LANGUAGES

_ROOT = Path(__file__).parent
_KEYWORDS: dict[str, tuple[int, ...] | None] = {"text": None, "plural": (1, 2), "N_": None}
_SPEAKING_ROOMS = ("bot",)


def extracted() -> Catalog:
    """Return a catalogue of every sentence the code can say."""
    catalogue = Catalog(project="Duewatch", charset="utf-8")
    for room in _SPEAKING_ROOMS:
        folder = _ROOT.parent / room
        for name, line, message, comments, context in extract_from_dir(
            folder, method_map=[("**.py", "python")], keywords=_KEYWORDS, comment_tags=("Translators:",)
        ):
            catalogue.add(message, None, [(f"{room}/{name}", line)], auto_comments=comments, context=context)
    return catalogue


def hidden() -> list[str]:
    """Return the places where a sentence stands inside an f-string, where the extraction cannot see it."""
    return [
        f"{path.relative_to(_ROOT.parent)}:{outer.lineno}: a sentence inside an f-string"
        for room in _SPEAKING_ROOMS
        for path in sorted((_ROOT.parent / room).rglob("*.py"))
        for outer in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(outer, ast.JoinedStr) and any(_speaks(inner) for inner in ast.walk(outer))
    ]


def path_of(locale: str) -> Path:
    """Return where a locale's catalogue is kept."""
    return _ROOT / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def load(locale: str) -> Catalog:
    """Return a locale's catalogue; an empty one where there is none yet."""
    path = path_of(locale)
    if not path.exists():
        return Catalog(locale=locale, project="Duewatch", charset="utf-8")
    return read_po(io.BytesIO(path.read_bytes()), locale=locale, abort_invalid=True)


def faults(catalogue: Catalog, template: Catalog) -> list[str]:
    """Return what is wrong with a catalogue: sentences missing, stale, fuzzy, or with other placeholders."""
    found = []
    for message in template:
        if not message.id:
            continue
        translated = catalogue.get(message.id)
        if translated is None or not _strings(translated) or not all(_strings(translated)):
            found.append(f"not translated: {_ids(message)[0]!r}")
        elif translated.fuzzy:
            found.append(f"marked fuzzy: {_ids(message)[0]!r}")
        else:
            wanted = set().union(*(_placeholders(text) for text in _ids(message)))
            found.extend(
                f"other placeholders than the English {sorted(wanted)}: {text!r}"
                for text in _strings(translated)
                if _placeholders(text) != wanted
            )
    found.extend(
        f"no longer said: {_ids(message)[0]!r}"
        for message in catalogue
        if message.id and template.get(message.id) is None
    )
    return found


def update() -> None:
    """Bring every catalogue in step with the code, and keep what was translated."""
    template = extracted()
    for locale in LANGUAGES.values():
        if locale == "en":
            continue
        catalogue = load(locale)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        save(locale, catalogue)


def save(locale: str, catalogue: Catalog) -> None:
    """Write a catalogue without what would change at every run: dates, places in the code, tool names."""
    catalogue.header_comment = f"# 督期 Duewatch: {locale}."
    catalogue.fuzzy = False
    content = io.BytesIO()
    write_po(content, catalogue, width=110, no_location=True, ignore_obsolete=True, sort_output=True)
    changing = rb'"(Project-Id|Report-Msgid|POT-|PO-|Last-Translator|Language-Team|Generated-By).*\n'
    path_of(locale).parent.mkdir(parents=True, exist_ok=True)
    path_of(locale).write_bytes(re.sub(changing, b"", content.getvalue()))


def main(arguments: list[str]) -> int:
    """Run from the command line; returns the exit code."""
    if "--check" not in arguments:
        update()
    template = extracted()
    found = [
        f"{path_of(locale).relative_to(_ROOT.parent)}: {fault}"
        for locale in LANGUAGES.values()
        if locale != "en"
        for fault in faults(load(locale), template)
    ]
    found += hidden()
    for fault in found:
        sys.stderr.write(fault + "\n")
    if found:
        sys.stderr.write("Run `make catalogues`, then translate what is missing.\n")
    return 1 if found else 0


def _speaks(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _KEYWORDS


def _ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def _strings(message: Message) -> list[str]:
    if isinstance(message.string, str):
        return [message.string] if message.string else []
    return list(message.string or ())


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
