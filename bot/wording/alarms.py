"""What administrators are told when something is wrong with Duewatch itself: what, since when, where to look, what to do."""

from datetime import date, datetime

from bot.screen import Screen
from bot.wording.phrases import Voice, bold, lines, safe
from bot.wording.working_days import calendar_ends
from jobs.briefs import AlarmBrief
from locales.printer import Printer
from obligations.calendar import Coverage
from storage.alarms import AlarmName


def told(voice: Voice, brief: AlarmBrief) -> Screen:
    """Word an alarm that is raised, that still lasts, or that is over."""
    p = voice.p
    since = p.moment(brief.raised_at)
    if brief.cleared_at is not None:
        until = p.moment(brief.cleared_at)
        return Screen(
            html=lines(
                [
                    bold(p.text("Resolved: {what}", what=title(p, brief))),
                    p.text("From {since} to {until}.", since=since, until=until),
                ]
            ),
            silent=True,
        )
    head = (
        p.text("Still to be dealt with: {what}", what=title(p, brief))
        if brief.again
        else p.text("To be dealt with: {what}", what=title(p, brief))
    )
    parts: list[str | None] = [bold(head), p.text("Since {moment}.", moment=since), ""]
    if brief.further:
        parts.append(
            p.plural("{n} more since the last message.", "{n} more since the last message.", brief.further)
        )
    parts.append(_found(p, brief))
    if brief.contacts:
        names = [f"{safe(each.organisation_name)} {safe(each.contact_name)}" for each in brief.contacts]
        parts.append(p.listed(names))
        rest = int(brief.detail.get("total", 0)) - len(names)
        if rest > 0:
            parts.append(p.plural("and {n} more", "and {n} more", rest))
    return Screen(html=lines([*parts, "", _to_do(p, brief)]))


def title(p: Printer, brief: AlarmBrief) -> str:
    """Return in a few words what an alarm is about, safe in HTML."""
    match brief.name:
        case AlarmName.OUTBOX_AGED:
            return p.text("messages are stuck")
        case AlarmName.CHANNEL_AWAY:
            return p.text("{channel} cannot be reached", channel=safe(brief.subject))
        case AlarmName.HORIZON_SHORT:
            return p.text("duties are not made far enough ahead")
        case AlarmName.CALENDAR_SHORT:
            return p.text("the working-day calendar runs out")
        case AlarmName.JOB_LATE:
            return p.text("the job {job} does not run", job=safe(brief.subject))
        case AlarmName.DIGEST_LATE:
            return p.text("digests went out late")
        case AlarmName.CONTACT_UNREACHABLE:
            return p.text("some contacts cannot be reached")
        case AlarmName.UPDATES_GIVEN_UP:
            return p.text("some messages from people could not be handled")
        case AlarmName.TRAIL_BROKEN:
            return p.text("the event trail was changed from outside")
        case AlarmName.NO_ADMINISTRATOR:
            return p.text("there was no administrator")


def _found(p: Printer, brief: AlarmBrief) -> str:
    """Return what was found, with its numbers."""
    detail = brief.detail
    match brief.name:
        case AlarmName.OUTBOX_AGED:
            return p.plural(
                "{n} message waits to be sent, the oldest for {minutes} minutes.",
                "{n} messages wait to be sent, the oldest for {minutes} minutes.",
                int(detail["waiting"]),
                minutes=detail["minutes"],
            )
        case AlarmName.CHANNEL_AWAY:
            return p.text("Every attempt has failed for over five minutes. What is not urgent waits.")
        case AlarmName.HORIZON_SHORT if int(detail["days"]) < 0:
            return p.plural(
                "The duties made ended {n} day ago; it should be 120 days ahead. What follows is missing from lists.",
                "The duties made ended {n} days ago; it should be 120 days ahead. What follows is missing from lists.",
                -int(detail["days"]),
            )
        case AlarmName.HORIZON_SHORT:
            return p.text(
                "Duties are made {days} days ahead; it should be 120. Later ones are missing from lists and reminders.",
                days=detail["days"],
            )
        case AlarmName.CALENDAR_SHORT:
            through = date.fromisoformat(detail["through"])
            return calendar_ends(p, Coverage(through=through, days_left=int(detail["days"])))
        case AlarmName.JOB_LATE:
            return p.text("Its hour has passed, and it did not run to its end.")
        case AlarmName.DIGEST_LATE:
            day = p.day(date.fromisoformat(brief.subject))
            sent_at = p.moment(datetime.fromisoformat(detail["sent_at"]))
            return p.text(
                "The last digest of {date} went out at {moment}, more than an hour after its time.",
                date=day,
                moment=sent_at,
            )
        case AlarmName.CONTACT_UNREACHABLE:
            return p.plural(
                "Messages to {n} contact did not arrive:",
                "Messages to {n} contacts did not arrive:",
                int(detail["total"]),
            )
        case AlarmName.UPDATES_GIVEN_UP:
            return p.plural(
                "{n} message was given up after several attempts; its sender was told to try again.",
                "{n} messages were given up after several attempts; their senders were told to try again.",
                int(detail["total"]),
            )
        case AlarmName.TRAIL_BROKEN:
            return p.text(
                "From event {event} on it no longer proves who decided what.", event=detail["event"]
            )
        case AlarmName.NO_ADMINISTRATOR:
            return p.text("Nobody was told of alarms.")


def _to_do(p: Printer, brief: AlarmBrief) -> str:
    """Return where to look and what to do."""
    match brief.name:
        case AlarmName.OUTBOX_AGED | AlarmName.JOB_LATE | AlarmName.HORIZON_SHORT | AlarmName.DIGEST_LATE:
            return p.text(
                "On the server run {command}, and look into the log for errors.",
                command=_command("duewatch doctor"),
            )
        case AlarmName.CHANNEL_AWAY:
            return p.text(
                "Check the network and proxy of the server, then run {command}.",
                command=_command("duewatch doctor"),
            )
        case AlarmName.CALENDAR_SHORT:
            return p.text(
                "Once the State Council has published the arrangement: {command}",
                command=_command("duewatch calendar add FILE"),
            )
        case AlarmName.CONTACT_UNREACHABLE:
            return p.text(
                "See why: {list}. Tell them in another way. Send each message again, {replay}, or let it go, {discard}; "
                "invite anew who lost their address, {invite}. Then this ends by itself.",
                list=_command("duewatch outbox list"),
                invite=_command("duewatch invite ORGANISATION"),
                replay=_command("duewatch outbox replay"),
                discard=_command("duewatch outbox discard"),
            )
        case AlarmName.UPDATES_GIVEN_UP:
            return p.text(
                "Look at them with {list}, then hand them in again or discard them.",
                list=_command("duewatch inbox list"),
            )
        case AlarmName.TRAIL_BROKEN:
            return p.text(
                "Run {command}, keep a copy of the database as it is, and restore a sound one.",
                command=_command("duewatch db check"),
            )
        case AlarmName.NO_ADMINISTRATOR:
            return p.text(
                "Invite one: {command}", command=_command("duewatch invite ORGANISATION --administrator")
            )


def _command(text: str) -> str:
    return f"<code>{text}</code>"
