"""The actor's side: the list of duties, a stage's card, submission with or without files, working on it."""

from collections.abc import Mapping
from datetime import timedelta

from bot.handlers.desk import AWAIT_FILE, AWAIT_STAGE, Desk
from bot.handlers.origins import with_origin
from bot.handlers.ruling import may_rule
from bot.screen import Attachment, Press, Screen
from bot.understanding import shipped_vocabulary
from bot.wording import duties, greetings
from bot.wording import files as files_told
from obligations.decisions import Status
from obligations.parameters import Applied, parameters
from obligations.periods import Period
from storage import checklist, corrections, decisions, evidence, overview
from storage.errors import StaleError
from storage.evidence import StoredFile
from storage.models import Stage
from storage.overview import Item, Page

AHEAD_DAYS = 45
"""How far ahead a list of duties looks: this month's and the next."""

LONGEST_PAUSE_DAYS = 30
_MOST_WAITING_FILES = 20
_MOST_MATCHED = 100


def my_duties(desk: Desk, press: Press) -> Screen:
    """Show one page of what the reader's organisation must do."""
    offset = press.number(0) if press.arguments else 0
    page = _soon(desk, offset=offset)
    if offset and not page.items:
        # The list has become shorter than the page asked for.
        return my_duties(desk, Press.to(press.verb, 0))
    return duties.listed(desk.voice, page, offset=offset, edit=press.in_place)


def open_card(desk: Desk, press: Press) -> Screen:
    """Open a stage; for a checker whose own step is to check what was handed over, open what was handed over."""
    stage = desk.stage(press.number(0))
    carrying = corrections.evidence_of(desk.session, stage)
    if carrying is not None:
        # A correction that goes with its evidence is handed over there.
        stage = desk.stage(carrying)
    before, _ = desk.neighbours(stage)
    if before is not None and before.status is Status.SUBMITTED and desk.reader.may_check(before):
        stage = before
    return show_card(desk, stage, edit=press.in_place)


def show_card(desk: Desk, stage: Stage, *, edit: bool) -> Screen:
    """Show a stage with the buttons this reader may press."""
    before, after = desk.neighbours(stage)
    passes_down = (
        before
        if before is not None
        and stage.status is Status.RETURNED
        and before.status is Status.ACCEPTED
        and desk.reader.may_check(before)
        else None
    )
    screen = duties.card(
        desk.voice,
        desk.item(stage),
        desk.files(stage),
        may_act=desk.reader.may_act(stage),
        may_check=desk.reader.may_check(stage),
        may_rule=may_rule(desk, stage),
        next_check=desk.item(after) if after is not None else None,
        pass_down=(passes_down.id, passes_down.version) if passes_down is not None else None,
        parameters=_parameters(desk, stage),
        edit=edit,
    )
    return with_origin(desk, stage, screen)


def _parameters(desk: Desk, stage: Stage) -> tuple[Applied, ...]:
    """Return what a unit's own report is to be done by; nothing for its checks, and for what is no report."""
    sector = stage.subject.sector
    if sector is None or stage.actor_id != stage.subject_id or stage.rule not in desk.law.rulebook.by_duty:
        return ()
    return parameters(desk.law, stage.rule, Period.parse(stage.period), sectors=frozenset({sector}))


