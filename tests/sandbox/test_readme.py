"""The invitations that the README shows can be typed as they stand, once the sample city is loaded."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from sandbox.city import sample_registry
from storage import registry
from storage.database import Database
from storage.types import NOTICE_ZONE

README = Path(__file__).parents[2] / "README.md"
AFTER_THE_MERGER = datetime(2026, 3, 2, 10, 0, tzinfo=NOTICE_ZONE)
INVITATIONS = re.findall(
    r"^\.venv/bin/duewatch (invite [^#\n]+)", README.read_text(encoding="utf-8"), re.MULTILINE
)


def test_one_of_them_is_for_an_administrator() -> None:
    assert any(line.split()[-1] == "--administrator" for line in INVITATIONS)


@pytest.mark.parametrize("line", INVITATIONS)
def test_who_is_invited_there_exists_today(
    line: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write(lambda session: registry.load(session, sample_registry(units=1), now=AFTER_THE_MERGER))
    monkeypatch.setenv("DUEWATCH_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DUEWATCH_DATABASE_URL", f"sqlite:///{database.path}")
    monkeypatch.setenv("DUEWATCH_NOW", AFTER_THE_MERGER.isoformat())
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code == 0, result.output
    assert "/start " in result.output
