"""By which channels a contact is written to, and in which order: added, taken away and put in order by an administrator."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from storage import contacts, trail
from storage.errors import NotFoundError, StorageError
from storage.models import Binding, Contact

_REPLACED = "replaced"
_REMOVED = "removed"
_LONGEST_NUMBER = 9
_SECRET = "#"  # noqa: S105  # what parts a webhook's secret from it


class AddressTakenError(StorageError):
    """Another contact is written to at this address."""

    def __init__(self, contact_id: int) -> None:
        super().__init__(f"contact {contact_id} is written to at this address already")
        self.contact_id = contact_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One way to a contact. ``off`` says why it is turned off; None while it is on. ``address`` may hold a secret."""

    channel: str
    address: str = field(repr=False)
    off: str | None


def people_of(session: Session, organisation_id: int) -> Sequence[Contact]:
    """Return an organisation's contacts who have not left, reachable or not, with the organisation."""
    return _people(session, Contact.organisation_id == organisation_id)


def people_named(session: Session, words: str) -> Sequence[Contact]:
    """Return the contacts of a name who have not left; where there is none and it is a number, the one of this id."""
    found = _people(session, Contact.name == words)
    if found or not words.isdecimal() or not words.isascii() or len(words) > _LONGEST_NUMBER:
        return found
    return _people(session, Contact.id == int(words))


def of_contact(session: Session, contact_id: int) -> Sequence[Bound]:
    """Return the ways to a contact: those that are on in the order they are tried, then those that failed and are off.

    Not what was replaced or removed, nor what failed on a channel that has another address since.
    """
    last: dict[str, Binding] = {}
    for each in session.scalars(
        select(Binding).where(Binding.contact_id == contact_id).order_by(Binding.active, Binding.id)
    ):
        last[each.channel] = each
    kept = [
        each for each in last.values() if each.active or each.inactive_reason not in (_REPLACED, _REMOVED)
    ]
    kept.sort(key=lambda each: (not each.active, each.priority, each.id))
    return [
        Bound(
            channel=each.channel,
            address=each.address,
            off=None if each.active else each.inactive_reason or "",
        )
        for each in kept
    ]


def channels_of(session: Session, contact_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the channels that contacts are written to by, in the order they are tried; who has none is left out."""
    found: dict[int, tuple[str, ...]] = {}
    for contact_id, channel in session.execute(
        select(Binding.contact_id, Binding.channel)
        .where(Binding.contact_id.in_(contact_ids), Binding.active)
        .order_by(Binding.contact_id, Binding.priority, Binding.id)
    ):
        found[contact_id] = (*found.get(contact_id, ()), channel)
    return found


def channels_in_use(session: Session) -> frozenset[str]:
    """Return the channels by which anybody is written to."""
    return frozenset(session.scalars(select(Binding.channel).where(Binding.active).distinct()))


def add(
    session: Session, contact_id: int, *, channel: str, address: str, first: bool = False, now: datetime
) -> None:
    """Write to a contact at an address too: after the others, or ``first``. An address on the same channel is replaced.

    The trail notes the channel, never the address: it may hold a secret.

    Raises:
        NotFoundError: no contact has this id.
        AddressTakenError: another contact has the address, with this secret or another one.
    """
    contact = contacts.get(session, contact_id)
    place = address.partition(_SECRET)[0]
    same = or_(Binding.address == place, Binding.address.startswith(place + _SECRET, autoescape=True))
    other = session.scalar(
        select(Binding.contact_id).where(
            Binding.channel == channel, Binding.active, Binding.contact_id != contact_id, same
        )
    )
    if other is not None:
        raise AddressTakenError(other)
    ways = _active(session, contact_id)
    replaced = [each for each in ways if each.channel == channel]
    for each in replaced:
        each.active, each.inactive_reason = False, _REPLACED
    session.flush()
    rest = [each for each in ways if each.channel != channel]
    if first:
        priority = min((each.priority for each in rest), default=1) - 1
    elif replaced:
        priority = replaced[0].priority
    else:
        priority = max((each.priority for each in rest), default=-1) + 1
    session.add(
        Binding(
            contact_id=contact_id,
            channel=channel,
            address=address,
            priority=priority,
            active=True,
            inactive_reason=None,
            bound_at=now,
        )
    )
    _note(session, "channel_added", contact, channel, now=now)


def remove(session: Session, contact_id: int, channel: str, *, now: datetime) -> None:
    """Write to a contact by a channel no more.

    Raises:
        NotFoundError: no contact has this id, or this one is not written to by the channel.
    """
    contact = contacts.get(session, contact_id)
    ways = [each for each in _active(session, contact_id) if each.channel == channel]
    if not ways:
        raise NotFoundError(f"contact {contact_id} is not written to by {channel}")
    for each in ways:
        each.active, each.inactive_reason = False, _REMOVED
    _note(session, "channel_removed", contact, channel, now=now)


def reorder(session: Session, contact_id: int, channels: Sequence[str], *, now: datetime) -> None:
    """Try a contact's channels in this order; those not named come after, in the order they had.

    Raises:
        NotFoundError: no contact has this id, or this one is not written to by one of the channels.
    """
    contact = contacts.get(session, contact_id)
    ways = _active(session, contact_id)
    for channel in channels:
        if all(each.channel != channel for each in ways):
            raise NotFoundError(f"contact {contact_id} is not written to by {channel}")
    named = {channel: place for place, channel in enumerate(channels)}
    ways.sort(key=lambda each: named.get(each.channel, len(named)))
    for priority, each in enumerate(ways):
        each.priority = priority
    _note(session, "channels_ordered", contact, " ".join(each.channel for each in ways), now=now)


def _people(session: Session, condition: ColumnElement[bool]) -> Sequence[Contact]:
    return session.scalars(
        select(Contact)
        .where(condition, Contact.retired_at.is_(None))
        .order_by(Contact.id)
        .options(joinedload(Contact.organisation))
    ).all()


def _active(session: Session, contact_id: int) -> list[Binding]:
    return list(
        session.scalars(
            select(Binding)
            .where(Binding.contact_id == contact_id, Binding.active)
            .order_by(Binding.priority, Binding.id)
        )
    )


def _note(session: Session, kind: str, contact: Contact, channel: str, *, now: datetime) -> None:
    trail.record(
        session,
        kind,
        at=now,
        organisation_id=contact.organisation_id,
        contact_id=contact.id,
        channel=channel,
    )
