"""People: how they are invited, bound to a chat, and found again. The plain token of an invitation is never stored."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, joinedload

from storage import organisations, trail
from storage.errors import InvitationRefusedError, NotFoundError
from storage.models import Binding, Contact, Conversation, Invitation

INVITATION_VALID_FOR = timedelta(days=14)
_LONGEST_REASON = 200
_ENROLLED_ELSEWHERE = "enrolled elsewhere"


def reachable() -> ColumnElement[bool]:
    """Return the condition that a contact can be written to: not retired, and bound to a chat."""
    return Contact.retired_at.is_(None) & Contact.id.in_(select(Binding.contact_id).where(Binding.active))


def invite(
    session: Session,
    organisation_id: int,
    *,
    lead: bool,
    now: datetime,
    administrator: bool = False,
    by: int | None = None,
    contact_id: int | None = None,
    valid_for: timedelta = INVITATION_VALID_FOR,
) -> str:
    """Create a single-use invitation and return its token, which fits a Telegram deep link (43 of ``A-Za-z0-9_-``).

    With ``contact_id`` it binds that contact, known from a registry; without, it makes a new one. An ``administrator``
    hears alarms about Duewatch itself, whatever the organisation.
    """
    organisation = organisations.get(session, organisation_id)
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            token_hash=_hash(token),
            organisation_id=organisation.id,
            lead=lead,
            administrator=administrator,
            created_at=now,
            expires_at=now + valid_for,
            contact_id=contact_id,
        )
    )
    trail.record(
        session,
        "invited",
        at=now,
        organisation_id=organisation.id,
        contact_id=by,
        lead=lead,
        **_as_administrator(administrator),
    )
    return token


def enrol(
    session: Session, token: str, *, name: str, language: str, channel: str, address: str, now: datetime
) -> Contact:
    """Use up an invitation: bind the address to its contact, or to a new one; it leaves any contact it had before.

    A contact known from a registry keeps its name and language, and leaves any address it had on this channel.

    Raises:
        InvitationRefusedError: unknown, used or expired; the message does not say which, so as to teach a stranger
            nothing.
    """
    invitation = session.scalar(select(Invitation).where(Invitation.token_hash == _hash(token)))
    if invitation is None or invitation.used_at is not None or invitation.expires_at <= now:
        raise InvitationRefusedError
    known = None if invitation.contact_id is None else get(session, invitation.contact_id)
    if known is not None and known.retired_at is not None:
        raise InvitationRefusedError
    leaving = Binding.address == address
    if known is not None:
        leaving |= Binding.contact_id == known.id
    session.execute(
        update(Binding)
        .where(Binding.channel == channel, leaving, Binding.active)
        .values(active=False, inactive_reason=_ENROLLED_ELSEWHERE)
    )
    if known is None:
        contact = add(
            session,
            invitation.organisation_id,
            name=name,
            lead=invitation.lead,
            administrator=invitation.administrator,
            language=language,
            channel=channel,
            address=address,
            now=now,
        )
    else:
        contact = known
        contact.administrator = known.administrator or invitation.administrator
        _bind(session, contact, channel=channel, address=address, now=now)
        trail.record(
            session,
            "enrolled",
            at=now,
            organisation_id=contact.organisation_id,
            contact_id=contact.id,
            lead=contact.lead,
            **_as_administrator(invitation.administrator),
        )
    invitation.used_at = now
    invitation.contact_id = contact.id
    return contact


def add(
    session: Session,
    organisation_id: int,
    *,
    name: str,
    lead: bool,
    language: str,
    channel: str | None,
    address: str | None,
    now: datetime,
    administrator: bool = False,
) -> Contact:
    """Add a contact to an organisation, bound to an address where one is known."""
    contact = Contact(
        organisation_id=organisation_id,
        name=name,
        lead=lead,
        administrator=administrator,
        language=language,
        retired_at=None,
        created_at=now,
    )
    session.add(contact)
    session.flush()
    if channel is not None and address is not None:
        _bind(session, contact, channel=channel, address=address, now=now)
    trail.record(
        session,
        "enrolled",
        at=now,
        organisation_id=organisation_id,
        contact_id=contact.id,
        lead=lead,
        **_as_administrator(administrator),
    )
    return contact


def by_address(session: Session, channel: str, address: str) -> Contact | None:
    """Return the contact who is bound to an address now, with the organisation; None for a stranger."""
    return session.scalar(
        select(Contact)
        .join(Binding, Binding.contact_id == Contact.id)
        .where(
            Binding.channel == channel,
            Binding.address == address,
            Binding.active,
            Contact.retired_at.is_(None),
        )
        .options(joinedload(Contact.organisation))
    )


def get(session: Session, contact_id: int) -> Contact:
    """Return one contact with the organisation.

    Raises:
        NotFoundError: no contact has this id.
    """
    contact = session.scalar(
        select(Contact).where(Contact.id == contact_id).options(joinedload(Contact.organisation))
    )
    if contact is None:
        raise NotFoundError(f"there is no contact {contact_id}")
    return contact


def of_organisation(session: Session, organisation_id: int) -> Sequence[Contact]:
    """Return an organisation's contacts who can be reached now."""
    return session.scalars(
        select(Contact).where(Contact.organisation_id == organisation_id, reachable()).order_by(Contact.id)
    ).all()


