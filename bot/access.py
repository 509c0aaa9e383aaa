"""Authorisation, in one place: who a reader is, what they may see and what they may decide.

It is asked at every press and every query, by the reader's own address and never by the chat's.
"""

from dataclasses import dataclass
from datetime import date
from typing import Self

from obligations.notice import Level
from storage import contacts, organisations
from storage.database import Session
from storage.decisions import Actor
from storage.models import Contact, Stage
from storage.organisations import Scope


class NotAllowedError(Exception):
    """The reader may not do or see this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A contact, as the one who asks."""

    contact_id: int
    name: str
    language: str
    lead: bool
    level: Level
    organisation_id: int
    organisation_name: str
    office: str
    """The organisation's name as a letter to it would say."""

    @classmethod
    def of(cls, contact: Contact) -> Self:
        """Return the reader that a contact is."""
        return cls(
            contact_id=contact.id,
            name=contact.name,
            language=contact.language,
            lead=contact.lead,
            level=contact.organisation.level,
            organisation_id=contact.organisation_id,
            organisation_name=contact.organisation.name,
            office=contact.organisation.office,
        )

    @property
    def scope(self) -> Scope:
        """What this reader may see."""
        return Scope(level=self.level, organisation_id=self.organisation_id)

    @property
    def actor(self) -> Actor:
        """This reader as the one who decides."""
        return Actor(contact_id=self.contact_id, level=self.level)

    def may_see(self, session: Session, stage: Stage, *, on: date) -> bool:
        """Whether a stage may be seen by this reader on ``on``: `storage.organisations.sees` says the rule."""
        return organisations.sees(
            session, self.scope, subject_id=stage.subject_id, district_id=stage.district_id, on=on
        )

    def may_open_files(self, session: Session, stage: Stage, *, on: date) -> bool:
        """Whether the files of a stage are for this reader: a unit's own, and for those above all they may see."""
        own = self.level is not Level.UNIT or self.may_act(stage)
        return own and self.may_see(session, stage, on=on)

    def may_act(self, stage: Stage) -> bool:
        """Whether a stage is this reader's own organisation's to hand over."""
        return stage.actor_id == self.organisation_id

    def may_check(self, stage: Stage) -> bool:
        """Whether accepting or returning a stage is for this reader's organisation."""
        return stage.checker_id == self.organisation_id

    @property
    def may_record(self) -> bool:
        """Whether this reader records what happened to others: the offices do."""
        return self.level in (Level.DISTRICT, Level.MUNICIPAL)

    def require(self, allowed: bool) -> None:  # noqa: FBT001  # reads as «reader.require(reader.may_see(stage))»
        """Stop unless allowed.

        Raises:
            NotAllowedError: it is not.
        """
        if not allowed:
            raise NotAllowedError


def reader_at(session: Session, channel: str, address: str) -> Reader | None:
    """Return who is bound to an address now; None for a stranger."""
    contact = contacts.by_address(session, channel, address)
    return None if contact is None else Reader.of(contact)
