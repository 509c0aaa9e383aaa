"""The register as one HTML page that stands alone: for a screen, and for a wall in A3 or A4 landscape."""

import html
from collections.abc import Iterator, Sequence

from bot.register.sheet import Entry, Part, Row, Sheet

_TAGS = {"zh-hans": "zh-Hans", "en": "en"}

_STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --soft: #59636e; --rule: #c9d1d9; --head: #eef2f6; --accent: #0b5d4e; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px; max-width: 1500px; color: var(--ink); background: #fff;
  font: 14px/1.45 system-ui, "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC",
  "Microsoft YaHei", sans-serif; }
h1 { margin: 0; font-size: 26px; }
h2 { margin: 28px 0 2px; font-size: 18px; color: var(--accent); }
h3 { margin: 0; font-size: 14px; }
p { margin: 2px 0; }
.facts { color: var(--soft); }
.scroll { overflow-x: auto; }
table { width: 100%; min-width: 900px; margin-top: 8px; border-collapse: collapse; table-layout: fixed; }
th, td { padding: 5px 7px; border: 1px solid var(--rule); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
thead th { background: var(--accent); color: #fff; font-weight: 600; }
th.chapter { background: var(--head); }
th[scope=rowgroup] { font-weight: 400; }
th[scope=rowgroup] b { display: block; }
code { font: 12px/1.4 ui-monospace, Menlo, Consolas, monospace; color: var(--soft); }
.done, .soft { color: var(--soft); }
.days { font-weight: 600; color: var(--accent); }
sup { font-size: 10px; line-height: 0; }
sup a { color: inherit; text-decoration: none; }
td p + p { margin-top: 4px; }
ol, ul { margin: 6px 0 0; padding-left: 24px; }
.notes { columns: 2; column-gap: 32px; }
.notes li { break-inside: avoid; }
@page { size: landscape; margin: 10mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 7.6pt; line-height: 1.32; }
  h1 { font-size: 15pt; }
  h2 { margin-top: 10pt; font-size: 10.5pt; break-after: avoid; }
  h3 { font-size: 8.5pt; }
  table { min-width: 0; margin-top: 4pt; }
  th, td { padding: 2pt 3.5pt; border-color: #8b949e; }
  thead { display: table-header-group; }
  thead th, th.chapter { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  tr.chapter { break-after: avoid; }
  tr { break-inside: avoid; }
  code { font-size: 6.5pt; }
  sup { font-size: 5.5pt; }
  .scroll { overflow: visible; }
}
@media print and (min-width: 350mm) { body { font-size: 9.6pt; } code { font-size: 8pt; } sup { font-size: 7pt; } }
"""


def page(sheet: Sheet) -> str:
    """Return the page. Everything that was not written here is made safe."""
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: Sheet) -> Iterator[str]:
    language = _TAGS[sheet.language]
    yield "<!doctype html>"
    yield f'<html lang="{language}">'
    yield '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_safe(sheet.title)}</title>"
    yield f"<style>{_STYLE}</style></head>"
    yield "<body>"
    yield f"<header><h1>{_safe(sheet.title)}</h1>"
    yield f'<p class="facts">{_safe(" · ".join(sheet.facts))}</p></header>'
    yield "<main>"
    for part in sheet.parts:
        yield from _part(part, sheet)
    yield "</main>"
    yield "<footer>"
    if sheet.notes:
        yield f'<h2>{_safe(sheet.notes_title)}</h2><ol class="notes">'
        for number, note in enumerate(sheet.notes, start=1):
            yield f'<li id="note-{number}">{_safe(note)}</li>'
        yield "</ol>"
    yield "<ul>"
    for line in sheet.legend:
        yield f"<li>{_safe(line)}</li>"
    yield "</ul></footer></body></html>"


def _part(part: Part, sheet: Sheet) -> Iterator[str]:
    duty, clause, who, what, when, year, handed = sheet.heads
    columns = [("14%", duty), ("5%", clause), ("9%", who), ("26%", what), ("17%", when)]
    columns += [("14%", year)] if sheet.dated else []
    columns += [("15%", handed)]
    yield f"<section><h2>{_safe(part.title)}</h2>"
    yield f'<p class="facts">{_safe(" · ".join(part.facts))}</p>'
    yield '<div class="scroll"><table><colgroup>'
    yield "".join(f'<col style="width:{width}">' for width, _ in columns)
    yield "</colgroup><thead><tr>"
    yield "".join(f'<th scope="col">{_safe(name)}</th>' for _, name in columns)
    yield "</tr></thead>"
    for name, entries in part.chapters:
        yield f'<tbody><tr class="chapter"><th class="chapter" colspan="{len(columns)}"><h3>{_safe(name)}</h3></th></tr></tbody>'
        for entry in entries:
            yield from _entry(entry, dated=sheet.dated)
    yield "</table></div></section>"


def _entry(entry: Entry, *, dated: bool) -> Iterator[str]:
    yield '<tbody class="duty">'
    for place, row in enumerate(entry.rows):
        yield "<tr>"
        if place == 0:
            about = _paragraphs([" · ".join(entry.about)], kind="soft")
            yield f'<th scope="rowgroup" rowspan="{len(entry.rows)}"><b>{entry.number}. {_safe(entry.title)}</b>'
            yield f"<code>{_safe(entry.name)}</code>{about}</th>"
        yield from _cells(row, dated=dated)
        yield "</tr>"
    yield "</tbody>"


def _cells(row: Row, *, dated: bool) -> Iterator[str]:
    notes = " ".join(f'<a href="#note-{number}">[{number}]</a>' for number in row.notes)
    yield f"<td>{_safe(row.clause)}</td>"
    yield f"<td>{_safe(row.who)}</td>"
    yield f"<td><p>{_safe(row.what)}{f' <sup>{notes}</sup>' if notes else ''}</p>"
    yield f'<p class="done">{_safe(row.done)}</p></td>'
    yield f"<td>{_paragraphs(row.when)}</td>"
    if dated:
        yield f"<td>{_paragraphs(row.days, kind='days')}</td>"
    yield f"<td>{_paragraphs(row.handed)}</td>"


def _paragraphs(texts: Sequence[str], *, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return "".join(f"<p{marked}>{_safe(text)}</p>" for text in texts)


def _safe(text: str) -> str:
    return html.escape(text)
