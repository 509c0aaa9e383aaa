"""The desk a handler works at: the reader, the transaction, the law, and the hour."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.access import Reader
from bot.wording.phrases import Voice
from locales.printer import Printer
from obligations.law import Law
from storage import decisions, organisations, overview
from storage.database import Session
from storage.evidence import EvidenceFolder
from storage.models import Stage
from storage.overview import Item
from storage.types import local_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One reader's request, within one transaction."""

    session: Session
    law: Law
    folder: EvidenceFolder
    reader: Reader
    now: datetime

    @property
    def today(self) -> date:
        """The day it is in the notice's zone."""
        return local_date(self.now)

    @property
    def voice(self) -> Voice:
        """The voice that speaks to this reader."""
        return Voice(p=Printer.for_language(self.reader.language), law=self.law, today=self.today)

    def stage(self, stage_id: int) -> Stage:
        """Return a stage this reader may see.

        Raises:
            NotAllowedError: it is outside the reader's scope.
            NotFoundError: there is none.
        """
        stage = decisions.get(self.session, stage_id)
        self.reader.require(self.reader.may_see(stage))
        return stage

    def item(self, stage: Stage) -> Item:
        """Return what the lists show of a stage."""
        return overview.item(self.session, stage.id)

    def neighbours(self, stage: Stage) -> tuple[Stage | None, Stage | None]:
        """Return the stages before and after one in its chain."""
        chain = decisions.chain_of(self.session, stage.obligation_id)
        before = chain[stage.position - 1] if stage.position > 0 else None
        after = chain[stage.position + 1] if stage.position + 1 < len(chain) else None
        return before, after

    def office_of(self, organisation_id: int | None) -> str | None:
        """Return an office's name as a letter to it would say; None where nobody checks."""
        if organisation_id is None:
            return None
        return organisations.get(self.session, organisation_id).office
