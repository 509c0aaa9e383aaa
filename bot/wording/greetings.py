"""First contact, help, language, and everything that went another way than the person wished."""

from bot import rulewords
from bot.access import Reader
from bot.screen import Button, Menu, Press, Screen
from bot.wording.phrases import Voice, bold, lines, safe
from locales.printer import LANGUAGES, Printer
from obligations.decisions import DecisionRefused, Refusal
from obligations.notice import Level

COMMANDS = (
    "due",
    "done",
    "review",
    "overdue",
    "status",
    "summary",
    "checklist",
    "keep",
    "timeline",
    "dates",
    "record",
    "language",
    "help",
)
"""The commands of the menu, in its order."""

_OF_OFFICES = ("review", "dates", "record")
"""A unit has no queue to review, no date to announce, and records nothing of others."""

_OF_AGENCIES = ("checklist", "timeline", "language", "help")
"""The commands of an agency: what it owes has no date, and it supervises nobody."""


def command_summary(p: Printer, command: str) -> str:
    """Return what a command does, as the menu shows it."""
    if command in _OF_OFFICES:
        return _office_summary(p, command)
    match command:
        case "due":
            return p.text("what I must do, and by when")
        case "done":
            return p.text("record a duty as submitted")
        case "overdue":
            return p.text("who is overdue")
        case "status":
            return p.text("where a unit stands")
        case "summary":
            return p.text("how we are doing")
        case "checklist":
            return p.text("what has no date, and what counts as done")
        case "keep":
            return p.text("what must be kept for inspection, and what may be let go")
        case "timeline":
            return p.text("the year as a picture")
        case "language":
            return p.text("中文 / English")
        case _:
            return p.text("what I can do here")


def _office_summary(p: Printer, command: str) -> str:
    match command:
        case "review":
            return p.text("what waits for my check")
        case "dates":
            return p.text("what waits for a date to be announced")
        case _:
            return p.text("record what happened to a unit")


def commands_of(level: Level) -> tuple[str, ...]:
    """Return the commands a level has use for."""
    if level is Level.AGENCY:
        return _OF_AGENCIES
    return tuple(command for command in COMMANDS if level is not Level.UNIT or command not in _OF_OFFICES)


def menu(p: Printer, level: Level) -> Menu:
    """Return the menu of a chat with a reader of a level."""
    return Menu(tuple((command, command_summary(p, command)) for command in commands_of(level)))


def stranger(p: Printer) -> Screen:
    """Answer someone who is not enrolled: nothing about anyone, only how to get in."""
    return Screen(
        html=p.text(
            "This assistant serves invited contacts only. Please ask your ecology and environment bureau for an invitation link."
        )
    )


def invitation_refused(p: Printer) -> Screen:
    """Answer an invitation that cannot be used, without saying why."""
    return Screen(
        html=p.text(
            "This invitation cannot be used. Please ask your ecology and environment bureau for a new link."
        )
    )


def welcome(voice: Voice, reader: Reader) -> Screen:
    """Greet a new contact: what will be sent, when, and how to stop it."""
    p = voice.p
    match reader.level:
        case Level.UNIT:
            sent = p.text(
                "You will get one reminder on the mornings when a duty comes near, and a note when a submission is checked."
            )
        case Level.DISTRICT:
            sent = p.text(
                "You will get a digest every morning: who is overdue, what waits for your check, what is due next."
            )
        case Level.AGENCY:
            sent = p.text("What the notices ask of agencies is in the checklist: /checklist.")
        case _:
            sent = p.text(
                "You will get the city's digest every morning, and as a lead a weekly one on Monday."
            )
    return Screen(
        html=lines(
            [
                bold(p.text("Welcome to Duewatch")),
                p.text(
                    "{name}, you now speak for {organisation}.",
                    name=safe(reader.name),
                    organisation=safe(reader.office),
                ),
                "",
                f"1. {sent}",
                "2. " + p.text("What you confirm or send here is recorded with your name and the time."),
                "3. "
                + p.text(
                    "To stop, block this chat; your supervisor will be told that you cannot be reached."
                ),
            ]
        ),
        rows=home_rows(voice, reader.level),
        menu=menu(p, reader.level),
    )


def help_(voice: Voice, reader: Reader) -> Screen:
    """List what this reader can ask, as commands, buttons or plain words."""
    p = voice.p
    name = p.text("Duewatch")
    told = [f"/{command} · {command_summary(p, command)}" for command in commands_of(reader.level)]
    return Screen(
        html=lines(
            [
                f"{bold(name)} · {safe(reader.office)} · {rulewords.level(p, reader.level)}",
                "",
                *told,
                "",
                p.text("You can also simply write, for example: who is overdue"),
            ]
        ),
        rows=home_rows(voice, reader.level),
    )


