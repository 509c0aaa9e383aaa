"""What ``duewatch doctor`` looks at in the database and on this machine, each as one finding with what to do."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from bot.web.readiness import CLOCKS_APART, INBOX_AGED, OUTBOX_AGED, SILENT_AFTER
from jobs.materialise import horizon_left
from jobs.watch import HORIZON_SHORT
from locales.printer import Printer
from obligations.law import Law
from storage import alarms, contacts, health, organisations, outages, overview, trail
from storage.database import Session
from storage.errors import NotFoundError
from storage.organisations import Scope
from storage.types import local_date

_GIB: Final = 1024**3
_FEW_BYTES: Final = 2 * _GIB
_TOO_FEW_BYTES: Final = _GIB // 5


class Level(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    WARN = "warn"
    """It runs, and somebody should look."""
    BAD = "bad"
    """It does not do its work, or soon will not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the examination: what was looked at, how it is, and what to do where it is not well."""

    check: str
    level: Level
    said: str
    to_do: str = ""


def ok(check: str, said: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(check=check, level=Level.OK, said=said)


def warn(check: str, said: str, to_do: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(check=check, level=Level.WARN, said=said, to_do=to_do)


def bad(check: str, said: str, to_do: str) -> Finding:
    """Return a finding that must be put right."""
    return Finding(check=check, level=Level.BAD, said=said, to_do=to_do)


def of_disk(p: Printer, folder: Path) -> Finding:
    """Look at the space left where the data folder is."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    free = shutil.disk_usage(there).free
    said = p.text("{gib} GiB free in {folder}", gib=f"{free / _GIB:.1f}", folder=folder)
    to_do = p.text("make room: without it nothing more can be stored")
    if free < _TOO_FEW_BYTES:
        return bad("disk", said, to_do)
    return warn("disk", said, to_do) if free < _FEW_BYTES else ok("disk", said)


def of_skew(p: Printer, check: str, seconds: float) -> Finding:
    """Judge how far another clock is from this machine's."""
    said = p.text("{seconds} s from this machine's clock", seconds=f"{seconds:+.1f}")
    if abs(seconds) < CLOCKS_APART.total_seconds():
        return ok(check, said)
    return bad(check, said, p.text("set the clock of this machine, best by NTP: dates depend on it"))


def of_storage(p: Printer, session: Session, law: Law, *, now: datetime) -> Iterator[Finding]:
    """Look at what is stored; the tables must be those of this release."""
    broken = trail.first_broken(session)
    if broken is None:
        yield ok("trail", p.text("the trail is intact"))
    else:
        yield bad(
            "trail",
            p.text("the trail is broken at event {event}: a line was changed or removed", event=broken),
            p.text("keep a copy of the database as it is, and restore a sound one"),
        )
    yield from _of_law(p, session, law, now=now)
    yield from _of_running(p, session, now=now)
    yield from _of_people(p, session, now=now)
    yield from _of_letters(p, session, now=now)


def _of_law(p: Printer, session: Session, law: Law, *, now: datetime) -> Iterator[Finding]:
    today = local_date(now)
    coverage = law.calendar.coverage(today=today)
    said = p.text("working days are published through {date}", date=p.day(coverage.through))
    add = p.text("add the next year once it is published: duewatch calendar add FILE")
    if coverage.days_left < 0:
        yield bad("calendar", said, add)
    elif coverage.alarmed:
        yield warn("calendar", said, add)
    else:
        yield ok("calendar", said)
    if not health.has_registry(session):
        yield warn(
            "registry",
            p.text("no organisation is known yet"),
            p.text("load a registry: duewatch import FILE"),
        )
        return
    left = horizon_left(session, today=today)
    run = p.text("start duewatch run, and look into its log for errors")
    if left is None:
        yield warn("horizon", p.text("no duty was made yet"), run)
    elif left.days < 0:
        yield bad(
            "horizon",
            p.plural("the duties made ended {n} day ago", "the duties made ended {n} days ago", -left.days),
            run,
        )
    else:
        said = p.plural("duties are made {n} day ahead", "duties are made {n} days ahead", left.days)
        yield ok("horizon", said) if left >= HORIZON_SHORT else bad("horizon", said, run)


