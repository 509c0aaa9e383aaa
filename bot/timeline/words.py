"""What the picture of a year says, in one language: headings, names, notes and what a screen reader is told."""

from dataclasses import dataclass
from datetime import date

from bot import rulewords
from bot.timeline.agenda import Agenda, Entry, Strip, Undated
from bot.wording.phrases import NUMBERS
from locales.printer import Printer
from obligations.notice import Notice
from obligations.rules import Rule, Stage
from obligations.terms import (
    BeforeEvent,
    External,
    Level,
    Recipient,
    Retention,
    Sector,
    WorkingDays,
)

SECOND_HAND = "†"
PROVISIONAL = "*"


def level(p: Printer, who: Level) -> str:
    """Return what a lane is headed with."""
    return _headed(rulewords.level(p, who))


def joined(*parts: str) -> str:
    """Return what is said of one thing, one after the other; what is empty is left out."""
    return " ·\N{NO-BREAK SPACE}".join(part for part in parts if part)


def _headed(words: str) -> str:
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Script:
    """Everything one picture says: the agenda's own words in the printer's language."""

    agenda: Agenda
    p: Printer

    def heading(self) -> str:
        """Return what the picture is."""
        return self.p.text("Whole-chain timeline {year}", year=self.agenda.year)

    def scope(self) -> str:
        """Return for which sectors it is."""
        return self.p.text("Sectors: {sectors}", sectors=rulewords.sectors(self.p, self.agenda.sectors))

    def origin(self) -> str:
        """Return what it was drawn from, and what it is not."""
        return self.p.text("Drawn from the text of the notice; not the diagram of its annex.")

    def basis(self) -> str:
        """Return the numbers of the notices it rests on, with the sign that stands for each in the picture."""
        numbers = [
            f"{sign} {self.number(notice)}".lstrip()
            for notice in self.agenda.notices
            for sign in (self.sign(notice),)
        ]
        return self.p.text("Basis: {notices}", notices=self.p.listed(numbers))

    def sign(self, notice: Notice) -> str:
        """Return the sign that stands for a notice where the picture rests on several; else nothing."""
        numbers = [each.number for each in self.agenda.notices]
        if len(numbers) == 1:
            return ""
        place = numbers.index(notice.number)
        return NUMBERS[place] if place < len(NUMBERS) else f"({place + 1})"

    def number(self, notice: Notice) -> str:
        """Return a notice's number, marked where it was not read on its official page."""
        return notice.number + (SECOND_HAND if notice.provenance.source == "second-hand" else "")

    def day(self, on: date) -> str:
        """Return a date; the year is left out where it is the picture's."""
        return self.p.day(on, today=date(self.agenda.year, 1, 1))

    def date(self, entry: Entry) -> str:
        """Return an entry's date with its marks."""
        marks = (PROVISIONAL if entry.provisional else "") + (SECOND_HAND if entry.source.second_hand else "")
        return self.day(entry.on) + marks

    def pill(self, entry: Entry) -> str:
        """Return an entry's date in a strip; what is kept until then says so."""
        if isinstance(entry.deadline, Retention):
            return self.p.text("keep through {date}", date=self.date(entry))
        return self.date(entry)

    def title(self, rule: Rule) -> str:
        """Return a duty's title."""
        return rule.title.of(self.p.language)

    def duty(self, entry: Entry) -> str:
        """Return the duty's title and its period."""
        return f"{self.title(entry.rule)} {self.period(entry)}"

    def period(self, of: Entry | Strip) -> str:
        """Return what period something is for."""
        return rulewords.period(self.p, of.period)

    def step(self, stage: Stage) -> str:
        """Return what is done."""
        return stage.title.of(self.p.language)

    def month(self, number: int) -> str:
        """Return a month's short name, as dates are said."""
        first = date(self.agenda.year, number, 1)
        return f"{number}月" if self.p.chinese else self.day(first).split(" ", 1)[1]

    def clause(self, entry: Entry) -> str:
        """Return the clause of an entry, after the sign of its notice."""
        return self.sign(entry.notice) + entry.due.clause

    def strip(self, strip: Strip) -> str:
        """Return what a strip is headed with."""
        bases = dict.fromkeys(self.clause(entry) for entry in strip.entries)
        named = f"{self.title(strip.rule)} {self.period(strip)} {' '.join(bases)}"
        return joined(named, self.sectors(strip.sectors))

    def others(self, entry: Entry) -> list[str]:
        """Return what other notices say of the same step."""
        return [
            self.p.text("{notice} says {date}", notice=self.sign(each.notice), date=self.day(each.on))
            for each in entry.others
        ]

    def safe_target(self, entry: Entry) -> str:
        """Return the day to aim for, where the notice advises one; else nothing."""
        target = entry.due.safe_target_on
        return "" if target is None else self.p.text("aim for {date}", date=self.day(target))

    def receiver(self, to: Recipient) -> str:
        """Return to whom a step goes that leaves the lanes; nothing where an arrow says it, or its record is kept."""
        if to in (Recipient.UNIT, Recipient.DISTRICT, Recipient.MUNICIPAL, Recipient.KEPT):
            return ""
        return self.p.text("→ {receiver}", receiver=rulewords.recipient(self.p, to))

    def sectors(self, sectors: frozenset[Sector]) -> str:
        """Return the sectors something is for; nothing where it is for all of the picture's or those are one."""
        return "" if sectors == self.agenda.sectors else rulewords.sectors(self.p, sectors)

    def each_month(self, strip: Strip) -> list[tuple[Level | None, str]]:
        """Return how a monthly duty's dates are given: its title, then a line for each step and who bears it."""
        bears = self.sectors(strip.sectors)
        headed = joined(self.title(strip.rule), bears)
        lines: list[tuple[Level | None, str]] = [(None, headed)]
        for entry in strip.entries:
            stage = entry.stage
            step = self.step(stage)
            if not isinstance(entry.deadline, Retention):
                words = rulewords.deadline(self.p, entry.deadline)
                step = self.p.text("{step}: {deadline}", step=step, deadline=words)
            lines.append((stage.actor, step))
        return lines

    def undated(self, each: Undated) -> str:
        """Return a step without a date: the duty, the step, its clause, and when it is due after all."""
        named = self.p.text(
            "{duty}: {step} {clause}",
            duty=self.title(each.rule),
            step=self.step(each.stage),
            clause=self.sign(each.notice) + each.stage.clause,
        )
        parts = (named, self._when(each.stage), self.sectors(each.sectors))
        return joined(*parts)

    def _when(self, stage: Stage) -> str:
        match stage.deadline:
            case External() | WorkingDays() | BeforeEvent():
                return rulewords.deadline(self.p, stage.deadline)
            case _:
                return ""

    def notes(self) -> list[str]:
        """Return the footnotes that the picture's marks need."""
        entries = self.agenda.all_entries
        notes = []
        if any(entry.provisional for entry in entries):
            notes.append(
                self.p.text(
                    "{mark} Provisional: counted from the last day of the step before; the real hand-over decides.",
                    mark=PROVISIONAL,
                )
            )
        if any(notice.provenance.source == "second-hand" for notice in self.agenda.notices):
            notes.append(
                self.p.text(
                    "{mark} Read second-hand: check the notice on its official page before relying on it.",
                    mark=SECOND_HAND,
                )
            )
        return notes

    def spoken(self, entry: Entry) -> str:
        """Return an entry in one sentence."""
        return self.p.text(
            "{date}: {actor}, {duty}, {step}, clause {clause}",
            date=self.date(entry),
            actor=rulewords.level(self.p, entry.stage.actor),
            duty=self.duty(entry),
            step=self.step(entry.stage),
            clause=entry.due.clause,
        )

    def description(self) -> str:
        """Return what the whole picture shows."""
        return self.p.text(
            "Time runs down. Three lanes, from left to right: {unit}, {district}, {municipal}. "
            "Each box is one step with its last day; arrows show what is handed over to whom.",
            unit=rulewords.level(self.p, Level.UNIT),
            district=rulewords.level(self.p, Level.DISTRICT),
            municipal=rulewords.level(self.p, Level.MUNICIPAL),
        )
