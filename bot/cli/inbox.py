"""``duewatch inbox``: what came in and could not be handled. The list shows no words of anybody; ``show`` does."""

from collections.abc import Mapping
from typing import Any

import click

from bot.cli.terminal import Refusal, as_json, as_told, columns, misused, now_of, reading, settings
from locales.printer import Printer
from obligations.deadlines import ZONE
from storage import contacts, given_up
from storage.database import Session
from storage.models import InboundUpdate
from storage.registry import CHANNEL

_NUMBER = click.IntRange(0, 2**63 - 1)
_numbers = click.argument("numbers", type=_NUMBER, nargs=-1, required=True, metavar="NUMBER...")


@click.group()
def inbox() -> None:
    """Look after the messages that could not be handled."""


@inbox.command("list")
@click.option("--discarded", is_flag=True, help="Also those that were discarded.")
@as_json
@click.pass_obj
def list_(p: Printer, *, discarded: bool, as_json: bool) -> None:
    """List the messages that were given up, the oldest first, without what they say."""
    with reading(p, settings()) as database:
        found = database.read(
            lambda session: [_told(session, row) for row in given_up.listed(session, discarded=discarded)]
        )
    if as_json:
        as_told(found)
    elif not found:
        click.echo(p.text("No message was given up."))
    else:
        columns([_row(p, each) for each in found])


@inbox.command()
@click.argument("number", type=_NUMBER)
@as_json
@click.pass_obj
def show(p: Printer, *, number: int, as_json: bool) -> None:
    """Show message NUMBER with what it says. It may be private: look only where you must."""

    def work(session: Session) -> tuple[dict[str, Any], dict[str, Any]] | None:
        row = given_up.find(session, number)
        return None if row is None else (_told(session, row), row.payload)

    with reading(p, settings()) as database:
        found = database.read(work)
    if found is None:
        misused(_unknown(p, number))
    told, payload = found
    if as_json:
        as_told({**told, "update": payload})
        return
    columns([_row(p, told)])
    if told["discarded"] is not None:
        click.echo(p.text("Discarded: {reason}", reason=told["discarded"]))
    click.echo(_words(payload) or p.text("It holds no words."))


@inbox.command()
@_numbers
@click.pass_obj
def replay(p: Printer, *, numbers: tuple[int, ...]) -> None:
    """Hand messages in again: the running process handles them at once, or the next that starts."""
    chosen = settings()
    now = now_of(chosen)

    def work(session: Session) -> None:
        for number in numbers:
            if not given_up.replay(session, number, now=now):
                misused(_unknown(p, number))

    with reading(p, chosen) as database:
        database.write(work)
    click.echo(p.plural("{n} message is handed in again.", "{n} messages are handed in again.", len(numbers)))


@inbox.command()
@_numbers
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept in the trail.")
@click.pass_obj
def discard(p: Printer, *, numbers: tuple[int, ...], reason: str) -> None:
    """Close messages for good; all of those named, or none."""
    if not reason.strip():
        raise Refusal(p.text("say why, with --reason"))
    chosen = settings()
    now = now_of(chosen)

    def work(session: Session) -> None:
        for number in numbers:
            if not given_up.discard(session, number, reason=reason.strip(), now=now):
                misused(_unknown(p, number))

    with reading(p, chosen) as database:
        database.write(work)
    click.echo(p.plural("{n} message is discarded.", "{n} messages are discarded.", len(numbers)))


def _unknown(p: Printer, number: int) -> str:
    return p.text("there is no given-up message {number}; see: duewatch inbox list", number=number)


def _told(session: Session, row: InboundUpdate) -> dict[str, Any]:
    contact = None if row.chat_id is None else contacts.by_address(session, CHANNEL, str(row.chat_id))
    return {
        "number": row.update_id,
        "kind": next((name for name in row.payload if name != "update_id"), ""),
        "contact": None if contact is None else contact.name,
        "organisation": None if contact is None else contact.organisation.name,
        "received_at": row.received_at,
        "given_up_at": row.handled_at,
        "attempts": row.attempts,
        "error": row.error,
        "discarded": row.discarded,
    }


def _row(p: Printer, told: Mapping[str, Any]) -> tuple[str, ...]:
    match told["kind"]:
        case "message":
            kind = p.text("message")
        case "callback_query":
            kind = p.text("button")
        case other:
            kind = other
    return (
        str(told["number"]),
        told["received_at"].astimezone(ZONE).strftime("%Y-%m-%d %H:%M"),
        kind,
        told["organisation"] or p.text("a stranger"),
        told["contact"] or "",
        told["error"] or "",
    )


def _words(payload: Mapping[str, Any]) -> str:
    """Return what a person wrote, pressed or sent."""
    message = payload.get("message") or {}
    press = payload.get("callback_query") or {}
    document = message.get("document") or {}
    said = (message.get("text"), message.get("caption"), document.get("file_name"), press.get("data"))
    return "\n".join(each for each in said if isinstance(each, str))
