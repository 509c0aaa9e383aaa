"""The small phrases every message is made of: names of duties and periods, dates as people say them, states.

The only place where text from outside is made safe for HTML.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot import rulewords
from locales.printer import Printer
from obligations.deadlines import DueKind
from obligations.decisions import Status
from obligations.law import Law
from obligations.notice import Rule, Text
from obligations.periods import Period
from storage.overview import Item

RETURN_REASONS = ("late", "nonconforming", "incomplete", "unclear")
"""Notice 二(七): 存证材料不及时、不规范、不完整及不清晰. Stored by these codes, worded in each reader's language."""

NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩"

# What could turn a line around or hide in a name: bidirectional controls, zero-width marks, other controls. What is
# merely not assigned in this release of Unicode stays: it may be a character of somebody's name.
_UNSEEN = {"Cc", "Cf", "Cs", "Co"}
_TAG = re.compile(r"</?[a-z]+>")
_BREAKS = "\r\n\t\v\f\u2028\u2029"


def plain(text: str) -> str:
    """Return text from outside as a button may show it: on one line, without unseen characters."""
    return "".join(
        " " if c in _BREAKS else c for c in text if c in _BREAKS or unicodedata.category(c) not in _UNSEEN
    )


def safe(text: str) -> str:
    """Return text from outside as it may stand in HTML: `plain`, and escaped."""
    return html.escape(plain(text), quote=False)