def home_rows(voice: Voice, level: Level) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons everyone starts from."""
    p = voice.p
    if level is Level.AGENCY:
        return ((Button(p.text("Checklist"), Press.to("ck")), Button(p.text("Timeline"), Press.to("tl"))),)
    if level is Level.UNIT:
        return (
            (Button(p.text("My duties"), Press.to("due", 0)), Button(p.text("Submit"), Press.to("done"))),
            (
                Button(p.text("Who is overdue"), Press.to("od", 0, 0)),
                Button(p.text("Summary"), Press.to("sum")),
            ),
            _reference(p),
        )
    return (
        (
            Button(p.text("Who is overdue"), Press.to("od", 0, 0)),
            Button(p.text("Waiting for my check"), Press.to("rv", 0)),
        ),
        (Button(p.text("My duties"), Press.to("due", 0)), Button(p.text("Summary"), Press.to("sum"))),
        _reference(p),
    )


def _reference(p: Printer) -> tuple[Button, ...]:
    """Return the buttons to what is looked up, not acted on."""
    return (
        Button(p.text("Checklist"), Press.to("ck")),
        Button(p.text("Keeping"), Press.to("keep")),
        Button(p.text("Timeline"), Press.to("tl")),
    )


def choose_language(p: Printer) -> Screen:
    """Ask for the language, each in its own."""
    names = {"zh-hans": "中文", "en": "English"}
    return Screen(
        html=p.text("Which language?"),
        rows=(tuple(Button(names[code], Press.to("lang", code)) for code in LANGUAGES),),
    )


def language_set(p: Printer, level: Level) -> Screen:
    """Confirm the language, in it; the menu speaks it too."""
    return Screen(html=p.text("From now on in English."), edit=True, menu=menu(p, level))


def not_understood(voice: Voice, level: Level) -> Screen:
    """Answer what was not understood with the likeliest buttons; nothing is guessed."""
    return Screen(
        html=voice.p.text("I did not understand that. Perhaps one of these?"), rows=home_rows(voice, level)
    )


def acknowledged(p: Printer) -> Screen:
    """Answer a «thank you» or «received», and say that it records nothing."""
    return Screen(
        html=p.text("You are welcome. Nothing was recorded; to record a submission use /done."), silent=True
    )


def cancelled(p: Printer) -> Screen:
    """Confirm that nothing was recorded."""
    return Screen(html=p.text("Cancelled. Nothing was recorded."), edit=True)


def stale(p: Printer) -> Screen:
    """Answer a button that was drawn before something changed."""
    return Screen(
        toast=p.text("This has changed meanwhile. Nothing was recorded; please open it again."), alert=True
    )


def not_allowed(p: Printer) -> Screen:
    """Answer what a reader may not see or do; it says nothing about what there is."""
    return Screen(html=p.text("That is not within what you may see or decide."), toast=p.text("Not allowed"))


def refused(p: Printer, refused: DecisionRefused) -> Screen:
    """Say why the law or the chain does not allow a decision."""
    return Screen(toast=refusal(p, refused), alert=True)


def refusal(p: Printer, refused: DecisionRefused) -> str:  # noqa: C901, PLR0912  # a sentence for each code
    """Return why a decision is refused, as a sentence for the chat and the command line."""
    on = "" if refused.on is None else p.day(refused.on)
    number = refused.number or ""
    match refused.refusal:
        case Refusal.ALREADY_DECIDED:
            return p.text("This was already decided. Nothing was changed.")
        case Refusal.WAITING_UPSTREAM:
            return p.text("The step before has not been handed over yet.")
        case Refusal.NOTHING_TO_CHECK:
            return p.text("There is nothing to check yet.")
        case Refusal.ALREADY_SUBMITTED:
            return p.text("It was handed over already; there is no date left to move.")
        case Refusal.CHECKED_ABOVE:
            return p.text("The office above is checking it and must return it first.")
        case Refusal.NATIONAL_LIMIT:
            return p.text(
                "{number} dates it nationally: {on}. It cannot be put off beyond that.", number=number, on=on
            )
        case Refusal.NATIONAL_DUTY if refused.on is not None:
            return p.text(
                "{number} asks for it nationally, by {on}. It cannot be let go.", number=number, on=on
            )
        case Refusal.NATIONAL_DUTY:
            return p.text("{number} asks for it nationally. It cannot be let go.", number=number)
        case Refusal.NOT_LATER:
            return p.text("It is due on {on} already; an extension must be later than that.", on=on)
        case Refusal.IN_THE_PAST:
            return p.text("{on} has passed already. Please give a date that is still to come.", on=on)
        case Refusal.STRICTER_DATE:
            return p.text(
                "{number} gives an earlier date, {on}, which counts. Nothing was set.", number=number, on=on
            )
        case Refusal.TOO_FAR:
            return p.text("{on} lies too many years ahead. Please check the year.", on=on)
        case Refusal.DATE_IS_GIVEN:
            return p.text("No authority sets this date; where the notice gives one, it can be extended.")
        case Refusal.DATE_IS_ANNOUNCED:
            return p.text("An authority announces this date. Set the newly announced one instead.")
        case Refusal.BEFORE_START:
            return p.text(
                "Duewatch keeps duties from {on}; this was due before, so there is nothing to decide about here.",
                on=on,
            )
        case Refusal.KEPT:
            return p.text(
                "What must be kept follows from the notice and the registry and is never late: there is nothing to "
                "put off or let go. If it is wrong, correct the registry."
            )
        case Refusal.NO_DATE:
            return p.text("There is no date yet that could be moved.")
        case Refusal.NOBODY_OWES_IT:
            return p.text("Nobody there owes this step.")
        case Refusal.NOT_YOURS:
            return p.text("That is not within what you may see or decide.")


def failed(p: Printer) -> Screen:
    """Answer when something broke on this side."""
    return Screen(
        html=p.text(
            "Something went wrong on our side. Your message is kept and will be tried again; nothing is lost."
        )
    )


def given_up(p: Printer) -> Screen:
    """Answer when a message could not be handled even after trying again."""
    return Screen(
        html=p.text(
            "Your last message could not be handled. It is kept for the administrator. Please try another way, for example /help."
        )
    )


def drawing_not_kept(p: Printer, name: str) -> str:
    """Say in place of a picture that it was not sent, and how to get it; as HTML."""
    return p.text("{name} could not be sent. Please ask for it again.", name=safe(name))


def description(p: Printer) -> str:
    """Return what the chat says of itself before it is started."""
    return p.text(
        "Reminders and confirmations for the duties of key emission units in the carbon market, for invited contacts."
    )
