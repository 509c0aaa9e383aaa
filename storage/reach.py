"""Who cannot be reached: organisations without a contact, contacts without an address that works. Reads only."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from obligations.notice import Level
from storage.conditions import is_dated, is_pending
from storage.contacts import reachable
from storage.models import Binding, Contact, Organisation, Stage
from storage.organisations import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeliverable:
    """A contact who can no longer be written to, and why the last address was turned off."""

    contact_name: str
    organisation_name: str
    reason: str | None


def without_contact(session: Session, scope: Scope, *, on: date) -> tuple[str, ...]:
    """Return the names of the organisations that have something pending and nobody to write to.

    Organisations that no longer exist on ``on`` are left out.
    """
    written_to = select(Contact.organisation_id).where(reachable())
    return tuple(
        session.scalars(
            select(Organisation.name)
            .where(
                Organisation.id.in_(_acting(scope)),
                Organisation.id.not_in(written_to),
                func.coalesce(Organisation.valid_to, date.max) >= on,
            )
            .order_by(Organisation.name)
        )
    )


def undeliverable(session: Session, scope: Scope) -> tuple[Undeliverable, ...]:
    """Return the contacts within a scope who had an address and have none that works now."""
    last = select(func.max(Binding.id)).group_by(Binding.contact_id)
    rows = session.execute(
        select(Contact.name, Organisation.name, Binding.inactive_reason)
        .join(Organisation, Organisation.id == Contact.organisation_id)
        .join(Binding, Binding.contact_id == Contact.id)
        .where(
            Contact.retired_at.is_(None),
            ~reachable(),
            Binding.id.in_(last),
            Organisation.id.in_(_acting(scope)),
        )
        .order_by(Organisation.name, Contact.id)
    )
    return tuple(
        Undeliverable(contact_name=contact, organisation_name=organisation, reason=reason)
        for contact, organisation, reason in rows
    )


def _acting(scope: Scope) -> Select[int]:
    """Select the organisations within a scope that have something pending; those above it are not in it."""
    below = [Stage.actor_level != Level.MUNICIPAL] if scope.level is not Level.MUNICIPAL else []
    return select(Stage.actor_id).where(scope.stages(), is_pending(), is_dated(), *below)
