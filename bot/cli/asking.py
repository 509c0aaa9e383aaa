"""``duewatch understand`` and ``duewatch overdue``: what a sentence asks for, and the chat's answer in a terminal."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import click

from bot.cli.terminal import (
    DAY,
    INSTANT,
    Refusal,
    as_json,
    as_told,
    columns,
    exists,
    law,
    misused,
    now_of,
    reading,
    settings,
    today_of,
)
from bot.explaining import SECOND_HAND
from bot.understanding import Intent
from bot.understanding import understand as read_sentence
from bot.wording import footnotes
from bot.wording.phrases import Voice
from locales.printer import Printer
from obligations.deadlines import ZONE
from obligations.notice import Level
from storage import organisations, overview
from storage import settings as kept
from storage.database import Session
from storage.errors import NotFoundError
from storage.organisations import Scope

_ROLES = [Level.UNIT.value, Level.DISTRICT.value, Level.MUNICIPAL.value]


@click.command()
@click.argument("text")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="Whose question it is.")
@click.option("--now", type=INSTANT, metavar="T", help="When it is asked; otherwise now.")
@click.option("--organisation", metavar="CODE", help="The code or name of the organisation that asks.")
@as_json
@click.pass_obj
def understand(
    p: Printer, *, text: str, role: str, now: datetime | None, organisation: str | None, as_json: bool
) -> None:  # click passes options by name
    """Say what TEXT asks for, without doing anything."""
    chosen = settings()
    level = Level(role)
    today = (now or now_of(chosen)).astimezone(ZONE).date()
    understood = read_sentence(text, role=level, today=today)
    slots = dict(understood.slots)
    if organisation is not None and exists(chosen):
        with reading(p, chosen) as database:
            name = database.read(lambda session: _named(p, session, organisation))
        match understood.intent:
            case Intent.UNIT_STATUS if level is Level.UNIT:
                slots.setdefault("unit", name)
            case Intent.DISTRICT_SUMMARY if level is Level.DISTRICT:
                slots.setdefault("district", name)
            case _:
                pass
    if as_json:
        as_told({"intent": understood.intent.value, "slots": slots})
        return
    click.echo(understood.intent.value)
    columns([(f"  {slot}", value) for slot, value in slots.items()])


def _named(p: Printer, session: Session, words: str) -> str:
    try:
        return organisations.by_code(session, words).name
    except NotFoundError:
        misused(p.text("there is no organisation with the code or name {words}", words=words))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """``since`` is when duties began to be kept; None where none has been made yet."""

    scope: str
    page: overview.Page
    since: date | None


@click.command()
@click.option("--district", metavar="NAME", help="Only this district, by name, short name or code.")
@click.option(
    "--on",
    type=DAY,
    metavar="DATE",
    help="As the record stands, who is overdue on this date; otherwise today.",
)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="At most so many."
)
@as_json
@click.pass_obj
def overdue(p: Printer, *, district: str | None, on: date | None, limit: int, as_json: bool) -> None:
    """Say who is overdue, the longest first."""
    chosen = settings()
    today = on or today_of(chosen)
    shipped = law()
    with reading(p, chosen) as database:
        answer = database.read(lambda session: _overdue(p, session, district, today, limit))
    voice = Voice(p=p, law=shipped, today=today)
    items = [_told(voice, item) for item in answer.page.items]
    if as_json:
        told = {
            "on": today,
            "scope": answer.scope,
            "since": answer.since,
            "total": answer.page.total,
            "items": items,
        }
        as_told(told)
        return
    if answer.since is None:
        raise Refusal(p.text("no duties have been made yet; start: duewatch run"))
    if today < answer.since:
        raise Refusal(
            p.text("duties are kept since {date}; nothing is known of before", date=p.day(answer.since))
        )
    as_of = p.text("{scope}, as of {date}", scope=answer.scope, date=p.day(today))
    if not items:
        nobody = p.text("Nobody is overdue.")
        click.echo(f"{nobody} {as_of}")
        return
    head = p.plural("{n} duty overdue", "{n} duties overdue", answer.page.total)
    click.echo(f"{head}  {as_of}")
    columns(
        [
            (
                f"  {told['actor']}",
                told["title"]["zh" if p.chinese else "en"],
                told["period"],
                told["subject"] if told["subject"] != told["actor"] else "",
                p.text("was due {date}", date=p.day(date.fromisoformat(told["act_by_on"])))
                + (f" {SECOND_HAND}" if told["second_hand"] else ""),
                p.plural("{n} day overdue", "{n} days overdue", told["days_overdue"]),
            )
            for told in items
        ]
    )
    if answer.page.total > len(items):
        click.echo("  " + p.text("… and {n} more; see --limit", n=answer.page.total - len(items)))
    if any(told["second_hand"] for told in items):
        click.echo(footnotes.second_hand(voice))


def _overdue(p: Printer, session: Session, district: str | None, today: date, limit: int) -> _Answer:
    try:
        city = organisations.municipality(session)
    except NotFoundError as error:
        raise Refusal(str(error)) from None
    scope, name = Scope(level=Level.MUNICIPAL, organisation_id=city.id), city.name
    if district is not None:
        found = [
            each
            for each in organisations.every_district(session)
            if district
            in {each.code, each.name, each.short_name, each.bureau, *(alias.text for alias in each.aliases)}
        ]
        exact = [each for each in found if district in {each.code, each.name}]
        there = {each.id for each in organisations.districts(session, on=today)}
        acting = organisations.stand_ins(session, on=today)
        meant = {acting.get(each.id, each.id) for each in exact or found if exact or each.id in there}
        if len(meant) != 1:
            misused(
                p.text(
                    "there is no one district named {words} on {date}", words=district, date=today.isoformat()
                )
            )
        chosen = organisations.get(session, meant.pop())
        scope, name = Scope(level=Level.DISTRICT, organisation_id=chosen.id), chosen.name
    since = kept.get_date(session, kept.SINCE)
    return _Answer(scope=name, page=overview.overdue(session, scope, today=today, limit=limit), since=since)


def _told(voice: Voice, item: overview.Item) -> dict[str, Any]:
    stage = voice.rule_of(item).stage(item.stage)
    return {
        "rule": item.rule,
        "stage": item.stage,
        "period": item.period,
        "title": stage.title.model_dump(),
        "subject": item.subject_name,
        "actor": item.actor_name,
        "district": item.district_name,
        "status": item.status.value,
        "due_on": None if item.due_on is None else item.due_on.isoformat(),
        "act_by_on": None if item.act_by_on is None else item.act_by_on.isoformat(),
        "days_overdue": -(item.days_left(today=voice.today) or 0),
        "second_hand": bool(voice.mark(item)),
    }
