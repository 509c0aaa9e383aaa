"""What is wrong with a registry, as sentences: where, what, and what to do."""

from collections.abc import Callable, Mapping

from locales.printer import Printer
from storage.registry_rows import Fault, FaultCode
from storage.workbook import heading

Sentence = Callable[[Printer, Mapping[str, object]], str]

_SENTENCES: Mapping[FaultCode, Sentence] = {
    FaultCode.FILE: lambda p, a: p.text(
        "the file is no workbook that can be read; save it as .xlsx, without a password, and try again", **a
    ),
    FaultCode.FILE_TOO_LARGE: lambda p, a: p.text(
        "larger than {megabytes} MB; split it into several files", **a
    ),
    FaultCode.TOO_MANY_ROWS: lambda p, a: p.text("more than {rows} rows; split it into several files", **a),
    FaultCode.NO_SHEET: lambda p, a: p.text(
        "none of the sheets {expected} is there; write a template with: duewatch import --template FILE", **a
    ),
    FaultCode.NO_COLUMN: lambda p, a: p.text(
        "this column is missing; copy the headings from the template", **a
    ),
    FaultCode.FORMULA: lambda p, a: p.text("a formula; paste its value instead", **a),
    FaultCode.MISSING: lambda p, a: p.text("is empty and must be filled in", **a),
    FaultCode.TOO_LONG: lambda p, a: p.text("longer than {characters} characters; shorten it", **a),
    FaultCode.NOT_A_DATE: lambda p, a: p.text("“{found}” is no date; write it as 2024-01-05", **a),
    FaultCode.DATES_REVERSED: lambda p, a: p.text("ends before it begins; check both dates", **a),
    FaultCode.CREDIT_CODE_NUMBER: lambda p, a: p.text(
        "the code became a number and may have lost digits; format the column as text and type it again", **a
    ),
    FaultCode.CREDIT_CODE_LENGTH: lambda p, a: p.text(
        "a unified social credit code has 18 characters, this has {found}; compare it with the licence", **a
    ),
    FaultCode.CREDIT_CODE_CHARACTER: lambda p, a: p.text(
        "“{found}” never stands in a unified social credit code (no I, O, S, V, Z); compare it with the licence",
        **a,
    ),
    FaultCode.CREDIT_CODE_CHECK: lambda p, a: p.text(
        "the check character “{found}” does not fit the other 17: one of them is mistyped; compare it with the licence",
        **a,
    ),
    FaultCode.UNKNOWN_WORD: lambda p, a: p.text("“{found}” is not one of: {expected}", **a),
    FaultCode.UNKNOWN_DISTRICT: lambda p, a: p.text(
        "there is no district “{found}”; add it to the sheet 区县", **a
    ),
    FaultCode.UNKNOWN_ORGANISATION: lambda p, a: p.text(
        "there is no organisation “{found}”; check the name, or add it to the sheets 区县 or 企业", **a
    ),
    FaultCode.AMBIGUOUS: lambda p, a: p.text("“{found}” may be several organisations; write its code", **a),
    FaultCode.DUPLICATE: lambda p, a: p.text(
        "“{found}” stands in row {row} already; delete one of the rows", **a
    ),
    FaultCode.OTHER_LEVEL: lambda p, a: p.text(
        "this code belongs to “{found}”, which is on another level; correct the code", **a
    ),
    FaultCode.TWO_ORGANISATIONS: lambda p, a: p.text(
        "the code and the credit code belong to two different organisations; correct one of them", **a
    ),
    FaultCode.SECOND_MUNICIPALITY: lambda p, a: p.text(
        "there is one municipality already; this is another", **a
    ),
    FaultCode.NO_MUNICIPALITY: lambda p, a: p.text(
        "there is no municipality; add one row with the level 市级 to the sheet 区县", **a
    ),
    FaultCode.MOVE_WITHOUT_DATE: lambda p, a: p.text(
        "the unit belongs to “{found}” now; to move it, say since when", **a
    ),
    FaultCode.MOVE_TOO_EARLY: lambda p, a: p.text(
        "the unit belongs to its district before only since {found}; give a later date", **a
    ),
    FaultCode.SUCCESSOR_WITHOUT_END: lambda p, a: p.text(
        "only a district that ends has a successor; give its last day with “{found}”, or leave the cell blank",
        **a,
    ),
    FaultCode.SUCCESSOR_CIRCLE: lambda p, a: p.text(
        "“{found}” is succeeded by this district itself, at once or in the end; correct one of them", **a
    ),
    FaultCode.MAILBOX: lambda p, a: p.text(
        "“{found}” is no mailbox; write one such as name@example.org, or leave the cell blank", **a
    ),
    FaultCode.MAILBOX_TAKEN: lambda p, a: p.text(
        "this mailbox is already that of {found}; give each contact a mailbox of their own", **a
    ),
}


def sentence(p: Printer, fault: Fault) -> str:
    """Return one fault as a line: sheet, row, column, what is wrong, what to do."""
    place = fault.place
    column = None if fault.column is None else heading(place.sheet, fault.column)
    where = [
        place.sheet,
        p.text("row {row}", row=place.row) if place.row is not None else "",
        p.text("column {column}", column=column) if column else "",
    ]
    said = ", ".join(each for each in where if each)
    wrong = _SENTENCES[fault.code](p, fault.arguments)
    return f"{said}: {wrong}" if said else wrong
