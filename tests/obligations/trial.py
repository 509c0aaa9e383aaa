"""Small notices that are made up, written to files as an administrator would and read as any other."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from obligations.notice import Rulebook, load_rulebook

_TEXT = {"zh": "试行", "en": "Trial"}


def stage(
    deadline: Mapping[str, object],
    *,
    name: str = "unit",
    actor: str = "unit",
    per: str = "unit",
) -> dict[str, Any]:
    """Return one stage with this deadline."""
    return {
        "name": name,
        "actor": actor,
        "per": per,
        "title": _TEXT,
        "clause": "一",
        "source_words": "应当",
        "submit_to": "municipal",
        "deadline": dict(deadline),
        "evidence": _TEXT,
        "hardness": "hard",
    }


def rule(
    stages: Sequence[Mapping[str, Any]],
    *,
    name: str = "report",
    of_duty: str | None = None,
    absorbs: Sequence[str] = (),
    sectors: str | Sequence[str] = "power",
    first: str = "2024",
    last: str | None = None,
    recurrence: str = "yearly",
) -> dict[str, Any]:
    """Return one rule with these stages."""
    made: dict[str, Any] = {
        "name": name,
        "title": _TEXT,
        "recurrence": recurrence,
        "first_period": first,
        "sectors": sectors if isinstance(sectors, str) else list(sectors),
        "absorbs": list(absorbs),
        "stages": [dict(each) for each in stages],
    }
    if of_duty is not None:
        made["of_duty"] = of_duty
    if last is not None:
        made["last_period"] = last
    return made


def notice(
    number: str,
    rules: Sequence[Mapping[str, Any]],
    *,
    authority: str = "municipal",
    issued_on: str = "2023-01-01",
    in_force_on: str | None = None,
    version: str = "1",
    source: str = "official",
) -> dict[str, Any]:
    """Return one notice with these rules."""
    return {
        "number": number,
        "version": version,
        "authority": authority,
        "issued_on": issued_on,
        "in_force_on": in_force_on or issued_on,
        "zone": "Asia/Shanghai",
        "title": _TEXT,
        "issuer": _TEXT,
        "provenance": {"source": source, "note": _TEXT},
        "rules": [dict(each) for each in rules],
    }


def rulebook(folder: Path, notices: Iterable[Mapping[str, Any]]) -> Rulebook:
    """Write the notices into a folder, in this order of file names, and read them."""
    for index, each in enumerate(notices):
        head = "\n".join(f"{key} = {_toml(value, key)}" for key, value in each.items())
        (folder / f"{index:02}.toml").write_text(head + "\n", encoding="utf-8")
    return load_rulebook(folder)


def _toml(value: object, key: str) -> str:
    match value:
        case Mapping():
            return "{ " + ", ".join(f"{name} = {_toml(each, name)}" for name, each in value.items()) + " }"
        case list():
            return "[" + ", ".join(_toml(each, key) for each in value) + "]"
        case str() if key in {"issued_on", "in_force_on", "on"}:
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
