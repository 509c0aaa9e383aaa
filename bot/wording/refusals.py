"""Why something that happened, or an amount, cannot be recorded so: one sentence each, and what to do."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from locales.printer import Printer
from storage.errors import OccurrenceRefusedError, QuotaRefusedError
from storage.quota_files import Fault

Sentence = Callable[[Printer, Mapping[str, object]], str]

_OCCURRENCES: Mapping[str, Sentence] = MappingProxyType(
    {
        "future": lambda p, a: p.text("{day} is still to come; a finding is recorded once it was made.", **a),
        "passed": lambda p, a: p.text(
            "The duty must be done before {day}, and that day has come; there is no time left for it.", **a
        ),
        "too_early": lambda p, a: p.text(
            "No notice asks for anything then: the duty begins with {day}.", **a
        ),
        "no_district": lambda p, _: p.text(
            "The unit belongs to no district today; correct the registry first."
        ),
        "no_note": lambda p, _: p.text("Please say what was found; it goes on record."),
        "too_long": lambda p, a: p.text("At most {characters} characters; please shorten it.", **a),
        "no_stage": lambda p, _: p.text("Say which duty of the unit it happened to."),
        "settled": lambda p, _: p.text("The duty was waived; there is nothing to correct."),
        "not_handed_over": lambda p, _: p.text(
            "The evidence has not been handed over and is not overdue; nothing can be found in it."
        ),
        "waiting_check": lambda p, _: p.text("It waits for its check: return it for correction instead."),
        "returned": lambda p, _: p.text("It was returned already, and the time for its correction runs."),
        "not_in_default": lambda p, _: p.text("The unit is not in default of it on that day."),
        "recorded": lambda p, _: p.text("That is on record already, and what arose from it goes on."),
        "nothing_arises": lambda p, _: p.text(
            "No notice in force has a duty for this: not for this sector, level and period."
        ),
    }
)

_QUOTAS: Mapping[str, Sentence] = MappingProxyType(
    {
        "not_a_unit": lambda p, a: p.text("{name} is no unit; allowances are kept for units.", **a),
        "year": lambda p, a: p.text("{year} is no year allowances are kept for.", **a),
        "out_of_range": lambda p, a: p.text(
            "{tonnes} t is not an amount of allowances; give whole tonnes from 0.", **a
        ),
        "too_long": lambda p, a: p.text("At most {characters} characters; please shorten it.", **a),
        "offset_above_cap": lambda p, a: p.text(
            "{offset} t of CCER are declared, more than the {cap} t that 5% of this amount allows; "
            "lower that first.",
            **a,
        ),
        "due_unknown": lambda p, a: p.text(
            "The due surrender for {year} is not known yet, so neither is what CCER may offset.", **a
        ),
        "above_cap": lambda p, a: p.text(
            "{tonnes} t is too much: CCER may offset at most {cap} t, 5% of the due surrender of {due} t.",
            **a,
        ),
        "no_rule": lambda p, a: p.text(
            "The notice speaks of CCER for {first} and {last} only, and no later rule is loaded.", **a
        ),
    }
)

_FILES: Mapping[str, Sentence] = MappingProxyType(
    {
        "file": lambda p, _: p.text(
            "it is no CSV in UTF-8 and no workbook that can be read; save it as one and try again"
        ),
        "no_column": lambda p, a: p.text("the column {column} is missing", **a),
        "no_unit": lambda p, a: p.text("there is no organisation with the code or name {words}", **a),
        "not_a_number": lambda p, a: p.text("“{found}” is no whole number", **a),
        "twice": lambda p, a: p.text("the same unit and year stand in row {row} already", **a),
    }
)


def quota_file_fault(p: Printer, fault: Fault) -> str:
    """Return what is wrong with one row of a file of allowances, and where."""
    said = (_FILES.get(fault.code) or _QUOTAS[fault.code])(p, fault.arguments)
    if fault.row is None:
        return said
    where = p.text("row {row}", row=fault.row)
    return f"{where}: {said}"


def occurrence_refused(p: Printer, error: OccurrenceRefusedError) -> str:
    """Return why something that happened cannot be recorded so, and what to do."""
    given = {
        key: p.day(value) if isinstance(value, date) else value for key, value in error.arguments.items()
    }
    return _OCCURRENCES[error.code](p, given)


def quota_refused(p: Printer, error: QuotaRefusedError) -> str:
    """Return why an amount cannot be recorded so, and what to do."""
    return _QUOTAS[error.code](p, error.arguments)
