"""Allowances in words: what a unit must surrender, what was allocated, what CCER may offset; and its declaration."""

from collections.abc import Sequence

from bot.screen import Button, Press, Screen
from bot.wording.phrases import Voice, bold, lines, safe
from bot.wording.refusals import quota_refused
from locales.printer import Printer
from storage.errors import QuotaRefusedError
from storage.overview import Item
from storage.quotas import Allowance


def allowance_lines(voice: Voice, allowances: Sequence[Allowance]) -> list[str]:
    """Return each year's amounts, as lines of the card of a surrender; nothing of a year nobody has entered."""
    p = voice.p
    told = []
    for each in allowances:
        if each.due is None:
            continue
        amounts = [p.text("due surrender {tonnes} t", tonnes=_grouped(each.due))]
        if each.allocated is not None:
            amounts.append(p.text("allocated {tonnes} t", tonnes=_grouped(each.allocated)))
        if each.ccer_at_most is not None:
            amounts.append(p.text("CCER at most {tonnes} t", tonnes=_grouped(each.ccer_at_most)))
        if each.offset:
            amounts.append(p.text("CCER declared {tonnes} t", tonnes=_grouped(each.offset)))
        said = voice.period(str(each.year))
        told.append(p.text("{year}: {amounts}", year=said, amounts=p.listed(amounts)))
    return told


def declare_row(voice: Voice, stage_id: int) -> tuple[Button, ...]:
    """Return the button by which a unit declares its use of CCER."""
    return (Button(voice.p.text("Offset with CCER"), Press.to("ccer", stage_id)),)


def choose_year(voice: Voice, item: Item, allowances: Sequence[Allowance]) -> Screen:
    """Ask for which year of a period CCER is used."""
    p = voice.p
    return Screen(
        html=lines(
            [
                bold(p.text("Offset with CCER")),
                *allowance_lines(voice, allowances),
                p.text("For which year?"),
            ]
        ),
        rows=(
            tuple(
                Button(voice.period(str(each.year)), Press.to("ccery", item.stage_id, each.year))
                for each in allowances
            ),
            _cancel(p),
        ),
    )


def ask_tonnes(voice: Voice, allowance: Allowance, *, again: bool) -> Screen:
    """Ask how many tonnes; ``again`` where the answer before was no whole number."""
    p = voice.p
    return Screen(
        html=lines(
            [
                p.text("That is no whole number of tonnes.") if again else None,
                bold(p.text("Offset with CCER")),
                *allowance_lines(voice, [allowance]),
                p.text("How many tonnes? Please type a whole number; 0 withdraws what was declared."),
            ]
        ),
        rows=(_cancel(p),),
    )


def confirm(voice: Voice, allowance: Allowance, tonnes: int, *, seal: str) -> Screen:
    """Say back what would be declared, and ask; ``seal`` ties the button to it."""
    p = voice.p
    said = (
        p.text("CCER is to offset {tonnes} t of the surrender for {year}.", **_said(voice, allowance, tonnes))
        if tonnes
        else p.text("The use of CCER for {year} is to be withdrawn.", year=voice.period(str(allowance.year)))
    )
    return Screen(
        html=lines([p.text("This will be recorded:"), "", said]),
        rows=((Button(p.text("Confirm"), Press.to("ccer!", seal)), *_cancel(p)),),
    )


def declared(voice: Voice, allowance: Allowance) -> Screen:
    """Confirm what was declared, and what is still to be handed over for it."""
    p = voice.p
    if not allowance.offset:
        withdrawn = p.text(
            "The use of CCER for {year} was withdrawn.", year=voice.period(str(allowance.year))
        )
        return Screen(html=withdrawn, edit=True, toast=p.text("Recorded"))
    return Screen(
        html=lines(
            [
                bold(p.text("Recorded")),
                p.text(
                    "CCER is to offset {tonnes} t of the surrender for {year}.",
                    **_said(voice, allowance, allowance.offset),
                ),
                p.text("The record of its cancellation is in your checklist; please hand it over."),
            ]
        ),
        edit=True,
        toast=p.text("Recorded"),
    )


def refused(voice: Voice, error: QuotaRefusedError) -> Screen:
    """Say why the use of CCER cannot be declared so."""
    return Screen(html=safe(quota_refused(voice.p, error)), rows=(_cancel(voice.p),))


def _said(voice: Voice, allowance: Allowance, tonnes: int) -> dict[str, str]:
    return {"tonnes": _grouped(tonnes), "year": voice.period(str(allowance.year))}


def _grouped(tonnes: int) -> str:
    return f"{tonnes:,}"


def _cancel(p: Printer) -> tuple[Button, ...]:
    return (Button(p.text("Cancel"), Press.to("cancel")),)
