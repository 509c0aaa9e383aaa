"""The contacts of a registry: brought in step with their rows, and invited where they are bound to no chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import bindings, contacts
from storage.bindings import AddressTakenError
from storage.models import Binding, Contact, Organisation
from storage.registry_rows import ContactRow, Fault, FaultCode, RegistryError

CHANNEL = "telegram"
"""The channel that a contact's address in a sample registry is on."""

EMAIL = "email"
"""The channel that a contact's mailbox is on."""


class State(StrEnum):
    """What loading a row did to its contact."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A contact as it is stored now, with the row it comes from and what that changed."""

    row: ContactRow
    contact: Contact
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedInvitation:
    """A single-use token, shown this once: only its hash is stored."""

    organisation: str
    contact: str
    lead: bool
    token: str


def put(session: Session, row: ContactRow, organisation_id: int, *, now: datetime) -> Person:
    """Bring an organisation's contact of the row's name in step with the row; where there is none, make it.

    Who left stays so: the same name again is a new contact.

    Raises:
        RegistryError: the row's mailbox is another contact's.
    """
    contact = session.scalar(
        select(Contact).where(
            Contact.organisation_id == organisation_id,
            Contact.name == row.name,
            Contact.retired_at.is_(None),
        )
    )
    if contact is None:
        contact = contacts.add(
            session,
            organisation_id,
            name=row.name,
            lead=row.lead,
            language=row.language,
            channel=None if row.address is None else CHANNEL,
            address=row.address,
            now=now,
        )
        _write_to(session, contact, row, now=now)
        return Person(row=row, contact=contact, state=State.CREATED)
    written = _write_to(session, contact, row, now=now)
    if (contact.lead, contact.language) == (row.lead, row.language) and not written:
        return Person(row=row, contact=contact, state=State.UNCHANGED)
    contact.lead, contact.language = row.lead, row.language
    return Person(row=row, contact=contact, state=State.UPDATED)


def _write_to(session: Session, contact: Contact, row: ContactRow, *, now: datetime) -> bool:
    """Write to a contact at the row's mailbox too, where it gives one; returns whether that is new.

    Raises:
        RegistryError: another contact has the mailbox.
    """
    if row.email is None or row.email == contacts.address_of(session, contact.id, EMAIL):
        return False
    try:
        bindings.add(session, contact.id, channel=EMAIL, address=row.email, now=now)
    except AddressTakenError as error:
        other = contacts.get(session, error.contact_id)
        fault = Fault(
            code=FaultCode.MAILBOX_TAKEN, place=row.place, column="email", arguments={"found": other.name}
        )
        raise RegistryError((fault,)) from None
    return True


def invite(session: Session, people: Sequence[Person], *, now: datetime) -> tuple[IssuedInvitation, ...]:
    """Make a new invitation for everyone who is not bound to a chat."""
    bound = set(session.scalars(select(Binding.contact_id).where(Binding.active, Binding.channel == CHANNEL)))
    issued = []
    for person in people:
        contact = person.contact
        if contact.id in bound:
            continue
        token = contacts.invite(
            session, contact.organisation_id, lead=person.row.lead, contact_id=contact.id, now=now
        )
        organisation = session.get_one(Organisation, contact.organisation_id)
        issued.append(
            IssuedInvitation(
                organisation=organisation.name, contact=contact.name, lead=person.row.lead, token=token
            )
        )
    return tuple(issued)
