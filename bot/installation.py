"""What one installation keeps: its database, brought up to date, its evidence folder, and the law it works by."""

from dataclasses import dataclass
from typing import Self

from bot.config import Settings
from obligations.law import Law
from storage.database import Database
from storage.evidence import EvidenceFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The stored side of a run."""

    database: Database
    folder: EvidenceFolder
    law: Law

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open, and create or migrate what is not there yet.

        Raises:
            DatabaseUrlError: the database URL cannot be used.
            NoticeError: a notice is malformed.
        """
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings.database)
        database.upgrade()
        return cls(
            database=database, folder=EvidenceFolder(settings.data_dir / "evidence"), law=Law.shipped()
        )
