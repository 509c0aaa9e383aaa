"""What one installation keeps: its database, brought up to date, its evidence folder, and the law it works by."""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from bot.config import Settings, SettingsError
from obligations.law import Law
from storage.database import Database
from storage.evidence import EvidenceFolder

BOT_USERNAME: Final = "bot.username"
"""The setting that holds the bot's username since it first ran, for the links of invitations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The stored side of a run."""

    database: Database
    folder: EvidenceFolder
    law: Law

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings) -> Iterator[Self]:
        """Create or migrate what is not there yet. On SQLite the data folder is this process's alone meanwhile.

        On PostgreSQL several processes may share the folder, or each have its own.

        Raises:
            SettingsError: another process runs on the same folder.
            DatabaseUrlError: the database URL cannot be used.
            DatabaseUnreachableError: the database server cannot be reached.
            NoticeError: a notice is malformed, or does not fit the others.
            CalendarError: a calendar file is malformed.
        """
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            database = Database(settings.database)
            stack.callback(database.close)
            if database.dialect == "sqlite":
                stack.enter_context(_held(settings.data_dir))
            database.upgrade()
            yield cls(
                database=database,
                folder=EvidenceFolder(settings.data_dir / "evidence"),
                law=Law.load(settings.law_folder),
            )


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however it ends; two runs on one folder would answer everything twice."""
    with (folder / "running.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(
                f"another duewatch run is using {folder}; stop it, or name another folder with DUEWATCH_DATA_DIR"
            ) from None
        yield
