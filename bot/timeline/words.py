"""What the picture of a year says, in one language: headings, names, notes and what a screen reader is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot import rulewords
from bot.timeline.agenda import Agenda, Entry, Strip, Undated
from bot.wording.phrases import Voice
from locales.printer import Printer
from obligations.law import Law
from obligations.notice import Notice
from obligations.rules import Rule, Stage
from obligations.terms import (
    SECTOR_GROUPS,
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


def sector_name(p: Printer, sector: Sector) -> str:
    """Return one sector's name."""
    match sector:
        case Sector.POWER:
            return p.text("Power")
        case Sector.PETROCHEMICAL:
            return p.text("Petrochemicals")
        case Sector.CHEMICAL:
            return p.text("Chemicals")
        case Sector.BUILDING_MATERIALS:
            return p.text("Building materials")
        case Sector.STEEL:
            return p.text("Steel")
        case Sector.NONFERROUS:
            return p.text("Non-ferrous metals")
        case Sector.PAPER:
            return p.text("Paper")
        case Sector.AVIATION:
            return p.text("Aviation")
        case Sector.CEMENT:
            return p.text("Cement")
        case Sector.ALUMINIUM:
            return p.text("Aluminium smelting")


def sector_names(p: Printer, sectors: frozenset[Sector]) -> str:
    """Return several sectors by the name of their group where they are one, else each by its name."""
    if sectors == SECTOR_GROUPS["all"]:
        return p.text("All sectors")
    if sectors == SECTOR_GROUPS["non-power"]:
        return p.text("All but power")
    return p.listed([sector_name(p, sector) for sector in Sector if sector in sectors])


def level(p: Printer, who: Level) -> str:
    """Return what a lane is headed with."""
    return _headed(rulewords.level(p, who))


def _headed(words: str) -> str:
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class Script:
    """Everything one picture says: the agenda's own words in the printer's language."""

    law: Law
    agenda: Agenda
    p: Printer

    @property
    def _voice(self) -> Voice:
        return Voice(p=self.p, law=self.law, today=date(self.agenda.year, 1, 1))

    def heading(self) -> str:
        """Return what the picture is."""
        return self.p.text("Whole-chain timeline {year}", year=self.agenda.year)

    def scope(self) -> str:
        """Return for which sectors it is."""
        return self.p.text("Sectors: {sectors}", sectors=sector_names(self.p, self.agenda.sectors))

    def origin(self) -> str:
        """Return what it was drawn from, and what it is not."""
        return self.p.text("Drawn from the text of the notice; not the diagram of its annex.")

    def basis(self) -> str:
        """Return the numbers of the notices it rests on."""
        numbers = [self.number(notice) for notice in self.agenda.notices]
        return self.p.text("Basis: {notices}", notices=self.p.listed(numbers))

    def number(self, notice: Notice) -> str:
        """Return a notice's number, marked where it was not read on its official page."""
        return notice.number + (SECOND_HAND if notice.provenance.source == "second-hand" else "")

    def day(self, on: date) -> str:
        """Return a date; the year is left out where it is the picture's."""
        return self.p.day(on, today=date(self.agenda.year, 1, 1))

    def date(self, entry: Entry) -> str:
        """Return an entry's date with its marks."""
        marks = (PROVISIONAL if entry.provisional else "") + (SECOND_HAND if entry.second_hand else "")
        return self.day(entry.on) + marks

    def pill(self, entry: Entry) -> str:
        """Return an entry's date in a strip; what is kept until then says so."""
        if isinstance(entry.stage.deadline, Retention):
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
        return self._voice.period(str(of.period))

    def step(self, stage: Stage) -> str:
        """Return what is done."""
        return stage.title.of(self.p.language)

    def month(self, number: int) -> str:
        """Return a month's short name, as dates are said."""
        first = date(self.agenda.year, number, 1)
        return f"{number}月" if self.p.chinese else self.day(first).split(" ", 1)[1]

    def clause(self, entry: Entry) -> str:
        """Return the clause of an entry."""
        return f"〔{entry.due.clause}〕"

    def other_notice(self, entry: Entry) -> str:
        """Return an entry's notice where that is not the one most dates come from; else nothing."""
        base = self.agenda.notices[0]
        return "" if entry.notice.number == base.number else self.number(entry.notice)

    def strip(self, strip: Strip) -> str:
        """Return what a strip is headed with."""
        bases = dict.fromkeys(self.other_notice(entry) + self.clause(entry) for entry in strip.entries)
        named = f"{self.title(strip.rule)} {self.period(strip)} {' '.join(bases)}"
        bears = self.sectors(strip.sectors)
        return f"{named} {bears}" if bears else named

    def others(self, entry: Entry) -> list[str]:
        """Return what other notices say of the same step."""
        return [
            self.p.text("{notice} says {date}", notice=self.number(each.notice), date=self.day(each.on))
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
        return "" if sectors == self.agenda.sectors else sector_names(self.p, sectors)

    def each_month(self, strip: Strip) -> list[tuple[Level | None, str]]:
        """Return how a monthly duty's dates are given: its title, then a line for each step and who bears it."""
        bears = self.sectors(strip.sectors)
        headed = f"{self.title(strip.rule)}（{bears}）" if bears else self.title(strip.rule)
        lines: list[tuple[Level | None, str]] = [(None, headed)]
        for entry in strip.entries:
            stage = entry.stage
            said = next(
                (own.deadline for own in self._own(entry) if own.name == stage.name),
                stage.deadline,
            )
            words = rulewords.deadline(self.p, said)
            lines.append(
                (stage.actor, self.p.text("{step}: {deadline}", step=self.step(stage), deadline=words))
            )
        return lines

    def _own(self, entry: Entry) -> Sequence[Stage]:
        """Return the stages of the duty as the notice whose date it is puts them."""
        return [stage for rule in entry.notice.rules if rule.duty == entry.rule.duty for stage in rule.stages]

    def undated(self, each: Undated) -> str:
        """Return a step without a date: the duty, the step, its clause, and when it is due after all."""
        named = self.p.text(
            "{duty}: {step}〔{clause}〕",
            duty=self.title(each.rule),
            step=self.step(each.stage),
            clause=each.stage.clause,
        )
        number = "" if each.notice.number == self.agenda.notices[0].number else self.number(each.notice)
        parts = (named, number, self._when(each.stage), self.sectors(each.sectors))
        return " · ".join(part for part in parts if part)

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
        if any(notice.provenance.source == "second-hand" for notice in self._cited()):
            notes.append(
                self.p.text(
                    "{mark} Read second-hand: check the notice on its official page before relying on it.",
                    mark=SECOND_HAND,
                )
            )
        return notes

    def _cited(self) -> list[Notice]:
        others = [each.notice for entry in self.agenda.all_entries for each in entry.others]
        return [*self.agenda.notices, *others]

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
