"""The register in one language: every cell as it is read, for the screen and the wall alike. Plain text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby, pairwise

from bot import rulewords
from bot.explaining import SECOND_HAND
from bot.register.duties import Day, Duty, Register, Said, Step
from locales.printer import Printer
from obligations.deadlines import DueKind
from obligations.notice import Notice
from obligations.periods import PeriodKind
from obligations.rules import Rule
from obligations.terms import Retention, Text, Undated

PROVISIONAL = "*"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_RUN = 3
"""From how many months on a date that is the same each month is said once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step. ``notes`` are the numbers of the conditions that belong to it.

    ``when`` leaves out the notices that speak of it after the first and give no date.
    """

    clause: str
    who: str
    what: str
    done: str
    when: tuple[str, ...]
    days: tuple[str, ...]
    handed: tuple[str, ...]
    notes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One duty with its steps."""

    number: int
    name: str
    title: str
    about: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The duties of one notice, by chapter."""

    title: str
    facts: tuple[str, ...]
    chapters: tuple[tuple[str, tuple[Entry, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole register. ``notes`` are the conditions by number; ``legend`` says what the marks mean."""

    language: str
    title: str
    facts: tuple[str, ...]
    heads: tuple[str, ...]
    parts: tuple[Part, ...]
    notes_title: str
    notes: tuple[str, ...]
    legend: tuple[str, ...]
    dated: bool


def sheet(p: Printer, register: Register) -> Sheet:
    """Return the register in the printer's language."""
    return _Writer(p=p, register=register).sheet()


@dataclass(slots=True)
class _Writer:
    p: Printer
    register: Register
    notes: dict[Text, int] = field(default_factory=dict)
    provisional: bool = False

    def sheet(self) -> Sheet:
        p, register = self.p, self.register
        parts = tuple(
            Part(
                title=self.notice(notice),
                facts=notice_facts(p, notice),
                chapters=tuple(
                    (self.chapter(name, duties), tuple(self.entry(duty) for duty in duties))
                    for name, duties in chapters
                ),
            )
            for notice, chapters in register.chapters
        )
        year = register.year
        return Sheet(
            language=p.language,
            title=p.text("Register of duties")
            if year is None
            else p.text("Register of duties {year}", year=year),
            facts=(
                register.notices[0].issuer.of(p.language),
                p.plural("{n} duty", "{n} duties", len(register.duties)),
            ),
            heads=(
                p.text("Duty"),
                p.text("Clause"),
                p.text("Who"),
                p.text("What, and what counts as done"),
                p.text("By when"),
                "" if year is None else str(year),
                p.text("To whom, by which channel, checked by"),
            ),
            parts=parts,
            notes_title=p.text("Conditions"),
            notes=tuple(text.of(p.language) for text in self.notes),
            legend=tuple(self.legend()),
            dated=year is not None,
        )

    def mark(self, notice: Notice) -> str:
        """Return the number a notice goes by in the cells; nothing where there is only one."""
        place = self.register.notices.index(notice)
        number = _CIRCLED[place] if place < len(_CIRCLED) else f"({place + 1})"
        hand = SECOND_HAND if notice.provenance.source == "second-hand" else ""
        return (number if len(self.register.notices) > 1 else "") + hand

    def notice(self, notice: Notice) -> str:
        return f"{self.mark(notice)} {notice.number} {notice.title.of(self.p.language)}".lstrip()

    def chapter(self, name: str, duties: Sequence[Duty]) -> str:
        return self.p.plural(
            "Clause {chapter}: {n} duty", "Clause {chapter}: {n} duties", len(duties), chapter=name
        )

    def entry(self, duty: Duty) -> Entry:
        return Entry(
            number=duty.number,
            name=duty.name,
            title=duty.rule.title.of(self.p.language),
            about=about(self.p, duty.rule),
            rows=tuple(self.row(duty, step) for step in duty.steps),
        )

    def row(self, duty: Duty, step: Step) -> Row:
        p, stage = self.p, step.stage
        return Row(
            clause=stage.clause,
            who=rulewords.level(p, stage.actor),
            what=stage.title.of(p.language),
            done=p.text("Done: {evidence}", evidence=stage.evidence.of(p.language)),
            when=tuple(
                self.when(duty, said)
                for place, said in enumerate(step.said)
                if place == 0 or not isinstance(said.stage.deadline, Undated)
            ),
            days=tuple(self.days(duty, step)),
            handed=handed(p, step),
            notes=tuple(self.note(each) for each in stage.conditions),
        )

    def note(self, condition: Text) -> int:
        return self.notes.setdefault(condition, len(self.notes) + 1)

    def when(self, duty: Duty, said: Said) -> str:
        """Return how a notice gives the date; whose it is, for whom and when, where that is not the duty's own."""
        own = said.notice == duty.notice
        limits = limited(self.p, said.rule, duty.rule)
        words = rulewords.deadline(self.p, said.stage.deadline)
        if limits:
            words = self.p.text("{words} ({limits})", words=words, limits=self.p.listed(list(limits)))
        return words if own else f"{self.mark(said.notice)} {words}"

    def days(self, duty: Duty, step: Step) -> Iterator[str]:
        p = self.p
        own = (duty.notice.number, duty.notice.version)
        keyed = sorted(
            step.days,
            key=lambda day: (
                not day.sectors & duty.rule.sectors,
                day.said[0].source.key[:2] != own,
                day.said[0].source.notice.issued_on,
                sorted(day.sectors),
                day.on,
            ),
        )
        for _, group in groupby(keyed, key=lambda day: (day.sectors, day.said[0].source.key[:2])):
            days = list(group)
            first = days[0].said[0]
            said = self.spoken(step, days)
            if any(day.said[0].date.kind is DueKind.PROVISIONAL for day in days):
                self.provisional = True
                said += PROVISIONAL
            if first.source.notice != duty.notice:
                said += "\N{NO-BREAK SPACE}" + self.mark(first.source.notice)
            if days[0].sectors != duty.rule.sectors:
                sectors = rulewords.sectors(p, days[0].sectors)
                said = p.text("{sectors}: {words}", sectors=sectors, words=said)
            yield said

    def spoken(self, step: Step, days: Sequence[Day]) -> str:
        p = self.p
        first, last = days[0], days[-1]
        if isinstance(step.stage.deadline, Retention):
            return p.text(
                "{first} until {first_on}, and so on to {last} until {last_on}",
                first=rulewords.period(p, first.period),
                first_on=self.day(first.on),
                last=rulewords.period(p, last.period),
                last_on=self.day(last.on),
            )
        if first.period.kind is PeriodKind.MONTH:
            if _is_run(days):
                return p.text(
                    "{since} to {through}, day {day} of each month",
                    since=_month(p, first.on),
                    through=_month(p, last.on),
                    day=first.on.day,
                )
            return p.listed([self.day(day.on) for day in days])
        return p.listed(
            [
                p.text("{date} (for {period})", date=self.day(day.on), period=rulewords.period(p, day.period))
                for day in days
            ]
        )

    def day(self, on: date) -> str:
        return self.p.day(on, today=on)

    def legend(self) -> Iterator[str]:
        p = self.p
        if len(self.register.notices) > 1:
            for notice in self.register.notices:
                yield f"{self.notice(notice)} · {' · '.join(notice_facts(p, notice)[1:])}"
        if any(notice.provenance.source == "second-hand" for notice in self.register.notices):
            yield p.text(
                "{mark} Read second-hand: check the notice on its official page before relying on it.",
                mark=SECOND_HAND,
            )
        if self.provisional:
            yield p.text(
                "{mark} Provisional: counted from the last day of the step before; the real hand-over decides.",
                mark=PROVISIONAL,
            )
        if self.notes:
            yield p.text("[1] Numbers in brackets refer to the conditions.")
        yield p.text(
            "A date lasts until 24:00 in Asia/Shanghai. Where notices differ the strictest date binds."
        )


