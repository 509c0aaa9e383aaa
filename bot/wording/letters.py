"""Notifications as an administrator or an auditor reads them: what each was, what became of it, and the proof of reminding.

Plain lines for a terminal, no HTML.
"""

from collections.abc import Iterator

from bot.wording.delivery_reasons import delivery_reason
from bot.wording.phrases import Voice, untagged
from locales.printer import Printer
from storage.dead_letters import Letter, Try
from storage.errors import ReplayRefusedError
from storage.models import AttemptOutcome, NotificationKind, Outcome
from storage.proofs import Proof

_TEXT_MARK = "  │ "


def row(p: Printer, letter: Letter) -> tuple[str, ...]:
    """Return one line of the list, in cells."""
    return (
        f"#{letter.id}",
        "" if letter.finished_at is None else p.moment(letter.finished_at),
        outcome(p, letter.outcome),
        kind(p, letter.kind),
        f"{letter.organisation} {letter.contact}",
        delivery_reason(p, letter.reason or ""),
        "" if letter.reachable else p.text("cannot be reached now"),
    )


def letter(p: Printer, letter: Letter) -> Iterator[str]:
    """Yield all about one notification: whom it was for, every attempt, the words as sent."""
    yield f"#{letter.id} {kind(p, letter.kind)} · {p.day(letter.planned_on)}"
    yield from _body(p, letter)


def proof(voice: Voice, told: Proof) -> Iterator[str]:
    """Yield the proof of reminding for one step: the step, and then message after message."""
    p = voice.p
    item = told.item
    yield p.text("Proof of reminding · step {number}", number=item.stage_id)
    yield untagged(f"{voice.duty(item)} · {voice.stage(item)} · {voice.organisation(item.subject_name)}")
    yield untagged(p.text("Acts: {name}", name=voice.organisation(item.actor_name)))
    yield untagged(p.text("State: {state}", state=voice.state(item)))
    if not told.letters:
        yield p.text("Nobody has been told of it.")
    for each in told.letters:
        yield ""
        yield f"#{each.id} {kind(p, each.kind)} · {p.day(each.planned_on)}"
        yield from _body(p, each)


def _body(p: Printer, letter: Letter) -> Iterator[str]:
    reach = "" if letter.reachable else " · " + p.text("cannot be reached now")
    yield "  " + p.text("To: {name}", name=f"{letter.organisation} {letter.contact}") + reach
    ended = outcome(p, letter.outcome)
    moment = "" if letter.finished_at is None else " · " + p.moment(letter.finished_at)
    reason = f" · {delivery_reason(p, letter.reason)}" if letter.reason else ""
    yield "  " + p.text("Outcome: {outcome}", outcome=ended + moment + reason)
    for each in letter.tries:
        yield "  " + _attempt(p, each)
    if letter.message_id is not None:
        yield "  " + p.text("Message: {id}", id=letter.message_id)
    if letter.acknowledged_at is not None:
        yield "  " + p.text(
            "A button of it was first pressed: {moment}", moment=p.moment(letter.acknowledged_at)
        )
    elif letter.outcome is Outcome.SENT:
        yield "  " + p.text("None of its buttons was pressed.")
    if letter.text is not None:
        yield "  " + p.text("As sent:")
        for line in untagged(letter.text).split("\n"):
            yield (_TEXT_MARK + line).rstrip()


def _attempt(p: Printer, each: Try) -> str:
    ended = p.text("under way") if each.outcome is None else _ended(p, each.outcome)
    said = p.text(
        "Attempt {number}: {moment}, {channel}, {outcome}",
        number=each.number,
        moment=p.moment(each.began_at),
        channel=each.channel,
        outcome=ended,
    )
    return f"{said} · {delivery_reason(p, each.reason)}" if each.reason else said


def outcome(p: Printer, outcome: Outcome) -> str:
    """Return where a notification stands, in a word or two."""
    match outcome:
        case Outcome.PENDING:
            return p.text("waiting to be sent")
        case Outcome.SENT:
            return p.text("delivered")
        case Outcome.DROPPED:
            return p.text("dropped")
        case Outcome.FAILED:
            return p.text("failed")
        case Outcome.UNKNOWN:
            return p.text("may have arrived")


def _ended(p: Printer, outcome: AttemptOutcome) -> str:
    match outcome:
        case AttemptOutcome.CONFIRMED:
            return p.text("confirmed by the channel")
        case AttemptOutcome.REFUSED:
            return p.text("refused by the channel")
        case AttemptOutcome.NOT_SENT:
            return p.text("nothing was sent")
        case AttemptOutcome.UNKNOWN:
            return p.text("may have arrived")


def kind(p: Printer, kind: NotificationKind) -> str:
    """Return what a notification is."""
    match kind:
        case NotificationKind.REMINDER:
            return p.text("reminder")
        case NotificationKind.SUBMITTED:
            return p.text("handed over for a check")
        case NotificationKind.ACCEPTED:
            return p.text("accepted")
        case NotificationKind.RETURNED:
            return p.text("returned for correction")
        case NotificationKind.CHANGED:
            return p.text("a date was changed")
        case NotificationKind.EVENT:
            return p.text("something happened")
        case NotificationKind.PASSED_ON:
            return p.text("duties passed on")
        case NotificationKind.DAILY_DIGEST:
            return p.text("daily digest")
        case NotificationKind.WEEKLY_DIGEST:
            return p.text("weekly digest")
        case NotificationKind.UNREACHABLE:
            return p.text("somebody could not be reached")
        case NotificationKind.ALARM:
            return p.text("alarm")


def no_such(p: Printer, number: int) -> str:
    """Say that there is no such notification."""
    return p.text("there is no notification {number}; see: duewatch outbox list", number=number)


def refused(p: Printer, error: ReplayRefusedError) -> str:
    """Say why a notification cannot be sent again or let go; nothing was changed."""
    arguments = error.arguments
    match error.code:
        case "unreachable":
            return p.text(
                "{contact} of notification {id} cannot be reached by any channel; enrol them again first. "
                "Nothing was changed.",
                **arguments,
            )
        case "not_dead":
            stands = outcome(p, Outcome(str(arguments["outcome"])))
            return p.text(
                "notification {id} is not on the list: {stands}. Nothing was changed.",
                id=arguments["id"],
                stands=stands,
            )
        case _:
            return no_such(p, int(arguments["id"]))
