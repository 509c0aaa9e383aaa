"""One data folder is one process's, and what it needs is made when it opens."""

from pathlib import Path

import pytest

from bot.config import Settings, SettingsError
from bot.installation import Installation


def test_what_is_not_there_yet_is_made(tmp_path: Path) -> None:
    with Installation.opened(Settings(data_dir=tmp_path / "new")) as installation:
        assert installation.database.pending_changes() == []
        assert installation.law.rulebook.rule("monthly-evidence").name == "monthly-evidence"


def test_two_runs_on_one_folder_are_refused_and_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with (
        Installation.opened(settings),
        pytest.raises(SettingsError, match="DUEWATCH_DATA_DIR"),
        Installation.opened(settings),
    ):
        pass
    with Installation.opened(settings) as again:
        assert again.database.pending_changes() == []
