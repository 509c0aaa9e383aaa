"""One duty in full, as a person reads it: every notice that speaks of it, every step with the notices' own words."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot import rulewords
from bot.explaining import SECOND_HAND, cited
from bot.register.duties import Duty, Register, Said, Step, as_data
from bot.register.sheet import Entry, limited, notice_facts, sheet
from bot.register.terminal import hung
from locales.printer import Printer
from obligations.notice import Notice
from obligations.rules import Rule


def described(
    p: Printer, register: Register, said: Sequence[tuple[Notice, Rule]], width: int
) -> Iterator[str]:
    """Yield the lines of the only duty of a register, none wider than ``width``; ``said`` is every notice's rule for it."""
    (duty,) = register.duties
    (entry,) = [entry for part in sheet(p, register).parts for _, group in part.chapters for entry in group]
    for line in _lines(p, duty, entry, said):
        words = line.lstrip()
        yield from hung(line[: len(line) - len(words)], words, width) if words else [""]


def _lines(p: Printer, duty: Duty, entry: Entry, said: Sequence[tuple[Notice, Rule]]) -> Iterator[str]:
    rule = duty.rule
    yield f"{rule.title.of(p.language)}  ({duty.name})"
    yield "  " + " · ".join(entry.about)
    for words in _relations(p, duty, said):
        yield f"  {words}"
    yield ""
    yield p.text("Notices that speak of it")
    for notice, spoken in said:
        limits = limited(p, spoken, rule)
        yield f"  {_marked(notice)} · " + " · ".join((*notice_facts(p, notice)[1:], *limits))
    for step, row in zip(duty.steps, entry.rows, strict=True):
        yield ""
        yield f"{step.stage.name} · {row.who} · {row.what}"
        for each in step.said:
            yield from _said(p, each, duty)
        for day in _days(p, step):
            yield f"  → {day}"
        yield "  " + p.text("Handed to: {office}", office=" · ".join(row.handed))
        yield f"  {row.done}"
        for condition in dict.fromkeys(one for each in step.said for one in each.stage.conditions):
            yield f"  · {condition.of(p.language)}"


def _days(p: Printer, step: Step) -> Iterator[str]:
    """Yield a year's dates one by one, each with whom it is for and the notice it is by."""
    for day in step.days:
        yield p.text(
            "{date} for {period}: {sectors}, {clause}",
            date=p.day(day.on, weekday=True),
            period=rulewords.period(p, day.period),
            sectors=rulewords.sectors(p, day.sectors),
            clause=cited(day.said[0]),
        )


def as_full_data(duty: Duty, said: Sequence[tuple[Notice, Rule]]) -> dict[str, Any]:
    """Return a duty as JSON holds it: its first rule whole, with what every notice says and a year's dates."""
    return {
        "duty": duty.name,
        "notice": duty.notice.number,
        **duty.rule.model_dump(mode="json"),
        "said_by": [
            {
                "notice": notice.number,
                "version": notice.version,
                "authority": notice.authority,
                "issued_on": notice.issued_on,
                "in_force_on": notice.in_force_on,
                "second_hand": notice.provenance.source == "second-hand",
                "provenance": notice.provenance.model_dump(mode="json"),
                "rule": rule.model_dump(mode="json"),
            }
            for notice, rule in said
        ],
        "steps": as_data(duty)["stages"],
    }


def _relations(p: Printer, duty: Duty, said: Sequence[tuple[Notice, Rule]]) -> Iterator[str]:
    if duty.rule.depends_on:
        yield p.text("Needs the outcome of: {duties}", duties=p.listed(list(duty.rule.depends_on)))
    if absorbed := dict.fromkeys(name for _, rule in said for name in rule.absorbs):
        yield p.text("Takes the place of: {duties}", duties=p.listed(list(absorbed)))
    for notice, rule in said:
        for parameter in rule.parameters:
            yield p.text(
                "{name}, {years}: {value} ({notice})",
                name=parameter.name.of(p.language),
                years=rulewords.years(p, parameter),
                value=parameter.value.of(p.language),
                notice=_marked(notice),
            )


def _said(p: Printer, said: Said, duty: Duty) -> Iterator[str]:
    limits = limited(p, said.rule, duty.rule)
    words = (rulewords.deadline(p, said.stage.deadline), *limits)
    yield f"  {_marked(said.notice)} {said.stage.clause}  " + " · ".join(words)
    yield f"    “{said.stage.source_words}”"


def _marked(notice: Notice) -> str:
    return notice.number + (SECOND_HAND if notice.provenance.source == "second-hand" else "")
