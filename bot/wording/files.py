"""Files of evidence as their sender meets them: asked for, received, refused, and handed out again."""

from collections.abc import Sequence

from bot.screen import Attachment, Button, Press, Screen
from bot.wording.phrases import Voice, bold, label, lines
from obligations.decisions import Status
from storage.models import Evidence
from storage.overview import Item

_KB = 1024


def ask_for_file(voice: Voice, item: Item, megabytes: int) -> Screen:
    """Ask for the file of one stage."""
    p = voice.p
    return Screen(
        html=lines(
            [
                p.text("Please send the file or a screenshot for:"),
                voice.duty(item),
                voice.organisation(item.subject_name),
                "",
                p.text(
                    "PDF, picture, Word, Excel, ZIP, MP4, TXT or CSV, up to {megabytes} MB each.",
                    megabytes=megabytes,
                ),
            ]
        ),
        rows=((Button(p.text("Cancel"), Press.to("cancel")),),),
    )


def receipt(
    voice: Voice, item: Item, bound: Sequence[tuple[Evidence, bool]], *, checker: str | None
) -> Screen:
    """Acknowledge files, each with whether it is new: short hash, when it came, who checks next; and ask to confirm.

    What is handed over already needs no second confirmation: that would put a later time on it.
    """
    p = voice.p
    told: list[str] = []
    for file, new in bound:
        told += [
            bold(p.text("File received") if new else p.text("This file was already here")),
            named(voice, file),
            p.text("Received: {moment}", moment=p.moment(file.uploaded_at, today=voice.today)),
        ]
    open_still = item.status is not Status.SUBMITTED
    return Screen(
        html=lines(
            [
                *told,
                p.text("For: {duty}", duty=voice.duty(item)),
                p.text("Checked next by: {office}", office=voice.organisation(checker)) if checker else None,
                "",
                p.text("Send more files, or confirm that it is submitted.")
                if open_still
                else p.text("Added to what was submitted; there is no need to confirm again."),
            ]
        ),
        rows=((Button(p.text("Confirm submission"), Press.to("sub!", item.stage_id, item.version)),),)
        if open_still
        else (),
    )


def choose_for_file(voice: Voice, items: Sequence[Item], *, files: int, more: bool) -> Screen:
    """Ask which open stage the files that came without a word belong to."""
    p = voice.p
    question = p.plural("Which duty is this file for?", "Which duty are these {n} files for?", files)
    rest = p.text("These are the nearest; for another, open it in your duties and press Upload.")
    return Screen(
        html=lines([question, rest if more else None]),
        rows=(
            *((Button(label(_short(voice, item)), Press.to("bind", item.stage_id)),) for item in items),
            (Button(p.text("None, discard it"), Press.to("cancel")),),
        ),
    )


def file_refused(voice: Voice, code: str, megabytes: int) -> Screen:
    """Say why a file was not taken and what to do."""
    p = voice.p
    match code:
        case "too_large":
            said = p.text(
                "The file is larger than {megabytes} MB. Please split or compress it and send it again.",
                megabytes=megabytes,
            )
        case "empty":
            said = p.text("The file is empty. Please check it and send it again.")
        case "unreachable":
            said = p.text("The file could not be fetched from Telegram. Please send it again in a while.")
        case _:
            said = p.text(
                "This kind of file cannot be checked. Please send a PDF, picture, Word, Excel, ZIP, MP4, TXT or CSV file."
            )
    return Screen(html=said)


def sent_file(voice: Voice, attachment: Attachment) -> Screen:
    """Hand out one stored file."""
    return Screen(attachments=(attachment,), missing=file_missing(voice).html)


def file_missing(voice: Voice) -> Screen:
    """Answer where a stored file is not in its folder."""
    return Screen(html=voice.p.text("The file cannot be found at the moment. Please tell the administrator."))


def named(voice: Voice, file: Evidence) -> str:
    """Return a file's name with its size and its code."""
    code = voice.p.text("Check code: {code}", code=f"<code>{code_of(file)}</code>")
    return f"{voice.organisation(file.name)} · {size_of(file.size)} · {code}"


def size_of(size: int) -> str:
    """Return a number of bytes as people say it."""
    if size < _KB:
        return f"{size} B"
    return f"{size / _KB:.0f} KB" if size < _KB * _KB else f"{size / _KB / _KB:.1f} MB"


def code_of(file: Evidence) -> str:
    """Return the short form of a file's hash, by which both sides tell that it is the same file."""
    return file.sha256[:8]


def _short(voice: Voice, item: Item) -> str:
    """Return a duty as a button names it; for a check, whose material it is."""
    subject = "" if item.actor_id == item.subject_id else voice.organisation(item.subject_name) + " · "
    return f"{subject}{voice.rule(item)} {voice.period(item.period)}"
