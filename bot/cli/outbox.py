"""``duewatch outbox``: what could not be delivered, and the proof of reminding."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from bot.cli.terminal import (
    INSTANT,
    Refusal,
    as_json,
    as_told,
    columns,
    law,
    misused,
    now_of,
    reading,
    settings,
    today_of,
)
from bot.wording import letters as wording
from bot.wording.phrases import Voice
from locales.printer import Printer
from obligations.periods import Period, PeriodError
from storage import dead_letters, organisations, proofs
from storage.database import Session
from storage.dead_letters import Letter, Try
from storage.errors import NotFoundError, ReplayRefusedError
from storage.models import Outcome
from storage.proofs import Proof

_LONGEST_REASON = 400
_MOST_STAGES = 200
_OUTCOMES = {outcome.value: outcome for outcome in dead_letters.DEAD}

_outcome = click.option("--outcome", type=click.Choice(list(_OUTCOMES)), help="Only these; otherwise both.")
_since = click.option(
    "--since", type=INSTANT, metavar="TIME", help="Given up at this date or instant, or later."
)


@click.group()
def outbox() -> None:
    """Look at what could not be delivered, send it again or let it go; prove who was reminded."""


@outbox.command("list")
@_outcome
@_since
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="At most so many."
)
@as_json
@click.pass_obj
def list_(p: Printer, *, outcome: str | None, since: datetime | None, limit: int, as_json: bool) -> None:
    """List what failed, or may or may not have arrived, and is not tried again; the latest first."""
    with reading(p, settings()) as database:
        found = database.read(
            lambda session: dead_letters.listed(
                session, outcomes=_outcomes(outcome), since=since, limit=limit
            )
        )
    if as_json:
        as_told([_listed(each) for each in found])
        return
    if not found:
        click.echo(p.text("Everything was delivered."))
        return
    columns([wording.row(p, each) for each in found])


@outbox.command()
@click.argument("number", metavar="ID", type=int)
@as_json
@click.pass_obj
def show(p: Printer, *, number: int, as_json: bool) -> None:
    """Show one notification: its text as sent, every attempt and how it ended, and whether it was seen."""
    with reading(p, settings()) as database:
        try:
            found = database.read(lambda session: dead_letters.get(session, number))
        except NotFoundError:
            raise Refusal(wording.no_such(p, number)) from None
    if as_json:
        as_told(_shown(found))
        return
    for line in wording.letter(p, found):
        click.echo(line)


@outbox.command()
@click.argument("numbers", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything on the list.")
@_outcome
@_since
@click.option("--yes", is_flag=True, help="Do not ask before it.")
@click.pass_obj
def replay(
    p: Printer,
    *,
    numbers: tuple[int, ...],
    everything: bool,
    outcome: str | None,
    since: datetime | None,
    yes: bool,
) -> None:
    """Send again what is on the list; what no longer matters is dropped when its turn comes."""
    if bool(numbers) == everything:
        misused(p.text("name the numbers to send again, or --all"))
    if numbers and (outcome or since):
        misused(p.text("--outcome and --since go with --all"))
    chosen = settings()
    with reading(p, chosen) as database:
        if everything:
            numbers, left = database.read(
                lambda session: dead_letters.replayable(session, outcomes=_outcomes(outcome), since=since)
            )
            if left:
                click.echo(
                    p.plural(
                        "{n} is left: its reader cannot be reached by any channel.",
                        "{n} are left: their readers cannot be reached by any channel.",
                        left,
                    )
                )
            if not numbers:
                click.echo(p.text("There is nothing to send again."))
                return
            question = p.plural("Send {n} notification again?", "Send {n} notifications again?", len(numbers))
            if not yes and not click.confirm(question):
                click.echo(p.text("Nothing was changed."))
                return
        now = now_of(chosen)
        try:
            database.write(lambda session: dead_letters.replay(session, numbers, now=now))
        except ReplayRefusedError as error:
            raise Refusal(wording.refused(p, error)) from None
    sent = len(set(numbers))
    click.echo(p.plural("{n} notification is sent again.", "{n} notifications are sent again.", sent))


@outbox.command()
@click.argument("numbers", metavar="ID...", type=int, nargs=-1, required=True)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept on the trail.")
@click.pass_obj
def discard(p: Printer, *, numbers: tuple[int, ...], reason: str) -> None:
    """Take notifications off the list for good; their attempts stay on record."""
    reason = reason.strip()
    if not 1 <= len(reason) <= _LONGEST_REASON:
        misused(p.text("a reason has 1 to {reason} characters", reason=_LONGEST_REASON))
    chosen = settings()
    now = now_of(chosen)
    with reading(p, chosen) as database:
        try:
            database.write(lambda session: dead_letters.discard(session, numbers, reason=reason, now=now))
        except ReplayRefusedError as error:
            raise Refusal(wording.refused(p, error)) from None
    click.echo(p.plural("{n} notification was let go.", "{n} notifications were let go.", len(set(numbers))))


@outbox.command()
@click.argument("subject", metavar="STAGE|ORGANISATION")
@click.argument("period", required=False)
@click.option("--rule", metavar="R", help="Only this duty.")
@as_json
@click.pass_obj
def proof(p: Printer, *, subject: str, period: str | None, rule: str | None, as_json: bool) -> None:
    """Print the proof of reminding: who was told of a step, when, in which words, and whether it was seen.

    A step is named by its number, as in the trail; or all that an organisation (code, credit code or name) owes for PERIOD.
    """
    chosen = settings()
    in_force = law()
    with reading(p, chosen) as database:
        found = database.read(lambda session: _proofs(p, session, subject, period, rule))
    if as_json:
        as_told([_proven(each) for each in found])
        return
    voice = Voice(p=p, law=in_force, today=today_of(chosen))
    for index, each in enumerate(found):
        if index:
            click.echo()
        for line in wording.proof(voice, each):
            click.echo(line)


def _proofs(
    p: Printer, session: Session, subject: str, period: str | None, rule: str | None
) -> Sequence[Proof]:
    if period is None:
        if not subject.isdecimal() or len(subject) > len(str(2**53)):
            misused(p.text("name a step by its number, or an organisation and a period"))
        try:
            return (proofs.of_stage(session, int(subject)),)
        except NotFoundError:
            raise Refusal(p.text("there is no step {number}", number=subject)) from None
    try:
        meant = str(Period.parse(period))
    except PeriodError as error:
        misused(str(error))
    try:
        organisation = organisations.by_code(session, subject)
    except NotFoundError:
        misused(p.text("there is no organisation with the code or name {words}", words=subject))
    stages = proofs.stages_of(session, organisation.id, meant, rule=rule)
    if not stages:
        raise Refusal(p.text("{name} owes nothing for {period}", name=organisation.name, period=meant))
    return [proofs.of_stage(session, stage_id) for stage_id in stages[:_MOST_STAGES]]


def _outcomes(outcome: str | None) -> tuple[Outcome, ...]:
    return dead_letters.DEAD if outcome is None else (_OUTCOMES[outcome],)


def _listed(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "kind": letter.kind.value,
        "to": letter.contact,
        "organisation": letter.organisation,
        "reachable": letter.reachable,
        "planned_on": letter.planned_on,
        "outcome": letter.outcome.value,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "finished_at": letter.finished_at,
    }


def _shown(letter: Letter) -> dict[str, Any]:
    return _listed(letter) | {
        "created_at": letter.created_at,
        "channel": letter.channel,
        "text": letter.text,
        "stages": letter.told,
        "message_id": letter.message_id,
        "acknowledged_at": letter.acknowledged_at,
        "tries": [_tried(each) for each in letter.tries],
    }


def _tried(each: Try) -> dict[str, Any]:
    return {
        "number": each.number,
        "channel": each.channel,
        "began_at": each.began_at,
        "ended_at": each.ended_at,
        "outcome": None if each.outcome is None else each.outcome.value,
        "reason": each.reason,
        "message_id": each.message_id,
    }


def _proven(each: Proof) -> dict[str, Any]:
    item = each.item
    return {
        "stage_id": item.stage_id,
        "rule": item.rule,
        "stage": item.stage,
        "period": item.period,
        "subject": item.subject_name,
        "actor": item.actor_name,
        "act_by_on": item.act_by_on,
        "status": item.status.value,
        "notifications": [_shown(letter) for letter in each.letters],
    }