def label(phrase: str) -> str:
    """Return a phrase that is safe in HTML as a button shows it: buttons carry text, not HTML."""
    return html.unescape(phrase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks: a language, the law the names come from, and the day it is for the reader."""

    p: Printer
    law: Law
    today: date

    def title(self, text: Text) -> str:
        """Return a title of the notice in this language."""
        return safe(text.zh if self.p.chinese else text.en)

    def rule_of(self, item: Item) -> Rule:
        """Return the rule that made an item; where its notice is gone, the one that speaks of the duty now."""
        book = self.law.rulebook
        return book.rule_made(item.notice, item.notice_version, item.made_by) or book.rule(item.rule)

    def rule(self, item: Item) -> str:
        """Return the duty's title in the notice's words."""
        return self.title(self.rule_of(item).title)

    def stage(self, item: Item) -> str:
        """Return the title of the item's own step."""
        return self.title(self.rule_of(item).stage(item.stage).title)

    def period(self, text: str) -> str:
        """Return a period as people say it: 2024年1月, 2023年度, 2021、2022年度."""
        return rulewords.period(self.p, Period.parse(text))

    def duty(self, item: Item) -> str:
        """Return the duty with its period, bold: what a person would call it."""
        return f"<b>{self.rule(item)}</b> {self.period(item.period)}"

    def clause(self, item: Item) -> str:
        """Return where the duty stands: the number and clause of the notice whose date counts, † if read second-hand."""
        book = self.law.rulebook
        number, rule = item.notice, self.rule_of(item)
        if item.dated_by not in (None, item.notice):
            said = [rule for notice, rule in book.by_duty[item.rule] if notice.number == item.dated_by]
            dating = [each for each in said if any(stage.name == item.stage for stage in each.stages)]
            if dating and item.dated_by is not None:
                number, rule = item.dated_by, dating[-1]
        notice = book.notice(number)
        mark = " †" if notice is not None and notice.provenance.source == "second-hand" else ""
        return f"{number} {rule.stage(item.stage).clause}{mark}"

    def mark(self, item: Item) -> str:
        """Return the mark of a date that rests on a text read second-hand; empty for one decided on the spot."""
        if item.act_by_on is None or item.status is Status.RETURNED or item.act_by_on == item.extended_to:
            return ""
        notice = self.law.rulebook.notice(item.dated_by or item.notice)
        return " †" if notice is not None and notice.provenance.source == "second-hand" else ""

    def organisation(self, name: str | None) -> str:
        """Return an organisation's name, safe."""
        return safe(name or "")

    def reason(self, reason: str | None) -> str:
        """Return why something was returned: one of the notice's reasons, or what the officer typed."""
        match reason:
            case "late":
                return self.p.text("the material is not timely")
            case "nonconforming":
                return self.p.text("the material does not conform")
            case "incomplete":
                return self.p.text("the material is incomplete")
            case "unclear":
                return self.p.text("the material is not clear")
            case "taken_over":
                return self.p.text("a later notice's duty takes its place")
            case "recounted":
                return self.p.text("the working days have been published since")
            case _:
                return safe(reason or "")

    def until(self, item: Item) -> str:
        """Return until when the item must be done, and how many days are left or over."""
        if item.act_by_on is None:
            awaited = item.due_kind is DueKind.EXTERNAL
            return self.p.text("date not announced yet") if awaited else self.p.text("no fixed date")
        if item.excused:
            excuse = self.p.text("handed over late by the step before, no default of this office")
            aim = self.p.day(item.act_by_on, today=self.today, weekday=True) + self.mark(item)
            return " · ".join([excuse, self.p.text("internal target {date}", date=aim)])
        parts = [self.deadline(item.act_by_on) + self.mark(item), self.distance(item.act_by_on)]
        if item.due_kind is DueKind.PROVISIONAL:
            parts.append(self.p.text("provisional"))
        was_on = item.moved_from or item.due_on
        if item.extended_to == item.act_by_on and was_on is not None:
            parts.append(self.p.text("was {date}", date=self.p.day(was_on, today=self.today)))
        if item.chain_at_risk and item.check_by_on is not None:
            next_on = self.p.day(item.check_by_on, today=self.today)
            parts.append(self.p.text("chain at risk: the next step is due {date}", date=next_on))
        if item.correct_by_on is not None and item.act_by_on < self.today:
            # One line for both: the evidence that never came, and its correction, which is handed over with it.
            parts.append(self.correction(item.correct_by_on))
        return " · ".join(parts)

    def correction(self, day: date) -> str:
        """Return by when evidence that never came is to be corrected, or how long that is overdue."""
        if day < self.today:
            days = (self.today - day).days
            return self.p.plural("correction {n} day overdue", "correction {n} days overdue", days)
        return self.p.text("to be corrected {deadline}", deadline=self.deadline(day))

    def deadline(self, day: date) -> str:
        """Return a due date with its hour: it lasts until midnight."""
        if day == self.today:
            return self.p.text("by 24:00 today")
        return self.p.text("by 24:00 on {date}", date=self.p.day(day, today=self.today, weekday=True))

    def distance(self, day: date) -> str:
        """Return how far a due date is: the days left, or the days overdue."""
        days = (day - self.today).days
        if days < 0:
            return self.p.plural("{n} day overdue", "{n} days overdue", -days)
        if days == 0:
            return self.p.text("last day")
        return self.p.plural("{n} day left", "{n} days left", days)

    def state(self, item: Item) -> str:
        """Return where the item stands, in one phrase."""
        match item.status:
            case Status.SUBMITTED:
                return self.p.text("submitted, waiting for the check")
            case Status.ACCEPTED if item.checked_by is None:
                return self.p.text("done")
            case Status.ACCEPTED:
                return self.p.text("accepted")
            case Status.WAIVED:
                return self.p.text("waived")
            case Status.RETURNED:
                return self.p.text("returned for correction, {until}", until=self.until(item))
            case Status.OPEN if not item.ready:
                return self.p.text("waiting for the step before")
            case _:
                return self.until(item)

    def numbered(self, index: int, count: int) -> str:
        """Return the mark of an item in a list; none where there is only one."""
        if count == 1:
            return ""
        return f"{NUMBERS[index]} " if index < len(NUMBERS) else f"{index + 1}. "


def bold(text: str) -> str:
    """Return a phrase that is already safe, in bold."""
    return f"<b>{text}</b>"


def untagged(text: str) -> str:
    """Return a message as a terminal shows it: HTML without its tags."""
    return html.unescape(_TAG.sub("", text))


def lines(parts: Sequence[str | None]) -> str:
    """Join the lines of a message; None leaves a line out, an empty one stays as a gap."""
    return "\n".join(part for part in parts if part is not None)
