"""What changes from one rulebook to another, in words and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from bot import rulewords
from bot.explaining import SECOND_HAND
from locales.printer import Printer
from obligations.difference import Aspect, Dates, Difference, DutyDifference, Given, Redated, Reworded
from obligations.notice import Notice
from obligations.notice_errors import Problem
from obligations.periods import Period, PeriodKind
from obligations.terms import Arises, Level, Parameter, Recipient, Text, Threshold

_SHOWN = 3
"""How many dates of a step are said one by one; of more, the first and the last."""


def told(p: Printer, found: Difference) -> Iterator[str]:
    """Yield the lines of a difference: the notices, then each duty with what changes of it."""
    for sign, notices in (
        ("+", found.notices_added),
        ("-", found.notices_ended),
        ("~", found.notices_changed),
    ):
        for notice in notices:
            yield f"{sign} {_notice(p, notice)}"
    yield p.text(
        "Compared for dates from {since} to {through}.",
        since=p.day(found.since),
        through=p.day(found.through),
    )
    if not found.duties:
        yield p.text("No duty, date or word changes.")
    titles = {duty.duty: duty.rule.title.of(p.language) for duty in found.duties}
    for duty in found.duties:
        yield ""
        yield from _duty(p, duty, titles)


def as_data(found: Difference) -> dict[str, Any]:
    """Return a difference as JSON holds it; dates are `date`."""
    return {
        "since": found.since,
        "through": found.through,
        "notices": {
            "added": [_notice_data(each) for each in found.notices_added],
            "ended": [_notice_data(each) for each in found.notices_ended],
            "changed": [_notice_data(each) for each in found.notices_changed],
        },
        "duties": [_duty_data(each) for each in found.duties],
    }


def problem_data(problem: Problem) -> dict[str, Any]:
    """Return one fault or remark as JSON holds it."""
    return {name: getattr(problem, name) for name in ("file", "line", "rule", "stage", "key", "message")}


def _notice(p: Printer, notice: Notice) -> str:
    mark = SECOND_HAND if notice.provenance.source == "second-hand" else ""
    return p.text(
        "{number}, version {version}, in force from {date}: {title}",
        number=notice.number + mark,
        version=notice.version,
        date=p.day(notice.in_force_on),
        title=notice.title.of(p.language),
    )


def _duty(p: Printer, duty: DutyDifference, titles: Mapping[str, str]) -> Iterator[str]:
    sign = "~" if bool(duty.added) == bool(duty.ended) else "+" if duty.added else "-"
    yield f"{sign} {_named(p, duty.duty, titles)} · {rulewords.sectors(p, duty.sectors)}"
    yield from _begun(p, duty, titles)
    yield from _ended(p, duty, titles)
    for change in duty.stages:
        periods = _periods(p, change.periods)
        if change.added:
            yield "    " + p.text("new step {step}: {periods}", step=change.stage, periods=periods)
        else:
            yield "    " + p.text("step {step} is left out: {periods}", step=change.stage, periods=periods)
    steps = {stage.name: stage for stage in duty.steps}
    for name, changes in groupby(duty.redated, key=lambda each: each.stage):
        stage = steps[name]
        who, what = rulewords.level(p, stage.actor), stage.title.of(p.language)
        yield f"    {name} · " + p.text("{who}: {what}", who=who, what=what)
        for redated in changes:
            yield from _redated(p, redated)
    for reworded in duty.reworded:
        yield from _reworded(p, reworded)


def _begun(p: Printer, duty: DutyDifference, titles: Mapping[str, str]) -> Iterator[str]:
    if not duty.added:
        return
    periods = _periods(p, duty.added)
    if duty.instead_of is None:
        yield "    " + p.text("new: {periods}", periods=periods)
    else:
        other = _named(p, duty.instead_of, titles)
        yield "    " + p.text("new: {periods}, in place of {duty}", periods=periods, duty=other)
    for stage in duty.rule.stages:
        yield "      " + p.text(
            "{who}: {what}, {when}",
            who=rulewords.level(p, stage.actor),
            what=stage.title.of(p.language),
            when=rulewords.deadline(p, stage.deadline),
        )


def _ended(p: Printer, duty: DutyDifference, titles: Mapping[str, str]) -> Iterator[str]:
    if not duty.ended:
        return
    periods = _periods(p, duty.ended)
    if duty.taken_over_by is None:
        yield "    " + p.text("ends: {periods}", periods=periods)
    else:
        other = _named(p, duty.taken_over_by, titles)
        yield "    " + p.text("ends: {periods}, {duty} takes its place", periods=periods, duty=other)


def _named(p: Printer, duty: str, titles: Mapping[str, str]) -> str:
    """Return a duty by its title and its name; by its name alone where nothing changes of it."""
    return p.text("{title} ({name})", title=titles[duty], name=duty) if duty in titles else duty


def _redated(p: Printer, change: Redated) -> Iterator[str]:
    yield "      " + p.text("before: {words}", words=_given(p, change.before))
    yield "      " + p.text("after:  {words}", words=_given(p, change.after))
    if change.same_dates:
        said = p.text("the dates stay the same")
    elif days := _each_month(change.dates):
        said = p.text("each month: day {before} → day {after}", before=days[0], after=days[1])
    elif len(change.dates) <= _SHOWN:
        said = p.listed([_dates(p, each) for each in change.dates])
    else:
        said = f"{_dates(p, change.dates[0])} … {_dates(p, change.dates[-1])}"
    periods = _periods(p, [each.period for each in change.dates])
    yield "      " + p.text("{periods}: {words}", periods=periods, words=said)


def _given(p: Printer, given: Given) -> str:
    mark = SECOND_HAND if given.second_hand else ""
    return p.text(
        "{words} ({source})",
        words=rulewords.deadline(p, given.deadline),
        source=f"{given.notice}{mark} {given.clause}",
    )


def _dates(p: Printer, dates: Dates) -> str:
    before, after = (p.text("no date") if on is None else p.day(on) for on in (dates.before, dates.after))
    return f"{before} → {after}"


def _each_month(dates: Sequence[Dates]) -> tuple[int, int] | None:
    """Return the day of the month before and after, where both are the same in every one of several months."""
    days = {
        (each.before.day, each.after.day)
        for each in dates
        if each.before is not None and each.after is not None and each.period.kind is PeriodKind.MONTH
    }
    complete = all(each.before is not None and each.after is not None for each in dates)
    return days.pop() if complete and len(days) == 1 and len(dates) >= _SHOWN else None


def _reworded(p: Printer, change: Reworded) -> Iterator[str]:
    where = "" if change.stage is None else f"{change.stage} · "
    said = p.text("{what}, {periods}", what=_aspect(p, change.aspect), periods=_periods(p, change.periods))
    yield f"    {where}{said}"
    yield "      " + p.text("before: {words}", words=_words(p, change.before))
    yield "      " + p.text("after:  {words}", words=_words(p, change.after))


def _periods(p: Printer, periods: Sequence[Period]) -> str:
    first, last = periods[0], periods[-1]
    if first == last:
        return rulewords.period(p, first)
    return p.text(
        "{first} to {last} ({n})",
        first=rulewords.period(p, first),
        last=rulewords.period(p, last),
        n=len(periods),
    )


def _aspect(p: Printer, aspect: Aspect) -> str:
    words: Mapping[Aspect, str] = {
        Aspect.TITLE: p.text("title of the duty"),
        Aspect.STEP: p.text("what is to be done"),
        Aspect.CLAUSE: p.text("clause"),
        Aspect.EVIDENCE: p.text("what counts as done"),
        Aspect.RECIPIENT: p.text("to whom"),
        Aspect.CHANNEL: p.text("channel"),
        Aspect.CHECKER: p.text("who checks"),
        Aspect.CONDITIONS: p.text("conditions"),
        Aspect.NIL_REPORT: p.text("nil report"),
        Aspect.FUELS: p.text("which units"),
        Aspect.THRESHOLD: p.text("target"),
        Aspect.PARAMETERS: p.text("specifications and parameters"),
        Aspect.ROLL: p.text("dates on days off"),
        Aspect.OCCASION: p.text("what must happen first"),
    }
    return words[aspect]


def _words(p: Printer, value: object) -> str:
    """Return a value of an `Aspect` as it is read."""
    match value:
        case frozenset():
            return rulewords.fuels(p, value)
        case tuple() if value:
            return p.listed([_words(p, each) for each in value])
        case None | ():
            return "–"
        case bool():
            return p.text("owed") if value else p.text("not owed")
        case "none":
            return p.text("they stay")
        case "next_working_day":
            return p.text("they move to the next working day")
        case _:
            return _part(p, value)


def _part(p: Printer, value: object) -> str:
    match value:
        case Text():
            return value.of(p.language)
        case Recipient():
            return rulewords.recipient(p, value)
        case Level():
            return rulewords.level(p, value)
        case Threshold():
            return rulewords.threshold(p, value)
        case Arises():
            return rulewords.occasion(p, value)
        case Parameter():
            return p.text(
                "{name}, {years}: {value}",
                name=value.name.of(p.language),
                years=rulewords.years(p, value),
                value=value.value.of(p.language),
            )
        case _:
            return str(value)


def _notice_data(notice: Notice) -> dict[str, Any]:
    return {
        "number": notice.number,
        "version": notice.version,
        "title": notice.title.model_dump(),
        "in_force_on": notice.in_force_on,
        "second_hand": notice.provenance.source == "second-hand",
    }


def _duty_data(duty: DutyDifference) -> dict[str, Any]:
    return {
        "duty": duty.duty,
        "title": duty.rule.title.model_dump(),
        "sectors": sorted(duty.sectors),
        "actors": sorted({stage.actor.value for stage in duty.touched}),
        "added": [str(each) for each in duty.added],
        "ended": [str(each) for each in duty.ended],
        "instead_of": duty.instead_of,
        "taken_over_by": duty.taken_over_by,
        "stages": [
            {"stage": each.stage, "added": each.added, "periods": [str(period) for period in each.periods]}
            for each in duty.stages
        ],
        "redated": [
            {
                "stage": each.stage,
                "before": _given_data(each.before),
                "after": _given_data(each.after),
                "dates": [
                    {"period": str(one.period), "before": one.before, "after": one.after}
                    for one in each.dates
                ],
            }
            for each in duty.redated
        ],
        "reworded": [
            {
                "stage": each.stage,
                "what": each.aspect.value,
                "before": _plain(each.before),
                "after": _plain(each.after),
                "periods": [str(period) for period in each.periods],
            }
            for each in duty.reworded
        ],
    }


def _given_data(given: Given) -> dict[str, Any]:
    return {
        "notice": given.notice,
        "version": given.version,
        "clause": given.clause,
        "second_hand": given.second_hand,
        "deadline": given.deadline.model_dump(mode="json"),
    }


def _plain(value: object) -> object:
    """Return a value of an `Aspect` as JSON holds it."""
    match value:
        case Text() | Threshold() | Arises() | Parameter():
            return value.model_dump(mode="json")
        case frozenset():
            return sorted(value)
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value