def notice_facts(p: Printer, notice: Notice) -> tuple[str, ...]:
    """Return who issued a notice, when, since when it is in force, its version, and where its text was read."""
    official = notice.provenance.source == "official"
    return (
        notice.issuer.of(p.language),
        p.text("issued {date}", date=p.day(notice.issued_on)),
        p.text("in force from {date}", date=p.day(notice.in_force_on)),
        p.text("version {version}", version=notice.version),
        p.text("official text") if official else p.text("read second-hand †"),
    )


def about(p: Printer, rule: Rule) -> tuple[str, ...]:
    """Return how often a duty comes, whom it binds, since when, and what must happen first."""
    told = [
        rulewords.recurrence(p, rule.recurrence),
        rulewords.sectors(p, rule.sectors),
        "" if rule.fuels is None else rulewords.fuels(p, rule.fuels),
        rulewords.span(p, rule.first_period, rule.last_period),
        "" if rule.arises is None else rulewords.occasion(p, rule.arises),
        "" if rule.threshold is None else rulewords.threshold(p, rule.threshold),
    ]
    return tuple(each for each in told if each)


def limited(p: Printer, rule: Rule, base: Rule) -> tuple[str, ...]:
    """Return for whom and for which periods a rule speaks, where that is not what the duty's first rule says."""
    limits = []
    if rule.sectors != base.sectors:
        limits.append(rulewords.sectors(p, rule.sectors))
    if (rule.first_period, rule.last_period) != (base.first_period, base.last_period):
        limits.append(rulewords.span(p, rule.first_period, rule.last_period))
    return tuple(limits)


def handed(p: Printer, step: Step) -> tuple[str, ...]:
    """Return to whom a step is handed over, by which channel, and who checks it."""
    stage = step.stage
    told = [rulewords.recipient(p, stage.submit_to)]
    if stage.channel is not None:
        told.append(p.text("by {channel}", channel=stage.channel.of(p.language)))
    if stage.checked_by is not None:
        told.append(p.text("checked by {office}", office=rulewords.level(p, stage.checked_by)))
    return tuple(told)


def _is_run(days: Sequence[Day]) -> bool:
    """Tell whether the days are the same day of months that follow one another."""
    return len(days) >= _RUN and all(
        one.on.day == other.on.day and other.on.month == one.on.month + 1 for one, other in pairwise(days)
    )


def _month(p: Printer, on: date) -> str:
    said = p.day(on.replace(day=1), today=on)
    return said.removesuffix("1日") if p.chinese else said.split(" ", 1)[1]