def _of_running(p: Printer, session: Session, *, now: datetime) -> Iterator[Finding]:
    alive_at = outages.alive_at(session)
    if alive_at is None:
        yield warn("timetable", p.text("it never ran"), p.text("start it: duewatch run"))
    else:
        said = p.text("ran last at {moment}", moment=p.moment(alive_at))
        runs = timedelta() <= now - alive_at <= SILENT_AFTER
        yield (
            ok("timetable", said)
            if runs
            else bad("timetable", said, p.text("start duewatch run, and look into its log for errors"))
        )
    for alarm in alarms.raised(session):
        subject = f" {alarm.subject}" if alarm.subject else ""
        yield warn(
            "alarm",
            p.text("{alarm} since {moment}", alarm=alarm.name + subject, moment=p.moment(alarm.raised_at)),
            p.text("see the section on alarms in docs/monitoring.md"),
        )


def _of_people(p: Printer, session: Session, *, now: datetime) -> Iterator[Finding]:
    administrators = len(contacts.administrators(session))
    if administrators:
        yield ok("administrators", p.plural("{n} hears alarms", "{n} hear alarms", administrators))
    else:
        yield warn(
            "administrators",
            p.text("nobody hears alarms"),
            p.text("invite somebody: duewatch invite ORGANISATION --administrator"),
        )
    try:
        city = organisations.municipality(session)
    except NotFoundError:
        return
    scope = Scope(level=city.level, organisation_id=city.id)
    without = len(overview.without_contact(session, scope, on=local_date(now)))
    unreached = health.unreached(session, now=now).total
    if not without and not unreached:
        yield ok("contacts", p.text("everybody who owes something can be reached"))
    if without:
        yield warn(
            "contacts",
            p.plural(
                "{n} organisation owes something and has nobody to write to",
                "{n} organisations owe something and have nobody to write to",
                without,
            ),
            p.text("invite somebody there: duewatch invite ORGANISATION"),
        )
    if unreached:
        yield warn(
            "contacts",
            p.plural(
                "messages to {n} contact did not arrive", "messages to {n} contacts did not arrive", unreached
            ),
            p.text(
                "see why: duewatch outbox list; replay or discard each, and invite who lost their address"
            ),
        )


def _of_letters(p: Printer, session: Session, *, now: datetime) -> Iterator[Finding]:
    outbox, inbox = health.outbox(session, now=now), health.inbox(session, now=now)
    said = p.plural("{n} notification waits", "{n} notifications wait", outbox.waiting)
    look = p.text("start duewatch run, and look into its log for errors")
    yield ok("outbox", said) if outbox.oldest <= OUTBOX_AGED else bad("outbox", said, look)
    said = p.plural("{n} message of somebody waits", "{n} messages of people wait", inbox.waiting)
    yield ok("inbox", said) if inbox.oldest <= INBOX_AGED else bad("inbox", said, look)
    dead = health.dead_letters(session, now=now)
    if dead:
        yield warn(
            "dead letters",
            p.plural(
                "{n} notification of the last 30 days could not be delivered",
                "{n} notifications of the last 30 days could not be delivered",
                dead,
            ),
            p.text("see why: duewatch outbox list; then replay or discard each"),
        )
    given_up = health.given_up(session)
    if given_up:
        yield warn(
            "dead letters",
            p.plural(
                "{n} message of somebody could not be handled",
                "{n} messages of people could not be handled",
                given_up,
            ),
            p.text("look at them: duewatch inbox list"),
        )
    if not dead and not given_up:
        yield ok("dead letters", p.text("none in the last 30 days"))