def choose_done(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """Ask which duty to record as submitted; straight to the question where there is only one."""
    page = _soon(desk, offset=0)
    if page.total == 1 and page.items[0].actor_id == page.items[0].subject_id:
        stage = desk.stage(page.items[0].stage_id)
        return duties.confirm_submission(
            desk.voice, desk.item(stage), evidence.of_stage(desk.session, stage.id)
        )
    return duties.listed(desk.voice, page, offset=0, edit=False)


def ask_submission(desk: Desk, press: Press) -> Screen:
    """Say back what would be recorded."""
    stage = _own(desk, press)
    return duties.confirm_submission(desk.voice, desk.item(stage), evidence.of_stage(desk.session, stage.id))


def submit(desk: Desk, press: Press) -> Screen:
    """Record the submission. One that is handed over already stays as it is: its date is that of the hand-over."""
    stage = _own(desk, press)
    if stage.status is Status.SUBMITTED:
        raise StaleError
    act_by_on = stage.act_by_on
    stage = decisions.submit(
        desk.session, desk.law, stage.id, by=desk.reader.actor, now=desk.now, version=press.number(1)
    )
    desk.forget()
    _, after = desk.neighbours(stage)
    return duties.submitted(
        desk.voice,
        desk.item(stage),
        evidence.of_stage(desk.session, stage.id),
        checker=desk.office_of(stage.checker_id),
        next_check=desk.item(after) if after is not None else None,
        late=act_by_on is not None and desk.today > act_by_on,
    )


def ask_file(desk: Desk, press: Press) -> Screen:
    """Ask for a file, and remember which stage the next one is for."""
    stage = _own(desk, press)
    desk.expect(AWAIT_FILE, stage=stage.id)
    return files_told.ask_for_file(desk.voice, desk.item(stage), desk.folder.max_bytes // (1024 * 1024))


def take_file(
    desk: Desk, stored: StoredFile, *, name: str | None, album: str | None, named: Mapping[str, str]
) -> Screen | None:
    """Bind a file to the stage it was asked for, or that its caption names; ask which one where neither says.

    ``named`` is what the caption was understood to name. The files of one ``album`` are asked about once.
    """
    asked = desk.awaited(AWAIT_FILE)
    if asked is not None:
        return _bind(desk, desk.stage(int(str(asked["stage"]))), [(stored, name)])
    page = overview.duties(
        desk.session, desk.reader.organisation_id, today=desk.today, limit=_MOST_MATCHED, offset=0
    )
    undated = checklist.to_do(desk.session, desk.reader.organisation_id, limit=_MOST_MATCHED)
    open_ = (*page.items, *undated)
    if not open_:
        return duties.listed(desk.voice, page, offset=0, edit=False)
    fitting = [item for item in open_ if _fits(item, named)] if named else []
    if len(fitting) == 1:
        stage = desk.stage(fitting[0].stage_id)
        desk.expect(AWAIT_FILE, stage=stage.id)
        return _bind(desk, stage, [(stored, name)])
    waiting = desk.awaited(AWAIT_STAGE)
    files = _files_of(waiting) if waiting is not None else []
    same_album = waiting is not None and album is not None and waiting["album"] == album
    files = [*files, {**_as_json(stored), "name": name}][-_MOST_WAITING_FILES:]
    desk.expect(AWAIT_STAGE, album=album, files=files)
    if same_album:
        return None
    # What has no date is offered where nothing else is owed: it is never what a file is most likely for.
    offered = fitting or page.items or undated
    return files_told.choose_for_file(
        desk.voice, offered[: duties.PAGE], files=len(files), more=len(offered) > duties.PAGE
    )


def bind_file(desk: Desk, press: Press) -> Screen:
    """Bind the files that came without a word to the stage that was chosen."""
    stage = desk.stage(press.number(0))
    waiting = desk.awaited(AWAIT_STAGE)
    if waiting is None:
        return greetings.stale(desk.voice.p)
    files = [
        (
            StoredFile(
                sha256=str(each["sha256"]), size=int(str(each["size"])), media_type=str(each["media_type"])
            ),
            None if each["name"] is None else str(each["name"]),
        )
        for each in _files_of(waiting)
    ]
    desk.expect(AWAIT_FILE, stage=stage.id)
    return _bind(desk, stage, files)


def ask_pause(desk: Desk, press: Press) -> Screen:
    """Ask until when the reader is working on it."""
    return duties.choose_pause(desk.voice, desk.item(_own(desk, press)))


def pause(desk: Desk, press: Press) -> Screen:
    """Pause the reminders of one stage."""
    stage = _own(desk, press)
    days = press.number(2)
    desk.reader.require(1 <= days <= LONGEST_PAUSE_DAYS)
    until = desk.today + timedelta(days=days)
    decisions.pause(
        desk.session, stage.id, until=until, by=desk.reader.actor, now=desk.now, reason="working on it"
    )
    return duties.paused(desk.voice, desk.item(stage), until)


def send_file(desk: Desk, press: Press) -> Screen:
    """Hand out one stored file to a reader who may see its stage."""
    file = evidence.get(desk.session, press.number(0))
    stage = desk.stage(file.stage_id)
    desk.reader.require(desk.reader.may_open_files(desk.session, stage, on=desk.today))
    path = evidence.fetch(desk.session, desk.folder, file.sha256)
    if path is None:
        return files_told.file_missing(desk.voice)
    return files_told.sent_file(desk.voice, Attachment(path=path, name=file.name))


def cancel(desk: Desk, press: Press) -> Screen:  # noqa: ARG001  # every handler takes the press it answers
    """Forget what was asked."""
    desk.forget()
    return greetings.cancelled(desk.voice.p)


def _soon(desk: Desk, *, offset: int) -> Page:
    """Return a page of what the reader's organisation must do in the weeks ahead."""
    return overview.duties(
        desk.session,
        desk.reader.organisation_id,
        today=desk.today,
        within_days=AHEAD_DAYS,
        limit=duties.PAGE,
        offset=offset,
    )


def _own(desk: Desk, press: Press) -> Stage:
    """Return the stage of a press if it is the reader's own to hand over and unchanged since the button was drawn."""
    stage = desk.stage(press.number(0))
    desk.reader.require(desk.reader.may_act(stage))
    if len(press.arguments) > 1:
        decisions.require_version(stage, press.number(1))
    return stage


def _bind(desk: Desk, stage: Stage, files: list[tuple[StoredFile, str | None]]) -> Screen:
    desk.reader.require(desk.reader.may_act(stage))
    if stage.status in (Status.ACCEPTED, Status.WAIVED):
        desk.forget()
        return greetings.stale(desk.voice.p)
    bound = [
        evidence.bind(desk.session, stage.id, stored, name=name, by=desk.reader.contact_id, now=desk.now)
        for stored, name in files
    ]
    if any(new for _, new in bound):
        stage = decisions.supplement(desk.session, stage.id, now=desk.now)
    return files_told.receipt(desk.voice, desk.item(stage), bound, checker=desk.office_of(stage.checker_id))


def _fits(item: Item, named: Mapping[str, str]) -> bool:
    """Tell whether a duty may be what a caption names: a kind is what the names of its rules have in common."""
    of_kind = item.rule in shipped_vocabulary().duties.get(named.get("kind", ""), ()) or (
        named.get("kind", "").replace("_", "-") in item.rule
    )
    return of_kind and named.get("period", item.period) == item.period


def _as_json(stored: StoredFile) -> dict[str, object]:
    return {"sha256": stored.sha256, "size": stored.size, "media_type": stored.media_type}


def _files_of(waiting: Mapping[str, object]) -> list[dict[str, object]]:
    files = waiting["files"]
    return [dict(each) for each in files] if isinstance(files, list) else []
