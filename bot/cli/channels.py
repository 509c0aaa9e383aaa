"""``duewatch channels``: by which ways a contact is written to, in which order, and whether one works."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

import click

from bot.channels.addresses import AddressError, Webhook, mailbox, masked
from bot.channels.services import EMAIL, SERVICES
from bot.cli.terminal import (
    Refusal,
    as_json,
    as_told,
    columns,
    law,
    misused,
    now_of,
    reading,
    settings,
)
from bot.config import Settings
from bot.screen import Screen
from bot.wording.phrases import bold, safe
from jobs.channel import Receipt
from locales.printer import LANGUAGES, Printer
from storage import bindings, contacts, organisations
from storage.bindings import AddressTakenError, Bound
from storage.database import Database, Session
from storage.errors import NotFoundError
from storage.models import Contact, Outcome

_TELEGRAM = "telegram"
_CHANNELS = click.Choice([EMAIL, *SERVICES])
_ANY_CHANNEL = click.Choice([_TELEGRAM, EMAIL, *SERVICES])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """A contact as the commands name them."""

    id: int
    name: str
    organisation: str
    lead: bool
    language: str


@click.group()
def channels() -> None:
    """Say by which channels contacts are written to. WHO is an organisation, a contact's name, or a contact's number."""


@channels.command("list")
@click.argument("who")
@as_json
@click.pass_obj
def list_(p: Printer, *, who: str, as_json: bool) -> None:
    """List the channels of a contact, or of everyone of an organisation, in the order they are tried."""
    with reading(p, settings()) as database:

        def work(session: Session) -> list[tuple[_Person, Sequence[Bound]]]:
            return [(each, bindings.of_contact(session, each.id)) for each in _people(p, session, who)]

        found = database.read(work)
    if as_json:
        as_told([{**asdict(each), "channels": [_told(way) for way in ways]} for each, ways in found])
        return
    for each, ways in found:
        click.echo(p.text("{number}  {name} · {organisation}", number=each.id, **_names(each)))
        rows = [(f"  {place}. {way.channel}", _shown(p, way)) for place, way in enumerate(ways, start=1)]
        columns(rows or [("  " + p.text("no channel"), "")])


@channels.command()
@click.argument("who")
@click.argument("channel", type=_CHANNELS)
@click.argument("address", required=False)
@click.option("--first", is_flag=True, help="Try it before the others.")
@click.option(
    "--group", metavar="NAME", help="For the group a robot is in: a contact of the organisation WHO."
)
@click.option(
    "--language", type=click.Choice(list(LANGUAGES)), default="zh-hans", help="A new group's language."
)
@as_json
@click.pass_obj
def add(
    p: Printer,
    *,
    who: str,
    channel: str,
    address: str | None,
    first: bool,
    group: str | None,
    language: str,
    as_json: bool,
) -> None:
    """Write to WHO by CHANNEL too. Without ADDRESS it is asked for, unseen: a robot's is a secret, URL or URL#SECRET."""
    chosen = settings()
    now = now_of(chosen)
    typed = address or click.prompt(p.text("Address"), hide_input=channel in SERVICES, err=True)
    checked = _checked(chosen, channel, typed)

    def work(session: Session) -> tuple[_Person, Sequence[Bound]]:
        person = (
            _one(p, session, who)
            if group is None
            else _group(p, session, who, group, language=language, now=now)
        )
        try:
            bindings.add(session, person.id, channel=channel, address=checked, first=first, now=now)
        except AddressTakenError as error:
            other = contacts.get(session, error.contact_id)
            misused(
                p.text(
                    "{name} of {organisation} is written to at this address already",
                    name=other.name,
                    organisation=other.organisation.name,
                )
            )
        return person, bindings.of_contact(session, person.id)

    with reading(p, chosen) as database:
        person, ways = database.write(work)
    _report(p, person, ways, as_json=as_json)


@channels.command()
@click.argument("who")
@click.argument("channel", type=_ANY_CHANNEL)
@as_json
@click.pass_obj
def remove(p: Printer, *, who: str, channel: str, as_json: bool) -> None:
    """Write to WHO by CHANNEL no more."""
    _change(p, who, partial(bindings.remove, channel=channel), as_json=as_json)


@channels.command()
@click.argument("who")
@click.argument("order", metavar="CHANNEL...", nargs=-1, required=True, type=_ANY_CHANNEL)
@as_json
@click.pass_obj
def order(p: Printer, *, who: str, order: tuple[str, ...], as_json: bool) -> None:
    """Try the channels of WHO in this order; those not named come after."""
    _change(p, who, partial(bindings.reorder, channels=order), as_json=as_json)


@channels.command()
@click.argument("who")
@click.argument("channel", type=_CHANNELS, required=False)
@as_json
@click.pass_obj
def test(p: Printer, *, who: str, channel: str | None, as_json: bool) -> None:
    """Send WHO one test message by CHANNEL, or by the first there is, and say what came back."""
    chosen = settings()
    with reading(p, chosen) as database:

        def work(session: Session) -> tuple[_Person, Sequence[Bound]]:
            person = _one(p, session, who)
            return person, bindings.of_contact(session, person.id)

        person, ways = database.read(work)
        possible = [way for way in ways if way.channel != _TELEGRAM and channel in (None, way.channel)]
        if not possible:
            misused(
                p.text("{name} has no such channel; add one first: duewatch channels add", name=person.name)
            )
        receipt = asyncio.run(_try(p, chosen, database, person, possible[0]))
    outcome = receipt.outcome is Outcome.SENT
    if as_json:
        as_told(
            {
                **asdict(person),
                "channel": possible[0].channel,
                "outcome": receipt.outcome.value,
                "reason": receipt.reason,
                "address_refused": receipt.unbind,
            }
        )
    if not outcome:
        raise Refusal(_failed(p, possible[0], receipt))
    if not as_json:
        click.echo(p.text("Sent by {channel} to {address}.", **_way(possible[0])))


