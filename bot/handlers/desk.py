"""The desk a handler works at: the reader, the transaction, the law, and the hour."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from bot.access import Reader
from bot.screen import Press
from bot.wording.phrases import Voice
from locales.printer import Printer
from obligations.decisions import Status
from obligations.law import Law
from storage import contacts, decisions, evidence, organisations, overview
from storage.database import Session
from storage.errors import StaleError
from storage.evidence import EvidenceFolder
from storage.models import Evidence, Stage
from storage.overview import Item
from storage.types import local_date

AWAIT_FILE: Final = "file"
"""A stage was named; the files to come are for it."""
AWAIT_STAGE: Final = "stage"
"""Files came; which stage they are for is still to be said."""
AWAIT_REASON: Final = "reason"
"""A return was begun; its reason is to be typed."""

AWAIT_RECORD: Final = "record"
"""Something that happened is being recorded; the next step of it is to be typed."""
AWAIT_TONNES: Final = "tonnes"
"""The use of CCER is being declared; the amount is to be typed."""

_SEAL_LENGTH: Final = 8
_AWAITED_FOR: Final = timedelta(hours=24)


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

    @property
    def law_today(self) -> Law:
        """The law as it stands today: what an explanation goes by."""
        return self.law.on(self.today)

    def stage(self, stage_id: int) -> Stage:
        """Return a stage this reader may see.

        Raises:
            NotAllowedError: it is outside the reader's scope.
            NotFoundError: there is none.
        """
        stage = decisions.get(self.session, stage_id)
        self.reader.require(self.reader.may_see(self.session, stage, on=self.today))
        return stage

    def item(self, stage: Stage) -> Item:
        """Return what the lists show of a stage."""
        return overview.item(self.session, stage.id)

    def neighbours(self, stage: Stage) -> tuple[Stage | None, Stage | None]:
        """Return the stages before and after one in its chain; what was let go stands for nothing."""
        chain = decisions.chain_of(self.session, stage.obligation_id)
        going = [each for each in chain if each.status is not Status.WAIVED]
        before = [each for each in going if each.position < stage.position]
        after = [each for each in going if each.position > stage.position]
        return before[-1] if before else None, after[0] if after else None

    def files(self, stage: Stage) -> Sequence[Evidence]:
        """Return the files a stage's check rests on, its own and the earlier stages', as far as this reader may open them."""
        chain = decisions.chain_of(self.session, stage.obligation_id)
        return [
            file
            for each in chain[: stage.position + 1]
            if self.reader.may_open_files(self.session, each, on=self.today)
            for file in evidence.of_stage(self.session, each.id)
        ]

    def expect(self, what: str, **facts: object) -> str:
        """Remember what the reader's next message answers, for a day at most.

        Returns the seal of what is remembered: the button that is to record it carries it.
        """
        until = (self.now + _AWAITED_FOR).isoformat()
        state = {"await": what, "until": until, **facts}
        contacts.expect(self.session, self.reader.contact_id, state, now=self.now)
        return _seal(state)

    def awaited(self, what: str) -> Mapping[str, object] | None:
        """Return what was remembered of a question still open; None where another is, or none."""
        state = contacts.conversation(self.session, self.reader.contact_id)
        if state.get("await") != what or datetime.fromisoformat(str(state["until"])) < self.now:
            return None
        return state

    def require_seal(self, asked: Mapping[str, object], press: Press, index: int) -> None:
        """Stop unless a button was drawn for what is remembered now.

        Raises:
            MalformedPressError: the button carries no seal.
            StaleError: it was drawn for something else.
        """
        if press.word(index) != _seal(asked):
            raise StaleError

    def forget(self, *what: str) -> None:
        """Forget what was asked; only questions of these kinds where any are named."""
        if not what or any(self.awaited(each) is not None for each in what):
            contacts.expect(self.session, self.reader.contact_id, {}, now=self.now)

    def office_of(self, organisation_id: int | None) -> str | None:
        """Return an office's name as a letter to it would say; None where nobody checks."""
        if organisation_id is None:
            return None
        return organisations.get(self.session, organisation_id).office


def _seal(state: Mapping[str, object]) -> str:
    """Return eight characters that are others for another content; when it lapses is no part of it."""
    content = json.dumps({name: value for name, value in state.items() if name != "until"}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:_SEAL_LENGTH]