def staff_of(session: Session, organisation_id: int) -> Sequence[Contact]:
    """Return whom an organisation's news is for: its leads only where nobody else can be reached, for they read digests."""
    people = of_organisation(session, organisation_id)
    return [contact for contact in people if not contact.lead] or people


def administrators(session: Session) -> Sequence[Contact]:
    """Return who hears alarms and can be reached now."""
    return session.scalars(
        select(Contact).where(Contact.administrator, reachable()).order_by(Contact.id)
    ).all()


def address_of(session: Session, contact_id: int, channel: str) -> str | None:
    """Return a contact's active address on a channel."""
    return session.scalar(
        select(Binding.address).where(
            Binding.contact_id == contact_id, Binding.channel == channel, Binding.active
        )
    )


def bound(session: Session, channel: str) -> Sequence[tuple[Contact, str]]:
    """Return everyone who is bound to a channel now, with the address there."""
    rows = session.execute(
        select(Contact, Binding.address)
        .join(Binding, Binding.contact_id == Contact.id)
        .where(Binding.channel == channel, Binding.active, Contact.retired_at.is_(None))
        .order_by(Contact.id)
    )
    return [(contact, address) for contact, address in rows]


def unbind(session: Session, channel: str, address: str, *, reason: str, now: datetime) -> None:
    """Turn an address off because it can no longer be reached; the contact and the history stay."""
    contact = by_address(session, channel, address)
    if contact is None:
        return
    session.execute(
        update(Binding)
        .where(Binding.channel == channel, Binding.address == address, Binding.active)
        .values(active=False, inactive_reason=reason[:_LONGEST_REASON])
    )
    trail.record(
        session,
        "unreachable",
        at=now,
        organisation_id=contact.organisation_id,
        contact_id=contact.id,
        reason=reason,
    )


def rebind(session: Session, channel: str, address: str, *, to: str) -> None:
    """Move an active binding to a new address, as when a chat migrates.

    Where somebody enrolled at the new address meanwhile, that newer binding stays and the old one is turned off.
    """
    moved: dict[str, object] = {"address": to}
    if session.scalar(
        select(Binding.id).where(Binding.channel == channel, Binding.address == to, Binding.active)
    ):
        moved = {"active": False, "inactive_reason": _ENROLLED_ELSEWHERE}
    session.execute(
        update(Binding)
        .where(Binding.channel == channel, Binding.address == address, Binding.active)
        .values(moved)
    )


def revive(session: Session, channel: str, address: str) -> None:
    """Turn a binding on again that was turned off because it could not be reached.

    Only the last one of the address: whoever enrolled there earlier has left it, whatever became of the last.
    """
    last = session.scalar(
        select(Binding)
        .where(Binding.channel == channel, Binding.address == address)
        .order_by(Binding.id.desc())
        .limit(1)
    )
    if last is None or last.active or last.inactive_reason == _ENROLLED_ELSEWHERE:
        return
    if get(session, last.contact_id).retired_at is None:
        last.active = True
        last.inactive_reason = None


def set_language(session: Session, contact_id: int, language: str) -> None:
    """Choose the language a contact is written to in."""
    get(session, contact_id).language = language


def conversation(session: Session, contact_id: int) -> dict[str, object]:
    """Return what a contact's next message answers; empty when nothing is awaited."""
    awaited = session.get(Conversation, contact_id)
    return dict(awaited.state) if awaited is not None else {}


def expect(session: Session, contact_id: int, state: dict[str, object], *, now: datetime) -> None:
    """Remember what a contact's next message will answer; an empty state forgets it."""
    awaited = session.get(Conversation, contact_id)
    if awaited is None:
        session.add(Conversation(contact_id=contact_id, state=state, updated_at=now))
    else:
        awaited.state = state
        awaited.updated_at = now


def _as_administrator(administrator: bool) -> dict[str, bool]:  # noqa: FBT001  # the one thing it is about
    """Return what the trail says of it: a line about anybody else stays as it always was."""
    return {"administrator": True} if administrator else {}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _bind(session: Session, contact: Contact, *, channel: str, address: str, now: datetime) -> None:
    session.add(
        Binding(
            contact_id=contact.id,
            channel=channel,
            address=address,
            active=True,
            inactive_reason=None,
            bound_at=now,
        )
    )
    session.flush()