async def _try(p: Printer, chosen: Settings, database: Database, person: _Person, way: Bound) -> Receipt:
    voice = Printer.for_language(person.language)
    screen = Screen(
        html=bold(voice.text("Test message"))
        + "\n"
        + voice.text(
            "{name}, {organisation}: messages arrive here.",
            name=safe(person.name),
            organisation=safe(person.organisation),
        )
    )

    async def begin() -> bool:
        return True

    from bot.channels.composition import channels_from  # noqa: PLC0415  # with it come the clients of HTTP and SMTP

    async with channels_from(chosen, database, law()) as opened:
        if way.channel not in opened:
            misused(p.text("e-mail needs DUEWATCH_SMTP_URL and DUEWATCH_MAIL_FROM"))
        return await opened[way.channel].send(
            way.address, screen, language=person.language, begin=begin, key=f"test-{secrets.token_hex(6)}"
        )


def _failed(p: Printer, way: Bound, receipt: Receipt) -> str:
    facts = {**_way(way), "reason": receipt.reason or ""}
    if receipt.unbind:
        return p.text("{channel} {address} takes no messages: {reason}", **facts)
    if receipt.outcome is Outcome.UNKNOWN:
        return p.text(
            "by {channel} to {address}: it may have arrived, the answer was lost: {reason}", **facts
        )
    return p.text("not sent by {channel} to {address}: {reason}", **facts)


def _change(p: Printer, who: str, change: Callable[..., None], *, as_json: bool) -> None:
    chosen = settings()
    now = now_of(chosen)

    def work(session: Session) -> tuple[_Person, Sequence[Bound]]:
        person = _one(p, session, who)
        try:
            change(session, person.id, now=now)
        except NotFoundError:
            misused(
                p.text("{name} has no such channel; add one first: duewatch channels add", name=person.name)
            )
        return person, bindings.of_contact(session, person.id)

    with reading(p, chosen) as database:
        person, ways = database.write(work)
    _report(p, person, ways, as_json=as_json)


def _report(p: Printer, person: _Person, ways: Sequence[Bound], *, as_json: bool) -> None:
    if as_json:
        as_told({**asdict(person), "channels": [_told(way) for way in ways]})
        return
    names = p.listed([way.channel for way in ways if way.off is None]) or p.text("no channel")
    click.echo(p.text("{name} of {organisation}: {channels}", channels=names, **_names(person)))


def _checked(chosen: Settings, channel: str, typed: str) -> str:
    """Return an address as it is stored, or stop because it is none of the channel's."""
    try:
        if channel == EMAIL:
            return mailbox(typed)
        Webhook.parse(typed, SERVICES[channel], loopback=chosen.rehearses)
    except AddressError as error:
        misused(f"{channel}: {error}")
    return typed.strip()


def _people(p: Printer, session: Session, who: str) -> list[_Person]:
    """Return whom a word means: everyone of an organisation, else the contacts of a name, else the one of a number."""
    try:
        found = bindings.people_of(session, organisations.by_code(session, who).id)
    except NotFoundError:
        found = bindings.people_named(session, who)
        if not found:
            misused(p.text("there is no organisation and no contact {words}", words=who))
    return [_person(each) for each in found]


def _one(p: Printer, session: Session, who: str) -> _Person:
    found = _people(p, session, who)
    if len(found) != 1:
        named = p.listed([f"{each.id} {each.name}" for each in found]) or p.text("nobody")
        misused(p.text("{words} is not one contact; name one by number: {named}", words=who, named=named))
    return found[0]


def _group(p: Printer, session: Session, who: str, name: str, *, language: str, now: datetime) -> _Person:
    """Return the contact that stands for a group, made where the organisation has none of this name."""
    try:
        organisation = organisations.by_code(session, who)
    except NotFoundError:
        misused(p.text("there is no organisation with the code or name {words}", words=who))
    for each in bindings.people_of(session, organisation.id):
        if each.name == name:
            return _person(each)
    made = contacts.add(
        session,
        organisation.id,
        name=name,
        lead=False,
        language=language,
        channel=None,
        address=None,
        now=now,
    )
    return _person(made)


def _person(contact: Contact) -> _Person:
    return _Person(
        id=contact.id,
        name=contact.name,
        organisation=contact.organisation.name,
        lead=contact.lead,
        language=contact.language,
    )


def _names(person: _Person) -> dict[str, str]:
    return {"name": person.name, "organisation": person.organisation}


def _way(way: Bound) -> dict[str, str]:
    return {"channel": way.channel, "address": masked(way.address)}


def _told(way: Bound) -> dict[str, Any]:
    return {**_way(way), "active": way.off is None, "reason": way.off}


def _shown(p: Printer, way: Bound) -> str:
    address = masked(way.address)
    return address if way.off is None else p.text("{address}, off: {reason}", address=address, reason=way.off)
