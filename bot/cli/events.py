"""``duewatch event``: what happened, recorded for those whom it concerns, and what was recorded so far."""

from datetime import date

import click

from bot.cli.terminal import (
    DAY,
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
from bot.wording import recording as wording
from bot.wording.phrases import Voice, untagged
from bot.wording.refusals import occurrence_refused
from locales.printer import Printer
from obligations.law import Law
from obligations.notice import Level
from obligations.periods import Period, PeriodError
from obligations.terms import Occasion
from storage import occurrences, organisations
from storage.database import Session
from storage.errors import NotFoundError, OccurrenceRefusedError
from storage.models import Organisation
from storage.occurrences import Recorded
from storage.types import local_date

_OCCASIONS = {each.value.replace("_", "-"): each for each in Occasion if each is not Occasion.USE_OF_CCER}
"""What may be recorded here; the use of CCER is declared by ``duewatch quota offset``."""


@click.group()
def event() -> None:
    """Record what happened, with every duty that arises from it, and list what was recorded."""


@event.command()
@click.argument("occasion", type=click.Choice(list(_OCCASIONS)))
@click.option("--unit", metavar="CODE", help="The unit it happened to: its code, credit code or name.")
@click.option("--district", metavar="NAME", help="The district it happened to, where it was no single unit.")
@click.option(
    "--on",
    "happened_on",
    type=DAY,
    required=True,
    metavar="D",
    help="The day of the finding or decision; of a licence to be cancelled, the day of the cancellation.",
)
@click.option("--note", required=True, metavar="TEXT", help="What was found.")
@click.option(
    "--document", default="", metavar="TEXT", help="The number of the document, where there is one."
)
@click.option(
    "--evidence",
    metavar="RULE:PERIOD",
    help="The duty it happened to, such as monthly-evidence:2024-01 or surrender:2024.",
)
@click.option("--preview", is_flag=True, help="Only say what would arise; record nothing.")
@as_json
@click.pass_obj
def record(  # click passes options by name
    p: Printer,
    *,
    occasion: str,
    unit: str | None,
    district: str | None,
    happened_on: date,
    note: str,
    document: str,
    evidence: str | None,
    preview: bool,
    as_json: bool,
) -> None:
    """Record that OCCASION happened, and make the duties that arise from it."""
    if (unit is None) == (district is None):
        misused(p.text("name either a unit or a district"))
    chosen = settings()
    now, in_force = now_of(chosen), law()

    def work(session: Session) -> tuple[occurrences.Preview, int | None]:
        subject = _named(p, session, unit or district or "", Level.UNIT if unit else Level.DISTRICT)
        stage_id = None if evidence is None else _stage_of(p, session, in_force, subject, evidence)
        what = _OCCASIONS[occasion]
        seen = occurrences.preview(
            session,
            in_force,
            occasion=what,
            subject_id=subject.id,
            happened_on=happened_on,
            now=now,
            stage_id=stage_id,
        )
        made = None
        if not preview:
            made = occurrences.record(
                session,
                in_force,
                occasion=what,
                subject_id=subject.id,
                happened_on=happened_on,
                note=note,
                document=document,
                by=None,
                now=now,
                stage_id=stage_id,
            ).id
        session.flush()
        session.expunge_all()
        return seen, made

    with reading(p, chosen) as database:
        try:
            seen, made = database.write(work)
        except OccurrenceRefusedError as error:
            raise Refusal(occurrence_refused(p, error)) from None
    if as_json:
        as_told(
            {
                "id": made,
                "occasion": seen.occasion.value,
                "subject": seen.subject.name,
                "happened_on": seen.happened_on,
                "duties": [
                    {
                        "rule": duty.arisen.binding.duty,
                        "period": str(duty.arisen.binding.period),
                        "actor": duty.actor,
                        "due_on": duty.arisen.steps[0].bound.date.due_on,
                        "kind": duty.arisen.steps[0].bound.date.kind.value,
                        "clause": duty.arisen.steps[0].stage.clause,
                    }
                    for duty in seen.duties
                ],
            }
        )
        return
    voice = Voice(p=p, law=in_force, today=local_date(now))
    head = p.text("Nothing was recorded.") if preview else p.text("Recorded")
    click.echo(f"{head} {wording.occasion(p, seen.occasion)} · {seen.subject.name}")
    for line in wording.arisen(voice, seen):
        click.echo(untagged(line))


@event.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="At most so many."
)
@as_json
@click.pass_obj
def list_(p: Printer, *, limit: int, as_json: bool) -> None:
    """List what was recorded, the latest first; what followed from a missed date by itself is in it."""
    chosen = settings()

    def work(session: Session) -> tuple[Recorded, ...]:
        found = occurrences.listed(session, limit=limit)
        session.expunge_all()
        return found

    with reading(p, chosen) as database:
        found = database.read(work)
    if as_json:
        as_told(
            [
                {
                    "id": each.occurrence.id,
                    "occasion": each.occurrence.occasion.value,
                    "subject": each.subject.name,
                    "code": each.subject.code,
                    "of": None if each.cause is None else ":".join(each.cause),
                    "happened_on": each.occurrence.happened_on,
                    "note": each.occurrence.note,
                    "document": each.occurrence.document,
                    "automatic": each.occurrence.automatic,
                    "at": each.occurrence.at,
                    "duties": [{"rule": rule, "period": period} for rule, period in each.duties],
                }
                for each in found
            ]
        )
        return
    if not found:
        click.echo(p.text("Nothing was recorded yet."))
        return
    columns(
        [
            (
                f"#{each.occurrence.id}",
                p.day(each.occurrence.happened_on),
                wording.occasion(p, each.occurrence.occasion),
                each.subject.name,
                ", ".join(" ".join(duty) for duty in each.duties),
                each.occurrence.note or p.text("by itself, from a missed date"),
            )
            for each in found
        ]
    )


def _named(p: Printer, session: Session, words: str, level: Level) -> Organisation:
    try:
        found = organisations.by_code(session, words)
    except NotFoundError:
        misused(p.text("there is no organisation with the code or name {words}", words=words))
    if found.level is not level:
        misused(p.text("{name} is on another level; name it by the other option", name=found.name))
    return found


def _stage_of(p: Printer, session: Session, in_force: Law, subject: Organisation, evidence: str) -> int:
    duty, _, written = evidence.partition(":")
    try:
        period = str(Period.parse(written))
    except PeriodError as error:
        misused(str(error))
    if duty not in in_force.rulebook.by_duty:
        misused(p.text("no notice has a duty {rule}; see: duewatch rules list", rule=duty))
    try:
        return occurrences.stage_of(session, subject.id, duty, period)
    except NotFoundError:
        raise Refusal(
            p.text("{name} has no duty {rule} for {period}", name=subject.name, rule=duty, period=period)
        ) from None
