"""A terminal for tests: runs a command of the program in a data folder of its own, on 1 March 2024."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

NOW = datetime(2024, 3, 1, 1, 0, tzinfo=UTC)


def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the commands of a test work in an empty data folder at `NOW`; return the folder around it."""
    for name in [name for name in os.environ if name.startswith("DUEWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DUEWATCH_NOW", NOW.isoformat())
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def told(*arguments: str) -> Any:  # noqa: ANN401  # whatever JSON the command prints
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*arguments: str, code: int) -> str:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("duewatch: ")
    assert result.stderr.count("\n") == 1
    return result.stderr
